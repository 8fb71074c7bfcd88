// One life: a seed's whole run, from a cluster's first start over its faults and its healing to the judgement.

import type { AnomalyName, HistoryLine, MarkerName, Violation } from '../../check/index.ts'
import type { FaultPlan, Verb } from '../plan.ts'
import type { Tap } from '../tap.ts'

/** What a seed draws for itself, so that seeds explore corners and not one mixture. */
export interface Swarm {
  readonly brokers: number
  readonly minInsyncReplicas: number
  readonly flush: 'os' | 'fsync'
  /** How far the nodes are from each other. */
  readonly network: 'rack' | 'zones' | 'regions'
  /** Which faults there are, and how often each. */
  readonly verbs: Readonly<Partial<Record<Verb, number>>>
  /** The longest pause between two faults, milliseconds. */
  readonly pauseMs: number
  /** Kafka's property names. */
  readonly properties: Readonly<Record<string, string>>
  /** Topics, producers, consumers and admins. */
  readonly workload: Workload
}

/** Who asks what of the cluster, and how often. A type and no interface, so that it reads as a record of its names. */
export type Workload = {
  readonly topics: number
  /** Of each topic at its creation. */
  readonly partitions: number
  /** Topics more whose oldest segments are deleted while the life goes on. */
  readonly fading: number
  readonly producers: number
  /** Of all producers together. */
  readonly sendsPerSecond: number
  readonly consumers: number
  readonly pollsPerSecond: number
  readonly admins: number
  /** One in ten records is as large as this at most; the others are small. */
  readonly recordBytesMax: number
  /** Clients more as others write them: by older versions, with sessions, with epochs that are over. */
  readonly strangers: number
  /** Producers more whose sequence numbers run over the largest there is. */
  readonly wrapping: number
  /** Partitions more in which anybody alive may lead, with a producer that asks for acks=1: all of it may be lost. */
  readonly reckless: number
  /** Somebody who moves partitions of the common topics. */
  readonly movers: number
  /** Members of a group of consumers that read the common topics together; 0: there is none. */
  readonly groups: number
  /** A compacted topic more, and a cleaner that works on it and on the coordinators' log; 0: nothing is cleaned. */
  readonly compacted: number
}

/** `within`: faults within the promise, everything judged. `calm`: no faults at all. `beyond`: the power of all fails at
 *  once whatever the promise says, and what that may take with flush=os is counted instead of judged. */
export type LifeKind = 'within' | 'calm' | 'beyond'

export interface LifeOptions {
  /** An integer from 0 to 2^32 − 1. */
  readonly seed: number
  /** Default `within`. */
  readonly kind?: LifeKind
  /** Of the faults' phase, virtual milliseconds. Default 60,000. */
  readonly durationMs?: number
  /** Instead of the drawn one. */
  readonly plan?: FaultPlan
  /** Parts that win over the drawn ones. */
  readonly swarm?: Partial<Swarm>
  /** Hears what happens, a line each. */
  readonly tell?: (line: string) => void
  /** Keep the history and the notable events in the report. */
  readonly keep?: boolean
  /** Listens in on the whole world. */
  readonly tap?: Tap
}

/** Something worth telling: an election, an ISR change, a truncation, a fault, an acknowledgement. */
export interface Notable {
  readonly at: number
  readonly node: number | null
  /** `topic-0`, or null where it is about the node. */
  readonly partition: string | null
  readonly offset?: number
  readonly epoch?: number
  readonly text: string
}

export interface LifeReport {
  readonly seed: number
  readonly kind: LifeKind
  /** Of the whole trace. */
  readonly hash: string
  readonly swarm: Swarm
  /** As it was drawn or given. */
  readonly plan: FaultPlan
  /** Empty in a good life. */
  readonly violations: readonly Violation[]
  readonly acknowledged: number
  readonly failed: number
  readonly unknown: number
  readonly leaderChanges: number
  readonly isrChanges: number
  /** Faults that were carried out. */
  readonly episodes: number
  readonly faults: Readonly<Partial<Record<Verb, number>>>
  /** How much damage the promise allows, and how often all of it was done at once. */
  readonly budget: { readonly allowed: string; readonly spentInFull: number }
  readonly markers: Readonly<Record<MarkerName, number>>
  /** Losses that the settings allow (acks=1, several power losses with flush=os), by anomaly. */
  readonly allowedLosses: Readonly<Partial<Record<AnomalyName, number>>>
  /** Virtual milliseconds from healing to everybody in sync; null if that never came. */
  readonly recoveryMs: number | null
  readonly simulatedMs: number
  readonly events: number
  readonly history?: readonly HistoryLine[]
  readonly notables?: readonly Notable[]
}

/** Never rejects for what the cluster does wrong: that is in `violations`. */
export type RunLife = (options: LifeOptions) => Promise<LifeReport>
