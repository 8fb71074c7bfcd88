// The cleaner over a log directory: when it looks, what it leaves on disk, and that it ends with its directory.

import { expect, test } from 'vitest'
import type { CleanerSettings, LogDirectory, PartitionLog } from '../../../../src/log/index.ts'
import { formatDirectory, LogCleaner, openLogDirectory } from '../../../../src/log/index.ts'
import { compactConfig, record, seal, send, story, TOPIC_ID } from '../../../support/compaction.ts'
import type { TestPorts } from '../../../support/logs.ts'
import { logConfig, settled, testPorts } from '../../../support/logs.ts'

const SETTINGS: CleanerSettings = {
  threads: 1,
  ioBufferSize: 4096,
  dedupeBufferSize: 100_000,
  loadFactor: 0.9,
  ioMaxBytesPerSecond: Number.MAX_VALUE,
  backoffMs: 15_000,
}
const OTHER_ID = 'aaaaaaaaaaaaaaaaaaaaaA'

async function open(ports: TestPorts, cleaner: LogCleaner): Promise<LogDirectory> {
  if (!ports.disk.files.has('/d/meta.properties')) {
    const meta = { version: 1, clusterId: 'c', nodeId: 3, directoryId: 'jy3yQuBSwcL0GiMiOtrNAQ' } as const
    await formatDirectory(ports.disk, '/d', meta)
  }
  return openLogDirectory(ports, '/d', { configOf: () => logConfig(), cleaner })
}

async function twoValues(log: PartitionLog): Promise<void> {
  await send(log, { records: [record('a', '1')] }, { records: [record('a', '2')] })
  await seal(log)
}

const checkpoint = (ports: TestPorts): string | null => {
  const bytes = ports.disk.files.get('/d/cleaner-offset-checkpoint')?.bytes
  return bytes === undefined ? null : new TextDecoder().decode(bytes)
}

test('compacted logs are cleaned after log.cleaner.backoff.ms, the checkpoint is Kafka’s and is read again', async () => {
  const ports = testPorts()
  const directory = await open(ports, new LogCleaner(ports, SETTINGS))
  const log = await directory.create('t', TOPIC_ID, 0, compactConfig())
  const kept = await directory.create('kept', OTHER_ID, 0, logConfig())
  await twoValues(log)
  await twoValues(kept)
  await ports.clock.advance(14_999)
  expect(await story(log)).toEqual(['0:a=1', '1:a=2'])
  expect(checkpoint(ports)).toBeNull()
  await ports.clock.advance(1)
  expect(await story(log)).toEqual(['1:a=2'])
  expect(await story(kept)).toEqual(['0:a=1', '1:a=2'])
  expect(checkpoint(ports)).toBe('0\n1\nt 0 2\n')
  expect(ports.logged.filter((line) => line.startsWith('Cleaned'))).toEqual([
    'Cleaned t-0 up to offset 2: 140 bytes became 70 in 0 ms',
  ])
  await directory.close({ clean: true, brokerEpoch: 1 })
  const again = await open(ports, new LogCleaner(ports, SETTINGS))
  expect(again.get(TOPIC_ID, 0)!.cleanedTo).toBe(2)
  expect(again.get(OTHER_ID, 0)!.cleanedTo).toBeNull()
  await again.close({ clean: true, brokerEpoch: 1 })
})

test('a topic that becomes compacted later is cleaned too, without a topic of that kind nothing ticks', async () => {
  const ports = testPorts()
  const directory = await open(ports, new LogCleaner(ports, SETTINGS))
  const log = await directory.create('t', TOPIC_ID, 0, logConfig({ segmentBytes: 500 }))
  await twoValues(log)
  await ports.clock.advance(60_000)
  log.config = compactConfig()
  await ports.clock.advance(15_000)
  expect(await story(log)).toEqual(['1:a=2'])
  await directory.close({ clean: true, brokerEpoch: 1 })
})

test('log.cleaner.io.max.bytes.per.second spreads a cleaning over time; a log that is deleted meanwhile is let go', async () => {
  const ports = testPorts()
  const cleaner = new LogCleaner(ports, SETTINGS)
  const directory = await open(ports, cleaner)
  const log = await directory.create('t', TOPIC_ID, 0, compactConfig())
  const other = await directory.create('other', OTHER_ID, 0, compactConfig())
  cleaner.configure({ ...SETTINGS, ioMaxBytesPerSecond: 10 })
  await twoValues(log)
  await ports.clock.advance(15_000)
  // 140 bytes were mapped at once, and must be paid for before the next are read.
  await ports.clock.advance(13_000)
  expect(await story(log)).toEqual(['0:a=1', '1:a=2'])
  await twoValues(other)
  await directory.delete(log)
  await settled()
  cleaner.configure(SETTINGS)
  await ports.clock.advance(30_000)
  expect(await story(other)).toEqual(['1:a=2'])
  expect(checkpoint(ports)).toBe('0\n1\nother 0 2\n')
  await directory.close({ clean: true, brokerEpoch: 1 })
})

test('a rate or a pause that was set too low or too long by mistake holds nobody once it is changed', async () => {
  const ports = testPorts()
  const cleaner = new LogCleaner(ports, SETTINGS)
  const directory = await open(ports, cleaner)
  const log = await directory.create('t', TOPIC_ID, 0, compactConfig())
  cleaner.configure({ ...SETTINGS, ioMaxBytesPerSecond: 0 })
  await twoValues(log)
  await ports.clock.advance(100_000)
  expect(await story(log)).toEqual(['0:a=1', '1:a=2'])
  cleaner.configure({ ...SETTINGS, backoffMs: 1e9 })
  await ports.clock.advance(1_000)
  expect(await story(log)).toEqual(['1:a=2'])
  await twoValues(log)
  await ports.clock.advance(100_000)
  expect(await story(log)).toHaveLength(3)
  cleaner.configure(SETTINGS)
  await ports.clock.advance(15_000)
  expect(await story(log)).toHaveLength(1)
  await directory.close({ clean: true, brokerEpoch: 1 })
})

test('a log that cannot be cleaned is named once, and the others go on', async () => {
  const ports = testPorts()
  const directory = await open(ports, new LogCleaner(ports, SETTINGS))
  const log = await directory.create('t', TOPIC_ID, 0, compactConfig())
  const other = await directory.create('other', OTHER_ID, 0, compactConfig())
  await twoValues(log)
  await twoValues(other)
  ports.disk.files.get('/d/t-0/00000000000000000000.log')!.bytes[65]! ^= 1
  await ports.clock.advance(15_000)
  await ports.clock.advance(15_000)
  const told = ports.logged.filter((line) => line.includes('not cleaned any more'))
  expect(told).toHaveLength(1)
  expect(told[0]).toContain('/d/t-0/00000000000000000000.log')
  expect(log.uncleanable).not.toBeNull()
  expect(await story(other)).toEqual(['1:a=2'])
  await directory.close({ clean: true, brokerEpoch: 1 })
})
