// Fetch (1, versions 4–18) on a broker's listener, by consumers and by replicas.
// Version 5 adds the log start offset, 7 sessions (KIP-227), 9 leader epochs, 11 the rack, 12 divergence and the current
// leader, 13 topic ids (KIP-516), 15 the replica's state (KIP-903), 16 endpoints of new leaders (KIP-951), 17 directory
// ids, 18 the high watermark the fetcher knows (KIP-1166).
// The wait for bytes belongs to `replication.read`. Records go out as the chunks that the log gave. A replica's fetch needs
// a listener for brokers; elsewhere every partition says TOPIC_AUTHORIZATION_FAILED and nothing of its state is believed.

import type { PartitionImage } from '../../../cluster/metadata/index.ts'
import type { PartitionReadResult, Reader } from '../../../replication/driver/index.ts'
import { assert } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type FetchRequest,
  type FetchResponse,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { type FetchContext, fetchContext } from '../fetch-context.ts'
import { LeaderHints } from '../hints.ts'
import { type FetchedPartition, isNews } from '../sessions.ts'
import { type Call, type Handler, type Reply, respond } from '../types.ts'

type TopicAnswer = NonNullable<Input<typeof FetchResponse>['responses']>[number]
type PartitionAnswer = NonNullable<TopicAnswer['partitions']>[number]

const NO_RECORDS = new Uint8Array(0)

export const fetch: Handler<typeof FetchRequest, typeof FetchResponse> = async (request, call) => {
  const context = fetchContext(request, call)
  if (context.kind === 'refused') return respond({ errorCode: errorCode(context.error) })
  const reader = readerOf(request, call)
  const denied = reader.kind === 'replica' && !call.listener.clusterActions
  if (reader.kind === 'replica' && !denied) call.throttle.exempt()
  const answers = new Map<FetchedPartition, PartitionAnswer>()
  const readable: FetchedPartition[] = []
  for (const partition of context.partitions.values()) {
    const error = denied ? 'TOPIC_AUTHORIZATION_FAILED' : refusalOf(partition, call)
    if (error === null) {
      readable.push(partition)
      continue
    }
    isNews(partition, FAILED)
    answers.set(partition, failed(partition, error))
  }
  const hints = new LeaderHints(call.services.cluster.image, call.context.listener)
  if (readable.length > 0) {
    const results = await read(readable, reader, request, call)
    const bytes = results.reduce((sum, result) => sum + result.bytes, 0)
    if (!call.throttle.admits('consumer_byte_rate', bytes)) return emptied(context)
    results.forEach((result, i) => {
      const partition = readable[i]!
      if (told(partition, result, context)) answers.set(partition, answer(partition, result, reader, hints, call))
    })
  }
  return reply(context, answers, hints)
}

const FAILED = {
  failed: true,
  bytes: 0,
  highWatermark: -1,
  logStartOffset: -1,
  diverging: false,
  redirected: false,
}

function readerOf(request: Message<typeof FetchRequest>, call: Call): Reader {
  const { version } = call
  const id = version >= 15 ? request.replicaState.replicaId : request.replicaId
  if (id >= 0) return { kind: 'replica', id, brokerEpoch: version >= 15 ? request.replicaState.replicaEpoch : -1 }
  const isolation = request.isolationLevel === 1 ? 'read_committed' : 'read_uncommitted'
  // Before version 11 clients do not know that followers may serve them (KIP-392).
  return {
    kind: 'consumer',
    isolation,
    rack: request.rackId,
    leaderOnly: version < 11,
    listener: call.context.listener,
  }
}

/** What the image alone refuses. An id that is not known now may be known at the next fetch of the session. */
function refusalOf(partition: FetchedPartition, call: Call): ErrorName | null {
  const { image } = call.services.cluster
  const byId = call.version >= 13
  const id = byId ? partition.topicId : partition.topic === null ? undefined : image.topicIds.get(partition.topic)
  const topic = id === undefined ? undefined : image.topics.get(id)
  if (topic === undefined) return byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
  partition.topic = topic.name
  return topic.partitions.has(partition.partition) ? null : 'UNKNOWN_TOPIC_OR_PARTITION'
}

function read(
  partitions: readonly FetchedPartition[],
  reader: Reader,
  request: Message<typeof FetchRequest>,
  call: Call,
): Promise<readonly PartitionReadResult[]> {
  const { replication, cluster, clock, limits, fetchAllowance } = call.services
  assert(replication !== null, 'Fetch without replicas')
  const asked = Math.max(request.maxBytes, 0)
  // Consumers are held to fetch.max.bytes; a replica asks by its own configuration and must get on.
  const allowed = Math.min(limits.fetchBytes, fetchAllowance(call.listener), call.throttle.most('consumer_byte_rate'))
  const maxBytes = reader.kind === 'replica' ? asked : Math.min(asked, allowed)
  const pending = replication.read({
    reader,
    partitions: partitions.map((partition) => ({
      at: {
        topic: partition.topic!,
        topicId: call.version >= 13 ? partition.topicId : cluster.image.topicIds.get(partition.topic!)!,
        partition: partition.partition,
      },
      fetchOffset: partition.fetchOffset,
      maxBytes: Math.max(partition.maxBytes, 0),
      currentLeaderEpoch: partition.currentLeaderEpoch,
      lastFetchedEpoch: partition.lastFetchedEpoch,
      logStartOffset: partition.logStartOffset,
      knownHighWatermark: partition.knownHighWatermark,
    })),
    minBytes: Math.min(Math.max(request.minBytes, 0), maxBytes),
    maxBytes,
    deadline: clock.monotonic() + Math.min(Math.max(request.maxWaitMs, 0), limits.fetchWaitMs),
  })
  call.onCancel(() => pending.cancel())
  return pending.result
}

function told(partition: FetchedPartition, result: PartitionReadResult, context: FetchContext): boolean {
  const news = isNews(partition, {
    failed: result.error !== 'NONE',
    bytes: result.bytes,
    highWatermark: result.highWatermark,
    logStartOffset: result.logStartOffset,
    diverging: result.diverging !== null,
    redirected: result.preferredReadReplica >= 0,
  })
  if (context.kind !== 'incremental') return true
  if (news && result.bytes > 0) context.toEnd(partition)
  return news
}

function answer(
  partition: FetchedPartition,
  result: PartitionReadResult,
  reader: Reader,
  hints: LeaderHints,
  call: Call,
): PartitionAnswer {
  const image: PartitionImage | undefined = call.services.cluster.image.topics
    .get(result.at.topicId)
    ?.partitions.get(partition.partition)
  const currentLeader = call.version >= 16 ? hints.for(result.error, result.leader, image) : undefined
  if (result.error !== 'NONE') {
    // Fetch 5 and older have no storage error (KIP-112).
    const error = result.error === 'KAFKA_STORAGE_ERROR' && call.version <= 5 ? 'NOT_LEADER_OR_FOLLOWER' : result.error
    return { ...failed(partition, error), currentLeader }
  }
  return {
    partitionIndex: partition.partition,
    errorCode: 0,
    highWatermark: result.highWatermark,
    lastStableOffset: result.lastStableOffset,
    logStartOffset: result.logStartOffset,
    divergingEpoch: result.diverging ?? undefined,
    preferredReadReplica: call.version >= 11 ? result.preferredReadReplica : undefined,
    abortedTransactions: reader.kind === 'consumer' && reader.isolation === 'read_committed' ? [] : null,
    records: result.chunks.length === 1 ? result.chunks[0] : result.chunks,
  }
}

function failed(partition: FetchedPartition, error: ErrorName): PartitionAnswer {
  return {
    partitionIndex: partition.partition,
    errorCode: errorCode(error),
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions: null,
    records: NO_RECORDS,
  }
}

/** For a consumer that had too much (KIP-219): nothing, of which no session knows; it asks again when its time has passed. */
function emptied(context: Exclude<FetchContext, { readonly kind: 'refused' }>): Reply<typeof FetchResponse> {
  const sessionId = context.kind === 'full' ? 0 : context.settle()
  if (sessionId === null) return respond({ errorCode: errorCode('INVALID_FETCH_SESSION_EPOCH') })
  return respond({ errorCode: 0, sessionId, responses: [] })
}

function reply(
  context: Exclude<FetchContext, { readonly kind: 'refused' }>,
  answers: ReadonlyMap<FetchedPartition, PartitionAnswer>,
  hints: LeaderHints,
): Reply<typeof FetchResponse> {
  // Topics in the order of their first partition; one entry a topic, as in Kafka's answers.
  const topics = new Map<string, TopicAnswer & { partitions: PartitionAnswer[] }>()
  for (const [partition, partitionAnswer] of answers) {
    const key = context.usesTopicIds ? partition.topicId : partition.topic!
    const topic = topics.get(key)
    if (topic === undefined) {
      topics.set(key, { topic: partition.topic ?? '', topicId: partition.topicId, partitions: [partitionAnswer] })
    } else topic.partitions.push(partitionAnswer)
  }
  const sessionId = context.settle()
  if (sessionId === null) return respond({ errorCode: errorCode('INVALID_FETCH_SESSION_EPOCH') })
  return respond({ errorCode: 0, sessionId, responses: [...topics.values()], nodeEndpoints: hints.endpoints })
}
