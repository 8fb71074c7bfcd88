// Finding whole batches for a reader: in chunks held in memory, and in segment files through the sparse index. Gives
// slices of what it read; a batch is left out whole when it does not fit or reaches over the bound.

import type { Epoch, Offset } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import {
  BATCH_OVERHEAD,
  baseOffsetAt,
  claimedBatchSize,
  lastOffsetAt,
  leaderEpochAt,
  magicAt,
  readBatchHeader,
} from '../wire/index.ts'
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

/** What a segment's bytes are held against before anybody is given them. */
export interface Expected {
  /** −1 where nothing is known of it. */
  readonly epochAt: (offset: Offset) => Epoch
  /** Where the next segment begins; Infinity in the last one. */
  readonly endBelow: Offset
}

/**
 * From one segment, whose indexes are loaded: the batches wanted, or null where none of them ends at or above
 * `wanted.from` (the next segment may have it). Whoever reads checks CRCs; what no CRC covers, offset, length and epoch,
 * nobody behind this can check, so a batch that does not fit the log around it is refused (D2). Throws StorageError
 * CORRUPT.
 */
export async function readSegment(segment: Segment, wanted: Wanted, expected: Expected): Promise<LogRead | null> {
  let position = segment.index!.lookup(wanted.from)
  let length = Math.max(wanted.maxBytes, SMALLEST_READ)
  let nextOffset = segment.baseOffset
  while (position < segment.size) {
    const bytes = await segment.read(position, Math.min(length, segment.size - position))
    const walk = new Walk(segment, bytes, position, expected)
    const found = walk.passOver(wanted.from, nextOffset)
    nextOffset = walk.nextOffset
    if (found < 0) {
      if (walk.at === 0) return null
      position += walk.at
      continue
    }
    const size = claimedBatchSize(bytes, found)
    if (found + size > bytes.length) {
      if (size > wanted.maxBytes && !wanted.minOneBatch) return nothing(wanted.from)
      if (found === 0 && length >= size) return null
      position += found
      length = Math.max(size, wanted.maxBytes)
      continue
    }
    const picked = pick(walk.wholeBatches(), wanted, 0)
    return picked === null
      ? nothing(wanted.from)
      : { chunks: [picked.bytes], bytes: picked.bytes.length, endOffset: picked.endOffset }
  }
  return null
}

/** Over the headers in one window of a segment, each held against its neighbours. */
class Walk {
  readonly #segment: Segment
  readonly #bytes: Uint8Array
  readonly #position: number
  readonly #expected: Expected
  at = 0
  /** No batch from here on may begin below it. */
  nextOffset: Offset = 0

  constructor(segment: Segment, bytes: Uint8Array, position: number, expected: Expected) {
    this.#segment = segment
    this.#bytes = bytes
    this.#position = position
    this.#expected = expected
  }

  /** Where the first batch begins that ends at or above `from`; −1 where the window ends before. */
  passOver(from: Offset, nextOffset: Offset): number {
    this.nextOffset = nextOffset
    while (this.at + BATCH_OVERHEAD <= this.#bytes.length) {
      this.#check()
      const lastOffset = lastOffsetAt(this.#bytes, this.at)
      if (lastOffset >= from) return this.at
      this.nextOffset = lastOffset + 1
      // Beyond the window when the batch is longer: it need not be read to be passed over.
      this.at += claimedBatchSize(this.#bytes, this.at)
    }
    return -1
  }

  /** From here on, as far as they are whole. */
  wholeBatches(): Uint8Array {
    const from = this.at
    let at = from
    while (at + BATCH_OVERHEAD <= this.#bytes.length) {
      this.at = at
      this.#check()
      const size = claimedBatchSize(this.#bytes, at)
      if (at + size > this.#bytes.length) break
      this.nextOffset = lastOffsetAt(this.#bytes, at) + 1
      at += size
    }
    return this.#bytes.subarray(from, at)
  }

  #check(): void {
    const fault = this.#fault()
    if (fault !== null) throw corrupt(this.#segment, this.#position + this.at, fault)
  }

  #fault(): string | null {
    const bytes = this.#bytes
    const { at } = this
    const size = claimedBatchSize(bytes, at)
    if (size < BATCH_OVERHEAD || size > this.#segment.size - this.#position - at) return `it claims ${size} bytes`
    if (magicAt(bytes, at) !== 2) return `its magic is ${magicAt(bytes, at)}`
    const baseOffset = baseOffsetAt(bytes, at)
    const lastOffset = lastOffsetAt(bytes, at)
    if (baseOffset < this.nextOffset || lastOffset < baseOffset || lastOffset >= this.#behind(at + size))
      return `its offsets ${baseOffset}..${lastOffset} do not follow`
    const epoch = this.#expected.epochAt(baseOffset)
    if (epoch >= 0 && leaderEpochAt(bytes, at) !== epoch)
      return `its epoch is ${leaderEpochAt(bytes, at)}, not ${epoch}`
    return null
  }

  /** Where the next batch begins, as far as the window tells. */
  #behind(next: number): Offset {
    return next + 8 <= this.#bytes.length ? baseOffsetAt(this.#bytes, next) : this.#expected.endBelow
  }
}

/** One batch at a time from `position` on, of batches that end below `bound`; reads as it goes. Throws StorageError
 *  CORRUPT where lengths do not lead to the end of the segment. */
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
    if (at + BATCH_OVERHEAD <= bytes.length) {
      const claimed = claimedBatchSize(bytes, at)
      if (claimed < BATCH_OVERHEAD || claimed > segment.size - from - at)
        throw corrupt(segment, from + at, `it claims ${claimed} bytes`)
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

export function corrupt(segment: Segment, position: number, fault: string): StorageError {
  const path = segment.pathOf('.log')
  return new StorageError(path, 'CORRUPT', `a batch is corrupt (${fault}): ${path} at byte ${position}`)
}

export function isCorrupt(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'CORRUPT'
}
