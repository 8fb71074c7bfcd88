// Deadlines by name: setting one again replaces it. A heap of times whose entries may be out of date, so that a heartbeat,
// which only moves a deadline further away, touches the map and not the heap.

import type { Instant } from '../base/index.ts'
import { popHeap, pushHeap } from '../base/index.ts'

export class Deadlines<T> {
  readonly #named = new Map<string, { at: Instant; queuedAt: Instant; readonly seq: number; readonly value: T }>()
  readonly #heap: { readonly at: Instant; readonly seq: number; readonly name: string }[] = []
  #seq = 0

  set(name: string, at: Instant, value: T): void {
    const known = this.#named.get(name)
    const later = known !== undefined && at >= known.queuedAt
    const entry = { at, queuedAt: later ? known.queuedAt : at, seq: later ? known.seq : this.#seq++, value }
    this.#named.set(name, entry)
    if (!later) pushHeap(this.#heap, { at, seq: entry.seq, name }, before)
  }

  clear(name: string): void {
    this.#named.delete(name)
  }

  clearAll(): void {
    this.#named.clear()
    this.#heap.length = 0
  }

  /** The earliest; null when there are none. */
  next(): Instant | null {
    this.#settle()
    return this.#heap[0]?.at ?? null
  }

  /** Takes out the earliest that is due, or null. */
  due(now: Instant): T | null {
    this.#settle()
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return null
    popHeap(this.#heap, before)
    const { value } = this.#named.get(first.name)!
    this.#named.delete(first.name)
    return value
  }

  /** Until the first of the heap is what its name says. */
  #settle(): void {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      const known = this.#named.get(first.name)
      const stale = known === undefined || known.seq !== first.seq
      if (!stale && known.at === first.at) return
      popHeap(this.#heap, before)
      if (stale) continue
      known.queuedAt = known.at
      pushHeap(this.#heap, { at: known.at, seq: known.seq, name: first.name }, before)
    }
  }
}

function before(a: { at: Instant; seq: number }, b: { at: Instant; seq: number }): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq)
}
