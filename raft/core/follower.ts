// A follower's side: what an answer to Fetch or FetchSnapshot does to its log. It appends what continues its log, cuts
// back to the point of agreement when it diverges (never below the high watermark, KAFKA-12460), loads a snapshot when
// the leader no longer holds what it lacks (KIP-630). It asks for more only when all that it has is durable, since the
// offset of its fetch is its acknowledgement (KAFKA-13884).

import type { Instant } from '../../src/base/index.ts'
import { assert } from '../../src/base/index.ts'
import type { Effects } from './effects.ts'
import { commit } from './leader.ts'
import { cut, extend, lastEpoch, restartAt, truncationPoint } from './log-view.ts'
import type { Follower, RaftEvent, RaftState, Request, ResponseBody, SnapshotId } from './types.ts'
import { appendQuorum, currentQuorum, revertQuorum } from './voters.ts'

/** Everything that this node has is durable, and nothing is being replaced. */
export function isDiskIdle(state: RaftState): boolean {
  return state.installing === null && state.log.durableEndOffset === state.log.endOffset
}

/** False when the answer is of no use: the sender waits before it asks again. */
export function onFetchAnswer(
  state: RaftState,
  request: Request,
  body: ResponseBody,
  now: Instant,
  out: Effects,
): boolean {
  const { role, log } = state
  if (role.kind !== 'follower' || request.message.kind !== 'fetch') return false
  if (request.message.offset !== log.endOffset || !isDiskIdle(state)) return false
  switch (body.kind) {
    case 'diverging':
      truncateToAgreement(state, body, out)
      break
    case 'snapshot':
      assert(body.id.endOffset >= state.highWatermark, 'a snapshot to load holds all that is known as committed')
      role.snapshot = { id: body.id, position: 0 }
      break
    case 'records':
      if (!appendFetched(state, role, body, out)) return false
      role.leaderHighWatermark = Math.max(role.leaderHighWatermark, body.highWatermark)
      break
    case 'none':
    case 'vote':
    case 'snapshot-bytes':
      return false
  }
  heard(state, role, now)
  followHighWatermark(state, out)
  return true
}

function heard(state: RaftState, role: Follower, now: Instant): void {
  role.hasFetched = true
  role.fetchTimeoutAt = now + state.config.fetchTimeoutMs
}

function truncateToAgreement(state: RaftState, at: SnapshotId, out: Effects): void {
  const { log } = state
  const to = truncationPoint(log, at)
  assert(
    to >= state.highWatermark,
    `the leader of epoch ${state.role.epoch} asks to cut the log to ${to}, below the high watermark ${state.highWatermark}`,
  )
  if (to === log.endOffset) return
  cut(log, to)
  revertQuorum(state, to)
  out.push({ kind: 'truncate', endOffset: to })
}

/** Takes whole batches that continue the log in epochs that the leader can have; nothing of a wrong lot. */
function appendFetched(
  state: RaftState,
  role: Follower,
  body: Extract<ResponseBody, { kind: 'records' }>,
  out: Effects,
): boolean {
  const { batches } = body
  if (batches.length === 0) return true
  const { log } = state
  let end = log.endOffset
  let epoch = lastEpoch(log)
  for (const batch of batches) {
    if (batch.baseOffset !== end || batch.endOffset <= end || batch.epoch < epoch || batch.epoch > role.epoch)
      return false
    end = batch.endOffset
    epoch = batch.epoch
  }
  const id = state.nextAppendId++
  const baseOffset = log.endOffset
  for (const batch of batches) {
    extend(log, id, batch.baseOffset, batch.endOffset, batch.epoch)
    if (batch.quorum !== null) appendQuorum(state, batch.quorum)
  }
  out.push({
    kind: 'append',
    id,
    baseOffset,
    endOffset: end,
    epoch,
    content: { kind: 'fetched', payload: body.payload },
  })
  return true
}

/** What the leader says is committed, as far as it is durable here. */
function followHighWatermark(state: RaftState, out: Effects): void {
  const { role, log } = state
  if (role.kind !== 'follower') return
  commit(state, Math.min(role.leaderHighWatermark, log.durableEndOffset), out)
}

/** The own disk has caught up: its slowness is not the leader's silence. */
export function onFollowerDurable(state: RaftState, now: Instant, out: Effects): void {
  const { role } = state
  if (role.kind !== 'follower') return
  role.fetchTimeoutAt = now + state.config.fetchTimeoutMs
  followHighWatermark(state, out)
}

export function onSnapshotAnswer(
  state: RaftState,
  request: Request,
  body: ResponseBody,
  now: Instant,
  out: Effects,
): boolean {
  const { role } = state
  if (role.kind !== 'follower' || role.snapshot === null || request.message.kind !== 'fetch-snapshot') return false
  const { id, position } = role.snapshot
  if (body.kind !== 'snapshot-bytes' || body.id.endOffset !== id.endOffset || body.id.epoch !== id.epoch) return false
  const next = position + body.payload.length
  if (body.position !== position || body.payload.length === 0 || next > body.size) return false
  heard(state, role, now)
  out.push({ kind: 'write-snapshot', id, position, payload: body.payload })
  if (next < body.size) {
    role.snapshot = { id, position: next }
    return true
  }
  role.snapshot = null
  state.installing = id
  out.push({ kind: 'install-snapshot', id })
  return true
}

export function onSnapshotInstalled(
  state: RaftState,
  event: Extract<RaftEvent, { kind: 'snapshot-installed' }>,
  now: Instant,
  out: Effects,
): void {
  assert(state.role.kind !== 'leader', 'a leader never loads a snapshot')
  state.installing = null
  onFollowerDurable(state, now, out)
  if (!event.valid) return
  const { id } = event
  assert(id.endOffset >= state.highWatermark, 'a loaded snapshot holds all that was committed here')
  const before = currentQuorum(state)
  state.quorum = [event.quorum ?? { ...before, offset: id.endOffset - 1 }]
  restartAt(state.log, id)
  commit(state, id.endOffset, out)
}
