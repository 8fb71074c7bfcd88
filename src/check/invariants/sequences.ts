// The sequences of idempotent producers along one committed log (P17, KIP-98). A producer of whom the writer's log had
// nothing may begin anywhere, as in Kafka: a leader knows only who wrote what it has seen (KIP-360). A replica that began
// anew at its leader's start has not seen what was let go below; a log that only lets go at its front forgets nobody
// (KAFKA-7190). Says what was expected; judges nothing else.

import type { Offset } from '../../base/index.ts'
import type { BatchFact } from './batches.ts'

interface ProducerState {
  epoch: number
  lastSequence: number
  lastOffset: Offset
}

const SEQUENCES = 2 ** 31

export class Sequences {
  readonly #producers: Map<number, ProducerState> = new Map()

  /** Takes the next committed batch, whose writer had seen all from `writerSaw` on; what is wrong with its sequence, or
   *  null. */
  next(fact: BatchFact, writerSaw: Offset): string | null {
    const { producerId, producerEpoch: epoch, baseSequence, lastSequence, lastOffset } = fact
    if (producerId < 0 || baseSequence < 0 || fact.control) return null
    const state = this.#producers.get(producerId)
    if (state === undefined || state.lastOffset < writerSaw) {
      this.#producers.set(producerId, { epoch, lastSequence, lastOffset })
      return null
    }
    const expected = epoch > state.epoch ? 0 : (state.lastSequence + 1) % SEQUENCES
    const wrong = epoch < state.epoch || baseSequence !== expected
    const text = `has sequence ${baseSequence} of producer ${producerId} epoch ${epoch}, expected ${expected} of epoch ${state.epoch}`
    state.epoch = epoch
    state.lastSequence = lastSequence
    state.lastOffset = lastOffset
    return wrong ? text : null
  }

  clear(): void {
    this.#producers.clear()
  }
}
