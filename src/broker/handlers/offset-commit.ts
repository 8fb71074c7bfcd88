// OffsetCommit (8, versions 2–10): how far a group has read, answered when it is committed. Partitions that do not exist are
// refused here, one by one; the others go to the coordinator together.
// Versions 2 to 4 may set a retention time, 6 adds the leader epoch (KIP-320), 7 static members (KIP-345), 8 is flexible, 9 is
// what members of the newer protocol speak (KIP-848), 10 names topics by id (KIP-848).

import { type Uuid, ZERO_UUID } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type Message,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicOf } from '../view.ts'

type Topic = Message<typeof OffsetCommitRequest>['topics'][number]

/** A topic as it was asked for: what may be committed of it, and what is wrong with each of its partitions. */
interface Checked {
  readonly topic: Topic
  readonly name: string
  readonly topicId: Uuid
  readonly errors: readonly ErrorName[]
}

const BY_ID_SINCE = 10

export const offsetCommit: Handler<typeof OffsetCommitRequest, typeof OffsetCommitResponse> = async (request, call) => {
  const checked = request.topics.map((topic) => check(topic, call))
  const topics = checked
    .map(({ topic, name, topicId, errors }) => ({
      name,
      topicId,
      partitions: topic.partitions.filter((_, i) => errors[i] === 'NONE'),
    }))
    .filter(({ partitions }) => partitions.length > 0)
  // In the order in which they were asked.
  const committed =
    topics.length === 0 ? [] : (await askGroup(call, 'OffsetCommit', request.groupId, { ...request, topics })).topics
  const codes = committed.flatMap(({ partitions }) => partitions.map((partition) => partition.errorCode))
  return respond({
    topics: checked.map(({ topic, errors }) => ({
      name: topic.name,
      topicId: topic.topicId,
      partitions: topic.partitions.map(({ partitionIndex }, i) => {
        const error = errors[i] ?? 'UNKNOWN_SERVER_ERROR'
        return { partitionIndex, errorCode: error === 'NONE' ? codes.shift()! : errorCode(error) }
      }),
    })),
  })
}

function check(topic: Topic, call: Call): Checked {
  const byId = call.version >= BY_ID_SINCE
  const known = topicOf(call.services.cluster.image, topic, byId)
  const unknown: ErrorName = byId && known === undefined ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  const errors = topic.partitions.map(
    ({ partitionIndex }): ErrorName => (known?.partitions.has(partitionIndex) ? 'NONE' : unknown),
  )
  return { topic, name: known?.name ?? topic.name, topicId: known?.id ?? ZERO_UUID, errors }
}
