// Records of `__consumer_offsets` against the bytes that Apache Kafka 4.3.1 writes (its GroupCoordinatorRecordSerde, with a group,
// an offset and their tombstones; every version of a value that there ever was).

import { describe, expect, test } from 'vitest'
import { durableRecords, type GroupRecord, recordKey } from '../../../src/groups/index.ts'
import { decodeCoordinatorRecord, encodeCoordinatorRecord, groupRecords } from '../../../src/wire/index.ts'
import { BEGIN, long, TestShard, topicsOf, uuidOf } from '../../support/group-shard.ts'

type Row = readonly [name: string, key: string, value: string | null]

const GOLDEN: readonly Row[] = [
  [
    'offset',
    '000100016700017400000001',
    '0004000000000000002a0000000305686572650000018bcfe5680001001000000000000000000000000000000007',
  ],
  ['offset-bare', '000100016700017400000001', '0004000000000000002affffffff010000018bcfe5680000'],
  ['offset-expiring', '000100016700017400000001', '0001000000000000002a00000000018bcfe568000000018bcfe5a298'],
  ['offset-gone', '000100016700017400000001', null],
  ['group-gone', '0002000167', null],
  [
    'group',
    '0002000167',
    '00030008636f6e73756d657200000007000572616e67650003612d310000018bcfe56800000000020003612d31ffff000161000a2f3132372e302e302e310000ea6000002710000000030003010000000274300003692d32000169000162000a2f3132372e302e302e310000ea600000271000000003000302000000027431',
  ],
  ['group-empty', '0002000167', '0003000000000000ffffffff0000018bcfe5680000000000'],
  [
    'group-v0',
    '0002000167',
    '00000008636f6e73756d657200000007000572616e67650003612d31000000020003612d31000161000a2f3132372e302e302e3100002710000000030003010000000274300003692d32000162000a2f3132372e302e302e310000271000000003000302000000027431',
  ],
  [
    'group-v1',
    '0002000167',
    '00010008636f6e73756d657200000007000572616e67650003612d31000000020003612d31000161000a2f3132372e302e302e310000ea6000002710000000030003010000000274300003692d32000162000a2f3132372e302e302e310000ea600000271000000003000302000000027431',
  ],
  [
    'group-v2',
    '0002000167',
    '00020008636f6e73756d657200000007000572616e67650003612d310000018bcfe56800000000020003612d31000161000a2f3132372e302e302e310000ea6000002710000000030003010000000274300003692d32000162000a2f3132372e302e302e310000ea600000271000000003000302000000027431',
  ],
  [
    'group-v3',
    '0002000167',
    '00030008636f6e73756d657200000007000572616e67650003612d310000018bcfe56800000000020003612d31ffff000161000a2f3132372e302e302e310000ea6000002710000000030003010000000274300003692d32000169000162000a2f3132372e302e302e310000ea600000271000000003000302000000027431',
  ],
  [
    'group-v4',
    '0002000167',
    '000409636f6e73756d6572000000070672616e676504612d310000018bcfe568000304612d310002610b2f3132372e302e302e310000ea6000002710040003010374300004692d32026902620b2f3132372e302e302e310000ea6000002710040003020374310000',
  ],
  ['offset-v0', '000100016700017400000001', '0000000000000000002a0004686572650000018bcfe56800'],
  ['offset-v1', '000100016700017400000001', '0001000000000000002a0004686572650000018bcfe568000000018bcfe5a298'],
  ['offset-v2', '000100016700017400000001', '0002000000000000002a0004686572650000018bcfe56800'],
  ['offset-v3', '000100016700017400000001', '0003000000000000002a000000030004686572650000018bcfe56800'],
  ['offset-v4', '000100016700017400000001', '0004000000000000002a0000000305686572650000018bcfe5680000'],
  ['legacy', '000000016700017400000001', '0000000000000000002a0004686572650000018bcfe56800'],
]

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (raw: Uint8Array | null): string | null => (raw === null ? null : Buffer.from(raw).toString('hex'))

function golden(name: string): GroupRecord {
  const [, key, value] = GOLDEN.find((row) => row[0] === name)!
  return decodeCoordinatorRecord(groupRecords, bytes(key), value === null ? null : bytes(value))!
}

function written(record: GroupRecord): string {
  const { key, value } = encodeCoordinatorRecord(groupRecords, record)
  return `${hex(key)} ${hex(value)}`
}

test.each(GOLDEN)('%s is read, and written again as it was', (name, key, value) => {
  const record = golden(name)
  const encoded = encodeCoordinatorRecord(groupRecords, record)
  expect([hex(encoded.key), hex(encoded.value)]).toEqual([key, value])
})

/** Only what a shard appends, encoded. */
function appended(shard: TestShard): string[] {
  return shard.log.flatMap((one) => one.records).map(written)
}

const lines = (...names: readonly string[]): string[] =>
  names.map((name) => {
    const [, key, value] = GOLDEN.find((row) => row[0] === name)!
    return `${key} ${value}`
  })

test('what is committed is written as Kafka 4.3 writes it, and so is its end', () => {
  const shard = new TestShard()
  shard.load(0)
  const topicId = 'AAAAAAAAAAAAAAAAAAAABw'
  const at = [{ topic: 't', partition: 1, offset: 42 }]
  const [topic] = topicsOf(at, 'here', topicId)
  topic!.partitions[0]!.committedLeaderEpoch = 3
  shard.ask('OffsetCommit', { topics: [topic!] })
  shard.ask('OffsetCommit', { topics: topicsOf(at) })
  shard.ask('OffsetCommit', { topics: topicsOf(at), retentionTimeMs: 15_000 })
  shard.commit(3)
  shard.ask('DeleteGroups', {})
  expect(BEGIN).toBe(1_700_000_000_000)
  expect(appended(shard)).toEqual(lines('offset', 'offset-bare', 'offset-expiring', 'offset-gone', 'group-gone'))
})

test('a group is written when it begins, and when its assignment is given out', () => {
  const shard = new TestShard({ initialRebalanceDelayMs: 0 })
  shard.load(0)
  shard.ask(
    'JoinGroup',
    { protocols: [{ name: 'range', metadata: Uint8Array.of(0, 3, 1) }] },
    { version: 3, clientId: 'a' },
  )
  shard.happen({ kind: 'tick' })
  const memberId = long('a-1')
  const assignments = [{ memberId, assignment: new TextEncoder().encode('t0') }]
  shard.ask('SyncGroup', { memberId, assignments })
  const [empty, stable] = shard.log.flatMap((one) => one.records)
  expect(written(empty!)).toBe(lines('group-empty')[0])
  expect(stable?.type === 'GroupMetadata' && stable.value?.version).toBe(3)
  const { key, value } = encodeCoordinatorRecord(groupRecords, stable!)
  expect(decodeCoordinatorRecord(groupRecords, key, value)).toMatchObject({
    value: {
      body: { generation: 1, leader: memberId, members: [{ clientHost: '/127.0.0.1', rebalanceTimeout: 60_000 }] },
    },
  })
})

describe('loading', () => {
  const load = (...names: readonly string[]): TestShard => {
    const shard = new TestShard()
    shard.load(0, names.map(golden))
    return shard
  }
  const keysOf = (shard: TestShard): (string | null)[] => durableRecords(shard.shard).map(recordKey)

  test.each(['group-v0', 'group-v1', 'group-v2', 'group-v3', 'group-v4'])('%s becomes a stable group', (name) => {
    const shard = load(name)
    const [answer] = shard.ask('DescribeGroups', {})
    expect(answer).toMatchObject({
      response: {
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [{ memberId: 'a-1' }, { memberId: 'i-2', groupInstanceId: name >= 'group-v3' ? 'i' : null }],
      },
    })
    // Version 0 has no rebalance time-out of its own: the session's holds.
    const [record] = durableRecords(shard.shard)
    const timeouts = record?.type === 'GroupMetadata' && record.value?.body.members.map((one) => one.rebalanceTimeout)
    expect(timeouts).toEqual(name === 'group-v0' ? [10_000, 10_000] : [60_000, 60_000])
  })

  test.each(['offset-v0', 'offset-v1', 'offset-v2', 'offset-v3', 'offset-v4', 'legacy'])('%s is an offset', (name) => {
    const shard = load(name)
    const [answer] = shard.ask('OffsetFetch', {})
    const leaderEpoch = name === 'offset-v3' || name === 'offset-v4' ? 3 : -1
    expect(answer).toMatchObject({
      response: {
        topics: [
          { name: 't', partitions: [{ partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: leaderEpoch }] },
        ],
      },
    })
    expect(shard.ask('ListGroups', {})).toMatchObject([
      { response: { groups: [{ groupId: 'g', groupState: 'Empty' }] } },
    ])
  })

  test('the last of one key holds, and rows of a standby may come in any order', () => {
    expect(keysOf(load('offset-v3', 'group-v3', 'offset-gone'))).toEqual(['["group","g"]'])
    expect(keysOf(load('group-v3', 'group-gone', 'offset-v3'))).toEqual(['["group","g"]', '["offset","g","t",1]'])
    const forth = durableRecords(load('group-v3', 'offset-v3').shard)
    expect(durableRecords(load('offset-v3', 'group-v3').shard)).toEqual(forth)
  })

  test('records of newer group protocols are passed over', () => {
    const shard = new TestShard()
    const record: GroupRecord = { type: 'ConsumerGroupMetadata', key: { groupId: 'c' }, value: null }
    expect(recordKey(record)).toBe(null)
    shard.load(0, [record, golden('offset-v3')])
    expect(keysOf(shard)).toEqual(['["group","g"]', '["offset","g","t",1]'])
  })

  test('a member that is in a record twice is one', () => {
    const record = golden('group-v3')
    if (record.type !== 'GroupMetadata' || record.value === null) throw new Error('a group')
    const members = [...record.value.body.members, ...record.value.body.members]
    const shard = new TestShard()
    shard.load(0, [{ ...record, value: { version: 3, body: { ...record.value.body, members } } }])
    expect(shard.ask('DescribeGroups', {})).toMatchObject([{ response: { members: [{}, {}] } }])
  })
})

test('tombstones of a large group come in batches below the limit of a batch, its own last', () => {
  const shard = new TestShard()
  const at = Array.from({ length: 5_000 }, (_, partition) => ({ topic: 'a-topic-with-a-name', partition, offset: 1 }))
  shard.load(0)
  shard.ask('OffsetCommit', { topics: topicsOf(at, null, uuidOf(1)) })
  shard.commit(shard.log.length)
  const before = shard.log.length
  const effects = shard.ask('DeleteGroups', {})
  expect(effects.some((effect) => effect.kind === 'answer')).toBe(false)
  const parts = shard.log.slice(before)
  expect(parts.length).toBeGreaterThan(1)
  const sizes = parts.map(({ records }) =>
    records.reduce((sum, record) => sum + encodeCoordinatorRecord(groupRecords, record).key.length + 30, 0),
  )
  for (const size of sizes) expect(size).toBeLessThan(1 << 20)
  expect(parts.flatMap(({ records }) => records)).toHaveLength(5_001)
  expect(parts.at(-1)?.records.at(-1)).toEqual({ type: 'GroupMetadata', key: { group: 'g' }, value: null })
  // Any of them that is refused fails the whole; the answer stands for all.
  expect(shard.commit(parts[0]!.append)).toEqual([])
  const told = shard.fail(parts[1]!.append, 'NOT_ENOUGH_REPLICAS', false)
  expect(told).toMatchObject([{ kind: 'answer', api: 'DeleteGroups', response: { errorCode: 15 } }])
})

test('what is gone is let go: names do not pile up', () => {
  const shard = new TestShard()
  shard.load(0)
  for (let i = 0; i < 3; i++) {
    const groupId = `g${i}`
    shard.ask('OffsetCommit', { groupId, topics: topicsOf([{ topic: `t${i}`, partition: 0, offset: 1 }]) })
    shard.ask('DeleteGroups', { groupId })
  }
  shard.ask('JoinGroup', { groupId: 'refused' })
  shard.fail(7, 'NOT_LEADER_OR_FOLLOWER', false)
  shard.commit(6)
  const { phase } = shard.shard
  expect(phase.kind === 'active' && [phase.contents.groups.size, phase.contents.offsets.size]).toEqual([0, 0])
})
