// The door of this broker's replicas: append with acks, reads that wait, offsets, and the follower side of Fetch. It acts on
// LocalChange from cluster metadata, and asks for ISR changes through `alterPartition`, handed in by main.

import type { LocalChange, MetadataImage } from '../../cluster/metadata/index.ts'
import type {
  BrokerEpoch,
  Clock,
  Epoch,
  Instant,
  Logger,
  NodeId,
  Offset,
  PartitionEpoch,
  Timestamp,
  Uuid,
} from '../../src/base/index.ts'
import type { LogConfig, LogDirectory } from '../../src/log/index.ts'
import type { Rpc } from '../../src/rpc/index.ts'
import type { IsrMember } from '../partition/index.ts'
import type { ReplicationThrottling, ThrottledPartitions } from './throttle-types.ts'

export interface TopicPartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
}

/** Names of Kafka errors that this room answers with; `NONE` is success. */
export type ReplicationError =
  | 'NONE'
  | 'UNKNOWN_TOPIC_OR_PARTITION'
  | 'UNKNOWN_TOPIC_ID'
  | 'INCONSISTENT_TOPIC_ID'
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'LEADER_NOT_AVAILABLE'
  | 'REPLICA_NOT_AVAILABLE'
  | 'FENCED_LEADER_EPOCH'
  | 'UNKNOWN_LEADER_EPOCH'
  | 'STALE_BROKER_EPOCH'
  | 'OFFSET_OUT_OF_RANGE'
  | 'OFFSET_NOT_AVAILABLE'
  | 'POLICY_VIOLATION'
  | 'LOG_DIR_NOT_FOUND'
  | 'INVALID_TOPIC_EXCEPTION'
  | 'NOT_ENOUGH_REPLICAS'
  | 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
  | 'REQUEST_TIMED_OUT'
  | 'KAFKA_STORAGE_ERROR'
  | 'CORRUPT_MESSAGE'
  | 'MESSAGE_TOO_LARGE'
  | 'RECORD_LIST_TOO_LARGE'
  | 'INVALID_RECORD'
  | 'INVALID_TIMESTAMP'
  | 'UNSUPPORTED_COMPRESSION_TYPE'
  | 'UNSUPPORTED_FOR_MESSAGE_FORMAT'
  | 'OUT_OF_ORDER_SEQUENCE_NUMBER'
  | 'INVALID_PRODUCER_EPOCH'
  | 'UNKNOWN_PRODUCER_ID'
  | 'INVALID_TXN_STATE'
  | 'UNSUPPORTED_VERSION'
  | 'UNKNOWN_SERVER_ERROR'

/** KIP-951: the leader this broker knows of. */
export interface LeaderHint {
  readonly leaderId: NodeId
  readonly leaderEpoch: Epoch
}

export interface AppendRequest {
  readonly at: TopicPartition
  /** Whole v2 batches, owned by the log from the call on. */
  readonly bytes: Uint8Array
  readonly acks: 0 | 1 | -1
  readonly deadline: Instant
}

export interface AppendResult {
  readonly error: ReplicationError
  readonly message: string | null
  /** −1 with any error. */
  readonly baseOffset: Offset
  readonly logAppendTime: Timestamp
  readonly logStartOffset: Offset
  readonly leader: LeaderHint | null
}

/** Who reads. A replica's fetch also reports its progress. */
export type Reader =
  | {
      readonly kind: 'consumer'
      readonly isolation: 'read_uncommitted' | 'read_committed'
      readonly rack: string
      /** Fetch before v11: the client does not know of followers (KIP-392). Default false: an in-sync follower's committed
       *  records may be served. */
      readonly leaderOnly?: boolean
      /** The listener it came in by: it is sent to brokers only that it can reach by the same. Default: nowhere. */
      readonly listener?: string
    }
  | { readonly kind: 'replica'; readonly id: NodeId; readonly brokerEpoch: BrokerEpoch }

export interface PartitionRead {
  readonly at: TopicPartition
  readonly fetchOffset: Offset
  readonly maxBytes: number
  /** −1: not checked. */
  readonly currentLeaderEpoch: Epoch
  /** Epoch of the reader's last record, for divergence (KIP-595 fetch field); −1: not checked. */
  readonly lastFetchedEpoch: Epoch
  /** The reader's own log start (replicas); −1 otherwise. */
  readonly logStartOffset: Offset
  /** The high watermark the reader already knows (Fetch v18); −1 unknown. A newer one ends the wait of a replica. */
  readonly knownHighWatermark: Offset
}

export interface PartitionReadResult {
  readonly at: TopicPartition
  readonly error: ReplicationError
  readonly highWatermark: Offset
  readonly lastStableOffset: Offset
  readonly logStartOffset: Offset
  readonly chunks: readonly Uint8Array[]
  readonly bytes: number
  /** Set: the reader must truncate by it; no records then. */
  readonly diverging: { readonly epoch: Epoch; readonly endOffset: Offset } | null
  readonly leader: LeaderHint | null
  /** A replica nearer to the reader, which is to be asked instead: no records then (KIP-392); −1: none. */
  readonly preferredReadReplica: NodeId
}

export interface ReadRequest {
  readonly reader: Reader
  readonly partitions: readonly PartitionRead[]
  readonly minBytes: number
  readonly maxBytes: number
  readonly deadline: Instant
}

/** A read in progress; cancel when the connection has gone. */
export interface PendingRead {
  readonly result: Promise<readonly PartitionReadResult[]>
  cancel(): void
}

export interface ListedOffset {
  readonly error: ReplicationError
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly leaderEpoch: Epoch
}

/** One of `log.dirs`, and what lies in it. */
export interface DirectoryDescription {
  readonly path: string
  /** `KAFKA_STORAGE_ERROR`: it was given up, or cannot say how it is; the rest is unknown then. */
  readonly error: 'NONE' | 'KAFKA_STORAGE_ERROR'
  readonly cordoned: boolean
  /** −1: unknown. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly logs: readonly LogDescription[]
}

export interface LogDescription {
  readonly topic: string
  readonly partition: number
  readonly size: number
  /** How far the log is behind the high watermark; one that is to replace another, behind that one's end. */
  readonly offsetLag: Offset
  /** It is to replace the log of the partition that lies in another directory (KIP-113). */
  readonly isFuture: boolean
}

/** A replica of this broker, and the one of `log.dirs` that it is to lie in. */
export interface DirectoryMove {
  readonly at: TopicPartition
  readonly path: string
}

/** A producer that this replica's log knows. */
export interface ActiveProducer {
  readonly producerId: number
  readonly epoch: number
  readonly lastSequence: number
  readonly lastTimestamp: Timestamp
  readonly coordinatorEpoch: number
  /** −1: none. */
  readonly currentTxnFirstOffset: Offset
}

export interface DeletedRecords {
  readonly error: ReplicationError
  /** Where the logs of all living replicas begin by now; −1 where an error says nothing of them. */
  readonly lowWatermark: Offset
}

export interface ReplicationDriver {
  /** In order of published images; starts, leads, follows, stops. Synchronous: what must wait goes on behind. */
  apply(image: MetadataImage, changes: readonly LocalChange[]): void
  /** Whether every local replica of the first image has been created or opened (unfencing waits for it). */
  readonly settled: boolean

  /** Resolves when the acks are satisfied, refused or timed out. With acks=0, at once. Calls for one partition take effect in call order. */
  append(request: AppendRequest): Promise<AppendResult>
  /** Owns the wait for bytes: wakes on high watermark or end offset, epoch change, truncation, deletion, failure, cancel. */
  read(request: ReadRequest): PendingRead
  /** ListOffsets: `timestamp` as on the wire (−1 latest, −2 earliest, −3 max timestamp, −4 earliest local, −5 last tiered, −6 earliest pending upload, ≥ 0 by time). */
  listOffset(at: TopicPartition, timestamp: Timestamp, currentLeaderEpoch: Epoch, reader: Reader): Promise<ListedOffset>
  /** OffsetForLeaderEpoch (KIP-101/279/320). */
  endOffsetForEpoch(
    at: TopicPartition,
    currentLeaderEpoch: Epoch,
    epoch: Epoch,
  ): { readonly error: ReplicationError; readonly epoch: Epoch; readonly endOffset: Offset }

  /** DeleteRecords: what is below `offset` goes (−1: all that is committed). Resolves when the replicas that are alive have
   *  let go of it too, when it is refused, or at the deadline. */
  deleteRecords(at: TopicPartition, offset: Offset, deadline: Instant): Promise<DeletedRecords>

  /** In the order of `log.dirs`, failed ones among them. */
  describeDirectories(): Promise<readonly DirectoryDescription[]>
  /** AlterReplicaLogDirs (KIP-113): begins a move, ends another one of the same replica, and answers when the copy has its
   *  place. A replica that is not here is REPLICA_NOT_AVAILABLE, and goes there when it is created. */
  moveToDirectory(move: DirectoryMove): Promise<ReplicationError>
  /** Of any replica, leader or follower. */
  activeProducers(at: TopicPartition): ReplicationError | readonly ActiveProducer[]

  /** Observation for checkers, the console and embedding, live; never for decisions. The list is another one when
   *  replicas came or went. */
  observe(): readonly ReplicaView[]
  /** Goes up whenever anything of this may have changed. */
  readonly version: number
  /** Stops fetchers and waits; the logs are closed by the log directory. */
  stop(): Promise<void>
}

/** A read of a property is a read of the replica as it is then. */
export interface ReplicaView {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
  readonly role: 'leader' | 'follower' | 'offline'
  readonly leaderEpoch: Epoch
  readonly isr: readonly NodeId[]
  readonly maximalIsr: readonly NodeId[]
  readonly highWatermark: Offset
  readonly endOffset: Offset
  readonly logStartOffset: Offset
  /** Of the registration that it acts on. */
  readonly partitionEpoch: PartitionEpoch
  /** The leader's proposal in flight; `committed` where there is none. */
  readonly isrState: 'committed' | 'pending-expand' | 'pending-shrink'
  /** Whom that proposal names, each in the life that its last fetch came from; nobody where there is none. */
  readonly proposed: readonly IsrMember[]
  /** Where a leader's own epoch began in its log; −1 of others. */
  readonly epochStartOffset: Offset
  /** Exclusive; readable. */
  readonly appendedOffset: Offset
  readonly durableEndOffset: Offset
  /** As it reckons with it: never more than there are replicas. */
  readonly minInsyncReplicas: number
  /** flush=fsync: only what is durable counts for the high watermark. */
  readonly durable: boolean
  /** What its log goes by now; null before it is open. */
  readonly settings: LogConfig | null
}

/** A replica of this broker, for whoever lives in the same process. Properties are read live. */
export interface LocalReplica {
  readonly at: TopicPartition
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  /** `max.message.bytes` of the topic. */
  readonly maxBatchBytes: number
  /** As of the log: the largest epoch ≤ `epoch` and where it ends; −1, −1 when it knows none. */
  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset }
  /** Whole batches from `from` on that end at or below the high watermark, in any role; at least one if there is one. */
  readCommitted(from: Offset, maxBytes: number): Promise<LocalRead>
  /**
   * Whole batches of the broker's own, as acks=all asks for it, by the leader of exactly this epoch. Resolves when they
   * are in the log with their offsets; they are committed when the high watermark is at `endOffset`. Calls take effect
   * in call order.
   */
  append(bytes: Uint8Array, epoch: Epoch): Promise<LocalAppend>
}

export type LocalRead =
  | { readonly kind: 'read'; readonly chunks: readonly Uint8Array[]; readonly endOffset: Offset }
  /** The log begins behind `from`. */
  | { readonly kind: 'truncated'; readonly logStartOffset: Offset }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The replica was removed, is offline, or the broker stops. */
  | { readonly kind: 'gone' }

export type LocalAppend =
  | { readonly kind: 'staged'; readonly baseOffset: Offset; readonly endOffset: Offset }
  /** Nothing was written. */
  | { readonly kind: 'refused'; readonly error: ReplicationError; readonly message: string | null }

export type ReplicaNews =
  /** Also from one epoch to the next: the log was not truncated in between. Its log ended at `startOffset`. */
  | { readonly kind: 'leading'; readonly epoch: Epoch; readonly startOffset: Offset }
  | { readonly kind: 'following'; readonly epoch: Epoch }
  /** The high watermark has moved. */
  | { readonly kind: 'committed' }
  /** Cut at its end, or begun anew at a later offset. */
  | { readonly kind: 'truncated' }
  /** Nothing follows but, after `offline`, that it is removed or comes back from a replaced disk. */
  | { readonly kind: 'gone'; readonly why: 'removed' | 'offline' | 'stopped' }

/** Hears of replicas of the topics that it wants, from the moment when their logs are open; first of their role. */
export interface ReplicaWatcher {
  wants(topic: string): boolean
  /** Never called within a call of the driver. */
  told(replica: LocalReplica, news: ReplicaNews): void
}

/** One ISR change to propose; answered by the controller's verdict on this partition. */
export interface IsrProposal {
  readonly at: TopicPartition
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: number
  readonly newIsr: readonly { readonly id: NodeId; readonly brokerEpoch: BrokerEpoch }[]
  readonly leaderRecoveryState: 0 | 1
}

export type IsrVerdict =
  | {
      readonly kind: 'committed'
      readonly leaderId: NodeId
      readonly leaderEpoch: Epoch
      readonly isr: readonly NodeId[]
      readonly partitionEpoch: number
      readonly leaderRecoveryState: 0 | 1
    }
  /** Kafka's error name; `retry` when the controller was not reached at all. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'retry' }

/** Sends AlterPartition for several partitions at once; verdicts in the same order. */
export type AlterPartition = (proposals: readonly IsrProposal[]) => Promise<readonly IsrVerdict[]>

export interface ReplicationOptions {
  readonly ports: { readonly clock: Clock }
  readonly rpc: Rpc
  readonly logger: Logger
  readonly nodeId: NodeId
  /** As this process registers. Nothing is created, led or deleted before an image holds this registration: an earlier
   *  image is history being replayed, and acting on it could delete what was assigned again since. Where a process
   *  before registered as the same and never heard of it, none has been unfenced since: so no history after that
   *  registration gives this broker a place in an ISR, which it would have to keep a log for. */
  readonly incarnationId: Uuid
  /** The last published image, or the empty one; `apply` brings the next. */
  readonly image: MetadataImage
  /** Open, in the order of `log.dirs`. */
  readonly directories: readonly LogDirectory[]
  /** Paths of directories whose disks had failed before they were opened. Default: none. */
  readonly unusable?: readonly string[]
  readonly alterPartition: AlterPartition
  /** Whoever in this process lives on replicas. Default: nobody. */
  readonly watchers?: readonly ReplicaWatcher[]
  /** Default: replicas catch up as fast as they can. */
  readonly throttling?: ReplicationThrottling
  /** Called when a replica is created and at each `config` change of its topic. */
  readonly configFor: (topic: string) => TopicSettings
  /** `inter.broker.listener.name`: where leaders are fetched from. */
  readonly interBrokerListener: string
  /** replica.selector.class: whether consumers are sent to followers in their rack. Default: never. */
  readonly rackAware?: boolean
  /** replica.lag.time.max.ms */
  readonly replicaLagTimeMaxMs: number
  /** replica.fetch.wait.max.ms */
  readonly fetchWaitMaxMs: number
  /** replica.fetch.min.bytes */
  readonly fetchMinBytes: number
  /** replica.fetch.response.max.bytes */
  readonly fetchMaxBytes: number
  /** replica.fetch.max.bytes */
  readonly fetchPartitionMaxBytes: number
  /** replica.fetch.backoff.ms: the longest pause after errors; the first is a twentieth of it. */
  readonly fetchBackoffMs: number
  /** replica.socket.timeout.ms */
  readonly fetchTimeoutMs: number
  /** A replica lies in another directory than its assignment says, or in one that it doesn't say yet (KIP-858). */
  readonly onDirectoryAssigned: (placement: DirectoryPlacement) => void
  /** A log directory was given up; its replicas are offline. */
  readonly onDirectoryFailed: (directoryId: Uuid, error: Error) => void
  /** A bug: the node must stop. */
  readonly onFatal: (error: Error) => void
}

export interface TopicSettings {
  readonly log: LogConfig
  readonly minInsyncReplicas: number
  /** Which partitions' replicas are listed in the topic's throttles with this broker: as what they are led by, and as what
   *  follows. Default: none. */
  readonly throttled?: { readonly leader: ThrottledPartitions; readonly follower: ThrottledPartitions }
  /** A damaged log may be cut to lead. */
  readonly uncleanLeaderElection: boolean
}

export interface DirectoryPlacement {
  readonly topicId: Uuid
  readonly partition: number
  readonly directoryId: Uuid
}
