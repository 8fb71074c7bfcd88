// Compaction of one log, rule by rule: what stays, what goes when, and that offsets, epochs, producers and readers notice
// nothing but the records that are gone.

import { expect, test } from 'vitest'
import { encodeControlRecord, writeInt64 } from '../../../../src/wire/index.ts'
import {
  batch,
  clean,
  compactConfig,
  compactionOf,
  openCompacted,
  readAll,
  record,
  seal,
  send,
  story,
} from '../../../support/compaction.ts'
import { START, testPorts } from '../../../support/logs.ts'

const NOW = START + 1000

test('the last record of every key stays, at its offset', async () => {
  const log = await openCompacted(testPorts())
  await send(log, { records: [record('a', '1'), record('b', '1'), record('a', '2')] })
  await send(log, { records: [record('b', '2')] }, { records: [record('c', '1')] })
  await seal(log)
  expect(await clean(log, NOW)).toMatchObject({ kind: 'cleaned', cleanedTo: 5 })
  expect(await story(log)).toEqual(['2:a=2', '3:b=2', '4:c=1'])
  expect(log.cleanedTo).toBe(5)
  expect((await readAll(log)).map(({ header }) => [header.baseOffset, header.lastOffset, header.count])).toEqual([
    [0, 2, 1],
    [3, 3, 1],
    [4, 4, 1],
    [5, 5, 1],
  ])
})

test('what was cleaned before is held against what came later, in batches of every codec', async () => {
  const log = await openCompacted(testPorts(), compactConfig({ segmentBytes: 400 }))
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    await send(log, { codec, records: [record('a', codec), record(codec, 'x'), record('b', codec)] })
    await seal(log)
    await clean(log, NOW)
  }
  expect(await story(log)).toEqual(['1:gzip=x', '5:snappy=x', '9:lz4=x', '12:a=zstd', '13:zstd=x', '14:b=zstd'])
  const codecs = (await readAll(log)).map(({ header }) => header.codec)
  expect(codecs).toEqual(['gzip', 'snappy', 'lz4', 'none', 'zstd', 'none'])
})

test('a tombstone stays for delete.retention.ms after the cleaning that met it first', async () => {
  const log = await openCompacted(testPorts())
  await send(log, { records: [record('a', '1')] }, { records: [record('a', null), record('b', '1')] })
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['1:a=null', '2:b=1'])
  const [marked] = await readAll(log)
  expect(marked!.header).toMatchObject({ hasDeleteHorizon: true, baseTimestamp: NOW + 10_000, maxTimestamp: START })
  expect(marked!.records.map(({ timestamp }) => timestamp)).toEqual([START, START])
  await seal(log)
  await clean(log, NOW + 9_999)
  expect(await story(log)).toEqual(['1:a=null', '2:b=1'])
  await seal(log)
  await clean(log, NOW + 10_000)
  expect(await story(log)).toEqual(['2:b=1'])
})

test('a segment keeps its last batch, so that it ends where the next one begins', async () => {
  const log = await openCompacted(testPorts())
  await send(log, { records: [record('a', '1')] }, { records: [record('b', '1')] }, { records: [record('a', '2')] })
  await seal(log)
  await send(log, { records: [record('a', '3')] })
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['1:b=1', '4:a=3'])
  await send(log, { records: [record('a', '4')] })
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['1:b=1', '6:a=4'])
})

test('the last batch of every producer stays without its records, and its sequence is known at the next start', async () => {
  const ports = testPorts()
  const log = await openCompacted(ports)
  const producer = { id: 7, epoch: 2 }
  await send(log, { records: [record('a', '1')], producer: { ...producer, sequence: 0 } })
  await send(log, { records: [record('a', '2'), record('b', '1')], producer: { ...producer, sequence: 1 } })
  await send(log, { records: [record('a', '3')] }, { records: [record('b', '2')] })
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['1..2', '3:a=3', '4:b=2'])
  expect((await readAll(log))[0]!.header).toMatchObject({
    producerId: 7,
    producerEpoch: 2,
    baseSequence: 1,
    lastSequence: 2,
  })
  await log.close()
  for (const path of [...ports.disk.files.keys()]) if (path.endsWith('.snapshot')) ports.disk.files.delete(path)
  const again = await openCompacted(ports)
  expect(again.producers()).toMatchObject([{ producerId: 7, epoch: 2, lastSequence: 2 }])
  expect(await story(again)).toEqual(['1..2', '3:a=3', '4:b=2'])
})

test('nothing at or above the high watermark is cleaned, nor what is younger than min.compaction.lag.ms', async () => {
  const log = await openCompacted(testPorts(), compactConfig({ minCompactionLagMs: 5_000 }))
  await send(log, { records: [record('a', '1', START)] }, { records: [record('a', '2', START)] })
  await seal(log)
  await send(log, { records: [record('a', '3', START + 4_000)] })
  await seal(log)
  const { endOffset } = log
  log.updateHighWatermark(2)
  const bound = async (now: number): Promise<number> => (await compactionOf(log).cleanable(now))!.upTo
  expect(await bound(START + 5_000)).toBe(2)
  expect(await bound(START + 4_999)).toBe(0)
  log.updateHighWatermark(endOffset)
  expect(await bound(START + 8_999)).toBe(2)
  expect(await bound(START + 9_000)).toBe(4)
  log.updateHighWatermark(2)
  await clean(log, START + 9_000)
  expect(await story(log)).toEqual(['1:a=2', '3:a=3'])
})

function marker(type: 'ABORT' | 'COMMIT'): ReturnType<typeof record> {
  return { ...encodeControlRecord({ type, version: 0, value: { coordinatorEpoch: 0 } }), timestamp: START }
}

test('S76 (KAFKA-14055): data of aborted transactions go, markers stay while data remain and delete.retention.ms longer', async () => {
  const log = await openCompacted(testPorts())
  const producer = (id: number, sequence: number): { id: number; epoch: number; sequence: number } => ({
    id,
    epoch: 0,
    sequence,
  })
  const end = (id: number, type: 'ABORT' | 'COMMIT'): Parameters<typeof send>[1] => ({
    records: [marker(type)],
    producer: producer(id, -1),
    transactional: true,
    control: true,
  })
  await send(log, { records: [record('a', '1')] })
  await send(log, { records: [record('a', 'gone')], producer: producer(1, 0), transactional: true })
  await send(log, { records: [record('b', '1')], producer: producer(2, 0), transactional: true })
  await send(log, end(1, 'ABORT'), end(2, 'COMMIT'))
  // Their later batches, so that those above are not the last of their producers.
  await send(
    log,
    { records: [record('x', '1')], producer: producer(1, 1) },
    { records: [record('y', '1')], producer: producer(2, 1) },
  )
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['0:a=1', '2:b=1', '3!', '4!', '5:x=1', '6:y=1'])
  // The abort's data are gone; its marker gets its horizon now, the commit's data are still there.
  await send(log, { records: [record('b', '2')] })
  await seal(log)
  await clean(log, NOW)
  expect(await story(log)).toEqual(['0:a=1', '3!', '4!', '5:x=1', '6:y=1', '8:b=2'])
  await seal(log)
  await clean(log, NOW + 5_000)
  await seal(log)
  await clean(log, NOW + 10_000)
  expect(await story(log)).toEqual(['0:a=1', '4!', '5:x=1', '6:y=1', '8:b=2'])
  await seal(log)
  await clean(log, NOW + 15_000)
  expect(await story(log)).toEqual(['0:a=1', '5:x=1', '6:y=1', '8:b=2'])
})

test('a transaction whose end lies behind what may be cleaned replaces nothing yet, and cleaning goes on when it may', async () => {
  const log = await openCompacted(testPorts())
  const producer = { id: 1, epoch: 0, sequence: 0 }
  const abort = {
    records: [marker('ABORT')],
    producer: { ...producer, sequence: -1 },
    transactional: true,
    control: true,
  }
  await send(log, { records: [record('a', '1')] }, { records: [record('b', '1')] }, { records: [record('b', '2')] })
  await send(log, { records: [record('a', 'gone')], producer, transactional: true })
  await seal(log)
  // In the active segment.
  await send(log, abort)
  expect(await clean(log, NOW)).toMatchObject({ kind: 'cleaned', cleanedTo: 3 })
  expect(await story(log)).toEqual(['0:a=1', '2:b=2', '3:a=gone', '5!'])
  // Nothing else until there are other segments to look at.
  expect(await clean(log, NOW)).toEqual({ kind: 'given-up' })
  expect(await compactionOf(log).cleanable(NOW)).toBe(null)
  await send(log, { records: [record('c', '1')], producer: { ...producer, sequence: 1 } })
  await seal(log)
  expect(await clean(log, NOW)).toMatchObject({ kind: 'cleaned', cleanedTo: 7 })
  expect(await story(log)).toEqual(['0:a=1', '2:b=2', '5!', '6:c=1'])
})

test('Kafka’s index of aborted transactions keeps the entries whose markers are there', async () => {
  const ports = testPorts()
  const log = await openCompacted(ports)
  const producer = { id: 1, epoch: 0 }
  const abort = {
    records: [marker('ABORT')],
    producer: { ...producer, sequence: -1 },
    transactional: true,
    control: true,
  }
  const data = (sequence: number): Parameters<typeof send>[1] => ({
    records: [record('a', 'gone')],
    producer: { ...producer, sequence },
    transactional: true,
  })
  await send(log, data(0), abort, { records: [record('x', '1')] }, data(1), abort)
  await seal(log)
  const entry = (firstOffset: number, lastOffset: number): Uint8Array => {
    const bytes = new Uint8Array(34)
    for (const [i, value] of [1, firstOffset, lastOffset, lastOffset + 1].entries()) writeInt64(bytes, 2 + 8 * i, value)
    return bytes
  }
  const path = '/d/t-0/00000000000000000000.txnindex'
  const index = (): Uint8Array | undefined => ports.disk.files.get(path)?.bytes
  ports.disk.files.set(path, { bytes: Buffer.concat([entry(0, 1), entry(3, 4)]), modified: 0 })
  await clean(log, NOW)
  expect(index()).toEqual(new Uint8Array(Buffer.concat([entry(0, 1), entry(3, 4)])))
  for (const later of [0, 20_000, 40_000]) {
    await seal(log)
    await clean(log, NOW + later)
  }
  // Of the second one stays what tells of the producer's sequence, and so does the marker behind it.
  expect(await story(log)).toEqual(['2:x=1', '3..3', '4!'])
  expect(index()).toEqual(entry(3, 4))
})

test('a map too small for all keys is cleaned in several rounds, and loses nothing', async () => {
  const log = await openCompacted(testPorts(), compactConfig({ segmentBytes: 2000 }))
  for (let i = 0; i < 60; i++)
    await send(log, { records: [record(`k${i % 40}`, String(i)), record('same', String(i))] })
  await send(log, { records: [record('dead', null)] })
  await seal(log)
  const steps: number[] = []
  while (log.cleanedTo === null || log.cleanedTo < 121) {
    expect(await clean(log, NOW, 24 * 16)).toMatchObject({ kind: 'cleaned' })
    steps.push(log.cleanedTo!)
    // No tombstone's time begins before its cleaning.
    const marked = (await readAll(log)).filter(({ header }) => header.hasDeleteHorizon)
    expect(marked.every(({ header }) => header.lastOffset < log.cleanedTo!)).toBe(true)
  }
  expect(steps.length).toBeGreaterThan(3)
  const wanted = Array.from({ length: 40 }, (_, i) => (i < 20 ? i + 40 : i)).sort((a, b) => a - b)
  expect(await story(log)).toEqual([...wanted.map((i) => `${2 * i}:k${i % 40}=${i}`), '119:same=59', '120:dead=null'])
})

test('neighbouring segments become one as long as segment.bytes allows', async () => {
  const ports = testPorts()
  const log = await openCompacted(ports, compactConfig({ segmentBytes: 300 }))
  for (let i = 0; i < 30; i++) await send(log, { records: [record(`k${i % 3}`, 'x'.repeat(100))] })
  await seal(log)
  const logs = (): string[] => [...ports.disk.files.keys()].filter((path) => /\d{20}\.log$/.test(path))
  const before = logs().length
  for (let round = 0; round < 4; round++) {
    await clean(log, NOW)
    await seal(log)
  }
  expect(before).toBeGreaterThan(15)
  expect(logs().length).toBeLessThan(7)
  expect((await story(log)).filter((line) => line.includes('k')).map((line) => line.slice(0, 5))).toEqual([
    '27:k0',
    '28:k1',
    '29:k2',
  ])
})

// A record; the offset of the second batch; its epoch.
test.each([65, 77, 85])(
  'damage is not given a new checksum: with byte %i wrong the log is not cleaned any more',
  async (byte) => {
    const ports = testPorts()
    const log = await openCompacted(ports)
    await send(log, { records: [record('a', '1')] }, { records: [record('a', '2')] })
    await seal(log)
    ports.disk.files.get('/d/t-0/00000000000000000000.log')!.bytes[byte]! ^= 1
    expect(await clean(log, NOW)).toMatchObject({ kind: 'uncleanable' })
    expect(log.uncleanable).toContain('00000000000000000000.log')
    expect(await compactionOf(log).cleanable(NOW)).toBeNull()
    expect(log.failed).toBeNull()
    expect([...ports.disk.files.keys()].filter((path) => path.endsWith('.cleaned'))).toEqual([])
  },
)

test.each(['truncate', 'close', 'retain'] as const)('a log that is told to %s ends its cleaning', async (what) => {
  const ports = testPorts()
  const log = await openCompacted(ports)
  for (let i = 0; i < 20; i++) await send(log, { records: [record('a', String(i))] })
  await seal(log)
  const compaction = compactionOf(log)
  let ends: Promise<void> = Promise.resolve()
  let pieces = 0
  const outcome = await compaction.clean((await compaction.cleanable(NOW))!, NOW, {
    ioBufferBytes: 200,
    dedupeBytes: 10_000,
    loadFactor: 0.9,
    spend: () => {
      if (++pieces !== 12) return null
      ends = what === 'truncate' ? log.truncateTo(3) : what === 'close' ? log.close() : log.advanceLogStart(18)
      return what === 'retain' ? ends : null
    },
  })
  await ends
  expect(outcome).toEqual({ kind: 'given-up' })
  expect(compaction.running).toBe(false)
  expect([...ports.disk.files.keys()].filter((path) => /cleaned|swap/.test(path))).toEqual([])
  if (what === 'truncate') expect(await story(log)).toEqual(['0:a=0', '1:a=1', '2:a=2'])
  if (what === 'retain') expect((await story(log)).slice(-2)).toEqual(['18:a=18', '19:a=19'])
})

test('a checkpoint outside of the log counts for nothing', async () => {
  const ports = testPorts()
  const log = await openCompacted(ports)
  await send(log, { records: [record('a', '1')] }, { records: [record('a', '2')] })
  await seal(log)
  await log.close()
  const again = await openCompacted(ports, compactConfig(), { cleanedTo: 99 })
  again.updateHighWatermark(3)
  expect((await compactionOf(again).cleanable(NOW))!.firstDirtyOffset).toBe(0)
})

test('a reader on a segment that is replaced goes on behind it', async () => {
  const log = await openCompacted(testPorts(), compactConfig({ segmentBytes: 200 }))
  for (let i = 0; i < 12; i++) await send(log, { records: [record(`k${i}`, 'v'.repeat(60))] })
  await seal(log)
  log.config = compactConfig({ segmentBytes: 2000 })
  const reads = Array.from({ length: 12 }, (_, i) => log.read(i, { maxBytes: 10, upTo: 12, minOneBatch: true }))
  await clean(log, NOW)
  for (const [i, read] of (await Promise.all(reads)).entries()) expect(read.endOffset).toBe(i + 1)
})

test('records without a key are refused, compressed or not', async () => {
  const log = await openCompacted(testPorts())
  const refused = { kind: 'refused', error: 'INVALID_RECORD' }
  const plain = await batch({ records: [record('a', '1'), record(null, '2')] })
  expect(log.needsOpening(plain)).toBe(false)
  expect(log.appendAsLeader(plain, 0, () => {})).toMatchObject(refused)
  const packed = await batch({ codec: 'gzip', records: [record('a', '1'), record(null, '2')] })
  expect(log.needsOpening(packed)).toBe(true)
  expect(await log.openAndAppendAsLeader(packed, 0, () => {})).toMatchObject(refused)
  const keyed = await batch({ codec: 'gzip', records: [record('a', '1')] })
  expect(await log.openAndAppendAsLeader(keyed, 0, () => {})).toMatchObject({ kind: 'staged', baseOffset: 0 })
})

test('compact,delete: what is cleaned is deleted by its age too, and the checkpoint follows the log’s start', async () => {
  const ports = testPorts()
  const log = await openCompacted(ports, compactConfig({ cleanupDelete: true, retentionMs: 5_000 }))
  await send(log, { records: [record('old', '1', START)] }, { records: [record('old', '2', START)] })
  await seal(log)
  await clean(log, NOW)
  await send(log, { records: [record('new', '1', START + 4_000)] })
  await seal(log)
  ports.clock.now = START + 5_001
  await log.maintain()
  expect(await story(log)).toEqual(['3:new=1'])
  expect(log.logStartOffset).toBe(2)
  await clean(log, START + 5_001)
  expect(await story(log)).toEqual(['3:new=1'])
  expect(log.cleanedTo).toBe(4)
})
