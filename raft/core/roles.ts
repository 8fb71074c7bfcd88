// The roles of a node and every transition between them. A role is a value, replaced whole; a transition persists what
// must outlive a crash before anything else that the step does, forgets what the old role had sent, and says what became.
//
//   unattached  → prospective (election time-out) | follower (leader found) | unattached (higher epoch, vote given)
//   prospective → candidate (pre-votes of a majority) | follower or unattached (lost, higher epoch)
//   candidate   → leader (votes of a majority) | prospective (time-out) | follower, unattached (higher epoch, leader found)
//   leader      → resigned (asked to, or a majority is silent) | unattached, follower (higher epoch)
//   follower    → prospective (fetch time-out) | follower, unattached (higher epoch)
//   resigned    → unattached (time-out: next epoch; or higher epoch) | follower
//
// Nodes that are not voters know unattached and follower only.

import type { Endpoint, Epoch, Instant, NodeId } from '../../src/base/index.ts'
import { assert, NO_LEADER } from '../../src/base/index.ts'
import type { Effects } from './effects.ts'
import { extend } from './log-view.ts'
import type { Election, Follower, Progress, RaftState, ReplicaKey, Role } from './types.ts'
import { currentQuorum, currentVoters, endpointOf, isLocalVoter, localKey, voterById } from './voters.ts'

/** As others are told: a leader that resigned leads no more. */
export function leaderOf(state: RaftState): { readonly id: NodeId; readonly endpoint: Endpoint | null } {
  const { role, config } = state
  switch (role.kind) {
    case 'leader':
      return {
        id: config.nodeId,
        endpoint: endpointOf(voterById(currentVoters(state), config.nodeId), config.listenerName),
      }
    case 'follower':
      return { id: role.leaderId, endpoint: role.leaderEndpoint }
    case 'prospective':
      return { id: role.leaderId, endpoint: role.leaderEndpoint }
    case 'unattached':
      return { id: role.leaderId, endpoint: null }
    case 'candidate':
    case 'resigned':
      return { id: NO_LEADER, endpoint: null }
  }
}

/** The vote given in this epoch. */
export function votedFor(state: RaftState): ReplicaKey | null {
  const { role } = state
  switch (role.kind) {
    case 'unattached':
    case 'prospective':
    case 'follower':
      return role.votedFor
    case 'candidate':
    case 'leader':
      return localKey(state.config)
    case 'resigned':
      return state.persisted.votedFor
  }
}

export function randomElectionAt(state: RaftState, now: Instant): Instant {
  const { electionTimeoutMs } = state.config
  return now + electionTimeoutMs + state.chance.below(electionTimeoutMs)
}

function replaceRole(state: RaftState, role: Role, out: Effects, why: string): void {
  assert(role.epoch >= state.role.epoch, 'the epoch never goes back')
  if (state.role.kind === 'leader' && role.epoch === state.role.epoch) {
    assert(role.kind === 'resigned', 'a leader leaves its epoch only by resigning')
  }
  state.role = role
  state.requests = new Map()
  out.push({ kind: 'became', role: role.kind, epoch: role.epoch, leaderId: leaderOf(state).id, why })
}

export function becomeUnattached(
  state: RaftState,
  epoch: Epoch,
  leaderId: NodeId,
  vote: ReplicaKey | null,
  now: Instant,
  out: Effects,
  why: string,
): void {
  const { role } = state
  // The timer goes on where a node only learns of a higher epoch, or a stream of epochs would keep it from campaigning.
  // It starts anew when it has run out, when a vote is given (Raft §5.2), and after roles that wait for other things.
  const running = role.kind !== 'leader' && role.kind !== 'follower' && role.electionAt > now
  const voting = vote !== null && epoch === role.epoch && votedFor(state) === null
  const electionAt = running && !voting && epoch > role.epoch ? role.electionAt : randomElectionAt(state, now)
  out.persist(state, { epoch, leaderId, votedFor: vote })
  replaceRole(state, { kind: 'unattached', epoch, leaderId, votedFor: vote, electionAt }, out, why)
}

export function becomeFollower(
  state: RaftState,
  epoch: Epoch,
  leaderId: NodeId,
  leaderEndpoint: Endpoint,
  now: Instant,
  out: Effects,
  why: string,
): void {
  assert(leaderId !== state.config.nodeId, 'nobody follows itself')
  const vote = epoch === state.role.epoch ? votedFor(state) : null
  out.persist(state, { epoch, leaderId, votedFor: vote })
  const role: Follower = {
    kind: 'follower',
    epoch,
    leaderId,
    leaderEndpoint,
    votedFor: vote,
    fetchTimeoutAt: now + state.config.fetchTimeoutMs,
    hasFetched: false,
    leaderHighWatermark: -1,
    snapshot: null,
  }
  // Whatever kept it from asking others says nothing about the leader.
  state.backoff = new Map()
  replaceRole(state, role, out, why)
}

/** Changes nothing durable: a pre-vote costs the quorum nothing (KIP-996). */
export function becomeProspective(state: RaftState, now: Instant, out: Effects, why: string): void {
  assert(isLocalVoter(state), 'only voters campaign')
  const before = state.role
  const leader = leaderOf(state)
  const vote = votedFor(state)
  replaceRole(
    state,
    {
      kind: 'prospective',
      epoch: before.epoch,
      leaderId: leader.id,
      leaderEndpoint: leader.endpoint,
      votedFor: vote,
      election: newElection(state),
      electionAt: randomElectionAt(state, now),
    },
    out,
    why,
  )
}

export function becomeCandidate(state: RaftState, now: Instant, out: Effects): void {
  assert(state.role.kind === 'prospective', 'a candidate has won its pre-vote')
  const epoch = state.role.epoch + 1
  out.persist(state, { epoch, leaderId: NO_LEADER, votedFor: localKey(state.config) })
  replaceRole(
    state,
    { kind: 'candidate', epoch, election: newElection(state), electionAt: randomElectionAt(state, now) },
    out,
    'a majority would vote for it',
  )
}

export function newElection(state: RaftState): Election {
  return { voters: currentVoters(state), granted: new Set([state.config.nodeId]), rejected: new Set() }
}

export function becomeLeader(state: RaftState, now: Instant, out: Effects): void {
  const { role, log, config } = state
  assert(role.kind === 'candidate', 'a leader has won its election')
  assert(state.installing === null, 'a leader never loads a snapshot')
  const { epoch, election } = role
  out.persist(state, { epoch, leaderId: config.nodeId, votedFor: localKey(config) })
  const quorum = currentQuorum(state)
  const grantingVoters = [...election.granted].sort((a, b) => a - b)
  const epochStartOffset = log.endOffset
  replaceRole(
    state,
    {
      kind: 'leader',
      epoch,
      epochStartOffset,
      grantingVoters,
      voters: quorum.voters.map((voter) => newProgress(voter, now)),
      observers: [],
      fetched: new Set(),
      checkQuorumAt: now + checkQuorumMs(state),
      highWatermarkKnown: false,
    },
    out,
    `votes of ${grantingVoters.join(' ')}`,
  )
  // The bootstrap snapshot reaches nobody by fetching, so its voters are written once where everyone reads (KIP-853).
  const writeQuorum = quorum.kraftVersion > 0 && quorum.offset < 0
  const id = state.nextAppendId++
  const endOffset = epochStartOffset + (writeQuorum ? 3 : 1)
  extend(log, id, epochStartOffset, endOffset, epoch)
  if (writeQuorum) state.quorum.push({ ...quorum, offset: epochStartOffset + 2 })
  out.push({
    kind: 'append',
    id,
    baseOffset: epochStartOffset,
    endOffset,
    epoch,
    content: {
      kind: 'start-of-epoch',
      leaderId: config.nodeId,
      voters: quorum.voters,
      grantingVoters,
      kraftVersion: quorum.kraftVersion,
      writeQuorum,
    },
  })
}

export function newProgress(key: ReplicaKey, now: Instant): Progress {
  return {
    key: { id: key.id, directoryId: key.directoryId },
    endOffset: -1,
    lastFetchAt: -1,
    lastCaughtUpAt: -1,
    lastFetchLeaderEndOffset: -1,
    beginAt: now,
  }
}

/** A majority silent for this long means that the others have, or will have, another leader (KAFKA-15489). */
export function checkQuorumMs(state: RaftState): number {
  return Math.floor(state.config.fetchTimeoutMs * 1.5)
}

export function becomeResigned(state: RaftState, now: Instant, out: Effects, why: string): void {
  const { role, config } = state
  assert(role.kind === 'leader', 'only a leader resigns')
  const others = role.voters.filter((progress) => progress.key.id !== config.nodeId)
  // The longest log first; among equals the lower id, so that a run is repeatable.
  const preferredSuccessors = [...others]
    .sort((a, b) => b.endOffset - a.endOffset || a.key.id - b.key.id)
    .map((progress) => progress.key)
  replaceRole(
    state,
    {
      kind: 'resigned',
      epoch: role.epoch,
      unacknowledged: new Set(others.map((progress) => progress.key.id)),
      preferredSuccessors,
      electionAt: randomElectionAt(state, now),
    },
    out,
    why,
  )
}

/**
 * What a request or answer says about leader and epoch. Two leaders of one epoch are a bug of somebody (R1): the node
 * stops rather than follow either.
 */
export function learn(
  state: RaftState,
  leaderId: NodeId,
  epoch: Epoch,
  told: Endpoint | null,
  now: Instant,
  out: Effects,
  why: string,
): void {
  const known = leaderOf(state).id
  const { config } = state
  if (epoch < state.role.epoch) return
  if (epoch === state.role.epoch && leaderId >= 0 && known >= 0) {
    assert(known === leaderId, `epoch ${epoch} has two leaders: ${known} and ${leaderId}`)
  }
  const endpoint = told ?? endpointOf(voterById(currentVoters(state), leaderId), config.listenerName)
  if (leaderId === config.nodeId) {
    // Others remember this node as the leader that it was. If it forgot that epoch itself (a lost disk under a static
    // voter set), its vote in it is gone all the same.
    if (epoch > state.role.epoch) becomeUnattached(state, epoch, -1, localKey(config), now, out, 'led this epoch once')
    return
  }
  if (epoch > state.role.epoch) {
    if (leaderId >= 0 && endpoint !== null) becomeFollower(state, epoch, leaderId, endpoint, now, out, why)
    else becomeUnattached(state, epoch, leaderId, null, now, out, why)
    return
  }
  if (leaderId < 0 || endpoint === null) return
  const { role } = state
  if (role.kind === 'follower' || role.kind === 'leader') return
  if (role.kind === 'prospective' && role.leaderId >= 0 && role.leaderEndpoint !== null) return
  becomeFollower(state, epoch, leaderId, endpoint, now, out, why)
}
