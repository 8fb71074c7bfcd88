// Who saw a record: the operations that an anomaly is shown by. Built when first asked, since most histories have none.
// Judges nothing.

import type { Part } from './findings.ts'
import { type Gathering, OK } from './gather.ts'
import type { Orders } from './orders.ts'
import { polled, sent } from './words.ts'

interface Sightings {
  /** One a value: the first row of polls in an operation that succeeded, −1 without any. */
  readonly read: Int32Array
  /** One a value: the first row of polls at the offset where it was seen first. */
  readonly first: Int32Array
  /** Of values that were seen at other offsets too: offset → row. */
  readonly others: ReadonlyMap<number, Map<number, number>>
}

export class Witnesses {
  readonly #history: Gathering
  readonly #orders: Orders
  #sightings: Sightings | null = null

  constructor(history: Gathering, orders: Orders) {
    this.#history = history
    this.#orders = orders
  }

  /** The first operation that succeeded and polled a value. */
  reader(value: number): Part[] {
    return this.#poll(this.#built().read[value] ?? -1)
  }

  /** An operation that saw a value at an offset: its send if that was told the offset, else the first poll. */
  at(value: number, offset: number): Part[] {
    const history = this.#history
    const send = history.valueSend.at(value)
    if (send >= 0 && history.sendOffset.at(send) === offset && this.#orders.mustHaveCommitted(send)) {
      return [{ op: history.sendOp.at(send), text: sent(history, send) }]
    }
    const { first, others } = this.#built()
    return this.#poll((this.#orders.offset[value] === offset ? first[value] : others.get(value)?.get(offset)) ?? -1)
  }

  #poll(row: number): Part[] {
    return row < 0 ? [] : [{ op: this.#history.pollOp.at(row), text: polled(this.#history, row) }]
  }

  #built(): Sightings {
    if (this.#sightings !== null) return this.#sightings
    const history = this.#history
    const read = new Int32Array(history.values.length).fill(-1)
    const first = new Int32Array(history.values.length).fill(-1)
    const others = new Map<number, Map<number, number>>()
    for (let row = history.pollOp.length - 1; row >= 0; row--) {
      const value = history.pollValue.at(row)
      const offset = history.pollOffset.at(row)
      if (history.outcome.at(history.pollOp.at(row)) === OK) read[value] = row
      if (this.#orders.offset[value] === offset) first[value] = row
      else others.set(value, (others.get(value) ?? new Map<number, number>()).set(offset, row))
    }
    this.#sightings = { read, first, others }
    return this.#sightings
  }
}
