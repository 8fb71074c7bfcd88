// What one replica of one partition knows: its role as a value that is replaced whole, the log's positions as it was
// told them, the high watermark. Not the log itself, and no other partition.
// Invariant: epoch, followers, ISR and waiting acks exist only in `Leader`.

import type { BrokerEpoch, Epoch, Instant, NodeId, Offset, PartitionEpoch } from '../../src/base/index.ts'
import { OffsetWaiters } from '../../src/base/index.ts'

/** What the metadata says about a broker, as far as the ISR cares. */
export interface BrokerStatus {
  readonly epoch: BrokerEpoch
  readonly fenced: boolean
  readonly shuttingDown: boolean
}

/** A leader's knowledge of one other replica; it comes from that replica's fetches in this leader epoch only. */
export interface FollowerProgress {
  /** The replica's end offset (the durable one under flush=fsync); −1 before its first fetch of this epoch. */
  endOffset: Offset
  logStartOffset: Offset
  /** The last instant at which it had all that the leader had; −Infinity: not since this leader began. */
  lastCaughtUpTime: Instant
  lastFetchTime: Instant
  lastFetchLeaderEndOffset: Offset
  /** The broker epoch its last fetch carried (KIP-903); −1 before that. */
  brokerEpoch: BrokerEpoch
}

export interface IsrMember {
  readonly id: NodeId
  readonly brokerEpoch: BrokerEpoch
}

interface Pending {
  /** Last committed; acks and min.insync.replicas count this one. */
  readonly isr: readonly NodeId[]
  /** Names this proposal: verdicts on any other are stale (KAFKA-12686). */
  readonly proposal: number
  readonly newIsr: readonly IsrMember[]
  /** When to propose again; null while a verdict is awaited or after a refusal that only new metadata can resolve. */
  retryAt: Instant | null
}

/** KIP-497: while a change is in flight the leader does not know which ISR the controller has. */
export type IsrState =
  | { readonly kind: 'committed'; readonly isr: readonly NodeId[] }
  | ({ readonly kind: 'pending-expand'; readonly added: NodeId } & Pending)
  | ({ readonly kind: 'pending-shrink'; readonly removed: readonly NodeId[] } & Pending)

export interface AckWait {
  readonly ticket: number
  readonly deadline: Instant
}

/** A DeleteRecords that the followers have yet to hear of. */
export interface DeletionWait {
  readonly upTo: Offset
  readonly ticket: number
  readonly deadline: Instant
}

export interface Leader {
  readonly kind: 'leader'
  readonly epoch: Epoch
  readonly epochStartOffset: Offset
  isr: IsrState
  /** Every assigned replica but this one, in the order of the assignment. */
  readonly followers: Map<NodeId, FollowerProgress>
  readonly waiting: OffsetWaiters<AckWait>
  /** Not later than the earliest deadline in `waiting`; it may be earlier, so that an ack costs no search. */
  ackDeadline: Instant
  deletions: readonly DeletionWait[]
}

export interface Follower {
  readonly kind: 'follower'
  readonly epoch: Epoch
  /** −1: the partition has no leader now. */
  readonly leader: NodeId
  /** As the leader last told it in this epoch; −1 before that. */
  leaderHighWatermark: Offset
}

/** The log can't be used: its directory failed, or recovery found damage. Only a restart ends it. */
export interface Offline {
  readonly kind: 'offline'
  readonly reason: string
}

export type Role = Leader | Follower | Offline

export interface PartitionState {
  readonly nodeId: NodeId
  readonly lagTimeMaxMs: number
  role: Role
  leaderEpoch: Epoch
  partitionEpoch: PartitionEpoch
  replicas: readonly NodeId[]
  brokers: ReadonlyMap<NodeId, BrokerStatus>
  minInsyncReplicas: number
  /** flush=fsync (D7): only what is durable counts for the high watermark. */
  durable: boolean
  /** Exclusive end of what can be read. */
  endOffset: Offset
  durableEndOffset: Offset
  highWatermark: Offset
  /** Number of the next ISR proposal. */
  nextProposal: number
}

/** One registration of the partition, as the metadata has it. */
export interface Assignment {
  readonly leader: NodeId
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: PartitionEpoch
  readonly replicas: readonly NodeId[]
  readonly isr: readonly NodeId[]
}

export type PartitionEvent =
  /** `logEndOffset` counts what is staged: the new epoch starts behind it. */
  | { readonly kind: 'become-leader'; readonly assignment: Assignment; readonly logEndOffset: Offset }
  | { readonly kind: 'become-follower'; readonly assignment: Assignment }
  | { readonly kind: 'become-offline'; readonly reason: string }
  /** May these records be written? Answered by exactly one `write` or `refuse`. */
  | { readonly kind: 'append'; readonly acks: 0 | 1 | -1; readonly count: number }
  /** The log has taken an append with acks=all (or found it to be a duplicate that ends at `upTo`). */
  | { readonly kind: 'staged'; readonly upTo: Offset; readonly ticket: number; readonly deadline: Instant }
  | { readonly kind: 'appended'; readonly endOffset: Offset; readonly durableEndOffset: Offset }
  /** May the log begin at `offset` (−1: at the high watermark)? Answered by a `refuse`, or by `begin-at` and one `deleted`. */
  | { readonly kind: 'delete-records'; readonly offset: Offset; readonly ticket: number; readonly deadline: Instant }
  /** A follower has everything below `offset` and asks for what comes then. Only for offsets that agree with this log. */
  | {
      readonly kind: 'fetched'
      readonly replica: NodeId
      readonly brokerEpoch: BrokerEpoch
      readonly offset: Offset
      readonly logStartOffset: Offset
    }
  /** A follower learns its leader's high watermark, after it has appended what came with it. */
  | { readonly kind: 'followed'; readonly leaderEpoch: Epoch; readonly highWatermark: Offset }
  | {
      readonly kind: 'truncated'
      readonly logStartOffset: Offset
      readonly endOffset: Offset
      readonly durableEndOffset: Offset
    }
  | { readonly kind: 'metadata'; readonly brokers: ReadonlyMap<NodeId, BrokerStatus> }
  | { readonly kind: 'config'; readonly minInsyncReplicas: number; readonly durable: boolean }
  | {
      readonly kind: 'isr-committed'
      readonly proposal: number
      readonly leaderEpoch: Epoch
      readonly partitionEpoch: PartitionEpoch
      readonly isr: readonly NodeId[]
    }
  | { readonly kind: 'isr-refused'; readonly proposal: number; readonly error: string }
  /** The controller was not reached; the proposal may or may not have been committed. */
  | { readonly kind: 'isr-retry'; readonly proposal: number }
  | { readonly kind: 'tick' }

export type AckError =
  | 'NONE'
  | 'NOT_ENOUGH_REPLICAS_AFTER_APPEND'
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'REQUEST_TIMED_OUT'
  | 'KAFKA_STORAGE_ERROR'

export type DeletionError = 'NONE' | 'NOT_LEADER_OR_FOLLOWER' | 'REQUEST_TIMED_OUT' | 'KAFKA_STORAGE_ERROR'

export type PartitionEffect =
  | { readonly kind: 'write'; readonly epoch: Epoch }
  | {
      readonly kind: 'refuse'
      readonly error:
        | 'NOT_LEADER_OR_FOLLOWER'
        | 'UNKNOWN_LEADER_EPOCH'
        | 'NOT_ENOUGH_REPLICAS'
        | 'KAFKA_STORAGE_ERROR'
        | 'OFFSET_OUT_OF_RANGE'
    }
  | { readonly kind: 'acknowledge'; readonly ticket: number; readonly error: AckError }
  /** The log is to begin at `offset`, if it does not begin later: before anything that follows. */
  | { readonly kind: 'begin-at'; readonly offset: Offset }
  /** `followersStart`: where the logs of all living followers have begun by then; Infinity without any, −1 with an error
   *  that says nothing of them. */
  | {
      readonly kind: 'deleted'
      readonly ticket: number
      readonly error: DeletionError
      readonly followersStart: Offset
    }
  | { readonly kind: 'lead'; readonly epoch: Epoch; readonly epochStartOffset: Offset }
  | { readonly kind: 'follow'; readonly leader: NodeId; readonly epoch: Epoch }
  | { readonly kind: 'high-watermark'; readonly offset: Offset }
  | {
      readonly kind: 'propose-isr'
      readonly proposal: number
      readonly leaderEpoch: Epoch
      readonly partitionEpoch: PartitionEpoch
      readonly newIsr: readonly IsrMember[]
      readonly reason: string
    }
  | { readonly kind: 'isr'; readonly isr: readonly NodeId[] }

export function createPartition(options: {
  readonly nodeId: NodeId
  readonly lagTimeMaxMs: number
  readonly minInsyncReplicas: number
  readonly durable: boolean
  readonly endOffset: Offset
  readonly durableEndOffset: Offset
  readonly highWatermark: Offset
  readonly brokers: ReadonlyMap<NodeId, BrokerStatus>
}): PartitionState {
  return {
    ...options,
    role: { kind: 'follower', epoch: -1, leader: -1, leaderHighWatermark: -1 },
    leaderEpoch: -1,
    partitionEpoch: -1,
    replicas: [],
    nextProposal: 1,
  }
}

export function committedIsr(state: PartitionState): readonly NodeId[] {
  return state.role.kind === 'leader' ? state.role.isr.isr : []
}

/** Everyone who may be in the controller's ISR: the committed one and whoever a proposal in flight adds (KIP-497). */
export function maximalIsr(state: PartitionState): readonly NodeId[] {
  if (state.role.kind !== 'leader') return []
  const isr = state.role.isr
  return isr.kind === 'pending-expand' ? [...isr.isr, isr.added] : isr.isr
}

/** min.insync.replicas, but never more than there are replicas. */
export function effectiveMinIsr(state: PartitionState): number {
  return Math.min(state.minInsyncReplicas, Math.max(1, state.replicas.length))
}

/** How far this replica's own log counts. */
export function leaderShare(state: PartitionState): Offset {
  return state.durable ? Math.min(state.endOffset, state.durableEndOffset) : state.endOffset
}

export function newFollowerProgress(lastCaughtUpTime: Instant): FollowerProgress {
  return {
    endOffset: -1,
    logStartOffset: -1,
    lastCaughtUpTime,
    lastFetchTime: Number.NEGATIVE_INFINITY,
    lastFetchLeaderEndOffset: -1,
    brokerEpoch: -1,
  }
}

export function newLeader(
  epoch: Epoch,
  epochStartOffset: Offset,
  isr: readonly NodeId[],
  before: Pick<Leader, 'waiting' | 'ackDeadline' | 'deletions'> = nobodyWaits(),
): Leader {
  return {
    kind: 'leader',
    epoch,
    epochStartOffset,
    isr: { kind: 'committed', isr },
    followers: new Map(),
    waiting: before.waiting,
    ackDeadline: before.ackDeadline,
    deletions: before.deletions,
  }
}

function nobodyWaits(): Pick<Leader, 'waiting' | 'ackDeadline' | 'deletions'> {
  return { waiting: new OffsetWaiters(), ackDeadline: Number.POSITIVE_INFINITY, deletions: [] }
}
