// A log directory: formatting, what an unusable one says, markers and checkpoints over clean and unclean stops, creating
// and deleting, giving up when the disk fails.

import { expect, test } from 'vitest'
import { StorageError } from '../../../src/base/index.ts'
import type { DirectoryMeta, LogDirectory, PartitionLog } from '../../../src/log/index.ts'
import { formatDirectory, openLogDirectory, readDirectoryMeta } from '../../../src/log/index.ts'
import type { TestPorts } from '../../support/logs.ts'
import { batchOf, logConfig, settled, testPorts } from '../../support/logs.ts'

const META: DirectoryMeta = { version: 1, clusterId: 'c', nodeId: 3, directoryId: 'jy3yQuBSwcL0GiMiOtrNAQ' }
const ID = 'zpGfm-zqSkui9IFmjX8wHA'
const OTHER = 'aaaaaaaaaaaaaaaaaaaaaA'

async function formatted(): Promise<TestPorts> {
  const ports = testPorts()
  await formatDirectory(ports.disk, '/d', META)
  return ports
}

function open(ports: TestPorts): Promise<LogDirectory> {
  return openLogDirectory(ports, '/d', { configOf: () => logConfig({ segmentBytes: 500 }) })
}

function fill(log: PartitionLog, batches: number): void {
  for (let i = 0; i < batches; i++) log.appendAsLeader(batchOf({ count: 2 }), 1, () => {})
}

function text(ports: TestPorts, file: string): string {
  return new TextDecoder().decode(ports.disk.files.get(`/d/${file}`)?.bytes ?? new Uint8Array(0))
}

test('meta.properties is read as it was written, also Kafka’s own; a corrupt one is one clear sentence', async () => {
  const ports = await formatted()
  expect(await readDirectoryMeta(ports.disk, '/d')).toEqual(META)
  expect(await readDirectoryMeta(ports.disk, '/elsewhere')).toBeNull()
  const write = (content: string): Promise<void> =>
    ports.disk.writeFileAtomic('/d/meta.properties', new TextEncoder().encode(content))
  await write(
    '#\n#Sat Nov 21 08:21:45 UTC 2026\nnode.id=3\ndirectory.id=jy3yQuBSwcL0GiMiOtrNAQ\nversion=1\ncluster.id=c\n',
  )
  expect(await readDirectoryMeta(ports.disk, '/d')).toEqual(META)
  for (const bad of [
    '',
    'version=2',
    'version=1\ncluster.id=c\nnode.id=x',
    'version=1\ncluster.id=c\nnode.id=1',
    '\u0000\u0001',
  ]) {
    await write(bad)
    await expect(readDirectoryMeta(ports.disk, '/d')).rejects.toThrow('/d/meta.properties cannot be used: ')
  }
  ports.disk.files.delete('/d/meta.properties')
  await expect(open(ports)).rejects.toThrow('is not formatted')
})

test('a clean stop leaves marker and checkpoints; the marker is gone before anything is loaded (S35)', async () => {
  const ports = await formatted()
  let directory = await open(ports)
  const log = await directory.create('t', ID, 0, logConfig({ segmentBytes: 500 }))
  fill(log, 20)
  log.updateHighWatermark(30)
  await directory.close({ clean: true, brokerEpoch: 42 })
  expect(text(ports, '.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":42}')
  expect(text(ports, 'recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 40\n')
  expect(text(ports, 'replication-offset-checkpoint')).toBe('0\n1\nt 0 30\n')
  expect(text(ports, 't-0/partition.metadata')).toBe(`version: 0\ntopic_id: ${ID}`)
  expect(text(ports, 't-0/leader-epoch-checkpoint')).toBe('0\n1\n1 0\n')
  directory = await open(ports)
  expect(ports.disk.files.has('/d/.kafka_cleanshutdown')).toBe(false)
  expect([directory.cleanShutdown, directory.previousBrokerEpoch, directory.meta.nodeId]).toEqual([true, 42, 3])
  expect(directory.get(ID, 0)).toMatchObject({ endOffset: 40, highWatermark: 30, durableEndOffset: 40 })
  // Killed: no marker, and the next start recovers what the checkpoint does not cover.
  const again = await open(ports)
  expect([again.cleanShutdown, again.previousBrokerEpoch]).toEqual([false, -1])
  expect(ports.logged.some((line) => /^Recovered \d+ bytes in \d+ ms/.test(line))).toBe(true)
  expect(again.get(ID, 0)).toMatchObject({ endOffset: 40, highWatermark: 30 })
})

test('a stop waits for checkpoints that are under way: two writers of one file would take it from each other', async () => {
  const ports = await formatted()
  const directory = await open(ports)
  const log = await directory.create('t', ID, 0, logConfig())
  fill(log, 3)
  await log.flush()
  const write = ports.disk.writeFileAtomic.bind(ports.disk)
  const slow = Promise.withResolvers<void>()
  const writing = new Set<string>()
  const clashes: string[] = []
  ports.disk.writeFileAtomic = async (path, bytes) => {
    if (writing.has(path)) clashes.push(path)
    writing.add(path)
    if (path.endsWith('replication-offset-checkpoint')) await slow.promise
    await write(path, bytes)
    writing.delete(path)
  }
  const checkpoint = directory.maintain()
  await settled()
  expect([...writing]).toEqual(['/d/replication-offset-checkpoint'])
  log.updateHighWatermark(4)
  const stop = directory.close({ clean: true, brokerEpoch: 1 })
  await settled()
  slow.resolve()
  await Promise.all([checkpoint, stop])
  expect(clashes).toEqual([])
  expect(text(ports, 'replication-offset-checkpoint')).toBe('0\n1\nt 0 4\n')
})

test('a high watermark that a truncation lowers is on disk before anything is appended there', async () => {
  const ports = await formatted()
  const directory = await open(ports)
  const log = await directory.create('t', ID, 0, logConfig())
  fill(log, 20)
  await log.flush()
  log.updateHighWatermark(30)
  await ports.clock.advance(60_000)
  expect(text(ports, 'replication-offset-checkpoint')).toBe('0\n1\nt 0 30\n')
  // Another leads after an unclean election. A crash may follow at once.
  await log.truncateTo(10)
  expect(text(ports, 'replication-offset-checkpoint')).toBe('0\n1\nt 0 10\n')
})

test('checkpoints are written by the directory’s own alarm', async () => {
  const ports = await formatted()
  const directory = await open(ports)
  const log = await directory.create('t', ID, 0, logConfig())
  fill(log, 3)
  await log.flush()
  log.updateHighWatermark(4)
  await ports.clock.advance(60_000)
  expect(text(ports, 'recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 6\n')
  expect(text(ports, 'replication-offset-checkpoint')).toBe('0\n1\nt 0 4\n')
  await log.advanceLogStart(3)
  await ports.clock.advance(60_000)
  expect(text(ports, 'log-start-offset-checkpoint')).toBe('0\n1\nt 0 3\n')
  expect((await open(ports)).get(ID, 0)).toMatchObject({ logStartOffset: 3 })
})

test('deleting renames at once and removes after the delay, or at the next start', async () => {
  const ports = await formatted()
  const directory = await open(ports)
  const names = async (): Promise<string[]> =>
    (await ports.disk.list('/d')).filter((entry) => entry.directory).map((entry) => entry.name)
  const log = await directory.create('my-topic.x', ID, 7, logConfig())
  fill(log, 1)
  await directory.delete(log)
  expect(directory.logs).toEqual([])
  expect((await names())[0]).toMatch(/^my-topic\.x-7\.[0-9a-f]{32}-delete$/)
  await ports.clock.advance(1000)
  expect(await names()).toEqual([])
  await directory.delete(await directory.create('u', ID, 0, logConfig()))
  const next = await open(ports)
  await ports.clock.advance(1)
  expect(await names()).toEqual([])
  // A topic created anew under its old name begins empty.
  fill(await next.create('v', ID, 0, logConfig()), 2)
  expect((await next.create('v', OTHER, 0, logConfig())).endOffset).toBe(0)
  expect(next.logs.map((held) => held.topicId)).toEqual([OTHER])
})

test('a failure under one log gives up the directory, once, and leaves no clean marker', async () => {
  const ports = await formatted()
  const directory = await open(ports)
  const failures: Error[] = []
  directory.onFailure((error) => failures.push(error))
  const one = await directory.create('t', ID, 0, logConfig())
  const other = await directory.create('u', OTHER, 0, logConfig())
  ports.disk.fault = (what, path) => (what === 'append' ? new StorageError(path, 'EIO', 'input/output error') : null)
  fill(one, 1)
  await settled()
  expect(failures.map((error) => error.message)).toEqual(['input/output error'])
  expect(other.appendAsLeader(batchOf(), 0, () => {})).toMatchObject({ kind: 'refused', error: 'KAFKA_STORAGE_ERROR' })
  await expect(directory.create('w', ID, 1, logConfig())).rejects.toThrow('input/output error')
  ports.disk.fault = null
  await directory.close({ clean: true, brokerEpoch: 1 })
  expect(ports.disk.files.has('/d/.kafka_cleanshutdown')).toBe(false)
})

test('a damaged log leaves no clean marker either, so that the next start finds it again', async () => {
  const ports = await formatted()
  let directory = await open(ports)
  fill(await directory.create('t', ID, 0, logConfig()), 20)
  await settled()
  const file = ports.disk.files.get(`/d/t-0/${'0'.repeat(20)}.log`)!
  file.bytes[100] = file.bytes[100]! ^ 1
  for (let start = 0; start < 3; start++) {
    directory = await open(ports)
    expect(directory.get(ID, 0)!.damaged).not.toBeNull()
    await directory.close({ clean: true, brokerEpoch: 1 })
    expect(ports.disk.files.has('/d/.kafka_cleanshutdown')).toBe(false)
  }
})

test('the mark of a clean stop names who has asked to be registered and has not heard of it', async () => {
  const ports = await formatted()
  await (await open(ports)).close({ clean: true, brokerEpoch: 42, unanswered: OTHER })
  expect(text(ports, '.kafka_cleanshutdown')).toBe(`{"version":0,"brokerEpoch":42,"incarnationId":"${OTHER}"}`)
  let directory = await open(ports)
  expect(directory).toMatchObject({ cleanShutdown: true, previousBrokerEpoch: 42, unansweredIncarnation: OTHER })
  await directory.close({ clean: true, brokerEpoch: 43 })
  directory = await open(ports)
  expect(directory).toMatchObject({ cleanShutdown: true, previousBrokerEpoch: 43, unansweredIncarnation: null })
  await directory.close({ clean: false, brokerEpoch: 43, unanswered: OTHER })
  expect(await open(ports)).toMatchObject({ cleanShutdown: false, unansweredIncarnation: null })
})

test('who stopped well and finds a log damaged all the same is not eligible to lead by the epoch of before', async () => {
  const ports = await formatted()
  let directory = await open(ports)
  fill(await directory.create('t', ID, 0, logConfig({ segmentBytes: 500 })), 20)
  await directory.close({ clean: true, brokerEpoch: 42 })
  const last = [...ports.disk.files].filter(([path]) => path.endsWith('.log')).at(-1)![1]
  // The length of a batch.
  last.bytes[8] = 0x40
  const size = last.bytes.length
  directory = await open(ports)
  expect(directory.get(ID, 0)!.damaged).toContain('a batch is corrupt')
  expect([directory.cleanShutdown, directory.previousBrokerEpoch]).toEqual([true, -1])
  expect(last.bytes.length).toBe(size)
  await directory.close({ clean: true, brokerEpoch: 43 })
  expect(ports.disk.files.has('/d/.kafka_cleanshutdown')).toBe(false)
})

test('a log that was cut below its start begins there after a crash too, and goes on without a hole', async () => {
  const ports = await formatted()
  let directory = await open(ports)
  const log = await directory.create('t', ID, 0, logConfig({ segmentBytes: 100_000 }))
  fill(log, 30)
  await settled()
  log.updateHighWatermark(60)
  await log.advanceLogStart(50)
  await directory.maintain()
  expect(text(ports, 'log-start-offset-checkpoint')).toBe('0\n1\nt 0 50\n')
  await log.truncateTo(40)
  fill(log, 2)
  await settled()
  expect([log.logStartOffset, log.endOffset]).toEqual([40, 44])
  directory = await open(ports)
  expect(directory.get(ID, 0)).toMatchObject({ logStartOffset: 40, endOffset: 44, damaged: null })
})
