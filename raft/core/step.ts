// The one way in: `start` makes the state of a node from what its disk says, `step` lets one event happen, `deadline`
// says when the next tick is due. After every event the node does whatever its role now calls for: timers that ran out,
// campaigns that are decided, requests that are due.

import type { Epoch, Instant, NodeId } from '../../src/base/index.ts'
import { assert, SeededRandom } from '../../src/base/index.ts'
import { Effects } from './effects.ts'
import { answer, isMeantForUs, onVoteAnswer, onVoteRequest, settleCampaign } from './elections.ts'
import { isDiskIdle, onFetchAnswer, onFollowerDurable, onSnapshotAnswer, onSnapshotInstalled } from './follower.ts'
import {
  advanceHighWatermark,
  checkQuorum,
  isAlone,
  onFetchRequest,
  onFetchSnapshotRequest,
  onPropose,
} from './leader.ts'
import { harden, lastEpoch } from './log-view.ts'
import { becomeProspective, becomeResigned, becomeUnattached, learn, newElection, randomElectionAt } from './roles.ts'
import { noteFailure, noteSuccess, sendWishes, wishesAt } from './sending.ts'
import type { InitialState, RaftEffect, RaftError, RaftEvent, RaftState, ReplicaKey, Request, Role } from './types.ts'
import { currentVoters, endpointOf, forgetQuorumBefore, isLocalVoter, localKey, sameKey, voterById } from './voters.ts'

type ResponseEvent = Extract<RaftEvent, { kind: 'response' }>

/** Called once; the first `tick` sets it going. */
export function start(initial: InitialState, now: Instant): RaftState {
  const { config, log, quorum } = initial
  assert(quorum.length > 0, 'there is always a voter set, be it empty')
  const newest = log.snapshots[log.snapshots.length - 1]
  const state: RaftState = {
    config,
    chance: new SeededRandom(initial.seed),
    role: { kind: 'unattached', epoch: 0, leaderId: -1, votedFor: null, electionAt: now },
    log: {
      startOffset: log.startOffset,
      endOffset: log.endOffset,
      durableEndOffset: log.endOffset,
      epochs: [...log.epochs],
      snapshots: [...log.snapshots],
      pending: [],
    },
    highWatermark: Math.max(log.startOffset, newest?.endOffset ?? 0),
    quorum: [...quorum],
    requests: new Map(),
    backoff: new Map(),
    nextRequestId: 1,
    nextAppendId: 1,
    installing: null,
    stopping: false,
    persisted: initial.election,
  }
  state.role = firstRole(state, initial, now)
  return state
}

/** Where the last life ended. A leader that comes back may not lead on: what it promised in its epoch is forgotten. */
function firstRole(state: RaftState, initial: InitialState, now: Instant): Role {
  const { election, config } = initial
  const electionAt = randomElectionAt(state, now)
  const logEpoch = lastEpoch(state.log)
  const unattached = (epoch: number, leaderId: NodeId, votedFor: ReplicaKey | null): Role => ({
    kind: 'unattached',
    epoch,
    leaderId,
    votedFor,
    electionAt,
  })
  if (election.epoch < logEpoch) return unattached(logEpoch, -1, null)
  const { epoch, leaderId, votedFor } = election
  if (leaderId === config.nodeId) {
    const others = currentVoters(state).filter((voter) => voter.id !== config.nodeId)
    return {
      kind: 'resigned',
      epoch,
      unacknowledged: new Set(others.map((voter) => voter.id)),
      preferredSuccessors: [],
      electionAt,
    }
  }
  if (isOwnVote(state, votedFor) && isLocalVoter(state) && leaderId < 0) {
    state.persisted = { ...election, votedFor: localKey(config) }
    return { kind: 'candidate', epoch, election: newElection(state), electionAt }
  }
  const leaderEndpoint = endpointOf(voterById(currentVoters(state), leaderId), config.listenerName)
  if (leaderId < 0 || leaderEndpoint === null) return unattached(epoch, leaderId, votedFor)
  return {
    kind: 'follower',
    epoch,
    leaderId,
    leaderEndpoint,
    votedFor,
    fetchTimeoutAt: now + config.fetchTimeoutMs,
    hasFetched: false,
    leaderHighWatermark: -1,
    snapshot: null,
  }
}

/** Version 0 of `quorum-state` knows no directory ids. */
function isOwnVote(state: RaftState, vote: ReplicaKey | null): boolean {
  const own = localKey(state.config)
  return vote !== null && vote.id === own.id && (vote.directoryId === null || vote.directoryId === own.directoryId)
}

export function step(state: RaftState, event: RaftEvent, now: Instant): RaftEffect[] {
  const out = new Effects()
  handle(state, event, now, out)
  settle(state, now, out)
  checkState(state)
  return out.all
}

/** A proposal is answered at once: whether it was taken is in the effects (an append) or not. */
function handle(state: RaftState, event: RaftEvent, now: Instant, out: Effects): void {
  switch (event.kind) {
    case 'tick':
      return
    case 'vote-request':
      onVoteRequest(state, event, now, out)
      return
    case 'begin-request':
      onBeginRequest(state, event, now, out)
      return
    case 'end-request':
      onEndRequest(state, event, now, out)
      return
    case 'fetch-request':
      onFetchRequest(state, event, now, out)
      return
    case 'fetch-snapshot-request':
      onFetchSnapshotRequest(state, event, now, out)
      return
    case 'response':
      onResponse(state, event, now, out)
      return
    case 'failed': {
      const request = state.requests.get(event.requestId)
      if (request === undefined) return
      state.requests.delete(event.requestId)
      // A voter too old for pre-votes cannot refuse one.
      if (event.unsupportedVersion && request.message.kind === 'vote' && request.message.preVote) {
        onVoteAnswer(state, request, true)
        return
      }
      noteFailure(state, request, now)
      return
    }
    case 'propose':
      onPropose(state, event, out)
      return
    case 'appended':
      if (!harden(state.log, event.id)) return
      advanceHighWatermark(state, out)
      onFollowerDurable(state, now, out)
      return
    case 'snapshot-stored': {
      const { snapshots } = state.log
      const newest = snapshots[snapshots.length - 1]
      assert(event.id.endOffset <= state.highWatermark, 'a snapshot holds only what is committed')
      if (newest === undefined || newest.endOffset < event.id.endOffset) snapshots.push(event.id)
      return
    }
    case 'log-cleaned':
      onLogCleaned(state, event)
      return
    case 'snapshot-installed':
      onSnapshotInstalled(state, event, now, out)
      return
    case 'resign':
      if (state.role.kind === 'leader' && state.role.epoch === event.epoch) becomeResigned(state, now, out, 'asked to')
      return
    case 'shutdown':
      state.stopping = true
      if (state.role.kind === 'leader') becomeResigned(state, now, out, 'shutting down')
      return
  }
}

function onBeginRequest(
  state: RaftState,
  event: Extract<RaftEvent, { kind: 'begin-request' }>,
  now: Instant,
  out: Effects,
): void {
  const error = checkVoterRequest(state, event.leaderId, event.epoch)
  if (error === 'NONE') {
    learn(state, event.leaderId, event.epoch, event.endpoint, now, out, `${event.leaderId} begins epoch ${event.epoch}`)
  }
  const forUs = error !== 'NONE' || isMeantForUs(state, event.voter)
  out.push({ kind: 'reply', token: event.token, answer: answer(state, forUs ? error : 'INVALID_VOTER_KEY') })
}

function checkVoterRequest(state: RaftState, leaderId: NodeId, epoch: Epoch): RaftError {
  if (epoch < state.role.epoch) return 'FENCED_LEADER_EPOCH'
  return leaderId < 0 ? 'INVALID_REQUEST' : 'NONE'
}

function onEndRequest(
  state: RaftState,
  event: Extract<RaftEvent, { kind: 'end-request' }>,
  now: Instant,
  out: Effects,
): void {
  const error = checkVoterRequest(state, event.leaderId, event.epoch)
  if (error === 'NONE') {
    learn(state, event.leaderId, event.epoch, event.endpoint, now, out, `${event.leaderId} ends epoch ${event.epoch}`)
    const { role } = state
    if (role.kind === 'follower' && role.leaderId === event.leaderId) {
      // The leader has gone by its own word: campaign by rank, and stand in nobody's way.
      role.hasFetched = false
      role.fetchTimeoutAt = now + successionDelayMs(state, event.preferredSuccessors)
    }
  }
  out.push({ kind: 'reply', token: event.token, answer: answer(state, error) })
}

/** 0 for the first in rank, then doubling, at most `electionBackoffMaxMs` for the last and for those not named. */
function successionDelayMs(state: RaftState, successors: readonly ReplicaKey[]): number {
  const { config } = state
  const found = successors.findIndex(
    (key) => key.id === config.nodeId && (key.directoryId === null || key.directoryId === config.directoryId),
  )
  const rank = found < 0 ? successors.length : found
  if (rank === 0) return 0
  const base = Math.floor(config.electionBackoffMaxMs / 2 ** Math.max(0, successors.length - 1))
  return Math.min(config.electionBackoffMaxMs, base * 2 ** (rank - 1))
}

function onResponse(state: RaftState, event: ResponseEvent, now: Instant, out: Effects): void {
  const request = state.requests.get(event.requestId)
  state.requests.delete(event.requestId)
  const before = state.role
  if (event.epoch >= 0 && event.error !== 'UNKNOWN_LEADER_EPOCH') {
    learn(state, event.leaderId, event.epoch, event.leaderEndpoint, now, out, `told of epoch ${event.epoch}`)
  }
  // What a former role asked for is no longer wanted.
  if (request === undefined || state.role !== before) return
  if (event.epoch !== state.role.epoch || event.error !== 'NONE' || !onAnswer(state, request, event, now, out)) {
    const { role } = state
    if (request.message.kind === 'fetch-snapshot' && role.kind === 'follower') role.snapshot = null
    noteFailure(state, request, now)
  } else noteSuccess(state, request)
}

/** An answer without error, from this epoch, to a request of this role. */
function onAnswer(state: RaftState, request: Request, event: ResponseEvent, now: Instant, out: Effects): boolean {
  const { role } = state
  switch (request.message.kind) {
    case 'vote':
      if (event.body.kind !== 'vote') return false
      onVoteAnswer(state, request, event.body.granted)
      return true
    case 'begin-quorum-epoch':
      return true
    case 'end-quorum-epoch':
      if (role.kind === 'resigned') role.unacknowledged.delete(request.to.id)
      return true
    case 'fetch':
      return onFetchAnswer(state, request, event.body, now, out)
    case 'fetch-snapshot':
      return onSnapshotAnswer(state, request, event.body, now, out)
  }
}

function onLogCleaned(state: RaftState, event: Extract<RaftEvent, { kind: 'log-cleaned' }>): void {
  const { log } = state
  assert(
    event.startOffset >= log.startOffset && event.startOffset <= state.highWatermark,
    'a log start moves within the committed',
  )
  assert(
    event.startOffset === 0 || event.snapshots[0]?.endOffset === event.startOffset,
    'a log starts where its oldest snapshot ends',
  )
  log.startOffset = event.startOffset
  log.snapshots = [...event.snapshots]
  const keep = log.epochs.findLastIndex((start) => start.startOffset <= event.startOffset)
  if (keep >= 0) log.epochs.splice(0, keep + 1, { epoch: log.epochs[keep]!.epoch, startOffset: event.startOffset })
  forgetQuorumBefore(state, event.startOffset)
}

/** Does what the role calls for, until nothing is due. Each turn replaces the role or sends: it ends. */
function settle(state: RaftState, now: Instant, out: Effects): void {
  for (let turn = 0; ; turn++) {
    assert(turn < 16, 'a step comes to rest')
    if (!timers(state, now, out)) break
  }
  sendWishes(state, now, out)
}

/** True when a timer or a decided campaign replaced the role. */
function timers(state: RaftState, now: Instant, out: Effects): boolean {
  const { role, stopping } = state
  switch (role.kind) {
    case 'unattached':
      if (stopping || !isLocalVoter(state) || (role.electionAt > now && !isAlone(state))) return false
      // A vote is given for a log that stays: one that the power can still take, or that is being replaced, wins nothing.
      // Else a candidate that lost its tail with the power would be told its old vote again, and lead without the committed.
      if (!isDiskIdle(state)) return false
      becomeProspective(state, now, out, 'no leader found in time')
      return true
    case 'prospective':
    case 'candidate':
      if (stopping) return false
      if (settleCampaign(state, now, out)) return true
      if (role.kind === 'prospective' || role.electionAt > now) return false
      becomeProspective(state, now, out, 'too few votes in time')
      return true
    case 'leader':
      return checkQuorum(state, now, out)
    case 'follower':
      if (stopping || !isLocalVoter(state) || role.fetchTimeoutAt > now || !isDiskIdle(state)) return false
      becomeProspective(state, now, out, `leader ${role.leaderId} has been silent`)
      return true
    case 'resigned':
      if (stopping) return false
      if (isAlone(state)) {
        becomeProspective(state, now, out, 'the only voter')
        return true
      }
      if (role.electionAt > now) return false
      becomeUnattached(state, role.epoch + 1, -1, null, now, out, 'nobody followed in time')
      return true
  }
}

/** When the next `tick` is due, if nothing else happens before. */
export function deadline(state: RaftState): Instant {
  const { role, stopping } = state
  let at = Number.POSITIVE_INFINITY
  switch (role.kind) {
    case 'unattached':
      // While the disk works nothing is due: what ends its work is an event, and a tick would find nothing to do (S57).
      if (!stopping && isLocalVoter(state) && isDiskIdle(state)) at = isAlone(state) ? 0 : role.electionAt
      break
    case 'prospective':
    case 'candidate':
    case 'resigned':
      if (!stopping) at = role.electionAt
      break
    case 'leader':
      if (!isAlone(state)) at = role.checkQuorumAt
      break
    case 'follower':
      // For an observer nothing runs out: it asks others as soon as its fetch to the leader has failed.
      if (!stopping && isLocalVoter(state) && isDiskIdle(state)) at = role.fetchTimeoutAt
      break
  }
  return Math.min(at, wishesAt(state))
}

/** What must hold after every step. */
function checkState(state: RaftState): void {
  const { log, highWatermark, role, persisted } = state
  assert(
    log.startOffset <= log.durableEndOffset && log.durableEndOffset <= log.endOffset,
    'the ends of the log are in order',
  )
  assert(highWatermark <= log.durableEndOffset, 'what is committed here is durable here')
  assert(role.epoch >= persisted.epoch, 'no epoch below the persisted one')
  assert(role.epoch >= lastEpoch(log), 'no record from an epoch to come')
  if (role.kind === 'candidate' || role.kind === 'leader') {
    assert(
      sameKey(persisted.votedFor, localKey(state.config)) && persisted.epoch === role.epoch,
      'a campaign rests on a durable vote',
    )
  }
}
