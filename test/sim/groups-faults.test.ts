// A group of three in a world of faults: whatever dies, is cut off or loses its unsynced bytes, no partition has two owners in one
// generation, no member begins behind what was acknowledged as committed, and when all is well again everything is read.

import { expect, test } from 'vitest'
import { type Client, ClientError, type GroupConsumer } from '../../src/client/index.ts'
import { type SimulatedUser, simulate } from '../../src/sim/index.ts'

const TOPIC = 'orders'
const PARTITIONS = 4
const FAULTS_MS = 40_000
/** Work goes on when everything has healed. */
const CALM_MS = 20_000
const SETTLE_MS = 150_000
const PROPERTIES = {
  'offsets.topic.num.partitions': '3',
  'group.initial.rebalance.delay.ms': '500',
  // The standard of a simulated life: what was acknowledged outlives any one disk.
  'min.insync.replicas': '2',
}

class World {
  readonly found: string[] = []
  readonly sent: Set<string> = new Set()
  readonly seen: Set<string> = new Set()
  readonly committed: Map<number, number> = new Map()
  /** By generation and partition. */
  readonly owners: Map<string, string> = new Map()
  commits = 0
  running = true
}

class Member {
  readonly #world: World
  readonly #user: SimulatedUser
  #client: Client
  #consumer: GroupConsumer
  #generation = -1
  readonly #begun: Set<number> = new Set()

  constructor(world: World, user: SimulatedUser) {
    this.#world = world
    this.#user = user
    this.#client = user.connect({ requestTimeoutMs: 3_000 })
    this.#consumer = this.#open()
  }

  get owned(): number[] {
    return this.#consumer.assignment.map(({ partition }) => partition)
  }

  async work(): Promise<void> {
    const { random } = this.#user
    while (this.#world.running) {
      const draw = random.below(60)
      if (draw === 0) this.#crash()
      else if (draw === 1) await this.#reopen()
      await this.#step().catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error
      })
    }
    await this.#consumer.close()
  }

  #open(): GroupConsumer {
    return this.#client.groupConsumer({
      group: 'readers',
      topics: [TOPIC],
      reset: 'earliest',
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 5_000,
      heartbeatIntervalMs: 1_000,
    })
  }

  #crash(): void {
    this.#client.close()
    this.#client = this.#user.connect({ requestTimeoutMs: 3_000 })
    this.#consumer = this.#open()
  }

  async #reopen(): Promise<void> {
    await this.#consumer.close()
    this.#consumer = this.#open()
  }

  async #step(): Promise<void> {
    const { committed, found, owners, seen } = this.#world
    const records = await this.#consumer.poll(300)
    const { generation, memberId } = this.#consumer
    if (generation !== this.#generation) {
      this.#generation = generation
      this.#begun.clear()
    }
    if (generation >= 0) {
      for (const partition of this.owned) {
        const owner = owners.get(`${generation}/${partition}`)
        owners.set(`${generation}/${partition}`, memberId)
        if (owner !== undefined && owner !== memberId)
          found.push(`${generation}/${partition}: ${owner} and ${memberId}`)
      }
    }
    const next = new Map<number, number>()
    for (const { partition, offset, value } of records) {
      const from = committed.get(partition) ?? 0
      if (!this.#begun.has(partition) && offset < from) found.push(`${partition} begins at ${offset}, behind ${from}`)
      this.#begun.add(partition)
      seen.add(new TextDecoder().decode(value!))
      next.set(partition, offset + 1)
    }
    await this.#consumer.commit(2_000)
    this.#world.commits += next.size
    for (const [partition, offset] of next) {
      // What another has committed since in a later generation, this one could not have.
      if (offset < (committed.get(partition) ?? 0)) found.push(`a commit of ${partition} went back to ${offset}`)
      committed.set(partition, offset)
    }
  }
}

/** Ten records a second, whatever becomes of those before. */
async function send(world: World, user: SimulatedUser, until: () => boolean): Promise<void> {
  const producer = user.connect().producer({ deliveryTimeoutMs: 30_000 })
  const sending: Promise<unknown>[] = []
  for (let i = 0; !until(); i++) {
    await user.delay(100)
    const value = `record ${i}`
    const sent = producer.send({ topic: TOPIC, partition: i % PARTITIONS, value }).then(
      () => world.sent.add(value),
      (error: unknown) => {
        if (!(error instanceof ClientError)) throw error
      },
    )
    sending.push(sent)
  }
  await Promise.all(sending)
}

async function settled(world: World, user: SimulatedUser, members: readonly Member[]): Promise<boolean> {
  for (let waited = 0; waited < SETTLE_MS; waited += 500) {
    const owned = members.flatMap((member) => member.owned).sort()
    const missing = [...world.sent].some((value) => !world.seen.has(value))
    if (owned.join() === '0,1,2,3' && !missing) return true
    await user.delay(500)
  }
  return false
}

async function live(seed: number): Promise<World> {
  const world = new World()
  await simulate({ seed, faults: FAULTS_MS, properties: PROPERTIES }, async (user) => {
    await user.client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }])
    const members = [new Member(world, user), new Member(world, user), new Member(world, user)]
    const working = members.map((member) => member.work())
    let late = false
    const sending = send(world, user, () => late)
    await user.delay(FAULTS_MS + CALM_MS)
    late = true
    await sending
    if (!(await settled(world, user, members))) world.found.push('not settled when all was well again')
    world.running = false
    await Promise.all(working)
  })
  return world
}

// 103: a node that was told to stop before all was healed stops after that, and must come back.
test.each([1, 2, 3, 4, 5, 103])('seed %i', async (seed) => {
  const { found, seen, commits } = await live(seed)
  expect(found).toEqual([])
  expect(seen.size).toBeGreaterThan(4)
  expect(commits).toBeGreaterThan(0)
})
