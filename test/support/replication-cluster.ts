// Several replication drivers in one simulated world, on real logs, with a controller of a few lines and connections that
// are calls with a delay: what the driver does can be watched without a quorum or a broker in between. A fetch goes
// through the same session rules as a broker's.

import {
  emptyImage,
  localChanges,
  type MetadataImage,
  type PartitionImage,
  type TopicImage,
} from '../../cluster/metadata/index.ts'
import {
  createReplicationDriver,
  type DirectoryPlacement,
  type IsrProposal,
  type IsrVerdict,
  type PartitionReadResult,
  type ReplicationDriver,
  type ReplicaWatcher,
  type TopicPartition,
} from '../../replication/driver/index.ts'
import type { Endpoint, Logger, Ports, Uuid } from '../../src/base/index.ts'
import { Timers, UNASSIGNED_DIR, ZERO_UUID } from '../../src/base/index.ts'
import {
  type CleanerSettings,
  formatDirectory,
  LogCleaner,
  type LogConfig,
  type LogDirectory,
  openLogDirectory,
} from '../../src/log/index.ts'
import type { Peer, Rpc } from '../../src/rpc/index.ts'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import {
  apis,
  errorCode,
  type FetchRequest,
  type FetchResponse,
  type ListOffsetsRequest,
} from '../../src/wire/index.ts'
import { logConfig } from './logs.ts'

export interface ModelBroker {
  readonly id: number
  readonly name: string
  ports: Ports
  timers: Timers
  driver: ReplicationDriver
  directories: LogDirectory[]
  incarnationId: Uuid
  image: MetadataImage
  alive: boolean
  readonly placements: DirectoryPlacement[]
  readonly failures: Uuid[]
  readonly warnings: string[]
}

interface LeaderSession {
  epoch: number
  readonly partitions: Map<string, FetchRequest['topics'][number]['partitions'][number] & { topicId: Uuid }>
}

export interface ReplicationClusterOptions {
  readonly seed?: number
  readonly brokers?: number
  readonly directories?: number
  readonly minInsync?: number
  readonly lagMs?: number
  readonly log?: Partial<LogConfig>
  /** Bytes a second of a replica that moves to another directory. Default: no throttle. */
  readonly moveRate?: () => number
  /** Absent: nothing is compacted. */
  readonly cleaner?: CleanerSettings
  /** Of each life of a broker. */
  readonly watcher?: (broker: ModelBroker) => ReplicaWatcher
}

export class ReplicationCluster {
  readonly sim: Simulation
  readonly brokers: ModelBroker[] = []
  image: MetadataImage = emptyImage
  /** Directed pairs `from>to` that lose everything. */
  readonly cut: Set<string> = new Set()
  /** Directed pairs `from>to` whose answers take so many milliseconds. */
  readonly delays: Map<string, number> = new Map()
  /** Log directories, as `/data0`, that a broker does not find when it boots. */
  readonly missing: Set<string> = new Set()
  /** As `missing`, and it knows that their disks have failed. */
  readonly unusable: Set<string> = new Set()
  /** May change what a leader answers to a fetch. */
  tamper: ((answer: FetchedPartition, from: number, to: number) => void) | null = null
  /** True: the controller answers nobody. */
  controllerAway: boolean = false
  readonly proposals: IsrProposal[] = []
  readonly fetches: { readonly from: number; readonly to: number; readonly request: FetchRequest }[] = []
  readonly fatal: Error[] = []
  minInsync: number
  uncleanElection: boolean = false
  log: LogConfig
  readonly #options: ReplicationClusterOptions
  readonly #sessions = new Map<string, LeaderSession>()
  #nextSession = 1
  #offset = 1

  constructor(options: ReplicationClusterOptions = {}) {
    this.#options = options
    this.sim = createSimulation({ seed: options.seed ?? 1 })
    this.minInsync = options.minInsync ?? 1
    this.log = logConfig({ messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER, ...options.log })
  }

  async start(): Promise<void> {
    for (let id = 1; id <= (this.#options.brokers ?? 3); id++) {
      const ports = this.sim.addNode(`b${id}`)
      for (const path of this.#paths())
        await this.sim.wait(
          formatDirectory(ports.disk, path, {
            version: 1,
            clusterId: ZERO_UUID,
            nodeId: id,
            directoryId: ports.random.uuid(),
          }),
        )
      await this.sim.wait(ports.disk.syncDirectory('/'))
      const broker = {
        id,
        name: `b${id}`,
        alive: false,
        placements: [],
        failures: [],
        warnings: [],
      } as unknown as ModelBroker
      this.brokers.push(broker)
      await this.boot(broker)
    }
    await this.sim.sleep(50)
  }

  broker(id: number): ModelBroker {
    return this.brokers[id - 1]!
  }

  /** Opens what the disk holds, registers, and publishes. */
  async boot(broker: ModelBroker): Promise<void> {
    broker.ports = this.sim.ports(broker.name)
    broker.timers = new Timers(broker.ports.clock)
    broker.incarnationId = broker.ports.random.uuid()
    broker.image = emptyImage
    const ports = { ...broker.ports, logger: this.#logger(broker) }
    const settings = this.#options.cleaner
    const cleaner = settings === undefined ? {} : { cleaner: new LogCleaner(ports, settings) }
    broker.directories = []
    for (const path of this.#paths().filter((each) => !this.missing.has(each) && !this.unusable.has(each)))
      broker.directories.push(
        await this.sim.wait(openLogDirectory(ports, path, { configOf: () => this.log, ...cleaner })),
      )
    broker.driver = createReplicationDriver({
      ports: broker.ports,
      rpc: this.#rpc(broker),
      logger: this.#logger(broker),
      nodeId: broker.id,
      incarnationId: broker.incarnationId,
      image: emptyImage,
      directories: broker.directories,
      unusable: [...this.unusable],
      alterPartition: (proposals) => this.#alter(broker, proposals),
      watchers: this.#options.watcher === undefined ? [] : [this.#options.watcher(broker)],
      throttling: {
        rates: () => ({ leader: Number.POSITIVE_INFINITY, follower: Number.POSITIVE_INFINITY }),
        moveRate: this.#options.moveRate ?? ((): number => Number.POSITIVE_INFINITY),
        windowMs: 1000,
        memoryMs: 11_000,
      },
      configFor: () => ({
        log: this.log,
        minInsyncReplicas: this.minInsync,
        uncleanLeaderElection: this.uncleanElection,
      }),
      interBrokerListener: 'INTERNAL',
      replicaLagTimeMaxMs: this.#options.lagMs ?? 30_000,
      fetchWaitMaxMs: 500,
      fetchMinBytes: 1,
      fetchMaxBytes: 10 * 1024 * 1024,
      fetchPartitionMaxBytes: 1024 * 1024,
      fetchBackoffMs: 1000,
      fetchTimeoutMs: 30_000,
      onDirectoryAssigned: (placement) => broker.placements.push(placement),
      onDirectoryFailed: (directoryId) => broker.failures.push(directoryId),
      onFatal: (error) => this.fatal.push(error),
    })
    broker.alive = true
    const brokers = new Map(this.image.brokers)
    brokers.set(broker.id, {
      id: broker.id,
      epoch: this.#offset++,
      incarnationId: broker.incarnationId,
      listeners: [{ name: 'INTERNAL', host: broker.name, port: 9092, securityProtocol: 0 }],
      features: new Map(),
      rack: null,
      fenced: false,
      inControlledShutdown: false,
      isMigratingZkBroker: false,
      directories: broker.directories.map((directory) => directory.meta.directoryId),
      cordonedDirectories: null,
    })
    this.publish({ ...this.image, brokers })
  }

  kill(id: number): void {
    const broker = this.broker(id)
    broker.alive = false
    this.sim.kill(broker.name)
  }

  async restart(id: number): Promise<void> {
    this.sim.restart(this.broker(id).name)
    await this.boot(this.broker(id))
  }

  // Metadata.

  createTopic(name: string, replicas: readonly number[], partitions: number = 1): Uuid {
    const id = this.sim.random.uuid()
    const map = new Map<number, PartitionImage>()
    for (let index = 0; index < partitions; index++) {
      const at = index % replicas.length
      const rotated = [...replicas.slice(at), ...replicas.slice(0, at)]
      map.set(index, {
        replicas: rotated,
        directories: rotated.map(() => UNASSIGNED_DIR),
        isr: rotated,
        elr: [],
        lastKnownElr: [],
        removingReplicas: [],
        addingReplicas: [],
        leader: rotated[0]!,
        leaderRecoveryState: 'RECOVERED',
        leaderEpoch: 0,
        partitionEpoch: 0,
      })
    }
    this.#publishTopics((topics) => topics.set(id, { id, name, partitions: map }))
    return id
  }

  deleteTopic(id: Uuid): void {
    this.#publishTopics((topics) => topics.delete(id))
  }

  partition(id: Uuid, index: number = 0): PartitionImage {
    return this.image.topics.get(id)!.partitions.get(index)!
  }

  /** A change of one partition's registration; the epochs follow by themselves. */
  change(id: Uuid, index: number, fields: Partial<PartitionImage>): void {
    const before = this.partition(id, index)
    const newLeader = fields.leader !== undefined && fields.leader !== before.leader
    const after: PartitionImage = {
      ...before,
      leaderEpoch: before.leaderEpoch + (newLeader ? 1 : 0),
      partitionEpoch: before.partitionEpoch + 1,
      ...fields,
    }
    this.#publishTopics((topics) => {
      const topic = topics.get(id)!
      topics.set(id, { ...topic, partitions: new Map(topic.partitions).set(index, after) })
    })
  }

  setFenced(id: number, fenced: boolean): void {
    const brokers = new Map(this.image.brokers)
    brokers.set(id, { ...brokers.get(id)!, fenced })
    this.publish({ ...this.image, brokers })
  }

  publish(image: MetadataImage): void {
    this.image = { ...image, offset: this.#offset++ }
    for (const broker of this.brokers) this.deliver(broker)
  }

  /** Brokers whose images are held back; `deliver` brings them up to date when released. */
  readonly held: Set<number> = new Set()

  deliver(broker: ModelBroker): void {
    if (!broker.alive || this.held.has(broker.id)) return
    const changes = localChanges(broker.image, this.image, broker.id)
    broker.image = this.image
    broker.driver.apply(this.image, changes)
  }

  #publishTopics(change: (topics: Map<Uuid, TopicImage>) => void): void {
    const topics = new Map(this.image.topics)
    change(topics)
    this.publish({
      ...this.image,
      topics,
      topicIds: new Map([...topics.values()].map((topic) => [topic.name, topic.id])),
    })
  }

  async #alter(from: ModelBroker, proposals: readonly IsrProposal[]): Promise<readonly IsrVerdict[]> {
    await from.timers.delay(5)
    if (this.controllerAway) return proposals.map(() => ({ kind: 'retry' }))
    return proposals.map((proposal) => {
      this.proposals.push(proposal)
      const { topicId, partition: index } = proposal.at
      const partition = this.image.topics.get(topicId)?.partitions.get(index)
      if (partition === undefined) return { kind: 'refused', error: 'UNKNOWN_TOPIC_ID' }
      if (partition.leaderEpoch !== proposal.leaderEpoch) return { kind: 'refused', error: 'FENCED_LEADER_EPOCH' }
      if (partition.partitionEpoch !== proposal.partitionEpoch)
        return { kind: 'refused', error: 'INVALID_UPDATE_VERSION' }
      for (const member of proposal.newIsr) {
        const broker = this.image.brokers.get(member.id)
        if (broker === undefined || broker.fenced || (member.brokerEpoch >= 0 && member.brokerEpoch !== broker.epoch))
          return { kind: 'refused', error: 'INELIGIBLE_REPLICA' }
      }
      const isr = proposal.newIsr.map((member) => member.id)
      this.change(topicId, index, { isr })
      const { leader, leaderEpoch, partitionEpoch } = this.partition(topicId, index)
      return { kind: 'committed', leaderId: leader, leaderEpoch, isr, partitionEpoch, leaderRecoveryState: 0 }
    })
  }

  // Connections.

  #rpc(from: ModelBroker): Rpc {
    return { peer: (endpoint) => this.#peer(from, endpoint), close: () => {} }
  }

  #peer(from: ModelBroker, endpoint: Endpoint): Peer {
    const cluster = this
    let closed = false
    const timers = from.timers
    return {
      endpoint,
      connected: true,
      retryAt: 0,
      close: () => {
        closed = true
      },
      // biome-ignore lint/suspicious/noExplicitAny: one body for every API
      async send(api: any, body: any, options: { timeoutMs: number }): Promise<any> {
        const to = cluster.brokers.find((broker) => broker.name === endpoint.host)!
        await timers.delay(1)
        if (closed) return { kind: 'failed', reason: 'closed', sent: true }
        if (!to.alive) return { kind: 'failed', reason: 'disconnected', sent: false }
        const request = typeof body === 'function' ? body(18) : body
        const answer = cluster.cut.has(`${from.id}>${to.id}`)
          ? null
          : await cluster.#serve(from, to, api, request, timers)
        if (answer === null || cluster.cut.has(`${to.id}>${from.id}`)) {
          await timers.delay(options.timeoutMs)
          return { kind: 'failed', reason: 'timeout', sent: true }
        }
        await timers.delay(cluster.delays.get(`${to.id}>${from.id}`) ?? 1)
        return closed || !to.alive
          ? { kind: 'failed', reason: 'disconnected', sent: true }
          : { kind: 'ok', version: 18, body: answer }
      },
    } as unknown as Peer
  }

  /** Null when the other side died over it. */
  async #serve(
    from: ModelBroker,
    to: ModelBroker,
    api: { key: number },
    request: unknown,
    timers: Timers,
  ): Promise<unknown> {
    const died = { gone: false }
    const death = new Promise<null>((resolve) => {
      const watch = (): void => {
        if (!to.alive || died.gone) resolve(null)
        else timers.after(20, watch)
      }
      watch()
    })
    const answer =
      api.key === apis.Fetch.key
        ? this.#fetch(from, to, request as FetchRequest)
        : this.#listOffsets(from, to, request as ListOffsetsRequest)
    const first = await Promise.race([answer, death])
    died.gone = true
    return first
  }

  async #listOffsets(from: ModelBroker, to: ModelBroker, request: ListOffsetsRequest): Promise<unknown> {
    const { name, partitions } = request.topics[0]!
    const asked = partitions[0]!
    const at = { topic: name, topicId: ZERO_UUID, partition: asked.partitionIndex }
    const brokerEpoch = this.image.brokers.get(from.id)!.epoch
    const reader = { kind: 'replica', id: from.id, brokerEpoch } as const
    const listed = await to.driver.listOffset(at, asked.timestamp, asked.currentLeaderEpoch, reader)
    return {
      topics: [
        {
          name,
          partitions: [
            { partitionIndex: asked.partitionIndex, errorCode: errorCode(listed.error), offset: listed.offset },
          ],
        },
      ],
    }
  }

  async #fetch(from: ModelBroker, to: ModelBroker, request: FetchRequest): Promise<unknown> {
    this.fetches.push({ from: from.id, to: to.id, request })
    const session = this.#session(from, to, request)
    if (typeof session === 'string') return { errorCode: errorCode(session), sessionId: 0, responses: [] }
    const partitions = [...session.value.partitions.values()]
    const results = await to.driver.read({
      reader: { kind: 'replica', id: from.id, brokerEpoch: request.replicaState.replicaEpoch },
      minBytes: request.minBytes,
      maxBytes: request.maxBytes,
      deadline: to.ports.clock.monotonic() + request.maxWaitMs,
      partitions: partitions.map((partition) => ({
        at: { topic: '', topicId: partition.topicId, partition: partition.partition },
        fetchOffset: partition.fetchOffset,
        maxBytes: partition.partitionMaxBytes,
        currentLeaderEpoch: partition.currentLeaderEpoch,
        lastFetchedEpoch: partition.lastFetchedEpoch,
        logStartOffset: partition.logStartOffset,
        knownHighWatermark: -1,
      })),
    }).result
    const responses = results.map(responseOf)
    for (const { partitions } of responses) this.tamper?.(partitions[0]!, to.id, from.id)
    return { errorCode: 0, sessionId: session.id, responses } as unknown as FetchResponse
  }

  #session(
    from: ModelBroker,
    to: ModelBroker,
    request: FetchRequest,
  ):
    | { readonly id: number; readonly value: LeaderSession }
    | 'FETCH_SESSION_ID_NOT_FOUND'
    | 'INVALID_FETCH_SESSION_EPOCH' {
    const key = (id: number): string => `${to.incarnationId}:${from.id}:${id}`
    let id = request.sessionId
    let session = this.#sessions.get(key(id))
    if (request.sessionEpoch === 0) {
      this.#sessions.delete(key(id))
      id = this.#nextSession++
      session = { epoch: 0, partitions: new Map() }
      this.#sessions.set(key(id), session)
    } else if (session === undefined) return 'FETCH_SESSION_ID_NOT_FOUND'
    else if (session.epoch !== request.sessionEpoch) return 'INVALID_FETCH_SESSION_EPOCH'
    session.epoch++
    for (const { topicId, partitions } of request.forgottenTopicsData)
      for (const partition of partitions) session.partitions.delete(`${topicId}:${partition}`)
    for (const { topicId, partitions } of request.topics)
      for (const partition of partitions)
        session.partitions.set(`${topicId}:${partition.partition}`, { ...partition, topicId })
    return { id, value: session }
  }

  #paths(): string[] {
    return Array.from({ length: this.#options.directories ?? 1 }, (_, i) => `/data${i}`)
  }

  #logger(broker: ModelBroker): Logger {
    const note = (fields: object, message: string): void => {
      broker.warnings.push(`${message} ${JSON.stringify(fields)}`)
    }
    const logger: Logger = { debug: () => {}, info: () => {}, warn: note, error: note, child: () => logger }
    return logger
  }

  close(): void {
    this.sim.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** One partition of a fetch's answer. */
export interface FetchedPartition {
  readonly partitionIndex: number
  readonly errorCode: number
  readonly highWatermark: number
  readonly lastStableOffset: number
  readonly logStartOffset: number
  readonly divergingEpoch: { readonly epoch: number; readonly endOffset: number }
  records: Uint8Array
}

function responseOf(result: PartitionReadResult): { readonly topicId: Uuid; readonly partitions: FetchedPartition[] } {
  const bytes = new Uint8Array(result.bytes)
  let end = 0
  for (const chunk of result.chunks) {
    bytes.set(chunk, end)
    end += chunk.length
  }
  return {
    topicId: result.at.topicId,
    partitions: [
      {
        partitionIndex: result.at.partition,
        errorCode: errorCode(result.error),
        highWatermark: result.highWatermark,
        lastStableOffset: result.lastStableOffset,
        logStartOffset: result.logStartOffset,
        divergingEpoch: result.diverging ?? { epoch: -1, endOffset: -1 },
        records: bytes,
      },
    ],
  }
}

export function at(topicId: Uuid, partition: number = 0, topic: string = 't'): TopicPartition {
  return { topic, topicId, partition }
}
