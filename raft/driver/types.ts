// The door of the metadata quorum as the rest of the node sees it: a replicated log of opaque batches with one leader,
// a commit watermark and snapshots. Requests of the raft API arrive decoded and are answered decoded.

import type { Endpoint, Epoch, NodeId, Offset, Timestamp, Uuid } from '../../src/base/index.ts'
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
import type { ReplicaKey, RoleName } from '../core/index.ts'

export interface LeaderAndEpoch {
  /** −1 where this node knows none. */
  readonly leaderId: NodeId
  readonly epoch: Epoch
  /** Where controllers' APIs of the leader are served, when known. */
  readonly endpoint: Endpoint | null
}

export interface SnapshotId {
  /** Exclusive. */
  readonly endOffset: Offset
  readonly epoch: Epoch
}

/** Committed bytes, in order. One or more whole record batches; control batches included (readers skip them by attribute). */
export interface CommittedBatches {
  readonly bytes: Uint8Array
  readonly baseOffset: Offset
  /** Exclusive. */
  readonly endOffset: Offset
  readonly epoch: Epoch
}

/** What follows the log. Calls come in log order, never concurrently. Throwing stops the node (a committed record that cannot be applied is fatal). */
export interface LogFollower {
  /** Everything known so far is replaced by this snapshot (its data records only, in batches). */
  onSnapshot(id: SnapshotId, batches: readonly Uint8Array[], lastContainedLogTimestamp: Timestamp): void
  onCommitted(batches: CommittedBatches): void
  /** Known leader or epoch changed. When `leaderId` is this node, all earlier committed batches have been delivered, and its
   *  own epoch's LeaderChange is committed: proposing may begin. */
  onLeaderChange(leader: LeaderAndEpoch): void
}

export interface RaftDriver {
  /** Before `start`. */
  follow(follower: LogFollower): void
  /** Loads state; resolves when requests may be handled. */
  start(): Promise<void>
  /** Resigns (EndQuorumEpoch) when leader, then stops. */
  stop(): Promise<void>
  readonly leader: LeaderAndEpoch
  /** True once `onLeaderChange` has told this node that it leads, until it stops leading. */
  readonly isActiveLeader: boolean
  /** Exclusive. */
  readonly highWatermark: Offset
  readonly endOffset: Offset
  /** Offset that the next proposed batch gets. Only meaningful while `isActiveLeader`. */
  readonly nextProposalOffset: Offset
  readonly logStartOffset: Offset
  /** Bytes appended since the last snapshot, for `metadata.log.max.record.bytes.between.snapshots`. */
  readonly bytesSinceSnapshot: number
  /**
   * Appends one batch of records (values as framed metadata records), all or nothing. False when this node is not the active leader in
   * `epoch` or the next offset is not `expectedBaseOffset`; then nothing was appended.
   */
  propose(epoch: Epoch, expectedBaseOffset: Offset, records: readonly Uint8Array[]): boolean
  /** Stores a snapshot of everything below `id.endOffset` (≤ high watermark) and lets the log before it go in time. */
  snapshot(id: SnapshotId, records: readonly Uint8Array[], lastContainedLogTimestamp: Timestamp): Promise<void>
  /** Epoch of the record before `offset` (for snapshot ids). */
  epochAt(offset: Offset): Epoch
  /** Gives up leadership, as after a failed apply or on a controlled stop. */
  resign(epoch: Epoch): void
  observe(): QuorumView

  // `listener` is the one that a request came in by: who asks is told the leader's address on the same (as in Kafka).
  handleVote(request: Message<typeof VoteRequest>, listener?: string): Promise<Input<typeof VoteResponse>>
  handleBeginQuorumEpoch(
    request: Message<typeof BeginQuorumEpochRequest>,
    listener?: string,
  ): Promise<Input<typeof BeginQuorumEpochResponse>>
  handleEndQuorumEpoch(
    request: Message<typeof EndQuorumEpochRequest>,
    listener?: string,
  ): Promise<Input<typeof EndQuorumEpochResponse>>
  /** Of `__cluster_metadata` only; waits up to the request's max wait for new bytes or a moved high watermark. `version` decides which identity fields are present. */
  handleFetch(
    request: Message<typeof FetchRequest>,
    version: number,
    listener?: string,
  ): Promise<Input<typeof FetchResponse>>
  handleFetchSnapshot(
    request: Message<typeof FetchSnapshotRequest>,
    listener?: string,
  ): Promise<Input<typeof FetchSnapshotResponse>>
  handleDescribeQuorum(request: Message<typeof DescribeQuorumRequest>): Promise<Input<typeof DescribeQuorumResponse>>
}

/** What the quorum is like on this node, live: a read of a property is a read of the state. For checkers, never for decisions. */
export interface QuorumView {
  /** `starting` until the log has been loaded. */
  readonly state: RoleName | 'starting'
  readonly epoch: Epoch
  /** −1: none known. */
  readonly leaderId: NodeId
  /** Within this epoch; −1: nobody. */
  readonly votedFor: NodeId
  readonly highWatermark: Offset
  /** As others may be told it: −1 on a leader that has not committed in its own epoch yet. */
  readonly shownHighWatermark: Offset
  readonly logStartOffset: Offset
  readonly durableEndOffset: Offset
  readonly endOffset: Offset
  /** Of a leader's own epoch; −1 otherwise. */
  readonly epochStartOffset: Offset
  /** Exclusive end of the newest snapshot; −1 without one. */
  readonly snapshotEndOffset: Offset
  /** Of the set in force. */
  readonly voters: readonly ReplicaKey[]
  /** Goes up whenever anything of this may have changed. */
  readonly version: number
}

export interface RaftConfig {
  readonly nodeId: NodeId
  readonly directoryId: Uuid
  readonly clusterId: string
  /** Whether this node may be a voter (process.roles has `controller`); otherwise it only observes. */
  readonly canVote: boolean
  /** `controller.quorum.voters`: static voters without directory ids; empty when the set is in the log (kraft.version 1). */
  readonly staticVoters: readonly { readonly id: NodeId; readonly endpoint: Endpoint }[]
  readonly bootstrapServers: readonly Endpoint[]
  /** The first of `controller.listener.names`: under this name other voters' endpoints are looked up. */
  readonly listenerName: string
  /** What this node advertises under each of its controller listeners; empty where it has none. */
  readonly advertised: readonly (Endpoint & { readonly name: string })[]
  /** Directory that holds `__cluster_metadata-0`. */
  readonly metadataDirectory: string
  readonly fetchTimeoutMs: number
  readonly electionTimeoutMs: number
  readonly electionBackoffMaxMs: number
  readonly requestTimeoutMs: number
  readonly retryBackoffMs: number
  readonly appendLingerMs: number
  readonly maxBatchBytes: number
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly retentionBytes: number
  readonly retentionMs: number
}
