// A cluster of an older metadata.version that is brought up to date while it runs: what the newer version knows of brokers is
// told then, without a restart.

import { expect, test } from 'vitest'
import { topicByName } from '../../../cluster/metadata/index.ts'
import type { MetadataRecord } from '../../../src/wire/index.ts'
import { apis } from '../../../src/wire/index.ts'
import { World } from './fixtures.ts'

test('brokers tell their directories when the version that knows them is agreed on', async () => {
  const old: MetadataRecord = {
    type: 'FeatureLevelRecord',
    version: 0,
    value: { name: 'metadata.version', featureLevel: 14 },
  }
  const world = new World()
  for (const id of [1, 2, 3]) world.add(id, {}, [old])
  world.log.elect(1)
  for (const id of [1, 2, 3]) world.startBroker(id)
  await world.clock.advance(5_000)
  const { driver } = world.nodes.get(2)!
  const brokers = () => [...driver.image.brokers.values()]
  const epochs = brokers().map(({ epoch }) => epoch)
  expect(brokers().map(({ fenced, directories }) => [fenced, directories.length])).toEqual([
    [false, 0],
    [false, 0],
    [false, 0],
  ])
  const ask = async <T>(answer: Promise<T>): Promise<T> => {
    await world.clock.advance(20)
    return answer
  }
  const topic = (name: string) => ({
    topics: [{ name, numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  await ask(driver.submit(apis.CreateTopics, 7, topic('before'), world.context()))

  const update = { feature: 'metadata.version', maxVersionLevel: 30, allowDowngrade: false, upgradeType: 1 }
  const features = { timeoutMs: 10_000, featureUpdates: [update], validateOnly: false }
  // This log commits within the proposal, as no real one does; what follows from the new level must not come before its end.
  world.log.committing = false
  const updated = driver.submit(apis.UpdateFeatures, 2, features, world.context())
  await world.clock.advance(20)
  world.log.committing = true
  world.log.commit()
  expect(await ask(updated)).toMatchObject({ errorCode: 0 })
  await world.clock.advance(5_000)
  expect(driver.image.features.get('metadata.version')).toBe(30)
  // The same incarnations under the same epochs: nobody has lost a leader over it.
  expect(brokers().map(({ epoch, fenced }) => [epoch, fenced])).toEqual(epochs.map((epoch) => [epoch, false]))
  expect(brokers().map(({ directories }) => directories.length)).toEqual([1, 1, 1])
  await ask(driver.submit(apis.CreateTopics, 7, topic('after'), world.context()))
  for (const name of ['before', 'after']) {
    const partition = topicByName(driver.image, name)!.partitions.get(0)!
    expect(partition.isr.length, name).toBe(3)
    expect(partition.leaderEpoch, name).toBe(0)
  }
  const known = new Set(brokers().flatMap(({ directories }) => directories))
  const { directories } = topicByName(driver.image, 'after')!.partitions.get(0)!
  expect(directories.every((id) => known.has(id))).toBe(true)
})
