// The request side of one node with everything behind it faked: an image that a test builds, replicas that hold bytes in
// memory, a controller and a quorum that answer as told. What a handler asked for is kept for the test to look at.

import type { ClusterDriver, RequestContext } from '../../cluster/driver/index.ts'
import {
  type BrokerImage,
  emptyImage,
  type FeatureRange,
  type MetadataImage,
  type PartitionImage,
  supportedFeatures,
  type TopicImage,
} from '../../cluster/metadata/index.ts'
import type { RaftDriver } from '../../raft/driver/index.ts'
import type {
  ActiveProducer,
  AppendRequest,
  AppendResult,
  DirectoryDescription,
  DirectoryMove,
  PartitionRead,
  PartitionReadResult,
  ReadRequest,
  ReplicationDriver,
  ReplicationError,
  TopicPartition,
} from '../../replication/driver/index.ts'
import type { Clock, Logger, Network, Random, Uuid } from '../../src/base/index.ts'
import { Bug, SeededRandom } from '../../src/base/index.ts'
import { type Broker, createBroker, type Limits } from '../../src/broker/index.ts'
import { type NodeConfig, parseNodeConfig } from '../../src/config/index.ts'
import type { Api, Input, Message, MessageSchema } from '../../src/wire/index.ts'
import { FakeGroups } from './fake-groups.ts'

export const TOPIC_ID: Uuid = 'dG9waWMtb25lLWlkLTEyMw'

export function configured(properties: Record<string, string> = {}): NodeConfig {
  const given = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': 'localhost:9093',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT',
    listeners: 'CLIENT://127.0.0.1:0,INTERNAL://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
    'inter.broker.listener.name': 'INTERNAL',
    'log.dirs': '/data',
    ...properties,
  }
  return parseNodeConfig(new Map(Object.entries(given)))
}

export function imageOf(topics: Record<string, { id: Uuid; partitions: Partial<PartitionImage>[] }>): MetadataImage {
  const brokers: BrokerImage[] = [1, 2, 3].map((id) => ({
    id,
    epoch: 10 + id,
    incarnationId: TOPIC_ID,
    listeners: ['CLIENT', 'INTERNAL'].map((name, i) => ({
      name,
      host: `${name.toLowerCase()}-${id}`,
      port: 9000 + 100 * i + id,
      securityProtocol: 0,
    })),
    features: new Map<string, FeatureRange>(),
    rack: `rack-${id}`,
    fenced: false,
    inControlledShutdown: false,
    isMigratingZkBroker: false,
    directories: [],
    cordonedDirectories: [],
  }))
  const images: TopicImage[] = Object.entries(topics).map(([name, { id, partitions }]) => ({
    id,
    name,
    partitions: new Map(partitions.map((partition, index) => [index, { ...PARTITION, ...partition }])),
  }))
  return {
    ...emptyImage,
    offset: 100,
    epoch: 3,
    features: new Map([
      ['metadata.version', 30],
      ['kraft.version', 1],
    ]),
    brokers: new Map(brokers.map((broker) => [broker.id, broker])),
    topics: new Map(images.map((topic) => [topic.id, topic])),
    topicIds: new Map(images.map((topic) => [topic.name, topic.id])),
  }
}

const PARTITION: PartitionImage = {
  replicas: [1, 2, 3],
  directories: [],
  isr: [1, 2, 3],
  elr: [],
  lastKnownElr: [],
  removingReplicas: [],
  addingReplicas: [],
  leader: 1,
  leaderRecoveryState: 'RECOVERED',
  leaderEpoch: 5,
  partitionEpoch: 7,
}

export class SilentLogger implements Logger {
  readonly lines: { readonly level: string; readonly fields: object; readonly message: string }[] = []
  debug(): void {}
  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message })
  }
  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message })
  }
  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message })
  }
  child(): Logger {
    return this
  }
}

/** Answers every append at once, or when the test says so; reads what was appended. */
export class FakeReplication implements Partial<ReplicationDriver> {
  readonly appended: AppendRequest[] = []
  readonly reads: ReadRequest[] = []
  cancelled = 0
  refusal: ReplicationError = 'NONE'
  leader: AppendResult['leader'] = null
  /** Held back until `release`. */
  hold = false
  logs: Map<number, Uint8Array[]> = new Map()
  highWatermark = 0
  /** Answers `read` instead of the default. */
  onRead: ((read: PartitionRead) => Partial<PartitionReadResult>) | null = null
  readonly #held: (() => void)[] = []

  get held(): number {
    return this.#held.length
  }

  release(n: number = this.#held.length): void {
    for (const go of this.#held.splice(0, n)) go()
  }

  append(request: AppendRequest): Promise<AppendResult> {
    this.appended.push(request)
    const { refusal: error } = this
    const result: AppendResult = {
      error,
      message: error === 'NONE' ? null : 'refused',
      baseOffset: error === 'NONE' ? this.appended.length - 1 : -1,
      logAppendTime: -1,
      logStartOffset: 0,
      leader: this.leader,
    }
    return this.#later(result)
  }

  read(request: ReadRequest): ReturnType<ReplicationDriver['read']> {
    this.reads.push(request)
    const results = request.partitions.map((partition) => {
      const chunks = this.onRead === null ? (this.logs.get(partition.at.partition) ?? []) : []
      const result: PartitionReadResult = {
        at: partition.at,
        error: 'NONE',
        highWatermark: this.highWatermark,
        lastStableOffset: this.highWatermark,
        logStartOffset: 0,
        chunks,
        bytes: chunks.reduce((size, chunk) => size + chunk.length, 0),
        diverging: null,
        leader: this.leader,
        preferredReadReplica: -1,
        ...this.onRead?.(partition),
      }
      return result
    })
    let settle: (results: readonly PartitionReadResult[]) => void = () => {}
    const cancelled = new Promise<readonly PartitionReadResult[]>((resolve) => {
      settle = resolve
    })
    const cancel = (): void => {
      this.cancelled++
      settle(results)
    }
    return { result: Promise.race([this.#later(results), cancelled]), cancel }
  }

  listOffset: ReplicationDriver['listOffset'] = (_at: unknown, timestamp: number) =>
    Promise.resolve(
      this.refusal === 'NONE'
        ? { error: 'NONE', offset: 42, timestamp, leaderEpoch: 5 }
        : { error: this.refusal, offset: -1, timestamp: -1, leaderEpoch: -1 },
    )

  endOffsetForEpoch: ReplicationDriver['endOffsetForEpoch'] = (_at: unknown, _current: number, epoch: number) =>
    this.refusal === 'NONE'
      ? { error: 'NONE', epoch, endOffset: 17 }
      : { error: this.refusal, epoch: -1, endOffset: -1 }

  /** Offsets asked for, with what they were asked for. */
  readonly deletions: { readonly partition: number; readonly offset: number; readonly deadline: number }[] = []

  deleteRecords: ReplicationDriver['deleteRecords'] = (at: TopicPartition, offset: number, deadline: number) => {
    this.deletions.push({ partition: at.partition, offset, deadline })
    const { refusal: error } = this
    return this.#later({ error, lowWatermark: error === 'NONE' ? offset : -1 })
  }

  directories: DirectoryDescription[] = []

  describeDirectories: ReplicationDriver['describeDirectories'] = () => this.#later(this.directories)

  readonly directoryMoves: DirectoryMove[] = []

  moveToDirectory: ReplicationDriver['moveToDirectory'] = (move: DirectoryMove) => {
    this.directoryMoves.push(move)
    return this.#later(this.refusal)
  }

  producers: ActiveProducer[] = []

  activeProducers: ReplicationDriver['activeProducers'] = () =>
    this.refusal === 'NONE' ? this.producers : this.refusal

  #later<T>(value: T): Promise<T> {
    if (!this.hold) return Promise.resolve(value)
    return new Promise((resolve) => this.#held.push(() => resolve(value)))
  }
}

export interface Submitted {
  readonly api: string
  readonly version: number
  readonly request: unknown
  readonly context: RequestContext
}

/** The name of a client's software whose connections count as superseded at once. */
export const SUPERSEDED = 'superseded'

export class FakeCluster implements Partial<ClusterDriver> {
  image: MetadataImage
  controllerId = 1
  brokerEpoch = 11
  readonly #superseded: WeakSet<object> = new WeakSet()
  readonly submitted: Submitted[] = []
  readonly decided: Submitted[] = []
  answers: Map<string, unknown> = new Map()
  producerIds: (number | null)[] = []

  constructor(image: MetadataImage) {
    this.image = image
  }

  opened(connection: object, { clientSoftwareName }: { readonly clientSoftwareName: string }): void {
    if (clientSoftwareName === SUPERSEDED) this.#superseded.add(connection)
  }

  isSuperseded(connection: object): boolean {
    return this.#superseded.has(connection)
  }

  submit<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>> {
    this.submitted.push({ api: api.name, version, request, context })
    return Promise.resolve((this.answers.get(api.name) ?? {}) as Input<Res>)
  }

  decide<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>> {
    this.decided.push({ api: api.name, version, request, context })
    return Promise.resolve((this.answers.get(api.name) ?? {}) as Input<Res>)
  }

  allocateProducerId(): Promise<number | null> {
    return Promise.resolve(this.producerIds.shift() ?? null)
  }
}

export class FakeRaft implements Partial<RaftDriver> {
  isActiveLeader = true
  readonly fetched: { readonly request: unknown; readonly version: number }[] = []
  handleVote: RaftDriver['handleVote'] = () => Promise.resolve({ errorCode: 0, topics: [] })
  handleBeginQuorumEpoch: RaftDriver['handleBeginQuorumEpoch'] = () => Promise.resolve({ errorCode: 0, topics: [] })
  handleEndQuorumEpoch: RaftDriver['handleEndQuorumEpoch'] = () => Promise.resolve({ errorCode: 0, topics: [] })
  handleFetchSnapshot: RaftDriver['handleFetchSnapshot'] = () => Promise.resolve({ errorCode: 0, topics: [] })
  handleDescribeQuorum: RaftDriver['handleDescribeQuorum'] = () => Promise.resolve({ errorCode: 0, topics: [] })
  handleFetch: RaftDriver['handleFetch'] = (request: unknown, version: number) => {
    this.fetched.push({ request, version })
    return Promise.resolve({ errorCode: 0, responses: [] })
  }
}

export interface RequestSide {
  readonly broker: Broker
  readonly cluster: FakeCluster
  readonly raft: FakeRaft
  readonly replication: FakeReplication
  readonly groups: FakeGroups
  readonly logger: SilentLogger
  readonly fatal: Error[]
}

export interface RequestSideOptions {
  readonly properties?: Record<string, string>
  readonly image?: MetadataImage
  readonly limits?: Partial<Limits>
  readonly clock?: Clock
  readonly network?: Network
  readonly random?: Random
}

const stillClock: Clock = {
  monotonic: () => 1000,
  wall: () => 1_700_000_000_000,
  alarm: () => ({ set() {}, clear() {} }),
}
const noNetwork: Network = {
  connect() {
    throw new Bug('no network in this test')
  },
  listen() {
    throw new Bug('no network in this test')
  },
}

export function requestSide(options: RequestSideOptions = {}): RequestSide {
  const cluster = new FakeCluster(options.image ?? imageOf({ one: { id: TOPIC_ID, partitions: [{}, { leader: 2 }] } }))
  const raft = new FakeRaft()
  const replication = new FakeReplication()
  const groups = new FakeGroups()
  const logger = new SilentLogger()
  const fatal: Error[] = []
  const broker = createBroker({
    ports: {
      clock: options.clock ?? stillClock,
      random: options.random ?? new SeededRandom(7),
      network: options.network ?? noNetwork,
    },
    logger,
    config: configured(options.properties),
    clusterId: 'cluster-of-tests-00001',
    cluster: cluster as unknown as ClusterDriver,
    raft: raft as unknown as RaftDriver,
    replication: replication as unknown as ReplicationDriver,
    groups,
    supportedFeatures,
    onFatal: (error) => fatal.push(error),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  })
  return { broker, cluster, raft, replication, groups, logger, fatal }
}
