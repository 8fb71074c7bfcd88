// The example of docs/simulation.md: code of a user, a consumer that must count each order once, against a cluster that
// fails as a seed draws. One seed takes some tens of milliseconds.

import { expect, test } from 'vitest'
import { type SimulatedUser, simulate } from '../../src/sim/index.ts'

/** The code under test: sums up what it reads and remembers how far it came, so that it could go on after a crash. */
async function sumOrders({ client }: SimulatedUser, orders: number): Promise<number> {
  const consumer = client.consumer({ reset: 'earliest' })
  consumer.assign([{ topic: 'orders', partition: 0, offset: 'earliest' }])
  let sum = 0
  for (let seen = 0; seen < orders; ) {
    for (const record of await consumer.poll(500)) {
      seen++
      sum += Number(new TextDecoder().decode(record.value!))
    }
  }
  return sum
}

test.each([1, 2])('every order is counted once while brokers fail (seed %i)', async (seed) => {
  const sum = await simulate({ seed, faults: 5_000 }, async (user) => {
    const { client, delay } = user
    await client.admin.createTopics([{ name: 'orders', partitions: 1, replicationFactor: 3 }])
    const counting = sumOrders(user, 40)
    const producer = user.connect().producer()
    for (let order = 1; order <= 40; order++) {
      // Virtual milliseconds: they cost nothing.
      await delay(150)
      await producer.send({ topic: 'orders', value: String(order) })
    }
    return await counting
  })
  expect(sum).toBe(820)
})

test('a fault at the very moment that you choose', async () => {
  const leaders = await simulate({ seed: 4 }, async ({ client, cluster, faults }) => {
    await client.admin.createTopics([{ name: 'orders', partitions: 1, replicationFactor: 3 }])
    const producer = client.producer()
    await producer.send({ topic: 'orders', value: '1' })
    const first = cluster.leaderOf('orders', 0)!
    await faults.do({ verb: 'power-loss', node: first })
    await producer.send({ topic: 'orders', value: '2' })
    return [first, cluster.leaderOf('orders', 0)]
  })
  expect(leaders[1]).not.toBe(leaders[0])
})
