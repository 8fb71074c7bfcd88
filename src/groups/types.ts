// What goes into a shard of the group coordinator and what comes out. A shard is one partition of `__consumer_offsets`: the
// groups whose ids hash to it. Bodies of requests and responses are those of the wire; a request for several groups
// (DescribeGroups, DeleteGroups, OffsetFetch) comes as one request a group, so that each goes to its own shard.

import type { Epoch, Instant, Timestamp, Uuid } from '../base/index.ts'
import type {
  CoordinatorRecord,
  DeleteGroupsResponse,
  DescribeGroupsResponse,
  ErrorName,
  GroupRecordSchemas,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../wire/index.ts'

/** Kafka's keys, in the units of their names. */
export interface GroupConfig {
  /** `group.min.session.timeout.ms`, `group.max.session.timeout.ms`. */
  readonly minSessionTimeoutMs: number
  readonly maxSessionTimeoutMs: number
  /** `group.max.size`. */
  readonly maxSize: number
  /** `group.initial.rebalance.delay.ms`. */
  readonly initialRebalanceDelayMs: number
  /** `offset.metadata.max.bytes`; counted in UTF-16 units, as Kafka does. */
  readonly offsetMetadataMaxBytes: number
  /** `offsets.retention.minutes`. */
  readonly offsetsRetentionMs: number
  /** `offsets.retention.check.interval.ms`. */
  readonly offsetsRetentionCheckIntervalMs: number
  /** `offsets.commit.timeout.ms`: how long an answer waits for its records to be committed. */
  readonly commitTimeoutMs: number
}

/** Both clocks as they stand when an event happens: deadlines go by `now`, what is written into records by `wall`. */
export interface Moment {
  readonly now: Instant
  readonly wall: Timestamp
}

/** A record of `__consumer_offsets`, of any version when it is read. */
export type GroupRecord = CoordinatorRecord<GroupRecordSchemas>

/** One group of an OffsetFetch; `topics` null asks for all. */
export interface OffsetFetchGroup {
  readonly groupId: string
  readonly topics: readonly Pick<FetchedTopic, 'name' | 'topicId' | 'partitionIndexes'>[] | null
  /** KIP-447: wait for what is written and not committed yet. */
  readonly requireStable: boolean
}
type FetchedTopic = NonNullable<OffsetFetchRequest['groups'][number]['topics']>[number]

/**
 * What may be asked. Handlers decode, authorise, know which topics exist, and fill in `topicId` where they know it (in
 * OffsetCommit and OffsetFetch, at every version).
 */
export interface GroupBodies {
  readonly JoinGroup: JoinGroupRequest
  readonly SyncGroup: SyncGroupRequest
  readonly Heartbeat: HeartbeatRequest
  readonly LeaveGroup: LeaveGroupRequest
  readonly OffsetCommit: OffsetCommitRequest
  readonly OffsetFetch: OffsetFetchGroup
  readonly OffsetDelete: OffsetDeleteRequest
  readonly DescribeGroups: { readonly groupId: string }
  readonly DeleteGroups: { readonly groupId: string }
  /** Asked of every shard that this broker leads; the handler puts the lists together and lets NOT_COORDINATOR pass as none. */
  readonly ListGroups: ListGroupsRequest
}
export type GroupApi = keyof GroupBodies

/** What is answered: the wire's response, or its element for one group; the throttle time is the shell's. */
export interface GroupResponses {
  readonly JoinGroup: Body<JoinGroupResponse>
  readonly SyncGroup: Body<SyncGroupResponse>
  readonly Heartbeat: Body<HeartbeatResponse>
  readonly LeaveGroup: Body<LeaveGroupResponse>
  readonly OffsetCommit: Body<OffsetCommitResponse>
  /** As at version 8 and above. */
  readonly OffsetFetch: OffsetFetchResponse['groups'][number]
  readonly OffsetDelete: Body<OffsetDeleteResponse>
  readonly DescribeGroups: Omit<DescribeGroupsResponse['groups'][number], 'authorizedOperations'>
  readonly DeleteGroups: DeleteGroupsResponse['results'][number]
  readonly ListGroups: Body<ListGroupsResponse>
}
type Body<Response> = Omit<Response, 'throttleTimeMs'>

/** Every request is answered exactly once, by an effect that carries its token. */
export type GroupRequest = {
  [Api in GroupApi]: {
    readonly api: Api
    readonly token: number
    /** Of the API. */
    readonly version: number
    readonly clientId: string
    /** As Kafka prints an address: `/127.0.0.1`. */
    readonly clientHost: string
    /** Chance: names the member that this request may make. */
    readonly uuid: Uuid
    readonly body: GroupBodies[Api]
  }
}[GroupApi]

export type GroupEvent =
  /** This broker leads the partition from this leader epoch on; what is older than a known epoch is late and ignored. */
  | { readonly kind: 'load'; readonly epoch: Epoch }
  /** Records in the order of the log, or the rows of a standby table in any order and then the log's tail. */
  | { readonly kind: 'replay'; readonly epoch: Epoch; readonly records: readonly GroupRecord[] }
  /** All up to the end that the log had when it was loaded has been replayed. */
  | { readonly kind: 'loaded'; readonly epoch: Epoch }
  | { readonly kind: 'load-failed'; readonly epoch: Epoch; readonly reason: string }
  /** Led elsewhere as of this epoch; null: the partition is gone. */
  | { readonly kind: 'unload'; readonly epoch: Epoch | null }
  | { readonly kind: 'request'; readonly request: GroupRequest }
  /** The high watermark has passed this append, hence all before it. */
  | { readonly kind: 'committed'; readonly append: number }
  /** `written`: the log has it (a time-out), and it may yet be committed; otherwise it is taken back. */
  | { readonly kind: 'append-failed'; readonly append: number; readonly error: ErrorName; readonly written: boolean }
  | { readonly kind: 'topics-deleted'; readonly topics: readonly { readonly name: string; readonly topicId: Uuid }[] }
  | { readonly kind: 'tick' }

export type GroupEffect =
  | GroupAnswer
  /** Write these in one batch, in this order, to the partition, as its leader in this epoch; tell what became of it. */
  | {
      readonly kind: 'append'
      readonly append: number
      readonly epoch: Epoch
      readonly records: readonly GroupRecord[]
    }
  /** For the log of the broker: why a group rebalances (KIP-800), who was removed. */
  | { readonly kind: 'note'; readonly groupId: string; readonly text: string }

export type GroupAnswer = {
  [Api in GroupApi]: {
    readonly kind: 'answer'
    readonly api: Api
    readonly token: number
    readonly response: GroupResponses[Api]
  }
}[GroupApi]
