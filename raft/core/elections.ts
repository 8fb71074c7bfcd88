// Votes: who gets one, what an answer to one does, and when a campaign is won or lost (Raft §5.2, §5.4.1; KIP-996).
// A vote counts once in an epoch and is durable before it is told.

import type { Epoch, Instant, Offset } from '../../src/base/index.ts'
import type { Effects } from './effects.ts'
import { lastEpoch } from './log-view.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomeUnattached, leaderOf } from './roles.ts'
import type { Answer, AnswerBody, Election, RaftError, RaftEvent, RaftState, ReplicaKey, Request } from './types.ts'
import { majority } from './voters.ts'

type VoteRequestEvent = Extract<RaftEvent, { kind: 'vote-request' }>

export function answer(state: RaftState, error: RaftError, body: AnswerBody = { kind: 'none' }): Answer {
  const leader = leaderOf(state)
  return { error, leaderId: leader.id, leaderEndpoint: leader.endpoint, epoch: state.role.epoch, body }
}

/** Whether a request names this node; older versions do not say. */
export function isMeantForUs(state: RaftState, voter: ReplicaKey | null): boolean {
  if (voter === null) return true
  if (voter.id !== state.config.nodeId) return false
  return voter.directoryId === null || voter.directoryId === state.config.directoryId
}

export function onVoteRequest(state: RaftState, event: VoteRequestEvent, now: Instant, out: Effects): void {
  const verdict = judgeVote(state, event, now, out)
  const granted = verdict === 'granted'
  if (granted && !event.preVote) recordVote(state, event.from, now, out)
  const error = verdict === 'granted' || verdict === 'refused' ? 'NONE' : verdict
  out.push({ kind: 'reply', token: event.token, answer: answer(state, error, { kind: 'vote', granted }) })
}

function judgeVote(
  state: RaftState,
  event: VoteRequestEvent,
  now: Instant,
  out: Effects,
): RaftError | 'granted' | 'refused' {
  // A real vote is asked for in an epoch that nobody can have written in yet; a pre-vote in the present one.
  const illegal = event.preVote ? event.lastEpoch > event.epoch : event.lastEpoch >= event.epoch
  if (illegal || event.from.id < 0) return 'INVALID_REQUEST'
  if (event.epoch < state.role.epoch) return 'FENCED_LEADER_EPOCH'
  if (event.epoch > state.role.epoch) {
    becomeUnattached(state, event.epoch, -1, null, now, out, `${event.from.id} asks for a vote in epoch ${event.epoch}`)
  }
  if (!isMeantForUs(state, event.voter)) return 'INVALID_VOTER_KEY'
  const upToDate = isUpToDate(state, event.lastEpoch, event.lastOffset)
  return canGrant(state, event.from, upToDate, event.preVote) ? 'granted' : 'refused'
}

/** Raft §5.4.1: the later last epoch wins, then the longer log. What is not durable here does not count against others. */
function isUpToDate(state: RaftState, epoch: Epoch, endOffset: Offset): boolean {
  const own = lastEpoch(state.log)
  return epoch > own || (epoch === own && endOffset >= state.log.endOffset)
}

function canGrant(state: RaftState, from: ReplicaKey, upToDate: boolean, preVote: boolean): boolean {
  const { role } = state
  switch (role.kind) {
    case 'unattached':
    case 'prospective':
      if (preVote) return upToDate
      if (role.votedFor !== null) return sameVote(role.votedFor, from)
      // Someone has already won this epoch.
      if (role.leaderId >= 0) return false
      return upToDate
    case 'follower':
      return preVote && upToDate && !role.hasFetched
    case 'candidate':
    case 'resigned':
      return preVote && upToDate
    case 'leader':
      return false
  }
}

/** The same vote may be told again, to the same replica only. */
function sameVote(voted: ReplicaKey, from: ReplicaKey): boolean {
  return voted.id === from.id && (voted.directoryId === null || voted.directoryId === from.directoryId)
}

function recordVote(state: RaftState, from: ReplicaKey, now: Instant, out: Effects): void {
  const { role } = state
  if (role.kind === 'unattached' && role.votedFor === null) {
    becomeUnattached(state, role.epoch, role.leaderId, from, now, out, `voted for ${from.id}`)
  } else if (role.kind === 'prospective' && role.votedFor === null) {
    out.persist(state, { epoch: role.epoch, leaderId: role.leaderId, votedFor: from })
    state.role = { ...role, votedFor: from }
  }
}

/** An answer to a vote request of the present role. */
export function onVoteAnswer(state: RaftState, request: Request, granted: boolean): void {
  const { role } = state
  if (role.kind !== 'prospective' && role.kind !== 'candidate') return
  if (request.message.kind !== 'vote') return
  const set = granted ? role.election.granted : role.election.rejected
  if (!role.election.granted.has(request.to.id) && !role.election.rejected.has(request.to.id)) set.add(request.to.id)
}

export function isWon(election: Election): boolean {
  return election.granted.size >= majority(election.voters.length)
}

export function isLost(election: Election): boolean {
  return election.voters.length - election.rejected.size < majority(election.voters.length)
}

/** Moves a campaign on when its votes decide it; true when it did. */
export function settleCampaign(state: RaftState, now: Instant, out: Effects): boolean {
  const { role } = state
  if (role.kind === 'prospective') {
    if (isWon(role.election)) {
      becomeCandidate(state, now, out)
      return true
    }
    if (isLost(role.election) || role.electionAt <= now) {
      abandonCampaign(
        state,
        now,
        out,
        isLost(role.election) ? 'a majority would not vote for it' : 'too few pre-votes in time',
      )
      return true
    }
  }
  if (role.kind === 'candidate' && isWon(role.election)) {
    becomeLeader(state, now, out)
    return true
  }
  return false
}

/** Back to the leader that was known, or to looking for one. */
function abandonCampaign(state: RaftState, now: Instant, out: Effects, why: string): void {
  const { role } = state
  if (role.kind !== 'prospective') return
  if (role.leaderId >= 0 && role.leaderEndpoint !== null) {
    becomeFollower(state, role.epoch, role.leaderId, role.leaderEndpoint, now, out, why)
  } else {
    becomeUnattached(state, role.epoch, role.leaderId, role.votedFor, now, out, why)
  }
}
