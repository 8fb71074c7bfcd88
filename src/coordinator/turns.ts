// Turns of the event loop, shared by all partitions of a coordinator: one bounded step of a fold or a load in each, loads
// first, so that fifty partitions that have much to read keep the broker from its work no longer than one of them does.

import type { Timers } from '../base/index.ts'

export class Turns {
  readonly #timers: Timers
  readonly #onFatal: (error: Error) => void
  readonly #loads: (() => void)[] = []
  readonly #folds: (() => void)[] = []
  /** Nobody has had this turn of the loop. */
  #free = true

  constructor(timers: Timers, onFatal: (error: Error) => void) {
    this.#timers = timers
    this.#onFatal = onFatal
  }

  /** Resolves in a turn of the loop that nobody else has; at once, if this one is free. */
  take(kind: 'load' | 'fold'): Promise<void> {
    if (this.#free) {
      this.#begin()
      return Promise.resolve()
    }
    return new Promise((resolve) => (kind === 'load' ? this.#loads : this.#folds).push(resolve))
  }

  #begin(): void {
    this.#free = false
    // A timer that is set while timers ring may ring with them: the next turn is asked for when this one has its work.
    Promise.resolve()
      .then(() => this.#timers.after(0, () => this.#serve()))
      .catch(this.#onFatal)
  }

  #serve(): void {
    const next = this.#loads.shift() ?? this.#folds.shift()
    this.#free = next === undefined
    if (next === undefined) return
    this.#begin()
    next()
  }
}
