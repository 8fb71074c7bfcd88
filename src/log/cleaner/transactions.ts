// What a walk over a log in order of offsets learns of transactions: whether a batch belongs to one that was aborted, and
// whether a marker may go. A marker stays while the walk has met data of its transaction, also data that goes in the same
// cleaning (KAFKA-8351, 14055): else a crash, or a reader in between, would see data without the end of their transaction.

import type { Offset } from '../../base/index.ts'

/** An aborted transaction on one partition. */
export interface AbortedTransaction {
  readonly producerId: number
  readonly firstOffset: Offset
  /** Of the marker. */
  readonly lastOffset: Offset
}

/** What of a batch matters here. */
export interface TransactionalBatch {
  readonly producerId: number
  readonly baseOffset: Offset
  readonly lastOffset: Offset
  readonly transactional: boolean
}

/** Finds the aborted transactions of a log in one walk over its batches, and those whose end the walk has not met. */
export class AbortedTransactions {
  readonly found: AbortedTransaction[] = []
  readonly #open = new Map<number, Offset>()

  data(batch: TransactionalBatch): void {
    if (batch.transactional && !this.#open.has(batch.producerId)) this.#open.set(batch.producerId, batch.baseOffset)
  }

  /** Where the transactions begin that have data and no end, by producer; once the walk is over. */
  get undecided(): ReadonlyMap<number, Offset> {
    return this.#open
  }

  marker(batch: TransactionalBatch, type: MarkerType): void {
    if (type === 'OTHER') return
    const firstOffset = this.#open.get(batch.producerId)
    this.#open.delete(batch.producerId)
    if (type === 'ABORT' && firstOffset !== undefined) {
      this.found.push({ producerId: batch.producerId, firstOffset, lastOffset: batch.lastOffset })
    }
  }
}

/** OTHER: not a transaction's marker; EMPTY: a cleaning before took its record. */
export type MarkerType = 'COMMIT' | 'ABORT' | 'OTHER' | 'EMPTY'

export class TransactionWalk {
  /** By producer, ascending. */
  readonly #aborted = new Map<number, AbortedTransaction[]>()
  /** Producers whose open transaction has data that the walk has met. */
  readonly #met = new Set<number>()

  constructor(aborted: readonly AbortedTransaction[]) {
    for (const transaction of aborted) {
      const held = this.#aborted.get(transaction.producerId)
      if (held === undefined) this.#aborted.set(transaction.producerId, [transaction])
      else held.push(transaction)
    }
  }

  /** Whether the data batch belongs to an aborted transaction. */
  isAborted(batch: TransactionalBatch): boolean {
    if (!batch.transactional) return false
    this.#met.add(batch.producerId)
    const aborted = this.#aborted.get(batch.producerId) ?? []
    return aborted.some((one) => one.firstOffset <= batch.baseOffset && batch.lastOffset < one.lastOffset)
  }

  /** Whether the marker ends nothing that is still there. */
  mayGo(batch: TransactionalBatch, type: MarkerType): boolean {
    switch (type) {
      case 'EMPTY':
        return true
      case 'OTHER':
        return false
      case 'COMMIT':
      case 'ABORT':
        return !this.#met.delete(batch.producerId)
    }
  }
}
