// Scenarios of whole nodes in which something of a life, or of a leadership, that is over is heard in the next: what a broker
// fetched before it died, what a leader heard before it followed. The watch names what would be wrong (P8, P4).

import { expect, test } from 'vitest'
import type { NodeId } from '../../../src/base/index.ts'
import { createSimCluster, type SimCluster } from '../../../src/sim/index.ts'
import { type Watch, watchCluster } from '../../../src/sim/watch/index.ts'

const TOPIC = 'a'

interface Story {
  readonly cluster: SimCluster
  readonly watch: Watch
}

async function begun(seed: number, checkSeconds: number, brokers: number): Promise<Story> {
  const properties = { 'min.insync.replicas': '2', 'leader.imbalance.check.interval.seconds': String(checkSeconds) }
  const cluster = createSimCluster({ seed, brokers, properties })
  const watch = watchCluster(cluster)
  await cluster.start()
  return { cluster, watch }
}

function activeController(cluster: SimCluster): NodeId {
  return cluster.ids.find((id) => cluster.view(id).quorum.role === 'leader')!
}

function replica(cluster: SimCluster, id: NodeId) {
  return cluster.replica(id, TOPIC, 0)!
}

async function until(cluster: SimCluster, holds: () => boolean, what: string): Promise<void> {
  expect(await cluster.sim.run({ untilMs: cluster.sim.now + 20_000, until: holds }), what).toBe('until')
}

/** The leader proposes a replica that has come back; that is held, or not answered and asked again, while the replica ends and
 *  lives once more. By then it may have another disk: what the life before has fetched says nothing of it (KIP-903). */
async function joinOfADeadLife(seed: number, askedAgain: boolean): Promise<readonly string[]> {
  const { cluster, watch } = await begun(seed, 300, 3)
  using _ = cluster
  const { sim } = cluster
  const controller = activeController(cluster)
  const leader = (controller % 3) + 1
  const joiner = (leader % 3) + 1
  const { client } = cluster.user()
  await sim.wait(client.admin.createTopics([{ name: TOPIC, assignment: [[leader, joiner, controller]] }]))
  await sim.wait(client.producer().send({ topic: TOPIC, partition: 0, value: 'one' }))
  await cluster.stop(joiner)
  const late = cluster.hold(leader, controller, 'AlterPartition', askedAgain ? 2_000 : 60_000)
  await cluster.restart(joiner)
  await until(cluster, () => replica(cluster, leader).isrState === 'pending-expand', 'it is proposed')
  const before = cluster.view(joiner).brokerEpoch
  await cluster.stop(joiner)
  // Who asks again has heard nothing of the new life.
  const apart = askedAgain ? cluster.cut(joiner, leader) : null
  await cluster.restart(joiner)
  expect(cluster.view(joiner).brokerEpoch).toBeGreaterThan(before)
  expect(replica(cluster, leader).isrState).toBe('pending-expand')
  if (askedAgain) await sim.sleep(2_500)
  late()
  await sim.sleep(500)
  apart?.()
  await until(cluster, () => replica(cluster, leader).isr.length === 3, 'the new life joins on fetches of its own')
  return watch.violations.map(({ name, text }) => `${name}: ${text}`)
}

test.each([1, 2])(
  'S22: a join that is decided in the next life of its replica (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    expect(await joinOfADeadLife(seed, false)).toEqual([])
  },
)

test.each([1, 2])(
  'S23: a join that is asked for again in the next life of its replica (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    expect(await joinOfADeadLife(seed, true)).toEqual([])
  },
)

// The preferred leader takes over without the end of the log, which a follower has. It writes something else there, of which
// that follower hears nothing, and hands back to who led before, and remembers how far the follower was.
test.each([1, 2, 3])(
  'S33: who leads again, having followed, knows of no follower (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    const { cluster, watch } = await begun(seed, 2, 4)
    using _ = cluster
    const { sim, ids } = cluster
    const [preferred, leader, follower] = ids.filter((id) => id !== activeController(cluster)) as [
      NodeId,
      NodeId,
      NodeId,
    ]
    const user = cluster.user()
    await sim.wait(user.client.admin.createTopics([{ name: TOPIC, assignment: [[preferred, leader, follower]] }]))
    const producer = user.client.producer({ acks: 1 })
    const send = (): Promise<unknown> => sim.wait(producer.send({ topic: TOPIC, partition: 0, value: 'some' }))
    await send()
    await cluster.stop(preferred)
    await send()
    await cluster.restart(preferred)
    await until(cluster, () => replica(cluster, leader).isr.length === 3, 'the preferred one is back')
    const behind = cluster.cut(preferred, leader)
    for (let i = 0; i < 3; i++) await send()
    const { endOffset } = replica(cluster, leader)
    await until(cluster, () => replica(cluster, follower).endOffset === endOffset, 'the follower has it')
    await sim.sleep(100)
    const asleep = cluster.cut(follower, preferred)
    await until(cluster, () => replica(cluster, preferred).role === 'leader', 'the preferred one leads')
    behind()
    expect(replica(cluster, preferred).endOffset).toBeLessThan(endOffset)
    const { highWatermark } = replica(cluster, preferred)
    for (let i = 0; i < 5; i++) await send()
    await until(cluster, () => replica(cluster, leader).endOffset > endOffset, 'who led before follows')
    const alone = cluster.cut(follower, leader)
    await cluster.stop(preferred)
    expect(watch.violations).toEqual([])
    expect(replica(cluster, leader)).toMatchObject({ role: 'leader', highWatermark })
    expect(replica(cluster, leader).isr).toContain(follower)
    asleep()
    alone()
    await until(cluster, () => replica(cluster, leader).highWatermark > endOffset, 'the follower has all of it')
    expect(watch.violations).toEqual([])
  },
)
