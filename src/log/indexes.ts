// A segment's two sparse indexes, held in memory in the very bytes of their files. The offset index (8 bytes an entry)
// maps the last offset of a batch to where the batch begins; the time index (12 bytes) maps the largest timestamp so far
// to the last offset of the batch that had it. Offsets are relative to the segment's base. Entries ascend. Both are
// derivable from the log, and are never trusted beyond it.

import type { Offset, Timestamp } from '../base/index.ts'
import { readInt32, readInt64, writeInt32, writeInt64 } from '../wire/index.ts'

export const OFFSET_ENTRY = 8
export const TIME_ENTRY = 12

/** Growing bytes of fixed-size entries, and how many of them the file is known to hold. */
class Entries {
  readonly entrySize: number
  readonly baseOffset: Offset
  bytes: Uint8Array
  /** Bytes in use. */
  length: number
  /** Leading bytes that the file holds as they are here. */
  persisted: number

  constructor(entrySize: number, baseOffset: Offset, bytes: Uint8Array | null) {
    this.entrySize = entrySize
    this.baseOffset = baseOffset
    this.bytes = bytes ?? new Uint8Array(0)
    this.length = this.bytes.length
    this.persisted = this.length
  }

  get count(): number {
    return this.length / this.entrySize
  }

  get dirty(): boolean {
    return this.persisted !== this.length
  }

  protected grow(): number {
    const at = this.length
    if (at + this.entrySize > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.entrySize * 16, this.bytes.length * 2))
      larger.set(this.bytes.subarray(0, at))
      this.bytes = larger
    }
    this.length += this.entrySize
    return at
  }

  protected cut(count: number): void {
    this.length = count * this.entrySize
    if (this.persisted > this.length) this.persisted = this.length
  }
}

export class OffsetIndex extends Entries {
  constructor(baseOffset: Offset, bytes: Uint8Array | null = null) {
    super(OFFSET_ENTRY, baseOffset, bytes)
  }

  #relative(entry: number): number {
    return readInt32(this.bytes, entry * OFFSET_ENTRY)
  }

  offset(entry: number): Offset {
    return this.baseOffset + this.#relative(entry)
  }

  position(entry: number): number {
    return readInt32(this.bytes, entry * OFFSET_ENTRY + 4)
  }

  append(lastOffset: Offset, position: number): void {
    const at = this.grow()
    writeInt32(this.bytes, at, lastOffset - this.baseOffset)
    writeInt32(this.bytes, at + 4, position)
  }

  /** Where to begin looking for `offset`: the last indexed batch that ends at or before it, else the start. */
  lookup(offset: Offset): number {
    const entry = this.#floor(offset)
    return entry < 0 ? 0 : this.position(entry)
  }

  /** Forgets entries of batches that end at `offset` or later. */
  truncate(offset: Offset): void {
    this.cut(this.#floor(offset - 1) + 1)
  }

  /** Whether the entries ascend and lie within a log of `logSize` bytes. */
  sane(logSize: number): boolean {
    if (this.length % OFFSET_ENTRY !== 0) return false
    for (let i = 0; i < this.count; i++) {
      if (this.#relative(i) < 0 || this.position(i) < 0 || this.position(i) >= logSize) return false
      if (i > 0 && (this.#relative(i) <= this.#relative(i - 1) || this.position(i) <= this.position(i - 1)))
        return false
    }
    return true
  }

  #floor(offset: Offset): number {
    const relative = offset - this.baseOffset
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#relative(middle) <= relative) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

export class TimeIndex extends Entries {
  constructor(baseOffset: Offset, bytes: Uint8Array | null = null) {
    super(TIME_ENTRY, baseOffset, bytes)
  }

  timestamp(entry: number): Timestamp {
    return readInt64(this.bytes, entry * TIME_ENTRY)
  }

  offset(entry: number): Offset {
    return this.baseOffset + readInt32(this.bytes, entry * TIME_ENTRY + 8)
  }

  get lastTimestamp(): Timestamp {
    return this.count === 0 ? -1 : this.timestamp(this.count - 1)
  }

  /** Adds an entry when the timestamp has grown since the last one. */
  maybeAppend(timestamp: Timestamp, offset: Offset): void {
    if (timestamp <= this.lastTimestamp) return
    const at = this.grow()
    writeInt64(this.bytes, at, timestamp)
    writeInt32(this.bytes, at + 8, offset - this.baseOffset)
  }

  /** The offset of the last entry whose timestamp is at most `timestamp`; the base offset when there is none. */
  lookup(timestamp: Timestamp): Offset {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timestamp(middle) <= timestamp) low = middle + 1
      else high = middle
    }
    return low === 0 ? this.baseOffset : this.offset(low - 1)
  }

  truncate(offset: Offset): void {
    let count = this.count
    while (count > 0 && this.offset(count - 1) >= offset) count--
    this.cut(count)
  }

  sane(): boolean {
    if (this.length % TIME_ENTRY !== 0) return false
    for (let i = 0; i < this.count; i++) {
      if (this.offset(i) < this.baseOffset) return false
      if (i > 0 && (this.timestamp(i) <= this.timestamp(i - 1) || this.offset(i) < this.offset(i - 1))) return false
    }
    return true
  }
}
