// What a checker of invariants is told about a cluster: views of nodes, and what happened to their logs. Structural
// twins of what a node's `observe()` answers, so that this room knows nothing of how a node is built. Whoever watches a
// cluster (the simulator after every event) feeds an `Invariants`; it answers with violations by name.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import type { KnownMarker } from './markers.ts'

/** Names of the reference: R1…R20 quorum, P1…P22 partitions, G1…G8 groups, D1…D9 storage, L… liveness. */
export type InvariantName = string

export interface Violation {
  /** An invariant's name (`P9`), an anomaly's (`lost-write`), `L-recovery` and the like, or `crash` for a run that could
   *  not go on; a crash proves that something is wrong but not what. */
  readonly name: InvariantName
  /** Virtual milliseconds. */
  readonly at: number
  /** One sentence: who, where, what was seen and what it contradicts. */
  readonly text: string
  /** What it is about, for whoever tells its story. */
  readonly subject: ViolationSubject
}

export interface ViolationSubject {
  readonly node?: NodeId
  /** `topic-0`; `__cluster_metadata-0` for the quorum's log. */
  readonly partition?: string
  readonly offset?: Offset
  readonly epoch?: Epoch
  readonly value?: string
}

/** A rare state that was reached: `truncated below own end`, and so on. */
export type MarkerName = string

/** Where a checker says what it found. */
export interface Findings {
  violated(name: InvariantName, text: string, subject: ViolationSubject): void
  marked(marker: KnownMarker): void
  /** Something worth telling in a story. */
  noted(text: string, subject: ViolationSubject): void
}
