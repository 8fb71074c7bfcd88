// Offsets by time: the time index says where to begin, batch headers are walked from there, and only the batch that must
// hold the answer is opened. What is found lies within [from, bound).

import type { Offload, Offset, Timestamp } from '../base/index.ts'
import type { BatchHeader, LogRecord } from '../wire/index.ts'
import { decompressBatch, readBatchHeader, recordsOf, validCrc } from '../wire/index.ts'
import { batchesFrom, corrupt } from './reading.ts'
import type { Segment } from './segment.ts'

export interface Lookup {
  readonly segments: readonly Segment[]
  readonly from: Offset
  /** Exclusive. */
  readonly bound: Offset
  readonly offload: Offload
  /** Bytes an opened batch may take. */
  readonly limit: number
  readonly loadIndexes: (segment: Segment) => Promise<void>
}

export interface TimestampedOffset {
  readonly timestamp: Timestamp
  readonly offset: Offset
}

/** The first record at or after `timestamp`. */
export async function offsetForTimestamp(lookup: Lookup, timestamp: Timestamp): Promise<TimestampedOffset | null> {
  for (const segment of lookup.segments) {
    if (segment.baseOffset >= lookup.bound) return null
    await lookup.loadIndexes(segment)
    if (segment.maxTimestamp < timestamp) continue
    const near = Math.max(segment.timeIndex!.lookup(timestamp), lookup.from)
    const position = segment.index!.lookup(near)
    let next = segment.baseOffset
    for await (const batch of batchesFrom(segment, position, Number.POSITIVE_INFINITY)) {
      const { header } = batch
      mustBeGood(segment, batch, next, lookup.bound)
      next = header.lastOffset + 1
      if (header.baseOffset >= lookup.bound) return null
      if (header.maxTimestamp < timestamp || header.lastOffset < lookup.from) continue
      for (const record of await opened(lookup, segment, batch)) {
        if (record.timestamp < timestamp || record.offset < lookup.from) continue
        return record.offset < lookup.bound ? { timestamp: record.timestamp, offset: record.offset } : null
      }
    }
  }
  return null
}

/**
 * "Nothing is that late" must not rest on rotten bytes (D2): the CRC holds for times, and for the offset, which it does not
 * cover, that nobody writes a batch that leaps over the end which the log had when the look-up began. Throws StorageError.
 */
function mustBeGood(
  segment: Segment,
  { bytes, header, position }: { readonly bytes: Uint8Array; readonly header: BatchHeader; readonly position: number },
  next: Offset,
  bound: Offset,
): void {
  const leaps = header.baseOffset < next || (header.baseOffset > bound && next < bound)
  if (!leaps && validCrc(bytes, header)) return
  throw corrupt(segment, position, leaps ? `it begins at ${header.baseOffset}, behind ${next}` : 'its checksum')
}

/** The first record with the largest timestamp of all. */
export async function largestTimestampBelow(lookup: Lookup): Promise<TimestampedOffset | null> {
  let best: { readonly segment: Segment; readonly timestamp: Timestamp; readonly offset: Offset } | null = null
  for (const [i, segment] of lookup.segments.entries()) {
    if (segment.baseOffset >= lookup.bound) break
    await lookup.loadIndexes(segment)
    const end = lookup.segments[i + 1]?.baseOffset ?? Number.POSITIVE_INFINITY
    const whole = end <= lookup.bound && segment.baseOffset >= lookup.from
    const found = whole
      ? { timestamp: segment.maxTimestamp, offset: segment.offsetOfMaxTimestamp }
      : await walk(lookup, segment)
    if (found.timestamp > (best?.timestamp ?? -1)) best = { segment, ...found }
  }
  if (best === null) return null
  const { segment, timestamp, offset } = best
  for await (const batch of batchesFrom(segment, segment.index!.lookup(offset), lookup.bound)) {
    if (batch.header.lastOffset < offset) continue
    const record = (await opened(lookup, segment, batch)).find((candidate) => candidate.timestamp === timestamp)
    return record === undefined ? { timestamp, offset } : { timestamp, offset: record.offset }
  }
  return null
}

/** The largest timestamp among the batches of a segment that lie within the bounds. */
async function walk(lookup: Lookup, segment: Segment): Promise<TimestampedOffset> {
  let best: TimestampedOffset = { timestamp: -1, offset: segment.baseOffset }
  const position = segment.index!.lookup(lookup.from)
  for await (const { header } of batchesFrom(segment, position, lookup.bound)) {
    if (header.lastOffset < lookup.from || header.maxTimestamp <= best.timestamp) continue
    best = { timestamp: header.maxTimestamp, offset: header.lastOffset }
  }
  return best
}

async function opened(
  lookup: Lookup,
  segment: Segment,
  { bytes, header, position }: { readonly bytes: Uint8Array; readonly header: BatchHeader; readonly position: number },
): Promise<LogRecord[]> {
  if (!validCrc(bytes, header)) throw corrupt(segment, position, 'its CRC does not match')
  const plain = await decompressBatch(bytes, header, lookup.offload, lookup.limit)
  return recordsOf(plain, readBatchHeader(plain, 0)!)
}
