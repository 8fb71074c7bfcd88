// What lies beside a log and could be told from it (D4): leader epochs, offset and time indexes, snapshots of producers. All
// that they say must be what the batches say; a second, plain derivation, so that the log's own can be held against it.
// Does not check that they are complete where the log does without (sparse indexes), nor transactions in snapshots.

import type { NodeId, Offset, Timestamp } from '../../base/index.ts'
import type { BatchFact } from './batches.ts'
import type { LogModel } from './logs.ts'
import type { EpochStart } from './storage.ts'
import type { Findings } from './types.ts'

/** A batch in its segment's file. */
export interface StoredBatch {
  readonly fact: BatchFact
  readonly position: number
  readonly maxTimestamp: Timestamp
  /** Its CRC is that of its bytes. */
  readonly intact: boolean
}

export interface OffsetEntry {
  readonly offset: Offset
  readonly position: number
}

export interface TimeEntry {
  readonly timestamp: Timestamp
  readonly offset: Offset
}

export interface ProducerEntry {
  readonly producerId: number
  readonly epoch: number
  readonly lastSequence: number
  /** −1: nothing is known of its batches. */
  readonly lastOffset: Offset
}

export class DerivedInvariants {
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Whether a batch's bytes are what its CRC was made of, on a disk none of whose bits was flipped: it was not copied
   *  from one that had it wrong (D2). */
  whole(node: NodeId, model: LogModel, { fact, intact }: StoredBatch): void {
    if (intact) return
    const { baseOffset } = fact
    const text = `${model.name}: node ${node} has a batch at ${baseOffset} whose CRC does not match, on a good disk`
    this.#findings.violated('D2', text, { node, partition: model.name, offset: baseOffset })
  }

  /** A leader-epoch checkpoint beside all batches of its log. */
  epochs(node: NodeId, model: LogModel, batches: readonly StoredBatch[], entries: readonly EpochStart[]): void {
    let at = -1
    for (const { fact } of batches) {
      // Where the log begins now, an epoch begins too, and nothing is noted before.
      if (fact.baseOffset < model.released) continue
      while (at + 1 < entries.length && entries[at + 1]!.startOffset <= fact.baseOffset) at++
      const noted = entries[at]?.epoch ?? -1
      if (noted === fact.epoch) continue
      const text = `notes epoch ${noted} for offset ${fact.baseOffset}, where a batch of epoch ${fact.epoch} lies`
      this.#violated(node, model, fact.baseOffset, text)
      return
    }
  }

  /** An offset index beside the batches of its segment. */
  offsets(node: NodeId, model: LogModel, batches: readonly StoredBatch[], entries: readonly OffsetEntry[]): void {
    const byPosition = new Map(batches.map((batch) => [batch.position, batch.fact]))
    for (const { offset, position } of entries) {
      const there = byPosition.get(position)
      if (there?.lastOffset === offset) continue
      const instead = there === undefined ? 'no batch begins' : `the batch up to ${there.lastOffset} begins`
      this.#violated(node, model, offset, `indexes offset ${offset} at byte ${position}, where ${instead}`)
      return
    }
  }

  /** A time index beside the batches of its segment: each entry tells the largest timestamp up to its batch. */
  times(node: NodeId, model: LogModel, batches: readonly StoredBatch[], entries: readonly TimeEntry[]): void {
    const largest = new Map<Offset, Timestamp>()
    let soFar = -1
    for (const { fact, maxTimestamp } of batches) {
      soFar = Math.max(soFar, maxTimestamp)
      largest.set(fact.lastOffset, soFar)
    }
    for (const { timestamp, offset } of entries) {
      const expected = largest.get(offset)
      if (expected === timestamp) continue
      const there = expected === undefined ? 'no batch ends there' : `the largest up to there is ${expected}`
      this.#violated(node, model, offset, `indexes timestamp ${timestamp} at offset ${offset}, and ${there}`)
      return
    }
  }

  /** A snapshot of producers at an offset, beside all batches of its log. */
  producers(
    node: NodeId,
    model: LogModel,
    at: Offset,
    batches: readonly StoredBatch[],
    entries: readonly ProducerEntry[],
  ): void {
    const newest = new Map<number, BatchFact>()
    for (const { fact } of batches)
      if (fact.baseOffset < at && fact.baseSequence >= 0) newest.set(fact.producerId, fact)
    const known = new Map(entries.map((entry) => [entry.producerId, entry]))
    for (const [id, fact] of newest) {
      const entry = known.get(id)
      if (entry?.epoch === fact.producerEpoch && entry.lastOffset === fact.lastOffset) {
        if (entry.lastSequence === fact.lastSequence) continue
      }
      const said =
        entry === undefined
          ? 'nothing'
          : `sequence ${entry.lastSequence} of epoch ${entry.epoch} at offset ${entry.lastOffset}`
      const text = `says ${said} of producer ${id} in its snapshot at ${at}, and the log has sequence ${fact.lastSequence} of epoch ${fact.producerEpoch} at ${fact.lastOffset}`
      this.#violated(node, model, at, text)
      return
    }
    const start = batches[0]?.fact.baseOffset ?? at
    for (const { producerId, lastOffset } of entries) {
      if (lastOffset < start || newest.has(producerId)) continue
      const text = `says in its snapshot at ${at} that producer ${producerId} wrote offset ${lastOffset}, and it did not`
      this.#violated(node, model, at, text)
      return
    }
  }

  #violated(node: NodeId, model: LogModel, offset: Offset, what: string): void {
    const subject = { node, partition: model.name, offset }
    this.#findings.violated('D4', `${model.name}: node ${node} ${what}`, subject)
  }
}
