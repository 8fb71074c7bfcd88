// The door of replication/partition: who leads one partition, what is committed, which replicas are in sync. Pure: it
// sees offsets and counts, never bytes, and knows no clock; the driver runs its effects.

/** Who is waited for. */
export { holdsHighWatermark } from './high-watermark.ts'
/** Where a consumer is sent to. */
export { preferredReadReplica } from './read-replica.ts'
/** A partition's state, its roles as values, and what may be asked of them. */
export type {
  AckError,
  AckWait,
  Assignment,
  BrokerStatus,
  DeletionError,
  Follower,
  FollowerProgress,
  IsrMember,
  IsrState,
  Leader,
  Offline,
  PartitionEffect,
  PartitionEvent,
  PartitionState,
  Role,
} from './state.ts'
export { committedIsr, createPartition, effectiveMinIsr, maximalIsr } from './state.ts'
/** Decides: one event in, the effects it has out. */
export { deadline, step } from './step.ts'
