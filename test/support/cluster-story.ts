// A cluster of whole nodes with one topic `t` of one partition, told step by step: what was acknowledged is remembered and
// read again at the end, and a peer speaks any request to one node, as no client of ours would.

import { expect } from 'vitest'
import type { PartitionImage } from '../../cluster/metadata/index.ts'
import type { NodeId, Uuid } from '../../src/base/index.ts'
import type { NodeView } from '../../src/main/index.ts'
import { createRpc, type Peer } from '../../src/rpc/index.ts'
import { createSimCluster, type SimCluster, type SimUser, type Simulation } from '../../src/sim/index.ts'

export interface StoryOptions {
  readonly seed: number
  readonly brokers?: number
  readonly properties?: Readonly<Record<string, string>>
  /** Of the topic. Default: as many as there are brokers. */
  readonly replicas?: number
  readonly configs?: Readonly<Record<string, string>>
  /** Hears of the cluster before it starts. */
  readonly onCluster?: (cluster: SimCluster) => void
}

type Replica = NodeView['replicas'][number]

export class ClusterStory {
  readonly cluster: SimCluster
  readonly user: SimUser
  /** Values that were acknowledged, by offset. */
  readonly acked: Map<number, string> = new Map()
  #n = 0

  private constructor(cluster: SimCluster) {
    this.cluster = cluster
    this.user = cluster.user()
  }

  static async begin(options: StoryOptions): Promise<ClusterStory> {
    const { seed, brokers = 3, properties = {}, replicas = brokers, configs = {} } = options
    const cluster = createSimCluster({ seed, brokers, properties })
    options.onCluster?.(cluster)
    await cluster.start()
    const story = new ClusterStory(cluster)
    const topic = { name: 't', partitions: 1, replicationFactor: replicas, configs }
    expect((await story.sim.wait(story.user.client.admin.createTopics([topic])))[0]?.error).toBe('NONE')
    await story.until(() => cluster.leaderOf('t', 0) !== null, 'somebody leads')
    return story
  }

  get sim(): Simulation {
    return this.cluster.sim
  }

  get leader(): NodeId {
    return this.cluster.leaderOf('t', 0)!
  }

  /** Those that follow. */
  get followers(): NodeId[] {
    const { leader } = this
    return this.partition.replicas.filter((id) => id !== leader)
  }

  get topicId(): Uuid {
    return this.image.topicIds.get('t')!
  }

  /** As the node with the longest metadata has it. */
  get partition(): PartitionImage {
    return this.image.topics.get(this.topicId)!.partitions.get(0)!
  }

  replica(id: NodeId): Replica | undefined {
    return this.cluster.observed(id)?.replicas.find((replica) => replica.topic === 't')
  }

  /** The active controller. */
  get controller(): NodeId | undefined {
    return this.cluster.ids.find((id) => this.cluster.observed(id)?.quorum.role === 'leader')
  }

  /** Lets time pass until it holds. */
  async until(holds: () => boolean, what: string, withinMs = 90_000): Promise<void> {
    const end = await this.sim.run({ until: holds, untilMs: this.sim.now + withinMs })
    expect([what, end]).toEqual([what, 'until'])
  }

  /** Sends one after the other, with a producer of their own. */
  async send(count: number, acks: 'all' | 'leader' = 'all'): Promise<void> {
    const producer = this.user.client.producer(acks === 'all' ? {} : { acks: 1, idempotent: false })
    const sending = async (): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const value = `record ${this.#n++}`
        const { offset } = await producer.send({ topic: 't', partition: 0, value })
        this.acked.set(offset, value)
      }
    }
    await this.sim.wait(sending(), 240_000)
  }

  async inSync(): Promise<void> {
    await this.until(() => this.partition.isr.length === this.partition.replicas.length, 'everybody is in sync')
  }

  /** A connection of its own to what clients talk to. */
  peer(id: NodeId): Peer {
    const { network, clock, random } = this.sim.ports(this.user.host)
    const rpc = createRpc(
      { network, clock, random },
      {
        clientId: 'story',
        reconnectBackoffMs: 50,
        reconnectBackoffMaxMs: 1_000,
        connectTimeoutMs: 10_000,
        maxResponseBytes: 1 << 24,
      },
    )
    return rpc.peer({ host: this.cluster.host(id), port: 9092 })
  }

  /** Everything acknowledged is there as it was, and every replica has the same. */
  async expectAll(): Promise<void> {
    await this.inSync()
    const consumer = this.cluster.client().consumer()
    consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
    const found = new Map<number, string>()
    const last = Math.max(-1, ...this.acked.keys())
    const reading = async (): Promise<void> => {
      while (!found.has(last))
        for (const { offset, value } of await consumer.poll(1_000)) found.set(offset, new TextDecoder().decode(value!))
    }
    if (last >= 0) await this.sim.wait(reading())
    for (const [offset, value] of this.acked) expect([offset, found.get(offset)]).toEqual([offset, value])
    await this.sim.sleep(2_000)
    const [first, ...others] = this.partition.replicas.map((id) => this.cluster.logBytes(id, 't', 0))
    for (const other of others) expect(Buffer.compare(first!, other)).toBe(0)
  }

  [Symbol.dispose](): void {
    this.cluster.close()
  }

  get image(): NodeView['image'] {
    const images = this.cluster.ids.map((id) => this.cluster.observed(id)?.image).filter((image) => image !== undefined)
    return images.reduce((a, b) => (b.offset > a.offset ? b : a))
  }
}
