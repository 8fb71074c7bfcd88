// Record batches of format v2 (magic 2), read in place: their headers, their CRC, walking from one to the next, and the
// two fields a leader patches. Nothing here copies or opens records (see `records.ts`) or judges (see `batch-rules.ts`).
// Layout: base offset 8, length 4 (of what follows it), partition leader epoch 4, magic 1, CRC 4 (of what follows it),
// attributes 2, last offset delta 4, base timestamp 8, max timestamp 8, producer id 8, epoch 2, base sequence 4, count 4.

import type { CompressionCodec, Epoch, Offset, Timestamp } from '../base/index.ts'
import { crc32c } from './crc32c.ts'
import { readInt16, readInt32, readInt64, readUint32, writeInt16, writeInt32, writeInt64 } from './integers.ts'

/** Bytes of a batch before its records. */
export const BATCH_OVERHEAD = 61
/** Bytes of base offset and length, which the length does not count. */
export const LOG_OVERHEAD = 12

const LENGTH_AT = 8
const EPOCH_AT = 12
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const MAX_TIMESTAMP_AT = 35

const CODEC_MASK = 0x07
const APPEND_TIME_FLAG = 0x08
const TRANSACTIONAL_FLAG = 0x10
const CONTROL_FLAG = 0x20
const DELETE_HORIZON_FLAG = 0x40

export type TimestampType = 'CreateTime' | 'LogAppendTime'
/** `unknown`: attribute values 5 to 7, which no Kafka has given a meaning. */
export type BatchCodec = 'none' | CompressionCodec | 'unknown'

const CODECS: readonly BatchCodec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd', 'unknown', 'unknown', 'unknown']

export interface BatchHeader {
  /** Where the batch begins in the bytes it was read from. */
  readonly position: number
  /** Of the whole batch, header included. */
  readonly size: number
  readonly baseOffset: Offset
  /** Inclusive. */
  readonly lastOffset: Offset
  readonly partitionLeaderEpoch: Epoch
  readonly magic: number
  readonly crc: number
  readonly attributes: number
  readonly codec: BatchCodec
  readonly timestampType: TimestampType
  readonly transactional: boolean
  readonly control: boolean
  readonly hasDeleteHorizon: boolean
  readonly lastOffsetDelta: number
  readonly baseTimestamp: Timestamp
  readonly maxTimestamp: Timestamp
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  /** Wrapped as sequences are: 0 follows 2^31 − 1; −1 without a sequence. */
  readonly lastSequence: number
  readonly count: number
}

/** The size the batch at `position` claims for itself, header included; −1 when fewer than 12 bytes are left. May be nonsense. */
export function claimedBatchSize(bytes: Uint8Array, position: number): number {
  return bytes.length - position < LOG_OVERHEAD ? -1 : LOG_OVERHEAD + readInt32(bytes, position + LENGTH_AT)
}

/** The magic byte of the batch or old message at `position`; −1 when the bytes end before it. */
export function magicAt(bytes: Uint8Array, position: number): number {
  return bytes.length - position <= MAGIC_AT ? -1 : bytes[position + MAGIC_AT]!
}

/** The offset in the header at `position`, of whatever magic; at least 8 bytes must be there. */
export function baseOffsetAt(bytes: Uint8Array, position: number): Offset {
  return readInt64(bytes, position)
}

/** Single fields, for walks over many batches that make no header objects. 61 bytes must be there. */
export function lastOffsetAt(bytes: Uint8Array, position: number): Offset {
  return readInt64(bytes, position) + readInt32(bytes, position + 23)
}

export function leaderEpochAt(bytes: Uint8Array, position: number): Epoch {
  return readInt32(bytes, position + EPOCH_AT)
}

export function maxTimestampAt(bytes: Uint8Array, position: number): Timestamp {
  return readInt64(bytes, position + MAX_TIMESTAMP_AT)
}

export function producerIdAt(bytes: Uint8Array, position: number): number {
  return readInt64(bytes, position + 43)
}

/** Whether the batch of `size` bytes at `position` has the checksum it claims. */
export function validCrcAt(bytes: Uint8Array, position: number, size: number): boolean {
  return crc32c(bytes.subarray(position + ATTRIBUTES_AT, position + size)) === readUint32(bytes, position + CRC_AT)
}

/**
 * The header of the batch at `position`, or null: the bytes end before the batch does, or the length in it is one that
 * no v2 batch can have. Checks neither magic nor CRC.
 */
export function readBatchHeader(bytes: Uint8Array, position: number): BatchHeader | null {
  const left = bytes.length - position
  if (left < BATCH_OVERHEAD) return null
  const size = LOG_OVERHEAD + readInt32(bytes, position + LENGTH_AT)
  return size < BATCH_OVERHEAD || size > left ? null : readBareHeader(bytes, position)
}

/** The same of a header whose records need not be there: 61 bytes suffice, and `size` is whatever it claims. */
export function readBareHeader(bytes: Uint8Array, position: number): BatchHeader {
  const baseOffset = readInt64(bytes, position)
  const attributes = readInt16(bytes, position + ATTRIBUTES_AT)
  const lastOffsetDelta = readInt32(bytes, position + 23)
  const baseSequence = readInt32(bytes, position + 53)
  return {
    position,
    size: LOG_OVERHEAD + readInt32(bytes, position + LENGTH_AT),
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    partitionLeaderEpoch: readInt32(bytes, position + EPOCH_AT),
    magic: bytes[position + MAGIC_AT]!,
    crc: readUint32(bytes, position + CRC_AT),
    attributes,
    codec: CODECS[attributes & CODEC_MASK]!,
    timestampType: attributes & APPEND_TIME_FLAG ? 'LogAppendTime' : 'CreateTime',
    transactional: (attributes & TRANSACTIONAL_FLAG) !== 0,
    control: (attributes & CONTROL_FLAG) !== 0,
    hasDeleteHorizon: (attributes & DELETE_HORIZON_FLAG) !== 0,
    lastOffsetDelta,
    baseTimestamp: readInt64(bytes, position + 27),
    maxTimestamp: readInt64(bytes, position + MAX_TIMESTAMP_AT),
    producerId: readInt64(bytes, position + 43),
    producerEpoch: readInt16(bytes, position + 51),
    baseSequence,
    lastSequence: baseSequence < 0 ? -1 : advanceSequence(baseSequence, lastOffsetDelta),
    count: readInt32(bytes, position + 57),
  }
}

/** A sequence `by` records on; sequences run from 0 to 2^31 − 1 and around. */
export function advanceSequence(sequence: number, by: number): number {
  return (sequence + by) % 2147483648
}

/** Whole batches from `position` on; ends where `readBatchHeader` gives null. */
export function* batchesOf(bytes: Uint8Array, position = 0): Generator<BatchHeader, void> {
  for (let header = readBatchHeader(bytes, position); header !== null; ) {
    yield header
    header = readBatchHeader(bytes, header.position + header.size)
  }
}

/** Writes what only the leader knows; both fields lie outside the CRC. */
export function patchBatch(bytes: Uint8Array, position: number, baseOffset: Offset, leaderEpoch: Epoch): void {
  writeInt64(bytes, position, baseOffset)
  writeInt32(bytes, position + EPOCH_AT, leaderEpoch)
}

/** Rewrites timestamp type and maximum timestamp, and redoes the CRC when that changed anything. */
export function patchTimestamps(bytes: Uint8Array, position: number, type: TimestampType, max: Timestamp): void {
  const before = readInt16(bytes, position + ATTRIBUTES_AT)
  const attributes = type === 'LogAppendTime' ? before | APPEND_TIME_FLAG : before & ~APPEND_TIME_FLAG
  if (attributes === before && readInt64(bytes, position + MAX_TIMESTAMP_AT) === max) return
  writeInt16(bytes, position + ATTRIBUTES_AT, attributes)
  writeInt64(bytes, position + MAX_TIMESTAMP_AT, max)
  patchCrc(bytes, position, LOG_OVERHEAD + readInt32(bytes, position + LENGTH_AT))
}

/** Whether the bytes still give the checksum in the header. */
export function validCrc(bytes: Uint8Array, header: BatchHeader): boolean {
  return validCrcAt(bytes, header.position, header.size)
}

/** The records section, compressed as it is. */
export function recordBytes(bytes: Uint8Array, header: BatchHeader): Uint8Array {
  return bytes.subarray(header.position + BATCH_OVERHEAD, header.position + header.size)
}

/** The batch with another records section under another codec: a new copy with its length and CRC made right. */
export function withRecordBytes(
  bytes: Uint8Array,
  header: BatchHeader,
  codec: Exclude<BatchCodec, 'unknown'>,
  records: Uint8Array,
): Uint8Array {
  const out = new Uint8Array(BATCH_OVERHEAD + records.length)
  out.set(bytes.subarray(header.position, header.position + BATCH_OVERHEAD))
  out.set(records, BATCH_OVERHEAD)
  writeInt32(out, LENGTH_AT, out.length - LOG_OVERHEAD)
  writeInt16(out, ATTRIBUTES_AT, (header.attributes & ~CODEC_MASK) | CODECS.indexOf(codec))
  patchCrc(out, 0, out.length)
  return out
}

/** The header of a new batch at the start of `out`, whose records are already behind it; length and CRC included. */
export function writeBatchHeader(
  out: Uint8Array,
  header: Pick<
    BatchHeader,
    | 'baseOffset'
    | 'partitionLeaderEpoch'
    | 'timestampType'
    | 'transactional'
    | 'control'
    | 'lastOffsetDelta'
    | 'baseTimestamp'
    | 'maxTimestamp'
    | 'producerId'
    | 'producerEpoch'
    | 'baseSequence'
    | 'count'
  >,
): void {
  writeInt64(out, 0, header.baseOffset)
  writeInt32(out, LENGTH_AT, out.length - LOG_OVERHEAD)
  writeInt32(out, EPOCH_AT, header.partitionLeaderEpoch)
  out[MAGIC_AT] = 2
  writeInt16(
    out,
    ATTRIBUTES_AT,
    (header.timestampType === 'LogAppendTime' ? APPEND_TIME_FLAG : 0) |
      (header.transactional ? TRANSACTIONAL_FLAG : 0) |
      (header.control ? CONTROL_FLAG : 0),
  )
  writeInt32(out, 23, header.lastOffsetDelta)
  writeInt64(out, 27, header.baseTimestamp)
  writeInt64(out, MAX_TIMESTAMP_AT, header.maxTimestamp)
  writeInt64(out, 43, header.producerId)
  writeInt16(out, 51, header.producerEpoch)
  writeInt32(out, 53, header.baseSequence)
  writeInt32(out, 57, header.count)
  patchCrc(out, 0, out.length)
}

/**
 * The header of a batch whose records have been thinned out, at the start of `out`, whose records are already behind it:
 * as it was, but for what is given. A delete horizon takes the place of the base timestamp (KIP-534); −1 leaves what was.
 */
export function rewriteBatchHeader(
  out: Uint8Array,
  bytes: Uint8Array,
  header: BatchHeader,
  changes: { readonly count: number; readonly maxTimestamp: Timestamp; readonly deleteHorizon: Timestamp },
): void {
  out.set(bytes.subarray(header.position, header.position + BATCH_OVERHEAD))
  writeInt32(out, LENGTH_AT, out.length - LOG_OVERHEAD)
  let attributes = header.attributes & ~CODEC_MASK
  if (changes.count === 0) {
    attributes &= ~DELETE_HORIZON_FLAG
    writeInt64(out, 27, -1)
  } else if (changes.deleteHorizon >= 0) {
    attributes |= DELETE_HORIZON_FLAG
    writeInt64(out, 27, changes.deleteHorizon)
  }
  writeInt16(out, ATTRIBUTES_AT, attributes)
  if (changes.maxTimestamp !== header.maxTimestamp) writeInt64(out, MAX_TIMESTAMP_AT, changes.maxTimestamp)
  writeInt32(out, 57, changes.count)
  patchCrc(out, 0, out.length)
}

function patchCrc(bytes: Uint8Array, position: number, size: number): void {
  writeInt32(bytes, position + CRC_AT, crc32c(bytes.subarray(position + ATTRIBUTES_AT, position + size)) | 0)
}
