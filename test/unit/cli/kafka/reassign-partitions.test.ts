// kafka-reassign-partitions: what it reads, proposes, throttles and prints. The texts are those that Apache's tool of 4.3.1
// printed on the same cluster.

import { expect, test } from 'vitest'
import { jsonOf, movesIn } from '../../../../src/cli/kafka/reassign-json.ts'
import { reassignPartitions } from '../../../../src/cli/kafka/reassign-partitions.ts'
import { proposal, throttledBy } from '../../../../src/cli/kafka/reassign-plan.ts'
import type { ConfigAlteration, MovingPartition, Outcome, PartitionMove } from '../../../../src/client/index.ts'
import { run, type ToolRun } from '../../../support/fake-tool.ts'

const place = (topic: string, partition: number, ...replicas: number[]) => ({ topic, partition, replicas })
const fileOf = (...partitions: object[]): string => JSON.stringify({ version: 1, partitions })

interface World {
  readonly moving?: readonly MovingPartition[]
  readonly refuses?: Outcome
  /** By broker: its directories, and what is asked of replicas on it. */
  readonly directories?: readonly string[]
  readonly notYet?: number
}

async function reassign(
  words: string,
  files: Readonly<Record<string, string>> = {},
  world: World = {},
): Promise<ToolRun & { moves: PartitionMove[]; altered: string[]; asked: string[] }> {
  const moves: PartitionMove[] = []
  const altered: string[] = []
  const asked: string[] = []
  let missing = world.notYet ?? 0
  const admin = {
    describeCluster: async () => ({ brokers: [1, 2, 3].map((id) => ({ id, rack: null })) }),
    listPartitionReassignments: async () => world.moving ?? [],
    describeTopics: async (names: string[]) =>
      names.map((name) => ({
        name,
        error: name === 't' ? 'NONE' : 'UNKNOWN_TOPIC_OR_PARTITION',
        message: null,
        partitions: name === 't' ? [place(name, 0, 1, 2), place(name, 1, 2, 3)] : [],
      })),
    describeLogDirs: async (broker: number) =>
      (world.directories ?? ['/d']).map((path, i) => ({
        path: `${path}${broker}`,
        error: 'NONE',
        replicas: [0, 1].map((partition) => ({ topic: 't', partition, size: 0, offsetLag: 0, isFuture: i > 0 })),
      })),
    alterPartitionReassignments: async (given: PartitionMove[]) => {
      moves.push(...given)
      return given.map(({ topic, partition }) => ({ topic, partition, error: 'NONE', message: null, ...world.refuses }))
    },
    alterReplicaLogDirs: async (broker: number, given: (PartitionMove & { path: string })[]) => {
      asked.push(...given.map(({ topic, partition, path }) => `${topic}-${partition}-${broker} ${path}`))
      const error = missing-- > 0 ? 'REPLICA_NOT_AVAILABLE' : 'NONE'
      return given.map(({ topic, partition }) => ({ topic, partition, error, message: null }))
    },
    incrementalAlterConfigs: async (given: ConfigAlteration[]) => {
      for (const { type, name, changes } of given) {
        for (const change of changes) altered.push(`${type} ${name} ${change.name}=${change.value ?? ''}`)
      }
      return given.map(() => ({ error: 'NONE', message: null }))
    },
  }
  const done = await run(reassignPartitions, `--bootstrap-server h:1 ${words}`, { client: { admin }, files })
  return { ...done, moves, altered, asked }
}

const EXECUTE = '--execute --reassignment-json-file f'
const VERIFY = '--verify --reassignment-json-file f'
const CANCEL = '--cancel --reassignment-json-file f'
const MOVE = fileOf(place('t', 0, 1, 3))
const BEFORE =
  'Current partition replica assignment\n\n{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[1,2],"log_dirs":["/d1","/d2"]}]}\n\nSave this to use as the --reassignment-json-file option during rollback\n'

test('a move is begun after what was there before is printed', async () => {
  expect(await reassign(EXECUTE, { f: MOVE })).toMatchObject({
    code: 0,
    err: '',
    out: `${BEFORE}Successfully started partition reassignment for t-0\n`,
    moves: [place('t', 0, 1, 3)],
    altered: [],
  })
})

test('a throttle is set for those who send and those who receive', async () => {
  const { out, altered } = await reassign(`${EXECUTE} --throttle 1000 --replica-alter-log-dirs-throttle 7`, {
    f: fileOf({ ...place('t', 0, 1, 3), log_dirs: ['any', '/e'] }),
  })
  expect(out).toContain(
    'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\nThe inter-broker throttle limit was set to 1000 B/s\nThe replica-alter-dir throttle limit was set to 7 B/s\n',
  )
  expect(altered).toEqual([
    'topic t leader.replication.throttled.replicas=0:1,0:2',
    'topic t follower.replication.throttled.replicas=0:3',
    ...[1, 2, 3].flatMap((id) =>
      ['leader', 'follower'].map((side) => `broker ${id} ${side}.replication.throttled.rate=1000`),
    ),
    'broker 3 replica.alter.log.dirs.io.max.bytes.per.second=7',
  ])
})

test('a directory is asked for again until the replica is there, for as long as was said', async () => {
  const f = fileOf({ ...place('t', 0, 1, 3), log_dirs: ['any', '/e'] })
  const done = await reassign(EXECUTE, { f }, { notYet: 2 })
  expect(done.asked).toEqual(['t-0-3 /e', 't-0-3 /e', 't-0-3 /e'])
  expect(done.out).toMatch(/\nSuccessfully started moving log directory to \/e for replica t-0 with broker 3 \n$/)
  const late = await reassign(`${EXECUTE} --timeout 0`, { f }, { notYet: 9 })
  expect(late).toMatchObject({ code: 1 })
  expect(late.out).toMatch(/\nTimed out before log directory move could be started for: t-0-3\n$/)
})

test('what moves already must be known to who moves more', async () => {
  const moving = [{ topic: 'u', partition: 0, replicas: [1, 2, 3], adding: [3], removing: [1] }]
  const done = await reassign(EXECUTE, { f: MOVE }, { moving })
  expect(done).toMatchObject({ code: 1, moves: [] })
  expect(done.out).toMatch(/^Cannot execute because there is an existing partition assignment. {2}Use --additional/)
  expect((await reassign(`${EXECUTE} --additional`, { f: MOVE }, { moving })).moves).toHaveLength(1)
  expect((await reassign('--list', {}, { moving })).out).toBe(
    'Current partition reassignments:\nu-0: replicas: 1,2,3. adding: 3. removing: 1.\n',
  )
  expect((await reassign('--list')).out).toBe('No partition reassignments found.\n')
})

test.each([
  [fileOf(place('t', 0, 9)), 'Error: Unknown broker id 9'],
  [
    fileOf(place('u', 0, 1)),
    'Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Topic u not found.',
  ],
  [
    fileOf(place('t', 8, 1)),
    'Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: Unable to find partition: t-8',
  ],
  [fileOf(), 'Error: Partition reassignment list cannot be empty'],
  [fileOf(place('t', 0)), 'Error: Partition replica list cannot be empty'],
  [
    fileOf(place('t', 0, 1), place('t', 0, 2)),
    'Error: Partition reassignment contains duplicate topic partitions: t-0',
  ],
  [
    fileOf(place('t', 0, 1, 1)),
    'Error: Partition replica lists may not contain duplicate entries: t-0 contains multiple entries for 1',
  ],
  [
    fileOf({ ...place('t', 0, 1, 2), log_dirs: ['any'] }),
    'Error: Size of replicas list [1, 2] is different from size of log dirs list [any] for partition t-0',
  ],
  ['{"version":2}', 'Error: Not supported version field value 2'],
  ['x', 'Error: The input string is not a valid JSON'],
])('%s is refused', async (f, message) => {
  expect(await reassign(EXECUTE, { f })).toMatchObject({ code: 1, out: `${message}\n`, moves: [] })
})

test('what the controller refuses is told by partition', async () => {
  const refuses: Outcome = { error: 'INVALID_REPLICA_ASSIGNMENT', message: 'no such broker' }
  const done = await reassign(EXECUTE, { f: MOVE }, { refuses })
  expect(done.code).toBe(1)
  expect(done.out).toMatch(/\nError reassigning partition\(s\):\nt-0: no such broker\n$/)
})

test('verify tells how far it is, and takes throttles away when nothing moves', async () => {
  const f = fileOf(place('t', 1, 2, 3), MOVE_PLACE, place('gone', 0, 1))
  const done = await reassign(VERIFY, { f })
  expect(done.out).toBe(
    [
      'Status of partition reassignment:',
      'There is no active reassignment of partition gone-0, but replica set is  rather than 1.',
      'There is no active reassignment of partition t-0, but replica set is 1,2 rather than 1,3.',
      'Reassignment of partition t-1 is completed.',
      '',
      'Clearing broker-level throttles on brokers 1,2,3',
      'Clearing topic-level throttles on topics t,gone',
      '',
    ].join('\n'),
  )
  expect(done.altered).toHaveLength(3 * 3 + 2 * 2)
  expect((await reassign(`${VERIFY} --preserve-throttles`, { f })).altered).toEqual([])
})

const MOVE_PLACE = place('t', 0, 1, 3)

test('verify leaves throttles where something moves, between brokers or directories', async () => {
  const moving = [{ ...MOVE_PLACE, replicas: [1, 2, 3], adding: [3], removing: [2] }]
  const done = await reassign(VERIFY, { f: MOVE }, { moving })
  expect(done).toMatchObject({ altered: [] })
  expect(done.out).toBe('Status of partition reassignment:\nReassignment of partition t-0 is still in progress.\n\n')
  const there = await reassign(
    VERIFY,
    { f: fileOf({ ...place('t', 0, 1, 2), log_dirs: ['/e1', '/x'] }) },
    { directories: ['/d', '/e'] },
  )
  expect(there.altered).toEqual([])
  expect(there.out).toContain(
    'Reassignment of replica t-0-1 is still in progress.\nPartition t-0 on broker 2 is being moved to log dir /e2 instead of /x.\n',
  )
})

test('cancel takes back what moves', async () => {
  const moving = [{ ...MOVE_PLACE, replicas: [1, 2, 3], adding: [3], removing: [] }]
  const done = await reassign(CANCEL, { f: MOVE }, { moving })
  expect(done.moves).toEqual([{ topic: 't', partition: 0, replicas: null }])
  expect(done.out).toBe(
    'Successfully cancelled partition reassignment for: t-0\nNone of the specified partition moves are active.Clearing broker-level throttles on brokers 1,2,3\nClearing topic-level throttles on topic t\n',
  )
  expect((await reassign(CANCEL, { f: MOVE })).out).toMatch(
    /^None of the specified partition reassignments are active.\n/,
  )
})

test('generate prints where partitions are, and a proposal on the brokers that were named', async () => {
  const f = JSON.stringify({ topics: [{ topic: 't' }] })
  const words = '--generate --topics-to-move-json-file f --broker-list'
  const { code, out } = await reassign(`${words} 1,3`, { f })
  expect(code).toBe(0)
  const [head, current, , proposed, json] = out.split('\n')
  expect([head, proposed]).toEqual([
    'Current partition replica assignment',
    'Proposed partition reassignment configuration',
  ])
  expect(current).toContain('"partition":1,"replicas":[2,3],"log_dirs":["/d2","/d3"]')
  for (const { replicas } of movesIn(json!).placements) expect(replicas.toSorted()).toEqual([1, 3])
  expect((await reassign(`${words} 1,1`, { f })).out).toBe('Error: Broker list contains duplicate entries: [1]\n')
  expect((await reassign(`${words} 1`, { f })).out).toBe(
    'Error: Replication factor: 2 larger than available brokers: 1.\n',
  )
})

test.each([
  ['--execute --list', 'Command must include exactly one action: --generate, --execute, --verify, --cancel, --list'],
  ['--execute', 'Missing required argument "[reassignment-json-file]"'],
  ['--list --throttle 1', 'Option "[throttle]" can\'t be used with action "[list]"'],
  ['--list --bootstrap-controller h:2', "Please don't specify both --bootstrap-server and --bootstrap-controller"],
])('%s cannot be', async (words, message) => {
  const { code, err } = await reassign(words)
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})

test('a proposal spreads leaders evenly, and followers over racks before brokers', () => {
  const current = Array.from({ length: 6 }, (_, partition) => place('t', partition, 0, 1, 2))
  const brokers = [0, 1, 2, 3, 4, 5].map((id) => ({ id, rack: `r${id % 3}` }))
  for (const drawn of [0, 3, 5]) {
    const proposed = proposal(current, brokers, () => drawn)
    expect(proposed.map(({ replicas }) => replicas[0]).toSorted()).toEqual([0, 1, 2, 3, 4, 5])
    for (const { replicas } of proposed) expect(new Set(replicas.map((id) => id % 3)).size).toBe(3)
  }
  const plain = brokers.map(({ id }) => ({ id, rack: null }))
  const without = proposal(current, plain, () => 0)
  expect(without[0]!.replicas).toEqual([0, 1, 2])
  expect(without.flatMap(({ replicas }) => replicas).filter((id) => id === 4)).toHaveLength(3)
})

test('what is sent elsewhere while it moves comes from where it was before', () => {
  const moving = [{ topic: 't', partition: 0, replicas: [1, 2, 3], adding: [3], removing: [1] }]
  expect(throttledBy(moving, [place('t', 0, 4, 2)], [place('t', 0, 1, 2, 3)])).toEqual({
    topics: [{ topic: 't', leaders: '0:1,0:2', followers: '0:4' }],
    brokers: [1, 2, 4],
  })
})

test('partitions are written in order, directories where they are known', () => {
  expect(
    jsonOf([place('b', 0, 1), place('a', 10, 2), place('a', 9, 1, 2)], [{ ...place('a', 9), broker: 2, path: '/d' }]),
  ).toBe(
    '{"version":1,"partitions":[{"topic":"a","partition":9,"replicas":[1,2],"log_dirs":["any","/d"]},{"topic":"a","partition":10,"replicas":[2],"log_dirs":["any"]},{"topic":"b","partition":0,"replicas":[1],"log_dirs":["any"]}]}',
  )
})
