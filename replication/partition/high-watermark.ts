// What is committed: the smallest end offset among all who may be in the ISR, while there are enough of them; and the
// acks that waited for it. Not who is in the ISR. Invariant: it only grows (P4, P5, P12).

import type { Instant, NodeId } from '../../src/base/index.ts'
import { isEligible } from './isr.ts'
import {
  effectiveMinIsr,
  type FollowerProgress,
  type Leader,
  leaderShare,
  type PartitionEffect,
  type PartitionState,
} from './state.ts'

export function advanceHighWatermark(
  state: PartitionState,
  leader: Leader,
  now: Instant,
  effects: PartitionEffect[],
): void {
  // KAFKA-15583, KIP-966: below min.insync.replicas nothing is committed, or a member of the ELR would lack it.
  if (leader.isr.isr.length < effectiveMinIsr(state)) return
  let next = leaderShare(state)
  for (const [id, progress] of leader.followers) {
    if (progress.endOffset < next && counts(state, leader, id, progress, now)) next = progress.endOffset
  }
  if (next <= state.highWatermark) return
  state.highWatermark = next
  effects.push({ kind: 'high-watermark', offset: next })
  releaseAcks(state, leader, effects)
}

/** Whether the high watermark waits for this replica. */
export function holdsHighWatermark(state: PartitionState, id: NodeId, now: Instant): boolean {
  if (state.role.kind !== 'leader') return false
  const progress = state.role.followers.get(id)
  return progress !== undefined && counts(state, state.role, id, progress, now)
}

/**
 * Members of the maximal ISR count (KIP-497), and, so that the high watermark does not outrun a replica that is about
 * to join, those that are caught up and eligible (as in Kafka).
 */
function counts(state: PartitionState, leader: Leader, id: NodeId, progress: FollowerProgress, now: Instant): boolean {
  const isr = leader.isr
  if (isr.isr.includes(id) || (isr.kind === 'pending-expand' && isr.added === id)) return true
  return now - progress.lastCaughtUpTime <= state.lagTimeMaxMs && isEligible(state, id, progress)
}

/** Acks up to the high watermark: they succeed only if the ISR is still large enough. */
export function releaseAcks(state: PartitionState, leader: Leader, effects: PartitionEffect[]): void {
  const released = leader.waiting.release(state.highWatermark)
  if (released.length === 0) return
  const enough = leader.isr.isr.length >= effectiveMinIsr(state)
  const error = enough ? 'NONE' : 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
  for (const wait of released) effects.push({ kind: 'acknowledge', ticket: wait.ticket, error })
}
