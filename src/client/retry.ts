// Pauses between retries: exponential with jitter, never beyond the caller's deadline.

import type { Clock, Instant, Random, Timers } from '../base/index.ts'

const SPREAD = 0.2

export class Retry {
  readonly #clock: Clock
  readonly #random: Random
  readonly #timers: Timers
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #resting = new Set<(goOn: boolean) => void>()
  #closed = false

  constructor(clock: Clock, random: Random, timers: Timers, firstMs: number, maxMs: number) {
    this.#clock = clock
    this.#random = random
    this.#timers = timers
    this.#firstMs = firstMs
    this.#maxMs = maxMs
  }

  now(): Instant {
    return this.#clock.monotonic()
  }

  /** How long to wait before retry number `attempt` (from 0). */
  delay(attempt: number): number {
    const nominal = Math.min(this.#firstMs * 2 ** Math.min(attempt, 30), this.#maxMs)
    return nominal * (1 - SPREAD + (2 * SPREAD * this.#random.below(1001)) / 1000)
  }

  /** Waits before retry number `attempt` (from 0). False, at once, where the deadline would pass meanwhile, or after `close`. */
  pause(attempt: number, deadline: Instant): Promise<boolean> {
    const ms = this.delay(attempt)
    if (this.#closed || this.now() + ms >= deadline) return Promise.resolve(false)
    return new Promise((resolve) => {
      const wake = (goOn: boolean): void => {
        timer.cancel()
        this.#resting.delete(wake)
        resolve(goOn)
      }
      const timer = this.#timers.after(ms, () => wake(true))
      this.#resting.add(wake)
    })
  }

  /** Ends every pause with false. */
  close(): void {
    this.#closed = true
    for (const wake of [...this.#resting]) wake(false)
  }
}
