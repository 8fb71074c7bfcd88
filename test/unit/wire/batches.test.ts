// Record batches: what is built is read back, in every codec; what is malformed is refused by Kafka's name; nothing that
// a header claims is believed.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/index.ts'
import { crc32cByTables } from '../../../src/wire/crc32c.ts'
import type { BatchRules, RecordInput } from '../../../src/wire/index.ts'
import {
  advanceSequence,
  batchesOf,
  buildBatch,
  compressBatch,
  crc32c,
  decompressBatch,
  patchBatch,
  patchTimestamps,
  readBatchHeader,
  recordsOf,
  validateBatches,
  validCrc,
  walkRecords,
  withRecordBytes,
  writeInt16,
  writeInt32,
} from '../../../src/wire/index.ts'
import { plainOffload } from '../../support/plain-offload.ts'

const NOW = 1_700_000_000_000
const RULES: BatchRules = {
  fromClient: true,
  singleBatch: true,
  maxMessageBytes: 1_048_588,
  timestampType: 'CreateTime',
  now: NOW,
  timestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
  timestampAfterMaxMs: 3_600_000,
  keysRequired: false,
}

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null })
const record: fc.Arbitrary<RecordInput> = fc.record({
  timestamp: fc.oneof(fc.integer({ min: NOW - 1e6, max: NOW }), fc.constantFrom(0, -1, 2 ** 42)),
  key: bytes,
  value: bytes,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 10 }), value: bytes }), { maxLength: 3 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 30 })

test('records are read back as they were built, plain and in every codec', async () => {
  const codec = fc.constantFrom('none', 'gzip', 'snappy', 'lz4', 'zstd')
  await fc.assert(
    fc.asyncProperty(records, codec, fc.nat(2 ** 45), async (input, codec, baseOffset) => {
      const plain = buildBatch({ baseOffset, leaderEpoch: 7, records: input })
      const header = readBatchHeader(plain, 0)!
      const batch = codec === 'none' ? plain : await compressBatch(plain, header, codec as 'gzip', plainOffload)
      const read = readBatchHeader(batch, 0)!
      expect(read).toMatchObject({
        baseOffset,
        codec,
        count: input.length,
        size: batch.length,
        partitionLeaderEpoch: 7,
      })
      expect(validCrc(batch, read)).toBe(true)
      const opened = await decompressBatch(batch, read, plainOffload, 1 << 20)
      expect(opened).toEqual(plain)
      const got = recordsOf(opened, readBatchHeader(opened, 0)!)
      expect(got).toEqual(input.map((one, i) => ({ ...one, offset: baseOffset + i })))
      const walk = walkRecords(opened, readBatchHeader(opened, 0)!)
      expect(walk.problem).toBeNull()
      expect(walk.maxTimestamp).toBe(Math.max(...input.map((one) => one.timestamp)))
    }),
  )
})

test('a changed byte is found by the CRC, and without it never by a crash', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (input, at, flip) => {
      const batch = buildBatch({ records: input })
      const position = 21 + (at % (batch.length - 21))
      batch[position] = batch[position]! ^ flip
      const judged = validateBatches(batch, RULES)
      expect(judged).toMatchObject({ kind: 'refused', error: 'CORRUPT_MESSAGE' })
      const header = readBatchHeader(batch, 0)!
      const walk = walkRecords(batch, header)
      try {
        recordsOf(batch, header)
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError)
        if (header.codec === 'none' && walk.problem === null) throw error
      }
    }),
  )
})

test('the leader patches offset and epoch outside the CRC, timestamps with a new one', () => {
  const batch = buildBatch({ records: [{ timestamp: 5, key: null, value: null }] })
  patchBatch(batch, 0, 2 ** 40 + 3, 9)
  expect(readBatchHeader(batch, 0)).toMatchObject({ baseOffset: 2 ** 40 + 3, partitionLeaderEpoch: 9 })
  expect(validCrc(batch, readBatchHeader(batch, 0)!)).toBe(true)
  patchTimestamps(batch, 0, 'LogAppendTime', NOW)
  const header = readBatchHeader(batch, 0)!
  expect(header).toMatchObject({ timestampType: 'LogAppendTime', maxTimestamp: NOW })
  expect(validCrc(batch, header)).toBe(true)
  expect(recordsOf(batch, header)[0]!.timestamp).toBe(NOW)
})

test('CRC-32C: the native one and the tables agree, whole and continued', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 600, maxLength: 3000 }), fc.nat(600), (data, cut) => {
      expect(crc32c(data)).toBe(crc32cByTables(data))
      expect(crc32c(data.subarray(cut), crc32c(data.subarray(0, cut)))).toBe(crc32cByTables(data))
    }),
  )
})

test('sequences wrap from 2^31 − 1 to 0', () => {
  expect(advanceSequence(2147483647, 1)).toBe(0)
  const batch = buildBatch({
    producerId: 1,
    producerEpoch: 0,
    baseSequence: 2147483646,
    records: [1, 2, 3].map(() => ({ timestamp: NOW, key: null, value: null })),
  })
  expect(readBatchHeader(batch, 0)!.lastSequence).toBe(0)
})

function one(changes: object = {}, timestamp = NOW): Uint8Array {
  return buildBatch({ records: [{ timestamp, key: null, value: new Uint8Array(10) }], ...changes })
}

function edited(batch: Uint8Array, edit: (batch: Uint8Array) => void): Uint8Array {
  edit(batch)
  writeInt32(batch, 17, crc32c(batch.subarray(21)) | 0)
  return batch
}

const twice = Buffer.concat([one(), one()])
test.each([
  ['no batch', new Uint8Array(0), {}, 'INVALID_RECORD'],
  ['a partial batch', one().subarray(0, 60), {}, 'INVALID_RECORD'],
  ['two batches', twice, {}, 'INVALID_RECORD'],
  ['a base offset', one({ baseOffset: 4 }), {}, 'INVALID_RECORD'],
  ['magic 1', one().map((byte, i) => (i === 16 ? 1 : byte)), {}, 'INVALID_RECORD'],
  ['a length too small for a header', one().map((byte, i) => (i === 11 ? 20 : byte)), {}, 'CORRUPT_MESSAGE'],
  ['more bytes than allowed', one(), { maxMessageBytes: 70 }, 'MESSAGE_TOO_LARGE'],
  ['a control batch', one({ control: true }), {}, 'INVALID_RECORD'],
  ['a producer without sequence', one({ producerId: 3, producerEpoch: 0 }), {}, 'INVALID_RECORD'],
  ['a count beyond the offsets', edited(one(), (b) => writeInt32(b, 57, 2)), {}, 'INVALID_RECORD'],
  ['no records', edited(one(), (b) => writeInt32(b, 57, 0)), {}, 'INVALID_RECORD'],
  ['offsets beyond the count', edited(one(), (b) => writeInt32(b, 23, 2147483647)), {}, 'INVALID_RECORD'],
  ['a negative offset delta', edited(one(), (b) => writeInt32(b, 23, -1)), {}, 'INVALID_RECORD'],
  ['an unknown codec', edited(one(), (b) => writeInt16(b, 21, 6)), {}, 'UNSUPPORTED_COMPRESSION_TYPE'],
  ['LogAppendTime from a client', one({ timestampType: 'LogAppendTime' }), {}, 'INVALID_TIMESTAMP'],
  ['a timestamp too late', one({}, NOW + 3_600_001), {}, 'INVALID_TIMESTAMP'],
  ['a timestamp too early', one({}, NOW - 11), { timestampBeforeMaxMs: 10 }, 'INVALID_TIMESTAMP'],
  ['a record without a key', one(), { keysRequired: true }, 'INVALID_RECORD'],
] as const)('refused: %s', (_what, batch, rules, error) => {
  expect(validateBatches(batch, { ...RULES, ...rules })).toMatchObject({ kind: 'refused', error })
})

test('accepted: one batch, a partial one behind it dropped; several and control batches from the broker itself', () => {
  expect(validateBatches(one(), RULES)).toMatchObject({ kind: 'valid', end: one().length })
  expect(validateBatches(twice.subarray(0, -1), RULES)).toMatchObject({ kind: 'valid', end: one().length })
  expect(validateBatches(one({}, -1), { ...RULES, timestampBeforeMaxMs: 10 })).toMatchObject({ kind: 'valid' })
  const internal = Buffer.concat([one({ control: true, baseOffset: 9 }), one()])
  expect(validateBatches(internal, { ...RULES, fromClient: false, singleBatch: false })).toMatchObject({
    kind: 'valid',
  })
})

test('snappy: xerial blocks and a raw block are both opened; a bomb and a lie about sizes are not', async () => {
  const plain = one({ records: [{ timestamp: NOW, key: null, value: new Uint8Array(100_000) }] })
  const header = readBatchHeader(plain, 0)!
  const packed = await compressBatch(plain, header, 'snappy', plainOffload)
  await expect(decompressBatch(packed, readBatchHeader(packed, 0)!, plainOffload, 99_999)).rejects.toThrow(RangeError)
  expect(await decompressBatch(packed, readBatchHeader(packed, 0)!, plainOffload, 101_000)).toEqual(plain)
  const raw = await plainOffload.run({ kind: 'compress', codec: 'snappy', bytes: plain.subarray(61) })
  const rawBatch = withRecordBytes(plain, header, 'snappy', raw)
  expect(await decompressBatch(rawBatch, readBatchHeader(rawBatch, 0)!, plainOffload, 101_000)).toEqual(plain)
  const cut = withRecordBytes(packed, readBatchHeader(packed, 0)!, 'snappy', packed.subarray(61, -3))
  await expect(decompressBatch(cut, readBatchHeader(cut, 0)!, plainOffload, 101_000)).rejects.toThrow(ProtocolError)
})

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('garbage under %s is the peer’s mistake', async (codec) => {
  const header = readBatchHeader(one(), 0)!
  const bad = withRecordBytes(one(), header, codec, new Uint8Array(50).fill(0xff))
  await expect(decompressBatch(bad, readBatchHeader(bad, 0)!, plainOffload, 1 << 20)).rejects.toThrow(ProtocolError)
})

test('walking stops where a batch claims more than there is', () => {
  const all = Buffer.concat([one(), one(), one().subarray(0, 65)])
  expect([...batchesOf(all)].map((header) => header.position)).toEqual([0, one().length])
})
