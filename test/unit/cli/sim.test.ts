// What may be asked of `odradek sim`, what becomes of it, and what it prints. Lives are not lived here.

import { describe, expect, test } from 'vitest'
import type { SimArguments } from '../../../src/cli/commands/sim.ts'
import { ProgressLine, textOf } from '../../../src/cli/progress-line.ts'
import { askedLife, UsageError } from '../../../src/cli/sim-options.ts'
import { failureLines, lifeLines, summaryLines } from '../../../src/cli/sim-text.ts'
import { Summary } from '../../../src/sim/explore/summary.ts'
import { formatLife } from '../../../src/sim/index.ts'
import { fakeReport } from '../../support/fake-lives.ts'

const DEFAULTS: SimArguments = {
  seed: undefined,
  seeds: undefined,
  from: 1,
  jobs: 2,
  duration: undefined,
  kind: undefined,
  'fault-free': false,
  plan: undefined,
  verbs: undefined,
  flush: undefined,
  'fail-fast': false,
  'speed-floor': undefined,
  shrink: false,
  tries: 200,
  out: 'out',
  trace: undefined,
  tell: false,
  json: false,
}
const kept = formatLife(
  fakeReport(9, { plan: { faults: [{ at: 10, fault: { verb: 'kill', node: 2 } }], durationMs: 20_000 } }),
)
const readPlan = (file: string): Promise<string> =>
  file === 'kept.txt'
    ? Promise.resolve(kept)
    : file === 'bad.txt'
      ? Promise.resolve('nonsense')
      : Promise.reject(Error(file))
const ask = (args: Partial<SimArguments>): ReturnType<typeof askedLife> => askedLife({ ...DEFAULTS, ...args }, readPlan)

describe('asking', () => {
  test('one seed, nothing else', async () => {
    expect(await ask({ seed: 0 })).toEqual({ seed: 0, options: {}, words: '' })
  })

  test('everything that makes a life another one is handed on, and said again', async () => {
    expect(await ask({ seeds: 5, duration: 1.5, verbs: 'kill=5, pause', flush: 'fsync', kind: 'beyond' })).toEqual({
      seed: null,
      options: { kind: 'beyond', durationMs: 1_500, swarm: { verbs: { kill: 5, pause: 1 }, flush: 'fsync' } },
      words: " --kind beyond --duration 1.5 --verbs 'kill=5, pause' --flush fsync",
    })
    expect(await ask({ seed: 1, 'fault-free': true })).toMatchObject({
      options: { kind: 'calm' },
      words: ' --fault-free',
    })
  })

  test('a kept life brings its seed, kind, swarm and faults; a seed or a duration that is given wins', async () => {
    const life = await ask({ plan: 'kept.txt' })
    expect(life).toMatchObject({
      seed: 9,
      words: ' --plan kept.txt',
      options: { kind: 'within', swarm: { brokers: 3 } },
    })
    expect(life.options.plan).toEqual({ faults: [{ at: 10, fault: { verb: 'kill', node: 2 } }], durationMs: 20_000 })
    const other = await ask({ plan: 'kept.txt', seed: 4, duration: 5 })
    expect(other).toMatchObject({ seed: 4, options: { plan: { durationMs: 5_000 } } })
    expect((await ask({ plan: 'kept.txt', seeds: 10 })).seed).toBeNull()
  })

  test.each<[Partial<SimArguments>, string]>([
    [{}, 'say which'],
    [{ seed: Number.NaN }, '--seed NaN: an integer from 0'],
    [{ seed: -1 }, '--seed -1'],
    [{ seed: 2 ** 32 }, '--seed 4294967296'],
    [{ seeds: 0 }, '--seeds 0: an integer from 1'],
    [{ seeds: 10, from: 2 ** 32 - 5 }, 'seeds end at 4294967295'],
    [{ seeds: 1, jobs: 0 }, '--jobs 0'],
    [{ seed: 1, duration: 0 }, '--duration 0'],
    [{ seed: 1, verbs: 'kill,explode' }, 'no fault is called "explode"'],
    [{ seed: 1, verbs: 'kill=often' }, 'how often kill comes'],
    [{ seed: 1, kind: 'beyond', 'fault-free': true }, '--fault-free is not --kind beyond'],
    [{ seeds: 5, trace: 'x' }, '--trace is of one life'],
    [{ seeds: 5, tell: true }, '--tell is of one life'],
    [{ plan: 'gone.txt' }, 'there is no such file'],
    [{ plan: 'bad.txt' }, '--plan bad.txt: line 1'],
    [{ plan: 'kept.txt', verbs: 'kill' }, 'leave one out'],
  ])('%j is refused in a sentence', async (args, sentence) => {
    const refusal = await ask(args).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UsageError)
    expect((refusal as Error).message).toContain(sentence)
  })
})

describe('telling', () => {
  const violation = { name: 'P9', at: 1_234.5, text: 'a planted one', subject: {} }

  test('a failure gives one command to live it again', () => {
    const row = { seed: 7, violations: [violation], report: null, cpuMs: 0 }
    expect(failureLines(row, 'odradek sim --seed 7')).toEqual([
      'seed 7: FAILED',
      '  P9 at 1235 ms: a planted one',
      '  again: odradek sim --seed 7',
    ])
  })

  test('a life and an exploration say what was found', () => {
    expect(lifeLines(fakeReport(7), 5)[0]).toBe('seed 7: nothing found, hash hash of 7')
    const failed = lifeLines(fakeReport(7, { violations: [violation] }), 5)
    expect(failed[0]).toContain('FAILED')
    expect(failed.at(-1)).toBe('  P9 at 1235 ms: a planted one')

    const summary = new Summary({ firstSeed: 0, seeds: 30, declaredMarkers: ['never'] })
    for (let seed = 0; seed < 20; seed++) {
      summary.add({ seed, violations: [], report: fakeReport(seed, { episodes: 2 }), cpuMs: 350 })
    }
    const text = summaryLines(summary.report(2_000)).join('\n')
    expect(text).toContain('20 seeds from 0 in 2.0 s: 20 passed, 0 failed, 10 not run')
    expect(text).toContain('200 s per second and core')
    expect(text).toContain('BELOW     fault episodes (median): 2, at least 5')
    expect(text).toContain('1 of 3 reached; not: never, seen by none')
  })
})

describe('the progress line', () => {
  const progress = (wallMs: number): Parameters<ProgressLine['show']>[0] => ({
    ran: 10,
    seeds: 100,
    failed: 1,
    simulatedMs: 3_600_000,
    wallMs,
    markersReached: 3,
    markersKnown: 9,
  })
  const screen = (
    isTTY: boolean,
  ): { isTTY: boolean; columns: number; written: string[]; write(text: string): unknown } => {
    const written: string[] = []
    return { isTTY, columns: 200, written, write: (text) => written.push(text) }
  }

  test('counts seeds, hours, markers and failures', () => {
    expect(textOf(progress(5_000))).toBe('10/100 seeds · 2.0/s · 1.0 simulated hours · 3/9 markers · 1 failed')
  })

  test('is written over on a terminal, and makes room for what stays', () => {
    const terminal = screen(true)
    const line = new ProgressLine(terminal)
    line.show(progress(1_000))
    line.show(progress(1_100))
    line.show(progress(1_600))
    line.say('seed 3: FAILED')
    line.end()
    const clear = '\r\x1b[2K'
    expect(terminal.written.map((each) => (each.startsWith('10/') ? 'line' : each))).toEqual([
      'line',
      clear,
      'line',
      clear,
      'seed 3: FAILED\n',
      clear,
      'line',
      clear,
    ])
  })

  test('elsewhere is a line now and then, without control characters', () => {
    const file = screen(false)
    const line = new ProgressLine(file)
    for (let wallMs = 1_000; wallMs <= 40_000; wallMs += 1_000) line.show(progress(wallMs))
    line.say('seed 3: FAILED')
    line.end()
    expect(file.written).toHaveLength(3)
    expect(file.written.join('')).not.toContain('\x1b')
    expect(file.written.join('')).not.toContain('\r')
  })
})
