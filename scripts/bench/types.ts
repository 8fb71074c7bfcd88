// What the benchmark is made of: systems that run a cluster on loopback, cases that measure one thing of whichever runs,
// and what a run writes down. A case never asks which system it talks to; a system never knows what is measured.

import type { Metric } from './metrics.ts'

export type SystemName = 'odradek' | 'kafka' | 'limit'

/** In the order in which they take turns. */
export const SYSTEM_NAMES: readonly SystemName[] = ['odradek', 'kafka', 'limit']

export interface System {
  readonly name: SystemName
  /** What exactly runs: versions, flags. */
  readonly version: string
  /** Starts three brokers whose data lie in `directory`, which is empty. They need not answer yet. */
  start(directory: string): Promise<Running>
}

/** A cluster between its start and its end. */
export interface Running {
  /** `host:port,…` */
  readonly bootstrap: string
  /** What a producer must be told to be understood by it, as Kafka's `name=value`. */
  readonly producerProperties: readonly string[]
  /** Process ids of the brokers by their ids; asked once the cluster has acknowledged a record. */
  brokers(): Promise<readonly number[]>
  /** Ends every process and waits for it. Idempotent; also after a failed start. */
  stop(): Promise<void>
}

/** A system that cannot run here, with the sentence that says why and what would help. */
export interface Absent {
  readonly name: SystemName
  readonly reason: string
}

export type Found = { readonly kind: 'there'; readonly system: System } | ({ readonly kind: 'absent' } & Absent)

export type Figures = { readonly [M in Metric]?: number }

export interface Cpu {
  readonly user: number
  readonly system: number
}

/** How much a run does. */
export interface Size {
  /** Of the records that warm a system before it is measured. */
  readonly warmGb: number
  readonly records1k: number
  readonly records100b: number
  /** Of cases with a rate, and of those that last a time. */
  readonly seconds: number
  /** After this long a client of Apache's is ended and its case has failed. */
  readonly clientLimitS: number
}

/** One stay at one running system: what a case may use of it. */
export interface Visit {
  readonly system: SystemName
  readonly running: Running
  readonly size: Size
  /** From the start of the first process, formatting included, to the first acknowledged record. */
  readonly firstAckS: number
  /** Makes a topic with three replicas and waits for its leaders; answers the name by which it is known there. */
  topic(name: string, partitions: number): Promise<string>
  /** Runs one of Apache's tools to its end; answers what it printed. Rejects with what it said when it fails. */
  apache(tool: string, args: readonly string[]): Promise<string>
  /** Runs the raw client in a process of its own; answers what it measured. */
  raw(task: object): Promise<unknown>
  sleep(ms: number): Promise<void>
  /** For notes between the cases of one visit: which topics have been filled. */
  readonly filled: Set<string>
}

/** What a case hands back; CPU and memory are measured around it. */
export interface Measured {
  readonly figures: Figures
  /** Payload that went through, warm-up records included; null where it went no faster than it was let. */
  readonly bytes: number | null
}

export interface Case {
  readonly name: string
  /** One sentence for people. */
  readonly measures: string
  /** `cold`: before the system is warmed. */
  readonly stage: 'cold' | 'warm'
  /** Whether Apache's tools (and so Java) are needed. */
  readonly apache: boolean
  /** Whether the limit can do it: it knows Produce and one topic. */
  readonly limit: boolean
  /** Whether a quick run has it without being asked. */
  readonly inQuick: boolean
  /** What is not measured, first: topics, records to read. Answers the topic. */
  prepare(visit: Visit): Promise<string>
  run(visit: Visit, topic: string): Promise<Measured>
}

/** One case on one system in one round. */
export interface Result {
  readonly round: number
  readonly system: SystemName
  readonly case: string
  /** Null when it failed. */
  readonly figures: Figures | null
  readonly error: string | null
  readonly seconds: number
  readonly bytes: number | null
  readonly clientCpu: Cpu | null
  readonly brokersCpu: readonly Cpu[] | null
  readonly brokersRssMb: readonly number[] | null
}

/** The file of a run: everything that a table or a page is made from. */
export interface Run {
  readonly schema: 1
  readonly startedAt: string
  readonly seconds: number
  readonly quick: boolean
  readonly rounds: number
  readonly size: Size
  readonly machine: Machine
  readonly systems: readonly { readonly name: SystemName; readonly version: string }[]
  readonly absent: readonly Absent[]
  /** Cases that were left out, with the reason. */
  readonly left: readonly { readonly case: string; readonly reason: string }[]
  readonly results: readonly Result[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly java: string | null
  readonly commit: string | null
  /** Load average over a minute before the first round: what else ran. */
  readonly loadBefore: number
}
