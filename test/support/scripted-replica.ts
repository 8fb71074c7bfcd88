// A replica whose every outcome is the test's: what is appended stays where it is, the high watermark moves when it is told
// to, appends can be refused or kept waiting. Batches are real bytes.

import type { AppendOutcome, CommittedRead, CoordinatorLog } from '../../src/coordinator/index.ts'
import { type BatchInput, batchesOf, buildBatch, patchBatch } from '../../src/wire/index.ts'

interface Stored {
  readonly epoch: number
  readonly base: number
  readonly end: number
  readonly bytes: Uint8Array
}

export class ScriptedReplica implements CoordinatorLog {
  readonly at: CoordinatorLog['at'] = { topic: 'kv', topicId: 'AAAAAAAAAAAAAAAAAAAAAQ', partition: 0 }
  readonly maxBatchBytes: number = 2000
  logStartOffset = 0
  highWatermark = 0
  batches: Stored[] = []
  /** The next append is answered so instead. */
  refusal: Extract<AppendOutcome, { kind: 'refused' }> | null = null
  /** Reads answer so instead. */
  reading: Exclude<CommittedRead, { kind: 'read' }> | null = null
  /** Appends are in the log at once, and say so when this resolves. */
  gate: Promise<void> = Promise.resolve()
  reads: number[] = []

  get endOffset(): number {
    return this.batches.at(-1)?.end ?? this.logStartOffset
  }

  endOffsetForEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } {
    const found = this.batches.filter((batch) => batch.epoch <= epoch).at(-1)
    return found === undefined ? { epoch: -1, endOffset: -1 } : { epoch: found.epoch, endOffset: found.end }
  }

  async readCommitted(from: number, maxBytes: number): Promise<CommittedRead> {
    this.reads.push(from)
    if (this.reading !== null) return this.reading
    if (from < this.logStartOffset) return { kind: 'truncated', logStartOffset: this.logStartOffset }
    const chunks: Uint8Array[] = []
    let bytes = 0
    let endOffset = from
    for (const batch of this.batches) {
      if (batch.end <= from || batch.end > this.highWatermark) continue
      if (bytes > 0 && bytes + batch.bytes.length > maxBytes) break
      chunks.push(batch.bytes)
      bytes += batch.bytes.length
      endOffset = batch.end
    }
    return { kind: 'read', chunks, endOffset }
  }

  async append(bytes: Uint8Array, epoch: number): Promise<AppendOutcome> {
    const { refusal } = this
    this.refusal = null
    const outcome = refusal ?? this.put(bytes, epoch)
    await this.gate
    return outcome
  }

  put(bytes: Uint8Array, epoch: number): Extract<AppendOutcome, { kind: 'staged' }> {
    const baseOffset = this.endOffset
    const own = bytes.slice()
    patchBatch(own, 0, baseOffset, epoch)
    const endOffset = [...batchesOf(own)][0]!.lastOffset + 1
    this.batches.push({ epoch, base: baseOffset, end: endOffset, bytes: own })
    return { kind: 'staged', baseOffset, endOffset }
  }

  /** Records as some leader has written them. */
  write(epoch: number, records: Readonly<Record<string, string | null>>, input: Partial<BatchInput> = {}): number {
    const text = new TextEncoder()
    const list = Object.entries(records).map(([key, value]) => ({
      timestamp: 0,
      key: text.encode(key),
      value: value === null ? null : text.encode(value),
    }))
    return this.put(buildBatch({ records: list, ...input }), epoch).endOffset
  }

  /** Retention has taken what is before `offset`. */
  begin(offset: number): void {
    this.logStartOffset = offset
  }

  cut(to: number): void {
    this.batches = this.batches.filter((batch) => batch.end <= to)
  }
}
