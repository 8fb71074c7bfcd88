// A log whose batches all lie below its start: it is empty from its start on, and what is appended then is found again
// after a crash, though offsets are missing before it.

import { expect, test } from 'vitest'
import type { OpenLogOptions, PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import type { TestPorts } from '../../support/logs.ts'
import { batchOf, logConfig, settled, testPorts } from '../../support/logs.ts'

function open(ports: TestPorts, options: Partial<OpenLogOptions> = {}): Promise<PartitionLog> {
  return openPartitionLog(ports, '/d/t-0', 't', 0, logConfig(), { topicId: 'zpGfm-zqSkui9IFmjX8wHA', ...options })
}

function fill(log: PartitionLog, batches: number): void {
  for (let i = 0; i < batches; i++) log.appendAsLeader(batchOf({ count: 3 }), 0, () => {})
}

function shown(log: PartitionLog): unknown[] {
  return [log.logStartOffset, log.endOffset, log.damaged]
}

test.each([0, 4])('%i batches were left below its start by a power failure', async (batches) => {
  const ports = testPorts()
  let log = await open(ports)
  fill(log, batches)
  await settled()
  const at = { recoveryPoint: 0, logStartOffset: 20, highWatermark: 20 }
  log = await open(ports, at)
  expect([shown(log), log.highWatermark]).toEqual([[20, 20, null], 20])
  fill(log, 1)
  await settled()
  for (const recoveryPoint of [0, 20, 23]) {
    log = await open(ports, { ...at, recoveryPoint })
    expect([recoveryPoint, ...shown(log)]).toEqual([recoveryPoint, 20, 23, null])
  }
})

test('a batch that straddled its start was cut', async () => {
  const ports = testPorts()
  let log = await open(ports)
  fill(log, 4)
  await settled()
  log.updateHighWatermark(12)
  await log.advanceLogStart(10)
  await log.truncateTo(11)
  expect(shown(log)).toEqual([10, 10, null])
  fill(log, 1)
  await settled()
  log = await open(ports, { recoveryPoint: 0, logStartOffset: 10, highWatermark: 10 })
  expect(shown(log)).toEqual([10, 13, null])
})
