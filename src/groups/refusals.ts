// The response to any request that says nothing but an error; and what becomes of an error of the log on its way to a client,
// which knows only coordinators.

import { unreachable } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { errorCode } from '../wire/index.ts'
import { NO_BYTES } from './group.ts'
import type { GroupAnswer, GroupBodies, GroupRequest, GroupResponses } from './types.ts'

/** A pure answer to `request`; the shell uses it too, where no shard is there to ask. */
export function refuse(request: GroupRequest, error: ErrorName): GroupAnswer {
  const { token } = request
  const code = errorCode(error)
  switch (request.api) {
    case 'JoinGroup':
      return {
        kind: 'answer',
        api: 'JoinGroup',
        token,
        response: joinError(error, request.body.memberId, request.version),
      }
    case 'SyncGroup':
      return { kind: 'answer', api: 'SyncGroup', token, response: syncError(error) }
    case 'Heartbeat': {
      // Who heartbeats while the groups are loaded has done nothing wrong: Kafka lets it wait without a word.
      const spoken = error === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'NONE' : error
      return { kind: 'answer', api: 'Heartbeat', token, response: { errorCode: errorCode(spoken) } }
    }
    case 'LeaveGroup':
      return { kind: 'answer', api: 'LeaveGroup', token, response: { errorCode: code, members: [] } }
    case 'OffsetCommit':
      return { kind: 'answer', api: 'OffsetCommit', token, response: commitError(request.body, code) }
    case 'OffsetFetch': {
      const response = { groupId: request.body.groupId, topics: [], errorCode: code }
      return { kind: 'answer', api: 'OffsetFetch', token, response }
    }
    case 'OffsetDelete':
      return { kind: 'answer', api: 'OffsetDelete', token, response: { errorCode: code, topics: [] } }
    case 'DescribeGroups': {
      const { groupId } = request.body
      return { kind: 'answer', api: 'DescribeGroups', token, response: describeError(groupId, error, null, '') }
    }
    case 'DeleteGroups': {
      const response = { groupId: request.body.groupId, errorCode: code }
      return { kind: 'answer', api: 'DeleteGroups', token, response }
    }
    case 'ListGroups':
      return { kind: 'answer', api: 'ListGroups', token, response: { errorCode: code, groups: [] } }
    default:
      return unreachable(request)
  }
}

export function joinError(error: ErrorName, memberId: string, version: number): GroupResponses['JoinGroup'] {
  return {
    errorCode: errorCode(error),
    generationId: -1,
    protocolType: null,
    protocolName: nameFor(version, null),
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

/** Before version 7 a name cannot be null. */
export function nameFor(version: number, protocolName: string | null): string | null {
  return version < 7 ? (protocolName ?? '') : protocolName
}

export function syncError(error: ErrorName): GroupResponses['SyncGroup'] {
  return { errorCode: errorCode(error), protocolType: null, protocolName: null, assignment: NO_BYTES }
}

export function describeError(
  groupId: string,
  error: ErrorName,
  errorMessage: string | null,
  groupState: string,
): GroupResponses['DescribeGroups'] {
  return {
    errorCode: errorCode(error),
    errorMessage,
    groupId,
    groupState,
    protocolType: '',
    protocolData: '',
    members: [],
  }
}

function commitError(body: GroupBodies['OffsetCommit'], code: number): GroupResponses['OffsetCommit'] {
  return {
    topics: body.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
    })),
  }
}

/** What a client is told of an error of the log, as Kafka's coordinators tell it. */
export function clientError(error: ErrorName): ErrorName {
  switch (error) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
    case 'NOT_ENOUGH_REPLICAS':
    case 'NOT_ENOUGH_REPLICAS_AFTER_APPEND':
    case 'REQUEST_TIMED_OUT':
      return 'COORDINATOR_NOT_AVAILABLE'
    case 'NOT_LEADER_OR_FOLLOWER':
    case 'FENCED_LEADER_EPOCH':
    case 'KAFKA_STORAGE_ERROR':
      return 'NOT_COORDINATOR'
    case 'MESSAGE_TOO_LARGE':
    case 'RECORD_LIST_TOO_LARGE':
    case 'INVALID_FETCH_SIZE':
      return 'UNKNOWN_SERVER_ERROR'
    default:
      return error
  }
}
