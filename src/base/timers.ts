// Many deadlines over one alarm of the clock port: a binary heap, ties broken by order of setting so that a run is
// repeatable. Shells use it for request time-outs and delays; pure rooms keep deadlines in their own state instead.

import type { Instant } from './brands.ts'
import { popHeap, pushHeap } from './heap.ts'
import type { Alarm, Clock } from './ports.ts'

export interface Timer {
  cancel(): void
}

interface Entry {
  at: Instant
  order: number
  fire: (() => void) | null
}

export class Timers {
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #heap: Entry[] = []
  #order = 0
  #cancelled = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#alarm = clock.alarm(() => this.#ring())
  }

  /** Calls `fire` at or after `at`, once. */
  at(at: Instant, fire: () => void): Timer {
    const entry: Entry = { at, order: this.#order++, fire }
    pushHeap(this.#heap, entry, before)
    if (this.#heap[0] === entry) this.#alarm.set(at)
    return {
      cancel: () => {
        if (entry.fire === null) return
        entry.fire = null
        this.#cancelled++
        if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#compact()
      },
    }
  }

  after(ms: number, fire: () => void): Timer {
    return this.at(this.#clock.monotonic() + ms, fire)
  }

  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Forgets every timer; nothing fires afterwards. */
  clear(): void {
    for (const entry of this.#heap) entry.fire = null
    this.#heap.length = 0
    this.#cancelled = 0
    this.#alarm.clear()
  }

  #ring(): void {
    const now = this.#clock.monotonic()
    for (let top = this.#heap[0]; top !== undefined && (top.fire === null || top.at <= now); top = this.#heap[0]) {
      popHeap(this.#heap, before)
      const fire = top.fire
      if (fire === null) {
        this.#cancelled--
        continue
      }
      top.fire = null
      fire()
    }
    const next = this.#heap[0]
    if (next !== undefined) this.#alarm.set(next.at)
  }

  #compact(): void {
    const live = this.#heap.filter((entry) => entry.fire !== null)
    this.#heap.length = 0
    this.#cancelled = 0
    for (const entry of live) pushHeap(this.#heap, entry, before)
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
