// What chaos is told and what it answers. A target is a running cluster that can be hurt: the processes of `odradek up`, or
// the containers of a compose file. It does what a `Fault` says, once; when, and for how long, is the player's (player.ts).

import type { HistoryLine } from '../check/index.ts'
import type { Fault, FaultPlan, NodeId } from './words.ts'

/** Takes back what a fault did. Idempotent; what is gone already (a killed node) is no error. */
export type Undo = () => Promise<void>

export type ConditionName = 'running' | 'starting' | 'paused' | 'stopping' | 'down'

export interface Condition {
  readonly id: NodeId
  readonly condition: ConditionName
  readonly pid: number | null
  /** What is wrong with its network, its disk: one line each. */
  readonly afflictions: readonly string[]
}

export interface Target {
  readonly kind: 'up' | 'compose'
  readonly nodes: readonly NodeId[]
  /** For a client on this machine. */
  readonly bootstrapServers: string
  /** Null where this can be done here; else why it cannot, and what would make it possible. */
  refusal(fault: Fault): string | null
  /** Rejects where it cannot be done now: the node is dead already, or does not know the fault. */
  begin(fault: Fault): Promise<Undo>
  /** Undoes everything but death: whoever began it, this process or another. */
  heal(): Promise<void>
  conditions(): Promise<readonly Condition[]>
  /** Undoes everything and lets go; the cluster goes on unless it was started for this. Idempotent. */
  close(): Promise<void>
}

/** One fault that was carried out, from its beginning to its end. */
export interface Episode {
  readonly fault: Fault
  /** Milliseconds after the workload began. */
  readonly at: number
  /** When it was undone, or the dead node was started again; null: not before the end. */
  until: number | null
  /** Null when it was carried out; else why it was passed over. */
  passedOver: string | null
}

/** A change that metadata showed. */
export interface MetadataChange {
  readonly at: number
  readonly partition: string
  readonly kind: 'leader' | 'isr'
  readonly before: string
  readonly after: string
}

export interface EpisodeReport {
  readonly text: string
  readonly verb: Fault['verb']
  readonly atMs: number
  readonly untilMs: number
  readonly leaderChanges: number
  readonly isrChanges: number
  /** The longest time in which a partition that was written to acknowledged nothing. */
  readonly gapMs: number
  readonly gapPartition: string | null
  /** A leader or ISR change, or a gap that calm times do not have. */
  readonly observed: boolean
}

export interface GroupReport {
  readonly name: string
  /** Generations in which a member was given partitions. */
  readonly rebalances: number
  /** Members that have lived, one after the other in three places. */
  readonly lives: number
  readonly committed: number
  readonly refused: number
  readonly unknown: number
  readonly read: number
  /** Of these, what some member had read before: not committed when the group rebalanced. */
  readonly again: number
  /** How often a poll failed with an error that passes. */
  readonly failedPolls: Readonly<Record<string, number>>
  /** The longest time from the group's first record on in which it was given nothing of some partition. */
  readonly gapMs: number
  readonly gapPartition: string | null
}

export interface ChaosReport {
  readonly target: Target['kind']
  readonly seed: number | null
  readonly durationMs: number
  readonly episodes: readonly EpisodeReport[]
  /** Faults that could not be done when their time had come, and why. */
  readonly passedOver: readonly { readonly text: string; readonly why: string }[]
  readonly acknowledged: number
  readonly failed: number
  readonly unknown: number
  readonly consumed: number
  readonly groups: readonly GroupReport[]
  /** Between episodes. */
  readonly acknowledgedPerSecond: number
  /** The longest gap of a partition between episodes. */
  readonly calmGapMs: number
  /** From healing to every replica in sync; null: never within the limit. */
  readonly recoveryMs: number | null
  /** Contradictions in the history, each a sentence. */
  readonly anomalies: readonly string[]
  /** What Kafka allows and was seen. */
  readonly allowed: readonly string[]
  /** What else is wrong: replicas that never came back, a reader that could not finish. */
  readonly failures: readonly string[]
}

/** What a run leaves: its report, and the history that was judged. */
export interface ChaosRun {
  readonly report: ChaosReport
  readonly history: readonly HistoryLine[]
}

export interface RunOptions {
  readonly target: Target
  readonly plan: FaultPlan
  /** For the report. */
  readonly seed?: number
  /** One line each. */
  readonly tell?: (line: string) => void
  /** Ends the run early: everything is healed, the history judged all the same. */
  readonly signal?: AbortSignal
  readonly workload?: Partial<WorkloadOptions>
}

export interface WorkloadOptions {
  readonly topics: number
  readonly partitions: number
  readonly producers: number
  /** Records a second of each. */
  readonly rate: number
  readonly consumers: number
  /** Of three members each, which read all topics together and commit. */
  readonly groups: number
  /** From `send` to the last attempt. */
  readonly deliveryTimeoutMs: number
}
