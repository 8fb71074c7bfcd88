// Lives one life: draws its swarm and plan, starts the cluster, lets clients work and faults happen, heals, requires
// recovery within a bound, and judges. What the cluster does wrong becomes a violation in the report; the promise rejects
// for nothing but a wrong call.

import type { NodeId } from '../../base/index.ts'
import { messageOf } from '../../base/index.ts'
import type { AnomalyName, HistoryLine, Violation, ViolationSubject } from '../../check/index.ts'
import { createSimCluster, type SimCluster } from '../cluster.ts'
import type { FaultPlan } from '../plan.ts'
import { faultText } from '../plan-text.ts'
import { type Watch, type WatchOptions, watchCluster } from '../watch/index.ts'
import { Budget } from './budget.ts'
import { cleanedTopics, swapping } from './cleaned.ts'
import { drawPlan } from './draw.ts'
import { Executor } from './executor.ts'
import { settle } from './group.ts'
import { Hands } from './hands.ts'
import { Healing } from './healing.ts'
import { allCaughtUp, type Finding, judgeHistory, judgeLogs, readEverything } from './judge.ts'
import { askLastQuestions } from './last-questions.ts'
import { sendLastSequences } from './last-sequences.ts'
import { askLastSettings, LAST_TOPIC } from './last-settings.ts'
import { leftToRetention } from './retained.ts'
import { judgeStandbys } from './standbys.ts'
import { CORE_STREAM, drawSwarm, stream } from './swarm.ts'
import type { LifeKind, LifeOptions, LifeReport, Notable, RunLife, Swarm } from './types.ts'
import { Workload } from './workload.ts'

const DURATION_MS = 60_000
/** To read everything once more, and to look at what administrators did. */
const FINAL_WITHIN_MS = 60_000
/** For several checks of retention, and for followers to hear of it. */
const RETAINED_WITHIN_MS = 15_000
/** A life whose cluster is rotten says the same again and again. */
const VIOLATIONS_MAX = 20
/** What lost records alone may break; epochs, ISRs and elections hold even where the power of all fails. */
const LOSSES: ReadonlySet<string> = new Set(['P1', 'P2', 'P5', 'P8', 'P9', 'P10', 'P11', 'P12', 'P17'])
/** What a node may say that gives up because its disk was made to fail. */
const DISK_TROUBLE = /^(EIO|ENOSPC):|^a batch is corrupt /

export const runLife: RunLife = async (options) => {
  const life = new Life(options)
  try {
    await life.live()
  } catch (error) {
    life.violated('crash', error instanceof Error ? (error.stack ?? error.message) : String(error), {})
  } finally {
    life.close()
  }
  return life.report()
}

class Life {
  readonly #options: LifeOptions
  readonly #kind: LifeKind
  readonly #swarm: Swarm
  readonly #plan: FaultPlan
  readonly #cluster: SimCluster
  readonly #watch: Watch
  readonly #budget: Budget
  readonly #hands: Hands
  readonly #executor: Executor
  readonly #workload: Workload
  readonly #violations: Violation[] = []
  readonly #notables: Notable[] = []
  readonly #allowed: Partial<Record<AnomalyName, number>> = {}
  #recoveryMs: number | null = null

  constructor(options: LifeOptions) {
    const { seed, kind = 'within', durationMs = DURATION_MS } = options
    this.#options = options
    this.#kind = kind
    this.#swarm = drawSwarm(seed, kind, options.swarm)
    this.#plan = options.plan ?? drawPlan(seed, this.#swarm, durationMs)
    const { brokers, flush, minInsyncReplicas } = this.#swarm
    const properties = {
      ...this.#swarm.properties,
      'odradek.log.flush.mode': flush,
      'min.insync.replicas': String(minInsyncReplicas),
    }
    this.#cluster = createSimCluster({
      seed,
      brokers,
      properties,
      ...(options.tap === undefined ? {} : { tap: options.tap }),
    })
    this.#watch = watchCluster(this.#cluster, {
      ...groupLimits(this.#swarm),
      violations: VIOLATIONS_MAX,
      // The most patient leader is in time (R13), and the least patient controller has waited long enough (B1).
      quorumFetchTimeoutMs: Math.max(...givenMs('controller.quorum.fetch.timeout.ms', 2_000, this.#swarm, this.#plan)),
      sessionTimeoutMs: Math.min(...givenMs('broker.session.timeout.ms', 9_000, this.#swarm, this.#plan)),
    })
    this.#budget = new Budget(this.#cluster, this.#swarm, this.#mayLose ? 'power' : 'promise')
    this.#hands = new Hands(this.#cluster, this.#budget, this.#swarm.network, (id, error) => {
      this.#gaveUp(id, error instanceof Error ? error : new Error(messageOf(error)))
    })
    this.#executor = new Executor(this.#cluster, this.#budget, this.#hands, {
      fault: (fault) => this.#note('node' in fault ? fault.node : null, faultText(fault)),
      observe: () => this.#observe(),
    })
    this.#workload = new Workload(this.#cluster, this.#swarm, (name, text) => {
      if (!this.#mayLose || !LOSSES.has(name)) this.violated(name, text, {})
    })
  }

  async live(): Promise<void> {
    await this.#cluster.start()
    this.#hands.setNetwork()
    await this.#workload.prepare()
    this.#workload.begin()
    this.#executor.schedule(this.#plan.faults)
    await this.#executor.pass(this.#plan.durationMs)
    this.#recoveryMs = await this.#healing().heal()
    if (this.#recoveryMs !== null) await this.#finale()
    this.#watch.atEnd()
  }

  close(): void {
    this.#watch.close()
    this.#cluster.close()
  }

  violated(name: string, text: string, subject: ViolationSubject): void {
    if (this.#violations.length >= VIOLATIONS_MAX) return
    if (this.#violations.some((each) => each.name === name && each.text === text)) return
    const at = this.#cluster.sim.now
    this.#violations.push({ name, at, text, subject })
    this.#tell(`VIOLATION ${name}: ${text}`)
  }

  report(): LifeReport {
    const { seed, keep = false } = this.#options
    const { sim } = this.#cluster
    const history = this.#workload.recorder.lines
    const seen = this.#mayLose ? this.#watch.violations.filter(({ name }) => !LOSSES.has(name)) : this.#watch.violations
    return {
      seed,
      kind: this.#kind,
      hash: sim.traceHash(),
      swarm: this.#swarm,
      plan: this.#plan,
      violations: [...seen, ...this.#violations].sort((a, b) => a.at - b.at),
      acknowledged: sends(history, 'ok'),
      failed: sends(history, 'fail'),
      unknown: sends(history, 'info'),
      leaderChanges: this.#watch.leaderChanges,
      isrChanges: this.#watch.isrChanges,
      episodes: this.#executor.episodes,
      faults: this.#executor.counts,
      budget: { allowed: this.#budget.allowed, spentInFull: this.#budget.spentInFull },
      markers: { ...this.#watch.markers },
      allowedLosses: this.#allowed,
      recoveryMs: this.#recoveryMs,
      simulatedMs: Math.round(sim.now),
      events: sim.events,
      ...(keep ? { history, notables: this.#told() } : {}),
    }
  }

  /** What was seen, and what was done, in the order of time. */
  #told(): Notable[] {
    return [...this.#watch.notables(), ...this.#notables].sort((a, b) => a.at - b.at)
  }

  /** Whether this life's settings allow that acknowledged records are lost: then that is counted, not judged. */
  get #mayLose(): boolean {
    return this.#kind === 'beyond' && this.#swarm.flush === 'os'
  }

  #tell(line: string): void {
    this.#options.tell?.(`${this.#cluster.sim.now.toFixed(0).padStart(8)} ${line}`)
  }

  #note(node: NodeId | null, text: string): void {
    this.#notables.push({ at: this.#cluster.sim.now, node, partition: null, text })
    this.#tell(text)
  }

  /** A node that ends by itself. */
  #gaveUp(id: NodeId, error: Error): void {
    this.#cluster.fatal.delete(id)
    this.#hands.kill(id)
    // As in Kafka, a broker that cannot register within a minute ends, and so does one whose disk fails; whoever runs it
    // starts it again.
    const excused = this.#hands.troubled.has(id) && DISK_TROUBLE.test(error.message)
    const wonder = !/no controller registered/.test(error.message) && !excused
    if (wonder) this.violated('crash', `node ${id} gave up: ${error.stack ?? error.message}`, { node: id })
    else this.#note(id, `node ${id} gave up: ${error.message}`)
  }

  #observe(): void {
    for (const [id, error] of [...this.#cluster.fatal]) this.#gaveUp(id, error)
  }

  #healing(): Healing {
    return new Healing({
      cluster: this.#cluster,
      executor: this.#executor,
      budget: this.#budget,
      workload: this.#workload,
      minInsyncReplicas: this.#swarm.minInsyncReplicas,
      core: this.#kind !== 'calm',
      random: stream(this.#options.seed, CORE_STREAM),
      violated: (name, text) => this.violated(name, text, {}),
      note: (text) => this.#note(null, text),
    })
  }

  async #finale(): Promise<void> {
    const workload = this.#workload
    const read = await this.#inTime('L-read', readEverything(workload.world('final')))
    if (this.#swarm.workload.groups > 0)
      await this.#inTime('G8', settle([workload.world('settled0'), workload.world('settled1')]))
    const { compacted } = this.#workload
    if (compacted !== null) await this.#inTime('D5', compacted.settle(workload.world('compacted-last')))
    for (const admin of this.#workload.admins) await this.#inTime('L-read', admin.settle())
    // Followers learn the last high watermark with their next fetch. Who has not even the records by the end differs (P10).
    await this.#executor.pass(1_000)
    await this.#executor.passUntil(this.#cluster.sim.now + FINAL_WITHIN_MS, () => allCaughtUp(this.#cluster))
    if (read !== null) await this.#inTime('L-read', askLastQuestions(this.#cluster, workload.world('curious'), read))
    await this.#inTime('L-read', askLastSettings(this.#cluster, workload.world('operator')))
    await this.#inTime('L-read', sendLastSequences(workload.world('last'), LAST_TOPIC))
    await this.#retention()
    // A segment that is being put in place has no name for a moment.
    await this.#executor.passUntil(this.#cluster.sim.now + FINAL_WITHIN_MS, () => !swapping(this.#cluster))
    const standbys = await this.#standbys()
    const logs = judgeLogs(this.#cluster, cleanedTopics(this.#swarm.workload))
    for (const { name, text, partition } of [...logs, ...standbys])
      this.violated(name, text, partition === null ? {} : { partition })
    const judgement = judgeHistory(this.#cluster, this.#workload, this.#watch)
    for (const [name, count] of entries(judgement.allowedLosses)) this.#allow(name, count)
    if (this.#mayLose) for (const [name, count] of entries(judgement.counts)) this.#allow(name, count)
    else {
      for (const { name, failure, key, text } of judgement.anomalies)
        if (failure) this.violated(name, text, key === null ? {} : { partition: key })
    }
  }

  /** A coordinator may have let offsets expire a moment ago: tables follow what is committed, and followers hear of that
   *  with their next fetch. */
  async #standbys(): Promise<readonly Finding[]> {
    if (this.#swarm.workload.groups === 0) return []
    return this.#leftAfter(FINAL_WITHIN_MS, judgeStandbys)
  }

  async #retention(): Promise<void> {
    for (const text of await this.#leftAfter(RETAINED_WITHIN_MS, leftToRetention)) this.violated('P20', text, {})
  }

  /** What is still found when it has had so long to go away. */
  async #leftAfter<T>(ms: number, find: (cluster: SimCluster) => readonly T[]): Promise<readonly T[]> {
    const until = this.#cluster.sim.now + ms
    let found = find(this.#cluster)
    while (found.length > 0 && this.#cluster.sim.now < until) {
      await this.#executor.pass(500)
      found = find(this.#cluster)
    }
    return found
  }

  #allow(name: AnomalyName, count: number): void {
    this.#allowed[name] = (this.#allowed[name] ?? 0) + count
  }

  /** A reader of a healthy cluster that does not come to its end. */
  async #inTime<T>(name: string, reading: Promise<T>): Promise<T | null> {
    try {
      return await this.#cluster.sim.wait(reading, FINAL_WITHIN_MS)
    } catch (error) {
      this.violated(name, `everybody is in sync, and a reader was told: ${messageOf(error)}`, {})
      return null
    }
  }
}

/** Nobody listens to coordinators where there are none. */
function groupLimits({ properties, workload }: Swarm): Pick<WatchOptions, 'groups' | 'cleaned'> {
  if (workload.groups === 0) return {}
  const cleaned = { cleaned: cleanedTopics(workload) }
  const maxSize = Number(properties['group.max.size'] ?? Number.POSITIVE_INFINITY)
  return { ...cleaned, groups: { maxSize, expires: properties['offsets.retention.minutes'] !== undefined } }
}

/** What any node may have for a property of milliseconds: from the start, or from a restart on. */
function givenMs(name: string, defaultMs: number, { properties }: Swarm, { faults }: FaultPlan): number[] {
  const changed = faults.flatMap(({ fault }) => (fault.verb === 'restart' ? [fault.properties?.[name]] : []))
  return [properties[name] ?? defaultMs, ...changed].filter((value) => value !== undefined).map(Number)
}

function entries(counts: Readonly<Partial<Record<AnomalyName, number>>>): [AnomalyName, number][] {
  return Object.entries(counts) as [AnomalyName, number][]
}

function sends(history: readonly HistoryLine[], type: HistoryLine['type']): number {
  let count = 0
  for (const line of history) if (line.f === 'send' && line.type === type) count++
  return count
}
