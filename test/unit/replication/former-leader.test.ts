// A leader that was deposed without hearing of it, wrote on alone, and comes back when the next leader has deleted all that
// could tell the two histories apart: what it wrote alone is forgotten with the sequences of its producers.

import { afterEach, expect, it } from 'vitest'
import type { AppendResult } from '../../../replication/driver/index.ts'
import type { Offset, Uuid } from '../../../src/base/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

function append(id: number, topic: Uuid, tag: number, producer: number, acks: 1 | -1 = -1): Promise<AppendResult> {
  const { driver, ports } = cluster.broker(id)
  const deadline = ports.clock.monotonic() + 30_000
  const bytes = batchOf({ tag, count: 2, producer: { id: producer, epoch: 0, sequence: 0 } })
  return cluster.sim.wait(driver.append({ at: at(topic), bytes, acks, deadline }))
}

const ends = (topic: Uuid): [Offset, Offset][] =>
  cluster.brokers.map(({ driver }) => {
    const { logStartOffset, endOffset } = driver.observe().find((replica) => replica.topicId === topic)!
    return [logStartOffset, endOffset]
  })

const log = (id: number, topic: Uuid) => cluster.broker(id).directories[0]!.logs.find((one) => one.topicId === topic)!

/** Broker 1 wrote offsets 2 and 3 for producer 8 alone; broker 2 leads, has other records there, and keeps those from `start`. */
async function deposed(start: Offset): Promise<Uuid> {
  cluster = new ReplicationCluster({ minInsync: 2 })
  await cluster.start()
  const topic = cluster.createTopic('t', [1, 2, 3])
  await cluster.sim.sleep(1000)
  await append(1, topic, 1, 7)
  await cluster.sim.sleep(1000)
  for (const way of ['2>1', '3>1', '1>2', '1>3']) cluster.cut.add(way)
  await cluster.sim.sleep(50)
  expect(await append(1, topic, 2, 8, 1)).toMatchObject({ error: 'NONE', baseOffset: 2 })
  cluster.held.add(1)
  cluster.change(topic, 0, { leader: 2, isr: [2, 3] })
  await cluster.sim.sleep(1000)
  for (const producer of [9, 10]) await append(2, topic, producer, producer)
  await cluster.sim.sleep(1000)
  await cluster.sim.wait(log(2, topic).advanceLogStart(start))
  cluster.cut.clear()
  cluster.held.clear()
  cluster.deliver(cluster.broker(1))
  await cluster.sim.sleep(3000)
  return topic
}

it.each([2, 3, 4])('the next leader begins at %i', async (start) => {
  const topic = await deposed(start)
  expect(ends(topic)).toEqual([
    [start, 6],
    [start, 6],
    [start, 6],
  ])
  cluster.change(topic, 0, { leader: 1, isr: [1, 2, 3] })
  await cluster.sim.sleep(1000)
  // Nobody has what producer 8 sent: it is no repetition.
  expect(await append(1, topic, 2, 8)).toMatchObject({ error: 'NONE', baseOffset: 6 })
})

it('whoever is caught up keeps the sequences of what is deleted everywhere', async () => {
  cluster = new ReplicationCluster({ minInsync: 2 })
  await cluster.start()
  const topic = cluster.createTopic('t', [1, 2, 3])
  await cluster.sim.sleep(1000)
  await append(1, topic, 1, 7)
  await cluster.sim.sleep(1000)
  await cluster.sim.wait(log(1, topic).advanceLogStart(2))
  await cluster.sim.sleep(1000)
  cluster.change(topic, 0, { leader: 2 })
  await cluster.sim.sleep(1000)
  cluster.change(topic, 0, { leader: 3 })
  await cluster.sim.sleep(1000)
  expect(await append(3, topic, 1, 7)).toMatchObject({ error: 'NONE', baseOffset: 0 })
})
