// What a whole cluster agrees on, asked of it as a client: features up and down, brokers forgotten, quotas, and the
// resources that have configurations.

import { describe, expect, test } from 'vitest'
import type { Client, ClientError } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'

const ELR = 'eligible.leader.replicas.version'

async function started(brokers: number): Promise<{ cluster: SimCluster; client: Client }> {
  const cluster = createSimCluster({ seed: 12, brokers })
  await cluster.start()
  return { cluster, client: cluster.client() }
}

describe('features', () => {
  test('are told by every broker, go down and up, and not where somebody would forget something', async () => {
    const { cluster, client } = await started(3)
    using _ = cluster
    const { governance } = client
    const levels = async (): Promise<Record<string, number | null>> => {
      await cluster.sim.sleep(200)
      const found = await cluster.sim.wait(governance.describeFeatures())
      return Object.fromEntries(found.map(({ name, finalized }) => [name, finalized]))
    }
    expect(await levels()).toEqual({ [ELR]: 1, 'kraft.version': 1, 'metadata.version': 30 })
    await cluster.sim.wait(governance.updateFeatures([{ feature: ELR, level: 0, kind: 'safe-downgrade' }]))
    expect((await levels())[ELR]).toBe(null)
    await cluster.sim.wait(governance.updateFeatures([{ feature: ELR, level: 1 }], { validateOnly: true }))
    expect((await levels())[ELR]).toBe(null)
    await cluster.sim.wait(governance.updateFeatures([{ feature: ELR, level: 1 }]))
    expect((await levels())[ELR]).toBe(1)
    const down = governance.updateFeatures([{ feature: 'metadata.version', level: 29, kind: 'safe-downgrade' }])
    const refused = await cluster.sim.wait(
      down.then(
        () => null,
        (error: unknown) => error as ClientError,
      ),
    )
    expect(refused?.error).toBe('INVALID_UPDATE_VERSION')
    expect(refused?.message).toContain('it might delete metadata information')
    // Everybody lives on with what was agreed, and so does who comes back.
    const [one] = cluster.ids
    cluster.kill(one!)
    await cluster.restart(one!)
    expect((await levels())[ELR]).toBe(1)
    expect([...cluster.fatal]).toEqual([])
  })
})

describe('a broker that is unregistered', () => {
  test('is forgotten when it is gone, and comes back when it is not', async () => {
    const { cluster, client } = await started(3)
    using _ = cluster
    const topics = [{ name: 'story', partitions: 1, replicationFactor: 3 }]
    await cluster.sim.wait(client.admin.createTopics(topics))
    await cluster.sim.sleep(1_000)
    const brokers = async (): Promise<number[]> =>
      (await cluster.sim.wait(client.admin.describeCluster())).brokers.map(({ id }) => id)
    const isr = async (): Promise<number[]> => {
      const [topic] = await cluster.sim.wait(client.admin.describeTopics(['story']))
      return [...topic!.partitions[0]!.isr].sort((a, b) => a - b)
    }
    const follower = cluster.ids.find((id) => id !== cluster.leaderOf('story', 0) && id !== controllerOf(cluster))!
    // It runs: it hears that it is not known, registers again and catches up.
    await cluster.sim.wait(client.governance.unregisterBroker(follower))
    await cluster.sim.sleep(20_000)
    expect(await brokers()).toEqual([1, 2, 3])
    expect(await isr()).toEqual([1, 2, 3])
    cluster.kill(follower)
    await cluster.sim.sleep(15_000)
    await cluster.sim.wait(client.governance.unregisterBroker(follower))
    await cluster.sim.sleep(1_000)
    expect(cluster.view(controllerOf(cluster)).image.brokers.has(follower)).toBe(false)
    const again = client.governance.unregisterBroker(follower)
    const refused = await cluster.sim.wait(
      again.then(
        () => null,
        (error: unknown) => error as ClientError,
      ),
    )
    expect(refused?.message).toContain(`Broker ID ${follower} is not currently registered`)
    // Nothing stands in the way of its return.
    await cluster.restart(follower)
    await cluster.sim.sleep(10_000)
    expect(await isr()).toEqual([1, 2, 3])
    expect([...cluster.fatal]).toEqual([])
  })

  function controllerOf(cluster: SimCluster): number {
    return cluster.ids.find((id) => cluster.alive(id) && cluster.view(id).quorum.role === 'leader')!
  }
})

test('quotas and configured resources are told as they were set', async () => {
  const { cluster, client } = await started(1)
  using _ = cluster
  const { admin, governance } = client
  const entity = { user: null, 'client-id': 'c' }
  const set = await cluster.sim.wait(
    governance.alterQuotas([{ entity, values: { producer_byte_rate: 10, request_percentage: 2.5 } }]),
  )
  expect(set).toEqual([{ entity, error: 'NONE', message: null }])
  const refused = await cluster.sim.wait(governance.alterQuotas([{ entity, values: { byte_rate: 1 } }]))
  expect(refused[0]).toMatchObject({ error: 'INVALID_REQUEST', message: 'Invalid configuration key byte_rate' })
  await cluster.sim.sleep(100)
  const found = await cluster.sim.wait(governance.describeQuotas([{ type: 'client-id', match: { name: 'c' } }]))
  expect(found).toEqual([{ entity, values: { producer_byte_rate: 10, request_percentage: 2.5 } }])
  expect(await cluster.sim.wait(governance.describeQuotas([{ type: 'user', match: 'any' }], { strict: true }))).toEqual(
    [],
  )
  await cluster.sim.wait(
    governance.alterQuotas([{ entity, values: { producer_byte_rate: null, request_percentage: null } }]),
  )
  await cluster.sim.sleep(100)
  expect(await cluster.sim.wait(governance.describeQuotas())).toEqual([])

  const changes = [{ name: 'consumer.session.timeout.ms', operation: 'set' as const, value: '50000' }]
  const altered = await cluster.sim.wait(admin.incrementalAlterConfigs([{ type: 'group', name: 'g', changes }]))
  expect(altered[0]?.error).toBe('NONE')
  await cluster.sim.sleep(100)
  expect(await cluster.sim.wait(governance.listConfigResources())).toEqual([
    { type: 'group', name: 'g' },
    { type: 'broker', name: '1' },
  ])
})
