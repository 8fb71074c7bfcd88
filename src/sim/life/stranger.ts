// A client as others write them: older versions that name topics, fetch sessions that it counts wrongly now and then
// (KIP-227), where epochs end (KIP-320), ends of logs; with leader epochs that are over, or not yet there, when it asks; and
// it says now and then that it is a broker that has more than it has (CVE-2018-1288).
// What it is told is no history: whoever watches the cluster judges the answers by the epochs that brokers are in (P13).

import type { Endpoint, NodeId } from '../../base/index.ts'
import type { Peer, Rpc } from '../../rpc/index.ts'
import { apis, batchesOf, errorName, type FetchResponse, type Message } from '../../wire/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

const GAP_MS = 600
const TIMEOUT_MS = 2_000
/** Before 12 nobody is told where a log diverges, before 13 topics have names. */
const FETCH_VERSIONS: readonly number[] = [9, 11, 12, 12, 17]
/** Later versions say more of a replica than its id (KIP-903). */
const REPLICA_ID_UNTIL = 14
const LATEST = -1

interface Known {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  leader: NodeId
  epoch: number
  position: number
}

interface Session {
  readonly broker: NodeId
  readonly id: number
  /** What the next request is to carry. */
  epoch: number
}

export class StrangerClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #rpc: Rpc
  readonly #brokers: ReadonlyMap<NodeId, Endpoint>
  readonly #peers: Map<NodeId, Peer> = new Map()
  readonly #known: Map<string, Known> = new Map()
  readonly #fetchVersion: number
  #session: Session | null = null

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.#rpc = world.rpc(name)
    this.#brokers = world.brokers
    this.#fetchVersion = FETCH_VERSIONS[world.random.below(FETCH_VERSIONS.length)]!
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      const draw = random.below(10)
      if (this.#known.size === 0 || draw < 2) await this.#learn()
      else if (draw < 5) await this.#askWhereAnEpochEnds()
      else if (draw < 6) await this.#askForEnd()
      else await this.#fetch()
    }
    this.#rpc.close()
  }

  /** From whoever answers, be he cut off from the others; and not often, so that it is behind. */
  async #learn(): Promise<void> {
    const ids = [...this.#brokers.keys()]
    const body = { topics: this.#topics().map((name) => ({ name })), allowAutoTopicCreation: false }
    const result = await this.#peer(ids[this.#world.random.below(ids.length)]!).send(apis.Metadata, body, {
      timeoutMs: TIMEOUT_MS,
    })
    if (result.kind !== 'ok') return
    this.progress++
    for (const { name, topicId, errorCode, partitions } of result.body.topics) {
      if (errorCode !== 0 || name === null) continue
      for (const { partitionIndex: partition, leaderId: leader, leaderEpoch: epoch } of partitions) {
        const known = this.#known.get(`${name}-${partition}`)
        if (known?.topicId === topicId) Object.assign(known, { leader, epoch })
        else this.#known.set(`${name}-${partition}`, { topic: name, topicId, partition, leader, epoch, position: 0 })
      }
    }
  }

  #topics(): string[] {
    return [...new Set(this.#world.topics.keys.map(({ topic }) => topic))]
  }

  async #askWhereAnEpochEnds(): Promise<void> {
    const { random } = this.#world
    const known = this.#one()
    const peer = this.#leaderOf(known)
    if (peer === null) return
    const { topic, partition, epoch } = known
    const leaderEpoch = random.below(Math.max(1, epoch + 1))
    const partitions = [{ partition, currentLeaderEpoch: this.#believed(epoch), leaderEpoch }]
    const options = { timeoutMs: TIMEOUT_MS, maxVersion: 2 + random.below(3) }
    const result = await peer.send(apis.OffsetForLeaderEpoch, { topics: [{ topic, partitions }] }, options)
    if (result.kind === 'ok') this.progress++
  }

  async #askForEnd(): Promise<void> {
    const known = this.#one()
    const peer = this.#leaderOf(known)
    if (peer === null) return
    const { topic: name, partition: partitionIndex, epoch } = known
    const partitions = [{ partitionIndex, currentLeaderEpoch: this.#believed(epoch), timestamp: LATEST }]
    const options = { timeoutMs: TIMEOUT_MS, maxVersion: 4 + this.#world.random.below(3) }
    const result = await peer.send(apis.ListOffsets, { replicaId: -1, topics: [{ name, partitions }] }, options)
    if (result.kind === 'ok') this.progress++
  }

  /** Now and then a neighbour of what it knows: others know more, or less. */
  #believed(epoch: number): number {
    const draw = this.#world.random.below(12)
    return draw === 0 ? epoch + 1 : draw === 1 ? epoch - 1 : epoch
  }

  async #fetch(): Promise<void> {
    const { random } = this.#world
    const session = this.#session
    const broker = session?.broker ?? this.#one().leader
    const peer = this.#peers.get(broker) ?? (this.#brokers.has(broker) ? this.#peer(broker) : null)
    if (peer === null) return
    const asked = [...this.#known.values()].filter(({ leader }) => leader === broker)
    // An incremental one names what has changed; to name what has not is allowed.
    const named = session === null ? asked : asked.filter(() => random.below(3) > 0)
    const lies = session === null && random.below(6) === 0
    const body = {
      replicaId: lies ? this.#another(broker) : -1,
      maxWaitMs: 100,
      minBytes: random.below(2),
      maxBytes: 100_000,
      sessionId: session?.id ?? 0,
      sessionEpoch: this.#counted(session),
      topics: named.map((each) => ({
        topic: each.topic,
        topicId: each.topicId,
        partitions: [
          {
            partition: each.partition,
            fetchOffset: each.position + (lies ? random.below(6) : 0),
            currentLeaderEpoch: this.#believed(each.epoch),
            partitionMaxBytes: 20_000,
          },
        ],
      })),
    }
    const maxVersion = lies ? Math.min(this.#fetchVersion, REPLICA_ID_UNTIL) : this.#fetchVersion
    const result = await peer.send(apis.Fetch, body, { timeoutMs: TIMEOUT_MS, maxVersion })
    if (result.kind === 'ok') this.#fetched(broker, result.version, result.body)
    // Whether the broker has heard it nobody knows; one that goes on all the same may have lost count.
    else if (session === null || random.below(2) === 0) this.#session = null
    else session.epoch++
  }

  #another(broker: NodeId): NodeId {
    const others = [...this.#brokers.keys()].filter((id) => id !== broker)
    return others[this.#world.random.below(others.length)]!
  }

  /** Now and then it counts wrongly. */
  #counted(session: Session | null): number {
    if (session === null) return 0
    const draw = this.#world.random.below(16)
    return draw === 0 ? session.epoch + 1 : draw === 1 ? Math.max(1, session.epoch - 1) : session.epoch
  }

  #fetched(broker: NodeId, version: number, body: Message<typeof FetchResponse>): void {
    this.progress++
    if (body.errorCode !== 0) {
      // Some begin anew, and some count on from what they have.
      if (errorName(body.errorCode) !== 'INVALID_FETCH_SESSION_EPOCH' || this.#world.random.below(2) === 0)
        this.#session = null
      return
    }
    if (this.#session !== null) this.#session.epoch++
    else if (body.sessionId !== 0) this.#session = { broker, id: body.sessionId, epoch: 1 }
    for (const { topic, topicId, partitions } of body.responses) {
      for (const { partitionIndex, records } of partitions) {
        const known = [...this.#known.values()].find(
          (each) =>
            each.partition === partitionIndex && (version < 13 ? each.topic === topic : each.topicId === topicId),
        )
        if (known === undefined || records === null) continue
        for (const { lastOffset } of batchesOf(records)) known.position = lastOffset + 1
      }
    }
    // Now and then from the beginning, or with another broker.
    const draw = this.#world.random.below(30)
    if (draw === 0) for (const known of this.#known.values()) known.position = 0
    if (draw < 4) this.#session = null
  }

  #one(): Known {
    const all = [...this.#known.values()]
    return all[this.#world.random.below(all.length)]!
  }

  #leaderOf({ leader }: Known): Peer | null {
    return this.#brokers.has(leader) ? this.#peer(leader) : null
  }

  #peer(broker: NodeId): Peer {
    let peer = this.#peers.get(broker)
    if (peer === undefined) {
      peer = this.#rpc.peer(this.#brokers.get(broker)!)
      this.#peers.set(broker, peer)
    }
    return peer
  }
}
