// Scenarios between leader and follower whose cause is time: answers that come too late, appends that end too late,
// directories that are gone. Real logs and replication drivers in the simulated world; the controller is a model.

import { afterEach, expect, test } from 'vitest'
import type { AppendResult } from '../../../replication/driver/index.ts'
import type { Uuid } from '../../../src/base/index.ts'
import { batchOf } from '../../support/logs.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

async function started(options: ReplicationClusterOptions = {}): Promise<ReplicationCluster> {
  cluster = new ReplicationCluster({ seed: 11, ...options })
  await cluster.start()
  return cluster
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

function produce(id: number, topic: Uuid, tag: number, acks: 1 | -1 = -1, index = 0): Promise<AppendResult> {
  const { driver, ports } = cluster.broker(id)
  const bytes = batchOf({ tag, count: 2 })
  const appended = driver.append({ at: at(topic, index), bytes, acks, deadline: ports.clock.monotonic() + 30_000 })
  return cluster.sim.wait(appended)
}

function view(id: number, topic: Uuid, index = 0) {
  const { driver } = cluster.broker(id)
  return driver.observe().find((one) => one.topicId === topic && one.partition === index)!
}

/** Lets time pass until it holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const end = await cluster.sim.run({ until: holds, untilMs: cluster.sim.now + 90_000 })
  expect(end, what).toBe('until')
}

async function bytesOf(id: number, topic: Uuid): Promise<string> {
  const log = cluster.broker(id).directories.flatMap((directory) => [...directory.logs])
  const own = log.find((one) => one.topicId === topic)!
  let bytes = ''
  for (let from = own.logStartOffset; from < own.endOffset; ) {
    const options = { maxBytes: 1 << 20, upTo: own.endOffset, minOneBatch: true }
    const found = await cluster.sim.wait(Promise.resolve(own.read(from, options)))
    bytes += found.chunks.map((chunk) => Buffer.from(chunk).toString('hex')).join('')
    expect(found.endOffset, `${id} can read its log at ${from}`).toBeGreaterThan(from)
    from = found.endOffset
  }
  return bytes
}

async function expectSame(ids: readonly number[], topic: Uuid): Promise<void> {
  // What is staged becomes readable.
  await cluster.sim.sleep(1_000)
  const ends = new Set(ids.map((id) => view(id, topic).endOffset))
  expect([...ends]).toHaveLength(1)
  const first = await bytesOf(ids[0]!, topic)
  for (const id of ids.slice(1)) expect(await bytesOf(id, topic), `${id} as ${ids[0]}`).toBe(first)
}

function refusedBytes(): string[] {
  return cluster.brokers.flatMap((broker) => broker.warnings.filter((text) => text.startsWith('fetched bytes refused')))
}

/** A fetch of `from` at the leader `to`, of this topic, in this epoch, since so many fetches. */
function asks(from: number, to: number, topic: Uuid, epoch: number, since = 0): boolean {
  return cluster.fetches.slice(since).some((fetch) => {
    if (fetch.from !== from || fetch.to !== to) return false
    const asked = fetch.request.topics.find((each) => each.topicId === topic)?.partitions ?? []
    return asked.some((partition) => partition.currentLeaderEpoch === epoch)
  })
}

test('S11 (KAFKA-15510): after empty answers a follower still says the epoch of its last record', async () => {
  await started()
  const topic = cluster.createTopic('t', [1, 2, 3])
  await cluster.sim.sleep(1_000)
  await produce(1, topic, 1)
  // 3 gets what 2 does not, and then nothing but empty answers.
  cluster.cut.add('2>1')
  await cluster.sim.sleep(600)
  await produce(1, topic, 2, 1)
  await until(() => view(3, topic).endOffset === 4, '3 has the second batch')
  const before = cluster.fetches.length
  await cluster.sim.sleep(3_000)
  expect(cluster.fetches.slice(before).filter((fetch) => fetch.from === 3).length).toBeGreaterThan(2)
  cluster.cut.clear()
  cluster.cut.add('1>2')
  cluster.change(topic, 0, { leader: 2 })
  await produce(2, topic, 3, 1)
  await until(() => asks(3, 2, topic, 1, before), '3 asks 2')
  const first = cluster.fetches.slice(before).find((fetch) => fetch.from === 3 && fetch.to === 2)!
  expect(first.request.topics[0]!.partitions[0]).toMatchObject({ fetchOffset: 4, lastFetchedEpoch: 0 })
  await until(() => view(3, topic).highWatermark === 2 && view(3, topic).endOffset === 4, '3 has the batch of 2')
  await cluster.sim.sleep(1_000)
  await expectSame([2, 3], topic)
})

test('S12 (KAFKA-13207): a diverging answer that comes when the follower leads does not cut its log', async () => {
  await started()
  const topic = cluster.createTopic('t', [1, 2, 3])
  // So that 2 goes on fetching from 1 whatever becomes of the other partition.
  cluster.createTopic('other', [1, 2])
  await cluster.sim.sleep(1_000)
  await produce(1, topic, 1)
  await cluster.sim.sleep(600)
  cluster.cut.add('1>2').add('3>2')
  cluster.change(topic, 0, { leader: 2 })
  await produce(2, topic, 2, 1)
  expect(view(2, topic).endOffset).toBe(4)
  // Back to 1, whose answer "cut to 2" is under way for a second.
  cluster.cut.delete('1>2')
  cluster.delays.set('1>2', 1_000)
  cluster.change(topic, 0, { leader: 1 })
  await until(() => asks(2, 1, topic, 2), '2 asks 1')
  await cluster.sim.sleep(100)
  cluster.change(topic, 0, { leader: 2 })
  cluster.delays.clear()
  await cluster.sim.sleep(2_000)
  expect(view(2, topic)).toMatchObject({ role: 'leader', leaderEpoch: 3, endOffset: 4 })
  cluster.cut.clear()
  await until(() => view(1, topic).endOffset === 4 && view(3, topic).endOffset === 4, 'the others have it too')
  await expectSame([1, 2, 3], topic)
})

test('S13 (KAFKA-13266): what the old leader still answers is not appended beside the new one’s', async () => {
  await started()
  const topic = cluster.createTopic('t', [1, 2, 3])
  cluster.createTopic('other', [1, 2])
  await cluster.sim.sleep(1_000)
  await produce(1, topic, 1)
  // 3 has the next batch; 2's copy of it is under way when it is told to follow 3.
  cluster.delays.set('1>2', 1_000)
  await produce(1, topic, 2, 1)
  await until(() => view(3, topic).endOffset === 4, '3 has it')
  expect(view(2, topic).endOffset).toBe(2)
  cluster.change(topic, 0, { leader: 3 })
  await produce(3, topic, 3, 1)
  await cluster.sim.sleep(5_000)
  cluster.delays.clear()
  await until(() => [1, 2].every((id) => view(id, topic).endOffset === 6), 'both have all')
  expect(refusedBytes()).toEqual([])
  await expectSame([1, 2, 3], topic)
})

test('S15 (KAFKA-18723): bytes of a newer epoch than was asked in are not accepted', async () => {
  await started()
  const topic = cluster.createTopic('t', [1, 2])
  await cluster.sim.sleep(1_000)
  await produce(1, topic, 1)
  cluster.cut.add('2>1')
  await cluster.sim.sleep(600)
  await produce(1, topic, 2, 1)
  await produce(1, topic, 3, 1)
  // As if the region had been cut and written again while the leader read it: the second batch is of the next epoch.
  let tampered = 0
  cluster.tamper = (answer) => {
    if (answer.records.length === 0 || tampered++ > 0) return
    const records = answer.records.slice()
    const view = new DataView(records.buffer)
    view.setInt32(12 + view.getInt32(8) + 12, 1)
    answer.records = records
  }
  cluster.cut.clear()
  await until(() => view(2, topic).endOffset === 6, '2 has all')
  expect(tampered).toBeGreaterThan(1)
  await expectSame([1, 2], topic)
})

test('S40 (KAFKA-16234): a replica whose directory is gone is not made anew, empty, in another one', async () => {
  await started({ directories: 2, brokers: 2 })
  const topic = cluster.createTopic('t', [1, 2], 2)
  await cluster.sim.sleep(1_000)
  for (const index of [0, 1]) await produce(1 + index, topic, 1, -1, index)
  // The controller has taken down where each replica of 1 lies.
  for (const { partition: index, directoryId } of cluster.broker(1).placements) {
    const { directories, replicas } = cluster.partition(topic, index)
    cluster.change(topic, index, { directories: directories.with(replicas.indexOf(1), directoryId) })
  }
  await cluster.sim.sleep(500)
  const lost = cluster.broker(1).directories[0]!
  const indexOfLost = lost.logs[0]!.partition
  cluster.kill(1)
  cluster.missing.add(lost.path)
  await cluster.restart(1)
  await cluster.sim.sleep(2_000)
  expect(view(1, topic, indexOfLost).role).toBe('offline')
  expect(view(1, topic, 1 - indexOfLost).role).not.toBe('offline')
  expect(cluster.broker(1).directories).toHaveLength(1)
  expect(cluster.broker(1).directories[0]!.logs.map((log) => log.partition)).toEqual([1 - indexOfLost])
})

test('S41 (KAFKA-7837): of a failed directory nothing is proposed; the others’ ISRs still shrink', async () => {
  await started({ directories: 2, lagMs: 2_000 })
  const [gone, kept] = ['gone', 'kept'].map((name) => cluster.createTopic(name, [1, 2])) as [Uuid, Uuid]
  await cluster.sim.sleep(1_000)
  expect(cluster.broker(1).directories.map((directory) => directory.logs.length)).toEqual([1, 1])
  // 2 falls behind in the one whose disk fails then.
  cluster.cut.add('2>1')
  await cluster.sim.sleep(600)
  expect((await produce(1, gone, 1, 1)).error).toBe('NONE')
  cluster.sim.disk('b1').faults.nextAppendsFail = 1
  expect((await produce(1, gone, 1, 1)).error).toBe('KAFKA_STORAGE_ERROR')
  expect([view(1, gone).role, view(1, kept).role]).toEqual(['offline', 'leader'])
  expect(cluster.broker(1).failures).toHaveLength(1)
  cluster.kill(2)
  expect((await produce(1, kept, 2, 1)).error).toBe('NONE')
  await until(() => cluster.partition(kept).isr.length === 1, 'the ISR of what still works has shrunk')
  await cluster.sim.sleep(5_000)
  expect(cluster.proposals.map((proposal) => proposal.at.topicId)).toEqual([kept])
})
