// The door of replication/fetching: what a follower asks one leader for, and where it must cut its log. Pure: neither
// sends nor reads.

/** The partitions fetched from one leader, their back-off, and the next request. */
export type {
  Backoff,
  FetcherState,
  FetchPartition,
  FetchPhase,
  FetchPlan,
  FetchPosition,
  FetchTarget,
  PlannedPartition,
  Verdict,
} from './plan.ts'
export {
  addPartition,
  createFetcher,
  delayPartition,
  judge,
  partitionSucceeded,
  plan,
  removePartition,
  resumesAt,
} from './plan.ts'
/** KIP-227 from the client's side. */
export type { Session } from './session.ts'
export { sessionAnswered, sessionFailed } from './session.ts'
/** What catching up may cost. */
export type { Throttle } from './throttle.ts'
export { createThrottle, isExceeded, paidAt, setRate, spend, spendFreely } from './throttle.ts'
/** KIP-101/279/320: where two logs part, and what to do about an offset that the leader doesn't have. */
export type { LocalEpochs, OutOfRange } from './truncation.ts'
export { outOfRange, truncationPoint } from './truncation.ts'
