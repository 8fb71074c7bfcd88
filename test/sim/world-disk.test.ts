// The faults of simulated disks: full, slow, failing, lying, rotting.

import { describe, expect, test } from 'vitest'
import { createSimulation } from '../../src/sim/index.ts'
import { append } from '../support/sim-world.ts'

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
