// fsync of one log's segments, in order, one at a time, and who waits for it: what is staged while a sync is under way
// shares the next one (group commit). Invariant: `durableEndOffset` covers bytes of a finished sync that nothing has
// truncated since. After a failed fsync nothing is retried: the pages may be gone (D6 of the storage invariants).

import type { Offset } from '../base/index.ts'
import { OffsetWaiters } from '../base/index.ts'
import type { SegmentList } from './segments.ts'

type Waiter = (error: Error | null) => void

export interface Synced {
  readonly segments: SegmentList
  readonly endOffset: () => Offset
  readonly failed: () => Error | null
  readonly fail: (error: Error) => void
}

export class Durability {
  readonly #log: Synced
  readonly #waiters = new OffsetWaiters<Waiter>()
  #durable: Offset
  #truncations = 0
  /** A cut is under way: the log still says that it ends where it ended, so no sync may take that for its target. */
  #cutting = false
  #running = false

  constructor(log: Synced, durableEndOffset: Offset) {
    this.#log = log
    this.#durable = durableEndOffset
  }

  get endOffset(): Offset {
    return this.#durable
  }

  /** Calls back when everything below `upTo` is durable, or the log has failed. */
  when(upTo: Offset, waiter: Waiter): void {
    const failure = this.#log.failed()
    if (failure !== null) waiter(failure)
    else if (upTo <= this.#durable) waiter(null)
    else {
      this.#waiters.add(upTo, waiter)
      this.#start()
    }
  }

  until(upTo: Offset): Promise<void> {
    return new Promise((resolve, reject) => {
      this.when(upTo, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** The log is being cut to `offset`: nothing from there on is durable, and nothing becomes so until the cut is done. */
  cutting(offset: Offset): void {
    this.#cutting = true
    this.#truncations++
    if (this.#durable > offset) this.#durable = offset
  }

  /** The cut is done, and the log ends at `endOffset`; who waited for more waits for what is left. */
  cut(endOffset: Offset): void {
    this.#cutting = false
    this.#recast(endOffset)
  }

  /** The log ends at `offset`, and all that it holds is durable. */
  restarted(offset: Offset): void {
    this.#durable = offset
    this.cut(offset)
  }

  get waiting(): number {
    return this.#waiters.size
  }

  #recast(endOffset: Offset): void {
    this.#truncations++
    for (const waiter of this.#waiters.drain()) this.#waiters.add(endOffset, waiter)
    this.#start()
  }

  failed(error: Error): void {
    for (const waiter of this.#waiters.drain()) waiter(error)
  }

  #start(): void {
    if (this.#waiters.size > 0 && !this.#running && !this.#cutting) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      while (this.#waiters.size > 0 && !this.#cutting && this.#log.failed() === null) {
        const target = this.#log.endOffset()
        const truncations = this.#truncations
        for (const segment of this.#log.segments.all.slice()) {
          if (segment.dirty && this.#log.segments.has(segment)) await segment.sync()
        }
        if (truncations !== this.#truncations) continue
        if (target > this.#durable) this.#durable = target
        for (const waiter of this.#waiters.release(this.#durable)) waiter(null)
      }
    } catch (error) {
      this.#log.fail(error as Error)
    } finally {
      this.#running = false
    }
  }
}
