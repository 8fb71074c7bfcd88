// The handlers of groups and offsets through `inject`, on real shards: every version, what is decided before a coordinator is
// asked, and how its answers are put together.

import { describe, expect, test } from 'vitest'
import { javaAddress } from '../../../src/broker/groups.ts'
import { partitionFor } from '../../../src/groups/index.ts'
import {
  type Api,
  apis,
  ConsumerProtocolSubscription,
  encodeVersioned,
  errorCode,
  type Input,
  type Message,
  type MessageSchema,
} from '../../../src/wire/index.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

const OFFSETS_ID = 'b2Zmc2V0cy1vZi1ncm91cA'
const PARTITIONS = 5
const GROUP = 'readers'
const HOME = partitionFor(GROUP, PARTITIONS)

async function ask<Req extends MessageSchema, Res extends MessageSchema>(
  side: RequestSide,
  api: Api<Req, Res>,
  version: number,
  request: Input<Req>,
): Promise<Message<Res>> {
  const answer = await side.broker.inject(api, version, request, { clientId: 'reader' })
  if (answer.kind !== 'respond') throw new Error(`${api.name}: ${answer.kind}`)
  return answer.body
}

function versions(api: Api): number[] {
  const { minVersion, latestStableVersion } = api
  return Array.from({ length: latestStableVersion - minVersion + 1 }, (_, i) => minVersion + i)
}

/** This broker leads the partition of the group; the others are led elsewhere. */
function side(properties: Record<string, string> = {}): RequestSide {
  const partitions = Array.from({ length: PARTITIONS }, (_, i) => ({ leader: i === HOME ? 1 : 2 }))
  const made = requestSide({
    properties,
    image: imageOf({
      one: { id: TOPIC_ID, partitions: [{}, {}] },
      __consumer_offsets: { id: OFFSETS_ID, partitions },
    }),
  })
  for (let i = 0; i < PARTITIONS; i++) {
    if (i === HOME) made.groups.lead(i)
    else made.groups.follow(i)
  }
  return made
}

/** A group id that lives in another partition. */
function elsewhere(): string {
  for (let i = 0; ; i++) if (partitionFor(`other${i}`, PARTITIONS) !== HOME) return `other${i}`
}

const metadata = (topic: string): Uint8Array =>
  encodeVersioned(ConsumerProtocolSubscription, 1, { topics: [topic], userData: null, ownedPartitions: [] })

async function join(to: RequestSide, version: number): Promise<{ memberId: string; generationId: number }> {
  const body = {
    groupId: GROUP,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 30_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: metadata('one') }],
  }
  let memberId = ''
  if (version >= 4) {
    const named = await ask(to, apis.JoinGroup, version, { ...body, memberId })
    expect(named.errorCode).toBe(errorCode('MEMBER_ID_REQUIRED'))
    memberId = named.memberId
  }
  const joining = ask(to, apis.JoinGroup, version, { ...body, memberId })
  await Promise.resolve()
  to.groups.pass(1)
  const joined = await joining
  expect(joined).toMatchObject({ errorCode: 0, protocolName: 'range' })
  expect(joined.leader).toBe(joined.memberId)
  expect(joined.members).toHaveLength(1)
  return joined
}

async function stable(version = 9): Promise<{ to: RequestSide; memberId: string; generationId: number }> {
  const to = side()
  const { memberId, generationId } = await join(to, version)
  const assignments = [{ memberId, assignment: Uint8Array.of(1, 2, 3) }]
  const said = { protocolType: 'consumer', protocolName: 'range' }
  const synced = await ask(to, apis.SyncGroup, 5, { groupId: GROUP, generationId, memberId, assignments, ...said })
  expect(synced).toMatchObject({ errorCode: 0, ...said })
  return { to, memberId, generationId }
}

describe('FindCoordinator', () => {
  test('names the leader of the group’s partition, in every version', async () => {
    for (const version of versions(apis.FindCoordinator)) {
      const to = side()
      const asked = version < 4 ? { key: GROUP } : { coordinatorKeys: [GROUP, elsewhere(), GROUP] }
      const answer = await ask(to, apis.FindCoordinator, version, asked)
      const at = { errorCode: 0, nodeId: 1, host: 'client-1', port: 9001 }
      if (version < 4) expect(answer).toMatchObject(version === 0 ? at : { ...at, errorMessage: 'NONE' })
      else {
        expect(answer.coordinators).toEqual([
          { key: GROUP, ...at, errorMessage: '' },
          { key: elsewhere(), ...at, nodeId: 2, host: 'client-2', port: 9002, errorMessage: '' },
        ])
      }
      expect(to.cluster.submitted).toEqual([])
    }
  })

  test('creates the topic on first use, with what it is configured with and whatever clients may create', async () => {
    const to = requestSide({
      properties: {
        'auto.create.topics.enable': 'false',
        'offsets.topic.num.partitions': '7',
        'offsets.topic.replication.factor': '2',
        'offsets.topic.segment.bytes': '2097152',
      },
    })
    const answer = await ask(to, apis.FindCoordinator, 3, { key: GROUP })
    const message = 'The coordinator is not available.'
    expect(answer).toMatchObject({
      errorCode: errorCode('COORDINATOR_NOT_AVAILABLE'),
      errorMessage: message,
      nodeId: -1,
    })
    expect(to.cluster.submitted).toMatchObject([
      {
        api: 'CreateTopics',
        request: {
          topics: [
            {
              name: '__consumer_offsets',
              numPartitions: 7,
              replicationFactor: 2,
              configs: [
                { name: 'cleanup.policy', value: 'compact' },
                { name: 'compression.type', value: 'producer' },
                { name: 'segment.bytes', value: '2097152' },
              ],
            },
          ],
        },
      },
    ])
  })

  test('has no answer without a leader, and none for transactions and share groups yet', async () => {
    const partitions = Array.from({ length: PARTITIONS }, () => ({ leader: -1 }))
    const to = requestSide({ image: imageOf({ __consumer_offsets: { id: OFFSETS_ID, partitions } }) })
    const code = async (keyType: number, version: number): Promise<number | undefined> =>
      (await ask(to, apis.FindCoordinator, version, { keyType, coordinatorKeys: ['k'] })).coordinators[0]?.errorCode
    expect(await code(0, 6)).toBe(errorCode('COORDINATOR_NOT_AVAILABLE'))
    expect(await code(1, 6)).toBe(errorCode('COORDINATOR_NOT_AVAILABLE'))
    expect(await code(2, 6)).toBe(errorCode('COORDINATOR_NOT_AVAILABLE'))
    expect(await code(2, 5)).toBe(errorCode('INVALID_REQUEST'))
    expect(await code(3, 6)).toBe(errorCode('INVALID_REQUEST'))
    expect(to.cluster.submitted).toEqual([])
  })
})

describe('membership', () => {
  test.each(versions(apis.JoinGroup))(
    'JoinGroup %i gathers a group, as the client and host that asked',
    async (version) => {
      const to = side()
      const { memberId } = await join(to, version)
      expect(memberId).toMatch(/^reader-[0-9a-f]{8}-[0-9a-f]{4}-/)
      expect(to.groups.asked.at(-1)).toMatchObject({
        partition: HOME,
        request: { clientId: 'reader', clientHost: '/127.0.0.1', version },
      })
    },
  )

  test.each(versions(apis.SyncGroup))('SyncGroup %i gives the assignment', async (version) => {
    const to = side()
    const { memberId, generationId } = await join(to, 9)
    const assignments = [{ memberId, assignment: Uint8Array.of(7) }]
    const said = version < 5 ? {} : { protocolType: 'consumer', protocolName: 'range' }
    const answer = await ask(to, apis.SyncGroup, version, {
      groupId: GROUP,
      generationId,
      memberId,
      assignments,
      ...said,
    })
    expect(answer.errorCode).toBe(0)
    expect([...answer.assignment]).toEqual([7])
  })

  test('Heartbeat and LeaveGroup, in every version', async () => {
    for (const version of versions(apis.Heartbeat)) {
      const { to, memberId, generationId } = await stable()
      expect(await ask(to, apis.Heartbeat, version, { groupId: GROUP, memberId, generationId })).toMatchObject({
        errorCode: 0,
      })
      const old = await ask(to, apis.Heartbeat, version, { groupId: GROUP, memberId, generationId: generationId - 1 })
      expect(old.errorCode).toBe(errorCode('ILLEGAL_GENERATION'))
    }
    for (const version of versions(apis.LeaveGroup)) {
      const { to, memberId } = await stable()
      const leaving = version < 3 ? { memberId } : { members: [{ memberId }, { memberId: 'nobody' }] }
      const left = await ask(to, apis.LeaveGroup, version, { groupId: GROUP, ...leaving })
      expect(left.errorCode).toBe(0)
      expect(left.members.map((member) => member.errorCode)).toEqual(
        version < 3 ? [] : [0, errorCode('UNKNOWN_MEMBER_ID')],
      )
    }
  })

  test('another broker’s group, and a group that is being loaded', async () => {
    const to = side()
    const beat = { groupId: elsewhere(), memberId: 'm', generationId: 1 }
    expect((await ask(to, apis.Heartbeat, 4, beat)).errorCode).toBe(errorCode('NOT_COORDINATOR'))
    const joined = await ask(to, apis.JoinGroup, 9, { groupId: elsewhere(), sessionTimeoutMs: 10_000 })
    expect(joined).toMatchObject({ errorCode: errorCode('NOT_COORDINATOR'), generationId: -1, protocolName: null })
    to.groups.lead(HOME, false)
    const early = await ask(to, apis.JoinGroup, 3, { groupId: GROUP, sessionTimeoutMs: 10_000 })
    expect(early.errorCode).toBe(errorCode('COORDINATOR_LOAD_IN_PROGRESS'))
  })

  test('without the topic, its partitions are counted by configuration', async () => {
    const to = requestSide({ properties: { 'offsets.topic.num.partitions': '3' } })
    const beat = { groupId: GROUP, memberId: 'm', generationId: 1 }
    expect((await ask(to, apis.Heartbeat, 4, beat)).errorCode).toBe(errorCode('NOT_COORDINATOR'))
    expect(to.groups.asked[0]?.partition).toBe(partitionFor(GROUP, 3))
  })
})

const commitBody = (version: number): Input<typeof apis.OffsetCommit.request> => ({
  groupId: GROUP,
  topics: [
    {
      ...(version >= 10 ? { topicId: 'bm8tc3VjaC10b3BpYy1pZA' } : { name: 'nowhere' }),
      partitions: [{ partitionIndex: 0, committedOffset: 3, committedMetadata: null }],
    },
    {
      ...(version >= 10 ? { topicId: TOPIC_ID } : { name: 'one' }),
      partitions: [
        { partitionIndex: 9, committedOffset: 4, committedMetadata: '' },
        { partitionIndex: 1, committedOffset: 5, committedMetadata: 'at five' },
        { partitionIndex: 0, committedOffset: 6, committedMetadata: 'x'.repeat(5000) },
      ],
    },
  ],
})

describe('offsets', () => {
  test.each(versions(apis.OffsetCommit))('OffsetCommit %i commits what exists', async (version) => {
    const to = side()
    const answer = await ask(to, apis.OffsetCommit, version, commitBody(version))
    const byId = version >= 10
    expect(answer.topics.map(({ name, topicId }) => (byId ? topicId : name))).toEqual(
      byId ? ['bm8tc3VjaC10b3BpYy1pZA', TOPIC_ID] : ['nowhere', 'one'],
    )
    const unknown = byId ? 'UNKNOWN_TOPIC_ID' : 'UNKNOWN_TOPIC_OR_PARTITION'
    expect(answer.topics.map(({ partitions }) => partitions)).toEqual([
      [{ partitionIndex: 0, errorCode: errorCode(unknown) }],
      [
        { partitionIndex: 9, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') },
        { partitionIndex: 1, errorCode: 0 },
        { partitionIndex: 0, errorCode: errorCode('OFFSET_METADATA_TOO_LARGE') },
      ],
    ])
    expect(to.groups.asked).toMatchObject([{ request: { body: { topics: [{ name: 'one', topicId: TOPIC_ID }] } } }])
  })

  test('a commit of nothing that exists asks nobody', async () => {
    const to = side()
    const topics = commitBody(9).topics!.slice(0, 1)
    await ask(to, apis.OffsetCommit, 9, { groupId: GROUP, topics })
    expect(to.groups.asked).toEqual([])
  })

  test.each(versions(apis.OffsetFetch))('OffsetFetch %i finds what was committed', async (version) => {
    const to = side()
    await ask(to, apis.OffsetCommit, 9, commitBody(9))
    const byId = version >= 10
    const named = byId ? { topicId: TOPIC_ID } : { name: 'one' }
    const topics = [{ ...named, partitionIndexes: [0, 1] }]
    const found = [
      expect.objectContaining({ partitionIndex: 0, committedOffset: -1, metadata: '', errorCode: 0 }),
      expect.objectContaining({ partitionIndex: 1, committedOffset: 5, metadata: 'at five', errorCode: 0 }),
    ]
    if (version < 8) {
      const answer = await ask(to, apis.OffsetFetch, version, { groupId: GROUP, topics } as Input<
        typeof apis.OffsetFetch.request
      >)
      expect(answer).toMatchObject({ errorCode: 0, topics: [{ name: 'one', partitions: found }] })
      const lost = await ask(to, apis.OffsetFetch, version, { groupId: elsewhere(), topics } as Input<
        typeof apis.OffsetFetch.request
      >)
      const code = errorCode('NOT_COORDINATOR')
      expect(lost.errorCode).toBe(version < 2 ? 0 : code)
      expect(lost.topics.flatMap(({ partitions }) => partitions.map((one) => one.errorCode))).toEqual(
        version < 2 ? [code, code] : [],
      )
      return
    }
    const groups = [
      { groupId: GROUP, topics },
      { groupId: GROUP, topics: null },
      { groupId: elsewhere(), topics },
      { groupId: GROUP, topics: [{ ...(byId ? { topicId: OFFSETS_ID } : { name: 'gone' }), partitionIndexes: [4] }] },
    ]
    const answer = await ask(to, apis.OffsetFetch, version, { groups })
    expect(answer.groups).toMatchObject([
      { groupId: GROUP, errorCode: 0, topics: [{ ...named, partitions: found }] },
      { groupId: GROUP, errorCode: 0, topics: [{ ...named, partitions: [found[1]] }] },
      { groupId: elsewhere(), errorCode: errorCode('NOT_COORDINATOR'), topics: [] },
      { groupId: GROUP, errorCode: 0, topics: [{ partitions: [{ partitionIndex: 4, committedOffset: -1 }] }] },
    ])
  })

  test('OffsetFetch by an id that nobody has', async () => {
    const to = side()
    const topics = [{ topicId: 'bm8tc3VjaC10b3BpYy1pZA', partitionIndexes: [0] }]
    const { groups } = await ask(to, apis.OffsetFetch, 10, { groups: [{ groupId: GROUP, topics }] })
    expect(groups[0]?.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_ID'))
    const lost = await ask(to, apis.OffsetFetch, 10, { groups: [{ groupId: elsewhere(), topics }] })
    expect(lost.groups).toMatchObject([{ errorCode: errorCode('NOT_COORDINATOR'), topics: [] }])
  })

  test('OffsetDelete lets go what nobody reads', async () => {
    const to = side()
    await ask(to, apis.OffsetCommit, 9, commitBody(9))
    const topics = [
      { name: 'nowhere', partitions: [{ partitionIndex: 0 }] },
      { name: 'one', partitions: [{ partitionIndex: 1 }] },
    ]
    const deleted = await ask(to, apis.OffsetDelete, 0, { groupId: GROUP, topics })
    expect(deleted).toMatchObject({
      errorCode: 0,
      topics: [
        { name: 'nowhere', partitions: [{ errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') }] },
        { name: 'one', partitions: [{ errorCode: 0 }] },
      ],
    })
    const { groups } = await ask(to, apis.OffsetFetch, 9, { groups: [{ groupId: GROUP, topics: null }] })
    expect(groups[0]?.topics).toEqual([])
    const none = await ask(to, apis.OffsetDelete, 0, { groupId: 'nobody-at-all', topics: topics.slice(1) })
    expect(none.errorCode).not.toBe(0)
  })

  test('OffsetDelete refuses partitions that do not exist, each topic once; an error of the group is the whole answer', async () => {
    const to = side()
    await ask(to, apis.OffsetCommit, 9, commitBody(9))
    const partitions = [{ partitionIndex: 1 }, { partitionIndex: 9 }]
    const deleted = await ask(to, apis.OffsetDelete, 0, { groupId: GROUP, topics: [{ name: 'one', partitions }] })
    expect(deleted).toMatchObject({
      errorCode: 0,
      topics: [
        {
          name: 'one',
          partitions: [
            { partitionIndex: 9, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') },
            { partitionIndex: 1, errorCode: 0 },
          ],
        },
      ],
    })
    const topics = [{ name: 'nowhere', partitions: [{ partitionIndex: 0 }] }]
    const code = async (groupId: string): Promise<number> => {
      const answer = await ask(to, apis.OffsetDelete, 0, { groupId, topics })
      if (answer.errorCode !== 0) expect(answer.topics).toEqual([])
      return answer.errorCode
    }
    expect(await code(GROUP)).toBe(0)
    expect(await code(elsewhere())).toBe(errorCode('NOT_COORDINATOR'))
    expect(await code('')).toBe(errorCode('INVALID_GROUP_ID'))
  })
})

describe('administration', () => {
  test('ListGroups puts together the shards that are led here, and filters', async () => {
    const { to } = await stable()
    for (const version of versions(apis.ListGroups)) {
      const { errorCode: code, groups } = await ask(to, apis.ListGroups, version, {})
      expect(code).toBe(0)
      expect(groups).toMatchObject([
        {
          groupId: GROUP,
          protocolType: 'consumer',
          ...(version >= 4 ? { groupState: 'Stable' } : {}),
          ...(version >= 5 ? { groupType: 'classic' } : {}),
        },
      ])
    }
    expect((await ask(to, apis.ListGroups, 4, { statesFilter: ['Empty'] })).groups).toEqual([])
    expect((await ask(to, apis.ListGroups, 5, { typesFilter: ['consumer'] })).groups).toEqual([])
    to.groups.lead((HOME + 1) % PARTITIONS, false)
    const loading = await ask(to, apis.ListGroups, 5, {})
    expect(loading).toMatchObject({ errorCode: errorCode('COORDINATOR_LOAD_IN_PROGRESS'), groups: [] })
  })

  test('DescribeGroups tells members, and operations where they are asked for', async () => {
    const { to, memberId } = await stable()
    for (const version of versions(apis.DescribeGroups)) {
      const includeAuthorizedOperations = version >= 3
      const { groups } = await ask(to, apis.DescribeGroups, version, {
        groups: [GROUP, elsewhere()],
        includeAuthorizedOperations,
      })
      expect(groups[0]).toMatchObject({
        errorCode: 0,
        groupState: 'Stable',
        protocolType: 'consumer',
        protocolData: 'range',
        members: [{ memberId, clientId: 'reader', clientHost: '/127.0.0.1' }],
        ...(includeAuthorizedOperations ? { authorizedOperations: 0xd48 } : {}),
      })
      expect(groups[1]?.errorCode).toBe(errorCode('NOT_COORDINATOR'))
    }
  })

  test('DeleteGroups, in every version', async () => {
    for (const version of versions(apis.DeleteGroups)) {
      const { to, memberId } = await stable()
      const groupsNames = [GROUP, GROUP, elsewhere()]
      const refused = await ask(to, apis.DeleteGroups, version, { groupsNames })
      expect(refused.results).toEqual([
        { groupId: GROUP, errorCode: errorCode('NON_EMPTY_GROUP') },
        { groupId: elsewhere(), errorCode: errorCode('NOT_COORDINATOR') },
      ])
      await ask(to, apis.LeaveGroup, 3, { groupId: GROUP, members: [{ memberId }] })
      to.groups.pass(1)
      const deleted = await ask(to, apis.DeleteGroups, version, { groupsNames: [GROUP] })
      expect(deleted.results).toEqual([{ groupId: GROUP, errorCode: 0 }])
    }
  })
})

test('addresses look as Java prints them', () => {
  expect(javaAddress('10.0.0.7')).toBe('/10.0.0.7')
  expect(javaAddress('::1')).toBe('/0:0:0:0:0:0:0:1')
  expect(javaAddress('fe80::1:0042%eth0')).toBe('/fe80:0:0:0:0:0:1:42%eth0')
  expect(javaAddress('2001:db8:0:0:0:0:0:1')).toBe('/2001:db8:0:0:0:0:0:1')
})
