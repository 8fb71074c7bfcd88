// What clients do while the cluster suffers: producers of every kind, consumers by assignment that sometimes begin anew,
// and administrators. Everything they ask and are told is in the recorder's history. Each client is a host of its own and
// draws from a stream of its own. Judges nothing: see `judge.ts`.

import type { Endpoint, NodeId, SeededRandom, Timestamp } from '../../base/index.ts'
import { Timers } from '../../base/index.ts'
import { HistoryRecorder } from '../../check/index.ts'
import { type Client, type ClientOptions, createClient, type NewTopic } from '../../client/index.ts'
import { createRpc, type Rpc } from '../../rpc/index.ts'
import type { SimCluster } from '../cluster.ts'
import { AdminClient } from './admin.ts'
import { COMPACTED_CONFIGS, COMPACTED_TOPIC, CompactedClient } from './compacted.ts'
import { ConsumerClient } from './consumer.ts'
import { GroupClient, makeCoordinator, QUIET_TOPIC } from './group.ts'
import { MoverClient } from './mover.ts'
import { ProducerClient } from './producer.ts'
import { RECKLESS_CONFIGS, RECKLESS_TOPIC, RecklessProducer } from './reckless.ts'
import { StrangerClient } from './stranger.ts'
import { LIFE_STREAM, stream } from './swarm.ts'
import type { Swarm } from './types.ts'
import { WrappingProducer } from './wrapping.ts'

/** What every client of the workload has. */
export interface ClientWorld {
  readonly random: SeededRandom
  readonly timers: Timers
  /** What the host's calendar says. */
  readonly wall: () => Timestamp
  readonly recorder: HistoryRecorder
  readonly swarm: Swarm
  readonly topics: Topics
  /** A new client on the same host; the one before is gone. */
  connect(options?: Omit<ClientOptions, 'bootstrap'>): Client
  /** For who speaks the protocol himself. */
  rpc(clientId: string): Rpc
  readonly brokers: ReadonlyMap<NodeId, Endpoint>
  /** False once the workload is over. */
  readonly running: () => boolean
  /** Something the product must never do. */
  violated(name: string, text: string): void
}

/** One client that works until the workload is over; `progress` grows with everything the cluster does for it. */
export interface Worker {
  readonly name: string
  readonly progress: number
  /** Resolves when it has stopped and nothing that it asked is unanswered. */
  readonly done: Promise<void>
}

export interface Key {
  readonly topic: string
  readonly partition: number
  /** `topic-0`. */
  readonly key: string
}

/** The topics that every client knows, and how many partitions each is known to have. */
export class Topics {
  readonly #partitions: Map<string, number> = new Map()
  #keys: Key[] = []

  get keys(): readonly Key[] {
    return this.#keys
  }

  /** Of a topic with this name the oldest segments are deleted while the life goes on. */
  fades(topic: string): boolean {
    return topic.startsWith(FADING)
  }

  partitions(topic: string): number {
    return this.#partitions.get(topic) ?? 0
  }

  /** Partitions only become more. */
  known(topic: string, partitions: number): void {
    if (partitions <= this.partitions(topic)) return
    this.#partitions.set(topic, partitions)
    this.#keys = [...this.#partitions].flatMap(([name, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic: name, partition, key: `${name}-${partition}` })),
    )
  }
}

const FADING = 'fading'
const CLIENT_PORT = 9092
const RPC = {
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1_000,
  connectTimeoutMs: 2_000,
  maxResponseBytes: 10_000_000,
}

export class Workload {
  readonly recorder: HistoryRecorder
  readonly topics: Topics = new Topics()
  readonly workers: Worker[] = []
  readonly admins: AdminClient[] = []
  compacted: CompactedClient | null = null
  readonly #cluster: SimCluster
  readonly #swarm: Swarm
  readonly #random: SeededRandom
  readonly #violated: ClientWorld['violated']
  #running = true

  constructor(cluster: SimCluster, swarm: Swarm, violated: ClientWorld['violated']) {
    this.#cluster = cluster
    this.#swarm = swarm
    this.#violated = violated
    this.#random = stream(cluster.sim.seed, LIFE_STREAM)
    this.recorder = new HistoryRecorder({ now: () => cluster.sim.now })
  }

  /** Makes the topics. The cluster is well yet, so it must succeed. */
  async prepare(): Promise<void> {
    const { topics, partitions, fading, recordBytesMax, reckless, groups, compacted } = this.#swarm.workload
    const wanted: NewTopic[] = []
    const want = (name: string, count: number, configs: Readonly<Record<string, string>>, replicas = 3): void => {
      wanted.push({ name, partitions: count, replicationFactor: Math.min(replicas, this.#swarm.brokers), configs })
    }
    for (let i = 0; i < topics; i++) want(`t${i}`, partitions, topicConfigs(this.#random, recordBytesMax))
    for (let i = 0; i < fading; i++)
      want(`${FADING}${i}`, 1, i === 0 ? fadingConfigs(recordBytesMax) : fleetingConfigs(recordBytesMax))
    const judged = [...wanted]
    // Of two replicas each is often the last that is alive.
    if (reckless > 0) want(RECKLESS_TOPIC, reckless, RECKLESS_CONFIGS, this.#random.below(4) === 0 ? 3 : 2)
    if (groups > 0) want(QUIET_TOPIC, 1, {})
    if (compacted > 0) want(COMPACTED_TOPIC, 1, COMPACTED_CONFIGS)
    const setup = this.world('setup')
    const { admin, producer } = setup.connect()
    const created = await this.#cluster.sim.wait(admin.createTopics(wanted))
    for (const { name, error, message } of created)
      if (error !== 'NONE') throw new Error(`${name}: ${error} ${message}`)
    for (const { name, partitions: count } of judged) this.topics.known(name, count!)
    if (groups === 0) return
    await this.#cluster.sim.wait(producer().send({ topic: QUIET_TOPIC, partition: 0, value: 'quiet' }))
    await this.#cluster.sim.wait(makeCoordinator(setup))
  }

  begin(): void {
    const { producers, consumers, admins, strangers, wrapping, reckless, movers, groups, compacted } =
      this.#swarm.workload
    for (let i = 0; i < producers; i++) this.workers.push(new ProducerClient(this.world(`p${i}`), `p${i}`, i))
    for (let i = 0; i < consumers; i++) this.workers.push(new ConsumerClient(this.world(`c${i}`), `c${i}`))
    for (let i = 0; i < admins; i++) {
      const admin = new AdminClient(this.world(`a${i}`), `a${i}`)
      this.admins.push(admin)
      this.workers.push(admin)
    }
    if (strangers > 0) this.workers.push(new StrangerClient(this.world('stranger'), 'stranger'))
    if (wrapping > 0) this.workers.push(new WrappingProducer(this.world('wrapping'), 'wrapping'))
    if (reckless > 0) this.workers.push(new RecklessProducer(this.world('reckless'), 'reckless'))
    for (let i = 0; i < movers; i++) this.workers.push(new MoverClient(this.world(`mover${i}`), `mover${i}`))
    if (groups > 0) this.workers.push(new GroupClient(Array.from({ length: groups }, (_, i) => this.world(`g${i}`))))
    if (compacted > 0) {
      const leader = (): string | null => soleLeader(this.#cluster, COMPACTED_TOPIC)
      this.compacted = new CompactedClient(this.world('compacted'), this.world('compacted-reader'), leader)
      this.workers.push(this.compacted)
    }
  }

  /** Nothing new is asked from here on. */
  end(): void {
    this.#running = false
  }

  /** A host of its own, streams of its own. */
  world(host: string): ClientWorld {
    const { sim } = this.#cluster
    const ports = sim.addNode(host, { client: true })
    const { bootstrap } = this.#cluster
    let client: Client | null = null
    return {
      random: this.#random.fork(),
      timers: new Timers(ports.clock),
      wall: () => ports.clock.wall(),
      recorder: this.recorder,
      swarm: this.#swarm,
      topics: this.topics,
      connect: (options = {}) => {
        client?.close()
        client = createClient(ports, { bootstrap, ...options })
        return client
      },
      rpc: (clientId) => createRpc(ports, { clientId, ...RPC }),
      brokers: new Map(this.#cluster.ids.map((id) => [id, { host: this.#cluster.host(id), port: CLIENT_PORT }])),
      running: () => this.#running,
      violated: this.#violated,
    }
  }
}

/** Of partition 0: who alone believes that he leads it, and in which epoch; null where it is not one. */
function soleLeader(cluster: SimCluster, topic: string): string | null {
  const leaders = cluster.ids.flatMap((id) => {
    const replica = cluster.alive(id) ? cluster.replica(id, topic, 0) : undefined
    return replica?.role === 'leader' ? [`${id}/${replica.leaderEpoch}`] : []
  })
  return leaders.length === 1 ? leaders[0]! : null
}

/** Segments of a few records, and room for a few segments. No batch may be larger than a segment. */
function fadingConfigs(recordBytesMax: number): Record<string, string> {
  const segmentBytes = recordBytesMax + 1_500
  return {
    'internal.segment.bytes': String(segmentBytes),
    'retention.bytes': String(2 * segmentBytes),
    'file.delete.delay.ms': '1000',
  }
}

/** What is not committed yet is soon more than may be kept. */
function fleetingConfigs(recordBytesMax: number): Record<string, string> {
  const segmentBytes = recordBytesMax + 700
  return {
    'internal.segment.bytes': String(segmentBytes),
    'retention.bytes': String(segmentBytes),
    'file.delete.delay.ms': '1000',
  }
}

/** Small segments and other corners; nothing that would let acknowledged records go. */
function topicConfigs(random: SeededRandom, recordBytesMax: number): Record<string, string> {
  const configs: Record<string, string> = {}
  if (random.below(2) === 0) configs['segment.ms'] = String(2_000 + random.below(8_000))
  if (random.below(2) === 0) configs['compression.type'] = ['zstd', 'lz4', 'gzip', 'uncompressed'][random.below(4)]!
  if (random.below(4) === 0) configs['message.timestamp.type'] = 'LogAppendTime'
  if (random.below(3) === 0) configs['index.interval.bytes'] = '200'
  if (random.below(2) === 0) configs['internal.segment.bytes'] = String(recordBytesMax * 3 + 2_000)
  // Without any limit: nothing may ever be let go. Beside the draws, so that no life becomes another.
  if (configs['segment.ms'] !== undefined) configs['retention.ms'] = '-1'
  return configs
}
