// Replication throttles on whole nodes: who catches up does so at the rate, on the leader's side and on its own, and at once
// when the throttle is lifted; who is in sync is not held back by the smallest rate there is.

import { afterEach, expect, test } from 'vitest'
import type { NodeId } from '../../src/base/index.ts'
import { ClusterStory } from '../support/cluster-story.ts'

const RATE = 20_000
const RECORD_BYTES = 10_000
const RECORDS = 100

let story: ClusterStory

afterEach(() => {
  const fatal = [...story.cluster.fatal]
  story.cluster.close()
  expect(fatal).toEqual([])
})

/** As kafka-reassign-partitions does it with --throttle. */
async function throttle(side: 'leader' | 'follower', rate: number | null, replicas: string): Promise<void> {
  const { admin } = story.user.client
  const set = (name: string, value: string | null) =>
    ({ name, operation: value === null ? 'delete' : 'set', ...(value === null ? {} : { value }) }) as const
  const outcomes = await story.sim.wait(
    admin.incrementalAlterConfigs([
      ...story.cluster.ids.map((id) => ({
        type: 'broker' as const,
        name: String(id),
        changes: [set(`${side}.replication.throttled.rate`, rate === null ? null : String(rate))],
      })),
      { type: 'topic', name: 't', changes: [set(`${side}.replication.throttled.replicas`, replicas)] },
    ]),
  )
  expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => 'NONE'))
}

async function fill(records: number = RECORDS): Promise<void> {
  const producer = story.user.client.producer()
  const value = 'x'.repeat(RECORD_BYTES)
  // One after the other: a batch each.
  for (let i = 0; i < records; i++) await story.sim.wait(producer.send({ topic: 't', partition: 0, value }))
}

async function add(id: NodeId): Promise<void> {
  const replicas = [...story.partition.replicas, id]
  const asked = story.user.client.admin.alterPartitionReassignments([{ topic: 't', partition: 0, replicas }])
  expect(await story.sim.wait(asked)).toMatchObject([{ error: 'NONE' }])
}

/** Bytes of the partition on a node's disk. */
function copied(id: NodeId): number {
  return story.cluster.logBytes(id, 't', 0).length
}

test.each(['leader', 'follower'] as const)('who is being added copies at the rate of the %s', async (side) => {
  story = await ClusterStory.begin({
    seed: 21,
    brokers: 3,
    replicas: 2,
    properties: { 'replica.fetch.max.bytes': '50000' },
  })
  await fill()
  const added = story.cluster.ids.find((id) => !story.partition.replicas.includes(id))!
  // Listed by number on one side, all of them on the other.
  await throttle(side, RATE, side === 'leader' ? story.partition.replicas.map((id) => `0:${id}`).join() : '*')
  const begun = story.sim.now
  await add(added)
  await story.sim.sleep(10_000)
  const seconds = (story.sim.now - begun) / 1000
  expect(copied(added)).toBeGreaterThan((RATE * seconds) / 2)
  // The rate, a window that was saved up, and the last piece.
  expect(copied(added)).toBeLessThan(RATE * (seconds + 1) + 2 * 50_000)
  expect(story.partition.isr).not.toContain(added)
  // A new life of the leader knows of it too.
  const { leader } = story
  await story.cluster.stop(leader)
  await story.cluster.restart(leader)
  await story.sim.sleep(5_000)
  expect(story.partition.isr).not.toContain(added)
  await throttle(side, null, '')
  await story.until(() => story.partition.isr.includes(added), 'without a throttle it catches up', 5_000)
})

test('the smallest rate there is does not hold back who is in sync', async () => {
  story = await ClusterStory.begin({ seed: 22, brokers: 3, properties: { 'min.insync.replicas': '3' } })
  await throttle('leader', 1, '*')
  await throttle('follower', 1, '*')
  // Everything that is acknowledged passes through both throttles, and they are exceeded by the first batch for an hour.
  const begun = story.sim.now
  await story.send(50)
  expect(story.sim.now - begun).toBeLessThan(10_000)
  expect(story.partition.isr.length).toBe(3)
  // Also after another has begun to lead, who knows nothing yet of how far each is.
  await story.cluster.stop(story.leader)
  const [stopped] = story.cluster.ids.filter((id) => !story.cluster.alive(id)) as [NodeId]
  await throttle('leader', null, '')
  await throttle('follower', null, '')
  await story.cluster.restart(stopped)
  await story.inSync()
  await throttle('leader', 1, '*')
  await throttle('follower', 1, '*')
  await story.send(5)
  await story.sim.wait(story.user.client.admin.electLeaders('preferred', null))
  const again = story.sim.now
  await story.send(50)
  expect(story.sim.now - again).toBeLessThan(10_000)
  expect(story.partition.isr.length).toBe(3)
})

test('who is listed no more catches up at once, whatever the rate still is', async () => {
  const properties = { 'replica.fetch.max.bytes': '50000' }
  story = await ClusterStory.begin({ seed: 23, brokers: 3, replicas: 2, properties })
  await fill()
  const added = story.cluster.ids.find((id) => !story.partition.replicas.includes(id))!
  await throttle('follower', 1, '*')
  await add(added)
  await story.sim.sleep(5_000)
  expect(story.partition.isr).not.toContain(added)
  await throttle('follower', 1, '')
  await story.until(() => story.partition.isr.includes(added), 'without being listed it catches up', 10_000)
})

test.each(['leader', 'follower'] as const)(
  'what those in sync took is not held against who comes later (%s)',
  async (side) => {
    const properties = { 'replica.fetch.max.bytes': '50000', 'replica.lag.time.max.ms': '2000' }
    story = await ClusterStory.begin({
      seed: 25,
      brokers: 3,
      replicas: 2,
      properties,
      configs: { 'min.insync.replicas': '1' },
    })
    const { leader } = story
    const [follower] = story.followers as [NodeId]
    const added = story.cluster.ids.find((id) => !story.partition.replicas.includes(id))!
    await throttle(side, RATE, '*')
    // A minute's worth for who is in sync, all at once.
    await fill()
    expect(story.partition.isr).toContain(follower)
    if (side === 'leader') await add(added)
    else {
      // The one that had so much has to catch up. Both go on being heard by the controller.
      expect(story.controller).toBe(added)
      story.cluster.cut(leader, follower)
      await fill(30)
      expect(story.partition.isr).not.toContain(follower)
      story.cluster.heal()
    }
    const who = side === 'leader' ? added : follower
    const end = (): number => story.cluster.replica(who, 't', 0)?.endOffset ?? 0
    const before = end()
    // More than it may have before it hears how far behind it is.
    await story.until(() => end() > before + 12, 'it copies', 30_000)
  },
)
