// Groups on whole nodes: real clients in their default settings share a topic while the coordinator's broker dies, comes back,
// and members come and go. What a group was told to have committed is where its next member begins.

import { describe, expect, test } from 'vitest'
import { type Client, ClientError, type GroupConsumer } from '../../src/client/index.ts'
import { partitionFor } from '../../src/groups/index.ts'
import { createRpc } from '../../src/rpc/index.ts'
import { createSimCluster, type SimCluster, type SimUser } from '../../src/sim/index.ts'
import { apis, type ErrorName } from '../../src/wire/index.ts'

const TOPIC = 'orders'
const GROUP = 'readers'
const PARTITIONS = 4
/** Kafka's default for `__consumer_offsets`. */
const OFFSETS_PARTITIONS = 50

const RPC = {
  clientId: 'asker',
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1_000,
  connectTimeoutMs: 10_000,
  maxResponseBytes: 1 << 20,
}

/** What consumers are told when a group rebalances or its coordinator goes; anything else is a failure. */
const PASSING: readonly ErrorName[] = [
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'NETWORK_EXCEPTION',
]

/** What all members of the group have seen together. */
class Shared {
  readonly polled: Map<number, Map<number, string>> = new Map()
  /** The next offset, as acknowledged, by partition. */
  readonly committed: Map<number, number> = new Map()
  readonly wentBack: string[] = []
  readonly refused: Set<string> = new Set()
}

class Member {
  readonly consumer: GroupConsumer
  readonly user: SimUser
  readonly done: Promise<void>
  readonly #shared: Shared
  #running = true
  #generation = -1
  #begun: Set<number> = new Set()

  constructor(cluster: SimCluster, shared: Shared) {
    this.user = cluster.user()
    this.#shared = shared
    this.consumer = this.user.client.groupConsumer({ group: GROUP, topics: [TOPIC], reset: 'earliest' })
    this.done = this.#work()
  }

  get partitions(): number[] {
    return this.consumer.assignment.map(({ partition }) => partition)
  }

  async leave(): Promise<void> {
    this.#running = false
    await this.done
    await this.consumer.close()
  }

  async #work(): Promise<void> {
    while (this.#running) {
      const next = await this.#poll()
      try {
        await this.consumer.commit()
        for (const [partition, offset] of next) this.#shared.committed.set(partition, offset)
      } catch (error) {
        if (!(error instanceof ClientError) || !PASSING.includes(error.error)) throw error
        this.#shared.refused.add(error.error)
      }
    }
  }

  /** The next offset by partition. */
  async #poll(): Promise<Map<number, number>> {
    const { polled, committed, wentBack } = this.#shared
    const next = new Map<number, number>()
    for (const { partition, offset, value } of await this.consumer.poll(500)) {
      const { generation } = this.consumer
      if (generation !== this.#generation) {
        this.#generation = generation
        this.#begun = new Set()
      }
      const first = !this.#begun.has(partition)
      this.#begun.add(partition)
      const from = committed.get(partition) ?? 0
      if (first && offset < from)
        wentBack.push(`generation ${generation} begins ${partition} at ${offset}, not ${from}`)
      let records = polled.get(partition)
      if (records === undefined) {
        records = new Map()
        polled.set(partition, records)
      }
      records.set(offset, new TextDecoder().decode(value!))
      next.set(partition, offset + 1)
    }
    return next
  }
}

async function started(seed: number): Promise<{ cluster: SimCluster; client: Client; shared: Shared }> {
  const cluster = createSimCluster({ seed })
  await cluster.start()
  const client = cluster.client()
  const created = await cluster.sim.wait(
    client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }]),
  )
  expect(created[0]?.error).toBe('NONE')
  return { cluster, client, shared: new Shared() }
}

async function send(client: Client, from: number, count: number): Promise<void> {
  const producer = client.producer()
  for (let i = from; i < from + count; i++) {
    await producer.send({ topic: TOPIC, partition: i % PARTITIONS, value: `record ${i}` })
  }
}

async function until(cluster: SimCluster, what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 200) {
    if (waited > 180_000) throw new Error(`not within three minutes: ${what}`)
    await cluster.sim.sleep(200)
  }
}

function seen(shared: Shared): string[] {
  return [...shared.polled.values()].flatMap((records) => [...records.values()])
}

/** Everything was read and is committed, and each partition is read by exactly one. */
function settled(shared: Shared, members: readonly Member[], count: number): boolean {
  const owned = members.flatMap(({ partitions }) => partitions).sort()
  const committed = [...shared.committed.values()].reduce((sum, next) => sum + next, 0)
  return owned.join() === '0,1,2,3' && new Set(seen(shared)).size === count && committed === count
}

/** Who says that it coordinates the group. */
function coordinators(cluster: SimCluster): number[] {
  const home = partitionFor(GROUP, OFFSETS_PARTITIONS)
  const active = ({ partition, phase }: { readonly partition: number; readonly phase: string }): boolean =>
    partition === home && phase === 'active'
  return cluster.ids.filter((id) => cluster.alive(id) && cluster.view(id).groups.some(active))
}

/** Everything that a coordinator knows to be committed. */
let askers = 0
async function offsets(cluster: SimCluster): Promise<string[]> {
  const rpc = createRpc(cluster.sim.addNode(`asker${++askers}`, { client: true }), RPC)
  const at = { host: `node${coordinators(cluster)[0]}`, port: 9092 }
  const request = { groups: [{ groupId: GROUP, topics: null }] }
  const asked = rpc.peer(at).send(apis.OffsetFetch, request, { timeoutMs: 5_000, maxVersion: 9 })
  const answer = await cluster.sim.wait(asked)
  if (answer.kind !== 'ok') throw new Error(answer.reason)
  const { errorCode, topics } = answer.body.groups[0]!
  expect(errorCode).toBe(0)
  return topics
    .flatMap(({ name, partitions }) => partitions.map((one) => `${name}-${one.partitionIndex}: ${one.committedOffset}`))
    .sort()
}

function committedAt(offset: number): string[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => `${TOPIC}-${partition}: ${offset}`)
}

function ended(cluster: SimCluster): void {
  expect([...cluster.fatal]).toEqual([])
  cluster.close()
}

describe.each([1, 2, 3])('seed %i', (seed) => {
  test('a group reads on when its coordinator’s broker dies, from where it has committed', async () => {
    const { cluster, client, shared } = await started(seed)
    await cluster.sim.wait(send(client, 0, 40))
    const members = [new Member(cluster, shared), new Member(cluster, shared), new Member(cluster, shared)]
    await until(cluster, 'the group has read what was there', () => settled(shared, members, 40))
    const [first] = coordinators(cluster)
    expect(coordinators(cluster)).toEqual([first])

    cluster.kill(first!)
    await until(cluster, 'another coordinates', () => coordinators(cluster).length === 1)
    expect(await offsets(cluster)).toEqual(committedAt(10))
    await cluster.sim.wait(send(client, 40, 40))
    await until(cluster, 'the group has read on', () => settled(shared, members, 80))
    expect(coordinators(cluster)).not.toEqual([first])

    // The dead one comes back, a member dies without a word, another leaves, a new one comes.
    await cluster.restart(first!)
    cluster.sim.kill(members[0]!.user.host)
    await cluster.sim.wait(members[1]!.leave())
    const left = [members[2]!, new Member(cluster, shared)]
    await cluster.sim.wait(send(client, 80, 40))
    await until(cluster, 'two share what four did', () => settled(shared, left, 120))
    for (const member of left) await cluster.sim.wait(member.leave())

    // Nobody is left, and what was committed is: the next one has nothing to read again.
    const late = new Member(cluster, shared)
    const before = seen(shared).length
    await cluster.sim.wait(send(client, 120, 4))
    await until(cluster, 'the next one goes on', () => settled(shared, [late], 124))
    expect(seen(shared)).toHaveLength(before + 4)
    expect(shared.wentBack).toEqual([])
    ended(cluster)
  })
})

test('a stopped coordinator hands over: nobody waits for a session to end', async () => {
  const { cluster, client, shared } = await started(4)
  await cluster.sim.wait(send(client, 0, 40))
  const members = [new Member(cluster, shared), new Member(cluster, shared)]
  await until(cluster, 'the group has read what was there', () => settled(shared, members, 40))
  const generation = Math.max(...members.map(({ consumer }) => consumer.generation))
  const [first] = coordinators(cluster)
  await cluster.stop(first!)
  await cluster.sim.wait(send(client, 40, 40))
  await until(cluster, 'the group has read on', () => settled(shared, members, 80))
  expect(members.map(({ consumer }) => consumer.generation)).toEqual([generation, generation])
  expect(shared.wentBack).toEqual([])
  ended(cluster)
})

test('what was committed outlives the death of all brokers at once, by tables and by logs', async () => {
  const { cluster, client, shared } = await started(5)
  await cluster.sim.wait(send(client, 0, 40))
  const member = new Member(cluster, shared)
  await until(cluster, 'it has read what was there', () => settled(shared, [member], 40))
  // Long enough for the standbys to fold.
  await cluster.sim.sleep(2_000)
  const home = partitionFor(GROUP, OFFSETS_PARTITIONS)
  for (const id of cluster.ids) {
    expect(cluster.view(id).groups.find(({ partition }) => partition === home)?.folded).toBeGreaterThan(0)
  }
  for (const id of cluster.ids) cluster.kill(id)
  cluster.sim.kill(member.user.host)
  await cluster.sim.wait(Promise.all(cluster.ids.map((id) => cluster.restarting(id))), 120_000)
  const next = new Member(cluster, shared)
  await cluster.sim.wait(send(client, 40, 4))
  await until(cluster, 'the next one goes on', () => settled(shared, [next], 44))
  expect(shared.wentBack).toEqual([])
  const [leader] = coordinators(cluster)
  const loaded = cluster.view(leader!).groups.find(({ partition }) => partition === home)?.lastLoad
  // Rows of its standby table, four offsets and the group, and what came after them.
  expect(loaded?.rows).toBeGreaterThan(0)
  ended(cluster)
})

test('offsets go with their topic', async () => {
  const { cluster, client, shared } = await started(6)
  await cluster.sim.wait(send(client, 0, 8))
  const member = new Member(cluster, shared)
  await until(cluster, 'it has read what was there', () => settled(shared, [member], 8))
  await cluster.sim.wait(member.leave())
  expect(await offsets(cluster)).toEqual(committedAt(2))
  await cluster.sim.wait(client.admin.deleteTopics([TOPIC]))
  await cluster.sim.sleep(1_000)
  expect(await offsets(cluster)).toEqual([])
  await cluster.sim.wait(client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }]))
  const fresh = new Shared()
  const next = new Member(cluster, fresh)
  await cluster.sim.wait(send(client, 0, 8))
  await until(cluster, 'the new topic is read from its beginning', () => settled(fresh, [next], 8))
  ended(cluster)
})

test('a member is told what it is given and what the group has committed of it; without retries, no commit is made twice', async () => {
  const { cluster, client } = await started(7)
  await cluster.sim.wait(send(client, 0, 8))
  const told: string[] = []
  const consumer = cluster.user().client.groupConsumer({
    ...{ group: GROUP, topics: [TOPIC], reset: 'earliest', commitRetries: 0 },
    onRevoked: () => told.push('revoked'),
    onAssigned: ({ generation, partitions }) =>
      told.push(`${generation}: ${partitions.map(({ partition, committed }) => `${partition}@${committed ?? '-'}`)}`),
  })
  let read = 0
  while (read < 8) read += (await cluster.sim.wait(consumer.poll(500))).length
  await cluster.sim.wait(consumer.commit())
  const other = cluster.user().client.groupConsumer({ group: GROUP, topics: [TOPIC], reset: 'earliest' })
  while (told.length < 4 || other.generation < 0) {
    await cluster.sim.wait(Promise.all([consumer.poll(500), other.poll(500)]))
  }
  expect(told).toHaveLength(4)
  expect(told.slice(0, 3)).toEqual(['revoked', '1: 0@-,1@-,2@-,3@-', 'revoked'])
  expect(told[3]).toMatch(/^2: (0@2,1@2|2@2,3@2)$/)

  await cluster.sim.wait(send(client, 8, 4))
  while (read < 9) read += (await cluster.sim.wait(consumer.poll(500))).length
  for (const id of cluster.ids) cluster.kill(id)
  const began = cluster.sim.now
  const commit = cluster.sim.wait(consumer.commit(60_000).then(String, (error: unknown) => error))
  expect(await commit).toMatchObject({ error: 'NETWORK_EXCEPTION' })
  expect(cluster.sim.now - began).toBeLessThan(45_000)
  ended(cluster)
})
