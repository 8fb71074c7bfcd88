// A fault plan: what is done to a cluster and when. The simulator draws one from a seed, shrinks one that failed, and
// keeps one as text (test/scenarios/lives); chaos runs the same plans on real processes. A fault that cannot be done
// when its time has come (its node is dead already, the budget does not allow it) is passed over, so that every subset
// of a plan is a plan.

import type { NodeId } from '../base/index.ts'

/** Times are milliseconds, virtual or real; nodes are ids. A fault with `ms` ends by itself after so long. */
export type Fault =
  // Processes.
  /** SIGKILL: what was written stays in the page cache. */
  | { readonly verb: 'kill'; readonly node: NodeId }
  /** Dies at the n-th call of a port from now: between any two steps of its work. Simulated only. */
  | { readonly verb: 'kill-at'; readonly node: NodeId; readonly calls: number }
  | { readonly verb: 'kill-all' }
  /** Unsynced bytes are lost or torn, and nobody is told. Simulated only. */
  | { readonly verb: 'power-loss'; readonly node: NodeId }
  | { readonly verb: 'power-loss-all' }
  /** Controlled shutdown. */
  | { readonly verb: 'stop'; readonly node: NodeId }
  /** Starts a dead node, with changed properties if any are given. */
  | { readonly verb: 'restart'; readonly node: NodeId; readonly properties?: Readonly<Record<string, string>> }
  /** SIGSTOP, and SIGCONT after `ms`. */
  | { readonly verb: 'pause'; readonly node: NodeId; readonly ms: number }
  /** Every step takes `factor` times as long. */
  | { readonly verb: 'slow-cpu'; readonly node: NodeId; readonly factor: number; readonly ms: number }
  // Network.
  | { readonly verb: 'isolate'; readonly node: NodeId; readonly direction: Direction; readonly ms: number }
  /** Cuts two nodes off from each other, or one direction between them. */
  | { readonly verb: 'cut'; readonly from: NodeId; readonly to: NodeId; readonly oneWay: boolean; readonly ms: number }
  /** What one node sends another on connections that stand, arrives when the fault ends. After `lostMs`, if that is before,
   *  those are lost for who opened them, who connects anew: what was asked on them is carried out late, and what was
   *  answered is never heard. Simulated only. */
  | {
      readonly verb: 'detain'
      readonly from: NodeId
      readonly to: NodeId
      readonly what: Detained
      readonly lostMs: number
      readonly ms: number
    }
  | { readonly verb: 'heal' }
  /** Adds latency and bounds the bandwidth (bytes a second; 0: unbounded) from and to a node. */
  | {
      readonly verb: 'slow'
      readonly node: NodeId
      readonly latencyMs: number
      readonly jitterMs: number
      readonly bandwidth: number
      readonly ms: number
    }
  /** Every connection of a node is reset. */
  | { readonly verb: 'reset'; readonly node: NodeId }
  /** Connections of a node stay open at their other ends, and nothing answers any more. */
  | { readonly verb: 'half-open'; readonly node: NodeId }
  /** Only the clients cannot reach a node. */
  | { readonly verb: 'hide'; readonly node: NodeId; readonly ms: number }
  // Disks.
  | { readonly verb: 'slow-disk'; readonly node: NodeId; readonly factor: number; readonly ms: number }
  /** The next fsync, or the next write, answers EIO. */
  | { readonly verb: 'fail-disk'; readonly node: NodeId; readonly operation: 'sync' | 'append' }
  /** fsync answers yes and keeps nothing. Simulated only. */
  | { readonly verb: 'lying-sync'; readonly node: NodeId; readonly ms: number }
  /** So much is left free. */
  | { readonly verb: 'fill-disk'; readonly node: NodeId; readonly freeBytes: number; readonly ms: number }
  /** One bit of a partition's log reads wrong, until a scrub of the disk gives it back. Simulated only. */
  | { readonly verb: 'flip-bit'; readonly node: NodeId; readonly ms: number }
  /** The node dies and comes back with an empty disk. */
  | { readonly verb: 'replace-disk'; readonly node: NodeId }
  // Clocks.
  | { readonly verb: 'skew-clock'; readonly node: NodeId; readonly jumpMs: number; readonly driftPpm: number }

export type Direction = 'both' | 'out' | 'in'

/** Requests that one may wait for: what is decided on them has to be right however late they come. */
export const DETAINED_APIS = [
  'AlterPartition',
  'BrokerHeartbeat',
  'BrokerRegistration',
  'Fetch',
  'IncrementalAlterConfigs',
  'Vote',
] as const
export type DetainedApi = (typeof DETAINED_APIS)[number]
/** Which connections between the two: all, some by chance, or from the next request of a kind on the one that it is sent on,
 *  by chance with all others. */
export type Detained = 'all' | 'some' | DetainedApi

export type Verb = Fault['verb']

export interface PlannedFault {
  /** Milliseconds after the workload began. */
  readonly at: number
  readonly fault: Fault
}

export interface FaultPlan {
  /** In the order of their times. */
  readonly faults: readonly PlannedFault[]
  /** How long the faults' phase lasts; then everything heals. */
  readonly durationMs: number
}
