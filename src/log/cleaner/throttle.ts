// log.cleaner.io.max.bytes.per.second over all cleanings of a node: bytes read and written share one budget. Whoever spends
// waits for what has been spent before him, so that one wait is never longer than what one piece is worth.

import type { Clock, Instant } from '../../base/index.ts'
import { Timers } from '../../base/index.ts'

export class Throttle {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #bytesPerSecond: () => number
  #paidTo: Instant = 0
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock
    this.#timers = new Timers(clock)
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Null: go on at once. */
  spend(bytes: number): Promise<void> | null {
    const now = this.#clock.monotonic()
    const ms = (bytes / this.#bytesPerSecond()) * 1000
    const from = Math.max(now, this.#paidTo)
    this.#paidTo = from + ms
    const wait = from - now
    if (wait < 1) return null
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel()
        this.#waiting.delete(go)
        resolve()
      }
      const timer = this.#timers.after(wait, go)
      this.#waiting.add(go)
    })
  }

  /** The rate is another: what was to be paid for at the old one, perhaps for years, is forgotten. */
  renew(): void {
    this.#paidTo = 0
    for (const go of [...this.#waiting]) go()
  }

  /** Nobody is waited for any more. */
  stop(): void {
    this.#timers.clear()
    this.#waiting.clear()
  }
}
