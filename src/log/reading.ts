// Finding whole batches for a reader: in chunks held in memory, and in segment files through the sparse index. Gives
// slices of what it read; a batch is left out whole when it does not fit or reaches over the bound.

import type { Offset } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import { BATCH_OVERHEAD, claimedBatchSize, lastOffsetAt, readBatchHeader } from '../wire/index.ts'
import type { Segment } from './segment.ts'
import type { TailCache } from './tail-cache.ts'
import type { LogRead } from './types.ts'

/** At least this much a disk read, so that the batch sought is most often in the first one. */
const SMALLEST_READ = 64 * 1024

export interface Wanted {
  readonly from: Offset
  /** Exclusive. */
  readonly bound: Offset
  readonly maxBytes: number
  readonly minOneBatch: boolean
}

export function nothing(fromOffset: Offset): LogRead {
  return { chunks: [], bytes: 0, endOffset: fromOffset }
}

/** From memory; `index` is the chunk that holds `wanted.from`. */
export function readTail(tail: TailCache, index: number, wanted: Wanted): LogRead {
  const chunks: Uint8Array[] = []
  let total = 0
  let endOffset = wanted.from
  for (let i = index; ; i++) {
    const chunk = tail.at(i)
    if (chunk === undefined || chunk.baseOffset >= wanted.bound) break
    const found = pick(chunk.bytes, { ...wanted, from: endOffset }, total)
    if (found === null) break
    if (found.bytes.length > 0) {
      chunks.push(found.bytes)
      total += found.bytes.length
      endOffset = found.endOffset
    }
    if (!found.complete) break
  }
  return { chunks, bytes: total, endOffset }
}

interface Picked {
  readonly bytes: Uint8Array
  readonly endOffset: Offset
  /** Every batch up to the end of the chunk was taken. */
  readonly complete: boolean
}

/** The batches of a whole chunk that are wanted, `already` bytes having been taken before. */
function pick(chunk: Uint8Array, wanted: Wanted, already: number): Picked | null {
  let at = 0
  while (at < chunk.length && lastOffsetAt(chunk, at) < wanted.from) at += claimedBatchSize(chunk, at)
  const start = at
  let endOffset = wanted.from
  let complete = true
  while (at < chunk.length) {
    const size = claimedBatchSize(chunk, at)
    const lastOffset = lastOffsetAt(chunk, at)
    const taken = already + at - start
    const fits = taken + size <= wanted.maxBytes || (wanted.minOneBatch && taken === 0)
    if (lastOffset >= wanted.bound || !fits) {
      complete = false
      break
    }
    endOffset = lastOffset + 1
    at += size
  }
  if (at === start && !complete) return null
  return { bytes: start === 0 && at === chunk.length ? chunk : chunk.subarray(start, at), endOffset, complete }
}

/**
 * From one segment, whose indexes are loaded: the batches wanted, or null where none of them ends at or above
 * `wanted.from` (the next segment may have it).
 */
export async function readSegment(segment: Segment, wanted: Wanted): Promise<LogRead | null> {
  let position = segment.index!.lookup(wanted.from)
  let length = Math.max(wanted.maxBytes, SMALLEST_READ)
  while (position < segment.size) {
    const bytes = await segment.read(position, Math.min(length, segment.size - position))
    const found = locate(bytes, wanted.from)
    if (found.at < 0) {
      if (found.next === 0) return null
      position += found.next
      continue
    }
    const size = claimedBatchSize(bytes, found.at)
    if (found.at + size > bytes.length) {
      if (size > wanted.maxBytes && !wanted.minOneBatch) return nothing(wanted.from)
      if (found.at === 0 && length >= size) return null
      position += found.at
      length = Math.max(size, wanted.maxBytes)
      continue
    }
    const picked = pick(wholeBatches(bytes, found.at), wanted, 0)
    return picked === null
      ? nothing(wanted.from)
      : { chunks: [picked.bytes], bytes: picked.bytes.length, endOffset: picked.endOffset }
  }
  return null
}

/** Where the first batch begins that ends at or above `from`; else −1 and how far whole batches were passed over. */
function locate(bytes: Uint8Array, from: Offset): { readonly at: number; readonly next: number } {
  let at = 0
  while (at + BATCH_OVERHEAD <= bytes.length) {
    if (lastOffsetAt(bytes, at) >= from) return { at, next: at }
    const size = claimedBatchSize(bytes, at)
    if (size < BATCH_OVERHEAD) return { at: -1, next: 0 }
    // Beyond the window when the batch is longer: it need not be read to be passed over.
    at += size
  }
  return { at: -1, next: at }
}

function wholeBatches(bytes: Uint8Array, from: number): Uint8Array {
  let at = from
  while (at + BATCH_OVERHEAD <= bytes.length) {
    const size = claimedBatchSize(bytes, at)
    if (size < BATCH_OVERHEAD || at + size > bytes.length) break
    at += size
  }
  return bytes.subarray(from, at)
}

/** One batch at a time from `position` on, of batches that end below `bound`; reads as it goes. */
export async function* batchesFrom(
  segment: Segment,
  position: number,
  bound: Offset,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly header: BatchHeader; readonly position: number }, void> {
  let length = SMALLEST_READ
  let from = position
  while (from < segment.size) {
    const bytes = await segment.read(from, Math.min(length, segment.size - from))
    if (bytes.length < BATCH_OVERHEAD) return
    let at = 0
    for (let header = readBatchHeader(bytes, at); header !== null; header = readBatchHeader(bytes, at)) {
      if (header.lastOffset >= bound) return
      yield { bytes, header, position: from + at }
      at += header.size
    }
    if (at === 0) {
      const size = claimedBatchSize(bytes, 0)
      if (size <= bytes.length || length >= size) return
      length = size
    } else length = SMALLEST_READ
    from += at
  }
}

/**
 * Where to cut a segment, whose indexes are loaded, so that no batch reaches to `offset` or beyond; and where the log
 * ends then. That is `offset`, or the base of a batch that straddled it, or the end of the last batch left: one whose
 * offset was corrupt may have stood for those in between, and the log must not pretend to have them.
 */
export async function cutPoint(
  segment: Segment,
  offset: Offset,
): Promise<{ readonly position: number; readonly endOffset: Offset }> {
  const start = segment.index!.lookup(offset)
  let left = start === 0 ? segment.baseOffset : null
  for await (const { header, position } of batchesFrom(segment, start, Number.POSITIVE_INFINITY)) {
    if (header.lastOffset >= offset) return { position, endOffset: Math.min(offset, header.baseOffset, left ?? offset) }
    left = header.lastOffset + 1
  }
  return { position: segment.size, endOffset: offset }
}
