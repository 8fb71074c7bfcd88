// The cluster as every node folds it out of the metadata log: an immutable image. Maps are never changed after
// publication; a new image copies what a batch touched.

import type { BrokerEpoch, Epoch, NodeId, Offset, PartitionEpoch, Uuid } from '../../src/base/index.ts'
import type {
  AccessControlEntryRecord,
  ClientQuotaRecord,
  DelegationTokenRecord,
  UserScramCredentialRecord,
} from '../../src/wire/index.ts'

export interface ListenerEndpoint {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Kafka's SecurityProtocol id: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number
}

export interface FeatureRange {
  readonly min: number
  readonly max: number
}

export interface BrokerImage {
  readonly id: NodeId
  readonly epoch: BrokerEpoch
  readonly incarnationId: Uuid
  readonly listeners: readonly ListenerEndpoint[]
  readonly features: ReadonlyMap<string, FeatureRange>
  readonly rack: string | null
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  /** Kept for snapshots only; no 4.x broker migrates. */
  readonly isMigratingZkBroker: boolean
  /** Online log directories. */
  readonly directories: readonly Uuid[]
  /** Null: this broker has never said (KIP-1066). */
  readonly cordonedDirectories: readonly Uuid[] | null
}

export interface ControllerImage {
  readonly id: NodeId
  readonly incarnationId: Uuid
  readonly zkMigrationReady: boolean
  readonly listeners: readonly ListenerEndpoint[]
  readonly features: ReadonlyMap<string, FeatureRange>
}

export interface PartitionImage {
  readonly replicas: readonly NodeId[]
  /** Parallel to `replicas`. */
  readonly directories: readonly Uuid[]
  readonly isr: readonly NodeId[]
  readonly elr: readonly NodeId[]
  readonly lastKnownElr: readonly NodeId[]
  readonly removingReplicas: readonly NodeId[]
  readonly addingReplicas: readonly NodeId[]
  /** −1: none. */
  readonly leader: NodeId
  readonly leaderRecoveryState: 'RECOVERED' | 'RECOVERING'
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: PartitionEpoch
}

export interface TopicImage {
  readonly id: Uuid
  readonly name: string
  readonly partitions: ReadonlyMap<number, PartitionImage>
}

export interface MetadataImage {
  /** Exclusive end of what is folded in; 0 for the empty image. */
  readonly offset: Offset
  readonly epoch: Epoch
  readonly features: ReadonlyMap<string, number>
  readonly brokers: ReadonlyMap<NodeId, BrokerImage>
  readonly controllers: ReadonlyMap<NodeId, ControllerImage>
  readonly topics: ReadonlyMap<Uuid, TopicImage>
  readonly topicIds: ReadonlyMap<string, Uuid>
  /** By resource: `2:name` topics, `4:id` brokers (`4:` cluster-wide defaults), `16:name` subscriptions of client metrics,
   *  `32:id` groups: Kafka's ConfigResource types. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** First producer id not yet given to a broker; −1 where no block was ever allocated. */
  readonly nextProducerId: number
  /** Kept as written, for snapshots and for the rooms that will serve them. */
  readonly acls: ReadonlyMap<Uuid, AccessControlEntryRecord>
  /** By entity and quota key. */
  readonly clientQuotas: ReadonlyMap<string, ClientQuotaRecord>
  /** By `mechanism:user`. */
  readonly scramCredentials: ReadonlyMap<string, UserScramCredentialRecord>
  readonly delegationTokens: ReadonlyMap<string, DelegationTokenRecord>
  /** −1: the log never said; 0 NONE in every cluster that did not come from ZooKeeper. */
  readonly zkMigrationState: number
}

/** What one published image means for one broker's replicas. */
export type LocalChange =
  | {
      /** This broker holds a replica: lead it or follow `partition.leader`. Sent again whenever its registration changed. */
      readonly kind: 'replica'
      readonly topic: string
      readonly topicId: Uuid
      readonly index: number
      readonly partition: PartitionImage
    }
  /** No longer ours: stop and delete the log. */
  | { readonly kind: 'remove'; readonly topic: string; readonly topicId: Uuid; readonly index: number }
  /** Configuration of a topic with local replicas changed (its overrides, or the cluster-wide or broker defaults). */
  | { readonly kind: 'config'; readonly topic: string; readonly topicId: Uuid }
