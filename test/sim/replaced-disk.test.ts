// A node whose disk was replaced by an empty one (R15, S51): formatted to join, it is no voter any more, follows the
// metadata all the same, and copies its replicas anew. With one more voter gone there is no majority, and nothing that
// was committed is forgotten for the sake of an empty disk.

import { expect, test } from 'vitest'
import { createSimCluster } from '../../src/sim/index.ts'

test.each([1, 2])('S51: a replaced disk counts for nobody and is filled again (seed %i)', async (seed) => {
  const cluster = createSimCluster({ seed })
  using _ = cluster
  await cluster.start()
  const { sim } = cluster
  const client = cluster.client()
  await sim.wait(client.admin.createTopics([{ name: 'a', partitions: 3, replicationFactor: 3 }]))
  const producer = client.producer()
  const send = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await producer.send({ topic: 'a', partition: i % 3, value: `v${i}` })
  }
  const active = (): number | undefined =>
    cluster.ids.find((id) => cluster.alive(id) && cluster.view(id).quorum.role === 'leader')
  const isrs = (id: number): number[] => {
    const { image } = cluster.view(id)
    const topic = image.topics.get(image.topicIds.get('a')!)!
    return [...topic.partitions.values()].map((partition) => partition.isr.length)
  }
  await sim.wait(send())
  // Once the active controller, once a follower.
  const victim = seed === 1 ? active()! : (active()! % 3) + 1
  cluster.kill(victim)
  await cluster.replaceDisk(victim)
  await cluster.restart(victim)
  await sim.sleep(15_000)
  expect(cluster.ids.map(isrs)).toEqual([
    [3, 3, 3],
    [3, 3, 3],
    [3, 3, 3],
  ])

  const other = active()!
  expect(other).not.toBe(victim)
  cluster.kill(other)
  await sim.sleep(20_000)
  expect(active()).toBeUndefined()
  await cluster.restart(other)
  await sim.wait(send())
  await sim.sleep(15_000)
  expect(cluster.ids.map(isrs)).toEqual([
    [3, 3, 3],
    [3, 3, 3],
    [3, 3, 3],
  ])
  expect([...cluster.fatal]).toEqual([])
})

test('who formats the new disk is not the node that died with the old one', async () => {
  const cluster = createSimCluster({ seed: 1 })
  using _ = cluster
  await cluster.start()
  cluster.killAt(3, 1)
  await cluster.sim.sleep(5_000)
  expect(cluster.alive(3)).toBe(false)
  const seen = new Set<unknown>()
  cluster.sim.afterEvent(() => seen.add(cluster.observed(3)))
  await cluster.replaceDisk(3)
  expect([...seen]).toEqual([null])
})

test.each([1, 2, 3, 4])('and what its quorum log then holds survives a power loss (seed %i)', async (seed) => {
  const cluster = createSimCluster({ seed })
  using _ = cluster
  await cluster.start()
  cluster.kill(1)
  await cluster.replaceDisk(1)
  await cluster.restart(1)
  await cluster.sim.sleep(5_000)
  cluster.powerLoss(1)
  // No snapshot came with the format, so the node itself made this directory.
  expect(cluster.sim.disk(cluster.host(1)).paths('/data/__cluster_metadata-0')).toContain(
    '/data/__cluster_metadata-0/quorum-state',
  )
})

test('what filled the old disk, and failed on it, is gone with it', async () => {
  const cluster = createSimCluster({ seed: 1 })
  using _ = cluster
  await cluster.start()
  cluster.kill(1)
  cluster.fillDisk(1, 0)
  cluster.failDisk(1, 'sync')
  await cluster.replaceDisk(1)
  await cluster.restart(1)
  await cluster.sim.sleep(5_000)
  expect([cluster.alive(1), ...cluster.fatal]).toEqual([true])
})
