// Things that wait for an offset to be reached (acks for the high watermark, answers for a commit), released in offset
// order, first come first within one offset. Holds the values only; what release or failure means is the caller's.

import type { Offset } from './brands.ts'

export class OffsetWaiters<T> {
  // Nearly always appended in ascending order, so a sorted array beats a heap.
  readonly #waiting: { upTo: Offset; value: T }[] = []

  get size(): number {
    return this.#waiting.length
  }

  /** `upTo` is exclusive: released when the watermark is at least `upTo`. */
  add(upTo: Offset, value: T): void {
    const list = this.#waiting
    let i = list.length
    while (i > 0 && list[i - 1]!.upTo > upTo) i--
    if (i === list.length) list.push({ upTo, value })
    else list.splice(i, 0, { upTo, value })
  }

  /** Removes and returns every value whose `upTo` ≤ `watermark`. */
  release(watermark: Offset): T[] {
    const list = this.#waiting
    let n = 0
    while (n < list.length && list[n]!.upTo <= watermark) n++
    return n === 0 ? [] : list.splice(0, n).map((entry) => entry.value)
  }

  /** Removes one value wherever it is; false if it is not waiting. */
  remove(value: T): boolean {
    const at = this.#waiting.findIndex((entry) => entry.value === value)
    if (at >= 0) this.#waiting.splice(at, 1)
    return at >= 0
  }

  /** Removes and returns every value that `leaves`, in order. */
  removeWhere(leaves: (value: T) => boolean): T[] {
    const gone: T[] = []
    let kept = 0
    for (const entry of this.#waiting) {
      if (leaves(entry.value)) gone.push(entry.value)
      else this.#waiting[kept++] = entry
    }
    this.#waiting.length = kept
    return gone
  }

  /** Removes and returns everything. */
  drain(): T[] {
    return this.#waiting.splice(0).map((entry) => entry.value)
  }
}
