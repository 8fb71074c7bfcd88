// Replicas that move to another log directory of their broker (KIP-113), between replication drivers on real logs in the
// simulated world: copied beside the work, swapped, and found again after a crash at any point.

import { afterEach, describe, expect, it } from 'vitest'
import type { ReplicationError } from '../../../replication/driver/index.ts'
import type { Uuid } from '../../../src/base/index.ts'
import { batchOf } from '../../support/logs.ts'
import * as moves from '../../support/moves.ts'
import { at, ReplicationCluster, type ReplicationClusterOptions } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster

async function started(options: ReplicationClusterOptions = {}): Promise<Uuid> {
  cluster = new ReplicationCluster({ directories: 2, brokers: 2, ...options })
  await cluster.start()
  const topic = cluster.createTopic('t', [1, 2])
  await cluster.sim.sleep(1000)
  accept()
  return topic
}

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

const produce = (topic: Uuid, count: number, id = 1): Promise<void> => moves.produce(cluster, topic, count, id)
const accept = (): void => moves.accept(cluster)
const settle = (ms?: number): Promise<void> => moves.settle(cluster, ms)
const move = (topic: Uuid, path: string, id = 1): Promise<ReplicationError> => moves.move(cluster, topic, path, id)
const places = (topic: Uuid, id = 1): string[] => moves.places(cluster, topic, id)
const offsets = (topic: Uuid, id = 1): Promise<number[]> => moves.offsets(cluster, topic, id)

function view(topic: Uuid, id = 1) {
  return cluster
    .broker(id)
    .driver.observe()
    .find((replica) => replica.topicId === topic)!
}

const evens = (to: number): number[] => Array.from({ length: to / 2 }, (_, i) => 2 * i)
const other = (path: string): string => (path === '/data0' ? '/data1' : '/data0')

describe.each(['os', 'fsync'] as const)('a move, flush=%s', (flush) => {
  it('takes the log along while it is written to, and the controller knows', async () => {
    const topic = await started({ log: { flush } })
    await produce(topic, 20)
    const [from] = places(topic)
    const goal = other(from!)
    expect(await move(topic, goal)).toBe('NONE')
    expect(await move(topic, goal)).toBe('NONE')
    for (let i = 0; i < 20; i++) {
      await produce(topic, 1)
      accept()
    }
    await settle()
    expect(places(topic)).toEqual([goal])
    expect(view(topic)).toMatchObject({ role: 'leader', endOffset: 80, highWatermark: 80 })
    expect(await offsets(topic)).toEqual(evens(80))
    const directory = cluster.broker(1).directories.find(({ path }) => path === goal)!
    expect(cluster.partition(topic).directories[0]).toBe(directory.meta.directoryId)
    // It is served, fetched from, and found again there.
    await produce(topic, 1)
    cluster.kill(1)
    await cluster.restart(1)
    await settle()
    expect(places(topic)).toEqual([goal])
    expect(view(topic)).toMatchObject({ role: 'leader', endOffset: 82 })
  })

  it('of a follower survives its truncation', async () => {
    const topic = await started({ log: { flush } })
    await produce(topic, 5)
    const [from] = places(topic, 2)
    expect(await move(topic, other(from!), 2)).toBe('NONE')
    // What the follower has beyond the new leader's log goes.
    cluster.cut.add('2>1')
    await settle(100)
    cluster.cut.delete('2>1')
    cluster.change(topic, 0, { leader: 2 })
    await settle()
    await produce(topic, 3, 2)
    cluster.change(topic, 0, { leader: 1 })
    await produce(topic, 2)
    await settle()
    expect(places(topic, 2)).toEqual([other(from!)])
    expect(await offsets(topic, 2)).toEqual(await offsets(topic, 1))
  })
})

describe('a move', () => {
  it('that is cut short by a crash goes on after it', async () => {
    const topic = await started({ log: { flush: 'fsync' } })
    await produce(topic, 10)
    const [from] = places(topic)
    await move(topic, other(from!))
    // Not accepted: the copy waits for the controller.
    await cluster.sim.sleep(300)
    expect(places(topic).sort()).toEqual([from!, `${other(from!)}*`].sort())
    cluster.kill(1)
    await cluster.sim.sleep(100)
    await cluster.restart(1)
    await produce(topic, 3)
    await settle(1000)
    expect(places(topic)).toEqual([other(from!)])
    expect(await offsets(topic)).toEqual(evens(26))
  })

  it('crashed at any call of a port, while it is written to, leaves every acknowledged record in one log', async () => {
    for (let calls = 1; calls < 120; calls += 5) {
      const topic = await started({ seed: calls })
      await produce(topic, 5)
      const [from] = places(topic)
      await move(topic, other(from!))
      await cluster.sim.sleep(200)
      accept()
      let acked = 10
      let tag = 1000
      const { driver, ports, timers } = cluster.broker(1)
      const send = async (): Promise<void> => {
        for (;;) {
          await timers.delay(0.2)
          const bytes = batchOf({ tag: tag++, count: 2 })
          const deadline = ports.clock.monotonic() + 30_000
          const { error } = await driver.append({ at: at(topic), bytes, acks: 1, deadline })
          if (error === 'NONE') acked += 2
        }
      }
      void send()
      cluster.sim.killAtPortCall('b1', calls)
      await cluster.sim.sleep(500)
      cluster.kill(1)
      await cluster.sim.sleep(100)
      await cluster.restart(1)
      await settle(1000)
      expect([calls, places(topic).length]).toEqual([calls, 1])
      const found = await offsets(topic)
      expect([calls, found]).toEqual([calls, evens(2 * found.length)])
      expect(2 * found.length).toBeGreaterThanOrEqual(acked)
      if (calls < 115) cluster.close()
    }
  })

  it('begins where DeleteRecords let the log begin, also within a batch', async () => {
    const topic = await started()
    await produce(topic, 10)
    const { driver, ports } = cluster.broker(1)
    await cluster.sim.wait(driver.deleteRecords(at(topic), 7, ports.clock.monotonic() + 10_000))
    const [from] = places(topic)
    await move(topic, other(from!))
    await settle()
    expect(places(topic)).toEqual([other(from!)])
    expect(view(topic)).toMatchObject({ logStartOffset: 7, endOffset: 20 })
    expect(await offsets(topic)).toEqual([6, 8, 10, 12, 14, 16, 18])
  })

  it('can be seen as soon as it is asked for, also while another one copies', async () => {
    await started()
    const topic = cluster.createTopic('many', [1], 4)
    await settle(200)
    const { driver, directories } = cluster.broker(1)
    const into = (index: number): Promise<ReplicationError> =>
      cluster.sim.wait(
        driver.moveToDirectory({ at: { ...at(topic), topic: 'many', partition: index }, path: '/data1' }),
      )
    const [first, second] = directories
    const asked = first!.logs.filter((log) => log.topicId === topic)
    for (const { partition } of asked) expect(await into(partition)).toBe('NONE')
    // Nobody has accepted yet.
    expect(asked.length).toBeGreaterThan(1)
    expect(second!.futures.length).toBe(asked.length)
    await settle(1000)
    expect(second!.logs.filter((log) => log.topicId === topic).length).toBe(4)
  })

  it('to another directory, or back, ends the one before', async () => {
    const topic = await started({ directories: 3 })
    await produce(topic, 5)
    const [from] = places(topic)
    const [first, second] = ['/data0', '/data1', '/data2'].filter((path) => path !== from)
    await move(topic, first!)
    await cluster.sim.sleep(200)
    await move(topic, second!)
    await settle(1000)
    expect(places(topic)).toEqual([second])
    await move(topic, from!)
    await cluster.sim.sleep(200)
    await move(topic, second!)
    await settle(1000)
    expect(places(topic)).toEqual([second])
    expect(await offsets(topic)).toEqual(evens(10))
    const ids = cluster.broker(1).directories
    expect(cluster.partition(topic).directories[0]).toBe(ids.find(({ path }) => path === second)!.meta.directoryId)
  })

  it('is throttled as long as the operator wants it to be', async () => {
    let rate = 1000
    const topic = await started({ moveRate: () => rate })
    await produce(topic, 20)
    const [from] = places(topic)
    const bytes = cluster.broker(1).directories.flatMap(({ logs }) => logs.map(({ size }) => size))
    await move(topic, other(from!))
    // Copied in one piece, and paid for with time before anything else is done.
    await settle(Math.floor(bytes[0]! / 2))
    expect(places(topic).length).toBe(2)
    await settle(Math.floor(bytes[0]!))
    expect(places(topic)).toEqual([other(from!)])
    rate = Number.POSITIVE_INFINITY
    await move(topic, from!)
    await settle(200)
    expect(places(topic)).toEqual([from])
  })

  it('ends with the disk that it goes to, and is told of as copy while it lasts', async () => {
    const topic = await started()
    await produce(topic, 5)
    const [from] = places(topic)
    const goal = other(from!)
    await move(topic, goal)
    await cluster.sim.sleep(200)
    const described = await cluster.sim.wait(cluster.broker(1).driver.describeDirectories())
    const logs = described.flatMap(({ path, logs }) =>
      logs.map(({ isFuture, offsetLag }) => [path, isFuture, offsetLag]),
    )
    expect(logs.sort()).toEqual(
      [
        [from, false, 0],
        [goal, true, 0],
      ].sort(),
    )
    cluster.sim.killDirectory('b1', goal)
    accept()
    await settle()
    expect(view(topic).role).toBe('leader')
    await produce(topic, 2)
    const id = cluster.broker(1).directories.find(({ path }) => path === from)!.meta.directoryId
    expect(cluster.partition(topic).directories[0]).toBe(id)
    expect(await move(topic, goal)).toBe('KAFKA_STORAGE_ERROR')
    expect(await move(topic, from!)).toBe('NONE')
  })

  it('is refused where it cannot be, and kept in mind for a replica that is yet to come', async () => {
    const topic = await started()
    expect(await move(topic, '/elsewhere')).toBe('LOG_DIR_NOT_FOUND')
    const long = { topic: 't'.repeat(230), topicId: topic, partition: 0 }
    expect(await cluster.broker(1).driver.moveToDirectory({ at: long, path: '/data0' })).toBe('INVALID_TOPIC_EXCEPTION')
    for (const path of ['/data1', '/data0']) {
      const name = `u${path.at(-1)}`
      const before = { topic: name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA', partition: 0 }
      expect(await cluster.broker(1).driver.moveToDirectory({ at: before, path })).toBe('REPLICA_NOT_AVAILABLE')
      const created = cluster.createTopic(name, [1])
      await settle(200)
      expect(places(created)).toEqual([path])
    }
  })

  it('ends with the replica', async () => {
    const topic = await started()
    await produce(topic, 5)
    await move(topic, other(places(topic)[0]!))
    await cluster.sim.sleep(50)
    cluster.deleteTopic(topic)
    await settle()
    expect(places(topic)).toEqual([])
  })
})
