// AlterReplicaLogDirs (34, versions 1–2): replicas of this broker are to lie in another of its directories (KIP-113). The
// answer says that the move has begun, DescribeLogDirs how far it has come. A replica that is not here is
// REPLICA_NOT_AVAILABLE, and goes there when it is created: kafka-reassign-partitions asks before and after. Version 2 is
// flexible.

import { assert, ZERO_UUID } from '../../base/index.ts'
import {
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
  errorCode,
  type Input,
} from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

type Topic = NonNullable<Input<typeof AlterReplicaLogDirsResponse>['results']>[number]
type Partition = NonNullable<Topic['partitions']>[number]

export const alterReplicaLogDirs: Handler<
  typeof AlterReplicaLogDirsRequest,
  typeof AlterReplicaLogDirsResponse
> = async (request, call) => {
  const { cluster, replication } = call.services
  assert(replication !== null, 'AlterReplicaLogDirs without replicas')
  // A partition that is named twice goes where it was named last.
  const goals = new Map<string, { readonly topic: string; readonly partition: number; readonly path: string }>()
  for (const { path, topics } of request.dirs) {
    for (const { name, partitions } of topics)
      for (const partition of partitions) goals.set(`${name}-${partition}`, { topic: name, partition, path })
  }
  const results = new Map<string, Topic & { readonly partitions: Partition[] }>()
  for (const { topic, partition, path } of goals.values()) {
    const topicId = cluster.image.topicIds.get(topic) ?? ZERO_UUID
    const error = await replication.moveToDirectory({ at: { topic, topicId, partition }, path })
    const result = results.get(topic) ?? { topicName: topic, partitions: [] }
    results.set(topic, result)
    result.partitions.push({ partitionIndex: partition, errorCode: errorCode(error) })
  }
  return respond({ results: [...results.values()] })
}
