// Whole nodes whose configuration and quotas are changed while they run: what was asked for holds at once, everywhere,
// without a restart, and after one.

import { describe, expect, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'
import { apis, buildBatch, errorName, type Input } from '../../src/wire/index.ts'
import { RawClient } from '../support/raw-client.ts'

const TOPIC = 'story'

async function started(brokers: number): Promise<{ cluster: SimCluster; client: Client }> {
  const cluster = createSimCluster({ seed: 11, brokers })
  await cluster.start()
  const client = cluster.client()
  const topics = [{ name: TOPIC, partitions: 1, replicationFactor: brokers }]
  const created = await cluster.sim.wait(client.admin.createTopics(topics))
  expect(created[0]?.error).toBe('NONE')
  // Until it leads, not only until it is told to.
  await cluster.sim.sleep(500)
  return { cluster, client }
}

/** On the broker with that id, or ('') on all of them. */
async function set(
  cluster: SimCluster,
  client: Client,
  broker: string,
  key: string,
  value: string | null,
): Promise<string> {
  const change = value === null ? { operation: 'delete' as const } : { operation: 'set' as const, value }
  const alteration = { type: 'broker' as const, name: broker, changes: [{ name: key, ...change }] }
  const [outcome] = await cluster.sim.wait(client.admin.incrementalAlterConfigs([alteration]))
  return `${outcome!.error} ${outcome!.message ?? ''}`.trim()
}

async function send(cluster: SimCluster, client: Client, bytes: number): Promise<string> {
  const producer = client.producer({ deliveryTimeoutMs: 30_000 })
  const sending = producer.send({ topic: TOPIC, partition: 0, value: new Uint8Array(bytes) }).then(
    () => 'NONE',
    (error: unknown) => (error as { error?: string }).error ?? String(error),
  )
  return await cluster.sim.wait(sending)
}

describe('brokers', () => {
  test('take the size of records, and how many must have them, while they run and when they come back', async () => {
    const { cluster, client } = await started(3)
    using _ = cluster
    expect(await send(cluster, client, 2_000)).toBe('NONE')
    expect(await set(cluster, client, '', 'message.max.bytes', '1000')).toBe('NONE')
    await cluster.sim.sleep(100)
    expect(await send(cluster, client, 2_000)).toBe('MESSAGE_TOO_LARGE')
    const leader = cluster.leaderOf(TOPIC, 0)!
    expect(await set(cluster, client, String(leader), 'message.max.bytes', '3000')).toBe('NONE')
    await cluster.sim.sleep(100)
    expect(await send(cluster, client, 2_000)).toBe('NONE')
    cluster.kill(leader)
    // Who leads then has the cluster's, and who comes back and leads again its own.
    expect(await send(cluster, client, 500)).toBe('NONE')
    expect(await send(cluster, client, 2_000)).toBe('MESSAGE_TOO_LARGE')
    await cluster.restart(leader)
    await cluster.sim.sleep(1_000)
    expect(await set(cluster, client, '', 'message.max.bytes', null)).toBe('NONE')
    await cluster.sim.sleep(100)
    expect(await send(cluster, client, 2_000)).toBe('NONE')

    expect(await set(cluster, client, '', 'min.insync.replicas', '3')).toBe('NONE')
    const follower = cluster.ids.find((id) => id !== cluster.leaderOf(TOPIC, 0))!
    cluster.kill(follower)
    await cluster.sim.sleep(40_000)
    expect(await send(cluster, client, 10)).toMatch(/NOT_ENOUGH_REPLICAS/)
    expect(await set(cluster, client, '', 'min.insync.replicas', '2')).toBe('NONE')
    await cluster.sim.sleep(100)
    expect(await send(cluster, client, 10)).toBe('NONE')
    expect([...cluster.fatal]).toEqual([])
  })

  test('get no new replica where all their directories are cordoned', async () => {
    const { cluster, client } = await started(2)
    using _ = cluster
    const create = async (name: string): Promise<string> => {
      const topics = [{ name, partitions: 1, replicationFactor: 2 }]
      const [outcome] = await cluster.sim.wait(client.admin.createTopics(topics))
      return outcome!.error
    }
    expect(await set(cluster, client, '2', 'cordoned.log.dirs', '*')).toBe('NONE')
    await cluster.sim.sleep(5_000)
    expect(await create('later')).toBe('INVALID_REPLICATION_FACTOR')
    expect(await send(cluster, client, 10)).toBe('NONE')
    expect(await set(cluster, client, '2', 'cordoned.log.dirs', null)).toBe('NONE')
    await cluster.sim.sleep(5_000)
    expect(await create('later')).toBe('NONE')
  })

  test('refuse what they read at start', async () => {
    const { cluster, client } = await started(1)
    using _ = cluster
    expect(await set(cluster, client, '1', 'num.partitions', '3')).toBe(
      'INVALID_REQUEST Cannot update these configs dynamically: [num.partitions]',
    )
  })
})

describe('a quota', () => {
  test('holds a client back on every broker as soon as it is set, and no longer when it is gone', async () => {
    const { cluster } = await started(3)
    using _ = cluster
    const { network } = cluster.sim.addNode('raw', { client: true })
    const connect = (id: number): RawClient => new RawClient(network, { host: cluster.host(id), port: 9092 })
    const leader = cluster.leaderOf(TOPIC, 0)!
    const other = cluster.ids.find((id) => id !== leader)!
    const limit = async (value: number | null): Promise<void> => {
      const admin = connect(other)
      const entity = [{ entityType: 'client-id', entityName: 'raw' }]
      const ops = [{ key: 'producer_byte_rate', value: value ?? 0, remove: value === null }]
      admin.send(apis.AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false })
      await cluster.sim.wait(admin.answers(1))
      expect(errorName(admin.answer(0, apis.AlterClientQuotas, 1).entries[0]!.errorCode)).toBe('NONE')
      await cluster.sim.sleep(100)
    }
    const wait = async (): Promise<number> => {
      const producer = connect(leader)
      producer.send(apis.Produce, 9, produced())
      await cluster.sim.wait(producer.answers(1))
      const answer = producer.answer(0, apis.Produce, 9)
      expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
      return answer.throttleTimeMs
    }
    expect(await wait()).toBe(0)
    await limit(1_000)
    expect(await wait()).toBe(0)
    const throttled = await wait()
    expect(throttled).toBeGreaterThan(1_500)
    expect(throttled).toBeLessThan(2_500)
    await limit(null)
    expect(await wait()).toBe(0)
  })

  test('of partitions made is one, whichever broker the client asks', async () => {
    const { cluster, client } = await started(3)
    using _ = cluster
    const entity = { 'client-id': 'raw' }
    await cluster.sim.wait(client.governance.alterQuotas([{ entity, values: { controller_mutation_rate: 1 } }]))
    await cluster.sim.sleep(100)
    const { network } = cluster.sim.addNode('raw', { client: true })
    const create = async (id: number, name: string): Promise<readonly [string, number]> => {
      const asking = new RawClient(network, { host: cluster.host(id), port: 9092 })
      asking.send(apis.CreateTopics, 7, {
        topics: [{ name, numPartitions: 6, replicationFactor: 1 }],
        timeoutMs: 5_000,
      })
      await cluster.sim.wait(asking.answers(1))
      const { topics, throttleTimeMs } = asking.answer(0, apis.CreateTopics, 7)
      return [errorName(topics[0]!.errorCode), throttleTimeMs]
    }
    expect(await create(1, 'a')).toEqual(['NONE', 0])
    expect(await create(2, 'b')).toEqual(['NONE', 0])
    const [error, wait] = await create(3, 'c')
    expect(error).toBe('THROTTLING_QUOTA_EXCEEDED')
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThan(1_000)
    // Somebody else is not held back by it, through the same connections between the brokers.
    const [other] = await cluster.sim.wait(
      client.admin.createTopics([{ name: 'd', partitions: 30, replicationFactor: 1 }]),
    )
    expect(other?.error).toBe('NONE')
    await cluster.sim.sleep(wait)
    expect(await create(3, 'c')).toEqual(['NONE', 0])
  })

  function produced(): Input<typeof apis.Produce.request> {
    const value = new Uint8Array(6_000)
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value, headers: [] }] })
    return { acks: -1, timeoutMs: 10_000, topicData: [{ name: TOPIC, partitionData: [{ index: 0, records }] }] }
  }
})
