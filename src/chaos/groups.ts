// Groups of the workload: members that share all its topics, commit what they have polled, and come and go; now and then
// one leaves without committing, or dies so that the group hears nothing of it. Joins, polls and commits go into the
// history, which judges them (docs/history.md, groups); nothing is judged here but what a member may be told at all: an
// error that does not pass fails the run. A commit is never sent twice: an attempt of which nobody knows is an operation of
// its own.

import { messageOf, type Offset } from '../base/index.ts'
import type { HistoryKey, HistoryRecorder } from '../check/index.ts'
import type { Client, ConsumedRecord, GroupAssignment, GroupConsumer, TopicPartition } from '../client/index.ts'
import { ClientError } from '../client/index.ts'
import type { Ack, WorkloadContext } from './workload.ts'

export const MEMBERS = 3

/** Kafka's shortest session; the others are a third of it, or what a rebalance may take. */
const SESSION_TIMEOUT_MS = 6_000
const REBALANCE_TIMEOUT_MS = 5_000
const HEARTBEAT_INTERVAL_MS = 1_000
const POLL_MS = 300
const COMMIT_EVERY_MS = 700
const COMMIT_TIMEOUT_MS = 5_000
/** The first member's life; each of the others has so much more. */
const LIFE_MS = 14_000
const MORE_LIFE_MS = 5_000
/** Between two lives: the group has a member less. */
const AWAY_MS = 1_500
/** After what went wrong at once. */
const PAUSE_MS = 100

/** With these a coordinator says that it has taken nothing; without an answer, that nothing had left. */
const REFUSALS: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NETWORK_EXCEPTION',
])

export interface GroupTools {
  readonly context: Pick<WorkloadContext, 'recorder' | 'now'>
  readonly topics: readonly string[]
  readonly open: (clientId: string) => Client
  /** Ends early when the workload stops. */
  readonly sleep: (ms: number) => Promise<void>
  readonly stopping: () => boolean
}

/** What is noted of a group, for the report. */
export class GroupNotes {
  readonly name: string
  /** Each batch of records that a member was given of a partition. */
  readonly reads: Ack[] = []
  readonly generations: Set<number> = new Set()
  lives = 0
  committed = 0
  refused = 0
  unknown = 0
  read = 0
  /** Records that some member had polled before. */
  again = 0
  /** What polls have failed with while the cluster was hurt, and how often. */
  readonly failedPolls: Map<string, number> = new Map()
  /** What nobody should have been told, however hurt the cluster was, and how often. */
  readonly unexpected: Map<string, number> = new Map()
  readonly #seen = new Map<HistoryKey, Set<Offset>>()

  constructor(name: string) {
    this.name = name
  }

  failed(what: 'poll' | 'commit', error: unknown): void {
    if (!passes(error)) count(this.unexpected, `${what}: ${messageOf(error)}`)
    else if (what === 'poll') count(this.failedPolls, nameOf(error))
  }

  polled(at: number, key: HistoryKey, offsets: readonly Offset[]): void {
    const seen = this.#seen.get(key) ?? new Set<Offset>()
    this.#seen.set(key, seen)
    this.reads.push({ at, key })
    this.read += offsets.length
    for (const offset of offsets) {
      if (seen.has(offset)) this.again++
      seen.add(offset)
    }
  }
}

/** As long as brokers come and go a member may be told what passes by itself, or that it is to join again. */
function passes(error: unknown): boolean {
  return error instanceof ClientError && (error.retriable || REFUSALS.has(error.error))
}

export class Group {
  readonly notes: GroupNotes
  readonly #tools: GroupTools

  constructor(name: string, tools: GroupTools) {
    this.notes = new GroupNotes(name)
    this.#tools = tools
  }

  /** One member after the other in place `n`, until the workload stops. */
  async run(n: number): Promise<void> {
    const { context, open, sleep, stopping } = this.#tools
    for (let life = 1; !stopping(); life++) {
      const name = `${this.notes.name}-member-${n}.${life}`
      const member = new Member(name, open(name), this.notes, this.#tools)
      const until = context.now() + LIFE_MS + MORE_LIFE_MS * n
      for (let next = context.now() + COMMIT_EVERY_MS; !stopping() && context.now() < until; ) {
        if (!(await member.poll())) await sleep(PAUSE_MS)
        if (context.now() < next) continue
        await member.commit()
        next = context.now() + COMMIT_EVERY_MS
      }
      const ending = stopping() ? 0 : (life + n) % 3
      if (ending === 0) await member.commit()
      if (ending === 2) member.die()
      else await member.leave()
      await sleep(AWAY_MS)
    }
  }

  /** When all others have left: a new member goes on where the group has committed, to the ends that are given, and commits;
   *  then another, to be told what that has left. Answers with what did not come about. */
  async finish(ends: readonly (TopicPartition & { readonly offset: Offset })[], limitMs: number): Promise<string[]> {
    const { context } = this.#tools
    for (const who of ['last', 'witness']) {
      const name = `${this.notes.name}-${who}`
      const member = new Member(name, this.#tools.open(name), this.notes, this.#tools)
      try {
        for (const until = context.now() + limitMs; !member.isThrough(ends); ) {
          if (context.now() > until) return [`${name} did not reach and commit the end of every partition`]
          if (!(await member.poll())) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
          await member.commit()
        }
      } finally {
        await member.leave()
      }
    }
    return []
  }
}

/** One life of a member. */
export class Member {
  readonly #name: string
  readonly #client: Client
  readonly #notes: GroupNotes
  readonly #recorder: HistoryRecorder
  readonly #now: () => number
  readonly #consumer: GroupConsumer
  /** The operation by which it joins, while it does. */
  #joining: number | null = null
  /** What it has polled in this generation and not committed: the next offsets. */
  readonly #progress = new Map<HistoryKey, Offset>()

  constructor(name: string, client: Client, notes: GroupNotes, { context, topics }: GroupTools) {
    this.#name = name
    this.#client = client
    this.#notes = notes
    this.#recorder = context.recorder
    this.#now = context.now
    notes.lives++
    this.#consumer = client.groupConsumer({
      ...{ group: notes.name, topics, reset: 'earliest', commitRetries: 0, fetchMaxWaitMs: POLL_MS },
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      onRevoked: () => this.#revoked(),
      onAssigned: (assigned) => this.#assigned(assigned),
    })
  }

  /** It has read all of these and committed it. */
  isThrough(ends: readonly (TopicPartition & { readonly offset: Offset })[]): boolean {
    if (this.#consumer.generation < 0 || this.#progress.size > 0) return false
    return ends.every(({ topic, partition, offset }) => (this.#consumer.position(topic, partition) ?? -1) >= offset)
  }

  /** False where that failed. A poll is written down when its records arrive: it may have joined before that. */
  async poll(): Promise<boolean> {
    const step = { f: 'poll', steps: [{ f: 'poll' }] } as const
    try {
      const records = recordsByKey(await this.#consumer.poll(POLL_MS))
      if (this.#joining !== null) return true
      this.#recorder.ok(this.#recorder.invoke(this.#name, step), { steps: [{ f: 'poll', records }] })
      for (const [key, list] of Object.entries(records)) {
        this.#progress.set(key, list.at(-1)![0] + 1)
        this.#notes.polled(
          this.#now(),
          key,
          list.map(([offset]) => offset),
        )
      }
      return true
    } catch (error) {
      this.#notes.failed('poll', error)
      if (this.#joining === null) this.#recorder.fail(this.#recorder.invoke(this.#name, step), nameOf(error))
      return false
    }
  }

  /** What it has polled in this generation; nothing while it is in none. */
  async commit(): Promise<void> {
    const { generation } = this.#consumer
    if (generation < 0 || this.#progress.size === 0) return
    const offsets = Object.fromEntries(this.#progress)
    const op = this.#recorder.invoke(this.#name, { f: 'commit', group: this.#notes.name, generation, offsets })
    try {
      await this.#consumer.commit(COMMIT_TIMEOUT_MS)
      this.#recorder.ok(op)
      this.#progress.clear()
      this.#notes.committed++
    } catch (error) {
      if (error instanceof ClientError && !error.maybeApplied && REFUSALS.has(error.error)) {
        this.#recorder.fail(op, error.error)
        this.#notes.refused++
      } else {
        this.#recorder.info(op, nameOf(error))
        this.#notes.failed('commit', error)
        this.#notes.unknown++
      }
    }
  }

  /** Tells the group. What it has not committed, the next one reads again. */
  async leave(): Promise<void> {
    await this.#consumer.close()
    this.#client.close()
    if (this.#joining !== null) this.#recorder.info(this.#joining, 'it left before it had joined')
    this.#joining = null
  }

  /** The group finds out when its session is over. */
  die(): void {
    this.#client.close()
    this.#recorder.crash(this.#name)
    this.#joining = null
  }

  #revoked(): void {
    this.#progress.clear()
    this.#joining ??= this.#recorder.invoke(this.#name, { f: 'join', group: this.#notes.name })
  }

  #assigned({ generation, partitions }: GroupAssignment): void {
    const committed: Record<HistoryKey, Offset> = {}
    for (const each of partitions) if (each.committed !== undefined) committed[keyOf(each)] = each.committed
    this.#recorder.ok(this.#joining!, { generation, keys: partitions.map(keyOf), committed, reset: 'earliest' })
    this.#joining = null
    this.#notes.generations.add(generation)
  }
}

export type Polled = Record<HistoryKey, (readonly [offset: number, value: string])[]>

export function recordsByKey(polled: readonly ConsumedRecord[]): Polled {
  const records: Polled = {}
  for (const record of polled) {
    const key = keyOf(record)
    records[key] ??= []
    records[key].push([record.offset, Buffer.from(record.value ?? []).toString('utf8')])
  }
  return records
}

function keyOf({ topic, partition }: TopicPartition): HistoryKey {
  return `${topic}-${partition}`
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function nameOf(error: unknown): string {
  return error instanceof ClientError ? error.error : messageOf(error)
}
