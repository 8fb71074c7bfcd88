// Who is in sync: when a leader proposes to add or to drop a replica, and what a verdict of the controller means. It
// proposes only; the controller's ISR is the truth (KIP-497). Invariant: at most one proposal is in flight, and a
// replica is proposed on the evidence of one fetch, with the broker epoch of that same fetch (KAFKA-15221).

import type { Instant, NodeId } from '../../src/base/index.ts'
import type { FollowerProgress, IsrMember, Leader, PartitionEffect, PartitionEvent, PartitionState } from './state.ts'

/** Unfenced, not shutting down (KIP-841), and in the life that its last fetch came from (KIP-903). */
export function isEligible(state: PartitionState, id: NodeId, progress: FollowerProgress): boolean {
  const broker = state.brokers.get(id)
  if (broker === undefined || broker.fenced || broker.shuttingDown) return false
  return progress.brokerEpoch === -1 || progress.brokerEpoch === broker.epoch
}

/** P8: at least the high watermark, and at least the start of this epoch (KAFKA-7128: the watermark may lag behind it). */
export function maybeExpand(
  state: PartitionState,
  leader: Leader,
  id: NodeId,
  progress: FollowerProgress,
  effects: PartitionEffect[],
): void {
  const isr = leader.isr
  if (isr.kind !== 'committed' || isr.isr.includes(id)) return
  if (progress.endOffset < state.highWatermark || progress.endOffset < leader.epochStartOffset) return
  if (!isEligible(state, id, progress)) return
  // The registration is kept in the order of the assignment by the controller; the order here is only for reading.
  const newIsr = members(state, leader, [...isr.isr, id])
  const proposal = state.nextProposal++
  leader.isr = { kind: 'pending-expand', isr: isr.isr, added: id, proposal, newIsr, retryAt: null }
  effects.push(propose(state, leader, `${id} has caught up to ${progress.endOffset}`))
}

export function maybeShrink(state: PartitionState, leader: Leader, now: Instant, effects: PartitionEffect[]): void {
  const isr = leader.isr
  if (isr.kind !== 'committed') return
  const removed = isr.isr.filter((id) => lagsSince(state, leader, id) < now - state.lagTimeMaxMs)
  if (removed.length === 0) return
  const staying = isr.isr.filter((id) => !removed.includes(id))
  const newIsr = members(state, leader, staying)
  const proposal = state.nextProposal++
  leader.isr = { kind: 'pending-shrink', isr: isr.isr, removed, proposal, newIsr, retryAt: null }
  const reasons = removed.map((id) => `${id} is behind for ${now - lagsSince(state, leader, id)}ms`)
  effects.push(propose(state, leader, reasons.join(', ')))
}

/** The earliest instant at which a member will have lagged for too long. */
export function shrinkDeadline(state: PartitionState, leader: Leader): Instant {
  let earliest = Number.POSITIVE_INFINITY
  for (const id of leader.isr.isr) {
    const since = lagsSince(state, leader, id)
    if (since < earliest) earliest = since
  }
  return earliest + state.lagTimeMaxMs + 1
}

/** Infinity while it has everything: an idle partition's followers do not lag (KAFKA-7152). */
function lagsSince(state: PartitionState, leader: Leader, id: NodeId): Instant {
  const progress = leader.followers.get(id)
  if (progress === undefined) return Number.POSITIVE_INFINITY
  return progress.endOffset >= state.endOffset ? Number.POSITIVE_INFINITY : progress.lastCaughtUpTime
}

export function proposeAgain(state: PartitionState, leader: Leader, now: Instant, effects: PartitionEffect[]): void {
  const isr = leader.isr
  if (isr.kind === 'committed' || isr.retryAt === null || isr.retryAt > now) return
  isr.retryAt = null
  effects.push(propose(state, leader, 'again'))
}

export function committed(
  state: PartitionState,
  leader: Leader,
  event: Extract<PartitionEvent, { kind: 'isr-committed' }>,
  effects: PartitionEffect[],
): void {
  const isr = leader.isr
  // Metadata has overtaken the answer, or it belongs to another epoch (KAFKA-12686).
  if (isr.kind === 'committed' || isr.proposal !== event.proposal) return
  if (event.leaderEpoch !== leader.epoch || event.partitionEpoch < state.partitionEpoch) return
  leader.isr = { kind: 'committed', isr: event.isr }
  state.partitionEpoch = event.partitionEpoch
  effects.push({ kind: 'isr', isr: event.isr })
}

/**
 * Only two errors prove that the proposal was not and will not be applied, nor an earlier copy of it whose answer was lost
 * (our controller moves the partition epoch on when it refuses a member); then the committed ISR is known to stand.
 * After the others that give up, the maximal ISR is kept until metadata says what holds. What is left is tried again.
 */
export function refused(leader: Leader, proposal: number, error: string, retryAt: Instant): void {
  const isr = leader.isr
  if (isr.kind === 'committed' || isr.proposal !== proposal) return
  switch (error) {
    case 'OPERATION_NOT_ATTEMPTED':
    case 'INELIGIBLE_REPLICA':
      leader.isr = { kind: 'committed', isr: isr.isr }
      return
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'UNKNOWN_TOPIC_ID':
    case 'FENCED_LEADER_EPOCH':
    case 'INVALID_UPDATE_VERSION':
    case 'INVALID_REQUEST':
    case 'NEW_LEADER_ELECTED':
      isr.retryAt = null
      return
    default:
      isr.retryAt = retryAt
  }
}

function members(state: PartitionState, leader: Leader, ids: readonly NodeId[]): readonly IsrMember[] {
  return ids.map((id) => ({
    id,
    brokerEpoch:
      id === state.nodeId ? (state.brokers.get(id)?.epoch ?? -1) : (leader.followers.get(id)?.brokerEpoch ?? -1),
  }))
}

function propose(state: PartitionState, leader: Leader, reason: string): PartitionEffect {
  const isr = leader.isr
  return {
    kind: 'propose-isr',
    proposal: isr.kind === 'committed' ? 0 : isr.proposal,
    leaderEpoch: leader.epoch,
    partitionEpoch: state.partitionEpoch,
    newIsr: isr.kind === 'committed' ? [] : isr.newIsr,
    reason,
  }
}
