// What a replica does whose log recovery found damaged: follows to be made whole, stays offline rather than lead, or is
// cut to lead where loss is accepted. Real logs in the simulated world; where the damage begins is for test/unit/log.

import { afterEach, expect, test } from 'vitest'
import type { Uuid } from '../../../src/base/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster } from '../../support/replication-cluster.ts'

const FILE = '/data0/t-0/00000000000000000000.log'

let cluster: ReplicationCluster
let topic: Uuid

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

async function produce(id: number, tag: number, acks: -1 | 1 = -1): Promise<void> {
  const { driver, ports } = cluster.broker(id)
  const deadline = ports.clock.monotonic() + 30_000
  const answer = driver.append({ at: at(topic), bytes: batchOf({ tag, count: 2 }), acks, deadline })
  expect((await cluster.sim.wait(answer)).error).toBe('NONE')
}

function view(id: number) {
  return cluster
    .broker(id)
    .driver.observe()
    .find((one) => one.topicId === topic)!
}

function bytesOf(id: number): string {
  return Buffer.from(cluster.sim.disk(`b${id}`).peek(FILE)!).toString('hex')
}

function cuts(id: number): string[] {
  return cluster.broker(id).warnings.filter((warning) => warning.includes('cutting it to lead'))
}

/** Ten batches of two at 1 and 2; then 1 dies, its fifth batch loses a bit, and nobody leads. */
async function damaged(flush: 'os' | 'fsync' = 'os'): Promise<void> {
  cluster = new ReplicationCluster({ brokers: 2, log: { flush } })
  await cluster.start()
  topic = cluster.createTopic('t', [1, 2])
  await cluster.sim.sleep(1000)
  for (let tag = 0; tag < 10; tag++) await produce(1, tag)
  await cluster.sim.sleep(1000)
  cluster.kill(1)
  const disk = cluster.sim.disk('b1')
  disk.flipBit(FILE, 8 * Math.floor((disk.peek(FILE)!.length * 4.5) / 10))
  cluster.change(topic, 0, { leader: -1, isr: [] })
}

test.each(['os', 'fsync'] as const)('chosen uncleanly it is cut to lead, and tells it (flush=%s)', async (flush) => {
  await damaged(flush)
  await cluster.restart(1)
  await cluster.sim.sleep(100)
  expect(view(1)).toMatchObject({ role: 'follower', endOffset: 8 })
  cluster.change(topic, 0, { leader: 1, isr: [1], leaderRecoveryState: 'RECOVERING' })
  expect(view(1).role).toBe('follower')
  await cluster.sim.sleep(1000)
  expect(cuts(1)).toEqual([expect.stringMatching(/offset 8.*"lostFrom":8,"leaderEpoch":2/)])
  expect(cluster.partition(topic).isr).toEqual([1, 2])
  await produce(1, 10)
  await cluster.sim.sleep(1000)
  expect(view(1)).toMatchObject({ role: 'leader', endOffset: 10, highWatermark: 10 })
  expect(view(2)).toMatchObject({ role: 'follower', endOffset: 10 })
  expect(bytesOf(2)).toBe(bytesOf(1))
  // What was found is gone: the next start finds no damage.
  cluster.kill(1)
  await cluster.restart(1)
  await cluster.sim.sleep(1000)
  expect([view(1).role, view(1).endOffset, cuts(1).length]).toEqual(['leader', 10, 1])
})

test('it leads too where the topic allows unclean elections and it was the last of its ISR', async () => {
  await damaged()
  cluster.uncleanElection = true
  cluster.change(topic, 0, { leader: 1, isr: [1] })
  await cluster.restart(1)
  await cluster.sim.sleep(1000)
  expect([view(1).role, view(2).endOffset, cuts(1).length]).toEqual(['leader', 8, 1])
})

test('S78: where nobody has accepted a loss it stays offline, and nothing is cut', async () => {
  await damaged()
  const before = bytesOf(1)
  cluster.change(topic, 0, { leader: 1, isr: [1] })
  await cluster.restart(1)
  await cluster.sim.sleep(1000)
  expect([view(1).role, view(2).endOffset, cuts(1).length]).toEqual(['offline', 20, 0])
  expect(bytesOf(1)).toBe(before)
})

test('one that was cut to copy its leader, and has not yet, leads when it is chosen uncleanly only', async () => {
  for (const leaderRecoveryState of ['RECOVERING', 'RECOVERED'] as const) {
    await damaged()
    cluster.cut.add('1>2')
    cluster.change(topic, 0, { leader: 2, isr: [2] })
    await cluster.restart(1)
    await cluster.sim.sleep(1000)
    expect(view(1)).toMatchObject({ role: 'follower', endOffset: 8 })
    cluster.change(topic, 0, { leader: 1, isr: [1], leaderRecoveryState })
    await cluster.sim.sleep(1000)
    expect(view(1).role).toBe(leaderRecoveryState === 'RECOVERING' ? 'leader' : 'offline')
    if (leaderRecoveryState === 'RECOVERING') cluster.close()
  }
})

test('where another one is elected while it is being cut, it copies that one and is whole again', async () => {
  await damaged()
  await cluster.restart(1)
  await cluster.sim.sleep(100)
  cluster.change(topic, 0, { leader: 1, isr: [1], leaderRecoveryState: 'RECOVERING' })
  cluster.change(topic, 0, { leader: 2, isr: [2] })
  await cluster.sim.sleep(3000)
  expect([view(1).role, view(2).role, view(1).endOffset]).toEqual(['follower', 'leader', 20])
  expect(cluster.partition(topic).isr).toEqual([2, 1])
  expect(bytesOf(1)).toBe(bytesOf(2))
  // Cleanly now: it is complete.
  cluster.change(topic, 0, { leader: 1, leaderRecoveryState: 'RECOVERED' })
  await cluster.sim.sleep(1000)
  expect(view(1).role).toBe('leader')
})
