// The vocabulary of the metadata quorum's core: voters, the log as the core sees it, roles, events, effects. Only shapes;
// what they mean in motion is in the files beside this one. Payloads are opaque: the core knows offsets and epochs.

import type { Endpoint, Epoch, Instant, NodeId, Offset, SeededRandom, Uuid } from '../../src/base/index.ts'

/** A replica of the quorum. Without a directory id (kraft.version 0) the node id alone is its identity. */
export interface ReplicaKey {
  readonly id: NodeId
  readonly directoryId: Uuid | null
}

export interface VoterEndpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** One voter (KIP-853): an empty disk under the same node id is another voter. */
export interface Voter extends ReplicaKey {
  readonly endpoints: readonly VoterEndpoint[]
  readonly minKRaftVersion: number
  readonly maxKRaftVersion: number
}

/** In order of node id; at most one voter a node. */
export type VoterSet = readonly Voter[]

/** What the log says about the quorum itself from `offset` on; −1 for what came with the configuration or the bootstrap snapshot. */
export interface QuorumEntry {
  readonly offset: Offset
  readonly kraftVersion: number
  readonly voters: VoterSet
}

export interface SnapshotId {
  /** Exclusive. */
  readonly endOffset: Offset
  readonly epoch: Epoch
}

export interface EpochStart {
  readonly epoch: Epoch
  readonly startOffset: Offset
}

/** The core's mirror of the log: 0 ≤ startOffset ≤ durableEndOffset ≤ endOffset. */
export interface LogView {
  startOffset: Offset
  endOffset: Offset
  durableEndOffset: Offset
  /** Ascending in both. */
  epochs: EpochStart[]
  /** Ascending; the formatting snapshot 0-0 is not among them. When startOffset > 0, the first one ends there. */
  snapshots: SnapshotId[]
  /** Appends not yet durable, oldest first. */
  pending: { readonly id: number; endOffset: Offset }[]
}

export interface Election {
  /** The set in force when the election began. */
  readonly voters: VoterSet
  readonly granted: Set<NodeId>
  readonly rejected: Set<NodeId>
}

/** How far a replica has come, as its fetches to this leader say. Instants are −1 before the first. */
export interface Progress {
  readonly key: ReplicaKey
  /** −1 before its first valid fetch in this epoch. The leader's own is its durable end. */
  endOffset: Offset
  lastFetchAt: Instant
  lastCaughtUpAt: Instant
  lastFetchLeaderEndOffset: Offset
  /** When BeginQuorumEpoch is due unless it fetches. */
  beginAt: Instant
}

export interface Unattached {
  readonly kind: 'unattached'
  readonly epoch: Epoch
  /** Known by name only: its address is not. */
  readonly leaderId: NodeId
  readonly votedFor: ReplicaKey | null
  readonly electionAt: Instant
}

/** Asks whether it could win, before it raises the epoch (KIP-996). */
export interface Prospective {
  readonly kind: 'prospective'
  readonly epoch: Epoch
  readonly leaderId: NodeId
  readonly leaderEndpoint: Endpoint | null
  readonly votedFor: ReplicaKey | null
  readonly election: Election
  readonly electionAt: Instant
}

export interface Candidate {
  readonly kind: 'candidate'
  readonly epoch: Epoch
  readonly election: Election
  readonly electionAt: Instant
}

export interface Leader {
  readonly kind: 'leader'
  readonly epoch: Epoch
  /** Of its LeaderChange record: nothing is committed before the high watermark is past it. */
  readonly epochStartOffset: Offset
  readonly grantingVoters: readonly NodeId[]
  /** One for each voter in force, itself included. */
  voters: Progress[]
  observers: Progress[]
  /** Voters that have fetched since the check-quorum timer was set. */
  readonly fetched: Set<NodeId>
  checkQuorumAt: Instant
  /** True once a record of its own epoch is committed: only then is there a high watermark to show (KAFKA-12619). */
  highWatermarkKnown: boolean
}

export interface Follower {
  readonly kind: 'follower'
  readonly epoch: Epoch
  readonly leaderId: NodeId
  readonly leaderEndpoint: Endpoint
  readonly votedFor: ReplicaKey | null
  fetchTimeoutAt: Instant
  /** False until the leader has answered: till then a pre-vote is granted as if there were none. */
  hasFetched: boolean
  /** As the leader told; what is applied is bounded by the own durable end. */
  leaderHighWatermark: Offset
  /** A snapshot being fetched, and how many bytes of it are here. */
  snapshot: { readonly id: SnapshotId; position: number } | null
}

/** Was leader in this epoch and has given it up: it may neither lead nor vote in it again. */
export interface Resigned {
  readonly kind: 'resigned'
  readonly epoch: Epoch
  readonly unacknowledged: Set<NodeId>
  /** Voters by descending progress: the first may campaign at once. */
  readonly preferredSuccessors: readonly ReplicaKey[]
  readonly electionAt: Instant
}

export type Role = Unattached | Prospective | Candidate | Leader | Follower | Resigned
export type RoleName = Role['kind']

export interface CoreConfig {
  readonly nodeId: NodeId
  readonly directoryId: Uuid
  readonly canVote: boolean
  readonly listenerName: string
  readonly bootstrapServers: readonly Endpoint[]
  readonly fetchTimeoutMs: number
  readonly electionTimeoutMs: number
  readonly electionBackoffMaxMs: number
  readonly retryBackoffMs: number
}

/** Votes and fetches have connections of their own, so that a long poll holds up no vote. */
export type Purpose = 'control' | 'fetch'

export interface Request {
  readonly id: number
  readonly to: Destination
  readonly message: RaftMessage
}

export interface RaftState {
  readonly config: CoreConfig
  readonly chance: SeededRandom
  role: Role
  readonly log: LogView
  /** Exclusive; never goes back. */
  highWatermark: Offset
  /** Ascending in offset, never empty: the last is in force. */
  quorum: QuorumEntry[]
  /** What has been sent in this role and not answered. */
  requests: Map<number, Request>
  /** `purpose host:port` → no sending before. */
  backoff: Map<string, Instant>
  nextRequestId: number
  nextAppendId: number
  /** A fetched snapshot is being made the log; nothing is fetched meanwhile. */
  installing: SnapshotId | null
  /** Set by shutdown: never campaigns again. */
  stopping: boolean
  /** Last values that were persisted, so that nothing is written twice. */
  persisted: ElectionState
}

/** What `quorum-state` holds. */
export interface ElectionState {
  readonly epoch: Epoch
  readonly leaderId: NodeId
  readonly votedFor: ReplicaKey | null
}

/** How a node finds itself when it starts. */
export interface InitialState {
  readonly config: CoreConfig
  readonly seed: number
  readonly election: ElectionState
  readonly log: {
    readonly startOffset: Offset
    readonly endOffset: Offset
    readonly epochs: readonly EpochStart[]
    readonly snapshots: readonly SnapshotId[]
  }
  readonly quorum: readonly QuorumEntry[]
}

export interface Destination {
  /** −1 when only the address is known (a bootstrap server). */
  readonly id: NodeId
  readonly directoryId: Uuid | null
  readonly endpoint: Endpoint
}

export type RaftMessage =
  | {
      readonly kind: 'vote'
      readonly epoch: Epoch
      readonly preVote: boolean
      readonly lastEpoch: Epoch
      readonly lastOffset: Offset
    }
  | { readonly kind: 'begin-quorum-epoch'; readonly epoch: Epoch }
  | { readonly kind: 'end-quorum-epoch'; readonly epoch: Epoch; readonly preferredSuccessors: readonly ReplicaKey[] }
  | {
      readonly kind: 'fetch'
      readonly epoch: Epoch
      readonly offset: Offset
      readonly lastFetchedEpoch: Epoch
      readonly highWatermark: Offset
    }
  | { readonly kind: 'fetch-snapshot'; readonly epoch: Epoch; readonly id: SnapshotId; readonly position: number }

export type RaftError =
  | 'NONE'
  | 'FENCED_LEADER_EPOCH'
  | 'UNKNOWN_LEADER_EPOCH'
  | 'NOT_LEADER_OR_FOLLOWER'
  | 'INVALID_REQUEST'
  | 'INVALID_VOTER_KEY'
  | 'INCONSISTENT_CLUSTER_ID'
  | 'BROKER_NOT_AVAILABLE'
  | 'SNAPSHOT_NOT_FOUND'
  | 'POSITION_OUT_OF_RANGE'
  /** Any other error name. */
  | 'UNEXPECTED'

/** What is in fetched bytes, batch by batch, as far as the core needs to know. */
export interface BatchView {
  readonly baseOffset: Offset
  /** Exclusive. */
  readonly endOffset: Offset
  readonly epoch: Epoch
  /** Of a control batch that changes the quorum. */
  readonly quorum: {
    readonly offset: Offset
    readonly kraftVersion: number | null
    readonly voters: VoterSet | null
  } | null
}

export type AnswerBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'vote'; readonly granted: boolean }
  /** Records from `offset` on, if any; `highWatermark` −1 when it is not known yet. */
  | { readonly kind: 'read'; readonly offset: Offset; readonly highWatermark: Offset }
  | { readonly kind: 'diverging'; readonly epoch: Epoch; readonly endOffset: Offset; readonly highWatermark: Offset }
  | { readonly kind: 'snapshot'; readonly id: SnapshotId; readonly highWatermark: Offset }
  | { readonly kind: 'read-snapshot'; readonly id: SnapshotId; readonly position: number }

export interface Answer {
  readonly error: RaftError
  readonly leaderId: NodeId
  readonly leaderEndpoint: Endpoint | null
  readonly epoch: Epoch
  readonly body: AnswerBody
}

/** Answers of others to this node's requests. */
export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'vote'; readonly granted: boolean }
  | {
      readonly kind: 'records'
      readonly payload: Uint8Array
      readonly batches: readonly BatchView[]
      readonly highWatermark: Offset
    }
  | { readonly kind: 'diverging'; readonly epoch: Epoch; readonly endOffset: Offset }
  | { readonly kind: 'snapshot'; readonly id: SnapshotId }
  | {
      readonly kind: 'snapshot-bytes'
      readonly id: SnapshotId
      readonly size: number
      readonly position: number
      readonly payload: Uint8Array
    }

export type RaftEvent =
  | { readonly kind: 'tick' }
  | {
      readonly kind: 'vote-request'
      readonly token: number
      readonly from: ReplicaKey
      /** Whom it was meant for; null where the version does not say. */
      readonly voter: ReplicaKey | null
      readonly epoch: Epoch
      readonly preVote: boolean
      readonly lastEpoch: Epoch
      readonly lastOffset: Offset
    }
  | {
      readonly kind: 'begin-request'
      readonly token: number
      readonly voter: ReplicaKey | null
      readonly leaderId: NodeId
      readonly epoch: Epoch
      readonly endpoint: Endpoint | null
    }
  | {
      readonly kind: 'end-request'
      readonly token: number
      readonly leaderId: NodeId
      readonly epoch: Epoch
      readonly preferredSuccessors: readonly ReplicaKey[]
      readonly endpoint: Endpoint | null
    }
  | {
      readonly kind: 'fetch-request'
      readonly token: number
      readonly replica: ReplicaKey
      readonly epoch: Epoch
      readonly offset: Offset
      readonly lastFetchedEpoch: Epoch
    }
  | {
      readonly kind: 'fetch-snapshot-request'
      readonly token: number
      readonly replica: ReplicaKey
      readonly epoch: Epoch
      readonly id: SnapshotId
      readonly position: number
    }
  | {
      readonly kind: 'response'
      readonly requestId: number
      readonly error: RaftError
      readonly leaderId: NodeId
      readonly leaderEndpoint: Endpoint | null
      /** −1 when the answer does not say (top-level errors). */
      readonly epoch: Epoch
      readonly body: ResponseBody
    }
  /** No answer came. */
  | { readonly kind: 'failed'; readonly requestId: number; readonly unsupportedVersion: boolean }
  | {
      readonly kind: 'propose'
      readonly epoch: Epoch
      readonly baseOffset: Offset
      readonly records: readonly Uint8Array[]
    }
  /** An append is durable. */
  | { readonly kind: 'appended'; readonly id: number }
  | { readonly kind: 'snapshot-stored'; readonly id: SnapshotId }
  /** The log's prefix and older snapshots are gone. */
  | { readonly kind: 'log-cleaned'; readonly startOffset: Offset; readonly snapshots: readonly SnapshotId[] }
  /** The fetched snapshot has become the log, with what it says about the quorum; null when it was not valid and is gone. */
  | {
      readonly kind: 'snapshot-installed'
      readonly id: SnapshotId
      readonly quorum: QuorumEntry | null
      readonly valid: boolean
    }
  | { readonly kind: 'resign'; readonly epoch: Epoch }
  | { readonly kind: 'shutdown' }

/** What is appended: the leader's first batch of an epoch, a proposal, or what was fetched. */
export type AppendContent =
  | {
      readonly kind: 'start-of-epoch'
      readonly leaderId: NodeId
      readonly voters: VoterSet
      readonly grantingVoters: readonly NodeId[]
      readonly kraftVersion: number
      /** The bootstrap snapshot's voters go into the log once, so that they reach everyone (KIP-853). */
      readonly writeQuorum: boolean
    }
  | { readonly kind: 'records'; readonly records: readonly Uint8Array[] }
  | { readonly kind: 'fetched'; readonly payload: Uint8Array }

/** Run in order. What is nested under a `persist` happens after it is durable. */
export type RaftEffect =
  | { readonly kind: 'persist'; readonly election: ElectionState; readonly then: RaftEffect[] }
  /** Staged now; `appended` comes when it is durable. What must wait for that depends on what is then, so it is decided by that event. */
  | {
      readonly kind: 'append'
      readonly id: number
      readonly baseOffset: Offset
      readonly endOffset: Offset
      readonly epoch: Epoch
      readonly content: AppendContent
    }
  | { readonly kind: 'truncate'; readonly endOffset: Offset }
  | { readonly kind: 'send'; readonly requestId: number; readonly to: Destination; readonly message: RaftMessage }
  | { readonly kind: 'reply'; readonly token: number; readonly answer: Answer }
  | { readonly kind: 'committed'; readonly from: Offset; readonly to: Offset }
  | {
      readonly kind: 'became'
      readonly role: RoleName
      readonly epoch: Epoch
      readonly leaderId: NodeId
      readonly why: string
    }
  | {
      readonly kind: 'write-snapshot'
      readonly id: SnapshotId
      readonly position: number
      readonly payload: Uint8Array
    }
  | { readonly kind: 'install-snapshot'; readonly id: SnapshotId }
