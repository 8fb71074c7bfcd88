// Playing a plan on a target, and what targets refuse: without processes, containers or Toxiproxy.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { diskRefusal } from '../../src/chaos/disks.ts'
import type { Condition, Fault, FaultPlan, Target } from '../../src/chaos/index.ts'
import { startChaos } from '../../src/chaos/index.ts'
import { Player } from '../../src/chaos/player.ts'
import { createProcessTarget } from '../../src/chaos/processes.ts'
import { runChaos } from '../../src/chaos/run.ts'
import { findProgram, openToxiproxy } from '../../src/chaos/toxiproxy.ts'
import { textOf } from '../../src/chaos/words.ts'
import { layoutOf } from '../../src/launcher/index.ts'

/** Notes what is asked of it. */
class PaperTarget implements Target {
  readonly kind = 'up'
  readonly nodes = [1, 2, 3]
  readonly bootstrapServers = '127.0.0.1:1'
  readonly log: string[] = []
  readonly dead = new Set<number>()
  closed = 0

  refusal(fault: Fault): string | null {
    return fault.verb === 'flip-bit' ? 'simulated only' : null
  }

  async begin(fault: Fault): Promise<() => Promise<void>> {
    if (fault.verb === 'kill') {
      if (this.dead.has(fault.node)) throw new Error(`broker ${fault.node} is down`)
      this.dead.add(fault.node)
    }
    if (fault.verb === 'restart') this.dead.delete(fault.node)
    this.log.push(textOf(fault))
    return async () => void this.log.push(`end ${fault.verb}`)
  }

  async heal(): Promise<void> {
    this.log.push('heal')
  }

  async conditions(): Promise<readonly Condition[]> {
    return this.nodes.map((id) => ({
      id,
      condition: this.dead.has(id) ? 'down' : 'running',
      pid: null,
      afflictions: [],
    }))
  }

  async close(): Promise<void> {
    this.closed++
  }
}

function player(target: Target, signal = new AbortController().signal): Player {
  const began = performance.now()
  return new Player({ target, now: () => performance.now() - began, tell: () => undefined, signal })
}

const plan = (...faults: FaultPlan['faults']): FaultPlan => ({ faults, durationMs: 120 })

describe('a player', () => {
  // The order of what is some milliseconds apart must not hang on how busy the machine is.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const within = async <T>(ms: number, playing: Promise<T>): Promise<T> => {
    await vi.advanceTimersByTimeAsync(ms)
    return await playing
  }

  test('begins each fault, ends it when its time is over, and counts no restart as an episode', async () => {
    const target = new PaperTarget()
    const play = player(target)
    await within(
      500,
      play.play(
        plan(
          { at: 0, fault: { verb: 'kill', node: 1 } },
          { at: 20, fault: { verb: 'pause', node: 2, ms: 30 } },
          { at: 90, fault: { verb: 'restart', node: 1 } },
        ),
      ),
    )
    expect(target.log).toEqual(['kill 1', 'pause 2 for 0.0 s', 'end pause', 'restart 1', 'end kill'])
    expect(play.episodes.map(({ fault, until, passedOver }) => [fault.verb, until !== null, passedOver])).toEqual([
      ['kill', true, null],
      ['pause', true, null],
    ])
  })

  test('passes over what cannot be done, and says why', async () => {
    const target = new PaperTarget()
    const play = player(target)
    const kill: Fault = { verb: 'kill', node: 3 }
    await within(500, play.play(plan({ at: 0, fault: kill }, { at: 20, fault: kill })))
    expect(play.episodes.map(({ passedOver }) => passedOver)).toEqual([null, 'broker 3 is down'])
  })

  test('a heal ends what is open, but raises no dead', async () => {
    const target = new PaperTarget()
    await within(
      500,
      player(target).play(
        plan(
          { at: 0, fault: { verb: 'kill', node: 1 } },
          { at: 0, fault: { verb: 'half-open', node: 2 } },
          { at: 60, fault: { verb: 'heal' } },
        ),
      ),
    )
    expect(target.log.slice(-1)).toEqual(['end half-open'])
    expect([...target.dead]).toEqual([1])
  })

  test('at the end everything is undone and everybody lives, also when it is cut short', async () => {
    const target = new PaperTarget()
    const abort = new AbortController()
    const play = player(target, abort.signal)
    const playing = play.play({
      durationMs: 3_600_000,
      faults: [
        { at: 0, fault: { verb: 'kill', node: 1 } },
        { at: 0, fault: { verb: 'pause', node: 2, ms: 3_000_000 } },
        { at: 3_000_000, fault: { verb: 'kill', node: 3 } },
      ],
    })
    await vi.advanceTimersByTimeAsync(20)
    abort.abort()
    await within(1_000, playing)
    await within(60_000, play.finish())
    expect(target.log).toContain('end pause')
    expect(target.log).toContain('heal')
    expect([...target.dead]).toEqual([])
    expect(target.log).not.toContain('kill 3')
  })
})

describe('a target of processes', () => {
  let directory: string
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-test-'))
  })
  afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

  const target = (): Target =>
    createProcessTarget({ layout: layoutOf(directory), nodes: [1], bootstrapServers: '127.0.0.1:1', links: null })

  test('without proxies it refuses what needs them, and says how to get them', () => {
    for (const fault of [
      { verb: 'isolate', node: 1, direction: 'both', ms: 1 },
      { verb: 'cut', from: 1, to: 2, oneWay: false, ms: 1 },
      { verb: 'hide', node: 1, ms: 1 },
      { verb: 'slow', node: 1, latencyMs: 1, jitterMs: 0, bandwidth: 0, ms: 1 },
      { verb: 'reset', node: 1 },
      { verb: 'half-open', node: 1 },
    ] as const) {
      expect(target().refusal(fault)).toContain('odradek up --chaos')
    }
    expect(target().refusal({ verb: 'kill', node: 1 })).toBeNull()
  })

  test('what only a simulator can do is refused with what comes nearest', () => {
    expect(target().refusal({ verb: 'power-loss', node: 1 })).toContain('"kill" keeps it')
    expect(target().refusal({ verb: 'kill-at', node: 1, calls: 3 })).toContain('"kill"')
    expect(target().refusal({ verb: 'detain', from: 1, to: 2, what: 'all', lostMs: 1, ms: 2 })).toContain(
      '"slow" delays whole ways',
    )
    expect(target().refusal({ verb: 'slow-disk', node: 1, factor: 2, ms: 1 })).toContain('dm-delay')
    expect(target().refusal({ verb: 'skew-clock', node: 1, jumpMs: 1, driftPpm: 0 })).toContain('libfaketime')
  })

  test('the disk of the whole machine is never filled', () => {
    fs.mkdirSync(path.join(directory, 'broker-1'))
    expect(diskRefusal(path.join('/', 'broker-that-is-not-there', 'data'))).toContain('does not exist')
    const root = diskRefusal(path.join('/', 'data'))
    expect(root).toContain('mount -t tmpfs')
  })

  test('what is done where no cluster runs says so', async () => {
    await expect(target().begin({ verb: 'kill', node: 1 })).rejects.toThrow(/No odradek up runs the cluster/)
  })
})

test('a plan that the target cannot carry out is refused before anything is touched', async () => {
  const target = new PaperTarget()
  const faults = [
    { at: 0, fault: { verb: 'kill', node: 1 } as const },
    { at: 10, fault: { verb: 'flip-bit', node: 2, ms: 5 } as const },
  ]
  await expect(runChaos({ target, plan: { faults, durationMs: 100 } })).rejects.toThrow(
    'This plan cannot be carried out here:\nat 10 ms, flip-bit 2: simulated only',
  )
  expect(target.log).toEqual([])
})

describe('Toxiproxy', () => {
  let directory: string
  const before = process.env.PATH
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-test-'))
  })
  afterEach(() => {
    process.env.PATH = before
    fs.rmSync(directory, { recursive: true, force: true })
  })

  test('is found on PATH, in the first directory that has a program of its name', () => {
    const [empty, plain, first] = ['empty', 'plain', 'first'].map((name) => path.join(directory, name))
    for (const each of [empty!, plain!, first!]) fs.mkdirSync(each)
    fs.writeFileSync(path.join(plain!, 'toxiproxy-server'), '', { mode: 0o644 })
    fs.writeFileSync(path.join(first!, 'toxiproxy-server'), '', { mode: 0o755 })
    expect(findProgram([empty, plain, first].join(path.delimiter))).toBe(path.join(first!, 'toxiproxy-server'))
    expect(findProgram(empty!)).toBeNull()
  })

  test('that is nowhere is asked for in one sentence that says how to get it, and nothing is left behind', async () => {
    process.env.PATH = directory
    const data = path.join(directory, 'data')
    await expect(startChaos({ data })).rejects.toThrow(/go install github.com\/Shopify\/toxiproxy/)
    expect(fs.existsSync(data)).toBe(false)
  })

  test('that does not answer at its address is named', async () => {
    await expect(openToxiproxy('127.0.0.1:1')).rejects.toThrow('No Toxiproxy answers at 127.0.0.1:1')
  })
})
