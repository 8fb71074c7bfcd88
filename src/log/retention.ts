// Which of the oldest segments may go: a pure decision over what the segments say of themselves. Only a prefix is ever
// chosen, nothing above the high watermark, and an empty last segment never.

import type { Offset, Timestamp } from '../base/index.ts'
import type { LogConfig } from './types.ts'

export interface Retained {
  readonly baseOffset: Offset
  readonly size: number
  readonly largestTimestamp: Timestamp
}

export interface RetentionLimits {
  readonly config: Pick<LogConfig, 'retentionBytes' | 'retentionMs' | 'cleanupDelete'>
  readonly now: Timestamp
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  readonly endOffset: Offset
}

/** How many segments from the oldest on are to be deleted; all of them means: roll first. */
export function deletableSegments(segments: readonly Retained[], limits: RetentionLimits): number {
  const { config, now, logStartOffset, highWatermark, endOffset } = limits
  let excess = segments.reduce((sum, segment) => sum + segment.size, 0) - config.retentionBytes
  let count = 0
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]
    const end = next?.baseOffset ?? endOffset
    if (end > highWatermark || (next === undefined && segment.size === 0)) break
    const wanted =
      (next !== undefined && end <= logStartOffset) ||
      (config.cleanupDelete && config.retentionMs >= 0 && now - segment.largestTimestamp > config.retentionMs) ||
      (config.cleanupDelete && config.retentionBytes >= 0 && excess >= segment.size)
    if (!wanted) break
    excess -= segment.size
    count++
  }
  return count
}
