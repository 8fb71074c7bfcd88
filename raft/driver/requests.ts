// What the core sends, as Kafka's requests, and what comes back, as the core's events. One topic, one partition; a
// response that is anything else counts as no answer.

import type { Endpoint, NodeId } from '../../src/base/index.ts'
import { METADATA_TOPIC_ID, ZERO_UUID } from '../../src/base/index.ts'
import type { Peer } from '../../src/rpc/index.ts'
import { apis, errorName } from '../../src/wire/index.ts'
import type { Destination, RaftError, RaftEvent, RaftMessage, ResponseBody } from '../core/index.ts'
import { viewBatches } from './batches.ts'
import type { RaftConfig } from './types.ts'

export const TOPIC = '__cluster_metadata'
/** How long a leader may hold a fetch that finds nothing. */
export const FETCH_WAIT_MS = 500
/** Kafka's KafkaRaftClient asks for as much. */
export const FETCH_MAX_BYTES: number = 8 * 1024 * 1024

type Answer = Omit<Extract<RaftEvent, { kind: 'response' }>, 'kind' | 'requestId'>
export type Outcome = Answer | { readonly failed: true; readonly unsupportedVersion: boolean }

const FAILED: Outcome = { failed: true, unsupportedVersion: false }

const KNOWN_ERRORS: ReadonlySet<string> = new Set<RaftError>([
  'NONE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'NOT_LEADER_OR_FOLLOWER',
  'INVALID_REQUEST',
  'INVALID_VOTER_KEY',
  'INCONSISTENT_CLUSTER_ID',
  'BROKER_NOT_AVAILABLE',
  'SNAPSHOT_NOT_FOUND',
  'POSITION_OUT_OF_RANGE',
])

export function raftError(code: number): RaftError {
  const name = errorName(code)
  return KNOWN_ERRORS.has(name) ? (name as RaftError) : 'UNEXPECTED'
}

/** Sends one message and waits for what becomes of it. Never rejects. */
export async function exchange(
  peer: Peer,
  config: RaftConfig,
  to: Destination,
  message: RaftMessage,
): Promise<Outcome> {
  switch (message.kind) {
    case 'vote':
      return vote(peer, config, to, message)
    case 'begin-quorum-epoch':
      return beginQuorumEpoch(peer, config, to, message)
    case 'end-quorum-epoch':
      return endQuorumEpoch(peer, config, message)
    case 'fetch':
      return fetch(peer, config, message)
    case 'fetch-snapshot':
      return fetchSnapshot(peer, config, message)
  }
}

type NodeEndpoints = readonly { readonly nodeId: NodeId; readonly host: string; readonly port: number }[]

function endpointIn(nodes: NodeEndpoints, leaderId: NodeId): Endpoint | null {
  const found = nodes.find((node) => node.nodeId === leaderId)
  return found === undefined || found.host === '' ? null : { host: found.host, port: found.port }
}

/** The only partition of the only topic; undefined where an answer is of another shape. */
function only<P>(topics: readonly { readonly partitions: readonly P[] }[]): P | undefined {
  return topics.length === 1 && topics[0]!.partitions.length === 1 ? topics[0]!.partitions[0] : undefined
}

function topLevel(code: number): Outcome {
  return { error: raftError(code), leaderId: -1, leaderEndpoint: null, epoch: -1, body: { kind: 'none' } }
}

function answered(
  code: number,
  leader: { readonly leaderId: NodeId; readonly leaderEpoch: number },
  nodes: NodeEndpoints,
  body: ResponseBody,
): Outcome {
  const { leaderId, leaderEpoch } = leader
  return { error: raftError(code), leaderId, leaderEndpoint: endpointIn(nodes, leaderId), epoch: leaderEpoch, body }
}

async function vote(
  peer: Peer,
  config: RaftConfig,
  to: Destination,
  message: Extract<RaftMessage, { kind: 'vote' }>,
): Promise<Outcome> {
  // A pre-vote cannot be asked for before version 2: the flag would be lost, and with it the difference.
  const known = peer.versionsOf(apis.Vote)
  if (message.preVote && known !== null && known.max < 2) return { failed: true, unsupportedVersion: true }
  let tooOld = false
  const result = await peer.send(
    apis.Vote,
    (version) => {
      tooOld = message.preVote && version < 2
      return {
        clusterId: config.clusterId,
        voterId: to.id,
        topics: [
          {
            topicName: TOPIC,
            partitions: [
              {
                partitionIndex: 0,
                // An epoch that nobody is in makes an old voter refuse without a trace.
                replicaEpoch: tooOld ? 0 : message.epoch,
                replicaId: config.nodeId,
                replicaDirectoryId: config.directoryId,
                voterDirectoryId: to.directoryId ?? ZERO_UUID,
                lastOffsetEpoch: message.lastEpoch,
                lastOffset: message.lastOffset,
                preVote: message.preVote && !tooOld,
              },
            ],
          },
        ],
      }
    },
    { timeoutMs: config.requestTimeoutMs },
  )
  if (result.kind === 'failed') return { failed: true, unsupportedVersion: result.reason === 'unsupported-version' }
  if (tooOld) return { failed: true, unsupportedVersion: true }
  const { body } = result
  const partition = only(body.topics)
  if (body.errorCode !== 0 || partition === undefined) return topLevel(body.errorCode)
  return answered(partition.errorCode, partition, body.nodeEndpoints, { kind: 'vote', granted: partition.voteGranted })
}

/** All of them: each voter finds the one of its own listener's name. */
function ownEndpoints({ advertised }: RaftConfig): { name: string; host: string; port: number }[] {
  return advertised.map(({ name, host, port }) => ({ name, host, port }))
}

async function beginQuorumEpoch(
  peer: Peer,
  config: RaftConfig,
  to: Destination,
  message: Extract<RaftMessage, { kind: 'begin-quorum-epoch' }>,
): Promise<Outcome> {
  const partition = {
    partitionIndex: 0,
    voterDirectoryId: to.directoryId ?? ZERO_UUID,
    leaderId: config.nodeId,
    leaderEpoch: message.epoch,
  }
  const result = await peer.send(
    apis.BeginQuorumEpoch,
    {
      clusterId: config.clusterId,
      voterId: to.id,
      topics: [{ topicName: TOPIC, partitions: [partition] }],
      leaderEndpoints: ownEndpoints(config),
    },
    { timeoutMs: config.requestTimeoutMs },
  )
  if (result.kind === 'failed') return FAILED
  const { body } = result
  const answer = only(body.topics)
  if (body.errorCode !== 0 || answer === undefined) return topLevel(body.errorCode)
  return answered(answer.errorCode, answer, body.nodeEndpoints, { kind: 'none' })
}

async function endQuorumEpoch(
  peer: Peer,
  config: RaftConfig,
  message: Extract<RaftMessage, { kind: 'end-quorum-epoch' }>,
): Promise<Outcome> {
  const partition = {
    partitionIndex: 0,
    leaderId: config.nodeId,
    leaderEpoch: message.epoch,
    preferredSuccessors: message.preferredSuccessors.map((key) => key.id),
    preferredCandidates: message.preferredSuccessors.map((key) => ({
      candidateId: key.id,
      candidateDirectoryId: key.directoryId ?? ZERO_UUID,
    })),
  }
  const result = await peer.send(
    apis.EndQuorumEpoch,
    {
      clusterId: config.clusterId,
      topics: [{ topicName: TOPIC, partitions: [partition] }],
      leaderEndpoints: ownEndpoints(config),
    },
    { timeoutMs: config.requestTimeoutMs },
  )
  if (result.kind === 'failed') return FAILED
  const { body } = result
  const answer = only(body.topics)
  if (body.errorCode !== 0 || answer === undefined) return topLevel(body.errorCode)
  return answered(answer.errorCode, answer, body.nodeEndpoints, { kind: 'none' })
}

async function fetch(
  peer: Peer,
  config: RaftConfig,
  message: Extract<RaftMessage, { kind: 'fetch' }>,
): Promise<Outcome> {
  const partition = {
    partition: 0,
    currentLeaderEpoch: message.epoch,
    fetchOffset: message.offset,
    lastFetchedEpoch: message.lastFetchedEpoch,
    partitionMaxBytes: FETCH_MAX_BYTES,
    replicaDirectoryId: config.directoryId,
    highWatermark: message.highWatermark,
  }
  const result = await peer.send(
    apis.Fetch,
    (version) => ({
      clusterId: config.clusterId,
      ...(version < 15
        ? { replicaId: config.nodeId }
        : { replicaState: { replicaId: config.nodeId, replicaEpoch: -1 } }),
      maxWaitMs: FETCH_WAIT_MS,
      minBytes: 0,
      maxBytes: FETCH_MAX_BYTES,
      topics: [{ topic: TOPIC, topicId: METADATA_TOPIC_ID, partitions: [partition] }],
    }),
    { timeoutMs: config.requestTimeoutMs },
  )
  if (result.kind === 'failed') return FAILED
  const { body } = result
  const found = only(body.responses)
  if (body.errorCode !== 0 || found === undefined) return topLevel(body.errorCode)
  const { currentLeader, divergingEpoch, snapshotId } = found
  let read: ResponseBody
  if (divergingEpoch.epoch >= 0) {
    read = { kind: 'diverging', epoch: divergingEpoch.epoch, endOffset: divergingEpoch.endOffset }
  } else if (snapshotId.epoch >= 0 || snapshotId.endOffset >= 0) {
    if (snapshotId.epoch < 0 || snapshotId.endOffset < 0) return FAILED
    read = { kind: 'snapshot', id: { endOffset: snapshotId.endOffset, epoch: snapshotId.epoch } }
  } else {
    const bytes = found.records ?? new Uint8Array(0)
    const view = viewBatches(bytes)
    if (view === null) return FAILED
    read = {
      kind: 'records',
      // The log keeps what it appends: a copy, since these bytes are a slice of the response.
      payload: bytes.slice(0, view.size),
      batches: view.batches,
      highWatermark: found.highWatermark,
    }
  }
  return answered(found.errorCode, currentLeader, body.nodeEndpoints, read)
}

async function fetchSnapshot(
  peer: Peer,
  config: RaftConfig,
  message: Extract<RaftMessage, { kind: 'fetch-snapshot' }>,
): Promise<Outcome> {
  const { id, position } = message
  const partition = {
    partition: 0,
    currentLeaderEpoch: message.epoch,
    snapshotId: { endOffset: id.endOffset, epoch: id.epoch },
    position,
    replicaDirectoryId: config.directoryId,
  }
  const result = await peer.send(
    apis.FetchSnapshot,
    {
      clusterId: config.clusterId,
      replicaId: config.nodeId,
      maxBytes: FETCH_MAX_BYTES,
      topics: [{ name: TOPIC, partitions: [partition] }],
    },
    { timeoutMs: config.requestTimeoutMs },
  )
  if (result.kind === 'failed') return FAILED
  const { body } = result
  const found = only(body.topics)
  if (body.errorCode !== 0 || found === undefined) return topLevel(body.errorCode)
  return answered(found.errorCode, found.currentLeader, body.nodeEndpoints, {
    kind: 'snapshot-bytes',
    id: { endOffset: found.snapshotId.endOffset, epoch: found.snapshotId.epoch },
    size: found.size,
    position: found.position,
    payload: found.unalignedRecords.slice(),
  })
}
