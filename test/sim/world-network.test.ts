// The faults of the simulated network: cuts, isolation, slow ways, lost and half-open connections, full backlogs.

import { describe, expect, test } from 'vitest'
import { createSimulation } from '../../src/sim/index.ts'
import { bytes, connected, ear } from '../support/sim-world.ts'

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
