// The last offset of every key in the dirty part of a log, in bounded memory: 128 bits of each key's hash and its offset in
// typed arrays, open addressing. Two keys with one hash would lose a record, as in Kafka, which takes as many bits (of MD5);
// here they are murmur3's, seeded anew for every map so that nobody can prepare such keys.
// Invariant: every part has a free slot, so that a search always ends.

import type { Offset } from '../../base/index.ts'

/** Of a key: four words of hash and an offset. */
export const BYTES_AN_ENTRY = 24

/** Parts grow one by one, so that no growth holds the loop: 16,384 keys of 4 million are moved in about a millisecond. */
const MOST_PARTS = 256
const FEWEST_SLOTS = 8

interface Part {
  /** Four words a slot. */
  hashes: Uint32Array
  /** One more than the offset; 0: free. */
  ends: Float64Array
  size: number
}

export class OffsetMap {
  readonly #parts: Part[] = []
  readonly #loadFactor: number
  readonly #seed: number
  readonly #hash: Uint32Array = new Uint32Array(4)
  /** Slots that may still be added. */
  #left: number

  /**
   * In at most `bytes` of memory (log.cleaner.dedupe.buffer.size), each part filled to `loadFactor` at most
   * (log.cleaner.io.buffer.load.factor).
   */
  constructor(bytes: number, loadFactor: number, seed: number) {
    const most = Math.max(FEWEST_SLOTS, Math.floor(bytes / BYTES_AN_ENTRY))
    let parts = 1
    while (parts < MOST_PARTS && parts * 2 * FEWEST_SLOTS <= most) parts *= 2
    for (let i = 0; i < parts; i++) this.#parts.push(emptyPart(FEWEST_SLOTS))
    this.#left = most - parts * FEWEST_SLOTS
    this.#loadFactor = loadFactor
    this.#seed = seed >>> 0
  }

  get size(): number {
    return this.#parts.reduce((sum, part) => sum + part.size, 0)
  }

  /** The key in [from, end) was last seen at `offset`; offsets come in ascending order. False: there is no room for it. */
  put(bytes: Uint8Array, from: number, end: number, offset: Offset): boolean {
    const part = this.#partOf(bytes, from, end)
    let slot = find(part, this.#hash)
    if (part.ends[slot] === 0) {
      if (part.size + 1 > Math.min(part.ends.length * this.#loadFactor, part.ends.length - 1)) {
        if (part.ends.length > this.#left) return false
        this.#left -= part.ends.length
        grow(part)
        slot = find(part, this.#hash)
      }
      part.size++
      part.hashes.set(this.#hash, slot * 4)
    }
    part.ends[slot] = offset + 1
    return true
  }

  /** The last offset of the key; −1 where it is not in the map. */
  get(bytes: Uint8Array, from: number, end: number): Offset {
    const part = this.#partOf(bytes, from, end)
    return part.ends[find(part, this.#hash)]! - 1
  }

  /** Where the key belongs; leaves its hash in `#hash`. */
  #partOf(bytes: Uint8Array, from: number, end: number): Part {
    murmur3(bytes, from, end, this.#seed, this.#hash)
    return this.#parts[this.#hash[3]! & (this.#parts.length - 1)]!
  }
}

function emptyPart(slots: number): Part {
  return { hashes: new Uint32Array(slots * 4), ends: new Float64Array(slots), size: 0 }
}

/** The slot of a hash, or the free one where it belongs. A part always has a free one. */
function find(part: Part, hash: Uint32Array): number {
  const { hashes, ends } = part
  const mask = ends.length - 1
  for (let slot = hash[0]! & mask; ; slot = (slot + 1) & mask) {
    if (ends[slot] === 0) return slot
    const at = slot * 4
    if (
      hashes[at] === hash[0] &&
      hashes[at + 1] === hash[1] &&
      hashes[at + 2] === hash[2] &&
      hashes[at + 3] === hash[3]
    ) {
      return slot
    }
  }
}

function grow(part: Part): void {
  const { hashes, ends } = part
  const larger = emptyPart(ends.length * 2)
  for (let slot = 0; slot < ends.length; slot++) {
    if (ends[slot] === 0) continue
    const hash = hashes.subarray(slot * 4, slot * 4 + 4)
    const to = find(larger, hash)
    larger.hashes.set(hash, to * 4)
    larger.ends[to] = ends[slot]!
  }
  part.hashes = larger.hashes
  part.ends = larger.ends
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

/** MurmurHash3 x86_128 (Austin Appleby, public domain) of the bytes in [from, end). */
export function murmur3(bytes: Uint8Array, from: number, end: number, seed: number, out: Uint32Array): void {
  const length = end - from
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  let at = from
  for (const last = end - 15; at < last; at += 16) {
    h1 ^= Math.imul(rotl(Math.imul(word(bytes, at), C1), 15), C2)
    h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0
    h2 ^= Math.imul(rotl(Math.imul(word(bytes, at + 4), C2), 16), C3)
    h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0
    h3 ^= Math.imul(rotl(Math.imul(word(bytes, at + 8), C3), 17), C4)
    h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0
    h4 ^= Math.imul(rotl(Math.imul(word(bytes, at + 12), C4), 18), C1)
    h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0
  }
  if (at < end) {
    h4 ^= Math.imul(rotl(Math.imul(partOf(bytes, at + 12, end), C4), 18), C1)
    h3 ^= Math.imul(rotl(Math.imul(partOf(bytes, at + 8, end), C3), 17), C4)
    h2 ^= Math.imul(rotl(Math.imul(partOf(bytes, at + 4, end), C2), 16), C3)
    h1 ^= Math.imul(rotl(Math.imul(partOf(bytes, at, end), C1), 15), C2)
  }
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = mixed(h1)
  h2 = mixed(h2)
  h3 = mixed(h3)
  h4 = mixed(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = h2 + h1
  out[2] = h3 + h1
  out[3] = h4 + h1
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** The word at `at` as far as there are bytes; 0 beyond them. */
function partOf(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  for (let i = Math.min(at + 4, end) - 1; i >= at; i--) value = (value << 8) | bytes[i]!
  return value
}

function rotl(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function mixed(value: number): number {
  let h = value
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
