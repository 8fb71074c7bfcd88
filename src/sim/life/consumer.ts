// One consumer of a life, by assignment: reads all partitions, sometimes from the beginning again, sometimes as a client
// that crashed and was opened anew. What it polled is in the history.

import { type Assignment, ClientError, type ConsumedRecord, type Consumer } from '../../client/index.ts'
import { isRetriable } from '../../wire/index.ts'
import { valueOf } from './recorder.ts'
import type { ClientWorld, Worker } from './workload.ts'

const POLL_MS = 300

export class ConsumerClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #requestTimeoutMs: number
  #consumer: Consumer
  /** Where to go on, by key; what `assign` is given. */
  readonly #positions: Map<string, Assignment> = new Map()

  constructor(world: ClientWorld, name: string, _index: number) {
    this.#world = world
    this.name = name
    this.#requestTimeoutMs = [1_500, 5_000, 15_000][world.random.below(3)]!
    this.#consumer = this.#open()
    this.#assign(true)
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running, swarm } = this.#world
    const gapMs = (2_000 * swarm.workload.consumers) / swarm.workload.pollsPerSecond
    while (running()) {
      await timers.delay(random.below(Math.ceil(gapMs)))
      const draw = random.below(100)
      if (draw === 0) this.#crash()
      else if (draw === 1) this.#assign(true)
      else if (this.#positions.size < this.#world.topics.keys().length) this.#assign(false)
      await this.#poll()
    }
    this.#consumer.close()
  }

  #open(): Consumer {
    const client = this.#world.connect({ requestTimeoutMs: this.#requestTimeoutMs, clientId: this.name })
    return client.consumer({ fetchMaxWaitMs: 200 })
  }

  #crash(): void {
    this.#world.recorder.crash(this.name)
    this.#consumer = this.#open()
    this.#positions.clear()
    this.#assign(true)
  }

  /** All partitions there are; from where it stood, or from the beginning. */
  #assign(seekToBeginning: boolean): void {
    const { recorder, topics } = this.#world
    const keys = topics.keys()
    for (const { topic, partition, key } of keys) {
      const known = this.#positions.get(key)
      if (known === undefined || seekToBeginning) this.#positions.set(key, { topic, partition, offset: 0 })
    }
    recorder.assign(
      this.name,
      keys.map(({ key }) => key),
      seekToBeginning,
    )
    this.#consumer.assign([...this.#positions.values()])
  }

  async #poll(): Promise<void> {
    const polled = this.#world.recorder.begin(this.name, 'poll', [{ f: 'poll' }])
    try {
      const records = await this.#consumer.poll(POLL_MS)
      this.progress += records.length
      polled('ok', [{ f: 'poll', records: byKey(records) }])
      for (const { topic, partition, offset } of records)
        this.#positions.set(`${topic}-${partition}`, { topic, partition, offset: offset + 1 })
    } catch (error) {
      polled('info', [{ f: 'poll' }], String(error))
      if (!(error instanceof ClientError)) throw error
      if (error.error === 'OFFSET_OUT_OF_RANGE') {
        this.#world.violated('P5', `${this.name} was told ${error.message}, where it had read before`, '')
        this.#assign(true)
      } else if (!isRetriable(error.error)) this.#world.violated('P18', `${this.name} was told ${error.message}`, '')
    }
  }
}

export function byKey(records: readonly ConsumedRecord[]): Record<string, [number, string][]> {
  const found: Record<string, [number, string][]> = {}
  for (const { topic, partition, offset, value } of records) {
    const key = `${topic}-${partition}`
    found[key] ??= []
    found[key].push([offset, valueOf(value!)])
  }
  return found
}
