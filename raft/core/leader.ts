// A leader's side: fetches move its followers' progress, progress moves the high watermark, silence makes it resign.
// The high watermark is the majority's durable end, shown only once it has passed a record of the leader's own epoch
// (Raft §5.4.2, KAFKA-12619); it never goes back.

import type { Instant, Offset } from '../../src/base/index.ts'
import type { Effects } from './effects.ts'
import { answer } from './elections.ts'
import { extend, validate } from './log-view.ts'
import { becomeResigned, checkQuorumMs, newProgress } from './roles.ts'
import type { Leader, Progress, RaftError, RaftEvent, RaftState, ReplicaKey } from './types.ts'
import { currentVoters, isLocalVoter, isVoterKey, majority } from './voters.ts'

/** An observer silent for this long is forgotten. */
const OBSERVER_SESSION_MS = 300_000
/** A bound on what strangers can make a leader remember. */
const OBSERVERS_MAX = 10_000

type FetchRequestEvent = Extract<RaftEvent, { kind: 'fetch-request' }>
type FetchSnapshotRequestEvent = Extract<RaftEvent, { kind: 'fetch-snapshot-request' }>

function checkLeaderRequest(state: RaftState, epoch: number): RaftError {
  if (epoch < state.role.epoch) return 'FENCED_LEADER_EPOCH'
  if (epoch > state.role.epoch) return 'UNKNOWN_LEADER_EPOCH'
  return state.role.kind === 'leader' ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER'
}

export function onFetchRequest(state: RaftState, event: FetchRequestEvent, now: Instant, out: Effects): void {
  const { token, replica } = event
  const invalid = event.offset < 0 || event.lastFetchedEpoch < 0 || event.epoch < 0
  const error = invalid ? 'INVALID_REQUEST' : checkLeaderRequest(state, event.epoch)
  const { role } = state
  if (error !== 'NONE' || role.kind !== 'leader') {
    out.push({ kind: 'reply', token, answer: answer(state, error) })
    return
  }
  noteFollowing(state, role, replica, now)
  const validity = validate(state.log, event.offset, event.lastFetchedEpoch)
  if (validity.kind === 'valid') noteFetch(state, role, replica, event.offset, now, out)
  const highWatermark = shownHighWatermark(state)
  const body =
    validity.kind === 'valid'
      ? ({ kind: 'read', offset: event.offset, highWatermark } as const)
      : validity.kind === 'snapshot'
        ? ({ kind: 'snapshot', id: validity.id, highWatermark } as const)
        : ({ kind: 'diverging', ...validity.at, highWatermark } as const)
  out.push({ kind: 'reply', token, answer: answer(state, 'NONE', body) })
}

export function onFetchSnapshotRequest(
  state: RaftState,
  event: FetchSnapshotRequestEvent,
  now: Instant,
  out: Effects,
): void {
  const { token, id, position } = event
  const error = checkLeaderRequest(state, event.epoch)
  const { role } = state
  if (error !== 'NONE' || role.kind !== 'leader') {
    out.push({ kind: 'reply', token, answer: answer(state, error) })
    return
  }
  noteFollowing(state, role, event.replica, now)
  const found = state.log.snapshots.some((held) => held.endOffset === id.endOffset && held.epoch === id.epoch)
  out.push({
    kind: 'reply',
    token,
    answer: found
      ? answer(state, 'NONE', { kind: 'read-snapshot', id, position })
      : answer(state, 'SNAPSHOT_NOT_FOUND'),
  })
}

/** −1 until a record of the own epoch is committed. */
export function shownHighWatermark(state: RaftState): Offset {
  if (state.role.kind === 'leader' && !state.role.highWatermarkKnown) return -1
  return state.highWatermark
}

/** Any request in this epoch shows that its sender takes this node for the leader. */
function noteFollowing(state: RaftState, role: Leader, replica: ReplicaKey, now: Instant): void {
  const voters = currentVoters(state)
  if (!isVoterKey(voters, replica) || replica.id === state.config.nodeId) return
  role.fetched.add(replica.id)
  const needed = majority(voters.length) - (isLocalVoter(state) ? 1 : 0)
  if (role.fetched.size >= needed) {
    role.fetched.clear()
    role.checkQuorumAt = now + checkQuorumMs(state)
  }
}

function noteFetch(
  state: RaftState,
  role: Leader,
  replica: ReplicaKey,
  offset: Offset,
  now: Instant,
  out: Effects,
): void {
  if (replica.id < 0 || replica.id === state.config.nodeId) return
  const progress = progressOf(state, role, replica, now)
  if (progress === null) return
  const end = state.log.endOffset
  if (offset >= end) progress.lastCaughtUpAt = Math.max(progress.lastCaughtUpAt, now)
  else if (progress.lastFetchLeaderEndOffset > 0 && offset >= progress.lastFetchLeaderEndOffset) {
    progress.lastCaughtUpAt = Math.max(progress.lastCaughtUpAt, progress.lastFetchAt)
  }
  progress.lastFetchLeaderEndOffset = end
  progress.lastFetchAt = now
  progress.endOffset = offset
  advanceHighWatermark(state, out)
}

function progressOf(state: RaftState, role: Leader, replica: ReplicaKey, now: Instant): Progress | null {
  if (isVoterKey(currentVoters(state), replica)) {
    return role.voters.find((progress) => progress.key.id === replica.id) ?? null
  }
  const known = role.observers.find(
    (progress) => progress.key.id === replica.id && progress.key.directoryId === replica.directoryId,
  )
  if (known !== undefined) return known
  role.observers = role.observers.filter((progress) => now - progress.lastFetchAt < OBSERVER_SESSION_MS)
  if (role.observers.length >= OBSERVERS_MAX) return null
  const fresh = newProgress(replica, now)
  role.observers.push(fresh)
  return fresh
}

/** The end that a majority of voters has made durable. */
export function advanceHighWatermark(state: RaftState, out: Effects): void {
  const { role, log } = state
  if (role.kind !== 'leader') return
  for (const progress of role.voters) {
    if (progress.key.id === state.config.nodeId) progress.endOffset = log.durableEndOffset
  }
  const ends = role.voters.map((progress) => progress.endOffset).sort((a, b) => b - a)
  // Followers may be ahead of this disk; what is committed here is durable here too (R8).
  const candidate = Math.min(ends[majority(ends.length) - 1] ?? -1, log.durableEndOffset)
  if (candidate <= role.epochStartOffset) return
  role.highWatermarkKnown = true
  commit(state, candidate, out)
}

/** Moves the high watermark forward. */
export function commit(state: RaftState, to: Offset, out: Effects): void {
  if (to <= state.highWatermark) return
  const from = state.highWatermark
  state.highWatermark = to
  out.push({ kind: 'committed', from, to })
}

/** True when the batch was taken: this node leads, is past its epoch's start, and the offset is the one foreseen. */
export function onPropose(state: RaftState, event: Extract<RaftEvent, { kind: 'propose' }>, out: Effects): boolean {
  const { role, log } = state
  if (role.kind !== 'leader' || role.epoch !== event.epoch || !role.highWatermarkKnown) return false
  if (event.baseOffset !== log.endOffset || event.records.length === 0) return false
  const id = state.nextAppendId++
  const endOffset = event.baseOffset + event.records.length
  extend(log, id, event.baseOffset, endOffset, role.epoch)
  out.push({
    kind: 'append',
    id,
    baseOffset: event.baseOffset,
    endOffset,
    epoch: role.epoch,
    content: { kind: 'records', records: event.records },
  })
  return true
}

/** True when the leader gave up because a majority has been silent too long. Alone in its quorum it hears itself (KAFKA-16144). */
export function checkQuorum(state: RaftState, now: Instant, out: Effects): boolean {
  const { role } = state
  if (role.kind !== 'leader' || now < role.checkQuorumAt || isAlone(state)) return false
  becomeResigned(state, now, out, `no fetches from a majority for ${checkQuorumMs(state)} ms`)
  return true
}

export function isAlone(state: RaftState): boolean {
  const voters = currentVoters(state)
  return voters.length === 1 && isLocalVoter(state)
}
