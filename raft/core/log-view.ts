// Arithmetic on the core's mirror of the log: epochs, divergence, truncation (KIP-101 as KIP-595 uses it), durability.
// Touches nothing but the mirror.

import type { Epoch, Offset } from '../../src/base/index.ts'
import { assert } from '../../src/base/index.ts'
import type { LogView, SnapshotId } from './types.ts'

/** Epoch of the last record; of the newest snapshot when the log behind it is empty; 0 for a new log. */
export function lastEpoch(log: LogView): Epoch {
  const last = log.epochs[log.epochs.length - 1]
  if (last !== undefined) return last.epoch
  return log.snapshots[log.snapshots.length - 1]?.epoch ?? 0
}

/** Epoch of the record before `offset`: what a snapshot that ends there must carry (R16). 0 at the beginning. */
export function epochBefore(log: LogView, offset: Offset): Epoch {
  const entry = log.epochs.findLast((start) => start.startOffset < offset)
  if (entry !== undefined) return entry.epoch
  return log.snapshots.findLast((id) => id.endOffset <= offset)?.epoch ?? 0
}

/** Where `epoch` ends in this log, or where the largest smaller epoch does. */
export function endOffsetForEpoch(log: LogView, epoch: Epoch): SnapshotId {
  if (epoch === log.epochs[log.epochs.length - 1]?.epoch) return { epoch, endOffset: log.endOffset }
  const above = log.epochs.findIndex((start) => start.epoch > epoch)
  if (above < 0) return { epoch: lastEpoch(log), endOffset: log.endOffset }
  const endOffset = log.epochs[above]!.startOffset
  if (above > 0) return { epoch: log.epochs[above - 1]!.epoch, endOffset }
  // Smaller than every epoch here: what lies below is known by the oldest snapshot only.
  const oldest = log.snapshots[0]
  return oldest !== undefined && oldest.endOffset === endOffset ? oldest : { epoch, endOffset }
}

export type Validity =
  | { readonly kind: 'valid' }
  | { readonly kind: 'diverging'; readonly at: SnapshotId }
  | { readonly kind: 'snapshot'; readonly id: SnapshotId }

/** Whether a log that ends at `offset` with `epoch` is a prefix of this one; if not, where to go back to or what to load. */
export function validate(log: LogView, offset: Offset, epoch: Epoch): Validity {
  const oldest = log.snapshots[0]
  const newest = log.snapshots[log.snapshots.length - 1]
  if (offset === 0 && newest !== undefined) return { kind: 'snapshot', id: newest }
  if (log.startOffset === 0 && offset === 0 && epoch === 0) return { kind: 'valid' }
  if (
    oldest !== undefined &&
    newest !== undefined &&
    (offset < log.startOffset || (offset === log.startOffset && epoch !== oldest.epoch) || epoch < oldest.epoch)
  ) {
    return { kind: 'snapshot', id: newest }
  }
  const end = endOffsetForEpoch(log, epoch)
  return end.epoch !== epoch || end.endOffset < offset ? { kind: 'diverging', at: end } : { kind: 'valid' }
}

/** The point of agreement with a leader that says its largest epoch not above ours ends at `at`. */
export function truncationPoint(log: LogView, at: SnapshotId): Offset {
  if (at.epoch === 0) return Math.min(at.endOffset, log.endOffset)
  const own = endOffsetForEpoch(log, at.epoch)
  return own.epoch === at.epoch ? Math.min(own.endOffset, at.endOffset) : own.endOffset
}

/** Notes an append that is staged. */
export function extend(log: LogView, id: number, baseOffset: Offset, endOffset: Offset, epoch: Epoch): void {
  assert(baseOffset === log.endOffset && endOffset > baseOffset, 'appends continue the log')
  const last = lastEpoch(log)
  assert(epoch >= last, 'epochs in the log never go back')
  if (log.epochs.length === 0 || epoch > last) log.epochs.push({ epoch, startOffset: baseOffset })
  log.endOffset = endOffset
  const tail = log.pending[log.pending.length - 1]
  if (tail !== undefined && tail.id === id) tail.endOffset = endOffset
  else log.pending.push({ id, endOffset })
}

/** An append has become durable; false when it was cut away meanwhile. */
export function harden(log: LogView, id: number): boolean {
  const at = log.pending.findIndex((entry) => entry.id === id)
  if (at < 0) return false
  log.durableEndOffset = Math.max(log.durableEndOffset, log.pending[at]!.endOffset)
  log.pending.splice(0, at + 1)
  return true
}

export function cut(log: LogView, endOffset: Offset): void {
  assert(endOffset >= log.startOffset && endOffset <= log.endOffset, 'a log is cut within itself')
  log.endOffset = endOffset
  log.durableEndOffset = Math.min(log.durableEndOffset, endOffset)
  while (log.epochs.length > 0 && log.epochs[log.epochs.length - 1]!.startOffset >= endOffset) log.epochs.pop()
  // A pending append that reached over the cut is durable up to the cut only when it is durable at all.
  for (const entry of log.pending) entry.endOffset = Math.min(entry.endOffset, endOffset)
  log.pending = log.pending.filter((entry) => entry.endOffset > log.durableEndOffset)
}

/** Everything before the snapshot's end is represented by it, and nothing else is held. */
export function restartAt(log: LogView, id: SnapshotId): void {
  log.startOffset = id.endOffset
  log.endOffset = id.endOffset
  log.durableEndOffset = id.endOffset
  log.epochs = []
  log.snapshots = [id]
  log.pending = []
}
