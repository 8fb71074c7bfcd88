// What the rooms are told of a node's configuration, each in its own terms. Names on the left of a comma are Kafka's.

import type { RaftConfig } from '../../raft/driver/index.ts'
import type { CompressionCodec, Endpoint, NodeId, Uuid } from '../base/index.ts'
import { type NodeConfig, RACK_AWARE_SELECTOR } from '../config/index.ts'
import type { GroupConfig } from '../groups/index.ts'
import type { CleanerSettings } from '../log/index.ts'
import type { RpcOptions } from '../rpc/index.ts'

/** Kafka's `max.message.bytes` and fetch sizes are far below it; a peer that claims more is wrong. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024

/** By Kafka's numbers. */
const CODECS: readonly (CompressionCodec | null)[] = [null, 'gzip', 'snappy', 'lz4', 'zstd']

export function rpcOptionsOf(config: NodeConfig): RpcOptions {
  return {
    clientId: `odradek-${config.nodeId}`,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1000,
    connectTimeoutMs: 10_000,
    maxResponseBytes: MAX_RESPONSE_BYTES,
  }
}

export function raftConfigOf(
  config: NodeConfig,
  identity: { readonly clusterId: string; readonly directoryId: Uuid },
): RaftConfig {
  const listenerName = config.controllerListenerNames[0]!
  const own = config.advertisedListeners.filter(({ name }) => config.controllerListenerNames.includes(name))
  return {
    nodeId: config.nodeId,
    directoryId: identity.directoryId,
    clusterId: identity.clusterId,
    canVote: config.isController,
    staticVoters: config.staticVoters.map((voter) => ({ id: voter.id, endpoint: endpointOf(voter) })),
    bootstrapServers: config.bootstrapServers.map(endpointOf),
    listenerName,
    advertised: config.isController ? own.map(({ name, host, port }) => ({ name, host, port })) : [],
    metadataDirectory: config.metadataLogDir,
    fetchTimeoutMs: config.int('controller.quorum.fetch.timeout.ms'),
    electionTimeoutMs: config.int('controller.quorum.election.timeout.ms'),
    electionBackoffMaxMs: config.int('controller.quorum.election.backoff.max.ms'),
    requestTimeoutMs: config.int('controller.quorum.request.timeout.ms'),
    retryBackoffMs: config.int('controller.quorum.retry.backoff.ms'),
    appendLingerMs: config.int('controller.quorum.append.linger.ms'),
    maxBatchBytes: 8 * 1024 * 1024,
    segmentBytes: config.int('metadata.log.segment.bytes'),
    segmentMs: config.long('metadata.log.segment.ms'),
    retentionBytes: config.long('metadata.max.retention.bytes'),
    retentionMs: config.long('metadata.max.retention.ms'),
  }
}

export function cleanerSettingsOf(config: NodeConfig): CleanerSettings {
  return {
    threads: config.int('log.cleaner.threads'),
    ioBufferSize: config.int('log.cleaner.io.buffer.size'),
    dedupeBufferSize: config.long('log.cleaner.dedupe.buffer.size'),
    loadFactor: config.double('log.cleaner.io.buffer.load.factor'),
    ioMaxBytesPerSecond: config.double('log.cleaner.io.max.bytes.per.second'),
    backoffMs: config.long('log.cleaner.backoff.ms'),
  }
}

export function groupConfigOf(config: NodeConfig): GroupConfig {
  return {
    minSessionTimeoutMs: config.int('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: config.int('group.max.session.timeout.ms'),
    maxSize: config.int('group.max.size'),
    initialRebalanceDelayMs: config.int('group.initial.rebalance.delay.ms'),
    offsetMetadataMaxBytes: config.int('offset.metadata.max.bytes'),
    offsetsRetentionMs: config.int('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: config.long('offsets.retention.check.interval.ms'),
    commitTimeoutMs: config.int('offsets.commit.timeout.ms'),
  }
}

/** Null: none. */
export function offsetsCompressionOf(config: NodeConfig): CompressionCodec | null {
  return CODECS[config.int('offsets.topic.compression.codec')] ?? null
}

function endpointOf(at: { readonly host: string; readonly port: number }): Endpoint {
  return { host: at.host, port: at.port }
}

export interface ReplicationSettings {
  readonly nodeId: NodeId
  readonly interBrokerListener: string
  readonly rackAware: boolean
  readonly replicaLagTimeMaxMs: number
  readonly fetchWaitMaxMs: number
  readonly fetchMinBytes: number
  readonly fetchMaxBytes: number
  readonly fetchPartitionMaxBytes: number
  readonly fetchBackoffMs: number
  readonly fetchTimeoutMs: number
}

export function replicationSettingsOf(config: NodeConfig): ReplicationSettings {
  return {
    nodeId: config.nodeId,
    interBrokerListener: config.interBrokerListenerName,
    rackAware: config.string('replica.selector.class') === RACK_AWARE_SELECTOR,
    replicaLagTimeMaxMs: config.long('replica.lag.time.max.ms'),
    fetchWaitMaxMs: config.int('replica.fetch.wait.max.ms'),
    fetchMinBytes: config.int('replica.fetch.min.bytes'),
    fetchMaxBytes: config.int('replica.fetch.response.max.bytes'),
    fetchPartitionMaxBytes: config.int('replica.fetch.max.bytes'),
    fetchBackoffMs: config.int('replica.fetch.backoff.ms'),
    fetchTimeoutMs: config.int('replica.socket.timeout.ms'),
  }
}
