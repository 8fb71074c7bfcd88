// A failed fsync has marked pages clean that never reached the disk. The process that comes after must not take the
// page cache for the disk: what it calls durable survives the next power failure.

import { expect, test } from 'vitest'
import type { Ports } from '../../src/base/index.ts'
import { openPartitionLog, type PartitionLog } from '../../src/log/index.ts'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { batchOf, logConfig, testPorts } from '../support/logs.ts'

const PATH = '/d/t-0'
const { logger } = testPorts()

function open(simulation: Simulation, ports: Ports): Promise<PartitionLog> {
  const config = logConfig({ flush: 'fsync', segmentBytes: 4_000 })
  return simulation.wait(
    openPartitionLog({ ...ports, logger }, PATH, 't', 0, config, {
      topicId: 'zpGfm-zqSkui9IFmjX8wHA',
      recoveryPoint: 0,
    }),
  )
}

test.each([1, 2, 3, 4, 5])(
  'what is durable after a failed fsync and a restart is on the disk, seed %i',
  async (seed) => {
    const simulation = createSimulation({ seed })
    try {
      let ports = simulation.addNode('n')
      for (const path of ['/d', PATH]) await simulation.wait(ports.disk.makeDirectory(path))
      for (const path of ['/', '/d']) await simulation.wait(ports.disk.syncDirectory(path))
      let log = await open(simulation, ports)
      const append = (): Promise<Error | null> =>
        simulation.wait(
          new Promise((resolve) => {
            const answer = log.appendAsLeader(batchOf({ count: 1, valueSize: 900, tag: 7 }), 0, resolve)
            expect(answer.kind).toBe('staged')
          }),
        )
      for (let i = 0; i < 6; i++) expect(await append()).toBe(null)
      simulation.failDisk('n', 'sync')
      expect(await append()).toMatchObject({ code: 'EIO' })
      await simulation.sleep(2_000)

      simulation.kill('n')
      ports = simulation.restart('n')
      log = await open(simulation, ports)
      expect(log.durableEndOffset).toBe(7)
      expect(await append()).toBe(null)

      simulation.powerLoss('n')
      ports = simulation.restart('n')
      log = await open(simulation, ports)
      expect([log.damaged, log.endOffset]).toEqual([null, 8])
    } finally {
      simulation.close()
    }
  },
)
