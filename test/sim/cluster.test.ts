// Whole nodes, shells included, in the simulated world: they boot and serve, lose a leader or are cut off, and lose no
// acknowledged record; the same seed tells the same story to the last byte.

import { describe, expect, test } from 'vitest'
import type { Client, Producer } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const TOPIC = 'story'

/** Sends one record after the other and remembers the offsets that were acknowledged. */
class Writer {
  readonly acked: Map<number, string> = new Map()
  readonly #producer: Producer
  #n = 0

  constructor(client: Client) {
    this.#producer = client.producer()
  }

  async send(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const value = `record ${this.#n++}`
      const { offset } = await this.#producer.send({ topic: TOPIC, partition: 0, value })
      this.acked.set(offset, value)
    }
  }
}

async function started(
  seed: number,
  brokers: number,
): Promise<{ cluster: SimCluster; client: Client; writer: Writer }> {
  const cluster = createSimCluster({ seed, brokers })
  await cluster.start()
  const client = cluster.client()
  const created = await cluster.sim.wait(
    client.admin.createTopics([{ name: TOPIC, partitions: 1, replicationFactor: brokers }]),
  )
  expect(created[0]?.error).toBe('NONE')
  return { cluster, client, writer: new Writer(client) }
}

/** Every record of the partition, from the beginning, as a consumer sees it. */
async function consumed(cluster: SimCluster, count: number): Promise<Map<number, string>> {
  const consumer = cluster.client().consumer()
  consumer.assign([{ topic: TOPIC, partition: 0, offset: 'earliest' }])
  const out = new Map<number, string>()
  const read = async (): Promise<void> => {
    while (out.size < count) {
      for (const record of await consumer.poll(1_000)) out.set(record.offset, new TextDecoder().decode(record.value!))
    }
  }
  await cluster.sim.wait(read())
  return out
}

/** The leader's high watermark, and whether everybody's bytes below it are the same. */
function expectSameLogs(cluster: SimCluster): void {
  const leader = cluster.leaderOf(TOPIC, 0)!
  const { highWatermark } = cluster.view(leader).replicas.find((replica) => replica.topic === TOPIC)!
  const [first, ...others] = cluster.ids.map((id) => below(cluster.logBytes(id, TOPIC, 0), highWatermark))
  expect(first!.length).toBeGreaterThan(0)
  for (const other of others) expect(Buffer.compare(first!, other)).toBe(0)
}

/** The batches that begin below an offset. */
function below(log: Uint8Array, offset: number): Uint8Array {
  const view = new DataView(log.buffer, log.byteOffset, log.length)
  let at = 0
  while (at + 12 <= log.length && Number(view.getBigInt64(at)) < offset) at += 12 + view.getInt32(at + 8)
  return log.subarray(0, at)
}

function expectNothingLost(acked: ReadonlyMap<number, string>, found: ReadonlyMap<number, string>): void {
  for (const [offset, value] of acked) expect(found.get(offset), `offset ${offset}`).toBe(value)
}

/** The end of a story: nobody gave up, and what happened as one line. */
function ending(cluster: SimCluster): string {
  expect([...cluster.fatal]).toEqual([])
  return `${cluster.sim.now} ms, ${cluster.sim.events} events, ${cluster.sim.traceHash()}`
}

async function oneNode(seed: number): Promise<string> {
  const { cluster, writer } = await started(seed, 1)
  using _ = cluster
  await cluster.sim.wait(writer.send(30))
  expectNothingLost(writer.acked, await consumed(cluster, 30))
  return ending(cluster)
}

async function killedLeader(seed: number): Promise<string> {
  const { cluster, writer } = await started(seed, 3)
  using _ = cluster
  await cluster.sim.wait(writer.send(20))
  const leader = cluster.leaderOf(TOPIC, 0)!
  cluster.kill(leader)
  await cluster.sim.wait(writer.send(20))
  expect(cluster.leaderOf(TOPIC, 0)).not.toBe(leader)
  await cluster.restart(leader)
  await cluster.sim.wait(writer.send(20))
  await cluster.sim.sleep(5_000)
  expectSameLogs(cluster)
  expectNothingLost(writer.acked, await consumed(cluster, writer.acked.size))
  return ending(cluster)
}

async function isolatedLeader(seed: number): Promise<string> {
  const { cluster, writer } = await started(seed, 3)
  using _ = cluster
  await cluster.sim.wait(writer.send(20))
  const leader = cluster.leaderOf(TOPIC, 0)!
  cluster.isolate(leader)
  await cluster.sim.wait(writer.send(20))
  expect(cluster.leaderOf(TOPIC, 0)).not.toBe(leader)
  cluster.heal()
  await cluster.sim.wait(writer.send(20))
  await cluster.sim.sleep(30_000)
  expectSameLogs(cluster)
  expectNothingLost(writer.acked, await consumed(cluster, writer.acked.size))
  return ending(cluster)
}

/** Powers all three off at once, under load: the quorum's fsyncs and Kafka's recovery must bring the cluster back. */
async function killedAll(seed: number): Promise<string> {
  const { cluster, writer } = await started(seed, 3)
  using _ = cluster
  await cluster.sim.wait(writer.send(20))
  for (const id of cluster.ids) cluster.kill(id)
  await cluster.sim.sleep(1_000)
  await cluster.sim.wait(Promise.all(cluster.ids.map((id) => cluster.restarting(id))))
  await cluster.sim.wait(writer.send(20))
  await cluster.sim.sleep(5_000)
  expectSameLogs(cluster)
  expectNothingLost(writer.acked, await consumed(cluster, writer.acked.size))
  return ending(cluster)
}

describe.each([
  ['one node boots and serves', oneNode],
  ['a killed leader loses nothing', killedLeader],
  ['an isolated leader loses nothing', isolatedLeader],
  ['all killed at once lose nothing', killedAll],
] as const)('%s', (_name, story) => {
  test('the same way twice, and another way with another seed', async () => {
    const first = await story(1)
    expect(await story(1)).toBe(first)
    expect(await story(2)).not.toBe(first)
  })
})
