// Code of one's own in the simulated world: a function gets a client, time and chance of the simulation and a cluster of
// whole nodes that fails as it is told or as a seed draws. It must wait for nothing but what it was given: a real timer,
// socket or file ends the simulation with an error that names it.

import { messageOf, type NodeId } from '../../base/index.ts'
import type { Client, ClientOptions } from '../../client/index.ts'
import { createSimCluster, type SimCluster, type SimUser } from '../cluster.ts'
import type { Fault, FaultPlan } from '../plan.ts'
import { faultText } from '../plan-text.ts'
import { Budget } from './budget.ts'
import { drawPlan } from './draw.ts'
import { Executor } from './executor.ts'
import { Hands } from './hands.ts'
import { drawSwarm } from './swarm.ts'
import type { Swarm } from './types.ts'

export interface SimulateOptions {
  /** An integer from 0 to 2^32 − 1; everything that happens follows from it and from your code. */
  readonly seed: number
  /** Combined nodes, with ids from 1. Default 3. */
  readonly brokers?: number
  /** Kafka's property names. */
  readonly properties?: Readonly<Record<string, string>>
  /** Log directories of a node. Default 1. */
  readonly logDirectories?: number
  /** What happens to the cluster while your code runs: a plan, done to the letter; or milliseconds of faults drawn from the
   *  seed, within the promise of `min.insync.replicas` (2) and flush=os. Then everything heals. Default: nothing. */
  readonly faults?: FaultPlan | number
  /** Which faults are drawn, and how often each (see `Swarm`); default: as the seed draws them. */
  readonly verbs?: Swarm['verbs']
  /** Virtual milliseconds within which your code must be done. Default 600,000. */
  readonly withinMs?: number
  /** Hears of every fault, a line each. */
  readonly tell?: (line: string) => void
}

/** What your code is given. */
export interface SimulatedUser extends SimUser {
  readonly cluster: SimCluster
  readonly faults: SimulatedFaults
  /** Another client, on a host of its own. */
  connect(options?: Omit<ClientOptions, 'bootstrap'>): Client
}

export interface SimulatedFaults {
  /** Does it now, whatever was promised; false where it cannot be done. */
  do(fault: Fault): Promise<boolean>
  /** Ends every fault that goes on, forgets those that are still to come and starts dead nodes again. */
  healAll(): void
}

const WITHIN_MS = 600_000
const MIN_INSYNC = 2

/**
 * Runs `use` in a simulated world and settles as it does.
 *
 * Rejects with an error that names the seed where `use` is not done within `withinMs` of virtual time, or where a node gave
 * up by itself.
 */
export async function simulate<T>(options: SimulateOptions, use: (user: SimulatedUser) => Promise<T>): Promise<T> {
  const { seed, brokers = 3, properties = {}, logDirectories = 1, withinMs = WITHIN_MS } = options
  using cluster = createSimCluster({ seed, brokers, properties, logDirectories })
  await cluster.start()
  const world = new World(cluster, options)
  let settled = false
  const outcome = use(world.user()).finally(() => {
    settled = true
  })
  outcome.catch(() => {})
  await world.executor.passUntil(cluster.sim.now + withinMs, () => settled)
  if (!settled) throw new Error(`seed ${seed}: not done after ${withinMs} ms of virtual time`)
  return await outcome
}

class World {
  readonly executor: Executor
  readonly #cluster: SimCluster
  readonly #seed: number
  /** Told to stop before all was healed, and still at it. */
  readonly #leaving: Set<NodeId> = new Set()

  constructor(cluster: SimCluster, options: SimulateOptions) {
    const { seed, brokers = 3, faults, verbs, tell } = options
    this.#cluster = cluster
    this.#seed = seed
    const promise = { brokers, minInsyncReplicas: Math.min(MIN_INSYNC, brokers), flush: 'os' } as const
    const swarm = drawSwarm(seed, 'within', { ...promise, ...(verbs === undefined ? {} : { verbs }) })
    const drawn = typeof faults === 'number'
    const plan = drawn ? drawPlan(seed, swarm, faults) : (faults ?? { faults: [], durationMs: 0 })
    const budget = new Budget(cluster, swarm, drawn ? 'promise' : 'all')
    const hands = new Hands(cluster, budget, 'rack', (id, error) => this.#gaveUp(id, error, hands))
    this.executor = new Executor(cluster, budget, hands, {
      fault: (fault) => tell?.(`${cluster.sim.now.toFixed(0)} ${faultText(fault)}`),
      observe: () => {
        for (const id of this.#leaving) if (!cluster.alive(id)) this.#comeBack(id)
        for (const [id, error] of cluster.fatal) this.#gaveUp(id, error, hands)
      },
    })
    this.executor.schedule(plan.faults)
    if (plan.faults.length > 0) this.executor.after(plan.durationMs, () => this.#healAll())
  }

  user(): SimulatedUser {
    const { executor } = this
    return {
      ...this.#cluster.user(),
      cluster: this.#cluster,
      faults: { do: (fault) => executor.carryOut(fault), healAll: () => this.#healAll() },
      connect: (options) => this.#cluster.client(options),
    }
  }

  #healAll(): void {
    this.executor.healAll()
    for (const id of this.executor.stopping) this.#leaving.add(id)
    for (const id of this.#cluster.ids) if (!this.#cluster.alive(id)) this.#comeBack(id)
  }

  #comeBack(id: NodeId): void {
    this.#leaving.delete(id)
    this.executor.restart(id)
  }

  /** As in Kafka, a broker ends when it cannot register or when its disk fails; then somebody must start it again. */
  #gaveUp(id: NodeId, error: unknown, hands: Hands): void {
    this.#cluster.fatal.delete(id)
    hands.kill(id)
    if (/no controller registered/.test(messageOf(error))) hands.restart(id)
    else if (!hands.troubled.has(id))
      throw new Error(`seed ${this.#seed}: node ${id} gave up: ${messageOf(error)}`, { cause: error })
  }
}
