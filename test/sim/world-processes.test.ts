// The faults of simulated processes and clocks: stops that overlap, slow processors that fall behind, clocks that jump
// and drift.

import { describe, expect, test } from 'vitest'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { bytes, connected } from '../support/sim-world.ts'

test('stops overlap: the process goes on when each has ended', async () => {
  using sim = createSimulation({ seed: 50 })
  const { caller, received } = await connected(sim)
  const first = sim.pause('b')
  const second = sim.pause('b')
  caller.write([bytes('x')])
  first()
  first()
  await sim.sleep(100)
  expect(received()).toBe('')
  second()
  await sim.sleep(1)
  expect(received()).toBe('x')
  sim.pause('b')
  sim.pause('b')
  sim.resume('b')
  caller.write([bytes('y')])
  await sim.sleep(5)
  expect(received()).toBe('xy')
})

describe('work', () => {
  /** Virtual milliseconds until a process has dealt with so many timers that are due at once, each with some port calls. */
  async function rounds(sim: Simulation, count: number): Promise<number> {
    const { clock, random } = sim.ports('a')
    const began = sim.now
    let done = 0
    for (let i = 0; i < count; i++) {
      const alarm = clock.alarm(() => {
        for (let call = 0; call < 10; call++) random.below(2)
        done++
      })
      alarm.set(clock.monotonic() + 1)
    }
    await sim.run({ until: () => done === count, untilMs: began + 60_000 })
    return sim.now - began
  }

  test('costs time, and a slow processor more of it, until it is as fast again', async () => {
    using sim = createSimulation({ seed: 51 })
    sim.addNode('a')
    const usual = await rounds(sim, 100)
    expect(usual).toBeGreaterThan(1)
    expect(usual).toBeLessThan(5)
    const first = sim.slowCpu('a', 20)
    const second = sim.slowCpu('a', 5)
    expect((await rounds(sim, 100)) / usual).toBeGreaterThan(50)
    second()
    // A new process on the same machine is as slow.
    sim.restart('a')
    const slow = (await rounds(sim, 100)) / usual
    expect(slow).toBeGreaterThan(10)
    expect(slow).toBeLessThan(25)
    first()
    await sim.sleep(1_000)
    expect(await rounds(sim, 100)).toBeCloseTo(usual, 6)
  })

  test('that comes faster than it can be done waits, overdue timers before what has arrived', async () => {
    using sim = createSimulation({ seed: 52 })
    const { caller, received } = await connected(sim)
    const b = sim.ports('b')
    sim.slowCpu('b', 2_000)
    const late: number[] = []
    const due: number[] = []
    const alarm = b.clock.alarm(() => {
      late.push(b.clock.monotonic() - due.at(-1)!)
      beat()
    })
    const beat = (): void => {
      due.push(b.clock.monotonic() + 5)
      alarm.set(due.at(-1)!)
    }
    beat()
    for (let i = 0; i < 50; i++) {
      caller.write([bytes('x')])
      await sim.sleep(5)
    }
    // A chunk takes it 16 ms, and one comes every 5: what has come by now will keep it busy for long.
    expect(received().length).toBeLessThan(20)
    expect(late.length).toBeGreaterThan(1)
    expect(Math.max(...late)).toBeGreaterThan(8)
    await sim.sleep(1_000)
    expect(received()).toBe('x'.repeat(50))
  })

  test('many things that wait are dealt with in their order', async () => {
    using sim = createSimulation({ seed: 53 })
    const { clock } = sim.addNode('a')
    const order: number[] = []
    for (const ms of [3, 1, 2]) clock.alarm(() => order.push(ms)).set(clock.monotonic() + ms)
    sim.stall('a', 10)
    await sim.sleep(20)
    expect(order).toEqual([1, 2, 3])
  })
})

describe('a clock', () => {
  test('whose wall jumps leaves the monotonic one and alarms alone', async () => {
    using sim = createSimulation({ seed: 54 })
    const { clock } = sim.addNode('a')
    const rung: number[] = []
    clock.alarm(() => rung.push(sim.now)).set(clock.monotonic() + 1_000)
    const [wall, monotonic] = [clock.wall(), clock.monotonic()]
    sim.skewClock('a', -3_600_000)
    expect([clock.wall() - wall, clock.monotonic() - monotonic]).toEqual([-3_600_000, 0])
    await sim.sleep(2_000)
    expect([clock.wall() - wall, clock.monotonic() - monotonic]).toEqual([-3_598_000, 2_000])
    expect(rung).toEqual([1_000])
  })

  test.each([
    [100_000, 1_100],
    [-100_000, 900],
    [333_333, 1_333.333],
  ])('that drifts by %i ppm shows %d ms of a second, and alarms obey it', async (ppm, shown) => {
    using sim = createSimulation({ seed: 55 })
    const { clock } = sim.addNode('a')
    const rung: number[] = []
    const alarm = clock.alarm(() => rung.push(clock.monotonic()))
    // One that was set before the drift began, and one after.
    const before = clock.monotonic() + 500
    alarm.set(before)
    const [wall, monotonic, began] = [clock.wall(), clock.monotonic(), sim.now]
    sim.skewClock('a', 0, ppm)
    await sim.sleep(1_000)
    expect(Math.abs(clock.monotonic() - monotonic - shown)).toBeLessThan(0.002)
    expect(Math.abs(clock.wall() - wall - shown)).toBeLessThan(1.01)
    const after = clock.monotonic() + 500
    alarm.set(after)
    await sim.sleep(1_000)
    expect(rung).toHaveLength(2)
    for (const [i, wanted] of [before, after].entries()) {
      expect(rung[i]).toBeGreaterThanOrEqual(wanted)
      expect(rung[i]).toBeLessThan(wanted + 0.01)
    }
    sim.skewClock('a', 0, 0)
    const now = clock.monotonic()
    await sim.sleep(1_000)
    expect(clock.monotonic() - now).toBeCloseTo(1_000, 6)
    expect(sim.now - began).toBe(3_000)
  })

  test('never goes back when its drift changes, and a restart keeps the drift', async () => {
    using sim = createSimulation({ seed: 56 })
    const { clock } = sim.addNode('a')
    let last = clock.monotonic()
    for (const ppm of [500_000, -500_000, 7, -999, 0]) {
      sim.skewClock('a', 0, ppm)
      for (let i = 0; i < 20; i++) {
        await sim.sleep(0.001)
        expect(clock.monotonic()).toBeGreaterThanOrEqual(last)
        last = clock.monotonic()
      }
    }
    sim.skewClock('a', 0, 250_000)
    const again = sim.restart('a').clock
    const began = again.monotonic()
    await sim.sleep(1_000)
    expect(again.monotonic() - began).toBeCloseTo(1_250, 2)
    expect(() => sim.skewClock('a', 0, 900_000)).toThrow(/^a clock cannot drift by 900000 ppm/)
  })
})

test("timers of a host keep its clock's time", async () => {
  using sim = createSimulation({ seed: 57 })
  sim.addNode('me', { client: true })
  sim.skewClock('me', 0, 100_000)
  const began = sim.now
  await sim.wait(sim.timersOf('me').delay(1_100))
  expect(sim.now - began).toBeCloseTo(1_000, 2)
  const old = sim.timersOf('me')
  sim.restart('me')
  expect(sim.timersOf('me')).not.toBe(old)
})
