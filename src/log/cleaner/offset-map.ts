// The last offset of every key in the dirty part of a log, in bounded memory: 128 bits of each key's hash and its offset in
// typed arrays, open addressing. Two keys with one hash would lose a record, as in Kafka, which takes as many bits (of MD5);
// here they are murmur3's, seeded anew for every map so that nobody can prepare such keys.
// Invariant: at most `capacity` keys, so that a search always ends.

import type { Offset } from '../../base/index.ts'
import { assert } from '../../base/index.ts'

/** Of a key: four words of hash and an offset. */
export const BYTES_AN_ENTRY = 24

export class OffsetMap {
  /** Keys it takes. */
  readonly capacity: number
  readonly #mask: number
  readonly #hashes: Uint32Array
  /** One more than the offset; 0: free. So the memory comes as it is given, page by page when it is touched: to fill 100 MB
   *  first would hold the loop for 40 ms. */
  readonly #ends: Float64Array
  readonly #seed: number
  readonly #hash: Uint32Array = new Uint32Array(4)
  #size = 0

  /**
   * For up to `keys` keys in at most `bytes` of memory (log.cleaner.dedupe.buffer.size), filled to `loadFactor` at most
   * (log.cleaner.io.buffer.load.factor).
   */
  constructor(keys: number, bytes: number, loadFactor: number, seed: number) {
    const most = Math.floor(bytes / BYTES_AN_ENTRY)
    // Slots are a power of two: the largest within the memory, or the smallest that the keys need.
    let slots = 16
    while (slots * 2 <= most && slots * loadFactor < keys) slots *= 2
    this.capacity = Math.max(1, Math.min(Math.floor(slots * loadFactor), slots - 1))
    this.#mask = slots - 1
    this.#hashes = new Uint32Array(slots * 4)
    this.#ends = new Float64Array(slots)
    this.#seed = seed >>> 0
  }

  get size(): number {
    return this.#size
  }

  get full(): boolean {
    return this.#size >= this.capacity
  }

  /** The key in [from, end) was last seen at `offset`. Offsets come in ascending order. */
  put(bytes: Uint8Array, from: number, end: number, offset: Offset): void {
    const slot = this.#find(bytes, from, end)
    if (this.#ends[slot] === 0) {
      assert(!this.full, 'a map of offsets is asked whether it is full before it is given a key')
      this.#size++
      this.#hashes.set(this.#hash, slot * 4)
    }
    this.#ends[slot] = offset + 1
  }

  /** The last offset of the key; −1 where it is not in the map. */
  get(bytes: Uint8Array, from: number, end: number): Offset {
    return this.#ends[this.#find(bytes, from, end)]! - 1
  }

  /** The key's slot, or the free one where it belongs; leaves the hash in `#hash`. */
  #find(bytes: Uint8Array, from: number, end: number): number {
    const hash = this.#hash
    murmur3(bytes, from, end, this.#seed, hash)
    const hashes = this.#hashes
    for (let slot = hash[0]! & this.#mask; ; slot = (slot + 1) & this.#mask) {
      if (this.#ends[slot] === 0) return slot
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
