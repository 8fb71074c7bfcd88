// Reads Kafka's primitive types from one array of bytes. Every length, count and size is checked against the bytes that
// remain before anything is allocated for it, and the elements of all arrays together against a budget, so what a peer
// claims never costs more than what it sent. Throws ProtocolError only.
//
// Lenient where Kafka's reader is: any non-zero bool is true, varints need not be minimal, bad UTF-8 becomes U+FFFD.
// Stricter than Kafka on purpose: a negative length other than −1 is no null, and a varint of more than 32 bits is refused.

import type { Uuid } from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import { textAt, uuidAt } from './known-text.ts'
import { unknownTags } from './types.ts'

/** Elements in all arrays, and unknown tagged fields, of one message. Kafka's largest honest messages (a full metadata
 *  answer, a fetch of 100,000 partitions) stay well below; more is refused with a ProtocolError. */
const MAX_ELEMENTS = 2_000_000

const MAX_STRING = 0x7fff
const SAFE_HIGH = 0x1fffff
const TWO_32 = 2 ** 32

export class Reader {
  at: number
  readonly end: number
  // Bytes are put together here: a DataView for each message cost more than all its integers.
  readonly #bytes: Uint8Array
  #elements = MAX_ELEMENTS

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.at = at
    this.end = bytes.length
  }

  bool(): boolean {
    return this.#bytes[this.#take(1)] !== 0
  }

  int8(): number {
    return (this.#bytes[this.#take(1)]! << 24) >> 24
  }

  int16(): number {
    return (this.uint16() << 16) >> 16
  }

  uint16(): number {
    const at = this.#take(2)
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!
  }

  int32(): number {
    return this.#int32At(this.#take(4))
  }

  uint32(): number {
    return this.#int32At(this.#take(4)) >>> 0
  }

  /** Saturated at ±Number.MAX_SAFE_INTEGER (D15). */
  int64(): number {
    const at = this.#take(8)
    const high = this.#int32At(at)
    if (high > SAFE_HIGH) return Number.MAX_SAFE_INTEGER
    if (high < -SAFE_HIGH - 1) return Number.MIN_SAFE_INTEGER
    const value = high * TWO_32 + (this.#int32At(at + 4) >>> 0)
    return Math.max(value, Number.MIN_SAFE_INTEGER)
  }

  /** A bigint where a number cannot hold the value. */
  int64Exact(): number | bigint {
    const value = this.#view(8).getBigInt64(0)
    return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER ? value : Number(value)
  }

  float64(): number {
    return this.#view(8).getFloat64(0)
  }

  uuid(): Uuid {
    return uuidAt(this.#bytes, this.#take(16))
  }

  uvarint(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#bytes[this.#take(1)]!
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const byte = this.#bytes[this.#take(1)]!
    if (byte > 0x0f) throw new ProtocolError('a varint of more than 32 bits')
    return (value | (byte << 28)) >>> 0
  }

  string(field: string): string {
    return this.#text(this.#present(this.int16(), field), field)
  }

  nullableString(field: string): string | null {
    const length = this.#nullable(this.int16(), field)
    return length < 0 ? null : this.#text(length, field)
  }

  compactString(field: string): string {
    return this.#text(this.#present(this.uvarint() - 1, field), field)
  }

  compactNullableString(field: string): string | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.#text(length, field)
  }

  bytes(field: string): Uint8Array {
    return this.#slice(this.#present(this.int32(), field), field)
  }

  nullableBytes(field: string): Uint8Array | null {
    const length = this.#nullable(this.int32(), field)
    return length < 0 ? null : this.#slice(length, field)
  }

  compactBytes(field: string): Uint8Array {
    return this.#slice(this.#present(this.uvarint() - 1, field), field)
  }

  compactNullableBytes(field: string): Uint8Array | null {
    const length = this.uvarint() - 1
    return length < 0 ? null : this.#slice(length, field)
  }

  /** How many elements follow, each of at least `least` bytes. */
  count(field: string, least: number): number {
    return this.#counted(this.#present(this.int32(), field), field, least)
  }

  /** −1 for null. */
  nullableCount(field: string, least: number): number {
    const count = this.#nullable(this.int32(), field)
    return count < 0 ? count : this.#counted(count, field, least)
  }

  compactCount(field: string, least: number): number {
    return this.#counted(this.#present(this.uvarint() - 1, field), field, least)
  }

  compactNullableCount(field: string, least: number): number {
    const count = this.uvarint() - 1
    return count < 0 ? count : this.#counted(count, field, least)
  }

  /** How many tagged fields follow: two bytes each at least. */
  tagCount(): number {
    return this.#counted(this.uvarint(), 'tagged fields', 2)
  }

  /** Keeps a tagged field that our tables do not know: in tag order, the last of duplicates. */
  unknownTag(message: { [unknownTags]?: UnknownTag[] }, tag: number, size: number): void {
    const bytes = this.#slice(size, `tag ${tag}`)
    message[unknownTags] ??= []
    const tags = message[unknownTags]
    let i = tags.length
    while (i > 0 && tags[i - 1]!.tag > tag) i--
    if (i > 0 && tags[i - 1]!.tag === tag) tags[i - 1] = { tag, bytes }
    else if (i === tags.length) tags.push({ tag, bytes })
    else tags.splice(i, 0, { tag, bytes })
  }

  /** The tag section of a struct without tagged fields of its own; nearly always one zero byte. */
  onlyUnknownTags(message: object): void {
    for (let left = this.tagCount(); left > 0; left--) {
      const tag = this.uvarint()
      this.unknownTag(message, tag, this.uvarint())
    }
  }

  #take(n: number): number {
    const at = this.at
    if (at + n > this.end) throw new ProtocolError(`${n} bytes expected, ${this.end - at} remain`)
    this.at = at + n
    return at
  }

  #int32At(at: number): number {
    const bytes = this.#bytes
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }

  #view(n: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#take(n), n)
  }

  #present(length: number, field: string): number {
    if (length < 0) throw new ProtocolError(`${field} is null or its length negative (${length})`)
    return length
  }

  #nullable(length: number, field: string): number {
    if (length < -1) throw new ProtocolError(`${field} has the negative length ${length}`)
    return length
  }

  #text(length: number, field: string): string {
    if (length > MAX_STRING)
      throw new ProtocolError(`${field} is a string of ${length} bytes, at most ${MAX_STRING} are allowed`)
    const at = this.#take(length)
    return length === 0 ? '' : textAt(this.#bytes, at, length)
  }

  #slice(length: number, field: string): Uint8Array {
    if (length > this.end - this.at) {
      throw new ProtocolError(`${field} claims ${length} bytes, ${this.end - this.at} remain`)
    }
    const at = this.#take(length)
    // Not Buffer's subarray: callers get plain Uint8Arrays, whatever was given.
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length)
  }

  #counted(count: number, field: string, least: number): number {
    if (count * least > this.end - this.at) {
      throw new ProtocolError(`${field} claims ${count} elements, ${this.end - this.at} bytes remain`)
    }
    this.#elements -= count
    if (this.#elements < 0) throw new ProtocolError(`more than ${MAX_ELEMENTS} elements in one message`)
    return count
  }
}

export interface UnknownTag {
  readonly tag: number
  readonly bytes: Uint8Array
}
