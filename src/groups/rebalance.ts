// How a group goes from one generation to the next: who is waited for and for how long, who is removed, what each member is
// told. Invariant: a generation begins only when everybody that belongs to it has asked to join it, or when the time is over
// and it consists of those who have (static members stay).

import { assert } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { errorCode } from '../wire/index.ts'
import {
  allJoined,
  type Group,
  type Member,
  metadataOf,
  NO_BYTES,
  rebalanceTimeoutMs,
  removeMember,
  selectProtocol,
  setAwaitingJoin,
  subscribedTopics,
} from './group.ts'
import { groupRecord } from './records.ts'
import { joinError, nameFor, syncError } from './refusals.ts'
import { answer, append, groupOf, type InitialDelay, note, type Work } from './shard.ts'
import { become } from './states.ts'
import type { GroupResponses } from './types.ts'

/** Members may ask for no rebalance time-out at all; a group that nobody joins is not looked at for ever. */
const NOBODY_JOINED_RETRY_MS = 1_000

export function sessionName(groupId: string, memberId: string): string {
  return `session ${groupId} ${memberId}`
}
function joinName(groupId: string): string {
  return `join ${groupId}`
}
function syncName(groupId: string): string {
  return `sync ${groupId}`
}

/** The member has until then to be heard again. */
export function startSession(work: Work, group: Group, memberId: string, timeoutMs: number): void {
  const { groupId } = group
  const due = work.at.now + timeoutMs
  work.active.deadlines.set(sessionName(groupId, memberId), due, { kind: 'session', groupId, memberId })
}

export function answerJoin(work: Work, group: Group, member: Member, response: GroupResponses['JoinGroup']): void {
  const waiter = member.awaitingJoin
  if (waiter === null) return
  setAwaitingJoin(group, member, null)
  answer(work, 'JoinGroup', waiter.token, { ...response, protocolName: nameFor(waiter.version, response.protocolName) })
}

export function answerSync(work: Work, member: Member, response: GroupResponses['SyncGroup']): boolean {
  const waiter = member.awaitingSync
  if (waiter === null) return false
  member.awaitingSync = null
  answer(work, 'SyncGroup', waiter.token, response)
  return true
}

/** What a member of this generation is told; the leader alone hears of the others. */
export function joined(group: Group, memberId: string): GroupResponses['JoinGroup'] {
  const { protocolName } = group
  return {
    errorCode: errorCode('NONE'),
    generationId: group.generation,
    protocolType: group.protocolType,
    protocolName,
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId,
    members: group.leaderId === memberId ? membersFor(group) : [],
  }
}

export function membersFor(group: Group): GroupResponses['JoinGroup']['members'] {
  return [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: metadataOf(member, group.protocolName ?? ''),
  }))
}

/** Removes a member, and whoever waits in it is told: a client that is still there joins anew. */
export function expel(work: Work, group: Group, member: Member): void {
  answerJoin(work, group, member, joinError('UNKNOWN_MEMBER_ID', '', 9))
  answerSync(work, member, syncError('UNKNOWN_MEMBER_ID'))
  work.active.deadlines.clear(sessionName(group.groupId, member.memberId))
  removeMember(group, member.memberId)
}

/** Something has changed that the members must agree on anew. */
export function rebalance(work: Work, group: Group, reason: string): void {
  if (group.state === 'PreparingRebalance') completeJoinIfReady(work, group)
  else prepareRebalance(work, group, reason)
}

export function prepareRebalance(work: Work, group: Group, reason: string): void {
  const { active, at } = work
  const { config } = work.shard
  const initial = group.state === 'Empty'
  if (group.state === 'CompletingRebalance') failSyncs(work, group, 'REBALANCE_IN_PROGRESS')
  group.pendingSync.clear()
  active.deadlines.clear(syncName(group.groupId))
  group.assigning = null
  become(group, 'PreparingRebalance', at.wall)
  group.preparing = { initial, grown: false }
  note(work, group.groupId, `prepares to rebalance, old generation ${group.generation} (reason: ${reason})`)
  if (initial) {
    // Nobody is there yet: give the others time to come.
    const delayMs = config.initialRebalanceDelayMs
    putOff(work, group, delayMs, { delayMs, remainingMs: Math.max(rebalanceTimeoutMs(group) - delayMs, 0) })
  } else if (allJoined(group)) completeJoin(work, group)
  else putOff(work, group, rebalanceTimeoutMs(group), null)
}

function putOff(work: Work, group: Group, delayMs: number, initial: InitialDelay | null): void {
  const { groupId } = group
  work.active.deadlines.set(joinName(groupId), work.at.now + delayMs, { kind: 'join', groupId, initial })
}

/** Not while an empty group waits for others. */
export function completeJoinIfReady(work: Work, group: Group): void {
  if (group.preparing === null || group.preparing.initial || !allJoined(group)) return
  completeJoin(work, group)
}

export function joinTimeIsOver(work: Work, groupId: string, initial: InitialDelay | null): void {
  const group = groupOf(work, groupId)
  if (group?.preparing === null || group?.preparing === undefined) return
  if (initial === null || !group.preparing.grown || initial.remainingMs === 0) {
    completeJoin(work, group)
    return
  }
  // Somebody came: wait once more, as long as the rebalance time-out allows.
  group.preparing.grown = false
  const delayMs = Math.min(work.shard.config.initialRebalanceDelayMs, initial.remainingMs)
  putOff(work, group, delayMs, { delayMs, remainingMs: Math.max(initial.remainingMs - initial.delayMs, 0) })
}

/** The generation begins with those who have joined. */
export function completeJoin(work: Work, group: Group): void {
  const { active } = work
  active.deadlines.clear(joinName(group.groupId))
  for (const member of [...group.members.values()]) {
    if (member.awaitingJoin !== null || member.groupInstanceId !== null) continue
    note(work, group.groupId, `removes ${member.memberId}, which did not join in time`)
    expel(work, group, member)
  }
  if (!electLeader(group) && group.members.size > 0) {
    // Only static members, and none has come: wait on, until sessions remove them.
    note(work, group.groupId, 'cannot complete its rebalance: no member has joined')
    putOff(work, group, Math.max(rebalanceTimeoutMs(group), NOBODY_JOINED_RETRY_MS), null)
    return
  }
  beginGeneration(work, group)
}

/** The leader must be one who has joined. False: nobody has. */
function electLeader(group: Group): boolean {
  const leader = group.leaderId === null ? undefined : group.members.get(group.leaderId)
  if (leader !== undefined && leader.awaitingJoin !== null) return true
  for (const member of group.members.values()) {
    if (member.awaitingJoin === null) continue
    group.leaderId = member.memberId
    return true
  }
  return false
}

function beginGeneration(work: Work, group: Group): void {
  const { at } = work
  group.generation++
  group.preparing = null
  group.pendingSync.clear()
  group.protocolName = group.members.size > 0 ? selectProtocol(group) : null
  group.subscribedTopics = subscribedTopics(group)
  if (group.members.size === 0) {
    become(group, 'Empty', at.wall)
    note(work, group.groupId, `is empty with generation ${group.generation}`)
    // Should this be lost, the last generation comes back with its members, whose sessions run out.
    append(work, [groupRecord(group, new Map())])
    return
  }
  become(group, 'CompletingRebalance', at.wall)
  note(work, group.groupId, `begins generation ${group.generation} with ${group.members.size} members`)
  for (const member of group.members.values()) {
    answerJoin(work, group, member, joined(group, member.memberId))
    startSession(work, group, member.memberId, member.sessionTimeoutMs)
    member.isNew = false
    group.pendingSync.add(member.memberId)
  }
  const { groupId, generation } = group
  const due = at.now + rebalanceTimeoutMs(group)
  work.active.deadlines.set(syncName(groupId), due, { kind: 'sync', groupId, generation })
}

/** Whoever has not asked for its assignment by now is removed (KAFKA-13214). */
export function syncTimeIsOver(work: Work, groupId: string, generation: number): void {
  const group = groupOf(work, groupId)
  if (group === null || group.generation !== generation || group.pendingSync.size === 0) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  const late = [...group.pendingSync]
  for (const memberId of late) {
    const member = group.members.get(memberId)
    assert(member !== undefined, `${memberId} has yet to sync and is a member of ${groupId}`)
    expel(work, group, member)
  }
  prepareRebalance(work, group, `removing ${late.join(', ')}, not heard with a SyncGroup in time`)
}

/** It has asked for its assignment. */
export function noteSync(work: Work, group: Group, memberId: string): void {
  group.pendingSync.delete(memberId)
  if (group.pendingSync.size === 0) work.active.deadlines.clear(syncName(group.groupId))
}

export function failSyncs(work: Work, group: Group, error: ErrorName): void {
  for (const member of group.members.values()) {
    member.assignment = NO_BYTES
    if (answerSync(work, member, syncError(error))) {
      startSession(work, group, member.memberId, member.sessionTimeoutMs)
    }
  }
}
