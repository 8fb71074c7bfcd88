// What clients do while the cluster suffers: producers of every kind, consumers by assignment that sometimes begin anew,
// and administrators. Everything they ask and are told is in the recorder's history. Each client is a host of its own and
// draws from a stream of its own. Judges nothing: see `finale.ts`.

import type { SeededRandom } from '../../base/index.ts'
import { Timers } from '../../base/index.ts'
import { type Client, type ClientOptions, createClient } from '../../client/index.ts'
import type { SimCluster } from '../cluster.ts'
import { AdminClient } from './admin.ts'
import { ConsumerClient } from './consumer.ts'
import { ProducerClient } from './producer.ts'
import { Recorder } from './recorder.ts'
import { LIFE_STREAM, stream } from './swarm.ts'
import type { Swarm } from './types.ts'

/** What every client of the workload has. */
export interface ClientWorld {
  readonly random: SeededRandom
  readonly timers: Timers
  readonly recorder: Recorder
  readonly swarm: Swarm
  readonly topics: Topics
  /** A new client on the same host; the one before is gone. */
  connect(options?: Omit<ClientOptions, 'bootstrap'>): Client
  /** False once the workload is over. */
  readonly running: () => boolean
  /** Something the product must never do. */
  violated(name: string, text: string, partition: string): void
}

/** One client that works until the workload is over; `progress` grows with everything the cluster does for it. */
export interface Worker {
  readonly name: string
  readonly progress: number
  /** Resolves when it has stopped and nothing that it asked is unanswered. */
  readonly done: Promise<void>
}

/** The topics that every client knows, and how many partitions each is known to have. */
export class Topics {
  readonly partitions: Map<string, number> = new Map()

  keys(): { readonly topic: string; readonly partition: number; readonly key: string }[] {
    const keys: { topic: string; partition: number; key: string }[] = []
    for (const [topic, count] of this.partitions) {
      for (let partition = 0; partition < count; partition++)
        keys.push({ topic, partition, key: `${topic}-${partition}` })
    }
    return keys
  }
}

export class Workload {
  readonly recorder: Recorder
  readonly topics: Topics = new Topics()
  readonly workers: Worker[] = []
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
    this.recorder = new Recorder(() => cluster.sim.now)
  }

  /** Makes the topics. The cluster is well yet, so it must succeed. */
  async prepare(): Promise<void> {
    const { topics, partitions, recordBytesMax } = this.#swarm.workload
    const replicationFactor = Math.min(3, this.#swarm.brokers)
    const wanted = Array.from({ length: topics }, (_, i) => ({
      name: `t${i}`,
      partitions,
      replicationFactor,
      configs: topicConfigs(this.#random, recordBytesMax),
    }))
    const { admin } = this.world('setup').connect()
    const created = await this.#cluster.sim.wait(admin.createTopics(wanted))
    for (const { name, error, message } of created)
      if (error !== 'NONE') throw new Error(`${name}: ${error} ${message}`)
    for (const { name } of wanted) this.topics.partitions.set(name, partitions)
  }

  begin(): void {
    const { producers, consumers, admins } = this.#swarm.workload
    for (let i = 0; i < producers; i++) this.workers.push(new ProducerClient(this.world(`p${i}`), `p${i}`, i))
    for (let i = 0; i < consumers; i++) this.workers.push(new ConsumerClient(this.world(`c${i}`), `c${i}`, i))
    for (let i = 0; i < admins; i++) this.workers.push(new AdminClient(this.world(`a${i}`), `a${i}`))
  }

  /** Nothing new is asked from here on. */
  end(): void {
    this.#running = false
  }

  /** A host of its own, streams of its own. */
  world(host: string): ClientWorld {
    const { sim } = this.#cluster
    const ports = sim.addNode(host)
    const { bootstrap } = this.#cluster
    let client: Client | null = null
    return {
      random: this.#random.fork(),
      timers: new Timers(ports.clock),
      recorder: this.recorder,
      swarm: this.#swarm,
      topics: this.topics,
      connect: (options = {}) => {
        client?.close()
        client = createClient(ports, { bootstrap, ...options })
        return client
      },
      running: () => this.#running,
      violated: this.#violated,
    }
  }
}

/** Small segments and other corners; nothing that would let acknowledged records go. */
function topicConfigs(random: SeededRandom, recordBytesMax: number): Record<string, string> {
  const configs: Record<string, string> = {}
  if (random.below(2) === 0) configs['segment.ms'] = String(2_000 + random.below(8_000))
  if (random.below(3) === 0) configs['compression.type'] = ['zstd', 'lz4', 'gzip', 'uncompressed'][random.below(4)]!
  if (random.below(4) === 0) configs['message.timestamp.type'] = 'LogAppendTime'
  if (random.below(3) === 0) configs['index.interval.bytes'] = '200'
  if (random.below(2) === 0) configs['internal.segment.bytes'] = String(recordBytesMax * 3 + 2_000)
  return configs
}
