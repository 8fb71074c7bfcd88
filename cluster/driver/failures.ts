// What a request gets that no controller decided: every API has its own place for an error, and a per-item API says it
// once for each item.

import { Bug } from '../../src/base/index.ts'
import type {
  AlterClientQuotasRequest,
  AlterConfigsRequest,
  AlterPartitionReassignmentsRequest,
  CreatePartitionsRequest,
  CreateTopicsRequest,
  DeleteTopicsRequest,
  ElectLeadersRequest,
  ErrorName,
  IncrementalAlterConfigsRequest,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'

/** The API's response that says `error` of everything asked for. */
export function failedResponse(api: string, request: unknown, error: ErrorName, message: string | null): unknown {
  const outcome = { errorCode: errorCode(error), errorMessage: message }
  switch (api) {
    case 'CreateTopics':
      return { topics: (request as CreateTopicsRequest).topics.map(({ name }) => ({ name, configs: [], ...outcome })) }
    case 'DeleteTopics': {
      const { topics, topicNames } = request as DeleteTopicsRequest
      const named = topicNames.map((name) => ({ name, ...outcome }))
      return { responses: [...topics.map(({ name, topicId }) => ({ name, topicId, ...outcome })), ...named] }
    }
    case 'CreatePartitions':
      return { results: (request as CreatePartitionsRequest).topics.map(({ name }) => ({ name, ...outcome })) }
    case 'AlterConfigs':
    case 'IncrementalAlterConfigs': {
      const { resources } = request as AlterConfigsRequest | IncrementalAlterConfigsRequest
      return {
        responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, ...outcome })),
      }
    }
    case 'AlterPartitionReassignments': {
      const { topics } = request as AlterPartitionReassignmentsRequest
      const responses = topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, ...outcome })),
      }))
      return { ...outcome, responses }
    }
    case 'ElectLeaders': {
      const { topicPartitions } = request as ElectLeadersRequest
      const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
        topic,
        partitionResult: partitions.map((partitionId) => ({ partitionId, ...outcome })),
      }))
      return { errorCode: outcome.errorCode, replicaElectionResults }
    }
    case 'AlterClientQuotas': {
      const { entries } = request as AlterClientQuotasRequest
      return { entries: entries.map(({ entity }) => ({ entity, ...outcome })) }
    }
    case 'ListPartitionReassignments':
    case 'UnregisterBroker':
    case 'UpdateFeatures':
    case 'ControllerRegistration':
    case 'DescribeQuorum':
      return outcome
    case 'BrokerRegistration':
    case 'BrokerHeartbeat':
    case 'AlterPartition':
    case 'AssignReplicasToDirs':
    case 'AllocateProducerIds':
      return { errorCode: outcome.errorCode }
    default:
      throw new Bug(`${api} is decided by no controller`)
  }
}

const NOT_CONTROLLER = errorCode('NOT_CONTROLLER')

/** Whether an answer says that its sender is not the active controller, so that another must be asked. */
export function saysNotController(response: unknown): boolean {
  const body = response as {
    errorCode?: number
    topics?: unknown
    responses?: unknown
    results?: unknown
    entries?: unknown
  }
  if (body.errorCode === NOT_CONTROLLER) return true
  for (const list of [body.topics, body.responses, body.results, body.entries]) {
    if (!Array.isArray(list)) continue
    if (list.some((item: { errorCode?: number }) => item.errorCode === NOT_CONTROLLER)) return true
  }
  return false
}
