// The numbers of the field, kept apart by name. The brands are weak: a plain number literal passes, an `Offset` where
// an `Epoch` is wanted does not. 64-bit values are `number` here; what lies beyond Number.MAX_SAFE_INTEGER has been
// saturated by the wire before it arrives (a saturated offset is out of every range and gets Kafka's own error).

type Weak<T, Name extends string> = T & { readonly __brand?: Name }

/** A position in a partition's log. `endOffset` and `highWatermark` are exclusive, `lastOffset` is inclusive. */
export type Offset = Weak<number, 'Offset'>
/** A leader epoch of a partition or of the quorum; −1 where none is known. */
export type Epoch = Weak<number, 'Epoch'>
/** A broker's epoch: the offset of its registration record; −1 before registration. */
export type BrokerEpoch = Weak<number, 'BrokerEpoch'>
/** Bumped by each change of a partition's registration; the compare-and-set token of AlterPartition. */
export type PartitionEpoch = Weak<number, 'PartitionEpoch'>
/** A node's id, broker or controller; −1 where none. */
export type NodeId = Weak<number, 'NodeId'>
/** Milliseconds on a clock that never goes back and has no meaning outside this process. */
export type Instant = Weak<number, 'Instant'>
/** Milliseconds since 1970 UTC, as Kafka's timestamps. */
export type Timestamp = Weak<number, 'Timestamp'>
/** 16 bytes in Kafka's text form: base64url without padding, 22 characters. */
export type Uuid = Weak<string, 'Uuid'>

/** Kafka's all-zero uuid: "no id". */
export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'
/** Kafka's one: never a random id, used for the metadata topic. */
export const METADATA_TOPIC_ID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'
/** KIP-858 reserved directory ids. */
export const UNASSIGNED_DIR: Uuid = ZERO_UUID
export const LOST_DIR: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'
export const MIGRATING_DIR: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg'

/** No leader: what Kafka writes where a leader id is unknown. */
export const NO_LEADER: NodeId = -1
export const NO_EPOCH: Epoch = -1
