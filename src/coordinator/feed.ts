// The committed records of one replica, in order, a bounded piece at a time: batches opened, markers acted on, records of
// aborted transactions left out. Knows keys and values as bytes only. Invariant: a record is given out once, after
// everything before it is decided, and `stable` is never beyond a record that is still held back.

import type { Epoch, Offload, Offset } from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import {
  type BatchHeader,
  batchesOf,
  decodeControlRecord,
  decompressBatch,
  readBatchHeader,
  recordsOf,
} from '../wire/index.ts'
import type { CoordinatorLimits, CoordinatorLog } from './types.ts'

export interface RawRecord {
  readonly key: Uint8Array
  /** Null is a tombstone. */
  readonly value: Uint8Array | null
}

export interface FedPosition {
  readonly offset: Offset
  readonly epoch: Epoch
}

export type Fed =
  /** Bytes are borrowed from the log. */
  | { readonly kind: 'records'; readonly records: readonly RawRecord[] }
  /** All that is committed has been given out. */
  | { readonly kind: 'end' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'gone' }

export class LogFeed {
  /** Where the next read begins. */
  next: Offset
  /** The furthest position at which no transaction was open; null before the first batch. A fold that goes on from there
   *  misses nothing. */
  stable: FedPosition | null = null
  readonly #log: CoordinatorLog
  readonly #offload: Offload
  readonly #limits: CoordinatorLimits
  readonly #turn: () => Promise<void>
  /** By producer: what its open transaction has written. */
  readonly #undecided = new Map<number, RawRecord[]>()
  #held = 0

  /** `turn` resolves when the broker has a moment for what was read. */
  constructor(
    log: CoordinatorLog,
    offload: Offload,
    limits: CoordinatorLimits,
    turn: () => Promise<void>,
    from: Offset,
  ) {
    this.#log = log
    this.#offload = offload
    this.#limits = limits
    this.#turn = turn
    this.next = from
  }

  async read(): Promise<Fed> {
    const found = await this.#log.readCommitted(this.next, this.#limits.readBytes)
    if (found.kind === 'truncated') return { kind: 'truncated' }
    if (found.kind !== 'read') return found
    if (found.endOffset <= this.next) return { kind: 'end' }
    await this.#turn()
    const records: RawRecord[] = []
    try {
      for (const chunk of found.chunks) for (const header of batchesOf(chunk)) await this.#batch(chunk, header, records)
    } catch (error) {
      // What the log gives has passed its checks: it was written so, and will not be better the next time.
      if (!(error instanceof ProtocolError) && !(error instanceof RangeError)) throw error
      return { kind: 'failed', reason: `a batch behind offset ${this.next} cannot be read: ${error.message}` }
    }
    if (this.#held > this.#limits.undecidedRecords)
      return { kind: 'failed', reason: `more than ${this.#limits.undecidedRecords} records of undecided transactions` }
    this.next = found.endOffset
    return { kind: 'records', records }
  }

  async #batch(chunk: Uint8Array, header: BatchHeader, into: RawRecord[]): Promise<void> {
    // A batch that was compacted to nothing keeps its place.
    if (header.count > 0) {
      const plain = header.codec !== 'none'
      const bytes = plain ? await decompressBatch(chunk, header, this.#offload, this.#limits.openedBytes) : chunk
      const opened = plain ? readBatchHeader(bytes, 0) : header
      if (opened === null) throw new ProtocolError('its records end before their batch')
      if (header.control) this.#marker(bytes, opened, into)
      else if (header.transactional) this.#hold(header.producerId, bytes, opened)
      else for (const record of keyed(bytes, opened)) into.push(record)
    }
    if (this.#undecided.size === 0) this.stable = { offset: header.lastOffset + 1, epoch: header.partitionLeaderEpoch }
  }

  #hold(producerId: number, bytes: Uint8Array, header: BatchHeader): void {
    const held = this.#undecided.get(producerId) ?? []
    this.#undecided.set(producerId, held)
    for (const { key, value } of keyed(bytes, header)) {
      // A transaction may be open for long: its records must not hold the log's slabs.
      held.push({ key: key.slice(), value: value?.slice() ?? null })
      this.#held++
    }
  }

  #marker(bytes: Uint8Array, header: BatchHeader, into: RawRecord[]): void {
    for (const { key, value } of recordsOf(bytes, header)) {
      const marker = key === null || value === null ? null : decodeControlRecord(key, value)
      if (marker?.type !== 'COMMIT' && marker?.type !== 'ABORT') continue
      const held = this.#undecided.get(header.producerId) ?? []
      this.#undecided.delete(header.producerId)
      this.#held -= held.length
      if (marker.type === 'COMMIT') into.push(...held)
    }
  }
}

/** Kafka's compacted topics take no record without a key; one that got in otherwise says nothing to a coordinator. */
function* keyed(bytes: Uint8Array, header: BatchHeader): Generator<RawRecord> {
  for (const { key, value } of recordsOf(bytes, header)) if (key !== null) yield { key, value }
}
