// OffsetForLeaderEpoch (23, versions 2–4): where an epoch ended in the leader's log, for consumers and replicas that look
// for the point to which their own history agrees (KIP-101, 279, 320). Version 3 adds the replica id, 4 is flexible.
// A replica id needs a listener for brokers.

import { assert, NO_EPOCH } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicByName } from '../view.ts'

export const offsetForLeaderEpoch: Handler<typeof OffsetForLeaderEpochRequest, typeof OffsetForLeaderEpochResponse> = (
  request,
  call,
) => {
  const denied = request.replicaId >= 0 && !call.listener.clusterActions
  const topics = request.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map(({ partition, currentLeaderEpoch, leaderEpoch }) => {
      const found = denied
        ? failed('TOPIC_AUTHORIZATION_FAILED')
        : lookUp(topic, partition, currentLeaderEpoch, leaderEpoch, call)
      return { partition, errorCode: errorCode(found.error), leaderEpoch: found.epoch, endOffset: found.endOffset }
    }),
  }))
  return respond({ topics })
}

interface Found {
  readonly error: ErrorName
  readonly epoch: number
  readonly endOffset: number
}

function lookUp(name: string, partition: number, currentLeaderEpoch: number, epoch: number, call: Call): Found {
  const { cluster, replication } = call.services
  const topic = topicByName(cluster.image, name)
  if (!topic?.partitions.has(partition)) return failed('UNKNOWN_TOPIC_OR_PARTITION')
  assert(replication !== null, 'OffsetForLeaderEpoch without replicas')
  return replication.endOffsetForEpoch({ topic: name, topicId: topic.id, partition }, currentLeaderEpoch, epoch)
}

function failed(error: ErrorName): Found {
  return { error, epoch: NO_EPOCH, endOffset: -1 }
}
