// What all moves to other log directories may copy together (replica.alter.log.dirs.io.max.bytes.per.second): who has copied
// waits until time has paid for it, whatever was copied before. Invariant: another rate holds at once, also for what is owed.

import type { Instant } from '../../src/base/index.ts'

export class Pace {
  readonly #rate: () => number
  readonly #now: () => Instant
  /** Bytes copied and not paid for, as of `#at`. */
  #owed = 0
  #at: Instant

  /** `rate`: bytes a second, Infinity: as fast as it can be. */
  constructor(rate: () => number, now: () => Instant) {
    this.#rate = rate
    this.#now = now
    this.#at = now()
  }

  spent(bytes: number): void {
    this.#settle()
    this.#owed += bytes
  }

  /** Milliseconds until the next may be copied, at the rate of now. */
  get waitMs(): number {
    const rate = this.#settle()
    return this.#owed === 0 ? 0 : (this.#owed / rate) * 1000
  }

  #settle(): number {
    const rate = Math.max(this.#rate(), 1)
    const now = this.#now()
    this.#owed = rate === Number.POSITIVE_INFINITY ? 0 : Math.max(this.#owed - ((now - this.#at) / 1000) * rate, 0)
    this.#at = now
    return rate
  }
}
