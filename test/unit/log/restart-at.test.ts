// A log that begins anew at an offset, cut off at each of its calls to the disk: what a start finds is the old log's
// beginning, nothing, or the new one, and never the epochs of the old one on the new one. A voter took over a snapshot, was
// killed before it had forgotten the epochs, and told them of the snapshot's end: its leader asked it to cut what was
// committed.

import { expect, test } from 'vitest'
import type { PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import { createSimulation } from '../../../src/sim/index.ts'
import { batchOf, logConfig, testPorts } from '../../support/logs.ts'

const OFFSET = 43

/** The log as a start finds it; null where the call is beyond the last. */
async function cutOffAt(call: number, power: boolean): Promise<PartitionLog | null> {
  using simulation = createSimulation({ seed: call })
  const open = async (): Promise<PartitionLog> => {
    const ports = { ...simulation.ports('n'), logger: testPorts().logger }
    for (const path of ['/d', '/d/t-0']) await simulation.wait(ports.disk.makeDirectory(path))
    for (const path of ['/', '/d']) await simulation.wait(ports.disk.syncDirectory(path))
    return simulation.wait(
      openPartitionLog(ports, '/d/t-0', 't', 0, logConfig(), { topicId: 'zpGfm-zqSkui9IFmjX8wHA' }),
    )
  }
  simulation.addNode('n')
  let log = await open()
  for (const epoch of [1, 2, 2]) log.appendAsLeader(batchOf({ count: 3 }), epoch, () => {})
  await simulation.wait(log.close())
  log = await open()
  let done = false
  simulation.killAtPortCall('n', call)
  log.truncateFullyAndStartAt(OFFSET).then(
    () => {
      done = true
    },
    () => {},
  )
  while (!done && simulation.alive('n')) await simulation.sleep(1)
  if (done) return null
  if (power) simulation.powerLoss('n')
  simulation.restart('n')
  return await open()
}

test.each([
  ['a kill', false],
  ['a power failure', true],
])('%s at each call', async (_name, power) => {
  const found = new Set<number>()
  for (let call = 1; ; call++) {
    const log = await cutOffAt(call, power)
    if (log === null) break
    found.add(log.endOffset)
    expect(log.damaged).toBeNull()
    if (log.logStartOffset === OFFSET) expect([call, log.epochs]).toEqual([call, []])
  }
  expect([...found].sort()).toEqual([0, OFFSET, 9])
})
