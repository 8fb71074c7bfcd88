// What a producer has for one partition: the records that wait, and how far the batches before them have come. Decides
// nothing; a `Turn` counts its batch among those that have yet to leave exactly as long as it has.

import type { Item } from './items.ts'

export interface Identity {
  readonly producerId: number
  readonly producerEpoch: number
}

export interface Queue {
  readonly topic: string
  readonly partition: number
  readonly items: Item[]
  running: boolean
  /** Batches without a final answer yet; none of them rejects. In the order in which they were sent. */
  readonly inFlight: Set<Promise<void>>
  /** How many of those have yet to leave, for the first time or again. */
  leaving: number
  /** Called when one has left, or has been answered for good. */
  moved: () => void
  identity: Identity | null
  nextSequence: number
}

export function newQueue(topic: string, partition: number): Queue {
  const inFlight = new Set<Promise<void>>()
  const moved = (): void => {}
  return { topic, partition, items: [], running: false, inFlight, leaving: 0, moved, identity: null, nextSequence: 0 }
}

/** One batch's: it begins as one that has yet to leave, and must leave when the batch is in flight no more. */
export class Turn {
  readonly #queue: Queue
  #waits = true

  constructor(queue: Queue) {
    this.#queue = queue
    queue.leaving++
  }

  /** It has to leave again. */
  wait(): void {
    if (!this.#waits) this.#queue.leaving++
    this.#waits = true
  }

  /** It is on its way, or answered for good. */
  leave(): void {
    if (this.#waits) this.#queue.leaving--
    this.#waits = false
    this.#queue.moved()
  }
}
