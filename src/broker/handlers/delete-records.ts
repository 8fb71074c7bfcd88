// DeleteRecords (21, versions 0–2): partitions begin at an offset, −1: where what is committed ends (KIP-107). Answered by
// the leader when every living replica has let go of what lies below, or at the time-out, with REQUEST_TIMED_OUT: the
// records are gone from the leader all the same. Internal topics are their coordinators'. Version 2 is flexible.

import { assert } from '../../base/index.ts'
import {
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
  type ErrorName,
  errorCode,
  type Input,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { isInternalTopic, topicByName } from '../view.ts'

type PartitionAnswer = NonNullable<
  NonNullable<Input<typeof DeleteRecordsResponse>['topics']>[number]['partitions']
>[number]

export const deleteRecords: Handler<typeof DeleteRecordsRequest, typeof DeleteRecordsResponse> = async (
  request,
  call,
) => {
  const { clock, limits } = call.services
  const deadline = clock.monotonic() + Math.min(Math.max(request.timeoutMs, 0), limits.requestWaitMs)
  const topics = request.topics.map(({ name, partitions }) =>
    Promise.all(
      partitions.map(({ partitionIndex, offset }) => deleted(name, partitionIndex, offset, deadline, call)),
    ).then((answers) => ({ name, partitions: answers })),
  )
  return respond({ topics: await Promise.all(topics) })
}

async function deleted(
  name: string,
  partitionIndex: number,
  offset: number,
  deadline: number,
  call: Call,
): Promise<PartitionAnswer> {
  const { cluster, replication } = call.services
  const answer = (error: ErrorName, lowWatermark: number): PartitionAnswer => ({
    partitionIndex,
    lowWatermark,
    errorCode: errorCode(error),
  })
  const topic = topicByName(cluster.image, name)
  if (!topic?.partitions.has(partitionIndex)) return answer('UNKNOWN_TOPIC_OR_PARTITION', -1)
  if (isInternalTopic(name)) return answer('INVALID_TOPIC_EXCEPTION', -1)
  assert(replication !== null, 'DeleteRecords without replicas')
  const at = { topic: name, topicId: topic.id, partition: partitionIndex }
  const { error, lowWatermark } = await replication.deleteRecords(at, offset, deadline)
  return answer(error, lowWatermark)
}
