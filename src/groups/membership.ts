// SyncGroup, Heartbeat, LeaveGroup, and the end of a session: what members of a generation say, and what their silence means.

import type { ErrorName } from '../wire/index.ts'
import { errorCode } from '../wire/index.ts'
import { type Group, identify, type Member, NO_BYTES } from './group.ts'
import {
  answerSync,
  completeJoinIfReady,
  expel,
  failSyncs,
  noteSync,
  prepareRebalance,
  rebalance,
  sessionName,
  startSession,
} from './rebalance.ts'
import { groupRecord } from './records.ts'
import { syncError } from './refusals.ts'
import { answer, answerAfter, answerError, append, groupOf, note, type Then, type Work, waitFor } from './shard.ts'
import { become } from './states.ts'
import type { GroupRequest, GroupResponses } from './types.ts'

type SyncRequest = Extract<GroupRequest, { api: 'SyncGroup' }>
type HeartbeatRequest = Extract<GroupRequest, { api: 'Heartbeat' }>
type LeaveRequest = Extract<GroupRequest, { api: 'LeaveGroup' }>

export function sync(work: Work, request: SyncRequest): void {
  const { body, token, version } = request
  // KIP-559: from version 5 on it must say which protocol it means.
  if (version >= 5 && (body.protocolType === null || body.protocolName === null)) {
    answerError(work, request, 'INCONSISTENT_GROUP_PROTOCOL')
    return
  }
  const group = groupOf(work, body.groupId)
  if (group === null) {
    answerError(work, request, 'UNKNOWN_MEMBER_ID')
    return
  }
  const error = validateSync(group, body)
  const member = group.members.get(body.memberId)
  if (error !== 'NONE' || member === undefined) {
    answerError(work, request, error)
    return
  }
  if (group.state === 'PreparingRebalance') {
    answerError(work, request, 'REBALANCE_IN_PROGRESS')
    return
  }
  noteSync(work, group, member.memberId)
  if (group.state === 'Stable') {
    answer(work, 'SyncGroup', token, assigned(group, member))
    return
  }
  // One that it waited in before is let go: it was asked twice.
  answerSync(work, member, syncError('REBALANCE_IN_PROGRESS'))
  member.awaitingSync = { token, version }
  // A leader that asks again while its assignment is being written waits like the others: a second one of the same
  // generation must not come into the log behind the one that is given out.
  if (group.leaderId !== member.memberId || group.assigning !== null) return
  const assignments = new Map([...group.members.keys()].map((memberId) => [memberId, NO_BYTES]))
  for (const { memberId, assignment } of body.assignments) {
    if (assignments.has(memberId)) assignments.set(memberId, assignment.slice())
  }
  const id = append(work, [groupRecord(group, assignments)])
  group.assigning = id
  const { groupId, generation } = group
  waitFor(work, id, id, { kind: 'assigned', groupId, generation, assignments })
}

function validateSync(group: Group, body: SyncRequest['body']): ErrorName {
  if (group.state === 'Empty') return 'UNKNOWN_MEMBER_ID'
  const error = identify(group, body.memberId, body.groupInstanceId)
  if (error !== 'NONE') return error
  if (body.generationId !== group.generation) return 'ILLEGAL_GENERATION'
  // Who says which protocol it means must mean the group's.
  const differs = (said: string | null, is: string | null): boolean => said !== null && is !== null && said !== is
  if (differs(body.protocolType, group.protocolType) || differs(body.protocolName, group.protocolName)) {
    return 'INCONSISTENT_GROUP_PROTOCOL'
  }
  return 'NONE'
}

function assigned(group: Group, member: Member): GroupResponses['SyncGroup'] {
  const { protocolType, protocolName } = group
  return { errorCode: errorCode('NONE'), protocolType, protocolName, assignment: member.assignment }
}

type Assigned = Extract<Then, { kind: 'assigned' }>

/** The generation that it was for; null if another rebalance has begun since. */
function stillAssigning(work: Work, then: Assigned): Group | null {
  const group = groupOf(work, then.groupId)
  return group?.state === 'CompletingRebalance' && group.generation === then.generation ? group : null
}

export function assignmentIsCommitted(work: Work, then: Assigned): void {
  const group = stillAssigning(work, then)
  if (group === null) return
  for (const member of group.members.values()) {
    member.assignment = then.assignments.get(member.memberId) ?? NO_BYTES
    // A session that ran out meanwhile was not counted: it begins again.
    if (answerSync(work, member, assigned(group, member))) {
      startSession(work, group, member.memberId, member.sessionTimeoutMs)
    }
  }
  group.assigning = null
  become(group, 'Stable', work.at.wall)
}

export function assignmentHasFailed(work: Work, then: Assigned, error: ErrorName): void {
  const group = stillAssigning(work, then)
  if (group === null) return
  failSyncs(work, group, error)
  prepareRebalance(work, group, `the assignment of generation ${then.generation} could not be stored: ${error}`)
}

export function heartbeat(work: Work, request: HeartbeatRequest): void {
  const { body } = request
  const group = groupOf(work, body.groupId)
  if (group === null) {
    answerError(work, request, 'UNKNOWN_MEMBER_ID')
    return
  }
  const error = identify(group, body.memberId, body.groupInstanceId)
  if (error !== 'NONE') {
    answerError(work, request, error)
    return
  }
  if (body.generationId !== group.generation) {
    answerError(work, request, 'ILLEGAL_GENERATION')
    return
  }
  hear(work, group, body.memberId)
  const said: ErrorName = group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  answerAfter(work, request, { errorCode: errorCode(said) })
}

/** The member is alive. */
export function hear(work: Work, group: Group, memberId: string): void {
  const member = group.members.get(memberId)
  if (member !== undefined) startSession(work, group, memberId, member.sessionTimeoutMs)
}

export function leave(work: Work, request: LeaveRequest): void {
  const { body, version } = request
  // Before version 3 one member leaves at a time, and its error is the answer's.
  const one = { memberId: body.memberId, groupInstanceId: null, reason: null }
  const leaving: LeaveRequest['body']['members'] = version < 3 ? [one] : body.members
  const group = groupOf(work, body.groupId)
  const before = group?.members.size ?? 0
  const members = leaving.map(({ memberId, groupInstanceId, reason }) => {
    const error = group === null ? 'UNKNOWN_MEMBER_ID' : leaveOne(work, group, memberId, groupInstanceId, reason)
    return { memberId, groupInstanceId, errorCode: errorCode(error) }
  })
  const left = members.filter((member) => member.errorCode === errorCode('NONE')).map(({ memberId }) => memberId)
  if (group?.state === 'PreparingRebalance') completeJoinIfReady(work, group)
  else if (group !== null && group.members.size < before) {
    prepareRebalance(work, group, `${left.join(', ')} left by LeaveGroup`)
  }
  const response = version < 3 ? { errorCode: members[0]!.errorCode, members: [] } : { errorCode: 0, members }
  answerAfter(work, request, response)
}

function leaveOne(
  work: Work,
  group: Group,
  memberId: string,
  groupInstanceId: string | null,
  reason: string | null,
): ErrorName {
  if (group.pendingJoin.has(memberId)) {
    group.pendingJoin.delete(memberId)
    work.active.deadlines.clear(sessionName(group.groupId, memberId))
    return 'NONE'
  }
  // An administrator removes a static member by its instance alone.
  const byInstance = memberId === '' && groupInstanceId !== null
  const id = byInstance ? (group.staticMembers.get(groupInstanceId) ?? '') : memberId
  const error = identify(group, id, groupInstanceId)
  const member = group.members.get(id)
  if (error !== 'NONE' || member === undefined) return error
  note(work, group.groupId, `${id} has left; client reason: ${reason ?? 'not provided'}`)
  expel(work, group, member)
  return 'NONE'
}

/** Not heard for its session time-out. Whoever waits in a join or a sync is there, unless it never had an id to answer with. */
export function sessionIsOver(work: Work, groupId: string, memberId: string): void {
  const group = groupOf(work, groupId)
  if (group === null) return
  if (group.pendingJoin.delete(memberId)) {
    note(work, groupId, `gives up ${memberId}, which did not join with its id in time`)
    completeJoinIfReady(work, group)
    return
  }
  const member = group.members.get(memberId)
  if (member === undefined) return
  if (!member.isNew && (member.awaitingJoin !== null || member.awaitingSync !== null)) return
  note(work, groupId, `removes ${memberId}, not heard for ${member.sessionTimeoutMs} ms`)
  expel(work, group, member)
  rebalance(work, group, `${memberId} was not heard in time`)
}
