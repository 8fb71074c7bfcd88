// A vote that a start finds is told again, so it must not be one that the next power failure takes back: the kill may have
// come when the file had its name and nobody had made that durable (R2).

import { expect, test } from 'vitest'
import { RaftStorage } from '../../../raft/storage/index.ts'
import { createSimulation } from '../../../src/sim/index.ts'
import { testPorts } from '../../support/logs.ts'

/** What the next life is told, and the one after a power failure; null where the vote was durable by then. */
async function killedAfter(ms: number): Promise<readonly [unknown, unknown] | null> {
  using simulation = createSimulation({ seed: 1 })
  simulation.addNode('n')
  const open = async (): Promise<RaftStorage> => {
    const ports = { ...simulation.ports('n'), logger: testPorts().logger }
    await simulation.wait(ports.disk.makeDirectory('/d'))
    await simulation.wait(ports.disk.syncDirectory('/'))
    return simulation.wait(
      RaftStorage.open(ports, {
        metadataDirectory: '/d',
        segmentBytes: 1_000_000,
        segmentMs: 1_000_000,
        maxBatchBytes: 1_000_000,
        onFailure: () => {},
      }),
    )
  }
  const storage = await open()
  let done = false
  storage.persist({ epoch: 5, leaderId: -1, votedFor: { id: 1, directoryId: null } }, 1, [1, 2, 3]).then(
    () => {
      done = true
    },
    () => {},
  )
  await simulation.sleep(ms)
  if (done) return null
  simulation.restart('n')
  const told = (await open()).election
  simulation.powerLoss('n')
  simulation.restart('n')
  return [told, (await open()).election]
}

test('a vote that was found stays', async () => {
  const epochs = new Set<number>()
  for (let ms = 0; ; ms += 0.02) {
    const found = await killedAfter(ms)
    if (found === null) break
    const [told, kept] = found
    expect([ms, kept]).toEqual([ms, told])
    epochs.add((told as { epoch: number }).epoch)
  }
  expect([...epochs].sort()).toEqual([0, 5])
})
