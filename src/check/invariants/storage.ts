// What a log must keep on its own disk, whatever the disk and the power do: what was said to be durable survives (D1, D7),
// recovery cuts nothing that is durable and whole (D1), what is cut is gone before anything is written over it (D1), the
// word of a clean stop is left only over flushed logs and is gone before anything is written (D3), leader-epoch
// checkpoints run on and agree with the batches and with each other (P6). Does not check indexes and producer snapshots
// (D4; see `derived.ts`), compaction (D5) nor reads (D9; see `fetches.ts`).

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'

export interface EpochStart {
  readonly epoch: Epoch
  readonly startOffset: Offset
}

export class StorageInvariants {
  readonly #findings: Findings
  readonly #starts: Map<LogModel, Map<Epoch, Offset>> = new Map()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** A power failure is over; `claimed` is what the node last said to be durable, `endBefore` where its log ended. */
  survived(node: NodeId, model: LogModel, claimed: Offset, endBefore: Offset): void {
    const log = model.log(node)
    const owed = Math.min(claimed, endBefore)
    if (log.endOffset >= owed || log.covered >= owed) return
    const text = `said that offsets below ${owed} are durable, and after a power failure its disk ends at ${log.endOffset}`
    this.#violated('D1', node, model, owed, text)
  }

  /** Before a starting node's recovery cuts a segment: what is whole, durable and follows on without a gap must stay. */
  recoveryCuts(node: NodeId, model: LogModel, segmentBase: Offset, size: number): void {
    const log = model.log(node)
    const segment = log.segment(segmentBase)
    if (segment === undefined) return
    const durable = log.durableEndOffset
    for (const [i, batch] of segment.batches.entries()) {
      if (segment.ends[i]! <= size || batch.endOffset <= log.covered) continue
      const before = segment.batches[i - 1]
      if (before !== undefined && log.rot.has(before) && !log.rot.has(batch)) {
        const text = `cuts offset ${batch.baseOffset} in recovery, a good batch behind one with a bit that flipped`
        this.#violated('D2', node, model, batch.baseOffset, text)
        return
      }
      if (batch.endOffset > durable || log.rot.has(batch)) continue
      const text = `cuts offset ${batch.baseOffset} in recovery, which was whole and durable`
      this.#violated('D1', node, model, batch.baseOffset, text)
      return
    }
  }

  /** The word of a clean stop is on the disk. */
  stoppedCleanly(node: NodeId, model: LogModel): void {
    const log = model.logs.get(node)
    if (log === undefined || log.durableEndOffset >= log.endOffset) return
    const text = `leaves the word of a clean stop, and offsets from ${log.durableEndOffset} on are not durable`
    this.#violated('D3', node, model, log.durableEndOffset, text)
  }

  /** Something was written while that word was still there. */
  writtenUnderMarker(node: NodeId, model: LogModel): void {
    const end = model.log(node).endOffset
    this.#violated('D3', node, model, end, 'writes while the word of its clean stop is still there')
  }

  /** Durable bytes were cut, and others are written there before the cut is durable: a power failure may leave any mixture
   *  of both (ALICE, OSDI ’14), and of the old bytes whole batches. */
  writtenOverCut(node: NodeId, model: LogModel): void {
    const end = model.log(node).endOffset
    this.#violated('D1', node, model, end, 'writes over what it has cut, and no fsync of the cut came between')
  }

  /** A leader-epoch checkpoint was written. */
  epochs(node: NodeId, model: LogModel, entries: readonly EpochStart[]): void {
    const log = model.log(node)
    const known = this.#startsOf(model)
    for (const [i, { epoch, startOffset }] of entries.entries()) {
      const before = entries[i - 1]
      if (before !== undefined && (epoch <= before.epoch || startOffset < before.startOffset)) {
        const text = `notes that epoch ${epoch} begins at ${startOffset}, after epoch ${before.epoch} at ${before.startOffset}`
        this.#violated('P6', node, model, startOffset, text)
      }
      // The first entry moves along with the log's start. And where a leader's log begins, epochs before may be gone: a
      // follower with older records of its own copies from there on, and notes the epoch from there (KIP-101).
      if (i === 0 || startOffset <= model.released) continue
      const start = known.get(epoch)
      if (start === undefined) known.set(epoch, startOffset)
      else if (start !== startOffset) {
        const text = `notes that epoch ${epoch} begins at ${startOffset}, others that it does at ${start}`
        this.#violated('P6', node, model, startOffset, text)
      }
      const batch = log.at(startOffset)
      if (batch === null || batch.fact.epoch >= epoch) continue
      const text = `notes that epoch ${epoch} begins at ${startOffset}, where a batch of epoch ${batch.fact.epoch} lies`
      this.#violated('P6', node, model, startOffset, text)
    }
  }

  #startsOf(model: LogModel): Map<Epoch, Offset> {
    let known = this.#starts.get(model)
    if (known === undefined) {
      known = new Map()
      this.#starts.set(model, known)
    }
    return known
  }

  #violated(name: string, node: NodeId, model: LogModel, offset: Offset, what: string): void {
    this.#findings.violated(name, `${model.name}: node ${node} ${what}`, { node, partition: model.name, offset })
  }
}
