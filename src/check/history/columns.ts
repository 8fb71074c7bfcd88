// Columns of numbers that grow, and names turned into small integers: a history of a hundred million rows is a few typed
// arrays and not a hundred million objects. Nothing here knows what the numbers mean.

const FIRST_CAPACITY = 1024
/** V8 refuses a Map of more than 2^24 entries. */
const MAX_MAP_ENTRIES = 2 ** 24 - 1

type Numbers = Int32Array | Float64Array | Uint8Array

class Column<T extends Numbers> {
  #data: T
  readonly #make: (capacity: number) => T
  length = 0

  constructor(make: (capacity: number) => T) {
    this.#make = make
    this.#data = make(FIRST_CAPACITY)
  }

  push(value: number): void {
    if (this.length === this.#data.length) {
      const bigger = this.#make(this.#data.length * 2)
      bigger.set(this.#data)
      this.#data = bigger
    }
    this.#data[this.length] = value
    this.length += 1
  }

  /** The row must exist. */
  at(row: number): number {
    return this.#data[row]!
  }

  set(row: number, value: number): void {
    this.#data[row] = value
  }
}

export class IntColumn extends Column<Int32Array> {
  constructor() {
    super((capacity) => new Int32Array(capacity))
  }
}

/** Offsets and times: integers up to 2^53, fractions. */
export class NumberColumn extends Column<Float64Array> {
  constructor() {
    super((capacity) => new Float64Array(capacity))
  }
}

export class ByteColumn extends Column<Uint8Array> {
  constructor() {
    super((capacity) => new Uint8Array(capacity))
  }
}

/** A Map from names to small integers that may outgrow V8's largest Map. */
export class Index<T> {
  #maps: Map<T, number>[] = [new Map()]

  get(name: T): number | undefined {
    for (let i = this.#maps.length - 1; i >= 0; i--) {
      const found = this.#maps[i]!.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The name must be new. */
  add(name: T, id: number): void {
    let map = this.#maps[this.#maps.length - 1]!
    if (map.size === MAX_MAP_ENTRIES) {
      map = new Map()
      this.#maps.push(map)
    }
    map.set(name, id)
  }
}

/** Names in the order of their first appearance. */
export class Names {
  readonly list: string[] = []
  readonly #ids = new Map<string, number>()

  id(name: string): number {
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.list.length
      this.list.push(name)
      this.#ids.set(name, id)
    }
    return id
  }

  find(name: string): number | undefined {
    return this.#ids.get(name)
  }
}

/** A set of non-negative safe integers, most of them near each other: one bit each. */
export class NumberSet {
  readonly #pages = new Map<number, Uint8Array>()

  /** False if it was there already. */
  add(n: number): boolean {
    const page = Math.floor(n / 1024)
    const bit = n - page * 1024
    let bits = this.#pages.get(page)
    if (bits === undefined) {
      bits = new Uint8Array(128)
      this.#pages.set(page, bits)
    }
    const mask = 1 << (bit & 7)
    if ((bits[bit >> 3]! & mask) !== 0) return false
    bits[bit >> 3]! |= mask
    return true
  }

  has(n: number): boolean {
    const page = Math.floor(n / 1024)
    const bit = n - page * 1024
    return ((this.#pages.get(page)?.[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }
}

/** The rows 0…n−1 ordered by `major`, within it by `minor`, both non-negative integers: a radix sort, linear. */
export function sortedRows(n: number, major: (row: number) => number, minor: (row: number) => number): Int32Array {
  let rows = new Int32Array(n)
  for (let i = 0; i < n; i++) rows[i] = i
  let spare = new Int32Array(n)
  const counts = new Uint32Array(65_537)
  for (const partOf of [minor, major]) {
    let largest = 0
    for (let i = 0; i < n; i++) largest = Math.max(largest, partOf(i))
    for (let unit = 1; unit <= largest; unit *= 65_536) {
      counts.fill(0)
      for (let i = 0; i < n; i++) counts[(Math.floor(partOf(i) / unit) % 65_536) + 1]! += 1
      for (let d = 1; d < counts.length; d++) counts[d]! += counts[d - 1]!
      for (let i = 0; i < n; i++) {
        const row = rows[i]!
        const digit = Math.floor(partOf(row) / unit) % 65_536
        spare[counts[digit]!] = row
        counts[digit]! += 1
      }
      ;[rows, spare] = [spare, rows]
    }
  }
  return rows
}
