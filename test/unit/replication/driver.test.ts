// Replication drivers on real logs in the simulated world: appends and acks, reads that wait, followers, fail-over,
// truncation, deletion, damaged disks. Virtual time throughout.

import { afterEach, describe, expect, it } from 'vitest'
import type { AppendResult, PartitionReadResult, Reader } from '../../../replication/driver/index.ts'
import type { Uuid } from '../../../src/base/index.ts'
import { batchesOf } from '../../../src/wire/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

async function started(options: ReplicationClusterOptions = {}): Promise<ReplicationCluster> {
  cluster = new ReplicationCluster(options)
  await cluster.start()
  return cluster
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

const consumer: Reader = { kind: 'consumer', isolation: 'read_uncommitted', rack: '', leaderOnly: true }

function produce(
  id: number,
  topic: Uuid,
  tag: number,
  acks: 0 | 1 | -1 = -1,
  waitMs: number = 30_000,
  index = 0,
): Promise<AppendResult> {
  const broker = cluster.broker(id)
  return broker.driver.append({
    at: at(topic, index),
    bytes: batchOf({ tag, count: 2 }),
    acks,
    deadline: broker.ports.clock.monotonic() + waitMs,
  })
}

function consume(
  id: number,
  topic: Uuid,
  offset: number,
  options: {
    waitMs?: number
    minBytes?: number
    index?: number
    epoch?: number
    lastEpoch?: number
    reader?: Reader
    maxBytes?: number
  } = {},
) {
  const broker = cluster.broker(id)
  return broker.driver.read({
    reader: options.reader ?? consumer,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 1_000_000,
    deadline: broker.ports.clock.monotonic() + (options.waitMs ?? 0),
    partitions: [
      {
        at: at(topic, options.index ?? 0),
        fetchOffset: offset,
        maxBytes: options.maxBytes ?? 1_000_000,
        currentLeaderEpoch: options.epoch ?? -1,
        lastFetchedEpoch: options.lastEpoch ?? -1,
        logStartOffset: -1,
        knownHighWatermark: -1,
      },
    ],
  })
}

async function read(
  id: number,
  topic: Uuid,
  offset: number,
  options: Parameters<typeof consume>[3] = {},
): Promise<PartitionReadResult> {
  return (await cluster.sim.wait(consume(id, topic, offset, options).result))[0]!
}

function offsets(result: PartitionReadResult): number[] {
  return result.chunks.flatMap((chunk) => [...batchesOf(chunk)].map((batch) => batch.baseOffset))
}

async function bytesOf(id: number, topic: Uuid, index = 0): Promise<string> {
  const log = cluster
    .broker(id)
    .directories.flatMap((directory) => [...directory.logs])
    .find((one) => one.topicId === topic && one.partition === index)!
  let bytes = ''
  for (let from = log.logStartOffset; from < log.endOffset; ) {
    const options = { maxBytes: 10_000_000, upTo: log.endOffset, minOneBatch: true }
    const found = await cluster.sim.wait(Promise.resolve(log.read(from, options)))
    bytes += found.chunks.map((chunk) => Buffer.from(chunk).toString('hex')).join('')
    from = found.endOffset
  }
  return bytes
}

function view(id: number, topic: Uuid, index = 0) {
  return cluster
    .broker(id)
    .driver.observe()
    .find((one) => one.topicId === topic && one.partition === index)!
}

describe('acks', () => {
  it('acks=all waits for both followers, without a timer in between', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    expect(cluster.brokers.every((broker) => broker.driver.settled)).toBe(true)
    const began = cluster.sim.now
    const result = await cluster.sim.wait(produce(1, topic, 1))
    expect(result).toMatchObject({ error: 'NONE', baseOffset: 0 })
    // One round trip of a fetch that was waiting already, and the next: 4 hops of 1 ms and the disk.
    expect(cluster.sim.now - began).toBeLessThan(20)
    expect(view(1, topic).highWatermark).toBe(2)
    await cluster.sim.sleep(600)
    for (const id of [2, 3]) {
      expect(view(id, topic)).toMatchObject({ role: 'follower', endOffset: 2, highWatermark: 2 })
      expect(await bytesOf(id, topic)).toBe(await bytesOf(1, topic))
    }
  })

  it('acks=1 and acks=0 do not wait for followers; both reach them', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    cluster.cut.add('2>1')
    expect((await cluster.sim.wait(produce(1, topic, 1, 1))).error).toBe('NONE')
    expect((await cluster.sim.wait(produce(1, topic, 2, 0))).error).toBe('NONE')
    expect(view(1, topic).highWatermark).toBe(0)
    cluster.cut.clear()
    await cluster.sim.sleep(62_000)
    expect(view(2, topic).endOffset).toBe(4)
  })

  it('refuses with too few in sync, times out when followers are silent, and says so with offset −1', async () => {
    await started({ minInsync: 2, lagMs: 5000 })
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    cluster.cut.add('2>1')
    const late = await cluster.sim.wait(produce(1, topic, 1, -1, 1000))
    expect(late).toMatchObject({ error: 'REQUEST_TIMED_OUT', baseOffset: -1, leader: null })
    await cluster.sim.sleep(6000)
    expect(cluster.partition(topic).isr).toEqual([1])
    expect((await cluster.sim.wait(produce(1, topic, 2))).error).toBe('NOT_ENOUGH_REPLICAS')
    expect(view(1, topic).highWatermark).toBe(0)
    cluster.cut.clear()
    await cluster.sim.sleep(40_000)
    expect(cluster.partition(topic).isr).toEqual([1, 2])
    expect(view(1, topic).highWatermark).toBe(2)
  })

  it('commits nothing on the ISR of before an image, with the fenced brokers of that image (P4)', async () => {
    await started({ minInsync: 2 })
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    cluster.change(topic, 0, { isr: [1, 2] })
    // Has caught up and is eligible, so it counts until it is fenced; its fetches are lost from here on.
    cluster.cut.add('3>1')
    cluster.proposals.length = 0
    const waiting = produce(1, topic, 1)
    await cluster.sim.sleep(200)
    expect(view(1, topic)).toMatchObject({ endOffset: 2, highWatermark: 0, isr: [1, 2] })
    const brokers = new Map(cluster.image.brokers)
    for (const id of [2, 3]) brokers.set(id, { ...brokers.get(id)!, fenced: true })
    const before = cluster.image.topics.get(topic)!
    const after = { ...cluster.partition(topic), isr: [1], partitionEpoch: cluster.partition(topic).partitionEpoch + 1 }
    const topics = new Map(cluster.image.topics).set(topic, { ...before, partitions: new Map([[0, after]]) })
    cluster.publish({ ...cluster.image, brokers, topics })
    expect(view(1, topic)).toMatchObject({ highWatermark: 0, isr: [1] })
    cluster.change(topic, 0, { isr: [1, 2] })
    expect((await cluster.sim.wait(waiting)).error).toBe('NONE')
  })

  it('answers who leads instead (KIP-951)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    const refused = await cluster.sim.wait(produce(2, topic, 1))
    expect(refused).toMatchObject({ error: 'NOT_LEADER_OR_FOLLOWER', leader: { leaderId: 1, leaderEpoch: 0 } })
    expect((await cluster.sim.wait(produce(3, topic, 1))).error).toBe('NOT_LEADER_OR_FOLLOWER')
    expect((await cluster.sim.wait(produce(1, cluster.sim.random.uuid(), 1))).error).toBe('UNKNOWN_TOPIC_ID')
    const stale = await read(1, topic, 0, { epoch: 7 })
    expect(stale).toMatchObject({ error: 'UNKNOWN_LEADER_EPOCH', leader: null, highWatermark: -1 })
  })

  it('waits for what is durable under flush=fsync, on every replica', async () => {
    await started({ log: { flush: 'fsync' } })
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    expect((await cluster.sim.wait(produce(1, topic, 1))).error).toBe('NONE')
    for (const id of [1, 2, 3]) cluster.kill(id)
    for (const id of [1, 2, 3]) cluster.sim.powerLoss(`b${id}`)
    for (const id of [1, 2, 3]) await cluster.restart(id)
    for (const id of [1, 2, 3]) expect(view(id, topic).endOffset, `b${id} after the power failed`).toBe(2)
  })
})

describe('a repeated batch', () => {
  it('is acknowledged with acks=1 no sooner than the first one', async () => {
    await started({ log: { flush: 'fsync' } })
    const topic = cluster.createTopic('t', [1])
    await cluster.sim.sleep(1000)
    const { driver, ports } = cluster.broker(1)
    const producer = { id: 7, epoch: 0, sequence: 0 }
    const send = (): Promise<AppendResult> =>
      driver.append({
        at: at(topic, 0),
        bytes: batchOf({ tag: 1, count: 2, producer }),
        acks: 1,
        deadline: ports.clock.monotonic() + 30_000,
      })
    const first = send()
    const again = await cluster.sim.wait(send())
    expect(again).toMatchObject({ error: 'NONE', baseOffset: 0 })
    cluster.kill(1)
    cluster.sim.powerLoss('b1')
    await cluster.restart(1)
    expect(view(1, topic).endOffset, 'after the power failed').toBe(2)
    first.catch(() => {})
  })
})

describe('reads', () => {
  it('wait for the high watermark, for bytes, for the deadline', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    const waiting = consume(1, topic, 0, { waitMs: 10_000 })
    const before = cluster.sim.now
    const produced = produce(1, topic, 1)
    const [found] = await cluster.sim.wait(waiting.result)
    expect(found).toMatchObject({ error: 'NONE', highWatermark: 2 })
    expect(offsets(found!)).toEqual([0])
    expect(cluster.sim.now - before).toBeLessThan(30)
    await cluster.sim.wait(produced)

    const began = cluster.sim.now
    const nothing = await read(1, topic, 2, { waitMs: 300 })
    expect(nothing).toMatchObject({ error: 'NONE', bytes: 0 })
    expect(cluster.sim.now - began).toBeGreaterThanOrEqual(300)

    const many = consume(1, topic, 2, { waitMs: 10_000, minBytes: 400 })
    for (let tag = 2; tag < 6; tag++) await cluster.sim.wait(produce(1, topic, tag))
    const [batches] = await cluster.sim.wait(many.result)
    expect(batches!.bytes).toBeGreaterThanOrEqual(400)
    expect(offsets(batches!)[0]).toBe(2)
  })

  it('never show a consumer what is not committed', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    cluster.cut.add('2>1')
    await cluster.sim.wait(produce(1, topic, 1, 1))
    expect(await read(1, topic, 0)).toMatchObject({ error: 'NONE', bytes: 0, highWatermark: 0 })
    expect(await read(1, topic, 3)).toMatchObject({ error: 'OFFSET_OUT_OF_RANGE' })
  })

  it('give the first batch even when it is too large, and only whole batches after it', async () => {
    await started({ brokers: 1 })
    const topic = cluster.createTopic('t', [1])
    await cluster.sim.sleep(100)
    for (let tag = 0; tag < 3; tag++) await cluster.sim.wait(produce(1, topic, tag))
    expect(offsets(await read(1, topic, 0, { maxBytes: 10 }))).toEqual([0])
    expect(offsets(await read(1, topic, 1, { maxBytes: 10 }))).toEqual([0])
    expect(offsets(await read(1, topic, 0))).toEqual([0, 2, 4])
  })

  it('end with the role: a new leader, a deletion, a cancel', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2], 2)
    await cluster.sim.sleep(1000)
    const moved = consume(1, topic, 0, { waitMs: 60_000 })
    cluster.change(topic, 0, { leader: 2 })
    expect((await cluster.sim.wait(moved.result))[0]).toMatchObject({
      error: 'NOT_LEADER_OR_FOLLOWER',
      leader: { leaderId: 2, leaderEpoch: 1 },
    })
    const cancelled = consume(2, topic, 0, { waitMs: 60_000 })
    cancelled.cancel()
    await cluster.sim.wait(cancelled.result, 10)
    const deleted = consume(2, topic, 0, { waitMs: 60_000 })
    const acked = produce(2, topic, 1)
    cluster.deleteTopic(topic)
    expect((await cluster.sim.wait(deleted.result))[0]!.error).toBe('UNKNOWN_TOPIC_ID')
    expect((await cluster.sim.wait(acked)).error).toBe('NOT_LEADER_OR_FOLLOWER')
    await cluster.sim.sleep(5000)
    for (const broker of cluster.brokers) expect(broker.directories[0]!.logs.length).toBe(0)
  })

  it('a follower serves committed records to whoever may ask it (KIP-392)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    await cluster.sim.wait(produce(1, topic, 1))
    await cluster.sim.sleep(600)
    const reader: Reader = { kind: 'consumer', isolation: 'read_uncommitted', rack: 'a' }
    expect(offsets(await read(2, topic, 0, { reader }))).toEqual([0])
    expect((await read(2, topic, 0)).error).toBe('NOT_LEADER_OR_FOLLOWER')
  })

  it('tell where a reader has left the leader’s history', async () => {
    await started({ brokers: 1 })
    const topic = cluster.createTopic('t', [1])
    await cluster.sim.sleep(100)
    await cluster.sim.wait(produce(1, topic, 1))
    cluster.change(topic, 0, { leaderEpoch: 4 })
    await cluster.sim.wait(produce(1, topic, 2))
    expect((await read(1, topic, 3, { lastEpoch: 0 })).diverging).toEqual({ epoch: 0, endOffset: 2 })
    expect((await read(1, topic, 2, { lastEpoch: 0 })).diverging).toBeNull()
    expect((await read(1, topic, 2, { lastEpoch: 3 })).diverging).toEqual({ epoch: 0, endOffset: 2 })
    const { driver } = cluster.broker(1)
    expect(driver.endOffsetForEpoch(at(topic), -1, 0)).toEqual({ error: 'NONE', epoch: 0, endOffset: 2 })
    expect(driver.endOffsetForEpoch(at(topic), 3, 0)).toEqual({
      error: 'FENCED_LEADER_EPOCH',
      epoch: -1,
      endOffset: -1,
    })
  })

  it('believe only assigned replicas of the present life (S36)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    const epoch = cluster.image.brokers.get(2)!.epoch
    expect((await read(1, topic, 0, { reader: { kind: 'replica', id: 3, brokerEpoch: 3 }, epoch: 0 })).error).toBe(
      'UNKNOWN_LEADER_EPOCH',
    )
    expect((await read(1, topic, 0, { reader: { kind: 'replica', id: 2, brokerEpoch: epoch - 1 } })).error).toBe(
      'NOT_LEADER_OR_FOLLOWER',
    )
    // A fetch far ahead of the log is no progress (CVE-2018-1288).
    cluster.cut.add('2>1')
    await cluster.sim.sleep(600)
    await cluster.sim.wait(produce(1, topic, 1, 1))
    expect((await read(1, topic, 99, { reader: { kind: 'replica', id: 2, brokerEpoch: epoch } })).error).toBe(
      'OFFSET_OUT_OF_RANGE',
    )
    expect(view(1, topic).highWatermark).toBe(0)
  })
})

describe('followers', () => {
  it('fail over: what was acknowledged is on the next leader, what was not is cut from the old one', async () => {
    await started({ minInsync: 2 })
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    await cluster.sim.wait(produce(1, topic, 1))
    for (const way of ['2>1', '3>1', '1>2', '1>3']) cluster.cut.add(way)
    const lost = produce(1, topic, 2)
    await cluster.sim.sleep(50)
    // Broker 1 is cut off from metadata too: it goes on believing that it leads.
    cluster.held.add(1)
    cluster.change(topic, 0, { leader: 2, isr: [2, 3] })
    await cluster.sim.sleep(1000)
    expect((await cluster.sim.wait(produce(2, topic, 3))).baseOffset).toBe(2)
    expect(view(1, topic)).toMatchObject({ role: 'leader', endOffset: 4, highWatermark: 2 })
    cluster.cut.clear()
    cluster.held.clear()
    cluster.deliver(cluster.broker(1))
    expect((await cluster.sim.wait(lost)).error).toBe('NOT_LEADER_OR_FOLLOWER')
    await cluster.sim.sleep(2000)
    expect(view(1, topic)).toMatchObject({ role: 'follower', endOffset: 4, highWatermark: 4 })
    expect(await bytesOf(1, topic)).toBe(await bytesOf(2, topic))
    expect(cluster.partition(topic).isr).toEqual([2, 3, 1])
  })

  it('catch up after a kill, and join again', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    cluster.kill(2)
    cluster.change(topic, 0, { isr: [1] })
    for (let tag = 0; tag < 5; tag++) await cluster.sim.wait(produce(1, topic, tag))
    await cluster.restart(2)
    await cluster.sim.sleep(3000)
    expect(cluster.partition(topic).isr).toEqual([1, 2])
    expect(await bytesOf(2, topic)).toBe(await bytesOf(1, topic))
    // The broker epoch of the new life is what it joined with (KIP-903).
    const epoch = cluster.image.brokers.get(2)!.epoch
    expect(cluster.proposals.at(-1)!.newIsr.find((member) => member.id === 2)!.brokerEpoch).toBe(epoch)
  })

  it('begin anew where the leader’s log begins', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    cluster.cut.add('2>1')
    await cluster.sim.sleep(600)
    cluster.change(topic, 0, { isr: [1] })
    for (let tag = 0; tag < 5; tag++) await cluster.sim.wait(produce(1, topic, tag))
    await cluster.sim.wait(cluster.broker(1).directories[0]!.logs[0]!.advanceLogStart(6))
    cluster.cut.clear()
    await cluster.sim.sleep(62_000)
    expect(view(2, topic)).toMatchObject({ logStartOffset: 6, endOffset: 10, highWatermark: 10 })
    expect(cluster.partition(topic).isr).toEqual([1, 2])
  })

  it('get out of epochs that began without a record (KAFKA-10706)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    await cluster.sim.wait(produce(1, topic, 1))
    // 1 leads an epoch, and another one, of which 2 never hears and in which nothing is written.
    cluster.held.add(2)
    cluster.change(topic, 0, { leaderEpoch: 3 })
    cluster.change(topic, 0, { leaderEpoch: 5 })
    cluster.held.clear()
    cluster.change(topic, 0, { leader: 2 })
    await cluster.sim.sleep(2000)
    expect((await cluster.sim.wait(produce(2, topic, 2))).error).toBe('NONE')
    expect(view(1, topic)).toMatchObject({ role: 'follower', endOffset: 4 })
    expect(await bytesOf(1, topic)).toBe(await bytesOf(2, topic))
    expect(cluster.fetches.length).toBeLessThan(30)
  })

  it('hand out what a truncation left, and then what was appended, without a gap', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    cluster.cut.add('2>1').add('3>1')
    await cluster.sim.sleep(600)
    for (let tag = 0; tag < 4; tag++) await cluster.sim.wait(produce(1, topic, tag, 1))
    cluster.cut.clear()
    // 2 has copied several batches at once when it learns that only the first of them stay.
    await cluster.sim.sleep(62_000)
    for (let tag = 4; tag < 8; tag++) await cluster.sim.wait(produce(1, topic, tag, 1))
    const log = cluster.broker(2).directories[0]!.logs[0]!
    const end = log.endOffset
    await cluster.sim.wait(log.truncateTo(2))
    const found = log.read(0, { maxBytes: 1_000_000, upTo: 2, minOneBatch: true })
    expect((await cluster.sim.wait(Promise.resolve(found))).endOffset).toBe(2)
    await cluster.sim.sleep(2000)
    expect(log.endOffset).toBeGreaterThanOrEqual(end)
    expect(await bytesOf(2, topic)).toBe(await bytesOf(1, topic))
  })

  it('use one session a leader, and say in it only what changed', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2], 8)
    await cluster.sim.sleep(3000)
    const mine = cluster.fetches.filter((fetch) => fetch.from === 2 && fetch.to === 1)
    const idle = mine.at(-1)!.request
    expect(idle.sessionId).toBeGreaterThan(0)
    expect(idle.topics).toEqual([])
    await cluster.sim.wait(produce(1, topic, 1, -1, 30_000, 2))
    const next = cluster.fetches.filter((fetch) => fetch.from === 2 && fetch.to === 1).at(-1)!.request
    expect(
      next.topics.flatMap((one) => one.partitions.map((partition) => [partition.partition, partition.fetchOffset])),
    ).toEqual([[2, 2]])
    expect(next.sessionEpoch).toBeGreaterThan(1)
    const before = cluster.fetches.length
    cluster.change(topic, 2, { leader: 2 })
    await cluster.sim.sleep(1200)
    const forgotten = cluster.fetches
      .slice(before)
      .filter((fetch) => fetch.from === 2)
      .flatMap((fetch) => fetch.request.forgottenTopicsData)
    expect(forgotten.map((one) => one.partitions)).toEqual([[2]])
  })

  it('one produce to several partitions costs a waiting follower fewer fetches than that', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2], 8)
    await cluster.sim.sleep(3000)
    const before = cluster.fetches.filter((fetch) => fetch.from === 2).length
    await cluster.sim.wait(Promise.all([0, 2, 4, 6].map((index) => produce(1, topic, index, -1, 30_000, index))))
    expect(cluster.fetches.filter((fetch) => fetch.from === 2).length - before).toBeLessThan(4)
  })
})

describe('offsets by time (ListOffsets)', () => {
  it('first, last, by timestamp, the largest, and what does not exist', async () => {
    await started({ brokers: 1 })
    const topic = cluster.createTopic('t', [1])
    await cluster.sim.sleep(100)
    for (let tag = 0; tag < 3; tag++) await cluster.sim.wait(produce(1, topic, tag))
    const { driver } = cluster.broker(1)
    const list = async (timestamp: number, epoch = -1) =>
      cluster.sim.wait(driver.listOffset(at(topic), timestamp, epoch, consumer))
    expect(await list(-1)).toEqual({ error: 'NONE', offset: 6, timestamp: -1, leaderEpoch: 0 })
    expect(await list(-2)).toEqual({ error: 'NONE', offset: 0, timestamp: -1, leaderEpoch: 0 })
    expect(await list(-4)).toEqual({ error: 'NONE', offset: 0, timestamp: -1, leaderEpoch: 0 })
    expect(await list(-3)).toEqual({ error: 'NONE', offset: 1, timestamp: 1_700_000_000_001, leaderEpoch: 0 })
    expect(await list(-5)).toMatchObject({ error: 'NONE', offset: -1 })
    expect(await list(1_700_000_000_001)).toEqual({
      error: 'NONE',
      offset: 1,
      timestamp: 1_700_000_000_001,
      leaderEpoch: 0,
    })
    expect(await list(1_900_000_000_000)).toEqual({ error: 'NONE', offset: -1, timestamp: -1, leaderEpoch: -1 })
    expect((await list(-1, 5)).error).toBe('UNKNOWN_LEADER_EPOCH')
  })

  it('a new leader says nothing of the end before its epoch is committed (KIP-207)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2, 3])
    await cluster.sim.sleep(1000)
    cluster.cut.add('3>1')
    void produce(1, topic, 1)
    await cluster.sim.sleep(100)
    cluster.cut.add('1>2').add('3>2')
    cluster.change(topic, 0, { leader: 2 })
    const { driver } = cluster.broker(2)
    const list = (timestamp: number) => cluster.sim.wait(driver.listOffset(at(topic), timestamp, 1, consumer))
    expect((await list(-1)).error).toBe('OFFSET_NOT_AVAILABLE')
    expect((await list(1_700_000_000_000)).error).toBe('OFFSET_NOT_AVAILABLE')
    expect((await list(-2)).error).toBe('NONE')
    cluster.cut.clear()
    await cluster.sim.sleep(62_000)
    expect(await list(-1)).toMatchObject({ error: 'NONE', offset: 2, leaderEpoch: 1 })
  })
})

describe('logs', () => {
  it('of a topic created again under its name are new ones (P19)', async () => {
    await started()
    const first = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    await cluster.sim.wait(produce(1, first, 1))
    cluster.deleteTopic(first)
    const second = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1500)
    expect(await read(1, second, 0)).toMatchObject({ error: 'NONE', bytes: 0, highWatermark: 0 })
    expect((await read(1, first, 0)).error).toBe('UNKNOWN_TOPIC_ID')
    expect((await cluster.sim.wait(produce(1, second, 2))).baseOffset).toBe(0)
  })

  it('whose topic was deleted while the broker was away are deleted, the others kept (S39)', async () => {
    await started()
    const gone = cluster.createTopic('gone', [1, 2])
    const kept = cluster.createTopic('kept', [1, 2])
    await cluster.sim.sleep(1000)
    await cluster.sim.wait(produce(1, kept, 1))
    await cluster.sim.sleep(600)
    cluster.kill(2)
    cluster.deleteTopic(gone)
    const again = cluster.createTopic('gone', [1, 2])
    await cluster.restart(2)
    await cluster.sim.sleep(2000)
    const ids = cluster.broker(2).directories[0]!.logs.map((log) => log.topicId)
    expect(new Set(ids)).toEqual(new Set([kept, again]))
    expect(view(2, kept).endOffset).toBe(2)
  })

  it('are not touched by history that is replayed before the own registration (S38)', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    const broker = cluster.broker(2)
    const registered = cluster.image
    cluster.kill(2)
    cluster.sim.restart('b2')
    cluster.held.add(2)
    await cluster.boot(broker)
    const old = { ...registered, topics: new Map(), topicIds: new Map() }
    broker.driver.apply(old, [{ kind: 'remove', topic: 't', topicId: topic, index: 0 }])
    await cluster.sim.sleep(100)
    expect(broker.driver.settled).toBe(false)
    expect(broker.directories[0]!.logs.length).toBe(1)
    cluster.held.clear()
    cluster.deliver(broker)
    expect(broker.driver.settled).toBe(true)
    expect(view(2, topic).role).toBe('follower')
  })

  it('are spread over directories, and a replica never moves to another one by itself', async () => {
    await started({ directories: 2, brokers: 1 })
    const topic = cluster.createTopic('t', [1], 4)
    await cluster.sim.sleep(500)
    const broker = cluster.broker(1)
    expect(broker.directories.map((directory) => directory.logs.length)).toEqual([2, 2])
    expect(broker.placements.length).toBe(4)
    const elsewhere = cluster.sim.random.uuid()
    const other = cluster.createTopic('u', [1])
    await cluster.sim.sleep(200)
    expect(view(1, other).role).toBe('leader')
    cluster.change(topic, 0, { directories: [broker.directories[0]!.meta.directoryId] })
    expect(view(1, topic).role).toBe('leader')
    const missing = cluster.sim.random.uuid()
    const partition = { ...cluster.partition(topic), directories: [elsewhere] }
    cluster.publish({
      ...cluster.image,
      topics: new Map(cluster.image.topics).set(missing, {
        id: missing,
        name: 'm',
        partitions: new Map([[0, partition]]),
      }),
    })
    await cluster.sim.sleep(100)
    expect(view(1, missing).role).toBe('offline')
    expect((await read(1, missing, 0)).error).toBe('KAFKA_STORAGE_ERROR')
  })
})

describe('disks', () => {
  it('that fail take their replicas offline, and say so once', async () => {
    await started()
    const topic = cluster.createTopic('t', [1, 2], 2)
    await cluster.sim.sleep(1000)
    const waiting = consume(1, topic, 0, { waitMs: 60_000 })
    cluster.sim.disk('b1').faults.appendFailsOneIn = 1
    expect(await cluster.sim.wait(produce(1, topic, 1))).toMatchObject({ error: 'KAFKA_STORAGE_ERROR', baseOffset: -1 })
    expect((await cluster.sim.wait(waiting.result))[0]!.error).toBe('KAFKA_STORAGE_ERROR')
    await cluster.sim.sleep(100)
    expect(cluster.broker(1).failures).toEqual([cluster.broker(1).directories[0]!.meta.directoryId])
    expect([view(1, topic, 0).role, view(1, topic, 1).role]).toEqual(['offline', 'offline'])
    expect((await cluster.sim.wait(produce(1, topic, 1, 1))).error).toBe('KAFKA_STORAGE_ERROR')
    // The other broker leads on with what it has.
    cluster.change(topic, 0, { leader: 2, isr: [2] })
    expect((await cluster.sim.wait(produce(2, topic, 2))).error).toBe('NONE')
  })

  it('keep the order of batches that leave the loop to be compressed, and a new role waits for them', async () => {
    await started({ log: { compressionType: 'gzip' } })
    const topic = cluster.createTopic('t', [1, 2])
    await cluster.sim.sleep(1000)
    const all = await cluster.sim.wait(Promise.all([1, 2, 3].map((tag) => produce(1, topic, tag))))
    expect(all.map((result) => result.baseOffset)).toEqual([0, 2, 4])
    const overtaken = produce(1, topic, 4)
    cluster.change(topic, 0, { leader: 2 })
    expect((await cluster.sim.wait(overtaken)).error).toBe('NOT_LEADER_OR_FOLLOWER')
    await cluster.sim.sleep(2000)
    expect((await cluster.sim.wait(produce(2, topic, 5))).error).toBe('NONE')
    expect(await bytesOf(1, topic)).toBe(await bytesOf(2, topic))
    // Down and up again in one turn, with a batch still outside.
    const again = produce(2, topic, 6)
    cluster.change(topic, 0, { leaderEpoch: 7 })
    expect(['NONE', 'NOT_LEADER_OR_FOLLOWER']).toContain((await cluster.sim.wait(again)).error)
    await cluster.sim.sleep(2000)
    expect((await cluster.sim.wait(produce(2, topic, 7))).error).toBe('NONE')
    expect(await bytesOf(1, topic)).toBe(await bytesOf(2, topic))
  })
})

describe('one seed', () => {
  it('gives one trace', async () => {
    const hashes: string[] = []
    for (let run = 0; run < 2; run++) {
      await started({ seed: 7 })
      const topic = cluster.createTopic('t', [1, 2, 3], 3)
      await cluster.sim.sleep(1000)
      for (let tag = 0; tag < 3; tag++) await cluster.sim.wait(produce(1, topic, tag))
      cluster.kill(2)
      await cluster.sim.sleep(100)
      await cluster.restart(2)
      await cluster.sim.sleep(2000)
      hashes.push(cluster.sim.traceHash())
      if (run === 0) cluster.close()
    }
    expect(hashes[0]).toBe(hashes[1])
  })
})
