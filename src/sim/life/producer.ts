// One producer of a life: acks 0, 1 or all, idempotent or not, impatient or not, each send recorded. With acks=all what was
// acknowledged must stay; with less it may be lost, and the history says so.

import { type Client, ClientError, type Producer, type ProducerOptions } from '../../client/index.ts'
import type { ClientWorld, Key, Worker } from './workload.ts'

/** What the history says of its sends. */
type Promised = { readonly weak?: boolean; readonly idempotent?: boolean }

interface Kind {
  readonly options: ProducerOptions
  readonly requestTimeoutMs: number
  readonly promised: Promised
}

/** A producer that has more than this unanswered waits, as one with a full buffer does. */
const OUTSTANDING_MAX = 20

export class ProducerClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #promised: Promised
  readonly #producer: Producer
  readonly #outstanding: Set<Promise<void>> = new Set()
  #n = 0

  constructor(world: ClientWorld, name: string, index: number) {
    this.#world = world
    this.name = name
    const kind = kindOf(world, index)
    this.#promised = kind.promised
    const client: Client = world.connect({ requestTimeoutMs: kind.requestTimeoutMs, clientId: name })
    this.#producer = client.producer(kind.options)
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, swarm, topics, running } = this.#world
    const { producers, sendsPerSecond } = swarm.workload
    const gapMs = (2_000 * producers) / sendsPerSecond
    while (running()) {
      await timers.delay(random.below(Math.ceil(gapMs)))
      const { keys } = topics
      const at = keys[random.below(keys.length)]!
      // Now and then several at once, which share a batch.
      const count = random.below(12) === 0 ? 2 + random.below(4) : 1
      for (let i = 0; i < count && running(); i++) this.#send(at)
      while (this.#outstanding.size >= OUTSTANDING_MAX) await Promise.race(this.#outstanding)
    }
    await Promise.all(this.#outstanding)
  }

  #send(at: Key): void {
    const { random, recorder, swarm } = this.#world
    const value = `${this.name}.${this.#n++}`
    const padding = random.below(10) === 0 ? random.below(swarm.workload.recordBytesMax) : random.below(100)
    const step = { f: 'send', key: at.key, value } as const
    const op = recorder.invoke(this.name, { f: 'send', steps: [step], ...this.#promised })
    const record = { topic: at.topic, partition: at.partition, value: `${value}/${'x'.repeat(padding)}` }
    const sent = this.#producer.send(record).then(
      ({ offset }) => {
        this.progress++
        recorder.ok(op, offset < 0 ? {} : { steps: [{ ...step, offset }] })
      },
      (error: unknown) => {
        if (!(error instanceof ClientError)) throw error
        if (error.maybeApplied) recorder.info(op, error.error)
        else recorder.fail(op, error.error)
      },
    )
    const done: Promise<void> = sent.finally(() => this.#outstanding.delete(done))
    this.#outstanding.add(done)
  }
}

/** The first two promise the most; the others are drawn. */
function kindOf(world: ClientWorld, index: number): Kind {
  const { random } = world
  const requestTimeoutMs = [1_500, 5_000, 10_000, 30_000][random.below(4)]!
  const compression = (['none', 'none', 'lz4', 'zstd', 'gzip', 'snappy'] as const)[random.below(6)]!
  const draw = random.below(6)
  // Java waits two minutes for an answer by default, librdkafka five; the impatient see more unknown outcomes.
  const deliveryTimeoutMs = [10_000, 20_000, 60_000][random.below(3)]!
  const common = { compression, deliveryTimeoutMs }
  if (index < 2 || draw < 2) {
    // As Java's: several batches of a partition on their way. Small ones, or what is sent together would go together.
    const window = index === 1 ? {} : { maxInFlight: 5, batchBytes: 1 }
    const options = { ...common, ...window, acks: 'all', idempotent: true } as const
    return { requestTimeoutMs, promised: { idempotent: true }, options }
  }
  if (draw < 4)
    // librdkafka's default: a retry may put a record there twice.
    return { requestTimeoutMs, promised: { idempotent: false }, options: { ...common, acks: 'all', idempotent: false } }
  return { requestTimeoutMs, promised: { weak: true }, options: { ...common, acks: draw === 4 ? 1 : 0 } }
}
