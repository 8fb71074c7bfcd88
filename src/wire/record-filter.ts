// A batch with fewer records, as compaction leaves it: offsets, epochs, producer and sequence stay those of the whole batch,
// so that neither readers nor producers' states notice; only records, their count, the largest timestamp and the CRC
// change. Records that stay are copied byte for byte unless a delete horizon (KIP-534) takes the place of the base timestamp.
// Works on plain batches; decides nothing.

import type { Timestamp } from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import type { BatchHeader } from './batch.ts'
import { BATCH_OVERHEAD, rewriteBatchHeader } from './batch.ts'
import { cursor, readVarint, readVarlong, sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from './integers.ts'

/** One record of a walk. The object is the same for all of them. */
export interface WalkedRecord {
  index: number
  /** With its length prefix. */
  from: number
  end: number
  offsetDelta: number
  timestampDelta: number
  /** Where the varint of the timestamp delta begins, and where it ends. */
  timestampAt: number
  timestampEnd: number
  /** −1: no key. */
  keyFrom: number
  keyEnd: number
  hasValue: boolean
}

/** Visits the records of a plain batch in order, until the visitor answers false. Throws ProtocolError for malformed ones. */
export function visitRecords(
  bytes: Uint8Array,
  header: BatchHeader,
  visit: (record: Readonly<WalkedRecord>) => boolean,
): void {
  if (header.codec !== 'none') throw new ProtocolError(`records compressed with ${header.codec} must be opened first`)
  const end = header.position + header.size
  let at = header.position + BATCH_OVERHEAD
  const record: WalkedRecord = {
    index: 0,
    from: 0,
    end: 0,
    offsetDelta: 0,
    timestampDelta: 0,
    timestampAt: 0,
    timestampEnd: 0,
    keyFrom: 0,
    keyEnd: 0,
    hasValue: false,
  }
  for (let i = 0; i < header.count; i++) {
    record.index = i
    record.from = at
    const length = readVarint(bytes, at, end)
    const body = cursor.at
    const bodyEnd = body + length
    if (body < 0 || length < 0 || bodyEnd > end) throw new ProtocolError(`record ${i} is longer than its batch`)
    record.end = bodyEnd
    record.timestampAt = body + 1
    record.timestampDelta = readVarlong(bytes, body + 1, bodyEnd)
    record.timestampEnd = read(i)
    record.offsetDelta = readVarint(bytes, cursor.at, bodyEnd)
    const keyLength = readVarint(bytes, read(i), bodyEnd)
    const keyFrom = read(i)
    const keyEnd = keyLength < 0 ? keyFrom : keyFrom + keyLength
    if (keyEnd > bodyEnd) throw new ProtocolError(`record ${i} has a key of ${keyLength} bytes`)
    record.keyFrom = keyLength < 0 ? -1 : keyFrom
    record.keyEnd = keyEnd
    record.hasValue = readVarint(bytes, keyEnd, bodyEnd) >= 0
    read(i)
    if (!visit(record)) return
    at = bodyEnd
  }
  if (at !== end) throw new ProtocolError('bytes follow the last record of a batch')
}

function read(index: number): number {
  if (cursor.at < 0) throw new ProtocolError(`record ${index} is cut short`)
  return cursor.at
}

/** Timestamps within it can be told from any other such time without a loss; clients may send what they like. */
const EXACT = 2 ** 50

/** Whether a timestamp, or a delta of it, can be told anew (see `keepRecords`). */
export function isExactTime(value: number): boolean {
  return value >= -EXACT && value <= EXACT
}

/**
 * The records of a plain batch for which `kept` holds a 1, in a new batch that stands for the same offsets. At least one
 * must be kept. `deleteHorizon` ≥ 0 becomes the base timestamp, by the flag of KIP-534, and timestamps are told from it:
 * only for batches all of whose times are exact.
 */
export function keepRecords(
  bytes: Uint8Array,
  header: BatchHeader,
  kept: Uint8Array,
  deleteHorizon: Timestamp,
): Uint8Array {
  const shift = deleteHorizon >= 0 ? header.baseTimestamp - deleteHorizon : 0
  let size = BATCH_OVERHEAD
  let count = 0
  let maxTimestamp = -1
  let exact = isExactTime(header.baseTimestamp)
  visitRecords(bytes, header, (record) => {
    if (kept[record.index] !== 1) return true
    count++
    exact &&= isExactTime(record.timestampDelta)
    maxTimestamp = Math.max(maxTimestamp, header.baseTimestamp + record.timestampDelta)
    size += shift === 0 ? record.end - record.from : shiftedSize(record, shift)
    return true
  })
  const out = new Uint8Array(size)
  let at = BATCH_OVERHEAD
  visitRecords(bytes, header, (record) => {
    if (kept[record.index] !== 1) return true
    if (shift === 0) {
      out.set(bytes.subarray(record.from, record.end), at)
      at += record.end - record.from
    } else at = writeShifted(out, at, bytes, record, shift)
    return true
  })
  rewriteBatchHeader(out, bytes, header, {
    count,
    maxTimestamp: exact && header.timestampType === 'CreateTime' ? maxTimestamp : header.maxTimestamp,
    deleteHorizon,
  })
  return out
}

/** A batch without records that stands for the same offsets, producer and sequence, and for a time or (−1) none. */
export function emptiedBatch(bytes: Uint8Array, header: BatchHeader, maxTimestamp: Timestamp): Uint8Array {
  const out = new Uint8Array(BATCH_OVERHEAD)
  rewriteBatchHeader(out, bytes, header, { count: 0, maxTimestamp, deleteHorizon: -1 })
  return out
}

function bodyOf(record: WalkedRecord, shift: number): number {
  return 1 + sizeOfVarlong(record.timestampDelta + shift) + record.end - record.timestampEnd
}

function shiftedSize(record: WalkedRecord, shift: number): number {
  const body = bodyOf(record, shift)
  return sizeOfVarint(body) + body
}

function writeShifted(out: Uint8Array, from: number, bytes: Uint8Array, record: WalkedRecord, shift: number): number {
  let at = writeVarint(out, from, bodyOf(record, shift))
  out[at++] = bytes[record.timestampAt - 1]!
  at = writeVarlong(out, at, record.timestampDelta + shift)
  out.set(bytes.subarray(record.timestampEnd, record.end), at)
  return at + record.end - record.timestampEnd
}
