// What anybody may ask of records, asked of every leader when all is well and nobody writes: offsets by time and by Kafka's
// special timestamps, fetches with little room, sessions whose partitions are let go or whose errors last. Everything has
// just been read from the beginning, so every answer is known (P5, P13). Not what is answered while the cluster suffers:
// that is the watch's, which knows less and so can demand less.

import type { Epoch, NodeId, Offset, Timestamp } from '../../base/index.ts'
import type { Admin, ListedOffset, OffsetSpec } from '../../client/index.ts'
import type { Peer } from '../../rpc/index.ts'
import { apis, batchesOf, errorName, type FetchResponse, type Message } from '../../wire/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { ClientWorld, Key } from './workload.ts'

export interface ReadRecord {
  readonly offset: Offset
  readonly timestamp: Timestamp
  readonly leaderEpoch: Epoch
}

/** What was read, by `topic-0`, in order. */
export type ReadRecords = ReadonlyMap<string, readonly ReadRecord[]>

/** Times asked for of each partition. */
const TIMES = 5
const TIMEOUT_MS = 5_000
/** Asked again where a connection stands and is dead. */
const ANSWERED_WITHIN_MS = 30_000
/** The last version in which a replica is known by its id alone, and topics have names. */
const FETCH_VERSION = 12
const LITTLE = 1_000
const MUCH = 100_000

interface Asked extends Key {
  readonly records: readonly ReadRecord[]
}

type Answered = Message<typeof FetchResponse>

export async function askLastQuestions(cluster: SimCluster, world: ClientWorld, read: ReadRecords): Promise<void> {
  // Retention may let go of the oldest records between two questions.
  const asked = world.topics.keys
    .filter(({ topic }) => !world.topics.fades(topic))
    .map((key) => ({ ...key, records: read.get(key.key) ?? [] }))
  await askForOffsets(cluster, world, asked)
  const rpc = world.rpc('last-questions')
  for (const [id, endpoint] of world.brokers) {
    const led = asked.filter(({ topic, partition }) => cluster.leaderOf(topic, partition) === id)
    const filled = led.filter(({ records }) => records.length > 0)
    if (filled.length > 0) await new Fetcher(world, id, rpc.peer(endpoint)).ask(filled)
  }
  rpc.close()
}

async function askForOffsets(cluster: SimCluster, world: ClientWorld, asked: readonly Asked[]): Promise<void> {
  const { admin } = world.connect({ requestTimeoutMs: TIMEOUT_MS, clientId: 'last-questions' })
  await hold(admin, world, asked, () => 'earliest', startOf(cluster))
  await hold(admin, world, asked, () => 'latest', endOf(cluster))
  await hold(admin, world, asked, () => 'max-timestamp', newest)
  for (let i = 0; i < TIMES; i++) {
    const times = new Map(asked.map(({ key, records }) => [key, timeNear(world, records)]))
    await hold(
      admin,
      world,
      asked,
      ({ key }) => times.get(key)!,
      ({ key, records }) => records.find(({ timestamp }) => timestamp >= times.get(key)!) ?? null,
    )
  }
}

/** A record, or an offset alone; null: there is none. */
type Expected = ReadRecord | Offset | null

async function hold(
  admin: Admin,
  world: ClientWorld,
  asked: readonly Asked[],
  at: (partition: Asked) => OffsetSpec,
  expected: (partition: Asked) => Expected,
): Promise<void> {
  const answers = await admin.listOffsets(
    asked.map((each) => ({ topic: each.topic, partition: each.partition, at: at(each) })),
    { timeoutMs: ANSWERED_WITHIN_MS },
  )
  for (const [i, partition] of asked.entries()) {
    const due = inWords(expected(partition))
    const told = toldInWords(answers[i], due)
    if (told !== due)
      world.violated(
        'P5',
        `${partition.key}: asked for offset ${at(partition)}, its leader says ${told}, and it is ${due}`,
      )
  }
}

function inWords(expected: Expected): string {
  if (expected === null) return 'none'
  if (typeof expected === 'number') return `${expected}`
  return `${expected.offset} of epoch ${expected.leaderEpoch} at ${expected.timestamp}`
}

/** As much of an answer as is expected. */
function toldInWords(answer: ListedOffset | undefined, due: string): string {
  if (answer === undefined || answer.error !== 'NONE') return answer?.error ?? 'nothing'
  if (answer.offset < 0) return 'none'
  return due.includes(' at ') ? inWords(answer) : `${answer.offset}`
}

function startOf(cluster: SimCluster): (partition: Asked) => Expected {
  return ({ topic, partition }) => replicaOf(cluster, topic, partition)?.logStartOffset ?? null
}

function endOf(cluster: SimCluster): (partition: Asked) => Expected {
  return ({ topic, partition }) => replicaOf(cluster, topic, partition)?.highWatermark ?? null
}

function replicaOf(
  cluster: SimCluster,
  topic: string,
  partition: number,
): { readonly logStartOffset: Offset; readonly highWatermark: Offset } | undefined {
  // While leadership goes back to the preferred replica nobody may lead for a moment; all have the same by now.
  const ids = [cluster.leaderOf(topic, partition), ...cluster.ids]
  for (const id of ids) {
    const replica = id === null || !cluster.alive(id) ? undefined : cluster.replica(id, topic, partition)
    if (replica !== undefined) return replica
  }
  return undefined
}

/** The first of those with the largest timestamp. */
function newest({ records }: Asked): Expected {
  let found: ReadRecord | null = null
  for (const record of records) if (found === null || record.timestamp > found.timestamp) found = record
  return found
}

/** That of a record, or one beside it. */
function timeNear({ random }: ClientWorld, records: readonly ReadRecord[]): Timestamp {
  const record = records[random.below(Math.max(1, records.length))]
  return (record?.timestamp ?? 1) + [0, 0, 1, -1][random.below(4)]!
}

/** Fetches from one broker of partitions that it leads and that have records. */
class Fetcher {
  readonly #world: ClientWorld
  readonly #broker: NodeId
  readonly #peer: Peer

  constructor(world: ClientWorld, broker: NodeId, peer: Peer) {
    this.#world = world
    this.#broker = broker
    this.#peer = peer
  }

  async ask(led: readonly Asked[]): Promise<void> {
    await this.#withoutRoom(led[0]!)
    await this.#withLittleRoom(led)
    await this.#inSession(led)
  }

  /** KIP-74: a batch that is larger than all limits comes through, or its reader would wait for ever. */
  async #withoutRoom(asked: Asked): Promise<void> {
    const largest = this.#world.random.below(asked.records.length)
    const { offset } = asked.records[largest]!
    const answer = await this.#fetch([{ ...asked, offset }], { maxBytes: 1, partitionMaxBytes: 1 })
    const [first] = sizesOf(answer)
    if (answer !== null && (first === undefined || first.batches !== 1))
      this.#violated(`answers a fetch of ${asked.key} at ${offset} for one byte with ${first?.batches ?? 0} batches`)
  }

  /** Only the first batch of all may be more than there is room for. */
  async #withLittleRoom(led: readonly Asked[]): Promise<void> {
    const from = led.map((each) => ({ ...each, offset: each.records[0]!.offset }))
    const sizes = sizesOf(await this.#fetch(from, { maxBytes: LITTLE, partitionMaxBytes: MUCH }))
    const bytes = sizes.reduce((sum, each) => sum + each.bytes, 0)
    const batches = sizes.reduce((sum, each) => sum + each.batches, 0)
    if (bytes > LITTLE && batches > 1)
      this.#violated(`answers a fetch for ${LITTLE} bytes with ${bytes} in ${batches} batches`)
  }

  /** KIP-227: what was let go is not answered for, and an error that lasts is told each time. */
  async #inSession(led: readonly Asked[]): Promise<void> {
    const from = led.map((each) => ({ ...each, offset: each.records[0]!.offset }))
    const [kept, ...others] = from
    const size = { maxBytes: MUCH, partitionMaxBytes: 1 }
    const opened = await this.#fetch(from, size, { id: 0, epoch: 0 })
    const id = opened?.sessionId ?? 0
    if (id === 0) return
    const second = await this.#fetch([], size, { id, epoch: 1 }, others)
    for (const { key, error } of sizesOf(second)) {
      if (key !== kept!.key || error !== 'NONE')
        this.#violated(`answers for ${key}, with ${error}, after it was let go`)
    }
    const nowhere = { ...kept!, offset: kept!.records.at(-1)!.offset + 1_000_000 }
    for (const epoch of [2, 3]) {
      const answer = await this.#fetch(epoch === 2 ? [nowhere] : [], size, { id, epoch })
      const errors = sizesOf(answer).map(({ error }) => error)
      if (answer !== null && errors.join() !== 'OFFSET_OUT_OF_RANGE')
        this.#violated(`tells [${errors.join()}] of ${nowhere.key} at ${nowhere.offset}, asked ${epoch - 1} times`)
    }
    await this.#fetch([], size, { id, epoch: -1 })
  }

  /** Null where no answer came. */
  async #fetch(
    asked: readonly (Asked & { readonly offset: Offset })[],
    { maxBytes, partitionMaxBytes }: { readonly maxBytes: number; readonly partitionMaxBytes: number },
    session: { readonly id: number; readonly epoch: number } = { id: 0, epoch: -1 },
    forgotten: readonly Asked[] = [],
  ): Promise<Answered | null> {
    const body = {
      replicaId: -1,
      maxWaitMs: 10,
      minBytes: 1,
      maxBytes,
      sessionId: session.id,
      sessionEpoch: session.epoch,
      topics: asked.map(({ topic, partition, offset }) => ({
        topic,
        partitions: [{ partition, fetchOffset: offset, partitionMaxBytes }],
      })),
      forgottenTopicsData: forgotten.map(({ topic, partition }) => ({ topic, partitions: [partition] })),
    }
    const options = { timeoutMs: TIMEOUT_MS, maxVersion: FETCH_VERSION }
    const result = await this.#peer.send(apis.Fetch, body, options)
    return result.kind === 'ok' && result.body.errorCode === 0 ? result.body : null
  }

  #violated(what: string): void {
    this.#world.violated('P13', `node ${this.#broker} ${what}`)
  }
}

function sizesOf(
  answer: Answered | null,
): { readonly key: string; readonly error: string; readonly bytes: number; readonly batches: number }[] {
  return (answer?.responses ?? []).flatMap(({ topic, partitions }) =>
    partitions.map(({ partitionIndex, errorCode, records }) => ({
      key: `${topic}-${partitionIndex}`,
      error: errorName(errorCode),
      bytes: records?.length ?? 0,
      batches: records === null ? 0 : [...batchesOf(records)].length,
    })),
  )
}
