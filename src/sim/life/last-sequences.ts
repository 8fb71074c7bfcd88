// The last batches of a life, by a producer that numbers them itself: five of them, all told again; one too far; then two
// epochs more, as Java's idempotent producer counts them up by itself (KIP-360), with what is told again of either. Nobody
// else writes there and all is well, so every answer is known (P17). The faults are behind: duplicates over elections and
// restarts are for the other producers of a life.

import { ClientError, type Producer } from '../../client/index.ts'
import { buildBatch } from '../../wire/index.ts'
import type { ClientWorld } from './workload.ts'

/** Beyond every id that a controller gives out in a life, and that another producer takes. */
const PRODUCER_ID = 2 ** 41
/** Kafka's number of batches that a producer may have in flight. */
const IN_FLIGHT = 5
const TIMEOUT_MS = 20_000

/** What is due: so many offsets behind the first batch, or an error. */
type Due = number | 'OUT_OF_ORDER_SEQUENCE_NUMBER' | 'INVALID_PRODUCER_EPOCH'

export async function sendLastSequences(world: ClientWorld, topic: string): Promise<void> {
  const client = world.connect({ requestTimeoutMs: TIMEOUT_MS, clientId: 'last-sequences' })
  await new LastSequences(world, topic, client.producer({ acks: 'all', idempotent: false })).send()
}

class LastSequences {
  readonly #world: ClientWorld
  readonly #topic: string
  readonly #producer: Producer
  #first: number | null = null

  constructor(world: ClientWorld, topic: string, producer: Producer) {
    this.#world = world
    this.#topic = topic
    this.#producer = producer
  }

  async send(): Promise<void> {
    for (const _again of [false, true]) for (let i = 0; i < IN_FLIGHT; i++) await this.#send(0, i, i)
    await this.#send(0, IN_FLIGHT + 1, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    await this.#send(1, 1, 'OUT_OF_ORDER_SEQUENCE_NUMBER')
    for (let i = 0; i < 3; i++) await this.#send(1, i, IN_FLIGHT + i)
    await this.#send(1, 0, IN_FLIGHT)
    await this.#send(0, IN_FLIGHT - 1, 'INVALID_PRODUCER_EPOCH')
    await this.#send(2, 0, IN_FLIGHT + 3)
  }

  async #send(producerEpoch: number, baseSequence: number, due: Due): Promise<void> {
    const records = [
      { timestamp: this.#world.wall(), key: null, value: Buffer.from(`${producerEpoch}.${baseSequence}`) },
    ]
    const batch = buildBatch({ producerId: PRODUCER_ID, producerEpoch, baseSequence, records })
    const told = await this.#producer.sendBatch(this.#topic, 0, batch).then(
      ({ offset }) => offset,
      (error: unknown) => {
        if (!(error instanceof ClientError)) throw error
        return error.error
      },
    )
    if (typeof told === 'number') this.#first ??= told
    const expected = typeof due === 'number' ? (this.#first ?? 0) + due : due
    if (told === expected) return
    const what = `sequence ${baseSequence} of epoch ${producerEpoch} is answered with ${told}, and ${expected} is due`
    this.#world.violated('P17', `${this.#topic}-0: ${what}`)
  }
}
