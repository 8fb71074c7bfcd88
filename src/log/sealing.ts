// What makes segments that are not written to any more, and all that belongs to them, durable, so that recovery may begin
// behind them; and what puts compacted ones in their place. Everything here runs in the log's own order of changes.

import type { Offset } from '../base/index.ts'
import { swapIn } from './cleaner/swap.ts'
import type { Durability } from './durability.ts'
import type { Segment } from './segment.ts'
import type { SegmentList } from './segments.ts'
import type { Snapshots } from './snapshots.ts'
import type { LogSurroundings } from './surroundings.ts'
import type { LogConfig } from './types.ts'

export interface SealedLog {
  readonly around: LogSurroundings
  readonly segments: SegmentList
  readonly snapshots: Snapshots
  readonly durability: Durability
  readonly path: () => string
  readonly config: () => LogConfig
  /** Given up, failed or damaged. */
  readonly unusable: () => boolean
  readonly writeEpochs: () => Promise<void>
  /** Others hold the records below `endOffset` now. */
  readonly replaced: (endOffset: Offset) => void
}

export class Sealing {
  readonly #log: SealedLog

  constructor(log: SealedLog) {
    this.#log = log
  }

  /** A segment that was rolled at `endOffset`, with the producers as they were then. */
  async seal(segment: Segment, endOffset: Offset, snapshot: Uint8Array): Promise<void> {
    const { around, segments, snapshots, durability, unusable, writeEpochs } = this.#log
    if (unusable() || !segments.has(segment) || segment === segments.active) return
    await segment.persistIndexes(true)
    await writeEpochs()
    await snapshots.write(endOffset, snapshot)
    await durability.until(endOffset)
    segment.sealed = true
    around.indexCache.loaded(segment)
    await around.checkpoint()
  }

  /** Segments that were not sealed when the process before died; those that this one has rolled are by now. */
  async sealRecovered(): Promise<void> {
    const { around, segments, durability, config, unusable, writeEpochs } = this.#log
    if (unusable()) return
    const left = segments.all.filter((each) => each !== segments.active && !each.sealed)
    if (left.length === 0) return
    for (const segment of left) {
      if (segment.index === null) await segment.loadIndexes(config().indexIntervalBytes)
      segment.finishTimeIndex()
      await segment.persistIndexes(true)
      // Together with all that is not durable yet; where nothing is, this one may only not be known to be.
      if (segment.dirty) await durability.until(segments.after(segment)!.baseOffset)
      if (segment.dirty) await segment.sync()
      segment.sealed = true
      around.indexCache.loaded(segment)
    }
    await writeEpochs()
    await around.checkpoint()
  }

  /** False: the segments are gone, or not to be replaced any more. */
  async replace(old: readonly Segment[], cleaned: Segment, wanted: () => boolean): Promise<boolean> {
    const { around, segments, snapshots, path, config, replaced } = this.#log
    const { janitor, indexCache, ports } = around
    if (!wanted() || !old.every((segment) => segments.has(segment))) {
      await cleaned.discard()
      return false
    }
    const end = segments.after(old.at(-1)!)!.baseOffset
    await swapIn(ports.disk, path(), old, cleaned, () => {
      segments.replace(old, cleaned)
      replaced(end)
      for (const segment of old) indexCache.forget(segment)
    })
    indexCache.loaded(cleaned)
    for (const segment of old) {
      if (segment !== old[0]) snapshots.gone(segment.baseOffset)
      janitor.after(config().fileDeleteDelayMs, () => segment.removeDeleted())
    }
    return true
  }
}
