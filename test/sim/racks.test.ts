// Reading from the nearest replica on whole nodes (KIP-392): a consumer in a follower's rack needs its leader only to be
// told so, sees what is committed and nothing else, and goes back to the leader when the follower is gone.

import { expect, test } from 'vitest'
import type { Consumer } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const TOPIC = 'racks'
const SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'

interface World {
  readonly cluster: SimCluster
  readonly leader: number
  readonly follower: number
  send(count: number): Promise<void>
}

async function started(seed: number, selector = SELECTOR): Promise<World> {
  const cluster = createSimCluster({
    seed,
    properties: { 'replica.selector.class': selector },
    nodeProperties: (id) => ({ 'broker.rack': `rack-${id}` }),
  })
  await cluster.start()
  const client = cluster.client()
  const [created] = await cluster.sim.wait(
    client.admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 3 }]),
  )
  expect(created?.error).toBe('NONE')
  await cluster.sim.sleep(1000)
  const producer = client.producer()
  const leader = cluster.leaderOf(TOPIC, 0)!
  let n = 0
  const send = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await producer.send({ topic: TOPIC, partition: 0, value: `record ${n++}` })
  }
  return { cluster, leader, follower: (leader % 3) + 1, send: (count) => cluster.sim.wait(send(count)) }
}

async function read(cluster: SimCluster, consumer: Consumer, count: number, withinMs = 30_000): Promise<string[]> {
  const found: string[] = []
  const poll = async (): Promise<void> => {
    while (found.length < count)
      for (const { value } of await consumer.poll(1000)) found.push(new TextDecoder().decode(value!))
  }
  await cluster.sim.wait(poll(), withinMs)
  return found
}

const records = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `record ${from + i}`)

test('a consumer in the rack of a follower reads from it, and from the leader when it is gone', async () => {
  const { cluster, leader, follower, send } = await started(41)
  using _ = cluster
  await send(20)
  const user = cluster.user()
  const consumer = user.client.consumer({ rack: `rack-${follower}` })
  consumer.assign([{ topic: TOPIC, partition: 0, offset: 'earliest' }])
  expect(await read(cluster, consumer, 20)).toEqual(records(0, 20))
  // It has been sent to the follower: it does without the leader from now on.
  const cut = cluster.sim.cut(user.host, cluster.host(leader))
  await send(20)
  expect(await read(cluster, consumer, 20)).toEqual(records(20, 40))
  cut()
  cluster.kill(follower)
  await send(20)
  expect(await read(cluster, consumer, 20, 60_000)).toEqual(records(40, 60))
})

test.each([
  ['without a rack', '', SELECTOR],
  ['where replicas are not chosen by rack', 'rack-?', 'org.apache.kafka.common.replica.LeaderSelector'],
])('%s a consumer reads from the leader', async (_title, rack, selector) => {
  const { cluster, leader, follower, send } = await started(42, selector)
  using _ = cluster
  await send(5)
  const user = cluster.user()
  const consumer = user.client.consumer({ rack: rack.replace('?', String(follower)) })
  consumer.assign([{ topic: TOPIC, partition: 0, offset: 'earliest' }])
  expect(await read(cluster, consumer, 5)).toEqual(records(0, 5))
  cluster.sim.cut(user.host, cluster.host(leader))
  await send(1)
  const polled = cluster.sim.wait(consumer.poll(5000), 60_000)
  expect(await polled).toEqual([])
})
