// The group coordinator of the classic protocol, and committed offsets: one shard for each partition of `__consumer_offsets`.
// Pure. A shell loads a shard by replaying records, asks it, writes what it wants appended, and tells it what became of that.

export type { Group, Member } from './group.ts'
/** Which shard a group belongs to. */
export { partitionFor } from './partition-for.ts'
export type { CommittedOffset } from './records.ts'
/** The key under which a standby keeps a record. */
export { recordKey } from './records.ts'
/** The answer that says only an error, where there is no shard to ask. */
export { refuse } from './refusals.ts'
/** The state, for whoever looks at a shard; nothing else may change it. */
export type { GroupShard } from './shard.ts'
/** The life of a group, from which its diagram is drawn. */
export { type GroupState, type Transition, transitions } from './states.ts'
/** Makes a shard, lets an event happen to it, says when the next tick is due. */
export { createShard, deadline, phaseOf, step } from './step.ts'
export type * from './types.ts'
/** What a shard would write if it wrote everything it knows to be durable: a standby's rows, and what a log is held against. */
export { durableRecords } from './view.ts'
