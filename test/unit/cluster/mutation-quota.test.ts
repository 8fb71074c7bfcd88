// The rate of partitions that a client may have made and deleted, held by the active controller wherever the client asks
// (KIP-599).

import { beforeEach, describe, expect, test } from 'vitest'
import { apis, errorName } from '../../../src/wire/index.ts'
import { World } from './fixtures.ts'

let world: World

beforeEach(async () => {
  world = new World()
  for (const id of [1, 2, 3]) world.add(id)
  world.log.elect(1)
  for (const id of [1, 2, 3]) world.startBroker(id)
  await world.clock.advance(1_000)
  // A second is worth one partition, and eleven may be saved.
  const entity = [{ entityType: 'client-id', entityName: 'maker' }]
  const ops = [{ key: 'controller_mutation_rate', value: 1, remove: false }]
  const answer = world.nodes
    .get(2)!
    .driver.submit(apis.AlterClientQuotas, 1, { entries: [{ entity, ops }], validateOnly: false }, world.context())
  await world.clock.advance(10)
  expect((await answer).entries![0]!.errorCode).toBe(0)
})

type Told = readonly [error: string, throttleTimeMs: number]

async function create(node: number, clientId: string, name: string, partitions: number, version = 7): Promise<Told> {
  const topic = { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] }
  const request = { topics: [topic], timeoutMs: 30_000, validateOnly: false }
  const context = { ...world.context(), clientId }
  const answer = world.nodes.get(node)!.driver.submit(apis.CreateTopics, version, request, context)
  await world.clock.advance(10)
  const { topics, throttleTimeMs = 0 } = await answer
  return [errorName(topics![0]!.errorCode ?? 0), throttleTimeMs]
}

async function remove(node: number, clientId: string, name: string): Promise<Told> {
  const request = { topics: [{ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }], topicNames: [], timeoutMs: 30_000 }
  const context = { ...world.context(), clientId }
  const answer = world.nodes.get(node)!.driver.submit(apis.DeleteTopics, 6, request, context)
  await world.clock.advance(10)
  const { responses, throttleTimeMs = 0 } = await answer
  return [errorName(responses![0]!.errorCode ?? 0), throttleTimeMs]
}

async function grow(node: number, clientId: string, name: string, count: number): Promise<Told> {
  const request = { topics: [{ name, count, assignments: null }], timeoutMs: 30_000, validateOnly: false }
  const context = { ...world.context(), clientId }
  const answer = world.nodes.get(node)!.driver.submit(apis.CreatePartitions, 3, request, context)
  await world.clock.advance(10)
  const { results, throttleTimeMs = 0 } = await answer
  return [errorName(results![0]!.errorCode ?? 0), throttleTimeMs]
}

describe('controller_mutation_rate', () => {
  test('is one for all nodes that a client asks, and refuses until the debt is paid', async () => {
    expect(await create(3, 'maker', 'a', 10)).toEqual(['NONE', 0])
    expect(await create(1, 'maker', 'b', 4)).toEqual(['NONE', 0])
    const [error, wait] = await create(2, 'maker', 'c', 1)
    expect(error).toBe('THROTTLING_QUOTA_EXCEEDED')
    expect(wait).toBeGreaterThan(2_900)
    expect(wait).toBeLessThan(3_000)
    expect(world.nodes.get(1)!.driver.image.topicIds.has('c')).toBe(false)
    expect(await create(2, 'other', 'd', 50)).toEqual(['NONE', 0])
    await world.clock.advance(wait)
    expect(await create(2, 'maker', 'c', 1)).toEqual(['NONE', 0])
  })

  test('counts what is added and what is deleted', async () => {
    await create(3, 'maker', 'a', 6)
    expect(await grow(3, 'maker', 'a', 12)).toEqual(['NONE', 0])
    expect((await grow(2, 'maker', 'a', 13))[0]).toBe('THROTTLING_QUOTA_EXCEEDED')
    expect((await remove(3, 'maker', 'a'))[0]).toBe('THROTTLING_QUOTA_EXCEEDED')
    await world.clock.advance(2_000)
    expect(await remove(3, 'maker', 'a')).toEqual(['NONE', 0])
    expect((await create(1, 'maker', 'b', 1))[0]).toBe('THROTTLING_QUOTA_EXCEEDED')
  })

  test('delays requests that do not know the error, and does what they ask', async () => {
    expect(await create(3, 'maker', 'a', 10, 5)).toEqual(['NONE', 0])
    const [error, wait] = await create(3, 'maker', 'b', 4, 5)
    expect(error).toBe('NONE')
    expect(wait).toBeGreaterThan(2_900)
    expect(world.nodes.get(1)!.driver.image.topicIds.has('b')).toBe(true)
  })
})
