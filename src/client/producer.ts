// A small producer. Each partition has a queue and one batch on its way, so order holds without a window of sequences;
// what waits meanwhile becomes the next batch. An idempotent one may have up to five on their way, as Java's: a retry waits
// for all that were sent before it, so it is one at a time and in order, and no new batch leaves, nor is given a sequence,
// while one before it has still to leave: a leader that knows nothing of the producer would take it with the gap.
//
// Idempotence: a batch keeps producer id, epoch and base sequence over its retries. When a batch is given up, or the
// broker refuses its sequence, nobody knows which sequence the log holds: the partition goes on with a new producer id,
// once nothing with the old one is on its way.

import type { CompressionCodec, Instant, Offset } from '../base/index.ts'
import type { RpcFailure } from '../rpc/index.ts'
import type { ErrorName, ProduceResponse } from '../wire/index.ts'
import { apis, buildBatch, compressBatch, errorName, isRetriable, readBatchHeader } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError, LOST_SEQUENCE, MAYBE_APPLIED } from './errors.ts'
import { type Given, type Item, inputOf, rejectAll, rejectItem, sizeOf, type Waiting } from './items.ts'
import { partitionOfKey } from './murmur2.ts'
import { type Identity, newQueue, type Queue, Turn } from './queue.ts'
import type { ClientPorts, Produced, Producer, ProducerOptions, ProducerRecord } from './types.ts'

/** A record that waits to know how many partitions its topic has. */
interface Counting {
  readonly deadline: Instant
  readonly resolve: (count: number) => void
  readonly reject: (error: unknown) => void
}

const NO_IDENTITY: Identity = { producerId: -1, producerEpoch: -1 }
/** Kafka's default max.request.size leaves room for the request around a batch of this size. */
const BATCH_BYTES = 1_000_000
const SEQUENCES = 2 ** 31
/** Brokers know that many batches of a producer again (KAFKA-5494). */
const IN_FLIGHT_MAX = 5

export class SmallProducer implements Producer {
  readonly #cluster: Cluster
  readonly #ports: ClientPorts
  readonly #acks: number
  readonly #idempotent: boolean
  readonly #compression: CompressionCodec | 'none'
  readonly #deliveryTimeoutMs: number
  readonly #retries: number
  readonly #batchBytes: number
  readonly #maxInFlight: number
  readonly #autoCreate: boolean
  readonly #queues = new Map<string, Queue>()
  readonly #sticky = new Map<string, number>()
  readonly #counting = new Map<string, Counting[]>()
  #identity: Identity | null = null
  #initialising: Promise<Identity> | null = null
  #outstanding = 0
  #flushing: (() => void)[] = []
  #closed = false

  constructor(cluster: Cluster, ports: ClientPorts, options: ProducerOptions) {
    this.#cluster = cluster
    this.#ports = ports
    this.#acks = options.acks === undefined || options.acks === 'all' ? -1 : options.acks
    this.#idempotent = options.idempotent ?? this.#acks === -1
    if (this.#idempotent && this.#acks !== -1) {
      throw new ClientError('INVALID_REQUIRED_ACKS', 'an idempotent producer needs acks=all')
    }
    this.#compression = options.compression ?? 'none'
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000
    this.#retries = options.retries ?? Number.POSITIVE_INFINITY
    this.#batchBytes = options.batchBytes ?? BATCH_BYTES
    this.#maxInFlight = options.maxInFlight ?? 1
    if (this.#maxInFlight > 1 && (!this.#idempotent || this.#maxInFlight > IN_FLIGHT_MAX)) {
      throw new ClientError(
        'INVALID_CONFIG',
        `only an idempotent producer keeps order with up to ${IN_FLIGHT_MAX} batches`,
      )
    }
    this.#autoCreate = options.allowAutoTopicCreation ?? true
  }

  async send(record: ProducerRecord): Promise<Produced> {
    const deadline = this.#deadline()
    const input = inputOf(record, this.#ports.clock.wall())
    const { topic } = record
    this.#outstanding++
    try {
      const partition = await this.#partitionFor(record, input.key, deadline)
      const offset = await new Promise<Offset>((resolve, reject) => {
        const waiting: Waiting = {
          record: input,
          size: sizeOf(input),
          deadline,
          settle: (baseOffset, index) => resolve(baseOffset < 0 ? -1 : baseOffset + index),
          reject,
        }
        this.#enqueue(topic, partition, { kind: 'record', waiting })
      })
      return { topic, partition, offset }
    } finally {
      this.#done()
    }
  }

  async sendBatch(topic: string, partition: number, batch: Uint8Array): Promise<Produced> {
    const deadline = this.#deadline()
    this.#outstanding++
    try {
      const offset = await new Promise<Offset>((settle, reject) => {
        this.#enqueue(topic, partition, { kind: 'batch', given: { bytes: batch, deadline, settle, reject } })
      })
      return { topic, partition, offset }
    } finally {
      this.#done()
    }
  }

  flush(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve()
    return new Promise((resolve) => this.#flushing.push(resolve))
  }

  close(): void {
    this.#closed = true
    for (const queue of this.#queues.values()) {
      for (const item of queue.items.splice(0)) {
        rejectItem(item, new ClientError('NETWORK_EXCEPTION', 'the producer is closed'))
      }
    }
  }

  #deadline(): Instant {
    return this.#ports.clock.monotonic() + this.#deliveryTimeoutMs
  }

  #done(): void {
    this.#outstanding--
    if (this.#outstanding === 0) for (const resolve of this.#flushing.splice(0)) resolve()
  }

  /** Waits for metadata even where the partition is given, so that records keep their order however it was chosen. */
  async #partitionFor(record: ProducerRecord, key: Uint8Array | null, deadline: Instant): Promise<number> {
    const { topic } = record
    const count = await this.#partitionCount(topic, deadline)
    if (record.partition !== undefined) return record.partition
    if (key !== null) return partitionOfKey(key, count)
    // Records without a key stay together until their batch has gone (KIP-480).
    let partition = this.#sticky.get(topic)
    if (partition === undefined || partition >= count) {
      partition = this.#ports.random.below(count)
      this.#sticky.set(topic, partition)
    }
    return partition
  }

  /** In one line for each topic, or a record that had to wait would be overtaken by later ones. */
  #partitionCount(topic: string, deadline: Instant): Promise<number> {
    return new Promise((resolve, reject) => {
      const line = this.#counting.get(topic)
      const waiting = { deadline, resolve, reject }
      if (line !== undefined) line.push(waiting)
      else {
        const begun = [waiting]
        this.#counting.set(topic, begun)
        void this.#count(topic, begun)
      }
    })
  }

  /** Never rejects: who runs out of time is told, and the next in the line asks again. */
  async #count(topic: string, line: Counting[]): Promise<void> {
    while (line.length > 0) {
      const { deadline } = line[0]!
      try {
        const count = await this.#cluster.partitionCount(topic, this.#autoCreate, deadline)
        for (const { resolve } of line.splice(0)) resolve(count)
      } catch (error) {
        while (line.length > 0 && (this.#closed || line[0]!.deadline <= deadline)) line.shift()!.reject(error)
      }
    }
    this.#counting.delete(topic)
  }

  #enqueue(topic: string, partition: number, item: Item): void {
    if (this.#closed) {
      rejectItem(item, new ClientError('NETWORK_EXCEPTION', 'the producer is closed'))
      return
    }
    const key = `${partition}:${topic}`
    let queue = this.#queues.get(key)
    if (queue === undefined) {
      queue = newQueue(topic, partition)
      this.#queues.set(key, queue)
    }
    queue.items.push(item)
    if (!queue.running) {
      queue.running = true
      void this.#run(queue)
    }
  }

  /** Sends batch after batch until the queue is empty. Never rejects: failures go to whoever sent the records. */
  async #run(queue: Queue): Promise<void> {
    // One microtask later, so that records sent in one go share a batch.
    await Promise.resolve()
    while (queue.items.length > 0) {
      if (queue.inFlight.size >= this.#maxInFlight || queue.leaving > 0) {
        await new Promise<void>((resolve) => {
          queue.moved = resolve
        })
        continue
      }
      const items = this.#takeBatch(queue)
      const turn = new Turn(queue)
      try {
        const first = items[0]!
        const delivery =
          first.kind === 'batch'
            ? this.#deliverGiven(queue, turn, first.given)
            : (
                await this.#sendRecords(
                  queue,
                  turn,
                  items.map((item) => (item as Extract<Item, { kind: 'record' }>).waiting),
                )
              ).delivered
        const sent: Promise<void> = delivery
          .catch((error: unknown) => rejectAll(items, error))
          .finally(() => {
            queue.inFlight.delete(sent)
            turn.leave()
          })
        queue.inFlight.add(sent)
      } catch (error) {
        rejectAll(items, error)
        turn.leave()
      }
    }
    queue.running = false
  }

  async #deliverGiven(queue: Queue, turn: Turn, given: Given): Promise<void> {
    given.settle(await this.#deliver(queue, turn, given.bytes, given.deadline, [...queue.inFlight]))
  }

  #takeBatch(queue: Queue): Item[] {
    this.#sticky.delete(queue.topic)
    let n = 0
    let size = 0
    for (const item of queue.items) {
      if (n > 0 && (item.kind === 'batch' || size + item.waiting.size > this.#batchBytes)) break
      n++
      if (item.kind === 'batch') break
      size += item.waiting.size
    }
    return queue.items.splice(0, n)
  }

  /** Resolves with the delivery under way, so that batches leave in order. */
  async #sendRecords(
    queue: Queue,
    turn: Turn,
    batch: readonly Waiting[],
  ): Promise<{ readonly delivered: Promise<void> }> {
    const { deadline } = batch[0]!
    const identity = this.#idempotent ? await this.#identified(deadline) : NO_IDENTITY
    if (queue.identity !== identity) {
      // Or what is sent with the new one could overtake what was sent with the old one.
      await Promise.all(queue.inFlight)
      queue.identity = identity
      queue.nextSequence = 0
    }
    const baseSequence = this.#idempotent ? queue.nextSequence : -1
    const next = (baseSequence + batch.length) % SEQUENCES
    if (this.#idempotent) queue.nextSequence = next
    let bytes = buildBatch({ ...identity, baseSequence, records: batch.map((waiting) => waiting.record) })
    if (this.#compression !== 'none') {
      bytes = await compressBatch(bytes, readBatchHeader(bytes, 0)!, this.#compression, this.#ports.offload)
    }
    const delivered = this.#deliver(queue, turn, bytes, deadline, [...queue.inFlight]).then(
      (baseOffset) => {
        for (const [i, waiting] of batch.entries()) waiting.settle(baseOffset, i)
      },
      (error: unknown) => {
        const unsure = !(error instanceof ClientError) || error.maybeApplied || LOST_SEQUENCE.has(error.error)
        const isLast = queue.identity === identity && queue.nextSequence === next
        if (!unsure && isLast) queue.nextSequence = baseSequence
        else if (this.#identity === identity) this.#identity = null
        throw error
      },
    )
    return { delivered }
  }

  /** Sends one batch until it is answered for good; again only when all `earlier` ones have been. Answers its base
   *  offset. Rejects with ClientError. */
  async #deliver(
    queue: Queue,
    turn: Turn,
    batch: Uint8Array,
    deadline: Instant,
    earlier: readonly Promise<void>[],
  ): Promise<Offset> {
    const { topic, partition } = queue
    let maybeApplied = false
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) await Promise.all(earlier)
      const overtakes = earlier.some((sent) => queue.inFlight.has(sent))
      const leader = await this.#leader(queue, deadline, maybeApplied)
      const body = {
        acks: this.#acks,
        timeoutMs: Math.min(this.#cluster.requestTimeoutMs, 0x7fffffff),
        topicData: [
          { name: topic, topicId: this.#cluster.topicId(topic), partitionData: [{ index: partition, records: batch }] },
        ],
      }
      const left = deadline - this.#cluster.retry.now()
      const timeoutMs = Math.max(1, Math.min(this.#cluster.requestTimeoutMs, left))
      const answered =
        this.#acks === 0
          ? leader.peer.post(apis.Produce, body, { timeoutMs }).then(withoutAnswer)
          : leader.peer.send(apis.Produce, body, { timeoutMs })
      if (attempt === 0) turn.leave()
      const result = await answered
      if (result === null) return -1
      let error: ErrorName
      let message: string
      if (result.kind === 'ok') {
        const answer = this.#answerOf(queue, result.body)
        if (answer.error === 'NONE' || answer.error === 'DUPLICATE_SEQUENCE_NUMBER') return answer.baseOffset
        ;({ error, message } = answer)
        maybeApplied ||= MAYBE_APPLIED.has(error)
        if (!answer.hinted) this.#cluster.invalidate(topic)
      } else {
        if (result.reason === 'unsupported-version') throw new ClientError('UNSUPPORTED_VERSION', 'Produce')
        maybeApplied ||= result.sent
        error = result.reason === 'timeout' ? 'REQUEST_TIMED_OUT' : 'NETWORK_EXCEPTION'
        message = `${result.reason}${result.error === undefined ? '' : ` (${result.error.message})`}`
        this.#cluster.invalidate(topic)
      }
      turn.wait()
      const mayFollow = overtakes && error === 'OUT_OF_ORDER_SEQUENCE_NUMBER'
      const giveUp = this.#closed || !(mayFollow || isRetriable(error)) || attempt >= this.#retries
      if (giveUp || !(await this.#cluster.retry.pause(attempt, deadline))) {
        throw new ClientError(error, `${topic}-${partition}: ${message}`, maybeApplied)
      }
    }
  }

  async #leader(queue: Queue, deadline: Instant, maybeApplied: boolean): ReturnType<Cluster['leader']> {
    try {
      return await this.#cluster.leader(queue.topic, queue.partition, this.#autoCreate, deadline)
    } catch (error) {
      if (!maybeApplied || !(error instanceof ClientError)) throw error
      throw new ClientError(error.error, `${queue.topic}-${queue.partition}`, true, { cause: error })
    }
  }

  #answerOf(
    queue: Queue,
    body: ProduceResponse,
  ): { error: ErrorName; message: string; baseOffset: Offset; hinted: boolean } {
    const answer = body.responses[0]?.partitionResponses[0]
    if (answer === undefined) {
      return { error: 'UNKNOWN_SERVER_ERROR', message: 'an empty answer', baseOffset: -1, hinted: false }
    }
    const hinted = this.#cluster.leaderHint(queue.topic, queue.partition, answer.currentLeader, body.nodeEndpoints)
    const message = answer.errorMessage ?? 'refused by the broker'
    return { error: errorName(answer.errorCode), message, baseOffset: answer.baseOffset, hinted }
  }

  #identified(deadline: Instant): Promise<Identity> {
    if (this.#identity !== null) return Promise.resolve(this.#identity)
    this.#initialising ??= this.#initProducerId(deadline).finally(() => {
      this.#initialising = null
    })
    return this.#initialising
  }

  async #initProducerId(deadline: Instant): Promise<Identity> {
    const request = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    const { body } = await this.#cluster.ask(apis.InitProducerId, request, deadline, (answer) => answer.errorCode)
    const error = errorName(body.errorCode)
    if (error !== 'NONE') throw new ClientError(error, 'no producer id')
    this.#identity = { producerId: body.producerId, producerEpoch: body.producerEpoch }
    return this.#identity
  }
}

/** Null where the batch has gone out and nothing will be heard of it. */
function withoutAnswer(posted: { readonly kind: 'ok' } | RpcFailure): RpcFailure | null {
  return posted.kind === 'ok' ? null : posted
}
