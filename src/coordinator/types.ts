// The doors of the coordinator runtime: below it the replicas of an internal topic and state tables, above it the machine of a
// pure coordinator room, beside it whoever asks. Nothing here knows what a group is.

import type {
  Clock,
  CompressionCodec,
  Epoch,
  Instant,
  Logger,
  Offload,
  Offset,
  Timestamp,
  Uuid,
} from '../base/index.ts'
import type { States } from '../state/index.ts'
import type { ErrorName } from '../wire/index.ts'

/** Both clocks as they stand when an event happens. */
export interface Moment {
  readonly now: Instant
  readonly wall: Timestamp
}

/** What the runtime tells a machine. Late news of an epoch that is over is the machine's to ignore (KAFKA-10614). */
export type MachineEvent<Record> =
  /** This broker leads the partition from this leader epoch on. */
  | { readonly kind: 'load'; readonly epoch: Epoch }
  /** Rows of a standby table in any order, no two of one key; then the log's tail, in its order. Bytes are borrowed. */
  | { readonly kind: 'replay'; readonly epoch: Epoch; readonly records: readonly Record[] }
  /** Replayed is all that the log had when the epoch began, and all of that is committed. */
  | { readonly kind: 'loaded'; readonly epoch: Epoch }
  | { readonly kind: 'load-failed'; readonly epoch: Epoch; readonly reason: string }
  /** Led elsewhere as of this epoch; null: the replica is gone. */
  | { readonly kind: 'unload'; readonly epoch: Epoch | null }
  /** The high watermark has passed this append, hence all before it. */
  | { readonly kind: 'committed'; readonly append: number }
  /** `written`: it may yet be committed; otherwise the log does not have it. */
  | { readonly kind: 'append-failed'; readonly append: number; readonly error: ErrorName; readonly written: boolean }
  | { readonly kind: 'tick' }

export type MachineEffect<Record, Answer> =
  | (Answer & { readonly kind: 'answer'; readonly token: number })
  /** One after the other, all or nothing; in one batch with others of the same epoch, or alone. */
  | {
      readonly kind: 'append'
      /** Names it; goes up. */
      readonly append: number
      readonly epoch: Epoch
      /** At least one. */
      readonly records: readonly Record[]
    }
  | { readonly kind: 'note'; readonly groupId: string; readonly text: string }

/**
 * One partition's coordinator, pure. What it knows is a function of the last record of each key. It changes at once what an
 * append will change, shows others only what is committed, and takes back what was not written.
 */
export interface Machine<Record, Event, Answer> {
  step(event: MachineEvent<Record> | Event, at: Moment): readonly MachineEffect<Record, Answer>[]
  /** When a tick is due; null: never. A tick may come early. */
  deadline(): Instant | null
}

export interface RecordCodec<Record> {
  /** Throws EncodeError where the format has no room for it; the append is then refused. */
  encode(record: Record): { readonly key: Uint8Array; readonly value: Uint8Array | null }
  /** Null for a type that is not known: skipped, as Kafka does. Throws ProtocolError. */
  decode(key: Uint8Array, value: Uint8Array | null): Record | null
}

/** A replica of an internal topic on this broker, in any role; replication/driver's `LocalReplica` is one. */
export interface CoordinatorLog {
  readonly at: { readonly topic: string; readonly topicId: Uuid; readonly partition: number }
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  readonly maxBatchBytes: number
  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset }
  readCommitted(from: Offset, maxBytes: number): Promise<CommittedRead>
  append(bytes: Uint8Array, epoch: Epoch): Promise<AppendOutcome>
}

export type CommittedRead =
  | { readonly kind: 'read'; readonly chunks: readonly Uint8Array[]; readonly endOffset: Offset }
  | { readonly kind: 'truncated'; readonly logStartOffset: Offset }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'gone' }

export type AppendOutcome =
  | { readonly kind: 'staged'; readonly baseOffset: Offset; readonly endOffset: Offset }
  | { readonly kind: 'refused'; readonly error: ErrorName; readonly message: string | null }

export type LogNews =
  | { readonly kind: 'leading'; readonly epoch: Epoch; readonly startOffset: Offset }
  | { readonly kind: 'following'; readonly epoch: Epoch }
  | { readonly kind: 'committed' }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'gone'; readonly why: 'removed' | 'offline' | 'stopped' }

export interface CoordinatorOptions<Record, Event, Answer> {
  readonly ports: { readonly clock: Clock; readonly offload: Offload }
  readonly states: States
  readonly logger: Logger
  /** The internal topic. */
  readonly topic: string
  /** Raised when another set of records is folded, or in another way: tables of before are dropped. */
  readonly schemaVersion: number
  readonly codec: RecordCodec<Record>
  /** An unloaded one. */
  readonly machine: () => Machine<Record, Event, Answer>
  /** `group.coordinator.append.linger.ms` or its like. −1: with whatever else the same turn of the loop decides; 0: alone. */
  readonly appendLingerMs: number
  /** `offsets.topic.compression.codec` or its like: of batches that are written. Default: none. */
  readonly compression?: CompressionCodec | null
  readonly limits?: Partial<CoordinatorLimits>
  /** A bug: the node must stop. */
  readonly onFatal: (error: Error) => void
}

export interface CoordinatorLimits {
  /** Bytes of the log that one step of a fold or a load reads, and so about what a table's batch holds. Default 256 KiB: some 4000
   *  commits, which keep the broker from other work for about 10 ms. */
  readonly readBytes: number
  /** Committed records that a standby may be behind before it folds at once. Default 1000. */
  readonly foldRecords: number
  /** How long it waits for more before it folds fewer. Default 250 ms. */
  readonly foldDelayMs: number
  /** Rows that a machine is given at once. Default 1000. */
  readonly replayRows: number
  /** A table that is behind its log and was last written longer ago is dropped: tombstones that it has not seen may have
   *  been compacted away (`delete.retention.ms` is 24 h by default). Default 12 h. */
  readonly staleTableMs: number
  /** Records of undecided transactions that are held back; more fail the load. Default 100,000. */
  readonly undecidedRecords: number
  /** Of a compressed batch when it is opened. Default 128 MiB, as the log has it. */
  readonly openedBytes: number
  /** A deadline that rings so much later than it should shows that the process stood still. Default 100 ms. */
  readonly lateMs: number
  /** How long deadlines are put off then, so that what has arrived meanwhile is heard before them. Default 100 ms. */
  readonly catchUpMs: number
}

export interface CoordinatorView {
  readonly partition: number
  readonly phase: 'standby' | 'loading' | 'active' | 'failed'
  /** Of the last role; −1 before it. */
  readonly epoch: Epoch
  /** How far the table has folded the log; −1: there is none. */
  readonly folded: Offset
  /** Of the last load: rows of the table, records of the log behind them, how long it took. */
  readonly lastLoad: { readonly rows: number; readonly records: number; readonly ms: number } | null
}

/** All partitions of one internal topic on this broker. Fits replication/driver as its watcher. */
export interface Coordinator<Event, Answer> {
  wants(topic: string): boolean
  told(log: CoordinatorLog, news: LogNews): void
  /** Asks the machine of a partition, by an event with a token that nobody else has. A partition that is not here answers
   *  as a machine does that was never loaded. */
  ask(partition: number, event: (token: number) => Event): Promise<Answer>
  /** Tells every machine something that has no answer. */
  tell(event: Event): void
  /** Partitions with a replica here. */
  readonly partitions: readonly number[]
  /** Drops tables of partitions that are not here any more; once every replica of this broker is known. */
  sweep(): Promise<void>
  observe(): readonly CoordinatorView[]
  /** Machines are unloaded, nothing is written any more; then the ports may be closed. */
  stop(): Promise<void>
}
