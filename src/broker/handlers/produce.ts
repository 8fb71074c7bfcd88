// Produce (0, versions 3–13; 0–2 are advertised and refused, as by Kafka): one record batch of format v2 a partition.
// Version 7 allows zstd, 8 adds record errors and messages, 10 the current leader (KIP-951), 13 names topics by id
// (KIP-516). acks=0 is never answered; an error then closes the connection, the only sign the client can get. acks=1 is
// answered when the leader has appended, acks=−1 when the high watermark has passed, or with an error after the time-out.
// Batches are checked by the log; here only what concerns the request. Transactional producers are refused.
// Partitions are begun in the order of the request, before the first wait, so that pipelined requests keep their order.

import type { AppendResult, ReplicationDriver, TopicPartition } from '../../../replication/driver/index.ts'
import { assert, type Uuid, ZERO_UUID } from '../../base/index.ts'
import {
  BATCH_OVERHEAD,
  claimedBatchSize,
  type ErrorName,
  errorCode,
  type Input,
  type Message,
  magicAt,
  type ProduceRequest,
  type ProduceResponse,
  readBatchHeader,
} from '../../wire/index.ts'
import { LeaderHints } from '../hints.ts'
import { type Call, type Handler, type Reply, respond } from '../types.ts'
import { isInternalTopic, topicOf } from '../view.ts'

type TopicAnswer = NonNullable<Input<typeof ProduceResponse>['responses']>[number]
type PartitionAnswer = NonNullable<TopicAnswer['partitionResponses']>[number]
type Refusal = { readonly error: ErrorName; readonly message: string | null }
type Begun = {
  readonly index: number
  readonly at: TopicPartition | null
  readonly result: Refusal | Promise<AppendResult>
}

/** Kafka's own admin client may write to internal topics, nobody else. */
const ADMIN_CLIENT = '__admin_client'

export const produce: Handler<typeof ProduceRequest, typeof ProduceResponse> = async (request, call) => {
  const begun = request.topicData.map((topic) =>
    topic.partitionData.map(({ index, records }) => begin(topic, index, records, request, call)),
  )
  const results = await Promise.all(begun.map((partitions) => Promise.all(partitions.map(({ result }) => result))))
  const hints = new LeaderHints(call.services.cluster.image, call.context.listener)
  let failure: string | null = null
  const responses: TopicAnswer[] = request.topicData.map(({ name, topicId }, t) => ({
    name,
    topicId,
    partitionResponses: begun[t]!.map((partition, p) => {
      const result = results[t]![p]!
      if (result.error !== 'NONE') failure ??= `${result.error} for ${name || topicId}-${partition.index}`
      return answer(partition, result, hints, call)
    }),
  }))
  call.throttle.charge('producer_byte_rate', call.size)
  if (request.acks === 0) return unanswered(failure)
  return respond({ responses, nodeEndpoints: hints.endpoints })
}

function unanswered(failure: string | null): Reply<typeof ProduceResponse> {
  return failure === null ? { kind: 'silent' } : { kind: 'close', reason: `Produce with acks=0 failed: ${failure}` }
}

function begin(
  topic: { readonly name: string; readonly topicId: Uuid },
  index: number,
  records: Uint8Array | null,
  request: Message<typeof ProduceRequest>,
  call: Call,
): Begun {
  const { cluster, replication, clock, limits } = call.services
  const byId = call.version >= 13
  const known = topicOf(cluster.image, topic, byId)
  if (known === undefined) {
    return refused(index, byId && topic.topicId !== ZERO_UUID ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION')
  }
  const { acks } = request
  if (acks !== 0 && acks !== 1 && acks !== -1) return refused(index, 'INVALID_REQUIRED_ACKS')
  if (!known.partitions.has(index)) return refused(index, 'UNKNOWN_TOPIC_OR_PARTITION')
  if (isInternalTopic(known.name) && call.context.clientId !== ADMIN_CLIENT) {
    return refused(index, 'INVALID_TOPIC_EXCEPTION', `Cannot append to internal topic ${known.name}`)
  }
  if (request.transactionalId !== null) return refused(index, 'INVALID_TXN_STATE', 'Transactions are not supported.')
  const fault = faultOf(records, call.version)
  if (fault !== null) return { index, at: null, result: fault }
  assert(records !== null && replication !== null, 'produce without records or replicas')
  const at = { topic: known.name, topicId: known.id, partition: index }
  const deadline = clock.monotonic() + Math.min(Math.max(request.timeoutMs, 0), limits.requestWaitMs)
  return { index, at, result: append(replication, at, records, acks, deadline) }
}

function append(
  replication: ReplicationDriver,
  at: TopicPartition,
  bytes: Uint8Array,
  acks: 0 | 1 | -1,
  deadline: number,
): Promise<AppendResult> {
  return replication.append({ at, bytes, acks, deadline })
}

/** What Kafka's ProduceRequest refuses before any log sees the records. */
function faultOf(records: Uint8Array | null, version: number): Refusal | null {
  const invalid = (message: string): Refusal => ({ error: 'INVALID_RECORD', message })
  if (records === null || records.length === 0) {
    return invalid(`Produce requests with version ${version} must have at least one record batch per partition`)
  }
  const magic = magicAt(records, 0)
  const size = claimedBatchSize(records, 0)
  if (magic === -1 || size < BATCH_OVERHEAD || size > records.length) {
    return { error: 'CORRUPT_MESSAGE', message: 'The record batch is shorter than it claims to be.' }
  }
  if (magic !== 2) {
    return invalid(
      `Produce requests with version ${version} are only allowed to contain record batches with magic version 2`,
    )
  }
  if (size !== records.length) {
    return invalid(
      `Produce requests with version ${version} are only allowed to contain exactly one record batch per partition`,
    )
  }
  if (version < 7 && readBatchHeader(records, 0)?.codec === 'zstd') {
    const message = `Produce requests with version ${version} are not allowed to use ZStandard compression`
    return { error: 'UNSUPPORTED_COMPRESSION_TYPE', message }
  }
  return null
}

function refused(index: number, error: ErrorName, message: string | null = null): Begun {
  return { index, at: null, result: { error, message } }
}

function answer(begun: Begun, result: Refusal | AppendResult, hints: LeaderHints, call: Call): PartitionAnswer {
  const { index, at } = begun
  if (result.error !== 'NONE') {
    const image = at === null ? undefined : call.services.cluster.image.topics.get(at.topicId)?.partitions.get(index)
    const currentLeader =
      call.version >= 10 ? hints.for(result.error, 'leader' in result ? result.leader : null, image) : undefined
    const logStartOffset = 'logStartOffset' in result ? result.logStartOffset : -1
    const errorMessage = result.message
    return { index, errorCode: errorCode(result.error), baseOffset: -1, logStartOffset, errorMessage, currentLeader }
  }
  assert('baseOffset' in result, 'a produced partition without an offset')
  const { baseOffset, logAppendTime, logStartOffset } = result
  return { index, errorCode: 0, baseOffset, logAppendTimeMs: logAppendTime, logStartOffset }
}
