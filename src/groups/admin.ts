// DescribeGroups, ListGroups, DeleteGroups: what people and tools see. Answered from what is committed.

import { errorCode } from '../wire/index.ts'
import { committed } from './cells.ts'
import { metadataOf, NO_BYTES } from './group.ts'
import { allOffsetTombstones } from './offsets.ts'
import { groupTombstone } from './records.ts'
import { describeError } from './refusals.ts'
import { answer, answerAfter, answerError, groupOf, type Work } from './shard.ts'
import type { GroupRequest } from './types.ts'

type DescribeRequest = Extract<GroupRequest, { api: 'DescribeGroups' }>
type ListRequest = Extract<GroupRequest, { api: 'ListGroups' }>
type DeleteRequest = Extract<GroupRequest, { api: 'DeleteGroups' }>

/** From here on, a group that is not there is an error, and not a dead group (KIP-1043). */
const GROUP_ID_NOT_FOUND_FROM = 6
/** The one type of group that there is. */
const CLASSIC = 'classic'

export function describe(work: Work, request: DescribeRequest): void {
  const { body, token, version } = request
  const { groupId } = body
  const group = committed(work.active.contents.groups.get(groupId))
  if (group === null) {
    const says = version >= GROUP_ID_NOT_FOUND_FROM
    const message = says ? `Group ${groupId} not found.` : null
    const response = describeError(groupId, says ? 'GROUP_ID_NOT_FOUND' : 'NONE', message, 'Dead')
    answer(work, 'DescribeGroups', token, response)
    return
  }
  const stable = group.state === 'Stable'
  answer(work, 'DescribeGroups', token, {
    errorCode: errorCode('NONE'),
    errorMessage: null,
    groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: stable ? (group.protocolName ?? '') : '',
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      // Only a stable group has agreed on a protocol that this would be the metadata of.
      memberMetadata: stable ? metadataOf(member, group.protocolName ?? '') : NO_BYTES,
      memberAssignment: member.assignment,
    })),
  })
}

/** Filters are the names of states and types in any case; none lets all pass, an unknown one nothing. */
export function list(work: Work, request: ListRequest): void {
  const { statesFilter, typesFilter } = request.body
  const states = new Set(statesFilter.map((state) => state.trim().toLowerCase()))
  const types = new Set(typesFilter.map((type) => type.trim().toLowerCase()))
  const groups = []
  if (types.size === 0 || types.has(CLASSIC)) {
    for (const [groupId, cell] of work.active.contents.groups) {
      const group = committed(cell)
      if (group === null || (states.size > 0 && !states.has(group.state.toLowerCase()))) continue
      groups.push({
        groupId,
        protocolType: group.protocolType ?? '',
        groupState: group.state,
        groupType: CLASSIC,
      })
    }
  }
  answer(work, 'ListGroups', request.token, { errorCode: errorCode('NONE'), groups })
}

export function deleteGroup(work: Work, request: DeleteRequest): void {
  const { groupId } = request.body
  const group = groupOf(work, groupId)
  if (group === null) {
    answerError(work, request, 'GROUP_ID_NOT_FOUND')
    return
  }
  if (group.state !== 'Empty') {
    answerError(work, request, 'NON_EMPTY_GROUP')
    return
  }
  const records = [...allOffsetTombstones(work, groupId), groupTombstone(groupId)]
  answerAfter(work, request, { groupId, errorCode: errorCode('NONE') }, records)
}
