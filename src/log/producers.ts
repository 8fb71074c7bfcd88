// What a log knows of idempotent producers (KIP-98, 360, 890): the last five batches of each, so that a retry is answered
// and a gap is refused, and the binary `.snapshot` that saves replaying the log. Derived from the log alone; the same
// batches give the same state. Transactions' fields are kept and not yet acted on.

import type { Offset, Timestamp } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import {
  crc32c,
  readInt16,
  readInt32,
  readInt64,
  readUint32,
  writeInt16,
  writeInt32,
  writeInt64,
} from '../wire/index.ts'

/** Kafka's number of batches a producer may have in flight, all of them recognised when repeated. */
const CACHED_BATCHES = 5
const SNAPSHOT_VERSION = 1
const SNAPSHOT_HEADER = 10
const SNAPSHOT_ENTRY = 46
const NO_EPOCH = -1
const MAX_SEQUENCE = 2147483647

export interface ProducedBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly lastOffset: Offset
  readonly offsetDelta: number
  readonly timestamp: Timestamp
}

export interface ProducerState {
  readonly producerId: number
  epoch: number
  /** Oldest first, at most five, all of `epoch`. */
  batches: ProducedBatch[]
  lastTimestamp: Timestamp
  coordinatorEpoch: number
  /** −1 where no transaction is open. */
  currentTxnFirstOffset: Offset
}

/** A producer as others may see it. */
export interface ProducerView {
  readonly producerId: number
  readonly epoch: number
  readonly lastSequence: number
  readonly lastTimestamp: Timestamp
  readonly coordinatorEpoch: number
  readonly currentTxnFirstOffset: number
}

export type SequenceJudgement =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly of: ProducedBatch }
  | {
      readonly kind: 'refused'
      readonly error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_PRODUCER_EPOCH' | 'INVALID_TXN_STATE'
      readonly message: string
    }

const NEXT: SequenceJudgement = { kind: 'next' }

export class ProducerStates {
  readonly #producers = new Map<number, ProducerState>()

  get size(): number {
    return this.#producers.size
  }

  all(): IterableIterator<ProducerState> {
    return this.#producers.values()
  }

  views(): ProducerView[] {
    return [...this.#producers.values()].map((state) => ({
      producerId: state.producerId,
      epoch: state.epoch,
      lastSequence: state.batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp: state.lastTimestamp,
      coordinatorEpoch: state.coordinatorEpoch,
      currentTxnFirstOffset: state.currentTxnFirstOffset,
    }))
  }

  get(producerId: number): ProducerState | undefined {
    return this.#producers.get(producerId)
  }

  clear(): void {
    this.#producers.clear()
  }

  /** Whether a client's batch may follow. A producer this log knows nothing of may begin with any sequence (KIP-360). */
  judge(batch: BatchHeader): SequenceJudgement {
    const state = this.#producers.get(batch.producerId)
    if (state === undefined || state.epoch === NO_EPOCH) return NEXT
    const { producerId, producerEpoch, baseSequence, lastSequence } = batch
    if (producerEpoch === state.epoch) {
      for (const known of state.batches) {
        if (known.firstSequence === baseSequence && known.lastSequence === lastSequence) {
          return { kind: 'duplicate', of: known }
        }
      }
    }
    if (producerEpoch < state.epoch) {
      const message = `epoch ${producerEpoch} of producer ${producerId} is older than ${state.epoch}, the last seen`
      return { kind: 'refused', error: 'INVALID_PRODUCER_EPOCH', message }
    }
    if (producerEpoch > state.epoch) {
      if (baseSequence === 0) return judgeTransaction(state, batch)
      const message = `producer ${producerId} begins epoch ${producerEpoch} with sequence ${baseSequence} instead of 0`
      return { kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER', message }
    }
    const last = state.batches.at(-1)?.lastSequence ?? -1
    if (baseSequence === last + 1 || (baseSequence === 0 && last === MAX_SEQUENCE))
      return judgeTransaction(state, batch)
    const message = `sequence ${baseSequence} of producer ${producerId} does not follow ${last}`
    return { kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER', message }
  }

  /** Takes note of a batch that is in the log, whoever wrote it. Its header must carry its real offsets. */
  note(batch: BatchHeader): void {
    let state = this.#producers.get(batch.producerId)
    if (state === undefined) {
      state = {
        producerId: batch.producerId,
        epoch: batch.producerEpoch,
        batches: [],
        lastTimestamp: batch.maxTimestamp,
        coordinatorEpoch: -1,
        currentTxnFirstOffset: -1,
      }
      this.#producers.set(batch.producerId, state)
    }
    if (batch.producerEpoch !== state.epoch) {
      state.epoch = batch.producerEpoch
      state.batches = []
    }
    state.lastTimestamp = batch.maxTimestamp
    if (batch.control) {
      // A marker ends the transaction (KIP-98); it carries no sequence.
      state.currentTxnFirstOffset = -1
      return
    }
    if (state.batches.length === CACHED_BATCHES) state.batches.shift()
    state.batches.push({
      firstSequence: batch.baseSequence,
      lastSequence: batch.lastSequence,
      lastOffset: batch.lastOffset,
      offsetDelta: batch.lastOffsetDelta,
      timestamp: batch.maxTimestamp,
    })
    if (batch.transactional && state.currentTxnFirstOffset < 0) state.currentTxnFirstOffset = batch.baseOffset
  }

  /** Forgets producers without an open transaction that have been silent for `expirationMs`. */
  expire(now: Timestamp, expirationMs: number): void {
    for (const [id, state] of this.#producers) {
      if (state.currentTxnFirstOffset < 0 && now - state.lastTimestamp >= expirationMs) this.#producers.delete(id)
    }
  }

  /** First offset of the oldest open transaction, or null. */
  firstUnstableOffset(): Offset | null {
    let first: Offset | null = null
    for (const state of this.#producers.values()) {
      const offset = state.currentTxnFirstOffset
      if (offset >= 0 && (first === null || offset < first)) first = offset
    }
    return first
  }

  /** Kafka's snapshot file, entries by producer id. */
  snapshot(): Uint8Array {
    const states = [...this.#producers.values()].sort((a, b) => a.producerId - b.producerId)
    const out = new Uint8Array(SNAPSHOT_HEADER + states.length * SNAPSHOT_ENTRY)
    writeInt16(out, 0, SNAPSHOT_VERSION)
    writeInt32(out, 6, states.length)
    let at = SNAPSHOT_HEADER
    for (const state of states) {
      const last = state.batches.at(-1)
      writeInt64(out, at, state.producerId)
      writeInt16(out, at + 8, state.epoch)
      writeInt32(out, at + 10, last?.lastSequence ?? -1)
      writeInt64(out, at + 14, last?.lastOffset ?? -1)
      writeInt32(out, at + 22, last?.offsetDelta ?? 0)
      writeInt64(out, at + 26, state.lastTimestamp)
      writeInt32(out, at + 34, state.coordinatorEpoch)
      writeInt64(out, at + 38, state.currentTxnFirstOffset)
      at += SNAPSHOT_ENTRY
    }
    writeInt32(out, 2, crc32c(out.subarray(6)) | 0)
    return out
  }

  /** Replaces everything by a snapshot's producers, leaving out expired ones. False, and empty, for a bad snapshot. */
  restore(bytes: Uint8Array, now: Timestamp, expirationMs: number): boolean {
    this.#producers.clear()
    if (bytes.length < SNAPSHOT_HEADER || readInt16(bytes, 0) !== SNAPSHOT_VERSION) return false
    if (crc32c(bytes.subarray(6)) !== readUint32(bytes, 2)) return false
    const count = readInt32(bytes, 6)
    if (count < 0 || bytes.length !== SNAPSHOT_HEADER + count * SNAPSHOT_ENTRY) return false
    for (let at = SNAPSHOT_HEADER; at < bytes.length; at += SNAPSHOT_ENTRY) {
      const lastSequence = readInt32(bytes, at + 10)
      const lastOffset = readInt64(bytes, at + 14)
      const offsetDelta = readInt32(bytes, at + 22)
      const lastTimestamp = readInt64(bytes, at + 26)
      const state: ProducerState = {
        producerId: readInt64(bytes, at),
        epoch: readInt16(bytes, at + 8),
        batches: [],
        lastTimestamp,
        coordinatorEpoch: readInt32(bytes, at + 34),
        currentTxnFirstOffset: readInt64(bytes, at + 38),
      }
      if (lastOffset >= 0) {
        const firstSequence = sequenceBefore(lastSequence, offsetDelta)
        state.batches.push({ firstSequence, lastSequence, lastOffset, offsetDelta, timestamp: lastTimestamp })
      }
      if (state.currentTxnFirstOffset < 0 && now - lastTimestamp >= expirationMs) continue
      this.#producers.set(state.producerId, state)
    }
    return true
  }
}

function judgeTransaction(state: ProducerState, batch: BatchHeader): SequenceJudgement {
  if (state.currentTxnFirstOffset < 0 || batch.transactional) return NEXT
  const message = `producer ${state.producerId} has a transaction open and sent a batch outside of it`
  return { kind: 'refused', error: 'INVALID_TXN_STATE', message }
}

function sequenceBefore(sequence: number, by: number): number {
  return sequence >= by ? sequence - by : MAX_SEQUENCE - (by - sequence) + 1
}
