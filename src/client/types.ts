// The door of the small client: a producer, consumers of assigned partitions and in groups, an admin. No transactions. Times are milliseconds; every call that needs a broker ends by its time-out at the latest.

import type {
  Clock,
  CompressionCodec,
  Endpoint,
  Epoch,
  Network,
  NodeId,
  Offload,
  Offset,
  Random,
  Timestamp,
  Uuid,
} from '../base/index.ts'
import type { ErrorName, RecordHeader, TimestampType } from '../wire/index.ts'
import type { Governance } from './governance.ts'
import type { GroupAdmin } from './groups.ts'
import type { DeletedRecords, LogDirectoryDescription, RecordsToDelete } from './storage.ts'

export interface ClientPorts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly offload: Offload
}

export interface ClientOptions {
  /** `host:port,host:port` (IPv6 in brackets) or endpoints; asked until one answers. */
  readonly bootstrap: string | readonly Endpoint[]
  /** Default `odradek`. */
  readonly clientId?: string
  /** Of one request. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** Of one call, which may take several requests. Default twice `requestTimeoutMs`, as Kafka's (KIP-533). */
  readonly apiTimeoutMs?: number
  /** First pause before a retry, doubling to `retryBackoffMaxMs`. Default 100, 1,000. */
  readonly retryBackoffMs?: number
  readonly retryBackoffMaxMs?: number
  /** Of one connection attempt. Default 10,000. */
  readonly connectTimeoutMs?: number
}

export interface Client extends AsyncDisposable {
  producer(options?: ProducerOptions): Producer
  consumer(options?: ConsumerOptions): Consumer
  /** Joins its group when it is polled first. */
  groupConsumer(options: GroupConsumerOptions): GroupConsumer
  readonly admin: Admin
  /** Features, quotas and members. */
  readonly governance: Governance
  /** Groups as an administrator sees them. */
  readonly groups: GroupAdmin
  /** Fails what is outstanding and closes every connection. */
  close(): void
}

export interface ProducerOptions {
  /** −1 or `all`: all in-sync replicas. Default all. */
  readonly acks?: 'all' | -1 | 0 | 1
  /** Duplicates by retries are dropped by the broker, order is kept. Default true with acks=all. */
  readonly idempotent?: boolean
  readonly compression?: CompressionCodec | 'none'
  /** From `send` to the answer, retries included. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Retries of one batch; default as many as fit into the delivery time-out. */
  readonly retries?: number
  /** Records of one batch, bytes before compression. A larger record goes alone. Default 1 MiB less some overhead. */
  readonly batchBytes?: number
  /** Batches of one partition on their way at once, up to 5 where idempotent (Java's default). Default 1. */
  readonly maxInFlight?: number
  /** The broker may create a topic that does not exist. Default true. */
  readonly allowAutoTopicCreation?: boolean
}

export interface ProducerRecord {
  readonly topic: string
  /** Otherwise by Kafka's hash of the key, or any. */
  readonly partition?: number
  readonly key?: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: readonly RecordHeader[]
  /** Default now. */
  readonly timestamp?: Timestamp
}

export interface Produced {
  readonly topic: string
  readonly partition: number
  /** −1 with acks=0. */
  readonly offset: Offset
}

export interface Producer {
  /** Records of one partition go out in call order, those that wait together in one batch. Rejects with ClientError. */
  send(record: ProducerRecord): Promise<Produced>
  /** A finished v2 batch as it is: no sequence is put into it. Answers the offset of its first record. */
  sendBatch(topic: string, partition: number, batch: Uint8Array): Promise<Produced>
  /** Resolves when everything sent before has an answer, good or bad. */
  flush(): Promise<void>
  /** Rejects what is waiting or outstanding. */
  close(): void
}

export interface ConsumerOptions {
  readonly fetchMaxWaitMs?: number
  readonly fetchMinBytes?: number
  readonly fetchMaxBytes?: number
  readonly partitionMaxBytes?: number
  /** Where to go on when an offset is out of range. Default `none`: `poll` rejects with OFFSET_OUT_OF_RANGE. */
  readonly reset?: 'earliest' | 'latest' | 'none'
  /** Default true. */
  readonly checkCrcs?: boolean
  /** Most bytes that one compressed batch may become. Default 64 MiB. */
  readonly decompressedBytesMax?: number
  /** Kafka's client.rack: brokers that choose replicas by rack may send this consumer to a follower there (KIP-392).
   *  Default: it reads from leaders. */
  readonly rack?: string
}

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

export interface Assignment extends TopicPartition {
  readonly offset: Offset | 'earliest' | 'latest'
}

/** Key, value and header values are the consumer's own until the next but one `poll`: copy what is kept for long. */
export interface ConsumedRecord extends TopicPartition {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly timestampType: TimestampType
  readonly leaderEpoch: Epoch
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export interface Consumer {
  /** Replaces what was assigned before. */
  assign(partitions: readonly Assignment[]): void
  /** Records in offset order per partition, at most `maxRecords` (default all there are); empty when none came within
   *  `timeoutMs`. Rejects with ClientError. */
  poll(timeoutMs: number, maxRecords?: number): Promise<ConsumedRecord[]>
  /** The offset of the next record to be returned; null before an `earliest` or `latest` is resolved. */
  position(topic: string, partition: number): Offset | null
  /** As last told by the leader; null before the first fetch. */
  highWatermark(topic: string, partition: number): Offset | null
  close(): void
}

/** Names of time-outs are those of Kafka's consumers, and so are their defaults. */
export interface GroupConsumerOptions extends ConsumerOptions {
  readonly group: string
  readonly topics: readonly string[]
  /** `group.instance.id`: a member that keeps its place while it restarts (KIP-345). */
  readonly instanceId?: string
  /** `session.timeout.ms`. Default 45,000. */
  readonly sessionTimeoutMs?: number
  /** `max.poll.interval.ms`: how long the group waits for it in a rebalance, and for its next poll. Default 300,000. */
  readonly rebalanceTimeoutMs?: number
  /** Default 3,000. */
  readonly heartbeatIntervalMs?: number
  /** `auto.offset.reset`, also where nothing is committed. Default latest. With `none` each `poll` rejects with
   *  OFFSET_OUT_OF_RANGE, and reads of no partition, as long as one that it was given has no committed offset. */
  readonly reset?: 'earliest' | 'latest' | 'none'
  /** How often a commit is asked for again where no answer came. With 0, one that may have been made is never asked for
   *  twice, so that no late request can undo what was committed after it. Default: as often as fits into the time-out. */
  readonly commitRetries?: number
  /** As Java's ConsumerRebalanceListener; both from within `poll`, or between two polls while it joins. What was polled
   *  and not committed before `onRevoked` is the group's again. */
  readonly onRevoked?: () => void
  readonly onAssigned?: (assigned: GroupAssignment) => void
}

/** What a member was given, and what it was told that the group has committed of it: absent where nothing is. */
export interface GroupAssignment {
  readonly generation: number
  readonly partitions: readonly (TopicPartition & { readonly committed?: Offset })[]
}

/** A member of a group by the classic protocol (range, eager). What is read between two polls is of one generation. */
export interface GroupConsumer {
  /** Records of what is assigned now, at most `maxRecords`; empty when none came within `timeoutMs`, also while the group
   *  rebalances. */
  poll(timeoutMs: number, maxRecords?: number): Promise<ConsumedRecord[]>
  /** Commits what was polled in this generation. Rejects with ClientError: what the group has not heard of is read again. */
  commit(timeoutMs?: number): Promise<void>
  /** Polled, and not worked on: the next commit leaves these out. This member does not hand them out again. */
  giveBack(records: readonly ConsumedRecord[]): void
  /** What this member reads; empty while the group rebalances. */
  readonly assignment: readonly TopicPartition[]
  /** As Consumer's. */
  position(topic: string, partition: number): Offset | null
  /** −1: none. */
  readonly generation: number
  readonly memberId: string
  /** Leaves the group. Nothing is committed by itself. */
  close(): Promise<void>
}

/** An answer about one topic, partition or resource. */
export interface Outcome {
  readonly error: ErrorName
  readonly message: string | null
}

export interface NewTopic {
  readonly name: string
  /** Default: the broker's. */
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Replicas by partition, instead of both numbers. */
  readonly assignment?: readonly (readonly NodeId[])[]
  readonly configs?: { readonly [name: string]: string }
}

export interface TopicOutcome extends Outcome {
  readonly name: string
}

export interface PartitionDescription {
  readonly partition: number
  /** −1: none. */
  readonly leader: NodeId
  readonly leaderEpoch: Epoch
  readonly replicas: readonly NodeId[]
  readonly isr: readonly NodeId[]
  readonly offlineReplicas: readonly NodeId[]
  /** Null from brokers that do not tell. */
  readonly elr: readonly NodeId[] | null
  readonly lastKnownElr: readonly NodeId[] | null
}

export interface TopicDescription extends TopicOutcome {
  readonly id: Uuid
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

interface BrokerDescription extends Endpoint {
  readonly id: NodeId
  readonly rack: string | null
}

export interface ClusterDescription {
  readonly clusterId: string
  readonly controllerId: NodeId
  readonly brokers: readonly BrokerDescription[]
}

export type ResourceType = 'topic' | 'broker' | 'group' | 'client-metrics'

export interface ConfigResource {
  readonly type: ResourceType
  /** Empty with `broker`: the cluster-wide default. */
  readonly name: string
}

interface ConfigEntry {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly sensitive: boolean
  /** Kafka's ConfigSource id: 1 topic, 2 dynamic broker, 3 dynamic default broker, 4 static, 5 default. */
  readonly source: number
  /** Kafka's ConfigType id. */
  readonly type: number
  readonly documentation: string | null
  readonly synonyms: readonly { readonly name: string; readonly value: string | null; readonly source: number }[]
}

export interface ConfigDescription extends ConfigResource, Outcome {
  readonly entries: readonly ConfigEntry[]
}

export interface ConfigAlteration extends ConfigResource {
  readonly changes: readonly {
    readonly name: string
    readonly operation: 'set' | 'delete' | 'append' | 'subtract'
    readonly value?: string | null
  }[]
}

export interface ReplicaState {
  readonly id: NodeId
  readonly directoryId: Uuid
  readonly logEndOffset: Offset
  /** −1: unknown. */
  readonly lastFetchTimestamp: Timestamp
  readonly lastCaughtUpTimestamp: Timestamp
}

export interface QuorumDescription {
  readonly leaderId: NodeId
  readonly leaderEpoch: Epoch
  readonly highWatermark: Offset
  readonly voters: readonly ReplicaState[]
  readonly observers: readonly ReplicaState[]
  readonly nodes: readonly {
    readonly id: NodeId
    readonly listeners: readonly (Endpoint & { readonly name: string })[]
  }[]
}

export type OffsetSpec = 'earliest' | 'latest' | 'max-timestamp' | 'earliest-local' | 'latest-tiered' | Timestamp

export interface ListedOffset extends TopicPartition {
  readonly error: ErrorName
  /** −1: none. */
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly leaderEpoch: Epoch
}

export interface AdminOptions {
  /** Default: the client's request time-out. */
  readonly timeoutMs?: number
  /** How often a change is asked for again where no answer came. With 0, one that may have been made is never asked for
   *  twice, so that no late request can undo what was done after it. Default: as often as fits into the time-out. */
  readonly retries?: number
}

/** Where a partition's replicas are to be, the preferred leader first; null: back to where they were. */
export interface PartitionMove extends TopicPartition {
  readonly replicas: readonly NodeId[] | null
}

/** A partition on its way: `replicas` are those it has now. */
export interface MovingPartition extends TopicPartition {
  readonly replicas: readonly NodeId[]
  readonly adding: readonly NodeId[]
  readonly removing: readonly NodeId[]
}

/** `unclean`: where nobody leads, anybody alive, who may lack records. */
export type ElectionType = 'preferred' | 'unclean'

/** Answers hold one outcome for each thing asked; what fails as a whole rejects with ClientError. */
export interface Admin {
  createTopics(
    topics: readonly NewTopic[],
    options?: AdminOptions & { readonly validateOnly?: boolean },
  ): Promise<TopicOutcome[]>
  deleteTopics(names: readonly string[], options?: AdminOptions): Promise<TopicOutcome[]>
  listTopics(
    options?: AdminOptions,
  ): Promise<{ readonly name: string; readonly id: Uuid; readonly internal: boolean }[]>
  describeTopics(names: readonly string[], options?: AdminOptions): Promise<TopicDescription[]>
  createPartitions(
    topics: readonly {
      readonly name: string
      readonly count: number
      readonly assignment?: readonly (readonly NodeId[])[]
    }[],
    options?: AdminOptions & { readonly validateOnly?: boolean },
  ): Promise<TopicOutcome[]>
  describeCluster(options?: AdminOptions): Promise<ClusterDescription>
  describeConfigs(
    resources: readonly (ConfigResource & { readonly keys?: readonly string[] })[],
    options?: AdminOptions & { readonly synonyms?: boolean; readonly documentation?: boolean },
  ): Promise<ConfigDescription[]>
  incrementalAlterConfigs(
    alterations: readonly ConfigAlteration[],
    options?: AdminOptions & { readonly validateOnly?: boolean },
  ): Promise<(ConfigResource & Outcome)[]>
  describeQuorum(options?: AdminOptions): Promise<QuorumDescription>
  /** Starts moves, or cancels them. With `allowReplicationFactorChange` false a goal of another size is refused. */
  alterPartitionReassignments(
    moves: readonly PartitionMove[],
    options?: AdminOptions & { readonly allowReplicationFactorChange?: boolean },
  ): Promise<(TopicPartition & Outcome)[]>
  /** What moves, of these partitions or (null) of all. */
  listPartitionReassignments(
    partitions: readonly TopicPartition[] | null,
    options?: AdminOptions,
  ): Promise<MovingPartition[]>
  /** Of these partitions or (null) of all; of all, those that need no election are not in the answer. */
  electLeaders(
    type: ElectionType,
    partitions: readonly TopicPartition[] | null,
    options?: AdminOptions,
  ): Promise<(TopicPartition & Outcome)[]>
  listOffsets(
    partitions: readonly (TopicPartition & { readonly at: OffsetSpec })[],
    options?: AdminOptions,
  ): Promise<ListedOffset[]>
  /** Deletes what lies below an offset; in the order of the question. */
  deleteRecords(records: readonly RecordsToDelete[], options?: AdminOptions): Promise<DeletedRecords[]>
  /** The log directories of one broker. */
  describeLogDirs(broker: NodeId, options?: AdminOptions): Promise<LogDirectoryDescription[]>
  /** Moves replicas of one broker to other directories of it; answered when the moves have begun. */
  alterReplicaLogDirs(
    broker: NodeId,
    moves: readonly (TopicPartition & { readonly path: string })[],
    options?: AdminOptions,
  ): Promise<(TopicPartition & Outcome)[]>
}
