// DescribeTopicPartitions (75, version 0): topics with their partitions, replicas and eligible leader replicas, page by
// page (KIP-966). Topics come in name order; when the limit is reached the answer names the partition to go on with. The
// limit is the smaller of the client's and `max.request.partition.size.limit`.

import type { MetadataImage, TopicImage } from '../../../cluster/metadata/index.ts'
import { ZERO_UUID } from '../../base/index.ts'
import {
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
  errorCode,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { TOPIC_OPERATIONS } from '../authorizer.ts'
import { type Handler, respond } from '../types.ts'
import { isInternalTopic, partitionOn, partitionsOf, topicByName, topicNameFault } from '../view.ts'

type Request = Message<typeof DescribeTopicPartitionsRequest>
type TopicAnswer = NonNullable<Input<typeof DescribeTopicPartitionsResponse>['topics']>[number]
type Cursor = { readonly topicName: string; readonly partitionIndex: number }

export const describeTopicPartitions: Handler<
  typeof DescribeTopicPartitionsRequest,
  typeof DescribeTopicPartitionsResponse
> = (request, call) => {
  const { cluster, limits } = call.services
  const image = cluster.image
  if (request.cursor !== null && request.cursor.partitionIndex < 0) {
    // Kafka fails the whole request; the answer has no error of its own, so each topic carries it.
    return respond({ topics: request.topics.map(({ name }) => failed(name, 'INVALID_REQUEST')) })
  }
  const all = request.topics.length === 0
  const names = (all ? [...image.topicIds.keys()] : [...new Set(request.topics.map(({ name }) => name))]).sort(
    byCodePoint,
  )
  const limit = Math.min(limits.describedPartitions, Math.max(request.responsePartitionLimit, 1))
  return respond(page(image, names, request, limit, call.context.listener, all))
}

function page(
  image: MetadataImage,
  names: readonly string[],
  request: Request,
  limit: number,
  listener: string,
  all: boolean,
): Input<typeof DescribeTopicPartitionsResponse> {
  const topics: TopicAnswer[] = []
  const { cursor } = request
  let left = limit
  for (const name of names) {
    if (cursor !== null && byCodePoint(name, cursor.topicName) < 0) continue
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } }
    const topic = topicByName(image, name)
    if (topic === undefined) {
      if (!all)
        topics.push(
          failed(name, topicNameFault(name) === null ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'),
        )
      continue
    }
    const first = cursor?.topicName === name ? cursor.partitionIndex : 0
    const [answer, nextCursor] = described(image, topic, first, left, listener)
    topics.push(answer)
    if (nextCursor !== null) return { topics, nextCursor }
    left -= answer.partitions?.length ?? 0
  }
  return { topics, nextCursor: null }
}

function described(
  image: MetadataImage,
  topic: TopicImage,
  first: number,
  limit: number,
  listener: string,
): [TopicAnswer, Cursor | null] {
  const options = { listener, leaveOutDead: false, listenerErrors: true }
  const rest = partitionsOf(topic).filter(([index]) => index >= first)
  const partitions = rest.slice(0, limit).map(([index, partition]) => ({
    ...partitionOn(image, index, partition, options),
    eligibleLeaderReplicas: partition.elr,
    lastKnownElr: partition.lastKnownElr,
  }))
  const next = rest[limit]
  return [
    {
      errorCode: 0,
      name: topic.name,
      topicId: topic.id,
      isInternal: isInternalTopic(topic.name),
      partitions,
      topicAuthorizedOperations: TOPIC_OPERATIONS,
    },
    next === undefined ? null : { topicName: topic.name, partitionIndex: next[0] },
  ]
}

function failed(name: string, error: Parameters<typeof errorCode>[0]): TopicAnswer {
  return { errorCode: errorCode(error), name, topicId: ZERO_UUID, isInternal: isInternalTopic(name), partitions: [] }
}

/** As Java's String.compareTo on valid topic names; never a locale's order. */
function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
