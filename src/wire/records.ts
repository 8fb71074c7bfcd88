// The records inside an uncompressed v2 batch: building a batch from records, reading them, and walking them without
// allocation to see that every length holds. Compressed batches are first made plain (see `compression.ts`).
// A record: length varint, attributes 1, timestamp delta varlong, offset delta varint, key and value (length varint, −1
// is null), header count varint, headers (key length varint, key, value length varint, value).

import type { Epoch, Offset, Timestamp } from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import type { BatchHeader, TimestampType } from './batch.ts'
import { BATCH_OVERHEAD, writeBatchHeader } from './batch.ts'
import { cursor, readVarint, readVarlong, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './integers.ts'

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

export interface RecordInput {
  readonly timestamp: Timestamp
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly RecordHeader[]
}

/** A record as read. `key`, `value` and header values are slices of the batch: copy what outlives it. */
export interface LogRecord {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface BatchInput {
  readonly baseOffset?: Offset
  readonly leaderEpoch?: Epoch
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly control?: boolean
  readonly transactional?: boolean
  readonly timestampType?: TimestampType
  /** With LogAppendTime: the time of the append. Otherwise the largest timestamp of the records. */
  readonly maxTimestamp?: Timestamp
  /** At least one. */
  readonly records: readonly RecordInput[]
}

const NO_HEADERS: readonly RecordHeader[] = []
const textOf = new TextDecoder()

/** An uncompressed batch of these records. */
export function buildBatch(input: BatchInput): Uint8Array {
  const { records } = input
  if (records.length === 0) throw new RangeError('a batch has at least one record')
  const baseTimestamp = records[0]!.timestamp
  let maxTimestamp = baseTimestamp
  let size = BATCH_OVERHEAD
  const bodies: number[] = []
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
    const body = bodySize(record, record.timestamp - baseTimestamp, i)
    bodies.push(body)
    size += sizeOfVarint(body) + body
  }
  const out = new Uint8Array(size)
  let at = BATCH_OVERHEAD
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    at = writeVarint(out, at, bodies[i]!)
    at = writeBody(out, at, record, record.timestamp - baseTimestamp, i)
  }
  writeBatchHeader(out, {
    baseOffset: input.baseOffset ?? 0,
    partitionLeaderEpoch: input.leaderEpoch ?? -1,
    timestampType: input.timestampType ?? 'CreateTime',
    transactional: input.transactional ?? false,
    control: input.control ?? false,
    lastOffsetDelta: records.length - 1,
    baseTimestamp,
    maxTimestamp: input.maxTimestamp ?? maxTimestamp,
    producerId: input.producerId ?? -1,
    producerEpoch: input.producerEpoch ?? -1,
    baseSequence: input.baseSequence ?? -1,
    count: records.length,
  })
  return out
}

/** All records of an uncompressed batch. Throws ProtocolError where its lengths or its count do not hold. */
export function recordsOf(bytes: Uint8Array, header: BatchHeader): LogRecord[] {
  if (header.codec !== 'none') throw new ProtocolError(`records compressed with ${header.codec} must be opened first`)
  const end = header.position + header.size
  let at = header.position + BATCH_OVERHEAD
  // A record takes at least 7 bytes: a count beyond that is a lie, and must not size anything.
  if (header.count < 0 || header.count * 7 > end - at) throw new ProtocolError(`record count ${header.count} cannot be`)
  const records: LogRecord[] = []
  for (let i = 0; i < header.count; i++) {
    const length = readVarint(bytes, at, end)
    const bodyEnd = cursor.at + length
    if (cursor.at < 0 || length < 0 || bodyEnd > end) throw new ProtocolError(`record ${i} is longer than its batch`)
    records.push(readBody(bytes, cursor.at, bodyEnd, header, i))
    at = bodyEnd
  }
  if (at !== end) throw new ProtocolError('bytes follow the last record of a batch')
  return records
}

/** What a walk over uncompressed records found. */
export interface RecordsWalk {
  /** Null when every length, delta and count holds. */
  readonly problem: string | null
  /** −1 records ("no timestamp") do not count as minimum. */
  readonly minTimestamp: Timestamp
  readonly maxTimestamp: Timestamp
  readonly offsetOfMaxTimestamp: Offset
  /** Index of the first record without a key, −1 when all have one. */
  readonly firstKeyless: number
}

/**
 * Sees that the records section is well formed: lengths within lengths, offsets counting 0, 1, 2, …, exactly `count`
 * records. Allocates its result only. Measured on a shared 2-core machine: 38 ns a record, so 5.7 µs for 16 KB of
 * 100-byte records (the CRC: 3.7 µs) and 0.6 µs for 16 KB of 1 KB records.
 */
export function walkRecords(bytes: Uint8Array, header: BatchHeader): RecordsWalk {
  const end = header.position + header.size
  const { count, baseTimestamp } = header
  let at = header.position + BATCH_OVERHEAD
  let min = Number.POSITIVE_INFINITY
  let max = -1
  let maxAt = 0
  let keyless = -1
  let problem: string | null = null
  let i = 0
  for (; i < count; i++) {
    const length = readVarint(bytes, at, end)
    at = cursor.at
    const bodyEnd = at + length
    if (at < 0 || length < 0 || bodyEnd > end) {
      problem = 'its length reaches beyond the batch'
      break
    }
    const timestamp = baseTimestamp + readVarlong(bytes, at + 1, bodyEnd)
    if (cursor.at < 0) {
      problem = 'its timestamp is cut short'
      break
    }
    if (readVarint(bytes, cursor.at, bodyEnd) !== i || cursor.at < 0) {
      problem = 'its offset does not continue the one before'
      break
    }
    if (timestamp !== -1 && timestamp < min) min = timestamp
    if (timestamp > max) {
      max = timestamp
      maxAt = i
    }
    if (keyless < 0 && cursor.at < bodyEnd && bytes[cursor.at] === NULL_LENGTH) keyless = i
    if (tailEnd(bytes, cursor.at, bodyEnd) !== bodyEnd) {
      problem = 'the lengths of its key, value or headers do not add up'
      break
    }
    at = bodyEnd
  }
  if (problem !== null) problem = `record ${i} of the batch is malformed: ${problem}`
  else if (at !== end) problem = `the batch holds more than the ${count} records it counts`
  return {
    problem,
    minTimestamp: min,
    maxTimestamp: max,
    offsetOfMaxTimestamp: header.baseOffset + maxAt,
    firstKeyless: keyless,
  }
}

/** −1 as a zigzag varint: no key, no value. */
const NULL_LENGTH = 1

/** Where key, value and headers that begin at `from` end; −1 when their lengths reach beyond `end`. */
function tailEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = skipBytes(bytes, from, end, -1)
  if (at < 0) return -1
  at = skipBytes(bytes, at, end, -1)
  if (at < 0 || at >= end) return -1
  // No headers, by far the commonest.
  if (bytes[at] === 0) return at + 1
  const headers = readVarint(bytes, at, end)
  if (cursor.at < 0 || headers < 0) return -1
  at = cursor.at
  for (let h = 0; h < headers; h++) {
    at = skipBytes(bytes, at, end, 0)
    if (at < 0) return -1
    at = skipBytes(bytes, at, end, -1)
    if (at < 0) return -1
  }
  return at
}

/** Behind the bytes whose length is at `at`; −1 when that reaches beyond `end` or is below `least`. */
function skipBytes(bytes: Uint8Array, at: number, end: number, least: number): number {
  if (at >= end) return -1
  let length: number
  let next: number
  const first = bytes[at]!
  if (first < 128) {
    length = (first >>> 1) ^ -(first & 1)
    next = at + 1
  } else {
    length = readVarint(bytes, at, end)
    if (cursor.at < 0) return -1
    next = cursor.at
  }
  if (length < least) return -1
  if (length > 0) next += length
  return next > end ? -1 : next
}

function readBody(bytes: Uint8Array, from: number, end: number, header: BatchHeader, index: number): LogRecord {
  const delta = readVarlong(bytes, from + 1, end)
  need(index)
  const offsetDelta = readVarint(bytes, cursor.at, end)
  need(index)
  const key = readBytes(bytes, end, index)
  const value = readBytes(bytes, end, index)
  const count = readVarint(bytes, cursor.at, end)
  need(index)
  if (count < 0 || count * 2 > end - cursor.at) throw new ProtocolError(`record ${index} has ${count} headers`)
  const headers: RecordHeader[] = []
  for (let h = 0; h < count; h++) {
    const name = readBytes(bytes, end, index)
    if (name === null) throw new ProtocolError(`record ${index} has a header without a key`)
    headers.push({ key: textOf.decode(name), value: readBytes(bytes, end, index) })
  }
  if (cursor.at !== end) throw new ProtocolError(`record ${index} is shorter than its length`)
  return {
    offset: header.baseOffset + offsetDelta,
    timestamp: header.timestampType === 'LogAppendTime' ? header.maxTimestamp : header.baseTimestamp + delta,
    key,
    value,
    headers: count === 0 ? NO_HEADERS : headers,
  }
}

function readBytes(bytes: Uint8Array, end: number, index: number): Uint8Array | null {
  const length = readVarint(bytes, cursor.at, end)
  need(index)
  if (length === -1) return null
  const from = cursor.at
  if (length < -1 || from + length > end) throw new ProtocolError(`record ${index} has a length of ${length}`)
  cursor.at = from + length
  return bytes.subarray(from, cursor.at)
}

function need(index: number): void {
  if (cursor.at < 0) throw new ProtocolError(`record ${index} is cut short`)
}

function bodySize(record: RecordInput, timestampDelta: number, offsetDelta: number): number {
  let size = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta)
  size += sizeOfBytes(record.key) + sizeOfBytes(record.value)
  const headers = record.headers ?? NO_HEADERS
  size += sizeOfVarint(headers.length)
  for (const header of headers) {
    const length = Buffer.byteLength(header.key)
    size += sizeOfVarint(length) + length + sizeOfBytes(header.value)
  }
  return size
}

function sizeOfBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

function writeBody(
  out: Uint8Array,
  from: number,
  record: RecordInput,
  timestampDelta: number,
  offsetDelta: number,
): number {
  let at = from
  out[at++] = 0
  at = writeVarlong(out, at, timestampDelta)
  at = writeVarint(out, at, offsetDelta)
  at = writeBytes(out, at, record.key)
  at = writeBytes(out, at, record.value)
  const headers = record.headers ?? NO_HEADERS
  at = writeVarint(out, at, headers.length)
  for (const header of headers) {
    at = writeBytes(out, at, Buffer.from(header.key))
    at = writeBytes(out, at, header.value)
  }
  return at
}

function writeBytes(out: Uint8Array, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(out, at, -1)
  const from = writeVarint(out, at, bytes.length)
  out.set(bytes, from)
  return from + bytes.length
}
