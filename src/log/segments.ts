// A log's segments in order, and the questions of where an offset lives and when the next segment begins. Never empty:
// the last one is the active one, which takes the appends.

import type { Offset, Timestamp } from '../base/index.ts'
import type { Segment } from './segment.ts'
import type { LogConfig } from './types.ts'

/** Offsets in indexes are 32 bits. */
export const MAX_RELATIVE_OFFSET = 2147483647

export class SegmentList {
  #list: Segment[]

  constructor(list: Segment[]) {
    this.#list = list
  }

  get all(): readonly Segment[] {
    return this.#list
  }

  get count(): number {
    return this.#list.length
  }

  get first(): Segment {
    return this.#list[0]!
  }

  get active(): Segment {
    return this.#list.at(-1)!
  }

  get size(): number {
    let size = 0
    for (const segment of this.#list) size += segment.size
    return size
  }

  /** The segment `offset` belongs to: the last one that begins at or before it. */
  of(offset: Offset): Segment | undefined {
    let low = 0
    let high = this.#list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#list[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return this.#list[low - 1]
  }

  after(segment: Segment): Segment | undefined {
    return this.#list.find((next) => next.baseOffset > segment.baseOffset)
  }

  has(segment: Segment): boolean {
    return this.#list.includes(segment)
  }

  push(segment: Segment): void {
    this.#list.push(segment)
  }

  /** Takes the active one out, for another to be pushed. */
  pop(): Segment {
    return this.#list.pop()!
  }

  /** Takes the oldest one out. */
  shift(): Segment {
    return this.#list.shift()!
  }

  /** Takes everything behind `segment` out. */
  cutAfter(segment: Segment): Segment[] {
    return this.#list.splice(this.#list.indexOf(segment) + 1)
  }

  /** Puts one in the place of neighbours, of which it has the first one's base. */
  replace(segments: readonly Segment[], by: Segment): void {
    this.#list.splice(this.#list.indexOf(segments[0]!), segments.length, by)
  }

  replaceAll(segment: Segment): void {
    this.#list = [segment]
  }
}

export interface Incoming {
  readonly bytes: number
  readonly lastOffset: Offset
  readonly maxTimestamp: Timestamp
}

/** Whether Kafka would begin a new segment for these bytes. `far`: their offsets cannot be told relative to this one. */
export function rolls(active: Segment, incoming: Incoming, config: LogConfig, now: Timestamp): 'no' | 'yes' | 'far' {
  if (incoming.lastOffset - active.baseOffset > MAX_RELATIVE_OFFSET) return active.size > 0 ? 'yes' : 'far'
  if (active.size === 0) return 'no'
  // The active segment is never compacted (KIP-354).
  const segmentMs = config.cleanupCompact ? Math.min(config.segmentMs, config.maxCompactionLagMs) : config.segmentMs
  const waited = active.firstTimestamp >= 0 ? incoming.maxTimestamp - active.firstTimestamp : now - active.created
  const full =
    active.size > config.segmentBytes - incoming.bytes ||
    waited > segmentMs - active.jitter(Math.min(config.segmentJitterMs ?? 0, segmentMs)) ||
    active.index!.count >= Math.floor(config.segmentIndexBytes / 8) ||
    active.timeIndex!.count >= Math.floor(config.segmentIndexBytes / 12) - 1
  return full ? 'yes' : 'no'
}
