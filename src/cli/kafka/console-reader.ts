// What kafka-console-consumer reads with: one partition from where it was told, or topics as a member of a group. Prints
// nothing but what became of commits. Invariant: nothing is committed that was given back.

import { messageOf } from '../../base/index.ts'
import {
  type Client,
  ClientError,
  type ConsumedRecord,
  type ConsumerOptions,
  type GroupConsumer,
  type GroupConsumerOptions,
  type TopicPartition,
} from '../../client/index.ts'
import { stamp } from '../../launcher/index.ts'
import { int } from './client-options.ts'
import { topicFilter } from './java.ts'
import type { Options } from './parser.ts'
import type { Surroundings } from './tool.ts'

const GROUPS = 100_000
const COMMIT_MS = 5_000
/** For a commit, and for all that is still to be committed at the end: whoever has typed ^C does not wait longer. */
const COMMIT_LIMIT_MS = 5_000
/** Kafka's default. */
const POLL_RECORDS = 500
/** The next generation begins from what was committed; nothing is lost by it. */
const OVERTAKEN: ReadonlySet<string> = new Set(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])

/** What reads, whether in a group or not. */
export interface Reader {
  /** At most as many as `max.poll.records`. */
  poll(timeoutMs: number, maxRecords: number): Promise<ConsumedRecord[]>
  /** Of the last poll: nobody has seen them. */
  giveBack(records: readonly ConsumedRecord[]): void
  /** Null: not known yet. */
  positions(): readonly (TopicPartition & { readonly offset: number | null })[]
  /** Commits, in bounded time, and leaves. */
  close(): Promise<void>
}

export async function readerOf(
  options: Options,
  properties: ReadonlyMap<string, string>,
  start: 'earliest' | 'latest' | number,
  client: Client,
  { err }: Pick<Surroundings, 'err'>,
): Promise<Reader> {
  const fetching = fetchOptions(properties)
  const most = Math.max(1, int(properties, 'max.poll.records', POLL_RECORDS))
  const partition = options.integer('partition')
  if (partition !== undefined) {
    const topic = options.value('topic')!
    const consumer = client.consumer(fetching)
    consumer.assign([{ topic, partition, offset: start }])
    return {
      poll: (timeoutMs, maxRecords) => consumer.poll(timeoutMs, Math.min(most, maxRecords)),
      giveBack: () => undefined,
      positions: () => [{ topic, partition, offset: consumer.position(topic, partition) }],
      close: async () => consumer.close(),
    }
  }
  const joining = groupOptions(properties)
  const topics = await topicsOf(options, client)
  const named = properties.get('group.id')
  const group = named ?? `console-consumer-${Math.floor(Math.random() * GROUPS)}`
  const consumer = client.groupConsumer({ ...fetching, ...joining, group, topics })
  const commits = (properties.get('enable.auto.commit') ?? String(named !== undefined)) === 'true'
  const committer = commits
    ? new Committer(consumer, group, int(properties, 'auto.commit.interval.ms', COMMIT_MS), err)
    : null
  return {
    poll: (timeoutMs, maxRecords) => {
      committer?.look()
      return consumer.poll(timeoutMs, Math.min(most, maxRecords))
    },
    giveBack: (records) => consumer.giveBack(records),
    positions: () => consumer.assignment.map((at) => ({ ...at, offset: consumer.position(at.topic, at.partition) })),
    close: async () => {
      await committer?.finish()
      await consumer.close()
    },
  }
}

/** `enable.auto.commit`: one commit at a time, so that none can overtake a later one. */
class Committer {
  readonly #consumer: GroupConsumer
  readonly #group: string
  readonly #everyMs: number
  readonly #err: (line: string) => void
  #begun: number = Date.now()
  #running: Promise<void> | null = null

  constructor(consumer: GroupConsumer, group: string, everyMs: number, err: (line: string) => void) {
    this.#consumer = consumer
    this.#group = group
    this.#everyMs = everyMs
    this.#err = err
  }

  /** Before each poll. Reading goes on meanwhile. */
  look(): void {
    if (this.#running !== null || Date.now() - this.#begun < this.#everyMs) return
    this.#begun = Date.now()
    this.#running = this.#consumer
      .commit(COMMIT_LIMIT_MS)
      .catch((error: unknown) => {
        if (!(error instanceof ClientError && OVERTAKEN.has(error.error))) this.#tell(error, 'asked for again soon')
      })
      .finally(() => {
        this.#running = null
      })
  }

  async finish(): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`no answer in ${COMMIT_LIMIT_MS} ms`)), COMMIT_LIMIT_MS)
    await Promise.race([this.#last(), late])
      .catch((error: unknown) => this.#tell(error, 'the group reads again what was printed since its last commit'))
      .finally(() => clearTimeout(timer))
  }

  async #last(): Promise<void> {
    await this.#running
    await this.#consumer.commit(COMMIT_LIMIT_MS)
  }

  #tell(error: unknown, consequence: string): void {
    this.#err(
      `${stamp(new Date())} WARN Auto-commit of offsets of group ${this.#group} failed: ${messageOf(error)}; ${consequence} (org.apache.kafka.tools.consumer.ConsoleConsumer)`,
    )
  }
}

async function topicsOf(options: Options, { admin }: Client): Promise<string[]> {
  const pattern = options.value('include')
  if (pattern === undefined) return [options.value('topic')!]
  const isWanted = topicFilter(pattern)
  return (await admin.listTopics()).map(({ name }) => name).filter((name) => isWanted(name, true))
}

function fetchOptions(properties: ReadonlyMap<string, string>): ConsumerOptions {
  const numbers = {
    fetchMaxWaitMs: 'fetch.max.wait.ms',
    fetchMinBytes: 'fetch.min.bytes',
    fetchMaxBytes: 'fetch.max.bytes',
    partitionMaxBytes: 'max.partition.fetch.bytes',
  }
  const rack = properties.get('client.rack')
  const reset = properties.get('auto.offset.reset')
  if (reset !== 'earliest' && reset !== 'latest' && reset !== 'none') {
    throw new Error(`auto.offset.reset=${reset}: earliest, latest or none is expected`)
  }
  const checkCrcs = properties.get('check.crcs') !== 'false'
  return { ...given(properties, numbers), ...(rack === undefined ? {} : { rack }), checkCrcs, reset }
}

function groupOptions(properties: ReadonlyMap<string, string>): Partial<GroupConsumerOptions> {
  const instanceId = properties.get('group.instance.id')
  const numbers = {
    sessionTimeoutMs: 'session.timeout.ms',
    rebalanceTimeoutMs: 'max.poll.interval.ms',
    heartbeatIntervalMs: 'heartbeat.interval.ms',
  }
  return { ...given(properties, numbers), ...(instanceId === undefined ? {} : { instanceId }) }
}

/** Those numbers that are there, under our names. */
function given<K extends string>(
  properties: ReadonlyMap<string, string>,
  names: Readonly<Record<K, string>>,
): { readonly [name in K]?: number } {
  const entries = Object.entries<string>(names).flatMap(([ours, kafkas]) => {
    const value = properties.get(kafkas)
    if (value === undefined) return []
    if (!/^\d+$/.test(value))
      throw new Error(`Invalid value ${value} for configuration ${kafkas}: Not a number of type INT`)
    return [[ours, Number(value)]]
  })
  return Object.fromEntries(entries)
}
