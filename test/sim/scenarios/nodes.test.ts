// Scenarios of whole nodes and their disks: idle ones and busy ones, lost power, replaced and full disks, corrupt files.

import { expect, test } from 'vitest'
import { createSimCluster, type SimCluster } from '../../../src/sim/index.ts'
import { apis } from '../../../src/wire/index.ts'
import { ClusterStory } from '../../support/cluster-story.ts'

/** Events a second, over ten of them. */
async function eventsASecond(cluster: SimCluster): Promise<number> {
  const { events } = cluster.sim
  await cluster.sim.sleep(10_000)
  return (cluster.sim.events - events) / 10
}

test('S57 (KAFKA-17751): nodes with nothing to do, or nobody to do it with, do nearly nothing', async () => {
  using story = await ClusterStory.begin({ seed: 31 })
  const { cluster } = story
  await cluster.sim.sleep(5_000)
  const idle = await eventsASecond(cluster)
  // Fetches of voters, observers and followers twice a second each, heartbeats, and what belongs to them.
  expect(idle).toBeLessThan(1_000)
  for (const id of cluster.ids) cluster.isolate(id)
  await cluster.sim.sleep(20_000)
  expect(await eventsASecond(cluster)).toBeLessThan(1_000)
  cluster.heal()
  await story.send(3)
  const [dead] = story.followers as [number]
  cluster.kill(dead)
  await cluster.sim.sleep(20_000)
  expect(await eventsASecond(cluster)).toBeLessThan(1_000)
})

test('S58 (KAFKA-13959): a broker that starts while the metadata never rests is unfenced all the same', async () => {
  using story = await ClusterStory.begin({ seed: 32 })
  const { cluster, user } = story
  const [victim] = story.followers as [number]
  cluster.kill(victim)
  let done = false
  let changes = 0
  const busy = async (n: number): Promise<void> => {
    const { admin } = user.client
    for (let i = 0; !done; i++) {
      const value = String(1_000_000 + ((i * 7 + n) % 1_000))
      const change = { name: 'max.message.bytes', operation: 'set', value } as const
      await admin.incrementalAlterConfigs([{ type: 'topic', name: 't', changes: [change] }])
      changes++
    }
  }
  const all = Promise.all([1, 2, 3, 4].map(busy))
  await cluster.sim.sleep(12_000)
  const before = changes
  await cluster.restart(victim, 30_000)
  expect(before).toBeGreaterThan(100)
  expect(changes).toBeGreaterThan(before)
  done = true
  await cluster.sim.wait(all)
})

test('S65 (etcd #14370): a quorum of one answers when its disk has the record', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const cluster = createSimCluster({ seed, brokers: 1 })
    using _ = cluster
    await cluster.start()
    const { admin } = cluster.client()
    for (const name of ['a', 'b', 'c']) {
      const [created] = await cluster.sim.wait(admin.createTopics([{ name, partitions: 1, replicationFactor: 1 }]))
      expect(created?.error).toBe('NONE')
      cluster.powerLoss(1)
      await cluster.restart(1)
      expect([seed, cluster.view(1).image.topicIds.has(name)]).toEqual([seed, true])
    }
  }
})

test('S66 (Redpanda #17791): two of three disks replaced at once elect nobody and forget nothing', async () => {
  using story = await ClusterStory.begin({ seed: 33 })
  const { cluster } = story
  await story.send(5)
  const kept = story.leader
  const end = cluster.view(kept).quorum.highWatermark
  const order = story.followers
  for (const id of order) cluster.kill(id)
  for (const id of order) await cluster.replaceDisk(id)
  const starting = order.map((id) => cluster.restarting(id))
  for (const each of starting) each.catch(() => {})
  const expectNoLeader = async (): Promise<void> => {
    await cluster.sim.sleep(10_000)
    expect(cluster.ids.filter((id) => cluster.view(id).quorum.role === 'leader')).toEqual([])
    expect(cluster.view(kept).quorum.endOffset).toBeGreaterThanOrEqual(end)
    expect(cluster.logBytes(kept, 't', 0).length).toBeGreaterThan(0)
  }
  await expectNoLeader()
  // The one that holds the truth is started last: the others did not make a cluster of their own meanwhile.
  cluster.kill(kept)
  await cluster.sim.sleep(5_000)
  cluster.restarting(kept).catch(() => {})
  await expectNoLeader()
})

test('S78 (NATS): a replica with a bit that flipped is made whole before it leads', async () => {
  for (const seed of [34, 35]) {
    using story = await ClusterStory.begin({ seed })
    const { cluster, sim } = story
    await story.send(40)
    await story.inSync()
    const hurt = story.leader
    cluster.kill(hurt)
    const path = '/data/t-0/00000000000000000000.log'
    const size = sim.disk(cluster.host(hurt)).peek(path)!.length
    sim.disk(cluster.host(hurt)).flipBit(path, 8 * Math.floor(size / 2))
    await story.until(() => story.partition.leader !== hurt && story.partition.leader >= 0, 'another one leads')
    const restarted = cluster.restarting(hurt)
    const led = (): boolean => story.replica(hurt)?.role === 'leader'
    sim.afterEvent(() => {
      if (story.partition.isr.includes(hurt)) return
      expect(led()).toBe(false)
    })
    await sim.wait(restarted)
    await story.send(5)
    await story.expectAll()
    expect([...cluster.fatal]).toEqual([])
  }
})

test('S78: damaged, and the only one that may lead, it is cut at the damage, and leads', async () => {
  for (const seed of [39, 40]) {
    using story = await ClusterStory.begin({ seed, replicas: 2, configs: { 'min.insync.replicas': '1' } })
    const { cluster, sim } = story
    await story.send(20)
    await story.inSync()
    const [behind] = story.followers as [number]
    await cluster.stop(behind)
    await story.until(() => story.partition.isr.length === 1, 'one is in sync')
    await story.send(20)
    const hurt = story.leader
    cluster.kill(hurt)
    const path = '/data/t-0/00000000000000000000.log'
    const disk = sim.disk(cluster.host(hurt))
    disk.flipBit(path, 8 * Math.floor(disk.peek(path)!.length / 3))
    await cluster.restart(behind)
    await cluster.restart(hurt)
    await story.inSync()
    expect(story.leader).toBe(hurt)
    const { endOffset } = story.replica(hurt)!
    expect(endOffset).toBeGreaterThan(10)
    expect(endOffset).toBeLessThan(20)
    for (const offset of story.acked.keys()) if (offset >= endOffset) story.acked.delete(offset)
    await story.send(5)
    await story.expectAll()
    expect([...cluster.fatal]).toEqual([])
  }
})

test('S78: below the recovery point a flipped bit is found when it is read, and never shown', async () => {
  using story = await ClusterStory.begin({ seed: 36 })
  const { cluster, sim } = story
  await story.send(40)
  await story.inSync()
  const hurt = story.leader
  await cluster.stop(hurt)
  const path = '/data/t-0/00000000000000000000.log'
  const size = sim.disk(cluster.host(hurt)).peek(path)!.length
  sim.disk(cluster.host(hurt)).flipBit(path, 8 * (Math.floor(size / 40) * 20 + 70))
  await cluster.restart(hurt)
  await story.inSync()
  // As in Kafka nothing has looked there. It comes to lead.
  for (let i = 0; i < 4 && story.leader !== hurt; i++) {
    const other = story.leader
    await cluster.stop(other)
    await story.until(() => cluster.leaderOf('t', 0) !== null, 'somebody leads')
    await cluster.restart(other)
    await story.inSync()
  }
  expect(story.leader).toBe(hurt)
  const consumer = cluster.client().consumer()
  consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
  const read: string[] = []
  const reading = async (): Promise<void> => {
    while (read.length < 40)
      for (const { value } of await consumer.poll(1_000)) read.push(new TextDecoder().decode(value!))
  }
  await expect(sim.wait(reading())).rejects.toMatchObject({ error: 'CORRUPT_MESSAGE' })
  expect(read).toEqual([...story.acked.values()].slice(0, read.length))
  expect(read.length).toBeLessThan(40)
  expect(sim.disk(cluster.host(hurt)).peek(path)!.length).toBe(size)
})

test('S79 (NATS): an unreadable snapshot of the metadata stops the node, and deletes nothing', async () => {
  const properties = {
    'metadata.log.max.record.bytes.between.snapshots': '1000',
    'metadata.log.max.snapshot.interval.ms': '3000',
    'metadata.max.retention.ms': '5000',
    'metadata.log.segment.ms': '3000',
  }
  using story = await ClusterStory.begin({ seed: 37, properties })
  const { cluster, sim, user } = story
  await story.send(10)
  for (let i = 0; i < 4; i++) {
    await sim.wait(user.client.admin.createTopics([{ name: `x${i}`, partitions: 4, replicationFactor: 3 }]))
    await sim.sleep(4_000)
  }
  const victim = cluster.ids.find((id) => id !== story.controller)!
  const disk = sim.disk(cluster.host(victim))
  const snapshots = (): string[] =>
    disk.paths('/data/__cluster_metadata-0').filter((path) => path.endsWith('.checkpoint'))
  await story.until(() => cluster.view(victim).quorum.logStartOffset > 0, 'the log begins behind a snapshot')
  cluster.kill(victim)
  const before = disk.paths('/data').filter((path) => /\/(t|x\d)-\d+\/.*\.log$/.test(path))
  expect(before.length).toBe(17)
  for (const path of snapshots()) disk.flipBit(path, 8 * Math.floor(disk.peek(path)!.length / 2))
  const restarting = cluster.restarting(victim)
  let refused: unknown = null
  restarting.catch((error: unknown) => {
    refused = error
  })
  await sim.sleep(20_000)
  expect(disk.paths('/data').filter((path) => before.includes(path))).toEqual(before)
  expect(String(refused ?? cluster.fatal.get(victim))).toMatch(/snapshot \d+-\d+ of the metadata cannot be read/)
  // Its own bytes once more, and it is as before.
  if (cluster.alive(victim)) cluster.kill(victim)
  for (const path of snapshots()) disk.flipBit(path, 8 * Math.floor(disk.peek(path)!.length / 2))
  await cluster.restart(victim)
  await story.expectAll()
})

test('S81 (Redpanda): a leader that lost what it had not synced comes back at once, and does not lead on', async () => {
  let shorter = 0
  for (let seed = 40; seed < 45; seed++) {
    using story = await ClusterStory.begin({ seed })
    const { cluster } = story
    for (let round = 0; round < 2; round++) {
      await story.send(15)
      const hurt = story.leader
      const end = story.replica(hurt)!.endOffset
      const epoch = story.partition.leaderEpoch
      cluster.powerLoss(hurt)
      const restarted = cluster.restarting(hurt)
      await story.until(() => story.replica(hurt) !== undefined, 'its replica is open')
      if (story.replica(hurt)!.endOffset < end) shorter++
      await story.sim.wait(restarted)
      await story.inSync()
      expect([seed, story.partition.leaderEpoch > epoch]).toEqual([seed, true])
    }
    await story.send(5)
    await story.expectAll()
    expect([...cluster.fatal]).toEqual([])
  }
  expect(shorter).toBeGreaterThan(0)
})

test('S81: nor is it chosen when it alone is left, eligible as it was before', async () => {
  let shorter = 0
  for (let seed = 60; seed < 64; seed++) {
    using story = await ClusterStory.begin({ seed, brokers: 5, replicas: 3, configs: { 'min.insync.replicas': '3' } })
    const { cluster, sim } = story
    await story.send(20)
    const hurt = story.leader
    const others = story.followers
    const end = story.replica(hurt)!.endOffset
    cluster.powerLoss(hurt)
    for (const id of others) cluster.kill(id)
    const restarted = cluster.restarting(hurt)
    await story.until(() => story.replica(hurt) !== undefined, 'its replica is open')
    if (story.replica(hurt)!.endOffset < end) shorter++
    await sim.wait(restarted)
    await sim.sleep(15_000)
    expect([seed, story.partition.leader]).toEqual([seed, -1])
    await sim.wait(Promise.all(others.map((id) => cluster.restarting(id))))
    await story.send(5)
    await story.expectAll()
    expect([...cluster.fatal]).toEqual([])
  }
  expect(shorter).toBeGreaterThan(0)
})

test('a broker that stops before it hears that it is registered keeps its place, which may be that of the last good copy', async () => {
  for (let seed = 70; seed < 73; seed++) {
    using story = await ClusterStory.begin({ seed, configs: { 'min.insync.replicas': '3' } })
    const { cluster, sim } = story
    await story.send(20)
    const good = story.followers.find((id) => id !== story.controller)!
    const others = cluster.ids.filter((id) => id !== good)
    await cluster.stop(good)
    await story.until(() => story.partition.elr.includes(good), 'it may lead, though it is away')
    const known = story.image.brokers.get(good)!.epoch
    cluster.restarting(good).catch(() => {})
    await story.until(() => story.image.brokers.get(good)!.epoch !== known, 'it is registered')
    const unheard = story.image.brokers.get(good)!.epoch
    const apart = cluster.isolate(good)
    await cluster.stop(good)
    expect([seed, cluster.ids.filter((id) => cluster.alive(id))]).toEqual([seed, others])
    apart()
    // Both others may have lost something, so its place is the only one left.
    for (const id of others) cluster.powerLoss(id)
    const restarted = others.map((id) => cluster.restarting(id))
    await sim.wait(Promise.all(restarted))
    await story.until(() => story.partition.leader < 0 && story.partition.isr.length === 0, 'nobody of them may lead')
    expect([seed, story.partition.elr]).toEqual([seed, [good]])
    await cluster.restart(good)
    expect([seed, cluster.view(good).brokerEpoch]).toEqual([seed, unheard])
    await story.inSync()
    await story.send(5)
    await story.expectAll()
    expect([...cluster.fatal]).toEqual([])
  }
})

test.each([0, 300, 2_000, 20_000])(
  'S82: no space for the metadata log (%i bytes left) costs the node and no record',
  async (free) => {
    using story = await ClusterStory.begin({ seed: 50 + free })
    const { cluster, sim, user } = story
    await story.send(5)
    const full = story.controller!
    const room = cluster.fillDisk(full, free)
    const names: string[] = []
    for (let i = 0; i < 200 && !cluster.fatal.has(full); i++) {
      const name = `x${i}`
      const creating = user.client.admin.createTopics([{ name, partitions: 1, replicationFactor: 1 }])
      const [created] = await sim.wait(creating.catch(() => []))
      if (created?.error === 'NONE') names.push(name)
    }
    expect([...cluster.fatal.keys()]).toEqual([full])
    await story.until(
      () => story.controller !== undefined && story.controller !== full,
      'another one is the controller',
    )
    cluster.kill(full)
    cluster.fatal.clear()
    room()
    await cluster.restart(full)
    await story.send(5)
    await story.expectAll()
    await story.until(
      () => new Set(cluster.ids.map((id) => cluster.view(id).quorum.highWatermark)).size === 1,
      'all agree',
    )
    for (const id of cluster.ids) for (const name of names) expect(cluster.view(id).image.topicIds.has(name)).toBe(true)
    expect([...cluster.fatal]).toEqual([])
  },
)

test('a request that was forwarded twice is carried out before what follows it, or not at all', async () => {
  using story = await ClusterStory.begin({ seed: 66 })
  const { cluster, sim } = story
  const controller = story.controller!
  const broker = cluster.ids.find((id) => id !== controller)!
  const peer = story.peer(broker)
  const set = async (value: string): Promise<void> => {
    const configs = [{ name: 'segment.ms', configOperation: 0, value }]
    const resources = [{ resourceType: 2, resourceName: 't', configs }]
    const answer = peer.send(apis.IncrementalAlterConfigs, { resources, validateOnly: false }, { timeoutMs: 30_000 })
    expect(await sim.wait(answer)).toMatchObject({ kind: 'ok', body: { responses: [{ errorCode: 0 }] } })
  }
  const described = (): string | undefined => cluster.view(controller).image.configs.get('2:t')?.get('segment.ms')
  await set('1000000')
  // What it says arrives late, and it hears that the connection is lost.
  const release = sim.hold(cluster.host(broker), cluster.host(controller), 'IncrementalAlterConfigs', 200)
  await set('2000000')
  await set('3000000')
  await sim.sleep(1_000)
  release()
  await sim.sleep(5_000)
  expect(described()).toBe('3000000')
})
