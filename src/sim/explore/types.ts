// Exploring: many lives, one a seed, and what they come to together. Only shapes; `explore` runs them, `Summary` adds up.

import type { AnomalyName, MarkerName, Violation } from '../../check/index.ts'
import type { LifeOptions, LifeReport } from '../life/types.ts'

/** What a life is told beside its seed; must survive being sent to another process. */
export type CommonLifeOptions = Pick<LifeOptions, 'kind' | 'durationMs' | 'plan' | 'swarm'>

/** An exploration below one of these has proved nothing, and fails. Medians over its seeds. */
export interface Floors {
  readonly acknowledged: number
  readonly leaderChanges: number
  readonly isrChanges: number
  readonly episodes: number
  /** Share of the seeds, 0 to 1, in which all the damage that the promise allows was done at once. */
  readonly budgetSpent: number
  /** Simulated seconds per second of processor time; null: not asked for, since it measures the machine too. */
  readonly speed: number | null
}

export interface ExploreOptions {
  readonly firstSeed: number
  readonly seeds: number
  /** Worker processes. */
  readonly jobs: number
  readonly life?: CommonLifeOptions
  /** Parts that win over DEFAULT_FLOORS. */
  readonly floors?: Partial<Floors>
  /** Hand out no further seed after the first failure. */
  readonly failFast?: boolean
  /** Rare states that a long exploration must reach, beside those that reports name. */
  readonly declaredMarkers?: readonly MarkerName[]
  /** Real milliseconds after which a life counts as hung. Default 300,000. */
  readonly hungAfterMs?: number
  /** Milliseconds of processor time, for 60 simulated seconds, after which a life counts as turning in a circle. Default
   *  60,000. */
  readonly cpuLimitMs?: number
  /** A worker process that has grown to so many bytes is replaced after its life. Default 1 GiB. */
  readonly workerBytes?: number
  /** Path of a program that calls `serveLives`. Default: one with the simulator's own `runLife`. */
  readonly worker?: string
  /** Ends the exploration at once; what has run by then is reported. */
  readonly signal?: AbortSignal
  /** In seed order. */
  readonly onLife?: (life: LifeRow) => void
  /** After every life, in the order in which they end. */
  readonly onProgress?: (progress: Progress) => void
}

/** What an exploration keeps of a life. */
export interface LifeRow {
  readonly seed: number
  /** Empty in a good life. */
  readonly violations: readonly Violation[]
  /** Null when the life could not be lived to its end. */
  readonly report: LifeReport | null
  /** Processor time, user and system, milliseconds. */
  readonly cpuMs: number
}

export interface Progress {
  readonly ran: number
  readonly seeds: number
  readonly failed: number
  readonly simulatedMs: number
  readonly wallMs: number
  readonly markersReached: number
  readonly markersKnown: number
}

export interface FloorResult {
  readonly name: string
  readonly wanted: number
  readonly found: number
  readonly ok: boolean
}

export interface SeedFailure {
  readonly seed: number
  readonly violations: readonly Violation[]
}

export interface ExploreReport {
  readonly firstSeed: number
  readonly ran: number
  /** Seeds that were asked for and not run: after `failFast` or an abort. */
  readonly left: number
  /** In seed order. */
  readonly failures: readonly SeedFailure[]
  readonly medians: Readonly<
    Record<'acknowledged' | 'leaderChanges' | 'isrChanges' | 'episodes' | 'recoveryMs', number>
  >
  readonly totals: Readonly<Record<'acknowledged' | 'failed' | 'unknown' | 'simulatedMs' | 'events' | 'cpuMs', number>>
  /** How many seeds each kind of fault was carried out in. */
  readonly faults: Readonly<Record<string, number>>
  readonly floors: readonly FloorResult[]
  /** Null when the floors were judged, else why not. */
  readonly floorsNotJudged: string | null
  /** In how many seeds each rare state was reached; 0 for those that never were. */
  readonly markers: Readonly<Record<MarkerName, number>>
  readonly markersMissing: readonly MarkerName[]
  /** A missing marker fails only a long exploration. */
  readonly markersJudged: boolean
  readonly allowedLosses: Readonly<Partial<Record<AnomalyName, number>>>
  /** Simulated seconds per second of processor time. */
  readonly speed: number
  readonly wallMs: number
  /** No failure, no floor missed, no marker missing that had to be reached. */
  readonly ok: boolean
}
