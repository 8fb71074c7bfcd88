// The way of a machine's appends into the log: gathered into batches, staged, and told when they are committed or that the log
// does not have them. Knows no roles. Invariant: while it is open every append is told exactly once what became of it, and
// the commits in order; after `close` nothing is told of what came before.

import type { Clock, CompressionCodec, Epoch, Offload, Offset, Timer, Timers } from '../base/index.ts'
import { assert } from '../base/index.ts'
import { buildBatch, compressBatch, type ErrorName, type RecordInput, readBatchHeader } from '../wire/index.ts'
import type { AppendOutcome, CoordinatorLog } from './types.ts'

export interface AppenderOptions {
  readonly log: CoordinatorLog
  readonly timers: Timers
  readonly clock: Clock
  readonly offload: Offload
  /** Null: batches are plain. */
  readonly compression: CompressionCodec | null
  /** −1: at the end of this turn's work; 0: each append at once, alone. */
  readonly lingerMs: number
  readonly committed: (append: number) => void
  readonly failed: (append: number, error: ErrorName) => void
  /** The batch at `offset` has records before it that nobody here wrote. */
  readonly stranger: (offset: Offset) => void
  readonly onFatal: (error: Error) => void
}

export interface EncodedRecord {
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

interface Staged {
  /** The last append of the batch: all before it are older. */
  readonly append: number
  readonly endOffset: Offset
}

/** Of a record beside key and value, at most: five varints of up to ten bytes, the attributes, no headers. */
const RECORD_OVERHEAD = 40
const BATCH_BYTES = 61

export class Appender {
  readonly #options: AppenderOptions
  /** Another life of the machine, another generation: outcomes of an earlier one come to nobody. */
  #generation = 0
  /** Where this leader's next batch begins if nobody else writes; −1: not known. */
  #next: Offset = -1
  #epoch: Epoch = -1
  #appends: number[] = []
  #records: RecordInput[] = []
  #bytes = BATCH_BYTES
  #linger: Timer | null = null
  #atTurnsEnd = false
  /** Batches go to the log in the order in which they were made, however long each is compressed. */
  #before: Promise<unknown> = Promise.resolve()
  #staged: Staged[] = []

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  /** A machine is active; the log ends at `offset`, where this epoch began. */
  open(epoch: Epoch, offset: Offset): void {
    this.close()
    this.#epoch = epoch
    this.#next = offset
  }

  close(): void {
    this.#generation++
    this.#epoch = -1
    this.#staged = []
    this.#clear()
  }

  add(append: number, epoch: Epoch, records: readonly EncodedRecord[]): void {
    assert(records.length > 0, 'an append has records')
    if (epoch !== this.#epoch) {
      this.#options.failed(append, 'NOT_LEADER_OR_FOLLOWER')
      return
    }
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + RECORD_OVERHEAD, 0)
    if (this.#records.length > 0 && this.#bytes + bytes > this.#options.log.maxBatchBytes) this.#flush()
    const timestamp = this.#options.clock.wall()
    this.#appends.push(append)
    for (const { key, value } of records) this.#records.push({ timestamp, key, value })
    this.#bytes += bytes
    this.#schedule()
  }

  /** The high watermark is at `offset`. */
  release(offset: Offset): void {
    let last: Staged | null = null
    let count = 0
    for (const staged of this.#staged) {
      if (staged.endOffset > offset) break
      last = staged
      count++
    }
    if (last === null) return
    this.#staged.splice(0, count)
    this.#options.committed(last.append)
  }

  #schedule(): void {
    const { lingerMs, timers, onFatal } = this.#options
    if (lingerMs === 0) this.#flush()
    else if (lingerMs > 0) this.#linger ??= timers.after(lingerMs, () => this.#flush())
    else if (!this.#atTurnsEnd) {
      this.#atTurnsEnd = true
      Promise.resolve()
        .then(() => {
          this.#atTurnsEnd = false
          this.#flush()
        })
        .catch(onFatal)
    }
  }

  #clear(): void {
    this.#linger?.cancel()
    this.#linger = null
    this.#appends = []
    this.#records = []
    this.#bytes = BATCH_BYTES
  }

  #flush(): void {
    const appends = this.#appends
    const records = this.#records
    this.#clear()
    if (appends.length === 0) return
    const { compression, onFatal } = this.#options
    const batch = buildBatch({ records })
    const generation = this.#generation
    const send = (bytes: Uint8Array): void => {
      if (generation === this.#generation) this.#send(bytes, appends)
    }
    if (compression === null) send(batch)
    else {
      const sent = Promise.all([this.#compressed(batch, compression), this.#before]).then(([bytes]) => send(bytes))
      sent.catch(onFatal)
      this.#before = sent
    }
  }

  #compressed(batch: Uint8Array, codec: CompressionCodec): Promise<Uint8Array> {
    const header = readBatchHeader(batch, 0)
    assert(header !== null, 'a batch that was built is whole')
    return compressBatch(batch, header, codec, this.#options.offload)
  }

  #send(bytes: Uint8Array, appends: readonly number[]): void {
    const { log, onFatal } = this.#options
    const generation = this.#generation
    log
      .append(bytes, this.#epoch)
      .then((outcome) => this.#outcome(generation, appends, outcome))
      .catch(onFatal)
  }

  #outcome(generation: number, appends: readonly number[], outcome: AppendOutcome): void {
    if (generation !== this.#generation) return
    if (outcome.kind === 'refused') {
      for (const append of appends) {
        if (generation === this.#generation) this.#options.failed(append, outcome.error)
      }
      return
    }
    const { baseOffset, endOffset } = outcome
    const expected = this.#next
    this.#next = endOffset
    this.#staged.push({ append: appends.at(-1)!, endOffset })
    if (baseOffset !== expected) {
      this.#options.stranger(expected)
      if (generation !== this.#generation) return
    }
    this.release(this.#options.log.highWatermark)
  }
}
