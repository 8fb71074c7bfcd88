// What readers of one log see: batches from the tail in memory or from the segments, offsets by time. A cut (truncation,
// deletion) voids every read under way, so that none gives bytes of a region that has gone (KAFKA-18723); while a
// truncation is under way what it will remove is hidden already.

import type { Epoch, Offload, Offset, Timestamp } from '../base/index.ts'
import { ProtocolError, StorageError } from '../base/index.ts'
import type { IndexCache } from './index-cache.ts'
import type { Lookup, TimestampedOffset } from './lookup.ts'
import { largestTimestampBelow, offsetForTimestamp } from './lookup.ts'
import { MAX_OPENED_BYTES } from './opening.ts'
import type { Wanted } from './reading.ts'
import { isCorrupt, nothing, readSegment, readTail } from './reading.ts'
import type { Segment } from './segment.ts'
import type { SegmentList } from './segments.ts'
import type { TailCache } from './tail-cache.ts'
import type { LogRead, ReadOptions } from './types.ts'

export interface Readable {
  readonly path: string
  readonly segments: SegmentList
  readonly tail: TailCache
  readonly indexCache: IndexCache
  readonly offload: Offload
  readonly indexIntervalBytes: () => number
  readonly writtenTo: () => Offset
  readonly logStartOffset: () => Offset
  /** The epoch in which an offset was written; −1 where none is known. */
  readonly epochAt: (offset: Offset) => Epoch
  /** Nobody is answered from this log any more. */
  readonly closed: () => boolean
  readonly fail: (error: Error) => void
}

export class LogReader {
  readonly #log: Readable
  #cuts = 0
  #replacements = 0
  #hiddenFrom: Offset = Number.POSITIVE_INFINITY

  constructor(log: Readable) {
    this.#log = log
  }

  /** The shape of the log changes: reads under way give nothing. */
  cut(): void {
    this.#cuts++
  }

  /** Segments were replaced by what is left of them: whoever looks for the segment behind one of them looks anew. */
  replaced(): void {
    this.#replacements++
  }

  /** Nothing at or above `offset` is read until `show`. */
  hide(offset: Offset): void {
    this.#cuts++
    if (offset < this.#hiddenFrom) this.#hiddenFrom = offset
  }

  show(): void {
    this.#hiddenFrom = Number.POSITIVE_INFINITY
  }

  read(fromOffset: Offset, options: ReadOptions): LogRead | Promise<LogRead> {
    const bound = this.#bound(options.upTo)
    const { segments, tail } = this.#log
    if (fromOffset >= bound || fromOffset < segments.first.baseOffset) return nothing(fromOffset)
    const wanted = { from: fromOffset, bound, maxBytes: options.maxBytes, minOneBatch: options.minOneBatch }
    const held = tail.find(fromOffset)
    return held >= 0 ? readTail(tail, held, wanted) : this.#readDisk(wanted)
  }

  offsetForTimestamp(timestamp: Timestamp, upTo: Offset): Promise<TimestampedOffset | null> {
    return this.#undisturbed(() => offsetForTimestamp(this.#lookup(upTo), timestamp))
  }

  offsetOfMaxTimestamp(upTo: Offset): Promise<TimestampedOffset | null> {
    return this.#undisturbed(() => largestTimestampBelow(this.#lookup(upTo)))
  }

  async loadIndexes(segment: Segment): Promise<void> {
    if (segment.index === null) await segment.loadIndexes(this.#log.indexIntervalBytes())
    if (segment !== this.#log.segments.active) this.#log.indexCache.loaded(segment)
  }

  #bound(upTo: Offset): Offset {
    return Math.min(upTo, this.#log.writtenTo(), this.#hiddenFrom)
  }

  async #readDisk(wanted: Wanted): Promise<LogRead> {
    const { segments } = this.#log
    const cuts = this.#cuts
    const replacements = this.#replacements
    try {
      for (
        let segment = segments.of(wanted.from);
        segment !== undefined && segment.baseOffset < wanted.bound;
        segment = segments.after(segment)
      ) {
        await this.loadIndexes(segment)
        if (this.#cuts !== cuts) break
        const endBelow = segments.after(segment)?.baseOffset ?? Number.POSITIVE_INFINITY
        const found = await readSegment(segment, wanted, { epochAt: this.#log.epochAt, endBelow })
        if (this.#cuts !== cuts) break
        if (found !== null) return found
        if (this.#replacements !== replacements) return this.#readDisk(wanted)
      }
      return nothing(wanted.from)
    } catch (error) {
      // The files of what was replaced are closed some time.
      if (this.#replacements !== replacements) return this.#readDisk(wanted)
      if (this.#cuts !== cuts || this.#log.closed()) return nothing(wanted.from)
      // Rotten bytes are this reader's trouble, as in Kafka; all others of the directory are as good as before.
      if (!isCorrupt(error)) this.#log.fail(error as Error)
      throw error
    }
  }

  /** Looks again when the log was cut meanwhile. */
  async #undisturbed<T>(look: () => Promise<T | null>): Promise<T | null> {
    for (;;) {
      const changes = this.#cuts + this.#replacements
      try {
        const found = await look()
        if (this.#cuts + this.#replacements === changes) return found
      } catch (error) {
        if (this.#cuts + this.#replacements !== changes) continue
        if (this.#log.closed()) return null
        const { path } = this.#log
        // Records that cannot be opened came in past the checks of compressed batches; the disk is not to blame.
        if (error instanceof ProtocolError || error instanceof RangeError) {
          throw new StorageError(path, 'CORRUPT', `records in ${path} cannot be opened: ${error.message}`, {
            cause: error,
          })
        }
        if (!isCorrupt(error)) this.#log.fail(error as Error)
        throw error
      }
    }
  }

  #lookup(upTo: Offset): Lookup {
    return {
      segments: this.#log.segments.all.slice(),
      from: this.#log.logStartOffset(),
      bound: this.#bound(upTo),
      offload: this.#log.offload,
      limit: MAX_OPENED_BYTES,
      loadIndexes: (segment) => this.loadIndexes(segment),
    }
  }
}
