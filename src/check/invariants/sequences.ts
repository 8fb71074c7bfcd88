// The sequences of idempotent producers along one committed log (P17, KIP-98). A producer without a state here may begin
// anywhere: it may have been forgotten by age or retention. Says what was expected; judges nothing else.

import type { BatchFact } from './batches.ts'

interface ProducerState {
  epoch: number
  lastSequence: number
}

const SEQUENCES = 2 ** 31

export class Sequences {
  readonly #producers: Map<number, ProducerState> = new Map()

  /** Takes the next committed batch; what is wrong with its sequence, or null. */
  next(fact: BatchFact): string | null {
    const { producerId, producerEpoch: epoch, baseSequence, lastSequence } = fact
    if (producerId < 0 || baseSequence < 0 || fact.control) return null
    const state = this.#producers.get(producerId)
    if (state === undefined) {
      this.#producers.set(producerId, { epoch, lastSequence })
      return null
    }
    const expected = epoch > state.epoch ? 0 : (state.lastSequence + 1) % SEQUENCES
    const wrong = epoch < state.epoch || baseSequence !== expected
    const text = `has sequence ${baseSequence} of producer ${producerId} epoch ${epoch}, expected ${expected} of epoch ${state.epoch}`
    state.epoch = epoch
    state.lastSequence = lastSequence
    return wrong ? text : null
  }

  clear(): void {
    this.#producers.clear()
  }
}
