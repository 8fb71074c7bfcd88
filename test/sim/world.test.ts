// The simulated world by itself: determinism, the fence, what kills, power losses and cuts leave behind. What whole
// nodes do in it is in cluster.test.ts; that the ports keep their laws, in test/conformance.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DiskFile, Ports } from '../../src/base/index.ts'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'

const SEEDS: readonly number[] = Array.from({ length: 60 }, (_, i) => i + 1)

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function append(file: DiskFile, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.append([bytes(text)], (error) => (error === null ? resolve() : reject(error)))
  })
}

/** An echo service on `b`, a caller on `a`, some files and a kill: everything that a trace can see. */
async function story(sim: Simulation): Promise<string> {
  const a = sim.addNode('a')
  const b = sim.addNode('b')
  const heard: string[] = []
  await sim.wait(
    b.network.listen({ host: 'b', port: 9092 }, (connection) => ({
      data: (chunk) => connection.write([chunk]),
      drained: () => {},
      closed: () => heard.push('b closed'),
    })),
  )
  const caller = a.network.connect(
    { host: 'b', port: 9092 },
    {
      data: (chunk) => heard.push(`a got ${chunk.length} at ${a.clock.monotonic()}`),
      drained: () => {},
      closed: (error) => heard.push(`a closed ${error?.message ?? 'orderly'}`),
    },
  )
  for (let i = 0; i < 5; i++) {
    caller.write([a.random.bytes(1 + a.random.below(90_000))])
    await sim.sleep(3)
  }
  const file = await sim.wait(a.disk.open('/f', { create: true }))
  await sim.wait(append(file, 'hello'))
  await sim.wait(file.sync())
  const packed = await sim.wait(a.offload.run({ kind: 'compress', codec: 'zstd', bytes: bytes('z'.repeat(500)) }))
  await sim.wait(append(file, `${packed.length}`))
  sim.kill('b')
  await sim.sleep(10)
  return `${heard.join('\n')}\n${sim.now} ${sim.events} ${sim.traceHash()}`
}

describe('one seed', () => {
  test('tells one story, and another seed another', async () => {
    const told = new Set<string>()
    for (const seed of [1, 2, 3]) {
      using first = createSimulation({ seed })
      const once = await story(first)
      using second = createSimulation({ seed })
      expect(await story(second), `seed ${seed}`).toBe(once)
      told.add(once)
    }
    expect(told.size).toBe(3)
  })
})

describe('the fence', () => {
  let room = ''
  beforeEach(async () => {
    // A room of ours for the time of the test, beside the real ones.
    const raft = new URL('../../raft/', import.meta.url).pathname
    await mkdir(raft, { recursive: true })
    room = await mkdtemp(join(raft, 'planted-'))
  })
  afterEach(async () => {
    await rm(room, { recursive: true })
  })

  test.each([
    ['Date.now', 'Date.now()', ''],
    ['new Date()', 'new Date().getTime()', ''],
    ['Math.random', 'Math.random()', ''],
    ['performance.now', 'performance.now()', ''],
    ['setTimeout', 'setTimeout(() => {}, 1)', ''],
    ['setImmediate', 'setImmediate(() => {})', ''],
    ['queueMicrotask', 'queueMicrotask(() => {})', ''],
    ['process.hrtime.bigint', 'process.hrtime.bigint()', ''],
    ['process.nextTick', 'process.nextTick(() => {})', ''],
    ['crypto.randomUUID', 'crypto.randomUUID()', ''],
    ['crypto.randomBytes', 'randomBytes(4)', "import { randomBytes } from 'node:crypto'"],
    ['fs.readFileSync', "readFileSync('/dev/null')", "import { readFileSync } from 'node:fs'"],
    ['net.connect', 'connect(1)', "import { connect } from 'node:net'"],
    ['timers.promises.setTimeout', 'setTimeout(1)', "import { setTimeout } from 'node:timers/promises'"],
    ['zlib.gzip', "gzip('', () => {})", "import { gzip } from 'node:zlib'"],
  ])('catches a planted %s and names its place', async (name, call, imports) => {
    const file = join(room, 'leak.ts')
    await writeFile(file, `${imports}\nexport function decide(): void {\n  void ${call}\n}\n`)
    const planted: { decide(): void } = await import(file)
    using sim = createSimulation({ seed: 1 })
    const a = sim.addNode('a')
    a.clock.alarm(() => planted.decide()).set(a.clock.monotonic() + 5)
    await expect(sim.run({ untilMs: 10 })).rejects.toThrow(
      new RegExp(`^${name.replace(/[.()]/g, '\\$&')} called at raft/planted-\\w+/leak\\.ts:3`),
    )
  })

  test('lets tests, libraries and the world through, and is gone afterwards', async () => {
    const now = Date.now
    {
      using sim = createSimulation({ seed: 1 })
      sim.addNode('a')
      expect(Date.now()).toBeGreaterThan(0)
      expect(new Date(0).getTime()).toBe(0)
      expect(new Date()).toBeInstanceOf(Date)
    }
    expect(Date.now).toBe(now)
  })
})

describe('a kill', () => {
  test('leaves the page cache, and the dead ports do nothing more', async () => {
    using sim = createSimulation({ seed: 3 })
    const a = sim.addNode('a')
    const file = await sim.wait(a.disk.open('/log', { create: true }))
    await sim.wait(append(file, 'seen'))
    const heard: string[] = []
    a.clock.alarm(() => heard.push('alarm')).set(a.clock.monotonic() + 5)
    file.sync().then(() => heard.push('synced'))
    sim.kill('a')
    file.append([bytes('late')], () => heard.push('appended'))
    a.disk.remove('/log').then(() => heard.push('removed'))
    await sim.sleep(100)
    expect(heard).toEqual([])
    const again = sim.restart('a')
    expect(await sim.wait(again.disk.readFile('/log'))).toEqual(bytes('seen'))
  })

  test('may strike at any port call', async () => {
    const reached = new Set<string>()
    for (let n = 1; n <= 12; n++) {
      using sim = createSimulation({ seed: n })
      const a = sim.addNode('a')
      sim.killAtPortCall('a', n)
      let steps = 0
      const work = async (): Promise<void> => {
        const file = await a.disk.open('/log', { create: true })
        steps++
        for (const word of ['a', 'b', 'c']) {
          await append(file, word)
          steps++
          await file.sync()
          steps++
        }
        await a.disk.rename('/log', '/done')
        steps++
      }
      void work()
      await sim.run({ untilMs: 1_000 })
      const disk = sim.disk('a')
      reached.add(
        `${steps} ${disk.paths().join()} ${new TextDecoder().decode(disk.peek(disk.paths()[0] ?? '') ?? undefined)}`,
      )
    }
    expect(reached.size).toBeGreaterThan(6)
    expect([...reached].filter((each) => each.includes('/done'))).toEqual(['8 /done abc'])
  })

  test('resets connections, and a port without a process refuses', async () => {
    using sim = createSimulation({ seed: 4 })
    const { heard, caller } = await connected(sim)
    sim.kill('b')
    await sim.sleep(10)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
    caller.write([bytes('into nothing')])
    sim.ports('a').network.connect({ host: 'b', port: 1 }, ear(heard))
    await sim.sleep(10)
    expect(heard[1]).toBe('closed ECONNREFUSED: connect b:1')
  })
})

describe('a power loss', () => {
  /** Three synced records, three that are not; what is found, by seed. */
  async function found(seed: number): Promise<string | null> {
    using sim = createSimulation({ seed })
    const a = sim.addNode('a')
    await sim.wait(a.disk.makeDirectory('/d'))
    await sim.wait(a.disk.syncDirectory('/'))
    const file = await sim.wait(a.disk.open('/d/log', { create: true }))
    await sim.wait(append(file, 'abc'))
    await sim.wait(file.sync())
    await sim.wait(a.disk.syncDirectory('/d'))
    await sim.wait(append(file, 'defghi'))
    sim.powerLoss('a')
    const again = sim.restart('a')
    const content = await sim.wait(again.disk.readFile('/d/log'))
    return content === null ? null : new TextDecoder().decode(content)
  }

  test('keeps what was synced, and loses, tears or keeps the rest', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      const content = await found(seed)
      expect(content?.startsWith('abc'), `seed ${seed}: ${content}`).toBe(true)
      outcomes.add(content ?? '')
    }
    expect(outcomes).toContain('abc')
    expect(outcomes).toContain('abcdefghi')
    expect(outcomes).toContain('abc\0\0\0\0\0\0')
    expect([...outcomes].some((each) => each.length > 3 && each.length < 9)).toBe(true)
  })

  test('loses names whose directory was not synced, and never half a rename', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const a = sim.addNode('a')
      await sim.wait(a.disk.writeFileAtomic('/old', bytes('x')))
      await sim.wait(a.disk.rename('/old', '/new'))
      const file = await sim.wait(a.disk.open('/created', { create: true }))
      await sim.wait(append(file, 'y'))
      await sim.wait(file.sync())
      sim.powerLoss('a')
      outcomes.add(sim.disk('a').paths().join())
    }
    expect([...outcomes].sort()).toEqual(['/created,/new', '/new', '/old'])
  })

  test('writeFileAtomic is the old or the new, whole, and the new once it has resolved', async () => {
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const a = sim.addNode('a')
      await sim.wait(a.disk.writeFileAtomic('/f', bytes('old')))
      let written = false
      a.disk.writeFileAtomic('/f', bytes('newer')).then(() => {
        written = true
      })
      await sim.sleep(sim.random.below(30) / 10)
      sim.powerLoss('a')
      const content = new TextDecoder().decode(sim.disk('a').peek('/f')!)
      expect(['old', 'newer'], `seed ${seed}`).toContain(content)
      if (written) expect(content).toBe('newer')
    }
  })

  test('takes unsynced batches of tables from the end, whole', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const table = await sim.wait(sim.addNode('a').tables.open('t'))
      const put = (value: string, sync: boolean): Promise<void> =>
        sim.wait(
          table.batch(
            [
              { kind: 'put', key: 'x', value: bytes(value) },
              { kind: 'put', key: 'y', value: bytes(value) },
            ],
            { sync },
          ),
        )
      await put('1', true)
      await put('2', false)
      await put('3', false)
      sim.powerLoss('a')
      const after = await sim.wait(sim.restart('a').tables.open('t'))
      const read = async (key: string): Promise<string> => new TextDecoder().decode(await sim.wait(after.get(key)))
      outcomes.add((await read('x')) + (await read('y')))
    }
    expect([...outcomes].sort()).toEqual(['11', '22', '33'])
  })

  test('tells nobody: connections stand until something is sent to the machine that came back', async () => {
    using sim = createSimulation({ seed: 5 })
    const { heard, caller } = await connected(sim)
    sim.powerLoss('b')
    await sim.sleep(60_000)
    caller.write([bytes('anybody?')])
    await sim.sleep(60_000)
    expect(heard).toEqual([])
    sim.restart('b')
    await sim.sleep(10)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
  })
})

describe('a cut', () => {
  test('holds bytes until it heals, in order, and keeps the connection', async () => {
    using sim = createSimulation({ seed: 6 })
    const { heard, caller, received } = await connected(sim)
    sim.isolate('b')
    caller.write([bytes('one ')])
    await sim.sleep(100)
    caller.write([bytes('two')])
    await sim.sleep(100)
    expect(received()).toBe('')
    sim.heal('b')
    await sim.sleep(100)
    expect(received()).toBe('one two')
    expect(heard).toEqual([])
  })

  test('one way only', async () => {
    using sim = createSimulation({ seed: 7 })
    const { caller, received, callee, answers } = await connected(sim)
    sim.cut('a', 'b')
    caller.write([bytes('x')])
    callee().write([bytes('y')])
    await sim.sleep(100)
    expect([received(), answers()]).toEqual(['', 'y'])
  })

  test('lets a connect wait until it heals, or time out', async () => {
    using sim = createSimulation({ seed: 8 })
    await connected(sim)
    sim.isolate('a')
    const heard: string[] = []
    sim.ports('a').network.connect({ host: 'b', port: 1 }, ear(heard))
    await sim.sleep(2_000)
    expect(heard).toEqual([])
    sim.heal('a')
    await sim.sleep(5_000)
    expect(heard).toEqual(['connected'])
    sim.isolate('a')
    sim.ports('a').network.connect({ host: 'b', port: 1 }, ear(heard))
    await sim.sleep(130_000)
    expect(heard).toEqual(['connected', 'closed ETIMEDOUT: connect b:1'])
  })
})

describe('time', () => {
  test('a paused process hears everything late, timers first', async () => {
    using sim = createSimulation({ seed: 9 })
    const { caller } = await connected(sim)
    const b = sim.ports('b')
    const order: string[] = []
    await sim.wait(
      b.network.listen({ host: 'b', port: 2 }, () => ({
        ...ear(order),
        data: () => order.push('data'),
      })),
    )
    const second = sim.ports('a').network.connect({ host: 'b', port: 2 }, ear([]))
    await sim.sleep(5)
    sim.stall('b', 500)
    b.clock.alarm(() => order.push(`timer ${Math.round(b.clock.monotonic())}`)).set(b.clock.monotonic() + 100)
    second.write([bytes('x')])
    caller.write([bytes('y')])
    await sim.sleep(1_000)
    expect(order).toHaveLength(2)
    expect(order[0]).toMatch(/^timer/)
    sim.pause('b')
    second.write([bytes('z')])
    await sim.sleep(1_000)
    expect(order).toHaveLength(2)
    sim.resume('b')
    await sim.sleep(1)
    expect(order).toHaveLength(3)
  })

  test('passes only with events: an hour costs nothing', async () => {
    using sim = createSimulation({ seed: 10 })
    const a = sim.addNode('a')
    let ticks = 0
    const alarm = a.clock.alarm(() => {
      ticks++
      alarm.set(a.clock.monotonic() + 1_000)
    })
    alarm.set(a.clock.monotonic() + 1_000)
    await sim.sleep(3_600_000)
    expect(ticks).toBe(3_600)
  })
})

test('a process that asks for the same instant for ever is named', async () => {
  using sim = createSimulation({ seed: 13 })
  const { clock } = sim.addNode('a')
  const alarm = clock.alarm(() => alarm.set(clock.monotonic()))
  alarm.set(clock.monotonic())
  await expect(sim.run({ untilMs: 3_000 })).rejects.toThrow(/^time hardly passes, .*: a has something to do/)
})

describe('a disk that fails', () => {
  test('is full, and takes appends after a cut when there is room again', async () => {
    using sim = createSimulation({ seed: 11 })
    const file = await sim.wait(sim.addNode('a').disk.open('/log', { create: true }))
    await sim.wait(append(file, '12345'))
    sim.disk('a').faults.freeBytes = 3
    await expect(sim.wait(append(file, '678901'))).rejects.toMatchObject({ name: 'StorageError', code: 'ENOSPC' })
    sim.disk('a').faults.freeBytes = 100
    await expect(sim.wait(append(file, 'x'))).rejects.toMatchObject({ code: 'ENOSPC' })
    await sim.wait(file.truncate(5))
    await sim.wait(append(file, '6'))
    expect(new TextDecoder().decode(sim.disk('a').peek('/log')!)).toBe('123456')
  })

  test('refuses to sync', async () => {
    using sim = createSimulation({ seed: 12 })
    const file = await sim.wait(sim.addNode('a').disk.open('/log', { create: true }))
    sim.disk('a').faults.syncFailsOneIn = 1
    await expect(sim.wait(file.sync())).rejects.toMatchObject({ name: 'StorageError', code: 'EIO', path: '/log' })
  })
})

function ear(heard: string[]): Parameters<Ports['network']['connect']>[1] {
  return {
    connected: () => heard.push('connected'),
    data: () => {},
    drained: () => {},
    closed: (error) => heard.push(`closed ${error?.message ?? 'orderly'}`),
  }
}

interface Call {
  readonly heard: string[]
  readonly caller: ReturnType<Ports['network']['connect']>
  readonly callee: () => ReturnType<Ports['network']['connect']>
  readonly received: () => string
  readonly answers: () => string
}

/** a has a connection to port 1 of b; `heard` is what a hears of it from now on. */
async function connected(sim: Simulation): Promise<Call> {
  const a = sim.addNode('a')
  const b = sim.addNode('b')
  let received = ''
  let answers = ''
  let callee: ReturnType<Ports['network']['connect']> | null = null
  await sim.wait(
    b.network.listen({ host: 'b', port: 1 }, (connection) => {
      callee ??= connection
      return {
        ...ear([]),
        data: (chunk) => {
          received += new TextDecoder().decode(chunk)
        },
      }
    }),
  )
  const heard: string[] = []
  const caller = a.network.connect(
    { host: 'b', port: 1 },
    {
      ...ear(heard),
      data: (chunk) => {
        answers += new TextDecoder().decode(chunk)
      },
    },
  )
  await sim.sleep(10)
  expect(heard.splice(0)).toEqual(['connected'])
  return { heard, caller, callee: () => callee!, received: () => received, answers: () => answers }
}
