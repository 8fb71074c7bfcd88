// Carries out a fault plan: each fault at its time, its end at its own, and nothing that the budget or the state of the
// world forbids. Draws nothing by chance, so that a plan without some of its faults means the same for the others. Turns
// the world between the faults; what happens there is told by the cluster, not decided here.

import type { NodeId } from '../../base/index.ts'
import { popHeap, pushHeap } from '../../base/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { Fault, PlannedFault, Verb } from '../plan.ts'
import type { Budget } from './budget.ts'
import { Cuts } from './cuts.ts'

interface Action {
  readonly at: number
  readonly order: number
  readonly act: () => void
}

export interface ExecutorEvents {
  /** A fault has been carried out. */
  fault(fault: Fault, text: string): void
  /** A node that was started again never came up. */
  notStarted(id: NodeId, error: unknown): void
  /** To be called after each stretch of time. */
  observe(): void
}

/** A cluster in trouble turns around 1,000 events in a second; this many in one stretch is a circle. */
const STRETCH_MS = 250
const EVENTS_OF_A_STRETCH_MAX = 100_000

export class Executor {
  readonly #cluster: SimCluster
  readonly #budget: Budget
  readonly #events: ExecutorEvents
  readonly #cuts: Cuts
  readonly #actions: Action[] = []
  readonly #counts: Partial<Record<Verb, number>> = {}
  /** What undoes the faults that go on, by fault. */
  readonly #going: Map<Fault, () => void> = new Map()
  #order = 0
  #episodes = 0

  constructor(cluster: SimCluster, budget: Budget, events: ExecutorEvents) {
    this.#cluster = cluster
    this.#budget = budget
    this.#events = events
    this.#cuts = new Cuts(cluster.sim)
  }

  get counts(): Readonly<Partial<Record<Verb, number>>> {
    return this.#counts
  }

  /** Faults carried out that hurt. */
  get episodes(): number {
    return this.#episodes
  }

  /** Puts faults on the calendar, their times counted from now. */
  schedule(faults: readonly PlannedFault[]): void {
    const { now } = this.#cluster.sim
    for (const { at, fault } of faults) this.#at(now + at, () => this.#carryOut(fault))
  }

  /** Lets time pass up to an instant, doing what is due. */
  async passUntil(untilMs: number): Promise<void> {
    const { sim } = this.#cluster
    // Whole microseconds, as the world counts.
    const until = Math.round(untilMs * 1000) / 1000
    for (;;) {
      for (let next = this.#actions[0]; next !== undefined && next.at <= sim.now; next = this.#actions[0]) {
        popHeap(this.#actions, before)
        next.act()
      }
      this.#events.observe()
      if (sim.now >= until) return
      const limit = Math.min(sim.now + STRETCH_MS, until, this.#actions[0]?.at ?? until)
      const end = await sim.run({ untilMs: limit, maxEvents: EVENTS_OF_A_STRETCH_MAX })
      this.#budget.observe()
      if (end === 'events')
        throw new Error(`${EVENTS_OF_A_STRETCH_MAX} events within ${STRETCH_MS} ms: somebody turns in a circle`)
    }
  }

  pass(ms: number): Promise<void> {
    return this.passUntil(this.#cluster.sim.now + ms)
  }

  /** Ends every fault that goes on and forgets those that are still to come. Dead nodes stay dead. */
  healAll(): void {
    this.#actions.length = 0
    for (const end of [...this.#going.values()]) end()
    this.#going.clear()
    this.#cuts.clear()
    this.#cluster.heal()
    for (const id of this.#cluster.ids) this.#disarm(id)
  }

  /** Cuts a node off until `healAll`. */
  isolate(id: NodeId): void {
    this.#cuts.isolate(this.#cluster.host(id), 'both')
  }

  restart(id: NodeId): void {
    this.#cluster.restarting(id).catch((error: unknown) => this.#events.notStarted(id, error))
  }

  #at(at: number, act: () => void): void {
    pushHeap(this.#actions, { at: Math.round(at * 1000) / 1000, order: this.#order++, act }, before)
  }

  #carryOut(fault: Fault): void {
    if ('node' in fault && !this.#cluster.ids.includes(fault.node)) return
    const end = this.#begin(fault)
    if (end === null) return
    this.#counts[fault.verb] = (this.#counts[fault.verb] ?? 0) + 1
    if (fault.verb !== 'restart' && fault.verb !== 'heal') this.#episodes++
    this.#events.fault(fault, faultWords(fault))
    if (end === DONE || !('ms' in fault)) return
    const ends = (): void => {
      if (this.#going.delete(fault)) end()
    }
    this.#going.set(fault, ends)
    this.#at(this.#cluster.sim.now + fault.ms, ends)
  }

  /** What ends it; `DONE` where nothing does; null where it cannot be done. */
  #begin(fault: Fault): (() => void) | null {
    switch (fault.verb) {
      case 'isolate':
        return this.#cuts.isolate(this.#cluster.host(fault.node), fault.direction)
      case 'cut':
        return this.#cut(fault.from, fault.to, fault.oneWay)
      case 'heal':
        for (const [going, end] of [...this.#going]) if (NETWORK.has(going.verb)) end()
        return DONE
      case 'pause':
        return this.#pause(fault.node)
      default:
        return this.#end(fault)
    }
  }

  #cut(from: NodeId, to: NodeId, oneWay: boolean): (() => void) | null {
    const { ids } = this.#cluster
    if (from === to || !ids.includes(from) || !ids.includes(to)) return null
    return this.#cuts.cut(this.#cluster.host(from), this.#cluster.host(to), oneWay)
  }

  #pause(id: NodeId): (() => void) | null {
    const { sim } = this.#cluster
    const host = this.#cluster.host(id)
    if (!this.#cluster.alive(id)) return null
    sim.pause(host)
    return () => sim.resume(host)
  }

  /** Verbs that end a process, or begin one. */
  #end(fault: Fault): (() => void) | null {
    const cluster = this.#cluster
    const budget = this.#budget
    switch (fault.verb) {
      case 'kill':
        if (!cluster.alive(fault.node) || !budget.mayKill([fault.node])) return null
        this.kill(fault.node)
        return DONE
      case 'kill-all':
        if (!this.#anybody() || !budget.mayKill(this.#living())) return null
        for (const id of this.#living()) this.kill(id)
        return DONE
      case 'kill-at':
        if (!cluster.alive(fault.node) || !budget.mayKill([fault.node])) return null
        budget.willDie(fault.node)
        cluster.sim.killAtPortCall(cluster.host(fault.node), fault.calls)
        return DONE
      case 'power-loss':
        if (!budget.mayLosePower([fault.node])) return null
        this.#powerLoss([fault.node])
        return DONE
      case 'power-loss-all':
        if (!this.#anybody() || !budget.mayLosePower(cluster.ids)) return null
        this.#powerLoss(cluster.ids)
        return DONE
      case 'stop':
        if (!cluster.alive(fault.node)) return null
        cluster.stopping(fault.node).catch((error: unknown) => this.#events.notStarted(fault.node, error))
        return DONE
      case 'restart':
        if (cluster.alive(fault.node)) return null
        this.restart(fault.node)
        return DONE
      default:
        return null
    }
  }

  /** SIGKILL, within the budget or because the node has given up by itself. */
  kill(id: NodeId): void {
    this.#disarm(id)
    this.#budget.killed([id])
    if (this.#cluster.alive(id)) this.#cluster.kill(id)
  }

  #powerLoss(ids: readonly NodeId[]): void {
    for (const id of ids) this.#cluster.powerLoss(id)
    this.#budget.lostPower(ids)
  }

  #disarm(id: NodeId): void {
    this.#cluster.sim.killAtPortCall(this.#cluster.host(id), Number.MAX_SAFE_INTEGER)
    this.#budget.spared(id)
  }

  #living(): NodeId[] {
    return this.#cluster.ids.filter((id) => this.#cluster.alive(id))
  }

  #anybody(): boolean {
    return this.#living().length > 0
  }
}

const DONE = (): void => {}
const NETWORK: ReadonlySet<Verb> = new Set(['isolate', 'cut', 'slow', 'hide'])

function before(a: Action, b: Action): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order
}

/** As it stands in a plan's text: `isolate 2 both for 3000`. */
export function faultWords(fault: Fault): string {
  const words: string[] = [fault.verb]
  for (const [name, value] of Object.entries(fault)) {
    if (name === 'verb') continue
    words.push(name === 'node' ? String(value) : name === 'ms' ? `for ${value}` : `${name} ${JSON.stringify(value)}`)
  }
  return words.join(' ')
}
