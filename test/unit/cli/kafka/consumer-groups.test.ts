// kafka-consumer-groups: its tables to the byte, and what it asks of coordinators. The expected texts are those that Apache
// Kafka 4.3.1's tool printed of such groups.

import { expect, test } from 'vitest'
import { consumerGroups } from '../../../../src/cli/kafka/consumer-groups.ts'
import { durationMs, timeOf } from '../../../../src/cli/kafka/reset-offsets.ts'
import type { GroupDescription, OffsetSpec, TopicPartition } from '../../../../src/client/index.ts'
import { run, type ToolRun } from '../../../support/fake-tool.ts'

const COORDINATOR = { id: 2, host: '127.0.0.1', port: 12901 }

function group(name: string, state: string, members: GroupDescription['members'] = []): GroupDescription {
  const protocol = members.length > 0 ? 'range' : ''
  return {
    group: name,
    state,
    protocolType: 'consumer',
    protocol,
    coordinator: COORDINATOR,
    members,
    error: 'NONE',
    message: null,
  }
}

const MEMBER: GroupDescription['members'][number] = {
  memberId: 'console-consumer-8f60334e-dadc-43ef-8bdc-3aff38f89e6e',
  instanceId: null,
  clientId: 'console-consumer',
  host: '/127.0.0.1',
  assignment: [1, 0].map((partition) => ({ topic: 'two', partition })),
}

const GROUPS: readonly GroupDescription[] = [group('live', 'Stable', [MEMBER]), group('readers', 'Empty')]

interface World {
  readonly altered: unknown[]
  go(words: string, files?: Record<string, string>): Promise<ToolRun>
}

function world(): World {
  const altered: unknown[] = []
  const groups = {
    list: async ({ states = [] }: { states?: string[] } = {}) =>
      GROUPS.filter(({ state }) => states.length === 0 || states.includes(state)).map(({ group: name, state }) => ({
        group: name,
        protocolType: 'consumer',
        state,
        type: 'classic',
      })),
    describe: async (names: string[]) =>
      names.map(
        (name) =>
          GROUPS.find((each) => each.group === name) ?? {
            ...group(name, 'Dead'),
            error: 'GROUP_ID_NOT_FOUND',
            message: `Group ${name} not found.`,
          },
      ),
    offsets: async (name: string) =>
      name === 'readers' ? [{ topic: 'test', partition: 0, offset: 2, leaderEpoch: 0, metadata: '' }] : [],
    delete: async (names: string[]) =>
      names.map((name) => ({
        group: name,
        error: name === 'live' ? 'NON_EMPTY_GROUP' : name === 'nobody' ? 'GROUP_ID_NOT_FOUND' : 'NONE',
        message: null,
      })),
    alterOffsets: async (name: string, offsets: unknown) => {
      altered.push([name, offsets])
      return []
    },
    deleteOffsets: async (_: string, partitions: TopicPartition[]) => ({
      error: 'NONE',
      partitions: partitions.map((at) => ({
        ...at,
        error: at.partition > 1 ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE',
        message: null,
      })),
    }),
  }
  const admin = {
    describeTopics: async (names: string[]) =>
      names.map((name) => ({
        name,
        error: name === 'nowhere' ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE',
        partitions: name === 'nowhere' ? [] : [{ partition: 0 }],
      })),
    listOffsets: async (asked: (TopicPartition & { at: OffsetSpec })[]) =>
      asked.map(({ topic, partition, at }) => ({
        topic,
        partition,
        error: 'NONE',
        offset: topic === 'two' ? (typeof at === 'number' ? -1 : 0) : at === 'earliest' ? 1 : at === 'latest' ? 3 : -1,
      })),
  }
  return {
    altered,
    go: (words, files = {}) =>
      run(consumerGroups, `--bootstrap-server h:1 ${words}`, { client: { admin, groups }, files }),
  }
}

test('groups are listed by name, with states and types in columns', async () => {
  const { go } = world()
  expect((await go('--list')).out).toBe('live\nreaders\n')
  expect((await go('--list --state')).out).toBe(
    'GROUP                     STATE               \nlive                      Stable              \nreaders                   Empty               \n',
  )
  expect((await go('--list --state stable')).out).not.toContain('readers')
  expect((await go('--list --type')).out).toContain('live                      Classic             \n')
  expect((await go('--list --state foo')).err.split('\n')[0]).toBe(
    "Invalid state list 'foo'. Valid states are: Stable, CompletingRebalance, Empty, Dead, Reconciling, PreparingRebalance, Assigning",
  )
})

test('offsets and lag of a group that nobody is in', async () => {
  expect(await world().go('--describe --group readers')).toMatchObject({
    code: 0,
    err: "\nConsumer group 'readers' has no active members.\n",
    out: `
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
readers         test            0          2               3               1               -               -               -
`,
  })
  expect((await world().go('--describe --group readers --verbose')).out).toContain(
    'PARTITION  LEADER-EPOCH    CURRENT-OFFSET  ',
  )
})

test('what members read, in order of the partitions, also where nothing is committed', async () => {
  expect((await world().go('--describe --group live')).out).toBe(`
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID                                           HOST            CLIENT-ID
live            two             0          -               0               -               console-consumer-8f60334e-dadc-43ef-8bdc-3aff38f89e6e /127.0.0.1      console-consumer
live            two             1          -               0               -               console-consumer-8f60334e-dadc-43ef-8bdc-3aff38f89e6e /127.0.0.1      console-consumer
`)
})

test('members, with what they are assigned', async () => {
  const { go } = world()
  const lines = (text: string): string[] => text.split('\n')
  expect(lines((await go('--describe --group live --members')).out)).toEqual([
    '',
    'GROUP           CONSUMER-ID                                           HOST            CLIENT-ID        #PARTITIONS     ',
    'live            console-consumer-8f60334e-dadc-43ef-8bdc-3aff38f89e6e /127.0.0.1      console-consumer 2               ',
    '',
  ])
  expect(lines((await go('--describe --group live --members --verbose')).out)[2]).toBe(
    'live            console-consumer-8f60334e-dadc-43ef-8bdc-3aff38f89e6e /127.0.0.1      console-consumer 2               -               two:0,1              -               -                   ',
  )
})

test('the state of groups, in order of their names', async () => {
  expect((await world().go('--describe --all-groups --state')).out).toBe(`
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
live            127.0.0.1:12901  (2)      range                Stable               1

GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
readers         127.0.0.1:12901  (2)      -                    Empty                0
`)
})

test('a group that is not there is told of on standard output, and the end is 0, as Kafka’s', async () => {
  expect(await world().go('--describe --group nobody')).toMatchObject({
    code: 0,
    out: '\nError: Executing consumer group command failed due to org.apache.kafka.common.errors.GroupIdNotFoundException: Group nobody not found.\n',
    err: '',
  })
})

test('a reset shows where to, and does it only when told', async () => {
  const { altered, go } = world()
  const head = 'GROUP           TOPIC           PARTITION  NEW-OFFSET\n'
  expect((await go('--reset-offsets --group readers --topic test --to-earliest --dry-run')).out).toBe(
    `\n${head}readers         test            0          1\n`,
  )
  expect(altered).toEqual([])
  await go('--reset-offsets --group readers --topic test:0 --to-latest --execute')
  expect(altered).toEqual([['readers', [{ topic: 'test', partition: 0, offset: 3 }]]])
  expect((await go('--reset-offsets --group readers --all-topics --to-current --export --dry-run')).out).toBe(
    'test,0,2\n\n',
  )
  expect((await go('--reset-offsets --group readers --topic test --to-latest')).err).toMatch(
    /^WARN: No action will be performed as the --execute option is missing\./,
  )
})

test('no group is put where there are no records', async () => {
  const beyond = await world().go('--reset-offsets --group readers --topic test:0 --shift-by 5 --dry-run')
  expect(beyond.out).toContain('readers         test            0          3\n')
  expect(beyond.err).toContain(
    'New offset (7) is higher than latest offset for topic partition test-0. Value will be set to 3',
  )
  const before = await world().go('--reset-offsets --group readers --topic test:0 --to-offset 0 --dry-run')
  expect(before.err).toContain(
    'New offset (0) is lower than earliest offset for topic partition test-0. Value will be set to 1',
  )
  expect((await world().go('--reset-offsets --group readers --topic two:0 --by-duration PT1H --dry-run')).out).toBe(
    '\nWarn: Partition 0 from topic two is empty. Falling back to latest known offset.\n\nGROUP           TOPIC           PARTITION  NEW-OFFSET\nreaders         two             0          0\n',
  )
})

test('a reset from a file takes what is for the group', async () => {
  const { altered, go } = world()
  await go('--reset-offsets --group readers --from-file plan --execute', { plan: 'test,0,2\n' })
  expect(altered).toEqual([['readers', [{ topic: 'test', partition: 0, offset: 2 }]]])
  expect((await go('--reset-offsets --group readers --from-file plan --dry-run', { plan: 'test;0\n' })).out).toContain(
    'test;0: topic,partition,offset is expected in a reset file',
  )
})

test('a group with members is not reset', async () => {
  expect((await world().go('--reset-offsets --group live --topic two --to-earliest --execute')).out).toBe(
    "\nError: Assignments can only be reset if the group 'live' is inactive, but the current state is Stable.\n\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n",
  )
})

test('deletions tell what was deleted and what was not', async () => {
  const { go } = world()
  expect((await go('--delete --group readers')).out).toBe(
    "Deletion of requested consumer groups ('readers') was successful.\n",
  )
  expect((await go('--delete --group live --group readers')).out).toBe(
    "\nError: Deletion of some consumer groups failed:\n* Group 'live' could not be deleted due to: org.apache.kafka.common.errors.GroupNotEmptyException: The group is not empty.\n\nThese consumer groups were deleted successfully: 'readers'\n",
  )
  expect((await go('--delete-offsets --group readers --topic test:0')).out).toBe(
    'Request succeeded for deleting offsets from group readers.\n\nTOPIC           PARTITION  STATUS         \ntest            0          Successful     \n',
  )
  expect((await go('--delete-offsets --group readers --topic test:7')).out).toBe(
    '\nError: Encountered some partition-level error, see the follow-up details.\n\nTOPIC           PARTITION  STATUS         \ntest            7          Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.\n',
  )
  expect((await go('--delete-offsets --group readers --topic nowhere')).out).toMatch(/\nnowhere {9}- {10}Error: /)
})

test.each([
  [
    '--list --delete',
    'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets',
  ],
  ['--describe', 'Option [describe] takes one of these options: [group], [all-groups]'],
  ['--list --group g', 'Option "[group]" can\'t be used with option "[list]"'],
  [
    '--reset-offsets --group g --to-latest --dry-run',
    'One of the reset scopes should be defined: --all-topics, --topic.',
  ],
  [
    '--reset-offsets --group g --to-latest --to-earliest --dry-run',
    'Option "[to-earliest]" can\'t be used with option "[to-latest]"',
  ],
])('%s is refused', async (words, message) => {
  const { code, err } = await world().go(words)
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})

test('times and durations are those of Java', () => {
  expect(timeOf('2026-11-21T10:00:00.5')).toBe(Date.UTC(2026, 10, 21, 10, 0, 0, 500))
  expect(timeOf('2026-11-21T10:00:00.000+0100')).toBe(Date.UTC(2026, 10, 21, 9))
  expect(() => timeOf('yesterday')).toThrow('--to-datetime yesterday: YYYY-MM-DDTHH:mm:SS.sss is expected')
  expect(durationMs('P1DT2H3M4.5S')).toBe(((24 + 2) * 3600 + 3 * 60 + 4.5) * 1000)
  expect(durationMs('-PT1S')).toBe(-1000)
  for (const wrong of ['P', 'PT', '1H', 'P1Y']) expect(() => durationMs(wrong)).toThrow('PnDTnHnMnS is expected')
})
