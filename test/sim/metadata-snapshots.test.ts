// Snapshots of the metadata while nodes come and go: a follower that was away so long that the log no longer reaches
// back loads the leader's snapshot at the very moment when its own timers want to write and to clean snapshots.

import { expect, test } from 'vitest'
import { createSimCluster } from '../../src/sim/index.ts'

const QUICK = {
  'metadata.log.max.record.bytes.between.snapshots': '1000',
  'metadata.log.max.snapshot.interval.ms': '3000',
  'metadata.max.retention.ms': '5000',
  'metadata.log.segment.ms': '3000',
}

async function away(seed: number): Promise<void> {
  const cluster = createSimCluster({ seed, properties: QUICK })
  using _ = cluster
  await cluster.start()
  const { sim } = cluster
  const { admin } = cluster.client()
  let topics = 0
  for (let round = 0; round < 4; round++) {
    const follower = cluster.ids.find((id) => cluster.view(id).quorum.role !== 'leader')!
    sim.pause(cluster.host(follower))
    for (let i = 0; i < 6; i++) {
      await sim.wait(
        admin.createTopics([{ name: `t${topics++}`, partitions: 4, replicationFactor: 1 }]).catch(() => []),
      )
      await sim.sleep(2_500 + sim.random.below(1_000))
    }
    sim.resume(cluster.host(follower))
    await sim.sleep(5_000)
    expect([seed, [...cluster.fatal]]).toEqual([seed, []])
    const ends = cluster.ids.map((id) => cluster.view(id).quorum.highWatermark)
    expect([seed, Math.max(...ends) - Math.min(...ends) < 5]).toEqual([seed, true])
  }
}

test('a follower that was away loads a snapshot while its own are due', async () => {
  for (const seed of [1, 2, 12]) await away(seed)
})
