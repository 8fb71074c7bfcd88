// Walking the batches of one segment file in big reads: for recovery, for rebuilding what is derived, for finding the
// end of a log. Tells where and why the walk had to stop; cuts nothing itself.

import type { Epoch, Offset } from '../base/index.ts'
import {
  BATCH_OVERHEAD,
  baseOffsetAt,
  claimedBatchSize,
  lastOffsetAt,
  leaderEpochAt,
  magicAt,
  readBareHeader,
  readBatchHeader,
  validCrcAt,
  walkRecords,
} from '../wire/index.ts'

/** Bytes a read: large enough that the calls do not count, small enough that many logs may recover at once. */
const WINDOW = 1024 * 1024
const SHORT = 'it is cut short'

export interface Scannable {
  readonly baseOffset: Offset
  read(position: number, length: number): Promise<Uint8Array>
}

/** `at` is the batch's place in `bytes`, `position` its place in the file. */
export type BatchVisitor = (bytes: Uint8Array, at: number, position: number, size: number) => void

export interface ScanResult {
  /** Bytes from the start of the file that are whole, good batches. */
  readonly validSize: number
  /** Exclusive end of the last good batch. */
  readonly nextOffset: Offset
  /** Null when the walk reached the end of the file. */
  readonly fault: string | null
  /** The file ends before the batch does. */
  readonly short?: true
}

export interface ScanRange {
  readonly from: number
  readonly size: number
  /** No batch may begin below it. */
  readonly nextOffset: Offset
  /** Batches that end at or above it are verified: their CRC, and what it does not cover, offset and epoch. */
  readonly crcFrom: Offset
  /** All batches end below it: where the next segment begins. Default: nothing is known of it. */
  readonly endBelow?: Offset
  /** Of the batch before; −1 where it is not known. */
  readonly lastEpoch?: Epoch
  /** Whose batches come behind those of the file. */
  readonly following?: Scannable & { readonly size: number }
  /** The log was not compacted: a batch behind which none tells may leave offsets out only to end here, up to where the
   *  log is known to be durable. Default: any may, since compaction may have left them out. */
  readonly leapsTo?: Offset
}

/** Visits the batches in [from, size). */
export async function scanBatches(file: Scannable, range: ScanRange, visit: BatchVisitor): Promise<ScanResult> {
  const { endBelow = Number.POSITIVE_INFINITY } = range
  let position = range.from
  let { nextOffset } = range
  let { lastEpoch = -1 } = range
  let wanted = WINDOW
  while (position < range.size) {
    const asked = Math.min(wanted, range.size - position)
    const bytes = await file.read(position, asked)
    if (bytes.length < asked)
      return { validSize: position, nextOffset, fault: 'the file is shorter than it was', short: true }
    wanted = WINDOW
    let at = 0
    while (at < asked) {
      const left = asked - at
      const remaining = range.size - position - at
      if (remaining < BATCH_OVERHEAD) return { validSize: position + at, nextOffset, fault: SHORT, short: true }
      if (left < BATCH_OVERHEAD) break
      const size = claimedBatchSize(bytes, at)
      const fault = headerFault(bytes, at, size, remaining, nextOffset, file.baseOffset)
      if (fault === SHORT) return { validSize: position + at, nextOffset, fault, short: true }
      if (fault !== null) return { validSize: position + at, nextOffset, fault }
      if (size > left) {
        wanted = Math.max(WINDOW, size)
        break
      }
      const lastOffset = lastOffsetAt(bytes, at)
      if (lastOffset >= range.crcFrom) {
        const wrong =
          verifyFault(bytes, at, size, lastEpoch, endBelow) ??
          (baseOffsetAt(bytes, at) > nextOffset
            ? await leapFault(file, position + at + size, range, nextOffset, lastOffset)
            : null) ??
          (leaderEpochAt(bytes, at) > lastEpoch
            ? await riseFault(file, position + at + size, range, lastEpoch, leaderEpochAt(bytes, at))
            : null)
        if (wrong !== null) return { validSize: position + at, nextOffset, fault: wrong }
      }
      lastEpoch = leaderEpochAt(bytes, at)
      visit(bytes, at, position + at, size)
      nextOffset = lastOffset + 1
      at += size
    }
    position += at
  }
  return { validSize: position, nextOffset, fault: null }
}

function headerFault(
  bytes: Uint8Array,
  at: number,
  size: number,
  remaining: number,
  nextOffset: Offset,
  segmentBase: Offset,
): string | null {
  if (size < BATCH_OVERHEAD) return `it claims ${size} bytes`
  if (magicAt(bytes, at) !== 2) return `its magic is ${magicAt(bytes, at)}`
  if (size > remaining) return SHORT
  const baseOffset = baseOffsetAt(bytes, at)
  const lastOffset = lastOffsetAt(bytes, at)
  if (baseOffset < nextOffset || lastOffset < baseOffset)
    return `its offsets ${baseOffset}..${lastOffset} do not follow`
  if (lastOffset - segmentBase > 2147483647) return `its offset ${lastOffset} does not belong to this segment`
  return null
}

/** Offset and epoch are written by the leader, outside of what the CRC covers. */
function verifyFault(bytes: Uint8Array, at: number, size: number, lastEpoch: Epoch, endBelow: Offset): string | null {
  if (!validCrcAt(bytes, at, size)) return 'its CRC does not match'
  const lastOffset = lastOffsetAt(bytes, at)
  if (lastOffset >= endBelow) return `its offset ${lastOffset} belongs to the next segment`
  const epoch = leaderEpochAt(bytes, at)
  return epoch < lastEpoch && epoch !== -1 ? `its epoch ${epoch} goes back from ${lastEpoch}` : null
}

/**
 * A batch that leaves offsets out, as compaction may: where the one behind it goes on in what was left out, the offset of
 * the first is corrupt, which no CRC covers. Taken as it is, it would end the log beyond all that follows. Where none is
 * behind it, only compaction speaks for it: a leader leaves nothing out, and a follower takes no leap that nothing follows.
 */
async function leapFault(
  file: Scannable,
  next: number,
  { size, endBelow, leapsTo }: ScanRange,
  nextOffset: Offset,
  lastOffset: Offset,
): Promise<string | null> {
  const bytes = next + BATCH_OVERHEAD > size ? null : await file.read(next, BATCH_OVERHEAD)
  const whole = bytes !== null && bytes.length === BATCH_OVERHEAD && magicAt(bytes, 0) === 2
  const following = whole ? baseOffsetAt(bytes, 0) : -1
  if (following > lastOffset) return null
  if (following >= nextOffset) return `its offset ${lastOffset} lies beyond that of the next batch, ${following}`
  // Segments meet: the name of the next one tells.
  const told = leapsTo === undefined || lastOffset + 1 === leapsTo || lastOffset + 1 === endBelow
  return told ? null : `its offset ${lastOffset} leaps from ${nextOffset}, and nothing follows`
}

/**
 * A batch with which an epoch begins, that of the next one being smaller: then the epoch of the first is corrupt, which no
 * CRC covers, unless that of the next one is, as the one behind it tells. Taken as it is, the log would begin an epoch
 * that its leader never had.
 */
async function riseFault(
  file: Scannable,
  next: number,
  { size, following }: ScanRange,
  before: Epoch,
  epoch: Epoch,
): Promise<string | null> {
  const places: (readonly [Scannable, number, number])[] = [[file, next, size]]
  if (following !== undefined) places.push([following, 0, following.size])
  const behind: Epoch[] = []
  for (const [from, start, end] of places) {
    for (let at = start; behind.length < 2 && at + BATCH_OVERHEAD <= end; ) {
      const header = await from.read(at, BATCH_OVERHEAD)
      const claimed = header.length < BATCH_OVERHEAD ? 0 : claimedBatchSize(header, 0)
      if (claimed < BATCH_OVERHEAD || at + claimed > end || magicAt(header, 0) !== 2) break
      // Only one that is whole tells anything.
      const bytes = await from.read(at, claimed)
      if (bytes.length < claimed || !validCrcAt(bytes, 0, claimed)) break
      behind.push(leaderEpochAt(bytes, 0))
      at += claimed
    }
  }
  const [first, second] = behind
  if (first === undefined || first >= epoch) return null
  if (second === undefined ? first < before : second >= epoch) return null
  return `its epoch ${epoch} lies beyond that of the next batch, ${first}`
}

/**
 * Where in [from, size) the first whole batch with a good CRC begins whose offsets are at least `minOffset`; −1 when there
 * is none. Tries every byte, since the lengths before it cannot be trusted.
 */
export async function findValidBatch(file: Scannable, from: number, size: number, minOffset: Offset): Promise<number> {
  for (let position = from; position + BATCH_OVERHEAD <= size; ) {
    const bytes = await file.read(position, Math.min(WINDOW, size - position))
    const last = bytes.length - BATCH_OVERHEAD
    for (let at = 0; at <= last; at++) {
      if (bytes[at + 16] !== 2) continue
      const claimed = claimedBatchSize(bytes, at)
      if (claimed < BATCH_OVERHEAD || claimed > size - position - at) continue
      const header = readBareHeader(bytes, at)
      if (header.baseOffset < minOffset || header.lastOffsetDelta < 0 || header.count < 0) continue
      const whole =
        at + claimed <= bytes.length ? bytes.subarray(at, at + claimed) : await file.read(position + at, claimed)
      if (whole.length === claimed && validCrcAt(whole, 0, claimed)) return position + at
    }
    if (bytes.length < BATCH_OVERHEAD) return -1
    position += last + 1
  }
  return -1
}

/** Whether the last batch of a file, which claims to be longer, is: what is there would be whole if only its length were. */
export async function endsShort(file: Scannable & { readonly size: number }, from: number): Promise<boolean> {
  const left = file.size - from
  if (left < BATCH_OVERHEAD || left > MOST_UNWRITTEN) return true
  const bytes = await file.read(from, left)
  return bytes.length < left || magicAt(bytes, 0) !== 2 || !validCrcAt(bytes, 0, left)
}

/**
 * Whether what lies in [from, to), where a batch is bad, looks like pages that never reached the disk before the power
 * failed: they read as zeros. That is the torn tail of file systems that write pages in any order, not corruption.
 * Contents may be zeros too, with a flipped bit elsewhere, which is corruption: then the zeros hardly begin or end just
 * where a page does, and the records are well formed all the same.
 */
export async function looksUnwritten(file: Scannable, from: number, to: number): Promise<boolean> {
  const bytes = await file.read(from, Math.min(to - from, MOST_UNWRITTEN))
  let zeros = false
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + PAGE - ((from + at) % PAGE))
    if (isZero(bytes, at, end)) {
      zeros = true
      if ((at > 0 && bytes[at - 1] !== 0) || (end < bytes.length && bytes[end] !== 0)) return true
    }
    at = end
  }
  if (!zeros) return false
  const header = readBatchHeader(bytes, 0)
  return header === null || header.codec !== 'none' || walkRecords(bytes, header).problem !== null
}

const PAGE = 4096
/** A batch has no more bytes than this in any sensible configuration; beyond it nothing is looked at. */
const MOST_UNWRITTEN = 64 * 1024 * 1024

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}
