// DeleteRecords on whole nodes: what is deleted is gone for every consumer and on every replica, also after the leader's
// death, and what is not is all there.

import { expect, test } from 'vitest'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const TOPIC = 'gone'

async function values(cluster: SimCluster, count: number): Promise<string[]> {
  const consumer = cluster.client().consumer()
  consumer.assign([{ topic: TOPIC, partition: 0, offset: 'earliest' }])
  const found: string[] = []
  const read = async (): Promise<void> => {
    while (found.length < count)
      for (const { value } of await consumer.poll(1000)) found.push(new TextDecoder().decode(value!))
  }
  await cluster.sim.wait(read(), 60_000)
  return found
}

function starts(cluster: SimCluster): number[] {
  return cluster.ids
    .filter((id) => cluster.alive(id))
    .map((id) => cluster.view(id).replicas.find(({ topic }) => topic === TOPIC)!.logStartOffset)
}

test('what is deleted is gone everywhere, whoever leads', async () => {
  using cluster = createSimCluster({ seed: 61 })
  await cluster.start()
  const client = cluster.client()
  const { admin } = client
  await cluster.sim.wait(admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 3 }]))
  await cluster.sim.sleep(1000)
  const producer = client.producer()
  for (let i = 0; i < 10; i++)
    await cluster.sim.wait(producer.send({ topic: TOPIC, partition: 0, value: `record ${i}` }))
  const remove = (beforeOffset: number) =>
    cluster.sim.wait(admin.deleteRecords([{ topic: TOPIC, partition: 0, beforeOffset }]), 60_000)
  expect(await remove(4)).toMatchObject([{ error: 'NONE', lowWatermark: 4 }])
  expect(starts(cluster)).toEqual([4, 4, 4])
  expect(await remove(11)).toMatchObject([{ error: 'OFFSET_OUT_OF_RANGE', lowWatermark: -1 }])
  expect(await values(cluster, 6)).toEqual(['record 4', 'record 5', 'record 6', 'record 7', 'record 8', 'record 9'])
  const leader = cluster.leaderOf(TOPIC, 0)!
  cluster.kill(leader)
  // Nobody waits for the dead one once its session is over.
  expect(await remove(7)).toMatchObject([{ error: 'NONE', lowWatermark: 7 }])
  expect(starts(cluster)).toEqual([7, 7])
  await cluster.restart(leader)
  await cluster.sim.sleep(3000)
  expect(starts(cluster)).toEqual([7, 7, 7])
  expect(await values(cluster, 3)).toEqual(['record 7', 'record 8', 'record 9'])
  expect(await remove(-1)).toMatchObject([{ error: 'NONE', lowWatermark: 10 }])
  expect(starts(cluster)).toEqual([10, 10, 10])
})
