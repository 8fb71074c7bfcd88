// One consumer of a life, by assignment: reads all partitions, sometimes from the beginning again, sometimes as a client
// that crashed and was opened anew. What it polled is in the history.

import { type Assignment, type Client, ClientError, type ConsumedRecord, type Consumer } from '../../client/index.ts'
import { isRetriable } from '../../wire/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

const POLL_MS = 300
const ASK_WITHIN_MS = 2_000

export class ConsumerClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #requestTimeoutMs: number
  #client: Client
  #consumer: Consumer
  /** Where to go on, by key; what `assign` is given. */
  readonly #positions: Map<string, Assignment> = new Map()
  #lastRead: ConsumedRecord | null = null
  /** What was done for it when it last began anew. */
  #progressBefore = 0

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.#requestTimeoutMs = [1_500, 5_000, 15_000][world.random.below(3)]!
    this.#client = this.#connect()
    this.#consumer = this.#open()
    this.#assign(true)
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, topics, running, swarm } = this.#world
    const gapMs = (2_000 * swarm.workload.consumers) / swarm.workload.pollsPerSecond
    while (running()) {
      await timers.delay(random.below(Math.ceil(gapMs)))
      const draw = random.below(100)
      // Not before it was given something: to unpack a megabyte of small batches takes seconds, and who throws it away
      // again and again starves, whatever the cluster does.
      const served = this.progress > this.#progressBefore
      if (draw === 0 && served) this.#crash()
      else if (draw === 1 && served) this.#assign(true)
      else if (this.#positions.size < topics.keys.length) this.#assign(false)
      if (draw > 95) await this.#askForEnd()
      else if (draw > 92) await this.#askForTime()
      await this.#poll()
    }
    this.#consumer.close()
  }

  #connect(): Client {
    return this.#world.connect({ requestTimeoutMs: this.#requestTimeoutMs, clientId: this.name })
  }

  #open(): Consumer {
    return this.#client.consumer({ fetchMaxWaitMs: 200 })
  }

  /** As consumers that begin at the end do, and all that show a lag. What they are told the watch holds against what
   *  others were told before (P5): a new leader must not answer before it knows. */
  async #askForEnd(): Promise<void> {
    const { random, topics, violated } = this.#world
    const { topic, partition } = topics.keys[random.below(topics.keys.length)]!
    try {
      await this.#client.admin.listOffsets([{ topic, partition, at: 'latest' }], { timeoutMs: ASK_WITHIN_MS })
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      if (!isRetriable(error.error)) violated('P18', `${this.name} asked for an end and was told ${error.message}`)
    }
  }

  /** As consumers that go back to a time do. A record that was read stays, and so does what is at or after its time. */
  async #askForTime(): Promise<void> {
    const { topics, violated } = this.#world
    const read = this.#lastRead
    if (read === null || topics.fades(read.topic)) return
    const { topic, partition, offset, timestamp } = read
    try {
      const question = [{ topic, partition, at: timestamp }]
      const [found] = await this.#client.admin.listOffsets(question, { timeoutMs: ASK_WITHIN_MS })
      if (found?.error !== 'NONE' || (found.offset >= 0 && found.offset <= offset)) return
      const what = `has read ${topic}-${partition} at ${offset}, and is told ${found.offset} for the time of that record`
      violated('P5', `${this.name} ${what}`)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      if (!isRetriable(error.error)) violated('P18', `${this.name} asked for a time and was told ${error.message}`)
    }
  }

  #crash(): void {
    this.#world.recorder.crash(this.name)
    // Who begins anew knows no leader epoch: one that does not know yet that it leads no more may answer it (KIP-320).
    this.#lastRead = null
    this.#client = this.#connect()
    this.#consumer = this.#open()
    this.#assign(true)
  }

  /** All partitions there are; from where it stood, or from the beginning. */
  #assign(seekToBeginning: boolean): void {
    const { recorder, topics } = this.#world
    if (seekToBeginning) this.#progressBefore = this.progress
    for (const { topic, partition, key } of topics.keys) {
      if (this.#positions.has(key) && !seekToBeginning) continue
      this.#positions.set(key, { topic, partition, offset: topics.fades(topic) ? 'earliest' : 0 })
    }
    const keys = topics.keys.map(({ key }) => key)
    recorder.ok(recorder.invoke(this.name, { f: 'assign', keys, seekToBeginning }))
    this.#consumer.assign([...this.#positions.values()])
  }

  async #poll(): Promise<void> {
    const { recorder } = this.#world
    const op = recorder.invoke(this.name, { f: 'poll', steps: [{ f: 'poll' }] })
    try {
      const records = await this.#consumer.poll(POLL_MS)
      this.progress += records.length
      recorder.ok(op, { steps: [{ f: 'poll', records: byKey(records) }] })
      this.#lastRead = records[this.#world.random.below(records.length + 1)] ?? this.#lastRead
      for (const { topic, partition, offset } of records)
        this.#positions.set(`${topic}-${partition}`, { topic, partition, offset: offset + 1 })
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      // It returned nothing and stands where it stood: with `info`, its next poll might begin anywhere.
      recorder.fail(op, error.error)
      this.#told(error)
    }
  }

  /** What is committed stays: where it has read, it can read again, unless retention took it. */
  #told(error: ClientError): void {
    const { violated, topics } = this.#world
    if (error.error === 'OFFSET_OUT_OF_RANGE') {
      if (!topics.keys.some(({ topic, key }) => topics.fades(topic) && error.message.includes(key)))
        violated('P5', `${this.name} was told ${error.message}, where it had read before`)
      this.#assign(true)
    } else if (!isRetriable(error.error)) violated('P18', `${this.name} was told ${error.message}`)
  }
}

export function byKey(records: readonly ConsumedRecord[]): Record<string, [number, string][]> {
  const found: Record<string, [number, string][]> = {}
  let here: [number, string][] = []
  let last: ConsumedRecord | null = null
  for (const record of records) {
    // Records of a partition come together, and a key is dear.
    if (last === null || record.partition !== last.partition || record.topic !== last.topic) {
      const key = `${record.topic}-${record.partition}`
      here = found[key] ??= []
    }
    last = record
    here.push([record.offset, textOf(record.value!)])
  }
  return found
}

/** Without the padding, which follows after a slash. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(SLASH)
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString('latin1')
}

const SLASH = '/'.charCodeAt(0)
