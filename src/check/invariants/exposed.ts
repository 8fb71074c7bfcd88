// How far the leaders of one log have shown it to be committed, epoch by epoch, and what of that a later leader still owes to
// whoever has read it (P5). An election that was allowed to let committed records go ends that debt for all epochs before its
// own, once and for all: what is committed in their place later is owed by the leaders that come after it, not by one of an
// epoch between, which may sleep or be cut off meanwhile.
// Does not decide which elections were allowed that: `partitions.ts` does. Invariant: what an epoch has shown never shrinks.

import type { Epoch, Offset } from '../../base/index.ts'
import type { LogModel } from './logs.ts'

export class Exposed {
  readonly #model: LogModel
  /** By epoch, the largest end that its leader has shown. */
  readonly #ends: Map<Epoch, Offset> = new Map()

  constructor(model: LogModel) {
    this.#model = model
  }

  /** The leader of an epoch shows that: what epochs up to its own have shown, those of which it owes more. */
  shown(epoch: Epoch, end: Offset): (readonly [Epoch, Offset])[] {
    const wrong = [...this.#ends].filter(([before, at]) => before <= epoch && end < this.#owed(before, at, epoch))
    this.#ends.set(epoch, Math.max(end, this.#ends.get(epoch) ?? 0))
    return wrong
  }

  /**
   * Unclean elections delete what former leaders have committed (KIP-704): the new leader begins at the end of its own log, and
   * the others cut theirs to it (KIP-101). A leader hears of the end of its epoch by the metadata log alone. One that has slept
   * meanwhile goes on as the leader that it was, and advances by a fetch of its epoch that came before
   * (Partition.updateFollowerFetchState), behind where its predecessors and its successors have been.
   */
  #owed(before: Epoch, at: Offset, epoch: Epoch): Offset {
    let owed = Math.min(at, this.#model.committedEnd)
    for (const election of this.#model.forgivings)
      if (election.epoch > before && election.epoch <= epoch) owed = Math.min(owed, election.from)
    return owed
  }
}
