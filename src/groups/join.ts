// JoinGroup: who may come in, under which id, and whether the others must come together again. KIP-345 (static members),
// KIP-394 (an id first), KIP-389 (group.max.size), KIP-800 (reasons), KIP-814 (a static leader that skips its assignment).

import { uuidToBytes } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import {
  addMember,
  type Group,
  identify,
  type Member,
  NO_BYTES,
  newGroup,
  type Protocol,
  renameStaticMember,
  sameProtocols,
  selectProtocol,
  setAwaitingJoin,
  supports,
  updateMember,
} from './group.ts'
import {
  answerJoin,
  answerSync,
  completeJoinIfReady,
  expel,
  joined,
  membersFor,
  prepareRebalance,
  rebalance,
  sessionName,
  startSession,
} from './rebalance.ts'
import { emptyGroupRecord, groupRecord } from './records.ts'
import { joinError, nameFor, syncError } from './refusals.ts'
import { answer, append, groupOf, note, type Then, type Work, waitFor } from './shard.ts'
import type { GroupRequest } from './types.ts'

type JoinRequest = Extract<GroupRequest, { api: 'JoinGroup' }>

/** A new member does not know its id and cannot send heartbeats while it waits: it is given this long (KAFKA-7610). */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60_000
/** From here on, whoever has no id is given one and asked to come again with it (KIP-394). */
const MEMBER_ID_REQUIRED_FROM = 4
/** From here on, a static leader hears of the members and is told to leave the assignment as it is (KIP-814). */
const SKIP_ASSIGNMENT_FROM = 9

export function join(work: Work, request: JoinRequest): void {
  const { body } = request
  const { config } = work.shard
  if (body.sessionTimeoutMs < config.minSessionTimeoutMs || body.sessionTimeoutMs > config.maxSessionTimeoutMs) {
    refused(work, request, 'INVALID_SESSION_TIMEOUT', body.memberId)
    return
  }
  const known = groupOf(work, body.groupId)
  if (known === null && body.memberId !== '') {
    refused(work, request, 'UNKNOWN_MEMBER_ID', body.memberId)
    return
  }
  const group = known ?? newGroup(body.groupId, work.at.wall)
  const protocols = copied(body.protocols)
  if (!hasRoom(work, group, body)) {
    turnAway(work, request, group)
    return
  }
  const names = protocols.map(({ name }) => name)
  if (!supports(group, body.protocolType, names)) {
    refused(work, request, 'INCONSISTENT_GROUP_PROTOCOL', body.memberId)
    return
  }
  // Written before anybody is in it, so that the group is one from now on, for this coordinator and for the next.
  if (known === null) append(work, [emptyGroupRecord(group)], group)
  if (body.memberId === '') joinNew(work, request, group, protocols)
  else joinAgain(work, request, group, protocols)
}

/**
 * While a rebalance is prepared those have a place that wait and the static members, which stay whether they come or not; so the
 * last to come are those who are turned away. Kafka lets a group grow beyond its size by the static members that do not come, and
 * turns away from a full group the one that takes its own place again.
 */
function hasRoom(work: Work, group: Group, { memberId, groupInstanceId }: JoinRequest['body']): boolean {
  const { maxSize } = work.shard.config
  if (group.state === 'Empty' || group.members.size < maxSize) return true
  const instance = memberId === '' ? group.staticMembers.get(groupInstanceId ?? '') : undefined
  const member = group.members.get(instance ?? memberId)
  if (group.state !== 'PreparingRebalance') return member !== undefined
  if (member !== undefined && member.awaitingJoin !== null) return true
  let places = group.awaitingJoin
  for (const id of group.staticMembers.values()) {
    if (id !== member?.memberId && group.members.get(id)?.awaitingJoin === null) places++
  }
  return places < maxSize
}

/** It is no member any more either, and the others need not wait for it. */
function turnAway(work: Work, request: JoinRequest, group: Group): void {
  const { memberId } = request.body
  const member = group.members.get(memberId)
  if (member !== undefined) expel(work, group, member)
  group.pendingJoin.delete(memberId)
  refused(work, request, 'GROUP_MAX_SIZE_REACHED', '')
  completeJoinIfReady(work, group)
}

function joinNew(work: Work, request: JoinRequest, group: Group, protocols: readonly Protocol[]): void {
  const { body, version } = request
  const memberId = `${body.groupInstanceId ?? request.clientId}-${hexUuid(request.uuid)}`
  const current = body.groupInstanceId === null ? undefined : group.staticMembers.get(body.groupInstanceId)
  if (current !== undefined) {
    replaceStatic(work, request, group, { oldId: current, newId: memberId, protocols })
    return
  }
  if (body.groupInstanceId === null && version >= MEMBER_ID_REQUIRED_FROM) {
    group.pendingJoin.add(memberId)
    startSession(work, group, memberId, body.sessionTimeoutMs)
    refused(work, request, 'MEMBER_ID_REQUIRED', memberId)
    return
  }
  enter(work, request, group, memberId, protocols)
}

function joinAgain(work: Work, request: JoinRequest, group: Group, protocols: readonly Protocol[]): void {
  const { body } = request
  if (group.pendingJoin.has(body.memberId)) {
    // An id that waits to be joined with is never a static member's; Kafka has no better name for it either.
    if (body.groupInstanceId !== null) {
      refused(work, request, 'UNKNOWN_SERVER_ERROR', body.memberId)
      return
    }
    enter(work, request, group, body.memberId, protocols)
    return
  }
  const error = identify(group, body.memberId, body.groupInstanceId)
  const member = group.members.get(body.memberId)
  if (error !== 'NONE' || member === undefined) {
    refused(work, request, error, body.memberId)
    return
  }
  const unchanged = sameProtocols(member.protocols, protocols)
  // It may not have heard the answer to its join: it is told again. A leader of a stable group joins to have it rebalance, for
  // what it alone sees (the partitions of a topic, say).
  const toldAgain = group.state === 'CompletingRebalance' || group.leaderId !== member.memberId
  if (unchanged && toldAgain && group.state !== 'PreparingRebalance') {
    const response = joined(group, member.memberId)
    response.protocolName = nameFor(request.version, response.protocolName)
    answer(work, 'JoinGroup', request.token, response)
    return
  }
  update(work, request, group, member, protocols)
  const what = group.leaderId === member.memberId && unchanged ? 'leader' : unchanged ? 'member' : 'changed member'
  rebalance(work, group, `${what} ${member.memberId} joins again; ${clientReason(request)}`)
}

/** A member that was not there. */
function enter(work: Work, request: JoinRequest, group: Group, memberId: string, protocols: readonly Protocol[]): void {
  const { body, clientId, clientHost, token, version } = request
  if (group.preparing?.initial === true) group.preparing.grown = true
  const member: Member = {
    memberId,
    groupInstanceId: body.groupInstanceId,
    clientId,
    clientHost,
    ...timeouts(request),
    protocols,
    assignment: NO_BYTES,
    awaitingJoin: { token, version },
    awaitingSync: null,
    isNew: true,
  }
  addMember(group, member, body.protocolType)
  startSession(work, group, memberId, NEW_MEMBER_JOIN_TIMEOUT_MS)
  rebalance(work, group, `adding new member ${memberId}; ${clientReason(request)}`)
}

/** The member waits in this request from now on. One that it waited in before is let go: it was asked twice. */
function update(work: Work, request: JoinRequest, group: Group, member: Member, protocols: readonly Protocol[]): void {
  answerJoin(work, group, member, joinError('REBALANCE_IN_PROGRESS', member.memberId, request.version))
  updateMember(group, member, { protocols, ...timeouts(request) })
  setAwaitingJoin(group, member, { token: request.token, version: request.version })
}

/** KIP-345: an instance that is known comes without an id: it has restarted, and takes the place of what it was. */
function replaceStatic(
  work: Work,
  request: JoinRequest,
  group: Group,
  change: { readonly oldId: string; readonly newId: string; readonly protocols: readonly Protocol[] },
): void {
  const { oldId, newId, protocols } = change
  const { groupId } = group
  const instanceId = request.body.groupInstanceId ?? ''
  const old = group.members.get(oldId)!
  const oldLeader = group.leaderId
  const before = {
    protocols: old.protocols,
    rebalanceTimeoutMs: old.rebalanceTimeoutMs,
    sessionTimeoutMs: old.sessionTimeoutMs,
  }
  answerJoin(work, group, old, joinError('FENCED_INSTANCE_ID', oldId, request.version))
  answerSync(work, old, syncError('FENCED_INSTANCE_ID'))
  work.active.deadlines.clear(sessionName(group.groupId, oldId))
  const hadToSync = group.pendingSync.has(oldId)
  const member = renameStaticMember(group, oldId, newId)
  if (hadToSync) group.pendingSync.add(newId)
  update(work, request, group, member, protocols)
  startSession(work, group, newId, member.sessionTimeoutMs)
  note(work, groupId, `${newId} replaces ${oldId} as instance ${instanceId}`)
  if (group.state === 'Stable' && selectProtocol(group) === group.protocolName) {
    // Nothing changes for the others: it takes over the assignment, and all that is new is its id.
    const assignments = new Map([...group.members.values()].map((one) => [one.memberId, one.assignment]))
    const id = append(work, [groupRecord(group, assignments)])
    waitFor(work, id, id, { kind: 'replaced', groupId, instanceId, oldId, newId, before, oldLeader, request })
    return
  }
  // While assignments are awaited, the leader may have heard of the old id already, and would assign to nobody.
  if (group.state === 'PreparingRebalance') completeJoinIfReady(work, group)
  else prepareRebalance(work, group, `instance ${instanceId} is now ${newId}; ${clientReason(request)}`)
}

type Replaced = Extract<Then, { kind: 'replaced' }>

/** Its new id is committed. If a rebalance has begun since, that one answers. */
export function replacedIsCommitted(work: Work, then: Replaced): void {
  const found = stillWaiting(work, then)
  if (found === null || found.group.state !== 'Stable') return
  const { group, member } = found
  const isLeader = group.leaderId === member.memberId
  const skips = then.request.version >= SKIP_ASSIGNMENT_FROM
  const response = joined(group, member.memberId)
  response.members = skips && isLeader ? membersFor(group) : []
  response.skipAssignment = skips && isLeader
  // Who cannot be told to skip is told that another leads, or it would assign anew without a rebalance.
  if (!skips) response.leader = then.oldLeader ?? ''
  answerJoin(work, group, member, response)
  // One that ran out while it waited was not counted.
  startSession(work, group, member.memberId, member.sessionTimeoutMs)
}

/** Nobody knows it by its new id: what it was stands again, if the log does not have the record. */
export function replacedHasFailed(work: Work, then: Replaced, error: ErrorName, written: boolean): void {
  const found = stillWaiting(work, then)
  if (found === null) return
  const { group, member } = found
  answerJoin(work, group, member, joinError(error, '', then.request.version))
  startSession(work, group, member.memberId, member.sessionTimeoutMs)
  if (written || group.state !== 'Stable') return
  work.active.deadlines.clear(sessionName(group.groupId, then.newId))
  updateMember(group, member, then.before)
  const hadToSync = group.pendingSync.has(then.newId)
  const old = renameStaticMember(group, then.newId, then.oldId)
  if (hadToSync) group.pendingSync.add(then.oldId)
  startSession(work, group, then.oldId, old.sessionTimeoutMs)
}

function stillWaiting(work: Work, then: Replaced): { group: Group; member: Member } | null {
  const group = groupOf(work, then.groupId)
  const member = group?.members.get(then.newId)
  if (group === null || member?.awaitingJoin?.token !== then.request.token) return null
  return { group, member }
}

function refused(work: Work, request: JoinRequest, error: ErrorName, memberId: string): void {
  answer(work, 'JoinGroup', request.token, joinError(error, memberId, request.version))
}

function timeouts({ body }: JoinRequest): { readonly rebalanceTimeoutMs: number; readonly sessionTimeoutMs: number } {
  const { rebalanceTimeoutMs, sessionTimeoutMs } = body
  // Version 0 has one time-out for both.
  return { rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs, sessionTimeoutMs }
}

/** A name given twice counts once. */
function copied(protocols: JoinRequest['body']['protocols']): Protocol[] {
  const byName = new Map<string, Protocol>()
  for (const { name, metadata } of protocols) {
    if (!byName.has(name)) byName.set(name, { name, metadata: metadata.slice() })
  }
  return [...byName.values()]
}

function clientReason({ body }: JoinRequest): string {
  return `client reason: ${body.reason === null || body.reason === '' ? 'not provided' : body.reason}`
}

/** As Java prints a UUID, since ids of members are read by people and tools. */
function hexUuid(uuid: string): string {
  const bytes = new Uint8Array(16)
  uuidToBytes(uuid, bytes)
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
