// Which batches and records survive a cleaning: the rules of Kafka's Cleaner, as values. A record stays if it is the last of
// its key in what has been mapped, or lies beyond that; a tombstone for delete.retention.ms more, counted from the cleaning
// that first meets it as the last of its key (KIP-534: the batch's delete horizon); a marker while data of its transaction
// remain, and as long again; of every producer the last batch, if need be without records, so that its sequence is known.
// Stricter than Kafka: nothing beyond what has been mapped is touched, so that no horizon runs before its cleaning; and the
// last batch of every segment stays, so that a segment always begins where the one before it ends.

import type { Offset, Timestamp } from '../../base/index.ts'
import type { BatchHeader } from '../../wire/index.ts'
import { isExactTime, visitRecords } from '../../wire/index.ts'
import type { OffsetMap } from './offset-map.ts'
import type { MarkerType, TransactionWalk } from './transactions.ts'

export interface LastOfProducer {
  /** Null where its last word was a marker. */
  readonly lastDataOffset: Offset | null
  readonly epoch: number
}

export interface RetentionRules {
  readonly map: OffsetMap
  /** Exclusive: what has been mapped. */
  readonly mappedTo: Offset
  readonly now: Timestamp
  readonly deleteRetentionMs: number
  readonly lastOfProducers: ReadonlyMap<number, LastOfProducer>
  readonly transactions: TransactionWalk
}

/**
 * `empty`: without records, for its producer, whose last time it tells. `placeholder`: without records, for its offsets
 * alone. `thin`: the records for which `kept` is 1, and a delete horizon where it is not −1.
 */
export type BatchFate =
  | { readonly kind: 'keep' | 'drop' | 'empty' | 'placeholder' }
  | { readonly kind: 'thin'; readonly kept: Uint8Array; readonly deleteHorizon: Timestamp }

export interface MetBatch {
  readonly header: BatchHeader
  /** Of a control batch. */
  readonly marker: MarkerType | null
  /** The last one of the segment that is being written. */
  readonly last: boolean
}

const KEEP: BatchFate = { kind: 'keep' }
const DROP: BatchFate = { kind: 'drop' }
const EMPTY: BatchFate = { kind: 'empty' }
const PLACEHOLDER: BatchFate = { kind: 'placeholder' }

/** What is known without the records; null: they must be looked at. Batches are met once each, in order of the log. */
export function fateOfBatch(batch: MetBatch, rules: RetentionRules): BatchFate | null {
  const { header, marker } = batch
  const beyond = header.lastOffset >= rules.mappedTo
  if (marker !== null) {
    const mayGo = rules.transactions.mayGo(header, marker)
    if (beyond || (header.count > 0 && !mayGo)) return KEEP
    if (header.count === 0) return withoutRecords(batch, rules)
    if (!header.hasDeleteHorizon) return markedToGo(header, rules)
    return header.baseTimestamp <= rules.now ? withoutRecords(batch, rules) : KEEP
  }
  const aborted = rules.transactions.isAborted(header)
  if (beyond) return KEEP
  return aborted || header.count === 0 ? withoutRecords(batch, rules) : null
}

/** The fate of a data batch by its records, plain. `header` is that of the plain bytes. */
export function fateByRecords(
  batch: MetBatch,
  bytes: Uint8Array,
  header: BatchHeader,
  rules: RetentionRules,
): BatchFate {
  const kept = new Uint8Array(header.count)
  const tombstonesStay = !header.hasDeleteHorizon || rules.now < header.baseTimestamp
  let count = 0
  let tombstones = 0
  let exact = isExactTime(header.baseTimestamp)
  visitRecords(bytes, header, (record) => {
    exact &&= isExactTime(record.timestampDelta)
    if (record.keyFrom < 0) return true
    const last = rules.map.get(bytes, record.keyFrom, record.keyEnd)
    if (header.baseOffset + record.offsetDelta < last || !(record.hasValue || tombstonesStay)) return true
    kept[record.index] = 1
    count++
    if (!record.hasValue) tombstones++
    return true
  })
  if (count === 0) return withoutRecords(batch, rules)
  // Times that cannot be told from a horizon leave the tombstones of their batch where they are.
  const marks = tombstones > 0 && !header.hasDeleteHorizon && exact
  const deleteHorizon = marks ? horizon(rules) : -1
  return count === header.count && !marks ? KEEP : { kind: 'thin', kept, deleteHorizon }
}

function markedToGo(header: BatchHeader, rules: RetentionRules): BatchFate {
  if (!isExactTime(header.baseTimestamp)) return KEEP
  return { kind: 'thin', kept: new Uint8Array(header.count).fill(1), deleteHorizon: horizon(rules) }
}

/** Beyond it times are not exact (see `isExactTime`). */
const FARTHEST = 2 ** 50

function horizon(rules: RetentionRules): Timestamp {
  return Math.min(rules.now + rules.deleteRetentionMs, FARTHEST)
}

function withoutRecords(batch: MetBatch, rules: RetentionRules): BatchFate {
  const { header } = batch
  const lastOfProducer = isLastOfProducer(header, rules)
  if (!batch.last && !lastOfProducer) return DROP
  if (header.count === 0) return KEEP
  return lastOfProducer ? EMPTY : PLACEHOLDER
}

function isLastOfProducer(header: BatchHeader, rules: RetentionRules): boolean {
  if (header.producerId < 0) return false
  const last = rules.lastOfProducers.get(header.producerId)
  if (last === undefined) return false
  if (last.lastDataOffset !== null) return header.lastOffset === last.lastDataOffset
  return header.control && header.producerEpoch === last.epoch
}
