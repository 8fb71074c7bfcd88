// The decisions of one partition: one event in, effects out, synchronous, changing its own state only. It does not
// know how a batch is written or sent. Invariants: the high watermark never goes back while leading, and never passes
// what a member of the maximal ISR has reported (KIP-497, KAFKA-15583).

import { assert, type Instant, type NodeId, unreachable } from '../../src/base/index.ts'
import {
  awaitDeletion,
  deletableUpTo,
  deletionDeadline,
  expireDeletions,
  failDeletions,
  releaseDeletions,
} from './deletions.ts'
import { advanceHighWatermark, releaseAcks } from './high-watermark.ts'
import { committed, maybeExpand, maybeShrink, proposeAgain, refused, shrinkDeadline } from './isr.ts'
import {
  type AckError,
  type Assignment,
  type DeletionError,
  effectiveMinIsr,
  type Leader,
  newFollowerProgress,
  newLeader,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionState,
} from './state.ts'

const NOTHING: readonly PartitionEffect[] = Object.freeze([])
/** Between two attempts to propose one ISR, milliseconds (Kafka's AlterPartitionManager waits as long). */
const ISR_RETRY_MS = 50

export function step(state: PartitionState, event: PartitionEvent, now: Instant): readonly PartitionEffect[] {
  switch (event.kind) {
    case 'append':
      return [permission(state, event.acks)]
    case 'staged':
      return staged(state, event.upTo, event.ticket, event.deadline)
    case 'delete-records':
      return deleteRecords(state, event)
    case 'appended':
      return appended(state, event.endOffset, event.durableEndOffset, now)
    case 'fetched':
      return fetched(state, event, now)
    case 'followed':
      return followed(state, event.leaderEpoch, event.highWatermark)
    case 'become-leader':
      return becomeLeader(state, event.assignment, event.logEndOffset, now)
    case 'become-follower':
      return becomeFollower(state, event.assignment)
    case 'become-offline':
      return becomeOffline(state, event.reason)
    case 'truncated':
      return truncated(state, event)
    case 'metadata':
      state.brokers = event.brokers
      return leading(state, now, (leader, effects) => releaseDeletions(state, leader, effects))
    case 'config':
      state.minInsyncReplicas = event.minInsyncReplicas
      state.durable = event.durable
      return leading(state, now, () => {})
    case 'isr-committed':
      return leading(state, now, (leader, effects) => committed(state, leader, event, effects))
    case 'isr-refused':
      return leading(state, now, (leader) => refused(leader, event.proposal, event.error, now + ISR_RETRY_MS))
    case 'isr-retry':
      return leading(state, now, (leader) => {
        if (leader.isr.kind !== 'committed' && leader.isr.proposal === event.proposal)
          leader.isr.retryAt = now + ISR_RETRY_MS
      })
    case 'tick':
      return leading(state, now, (leader, effects) => {
        expireAcks(leader, now, effects)
        expireDeletions(state, leader, now, effects)
        proposeAgain(state, leader, now, effects)
        maybeShrink(state, leader, now, effects)
      })
    default:
      return unreachable(event)
  }
}

/** When a `tick` is due; Infinity where nothing waits for time. */
export function deadline(state: PartitionState): Instant {
  const leader = state.role
  if (leader.kind !== 'leader') return Number.POSITIVE_INFINITY
  const isr = leader.isr
  const isrDeadline =
    isr.kind === 'committed' ? shrinkDeadline(state, leader) : (isr.retryAt ?? Number.POSITIVE_INFINITY)
  return Math.min(leader.ackDeadline, deletionDeadline(leader), isrDeadline)
}

/** What changes a leader's view may let the high watermark go on (KAFKA-13091: also after a shrink was committed). */
function leading(
  state: PartitionState,
  now: Instant,
  change: (leader: Leader, effects: PartitionEffect[]) => void,
): readonly PartitionEffect[] {
  if (state.role.kind !== 'leader') return NOTHING
  const effects: PartitionEffect[] = []
  change(state.role, effects)
  advanceHighWatermark(state, state.role, now, effects)
  return effects.length === 0 ? NOTHING : effects
}

function permission(state: PartitionState, acks: 0 | 1 | -1): PartitionEffect {
  const role = state.role
  if (role.kind === 'offline') return { kind: 'refuse', error: 'KAFKA_STORAGE_ERROR' }
  if (role.kind === 'follower') return { kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }
  if (acks === -1 && role.isr.isr.length < effectiveMinIsr(state))
    return { kind: 'refuse', error: 'NOT_ENOUGH_REPLICAS' }
  return { kind: 'write', epoch: role.epoch }
}

function staged(state: PartitionState, upTo: number, ticket: number, due: Instant): readonly PartitionEffect[] {
  const leader = state.role
  if (leader.kind !== 'leader') {
    return [
      {
        kind: 'acknowledge',
        ticket,
        error: leader.kind === 'offline' ? 'KAFKA_STORAGE_ERROR' : 'NOT_LEADER_OR_FOLLOWER',
      },
    ]
  }
  leader.waiting.add(upTo, { ticket, deadline: due })
  if (due < leader.ackDeadline) leader.ackDeadline = due
  if (upTo > state.highWatermark) return NOTHING
  const effects: PartitionEffect[] = []
  releaseAcks(state, leader, effects)
  return effects
}

function deleteRecords(
  state: PartitionState,
  event: Extract<PartitionEvent, { kind: 'delete-records' }>,
): readonly PartitionEffect[] {
  const leader = state.role
  if (leader.kind === 'offline') return [{ kind: 'refuse', error: 'KAFKA_STORAGE_ERROR' }]
  if (leader.kind === 'follower') return [{ kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }]
  const upTo = deletableUpTo(state, event.offset)
  if (upTo === null) return [{ kind: 'refuse', error: 'OFFSET_OUT_OF_RANGE' }]
  const effects: PartitionEffect[] = [{ kind: 'begin-at', offset: upTo }]
  awaitDeletion(leader, { upTo, ticket: event.ticket, deadline: event.deadline })
  releaseDeletions(state, leader, effects)
  return effects
}

function appended(
  state: PartitionState,
  endOffset: number,
  durableEndOffset: number,
  now: Instant,
): readonly PartitionEffect[] {
  state.endOffset = endOffset
  state.durableEndOffset = durableEndOffset
  const effects: PartitionEffect[] = []
  if (state.role.kind === 'leader') advanceHighWatermark(state, state.role, now, effects)
  else if (state.role.kind === 'follower') followHighWatermark(state, state.role.leaderHighWatermark, effects)
  return effects.length === 0 ? NOTHING : effects
}

function fetched(
  state: PartitionState,
  event: Extract<PartitionEvent, { kind: 'fetched' }>,
  now: Instant,
): readonly PartitionEffect[] {
  const leader = state.role
  if (leader.kind !== 'leader') return [{ kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }]
  const progress = leader.followers.get(event.replica)
  // In a reassignment a new replica may know of itself before this leader does: it must come again.
  if (progress === undefined) return [{ kind: 'refuse', error: 'UNKNOWN_LEADER_EPOCH' }]
  // KIP-903: an earlier life of that broker. What it had says nothing about what the present one has.
  const known = Math.max(progress.brokerEpoch, state.brokers.get(event.replica)?.epoch ?? -1)
  if (event.brokerEpoch !== -1 && event.brokerEpoch < known)
    return [{ kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }]

  if (event.offset >= state.endOffset) progress.lastCaughtUpTime = Math.max(progress.lastCaughtUpTime, now)
  else if (event.offset >= progress.lastFetchLeaderEndOffset && progress.lastFetchLeaderEndOffset >= 0)
    progress.lastCaughtUpTime = Math.max(progress.lastCaughtUpTime, progress.lastFetchTime)
  progress.endOffset = event.offset
  progress.logStartOffset = event.logStartOffset
  progress.lastFetchTime = now
  progress.lastFetchLeaderEndOffset = state.endOffset
  progress.brokerEpoch = event.brokerEpoch

  const effects: PartitionEffect[] = []
  maybeExpand(state, leader, event.replica, progress, effects)
  advanceHighWatermark(state, leader, now, effects)
  releaseDeletions(state, leader, effects)
  return effects.length === 0 ? NOTHING : effects
}

function followed(state: PartitionState, leaderEpoch: number, highWatermark: number): readonly PartitionEffect[] {
  const follower = state.role
  // An answer of another epoch says nothing about this log (KIP-320's first try learned the hard way).
  if (follower.kind !== 'follower' || follower.epoch !== leaderEpoch) return NOTHING
  follower.leaderHighWatermark = highWatermark
  const effects: PartitionEffect[] = []
  followHighWatermark(state, highWatermark, effects)
  return effects.length === 0 ? NOTHING : effects
}

function followHighWatermark(state: PartitionState, leaderHighWatermark: number, effects: PartitionEffect[]): void {
  const next = Math.min(leaderHighWatermark, state.endOffset)
  if (next <= state.highWatermark) return
  state.highWatermark = next
  effects.push({ kind: 'high-watermark', offset: next })
}

/** An older registration of the partition than the one already acted on. */
function isStale(state: PartitionState, assignment: Assignment): boolean {
  return (
    assignment.leaderEpoch < state.leaderEpoch ||
    (assignment.leaderEpoch === state.leaderEpoch && assignment.partitionEpoch < state.partitionEpoch)
  )
}

function becomeLeader(
  state: PartitionState,
  assignment: Assignment,
  logEndOffset: number,
  now: Instant,
): readonly PartitionEffect[] {
  if (state.role.kind === 'offline' || isStale(state, assignment)) return NOTHING
  assert(assignment.leader === state.nodeId, 'only the assigned leader leads')
  const before = state.role
  const effects: PartitionEffect[] = []
  const samePartitionEpoch = assignment.partitionEpoch === state.partitionEpoch
  state.leaderEpoch = assignment.leaderEpoch
  state.partitionEpoch = assignment.partitionEpoch
  state.replicas = assignment.replicas

  if (before.kind === 'leader' && before.epoch === assignment.leaderEpoch) {
    // With the same partition epoch a proposal in flight may still be committed, so it stays in the maximal ISR. With
    // another one the controller's compare-and-set has already failed it, or this is its commit.
    if (!samePartitionEpoch) before.isr = { kind: 'committed', isr: assignment.isr }
    reassign(before, state, now)
    effects.push({ kind: 'isr', isr: before.isr.isr })
    advanceHighWatermark(state, before, now, effects)
    releaseDeletions(state, before, effects)
    return effects
  }
  // Led before and leads again: this log was not truncated in between, so what waits may go on waiting.
  const waits = before.kind === 'leader' ? before : undefined
  const leader = newLeader(assignment.leaderEpoch, logEndOffset, assignment.isr, waits)
  state.role = leader
  reassign(leader, state, now)
  effects.push({ kind: 'lead', epoch: leader.epoch, epochStartOffset: leader.epochStartOffset })
  advanceHighWatermark(state, leader, now, effects)
  return effects
}

/** Progress of replicas that stay is kept, of new ones begins at nothing; in one step, so that the high watermark is
 *  never computed without its followers (KAFKA-10301). */
function reassign(leader: Leader, state: PartitionState, now: Instant): void {
  const kept = new Map(leader.followers)
  leader.followers.clear()
  const isr = leader.isr.isr
  for (const replica of state.replicas) {
    if (replica === state.nodeId) continue
    leader.followers.set(
      replica,
      kept.get(replica) ?? newFollowerProgress(isr.includes(replica) ? now : Number.NEGATIVE_INFINITY),
    )
  }
}

function becomeFollower(state: PartitionState, assignment: Assignment): readonly PartitionEffect[] {
  if (state.role.kind === 'offline' || isStale(state, assignment)) return NOTHING
  const before = state.role
  state.leaderEpoch = assignment.leaderEpoch
  state.partitionEpoch = assignment.partitionEpoch
  state.replicas = assignment.replicas
  if (before.kind === 'follower' && before.epoch === assignment.leaderEpoch && before.leader === assignment.leader) {
    return NOTHING
  }
  const effects: PartitionEffect[] = []
  if (before.kind === 'leader') failWaits(before, 'NOT_LEADER_OR_FOLLOWER', effects)
  state.role = {
    kind: 'follower',
    epoch: assignment.leaderEpoch,
    leader: followable(assignment, state.nodeId),
    leaderHighWatermark: -1,
  }
  effects.push({ kind: 'follow', leader: state.role.leader, epoch: state.role.epoch })
  return effects
}

/** A leader that isn't ready to lead yet (its log is still being worked on) follows nobody meanwhile. */
function followable(assignment: Assignment, self: NodeId): NodeId {
  return assignment.leader === self ? -1 : assignment.leader
}

function becomeOffline(state: PartitionState, reason: string): readonly PartitionEffect[] {
  const effects: PartitionEffect[] = []
  if (state.role.kind === 'leader') failWaits(state.role, 'KAFKA_STORAGE_ERROR', effects)
  state.role = { kind: 'offline', reason }
  return effects
}

function truncated(
  state: PartitionState,
  event: Extract<PartitionEvent, { kind: 'truncated' }>,
): readonly PartitionEffect[] {
  assert(state.role.kind !== 'leader', 'a leader never truncates')
  state.endOffset = event.endOffset
  state.durableEndOffset = event.durableEndOffset
  // Also upwards: a truncation that starts anew at the leader's log start takes the high watermark along (KAFKA-9491).
  const next = Math.max(event.logStartOffset, Math.min(state.highWatermark, event.endOffset))
  if (next === state.highWatermark) return NOTHING
  state.highWatermark = next
  return [{ kind: 'high-watermark', offset: next }]
}

function failWaits(leader: Leader, error: AckError & DeletionError, effects: PartitionEffect[]): void {
  failDeletions(leader, error, effects)
  for (const wait of leader.waiting.drain()) effects.push({ kind: 'acknowledge', ticket: wait.ticket, error })
  leader.ackDeadline = Number.POSITIVE_INFINITY
}

function expireAcks(leader: Leader, now: Instant, effects: PartitionEffect[]): void {
  if (leader.ackDeadline > now) return
  let next = Number.POSITIVE_INFINITY
  const expired = leader.waiting.removeWhere((wait) => {
    if (wait.deadline <= now) return true
    if (wait.deadline < next) next = wait.deadline
    return false
  })
  leader.ackDeadline = next
  for (const wait of expired) effects.push({ kind: 'acknowledge', ticket: wait.ticket, error: 'REQUEST_TIMED_OUT' })
}
