// ListOffsets (2, versions 1–11): an offset by timestamp, or by one of Kafka's special timestamps, each with the version
// that first has it: −1 latest and −2 earliest (1), −3 maximal timestamp (7), −4 earliest local (8), −5 last tiered (9),
// −6 earliest not uploaded (11). Version 2 adds the isolation level, 4 leader epochs, 10 a time-out for tiered look-ups.
// After an election the answer is OFFSET_NOT_AVAILABLE until the high watermark has reached the new epoch (KIP-207),
// LEADER_NOT_AVAILABLE for versions below 5, which do not know that error.

import type { ListedOffset, Reader, ReplicationError } from '../../../replication/driver/index.ts'
import { assert } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type Input,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  type Message,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicByName } from '../view.ts'

type PartitionAnswer = NonNullable<
  NonNullable<Input<typeof ListOffsetsResponse>['topics']>[number]['partitions']
>[number]
type Partition = Message<typeof ListOffsetsRequest>['topics'][number]['partitions'][number]

const FIRST_VERSION: ReadonlyMap<number, number> = new Map([
  [-1, 1],
  [-2, 1],
  [-3, 7],
  [-4, 8],
  [-5, 9],
  [-6, 11],
])

export const listOffsets: Handler<typeof ListOffsetsRequest, typeof ListOffsetsResponse> = async (request, call) => {
  const duplicates = duplicatesIn(request)
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((partition) =>
      duplicates.has(`${name}\0${partition.partitionIndex}`)
        ? failed(partition, 'INVALID_REQUEST')
        : listed(name, partition, request, call),
    ),
  }))
  const answers = []
  for (const { name, partitions } of topics) answers.push({ name, partitions: await Promise.all(partitions) })
  return respond({ topics: answers })
}

async function listed(
  name: string,
  partition: Partition,
  request: Message<typeof ListOffsetsRequest>,
  call: Call,
): Promise<PartitionAnswer> {
  const { cluster, replication } = call.services
  const { timestamp, partitionIndex, currentLeaderEpoch } = partition
  if (timestamp < 0 && call.version < (FIRST_VERSION.get(timestamp) ?? Number.POSITIVE_INFINITY)) {
    return failed(partition, 'UNSUPPORTED_VERSION')
  }
  const topic = topicByName(cluster.image, name)
  if (!topic?.partitions.has(partitionIndex)) return failed(partition, 'UNKNOWN_TOPIC_OR_PARTITION')
  const reader = readerOf(request, call)
  if (reader === null) return failed(partition, 'TOPIC_AUTHORIZATION_FAILED')
  assert(replication !== null, 'ListOffsets without replicas')
  const at = { topic: name, topicId: topic.id, partition: partitionIndex }
  const result = await replication.listOffset(at, timestamp, currentLeaderEpoch, reader)
  return result.error === 'NONE'
    ? found(partitionIndex, result, call.version)
    : failed(partition, toldAs(result.error, call.version))
}

/** Null: a replica id on a listener that is not for brokers. */
function readerOf(request: Message<typeof ListOffsetsRequest>, call: Call): Reader | null {
  if (request.replicaId >= 0) {
    return call.listener.clusterActions ? { kind: 'replica', id: request.replicaId, brokerEpoch: -1 } : null
  }
  const isolation = request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted'
  return { kind: 'consumer', isolation, rack: '', leaderOnly: true }
}

function toldAs(error: ReplicationError, version: number): ErrorName {
  return error === 'OFFSET_NOT_AVAILABLE' && version < 5 ? 'LEADER_NOT_AVAILABLE' : error
}

function found(partitionIndex: number, result: ListedOffset, version: number): PartitionAnswer {
  const { timestamp, offset } = result
  const leaderEpoch = version >= 4 ? result.leaderEpoch : undefined
  return { partitionIndex, errorCode: 0, timestamp, offset, leaderEpoch }
}

function failed(partition: Partition, error: ErrorName): PartitionAnswer {
  return { partitionIndex: partition.partitionIndex, errorCode: errorCode(error), timestamp: -1, offset: -1 }
}

/** Kafka refuses a partition that is asked for twice. */
function duplicatesIn(request: Message<typeof ListOffsetsRequest>): Set<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { name, partitions } of request.topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}\0${partitionIndex}`
      if (seen.has(key)) twice.add(key)
      seen.add(key)
    }
  }
  return twice
}
