// Replicas as programs of the same process use them: which news they are told in which order, what they read in which role,
// and which of their appends pass. Drivers on real logs in the simulated world.

import { afterEach, describe, expect, it } from 'vitest'
import type { LocalReplica, ReplicaNews } from '../../../replication/driver/index.ts'
import type { Uuid } from '../../../src/base/index.ts'
import { batchesOf } from '../../../src/wire/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster
/** By broker, of this and earlier lives. */
let told: Map<number, (ReplicaNews & { readonly topic: string })[]>
let locals: Map<number, LocalReplica>
/** Whether a call of the driver is on the stack. */
let calling = false

async function started(options: ReplicationClusterOptions = {}): Promise<ReplicationCluster> {
  told = new Map()
  locals = new Map()
  cluster = new ReplicationCluster({
    ...options,
    watcher: (broker) => ({
      wants: (topic) => topic !== 'unwatched',
      told: (replica, news) => {
        expect(calling).toBe(false)
        const list = told.get(broker.id) ?? []
        told.set(broker.id, [...list, { ...news, topic: replica.at.topic }])
        locals.set(broker.id, replica)
      },
    }),
  })
  await cluster.start()
  return cluster
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

function kinds(id: number): string[] {
  return (told.get(id) ?? []).map((news) => {
    if (news.kind === 'leading') return `leading ${news.epoch} from ${news.startOffset}`
    if (news.kind === 'following') return `following ${news.epoch}`
    return news.kind === 'gone' ? `gone: ${news.why}` : news.kind
  })
}

/** All but the watermarks, which come as replication has it. */
function roles(id: number): string[] {
  return kinds(id).filter((kind) => kind !== 'committed')
}

function append(id: number, tag: number, epoch: number) {
  return cluster.sim.wait(locals.get(id)!.append(batchOf({ tag, count: 2 }), epoch))
}

async function committed(id: number, maxBytes = 1, from = 0): Promise<number[]> {
  const found: number[] = []
  for (let offset = from; ; ) {
    const read = await cluster.sim.wait(locals.get(id)!.readCommitted(offset, maxBytes))
    if (read.kind !== 'read') throw new Error(read.kind)
    if (read.chunks.length === 0) return found
    for (const chunk of read.chunks) for (const batch of batchesOf(chunk)) found.push(batch.baseOffset)
    offset = read.endOffset
  }
}

async function produced(topic: Uuid, id: number, tag: number): Promise<void> {
  const { driver, ports } = cluster.broker(id)
  calling = true
  const done = driver.append({
    at: at(topic),
    bytes: batchOf({ tag, count: 2 }),
    acks: -1,
    deadline: ports.clock.monotonic() + 9_000,
  })
  calling = false
  expect((await cluster.sim.wait(done)).error).toBe('NONE')
}

describe('news', () => {
  it('tells each replica its role, then each commit, and nobody of what is not wanted', async () => {
    await started()
    cluster.createTopic('unwatched', [1, 2, 3])
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    expect([1, 2, 3].map(kinds)).toEqual([['leading 0 from 0'], ['following 0'], ['following 0']])
    await produced(topic, 1, 1)
    await cluster.sim.sleep(1000)
    expect([1, 2, 3].map(kinds)).toEqual([
      ['leading 0 from 0', 'committed'],
      ['following 0', 'committed'],
      ['following 0', 'committed'],
    ])
    expect([1, 2, 3].map((id) => locals.get(id)!.highWatermark)).toEqual([2, 2, 2])
    expect(told.get(1)!.every((news) => news.topic === 't')).toBe(true)
  })

  it('tells of a new leader epoch, of the end of the old one, and of what was cut', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    await produced(topic, 1, 1)
    // Nobody follows the old leader any more: what it writes now is not committed.
    for (const id of [2, 3]) cluster.cut.add(`${id}>1`)
    expect(await append(1, 2, 0)).toEqual({ kind: 'staged', baseOffset: 2, endOffset: 4 })
    cluster.change(topic, 0, { leader: 2 })
    expect(await append(2, 3, 1)).toMatchObject({ kind: 'staged' })
    cluster.cut.clear()
    await cluster.sim.sleep(3000)
    expect(roles(1)).toEqual(['leading 0 from 0', 'following 1', 'truncated'])
    expect(roles(2)).toEqual(['following 0', 'leading 1 from 2'])
    expect(locals.get(1)!.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 2 })
    expect(await committed(1)).toEqual([0, 2])
  })

  it('tells one and the same leader of its next epoch', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    await produced(topic, 1, 1)
    cluster.change(topic, 0, { leaderEpoch: 5 })
    await cluster.sim.sleep(500)
    expect(roles(1)).toEqual(['leading 0 from 0', 'leading 5 from 2'])
  })

  it('says nothing while leading is put off by work on the log: nobody else leads in that epoch', async () => {
    await started({ log: { compressionType: 'gzip' } })
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    const opening = locals.get(1)!.append(batchOf({ tag: 1, count: 2 }), 0)
    cluster.change(topic, 0, { leaderEpoch: 5 })
    expect(await cluster.sim.wait(opening)).toMatchObject({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' })
    await cluster.sim.sleep(500)
    expect(roles(1)).toEqual(['leading 0 from 0', 'leading 5 from 0'])
  })

  it('says last that a replica is gone, and why', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    cluster.deleteTopic(topic)
    await cluster.sim.sleep(500)
    expect(kinds(1)).toEqual(['leading 0 from 0', 'gone: removed'])
    expect(await cluster.sim.wait(locals.get(1)!.readCommitted(0, 100))).toEqual({ kind: 'gone' })
    expect(await append(1, 1, 0)).toMatchObject({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' })
    cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    await cluster.sim.wait(cluster.broker(2).driver.stop())
    expect(kinds(2).at(-1)).toBe('gone: stopped')
  })
})

describe('appends', () => {
  it('pass only in the epoch that the caller thinks it leads', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    cluster.change(topic, 0, { leaderEpoch: 4 })
    expect(await append(1, 1, 0)).toMatchObject({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' })
    expect(await append(1, 1, 9)).toMatchObject({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' })
    expect(await append(2, 1, 4)).toMatchObject({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER' })
    expect(await append(1, 1, 4)).toEqual({ kind: 'staged', baseOffset: 0, endOffset: 2 })
  })

  it('are refused with too few in the ISR, with nothing written', async () => {
    await started({ minInsync: 2 })
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    cluster.change(topic, 0, { isr: [1] })
    expect(await append(1, 1, 0)).toMatchObject({ kind: 'refused', error: 'NOT_ENOUGH_REPLICAS' })
    expect(locals.get(1)!.endOffsetForEpoch(0).endOffset).toBe(0)
  })

  it('keep their order, also where batches must be opened first', async () => {
    await started({ log: { compressionType: 'gzip' } })
    cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    const outcomes = [1, 2, 3].map((tag) => locals.get(1)!.append(batchOf({ tag, count: 2 }), 0))
    expect(await cluster.sim.wait(Promise.all(outcomes))).toMatchObject([0, 2, 4].map((baseOffset) => ({ baseOffset })))
  })

  it('that are too large are refused', async () => {
    await started({ log: { maxMessageBytes: 100 } })
    cluster.createTopic('t', [1])
    await cluster.sim.sleep(500)
    expect(locals.get(1)!.maxBatchBytes).toBe(100)
    expect(await append(1, 1, 0)).toMatchObject({ kind: 'refused', error: 'MESSAGE_TOO_LARGE' })
  })
})

describe('reads', () => {
  it('show a follower what is committed, and a leader no more than that', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(500)
    await produced(topic, 1, 1)
    await cluster.sim.sleep(1000)
    for (const id of [2, 3]) cluster.cut.add(`${id}>1`)
    expect(await append(1, 2, 0)).toMatchObject({ kind: 'staged', endOffset: 4 })
    for (const maxBytes of [1, 1_000_000]) {
      expect(await committed(1, maxBytes)).toEqual([0])
      expect(await committed(3, maxBytes)).toEqual([0])
    }
  })

  it('say where the log begins now', async () => {
    await started()
    const topic = cluster.createTopic('t', [1])
    await cluster.sim.sleep(500)
    await produced(topic, 1, 1)
    await produced(topic, 1, 2)
    const log = cluster.broker(1).directories[0]!.logs.find((each) => each.topicId === topic)!
    await cluster.sim.wait(log.advanceLogStart(2))
    expect(await cluster.sim.wait(locals.get(1)!.readCommitted(0, 100))).toEqual({
      kind: 'truncated',
      logStartOffset: 2,
    })
  })
})
