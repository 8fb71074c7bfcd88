// One cleaning of one log, in two walks: over the dirty part to map every key to its last offset, then over everything up
// to where the map reaches, to write what survives, group of segments by group. Reads and writes beside the log: only
// `replace` changes it, one group at a time, in the log's own order of changes.
// Invariant: whatever has been given up is given up between two pieces, and leaves nothing but a `.cleaned` file behind.

import type { Disk, Epoch, Offload, Offset, Timestamp } from '../../base/index.ts'
import { ProtocolError, StorageError } from '../../base/index.ts'
import type { BatchHeader } from '../../wire/index.ts'
import {
  compressBatch,
  decompressBatch,
  emptiedBatch,
  keepRecords,
  lastOffsetAt,
  maxTimestampAt,
  readBatchHeader,
  visitRecords,
} from '../../wire/index.ts'
import { MAX_OPENED_BYTES } from '../opening.ts'
import { Segment } from '../segment.ts'
import type { LogConfig } from '../types.ts'
import type { Piece } from './batches.ts'
import { markerOf, piecesOf } from './batches.ts'
import type { OffsetMap } from './offset-map.ts'
import type { Cleanable } from './plan.ts'
import { groupSegments } from './plan.ts'
import type { BatchFate, LastOfProducer, MetBatch, RetentionRules } from './retention.ts'
import { fateByRecords, fateOfBatch } from './retention.ts'
import type { AbortedTransaction } from './transactions.ts'
import { AbortedTransactions, TransactionWalk } from './transactions.ts'
import { keepAborted } from './txn-index.ts'

/** Positions in a segment are 32 bits. */
const LARGEST_SEGMENT = 2147483647

export interface RunContext {
  readonly disk: Disk
  readonly offload: Offload
  readonly directory: string
  readonly config: LogConfig
  readonly now: Timestamp
  readonly cleanable: Cleanable
  /** Those up to `cleanable.upTo`, and at least one. */
  readonly segments: readonly Segment[]
  readonly lastOfProducers: ReadonlyMap<number, LastOfProducer>
  /** The epoch in which an offset was written; −1 where none is known. */
  readonly epochAt: (offset: Offset) => Epoch
  readonly map: OffsetMap
  /** Bytes of a piece. */
  readonly pieceBytes: number
  /** Waits until so many bytes may be read or written; rejects with `GivenUp` when the cleaning is over. */
  readonly pace: (bytes: number) => Promise<void>
  /** Puts a segment, durable, in the place of those it was made from; rejects with `GivenUp` if they are gone. */
  readonly replace: (old: readonly Segment[], cleaned: Segment) => Promise<void>
}

/** The log is being cut, deleted or closed: not an error. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp'
}

export interface CleaningResult {
  /** Exclusive. */
  readonly cleanedTo: Offset
  readonly bytesBefore: number
  readonly bytesAfter: number
}

/** Null: all that is dirty waits for the end of a transaction, which lies in a segment that is not to be cleaned yet. */
export async function runCleaning(context: RunContext): Promise<CleaningResult | null> {
  const run = new Run(context)
  const mappedTo = await run.mapKeys()
  return mappedTo === context.cleanable.firstDirtyOffset ? null : run.clean(mappedTo)
}

class Run {
  readonly #context: RunContext
  #aborted: readonly AbortedTransaction[] | null = null
  /** Where the transactions begin whose end is not among the segments, by producer. */
  #undecided: ReadonlyMap<number, Offset> = new Map()
  /** Offsets of the markers of aborted transactions that have stayed. */
  readonly #abortMarkers = new Set<Offset>()

  constructor(context: RunContext) {
    this.#context = context
  }

  /** Fills the map from the first dirty offset on; where it has come to, exclusive. */
  async mapKeys(): Promise<Offset> {
    const { segments, cleanable } = this.#context
    let mappedTo = cleanable.firstDirtyOffset
    let walk: TransactionWalk | null = null
    for (const segment of segments) {
      const end = this.#endOf(segment)
      if (end <= cleanable.firstDirtyOffset) continue
      for await (const piece of this.#pieces(segment)) {
        for (const header of piece.headers) {
          if (header.lastOffset < cleanable.firstDirtyOffset) continue
          if (header.transactional && walk === null) walk = new TransactionWalk(await this.#abortedTransactions())
          // Whether it has happened is not known here: in the map it would let go what it may not have replaced.
          if (this.#isUndecided(header)) return mappedTo
          const data = !header.control && header.count > 0 && !(walk?.isAborted(header) ?? false)
          if (data && !(await this.#mapBatch(piece, header))) return this.#partly(mappedTo)
          mappedTo = header.lastOffset + 1
        }
      }
      // Offsets that a cleaning before has left out at the end of the segment.
      mappedTo = end
    }
    return mappedTo
  }

  #isUndecided({ transactional, control, count, producerId, baseOffset }: BatchHeader): boolean {
    if (!transactional || control || count === 0) return false
    const first = this.#undecided.get(producerId)
    return first !== undefined && first <= baseOffset
  }

  #pieces(segment: Segment): AsyncGenerator<Piece, void> {
    const { pieceBytes, pace, epochAt } = this.#context
    return piecesOf(segment, { endBelow: this.#endOf(segment), epochAt }, pieceBytes, pace)
  }

  #endOf(segment: Segment): Offset {
    const { segments, cleanable } = this.#context
    return segments[segments.indexOf(segment) + 1]?.baseOffset ?? cleanable.upTo
  }

  /** The map is full. At least one batch must have gone in, or no cleaning would ever get further. */
  #partly(mappedTo: Offset): Offset {
    if (mappedTo > this.#context.cleanable.firstDirtyOffset) return mappedTo
    throw new ProtocolError(
      `the keys of the batch at offset ${mappedTo} alone do not fit into the map: raise log.cleaner.dedupe.buffer.size`,
    )
  }

  /** False: the map is full. What of the batch has gone in does no harm: the batch stays, and what is older may go. */
  async #mapBatch(piece: Piece, header: BatchHeader): Promise<boolean> {
    const { map, cleanable, offload } = this.#context
    const plain = await decompressBatch(piece.bytes, header, offload, MAX_OPENED_BYTES)
    const opened = header.codec === 'none' ? header : readBatchHeader(plain, 0)!
    const bytes = header.codec === 'none' ? piece.bytes : plain
    let room = true
    visitRecords(bytes, opened, (record) => {
      const offset = header.baseOffset + record.offsetDelta
      if (record.keyFrom >= 0 && offset >= cleanable.firstDirtyOffset) {
        room = map.put(bytes, record.keyFrom, record.keyEnd, offset)
      }
      return room
    })
    return room
  }

  async clean(mappedTo: Offset): Promise<CleaningResult> {
    const { segments, config, map, now, lastOfProducers } = this.#context
    // What has been cleaned before holds no data of aborted transactions any more: those in what is mapped are known.
    const transactions = new TransactionWalk(this.#aborted ?? [])
    const rules: RetentionRules = {
      map,
      mappedTo,
      now,
      deleteRetentionMs: config.deleteRetentionMs,
      lastOfProducers,
      transactions,
    }
    const chosen = segments.filter((segment) => segment.baseOffset < mappedTo)
    let bytesBefore = 0
    let bytesAfter = 0
    for (const group of groupSegments(chosen, this.#endOf(chosen.at(-1)!), config)) {
      for (const segment of group) bytesBefore += segment.size
      bytesAfter += await this.#cleanGroup(group, rules)
    }
    return { cleanedTo: mappedTo, bytesBefore, bytesAfter }
  }

  async #cleanGroup(group: readonly Segment[], rules: RetentionRules): Promise<number> {
    const { disk, directory, replace } = this.#context
    const cleaned = await Segment.cleaned(disk, directory, group[0]!.baseOffset, group.at(-1)!.modified)
    try {
      const filled = group.filter((segment) => segment.size > 0)
      for (const segment of filled) await this.#cleanInto(cleaned, segment, segment === filled.at(-1), rules)
      cleaned.finishTimeIndex()
      await cleaned.sync()
      await cleaned.persistIndexes(true)
      await keepAborted(disk, group, cleaned, this.#abortMarkers)
      await disk.setModified(cleaned.pathOf('.log'), group.at(-1)!.modified)
    } catch (error) {
      // A disk that fails is left alone; the file is removed at the next opening, or by the next cleaning.
      if (!(error instanceof StorageError)) await cleaned.discard()
      throw error
    }
    await replace(group, cleaned)
    return cleaned.size
  }

  async #cleanInto(cleaned: Segment, segment: Segment, last: boolean, rules: RetentionRules): Promise<void> {
    const { pace, config } = this.#context
    for await (const piece of this.#pieces(segment)) {
      const survivors = new Survivors()
      for (const header of piece.headers) {
        const isLast = last && piece.position + header.position + header.size === segment.size
        const batch: MetBatch = { header, marker: markerOf(piece.bytes, header), last: isLast }
        const survivor = await this.#survivor(piece, batch, rules)
        if (survivor === null) continue
        if (batch.marker === 'ABORT') this.#abortMarkers.add(header.lastOffset)
        const { indexIntervalBytes } = config
        const maxTimestamp = maxTimestampAt(survivor, 0)
        cleaned.noteBatch(lastOffsetAt(survivor, 0), maxTimestamp, cleaned.size, survivor.length, indexIntervalBytes)
        cleaned.size += survivor.length
        survivors.add(survivor)
      }
      if (cleaned.size > LARGEST_SEGMENT) {
        throw new ProtocolError(`what is left of ${cleaned.pathOf('.log')} is larger than a segment can be`)
      }
      if (survivors.bytes === 0) continue
      await pace(survivors.bytes)
      await survivors.writeTo(cleaned)
    }
  }

  /** What of a batch is written; null: nothing. */
  async #survivor(piece: Piece, batch: MetBatch, rules: RetentionRules): Promise<Uint8Array | null> {
    const { offload } = this.#context
    const { header } = batch
    const early = fateOfBatch(batch, rules)
    if (early !== null && early.kind !== 'thin') return simply(early.kind, piece.bytes, header)
    const plain = await decompressBatch(piece.bytes, header, offload, MAX_OPENED_BYTES)
    const opened = readBatchHeader(plain, 0)!
    const fate: BatchFate = early ?? fateByRecords(batch, plain, opened, rules)
    if (fate.kind !== 'thin') return simply(fate.kind, piece.bytes, header)
    const thin = keepRecords(plain, opened, fate.kept, fate.deleteHorizon)
    if (header.codec === 'none' || header.codec === 'unknown') return thin
    return compressBatch(thin, readBatchHeader(thin, 0)!, header.codec, offload)
  }

  /** Found in a walk of their own, when the first transactional batch is met; most logs have none. */
  async #abortedTransactions(): Promise<readonly AbortedTransaction[]> {
    if (this.#aborted !== null) return this.#aborted
    const transactions = new AbortedTransactions()
    for (const segment of this.#context.segments) {
      for await (const { bytes, headers } of this.#pieces(segment)) {
        for (const header of headers) {
          const marker = markerOf(bytes, header)
          if (marker !== null) transactions.marker(header, marker)
          // One without records, which is there for its producer, may have lost its marker.
          else if (header.count > 0) transactions.data(header)
        }
      }
    }
    this.#aborted = transactions.found
    this.#undecided = transactions.undecided
    return this.#aborted
  }
}

function simply(kind: Exclude<BatchFate['kind'], 'thin'>, bytes: Uint8Array, header: BatchHeader): Uint8Array | null {
  switch (kind) {
    case 'keep':
      return bytes.subarray(header.position, header.position + header.size)
    case 'drop':
      return null
    case 'empty':
      return emptiedBatch(bytes, header, header.maxTimestamp)
    case 'placeholder':
      return emptiedBatch(bytes, header, -1)
  }
}

/** Batches to be written, those that follow each other in what was read as one. */
class Survivors {
  readonly #chunks: Uint8Array[] = []
  bytes = 0

  add(batch: Uint8Array): void {
    this.bytes += batch.length
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.buffer === batch.buffer && last.byteOffset + last.length === batch.byteOffset) {
      const joined = new Uint8Array(last.buffer, last.byteOffset, last.length + batch.length)
      this.#chunks[this.#chunks.length - 1] = joined
    } else this.#chunks.push(batch)
  }

  writeTo(segment: Segment): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = this.#chunks.length
      for (const chunk of this.#chunks) {
        segment.append(chunk, (error) => {
          left--
          if (error !== null) reject(error)
          else if (left === 0) resolve()
        })
      }
    })
  }
}
