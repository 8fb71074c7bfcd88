// Partitions that move, on whole nodes under load and under the eyes of the watch: one replica becomes three and two again,
// a move is cancelled, and leaders, controllers and those who are being added die in the middle of it. Nothing that was
// acknowledged is lost or doubled, and who is dropped keeps nothing.

import { afterEach, expect, test } from 'vitest'
import type { NodeId } from '../../src/base/index.ts'
import { type Client, ClientError, type ProducerRecord } from '../../src/client/index.ts'
import { type Watch, watchCluster } from '../../src/sim/watch/index.ts'
import { ClusterStory, type StoryOptions } from '../support/cluster-story.ts'

const PARTITION = { topic: 't', partition: 0 }

let story: ClusterStory
let watch: Watch

async function begin(options: StoryOptions): Promise<ClusterStory> {
  story = await ClusterStory.begin({ ...options, onCluster: (cluster) => (watch = watchCluster(cluster)) })
  return story
}

afterEach(() => {
  watch.atEnd()
  const { violations } = watch
  const fatal = [...story.cluster.fatal]
  story.cluster.close()
  expect(violations).toEqual([])
  expect(fatal).toEqual([])
})

/** As an operator does: again where no answer came, from another broker. */
async function move(to: readonly NodeId[] | null): Promise<void> {
  const { admin } = story.user.client
  const asked = async () => {
    for (;;) {
      try {
        return await admin.alterPartitionReassignments([{ ...PARTITION, replicas: to }], { timeoutMs: 8_000 })
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
    }
  }
  const [outcome] = await story.sim.wait(asked())
  expect(outcome).toEqual({ ...PARTITION, error: 'NONE', message: null })
}

function isMoving(): boolean {
  const { addingReplicas, removingReplicas } = story.partition
  return addingReplicas.length + removingReplicas.length > 0
}

async function settled(replicas: readonly NodeId[]): Promise<void> {
  await story.until(() => !isMoving(), 'the move is over')
  expect([...story.partition.replicas]).toEqual(replicas)
  await story.inSync()
}

/** Files of the partition on a node's disk. */
function files(id: NodeId): string[] {
  return story.sim.disk(story.cluster.host(id)).paths('/data/t-0')
}

async function gone(ids: readonly NodeId[]): Promise<void> {
  // What is deleted is renamed first, and goes after file.delete.delay.ms.
  await story.until(() => ids.every((id) => files(id).length === 0), 'who was dropped keeps nothing')
}

/** Sends without a pause until it is told to stop; every record's value is its number. */
class Load {
  sent = 0
  readonly acked: Set<number> = new Set()
  #stopped = false
  readonly #done: Promise<void>

  constructor(client: Client) {
    const producer = client.producer({ deliveryTimeoutMs: 120_000 })
    const record = (): ProducerRecord => ({ ...PARTITION, value: `${this.sent++}`.padEnd(500, '.') })
    this.#done = (async () => {
      const waiting: Promise<void>[] = []
      while (!this.#stopped) {
        const number = this.sent
        waiting.push(producer.send(record()).then(() => void this.acked.add(number)))
        await story.user.delay(5)
      }
      await Promise.all(waiting)
    })()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await story.sim.wait(this.#done, 240_000)
  }

  /** Every record once, and in the order in which they were sent. */
  async expectAll(): Promise<void> {
    expect(this.acked.size).toBe(this.sent)
    const consumer = story.cluster.client().consumer()
    consumer.assign([{ ...PARTITION, offset: 'earliest' }])
    const found: number[] = []
    const reading = async (): Promise<void> => {
      while (found.length < this.sent)
        for (const { value } of await consumer.poll(1_000))
          found.push(Number.parseInt(new TextDecoder().decode(value!), 10))
    }
    await story.sim.wait(reading())
    expect(found).toEqual(Array.from({ length: this.sent }, (_, i) => i))
  }
}

test.each([1, 2, 3])('one replica becomes three and two again under load (seed %i)', async (seed) => {
  await begin({ seed, brokers: 4, replicas: 1, configs: { 'min.insync.replicas': '1' } })
  const [first] = story.partition.replicas as [NodeId]
  const [second, third, fourth] = story.cluster.ids.filter((id) => id !== first) as [NodeId, NodeId, NodeId]
  const load = new Load(story.cluster.client())
  await story.sim.sleep(2_000)
  await move([first, second, third])
  await settled([first, second, third])
  await story.sim.sleep(1_000)
  await move([third, fourth])
  await settled([third, fourth])
  expect([third, fourth]).toContain(story.partition.leader)
  await story.sim.sleep(1_000)
  await load.stop()
  await load.expectAll()
  await gone([first, second])
  // What leads by preference does so when it is asked for.
  const { admin } = story.user.client
  await story.sim.wait(admin.electLeaders('preferred', null))
  await story.until(() => story.leader === third, 'the preferred replica leads')
  expect(await story.sim.wait(admin.electLeaders('preferred', [PARTITION]))).toMatchObject([
    { error: 'ELECTION_NOT_NEEDED' },
  ])
})

test.each([4, 5])('a cancellation restores what was there (seed %i)', async (seed) => {
  await begin({ seed, brokers: 5, replicas: 3 })
  const before = [...story.partition.replicas]
  const added = story.cluster.ids.filter((id) => !before.includes(id)) as [NodeId, NodeId]
  const load = new Load(story.cluster.client())
  await story.sim.sleep(1_000)
  // One of the two is not reached by anybody who could be asked for records.
  for (const id of before) story.cluster.cut(added[1], id)
  await move([...added, before[0]!])
  await story.until(() => story.partition.isr.includes(added[0]), 'one of the new ones is in sync')
  expect(isMoving()).toBe(true)
  const { admin } = story.user.client
  const [adding, removing] = [[...added].sort(), before.slice(1).sort()]
  expect(await story.sim.wait(admin.listPartitionReassignments(null))).toEqual([
    { ...PARTITION, replicas: [...added, before[0], ...removing], adding, removing },
  ])
  story.cluster.heal()
  await move(null)
  await story.until(() => !isMoving(), 'nothing moves')
  expect([...story.partition.replicas].sort()).toEqual([...before].sort())
  await story.inSync()
  await story.sim.sleep(1_000)
  await load.stop()
  await load.expectAll()
  await gone(added)
  const again = await story.sim.wait(admin.alterPartitionReassignments([{ ...PARTITION, replicas: null }]))
  expect(again).toMatchObject([{ error: 'NO_REASSIGNMENT_IN_PROGRESS' }])
})

test.each([6, 7, 8])(
  'the controller dies on the way, then the leader, then one that is being added (seed %i)',
  async (seed) => {
    await begin({ seed, brokers: 5, replicas: 3 })
    const before = [...story.partition.replicas]
    const added = story.cluster.ids.filter((id) => !before.includes(id)) as [NodeId, NodeId]
    const to = [...added, before[2]!]
    const load = new Load(story.cluster.client())
    await story.sim.sleep(1_000)
    for (const id of before) story.cluster.cut(added[0], id)
    await move(to)
    await story.until(() => story.partition.isr.includes(added[1]), 'one of the new ones is in sync')
    const controller = story.controller!
    story.cluster.kill(controller)
    await story.until(() => story.controller !== undefined && story.controller !== controller, 'another one controls')
    expect(isMoving()).toBe(true)
    story.cluster.heal()
    await story.cluster.restart(controller)
    const leader = story.leader
    story.cluster.kill(leader)
    await story.until(() => story.cluster.leaderOf('t', 0) !== null && story.leader !== leader, 'another one leads')
    await story.cluster.restart(leader)
    if (story.cluster.alive(added[0])) story.cluster.kill(added[0])
    await story.sim.sleep(2_000)
    await story.cluster.restart(added[0])
    await settled(to)
    await story.sim.sleep(1_000)
    await load.stop()
    await load.expectAll()
    await gone(before.slice(0, 2))
  },
)

test('a topic that is deleted while it moves leaves nothing behind', async () => {
  await begin({ seed: 9, brokers: 4, replicas: 3 })
  const before = [...story.partition.replicas]
  const [added] = story.cluster.ids.filter((id) => !before.includes(id)) as [NodeId]
  await story.send(50)
  for (const id of before) story.cluster.cut(added, id)
  await move([added, before[0]!])
  const { admin } = story.user.client
  const [deleted] = await story.sim.wait(admin.deleteTopics(['t']))
  expect(deleted?.error).toBe('NONE')
  expect(await story.sim.wait(admin.listPartitionReassignments(null))).toEqual([])
  story.cluster.heal()
  await gone(story.cluster.ids)
})

test('who was dropped while it was dead deletes its log when it is back', async () => {
  await begin({ seed: 10, brokers: 4, replicas: 3 })
  const [first, second, dead] = story.partition.replicas as [NodeId, NodeId, NodeId]
  const added = story.cluster.ids.find((id) => !story.partition.replicas.includes(id))!
  await story.send(20)
  story.cluster.kill(dead)
  await move([first, second, added])
  await settled([first, second, added])
  await story.send(20)
  expect(files(dead).length).toBeGreaterThan(0)
  await story.cluster.restart(dead)
  await gone([dead])
  await story.expectAll()
})

test('S30 (KIP-966): who is moved away while it is dead, and back again, counts when it has caught up and not before', async () => {
  await begin({ seed: 11, brokers: 4, replicas: 3 })
  const [first, second, lost] = story.partition.replicas as [NodeId, NodeId, NodeId]
  const other = story.cluster.ids.find((id) => !story.partition.replicas.includes(id))!
  await story.send(20)
  story.cluster.kill(lost)
  await move([first, second, other])
  await settled([first, second, other])
  // The log of before is still on its disk.
  await move([first, second, lost])
  await story.send(20)
  await story.cluster.restart(lost)
  await settled([first, second, lost])
  await story.expectAll()
  await gone([other])
})
