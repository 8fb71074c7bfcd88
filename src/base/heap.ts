// A binary heap on a plain array: the first by `before` stands at index 0. `before` must be a total order, or a run would
// not repeat.

export type Before<T> = (a: T, b: T) => boolean

export function pushHeap<T>(heap: T[], entry: T, before: Before<T>): void {
  let i = heap.push(entry) - 1
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (before(heap[parent]!, entry)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = entry
}

/** Removes the first; there must be one. */
export function popHeap<T>(heap: T[], before: Before<T>): void {
  const last = heap.pop()!
  if (heap.length === 0) return
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (before(last, heap[child]!)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = last
}
