// A small consumer of assigned partitions. One fetch at a time per broker, for those of its partitions whose records have
// all been handed out; answers that arrive after an assignment was replaced are dropped. Uses full fetches, no sessions.

import type { Instant, NodeId, Offset } from '../base/index.ts'
import { messageOf } from '../base/index.ts'
import type { Peer } from '../rpc/index.ts'
import type { ErrorName, FetchResponse, Input } from '../wire/index.ts'
import { apis, errorName, isRetriable } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import { recordsFrom } from './fetched.ts'
import { listOffsets } from './offsets.ts'
import type { Assignment, ClientPorts, ConsumedRecord, Consumer, ConsumerOptions } from './types.ts'

interface Assigned {
  readonly topic: string
  readonly partition: number
  /** Where to resolve the position; null once it is known. */
  resolve: 'earliest' | 'latest' | null
  /** The next offset to fetch. */
  position: Offset
  highWatermark: Offset | null
  buffered: ConsumedRecord[]
  /** A fetch, or a search for leader or offset, is under way. */
  busy: boolean
  failures: number
  notBefore: Instant
  /** The follower to read from, as the leader said; null: the leader. */
  follower: { readonly id: NodeId; readonly until: Instant } | null
}

type FetchedPartition = FetchResponse['responses'][number]['partitions'][number]

const MAX_BYTES = 50 * 1024 * 1024
const PARTITION_MAX_BYTES = 1024 * 1024
/** How long a follower is read from before its leader is asked again: Kafka's metadata.max.age.ms. */
const FOLLOWER_MS = 300_000

export class SmallConsumer implements Consumer {
  readonly #cluster: Cluster
  readonly #ports: ClientPorts
  readonly #options: Required<ConsumerOptions>
  #assigned: Assigned[] = []
  /** Turns with every `assign`. */
  #generation = 0
  #error: Error | null = null
  #wake: (() => void) | null = null
  #closed = false

  constructor(cluster: Cluster, ports: ClientPorts, options: ConsumerOptions) {
    this.#cluster = cluster
    this.#ports = ports
    this.#options = {
      fetchMaxWaitMs: options.fetchMaxWaitMs ?? 500,
      fetchMinBytes: options.fetchMinBytes ?? 1,
      fetchMaxBytes: options.fetchMaxBytes ?? MAX_BYTES,
      partitionMaxBytes: options.partitionMaxBytes ?? PARTITION_MAX_BYTES,
      reset: options.reset ?? 'none',
      checkCrcs: options.checkCrcs ?? true,
      decompressedBytesMax: options.decompressedBytesMax ?? 64 * 1024 * 1024,
      rack: options.rack ?? '',
    }
  }

  assign(partitions: readonly Assignment[]): void {
    this.#generation++
    this.#error = null
    this.#assigned = partitions.map(({ topic, partition, offset }) => ({
      topic,
      partition,
      resolve: typeof offset === 'number' ? null : offset,
      position: typeof offset === 'number' ? offset : -1,
      highWatermark: null,
      buffered: [],
      busy: false,
      failures: 0,
      notBefore: Number.NEGATIVE_INFINITY,
      follower: null,
    }))
  }

  async poll(timeoutMs: number, maxRecords: number = Number.POSITIVE_INFINITY): Promise<ConsumedRecord[]> {
    const { retry, timers } = this.#cluster
    const deadline = retry.now() + timeoutMs
    for (;;) {
      if (this.#closed) throw new ClientError('NETWORK_EXCEPTION', 'the consumer is closed')
      if (this.#error !== null) {
        const error = this.#error
        this.#error = null
        throw error
      }
      const records = this.#handOut(maxRecords)
      // Also with records in hand: the next ones are on their way while these are worked on.
      this.#fetchIdle()
      const left = deadline - retry.now()
      if (records.length > 0 || left <= 0) return records
      await new Promise<void>((resolve) => {
        const timer = timers.after(Math.min(left, this.#nextAttemptIn()), resolve)
        this.#wake = () => {
          timer.cancel()
          resolve()
        }
      })
      this.#wake = null
    }
  }

  position(topic: string, partition: number): Offset | null {
    const assigned = this.#find(topic, partition)
    if (assigned === undefined || assigned.resolve !== null) return null
    return assigned.buffered[0]?.offset ?? assigned.position
  }

  highWatermark(topic: string, partition: number): Offset | null {
    return this.#find(topic, partition)?.highWatermark ?? null
  }

  close(): void {
    this.#closed = true
    this.#generation++
    this.#assigned = []
    this.#wake?.()
  }

  #handOut(maxRecords: number): ConsumedRecord[] {
    const records: ConsumedRecord[] = []
    for (const { buffered } of this.#assigned) {
      for (const record of buffered.splice(0, maxRecords - records.length)) records.push(record)
    }
    return records
  }

  #find(topic: string, partition: number): Assigned | undefined {
    return this.#assigned.find((assigned) => assigned.topic === topic && assigned.partition === partition)
  }

  /** Milliseconds until a partition that failed may be tried again. */
  #nextAttemptIn(): number {
    const now = this.#cluster.retry.now()
    const waits = this.#assigned.filter((a) => !a.busy && a.notBefore > now).map((a) => a.notBefore - now)
    return waits.length === 0 ? Number.MAX_SAFE_INTEGER : Math.max(1, Math.min(...waits))
  }

  #fetchIdle(): void {
    const now = this.#cluster.retry.now()
    const byBroker = new Map<NodeId, { peer: Peer; partitions: Assigned[] }>()
    for (const assigned of this.#assigned) {
      if (assigned.busy || assigned.buffered.length > 0 || assigned.notBefore > now) continue
      const known = this.#cluster.known(assigned.topic, assigned.partition)
      const broker = known === undefined ? -1 : this.#readsFrom(assigned, known.leader, now)
      const peer = this.#cluster.peer(broker)
      if (assigned.resolve !== null || known === undefined || peer === undefined) {
        this.#start([assigned], () => this.#locate(assigned))
        continue
      }
      const group = byBroker.get(broker) ?? { peer, partitions: [] }
      group.partitions.push(assigned)
      byBroker.set(broker, group)
    }
    for (const { peer, partitions } of byBroker.values()) this.#start(partitions, () => this.#fetch(peer, partitions))
  }

  #readsFrom(assigned: Assigned, leader: NodeId, now: Instant): NodeId {
    const { follower } = assigned
    if (follower !== null && follower.until > now && this.#cluster.peer(follower.id) !== undefined) return follower.id
    assigned.follower = null
    return leader
  }

  /** Runs work on partitions that are busy meanwhile; what it throws is told by the next `poll`. */
  #start(partitions: readonly Assigned[], work: () => Promise<void>): void {
    const generation = this.#generation
    for (const assigned of partitions) assigned.busy = true
    void work()
      .catch((error: unknown) => {
        if (generation !== this.#generation) return
        this.#error = error instanceof Error ? error : new Error(messageOf(error))
      })
      .finally(() => {
        for (const assigned of partitions) assigned.busy = false
        this.#wake?.()
      })
  }

  /** Finds the leader, and the offset where that is still open. */
  async #locate(assigned: Assigned): Promise<void> {
    const generation = this.#generation
    const { topic, partition, resolve } = assigned
    const deadline = this.#cluster.retry.now() + this.#cluster.apiTimeoutMs
    await this.#cluster.leader(topic, partition, false, deadline)
    if (resolve === null || generation !== this.#generation) return
    const [found] = await listOffsets(this.#cluster, [{ topic, partition, at: resolve }], deadline)
    if (generation !== this.#generation) return
    if (found === undefined || found.error !== 'NONE') {
      throw new ClientError(found?.error ?? 'UNKNOWN_SERVER_ERROR', `${resolve} offset of ${topic}-${partition}`)
    }
    assigned.position = found.offset
    assigned.resolve = null
  }

  async #fetch(peer: Peer, partitions: readonly Assigned[]): Promise<void> {
    const generation = this.#generation
    const asked = new Map(partitions.map((assigned) => [assigned, assigned.position]))
    const { fetchMaxWaitMs } = this.#options
    const result = await peer.send(apis.Fetch, this.#request(partitions), {
      timeoutMs: fetchMaxWaitMs + this.#cluster.requestTimeoutMs,
    })
    if (generation !== this.#generation) return
    if (result.kind === 'failed') {
      if (result.reason === 'unsupported-version') throw new ClientError('UNSUPPORTED_VERSION', 'Fetch')
      for (const assigned of partitions) this.#failed(assigned, true)
      return
    }
    const error = errorName(result.body.errorCode)
    if (error !== 'NONE') {
      if (!isRetriable(error)) throw new ClientError(error, 'Fetch')
      for (const assigned of partitions) this.#failed(assigned, true)
      return
    }
    for (const [assigned, from] of asked) {
      const answer = answerOf(result.body, result.version, this.#cluster.topicId(assigned.topic), assigned)
      if (answer !== undefined) await this.#take(assigned, from, answer, result.body, generation)
      if (generation !== this.#generation) return
    }
  }

  #request(partitions: readonly Assigned[]): Input<typeof apis.Fetch.request> {
    return {
      maxWaitMs: this.#options.fetchMaxWaitMs,
      minBytes: this.#options.fetchMinBytes,
      maxBytes: this.#options.fetchMaxBytes,
      sessionEpoch: -1,
      rackId: this.#options.rack,
      topics: partitions.map(({ topic, partition, position }) => ({
        topic,
        topicId: this.#cluster.topicId(topic),
        partitions: [
          {
            partition,
            fetchOffset: position,
            currentLeaderEpoch: this.#cluster.known(topic, partition)?.leaderEpoch ?? -1,
            partitionMaxBytes: this.#options.partitionMaxBytes,
          },
        ],
      })),
    }
  }

  async #take(
    assigned: Assigned,
    from: Offset,
    answer: FetchedPartition,
    body: FetchResponse,
    generation: number,
  ): Promise<void> {
    const error = errorName(answer.errorCode)
    if (error !== 'NONE') {
      this.#refused(assigned, error, answer, body)
      return
    }
    assigned.failures = 0
    assigned.highWatermark = answer.highWatermark
    if (answer.preferredReadReplica >= 0) {
      assigned.follower = { id: answer.preferredReadReplica, until: this.#cluster.retry.now() + FOLLOWER_MS }
      return
    }
    if (answer.records === null || answer.records.length === 0) return
    const fetched = await recordsFrom(answer.records, assigned, from, this.#ports.offload, this.#options)
    // Between the answer and its records being open, the assignment may have been replaced.
    if (generation !== this.#generation) return
    assigned.buffered = fetched.records
    assigned.position = fetched.nextOffset
  }

  #refused(assigned: Assigned, error: ErrorName, answer: FetchedPartition, body: FetchResponse): void {
    const { topic, partition } = assigned
    const { follower } = assigned
    assigned.follower = null
    if (error === 'OFFSET_OUT_OF_RANGE') {
      // A follower may be behind, or have begun later than its leader: the leader has the last word.
      if (follower !== null) {
        this.#failed(assigned, false)
        return
      }
      if (this.#options.reset === 'none') throw new ClientError(error, `${topic}-${partition} at ${assigned.position}`)
      assigned.resolve = this.#options.reset
      return
    }
    const hinted = this.#cluster.leaderHint(topic, partition, answer.currentLeader, body.nodeEndpoints)
    // A fenced or unknown epoch says that our metadata, or the leader's, is behind.
    const stale = error === 'FENCED_LEADER_EPOCH' || error === 'UNKNOWN_LEADER_EPOCH'
    // Bytes that are wrong on the leader's disk stay so: that is for the user to hear, as where their CRC is.
    const passing = (isRetriable(error) && error !== 'CORRUPT_MESSAGE') || stale
    if (!passing) throw new ClientError(error, `${topic}-${partition}`)
    this.#failed(assigned, !hinted)
  }

  #failed(assigned: Assigned, stale: boolean): void {
    assigned.follower = null
    if (stale) this.#cluster.invalidate(assigned.topic)
    assigned.notBefore = this.#cluster.retry.now() + this.#cluster.retry.delay(assigned.failures++)
  }
}

function answerOf(
  body: FetchResponse,
  version: number,
  topicId: string,
  at: { readonly topic: string; readonly partition: number },
): FetchedPartition | undefined {
  for (const topic of body.responses) {
    if (version >= 13 ? topic.topicId !== topicId : topic.topic !== at.topic) continue
    const found = topic.partitions.find((p) => p.partitionIndex === at.partition)
    if (found !== undefined) return found
  }
  return undefined
}
