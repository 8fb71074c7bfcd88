// Writes Kafka's primitive types into one growing scratch array that is reused from message to message; what leaves is
// a copy of exactly the bytes written, so no uninitialised or foreign byte can. `records` and large `bytes` may be
// referenced instead of copied. A value that its type cannot hold throws EncodeError; a string with a lone surrogate is
// written with U+FFFD in its place (Java writes `?`), since neither has a UTF-8 form.

import type { Uuid } from '../base/index.ts'
import { isUuid, ZERO_UUID } from '../base/index.ts'
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
const FIRST_CAPACITY = 16 * 1024
/** A scratch larger than this is not kept for the next message. */
const KEPT_CAPACITY = 1024 * 1024
/** Shorter byte fields are copied: a chunk of their own would cost the socket more than the copy. */
const REFERENCED_FROM = 512
const SHORT_STRING = 40
const TWO_32 = 2 ** 32

interface Cut {
  /** Position in the scratch before which `bytes` go. */
  readonly at: number
  readonly bytes: Uint8Array
}

export class Writer {
  #buffer: Buffer = Buffer.alloc(FIRST_CAPACITY)
  #view: DataView = viewOf(this.#buffer)
  #at = 0
  #byReference = false
  #cuts: Cut[] = []
  #cutBytes = 0
  #tagDepth = 0

  /** Forgets what was written; `byReference` decides whether `finishChunks` may hold the caller's arrays. */
  begin(byReference: boolean): void {
    if (this.#buffer.length > KEPT_CAPACITY) {
      this.#buffer = Buffer.alloc(FIRST_CAPACITY)
      this.#view = viewOf(this.#buffer)
    }
    this.#at = 0
    this.#byReference = byReference
    this.#cuts = []
    this.#cutBytes = 0
    this.#tagDepth = 0
  }

  /** Bytes written, those by reference included. */
  get size(): number {
    return this.#at + this.#cutBytes
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at))
  }

  finishChunks(): Uint8Array[] {
    const own = this.finish()
    if (this.#cuts.length === 0) return [own]
    const chunks: Uint8Array[] = []
    let from = 0
    for (const cut of this.#cuts) {
      if (cut.at > from) chunks.push(own.subarray(from, cut.at))
      chunks.push(cut.bytes)
      from = cut.at
    }
    if (from < own.length) chunks.push(own.subarray(from))
    return chunks
  }

  bool(value: boolean, field: string): void {
    if (typeof value !== 'boolean') invalid(field, value)
    const at = this.#room(1)
    this.#view.setInt8(at, value ? 1 : 0)
  }

  int8(value: number, field: string): void {
    if ((value << 24) >> 24 !== value) invalid(field, value)
    const at = this.#room(1)
    this.#view.setInt8(at, value)
  }

  int16(value: number, field: string): void {
    if ((value << 16) >> 16 !== value) invalid(field, value)
    this.#int16(value)
  }

  uint16(value: number, field: string): void {
    if ((value & 0xffff) !== value) invalid(field, value)
    const at = this.#room(2)
    this.#view.setUint16(at, value)
  }

  int32(value: number, field: string): void {
    if ((value | 0) !== value) invalid(field, value)
    const at = this.#room(4)
    this.#view.setInt32(at, value)
  }

  uint32(value: number, field: string): void {
    if (value >>> 0 !== value) invalid(field, value)
    const at = this.#room(4)
    this.#view.setUint32(at, value)
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
    this.#view.setBigInt64(at, BigInt(value))
  }

  float64(value: number, field: string): void {
    if (typeof value !== 'number') invalid(field, value)
    const at = this.#room(8)
    this.#view.setFloat64(at, value)
  }

  uuid(value: Uuid, field: string): void {
    const at = this.#room(16)
    if (value === ZERO_UUID) this.#buffer.fill(0, at, at + 16)
    else if (typeof value === 'string' && isUuid(value)) this.#buffer.write(value, at, 16, 'base64url')
    else invalid(field, value)
  }

  uvarint(value: number): void {
    let left = value
    while (left > 0x7f) {
      const at = this.#room(1)
      this.#view.setUint8(at, (left & 0x7f) | 0x80)
      left >>>= 7
    }
    const at = this.#room(1)
    this.#view.setUint8(at, left)
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
    return this.#room(1)
  }

  endTag(at: number): void {
    this.#tagDepth--
    const size = this.#at - at - 1
    let extra = 0
    for (let left = size; left > 0x7f; left >>>= 7) extra++
    if (extra > 0) {
      this.#room(extra)
      this.#buffer.copyWithin(at + 1 + extra, at + 1, at + 1 + size)
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
    this.#view.setInt32(at, value)
  }

  #int16(value: number): void {
    const at = this.#room(2)
    this.#view.setInt16(at, value)
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
    this.#buffer.write(value, at, size, 'utf8')
  }

  /** Short ASCII, as nearly all names are, without a call into the runtime. False: it was none, nothing was written. */
  #ascii(value: string, length: number, compact: boolean): boolean {
    const before = this.#at
    if (compact) this.uvarint(length + 1)
    else this.#int16(length)
    const at = this.#room(length)
    const buffer = this.#buffer
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) {
        this.#at = before
        return false
      }
      buffer[at + i] = code
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
      this.#cuts.push({ at: this.#at, bytes })
      this.#cutBytes += bytes.length
    } else {
      this.#copy(bytes)
    }
  }

  #copy(bytes: Uint8Array): void {
    const at = this.#room(bytes.length)
    this.#buffer.set(bytes, at)
  }

  #halves(high: number, low: number): void {
    const at = this.#room(8)
    this.#view.setInt32(at, high)
    this.#view.setUint32(at + 4, low)
  }

  /** Makes sure that `n` more bytes fit, and answers where they start. Replaces the scratch: call it in a statement of
   *  its own, before `#view` or `#buffer` is read. */
  #room(n: number): number {
    const at = this.#at
    this.#at = at + n
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#at))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
      this.#view = viewOf(larger)
    }
    return at
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

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

function invalid(field: string, value: unknown): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(value)
  throw new EncodeError('invalid-value', `${field} cannot be ${shown}`)
}
