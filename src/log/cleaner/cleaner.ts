// Kafka's log cleaner over all logs of a node: as many cleanings at a time as log.cleaner.threads says, each of the log
// with the largest part dirty, one budget of bytes a second and one of memory for all of them. Sleeps for
// log.cleaner.backoff.ms when nothing is worth cleaning, and altogether while no log is compacted.

import type { Clock, Logger } from '../../base/index.ts'
import { Timers } from '../../base/index.ts'
import type { CleanerSettings, LogConfig } from '../types.ts'
import type { Compaction } from './compaction.ts'
import type { Cleanable } from './plan.ts'
import { isWorthCleaning } from './plan.ts'
import { Throttle } from './throttle.ts'

export interface Compactable {
  readonly topic: string
  readonly partition: number
  readonly config: LogConfig
  readonly compaction: Compaction
}

/** A log directory, as the cleaner sees it. */
export type LogSource = () => Iterable<Compactable>

interface Candidate {
  readonly log: Compactable
  readonly cleanable: Cleanable
}

export class LogCleaner {
  readonly #clock: Clock
  readonly #logger: Logger
  #settings: CleanerSettings
  readonly #timers: Timers
  readonly #throttle: Throttle
  readonly #sources = new Set<LogSource>()
  #running = 0
  #looking = false
  #asleep = false

  constructor(ports: { readonly clock: Clock; readonly logger: Logger }, settings: CleanerSettings) {
    this.#clock = ports.clock
    this.#logger = ports.logger
    this.#settings = settings
    this.#timers = new Timers(ports.clock)
    this.#throttle = new Throttle(ports.clock, () => this.#settings.ioMaxBytesPerSecond)
  }

  /** Holds for the next cleanings; the bytes a second and the pause, at once. */
  configure(settings: CleanerSettings): void {
    const { backoffMs, ioMaxBytesPerSecond } = this.#settings
    this.#settings = settings
    if (settings.ioMaxBytesPerSecond !== ioMaxBytesPerSecond) this.#throttle.renew()
    if (settings.backoffMs !== backoffMs && this.#asleep) this.#sleep()
  }

  /** The logs of a directory may be cleaned until the returned function is called. */
  attach(source: LogSource): () => void {
    this.#sources.add(source)
    this.wake()
    return () => {
      this.#sources.delete(source)
      if (this.#sources.size > 0) return
      this.#timers.clear()
      this.#throttle.stop()
      this.#asleep = false
    }
  }

  /** A log has become compacted. */
  wake(): void {
    if (!this.#asleep && this.#running === 0 && !this.#looking && this.#anyCompacted()) this.#sleep()
  }

  #anyCompacted(): boolean {
    for (const source of this.#sources) for (const log of source()) if (log.config.cleanupCompact) return true
    return false
  }

  #sleep(): void {
    this.#asleep = true
    this.#timers.clear()
    // 0 may be set; the loop must not turn for nothing else.
    this.#timers.after(Math.max(this.#settings.backoffMs, 1), () => {
      this.#asleep = false
      void this.#look()
    })
  }

  /** Begins cleanings until there are as many as there may be, or nothing is worth one. */
  async #look(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      while (this.#running < this.#settings.threads) {
        const filthiest = await this.#filthiest()
        if (filthiest === null) break
        this.#running++
        void this.#clean(filthiest)
      }
    } finally {
      this.#looking = false
    }
    // A cleaning that ends looks again.
    if (this.#running === 0 && !this.#asleep && this.#anyCompacted()) this.#sleep()
  }

  async #filthiest(): Promise<Candidate | null> {
    let best: Candidate | null = null
    for (const source of [...this.#sources]) {
      for (const log of [...source()]) {
        const cleanable = await log.compaction.cleanable(this.#clock.wall())
        if (cleanable === null || !isWorthCleaning(cleanable, log.config)) continue
        if (best === null || cleanable.ratio > best.cleanable.ratio) best = { log, cleanable }
      }
      if (!this.#sources.has(source)) return null
    }
    // It may have been given away while others were asked.
    return best === null || best.log.compaction.running ? null : best
  }

  async #clean({ log, cleanable }: Candidate): Promise<void> {
    const { ioBufferSize, dedupeBufferSize, loadFactor, threads } = this.#settings
    const share = Math.max(threads, 1)
    const started = this.#clock.monotonic()
    const outcome = await log.compaction.clean(cleanable, this.#clock.wall(), {
      // Kafka halves it between reading and writing.
      ioBufferBytes: Math.floor(ioBufferSize / share / 2),
      dedupeBytes: Math.floor(dedupeBufferSize / share),
      loadFactor,
      spend: (bytes) => this.#throttle.spend(bytes),
    })
    this.#running--
    const { topic, partition } = log
    const name = `${topic}-${partition}`
    const ms = Math.round(this.#clock.monotonic() - started)
    if (outcome.kind === 'cleaned') {
      const { cleanedTo, bytesBefore, bytesAfter } = outcome
      const text = `Cleaned ${name} up to offset ${cleanedTo}: ${bytesBefore} bytes became ${bytesAfter} in ${ms} ms`
      this.#logger.info({ topic, partition, cleanedTo, bytesBefore, bytesAfter, ms }, text)
    } else if (outcome.kind === 'uncleanable') {
      const text = `${name} is not cleaned any more before the next start: ${outcome.reason}`
      this.#logger.error({ topic, partition }, text)
    }
    if (this.#sources.size === 0) return
    // One that was given up would be found again at once, perhaps before the cut that ended it.
    if (outcome.kind === 'given-up') this.wake()
    else await this.#look()
  }
}
