// What administrators may ask, asked when all is well: a topic made with settings, and nothing made where only asked for;
// partitions added; a setting set, changed, deleted, and set for the whole cluster. After each step what is described is so,
// and every replica goes by it (R5), since a broker that does not would only show it when it matters. Knows nothing of how
// settings travel; those asked for here change nothing that a life promises.

import type { Admin, AdminOptions, Outcome } from '../../client/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { ClientWorld } from './workload.ts'

/** One that only the last questions know. */
export const LAST_TOPIC = 'last-settings'
const NAME = 'index.interval.bytes'
const CLUSTER_NAME = 'log.index.interval.bytes'
const MIN_ISR = 'min.insync.replicas'
const DEFAULT = 4096
const REQUEST_TIMEOUT_MS = 5_000
/** A connection that stands and is dead, to a broker or from it to its controller, costs a request's time-out each. */
const ASKED: AdminOptions = { timeoutMs: 30_000 }
/** For every broker to hear of it. */
const APPLIED_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50

export async function askLastSettings(cluster: SimCluster, world: ClientWorld): Promise<void> {
  await new Settings(cluster, world).ask()
}

class Settings {
  readonly #cluster: SimCluster
  readonly #world: ClientWorld
  readonly #admin: Admin
  readonly #replicas: number

  constructor(cluster: SimCluster, world: ClientWorld) {
    this.#cluster = cluster
    this.#world = world
    this.#admin = world.connect({ requestTimeoutMs: REQUEST_TIMEOUT_MS, clientId: LAST_TOPIC }).admin
    this.#replicas = Math.min(3, world.swarm.brokers)
  }

  async ask(): Promise<void> {
    const admin = this.#admin
    const configs = { [NAME]: '1000', [MIN_ISR]: '1' }
    const wanted = [{ name: LAST_TOPIC, partitions: 1, replicationFactor: this.#replicas, configs }]
    this.#done('a validation', await admin.createTopics(wanted, { ...ASKED, validateOnly: true }))
    const there = await admin.listTopics(ASKED)
    if (there.some(({ name }) => name === LAST_TOPIC)) this.#violated('is there, and was only to be validated')
    // What was asked again, for want of an answer, may have been done before.
    this.#done('a creation', await admin.createTopics(wanted, ASKED), 'TOPIC_ALREADY_EXISTS')
    await this.#goBy(1000, 1)
    const expanded = await admin.createPartitions([{ name: LAST_TOPIC, count: 2 }], ASKED)
    this.#done('an expansion', expanded, 'INVALID_PARTITIONS')
    await this.#expanded()
    await this.#alter('topic', LAST_TOPIC, { [NAME]: '2000', [MIN_ISR]: String(this.#replicas) })
    await this.#goBy(2000, this.#replicas)
    await this.#alter('topic', LAST_TOPIC, { [NAME]: null })
    await this.#goBy(DEFAULT, this.#replicas)
    await this.#alter('broker', '', { [CLUSTER_NAME]: '3000' })
    await this.#goBy(3000, this.#replicas)
    await this.#alter('broker', '', { [CLUSTER_NAME]: null })
    await this.#goBy(DEFAULT, this.#replicas)
  }

  async #alter(
    type: 'topic' | 'broker',
    name: string,
    settings: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    const changes = Object.entries(settings).map(([setting, value]) =>
      value === null
        ? ({ name: setting, operation: 'delete' } as const)
        : ({ name: setting, operation: 'set', value } as const),
    )
    this.#done('a setting', await this.#admin.incrementalAlterConfigs([{ type, name, changes }], ASKED))
  }

  async #expanded(): Promise<void> {
    const [described] = await this.#admin.describeTopics([LAST_TOPIC], ASKED)
    for (const { partition, replicas } of described?.partitions ?? []) {
      if (replicas.length !== this.#replicas)
        this.#violated(
          `partition ${partition} has replicas ${replicas.join()}, the topic was made with ${this.#replicas}`,
        )
    }
  }

  async #goBy(interval: number, minIsr: number): Promise<void> {
    let left: string[] = []
    for (let waited = 0; waited <= APPLIED_WITHIN_MS; waited += LOOK_EVERY_MS) {
      left = this.#others(interval, minIsr)
      // Who is asked may have no replica, and hear of it later.
      if (left.length === 0) left = await this.#describedOtherwise(interval, minIsr)
      if (left.length === 0) return
      await this.#world.timers.delay(LOOK_EVERY_MS)
    }
    this.#violated(`${left.join('; ')}, and ${NAME} is ${interval}, ${MIN_ISR} ${minIsr}`)
  }

  async #describedOtherwise(interval: number, minIsr: number): Promise<string[]> {
    const resource = { type: 'topic', name: LAST_TOPIC, keys: [NAME, MIN_ISR] } as const
    const [described] = await this.#admin.describeConfigs([resource], ASKED)
    const found = new Map(described?.entries.map(({ name, value }) => [name, value]))
    const told = `${found.get(NAME)} and ${found.get(MIN_ISR)}`
    return told === `${interval} and ${minIsr}` ? [] : [`they are described as ${told}`]
  }

  /** Replicas that go by something else. */
  #others(interval: number, minIsr: number): string[] {
    const others: string[] = []
    let replicas = 0
    for (const id of this.#cluster.ids) {
      for (const { topic, partition, settings, minInsyncReplicas } of this.#cluster.view(id).replicas) {
        if (topic !== LAST_TOPIC) continue
        replicas++
        const own = settings?.indexIntervalBytes
        if (own !== interval || minInsyncReplicas !== minIsr)
          others.push(`node ${id} goes by ${own} and ${minInsyncReplicas} in partition ${partition}`)
      }
    }
    return replicas < this.#replicas ? [`there are ${replicas} replicas`, ...others] : others
  }

  #done(what: string, outcomes: readonly Outcome[], ...expected: readonly string[]): void {
    const error = outcomes[0]?.error ?? 'nothing'
    if (error !== 'NONE' && !expected.includes(error))
      this.#violated(`${what} was answered with ${error} (${outcomes[0]?.message})`)
  }

  #violated(text: string): void {
    this.#world.violated('R5', `${LAST_TOPIC}: ${text}`)
  }
}
