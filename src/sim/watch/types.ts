// What whoever watches a cluster is given: what was found, and what was reached. Shapes only.

import type { Offset } from '../../base/index.ts'
import type { GroupLimits, MarkerName, Violation } from '../../check/index.ts'
import type { Notable } from '../life/types.ts'

export interface WatchOptions {
  /** How many notable events are kept, the newest ones. Default 4096. */
  readonly notables?: number
  /** Violations beyond are only counted: one mistake shows itself in many ways. Default 20. */
  readonly violations?: number
  /** controller.quorum.fetch.timeout.ms. Default Kafka's. */
  readonly quorumFetchTimeoutMs?: number
  /** broker.session.timeout.ms. Default Kafka's. */
  readonly sessionTimeoutMs?: number
  /** What coordinators of groups go by; default: nobody listens to them. */
  readonly groups?: GroupLimits
  /** Topics whose logs are cleaned: what lies in those is not what was written, and nobody looks into them here. */
  readonly cleaned?: ReadonlySet<string>
}

/** What is seen of a cluster. All of it may be read at any time. */
export interface Watch {
  readonly violations: readonly Violation[]
  /** Every known marker, also those that were never reached. */
  readonly markers: Readonly<Record<MarkerName, number>>
  readonly leaderChanges: number
  readonly isrChanges: number
  /** The newest ones, oldest first. */
  notables(): readonly Notable[]
  /** From where on the leader that wrote what is committed at `offset` had ever had the partition's log. */
  writerSaw(partition: string, offset: Offset): Offset
  /** Checks what can be checked only when nothing happens any more. */
  atEnd(): void
  /** Looks no more. */
  close(): void
}
