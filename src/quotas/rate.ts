// A rate over the last windows, as Kafka's Rate and SampledStat reckon it: the sum of what was recorded in windows that are
// not too old, over the time they span, which counts as at least all windows but the current one. So a burst at the start
// is spread over the whole span, and a client may use at once what it saved.

import type { Instant } from '../base/index.ts'

/** What `throttle_time_ms` can say: three weeks and a half. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

export function wholeWait(ms: number): number {
  return Math.min(Math.round(ms), LONGEST_WAIT_MS)
}

interface Sample {
  start: Instant
  sum: number
}

export class Rate {
  readonly #windows: number
  readonly #windowMs: number
  /** Oldest first; at most as many as there are windows. */
  readonly #samples: Sample[] = []

  constructor(windows: number, windowMs: number) {
    this.#windows = windows
    this.#windowMs = windowMs
  }

  record(amount: number, now: Instant): void {
    let current = this.#samples.at(-1)
    if (current === undefined || now - current.start >= this.#windowMs) {
      current = { start: now, sum: 0 }
      this.#samples.push(current)
      if (this.#samples.length > this.#windows) this.#samples.shift()
    }
    current.sum += amount
  }

  /** All that counts now. */
  total(now: Instant): number {
    let sum = 0
    for (const sample of this.#fresh(now)) sum += sample.sum
    return sum
  }

  /** Per second. */
  measure(now: Instant): number {
    return this.total(now) / (this.spanMs(now) / 1000)
  }

  /** The time that `measure` divides by. */
  spanMs(now: Instant): number {
    const oldest = this.#fresh(now)[0]
    const elapsed = oldest === undefined ? 0 : now - oldest.start
    const missing = Math.max(this.#windows - 1 - Math.floor(elapsed / this.#windowMs), 0)
    return Math.max(elapsed + missing * this.#windowMs, this.#windowMs)
  }

  /** Nothing of it counts any more. */
  isOver(now: Instant): boolean {
    return this.#fresh(now).length === 0
  }

  #fresh(now: Instant): readonly Sample[] {
    const oldest = now - this.#windows * this.#windowMs
    while (this.#samples.length > 0 && this.#samples[0]!.start <= oldest) this.#samples.shift()
    return this.#samples
  }
}
