// Removes files some time after they have been renamed out of the way, over one alarm. What is still waiting when the
// node stops is removed at the next start, by the suffix of its name.

import type { Clock } from '../base/index.ts'
import { Timers } from '../base/index.ts'

export class Janitor {
  readonly #timers: Timers
  readonly #failed: (error: Error) => void
  readonly #running = new Set<Promise<void>>()
  #stopped = false

  constructor(clock: Clock, failed: (error: Error) => void) {
    this.#timers = new Timers(clock)
    this.#failed = failed
  }

  after(delayMs: number, remove: () => Promise<void>): void {
    this.#timers.after(delayMs, () => {
      if (this.#stopped) return
      const run: Promise<void> = remove()
        .catch((error: Error) => this.#failed(error))
        .finally(() => this.#running.delete(run))
      this.#running.add(run)
    })
  }

  /** Nothing is removed any more; resolves when what is being removed is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timers.clear()
    await Promise.all(this.#running)
  }
}
