// What configurations say of replication throttles: rates of this broker, and whom they are for. Who is held back by them is
// decided in `throttles.ts`.

export type ThrottledPartitions = ReadonlySet<number> | 'all'

export interface ReplicationThrottling {
  /** Bytes a second over all listed replicas of this broker; Infinity: no throttle. Asked when configurations change. */
  readonly rates: () => { readonly leader: number; readonly follower: number }
  /** Bytes a second of one replica that moves to another directory; Infinity: no throttle. Asked with each piece. */
  readonly moveRate?: () => number
  /** What may be saved up while nothing is copied: so many milliseconds' worth. */
  readonly windowMs: number
  /** What those in sync took holds others back for so long at most. */
  readonly memoryMs: number
}
