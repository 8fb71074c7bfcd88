// What one replica, one read or one fetcher needs of the driver that holds them all. No state of its own.

import type { MetadataImage } from '../../cluster/metadata/index.ts'
import type { Instant, NodeId, Timers } from '../../src/base/index.ts'
import type { BrokerStatus } from '../partition/index.ts'
import type { IsrProposals } from './isr-proposals.ts'
import type { Watching } from './local.ts'
import type { ReadWait } from './read-wait.ts'
import type { Replica } from './replica.ts'
import type { Throttles } from './throttles.ts'
import type { LeaderHint, ReplicationError, ReplicationOptions, TopicPartition } from './types.ts'

export interface Host {
  readonly options: ReplicationOptions
  readonly timers: Timers
  readonly image: MetadataImage
  readonly brokers: ReadonlyMap<NodeId, BrokerStatus>
  readonly proposals: IsrProposals
  readonly watching: Watching
  readonly throttles: Throttles
  /** Raised whenever what a replica shows may have changed. */
  version: number
  now(): Instant
  /** The open replica, or why there is none here. */
  locate(at: TopicPartition): Replica | ReplicationError
  /** KIP-951, for the two errors that say "somebody else"; null with any other, or when nobody is known. */
  hint(at: TopicPartition, error: ReplicationError): LeaderHint | null
  /** Looks at the read again before this turn of the loop ends. */
  wake(read: ReadWait): void
  follow(replica: Replica, leader: NodeId): void
  unfollow(replica: Replica): void
  /** A log of a follower is free again. */
  released(replica: Replica): void
  /** The log failed under a replica. */
  failed(replica: Replica, error: Error): void
}
