// Where a follower's log leaves its leader's, by epochs and never by a high watermark (KIP-101, KIP-279, KIP-320), and
// what to do when the leader doesn't have the offset asked for. Decides; the driver cuts.

import type { Epoch, Offset } from '../../src/base/index.ts'

/** What the local log knows of its epochs. */
export interface LocalEpochs {
  readonly endOffset: Offset
  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset }
}

/**
 * The leader's largest epoch ≤ the one we asked about, and where it ends there. Where we have that epoch, the logs agree
 * up to the smaller of both ends. Where we have not, our next smaller epoch ends before it: cut there and ask again
 * (KIP-279; the next fetch carries the then last epoch).
 */
export function truncationPoint(
  local: LocalEpochs,
  diverging: { readonly epoch: Epoch; readonly endOffset: Offset },
): Offset {
  if (diverging.epoch < 0) return Math.min(Math.max(diverging.endOffset, 0), local.endOffset)
  const own = local.endOffsetForEpoch(diverging.epoch)
  if (own.epoch < 0) return Math.min(diverging.endOffset, local.endOffset)
  if (own.epoch !== diverging.epoch) return Math.min(own.endOffset, local.endOffset)
  return Math.min(own.endOffset, diverging.endOffset, local.endOffset)
}

export type OutOfRange =
  /** The leader's log is shorter (an unclean election): cut to its end. */
  | { readonly kind: 'truncate'; readonly to: Offset }
  /** The leader has dropped what we lack: start anew where it starts. */
  | { readonly kind: 'restart'; readonly at: Offset }
  /** It has the offset by now. */
  | { readonly kind: 'resume' }

export function outOfRange(leader: { readonly start: Offset; readonly end: Offset }, localEnd: Offset): OutOfRange {
  if (leader.end < localEnd) return { kind: 'truncate', to: leader.end }
  if (leader.start > localEnd) return { kind: 'restart', at: leader.start }
  return { kind: 'resume' }
}
