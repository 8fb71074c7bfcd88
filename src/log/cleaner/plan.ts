// Which part of a compacted log is to be cleaned, and how its segments are gathered: pure decisions over what the segments
// say of themselves, by the rules of Kafka's LogCleanerManager. Only whole segments are cleaned, never the active one, never
// anything at or above the last stable offset (so neither above the high watermark), nothing younger than
// min.compaction.lag.ms. Offsets below `firstDirtyOffset` have been cleaned before.

import type { Offset, Timestamp } from '../../base/index.ts'
import { MAX_RELATIVE_OFFSET } from '../segments.ts'
import type { LogConfig } from '../types.ts'

export interface SegmentFacts {
  readonly baseOffset: Offset
  readonly size: number
  /** Of its batches, or the file's own; only looked at with min.compaction.lag.ms. */
  readonly largestTimestamp: Timestamp
  /** Largest of its first batch, −1 where there is none; only looked at with max.compaction.lag.ms. */
  readonly firstTimestamp: Timestamp
  /** All its files are durable. */
  readonly sealed: boolean
}

export interface LogFacts {
  /** The last one is active. */
  readonly segments: readonly SegmentFacts[]
  readonly logStartOffset: Offset
  readonly endOffset: Offset
  readonly highWatermark: Offset
  readonly firstUnstableOffset: Offset | null
  /** Where the cleanings before have come to; null: there were none. */
  readonly cleanedTo: Offset | null
  readonly config: CleaningConfig
}

export type CleaningConfig = Pick<
  LogConfig,
  'minCompactionLagMs' | 'maxCompactionLagMs' | 'minCleanableDirtyRatio' | 'segmentBytes' | 'segmentIndexBytes'
> &
  Pick<LogConfig, 'indexIntervalBytes'>

export interface Cleanable {
  readonly firstDirtyOffset: Offset
  /** Exclusive; a segment begins here. */
  readonly upTo: Offset
  readonly cleanBytes: number
  readonly dirtyBytes: number
  /** Dirty bytes of all that would be read. */
  readonly ratio: number
  /** Some of it waits for longer than max.compaction.lag.ms. */
  readonly overdue: boolean
}

export function cleanableOf(log: LogFacts, now: Timestamp): Cleanable {
  const { segments, config } = log
  const firstDirtyOffset = firstDirty(log)
  const firstDirtySegment = Math.max(0, segmentOf(segments, firstDirtyOffset))
  let end = segments.length - 1
  const stable = Math.min(log.highWatermark, log.firstUnstableOffset ?? log.highWatermark)
  for (let i = 0; i < end; i++) {
    const segment = segments[i]!
    const young =
      config.minCompactionLagMs > 0 &&
      i >= firstDirtySegment &&
      segment.largestTimestamp > now - config.minCompactionLagMs
    if (segments[i + 1]!.baseOffset > stable || !segment.sealed || young) end = i
  }
  let cleanBytes = 0
  let dirtyBytes = 0
  let oldest = Number.POSITIVE_INFINITY
  for (let i = 0; i < segments.length - 1; i++) {
    const segment = segments[i]!
    if (i >= firstDirtySegment && segment.firstTimestamp > 0) oldest = Math.min(oldest, segment.firstTimestamp)
    if (i >= end) continue
    if (i < firstDirtySegment) cleanBytes += segment.size
    else dirtyBytes += segment.size
  }
  const total = cleanBytes + dirtyBytes
  return {
    firstDirtyOffset,
    upTo: segments[end]!.baseOffset,
    cleanBytes,
    dirtyBytes,
    ratio: total === 0 ? 0 : dirtyBytes / total,
    overdue: oldest < now - config.maxCompactionLagMs,
  }
}

/** Whether the log has enough of it. */
export function isWorthCleaning(cleanable: Cleanable, config: CleaningConfig): boolean {
  if (cleanable.upTo <= cleanable.firstDirtyOffset || cleanable.dirtyBytes === 0) return false
  return cleanable.overdue || cleanable.ratio > config.minCleanableDirtyRatio
}

/** A checkpoint that lies outside of the log (DeleteRecords, a log cut by an unclean election) counts for nothing. */
function firstDirty(log: LogFacts): Offset {
  const { cleanedTo, logStartOffset, endOffset } = log
  return cleanedTo === null || cleanedTo < logStartOffset || cleanedTo > endOffset ? logStartOffset : cleanedTo
}

function segmentOf(segments: readonly SegmentFacts[], offset: Offset): number {
  let index = -1
  for (const [i, segment] of segments.entries()) if (segment.baseOffset <= offset) index = i
  return index
}

/**
 * Neighbouring segments that are to become one: no larger together than segment.bytes, their indexes no larger than
 * segment.index.bytes, and all offsets within reach of the first one's base. `end` is where the last segment ends.
 */
export function groupSegments<S extends { readonly baseOffset: Offset; readonly size: number }>(
  segments: readonly S[],
  end: Offset,
  config: CleaningConfig,
): S[][] {
  const groups: S[][] = []
  let group: S[] = []
  let size = 0
  let entries = 0
  for (const [i, segment] of segments.entries()) {
    // As many as there can be: an entry a batch where batches are larger than the interval, else one an interval.
    const most = Math.ceil(segment.size / Math.max(config.indexIntervalBytes, 61))
    const lastOffset = (segments[i + 1]?.baseOffset ?? end) - 1
    const first = group[0]
    const fits =
      first !== undefined &&
      size + segment.size <= config.segmentBytes &&
      (entries + most) * TIME_ENTRY <= config.segmentIndexBytes &&
      (segment.size === 0 || lastOffset - first.baseOffset <= MAX_RELATIVE_OFFSET)
    if (!fits) {
      group = []
      groups.push(group)
      size = 0
      entries = 0
    }
    group.push(segment)
    size += segment.size
    entries += most
  }
  return groups
}

const TIME_ENTRY = 12
