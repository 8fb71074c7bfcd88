// What tests of moves between log directories ask of a replication cluster: where logs lie, what is in them, and the
// controller's part. Asserts nothing of moves.

import type { ReplicationError } from '../../replication/driver/index.ts'
import type { Uuid } from '../../src/base/index.ts'
import type { LogDirectory } from '../../src/log/index.ts'
import { batchesOf } from '../../src/wire/index.ts'
import { batchOf } from './logs.ts'
import { at, type ReplicationCluster } from './replication-cluster.ts'

let tag = 0

/** Batches of two records each, one after the other, acknowledged by all. */
export async function produce(
  cluster: ReplicationCluster,
  topic: Uuid,
  count: number,
  id = 1,
  index = 0,
): Promise<void> {
  const { driver, ports } = cluster.broker(id)
  for (let i = 0; i < count; i++) {
    const deadline = ports.clock.monotonic() + 30_000
    const bytes = batchOf({ tag: tag++, count: 2, valueSize: 200 })
    const where = { ...at(topic), partition: index }
    const { error } = await cluster.sim.wait(driver.append({ at: where, bytes, acks: -1, deadline }), 60_000)
    if (error !== 'NONE') throw new Error(`produced to ${topic}-${index}: ${error}`)
  }
}

/** What the controller does: takes what brokers have said of directories since. */
export function accept(cluster: ReplicationCluster): void {
  for (const broker of cluster.brokers) {
    for (const { topicId, partition, directoryId } of broker.placements.splice(0)) {
      if (!cluster.image.topics.has(topicId)) continue
      const { replicas, directories } = cluster.partition(topicId, partition)
      const told = directories.map((id, i) => (replicas[i] === broker.id ? directoryId : id))
      if (told.join() !== directories.join()) cluster.change(topicId, partition, { directories: told })
    }
  }
}

export async function settle(cluster: ReplicationCluster, ms = 500): Promise<void> {
  for (let i = 0; i < ms / 10; i++) {
    accept(cluster)
    await cluster.sim.sleep(10)
  }
}

export function move(
  cluster: ReplicationCluster,
  topic: Uuid,
  path: string,
  id = 1,
  index = 0,
): Promise<ReplicationError> {
  const where = { ...at(topic), partition: index }
  return cluster.sim.wait(cluster.broker(id).driver.moveToDirectory({ at: where, path }))
}

/** Where a broker's logs of the topic are; a copy under way has a star. */
export function places(cluster: ReplicationCluster, topic: Uuid, id = 1, index = 0): string[] {
  const is = (log: { readonly topicId: Uuid; readonly partition: number }): boolean =>
    log.topicId === topic && log.partition === index
  const of = (directory: LogDirectory): string[] => [
    ...directory.logs.filter(is).map(() => directory.path),
    ...directory.futures.filter(is).map(() => `${directory.path}*`),
  ]
  return cluster.broker(id).directories.flatMap(of)
}

/** The base offsets of the batches that are there. */
export async function offsets(cluster: ReplicationCluster, topic: Uuid, id = 1): Promise<number[]> {
  const log = cluster
    .broker(id)
    .directories.flatMap((directory) => [...directory.logs])
    .find((one) => one.topicId === topic)!
  const found: number[] = []
  for (let from = log.logStartOffset; from < log.endOffset; ) {
    const options = { maxBytes: 1_000_000, upTo: log.endOffset, minOneBatch: true }
    const read = await cluster.sim.wait(Promise.resolve(log.read(from, options)))
    for (const chunk of read.chunks) for (const header of batchesOf(chunk)) found.push(header.baseOffset)
    from = read.endOffset
  }
  return found
}
