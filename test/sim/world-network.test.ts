// The faults of the simulated network: cuts, isolation, slow ways, lost and half-open connections, full backlogs.

import { describe, expect, test } from 'vitest'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { bytes, connected, ear, SEEDS } from '../support/sim-world.ts'

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

describe('an isolation', () => {
  test('covers hosts that come later, and clients', async () => {
    using sim = createSimulation({ seed: 20 })
    await connected(sim)
    sim.isolate('b')
    const heard = callFrom(sim, 'later', 'b')
    await sim.sleep(2_000)
    expect(heard).toEqual([])
    sim.heal('b')
    await sim.sleep(5_000)
    expect(heard).toEqual(['connected'])
  })

  test('holds until each of those that overlap has ended', async () => {
    using sim = createSimulation({ seed: 21 })
    const { caller, received } = await connected(sim)
    const first = sim.isolate('b', 'in')
    const second = sim.isolate('b')
    caller.write([bytes('x')])
    first()
    first()
    await sim.sleep(100)
    expect(received()).toBe('')
    second()
    await sim.sleep(100)
    expect(received()).toBe('x')
  })

  test('that outlasts the retransmissions ends the connection', async () => {
    using sim = createSimulation({ seed: 22 })
    const { caller, heard } = await connected(sim)
    sim.isolate('b')
    caller.write([bytes('x')])
    await sim.sleep(900_000)
    expect(heard).toEqual([])
    await sim.sleep(60_000)
    expect(heard).toEqual(['closed ETIMEDOUT: read b:1'])
  })
})

test('a hidden node is out of reach of clients, those to come included, and of nobody else', async () => {
  using sim = createSimulation({ seed: 23 })
  const { caller, received } = await connected(sim)
  const show = sim.hide('b')
  caller.write([bytes('x')])
  const client = callFrom(sim, 'c', 'b', true)
  const node = callFrom(sim, 'd', 'b')
  await sim.sleep(2_000)
  expect([received(), client, node]).toEqual(['x', [], ['connected']])
  show()
  await sim.sleep(5_000)
  expect(client).toEqual(['connected'])
})

describe('a slow way', () => {
  /** Milliseconds from a write at a to its last byte at b. */
  async function journey(sim: Simulation, call: Awaited<ReturnType<typeof connected>>, size: number): Promise<number> {
    const began = sim.now
    const before = call.received().length
    call.caller.write([new Uint8Array(size)])
    await sim.run({ until: () => call.received().length === before + size, untilMs: began + 600_000 })
    return sim.now - began
  }

  test('adds latency and jitter, each way, for all at the other end', async () => {
    using sim = createSimulation({ seed: 24 })
    const call = await connected(sim)
    expect(await journey(sim, call, 10)).toBeLessThan(3)
    const fast = sim.slow('b', { latencyMs: 100, jitterMs: 50 })
    const times = [await journey(sim, call, 10), await journey(sim, call, 10), await journey(sim, call, 10)]
    for (const ms of times) expect(ms).toBeGreaterThanOrEqual(100)
    for (const ms of times) expect(ms).toBeLessThan(153)
    expect(new Set(times.map(Math.round)).size).toBeGreaterThan(1)
    const heard = callFrom(sim, 'later', 'b')
    await sim.sleep(150)
    expect(heard).toEqual([])
    await sim.sleep(200)
    expect(heard).toEqual(['connected'])
    fast()
    expect(await journey(sim, call, 10)).toBeLessThan(3)
  })

  test('lets so many bytes a second through, and the others queue', async () => {
    using sim = createSimulation({ seed: 25 })
    const call = await connected(sim)
    sim.slow('b', { bandwidth: 100_000 })
    expect(Math.round((await journey(sim, call, 50_000)) / 10)).toBe(50)
    // Another connection waits behind what is under way.
    call.caller.write([new Uint8Array(50_000)])
    await sim.sleep(1)
    const other = callFrom(sim, 'later', 'b')
    await sim.sleep(400)
    expect(other).toEqual([])
    await sim.sleep(200)
    expect(other).toEqual(['connected'])
  })

  test('may be one direction only, with a distribution of its own', async () => {
    using sim = createSimulation({ seed: 26 })
    const call = await connected(sim)
    sim.slowLink('a', 'b', { distribution: [[7_000, 8_000]] })
    expect(Math.floor(await journey(sim, call, 10))).toBe(7)
    const began = sim.now
    call.callee().write([bytes('back')])
    await sim.run({ until: () => call.answers() !== '', untilMs: began + 1_000 })
    expect(sim.now - began).toBeLessThan(3)
  })
})

describe('a reset', () => {
  test('ends every connection of a host at both ends, after what was under way by chance', async () => {
    const stories = new Set<string>()
    const late = new Set<boolean>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const { caller, heard, received } = await connected(sim)
      caller.write([bytes('x')])
      await sim.sleep(0.02)
      sim.reset('b')
      await sim.sleep(100)
      late.add(heard.length === 0)
      await sim.sleep(3_000)
      expect(heard).toEqual(['closed ECONNRESET: read b:1'])
      stories.add(received())
    }
    expect([...stories].sort()).toEqual(['', 'x'])
    expect(late.size).toBe(2)
  })

  test('may be between two hosts only', async () => {
    using sim = createSimulation({ seed: 27 })
    const { heard } = await connected(sim)
    const other = callFrom(sim, 'c', 'b')
    await sim.sleep(10)
    sim.reset('b', 'c')
    await sim.sleep(3_100)
    expect([heard, other]).toEqual([[], ['connected', 'closed ECONNRESET: read b:1']])
  })
})

describe('a half-open connection', () => {
  test('stands at the far end, swallows what is sent, and is given up by the retransmissions', async () => {
    const told = new Set<string>()
    for (const seed of SEEDS.slice(0, 12)) {
      using sim = createSimulation({ seed })
      const { caller, heard, received, callee, answers } = await connected(sim)
      sim.halfOpen('b')
      caller.write([bytes('x')])
      callee().write([bytes('y')])
      await sim.sleep(600_000)
      sim.heal()
      await sim.sleep(1_000)
      expect([heard, received(), answers()]).toEqual([[], '', ''])
      // A new connection is as good as any.
      const again = callFrom(sim, 'a2', 'b')
      await sim.sleep(10)
      expect(again).toEqual(['connected'])
      await sim.sleep(400_000)
      expect(heard).toEqual(['closed ETIMEDOUT: read b:1'])
      told.add(String(seed))
    }
    expect(told.size).toBe(12)
  })

  test('on which nothing is sent is found by the keep-alive', async () => {
    using sim = createSimulation({ seed: 28 })
    const { heard } = await connected(sim)
    sim.halfOpen('b')
    await sim.sleep(60_000)
    expect(heard).toEqual([])
    await sim.sleep(15_000)
    expect(heard).toEqual(['closed ETIMEDOUT: read b:1'])
  })
})

describe('a process that is stopped', () => {
  test('still has a kernel: it takes connections up to the backlog, drops further SYNs, and takes them later', async () => {
    using sim = createSimulation({ seed: 29 })
    const { received } = await connected(sim)
    sim.backlog('b', 2)
    const go = sim.pause('b')
    const a = sim.ports('a').network
    const heard: string[][] = []
    for (let i = 0; i < 3; i++) {
      const own: string[] = []
      heard.push(own)
      a.connect({ host: 'b', port: 1 }, ear(own)).write([bytes('z')])
      await sim.sleep(5)
    }
    await sim.sleep(500)
    expect(heard).toEqual([['connected'], ['connected'], []])
    expect(received()).toBe('')
    go()
    await sim.sleep(10)
    expect(received()).toBe('zz')
    await sim.sleep(3_000)
    expect(heard[2]).toEqual(['connected'])
    expect(received()).toBe('zzz')
  })

  test('that dies resets what its kernel had taken', async () => {
    using sim = createSimulation({ seed: 30 })
    await connected(sim)
    sim.pause('b')
    const heard = callFrom(sim, 'c', 'b')
    await sim.sleep(10)
    sim.kill('b')
    await sim.sleep(10)
    expect(heard).toEqual(['connected', 'closed ECONNRESET: read b:1'])
  })
})

test("a detained connection's bytes come after those of its successor", async () => {
  using sim = createSimulation({ seed: 31 })
  const { caller, received } = await connected(sim)
  caller.write([bytes('old ')])
  sim.detain('a', 500)
  await sim.sleep(1)
  caller.close()
  sim
    .ports('a')
    .network.connect({ host: 'b', port: 1 }, ear([]))
    .write([bytes('new ')])
  await sim.sleep(100)
  expect(received()).toBe('new ')
  await sim.sleep(1_000)
  expect(received()).toBe('new old ')
})

describe('what a host sends on connections that are held', () => {
  test('arrives when that ends, after the connection is lost for who opened it and another has been made', async () => {
    using sim = createSimulation({ seed: 31 })
    const { heard, caller, received, callee, answers } = await connected(sim)
    const end = sim.hold('a', 'b', 'all', 100)
    caller.write([bytes('old ')])
    callee().write([bytes('back')])
    await sim.sleep(50)
    expect([received(), answers(), heard]).toEqual(['', 'back', []])
    await sim.sleep(100)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
    sim
      .ports('a')
      .network.connect({ host: 'b', port: 1 }, ear([]))
      .write([bytes('new ')])
    await sim.sleep(100)
    expect(received()).toBe('new ')
    end()
    await sim.sleep(100)
    expect(received()).toBe('new old ')
  })

  test('is never heard where the other one opened them and has given them up', async () => {
    using sim = createSimulation({ seed: 32 })
    const { heard, caller, received, callee, answers } = await connected(sim)
    const end = sim.hold('b', 'a', 'all', 100)
    caller.write([bytes('asked')])
    await sim.sleep(50)
    callee().write([bytes('answered')])
    await sim.sleep(100)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
    end()
    await sim.sleep(100)
    expect([received(), answers()]).toEqual(['asked', ''])
  })

  test('goes its way again, and the connection stands, where that ends before', async () => {
    using sim = createSimulation({ seed: 33 })
    const { heard, caller, received } = await connected(sim)
    const end = sim.hold('a', 'b', 'all', 100)
    caller.write([bytes('one ')])
    await sim.sleep(50)
    end()
    await sim.sleep(1)
    caller.write([bytes('two')])
    await sim.sleep(200)
    expect([received(), heard]).toEqual(['one two', []])
  })

  test('is held from the next request of a kind on, either way', async () => {
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      using sim = createSimulation({ seed: 34 })
      const { caller, received, callee, answers } = await connected(sim)
      const end = sim.hold(from, to, 'AlterPartition', 1_000)
      caller.write([bytes('\0\0\0\u{8}\0\u{1}')])
      callee().write([bytes('1')])
      await sim.sleep(50)
      expect([received().length, answers()]).toEqual([6, '1'])
      caller.write([bytes('\0\0\0\u{8}\0\u{38}')])
      await sim.sleep(50)
      callee().write([bytes('2')])
      await sim.sleep(50)
      expect([received().length, answers()]).toEqual(from === 'a' ? [6, '12'] : [12, '1'])
      end()
      await sim.sleep(50)
      expect([received().length, answers()]).toEqual([12, '12'])
    }
  })

  test('concerns, of several, some by chance', async () => {
    const arrived = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const { caller, received } = await connected(sim)
      sim.hold('a', 'b', 'some', 1_000)
      caller.write([bytes('x')])
      await sim.sleep(100)
      arrived.add(received())
    }
    expect([...arrived].sort()).toEqual(['', 'x'])
  })
})

test('the last words of a dead process may come when its successor has long spoken', async () => {
  const told = new Set<string>()
  for (const seed of SEEDS) {
    using sim = createSimulation({ seed })
    const { caller, received } = await connected(sim)
    caller.write([bytes('old ')])
    await sim.sleep(0.02)
    sim.kill('a')
    sim
      .restart('a')
      .network.connect({ host: 'b', port: 1 }, ear([]))
      .write([bytes('new ')])
    await sim.sleep(1_100)
    told.add(received())
  }
  expect([...told].sort()).toEqual(['new old ', 'old new '])
})

/** A new host's connection to port 1 of another; what it hears. */
function callFrom(sim: Simulation, name: string, to: string, client = false): string[] {
  const heard: string[] = []
  sim.addNode(name, { client }).network.connect({ host: to, port: 1 }, ear(heard))
  return heard
}
