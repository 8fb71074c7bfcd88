// A look-up by timestamp over a batch with a flipped bit: "nothing is that late" must not rest on it.

import { expect, test } from 'vitest'
import { openPartitionLog, type PartitionLog } from '../../../src/log/index.ts'
import { batchOf, logConfig, START, settled, testPorts } from '../../support/logs.ts'

const BATCHES = 4
/** In a batch: the first byte that counts of its base offset's upper half, and of its largest timestamp. */
const OFFSET_AT = 5
const TIMESTAMP_AT = 37

/** Batches of one record, a millisecond apart, the third with a bit flipped. */
async function flipped(at: number | null): Promise<PartitionLog> {
  const ports = testPorts()
  const config = logConfig()
  const log = await openPartitionLog(ports, '/d/t-0', 't', 0, config, { topicId: 'zpGfm-zqSkui9IFmjX8wHA' })
  for (let i = 0; i < BATCHES; i++)
    log.appendAsLeader(batchOf({ count: 1, tag: log.endOffset, timestamp: START + i }), 0, () => {})
  await settled()
  const file = ports.disk.files.get('/d/t-0/00000000000000000000.log')!
  const third = (file.bytes.length / BATCHES) * 2
  if (at !== null) file.bytes[third + at] = file.bytes[third + at]! ^ 0x40
  return log
}

test('the first record at or after a time', async () => {
  const log = await flipped(null)
  expect(await log.offsetForTimestamp(START + 2, BATCHES)).toMatchObject({ timestamp: START + 2, offset: 2 })
  expect(await log.offsetForTimestamp(START + 3, BATCHES)).toMatchObject({ timestamp: START + 3, offset: 3 })
  expect(await log.offsetForTimestamp(START + 4, BATCHES)).toBeNull()
})

test('a corrupt time or offset on the way is an error, not an answer', async () => {
  for (const at of [OFFSET_AT, TIMESTAMP_AT]) {
    const log = await flipped(at)
    await expect(log.offsetForTimestamp(START + 2, BATCHES)).rejects.toMatchObject({ code: 'CORRUPT' })
    await expect(log.offsetForTimestamp(START + 3, BATCHES)).rejects.toMatchObject({ code: 'CORRUPT' })
    expect(log.failed).toBeNull()
  }
})
