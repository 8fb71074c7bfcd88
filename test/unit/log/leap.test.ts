// An offset with a flipped bit in the last batch of a log, where no batch behind it tells. No CRC covers offsets, and one
// that was believed ended the log far beyond what it holds, and called that durable.

import { expect, test } from 'vitest'
import type { LogConfig, OpenLogOptions, PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import type { TestPorts } from '../../support/logs.ts'
import { batchOf, logConfig, START, settled, testPorts } from '../../support/logs.ts'

const BATCH = 3
const LEAP = 0x80

function open(ports: TestPorts, config: LogConfig, options: Partial<OpenLogOptions> = {}): Promise<PartitionLog> {
  return openPartitionLog(ports, '/d/t-0', 't', 0, config, { topicId: 'zpGfm-zqSkui9IFmjX8wHA', ...options })
}

/** The offset of the last batch is 32768 too large. */
async function leaping(batches: number): Promise<{ readonly ports: TestPorts; readonly file: { bytes: Uint8Array } }> {
  const ports = testPorts()
  const log = await open(ports, logConfig())
  for (let i = 0; i < batches; i++) {
    const bytes = batchOf({ count: BATCH, tag: log.endOffset, timestamp: START })
    log.appendAsLeader(bytes, 0, () => {})
  }
  await log.close()
  await settled()
  const file = ports.disk.files.get('/d/t-0/00000000000000000000.log')!
  const last = (file.bytes.length / batches) * (batches - 1)
  file.bytes[last + 6] = file.bytes[last + 6]! ^ LEAP
  return { ports, file }
}

test('after a crash it is cut, and damage where it had been durable', async () => {
  for (const batches of [1, 4]) {
    const end = batches * BATCH
    const { ports, file } = await leaping(batches)
    const whole = file.bytes.length
    let log = await open(ports, logConfig(), { recoveryPoint: end })
    expect([log.endOffset, log.damaged]).toEqual([end - BATCH, expect.stringContaining('and nothing follows')])
    expect([log.durableEndOffset, file.bytes.length]).toEqual([end - BATCH, whole])
    log = await open(ports, logConfig(), { recoveryPoint: end - BATCH })
    expect([log.endOffset, log.damaged, log.durableEndOffset]).toEqual([end - BATCH, null, end - BATCH])
    expect(file.bytes.length).toBe((whole / batches) * (batches - 1))
  }
})

test('zeros behind it, of a torn tail, or a batch that goes back do not speak for it', async () => {
  for (const behind of ['zeros', 'the first batch']) {
    const { ports, file } = await leaping(4)
    const first = file.bytes.subarray(0, file.bytes.length / 4)
    file.bytes = Buffer.concat([file.bytes, behind === 'zeros' ? new Uint8Array(4096) : first])
    const log = await open(ports, logConfig(), { recoveryPoint: 9 })
    expect([behind, log.endOffset, log.damaged]).toEqual([behind, 9, null])
  }
})

test('a clean stop leaves where the log ends: what leads beyond it is not believed', async () => {
  const { ports } = await leaping(4)
  const log = await open(ports, logConfig(), { clean: true, recoveryPoint: 12 })
  expect([log.endOffset, log.damaged]).toEqual([9, expect.stringContaining('and nothing follows')])
})

test('compaction leaves offsets out, and a leap to where the log was known to end is one of those', async () => {
  const compacted = await leaping(4)
  const log = await open(compacted.ports, logConfig({ cleanupCompact: true }), { recoveryPoint: 9 })
  expect([log.endOffset, log.damaged]).toEqual([32768 + 12, null])
  const known = await leaping(4)
  const other = await open(known.ports, logConfig(), { recoveryPoint: 32768 + 12 })
  expect([other.endOffset, other.damaged]).toEqual([32768 + 12, null])
  const cleaned = await leaping(4)
  const third = await open(cleaned.ports, logConfig(), { cleanedTo: 0 })
  expect(third.endOffset).toBe(32768 + 12)
})
