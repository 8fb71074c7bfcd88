// Requests of the raft APIs: whether they are for this cluster and partition, what the core says, and how Kafka words the
// answer (KIP-595, 630, 853). A fetch that finds nothing waits; after every wait the core is asked again, so an answer
// never speaks for an epoch that has passed.

import type { Clock, Endpoint, Instant, NodeId } from '../../src/base/index.ts'
import { METADATA_TOPIC_ID, ZERO_UUID } from '../../src/base/index.ts'
import type {
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  EndQuorumEpochRequest,
  EndQuorumEpochResponse,
  FetchRequest,
  FetchResponse,
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  Input,
  Message,
  VoteRequest,
  VoteResponse,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { Answer, RaftError, RaftEvent, RaftState, ReplicaKey } from '../core/index.ts'
import { currentVoters, endpointOf, leaderOf, shownHighWatermark, voterById } from '../core/index.ts'
import type { RaftStorage } from '../storage/index.ts'
import { FETCH_MAX_BYTES, TOPIC } from './requests.ts'
import type { RaftConfig } from './types.ts'

export interface HandlerContext {
  readonly config: RaftConfig
  readonly clock: Clock
  /** Null before the start and after the stop. */
  readonly running: { readonly state: RaftState; readonly storage: RaftStorage } | null
  ask(make: (token: number) => Extract<RaftEvent, { readonly token: number }>): Promise<Answer>
  change(until: Instant, seen: number): Promise<void>
  /** Goes up with whatever `change` waits for. */
  readonly changes: number
}

/** What waits when this node stops hears that it is not available. */
export const STOPPED: Answer = {
  error: 'BROKER_NOT_AVAILABLE',
  leaderId: -1,
  leaderEndpoint: null,
  epoch: -1,
  body: { kind: 'none' },
}

function ask(context: HandlerContext, make: Parameters<HandlerContext['ask']>[0]): Promise<Answer> {
  return context.running === null ? Promise.resolve(STOPPED) : context.ask(make)
}

/** An unset cluster id passes, as in Kafka. */
function foreign(context: HandlerContext, clusterId: string | null): boolean {
  return clusterId !== null && clusterId !== context.config.clusterId
}

function codeOf(error: RaftError): number {
  return errorCode(error === 'UNEXPECTED' ? 'UNKNOWN_SERVER_ERROR' : error)
}

function keyOf(id: NodeId, directoryId: string): ReplicaKey {
  return { id, directoryId: directoryId === ZERO_UUID ? null : directoryId }
}

/** The one partition that there is, or undefined. */
function only<P>(
  topics: readonly { readonly topicName: string; readonly partitions: readonly P[] }[],
  index: (partition: P) => number,
): P | undefined {
  const [topic] = topics
  if (topic === undefined || topics.length !== 1 || topic.topicName !== TOPIC) return undefined
  const [partition] = topic.partitions
  return partition !== undefined && topic.partitions.length === 1 && index(partition) === 0 ? partition : undefined
}

/** The leader's address as those reach it who came in by that listener; where the voter set has none, as this node does. */
function nodeEndpoints(
  context: HandlerContext,
  answer: Answer,
  listener: string | undefined,
): { nodeId: NodeId; host: string; port: number }[] {
  const { running } = context
  const { leaderId, leaderEndpoint } = answer
  const voter = running === null ? undefined : voterById(currentVoters(running.state), leaderId)
  const at = voter?.endpoints.find(({ name }) => name === listener) ?? leaderEndpoint
  return leaderEndpoint === null || at === null ? [] : [{ nodeId: leaderId, host: at.host, port: at.port }]
}

function quorumTopics(answer: Answer): {
  topicName: string
  partitions: { partitionIndex: number; errorCode: number; leaderId: NodeId; leaderEpoch: number }[]
}[] {
  const { error, leaderId, epoch } = answer
  const partition = { partitionIndex: 0, errorCode: codeOf(error), leaderId, leaderEpoch: epoch }
  return [{ topicName: TOPIC, partitions: [partition] }]
}

function listenerOf(
  context: HandlerContext,
  endpoints: readonly { readonly name: string; readonly host: string; readonly port: number }[],
): Endpoint | null {
  const found = endpoints.find((endpoint) => endpoint.name === context.config.listenerName) ?? endpoints[0]
  return found === undefined ? null : { host: found.host, port: found.port }
}

export async function vote(
  context: HandlerContext,
  request: Message<typeof VoteRequest>,
  listener?: string,
): Promise<Input<typeof VoteResponse>> {
  if (foreign(context, request.clusterId)) return { errorCode: errorCode('INCONSISTENT_CLUSTER_ID') }
  const partition = only(request.topics, (each) => each.partitionIndex)
  if (partition === undefined) return { errorCode: errorCode('INVALID_REQUEST') }
  const answer = await ask(context, (token) => ({
    kind: 'vote-request',
    token,
    from: keyOf(partition.replicaId, partition.replicaDirectoryId),
    voter: request.voterId < 0 ? null : keyOf(request.voterId, partition.voterDirectoryId),
    epoch: partition.replicaEpoch,
    preVote: partition.preVote,
    lastEpoch: partition.lastOffsetEpoch,
    lastOffset: partition.lastOffset,
  }))
  const voteGranted = answer.body.kind === 'vote' && answer.body.granted
  const topics = quorumTopics(answer).map((topic) => ({
    ...topic,
    partitions: topic.partitions.map((each) => ({ ...each, voteGranted })),
  }))
  return { errorCode: 0, topics, nodeEndpoints: nodeEndpoints(context, answer, listener) }
}

export async function beginQuorumEpoch(
  context: HandlerContext,
  request: Message<typeof BeginQuorumEpochRequest>,
  listener?: string,
): Promise<Input<typeof BeginQuorumEpochResponse>> {
  if (foreign(context, request.clusterId)) return { errorCode: errorCode('INCONSISTENT_CLUSTER_ID') }
  const partition = only(request.topics, (each) => each.partitionIndex)
  if (partition === undefined) return { errorCode: errorCode('INVALID_REQUEST') }
  const answer = await ask(context, (token) => ({
    kind: 'begin-request',
    token,
    voter: request.voterId < 0 ? null : keyOf(request.voterId, partition.voterDirectoryId),
    leaderId: partition.leaderId,
    epoch: partition.leaderEpoch,
    endpoint: listenerOf(context, request.leaderEndpoints),
  }))
  return { errorCode: 0, topics: quorumTopics(answer), nodeEndpoints: nodeEndpoints(context, answer, listener) }
}

export async function endQuorumEpoch(
  context: HandlerContext,
  request: Message<typeof EndQuorumEpochRequest>,
  listener?: string,
): Promise<Input<typeof EndQuorumEpochResponse>> {
  if (foreign(context, request.clusterId)) return { errorCode: errorCode('INCONSISTENT_CLUSTER_ID') }
  const partition = only(request.topics, (each) => each.partitionIndex)
  if (partition === undefined) return { errorCode: errorCode('INVALID_REQUEST') }
  const named = partition.preferredCandidates.map((key) => keyOf(key.candidateId, key.candidateDirectoryId))
  const answer = await ask(context, (token) => ({
    kind: 'end-request',
    token,
    leaderId: partition.leaderId,
    epoch: partition.leaderEpoch,
    preferredSuccessors: named.length > 0 ? named : partition.preferredSuccessors.map((id) => keyOf(id, ZERO_UUID)),
    endpoint: listenerOf(context, request.leaderEndpoints),
  }))
  return { errorCode: 0, topics: quorumTopics(answer), nodeEndpoints: nodeEndpoints(context, answer, listener) }
}

export async function fetch(
  context: HandlerContext,
  request: Message<typeof FetchRequest>,
  version: number,
  listener?: string,
): Promise<Input<typeof FetchResponse>> {
  if (foreign(context, request.clusterId)) return { errorCode: errorCode('INCONSISTENT_CLUSTER_ID') }
  const [topic] = request.topics
  const [partition] = topic?.partitions ?? []
  const isOurs = version >= 13 ? topic?.topicId === METADATA_TOPIC_ID : topic?.topic === TOPIC
  if (
    topic === undefined ||
    partition === undefined ||
    !isOurs ||
    request.topics.length !== 1 ||
    topic.partitions.length !== 1 ||
    partition.partition !== 0
  ) {
    return { errorCode: errorCode('INVALID_REQUEST') }
  }
  const until = context.clock.monotonic() + Math.max(0, request.maxWaitMs)
  for (;;) {
    // What changes while the core answers and the log is read must not be waited for (it would be until the time-out).
    const seen = context.changes
    const answer: Answer =
      request.maxWaitMs < 0
        ? { ...(await ask(context, (token) => fetchEvent(token, request, version, -1))), error: 'INVALID_REQUEST' }
        : await ask(context, (token) => fetchEvent(token, request, version, partition.currentLeaderEpoch))
    const response = await readFetch(context, request, partition, answer, listener)
    if (response === 'again') continue
    const { waits, body } = response
    if (!waits || context.running === null || context.clock.monotonic() >= until) return body
    await context.change(until, seen)
  }
}

function fetchEvent(
  token: number,
  request: Message<typeof FetchRequest>,
  version: number,
  epoch: number,
): Extract<RaftEvent, { kind: 'fetch-request' }> {
  const partition = request.topics[0]!.partitions[0]!
  const replicaId = version >= 15 ? request.replicaState.replicaId : request.replicaId
  return {
    kind: 'fetch-request',
    token,
    replica: keyOf(replicaId, partition.replicaDirectoryId),
    epoch,
    offset: partition.fetchOffset,
    lastFetchedEpoch: partition.lastFetchedEpoch,
  }
}

/** Turns the core's word into an answer; `again` when the world changed while the log was read. */
async function readFetch(
  context: HandlerContext,
  request: Message<typeof FetchRequest>,
  asked: Message<typeof FetchRequest>['topics'][number]['partitions'][number],
  answer: Answer,
  listener: string | undefined,
): Promise<'again' | { readonly waits: boolean; readonly body: Input<typeof FetchResponse> }> {
  const { body, error } = answer
  const base = {
    partitionIndex: 0,
    errorCode: codeOf(error),
    highWatermark: 'highWatermark' in body ? body.highWatermark : -1,
    logStartOffset: context.running?.state.log.startOffset ?? -1,
    currentLeader: { leaderId: answer.leaderId, leaderEpoch: answer.epoch },
  }
  const nodes = nodeEndpoints(context, answer, listener).map((node) => ({ ...node, rack: null }))
  const response = (partition: object): Input<typeof FetchResponse> => ({
    responses: [{ topic: TOPIC, topicId: METADATA_TOPIC_ID, partitions: [{ ...base, ...partition }] }],
    nodeEndpoints: nodes,
  })
  const none = new Uint8Array(0)
  if (error !== 'NONE') return { waits: false, body: response({ records: none }) }
  if (body.kind === 'diverging') {
    const divergingEpoch = { epoch: body.epoch, endOffset: body.endOffset }
    return { waits: false, body: response({ divergingEpoch, records: none }) }
  }
  if (body.kind === 'snapshot') return { waits: false, body: response({ snapshotId: body.id, records: none }) }
  const { running } = context
  if (body.kind !== 'read' || running === null) return { waits: false, body: response({ records: none }) }
  const { log } = running.storage
  const read = await log.read(body.offset, {
    maxBytes: Math.max(1, Math.min(request.maxBytes, FETCH_MAX_BYTES)),
    upTo: log.endOffset,
    minOneBatch: true,
  })
  // After the wait for the disk another epoch may have cut what was read.
  const { role } = running.state
  if (role.kind !== 'leader' || role.epoch !== answer.epoch) return 'again'
  const waits = read.bytes === 0 && base.highWatermark <= asked.highWatermark
  return { waits, body: response({ records: read.chunks }) }
}

export async function fetchSnapshot(
  context: HandlerContext,
  request: Message<typeof FetchSnapshotRequest>,
  listener?: string,
): Promise<Input<typeof FetchSnapshotResponse>> {
  if (foreign(context, request.clusterId)) return { errorCode: errorCode('INCONSISTENT_CLUSTER_ID') }
  const [topic] = request.topics
  const [partition] = topic?.partitions ?? []
  if (request.topics.length !== 1 || topic?.partitions.length !== 1 || partition === undefined) {
    return { errorCode: errorCode('INVALID_REQUEST') }
  }
  const respond = (answer: Answer, fields: object): Input<typeof FetchSnapshotResponse> => ({
    topics: [
      {
        name: topic.name,
        partitions: [
          {
            index: partition.partition,
            snapshotId: partition.snapshotId,
            currentLeader: { leaderId: answer.leaderId, leaderEpoch: answer.epoch },
            unalignedRecords: new Uint8Array(0),
            ...fields,
          },
        ],
      },
    ],
    nodeEndpoints: nodeEndpoints(context, answer, listener),
  })
  if (topic.name !== TOPIC || partition.partition !== 0) {
    return respond(STOPPED, { errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') })
  }
  const answer = await ask(context, (token) => ({
    kind: 'fetch-snapshot-request',
    token,
    replica: keyOf(request.replicaId, partition.replicaDirectoryId),
    epoch: partition.currentLeaderEpoch,
    id: partition.snapshotId,
    position: partition.position,
  }))
  const { running } = context
  if (answer.error !== 'NONE' || running === null) return respond(answer, { errorCode: codeOf(answer.error) })
  const { position, snapshotId } = partition
  const length = Math.max(1, Math.min(request.maxBytes, FETCH_MAX_BYTES))
  const part = await running.storage.readSnapshotPart(snapshotId, position, length)
  if (part === null) return respond(answer, { errorCode: errorCode('SNAPSHOT_NOT_FOUND') })
  if (position < 0 || position >= part.size) return respond(answer, { errorCode: errorCode('POSITION_OUT_OF_RANGE') })
  return respond(answer, { errorCode: 0, size: part.size, position, unalignedRecords: part.bytes })
}

export function describeQuorum(
  context: HandlerContext,
  request: Message<typeof DescribeQuorumRequest>,
): Input<typeof DescribeQuorumResponse> {
  if (only(request.topics, (each) => each.partitionIndex) === undefined) {
    return { errorCode: errorCode('INVALID_REQUEST') }
  }
  const { running, config, clock } = context
  const state = running?.state
  const leader = state === undefined ? STOPPED : { leaderId: leaderOf(state).id, epoch: state.role.epoch }
  if (state === undefined || state.role.kind !== 'leader') {
    const partition = {
      partitionIndex: 0,
      errorCode: errorCode(state === undefined ? 'BROKER_NOT_AVAILABLE' : 'NOT_LEADER_OR_FOLLOWER'),
      leaderId: leader.leaderId,
      leaderEpoch: leader.epoch,
    }
    return { topics: [{ topicName: TOPIC, partitions: [partition] }] }
  }
  const now = clock.monotonic()
  const wall = clock.wall()
  const at = (instant: Instant): number => (instant < 0 ? -1 : Math.round(wall - (now - instant)))
  const { role, log } = state
  const replica = (progress: (typeof role.voters)[number]): object => {
    const own = progress.key.id === config.nodeId
    return {
      replicaId: progress.key.id,
      replicaDirectoryId: progress.key.directoryId ?? ZERO_UUID,
      logEndOffset: own ? log.endOffset : progress.endOffset,
      lastFetchTimestamp: own ? wall : at(progress.lastFetchAt),
      lastCaughtUpTimestamp: own ? wall : at(progress.lastCaughtUpAt),
    }
  }
  const partition = {
    partitionIndex: 0,
    errorCode: 0,
    leaderId: leader.leaderId,
    leaderEpoch: leader.epoch,
    highWatermark: shownHighWatermark(state),
    currentVoters: role.voters.map(replica),
    observers: role.observers.map(replica),
  }
  const voters = currentVoters(state)
  const nodes = voters.map((voter) => {
    const endpoint = endpointOf(voterById(voters, voter.id), config.listenerName)
    const listeners = endpoint === null ? [] : [{ name: config.listenerName, host: endpoint.host, port: endpoint.port }]
    return { nodeId: voter.id, listeners: voter.endpoints.length > 0 ? voter.endpoints : listeners }
  })
  return { errorCode: 0, topics: [{ topicName: TOPIC, partitions: [partition] }], nodes }
}
