// One administrator of a life: creates topics of its own, fills, reconfigures, expands and deletes them, and expands the
// common ones, while the cluster suffers. Keeps account of what must be so by the answers it got; `settle` compares.

import { type Admin, type AdminOptions, type Client, ClientError, type Outcome } from '../../client/index.ts'
import { isRetriable } from '../../wire/index.ts'
import { textOf } from './consumer.ts'
import { endsOf } from './ends.ts'
import type { ClientWorld, Worker } from './workload.ts'

/** What is known for certain of a topic. */
interface Account {
  there: boolean
  /** Counts creations: the records of an earlier one must never come back (P19). */
  incarnation: number
  partitions: number
  /** The value of `segment.ms`; null while it may be any. */
  segmentMs: string | null
  /** Offsets acknowledged to this incarnation, by value. */
  readonly acknowledged: Map<string, number>
}

const GAP_MS = 2_500
const TOPICS = 3
/** Expanding a common topic costs everybody; it is done rarely. */
const COMMON_PARTITIONS_MAX = 4
const SETTLES_WITHIN_MS = 60_000
/** What may have been done is not asked for again: see `#certain`. */
const ONCE: AdminOptions = { retries: 0 }

export class AdminClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  #client: Client
  #admin: Admin
  readonly #accounts: Map<string, Account> = new Map()
  readonly #common: Map<string, number> = new Map()
  #named = 0

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.#client = world.connect({ requestTimeoutMs: [5_000, 10_000, 20_000][world.random.below(3)]!, clientId: name })
    this.#admin = this.#client.admin
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      await this.#do(random.below(10)).catch(expectClientError)
    }
  }

  async #do(draw: number): Promise<void> {
    if (draw === 0) return this.#expandCommon()
    if (draw === 1) return this.#describe()
    const [name, account] = this.#account()
    if (!account.there) await this.#certain(name, () => this.#create(name, account))
    else if (draw < 4) await this.#certain(name, () => this.#delete(name, account))
    else if (draw < 6) await this.#certain(name, () => this.#expand(name, account))
    else if (draw < 8) await this.#certain(name, () => this.#reconfigure(name, account))
    else await this.#fill(name, account)
  }

  /** One of a few topics, or a new one. */
  #account(): [string, Account] {
    const accounts = [...this.#accounts]
    if (accounts.length >= TOPICS) return accounts[this.#world.random.below(accounts.length)]!
    const name = `${this.name}-topic${this.#named++}`
    const account: Account = {
      there: false,
      incarnation: 0,
      partitions: 0,
      segmentMs: null,
      acknowledged: new Map(),
    }
    this.#accounts.set(name, account)
    return [name, account]
  }

  /** Of a topic that may or may not have been changed nothing is known any more, not even later: a request may still be
   *  under way. Another one takes its place. */
  async #certain(name: string, change: () => Promise<boolean>): Promise<void> {
    let certain = false
    try {
      certain = await change()
    } finally {
      if (!certain) this.#accounts.delete(name)
    }
  }

  async #describe(): Promise<void> {
    await this.#admin.describeCluster()
    this.progress++
  }

  async #create(name: string, account: Account): Promise<boolean> {
    const { random, swarm } = this.#world
    const partitions = 1 + random.below(2)
    const { brokers, minInsyncReplicas } = swarm
    const most = Math.min(3, brokers)
    // With fewer replicas than must be in sync, one lost disk may be all there is.
    const replicationFactor = minInsyncReplicas + random.below(most - minInsyncReplicas + 1)
    const [outcome] = await this.#admin.createTopics([{ name, partitions, replicationFactor }], ONCE)
    // Fewer brokers are there than it asks for.
    if (outcome?.error === 'INVALID_REPLICATION_FACTOR') {
      this.progress++
      return true
    }
    // A controller that resigned may have done what it answered NOT_CONTROLLER to, in Kafka as well.
    if (!this.#done(outcome, 'TOPIC_ALREADY_EXISTS')) return false
    account.there = true
    account.incarnation++
    account.partitions = partitions
    account.segmentMs = null
    account.acknowledged.clear()
    return true
  }

  async #delete(name: string, account: Account): Promise<boolean> {
    const [outcome] = await this.#admin.deleteTopics([name], ONCE)
    if (!this.#done(outcome)) return false
    account.there = false
    return true
  }

  async #expand(name: string, account: Account): Promise<boolean> {
    const count = account.partitions + 1
    const [outcome] = await this.#admin.createPartitions([{ name, count }], ONCE)
    if (outcome?.error === 'INVALID_REPLICATION_FACTOR') return true
    if (!this.#done(outcome, 'INVALID_PARTITIONS')) return false
    account.partitions = count
    return true
  }

  async #expandCommon(): Promise<void> {
    const { topics } = this.#world
    const topic = 't0'
    const count = topics.partitions(topic) + 1
    if (count > COMMON_PARTITIONS_MAX) return
    const [outcome] = await this.#admin.createPartitions([{ name: topic, count }], ONCE)
    if (outcome?.error !== 'INVALID_REPLICATION_FACTOR' && !this.#done(outcome, 'INVALID_PARTITIONS')) return
    if (outcome?.error !== 'NONE') return
    this.#common.set(topic, count)
    topics.known(topic, count)
  }

  /** Twice: what a broker has forwarded twice must not undo what came after it. */
  async #reconfigure(name: string, account: Account): Promise<boolean> {
    for (let times = 0; times < 2; times++) {
      const value = String(2_000 + this.#world.random.below(20_000))
      const changes = [{ name: 'segment.ms', operation: 'set', value }] as const
      const [outcome] = await this.#admin.incrementalAlterConfigs([{ type: 'topic', name, changes }], ONCE)
      if (!this.#done(outcome)) return false
      account.segmentMs = value
    }
    return true
  }

  /** A few records, each marked with its incarnation. */
  async #fill(name: string, account: Account): Promise<void> {
    const producer = this.#client.producer({ acks: 'all', deliveryTimeoutMs: 10_000, allowAutoTopicCreation: false })
    try {
      for (let i = 0; i < 3; i++) {
        const value = `${account.incarnation}.${account.acknowledged.size}`
        const { offset } = await producer.send({ topic: name, partition: 0, value })
        account.acknowledged.set(value, offset)
        this.progress++
      }
    } finally {
      producer.close()
    }
  }

  /** Counts what was answered with success. Errors that cannot be are violations. */
  #done(outcome: Outcome | undefined, ...expected: readonly string[]): boolean {
    const error = outcome?.error ?? 'UNKNOWN_SERVER_ERROR'
    if (error === 'NONE') {
      this.progress++
      return true
    }
    if (!isRetriable(error) && !expected.includes(error))
      this.#world.violated('P18', `${this.name} was told ${error} (${outcome?.message}) of what it may do`)
    return false
  }

  /** When all is well again: what was answered is so, and nothing of a deleted topic is in its successor. Asked by a
   *  client that was opened anew: a connection of the old one may stand and be dead (half-open), whatever was healed, and
   *  each that is costs a request's time-out. That the old one goes on is a matter of the healing. */
  async settle(): Promise<void> {
    this.#client = this.#world.connect({ requestTimeoutMs: 5_000, clientId: this.name })
    this.#admin = this.#client.admin
    const names = new Set((await this.#admin.listTopics({ timeoutMs: SETTLES_WITHIN_MS })).map(({ name }) => name))
    for (const [name, count] of this.#common) await this.#settlePartitions(name, count)
    for (const [name, account] of this.#accounts) {
      if (names.has(name) !== account.there)
        this.#world.violated('R5', `${name} is ${names.has(name) ? '' : 'not '}there, ${this.name} was told otherwise`)
      if (!account.there || !names.has(name)) continue
      await this.#settlePartitions(name, account.partitions)
      if (account.segmentMs !== null) await this.#settleConfig(name, account.segmentMs)
      await this.#settleRecords(name, account)
    }
  }

  async #settlePartitions(name: string, count: number): Promise<void> {
    const [described] = await this.#admin.describeTopics([name])
    if ((described?.partitions.length ?? 0) < count)
      this.#world.violated('R5', `${name} has ${described?.partitions.length} partitions, ${count} were acknowledged`)
  }

  async #settleConfig(name: string, value: string): Promise<void> {
    const [described] = await this.#admin.describeConfigs([{ type: 'topic', name, keys: ['segment.ms'] }])
    const found = described?.entries.find((entry) => entry.name === 'segment.ms')?.value
    if (found !== value) this.#world.violated('R5', `${name}: segment.ms is ${found}, ${value} was acknowledged`)
  }

  async #settleRecords(name: string, account: Account): Promise<void> {
    const [end] = await endsOf(this.#admin, [{ topic: name, partition: 0 }], SETTLES_WITHIN_MS)
    const consumer = this.#client.consumer({ fetchMaxWaitMs: 100 })
    consumer.assign([{ topic: name, partition: 0, offset: 'earliest' }])
    const found = new Map<string, number>()
    while ((consumer.position(name, 0) ?? -1) < end!)
      for (const record of await consumer.poll(500)) found.set(textOf(record.value!), record.offset)
    consumer.close()
    for (const [value, offset] of account.acknowledged) {
      if (found.get(value) !== offset)
        this.#world.violated('P1', `${name}: ${value}, acknowledged at ${offset}, is at ${found.get(value)}`)
    }
    for (const value of found.keys()) {
      if (!value.startsWith(`${account.incarnation}.`))
        this.#world.violated('P19', `${name}: ${value} was written to a topic that was deleted before`)
    }
  }
}

function expectClientError(error: unknown): void {
  if (!(error instanceof ClientError)) throw error
}
