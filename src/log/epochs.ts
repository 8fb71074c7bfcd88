// Where each leader epoch begins in one log (KIP-101's cache), and its `leader-epoch-checkpoint` text. Entries ascend
// strictly in epoch and never descend in start offset. What an epoch means is for others to know.

import type { Epoch, Offset } from '../base/index.ts'
import { assert, NO_EPOCH } from '../base/index.ts'
import type { EpochEntry } from './types.ts'

export class EpochCache {
  #entries: EpochEntry[] = []

  get entries(): readonly EpochEntry[] {
    return this.#entries
  }

  get lastEpoch(): Epoch {
    return this.#entries.at(-1)?.epoch ?? NO_EPOCH
  }

  /** The epoch begins at `startOffset`; later entries that contradict it are dropped. True when anything changed. */
  assign(epoch: Epoch, startOffset: Offset): boolean {
    assert(epoch >= 0 && startOffset >= 0, `epoch ${epoch} cannot start at ${startOffset}`)
    const last = this.#entries.at(-1)
    if (last !== undefined && last.epoch === epoch && startOffset >= last.startOffset) return false
    let keep = this.#entries.length
    while (keep > 0) {
      const entry = this.#entries[keep - 1]!
      if (entry.epoch < epoch && entry.startOffset < startOffset) break
      keep--
    }
    this.#entries.length = keep
    this.#entries.push({ epoch, startOffset })
    return true
  }

  /** Forgets epochs that begin at `endOffset` or later. */
  truncateFromEnd(endOffset: Offset): boolean {
    const keep = this.#entries.findIndex((entry) => entry.startOffset >= endOffset)
    if (keep < 0) return false
    this.#entries.length = keep
    return true
  }

  /** The log begins at `startOffset` now: the epoch in force there begins there. */
  truncateFromStart(startOffset: Offset): boolean {
    let first = -1
    while (first + 1 < this.#entries.length && this.#entries[first + 1]!.startOffset <= startOffset) first++
    if (first < 0 || (first === 0 && this.#entries[0]!.startOffset === startOffset)) return false
    this.#entries.splice(0, first + 1, { epoch: this.#entries[first]!.epoch, startOffset })
    return true
  }

  clear(): void {
    this.#entries = []
  }

  /** The epoch of the record at `offset`; −1 where none is known. */
  epochAt(offset: Offset): Epoch {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      if (this.#entries[i]!.startOffset <= offset) return this.#entries[i]!.epoch
    }
    return NO_EPOCH
  }

  /** See `PartitionLog.endOffsetForEpoch`. */
  endOffsetFor(epoch: Epoch, logEndOffset: Offset): { readonly epoch: Epoch; readonly endOffset: Offset } {
    const entries = this.#entries
    if (epoch < 0 || entries.length === 0) return { epoch: NO_EPOCH, endOffset: -1 }
    let floor = entries.length - 1
    while (floor >= 0 && entries[floor]!.epoch > epoch) floor--
    // Older than all that is known: it ended where the first known one begins (KIP-101).
    if (floor < 0) return { epoch, endOffset: entries[0]!.startOffset }
    return { epoch: entries[floor]!.epoch, endOffset: entries[floor + 1]?.startOffset ?? logEndOffset }
  }

  format(): string {
    return `0\n${this.#entries.length}\n${this.#entries.map((e) => `${e.epoch} ${e.startOffset}\n`).join('')}`
  }

  /** Null for text that is not a checkpoint of ascending epochs. */
  static parse(text: string): EpochCache | null {
    const lines = text.split('\n')
    const count = Number(lines[1])
    if (lines[0] !== '0' || !/^\d+$/.test(lines[1] ?? '') || lines.length < count + 2) return null
    const cache = new EpochCache()
    for (let i = 0; i < count; i++) {
      const match = /^(\d+) (\d+)$/.exec(lines[i + 2]!)
      if (match === null) return null
      const entry = { epoch: Number(match[1]), startOffset: Number(match[2]) }
      const last = cache.#entries.at(-1)
      if (last !== undefined && (entry.epoch <= last.epoch || entry.startOffset < last.startOffset)) return null
      cache.#entries.push(entry)
    }
    return cache
  }
}
