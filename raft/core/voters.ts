// Voter sets as a function of the log: each entry takes effect when it is appended and is forgotten when its offset is
// truncated (KIP-853). A voter is a node id and a directory id; without directory ids (kraft.version 0) the id alone.

import type { Endpoint, NodeId, Offset } from '../../src/base/index.ts'
import { assert } from '../../src/base/index.ts'
import type { BatchView, CoreConfig, QuorumEntry, RaftState, ReplicaKey, Voter, VoterSet } from './types.ts'

/** The entry in force. */
export function currentQuorum(state: RaftState): QuorumEntry {
  return state.quorum[state.quorum.length - 1]!
}

export function currentVoters(state: RaftState): VoterSet {
  return currentQuorum(state).voters
}

export function voterById(voters: VoterSet, id: NodeId): Voter | undefined {
  // A loop: it is asked several times in every step.
  for (const voter of voters) if (voter.id === id) return voter
  return undefined
}

/** Whether `key` is one of the voters: same node, and same directory where the set knows it. */
export function isVoterKey(voters: VoterSet, key: ReplicaKey): boolean {
  const voter = voterById(voters, key.id)
  return voter !== undefined && (voter.directoryId === null || voter.directoryId === key.directoryId)
}

/** Whether this node may campaign and count itself. */
export function isLocalVoter(state: RaftState): boolean {
  const { config } = state
  return config.canVote && isVoterKey(currentVoters(state), localKey(config))
}

export function localKey(config: CoreConfig): ReplicaKey {
  return { id: config.nodeId, directoryId: config.directoryId }
}

export function sameKey(a: ReplicaKey | null, b: ReplicaKey | null): boolean {
  return a === b || (a !== null && b !== null && a.id === b.id && a.directoryId === b.directoryId)
}

export function endpointOf(voter: Voter | undefined, listenerName: string): Endpoint | null {
  if (voter === undefined) return null
  const found = voter.endpoints.find((endpoint) => endpoint.name === listenerName) ?? voter.endpoints[0]
  return found === undefined ? null : { host: found.host, port: found.port }
}

export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1
}

/** An appended control batch changes the quorum at once. */
export function appendQuorum(state: RaftState, change: NonNullable<BatchView['quorum']>): void {
  const before = currentQuorum(state)
  assert(change.offset > before.offset, 'changes of the quorum are appended in order of offset')
  state.quorum.push({
    offset: change.offset,
    kraftVersion: change.kraftVersion ?? before.kraftVersion,
    voters: change.voters ?? before.voters,
  })
}

/** What lay at or beyond `endOffset` never was. */
export function revertQuorum(state: RaftState, endOffset: Offset): void {
  while (state.quorum.length > 1 && currentQuorum(state).offset >= endOffset) state.quorum.pop()
}

/** Entries below the log's start are only needed for the one in force there. */
export function forgetQuorumBefore(state: RaftState, startOffset: Offset): void {
  const keep = state.quorum.findLastIndex((entry) => entry.offset < startOffset)
  if (keep > 0) state.quorum.splice(0, keep)
}

/** The entry in force just below `endOffset`: what a snapshot with that end must hold. */
export function quorumAt(state: RaftState, endOffset: Offset): QuorumEntry {
  return state.quorum.findLast((entry) => entry.offset < endOffset) ?? state.quorum[0]!
}
