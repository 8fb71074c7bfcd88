// A group of consumers in a life: its members read the common topics together and commit what they have read, while some
// leave and come back, crash and begin anew, die for longer than a session, or stand still for longer than the others wait
// for them; and now and then one commits for a generation that it is no member of any more (S112), for a static member whose
// place another has taken (KIP-345), or as nobody. Judges nothing on the way: whoever watches holds the coordinator's answers
// against each other. When all is well again `settle` asks that the group comes to rest with everything read (G8).

import type { Offset } from '../../base/index.ts'
import { type Client, ClientError, type GroupConsumer, type TopicPartition } from '../../client/index.ts'
import type { Peer, Rpc } from '../../rpc/index.ts'
import { apis, errorName } from '../../wire/index.ts'
import { endsOf } from './ends.ts'
import type { ClientWorld, Worker } from './workload.ts'

const GROUP = 'readers'
/** Of offsets alone: nobody joins it. Its coordinator is the same: there is one partition. */
const ALONE = 'alone'
export const GROUP_TOPIC = '__consumer_offsets'
/** Of one partition with a few records from before all faults: a group that has read it commits nothing more of it. */
export const QUIET_TOPIC = 'quiet'
/** Sessions may be as short as these lives need them. */
export const GROUP_PROPERTIES: Readonly<Record<string, string>> = {
  'offsets.topic.num.partitions': '1',
  'group.min.session.timeout.ms': '1000',
  // Whoever watches knows every log as it was written.
  'log.cleaner.enable': 'false',
}
const GROUP_KEY = 0
const POLL_MS = 400
const GAP_MS = 700
const COMMIT_MS = 2_000
const ASK_MS = 2_000
/** Longer than a session and a rebalance. */
const AWAY_MS = 9_000
/** Of a partition at once. To unpack a megabyte of small batches takes seconds, longer than some generations last; who throws
 *  it away again and again starves, whatever the cluster does. */
const FETCH_BYTES = 20_000
/** By name: later versions name topics by their ids. */
const BY_NAME = 9
const ENDS_WITHIN_MS = 30_000

interface Patience {
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatIntervalMs: number
}

/** What a member has committed last in a generation. */
interface Committed extends TopicPartition {
  readonly group: string
  readonly memberId: string
  readonly instanceId: string | null
  readonly generation: number
  readonly offset: Offset
}

export class GroupClient implements Worker {
  readonly name: string = 'group'
  readonly done: Promise<void>
  readonly #members: readonly Member[]

  /** A world for each member. */
  constructor(worlds: readonly ClientWorld[]) {
    const { random } = worlds[0]!
    const patience = {
      sessionTimeoutMs: [2_000, 6_000][random.below(2)]!,
      rebalanceTimeoutMs: [2_000, 5_000][random.below(2)]!,
      heartbeatIntervalMs: 700,
    }
    this.#members = worlds.map((world, i) => new Member(world, patience, `reader-${i}`))
    this.done = Promise.all(this.#members.map((member) => member.work())).then(() => {})
  }

  get progress(): number {
    return this.#members.reduce((sum, { committed }) => sum + committed, 0)
  }
}

class Member {
  /** How often a commit of something was acknowledged. */
  committed = 0
  readonly #world: ClientWorld
  readonly #patience: Patience
  readonly #requestTimeoutMs: number
  readonly #late: LateCommits
  readonly #instanceId: string | null
  #client: Client
  #consumer: GroupConsumer
  /** The last word of this generation, and of one before. */
  #last: Committed | null = null
  #earlier: Committed | null = null
  /** The last word of a static member that has died, until the next one has its place. */
  #replaced: Committed | null = null

  constructor(world: ClientWorld, patience: Patience, name: string) {
    this.#world = world
    this.#patience = patience
    this.#requestTimeoutMs = [1_500, 4_000][world.random.below(2)]!
    this.#late = new LateCommits(world)
    this.#instanceId = world.random.below(3) === 0 ? name : null
    this.#client = this.#connect()
    this.#consumer = this.#open()
  }

  async work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      const draw = random.below(120)
      if (draw === 0) this.#crash()
      else if (draw === 1) await this.#away(() => this.#consumer.close())
      else if (draw === 2) await this.#away(() => this.#client.close())
      else if (draw === 3) await timers.delay(random.below(AWAY_MS))
      else if (draw < 10 && this.#earlier !== null) await this.#late.send(this.#earlier)
      else if (draw < 16 && this.#last !== null) await this.#late.asNobody(this.#last)
      await this.#step().catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error
        // A join that was late has taken its place: the program ends, as Java's do, and is started again.
        if (error.error === 'FENCED_INSTANCE_ID') this.#crash()
      })
    }
    await this.#consumer.close()
    this.#late.close()
  }

  #connect(): Client {
    return this.#world.connect({ requestTimeoutMs: this.#requestTimeoutMs, clientId: 'member' })
  }

  #open(): GroupConsumer {
    return this.#client.groupConsumer({
      group: GROUP,
      topics: topicsOf(this.#world),
      reset: 'earliest',
      fetchMaxWaitMs: 200,
      partitionMaxBytes: FETCH_BYTES,
      ...this.#patience,
      ...(this.#instanceId === null ? {} : { instanceId: this.#instanceId }),
    })
  }

  #crash(): void {
    if (this.#instanceId !== null) this.#replaced = this.#last
    this.#client = this.#connect()
    this.#consumer = this.#open()
  }

  async #away(go: () => unknown): Promise<void> {
    const { random, timers } = this.#world
    await go()
    await timers.delay(random.below(AWAY_MS))
    this.#crash()
  }

  async #step(): Promise<void> {
    const records = await this.#consumer.poll(POLL_MS)
    const { generation, memberId } = this.#consumer
    if (this.#last !== null && this.#last.generation !== generation) {
      this.#earlier = this.#last
      this.#last = null
    }
    if (this.#replaced !== null && generation >= 0 && memberId !== this.#replaced.memberId) {
      const late = this.#replaced
      this.#replaced = null
      await this.#late.send(late)
    }
    await this.#consumer.commit(COMMIT_MS)
    const last = records.at(-1)
    if (last === undefined) return
    this.committed++
    const { topic, partition, offset } = last
    this.#last = {
      group: GROUP,
      topic,
      partition,
      offset: offset + 1,
      generation,
      memberId,
      instanceId: this.#instanceId,
    }
  }
}

/** Commits for a generation that is over, or of a member that was replaced, as a process sends them that stood still while the
 *  group went on. */
class LateCommits {
  readonly #world: ClientWorld
  readonly #rpc: Rpc

  constructor(world: ClientWorld) {
    this.#world = world
    this.#rpc = world.rpc('late')
  }

  /** As who assigns his own partitions: for a group of his own, which he then asks for, and for one that has members, or had. */
  async asNobody(last: Committed): Promise<void> {
    const nobody = { ...last, generation: -1, memberId: '', instanceId: null }
    await this.send({ ...nobody, group: ALONE })
    await this.#committed(ALONE, last)
    await this.send(nobody)
  }

  async send({ group, topic, partition, offset, generation, memberId, instanceId }: Committed): Promise<void> {
    const peer = await coordinatorOf(this.#world, this.#rpc)
    if (peer === null) return
    const committed = { partitionIndex: partition, committedOffset: offset, committedMetadata: '' }
    const request = {
      groupId: group,
      generationIdOrMemberEpoch: generation,
      memberId,
      groupInstanceId: instanceId,
      topics: [{ name: topic, partitions: [committed] }],
    }
    await peer.send(apis.OffsetCommit, request, { timeoutMs: ASK_MS, maxVersion: BY_NAME })
    peer.close()
  }

  close(): void {
    this.#rpc.close()
  }

  /** Whoever watches judges the answer. */
  async #committed(groupId: string, { topic, partition }: TopicPartition): Promise<void> {
    const peer = await coordinatorOf(this.#world, this.#rpc)
    if (peer === null) return
    const request = {
      groups: [{ groupId, topics: [{ name: topic, partitionIndexes: [partition] }] }],
      requireStable: true,
    }
    await peer.send(apis.OffsetFetch, request, { timeoutMs: ASK_MS, maxVersion: BY_NAME })
    peer.close()
  }
}

/** As any broker says; null where it does not. */
async function coordinatorOf({ random, brokers }: ClientWorld, rpc: Rpc): Promise<Peer | null> {
  const ids = [...brokers.keys()]
  const peer = rpc.peer(brokers.get(ids[random.below(ids.length)]!)!)
  const request = { keyType: GROUP_KEY, coordinatorKeys: [GROUP] }
  const result = await peer.send(apis.FindCoordinator, request, { timeoutMs: ASK_MS })
  peer.close()
  const found = result.kind === 'ok' ? result.body.coordinators[0] : undefined
  if (found === undefined || errorName(found.errorCode) !== 'NONE') return null
  return rpc.peer({ host: found.host, port: found.port })
}

/** Until there is a coordinator: while the cluster is well yet. */
export async function makeCoordinator(world: ClientWorld): Promise<void> {
  const rpc = world.rpc('setup')
  for (let peer: Peer | null = null; peer === null; await world.timers.delay(100)) {
    peer = await coordinatorOf(world, rpc)
    peer?.close()
  }
  rpc.close()
}

/** G8: members that have just come share all partitions, read to their ends, and commit that. Rejects with ClientError, or
 *  never ends. */
export async function settle(worlds: readonly ClientWorld[]): Promise<void> {
  const [world] = worlds
  const topics = topicsOf(world!)
  const clients = worlds.map((each) => each.connect({ requestTimeoutMs: 5_000, clientId: 'last' }))
  // As many as there are by now: administrators add some.
  const described = await clients[0]!.admin.describeTopics(topics, { timeoutMs: ENDS_WITHIN_MS })
  const all: TopicPartition[] = described.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition })),
  )
  const ends = await endsOf(clients[0]!.admin, all, ENDS_WITHIN_MS)
  const patience = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 5_000, heartbeatIntervalMs: 500 }
  const options = { group: GROUP, topics, reset: 'earliest', partitionMaxBytes: FETCH_BYTES, ...patience } as const
  const consumers = clients.map((client) => client.groupConsumer(options))
  const rpc = world!.rpc('settled')
  for (let rested = false; !rested; ) {
    for (const consumer of consumers) await pollAndCommit(consumer)
    if (shared(consumers) !== all.length) continue
    const committed = await committedOf(world!, rpc, all)
    rested = committed !== null && all.every((_, i) => committed[i] === (ends[i] === 0 ? -1 : ends[i]))
  }
  for (const consumer of consumers) await consumer.close()
  rpc.close()
}

async function pollAndCommit(consumer: GroupConsumer): Promise<void> {
  try {
    await consumer.poll(POLL_MS)
    await consumer.commit(COMMIT_MS)
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
  }
}

/** How many partitions they have together, each one of them some, in one generation; −1: not yet. */
function shared(consumers: readonly GroupConsumer[]): number {
  const generations = new Set(consumers.map(({ generation }) => generation))
  const names = consumers.flatMap(({ assignment }) => assignment.map(({ topic, partition }) => `${topic}-${partition}`))
  if (generations.size !== 1 || generations.has(-1)) return -1
  return new Set(names).size === names.length ? names.length : -1
}

async function committedOf(world: ClientWorld, rpc: Rpc, all: readonly TopicPartition[]): Promise<Offset[] | null> {
  const peer = await coordinatorOf(world, rpc)
  if (peer === null) return null
  const topics = all.map(({ topic, partition }) => ({ name: topic, partitionIndexes: [partition] }))
  const request = { groups: [{ groupId: GROUP, topics }], requireStable: true }
  const result = await peer.send(apis.OffsetFetch, request, { timeoutMs: ASK_MS, maxVersion: BY_NAME })
  peer.close()
  const group = result.kind === 'ok' ? result.body.groups[0] : undefined
  if (group === undefined || group.errorCode !== 0) return null
  return group.topics.map(({ partitions }) => partitions[0]?.committedOffset ?? -1)
}

function topicsOf({ topics }: ClientWorld): string[] {
  const names = new Set(topics.keys.map(({ topic }) => topic).filter((topic) => !topics.fades(topic)))
  return [...names, QUIET_TOPIC]
}
