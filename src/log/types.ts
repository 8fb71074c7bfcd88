// The door of one partition's log and of a log directory. A log knows batches, offsets, epochs as numbers in a cache, and
// producers' sequences; it does not know leaders, the ISR or what an epoch means. One writer.

import type { Clock, Disk, DiskSpace, Epoch, Logger, Offload, Offset, Random, Timestamp, Uuid } from '../base/index.ts'
import type { LogCleaner } from './cleaner/cleaner.ts'

/** What a topic's configuration means for its logs. Longs are saturated numbers; −1 is "no limit" where Kafka has it so. */
export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  /** Segments live so much shorter, each by another part of it. Default 0. */
  readonly segmentJitterMs?: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly retentionBytes: number
  readonly retentionMs: number
  readonly cleanupDelete: boolean
  readonly cleanupCompact: boolean
  /** How long a tombstone stays after the cleaning that first met it as the last word on its key. */
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly maxMessageBytes: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly fileDeleteDelayMs: number
  readonly producerIdExpirationMs: number
  /** No `appended` before the bytes are on the platter (D7), and `durableEndOffset` is what counts. */
  readonly flush: 'os' | 'fsync'
}

export interface EpochEntry {
  readonly epoch: Epoch
  readonly startOffset: Offset
}

/** Why a leader's append was refused, by Kafka's error name; nothing was written. */
export type AppendRefusal =
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
  /** Only by `stillLeader` of an append that waited. */
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'KAFKA_STORAGE_ERROR'

export type LeaderAppend =
  | {
      readonly kind: 'staged'
      readonly baseOffset: Offset
      /** Exclusive. */
      readonly endOffset: Offset
      /** −1 with CreateTime. */
      readonly logAppendTime: Timestamp
      readonly logStartOffset: Offset
    }
  /** The last five batches of the producer already hold it: answer with these offsets, when they are committed. */
  | {
      readonly kind: 'duplicate'
      readonly baseOffset: Offset
      readonly endOffset: Offset
      readonly logAppendTime: Timestamp
    }
  | { readonly kind: 'refused'; readonly error: AppendRefusal; readonly message: string }

export type FollowerAppend =
  | { readonly kind: 'staged'; readonly baseOffset: Offset; readonly endOffset: Offset; readonly lastEpoch: Epoch }
  /** The bytes are not a continuation of this log (offset gap, epoch going back, CRC): nothing was written. */
  | { readonly kind: 'refused'; readonly message: string }

/** What a read found. `chunks` are whole batches in order, to be sent as they are. */
export interface LogRead {
  readonly chunks: readonly Uint8Array[]
  readonly bytes: number
  /** Exclusive end of the last whole batch in `chunks`; `fromOffset` when there is none. */
  readonly endOffset: Offset
}

export interface ReadOptions {
  readonly maxBytes: number
  /** Exclusive bound; a batch that reaches over it is left out. */
  readonly upTo: Offset
  /** The first batch even when larger than `maxBytes`. */
  readonly minOneBatch: boolean
}

/** How a leader's append is to be taken; absent: one batch from a client. */
export interface AppendOptions {
  /** `internal`: what the broker itself writes. Several batches, control batches and any base offset pass. */
  readonly origin?: 'client' | 'internal'
  /** Asked after the wait of an append that must be opened: leadership may have gone meanwhile. */
  readonly stillLeader?: () => boolean
}

export interface PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid
  /** Where the log directory of this partition is. */
  readonly path: string
  /** First offset that may be read. Moves by retention, DeleteRecords or a truncation that starts anew. */
  readonly logStartOffset: Offset
  /** First offset held locally; apart from `logStartOffset` once tiers exist. */
  readonly localLogStartOffset: Offset
  /** Exclusive; counts what is staged. */
  readonly endOffset: Offset
  /** Exclusive; everything below is in the page cache and readable. */
  readonly appendedOffset: Offset
  /** Exclusive; everything below survives a power failure. */
  readonly durableEndOffset: Offset
  /** Bytes of all segments. */
  readonly size: number
  /**
   * Middle corruption was found in recovery: readable below it (`endOffset` is where it begins), must not lead, nothing
   * is cut. A follower that means to rebuild from its leader calls `truncateTo(endOffset)` first, which clears it.
   */
  readonly damaged: string | null
  readonly lastEpoch: Epoch
  readonly epochs: readonly EpochEntry[]
  /** As last told by `updateHighWatermark`; after opening, the checkpointed one, within the log. */
  readonly highWatermark: Offset
  /** The disk has failed under this log: every append is refused until the directory is opened anew. */
  readonly failed: Error | null
  config: LogConfig
  /** Exclusive; below it compaction has been. Null where it has never been. */
  readonly cleanedTo: Offset | null
  /** Why compaction leaves the log alone until the next start; null: it does not. */
  readonly uncleanable: string | null

  /**
   * Checks headers and producer sequences, patches base offset and leader epoch in place (both lie outside the CRC) and
   * stages the write. `bytes` (one or more whole v2 batches) belong to the log from now on. `appended` is called once
   * for each `staged`, synchronously or later; with `flush=fsync` after it is durable.
   */
  appendAsLeader(
    bytes: Uint8Array,
    epoch: Epoch,
    appended: (error: Error | null) => void,
    options?: AppendOptions,
  ): LeaderAppend
  /** Whether `openAndAppendAsLeader` must be used: also while an earlier one is under way, so that call order is kept. */
  needsOpening(bytes: Uint8Array): boolean
  /** The same through the offload pool, for batches that must be opened or recompressed. */
  openAndAppendAsLeader(
    bytes: Uint8Array,
    epoch: Epoch,
    appended: (error: Error | null) => void,
    options?: AppendOptions,
  ): Promise<LeaderAppend>
  /** Appends batches as the leader wrote them. */
  appendAsFollower(bytes: Uint8Array, appended: (error: Error | null) => void): FollowerAppend

  /** From memory at once where the tail cache has it, else from disk. `fromOffset` in the middle of a batch gives that batch. */
  read(fromOffset: Offset, options: ReadOptions): LogRead | Promise<LogRead>

  /**
   * KIP-101/279: the largest epoch ≤ `epoch` and where it ends (the start of the next one, or the log's end).
   * Epoch −1, offset −1 when the cache knows none.
   */
  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset }
  epochAt(offset: Offset): Epoch
  /** A new leader epoch starts at the end of the log. */
  assignEpoch(epoch: Epoch, startOffset: Offset): void

  /** First record with timestamp ≥ `timestamp`, below `upTo`; null when there is none. */
  offsetForTimestamp(
    timestamp: Timestamp,
    upTo: Offset,
  ): Promise<{ readonly timestamp: Timestamp; readonly offset: Offset; readonly epoch: Epoch } | null>
  /** The record with the largest timestamp below `upTo` (ListOffsets −3). */
  offsetOfMaxTimestamp(
    upTo: Offset,
  ): Promise<{ readonly timestamp: Timestamp; readonly offset: Offset; readonly epoch: Epoch } | null>

  /** Cuts every batch that reaches to `offset` or beyond; readers in flight get nothing of the cut region. */
  truncateTo(offset: Offset): Promise<void>
  /** Drops everything; the log goes on at `offset`. */
  truncateFullyAndStartAt(offset: Offset): Promise<void>
  /** Retention and readers are bounded by it. */
  updateHighWatermark(offset: Offset): void
  /** DeleteRecords and followers of a moved log start. Deletes segments that lie wholly below. */
  advanceLogStart(offset: Offset): Promise<void>
  /** Rolls by time, deletes by retention, expires producers. Called by the log directory now and then. */
  maintain(): Promise<void>
  /** While it is held, compaction leaves the log as it is: whoever copies it needs the tombstones of what he has copied. */
  holdCompaction(held: boolean): void
  /** fsync of what has been appended before the call; `durableEndOffset` follows. */
  flush(): Promise<void>
  /** Flushes, leaves indexes and a producer snapshot as a clean stop does, and closes the files. */
  close(): Promise<void>

  /** First offset of an open transaction, or null. Always null until transactions land. */
  readonly firstUnstableOffset: Offset | null
  /** Active producers, for DescribeProducers and checkers. */
  producers(): readonly {
    readonly producerId: number
    readonly epoch: number
    readonly lastSequence: number
    readonly lastTimestamp: Timestamp
    readonly coordinatorEpoch: number
    readonly currentTxnFirstOffset: number
  }[]
}

/** `meta.properties` of a log directory. */
export interface DirectoryMeta {
  readonly version: 1
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: Uuid
}

/** What a life leaves to the next. */
export interface LastWord {
  readonly clean: boolean
  /** Of the last registration that is known of. */
  readonly brokerEpoch: number
  /** Who has asked for another since and has not heard of it. Default: nobody. */
  readonly unanswered?: Uuid | null
}

/** What a directory says of the life before. */
export interface LastStop {
  /** Whether the last stop left the clean-shutdown marker (removed durably before anything was loaded). */
  readonly cleanShutdown: boolean
  /** Broker epoch in the marker, for ELR (KIP-966); −1 when unclean or absent, and where a log is damaged all the same. */
  readonly previousBrokerEpoch: number
  /** The incarnation that stopped cleanly before it heard whether it was registered; null: there was none. */
  readonly unansweredIncarnation: Uuid | null
}

/** All partition logs under one of `log.dirs`. */
export interface LogDirectory extends LastStop {
  readonly path: string
  readonly meta: DirectoryMeta
  /** Every log found, opened and recovered, except the metadata log's own directory. */
  readonly logs: readonly PartitionLog[]
  get(topicId: Uuid, partition: number): PartitionLog | undefined
  create(topic: string, topicId: Uuid, partition: number, config: LogConfig): Promise<PartitionLog>
  /** Logs that are to replace those of other directories (KIP-113); found at the start like the others. */
  readonly futures: readonly PartitionLog[]
  /** As `create`, for a log that is to replace the one in another directory. */
  createFuture(topic: string, topicId: Uuid, partition: number, config: LogConfig): Promise<PartitionLog>
  /** Gives a future log the partition's name, durably: it is among `logs` then, as another object. */
  promote(future: PartitionLog): Promise<PartitionLog>
  /** Renames to `….uuid-delete`, closes, removes the files after the delay. */
  delete(log: PartitionLog): Promise<void>
  /** Of the file system under it. */
  space(): Promise<DiskSpace>
  /** Recovery-point and log-start checkpoints, producer snapshots of rolled segments, retention; called by its own alarm. */
  maintain(): Promise<void>
  /** Flushes, writes checkpoints and, when `brokerEpoch` is given, the clean-shutdown marker. */
  close(options: LastWord): Promise<void>
  /** Called at most once, when the disk has failed and this directory is given up. */
  onFailure(listener: (error: Error) => void): void
}

/** The ports a log lives on. */
export interface LogPorts {
  readonly disk: Disk
  readonly clock: Clock
  readonly offload: Offload
  readonly random: Random
  readonly logger: Logger
}

/** How one log is opened apart from any LogDirectory, as raft opens the metadata log. */
export interface OpenLogOptions {
  readonly topicId: Uuid
  /** True: the last stop was clean, so nothing is verified. Default false. */
  readonly clean?: boolean
  /** Bytes below are known to be durable and whole; segments from here on are verified. Default 0. */
  readonly recoveryPoint?: Offset
  /** Default: where the first segment begins. */
  readonly logStartOffset?: Offset
  readonly highWatermark?: Offset
  /** How far compaction has come; null: there was none. Default null. */
  readonly cleanedTo?: Offset | null
  /** Bytes of appended batches kept in memory for readers. Default 4 MiB. */
  readonly tailBytes?: number
  /** Called at most once, when the disk has failed. */
  readonly onFailure?: (error: Error) => void
}

/** The log cleaner's part of a node's configuration. */
export interface CleanerSettings {
  /** Cleanings at a time. */
  readonly threads: number
  /** Bytes for reading and writing, of all cleanings together. */
  readonly ioBufferSize: number
  /** Bytes for mapping keys, of all cleanings together. */
  readonly dedupeBufferSize: number
  /** How full a map may be. */
  readonly loadFactor: number
  readonly ioMaxBytesPerSecond: number
  readonly backoffMs: number
}

export interface OpenDirectoryOptions {
  /** Cleans the compacted logs of this directory, and those of others. Absent: nothing is compacted. */
  readonly cleaner?: LogCleaner
  /** What the logs found are configured with. Corrected later by setting `log.config`. */
  readonly configOf: (topic: string, topicId: Uuid) => LogConfig
  /** Of all logs together. Default 32 MiB. */
  readonly tailBytes?: number
  /** log.flush.offset.checkpoint.interval.ms; default 60 s. */
  readonly checkpointIntervalMs?: number
  /** log.retention.check.interval.ms; default 5 min. */
  readonly retentionCheckIntervalMs?: number
  /** Asked before each log is opened: true ends the opening with StorageError CLOSED, and a clean stop stays one. */
  readonly stopped?: () => boolean
}
