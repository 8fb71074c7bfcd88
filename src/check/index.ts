// The door of the checkers: histories and their anomalies, invariants over what is observed of a cluster. A public
// product, `odradek/check`; knows nothing of where a history or an observation came from.

export { checkHistory, HistoryChecker } from './history/check.ts'
export { HistoryError } from './history/errors.ts'
export { decodeHistory, decodeHistoryLine, encodeHistoryLine } from './history/lines.ts'
export { type Completion, HistoryRecorder, type Invocation, type RecorderOptions } from './history/recorder.ts'
export { formatHistoryReport } from './history/report.ts'
export type * from './history/types.ts'
/** Invariants: fed by whoever watches a cluster; they answer to its `Findings`. */
export { AnswerInvariants, type ProducedFact } from './invariants/answers.ts'
export { Batch, type BatchFact, ReplicaLog, SegmentLog } from './invariants/batches.ts'
export { CheckQuorum } from './invariants/check-quorum.ts'
export { type ControllerFacts, ControllerInvariants } from './invariants/controller.ts'
export {
  DerivedInvariants,
  type OffsetEntry,
  type ProducerEntry,
  type StoredBatch,
  type TimeEntry,
} from './invariants/derived.ts'
export { type FetchedEpochs, FetchInvariants, type SentBatch } from './invariants/fetches.ts'
export {
  type CommitAsked,
  type FetchAsked,
  type GroupAsked,
  GroupInvariants,
  type GroupLimits,
} from './invariants/groups.ts'
export { ImageInvariants, type ImageObservation } from './invariants/images.ts'
export { type LogKind, LogModel } from './invariants/logs.ts'
/** The rare states that a long exploration must have reached. */
export { type KnownMarker, MARKERS, type Marker } from './invariants/markers.ts'
export {
  keyOf,
  type PartitionFacts,
  PartitionInvariants,
} from './invariants/partitions.ts'
export { type IsrProposal, ProposalInvariants } from './invariants/proposals.ts'
export { QuorumInvariants, type QuorumObservation } from './invariants/quorum.ts'
export { type ReplicaObservation, type SeenReplica, unseen } from './invariants/replicas.ts'
export { type HeardHeartbeat, SessionInvariants } from './invariants/sessions.ts'
export { type EpochStart, StorageInvariants } from './invariants/storage.ts'
export {
  type BrokerTruth,
  ClusterTruth,
  type MetadataFact,
  type PartitionTruth,
  type TruthChange,
} from './invariants/truth.ts'
export type * from './invariants/types.ts'
export type { VoterKey } from './invariants/voters.ts'
export type { Ballot, Vote } from './invariants/votes.ts'
