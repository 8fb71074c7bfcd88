// Replicas that move between the log directories of their brokers all the time, while the cluster fails as seeds draw it:
// what was acknowledged is there in the end, once each and in order, and every replica has one log.

import { expect, test } from 'vitest'
import { type SimulatedUser, simulate } from '../../src/sim/index.ts'

const TOPIC = 'wanderers'
const PARTITIONS = 3
const DIRECTORIES = ['/data', '/data2', '/data3']
const FAULTS_MS = 10_000

/** Somewhere else than it was before, or not. How many moves have begun. */
async function wander({ client, cluster, delay, random }: SimulatedUser, until: () => boolean): Promise<number> {
  let begun = 0
  while (!until()) {
    const broker = cluster.ids[random.below(cluster.ids.length)]!
    const move = { topic: TOPIC, partition: random.below(PARTITIONS), path: DIRECTORIES[random.below(3)]! }
    const answers = await client.admin.alterReplicaLogDirs(broker, [move], { timeoutMs: 1000 }).catch(() => [])
    if (answers[0]?.error === 'NONE') begun++
    await delay(random.below(300))
  }
  return begun
}

test.each([1, 3, 5])('seed %i', async (seed) => {
  const { sent, begun } = await simulate({ seed, faults: FAULTS_MS, logDirectories: 3 }, async (user) => {
    const { client, cluster, delay, clock } = user
    await client.admin.createTopics([{ name: TOPIC, partitions: PARTITIONS, replicationFactor: 3 }])
    const acked: string[][] = Array.from({ length: PARTITIONS }, () => [])
    const ends = clock.monotonic() + FAULTS_MS + 5_000
    const over = (): boolean => clock.monotonic() > ends
    const wandering = wander({ ...user, client: user.connect() }, over)
    const producer = user.connect().producer()
    for (let n = 0; !over(); n++) {
      const partition = n % PARTITIONS
      const value = `${n}`
      const ok = await producer.send({ topic: TOPIC, partition, value }).then(
        () => true,
        () => false,
      )
      if (ok) acked[partition]!.push(value)
      await delay(20)
    }
    const begun = await wandering
    user.faults.healAll()
    await delay(20_000)
    const logs = cluster.ids.flatMap((id) => {
      const disk = cluster.sim.disk(cluster.host(id))
      return acked.map((_, partition) => {
        const name = `/${TOPIC}-${partition}/00000000000000000000.log`
        return DIRECTORIES.filter((directory) => disk.peek(`${directory}${name}`) !== null).length
      })
    })
    expect(logs).toEqual(logs.map(() => 1))
    const found: string[][] = acked.map(() => [])
    const consumer = user.connect().consumer()
    consumer.assign(acked.map((_, partition) => ({ topic: TOPIC, partition, offset: 'earliest' as const })))
    const ahead = (partition: number): boolean => {
      const [position, end] = [consumer.position(TOPIC, partition), consumer.highWatermark(TOPIC, partition)]
      return position === null || end === null || position < end
    }
    while (acked.some((_, partition) => ahead(partition)))
      for (const { partition, value } of await consumer.poll(1000))
        found[partition]!.push(new TextDecoder().decode(value!))
    for (const [partition, values] of acked.entries()) {
      const wanted = new Set(values)
      expect(found[partition]!.filter((value) => wanted.has(value))).toEqual(values)
    }
    return { sent: acked.flat().length, begun }
  })
  expect(sent).toBeGreaterThan(20)
  expect(begun).toBeGreaterThan(5)
})
