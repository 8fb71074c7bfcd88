// The simulated world by itself: one seed tells one story, time passes with events and with work. Its faults are in the
// other world-*.test.ts; what whole nodes do in it, in cluster.test.ts; that the ports keep their laws, in
// test/conformance.

import { describe, expect, test } from 'vitest'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { append, bytes, connected, ear } from '../support/sim-world.ts'

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
