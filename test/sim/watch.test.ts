// A watched cluster is the same cluster; what a watch sees of a good one is silent, and what is broken behind the nodes'
// backs is named.

import { expect, test } from 'vitest'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'
import { type Watch, watchCluster } from '../../src/sim/watch/index.ts'

const TOPIC = 'watched'

/** Produces, kills the leader, lets another lead, and restarts the dead one. */
async function live(seed: number, watched: boolean, between?: (cluster: SimCluster) => void): Promise<Lived> {
  const cluster = createSimCluster({ seed, properties: { 'odradek.log.flush.mode': 'fsync' } })
  try {
    const watch = watched ? watchCluster(cluster) : null
    const { sim } = cluster
    await cluster.start()
    const client = cluster.client()
    await sim.wait(client.admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: 3 }]))
    const producer = client.producer({})
    const send = (value: string): Promise<unknown> => sim.wait(producer.send({ topic: TOPIC, partition: 0, value }))
    await send('first')
    const consumer = cluster.client().consumer({ fetchMaxWaitMs: 100 })
    consumer.assign([{ topic: TOPIC, partition: 0, offset: 'earliest' }])
    await sim.wait(consumer.poll(500))
    const leader = cluster.leaderOf(TOPIC, 0)!
    cluster.kill(leader)
    await send('second')
    await cluster.restart(leader)
    between?.(cluster)
    await send('third')
    await sim.sleep(5_000)
    watch?.atEnd()
    return { hash: sim.traceHash(), watch }
  } finally {
    cluster.close()
  }
}

interface Lived {
  readonly hash: string
  readonly watch: Watch | null
}

test('a good life is silent, and the same as one that nobody watches', async () => {
  const { hash, watch } = await live(7, true)
  expect(watch!.violations).toEqual([])
  expect((await live(7, false)).hash).toBe(hash)
  expect(watch!.leaderChanges).toBeGreaterThan(0)
  expect(watch!.isrChanges).toBeGreaterThan(1)
  for (const marker of ['quorum: leader elected', 'produce: acknowledged by all', 'broker: registered again uncleanly'])
    expect(watch!.markers[marker]).toBeGreaterThan(0)
  const told = watch!.notables().map(({ text }) => text)
  expect(told.some((text) => text.includes('leads watched-0 in epoch'))).toBe(true)
})

test('a node whose disk changes behind its back is found out', async () => {
  const { watch } = await live(7, true, (cluster) => {
    // Its records are taken from a living leader: nothing was asked, nothing was lost that a promise excuses.
    const leader = cluster.leaderOf(TOPIC, 0)!
    const disk = cluster.sim.disk(cluster.host(leader))
    const path = disk.paths('/data').find((each) => each.includes(`${TOPIC}-0/`) && each.endsWith('.log'))!
    disk.observer!.cut(path, 0)
  })
  expect(watch!.violations.map(({ name }) => name)).toContain('P9')
})

test('a node killed between the name of its clean stop and the sync of that has stopped cleanly', async () => {
  using cluster = createSimCluster({ seed: 5 })
  const watch = watchCluster(cluster)
  const { sim } = cluster
  await cluster.start()
  const disk = sim.disk(cluster.host(3))
  cluster.stopping(3).catch(() => {})
  while (disk.look('/data/.kafka_cleanshutdown') === null) await sim.sleep(0.05)
  cluster.kill(3)
  await cluster.restart(3)
  await sim.sleep(2_000)
  expect(watch.violations).toEqual([])
  expect(watch.markers['broker: registered again cleanly']).toBe(1)
  expect(watch.markers['broker: registered again uncleanly']).toBe(0)
})
