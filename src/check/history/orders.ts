// The version order of each key: every (offset, value) that somebody saw, by offset, with the offsets that nobody saw
// left out; a record's place in that list is its slot. From polls all sightings count, of failed operations too, since
// what a consumer returns is safe whatever becomes of its transaction; from sends only those that must have committed.
// Does not judge: two values in one slot, or one value in two, are found by others. Invariant: a key's slots are
// neighbours, in the order of their offsets.

import { sortedRows } from './columns.ts'
import { type Gathering, INFO, OK, POLL, TXN } from './gather.ts'

export class Orders {
  /** One a value: an `ok` poll returned it. */
  readonly isRead: Uint8Array
  /** One a value: some poll returned it. */
  readonly isSeen: Uint8Array
  /** One a value: where it was seen first, −1 if nowhere. */
  readonly offset: Float64Array
  /** One a value: its slot at that offset. */
  readonly slot: Int32Array
  /** Of the few values that were seen at other offsets too: offset → slot. */
  readonly others: Map<number, Map<number, number>> = new Map()
  /** One a sighting, sorted by slot: which value. */
  readonly sightings: Int32Array
  /** One a slot, and one more: where its sightings begin. */
  readonly slotFrom: Int32Array
  /** One a slot. */
  readonly slotOffset: Float64Array
  readonly slots: number

  /** One a key, and one more: its first slot. */
  readonly #keyFrom: Int32Array
  readonly #history: Gathering
  readonly #proofs = new Map<number, number>()

  constructor(history: Gathering) {
    this.#history = history
    const values = history.values.length
    this.isRead = new Uint8Array(values)
    this.isSeen = new Uint8Array(values)
    this.offset = new Float64Array(values).fill(-1)
    this.slot = new Int32Array(values).fill(-1)
    this.#markReads()
    this.#see()
    const { sightings, offsets } = this.#sorted()
    this.sightings = sightings
    this.slotFrom = new Int32Array(sightings.length + 1)
    this.slotOffset = new Float64Array(sightings.length)
    this.slots = this.#cut(offsets)
    this.#keyFrom = this.#keys()
  }

  /** Whether what a row of sends wrote must be in the log at the offset that it was told: its operation said so, or
   *  somebody read it (of a transaction, any of its values). Never of a weak send, even if it was read: that may have
   *  been an earlier attempt, while the acknowledged one was truncated and its offset used again. */
  mustHaveCommitted(send: number): boolean {
    const history = this.#history
    const op = history.sendOp.at(send)
    const outcome = history.outcome.at(op)
    if (history.weak.at(op) === 1) return false
    if (outcome === OK) return true
    if (outcome !== INFO) return false
    if (history.f.at(op) !== TXN) return this.isRead[history.sendValue.at(send)] === 1
    return this.proofOf(op) >= 0
  }

  /** A value of an operation that was read, −1 if none was. */
  proofOf(op: number): number {
    let proof = this.#proofs.get(op)
    if (proof === undefined) {
      proof = this.#findProof(op)
      this.#proofs.set(op, proof)
    }
    return proof
  }

  /** −1 if the value was not seen there. */
  slotAt(value: number, offset: number): number {
    if (this.offset[value] === offset) return this.slot[value]!
    return this.others.get(value)?.get(offset) ?? -1
  }

  slotOfPoll(row: number): number {
    return this.slotAt(this.#history.pollValue.at(row), this.#history.pollOffset.at(row))
  }

  /** Where a send landed: at the offset it was told, else where its value was seen; −1 if nobody knows. */
  slotOfSend(row: number): number {
    const value = this.#history.sendValue.at(row)
    const offset = this.#history.sendOffset.at(row)
    return offset >= 0 ? this.slotAt(value, offset) : this.firstSlot(value)
  }

  firstSlot(value: number): number {
    let first = this.slot[value]!
    for (const slot of this.others.get(value)?.values() ?? []) first = Math.min(first, slot)
    return first
  }

  lastSlot(value: number): number {
    let last = this.slot[value]!
    for (const slot of this.others.get(value)?.values() ?? []) last = Math.max(last, slot)
    return last
  }

  /** The offsets at which a value was seen, ascending. */
  offsetsOf(value: number): number[] {
    if (this.offset[value]! < 0) return []
    return [this.offset[value]!, ...(this.others.get(value)?.keys() ?? [])].sort((a, b) => a - b)
  }

  /** The first slot of a key at an offset or above; its last slot and one more where there is none. */
  firstFrom(key: number, offset: number): number {
    let low = this.#keyFrom[key]!
    let high = this.#keyFrom[key + 1]!
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.slotOffset[middle]! < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  valuesIn(slot: number): Int32Array {
    return this.sightings.subarray(this.slotFrom[slot]!, this.slotFrom[slot + 1]!)
  }

  #findProof(op: number): number {
    const history = this.#history
    for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
      const value = history.sendValue.at(row)
      if (this.isRead[value] === 1) return value
    }
    return -1
  }

  #markReads(): void {
    const history = this.#history
    for (let row = 0; row < history.pollOp.length; row++) {
      const op = history.pollOp.at(row)
      const value = history.pollValue.at(row)
      this.isSeen[value] = 1
      const f = history.f.at(op)
      if (history.outcome.at(op) === OK && (f === POLL || f === TXN)) this.isRead[value] = 1
    }
  }

  #see(): void {
    const history = this.#history
    for (let row = 0; row < history.sendOp.length; row++) {
      const offset = history.sendOffset.at(row)
      if (offset >= 0 && this.mustHaveCommitted(row)) this.#seen(history.sendValue.at(row), offset)
    }
    for (let row = 0; row < history.pollOp.length; row++) {
      this.#seen(history.pollValue.at(row), history.pollOffset.at(row))
    }
  }

  #seen(value: number, offset: number): void {
    const first = this.offset[value]!
    if (first === offset) return
    if (first < 0) {
      this.offset[value] = offset
      return
    }
    const others = this.others.get(value)
    if (others === undefined) this.others.set(value, new Map([[offset, -1]]))
    else if (!others.has(offset)) others.set(offset, -1)
  }

  #sorted(): { readonly sightings: Int32Array; readonly offsets: Float64Array } {
    let extra = 0
    for (const others of this.others.values()) extra += others.size
    const values = new Int32Array(this.offset.length + extra)
    const offsets = new Float64Array(values.length)
    let n = 0
    for (let value = 0; value < this.offset.length; value++) {
      if (this.offset[value]! < 0) continue
      values[n] = value
      offsets[n] = this.offset[value]!
      n += 1
    }
    for (const [value, others] of this.others) {
      for (const offset of others.keys()) {
        values[n] = value
        offsets[n] = offset
        n += 1
      }
    }
    const rows = sortedRows(
      n,
      (row) => this.#history.valueKey.at(values[row]!),
      (row) => offsets[row]!,
    )
    return { sightings: rows.map((row) => values[row]!), offsets: Float64Array.from(rows, (row) => offsets[row]!) }
  }

  #keys(): Int32Array {
    const from = new Int32Array(this.#history.keys.list.length + 1)
    for (let slot = 0; slot < this.slots; slot++) from[this.#history.valueKey.at(this.valuesIn(slot)[0]!) + 1]! += 1
    for (let key = 1; key < from.length; key++) from[key]! += from[key - 1]!
    return from
  }

  #cut(offsets: Float64Array): number {
    let slot = -1
    let key = -1
    for (let i = 0; i < this.sightings.length; i++) {
      const value = this.sightings[i]!
      const offset = offsets[i]!
      if (slot < 0 || this.#history.valueKey.at(value) !== key || this.slotOffset[slot] !== offset) {
        slot += 1
        key = this.#history.valueKey.at(value)
        this.slotFrom[slot] = i
        this.slotOffset[slot] = offset
      }
      if (this.offset[value] === offset) this.slot[value] = slot
      else this.others.get(value)!.set(offset, slot)
    }
    this.slotFrom[slot + 1] = this.sightings.length
    return slot + 1
  }
}
