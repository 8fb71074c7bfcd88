// One log where the model test does not reach: damage in the middle, failures of the disk, indexes rebuilt to equal
// bytes, batches that must be opened, rolling by time, fsync before the answer, reads beside truncation.

import { expect, test } from 'vitest'
import { StorageError } from '../../../src/base/index.ts'
import type { LogConfig, LogRead, OpenLogOptions, PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import { batchesOf, compressBatch, readBatchHeader, validCrc } from '../../../src/wire/index.ts'
import type { TestPorts } from '../../support/logs.ts'
import { batchOf, logConfig, START, settled, testPorts } from '../../support/logs.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'
import { plainOffload } from '../../support/plain-offload.ts'

const PATH = '/d/t-0'
const TOPIC_ID = 'zpGfm-zqSkui9IFmjX8wHA'
const ALL = { maxBytes: 1 << 24, upTo: Number.MAX_SAFE_INTEGER, minOneBatch: true }

function open(ports: TestPorts, config: LogConfig, options: Partial<OpenLogOptions> = {}): Promise<PartitionLog> {
  return openPartitionLog(ports, PATH, 't', 0, config, { topicId: TOPIC_ID, ...options })
}

function append(log: PartitionLog, count = 1, epoch = 0, options: Parameters<typeof batchOf>[0] = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = batchOf({ count, tag: log.endOffset, timestamp: START + log.endOffset, ...options })
    const answer = log.appendAsLeader(bytes, epoch, (error) => (error === null ? resolve() : reject(error)))
    if (answer.kind !== 'staged') reject(new Error(`${answer.kind}: ${'message' in answer ? answer.message : ''}`))
  })
}

function offsetsOf(read: LogRead): number[] {
  return read.chunks.flatMap((chunk) => [...batchesOf(chunk)].map((header) => header.baseOffset))
}

function logFile(ports: TestPorts, base: number): { bytes: Uint8Array } {
  return ports.disk.files.get(`${PATH}/${String(base).padStart(20, '0')}.log`)!
}

test('corruption in the middle is reported and nothing is cut; a follower repairs it by truncating (S78)', async () => {
  const ports = testPorts()
  let log = await open(ports, logConfig({ segmentBytes: 600 }))
  for (let i = 0; i < 20; i++) await append(log, 2)
  await settled()
  const before = new Map([...ports.disk.files].map(([path, node]) => [path, node.bytes.length]))
  const file = logFile(ports, 0)
  file.bytes[160] = file.bytes[160]! ^ 1
  log = await open(ports, logConfig({ segmentBytes: 600 }))
  expect(log.damaged).toContain('offset 2')
  expect(log.endOffset).toBe(2)
  expect(offsetsOf(await log.read(0, ALL))).toEqual([0])
  expect(log.appendAsLeader(batchOf(), 0, () => {})).toMatchObject({ kind: 'refused', error: 'KAFKA_STORAGE_ERROR' })
  expect(log.appendAsFollower(batchOf(), () => {})).toMatchObject({ kind: 'refused' })
  await log.close()
  for (const [path, size] of before)
    if (path.endsWith('.log')) expect(ports.disk.files.get(path)!.bytes.length).toBe(size)
  log = await open(ports, logConfig({ segmentBytes: 600 }))
  expect(log.damaged).not.toBeNull()
  await log.truncateTo(log.endOffset)
  expect(log.damaged).toBeNull()
  await append(log, 1)
  expect(offsetsOf(await log.read(0, ALL))).toEqual([0, 2])
  await log.close()
  log = await open(ports, logConfig({ segmentBytes: 600 }))
  expect([log.damaged, log.endOffset]).toEqual([null, 3])
})

test('a segment lost between others is damage, not the end of the log', async () => {
  const ports = testPorts()
  let log = await open(ports, logConfig({ segmentBytes: 300 }))
  for (let i = 0; i < 12; i++) await append(log, 2)
  await settled()
  const logs = [...ports.disk.files.keys()].filter((path) => path.endsWith('.log')).sort()
  expect(logs.length).toBeGreaterThan(3)
  const removed = ports.disk.files.get(logs[1]!)!
  ports.disk.files.delete(logs[1]!)
  log = await open(ports, logConfig({ segmentBytes: 300 }), { recoveryPoint: 5 })
  expect(log.damaged).toContain('are missing')
  // Where nothing says that it was durable, it went with the power, and what was written behind it goes too.
  ports.disk.files.set(logs[1]!, { ...removed, bytes: removed.bytes.subarray(0, 0) })
  log = await open(ports, logConfig({ segmentBytes: 300 }))
  expect([log.damaged, log.endOffset]).toEqual([null, 4])
})

test('pages that never reached the disk are a torn tail, a flipped bit among zeros is damage', async () => {
  const page = 4096
  for (const [what, spoil, damaged] of [
    ['a page of zeros over batches', (bytes: Uint8Array) => bytes.fill(0, page, 2 * page), false],
    ['a flipped bit', (bytes: Uint8Array) => bytes.set([bytes[page]! ^ 1], page), true],
  ] as const) {
    const ports = testPorts()
    await fillLog(ports, 30)
    const before = logFile(ports, 0)
    spoil(before.bytes)
    const log = await open(ports, logConfig())
    expect([what, log.damaged !== null]).toEqual([what, damaged])
  }
  // The same page where the checkpoint says that it had been durable.
  const ports = testPorts()
  await fillLog(ports, 30)
  logFile(ports, 0).bytes.fill(0, page, 2 * page)
  expect((await open(ports, logConfig(), { recoveryPoint: 20 })).damaged).not.toBeNull()
})

/** 500 bytes of zeros a batch: their contents look like unwritten pages, their headers do not. */
async function fillLog(ports: TestPorts, batches: number): Promise<void> {
  const log = await open(ports, logConfig())
  for (let i = 0; i < batches; i++) await append(log, 1, 0, { valueSize: 500, tag: 0 })
}

test('a torn tail is cut; what had been durable never is', async () => {
  const ports = testPorts()
  let log = await open(ports, logConfig())
  for (let i = 0; i < 5; i++) await append(log, 2)
  const file = logFile(ports, 0)
  const whole = file.bytes.length
  file.bytes = Buffer.concat([file.bytes, file.bytes.subarray(0, 70)])
  log = await open(ports, logConfig())
  expect([log.damaged, log.endOffset, file.bytes.length]).toEqual([null, 10, whole])
  expect(ports.logged.some((line) => line.includes('Cut 70 bytes'))).toBe(true)
  // The last batch with a flipped bit: nothing behind it tells, but where the recovery point does.
  file.bytes[whole - 1] = file.bytes[whole - 1]! ^ 1
  log = await open(ports, logConfig(), { recoveryPoint: 10 })
  expect([log.damaged, log.endOffset, file.bytes.length]).toEqual([
    expect.stringContaining('had been durable'),
    8,
    whole,
  ])
  log = await open(ports, logConfig(), { recoveryPoint: 8 })
  expect([log.damaged, log.endOffset]).toEqual([null, 8])
})

test('CRCs are read again from the segment on that the recovery point lies in', async () => {
  const ports = testPorts()
  const config = logConfig({ segmentBytes: 300 })
  const log = await open(ports, config)
  for (let i = 0; i < 12; i++) await append(log, 2)
  await settled()
  const file = logFile(ports, 0)
  file.bytes[70] = file.bytes[70]! ^ 1
  expect((await open(ports, config, { recoveryPoint: 23 })).damaged).toBeNull()
  expect((await open(ports, config, { recoveryPoint: 3 })).damaged).toContain('offset 0')
  expect((await open(ports, config, { recoveryPoint: 3 })).endOffset).toBe(0)
})

test('a rolled segment without a snapshot of producers was not finished: its epochs are read again', async () => {
  const ports = testPorts()
  const config = logConfig({ segmentBytes: 300 })
  let log = await open(ports, config)
  for (let i = 0; i < 12; i++) await append(log, 2, i)
  await settled()
  const epochs = log.epochs.slice()
  const snapshots = [...ports.disk.files.keys()].filter((path) => path.endsWith('.snapshot')).sort()
  ports.disk.files.delete(snapshots.at(-1)!)
  const checkpoint = ports.disk.files.get(`${PATH}/leader-epoch-checkpoint`)!
  checkpoint.bytes = new TextEncoder().encode('0\n1\n0 0\n')
  for (const path of snapshots) ports.disk.files.delete(path)
  log = await open(ports, config, { recoveryPoint: 24 })
  expect(log.epochs).toEqual(epochs)
})

test('what no CRC covers is held against the log around it before it is read: no bit of a header goes unnoticed', async () => {
  const ports = testPorts()
  const config = logConfig({ segmentBytes: 900 })
  let log = await open(ports, config)
  for (let i = 0; i < 24; i++) await append(log, 2, Math.floor(i / 5))
  await settled()
  await log.close()
  const file = logFile(ports, 0)
  const batches = [...batchesOf(file.bytes)]
  expect(batches.length).toBeGreaterThan(5)
  for (const batch of [batches[0]!, batches[2]!, batches.at(-1)!]) {
    for (let bit = 0; bit < 61 * 8; bit++) {
      const byte = batch.position + (bit >> 3)
      file.bytes[byte] = file.bytes[byte]! ^ (1 << (bit & 7))
      log = await open(ports, config, { clean: true, recoveryPoint: 48 })
      const where = `bit ${bit} of the batch at ${batch.baseOffset}`
      const read = Promise.resolve(log.read(batch.baseOffset, { ...ALL, maxBytes: 1 }))
      const noticed = await read.then(
        ({ chunks: [bytes] }) => !validCrc(bytes!, readBatchHeader(bytes!, 0)!),
        (error: { readonly code: string }) => error.code === 'CORRUPT',
      )
      expect([where, noticed]).toEqual([where, true])
      // One reader's trouble: the log goes on.
      expect([where, log.failed, log.damaged]).toEqual([where, null, null])
      expect(offsetsOf(await log.read(40, ALL))).not.toEqual([])
      await log.close()
      file.bytes[byte] = file.bytes[byte]! ^ (1 << (bit & 7))
    }
  }
})

test('where rotten bytes are in the way of a cut, the log fails, and its next start finds the damage', async () => {
  const ports = testPorts()
  const config = logConfig({ segmentBytes: 100_000, indexIntervalBytes: 400 })
  let log = await open(ports, config)
  for (let i = 0; i < 30; i++) await append(log, 2)
  await log.close()
  const file = logFile(ports, 0)
  const whole = file.bytes.length
  const tenth = [...batchesOf(file.bytes)][9]!
  // Its length leads beyond the end; to cut at all would be to cut blindly.
  file.bytes[tenth.position + 8] = 0x40
  log = await open(ports, config, { clean: true, recoveryPoint: 60 })
  expect([log.damaged, log.endOffset]).toEqual([null, 60])
  await expect(log.truncateTo(20)).rejects.toMatchObject({ code: 'CORRUPT' })
  expect([log.durableEndOffset, file.bytes.length]).toEqual([0, whole])
  log = await open(ports, config, { recoveryPoint: log.durableEndOffset })
  expect([log.damaged, log.endOffset]).toEqual([expect.stringContaining('good ones follow it'), 18])
})

test('indexes, epochs and snapshots that are missing or corrupt are rebuilt to the same bytes', async () => {
  const ports = testPorts()
  const config = logConfig({ segmentBytes: 4000, indexIntervalBytes: 300 })
  let log = await open(ports, config)
  for (let i = 0; i < 120; i++) {
    await append(log, 1 + (i % 3), Math.floor(i / 40), {
      timestamp: START + ((i * 7919) % 500),
      producer: { id: i % 2, epoch: 0, sequence: 0 },
      ...(i > 1 ? { producer: { id: 100 + i, epoch: 0, sequence: 0 } } : {}),
    })
  }
  await log.close()
  const derived = [...ports.disk.files.keys()].filter((path) => !path.endsWith('.log'))
  const original = new Map(derived.map((path) => [path, ports.disk.files.get(path)!.bytes.slice()]))
  const end = `${String(log.endOffset).padStart(20, '0')}.snapshot`
  const spoil: ((path: string) => void)[] = [
    (path) => ports.disk.files.delete(path),
    (path) => {
      const node = ports.disk.files.get(path)!
      node.bytes = new Uint8Array(node.bytes.length + 3).fill(0xee)
    },
  ]
  for (const how of spoil) {
    for (const path of derived) if (ports.disk.files.has(path)) how(path)
    log = await open(ports, config, { clean: true, logStartOffset: 0 })
    await log.close()
    for (const [path, bytes] of original) {
      // Snapshots of older segments serve only a restart in their time.
      if (path.endsWith('.snapshot') && !path.endsWith(end)) continue
      expect([path, Buffer.from(ports.disk.files.get(path)?.bytes ?? []).equals(bytes)]).toEqual([path, true])
    }
  }
})

test('a failed append fails the log for good and tells its owner once (S71)', async () => {
  const ports = testPorts()
  const failures: Error[] = []
  const log = await open(ports, logConfig(), { onFailure: (error) => failures.push(error) })
  await append(log)
  ports.disk.fault = (what, path) => (what === 'append' ? new StorageError(path, 'ENOSPC', 'the disk is full') : null)
  await expect(append(log)).rejects.toThrow('the disk is full')
  ports.disk.fault = null
  await expect(append(log)).rejects.toThrow('refused')
  expect(failures.map((error) => (error as StorageError).code)).toEqual(['ENOSPC'])
  expect(log.appendedOffset).toBe(1)
  // After a restart with room on the disk the log works on from what was written.
  const again = await open(ports, logConfig())
  expect(again.endOffset).toBe(1)
  await append(again)
})

test('flush=fsync answers after the sync, shares it among appends, and never again once it failed', async () => {
  const ports = testPorts(new MemoryDisk({ late: true }))
  const log = await open(ports, logConfig({ flush: 'fsync' }))
  await log.flush()
  const before = ports.disk.syncs
  const told: number[] = []
  const appends = [0, 1, 2, 3].map((i) => append(log).then(() => told.push(i)))
  expect(log.durableEndOffset).toBe(0)
  await Promise.all(appends)
  expect(told).toEqual([0, 1, 2, 3])
  expect(log.durableEndOffset).toBe(4)
  expect(ports.disk.syncs - before).toBeLessThanOrEqual(3)
  ports.disk.fault = (what, path) => (what === 'sync' ? new StorageError(path, 'EIO', 'sync failed') : null)
  await expect(append(log)).rejects.toThrow('sync failed')
  ports.disk.fault = null
  expect(log.failed).not.toBeNull()
  expect(log.durableEndOffset).toBe(4)
})

test('a topic’s codec: batches are recompressed in call order, malformed ones refused, leadership asked again', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig({ compressionType: 'zstd' }))
  const plain = batchOf({ count: 3, tag: 1 })
  const zstd = await compressBatch(
    batchOf({ count: 2, tag: 2 }),
    readBatchHeader(plain, 0)!,
    'zstd',
    plainOffload,
  ).catch(() => null)
  expect(zstd).not.toBeNull()
  expect(log.needsOpening(plain)).toBe(true)
  const first = log.openAndAppendAsLeader(plain, 0, () => {})
  const second = batchOf({ count: 1, tag: 3 })
  expect(log.needsOpening(second)).toBe(true)
  const answers = await Promise.all([first, log.openAndAppendAsLeader(second, 0, () => {})])
  expect(answers.map((answer) => answer.kind === 'staged' && answer.baseOffset)).toEqual([0, 3])
  const read = await log.read(0, ALL)
  expect(read.chunks.flatMap((chunk) => [...batchesOf(chunk)].map((header) => header.codec))).toEqual(['zstd', 'zstd'])
  const broken = batchOf({ count: 1 })
  broken[70] = 99
  expect(await log.openAndAppendAsLeader(broken, 0, () => {})).toMatchObject({ error: 'CORRUPT_MESSAGE' })
  const late = log.openAndAppendAsLeader(batchOf(), 0, () => {}, { stillLeader: () => false })
  expect(await late).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER' })
  expect(log.endOffset).toBe(4)
})

test('LogAppendTime is written into the batch with a new CRC; a maximum timestamp that lies is put right', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig({ messageTimestampType: 'LogAppendTime' }))
  await append(log, 2, 0, { timestamp: 5 })
  const header = readBatchHeader((await log.read(0, ALL)).chunks[0]!, 0)!
  expect(header).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: START })
  expect(await log.offsetForTimestamp(START, 2)).toEqual({ timestamp: START, offset: 0, epoch: 0 })
  const reopened = await open(ports, logConfig())
  expect(reopened.endOffset).toBe(2)
})

test('segments roll by time as the records tell it', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig({ segmentMs: 1000 }))
  await append(log, 1, 0, { timestamp: START })
  await append(log, 1, 0, { timestamp: START + 1000 })
  await append(log, 1, 0, { timestamp: START + 1001 })
  await settled()
  const bases = [...ports.disk.files.keys()].filter((path) => path.endsWith('.log'))
  expect(bases.map((path) => Number(path.slice(-24, -4)))).toEqual([0, 2])
  expect(ports.disk.files.has(`${PATH}/${'2'.padStart(20, '0')}.snapshot`)).toBe(true)
})

test('segments end earlier by a part of the jitter that is their own', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig({ segmentMs: 1000, segmentJitterMs: 400 }))
  for (let i = 0; i < 1000; i++) await append(log, 1, 0, { timestamp: START + 10 * i })
  await settled()
  const bases = [...ports.disk.files.keys()]
    .filter((path) => path.endsWith('.log'))
    .map((path) => Number(path.slice(-24, -4)))
    .sort((a, b) => a - b)
  const lives = bases.slice(1).map((base, i) => 10 * (base - bases[i]!))
  expect(lives.length).toBeGreaterThan(8)
  expect(Math.max(...lives)).toBeLessThanOrEqual(1010)
  expect(Math.min(...lives)).toBeGreaterThan(600)
  expect(new Set(lives).size).toBeGreaterThan(4)
})

test('retention by time deletes after the high watermark has passed, files after the delay (S75)', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig({ segmentBytes: 300, retentionMs: 1000 }))
  for (let i = 0; i < 10; i++) await append(log, 2, 0, { timestamp: START })
  await settled()
  await ports.clock.advance(5000)
  await log.maintain()
  expect(log.logStartOffset).toBe(0)
  log.updateHighWatermark(log.endOffset)
  const reading = log.read(0, { ...ALL, maxBytes: 1 })
  await log.maintain()
  await reading
  expect(log.logStartOffset).toBe(20)
  expect(log.size).toBe(0)
  const deleted = (): number => [...ports.disk.files.keys()].filter((path) => path.endsWith('.deleted')).length
  expect(deleted()).toBeGreaterThan(0)
  await ports.clock.advance(1000)
  expect(deleted()).toBe(0)
  await append(log)
  expect(offsetsOf(await log.read(20, ALL))).toEqual([20])
})

test('a read that was under way when the log was truncated gives nothing of what was cut (S15)', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig(), { tailBytes: 0 })
  for (let i = 0; i < 10; i++) await append(log, 1, 1)
  const reading = log.read(0, ALL)
  const cutting = log.truncateTo(4)
  // Hidden at once, although the file is cut later.
  expect(offsetsOf(await log.read(5, ALL))).toEqual([])
  expect(log.appendAsLeader(batchOf(), 1, () => {})).toMatchObject({ kind: 'refused' })
  await cutting
  expect(offsetsOf(await reading).filter((offset) => offset >= 4)).toEqual([])
  await append(log, 1, 2, { tag: 99 })
  expect(offsetsOf(await log.read(0, ALL))).toEqual([0, 1, 2, 3, 4])
  expect(log.epochs).toEqual([
    { epoch: 1, startOffset: 0 },
    { epoch: 2, startOffset: 4 },
  ])
})

test('what a follower may not append: gaps, epochs that go back, changed bytes', async () => {
  const ports = testPorts()
  const log = await open(ports, logConfig())
  await append(log, 2, 5)
  const next = (base: number, epoch: number): Uint8Array => {
    const bytes = batchOf({ count: 1 })
    const view = new DataView(bytes.buffer)
    view.setBigInt64(0, BigInt(base))
    view.setInt32(12, epoch)
    return bytes
  }
  for (const bad of [next(3, 5), next(1, 5), next(2, 4), next(2, 5).subarray(0, 70)]) {
    expect(log.appendAsFollower(bad, () => {})).toMatchObject({ kind: 'refused' })
  }
  const changed = next(2, 5)
  changed[65] = changed[65]! ^ 1
  expect(log.appendAsFollower(changed, () => {})).toMatchObject({ kind: 'refused' })
  const partial = Buffer.concat([next(2, 6), next(3, 6).subarray(0, 62)])
  expect(log.appendAsFollower(partial, () => {})).toMatchObject({ kind: 'staged', endOffset: 3, lastEpoch: 6 })
  expect(log.endOffsetForEpoch(5)).toEqual({ epoch: 5, endOffset: 2 })
  expect(log.endOffsetForEpoch(9)).toEqual({ epoch: 6, endOffset: 3 })
  expect(log.endOffsetForEpoch(3)).toEqual({ epoch: 3, endOffset: 0 })
})

test('sequences are checked against what is staged, duplicates answered with their old offsets', async () => {
  const ports = testPorts(new MemoryDisk({ late: true }))
  const log = await open(ports, logConfig())
  const send = (sequence: number) =>
    log.appendAsLeader(batchOf({ count: 2, producer: { id: 9, epoch: 0, sequence } }), 0, () => {})
  expect(send(0)).toMatchObject({ kind: 'staged', baseOffset: 0 })
  expect(send(2)).toMatchObject({ kind: 'staged', baseOffset: 2 })
  expect(send(0)).toMatchObject({ kind: 'duplicate', baseOffset: 0, endOffset: 2 })
  expect(send(6)).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  await settled()
  const again = await open(ports, logConfig())
  expect(again.producers()).toMatchObject([{ producerId: 9, lastSequence: 3 }])
})
