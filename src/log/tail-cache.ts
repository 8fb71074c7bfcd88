// The bytes last appended, kept so that followers and consumers at the end of the log are served without touching the
// disk. One budget for all logs of a directory: the oldest chunk of any log makes room for the newest. What is counted is
// what is kept alive: the whole buffer of a frame, once, however many batches of it are held.
// Invariant: what a cache holds is contiguous up to the log's end and byte-equal to the file; truncation cuts it first.

import type { Offset } from '../base/index.ts'

export interface TailChunk {
  readonly baseOffset: Offset
  /** Exclusive. */
  readonly endOffset: Offset
  readonly bytes: Uint8Array
}

interface Held extends TailChunk {
  owner: TailCache | null
}

/**
 * A batch of at least this part of its buffer is held as it came, a smaller one is copied out of it. A produce request or
 * a fetched frame carries batches of a few partitions: copying each of them out is one more buffer a batch that the
 * garbage collector counts (measured with the frames read in place: 49 full collections for 400 MB of produce, not 64).
 */
const HELD_PART = 1 / 8

/** Stands where a chunk has been taken out, so that its bytes are not kept alive by the queue. */
const GONE: Held = { baseOffset: 0, endOffset: 0, bytes: new Uint8Array(0), owner: null }

export class TailBudget {
  readonly #limit: number
  #used = 0
  /** How many chunks are held of each buffer. */
  readonly #held = new Map<ArrayBufferLike, number>()
  /** In order of appending, over all logs; `#first` is where the living begin. */
  #queue: Held[] = []
  #first = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get used(): number {
    return this.#used
  }

  /** The bytes as they are to be held. */
  own(bytes: Uint8Array): Uint8Array {
    const { buffer } = bytes
    // A small slice would keep the whole buffer that it came in alive.
    return bytes.length >= buffer.byteLength * HELD_PART || this.#held.has(buffer) ? bytes : bytes.slice()
  }

  hold(chunk: Held): void {
    this.#queue.push(chunk)
    const { buffer } = chunk.bytes
    const count = this.#held.get(buffer) ?? 0
    this.#held.set(buffer, count + 1)
    if (count === 0) this.#used += buffer.byteLength
    while (this.#used > this.#limit && this.#first < this.#queue.length) {
      const oldest = this.#queue[this.#first]!
      this.#queue[this.#first++] = GONE
      const { owner } = oldest
      if (owner === null) continue
      owner.evicted(oldest)
      this.released(oldest)
    }
    if (this.#first > 1024 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first)
      this.#first = 0
    }
  }

  released(chunk: Held): void {
    chunk.owner = null
    const { buffer } = chunk.bytes
    const count = this.#held.get(buffer)!
    if (count > 1) this.#held.set(buffer, count - 1)
    else {
      this.#held.delete(buffer)
      this.#used -= buffer.byteLength
    }
  }
}

export class TailCache {
  readonly #budget: TailBudget
  #chunks: Held[] = []
  #first = 0

  constructor(budget: TailBudget) {
    this.#budget = budget
  }

  push(baseOffset: Offset, endOffset: Offset, bytes: Uint8Array): void {
    // After a truncation that took a chunk whole, what is left ends below the log: a reader must not step over the gap.
    if (this.#chunks.length > this.#first && this.#chunks.at(-1)!.endOffset !== baseOffset) this.clear()
    const held: Held = { baseOffset, endOffset, bytes: this.#budget.own(bytes), owner: this }
    this.#chunks.push(held)
    this.#budget.hold(held)
  }

  /** Index of the chunk that holds `offset`, −1 when it is not in memory. */
  find(offset: Offset): number {
    const chunks = this.#chunks
    let low = this.#first
    let high = chunks.length
    if (low === high || offset < chunks[low]!.baseOffset) return -1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (chunks[middle]!.endOffset <= offset) low = middle + 1
      else high = middle
    }
    return low < chunks.length ? low : -1
  }

  at(index: number): TailChunk | undefined {
    return this.#chunks[index]
  }

  /** Drops every chunk that reaches beyond `offset`; a chunk cut in the middle goes whole. */
  truncate(offset: Offset): void {
    while (this.#chunks.length > this.#first && this.#chunks.at(-1)!.endOffset > offset) {
      this.#budget.released(this.#chunks.pop()!)
    }
  }

  /** Drops every chunk that begins below `offset`: there the file holds other bytes now. */
  forget(offset: Offset): void {
    while (this.#chunks.length > this.#first && this.#chunks[this.#first]!.baseOffset < offset) {
      const chunk = this.#chunks[this.#first]!
      this.#budget.released(chunk)
      this.evicted(chunk)
    }
  }

  clear(): void {
    for (let i = this.#first; i < this.#chunks.length; i++) this.#budget.released(this.#chunks[i]!)
    this.#chunks = []
    this.#first = 0
  }

  /** The budget takes a log's oldest chunk away. */
  evicted(chunk: Held): void {
    if (this.#chunks[this.#first] !== chunk) return
    this.#chunks[this.#first++] = GONE
    if (this.#first > 64 && this.#first * 2 > this.#chunks.length) {
      this.#chunks = this.#chunks.slice(this.#first)
      this.#first = 0
    }
  }
}
