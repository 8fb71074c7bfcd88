// The judge of standby tables, on a real cluster at rest: it is content with what coordinators leave behind, and names each
// way in which a table can differ from its log.

import { pack, unpack } from 'msgpackr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'
import { GROUP_TOPIC } from '../../src/sim/life/group.ts'
import { judgeStandbys } from '../../src/sim/life/standbys.ts'

const CHECKSUM_BYTES = 4

let cluster: SimCluster
let follower: number
let table: Map<string, Uint8Array>
let sound: Map<string, Uint8Array>

beforeAll(async () => {
  const properties = { 'offsets.topic.num.partitions': '1' }
  cluster = createSimCluster({ seed: 3, brokers: 3, properties })
  await cluster.start()
  const { admin, groups } = cluster.user().client
  await cluster.sim.wait(admin.createTopics([{ name: 't', partitions: 2, replicationFactor: 3 }]))
  for (const offset of [3, 5]) {
    const offsets = [0, 1].map((partition) => ({ topic: 't', partition, offset: offset + partition }))
    const outcomes = await cluster.sim.wait(groups.alterOffsets('g', offsets))
    expect(outcomes.map(({ error }) => error)).toEqual(['NONE', 'NONE'])
  }
  await cluster.sim.sleep(5_000)
  follower = cluster.ids.find((id) => id !== cluster.leaderOf(GROUP_TOPIC, 0))!
  const { tables } = cluster.sim.tables(cluster.host(follower))
  table = [...tables].find(([name]) => name.includes(GROUP_TOPIC))![1]
  sound = new Map(table)
})

afterAll(() => cluster.close())

/** What is said of a table that was changed; afterwards it is as it was. */
function told(change: () => void): string[] {
  change()
  const found = judgeStandbys(cluster)
  table.clear()
  for (const [key, value] of sound) table.set(key, value)
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(found.length === 0 ? [] : ['G5']))
  return found.map(({ text }) => text)
}

const rows = (): [string, Uint8Array][] => [...sound].filter(([key]) => key.startsWith('r'))

function packed(value: unknown): Uint8Array {
  return Buffer.concat([pack(value), Buffer.alloc(CHECKSUM_BYTES)])
}

test('tables that coordinators leave behind are as their logs', () => {
  expect(rows()).toHaveLength(2)
  expect(told(() => undefined)).toEqual([])
})

test('a row that is missing, one too many, and one of another value', () => {
  const where = `node ${follower}: the standby table of ${GROUP_TOPIC}-0`
  const [[key, value], [, other]] = rows() as [[string, Uint8Array], [string, Uint8Array]]
  expect(told(() => table.delete(key))).toEqual([expect.stringMatching(/ has nothing of ".*", and its log has$/)])
  expect(told(() => table.set('rnobody', value))).toEqual([`${where} has "nobody", and its log has not`])
  expect(Buffer.compare(value, other)).not.toBe(0)
  expect(told(() => table.set(key, other))).toEqual([expect.stringMatching(/ has another value of ".*" than its log$/)])
})

test('a table that is behind its log, and one that is not there', () => {
  const meta = sound.get('m')!
  const position = unpack(meta.subarray(0, meta.length - CHECKSUM_BYTES)) as number[]
  const end = position[2]!
  const behind = packed(position.with(2, end - 1))
  expect(told(() => table.set('m', behind))[0]).toMatch(`is folded to ${end - 1}, and its log ends at ${end}`)
  expect(told(() => table.clear())).toEqual([expect.stringMatching(/ is not there$/)])
})
