// OffsetFetch (9, versions 1–10): how far groups have read, each asked of its coordinator.
// Version 2 lets null ask for all topics and has an error for the whole, 5 tells the leader epoch (KIP-320), 6 is flexible, 7
// may wait for what is not stable (KIP-447), 8 asks for several groups (KIP-709), 9 is what members of the newer protocol
// speak (KIP-848), 10 names topics by id (KIP-848).

import { ZERO_UUID } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type Input,
  type Message,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicByName, topicOf } from '../view.ts'

interface Asked {
  readonly groupId: string
  readonly topics: Message<typeof OffsetFetchRequest>['groups'][number]['topics']
}
type Group = NonNullable<Input<typeof OffsetFetchResponse>['groups']>[number]
type Topic = NonNullable<Group['topics']>[number]

const ERROR_OF_ALL_SINCE = 2
const MANY_GROUPS_SINCE = 8
const BY_ID_SINCE = 10

export const offsetFetch: Handler<typeof OffsetFetchRequest, typeof OffsetFetchResponse> = async (request, call) => {
  const { requireStable } = request
  if (call.version >= MANY_GROUPS_SINCE) {
    const groups = await Promise.all(request.groups.map((group) => fetched(group, requireStable, call)))
    return respond({ groups })
  }
  const topics = request.topics?.map((topic) => ({ ...topic, topicId: ZERO_UUID })) ?? null
  const group = await fetched({ groupId: request.groupId, topics }, requireStable, call)
  const code = group.errorCode ?? 0
  if (code !== 0 && call.version < ERROR_OF_ALL_SINCE) {
    const failed = (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => nothing(partitionIndex, code)),
    }))
    return respond({ topics: failed })
  }
  return respond({
    topics: (group.topics ?? []).map(({ name = '', partitions }) => ({ name, partitions: partitions ?? [] })),
    errorCode: code,
  })
}

async function fetched({ groupId, topics }: Asked, requireStable: boolean, call: Call): Promise<Group> {
  const { image } = call.services.cluster
  const byId = call.version >= BY_ID_SINCE
  const unknown: Topic[] = []
  // Topics that are no more are asked for too, by name: their offsets may be there still.
  const known = topics?.flatMap((topic) => {
    const found = topicOf(image, topic, byId)
    if (found === undefined && byId) {
      unknown.push(unknownTopic(topic))
      return []
    }
    const { partitionIndexes } = topic
    return [{ name: found?.name ?? topic.name, topicId: found?.id ?? ZERO_UUID, partitionIndexes }]
  })
  const group = await askGroup(call, 'OffsetFetch', groupId, { groupId, topics: known ?? null, requireStable })
  if (group.errorCode !== 0) return group
  const named = byId
    ? group.topics.flatMap((topic) => {
        const topicId = topicByName(image, topic.name)?.id
        return topicId === undefined ? [] : [{ ...topic, topicId }]
      })
    : group.topics
  return { ...group, topics: [...named, ...unknown] }
}

function unknownTopic({ name, topicId, partitionIndexes }: NonNullable<Asked['topics']>[number]): Topic {
  const error: ErrorName = 'UNKNOWN_TOPIC_ID'
  return { name, topicId, partitions: partitionIndexes.map((index) => nothing(index, errorCode(error))) }
}

function nothing(partitionIndex: number, code: number): NonNullable<Topic['partitions']>[number] {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: '', errorCode: code }
}
