// The partition that a group lives on moves to other brokers under it: its coordinator is another one, which knows what was
// committed, and whoever reads goes on without going back.

import { expect, test } from 'vitest'
import { type Client, ClientError } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const OFFSETS = '__consumer_offsets'
const RECORDS = 60

function replicasOf(cluster: SimCluster): readonly number[] {
  const { image } = cluster.view(1)
  const id = image.topicIds.get(OFFSETS)
  return (id === undefined ? undefined : image.topics.get(id))?.partitions.get(0)?.replicas ?? []
}

/** Reads and commits until all is read; what each poll began with, by what was committed before. */
async function read(client: Client, seen: number[]): Promise<void> {
  const consumer = client.groupConsumer({
    group: 'readers',
    topics: ['orders'],
    reset: 'earliest',
    sessionTimeoutMs: 6_000,
  })
  let committed = 0
  while (committed < RECORDS) {
    const records = await consumer.poll(300)
    try {
      await consumer.commit(3_000)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      continue
    }
    const [first] = records
    const last = records.at(-1)
    if (first === undefined || last === undefined) continue
    // After a commit that nobody heard of, the same may be read again, and nothing before it.
    expect(first.offset).toBeLessThanOrEqual(committed)
    committed = last.offset + 1
    seen.push(committed)
  }
  await consumer.close()
}

test.each([1, 2])(
  'a group’s coordinator is moved away, twice (seed %i)',
  async (seed) => {
    const properties = { 'offsets.topic.num.partitions': '1', 'group.initial.rebalance.delay.ms': '500' }
    const cluster = createSimCluster({ seed, brokers: 5, properties })
    using _ = cluster
    await cluster.start()
    const { sim } = cluster
    const user = cluster.user()
    const { admin } = user.client
    await sim.wait(admin.createTopics([{ name: 'orders', partitions: 1, replicationFactor: 3 }]))
    const producer = user.client.producer()
    const seen: number[] = []
    const reading = read(cluster.client(), seen)
    const sending = (async () => {
      for (let i = 0; i < RECORDS; i++) {
        await user.delay(300)
        await producer.send({ topic: 'orders', partition: 0, value: `record ${i}` })
      }
    })()
    const moveAway = async (): Promise<void> => {
      const before = replicasOf(cluster)
      const others = cluster.ids.filter((id) => !before.includes(id))
      const replicas = [...others, before.find((id) => id !== cluster.leaderOf(OFFSETS, 0))!]
      const [outcome] = await sim.wait(admin.alterPartitionReassignments([{ topic: OFFSETS, partition: 0, replicas }]))
      expect(outcome?.error).toBe('NONE')
      while ((await sim.wait(admin.listPartitionReassignments(null))).length > 0) await sim.sleep(200)
      await sim.sleep(1_000)
      expect(replicasOf(cluster)).toEqual(replicas)
      expect(before).not.toEqual(replicas)
    }
    while (seen.length === 0) await sim.sleep(500)
    await moveAway()
    const afterFirst = seen.length
    await sim.sleep(2_000)
    await moveAway()
    await sim.wait(Promise.all([sending, reading]), 120_000)
    expect(seen.length).toBeGreaterThan(afterFirst)
    expect(seen.at(-1)).toBe(RECORDS)
    expect([...cluster.fatal]).toEqual([])
  },
  60_000,
)
