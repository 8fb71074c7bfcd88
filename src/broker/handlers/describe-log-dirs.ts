// DescribeLogDirs (35, versions 1–5): every log directory of this broker, and in it the sizes and lags of the logs asked
// for (null: all). Version 3 adds a top-level error, 4 the room there is (KIP-827), 5 whether nothing new is placed there
// (KIP-1066). A directory that was given up answers KAFKA_STORAGE_ERROR. The metadata log is not among the logs, as in Kafka.

import type { DirectoryDescription } from '../../../replication/driver/index.ts'
import { assert } from '../../base/index.ts'
import {
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
  errorCode,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

type Result = NonNullable<Input<typeof DescribeLogDirsResponse>['results']>[number]
type Wanted = (topic: string, partition: number) => boolean

export const describeLogDirs: Handler<typeof DescribeLogDirsRequest, typeof DescribeLogDirsResponse> = async (
  request,
  call,
) => {
  const { replication } = call.services
  assert(replication !== null, 'DescribeLogDirs without replicas')
  const wanted = wantedOf(request)
  const directories = await replication.describeDirectories()
  return respond({ errorCode: 0, results: directories.map((directory) => resultOf(directory, wanted)) })
}

function wantedOf(request: Message<typeof DescribeLogDirsRequest>): Wanted {
  if (request.topics === null) return () => true
  const topics = new Map<string, Set<number>>()
  for (const { topic, partitions } of request.topics) {
    topics.set(topic, new Set([...(topics.get(topic) ?? []), ...partitions]))
  }
  return (topic, partition) => topics.get(topic)?.has(partition) ?? false
}

function resultOf(directory: DirectoryDescription, wanted: Wanted): Result {
  type Topic = NonNullable<Result['topics']>[number]
  const topics = new Map<string, Topic & { partitions: NonNullable<Topic['partitions']>[number][] }>()
  for (const { topic, partition, size, offsetLag, isFuture } of directory.logs) {
    if (!wanted(topic, partition)) continue
    const answer = topics.get(topic) ?? { name: topic, partitions: [] }
    topics.set(topic, answer)
    answer.partitions.push({ partitionIndex: partition, partitionSize: size, offsetLag, isFutureKey: isFuture })
  }
  return {
    errorCode: errorCode(directory.error),
    logDir: directory.path,
    topics: [...topics.values()],
    totalBytes: directory.totalBytes,
    usableBytes: directory.usableBytes,
    isCordoned: directory.cordoned,
  }
}
