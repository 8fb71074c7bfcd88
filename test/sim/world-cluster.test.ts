// Every verb on whole nodes: it is felt, the cluster lives through it, and nothing that was acknowledged is lost. And code
// of one's own beside it.

import { describe, expect, test } from 'vitest'
import { createSimCluster, type SimCluster, type SimUser } from '../../src/sim/index.ts'

interface Story {
  readonly cluster: SimCluster
  readonly user: SimUser
  /** Sends so many records, one after the other. */
  readonly send: (count: number) => Promise<void>
  /** The virtual milliseconds that the slowest send took. */
  readonly slowest: () => number
}

async function begun(seed: number, properties: Readonly<Record<string, string>> = {}): Promise<Story> {
  const cluster = createSimCluster({ seed, properties: { 'log.segment.bytes': '1048576', ...properties } })
  await cluster.start()
  const user = cluster.user()
  const configs = { 'segment.bytes': '1048576' }
  await cluster.sim.wait(user.client.admin.createTopics([{ name: 't', partitions: 1, replicationFactor: 3, configs }]))
  const producer = user.client.producer()
  let n = 0
  let slowest = 0
  return {
    cluster,
    user,
    slowest: () => {
      const was = slowest
      slowest = 0
      return was
    },
    send: async (count) => {
      for (let i = 0; i < count; i++) {
        const began = cluster.sim.now
        await producer.send({ topic: 't', partition: 0, value: `record ${n++}` })
        slowest = Math.max(slowest, cluster.sim.now - began)
      }
    },
  }
}

/** Everything that was acknowledged is there, once and in order. */
async function expectAll(story: Story, count: number): Promise<void> {
  const values = await story.cluster.play(async ({ client }) => {
    const consumer = client.consumer()
    consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
    const out: string[] = []
    while (out.length < count)
      for (const { value } of await consumer.poll(1_000)) out.push(new TextDecoder().decode(value!))
    return out
  })
  expect(values).toEqual(Array.from({ length: count }, (_, i) => `record ${i}`))
}

type Doing = (cluster: SimCluster, leader: number) => (() => void) | undefined

/** What is done to the leader, for how long, and how long the slowest of the sends around it takes at least and at most. */
const FELT: readonly (readonly [string, Doing, number, number, number])[] = [
  ['nothing', () => undefined, 0, 0, 50],
  ['hide', (cluster, leader) => cluster.hide(leader), 3_000, 2_500, 30_000],
  ['isolate', (cluster, leader) => cluster.isolate(leader), 45_000, 5_000, 40_000],
  ['isolate in', (cluster, leader) => cluster.isolate(leader, 'in'), 45_000, 5_000, 40_000],
  ['cut', (cluster, leader) => cluster.cut(leader, (leader % 3) + 1), 3_000, 0, 30_000],
  ['slow', (cluster, leader) => cluster.slow(leader, { latencyMs: 200 }), 5_000, 400, 5_000],
  ['reset', (cluster, leader) => void cluster.reset(leader), 0, 1, 5_000],
  ['half-open', (cluster, leader) => void cluster.halfOpen(leader), 0, 200, 60_000],
  ['detain', (cluster, leader) => void cluster.detain(leader, 400), 0, 300, 5_000],
  ['pause', (cluster, leader) => cluster.pause(leader), 45_000, 5_000, 40_000],
  ['slow-cpu', (cluster, leader) => cluster.slowCpu(leader, 1_000), 3_000, 50, 30_000],
  ['slow-disk', (cluster, leader) => cluster.slowDisk(leader, 100), 3_000, 15, 5_000],
  ['lying-sync', (cluster, leader) => cluster.lyingSync(leader), 1_000, 0, 50],
  ['skew-clock', (cluster, leader) => void cluster.skewClock(leader, -600_000, 100_000), 0, 0, 200],
]

describe.each(FELT)('%s', (_name, begin, ms, atLeast, atMost) => {
  test('is felt and lived through', async () => {
    const story = await begun(3, { 'odradek.log.flush.mode': 'fsync' })
    const { cluster } = story
    using _ = cluster
    const { sim } = cluster
    await sim.wait(story.send(10))
    story.slowest()
    const end = begin(cluster, cluster.leaderOf('t', 0)!)
    const sending = story.send(30)
    await sim.sleep(ms)
    end?.()
    await sim.wait(sending)
    const slowest = story.slowest()
    expect(slowest).toBeGreaterThanOrEqual(atLeast)
    expect(slowest).toBeLessThanOrEqual(atMost)
    await expectAll(story, 40)
    expect([...cluster.fatal]).toEqual([])
  })
})

describe('the verbs that end something', () => {
  test.each(['sync', 'append'] as const)(
    'a disk that fails at %s takes its node out, and no record',
    async (operation) => {
      const story = await begun(4, { 'odradek.log.flush.mode': 'fsync' })
      const { cluster } = story
      using _ = cluster
      const { sim } = cluster
      await sim.wait(story.send(10))
      const leader = cluster.leaderOf('t', 0)!
      cluster.failDisk(leader, operation)
      await sim.wait(story.send(20))
      await sim.sleep(5_000)
      expect(cluster.leaderOf('t', 0)).not.toBe(leader)
      expect([...cluster.fatal.keys()]).toEqual([leader])
      cluster.kill(leader)
      cluster.fatal.clear()
      await cluster.restart(leader)
      await sim.wait(story.send(10))
      await expectAll(story, 40)
      expect([...cluster.fatal]).toEqual([])
    },
  )

  test('a full disk takes its node out, and it comes back when there is room', async () => {
    const story = await begun(5)
    const { cluster } = story
    using _ = cluster
    const { sim } = cluster
    await sim.wait(story.send(10))
    const leader = cluster.leaderOf('t', 0)!
    const empty = cluster.fillDisk(leader, 100)
    await sim.wait(story.send(20))
    expect([...cluster.fatal.keys()]).toEqual([leader])
    cluster.kill(leader)
    empty()
    cluster.fatal.clear()
    await cluster.restart(leader)
    await sim.wait(story.send(10))
    await expectAll(story, 40)
    expect([...cluster.fatal]).toEqual([])
  })

  test('all killed, and all without power, come back with everything', async () => {
    const story = await begun(6, { 'odradek.log.flush.mode': 'fsync' })
    const { cluster } = story
    using _ = cluster
    const { sim } = cluster
    await sim.wait(story.send(10))
    cluster.killAll()
    await sim.wait(Promise.all(cluster.ids.map((id) => cluster.restarting(id))))
    await sim.wait(story.send(10))
    cluster.powerLossAll()
    await sim.wait(Promise.all(cluster.ids.map((id) => cluster.restarting(id))))
    await sim.wait(story.send(10))
    cluster.killAt(2, 100)
    await sim.wait(story.send(10))
    await sim.sleep(20_000)
    expect(cluster.ids.map((id) => cluster.alive(id))).toEqual([true, false, true])
    await expectAll(story, 40)
  })

  test('a restart with changed properties keeps them in the next one', async () => {
    const story = await begun(7)
    const { cluster } = story
    using _ = cluster
    const racks = (): unknown => cluster.ids.map((id) => cluster.view(1).image.brokers.get(id)?.rack)
    expect(racks()).toEqual([null, null, null])
    cluster.kill(2)
    await cluster.restart(2, 60_000, { 'broker.rack': 'west' })
    cluster.kill(2)
    await cluster.restart(2)
    await cluster.sim.sleep(1_000)
    expect(racks()).toEqual([null, 'west', null])
  })

  test('a bit flips in a log of a topic only, and a scrub gives it back', async () => {
    const story = await begun(8)
    const { cluster, user } = story
    using _ = cluster
    const { sim } = cluster
    const producer = user.client.producer()
    for (let i = 0; i < 8; i++) await sim.wait(producer.send({ topic: 't', partition: 0, value: 'x'.repeat(400_000) }))
    const places = new Set<string>()
    const bytes = (): Uint8Array => cluster.logBytes(1, 't', 0)
    const right = bytes()
    const flips = Array.from({ length: 20 }, () => cluster.flipBit(1)!)
    for (const { path } of flips) places.add(path)
    expect(Buffer.compare(bytes(), right)).not.toBe(0)
    for (const { mend } of flips) mend()
    expect(Buffer.compare(bytes(), right)).toBe(0)
    const segments = sim
      .disk(cluster.host(1))
      .paths('/data/t-0')
      .filter((path) => path.endsWith('.log'))
    expect(segments.length).toBeGreaterThan(2)
    expect([...places].sort()).toEqual(segments)
  })
})

test("code of one's own has a client, time and chance, and a host that can be hurt", async () => {
  const cluster = createSimCluster({ seed: 9 })
  using _ = cluster
  await cluster.start()
  const began = cluster.sim.now
  const told = await cluster.play(async ({ client, clock, delay, random, host }) => {
    await client.admin.createTopics([{ name: 'mine', partitions: 1, replicationFactor: 3 }])
    const producer = client.producer()
    const out: string[] = [host]
    for (let i = 0; i < 3; i++) {
      await delay(1_000 + random.below(10))
      const { offset } = await producer.send({ topic: 'mine', partition: 0, value: `${clock.wall()}` })
      out.push(String(offset))
    }
    return out
  })
  expect(told).toEqual(['client1', '0', '1', '2'])
  expect(cluster.sim.now - began).toBeGreaterThan(3_000)
  const user = cluster.user()
  const waiting = user.delay(5_000)
  cluster.sim.kill(user.host)
  await expect(cluster.sim.wait(waiting, 10_000)).rejects.toThrow(/^not settled after 10000 ms/)
})
