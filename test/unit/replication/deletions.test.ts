// DeleteRecords between replication drivers on real logs in the simulated world: what the leader does at once, who is
// waited for, and what is refused.

import { afterEach, describe, expect, it } from 'vitest'
import type { DeletedRecords } from '../../../replication/driver/index.ts'
import type { Uuid } from '../../../src/base/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

async function started(options: ReplicationClusterOptions = {}): Promise<Uuid> {
  cluster = new ReplicationCluster(options)
  await cluster.start()
  const topic = cluster.createTopic('t', [1, 2, 3])
  await cluster.sim.sleep(1000)
  return topic
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

/** Five batches of two records. */
async function produced(topic: Uuid): Promise<void> {
  const { driver, ports } = cluster.broker(1)
  for (let tag = 0; tag < 5; tag++) {
    const deadline = ports.clock.monotonic() + 30_000
    const result = await cluster.sim.wait(
      driver.append({ at: at(topic), bytes: batchOf({ tag, count: 2 }), acks: -1, deadline }),
    )
    expect(result.error).toBe('NONE')
  }
}

function remove(topic: Uuid, offset: number, id = 1, waitMs = 30_000): Promise<DeletedRecords> {
  const { driver, ports } = cluster.broker(id)
  return cluster.sim.wait(driver.deleteRecords(at(topic), offset, ports.clock.monotonic() + waitMs), 60_000)
}

function starts(topic: Uuid): number[] {
  return cluster.brokers.map(
    ({ driver }) => driver.observe().find((replica) => replica.topicId === topic)!.logStartOffset,
  )
}

describe('DeleteRecords', () => {
  it('is answered when every replica begins its log there', async () => {
    const topic = await started()
    await produced(topic)
    expect(await remove(topic, 4)).toEqual({ error: 'NONE', lowWatermark: 4 })
    expect(starts(topic)).toEqual([4, 4, 4])
    expect(await remove(topic, -1)).toEqual({ error: 'NONE', lowWatermark: 10 })
    expect(starts(topic)).toEqual([10, 10, 10])
    // Behind the beginning there is nothing to delete and nothing to wait for.
    expect(await remove(topic, 7)).toEqual({ error: 'NONE', lowWatermark: 10 })
  })

  it('refuses what is not committed, followers, and topics that are compacted only', async () => {
    const topic = await started()
    await produced(topic)
    expect(await remove(topic, 11)).toEqual({ error: 'OFFSET_OUT_OF_RANGE', lowWatermark: -1 })
    expect(await remove(topic, -2)).toEqual({ error: 'OFFSET_OUT_OF_RANGE', lowWatermark: -1 })
    expect(await remove(topic, 4, 2)).toEqual({ error: 'NOT_LEADER_OR_FOLLOWER', lowWatermark: -1 })
    expect(starts(topic)).toEqual([0, 0, 0])
  })

  it.each([
    [true, false, 'POLICY_VIOLATION'],
    [true, true, 'NONE'],
    [false, false, 'NONE'],
  ])('with cleanup.policy compact: %s, delete: %s', async (cleanupCompact, cleanupDelete, error) => {
    const topic = await started({ log: { cleanupCompact, cleanupDelete } })
    expect(await remove(topic, -1)).toEqual({ error, lowWatermark: error === 'NONE' ? 0 : -1 })
  })

  it('waits for a replica that is alive until its time is over, and for a dead one not at all', async () => {
    const topic = await started()
    await produced(topic)
    cluster.kill(3)
    const began = cluster.sim.now
    expect(await remove(topic, 6, 1, 5000)).toEqual({ error: 'REQUEST_TIMED_OUT', lowWatermark: 0 })
    expect(cluster.sim.now - began).toBe(5000)
    expect(starts(topic).slice(0, 2)).toEqual([6, 6])
    const waiting = remove(topic, 8)
    cluster.setFenced(3, true)
    expect(await waiting).toEqual({ error: 'NONE', lowWatermark: 8 })
    // The one that was away follows its leader's beginning when it is back.
    await cluster.restart(3)
    await cluster.sim.sleep(2000)
    expect(starts(topic)).toEqual([8, 8, 8])
  })

  it('lets a replica that has nothing begin with the whole batch that the log begins in', async () => {
    const topic = await started()
    await produced(topic)
    expect(await remove(topic, 5)).toEqual({ error: 'NONE', lowWatermark: 5 })
    cluster.change(topic, 0, { replicas: [1, 2], isr: [1, 2] })
    await cluster.sim.sleep(2000)
    cluster.change(topic, 0, { replicas: [1, 2, 3] })
    await cluster.sim.sleep(3000)
    const view = cluster
      .broker(3)
      .driver.observe()
      .find((replica) => replica.topicId === topic)
    expect(view).toMatchObject({ logStartOffset: 5, endOffset: 10, highWatermark: 10 })
    expect(cluster.partition(topic).isr).toContain(3)
  })

  it('is told of a leader that leads no longer', async () => {
    const topic = await started()
    await produced(topic)
    cluster.cut.add('3>1')
    const waiting = remove(topic, 6)
    cluster.change(topic, 0, { leader: 2 })
    expect(await waiting).toEqual({ error: 'NOT_LEADER_OR_FOLLOWER', lowWatermark: -1 })
  })
})
