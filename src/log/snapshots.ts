// The producer snapshots beside a log's segments, and bringing producers' state to any offset from them: the newest good
// one at or below it, and the batches behind. Recovery and truncation go the same way.

import type { Disk, Offset, Timestamp } from '../base/index.ts'
import { baseOffsetAt, producerIdAt, readBareHeader } from '../wire/index.ts'
import type { ProducerStates } from './producers.ts'
import { scanBatches } from './scan.ts'
import type { Segment } from './segment.ts'
import { segmentName } from './segment.ts'

export class Snapshots {
  readonly #disk: Disk
  readonly #directory: string
  /** Ascending. */
  #offsets: Offset[]

  constructor(disk: Disk, directory: string, offsets: readonly Offset[]) {
    this.#disk = disk
    this.#directory = directory
    this.#offsets = offsets.slice().sort((a, b) => a - b)
  }

  get offsets(): readonly Offset[] {
    return this.#offsets
  }

  async write(offset: Offset, bytes: Uint8Array): Promise<void> {
    await this.#disk.writeFileAtomic(this.#path(offset), bytes)
    if (this.#offsets.includes(offset)) return
    this.#offsets.push(offset)
    this.#offsets.sort((a, b) => a - b)
  }

  /** Removes those that are not to be kept, durably; `newest` is true for the largest offset still kept. Largest first. */
  async keep(wanted: (offset: Offset, newest: boolean) => boolean): Promise<void> {
    const kept: Offset[] = []
    for (const offset of this.#offsets.slice().reverse()) {
      if (wanted(offset, kept.length === 0)) kept.unshift(offset)
      else await this.#disk.remove(this.#path(offset))
    }
    const removed = kept.length < this.#offsets.length
    this.#offsets = kept
    // Else a power failure could bring one back that tells of batches which others have replaced.
    if (removed) await this.#disk.syncDirectory(this.#directory)
  }

  /** The file went with its segment. */
  gone(offset: Offset): void {
    this.#offsets = this.#offsets.filter((held) => held !== offset)
  }

  /** Loads the newest good snapshot at or below `upTo`; the offset from which batches must be noted. */
  async restore(
    producers: ProducerStates,
    upTo: Offset,
    logFrom: Offset,
    expiry: { readonly now: Timestamp; readonly ms: number },
  ): Promise<Offset> {
    for (const offset of this.#offsets.slice().reverse()) {
      if (offset > upTo) continue
      const bytes = await this.#disk.readFile(this.#path(offset))
      if (bytes !== null && producers.restore(bytes, expiry.now, expiry.ms)) return Math.max(offset, logFrom)
    }
    producers.clear()
    return logFrom
  }

  #path(offset: Offset): string {
    return this.#disk.join(this.#directory, `${segmentName(offset)}.snapshot`)
  }
}

/** Notes the batches of a segment that begin at or above `from`. Why it could not be read to its end; null if it could. */
export async function replayProducers(
  segment: Segment,
  from: Offset,
  producers: ProducerStates,
): Promise<string | null> {
  const range = { from: 0, size: segment.size, nextOffset: segment.baseOffset, crcFrom: Number.POSITIVE_INFINITY }
  return (await scanBatches(segment, range, (bytes, at) => noteProducer(bytes, at, from, producers))).fault
}

export function noteProducer(bytes: Uint8Array, at: number, from: Offset, producers: ProducerStates): void {
  if (producerIdAt(bytes, at) < 0 || baseOffsetAt(bytes, at) < from) return
  producers.note(readBareHeader(bytes, at))
}
