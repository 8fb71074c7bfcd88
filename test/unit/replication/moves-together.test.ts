// Moves between log directories that wait for each other, for the operator's rate, or for a disk, and what each leaves to
// the next process. That a move takes the log along is tested beside this.

import { afterEach, describe, expect, it } from 'vitest'
import type { Uuid } from '../../../src/base/index.ts'
import { batchOf, logConfig } from '../../support/logs.ts'
import { accept, move, offsets, places, produce, settle } from '../../support/moves.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

/** A topic whose partitions all lie in /data0 of the only broker. */
async function started(options: ReplicationClusterOptions = {}, partitions = 1): Promise<Uuid> {
  cluster = new ReplicationCluster({ directories: 3, brokers: 1, ...options })
  await cluster.start()
  for (let index = 0; index < partitions; index++) {
    const before = { topic: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partition: index }
    await cluster.broker(1).driver.moveToDirectory({ at: before, path: '/data0' })
  }
  const topic = cluster.createTopic('t', [1], partitions)
  await settle(cluster)
  for (let index = 0; index < partitions; index++) expect(places(cluster, topic, 1, index)).toEqual(['/data0'])
  return topic
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

const evens = (from: number, to: number): number[] => Array.from({ length: (to - from) / 2 }, (_, i) => from + 2 * i)
const directory = (path: string) => cluster.broker(1).directories.find((one) => one.path === path)!
const into = (topic: Uuid, path: string, index = 0) => move(cluster, topic, path, 1, index)

describe('a move that waits for its turn', () => {
  const slow = { moveRate: () => 10 }

  it('ends when another goal is given, without waiting for the one before it', async () => {
    const topic = await started(slow, 3)
    for (const index of [0, 1, 2]) await produce(cluster, topic, 10, 1, index)
    await into(topic, '/data1', 0)
    await settle(cluster, 100)
    await into(topic, '/data1', 1)
    expect(await into(topic, '/data2', 1)).toBe('NONE')
    expect(await into(topic, '/data0', 1)).toBe('NONE')
    await settle(cluster, 100)
    expect(places(cluster, topic, 1, 1)).toEqual(['/data0'])
    // The one that copies is still the only one.
    expect(await into(topic, '/data1', 2)).toBe('NONE')
    await settle(cluster, 100)
    expect(directory('/data1').futures.map(({ partition, endOffset }) => [partition, endOffset])).toEqual([
      [0, 20],
      [2, 0],
    ])
  })

  it('holds up neither the deletion of its topic nor the next topic of that name', async () => {
    const busy = await started(slow)
    await produce(cluster, busy, 10)
    await into(busy, '/data1')
    const { driver } = cluster.broker(1)
    const before = { topic: 'again', topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partition: 0 }
    await driver.moveToDirectory({ at: before, path: '/data0' })
    const first = cluster.createTopic('again', [1])
    await settle(cluster)
    await cluster.sim.wait(driver.moveToDirectory({ at: { ...before, topicId: first }, path: '/data1' }))
    expect(places(cluster, first)).toEqual(['/data0', '/data1*'])
    cluster.deleteTopic(first)
    const second = cluster.createTopic('again', [1])
    await settle(cluster)
    expect(places(cluster, first)).toEqual([])
    expect(places(cluster, second).length).toBe(1)
  })

  it('does not wait for those whose copies wait for the controller', async () => {
    const topic = await started({}, 2)
    for (const index of [0, 1]) await produce(cluster, topic, 10, 1, index)
    for (const index of [0, 1]) await into(topic, '/data1', index)
    await cluster.sim.sleep(500)
    expect(directory('/data1').futures.map(({ endOffset }) => endOffset)).toEqual([20, 20])
  })
})

describe('the rate of moves', () => {
  it('is that of all of them together, and another one holds at once', async () => {
    let rate = 100
    const topic = await started({ moveRate: () => rate }, 2)
    for (const index of [0, 1]) await produce(cluster, topic, 10, 1, index)
    const { size } = directory('/data0').logs[0]!
    await into(topic, '/data1', 0)
    await settle(cluster, 100)
    await into(topic, '/data2', 1)
    // Each has copied its log in one piece; the second pays for both.
    await settle(cluster, ((1.5 * size) / rate) * 1000)
    expect(places(cluster, topic, 1, 1)).toEqual(['/data0', '/data2*'])
    rate = 1e9
    await settle(cluster, 1500)
    expect([0, 1].map((index) => places(cluster, topic, 1, index))).toEqual([['/data1'], ['/data2']])
  })
})

describe('the copy of a move', () => {
  /** As it is while nobody accepts it. */
  async function copied(options: ReplicationClusterOptions = {}): Promise<Uuid> {
    const topic = await started(options)
    await produce(cluster, topic, 10)
    accept(cluster)
    await into(topic, '/data1')
    await cluster.sim.sleep(500)
    expect(directory('/data1').futures.map(({ endOffset }) => endOffset)).toEqual([20])
    return topic
  }

  async function reboot(): Promise<void> {
    cluster.kill(1)
    await cluster.sim.sleep(100)
    await cluster.restart(1)
  }

  it('that is found damaged is copied again from there', async () => {
    const topic = await copied({ log: { flush: 'fsync' } })
    const [copy] = directory('/data1').futures
    const file = `${copy!.path}/00000000000000000000.log`
    cluster.kill(1)
    await cluster.sim.sleep(100)
    cluster.sim.disk('b1').flipBit(file, 8 * 300)
    await cluster.restart(1)
    await settle(cluster, 1000)
    expect(places(cluster, topic)).toEqual(['/data1'])
    expect(await offsets(cluster, topic)).toEqual(evens(0, 20))
  })

  it('may begin later than the log, which a crash has taken back', async () => {
    const topic = await started()
    await produce(cluster, topic, 10)
    const { driver, ports } = cluster.broker(1)
    await cluster.sim.wait(driver.deleteRecords(at(topic), 6, ports.clock.monotonic() + 10_000))
    await into(topic, '/data1')
    await cluster.sim.sleep(500)
    const [copy] = directory('/data1').futures
    expect([copy!.logStartOffset, copy!.endOffset]).toEqual([6, 20])
    await reboot()
    expect(directory('/data0').logs[0]!.logStartOffset).toBe(0)
    await settle(cluster, 1000)
    expect(places(cluster, topic)).toEqual(['/data1'])
    expect(await offsets(cluster, topic)).toEqual(evens(6, 20))
  })

  it('is not taken up again after a stop where the move had been ended', async () => {
    const topic = await copied()
    const asked = cluster.broker(1).driver.moveToDirectory({ at: at(topic), path: '/data0' })
    const stopped = cluster.broker(1).driver.stop()
    await cluster.sim.wait(Promise.all([asked, stopped]))
    await reboot()
    await settle(cluster, 1000)
    expect(places(cluster, topic)).toEqual(['/data0'])
  })

  /** To the moment when the copy is the replica, has more than the old log, and the old log is still there. */
  async function switched(): Promise<Uuid> {
    const topic = await copied()
    const { driver, ports, timers } = cluster.broker(1)
    const send = async (): Promise<void> => {
      for (let tag = 0; ; tag++) {
        const deadline = ports.clock.monotonic() + 30_000
        const { error } = await driver.append({ at: at(topic), bytes: batchOf({ tag, count: 2 }), acks: 1, deadline })
        if (error !== 'NONE') return
        await timers.delay(0.2)
      }
    }
    void send()
    const old = directory('/data0').get(topic, 0)!
    cluster.change(topic, 0, { directories: [directory('/data1').meta.directoryId] })
    const until = async (done: () => boolean): Promise<void> => {
      for (let i = 0; i < 100_000 && !done(); i++) await cluster.sim.sleep(0.05)
    }
    await until(() => directory('/data1').get(topic, 0) !== undefined)
    // What the old log has must be durable in the copy before it goes.
    cluster.sim.disk('b1').faults.syncSlowFactor = 1000
    await until(() => directory('/data1').get(topic, 0)!.endOffset > old.endOffset)
    expect(places(cluster, topic)).toEqual(['/data0', '/data1'])
    return topic
  }

  it('leaves no older log behind when its disk fails as soon as it is the replica', async () => {
    await switched()
    cluster.sim.killDirectory('b1', '/data1')
    await settle(cluster, 2000)
    // It lacks what was acknowledged since, and would be the replica of the next process.
    expect(directory('/data0').logs).toEqual([])
  })

  it('is waited for where an older log is left and the copy is counted on', async () => {
    const topic = await switched()
    const { endOffset } = directory('/data1').get(topic, 0)!
    const role = () => cluster.broker(1).driver.observe()[0]!.role
    cluster.sim.disk('b1').faults.syncSlowFactor = 1
    cluster.unusable.add('/data1')
    await reboot()
    await settle(cluster)
    expect([role(), places(cluster, topic)]).toEqual(['offline', ['/data0']])
    expect(cluster.broker(1).warnings.join()).toContain('its log directory')
    cluster.unusable.clear()
    await reboot()
    await settle(cluster)
    expect([role(), places(cluster, topic)]).toEqual(['leader', ['/data1']])
    expect(directory('/data1').get(topic, 0)!.endOffset).toBeGreaterThanOrEqual(endOffset)
  })
})

describe('a move to a disk that is full', () => {
  it('is refused, and another one may be asked for', async () => {
    const topic = await started()
    await produce(cluster, topic, 5)
    const { faults } = cluster.sim.disk('b1')
    faults.freeBytes = 0
    expect(await into(topic, '/data1')).toBe('KAFKA_STORAGE_ERROR')
    faults.freeBytes = Number.POSITIVE_INFINITY
    expect(await into(topic, '/data1')).toBe('NONE')
    await settle(cluster)
    expect(places(cluster, topic)).toEqual(['/data1'])
  })
})

describe('compaction', () => {
  it('leaves a log alone that is being copied, and goes on when the move is over', async () => {
    const cleaner = { threads: 1, ioBufferSize: 1e6, dedupeBufferSize: 1e6, loadFactor: 0.9, backoffMs: 100 }
    const topic = await started({
      cleaner: { ...cleaner, ioMaxBytesPerSecond: Number.POSITIVE_INFINITY },
      log: logConfig({ cleanupCompact: true, cleanupDelete: false, segmentBytes: 1000, minCleanableDirtyRatio: 0 }),
    })
    await into(topic, '/data1')
    await produce(cluster, topic, 20)
    await cluster.sim.sleep(5000)
    const [log] = directory('/data0').logs
    expect(log!.cleanedTo).toBe(null)
    expect(await into(topic, '/data0')).toBe('NONE')
    await settle(cluster, 5000)
    expect(log!.cleanedTo).toBeGreaterThan(0)
  })
})
