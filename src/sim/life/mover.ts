// Somebody who moves partitions of the common topics from broker to broker while the cluster suffers: to other replicas, to
// more or fewer of them, to another goal before the last one was reached, and back; and who lets preferred replicas lead.
// Never to fewer replicas than must be in sync, which would be a smaller promise. The moves are the cluster's to survive:
// whoever watches it judges them (P21), and they must end when all is well again.

import { type Admin, type AdminOptions, ClientError, type Outcome } from '../../client/index.ts'
import { isRetriable } from '../../wire/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

const GAP_MS = 4_000
const REPLICAS_MAX = 3
const ONCE: AdminOptions = { retries: 0 }
/** What somebody may be told who does not know what has become of what was asked before. */
const EXPECTED: ReadonlySet<string> = new Set([
  'NONE',
  'NO_REASSIGNMENT_IN_PROGRESS',
  // Only what was being added is in sync.
  'INVALID_REPLICA_ASSIGNMENT',
  'ELECTION_NOT_NEEDED',
  'PREFERRED_LEADER_NOT_AVAILABLE',
])

export class MoverClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #admin: Admin

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.#admin = world.connect({ requestTimeoutMs: 5_000, clientId: name }).admin
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      await this.#do(random.below(10)).catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error
      })
    }
  }

  async #do(draw: number): Promise<void> {
    const { random, topics } = this.#world
    const { topic, partition } = topics.keys[random.below(topics.keys.length)]!
    if (draw === 0) {
      await this.#admin.listPartitionReassignments(null)
      this.progress++
    } else if (draw === 1) {
      const all = random.below(2) === 0
      this.#judge(await this.#admin.electLeaders('preferred', all ? null : [{ topic, partition }], ONCE))
    } else if (!topics.fades(topic)) {
      // Who copies a log knows the producers of the batches that are in it. Of one whose last batch retention took, it takes
      // a late retry for news, as in Kafka; so topics that fade stay where they are.
      const replicas = draw < 4 ? null : this.#replicas()
      this.#judge(await this.#admin.alterPartitionReassignments([{ topic, partition, replicas }], ONCE))
    }
  }

  #replicas(): number[] {
    const { brokers, random, swarm } = this.#world
    const ids = [...brokers.keys()]
    const most = Math.min(REPLICAS_MAX, ids.length)
    const count = swarm.minInsyncReplicas + random.below(most - swarm.minInsyncReplicas + 1)
    return Array.from({ length: count }, () => ids.splice(random.below(ids.length), 1)[0]!)
  }

  #judge(outcomes: readonly Outcome[]): void {
    for (const { error, message } of outcomes) {
      this.progress++
      if (!EXPECTED.has(error) && !isRetriable(error))
        this.#world.violated('P18', `${this.name} was told ${error} (${message}) of what it may do`)
    }
  }
}
