// What the client knows of the cluster: one connection per broker, and metadata, fetched when something is missing or
// has proved wrong. A leader told in an answer (KIP-951) is taken over only with a higher epoch.

import type { Endpoint, Epoch, NodeId, Timers, Uuid } from '../base/index.ts'
import { ZERO_UUID } from '../base/index.ts'
import type { Peer, Rpc, RpcResult, SendOptions } from '../rpc/index.ts'
import type { Api, ErrorName, FindCoordinatorResponse, Input, MessageSchema, MetadataResponse } from '../wire/index.ts'
import { apis, errorName, isRetriable } from '../wire/index.ts'
import { ClientError } from './errors.ts'
import type { Retry } from './retry.ts'

/** FindCoordinator's key type. */
const GROUP_KEY = 0

export interface KnownPartition {
  leader: NodeId
  leaderEpoch: Epoch
}

interface KnownTopic {
  readonly id: Uuid
  readonly error: ErrorName
  readonly partitions: Map<number, KnownPartition>
}

export class Cluster {
  readonly #rpc: Rpc
  readonly #retry: Retry
  readonly #timers: Timers
  readonly #requestTimeoutMs: number
  readonly #apiTimeoutMs: number
  readonly #bootstrap: readonly Endpoint[]
  readonly #peers = new Map<string, Peer>()
  readonly #brokers = new Map<NodeId, Endpoint>()
  readonly #topics = new Map<string, KnownTopic>()
  /** The highest leader epoch told of each partition, by topic id and index; kept when metadata is dropped. */
  readonly #epochs = new Map<string, Epoch>()
  readonly #refreshes = new Map<string, Promise<ErrorName>>()
  /** Which of the brokers `any` answers; moves on when one has failed. */
  #turn = 0

  constructor(
    rpc: Rpc,
    retry: Retry,
    timers: Timers,
    bootstrap: readonly Endpoint[],
    times: { readonly requestTimeoutMs: number; readonly apiTimeoutMs: number },
  ) {
    this.#rpc = rpc
    this.#retry = retry
    this.#timers = timers
    this.#bootstrap = bootstrap
    this.#requestTimeoutMs = times.requestTimeoutMs
    this.#apiTimeoutMs = times.apiTimeoutMs
  }

  get requestTimeoutMs(): number {
    return this.#requestTimeoutMs
  }

  /** Of a call that may ask several brokers, or one again: a connection that is dead costs it one request's time-out. */
  get apiTimeoutMs(): number {
    return this.#apiTimeoutMs
  }

  get retry(): Retry {
    return this.#retry
  }

  get timers(): Timers {
    return this.#timers
  }

  topicId(topic: string): Uuid {
    return this.#topics.get(topic)?.id ?? ZERO_UUID
  }

  topicById(id: Uuid): string | undefined {
    for (const [name, topic] of this.#topics) if (topic.id === id) return name
    return undefined
  }

  known(topic: string, partition: number): KnownPartition | undefined {
    return this.#topics.get(topic)?.partitions.get(partition)
  }

  /** The connection to a broker, or undefined when its address is unknown. */
  peer(id: NodeId): Peer | undefined {
    const endpoint = this.#brokers.get(id)
    return endpoint && this.#peerAt(endpoint)
  }

  /** The coordinator of a group, as any broker knows it. Rejects with ClientError where none is known in time. */
  async coordinator(group: string, deadline: number): Promise<Endpoint & { readonly id: NodeId }> {
    const request = (version: number): Input<typeof apis.FindCoordinator.request> =>
      version >= 4 ? { keyType: GROUP_KEY, coordinatorKeys: [group] } : { key: group }
    const errorOf = (body: FindCoordinatorResponse): number => body.coordinators[0]?.errorCode ?? body.errorCode
    const { body } = await this.ask(apis.FindCoordinator, request, deadline, errorOf)
    const error = errorName(errorOf(body))
    if (error !== 'NONE') throw new ClientError(error, `coordinator of group ${group}`)
    const { nodeId, host, port } = body.coordinators[0] ?? body
    return { id: nodeId, host, port }
  }

  /** A connection that nobody else sends on. */
  connect(endpoint: Endpoint): Peer {
    return this.#rpc.peer(endpoint)
  }

  /** How many partitions a topic has, fetched when unknown. Rejects with ClientError. */
  async partitionCount(topic: string, autoCreate: boolean, deadline: number): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const known = this.#topics.get(topic)
      if (known !== undefined && known.error === 'NONE' && known.partitions.size > 0) return known.partitions.size
      await this.#refreshOrPause(topic, autoCreate, attempt, deadline)
    }
  }

  /** The leader of a partition and the connection to it. Waits, until the deadline, while there is none. */
  async leader(
    topic: string,
    partition: number,
    autoCreate: boolean,
    deadline: number,
  ): Promise<{ readonly peer: Peer; readonly id: NodeId; readonly epoch: Epoch }> {
    for (let attempt = 0; ; attempt++) {
      const known = this.known(topic, partition)
      const peer = known === undefined ? undefined : this.peer(known.leader)
      if (known !== undefined && peer !== undefined) return { peer, id: known.leader, epoch: known.leaderEpoch }
      await this.#refreshOrPause(topic, autoCreate, attempt, deadline, partition)
    }
  }

  /** Metadata of a topic has proved wrong: the next look-up fetches it. */
  invalidate(topic: string): void {
    this.#topics.delete(topic)
  }

  /** A leader that an answer named. False when it told nothing new. */
  leaderHint(
    topic: string,
    partition: number,
    leader: { readonly leaderId: NodeId; readonly leaderEpoch: Epoch },
    endpoints: readonly { readonly nodeId: NodeId; readonly host: string; readonly port: number }[],
  ): boolean {
    const known = this.known(topic, partition)
    if (known === undefined || leader.leaderId < 0 || leader.leaderEpoch <= known.leaderEpoch) return false
    for (const { nodeId, host, port } of endpoints) this.#brokers.set(nodeId, { host, port })
    known.leader = leader.leaderId
    known.leaderEpoch = leader.leaderEpoch
    this.#epochs.set(`${this.topicId(topic)}:${partition}`, leader.leaderEpoch)
    return true
  }

  /**
   * Asks any broker, another one after each failure, or `node` only, until the deadline. `errorOf` gives the error code
   * that decides about asking again; `retries`, how often to ask again where it may have been done and nobody said so.
   */
  async ask<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    deadline: number,
    errorOf: (body: Extract<RpcResult<Res>, { kind: 'ok' }>['body']) => number = () => 0,
    node: NodeId | null = null,
    retries: number = Number.POSITIVE_INFINITY,
  ): Promise<Extract<RpcResult<Res>, { kind: 'ok' }>> {
    let maybeApplied = false
    let unanswered = 0
    for (let attempt = 0; ; attempt++) {
      const turn = this.#turn
      const target = node === null ? this.#any() : await this.#broker(node, deadline)
      const result = await target.send(api, body, this.#sendOptions(deadline))
      // Of several that have failed on one broker, one moves on: together they might step over all that live.
      const moveOn = (): void => {
        if (this.#turn === turn) this.#turn++
      }
      if (result.kind === 'ok') {
        const error = errorName(errorOf(result.body))
        if (!isRetriable(error) || !(await this.#retry.pause(attempt, deadline))) return result
        moveOn()
        continue
      }
      if (result.reason === 'unsupported-version') {
        throw new ClientError('UNSUPPORTED_VERSION', `the broker has no usable version of ${api.name}`)
      }
      maybeApplied ||= result.sent
      if (result.sent) unanswered++
      moveOn()
      const giveUp = result.reason === 'closed' || unanswered > retries
      if (giveUp || !(await this.#retry.pause(attempt, deadline))) {
        const why = result.error === undefined ? '' : ` (${result.error.message})`
        const error = result.reason === 'timeout' ? 'REQUEST_TIMED_OUT' : 'NETWORK_EXCEPTION'
        throw new ClientError(error, `${api.name}: ${result.reason}${why}`, maybeApplied)
      }
    }
  }

  /** All topics (null) or these, without touching what is cached about others. */
  async metadata(topics: readonly string[] | null, autoCreate: boolean, deadline: number): Promise<MetadataResponse> {
    const request = (version: number): Input<typeof apis.Metadata.request> => ({
      // Version 0 has no null: there an empty list means all topics.
      topics: topics === null ? (version === 0 ? [] : null) : topics.map((name) => ({ name })),
      ...(version >= 4 ? { allowAutoTopicCreation: autoCreate } : {}),
    })
    const { body } = await this.ask(apis.Metadata, request, deadline)
    this.#learn(body)
    return body
  }

  #learn(body: MetadataResponse): void {
    for (const { nodeId, host, port } of body.brokers) this.#brokers.set(nodeId, { host, port })
    for (const topic of body.topics) {
      if (topic.name === null) continue
      const partitions = new Map<number, KnownPartition>()
      for (const p of topic.partitions) {
        const key = `${topic.topicId}:${p.partitionIndex}`
        const seen = this.#epochs.get(key) ?? -1
        // A broker that was cut off may name a leader of the past, perhaps itself, who lacks what its successor has
        // committed (KIP-320). Brokers that tell no epoch or no topic id are believed.
        const comparable = p.leaderEpoch >= 0 && topic.topicId !== ZERO_UUID
        const stale = comparable && p.leaderEpoch < seen
        if (stale) this.#turn++
        else if (comparable) this.#epochs.set(key, p.leaderEpoch)
        partitions.set(p.partitionIndex, {
          leader: stale ? -1 : p.leaderId,
          leaderEpoch: stale ? seen : p.leaderEpoch,
        })
      }
      this.#topics.set(topic.name, { id: topic.topicId, error: errorName(topic.errorCode), partitions })
    }
  }

  async #refreshOrPause(
    topic: string,
    autoCreate: boolean,
    attempt: number,
    deadline: number,
    partition?: number,
  ): Promise<void> {
    // The first attempt fetches at once; later ones found no leader in fresh metadata and wait for one.
    if (attempt > 0 && !(await this.#retry.pause(attempt - 1, deadline))) {
      const known = this.#topics.get(topic)
      if (known?.error === 'NONE' && partition !== undefined && !known.partitions.has(partition)) {
        throw new ClientError('UNKNOWN_TOPIC_OR_PARTITION', `topic ${topic} has no partition ${partition}`)
      }
      const error = known === undefined || known.error === 'NONE' ? 'LEADER_NOT_AVAILABLE' : known.error
      throw new ClientError(error, `topic ${topic}`)
    }
    const error = await this.#refresh(topic, autoCreate, deadline)
    if (error !== 'NONE' && !isRetriable(error)) throw new ClientError(error, `topic ${topic}`)
  }

  /** One refresh of a topic at a time, however many ask. */
  #refresh(topic: string, autoCreate: boolean, deadline: number): Promise<ErrorName> {
    const running = this.#refreshes.get(topic)
    if (running !== undefined) return running
    const refresh = this.metadata([topic], autoCreate, deadline)
      .then(() => this.#topics.get(topic)?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION')
      .finally(() => this.#refreshes.delete(topic))
    this.#refreshes.set(topic, refresh)
    return refresh
  }

  /** A broker by id, whose address may have to be asked for first. */
  async #broker(id: NodeId, deadline: number): Promise<Peer> {
    if (!this.#brokers.has(id)) await this.metadata([], false, deadline)
    const peer = this.peer(id)
    if (peer === undefined) throw new ClientError('BROKER_NOT_AVAILABLE', `no broker ${id} in the cluster's metadata`)
    return peer
  }

  #any(): Peer {
    const known = [...this.#brokers.values(), ...this.#bootstrap]
    return this.#peerAt(known[this.#turn % known.length]!)
  }

  #peerAt(endpoint: Endpoint): Peer {
    const key = `${endpoint.host}:${endpoint.port}`
    let peer = this.#peers.get(key)
    if (peer === undefined) {
      peer = this.#rpc.peer(endpoint)
      this.#peers.set(key, peer)
    }
    return peer
  }

  #sendOptions(deadline: number): SendOptions {
    return { timeoutMs: Math.max(1, Math.min(this.#requestTimeoutMs, deadline - this.#retry.now())) }
  }
}
