// One classic group: its members, what they support, who leads. Bookkeeping only: what follows from a change is decided in
// join.ts, sync.ts and rebalance.ts. Invariant: `awaitingJoin` and `supported` count what the members say.

import type { Timestamp } from '../base/index.ts'
import { assert, ProtocolError } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { ConsumerProtocolSubscription, decode } from '../wire/index.ts'
import type { GroupState } from './states.ts'

/** A request that waits for its group. */
export interface Waiter {
  readonly token: number
  readonly version: number
}

export interface Protocol {
  readonly name: string
  /** A copy: a request's bytes are borrowed. */
  readonly metadata: Uint8Array
}

export interface Member {
  readonly memberId: string
  /** KIP-345: a static member. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: readonly Protocol[]
  assignment: Uint8Array
  awaitingJoin: Waiter | null
  awaitingSync: Waiter | null
  /** Has never completed a join: it has no id to send heartbeats with, so its session runs out though it waits. */
  isNew: boolean
}

export interface Group {
  readonly groupId: string
  state: GroupState
  stateTimestamp: Timestamp | null
  /** Null until there was a member: a group of offsets alone. */
  protocolType: string | null
  protocolName: string | null
  generation: number
  leaderId: string | null
  readonly members: Map<string, Member>
  /** Instance id to member id. */
  readonly staticMembers: Map<string, string>
  /** KIP-394: ids given out and not joined with yet. */
  readonly pendingJoin: Set<string>
  /** Of this generation, and not heard with a SyncGroup yet. */
  readonly pendingSync: Set<string>
  /** What the members of a `consumer` group read; null: unknown, or of another protocol type. */
  subscribedTopics: ReadonlySet<string> | null
  awaitingJoin: number
  /** Protocol names and how many members support each. */
  readonly supported: Map<string, number>
  /** Only while PreparingRebalance. `initial`: it was empty, and time is given for others to come; `grown`: they did. */
  preparing: { readonly initial: boolean; grown: boolean } | null
  /** Only while CompletingRebalance: the append of the leader's assignment, once there is one. */
  assigning: number | null
}

export const NO_BYTES: Uint8Array = new Uint8Array(0)
/** The protocol type of consumers; any other is not looked into. */
export const CONSUMER = 'consumer'

export function newGroup(groupId: string, wall: Timestamp | null): Group {
  return {
    groupId,
    state: 'Empty',
    stateTimestamp: wall,
    protocolType: null,
    protocolName: null,
    generation: 0,
    leaderId: null,
    members: new Map(),
    staticMembers: new Map(),
    pendingJoin: new Set(),
    pendingSync: new Set(),
    subscribedTopics: null,
    awaitingJoin: 0,
    supported: new Map(),
    preparing: null,
    assigning: null,
  }
}

export function addMember(group: Group, member: Member, protocolType: string | null): void {
  const { memberId, groupInstanceId } = member
  assert(!group.members.has(memberId), `member ${memberId} joins group ${group.groupId} twice`)
  if (groupInstanceId !== null) {
    assert(!group.staticMembers.has(groupInstanceId), `instance ${groupInstanceId} joins ${group.groupId} twice`)
    group.staticMembers.set(groupInstanceId, memberId)
  }
  if (group.members.size === 0) group.protocolType = protocolType
  group.leaderId ??= memberId
  group.members.set(memberId, member)
  group.pendingJoin.delete(memberId)
  count(group, member, 1)
  if (member.awaitingJoin !== null) group.awaitingJoin++
}

/** Takes it out of everything; whoever waits in it must have been answered. */
export function removeMember(group: Group, memberId: string): void {
  const member = group.members.get(memberId)
  group.pendingJoin.delete(memberId)
  group.pendingSync.delete(memberId)
  if (member === undefined) return
  assert(member.awaitingJoin === null && member.awaitingSync === null, `${memberId} is removed while it waits`)
  group.members.delete(memberId)
  count(group, member, -1)
  if (member.groupInstanceId !== null) group.staticMembers.delete(member.groupInstanceId)
  if (group.leaderId === memberId) group.leaderId = group.members.keys().next().value ?? null
}

export function updateMember(
  group: Group,
  member: Member,
  change: Pick<Member, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
): void {
  count(group, member, -1)
  member.protocols = change.protocols
  member.rebalanceTimeoutMs = change.rebalanceTimeoutMs
  member.sessionTimeoutMs = change.sessionTimeoutMs
  count(group, member, 1)
}

/** KIP-345: the same instance under another member id; nobody waits in it. */
export function renameStaticMember(group: Group, oldId: string, newId: string): Member {
  const old = group.members.get(oldId)
  assert(old !== undefined && old.groupInstanceId !== null, `${oldId} is a static member of ${group.groupId}`)
  assert(old.awaitingJoin === null && old.awaitingSync === null, `${oldId} is replaced while it waits`)
  // Not new, as in Kafka: of new members whose clients have given up there may be any number (KAFKA-7610), and so their sessions
  // end while they wait; an instance has one place.
  const renamed: Member = { ...old, memberId: newId, isNew: false }
  group.members.delete(oldId)
  group.members.set(newId, renamed)
  group.staticMembers.set(old.groupInstanceId, newId)
  if (group.leaderId === oldId) group.leaderId = newId
  group.pendingSync.delete(oldId)
  return renamed
}

export function setAwaitingJoin(group: Group, member: Member, waiter: Waiter | null): void {
  group.awaitingJoin += (waiter === null ? 0 : 1) - (member.awaitingJoin === null ? 0 : 1)
  member.awaitingJoin = waiter
}

export function allJoined(group: Group): boolean {
  return group.members.size === group.awaitingJoin && group.pendingJoin.size === 0
}

/** The longest that any member asks for. */
export function rebalanceTimeoutMs(group: Group): number {
  let longest = 0
  for (const member of group.members.values()) longest = Math.max(longest, member.rebalanceTimeoutMs)
  return longest
}

/** Whether whoever comes with these would leave the group a protocol that all support. */
export function supports(group: Group, protocolType: string, names: readonly string[]): boolean {
  if (group.state === 'Empty') return protocolType !== '' && names.length > 0
  if (group.protocolType !== protocolType) return false
  return names.some((name) => (group.supported.get(name) ?? 0) === group.members.size)
}

/** The protocol that all support and most put first; the earlier vote decides a tie. */
export function selectProtocol(group: Group): string {
  const votes = new Map<string, number>()
  for (const { protocols } of group.members.values()) {
    const vote = protocols.find(({ name }) => group.supported.get(name) === group.members.size)
    assert(vote !== undefined, `the members of group ${group.groupId} have a protocol in common`)
    votes.set(vote.name, (votes.get(vote.name) ?? 0) + 1)
  }
  let best: [name: string, votes: number] | null = null
  for (const entry of votes) if (best === null || entry[1] > best[1]) best = entry
  assert(best !== null, `group ${group.groupId} has members that vote`)
  return best[0]
}

export function metadataOf(member: Member, protocolName: string): Uint8Array {
  return member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES
}

export function sameProtocols(a: readonly Protocol[], b: readonly Protocol[]): boolean {
  return (
    a.length === b.length && a.every((one, i) => one.name === b[i]!.name && sameBytes(one.metadata, b[i]!.metadata))
  )
}

/**
 * The union of what the members subscribe to. Read as version 0 of the consumer protocol, which every later one begins with.
 * Null where a member's metadata cannot be read: then nothing is known not to be subscribed.
 */
export function subscribedTopics(group: Group): ReadonlySet<string> | null {
  if (group.protocolType !== CONSUMER) return null
  if (group.members.size === 0) return new Set()
  if (group.protocolName === null) return null
  const topics = new Set<string>()
  try {
    for (const member of group.members.values()) {
      const bytes = metadataOf(member, group.protocolName)
      for (const topic of decode(ConsumerProtocolSubscription, 0, bytes, 2).topics) topics.add(topic)
    }
    return topics
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}

export function isSubscribed(group: Group, topic: string): boolean {
  return group.subscribedTopics?.has(topic) ?? group.protocolType === CONSUMER
}

/** Whether this is the member it says it is; a static one is fenced by whoever has its instance id now. */
export function identify(group: Group, memberId: string, groupInstanceId: string | null): ErrorName {
  if (groupInstanceId !== null) {
    const current = group.staticMembers.get(groupInstanceId)
    if (current === undefined) return 'UNKNOWN_MEMBER_ID'
    if (current !== memberId) return 'FENCED_INSTANCE_ID'
  }
  return group.members.has(memberId) ? 'NONE' : 'UNKNOWN_MEMBER_ID'
}

function count(group: Group, member: Member, by: 1 | -1): void {
  for (const { name } of member.protocols) {
    const left = (group.supported.get(name) ?? 0) + by
    if (left === 0) group.supported.delete(name)
    else group.supported.set(name, left)
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
