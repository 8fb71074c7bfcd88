// The log on the simulated disk: kills and power failures at any moment, in any of the shapes that a disk leaves
// unsynced bytes in. With flush=fsync nothing that was answered is ever lost and the log never takes a power failure for
// corruption; with flush=os nothing that was synced is, and a kill loses nothing that was answered.

import { expect, test } from 'vitest'
import type { Ports } from '../../src/base/index.ts'
import { SeededRandom } from '../../src/base/index.ts'
import type { PartitionLog } from '../../src/log/index.ts'
import { openPartitionLog } from '../../src/log/index.ts'
import { createSimulation } from '../../src/sim/index.ts'
import { batchesOf } from '../../src/wire/index.ts'
import { batchOf, logConfig, testPorts } from '../support/logs.ts'

const PATH = '/d/t-0'
const { logger } = testPorts()

async function tryOneLife(seed: number, flush: 'os' | 'fsync', lives: number): Promise<void> {
  const simulation = createSimulation({ seed })
  try {
    const chance = new SeededRandom(seed)
    const config = logConfig({ flush, segmentBytes: 20_000, indexIntervalBytes: 1000 })
    const open = (ports: Ports, recoveryPoint: number): Promise<PartitionLog> =>
      simulation.wait(
        openPartitionLog({ ...ports, logger }, PATH, 't', 0, config, {
          topicId: 'zpGfm-zqSkui9IFmjX8wHA',
          recoveryPoint,
        }),
      )
    let ports = simulation.addNode('n')
    await simulation.wait(ports.disk.makeDirectory('/d'))
    await simulation.wait(ports.disk.makeDirectory(PATH))
    await simulation.wait(ports.disk.syncDirectory('/'))
    await simulation.wait(ports.disk.syncDirectory('/d'))
    let log = await open(ports, 0)
    await simulation.wait(log.flush())
    let written: number[] = []
    for (let life = 0; life < lives; life++) {
      let answered = log.endOffset
      for (let i = chance.below(40); i >= 0; i--) {
        const before = log.endOffset
        const count = 1 + chance.below(3)
        const bytes = batchOf({ count, valueSize: chance.below(3000), tag: 1 + chance.below(200) })
        const answer = log.appendAsLeader(bytes, life, (error) => {
          if (error === null) answered = Math.max(answered, before + count)
        })
        expect(answer).toMatchObject({ kind: 'staged', baseOffset: before })
        written.push(before)
        if (chance.below(4) === 0) await simulation.sleep(chance.below(5))
        if (chance.below(40) === 0) {
          await simulation.wait(log.truncateTo(chance.below(log.endOffset + 1)))
          written = written.filter((base) => base < log.endOffset)
          answered = Math.min(answered, log.endOffset)
        }
        if (flush === 'os' && chance.below(20) === 0) void log.flush().catch(() => {})
      }
      await simulation.sleep(chance.below(30))
      const durable = log.durableEndOffset
      const power = chance.below(2) === 0
      if (power) simulation.powerLoss('n')
      else simulation.kill('n')
      ports = simulation.restart('n')
      log = await open(ports, chance.below(2) === 0 ? 0 : durable)
      const where = `seed ${seed}, life ${life}, ${power ? 'power' : 'kill'}`
      expect([where, log.damaged]).toEqual([where, null])
      const kept = flush === 'fsync' || !power ? Math.max(durable, answered) : durable
      expect([where, log.endOffset >= kept]).toEqual([where, true])
      written = written.filter((base) => base < log.endOffset)
      const found: number[] = []
      for (let at = 0; at < log.endOffset; ) {
        const read = await simulation.wait(
          Promise.resolve(log.read(at, { maxBytes: 50_000, upTo: log.endOffset, minOneBatch: true })),
        )
        for (const chunk of read.chunks) for (const header of batchesOf(chunk)) found.push(header.baseOffset)
        expect([where, read.endOffset > at]).toEqual([where, true])
        at = read.endOffset
      }
      expect([where, found]).toEqual([where, written])
    }
  } finally {
    simulation.close()
  }
}

test.each(['fsync', 'os'] as const)('kills and power failures, flush=%s', async (flush) => {
  for (let seed = 1; seed <= 15; seed++) await tryOneLife(seed, flush, 6)
})
