// Lives one life: draws its swarm and plan, starts the cluster, lets clients work and faults happen, heals, requires
// recovery within a bound, and judges. What the cluster does wrong becomes a violation in the report; the promise rejects
// for nothing but a wrong call.

import type { NodeId } from '../../base/index.ts'
import { messageOf } from '../../base/index.ts'
import type { HistoryLine, Violation, ViolationSubject } from '../../check/index.ts'
import { createSimCluster, type SimCluster } from '../cluster.ts'
import type { FaultPlan } from '../plan.ts'
import { Budget, inEveryIsr, newestImage } from './budget.ts'
import { drawPlan } from './draw.ts'
import { Executor } from './executor.ts'
import { checkLogs, judge, readEverything } from './finale.ts'
import { drawSwarm } from './swarm.ts'
import type { LifeOptions, LifeReport, Notable, RunLife, Swarm } from './types.ts'
import { Workload } from './workload.ts'

const DURATION_MS = 60_000
/** From healing to everybody in sync and every operation answered; a delivery time-out is 60 s at most. */
const RECOVERS_WITHIN_MS = 120_000
/** A life whose cluster is rotten says the same again and again. */
const VIOLATIONS_MAX = 20

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
  readonly #swarm: Swarm
  readonly #plan: FaultPlan
  readonly #cluster: SimCluster
  readonly #budget: Budget
  readonly #executor: Executor
  readonly #workload: Workload
  readonly #violations: Violation[] = []
  readonly #notables: Notable[] = []
  readonly #registrations: Map<string, { epoch: number; leader: NodeId; isr: string }> = new Map()
  #recoveryMs: number | null = null
  #leaderChanges = 0
  #isrChanges = 0

  constructor(options: LifeOptions) {
    const { seed, kind = 'within', durationMs = DURATION_MS } = options
    this.#options = options
    this.#swarm = drawSwarm(seed, kind, options.swarm)
    this.#plan = options.plan ?? drawPlan(seed, this.#swarm, durationMs)
    const { brokers, flush, minInsyncReplicas, properties } = this.#swarm
    this.#cluster = createSimCluster({
      seed,
      brokers,
      properties: {
        ...properties,
        'odradek.log.flush.mode': flush,
        'min.insync.replicas': String(minInsyncReplicas),
      },
    })
    this.#budget = new Budget(this.#cluster, this.#swarm, kind)
    this.#executor = new Executor(this.#cluster, this.#budget, {
      fault: (fault, text) => this.#note('node' in fault ? fault.node : null, text),
      notStarted: (id, error) => this.#gaveUp(id, error instanceof Error ? error : new Error(messageOf(error))),
      observe: () => this.#observe(),
    })
    this.#workload = new Workload(this.#cluster, this.#swarm, (name, text, partition) =>
      this.violated(name, text, { partition }),
    )
  }

  async live(): Promise<void> {
    await this.#cluster.start()
    await this.#workload.prepare()
    this.#workload.begin()
    this.#executor.schedule(this.#plan.faults)
    await this.#executor.pass(this.#plan.durationMs)
    await this.#heal()
    await this.#finale()
  }

  close(): void {
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
    return {
      seed,
      hash: sim.traceHash(),
      swarm: this.#swarm,
      plan: this.#plan,
      violations: this.#violations,
      acknowledged: sends(history, 'ok'),
      failed: sends(history, 'fail'),
      unknown: sends(history, 'info'),
      leaderChanges: this.#leaderChanges,
      isrChanges: this.#isrChanges,
      episodes: this.#executor.episodes,
      faults: this.#executor.counts,
      budget: { allowed: this.#budget.allowed, spentInFull: this.#budget.spentInFull },
      markers: {},
      allowedLosses: {},
      recoveryMs: this.#recoveryMs,
      simulatedMs: sim.now,
      events: sim.events,
      ...(keep ? { history, notables: this.#notables } : {}),
    }
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
    this.#executor.kill(id)
    // As in Kafka, a broker that cannot register within a minute ends; whoever runs it starts it again.
    if (/no controller registered/.test(error.message)) this.#note(id, `node ${id} gave up: ${error.message}`)
    else this.violated('crash', `node ${id} gave up: ${error.stack ?? error.message}`, { node: id })
  }

  #observe(): void {
    for (const [id, error] of [...this.#cluster.fatal]) this.#gaveUp(id, error)
    if (!this.#cluster.ids.some((id) => this.#cluster.alive(id))) return
    for (const topic of newestImage(this.#cluster).topics.values()) {
      for (const [index, { leader, isr, partitionEpoch }] of topic.partitions) {
        const key = `${topic.name}-${index}`
        const now = { epoch: partitionEpoch, leader, isr: isr.join() }
        const known = this.#registrations.get(key)
        if (known !== undefined && known.epoch >= partitionEpoch) continue
        this.#registrations.set(key, now)
        if (known === undefined) continue
        if (known.leader !== leader) this.#leaderChanges++
        if (known.isr !== now.isr) this.#isrChanges++
      }
    }
  }

  async #heal(): Promise<void> {
    const { sim, ids } = this.#cluster
    this.#note(null, 'healing')
    const healedAt = sim.now
    this.#executor.healAll()
    this.#workload.end()
    let answered = false
    void Promise.all(this.#workload.workers.map(({ done }) => done)).then(
      () => {
        answered = true
      },
      (error: unknown) => this.violated('crash', `a client broke: ${messageOf(error)}`, {}),
    )
    for (;;) {
      for (const id of ids) if (!this.#cluster.alive(id)) this.#executor.restart(id)
      await this.#executor.pass(500)
      if (answered && ids.every((id) => inEveryIsr(this.#cluster, id))) break
      if (sim.now - healedAt > RECOVERS_WITHIN_MS) {
        this.violated(
          'L-recovery',
          `not recovered ${RECOVERS_WITHIN_MS} ms after healing; ${this.#whatIsMissing(answered)}`,
          {},
        )
        return
      }
    }
    this.#recoveryMs = sim.now - healedAt
  }

  #whatIsMissing(answered: boolean): string {
    const views = this.#cluster.ids.map((id) => {
      if (!this.#cluster.alive(id)) return { id, dead: true }
      const { brokerState, quorum, replicas } = this.#cluster.view(id)
      return {
        id,
        brokerState,
        leader: quorum.leaderId,
        epoch: quorum.epoch,
        replicas: replicas.map((r) => ({ ...r })),
      }
    })
    return `${answered ? '' : 'operations are unanswered; '}${JSON.stringify(views)}`
  }

  async #finale(): Promise<void> {
    if (this.#recoveryMs === null) return
    await this.#cluster.sim.wait(readEverything(this.#workload.world('final')))
    // Followers learn the last high watermark with their next fetch.
    await this.#executor.pass(1_000)
    for (const { name, text, partition } of checkLogs(this.#cluster, this.#workload.topics.keys()))
      this.violated(name, text, { partition })
    for (const { name, text, key } of judge(this.#workload.recorder.lines))
      this.violated(name, text, key === null ? {} : { partition: key })
  }
}

function sends(history: readonly HistoryLine[], type: HistoryLine['type']): number {
  let count = 0
  for (const line of history) if (line.f === 'send' && line.type === type) count++
  return count
}
