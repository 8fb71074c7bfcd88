// What goes on while the cluster is hurt: idempotent producers with acks=all on every partition, consumers by assignment,
// and in groups (groups.ts), each operation recorded as invoked, ok, failed or unknown. It judges nothing; the history does. Now and then a client is
// dropped and another one opened, since clients die too.

import { messageOf } from '../base/index.ts'
import type { HistoryKey, HistoryRecorder } from '../check/index.ts'
import type { Client, ClientPorts, Consumer, Producer } from '../client/index.ts'
import { ClientError, createClient } from '../client/index.ts'
import { Group, MEMBERS, type Polled, recordsByKey } from './groups.ts'
import type { WorkloadOptions } from './types.ts'

export const DEFAULT_WORKLOAD: WorkloadOptions = {
  topics: 2,
  partitions: 3,
  producers: 4,
  rate: 60,
  consumers: 2,
  groups: 1,
  deliveryTimeoutMs: 20_000,
}

export interface WorkloadContext {
  readonly ports: ClientPorts
  readonly bootstrapServers: string
  readonly recorder: HistoryRecorder
  readonly options: WorkloadOptions
  /** Milliseconds since the workload began. */
  readonly now: () => number
}

/** An acknowledgement: when, and of which partition. */
export interface Ack {
  readonly at: number
  readonly key: HistoryKey
}

/** Of one request: a broker that is paused or cut off must not hold a client for longer than this. */
const REQUEST_TIMEOUT_MS = 3_000
const CONNECT_TIMEOUT_MS = 2_000
/** A producer that has so many records under way waits: what is not sent is not lost. */
const MOST_UNDER_WAY = 300
/** A client lives for so long, and then another takes its place. */
const LIFE_MS = 25_000
const POLL_MS = 300
/** A consumer that is opened anew reads so many records again. */
const REREAD = 50

export function topicsOf(options: WorkloadOptions): string[] {
  return Array.from({ length: options.topics }, (_, i) => `chaos-${i + 1}`)
}

export function partitionsOf(options: WorkloadOptions): { topic: string; partition: number; key: HistoryKey }[] {
  return topicsOf(options).flatMap((topic) =>
    Array.from({ length: options.partitions }, (_, partition) => ({ topic, partition, key: `${topic}-${partition}` })),
  )
}

export class Workload {
  readonly acks: Ack[] = []
  acknowledged = 0
  failed = 0
  unknown = 0
  consumed = 0
  readonly groups: readonly Group[]
  readonly #context: WorkloadContext
  readonly #loops: Promise<void>[] = []
  readonly #underWay = new Set<Promise<void>>()
  #stopping = false
  readonly #sleepers = new Set<() => void>()

  constructor(context: WorkloadContext) {
    this.#context = context
    const tools = {
      ...{ context, topics: topicsOf(context.options), open: (clientId: string) => this.open(clientId) },
      ...{ sleep: (ms: number) => this.#sleep(ms), stopping: () => this.#stopping },
    }
    this.groups = Array.from({ length: context.options.groups }, (_, i) => new Group(`chaos-group-${i + 1}`, tools))
  }

  start(): void {
    const { producers, consumers } = this.#context.options
    for (let i = 1; i <= producers; i++) this.#loops.push(this.#produce(i))
    for (let i = 1; i <= consumers; i++) this.#loops.push(this.#consume(i))
    for (const group of this.groups) for (let i = 1; i <= MEMBERS; i++) this.#loops.push(group.run(i))
  }

  /** Sends no more, waits for what is under way (the delivery time-out bounds it), and ends. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const wake of [...this.#sleepers]) wake()
    await Promise.all(this.#loops)
    await Promise.all(this.#underWay)
  }

  open(clientId: string): Client {
    const { ports, bootstrapServers } = this.#context
    return createClient(ports, {
      bootstrap: bootstrapServers,
      clientId,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      retryBackoffMaxMs: 250,
    })
  }

  /** Sends to one partition after the other, at a steady rate, from one client after the other. */
  async #produce(n: number): Promise<void> {
    const { options, now } = this.#context
    const partitions = partitionsOf(options)
    const every = 1000 / options.rate
    let sent = 0
    for (let life = 1; !this.#stopping; life++) {
      const process = `producer-${n}.${life}`
      const client = this.open(process)
      const producer = client.producer({ deliveryTimeoutMs: options.deliveryTimeoutMs, allowAutoTopicCreation: false })
      const mine = new Set<Promise<void>>()
      const until = now() + LIFE_MS * (1 + n / options.producers)
      for (let next = now(); !this.#stopping && now() < until; next = Math.max(next + every, now() - 1000)) {
        if (mine.size < MOST_UNDER_WAY) {
          const to = partitions[(sent + n) % partitions.length]!
          const sending = this.#send(producer, process, to, `${n}-${sent++}`).finally(() => {
            mine.delete(sending)
            this.#underWay.delete(sending)
          })
          mine.add(sending)
          this.#underWay.add(sending)
        }
        await this.#sleep(next + every - now())
      }
      // Every other one is dropped with what it has under way; nobody knows what became of that.
      const dropped = !this.#stopping && life % 2 === 0
      if (dropped) client.close()
      const ended = Promise.all([...mine]).then(() => {
        if (dropped) this.#context.recorder.crash(process)
        else client.close()
      })
      this.#underWay.add(ended)
      void ended.finally(() => this.#underWay.delete(ended))
    }
  }

  async #send(
    producer: Producer,
    process: string,
    to: { readonly topic: string; readonly partition: number; readonly key: HistoryKey },
    value: string,
  ): Promise<void> {
    const { recorder, now } = this.#context
    const { topic, partition, key } = to
    const step = { f: 'send', key, value } as const
    const op = recorder.invoke(process, { f: 'send', steps: [step] })
    try {
      const { offset } = await producer.send({ topic, partition, value })
      recorder.ok(op, { steps: [{ ...step, offset }] })
      this.acknowledged++
      this.acks.push({ at: now(), key })
    } catch (error) {
      if (error instanceof ClientError && !error.maybeApplied) {
        recorder.fail(op, error.error)
        this.failed++
      } else {
        recorder.info(op, error instanceof ClientError ? error.error : messageOf(error))
        this.unknown++
      }
    }
  }

  /** Reads one topic from its beginning; a later life goes on shortly before the end of the one before. */
  async #consume(n: number): Promise<void> {
    const { options, now } = this.#context
    const topics = topicsOf(options)
    const mine = partitionsOf(options).filter(({ topic }) => topic === topics[(n - 1) % topics.length])
    const positions = new Map<HistoryKey, number>()
    for (let life = 1; !this.#stopping; life++) {
      const process = `consumer-${n}.${life}`
      const client = this.open(process)
      const consumer = client.consumer({ fetchMaxWaitMs: POLL_MS })
      consumer.assign(
        mine.map(({ topic, partition, key }) => {
          const at = positions.get(key)
          return { topic, partition, offset: at === undefined ? 'earliest' : Math.max(0, at - REREAD) }
        }),
      )
      const { recorder } = this.#context
      recorder.ok(recorder.invoke(process, { f: 'assign', keys: mine.map(({ key }) => key) }))
      const until = now() + LIFE_MS * (1 + n / options.consumers)
      while (!this.#stopping && now() < until) await this.#poll(consumer, process, positions)
      client.close()
    }
  }

  async #poll(consumer: Consumer, process: string, positions: Map<HistoryKey, number>): Promise<void> {
    const polled = await pollOnce(consumer, process, this.#context.recorder, POLL_MS)
    // What cannot be read now (no leader, a time-out) can be later; the pause keeps a dead cluster from being hammered.
    if (polled === null) return this.#sleep(100)
    for (const [key, records] of Object.entries(polled)) {
      this.consumed += records.length
      positions.set(key, records[records.length - 1]![0] + 1)
    }
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(1, ms))
      this.#sleepers.add(wake)
    })
  }
}

/** One recorded poll; null where it failed. */
export async function pollOnce(
  consumer: Consumer,
  process: string,
  recorder: HistoryRecorder,
  timeoutMs: number,
): Promise<Polled | null> {
  const op = recorder.invoke(process, { f: 'poll', steps: [{ f: 'poll' }] })
  try {
    const records = recordsByKey(await consumer.poll(timeoutMs))
    recorder.ok(op, { steps: [{ f: 'poll', records }] })
    return records
  } catch (error) {
    recorder.fail(op, error instanceof ClientError ? error.error : messageOf(error))
    return null
  }
}
