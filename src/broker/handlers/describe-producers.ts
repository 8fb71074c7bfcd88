// DescribeProducers (61, version 0): the producers that a partition's log remembers, by whichever replica is asked
// (KIP-664).

import { assert } from '../../base/index.ts'
import {
  type DescribeProducersRequest,
  type DescribeProducersResponse,
  type ErrorName,
  errorCode,
  type Input,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicByName, topicNameFault } from '../view.ts'

type PartitionAnswer = NonNullable<
  NonNullable<Input<typeof DescribeProducersResponse>['topics']>[number]['partitions']
>[number]

export const describeProducers: Handler<typeof DescribeProducersRequest, typeof DescribeProducersResponse> = (
  request,
  call,
) =>
  respond({
    topics: request.topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((index) => described(name, index, call)),
    })),
  })

function described(name: string, partitionIndex: number, call: Call): PartitionAnswer {
  const failed = (error: ErrorName, errorMessage: string | null = null): PartitionAnswer => ({
    partitionIndex,
    errorCode: errorCode(error),
    errorMessage,
    activeProducers: [],
  })
  const fault = topicNameFault(name)
  if (fault !== null) return failed('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${fault}`)
  const { cluster, replication } = call.services
  const topic = topicByName(cluster.image, name)
  if (topic === undefined) return failed('UNKNOWN_TOPIC_OR_PARTITION')
  assert(replication !== null, 'DescribeProducers without replicas')
  const found = replication.activeProducers({ topic: name, topicId: topic.id, partition: partitionIndex })
  if (typeof found === 'string') return failed(found)
  return {
    partitionIndex,
    errorCode: 0,
    activeProducers: found.map((producer) => ({
      producerId: producer.producerId,
      producerEpoch: producer.epoch,
      lastSequence: producer.lastSequence,
      lastTimestamp: producer.lastTimestamp,
      coordinatorEpoch: producer.coordinatorEpoch,
      currentTxnStartOffset: producer.currentTxnFirstOffset,
    })),
  }
}
