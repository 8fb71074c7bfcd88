// A compacted topic in a whole simulated cluster: every replica cleans its own log, clients see the last value of every key,
// followers take batches from a leader that has left offsets out, a leader that was killed in its cleaning comes back, and a
// node with an empty disk copies what is left.

import { expect, test } from 'vitest'
import type { Client } from '../../src/client/index.ts'
import type { Simulation } from '../../src/sim/index.ts'
import { createSimCluster } from '../../src/sim/index.ts'

const CONFIGS = {
  'cleanup.policy': 'compact',
  'segment.ms': '300',
  'min.cleanable.dirty.ratio': '0.01',
  'delete.retention.ms': '5000',
  'min.insync.replicas': '2',
}
const PROPERTIES = { 'log.cleaner.backoff.ms': '500', 'log.cleaner.threads': '2' }
const KEYS = 7

async function readAll(client: Client, until: string): Promise<Map<string, string>> {
  const consumer = client.consumer({ reset: 'earliest' })
  consumer.assign([{ topic: 'state', partition: 0, offset: 'earliest' }])
  const text = new TextDecoder()
  const state = new Map<string, string>()
  let records = 0
  for (;;) {
    for (const { key, value } of await consumer.poll(500)) {
      records++
      if (value === null) state.delete(text.decode(key!))
      else state.set(text.decode(key!), text.decode(value))
      if (value !== null && text.decode(value) === until) return state.set('records', String(records))
    }
  }
}

/** Sends rounds of every key, one of them deleted every time; what a reader must end with. */
async function write(sim: Simulation, client: Client, rounds: number, name: string): Promise<Map<string, string>> {
  const producer = client.producer()
  const state = new Map<string, string>()
  for (let round = 0; round < rounds; round++) {
    await sim.sleep(100)
    for (let key = 0; key < KEYS; key++) {
      const value = key === round % KEYS ? null : `${name}-${round}-${key}-${'x'.repeat(80)}`
      await sim.wait(producer.send({ topic: 'state', partition: 0, key: `k${key}`, value }))
      if (value === null) state.delete(`k${key}`)
      else state.set(`k${key}`, value)
    }
  }
  await sim.wait(producer.send({ topic: 'state', partition: 0, key: 'end', value: `${name}-end` }))
  return state.set('end', `${name}-end`)
}

test.each([1, 2])('a compacted topic over a killed leader and an empty disk (seed %i)', async (seed) => {
  const cluster = createSimCluster({ seed, properties: PROPERTIES })
  using _ = cluster
  await cluster.start()
  const { sim } = cluster
  const client = cluster.client()
  const topic = { name: 'state', partitions: 1, replicationFactor: 3, configs: CONFIGS }
  const [created] = await sim.wait(client.admin.createTopics([topic]))
  expect(created!.error).toBe('NONE')
  /** How many records are left. */
  const seen = async (wanted: Map<string, string>): Promise<number> => {
    const state = await sim.wait(readAll(client, wanted.get('end')!))
    const records = Number(state.get('records'))
    state.delete('records')
    expect(state).toEqual(wanted)
    return records
  }
  const restartDead = async (): Promise<void> => {
    for (const id of cluster.ids) if (!cluster.alive(id)) await cluster.restart(id)
    await sim.sleep(20_000)
  }
  const first = await write(sim, client, 30, 'first')
  await sim.sleep(10_000)
  // 210 were written; the active segment is not cleaned.
  expect(await seen(first)).toBeLessThan(60)

  cluster.killAt(cluster.leaderOf('state', 0)!, 100 + seed * 237)
  const second = await write(sim, client, 20, 'second')
  await sim.sleep(3_000)
  await restartDead()
  expect(await seen(second)).toBeLessThan(80)

  const follower = cluster.ids.find((id) => id !== cluster.leaderOf('state', 0))!
  cluster.kill(follower)
  await cluster.replaceDisk(follower)
  await restartDead()
  for (const id of cluster.ids.filter((each) => each !== follower)) {
    // Only the copy is left to read from, and then to lead.
    cluster.kill(id)
    await sim.sleep(15_000)
    if (cluster.leaderOf('state', 0) === follower) expect(await seen(second)).toBeLessThan(80)
    await restartDead()
  }
  const third = await write(sim, client, 20, 'third')
  await sim.sleep(20_000)
  expect(await seen(third)).toBeLessThan(80)
  expect([...cluster.fatal]).toEqual([])
})
