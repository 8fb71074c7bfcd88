// Whole nodes with several log directories, each a disk of its own: where replicas go, what the death of one disk takes
// with it and what not, and that nothing is begun anew elsewhere while a disk may come back (S40, KAFKA-16234).

import { expect, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const TOPIC = 'disks'
const PARTITIONS = 6
const DIRECTORIES = ['/data', '/data2', '/data3']

interface World {
  readonly cluster: SimCluster
  readonly client: Client
  /** Acknowledged values, by partition, in order. */
  readonly acked: string[][]
  /** One record to each partition. */
  send(partitions?: readonly number[]): Promise<void>
}

async function started(seed: number, properties: Record<string, string> = {}): Promise<World> {
  const cluster = createSimCluster({ seed, logDirectories: DIRECTORIES.length, properties })
  await cluster.start()
  const client = cluster.client()
  const [created] = await cluster.sim.wait(
    client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }]),
  )
  expect(created?.error).toBe('NONE')
  await cluster.sim.sleep(2000)
  const producer = client.producer()
  const acked: string[][] = Array.from({ length: PARTITIONS }, () => [])
  const all = acked.map((_, partition) => partition)
  let n = 0
  const send = async (partitions: readonly number[] = all): Promise<void> => {
    for (const partition of partitions) {
      const value = `record ${n++}`
      await cluster.sim.wait(producer.send({ topic: TOPIC, partition, value }), 60_000)
      acked[partition]!.push(value)
    }
  }
  return { cluster, client, acked, send }
}

/** In which of its directories a node has the log, by what its disk holds. */
function placeOf(cluster: SimCluster, node: number, partition: number, topic = TOPIC): string[] {
  const disk = cluster.sim.disk(cluster.host(node))
  const inside = (directory: string): boolean =>
    disk.paths(directory).some((path) => path.startsWith(`${directory}/${topic}-${partition}/`))
  return [...DIRECTORIES, '/data9'].filter(inside)
}

function partitionsIn(cluster: SimCluster, node: number, directory: string): number[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => partition).filter((partition) =>
    placeOf(cluster, node, partition).includes(directory),
  )
}

function imageOf(cluster: SimCluster, node: number, partition: number) {
  const { image } = cluster.view(node)
  return image.topics.get(image.topicIds.get(TOPIC)!)!.partitions.get(partition)!
}

async function readAll({ cluster, client, acked }: World): Promise<void> {
  const consumer = client.consumer()
  consumer.assign(acked.map((_, partition) => ({ topic: TOPIC, partition, offset: 'earliest' as const })))
  const found: string[][] = acked.map(() => [])
  const read = async (): Promise<void> => {
    while (found.some((values, partition) => values.length < acked[partition]!.length))
      for (const { partition, value } of await consumer.poll(1000))
        found[partition]!.push(new TextDecoder().decode(value!))
  }
  await cluster.sim.wait(read(), 60_000)
  consumer.close()
  expect(found).toEqual(acked)
}

test('new replicas go where the fewest logs are, and the controller knows where', async () => {
  const { cluster } = await started(51)
  using _ = cluster
  for (const node of cluster.ids) {
    expect(DIRECTORIES.map((directory) => partitionsIn(cluster, node, directory).length)).toEqual([2, 2, 2])
    const registered = cluster.view(node).image.brokers.get(node)!
    expect(registered.directories.length).toBe(3)
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const image = imageOf(cluster, node, partition)
      const [place] = placeOf(cluster, node, partition)
      const directory = image.directories[image.replicas.indexOf(node)]
      expect(directory).toBe(registered.directories[DIRECTORIES.indexOf(place!)])
    }
  }
})

test('a dead disk takes its own replicas out of service, and nothing else', async () => {
  const world = await started(52)
  const { cluster, send } = world
  using _ = cluster
  await send()
  const before = cluster.view(1).image.brokers.get(1)!.directories
  const dead = partitionsIn(cluster, 1, '/data2')
  const others = [0, 1, 2, 3, 4, 5].filter((partition) => !dead.includes(partition))
  cluster.killDirectory(1, 1)
  await send()
  await cluster.sim.sleep(1000)
  expect(cluster.alive(1)).toBe(true)
  expect(cluster.view(2).image.brokers.get(1)!.directories).toEqual(before.filter((id) => id !== before[1]))
  for (const partition of dead) {
    const { leader, isr } = imageOf(cluster, 2, partition)
    expect(leader).not.toBe(1)
    expect(isr).not.toContain(1)
  }
  for (const partition of others) expect(imageOf(cluster, 2, partition).isr).toContain(1)
  const roles = cluster.view(1).replicas.filter(({ topic }) => topic === TOPIC)
  expect(roles.filter(({ role }) => role === 'offline').map(({ partition }) => partition)).toEqual(dead)
  // What is created from now on goes to the disks that are left.
  const more = await cluster.sim.wait(
    world.client.admin.createTopics([{ name: 'more', partitions: 1, replicationFactor: 3 }]),
  )
  expect(more[0]?.error).toBe('NONE')
  await cluster.sim.sleep(500)
  expect(placeOf(cluster, 1, 0, 'more')).not.toEqual(['/data2'])
  await send()
  await readAll(world)
})

test('a node whose disk is dead starts without it, begins nothing anew elsewhere, and has it back with the disk (S40)', async () => {
  const world = await started(53)
  const { cluster, send } = world
  using _ = cluster
  await send()
  const dead = partitionsIn(cluster, 2, '/data3')
  const mend = cluster.killDirectory(2, 2)
  await send()
  await cluster.stop(2)
  await cluster.restart(2)
  await send()
  await cluster.sim.sleep(5000)
  expect(cluster.view(2).image.brokers.get(2)!.directories.length).toBe(2)
  for (const partition of dead) {
    expect(placeOf(cluster, 2, partition)).toEqual(['/data3'])
    expect(imageOf(cluster, 1, partition).isr).not.toContain(2)
  }
  mend()
  await cluster.stop(2)
  await cluster.restart(2)
  await send()
  await cluster.sim.sleep(5000)
  for (let partition = 0; partition < PARTITIONS; partition++) expect(imageOf(cluster, 1, partition).isr).toContain(2)
  for (const partition of dead) expect(placeOf(cluster, 2, partition)).toEqual(['/data3'])
  await readAll(world)
})

test('the disk of the metadata log takes the node with it, at work and at its start', async () => {
  const world = await started(54)
  const { cluster, send } = world
  using _ = cluster
  await send()
  const mend = cluster.killDirectory(3, 0)
  await send()
  await cluster.sim.sleep(15_000)
  expect(cluster.fatal.get(3)).toBeDefined()
  await send()
  await expect(cluster.restart(3)).rejects.toThrow('the disk is dead')
  mend()
  await cluster.restart(3)
  await send()
  await readAll(world)
})

test('an empty directory among the others is one more disk: formatted, registered, and used', async () => {
  const world = await started(55)
  const { cluster, client, send } = world
  using _ = cluster
  await send()
  await cluster.stop(1)
  await cluster.restart(1, undefined, { 'log.dirs': [...DIRECTORIES, '/data9'].join(',') })
  expect(cluster.view(1).image.brokers.get(1)!.directories.length).toBe(4)
  const more = await cluster.sim.wait(
    client.admin.createTopics([{ name: 'more', partitions: 2, replicationFactor: 3 }]),
  )
  expect(more[0]?.error).toBe('NONE')
  await cluster.sim.sleep(1000)
  expect(placeOf(cluster, 1, 0, 'more')).toEqual(['/data9'])
  expect(placeOf(cluster, 1, 1, 'more')).toEqual(['/data9'])
  await send()
  await readAll(world)
})

test('a replica is moved to another disk at work, and what dies then is what it left', async () => {
  const world = await started(56)
  const { cluster, client, send } = world
  using _ = cluster
  await send()
  const moving = partitionsIn(cluster, 1, '/data2')
  const moves = moving.map((partition) => ({ topic: TOPIC, partition, path: '/data3' }))
  const begun = await cluster.sim.wait(client.admin.alterReplicaLogDirs(1, moves))
  expect(begun.map(({ error }) => error)).toEqual(moves.map(() => 'NONE'))
  for (let i = 0; i < 5; i++) await send()
  await cluster.sim.sleep(5000)
  for (const partition of moving) expect(placeOf(cluster, 1, partition)).toEqual(['/data3'])
  const described = await cluster.sim.wait(client.admin.describeLogDirs(1))
  const inside = described.map(({ path, replicas }) => [
    path,
    replicas.filter(({ topic }) => topic === TOPIC).length,
    replicas.some(({ isFuture, offsetLag }) => isFuture || offsetLag !== 0),
  ])
  expect(inside).toEqual([
    ['/data', 2, false],
    ['/data2', 0, false],
    ['/data3', 4, false],
  ])
  const third = cluster.view(2).image.brokers.get(1)!.directories[2]
  for (const partition of moving) {
    const { directories, replicas } = imageOf(cluster, 2, partition)
    expect(directories[replicas.indexOf(1)]).toBe(third)
  }
  cluster.killDirectory(1, 1)
  await send()
  await cluster.sim.sleep(5000)
  for (const partition of moving) expect(imageOf(cluster, 2, partition).isr).toContain(1)
  cluster.kill(2)
  await send()
  await readAll(world)
})

test('a node without any disk for logs stops, though the metadata log has one of its own', async () => {
  const world = await started(57, { 'log.dirs': '/data2,/data3', 'metadata.log.dir': '/data' })
  const { cluster, send } = world
  using _ = cluster
  await send()
  cluster.killDirectory(1, 1)
  await send()
  await cluster.sim.sleep(1000)
  expect(cluster.fatal.get(1)).toBeUndefined()
  cluster.killDirectory(1, 2)
  await send()
  await cluster.sim.sleep(15_000)
  expect(cluster.fatal.get(1)).toBeDefined()
  await send()
  await readAll(world)
})

test('a node that cannot tell the controller of its dead disk stops', async () => {
  const world = await started(58, { 'log.dir.failure.timeout.ms': '20000' })
  const { cluster, send } = world
  using _ = cluster
  await send()
  const led = partitionsIn(cluster, 1, '/data2').find((partition) => cluster.leaderOf(TOPIC, partition) === 1)!
  for (const other of [2, 3]) cluster.cut(1, other)
  cluster.killDirectory(1, 1)
  // Only whoever writes there finds out.
  const { client } = cluster.user()
  client
    .producer({ acks: 1 })
    .send({ topic: TOPIC, partition: led, value: 'lost' })
    .catch(() => {})
  await cluster.sim.sleep(15_000)
  expect(cluster.view(1).replicas.some(({ role }) => role === 'offline')).toBe(true)
  expect(cluster.fatal.get(1)).toBeUndefined()
  await cluster.sim.sleep(10_000)
  expect(cluster.fatal.get(1)?.message).toContain('was not told within 20000 ms that /data2 has failed')
})
