// The events to come, in order: a binary heap of its own instead of base's, whose order is a callback that the compiler
// cannot see through here. Time first, then phase, then the order of scheduling, so that a run repeats.

import type { SimEvent } from './kernel.ts'

export class EventQueue {
  readonly #heap: SimEvent[] = []

  /** The next one; undefined when nothing is to come. */
  get first(): SimEvent | undefined {
    return this.#heap[0]
  }

  push(event: SimEvent): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent]!
      if (before(above, event)) break
      heap[i] = above
      i = parent
    }
    heap[i] = event
  }

  /** Removes the first; there must be one. */
  pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    const size = heap.length
    if (size === 0) return
    let i = 0
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++
      const below = heap[child]!
      if (before(last, below)) break
      heap[i] = below
      i = child
    }
    heap[i] = last
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  if (a.at !== b.at) return a.at < b.at
  return a.phase !== b.phase ? a.phase < b.phase : a.order < b.order
}
