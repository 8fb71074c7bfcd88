// A compacted topic of a life: somebody writes keys over and over, now and then a tombstone, and reads the whole of it again
// and again while the cluster suffers and every replica cleans its log. Each reading is held against what was acknowledged
// (D5): offsets go up and hold what was written there; of every key the last value before the reading is there, or one
// behind it; and who reads from one leader, and fast enough, and sees a value that is deleted sees the tombstone, too.
// Does not check bytes, nor that anything is cleaned at all: a marker counts that. Keys of which more was written meanwhile, or
// may have been, are not judged by that reading: what it would have found may have been cleaned before it came there.

import { type Admin, ClientError, type Consumer, type Producer } from '../../client/index.ts'
import { textOf } from './consumer.ts'
import { endsOf } from './ends.ts'
import type { ClientWorld, Worker } from './workload.ts'

export const COMPACTED_TOPIC = 'compacted'
/** Longer than any replica is away: one that misses a tombstone keeps what that should have deleted, in Kafka too. */
const DELETE_RETENTION_MS = 300_000
export const COMPACTED_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact',
  'segment.ms': '1500',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': String(DELETE_RETENTION_MS),
  'file.delete.delay.ms': '1000',
}
/** The coordinators' log is cleaned as well. */
export const COMPACTED_PROPERTIES: Readonly<Record<string, string>> = {
  'log.cleaner.enable': 'true',
  'log.cleaner.backoff.ms': '700',
  'log.cleaner.min.cleanable.ratio': '0.01',
  'log.roll.ms': '3000',
}
const KEYS = 8
/** Of one key. */
const GAP_MS = 2_000
const READS_EVERY_MS = 4_000
const POLL_MS = 300
/** For one reading; one that takes longer is given up. */
const READING_MS = 6_000
const ENDS_WITHIN_MS = 3_000
const LAST_ENDS_WITHIN_MS = 30_000

interface Key {
  /** Of what was acknowledged last; −1: nothing was. */
  offset: number
  value: string | null
  /** How often it was written, whatever became of it. */
  asked: number
  /** Whether the last word is known to be the last. */
  sure: boolean
}

export class CompactedClient implements Worker {
  readonly name: string = 'compacted'
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #producer: Producer
  /** Who alone believes that he leads, and in which epoch; null where it is not one. */
  readonly #leader: () => string | null
  readonly #keys: Map<string, Key> = new Map()
  /** What was acknowledged of any offset, in words. */
  readonly #written: Map<number, string> = new Map()

  constructor(world: ClientWorld, reader: ClientWorld, leader: () => string | null) {
    this.#world = world
    this.#leader = leader
    const options = { deliveryTimeoutMs: 20_000, maxInFlight: 5, batchBytes: 1 }
    this.#producer = world.connect({ requestTimeoutMs: 3_000, clientId: this.name }).producer(options)
    const writing = Array.from({ length: KEYS }, (_, i) => this.#write(`k${i}`))
    this.done = Promise.all([...writing, this.#readAgain(reader)]).then(() => {})
  }

  /** When all is well again: everything, to its end. Rejects with ClientError, or never ends. */
  async settle(world: ClientWorld): Promise<void> {
    const client = world.connect({ requestTimeoutMs: 5_000, clientId: this.name })
    await this.#read(client.admin, client.consumer({ fetchMaxWaitMs: 100 }), world, null)
    client.close()
  }

  /** Each key on its own, so that a leader that nobody follows has some of them. */
  async #write(name: string): Promise<void> {
    const { random, timers, running } = this.#world
    const key: Key = { offset: -1, value: null, asked: 0, sure: true }
    this.#keys.set(name, key)
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      const text = random.below(8) === 0 ? null : `${name}.${key.asked}`
      await this.#send(name, key, text, text === null ? null : `${text}/${'x'.repeat(random.below(60))}`)
    }
  }

  async #send(name: string, key: Key, text: string | null, value: string | null): Promise<void> {
    const { sure } = key
    key.asked++
    key.sure = false
    try {
      const { offset } = await this.#producer.send({ topic: COMPACTED_TOPIC, partition: 0, key: name, value })
      this.progress++
      this.#written.set(offset, inWords(name, text))
      Object.assign(key, { offset, value: text, sure: true })
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      key.sure = sure && !error.maybeApplied
    }
  }

  async #readAgain(world: ClientWorld): Promise<void> {
    const { random, timers, running } = world
    while (running()) {
      await timers.delay(random.below(READS_EVERY_MS))
      const client = world.connect({ requestTimeoutMs: 2_000, clientId: `${this.name}-reader` })
      try {
        await this.#read(client.admin, client.consumer({ fetchMaxWaitMs: 100 }), world, READING_MS)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
      client.close()
    }
  }

  /** `withinMs`: null for one that must come to its end. */
  async #read(
    admin: Pick<Admin, 'listOffsets'>,
    consumer: Consumer,
    { wall }: ClientWorld,
    withinMs: number | null,
  ): Promise<void> {
    const known = [...this.#keys].filter(([, { sure, offset }]) => sure && offset >= 0)
    const wanted = known.map(([name, key]) => ({ name, key, before: { ...key } }))
    const at = { topic: COMPACTED_TOPIC, partition: 0 }
    const began = wall()
    const leader = this.#leader()
    let steady = leader !== null
    const [end] = await endsOf(admin, [at], withinMs === null ? LAST_ENDS_WITHIN_MS : ENDS_WITHIN_MS)
    consumer.assign([{ ...at, offset: 0 }])
    const found = new Map<string, number>()
    let before = -1
    while ((consumer.position(at.topic, at.partition) ?? 0) < end!) {
      if (withinMs !== null && wall() - began > withinMs) return
      for (const { offset, key, value } of await consumer.poll(POLL_MS)) {
        const name = Buffer.from(key!).toString('latin1')
        this.#holds(offset, before, inWords(name, value === null ? null : textOf(value)))
        before = offset
        found.set(name, offset)
      }
      steady &&= this.#leader() === leader
    }
    const sees = steady && wall() - began < DELETE_RETENTION_MS
    for (const { name, key, before: word } of wanted) {
      const { offset, value } = word
      const seen = found.get(name)
      if (offset >= end! || key.asked !== word.asked || (seen !== undefined && seen >= offset)) continue
      if (value === null && (seen === undefined || !sees)) continue
      const what = `${inWords(name, value)} was acknowledged at ${offset} of ${COMPACTED_TOPIC}-0`
      this.#violated(`${what}, and who reads up to ${end} finds ${seen ?? 'nothing'} as the last of its key`)
    }
  }

  #holds(offset: number, before: number, words: string): void {
    if (offset <= before) this.#violated(`offset ${offset} of ${COMPACTED_TOPIC}-0 comes after ${before}`)
    const written = this.#written.get(offset)
    if (written !== undefined && written !== words)
      this.#violated(`offset ${offset} of ${COMPACTED_TOPIC}-0 is ${words}, and ${written} was acknowledged there`)
  }

  #violated(text: string): void {
    this.#world.violated('D5', text)
  }
}

function inWords(key: string, value: string | null): string {
  return value === null ? `the tombstone of ${key}` : `${key}=${value}`
}
