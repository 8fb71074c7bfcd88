// A producer whose sequence numbers run over the largest there is, as those of one do that has sent for years: it begins
// just below it (a log that knows nothing of a producer lets it begin anywhere, KIP-360), with batches that it numbers
// itself, one on its way at a time. What it is told becomes history; a refused sequence is a violation (P17).

import { ClientError, type Producer } from '../../client/index.ts'
import { buildBatch } from '../../wire/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

const SEQUENCES = 2 ** 31
/** Beyond every id that a controller gives out in a life. */
const FIRST_PRODUCER_ID = 2 ** 40
const GAP_MS = 500
const RECORDS_MAX = 3
/** It is over after so many records, and begins with another id. */
const RECORDS_OF_ONE = 12

export class WrappingProducer implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #producer: Producer
  #producerId = FIRST_PRODUCER_ID
  #sequence = 0
  #left = 0
  #n = 0

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    const client = world.connect({ requestTimeoutMs: 5_000, clientId: name })
    this.#producer = client.producer({ acks: 'all', idempotent: false, deliveryTimeoutMs: 20_000 })
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      if (this.#left <= 0) this.#beginAnew()
      await this.#send(1 + random.below(RECORDS_MAX))
    }
  }

  #beginAnew(): void {
    this.#producerId++
    this.#sequence = SEQUENCES - 1 - this.#world.random.below(RECORDS_OF_ONE)
    this.#left = RECORDS_OF_ONE
  }

  async #send(count: number): Promise<void> {
    const { recorder, wall } = this.#world
    const { topic, partition, key } = this.#world.topics.keys[0]!
    const steps = Array.from({ length: count }, () => ({ f: 'send', key, value: `${this.name}.${this.#n++}` }) as const)
    const op = recorder.invoke(this.name, { f: 'send', steps, idempotent: true })
    const records = steps.map(({ value }) => ({ timestamp: wall(), key: null, value: Buffer.from(value) }))
    const identity = { producerId: this.#producerId, producerEpoch: 0, baseSequence: this.#sequence }
    try {
      const { offset } = await this.#producer.sendBatch(topic, partition, buildBatch({ ...identity, records }))
      recorder.ok(op, { steps: steps.map((step, i) => ({ ...step, offset: offset + i })) })
      this.#sequence = (this.#sequence + count) % SEQUENCES
      this.#left -= count
      this.progress++
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      if (error.maybeApplied) recorder.info(op, error.error)
      else recorder.fail(op, error.error)
      if (error.error === 'OUT_OF_ORDER_SEQUENCE_NUMBER') this.#refused(error)
      // Nobody knows which sequence the log holds.
      this.#left = 0
    }
  }

  /** All before it was acknowledged, so it can only follow; where records may be lost by all at once, it need not. */
  #refused(error: ClientError): void {
    const { flush, verbs } = this.#world.swarm
    if (flush === 'os' && verbs['power-loss-all'] !== undefined) return
    this.#world.violated(
      'P17',
      `${this.name} sent sequence ${this.#sequence} after what was acknowledged: ${error.message}`,
    )
  }
}
