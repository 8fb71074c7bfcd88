// What each request is refused with, in each state that its group may be in. A row is a request and the error that it hears.

import { describe, expect, test } from 'vitest'
import { type GroupApi, type GroupBodies, type GroupEffect, refuse } from '../../../src/groups/index.ts'
import { type ErrorName, errorName } from '../../../src/wire/index.ts'
import { type AskOptions, long, TestShard, topicsOf } from '../../support/group-shard.ts'

/** One member, `a-1`, which is the instance `i`; and what state its group is in. */
type State = 'unknown' | 'pending' | 'preparing' | 'completing' | 'stable' | 'empty'
const MEMBER = long('i-1')

function groupIn(state: State): TestShard {
  const shard = new TestShard({ initialRebalanceDelayMs: 0, maxSessionTimeoutMs: 60_000 })
  const take = (effects: readonly GroupEffect[]): void => {
    for (const effect of effects) if (effect.kind === 'append') take(shard.commit(effect.append))
  }
  shard.load(0)
  if (state === 'unknown') return shard
  if (state === 'pending') {
    take(shard.ask('JoinGroup', {}))
    return shard
  }
  take(shard.ask('JoinGroup', { groupInstanceId: 'i' }))
  take(shard.happen({ kind: 'tick' }))
  if (state === 'completing') return shard
  take(shard.ask('SyncGroup', { memberId: MEMBER, groupInstanceId: 'i' }))
  if (state === 'preparing') take(shard.ask('JoinGroup', {}, { version: 3 }))
  if (state === 'empty')
    take(shard.ask('LeaveGroup', { members: [{ memberId: MEMBER, groupInstanceId: 'i', reason: null }] }))
  return shard
}

/** Of the answer to the last request; null: it waits. */
function errorOf(effects: readonly GroupEffect[]): ErrorName | null {
  const answers = effects.filter((effect) => effect.kind === 'answer')
  const last = answers.at(-1)
  if (last === undefined) return null
  if (last.api === 'OffsetCommit') return errorName(last.response.topics[0]!.partitions[0]!.errorCode)
  if (last.api === 'LeaveGroup') return errorName(last.response.members[0]?.errorCode ?? last.response.errorCode)
  return errorName(last.response.errorCode)
}

type Row<Api extends GroupApi> = readonly [
  state: State,
  body: Partial<GroupBodies[Api]>,
  error: ErrorName | null,
  options?: AskOptions,
]

function table<Api extends GroupApi>(api: Api, rows: readonly Row<Api>[]): void {
  describe(api, () => {
    test.each(rows.map((row, i) => [i, ...row] as const))('%# %s %j: %s', (_, state, body, error, options) => {
      expect(errorOf(groupIn(state).ask(api, body, options))).toBe(error)
    })
  })
}

const PROTOCOL = { metadata: new Uint8Array(0) }

table('JoinGroup', [
  ['unknown', { groupId: '' }, 'INVALID_GROUP_ID'],
  ['unknown', { sessionTimeoutMs: 5_999 }, 'INVALID_SESSION_TIMEOUT'],
  ['unknown', { sessionTimeoutMs: 6_000 }, 'MEMBER_ID_REQUIRED'],
  ['unknown', { sessionTimeoutMs: 60_000 }, 'MEMBER_ID_REQUIRED'],
  ['unknown', { sessionTimeoutMs: 60_001 }, 'INVALID_SESSION_TIMEOUT'],
  ['unknown', { memberId: 'x' }, 'UNKNOWN_MEMBER_ID'],
  ['unknown', {}, null, { version: 3 }],
  ['unknown', { groupInstanceId: 'i' }, null],
  ['unknown', { protocols: [] }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ['unknown', { protocolType: '' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ['pending', { memberId: long('c-1') }, null],
  ['pending', { memberId: long('c-1'), groupInstanceId: 'i' }, 'UNKNOWN_SERVER_ERROR'],
  ['pending', { memberId: 'x' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { memberId: 'x' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { memberId: 'x', groupInstanceId: 'i' }, 'FENCED_INSTANCE_ID'],
  ['stable', { memberId: 'x', groupInstanceId: 'j' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { protocolType: 'connect' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ['stable', { protocols: [{ name: 'sticky', ...PROTOCOL }] }, 'INCONSISTENT_GROUP_PROTOCOL'],
  [
    'stable',
    {
      protocols: [
        { name: 'sticky', ...PROTOCOL },
        { name: 'range', ...PROTOCOL },
      ],
    },
    'MEMBER_ID_REQUIRED',
  ],
  ['empty', { protocolType: 'connect', protocols: [{ name: 'v1', ...PROTOCOL }] }, 'MEMBER_ID_REQUIRED'],
  ['empty', { memberId: MEMBER }, 'UNKNOWN_MEMBER_ID'],
])

table('SyncGroup', [
  ['unknown', { memberId: MEMBER }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { groupId: '' }, 'INVALID_GROUP_ID'],
  ['stable', { memberId: MEMBER }, 'NONE'],
  ['stable', { memberId: MEMBER, groupInstanceId: 'i' }, 'NONE'],
  ['stable', { memberId: 'x' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { memberId: 'x', groupInstanceId: 'i' }, 'FENCED_INSTANCE_ID'],
  ['stable', { memberId: MEMBER, groupInstanceId: 'j' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { memberId: MEMBER, generationId: 0 }, 'ILLEGAL_GENERATION'],
  ['stable', { memberId: MEMBER, generationId: 2 }, 'ILLEGAL_GENERATION'],
  ['stable', { memberId: MEMBER, protocolType: 'connect' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ['stable', { memberId: MEMBER, protocolName: 'sticky' }, 'INCONSISTENT_GROUP_PROTOCOL'],
  ['stable', { memberId: MEMBER, protocolType: 'consumer', protocolName: 'range' }, 'NONE'],
  ['stable', { memberId: MEMBER, protocolType: 'consumer' }, 'INCONSISTENT_GROUP_PROTOCOL', { version: 5 }],
  ['stable', { memberId: MEMBER, protocolName: 'range' }, 'INCONSISTENT_GROUP_PROTOCOL', { version: 5 }],
  ['stable', { memberId: MEMBER, protocolType: 'consumer', protocolName: 'range' }, 'NONE', { version: 5 }],
  ['completing', { memberId: MEMBER }, null],
  ['preparing', { memberId: MEMBER }, 'REBALANCE_IN_PROGRESS'],
  ['empty', { memberId: MEMBER }, 'UNKNOWN_MEMBER_ID'],
  ['pending', { memberId: long('c-1') }, 'UNKNOWN_MEMBER_ID'],
])

table('Heartbeat', [
  ['unknown', { memberId: MEMBER }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { groupId: '' }, 'INVALID_GROUP_ID'],
  ['stable', { memberId: MEMBER }, 'NONE'],
  ['stable', { memberId: 'x' }, 'UNKNOWN_MEMBER_ID'],
  ['stable', { memberId: 'x', groupInstanceId: 'i' }, 'FENCED_INSTANCE_ID'],
  ['stable', { memberId: MEMBER, generationId: 0 }, 'ILLEGAL_GENERATION'],
  ['completing', { memberId: MEMBER }, 'NONE'],
  ['preparing', { memberId: MEMBER }, 'REBALANCE_IN_PROGRESS'],
  ['preparing', { memberId: MEMBER, generationId: 2 }, 'ILLEGAL_GENERATION'],
  ['empty', { memberId: MEMBER }, 'UNKNOWN_MEMBER_ID'],
])

const one = (memberId: string, groupInstanceId: string | null = null): Partial<GroupBodies['LeaveGroup']> => ({
  memberId,
  members: [{ memberId, groupInstanceId, reason: null }],
})

table('LeaveGroup', [
  ['stable', { groupId: '' }, 'INVALID_GROUP_ID'],
  ['unknown', one(MEMBER), 'UNKNOWN_MEMBER_ID'],
  ['unknown', one(MEMBER), 'UNKNOWN_MEMBER_ID', { version: 2 }],
  ['pending', one(long('c-1')), 'NONE'],
  ['stable', one('x'), 'UNKNOWN_MEMBER_ID'],
  ['stable', one('x', 'i'), 'FENCED_INSTANCE_ID'],
  ['stable', one('', 'j'), 'UNKNOWN_MEMBER_ID'],
  ['stable', one(''), 'UNKNOWN_MEMBER_ID'],
  ['empty', one(MEMBER), 'UNKNOWN_MEMBER_ID'],
  // Its last member: the group is empty when that is committed.
  ['stable', one(MEMBER), null],
  ['stable', one('', 'i'), null],
  ['preparing', one(MEMBER), 'NONE'],
])

const topics = topicsOf([{ topic: 't', partition: 0, offset: 5 }])
const commitOf = (memberId: string, generation: number, groupInstanceId: string | null = null) => ({
  memberId,
  groupInstanceId,
  generationIdOrMemberEpoch: generation,
  topics,
})

table('OffsetCommit', [
  ['unknown', commitOf('', -1), null],
  ['unknown', commitOf('x', -1), null],
  ['unknown', commitOf('x', 0), 'GROUP_ID_NOT_FOUND'],
  ['unknown', commitOf('x', 0), 'ILLEGAL_GENERATION', { version: 8 }],
  ['empty', commitOf('', -1), null],
  ['empty', commitOf(MEMBER, 1), 'UNKNOWN_MEMBER_ID'],
  ['empty', commitOf('', 2), 'UNKNOWN_MEMBER_ID'],
  ['stable', commitOf('', -1), 'UNKNOWN_MEMBER_ID'],
  ['stable', commitOf('x', -1), 'UNKNOWN_MEMBER_ID'],
  ['stable', commitOf(MEMBER, -1), 'ILLEGAL_GENERATION'],
  ['stable', commitOf(MEMBER, 0), 'ILLEGAL_GENERATION'],
  ['stable', commitOf(MEMBER, 2), 'ILLEGAL_GENERATION'],
  ['stable', commitOf('x', 1), 'UNKNOWN_MEMBER_ID'],
  ['stable', commitOf('x', 1, 'i'), 'FENCED_INSTANCE_ID'],
  ['stable', commitOf('', -1, 'i'), 'FENCED_INSTANCE_ID'],
  ['stable', commitOf(MEMBER, 1), null],
  ['preparing', commitOf(MEMBER, 1), null],
  ['completing', commitOf(MEMBER, 1), 'REBALANCE_IN_PROGRESS'],
])

table('OffsetDelete', [
  ['unknown', {}, 'GROUP_ID_NOT_FOUND'],
  ['empty', {}, 'NONE'],
  ['stable', {}, 'NONE'],
])

table('DeleteGroups', [
  ['unknown', {}, 'GROUP_ID_NOT_FOUND'],
  ['pending', {}, null],
  ['empty', {}, null],
  ['preparing', {}, 'NON_EMPTY_GROUP'],
  ['completing', {}, 'NON_EMPTY_GROUP'],
  ['stable', {}, 'NON_EMPTY_GROUP'],
])

table('DescribeGroups', [
  ['unknown', {}, 'GROUP_ID_NOT_FOUND'],
  ['unknown', {}, 'NONE', { version: 5 }],
  ['stable', {}, 'NONE'],
])

describe('a shard that is not there', () => {
  const apis: readonly GroupApi[] = [
    'JoinGroup',
    'SyncGroup',
    'Heartbeat',
    'LeaveGroup',
    'OffsetCommit',
    'OffsetDelete',
    'OffsetFetch',
    'DescribeGroups',
    'DeleteGroups',
    'ListGroups',
  ]
  test.each(apis)('refuses %s, and while it loads asks for patience', (api) => {
    const shard = new TestShard()
    const body = api === 'OffsetCommit' ? { topics } : {}
    expect(errorOf(shard.ask(api, body))).toBe('NOT_COORDINATOR')
    shard.happen({ kind: 'load', epoch: 0 })
    // Who heartbeats has done nothing wrong.
    const patience = api === 'Heartbeat' ? 'NONE' : 'COORDINATOR_LOAD_IN_PROGRESS'
    expect(errorOf(shard.ask(api, body))).toBe(patience)
    expect(errorOf([refuse(shard.request(api, body), 'COORDINATOR_NOT_AVAILABLE')])).toBe('COORDINATOR_NOT_AVAILABLE')
  })
})

test('a name that cannot be null before version 7 is not', () => {
  for (const version of [0, 3, 6, 7, 9]) {
    const [answer] = groupIn('stable').ask('JoinGroup', { memberId: 'x' }, { version })
    expect(answer).toMatchObject({ response: { protocolName: version < 7 ? '' : null } })
  }
})

test('bytes of a request are copied: what is borrowed may change', () => {
  const shard = new TestShard({ initialRebalanceDelayMs: 0 })
  shard.load(0)
  const metadata = new TextEncoder().encode('mine')
  shard.ask('JoinGroup', { protocolType: 'connect', protocols: [{ name: 'v1', metadata }] }, { version: 3 })
  metadata.fill(0)
  const effects = shard.happen({ kind: 'tick' })
  const join = effects.find((effect) => effect.kind === 'answer' && effect.api === 'JoinGroup')
  expect(join).toMatchObject({ response: { members: [{ metadata: new TextEncoder().encode('mine') }] } })
  const assignment = new TextEncoder().encode('part')
  const memberId = long('c-1')
  shard.ask('SyncGroup', { memberId, assignments: [{ memberId, assignment }] })
  assignment.fill(0)
  expect(shard.commit(2)).toMatchObject([{ response: { assignment: new TextEncoder().encode('part') } }])
})

test('what a consumer subscribes to is not believed to be readable', () => {
  const shard = new TestShard({ initialRebalanceDelayMs: 0 })
  shard.load(0)
  for (const [i, metadata] of [
    new Uint8Array(0),
    Uint8Array.of(0),
    Uint8Array.of(0, 1, 127, 255, 255, 255),
  ].entries()) {
    const groupId = `g${i}`
    shard.ask('JoinGroup', { groupId, protocols: [{ name: 'range', metadata }] }, { version: 3 })
    shard.commit(shard.log.length)
    shard.happen({ kind: 'tick' })
    // Then every topic may be read by it.
    const deleting = topicsOf([{ topic: 'any', partition: 0, offset: -1 }])
    expect(shard.ask('OffsetDelete', { groupId, topics: deleting })).toMatchObject([
      { response: { topics: [{ partitions: [{ errorCode: 86 }] }] } },
    ])
  }
})

describe('old versions', () => {
  const first = (
    shard: TestShard,
    version: number,
    body: Partial<GroupBodies['JoinGroup']> = {},
  ): readonly GroupEffect[] => [
    ...shard.ask('JoinGroup', body, { version }),
    ...shard.commit(shard.log.length),
    ...shard.happen({ kind: 'tick' }),
  ]
  const begun = (): TestShard => {
    const shard = new TestShard({ initialRebalanceDelayMs: 0 })
    shard.load(0)
    return shard
  }

  test('JoinGroup 0 has one time-out for both', () => {
    const shard = begun()
    first(shard, 0, { sessionTimeoutMs: 7_000, rebalanceTimeoutMs: -1 })
    shard.ask('SyncGroup', { memberId: long('c-1') })
    const record = shard.log.at(-1)?.records[0]
    expect(record?.type === 'GroupMetadata' && record.value?.body.members).toMatchObject([
      { sessionTimeout: 7_000, rebalanceTimeout: 7_000 },
    ])
  })

  test('JoinGroup asks for an id from version 4 on, and from dynamic members alone', () => {
    for (const version of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      expect([version, errorOf(first(begun(), version))]).toEqual([
        version,
        version < 4 ? 'NONE' : 'MEMBER_ID_REQUIRED',
      ])
      if (version >= 5)
        expect([version, errorOf(first(begun(), version, { groupInstanceId: 'i' }))]).toEqual([version, 'NONE'])
    }
  })

  test('a static leader that restarts may skip its assignment from version 9 on', () => {
    for (const version of [5, 8, 9]) {
      const shard = begun()
      first(shard, version, { groupInstanceId: 'i' })
      shard.ask('SyncGroup', { memberId: MEMBER })
      shard.commit(shard.log.length)
      const [answer] = first(shard, version, { groupInstanceId: 'i' }).filter((effect) => effect.kind === 'answer')
      const newId = long('i-3')
      const told =
        version < 9 ? { leader: MEMBER, skipAssignment: false, members: [] } : { leader: newId, skipAssignment: true }
      expect(answer).toMatchObject({ response: { errorCode: 0, memberId: newId, generationId: 1, ...told } })
      expect(answer?.kind === 'answer' && answer.api === 'JoinGroup' && answer.response.members).toHaveLength(
        version < 9 ? 0 : 1,
      )
    }
  })

  test('LeaveGroup before version 3 has one error, and no list', () => {
    for (const version of [0, 2, 3, 5]) {
      const [answer] = groupIn('stable').ask('LeaveGroup', one('x'), { version })
      const members = [{ memberId: 'x', groupInstanceId: null, errorCode: 25 }]
      expect(answer).toMatchObject({
        response: version < 3 ? { errorCode: 25, members: [] } : { errorCode: 0, members },
      })
    }
  })
})
