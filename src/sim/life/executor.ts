// The calendar of a life: each fault at its time, its end at its own, and the world turned in between. Draws nothing by
// chance, so that a plan without some of its faults means the same for the others. How a fault is done: `hands.ts`.

import type { NodeId } from '../../base/index.ts'
import { popHeap, pushHeap } from '../../base/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { Fault, PlannedFault, Verb } from '../plan.ts'
import type { Budget } from './budget.ts'
import { DONE, type Hands } from './hands.ts'

interface Action {
  readonly at: number
  readonly order: number
  /** May be a promise of turning the world itself. */
  readonly act: () => unknown
}

export interface ExecutorEvents {
  /** A fault has been carried out. */
  fault(fault: Fault): void
  /** Called after each stretch of time. */
  observe(): void
}

/** A cluster in trouble turns around 1,000 events in a second; this many in one stretch is a circle. */
const STRETCH_MS = 250
const EVENTS_OF_A_STRETCH_MAX = 100_000

export class Executor {
  readonly #cluster: SimCluster
  readonly #budget: Budget
  readonly #hands: Hands
  readonly #events: ExecutorEvents
  readonly #actions: Action[] = []
  readonly #counts: Partial<Record<Verb, number>> = {}
  /** What ends the faults that go on, by fault. */
  readonly #going: Map<Fault, () => void> = new Map()
  #order = 0
  #episodes = 0

  constructor(cluster: SimCluster, budget: Budget, hands: Hands, events: ExecutorEvents) {
    this.#cluster = cluster
    this.#budget = budget
    this.#hands = hands
    this.#events = events
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
    for (const { at, fault } of faults) this.#at(now + at, () => this.carryOut(fault))
  }

  /** After so many milliseconds from now. */
  after(ms: number, act: () => void): void {
    this.#at(this.#cluster.sim.now + ms, act)
  }

  /** Lets time pass up to an instant, or until something is so, doing what is due. */
  async passUntil(untilMs: number, done: () => boolean = never): Promise<void> {
    const { sim } = this.#cluster
    const until = whole(untilMs)
    for (;;) {
      for (let next = this.#actions[0]; next !== undefined && next.at <= sim.now; next = this.#actions[0]) {
        popHeap(this.#actions, before)
        await next.act()
      }
      this.#events.observe()
      if (sim.now >= until || done()) return
      const limit = Math.min(sim.now + STRETCH_MS, until, this.#actions[0]?.at ?? until)
      const end = await sim.run({ untilMs: limit, until: done, maxEvents: EVENTS_OF_A_STRETCH_MAX })
      this.#budget.observe()
      if (end === 'events')
        throw new Error(`${EVENTS_OF_A_STRETCH_MAX} events within ${STRETCH_MS} ms: somebody turns in a circle`)
    }
  }

  pass(ms: number): Promise<void> {
    return this.passUntil(this.#cluster.sim.now + ms)
  }

  /** Now, if it can be done. Answers whether it was. */
  async carryOut(fault: Fault): Promise<boolean> {
    const begun = await this.#hands.begin(fault)
    if (begun === null) return false
    this.#counts[fault.verb] = (this.#counts[fault.verb] ?? 0) + 1
    if (fault.verb !== 'restart' && fault.verb !== 'heal') this.#episodes++
    this.#events.fault(fault)
    if (begun === DONE || !('ms' in fault)) return true
    const end = (): void => {
      if (this.#going.delete(fault)) begun()
    }
    this.#going.set(fault, end)
    this.#at(this.#cluster.sim.now + fault.ms, end)
    return true
  }

  /** Ends every fault that goes on and forgets those that are still to come. Dead nodes stay dead. */
  healAll(): void {
    this.#actions.length = 0
    for (const end of [...this.#going.values()]) end()
    this.#cluster.heal()
    this.#hands.setNetwork()
    for (const id of this.#cluster.ids) {
      this.#hands.spare(id)
    }
  }

  /** Nodes that were told to stop and have not ended yet. */
  get stopping(): ReadonlySet<NodeId> {
    return this.#hands.stopping
  }

  restart(id: NodeId): void {
    this.#hands.restart(id)
  }

  #at(at: number, act: () => unknown): void {
    pushHeap(this.#actions, { at: whole(at), order: this.#order++, act }, before)
  }
}

function never(): boolean {
  return false
}

/** Whole microseconds, as the world counts. */
function whole(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function before(a: Action, b: Action): boolean {
  return a.at !== b.at ? a.at < b.at : a.order < b.order
}
