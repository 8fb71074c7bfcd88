// Compaction of one log, as the log and the cleaner see it: what is there to clean, how far it has been cleaned, the
// cleaning that is under way, and that it ends when the log is cut or closed. A log whose batches cannot be read is not
// tried again before the next start (Kafka's uncleanable partitions); a failing disk fails the log.

import type { Epoch, Offset, Timestamp } from '../../base/index.ts'
import { Bug, messageOf, ProtocolError } from '../../base/index.ts'
import { BATCH_OVERHEAD, maxTimestampAt } from '../../wire/index.ts'
import type { ProducerStates } from '../producers.ts'
import type { Segment } from '../segment.ts'
import type { SegmentList } from '../segments.ts'
import type { LogConfig, LogPorts } from '../types.ts'
import { OffsetMap } from './offset-map.ts'
import type { Cleanable, SegmentFacts } from './plan.ts'
import { cleanableOf } from './plan.ts'
import type { LastOfProducer } from './retention.ts'
import type { CleaningResult } from './run.ts'
import { GivenUp, runCleaning } from './run.ts'

/** What compaction needs of its log. */
export interface CompactedLog {
  readonly ports: LogPorts
  readonly segments: SegmentList
  readonly producers: ProducerStates
  readonly path: () => string
  readonly config: () => LogConfig
  readonly logStartOffset: () => Offset
  readonly endOffset: () => Offset
  readonly highWatermark: () => Offset
  readonly epochAt: (offset: Offset) => Epoch
  /** Nothing may be changed: failed, damaged, closed. */
  readonly unable: () => boolean
  readonly loadIndexes: (segment: Segment) => Promise<void>
  /** Makes `cleanedTo` and the recovery point durable. */
  readonly checkpoint: () => Promise<void>
  /** Seals what a process before has rolled and not sealed any more. */
  readonly sealRecovered: () => Promise<void>
  /** See `RunContext.replace`; in the log's order of changes. `wanted` is asked when its turn has come. */
  readonly replace: (old: readonly Segment[], cleaned: Segment, wanted: () => boolean) => Promise<boolean>
  readonly fail: (error: Error) => void
}

/** What one cleaning may use. */
export interface CleaningMeans {
  readonly ioBufferBytes: number
  readonly dedupeBytes: number
  readonly loadFactor: number
  /** Null: go on at once. */
  readonly spend: (bytes: number) => Promise<void> | null
}

export type CleaningOutcome =
  | ({ readonly kind: 'cleaned' } & CleaningResult)
  | { readonly kind: 'given-up' }
  | { readonly kind: 'uncleanable'; readonly reason: string }

/** A piece of this size is a turn of the loop of about a millisecond. */
const LARGEST_PIECE = 128 * 1024

interface Running {
  given: boolean
  /** Still to be read. */
  segments: readonly Segment[]
  /** Ends a wait. */
  wake: () => void
  readonly over: Promise<void>
}

export class Compaction {
  readonly #log: CompactedLog
  #cleanedTo: Offset | null
  #uncleanable: string | null = null
  #running: Running | null = null
  #held = false
  /** A cleaning up to here found that all of it waits for the end of a transaction, hence for segments behind it. */
  #waitsAt: Offset | null = null

  constructor(log: CompactedLog, cleanedTo: Offset | null) {
    this.#log = log
    this.#cleanedTo = cleanedTo
  }

  /** Where the cleanings have come to, for `cleaner-offset-checkpoint`; null: there was none. */
  get cleanedTo(): Offset | null {
    return this.#cleanedTo
  }

  /** Why the log is not cleaned any more. */
  get uncleanable(): string | null {
    return this.#uncleanable
  }

  get running(): boolean {
    return this.#running !== null
  }

  /** What could be cleaned now; null: nothing, as the log is. */
  async cleanable(now: Timestamp): Promise<Cleanable | null> {
    const log = this.#log
    const config = log.config()
    if (!config.cleanupCompact || this.#uncleanable !== null || this.#running !== null || log.unable()) return null
    if (this.#held) return null
    const held = log.segments.all.slice()
    const segments: SegmentFacts[] = []
    try {
      if (held.some((segment) => segment !== log.segments.active && !segment.sealed)) await log.sealRecovered()
      for (const segment of held) segments.push(await this.#facts(segment, config))
    } catch (error) {
      if (!log.unable() && held.every((segment) => log.segments.has(segment))) this.#judge(error)
      return null
    }
    // Asked again later where it was cut, or lost its oldest segments, meanwhile.
    if (log.unable() || held.some((segment) => !log.segments.has(segment))) return null
    const offsets = {
      logStartOffset: log.logStartOffset(),
      endOffset: log.endOffset(),
      highWatermark: log.highWatermark(),
      firstUnstableOffset: log.producers.firstUnstableOffset(),
      cleanedTo: this.#cleanedTo,
    }
    const cleanable = cleanableOf({ segments, ...offsets, config }, now)
    return cleanable.upTo === this.#waitsAt ? null : cleanable
  }

  async clean(cleanable: Cleanable, now: Timestamp, means: CleaningMeans): Promise<CleaningOutcome> {
    let over = (): void => {}
    const running: Running = {
      given: false,
      segments: this.#log.segments.all.filter((segment) => segment.baseOffset < cleanable.upTo),
      wake: () => {},
      over: new Promise((resolve) => {
        over = resolve
      }),
    }
    this.#running = running
    try {
      const result = await this.#run(running, cleanable, now, means)
      // What it is told of may have been cut while its last segment was being put in place.
      if (running.given) return { kind: 'given-up' }
      if (result === null) {
        this.#waitsAt = cleanable.upTo
        return { kind: 'given-up' }
      }
      this.#cleanedTo = result.cleanedTo
      await this.#log.checkpoint()
      return { kind: 'cleaned', ...result }
    } catch (error) {
      const gone = running.segments.some((segment) => !this.#log.segments.has(segment))
      if (running.given || gone || this.#log.unable() || error instanceof GivenUp) return { kind: 'given-up' }
      return this.#judge(error)
    } finally {
      this.#running = null
      over()
    }
  }

  /** Ends the cleaning under way at its next piece; resolves when it has. */
  giveUp(): Promise<void> {
    const running = this.#running
    if (running === null) return Promise.resolve()
    running.given = true
    running.wake()
    return running.over
  }

  /** No cleaning begins or goes on while it is held. */
  hold(held: boolean): void {
    this.#held = held
    if (held) void this.giveUp()
  }

  /** The log ends at `offset` now, which is below where it ended. */
  truncated(offset: Offset): void {
    void this.giveUp()
    this.#waitsAt = null
    if (this.#cleanedTo !== null && this.#cleanedTo > offset) this.#cleanedTo = offset
  }

  #run(running: Running, cleanable: Cleanable, now: Timestamp, means: CleaningMeans): Promise<CleaningResult | null> {
    const log = this.#log
    const { disk, offload, random } = log.ports
    const alive = (): boolean => !running.given && !this.#held && !log.unable()
    return runCleaning({
      disk,
      offload,
      directory: log.path(),
      config: log.config(),
      now,
      cleanable,
      segments: running.segments,
      epochAt: log.epochAt,
      lastOfProducers: lastOf(log.producers),
      map: new OffsetMap(means.dedupeBytes, means.loadFactor, random.below(2 ** 32)),
      pieceBytes: Math.max(BATCH_OVERHEAD, Math.min(means.ioBufferBytes, LARGEST_PIECE)),
      pace: async (bytes) => {
        if (!alive()) throw new GivenUp('the log is not to be cleaned any more')
        const wait = means.spend(bytes)
        if (wait !== null) await Promise.race([wait, new Promise<void>((wake) => (running.wake = wake))])
        if (!alive()) throw new GivenUp('the log is not to be cleaned any more')
      },
      replace: async (old, cleaned) => {
        const replaced = await log.replace(old, cleaned, alive)
        if (!replaced) throw new GivenUp('the segments that were cleaned are gone')
        running.segments = running.segments.filter((segment) => !old.includes(segment))
      },
    })
  }

  async #facts(segment: Segment, config: LogConfig): Promise<SegmentFacts> {
    const { baseOffset, size, sealed } = segment
    if (config.minCompactionLagMs > 0 && !segment.timesKnown) await this.#log.loadIndexes(segment)
    let { firstTimestamp } = segment
    if (firstTimestamp < 0 && size >= BATCH_OVERHEAD && config.maxCompactionLagMs < Number.MAX_SAFE_INTEGER) {
      firstTimestamp = maxTimestampAt(await segment.read(0, BATCH_OVERHEAD), 0)
      segment.firstTimestamp = firstTimestamp
    }
    return { baseOffset, size, sealed, firstTimestamp, largestTimestamp: segment.largestTimestamp }
  }

  #judge(error: unknown): CleaningOutcome {
    const reason = messageOf(error)
    if (error instanceof ProtocolError || error instanceof RangeError) this.#uncleanable = reason
    else this.#log.fail(error instanceof Error ? error : new Bug(reason))
    return { kind: 'uncleanable', reason }
  }
}

function lastOf(producers: ProducerStates): Map<number, LastOfProducer> {
  const last = new Map<number, LastOfProducer>()
  for (const { producerId, epoch, batches } of producers.all()) {
    last.set(producerId, { lastDataOffset: batches.at(-1)?.lastOffset ?? null, epoch })
  }
  return last
}
