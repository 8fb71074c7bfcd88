// Writes Kafka's primitive types, one message behind the other, into slabs; what leaves is a view of exactly the bytes
// written (`finishChunks`, for what is sent and forgotten) or a copy of them (`finish`, for what is kept: a small slice
// would keep a big slab alive). No byte of a slab is written twice. `records` and large `bytes` may be referenced instead
// of copied. A value that its type cannot hold throws EncodeError; a string with a lone surrogate is
// written with U+FFFD in its place (Java writes `?`), since neither has a UTF-8 form.

import type { Uuid } from '../base/index.ts'
import { writeUuid } from '../base/index.ts'
import type { UnknownTag } from './reader.ts'

/** What the caller gave cannot be written: a value out of its type's range, or one that the version cannot carry. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError'
  readonly reason: 'unsupported-version' | 'invalid-value'
  constructor(reason: 'unsupported-version' | 'invalid-value', message: string) {
    super(message)
    this.reason = reason
  }
}

const MAX_STRING = 0x7fff
/** Of some eighty ordinary messages: an array of its own for each cost 8 % of a simulated run (`npm run sim:speed`). Small,
 *  since a message that its peer does not take keeps its slab. */
const SLAB = 16 * 1024
/** Shorter byte fields are copied: a chunk of their own would cost the socket more than the copy. */
const REFERENCED_FROM = 512
const SHORT_STRING = 40
const TWO_32 = 2 ** 32

interface Cut {
  /** Position in the message before which `bytes` go. */
  readonly at: number
  readonly bytes: Uint8Array
}

export class Writer {
  #slab: Uint8Array<ArrayBuffer> = new Uint8Array(SLAB)
  /** Where the message begins in the slab. */
  #start = 0
  /** Where it goes on. */
  #at = 0
  #byReference = false
  #cuts: Cut[] = []
  #cutBytes = 0
  #tagDepth = 0

  /** Forgets what was written; `byReference` decides whether `finishChunks` may hold the caller's arrays. */
  begin(byReference: boolean): void {
    if (this.#slab.length > SLAB) {
      // It was for one large message.
      this.#slab = new Uint8Array(SLAB)
      this.#start = 0
    }
    this.#at = this.#start
    this.#byReference = byReference
    if (this.#cuts.length > 0) this.#cuts = []
    this.#cutBytes = 0
    this.#tagDepth = 0
  }

  /** Bytes written, those by reference included. */
  get size(): number {
    return this.#at - this.#start + this.#cutBytes
  }

  /** A copy. */
  finish(): Uint8Array {
    return this.#slab.slice(this.#start, this.#at)
  }

  /** Views of the slab and what was referenced. The next message is written behind. */
  finishChunks(): Uint8Array[] {
    const start = this.#start
    const end = this.#at
    this.#start = end
    if (this.#cuts.length === 0) return [this.#part(start, end)]
    const chunks: Uint8Array[] = []
    let from = start
    for (const cut of this.#cuts) {
      const at = start + cut.at
      if (at > from) chunks.push(this.#part(from, at))
      chunks.push(cut.bytes)
      from = at
    }
    if (from < end) chunks.push(this.#part(from, end))
    return chunks
  }

  bool(value: boolean, field: string): void {
    if (typeof value !== 'boolean') invalid(field, value)
    const at = this.#room(1)
    this.#slab[at] = value ? 1 : 0
  }

  int8(value: number, field: string): void {
    if ((value << 24) >> 24 !== value) invalid(field, value)
    const at = this.#room(1)
    this.#slab[at] = value
  }

  int16(value: number, field: string): void {
    if ((value << 16) >> 16 !== value) invalid(field, value)
    this.#int16(value)
  }

  uint16(value: number, field: string): void {
    if ((value & 0xffff) !== value) invalid(field, value)
    this.#int16(value)
  }

  int32(value: number, field: string): void {
    if ((value | 0) !== value) invalid(field, value)
    const at = this.#room(4)
    this.#put32(at, value)
  }

  uint32(value: number, field: string): void {
    if (value >>> 0 !== value) invalid(field, value)
    const at = this.#room(4)
    this.#put32(at, value)
  }

  /** A saturated number is written as the limit it stands for, so that 2^63−1 survives being read and written (D15). */
  int64(value: number | bigint, field: string): void {
    if (typeof value === 'bigint') this.int64Exact(value, field)
    else if (value >= Number.MAX_SAFE_INTEGER) this.#halves(0x7fffffff, 0xffffffff)
    else if (value <= Number.MIN_SAFE_INTEGER) this.#halves(-0x80000000, 0)
    else {
      if (!Number.isInteger(value)) invalid(field, value)
      const high = Math.floor(value / TWO_32)
      this.#halves(high, value - high * TWO_32)
    }
  }

  int64Exact(value: number | bigint, field: string): void {
    if (typeof value === 'bigint' ? BigInt.asIntN(64, value) !== value : !Number.isSafeInteger(value)) {
      invalid(field, value)
    }
    const at = this.#room(8)
    new DataView(this.#slab.buffer, at, 8).setBigInt64(0, BigInt(value))
  }

  float64(value: number, field: string): void {
    if (typeof value !== 'number') invalid(field, value)
    const at = this.#room(8)
    new DataView(this.#slab.buffer, at, 8).setFloat64(0, value)
  }

  uuid(value: Uuid, field: string): void {
    const at = this.#room(16)
    if (typeof value !== 'string' || !writeUuid(value, this.#slab, at)) invalid(field, value)
  }

  uvarint(value: number): void {
    let left = value
    while (left > 0x7f) {
      const at = this.#room(1)
      this.#slab[at] = (left & 0x7f) | 0x80
      left >>>= 7
    }
    const at = this.#room(1)
    this.#slab[at] = left
  }

  string(value: string, field: string): void {
    this.#text(value, field, false)
  }

  nullableString(value: string | null, field: string): void {
    if (value === null) this.#int16(-1)
    else this.#text(value, field, false)
  }

  compactString(value: string, field: string): void {
    this.#text(value, field, true)
  }

  compactNullableString(value: string | null, field: string): void {
    if (value === null) this.uvarint(0)
    else this.#text(value, field, true)
  }

  bytes(value: BytesValue, field: string): void {
    this.int32(sizeOf(value, field), field)
    this.#append(value)
  }

  nullableBytes(value: BytesValue | null, field: string): void {
    if (value === null) this.int32(-1, field)
    else this.bytes(value, field)
  }

  compactBytes(value: BytesValue, field: string): void {
    this.uvarint(sizeOf(value, field) + 1)
    this.#append(value)
  }

  compactNullableBytes(value: BytesValue | null, field: string): void {
    if (value === null) this.uvarint(0)
    else this.compactBytes(value, field)
  }

  count(value: readonly unknown[], field: string): void {
    if (!Array.isArray(value)) invalid(field, value)
    this.int32(value.length, field)
  }

  compactCount(value: readonly unknown[], field: string): void {
    if (!Array.isArray(value)) invalid(field, value)
    this.uvarint(value.length + 1)
  }

  /** Room for the size of a tagged field, which is known only afterwards: pass the answer to `endTag`. */
  beginTag(tag: number): number {
    this.uvarint(tag)
    this.#tagDepth++
    return this.#room(1) - this.#start
  }

  endTag(position: number): void {
    this.#tagDepth--
    // The message may have moved to another slab since.
    let at = this.#start + position
    const size = this.#at - at - 1
    let extra = 0
    for (let left = size; left > 0x7f; left >>>= 7) extra++
    if (extra > 0) {
      this.#room(extra)
      at = this.#start + position
      this.#slab.copyWithin(at + 1 + extra, at + 1, at + 1 + size)
    }
    const end = this.#at
    this.#at = at
    this.uvarint(size)
    this.#at = end
  }

  /** The tag section of a struct without tagged fields of its own. */
  onlyUnknownTags(tags: readonly UnknownTag[] | undefined): void {
    if (tags === undefined) {
      this.uvarint(0)
    } else {
      this.uvarint(tags.length)
      this.unknownTags(tags, -1, Number.POSITIVE_INFINITY)
    }
  }

  /** Unknown tagged fields with `from` < tag < `to`; answers how many were written. */
  unknownTags(tags: readonly UnknownTag[], from: number, to: number): number {
    let written = 0
    for (const { tag, bytes } of tags) {
      if (tag <= from || tag >= to) continue
      this.uvarint(tag)
      this.uvarint(bytes.length)
      this.#copy(bytes)
      written++
    }
    return written
  }

  object(value: unknown, path: string): void {
    if (typeof value !== 'object' || value === null) invalid(path, value)
  }

  unsupported(field: string): never {
    throw new EncodeError('unsupported-version', `${field} is set, and this version of the message cannot carry it`)
  }

  clash(path: string): never {
    throw new EncodeError('invalid-value', `${path} has an unknown tagged field under the tag of a known one`)
  }

  /** Four bytes at the very start, for a size known only at the end. */
  setInt32(at: number, value: number): void {
    this.#put32(this.#start + at, value)
  }

  #int16(value: number): void {
    const at = this.#room(2)
    this.#slab[at] = value >>> 8
    this.#slab[at + 1] = value
  }

  #put32(at: number, value: number): void {
    const slab = this.#slab
    slab[at] = value >>> 24
    slab[at + 1] = value >>> 16
    slab[at + 2] = value >>> 8
    slab[at + 3] = value
  }

  #part(from: number, to: number): Uint8Array {
    return new Uint8Array(this.#slab.buffer, from, to - from)
  }

  #text(value: string, field: string, compact: boolean): void {
    if (typeof value !== 'string') invalid(field, value)
    const length = value.length
    if (length <= SHORT_STRING && this.#ascii(value, length, compact)) return
    const size = Buffer.byteLength(value, 'utf8')
    if (size > MAX_STRING)
      throw new EncodeError('invalid-value', `${field} is too long: ${size} bytes, at most ${MAX_STRING}`)
    if (compact) this.uvarint(size + 1)
    else this.#int16(size)
    const at = this.#room(size)
    Buffer.from(this.#slab.buffer, at, size).write(value, 'utf8')
  }

  /** Short ASCII, as nearly all names are, without a call into the runtime. False: it was none, nothing was written. */
  #ascii(value: string, length: number, compact: boolean): boolean {
    const before = this.#at - this.#start
    if (compact) this.uvarint(length + 1)
    else this.#int16(length)
    const at = this.#room(length)
    const slab = this.#slab
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) {
        this.#at = this.#start + before
        return false
      }
      slab[at + i] = code
    }
    return true
  }

  #append(value: BytesValue): void {
    if (value instanceof Uint8Array) this.#appendOne(value)
    else for (const part of value) this.#appendOne(part)
  }

  #appendOne(bytes: Uint8Array): void {
    // Within a tagged field everything is copied: its bytes may still be moved by `endTag`.
    if (this.#byReference && this.#tagDepth === 0 && bytes.length >= REFERENCED_FROM) {
      this.#cuts.push({ at: this.#at - this.#start, bytes })
      this.#cutBytes += bytes.length
    } else {
      this.#copy(bytes)
    }
  }

  #copy(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#slab.set(bytes, at)
  }

  #halves(high: number, low: number): void {
    const at = this.#room(8)
    this.#put32(at, high)
    this.#put32(at + 4, low)
  }

  /** Makes sure that `n` more bytes fit, and answers where they start. Replaces the slab: call it in a statement of its
   *  own, before `#slab` or `#start` is read. */
  #room(n: number): number {
    if (this.#at + n > this.#slab.length) this.#move(n)
    const at = this.#at
    this.#at = at + n
    return at
  }

  /** To a new slab, with what the message has so far. The old one belongs to the messages before it. */
  #move(n: number): void {
    const written = this.#at - this.#start
    const slab = new Uint8Array(Math.max(SLAB, 2 * (written + n)))
    slab.set(this.#slab.subarray(this.#start, this.#at))
    this.#slab = slab
    this.#start = 0
    this.#at = written
  }
}

type BytesValue = Uint8Array | readonly Uint8Array[]

function sizeOf(value: BytesValue, field: string): number {
  if (value instanceof Uint8Array) return value.length
  if (!Array.isArray(value)) invalid(field, value)
  let size = 0
  for (const part of value) size += part.length
  return size
}

function invalid(field: string, value: unknown): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(value)
  throw new EncodeError('invalid-value', `${field} cannot be ${shown}`)
}
