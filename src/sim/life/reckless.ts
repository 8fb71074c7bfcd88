// A producer that wants its records there soon and not for long: acks=1 to a topic of its own in which anybody alive may
// lead (unclean.leader.election.enable). Kafka promises nothing there, so what becomes of the records is in no history;
// but the replicas must agree in the end, over elections that cut what each of them has (KIP-101, KIP-279).

import { ClientError, type Producer } from '../../client/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

export const RECKLESS_TOPIC = 'reckless'
export const RECKLESS_CONFIGS: Readonly<Record<string, string>> = {
  'unclean.leader.election.enable': 'true',
  'min.insync.replicas': '1',
}
/** Of all its partitions together. */
const GAP_MS = 500

export class RecklessProducer implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #producer: Producer

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    const client = world.connect({ requestTimeoutMs: 1_500, clientId: name })
    this.#producer = client.producer({ acks: 1, deliveryTimeoutMs: 3_000 })
    const partitions = Array.from({ length: world.swarm.workload.reckless }, (_, i) => this.#work(i))
    this.done = Promise.all(partitions).then(() => {})
  }

  /** Each partition on its own: one that nobody leads must not keep the others waiting. */
  async #work(partition: number): Promise<void> {
    const { random, swarm, timers, running } = this.#world
    for (let n = 0; running(); n++) {
      await timers.delay(random.below(GAP_MS * swarm.workload.reckless))
      try {
        await this.#producer.send({ topic: RECKLESS_TOPIC, partition, value: `${this.name}.${partition}.${n}` })
        this.progress++
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
    }
  }
}
