// kafka-topics: what it asks of the cluster, what it prints and how it ends.

import { expect, test } from 'vitest'
import { topics } from '../../../../src/cli/kafka/topics.ts'
import type { ConfigDescription, MovingPartition, NewTopic, TopicDescription } from '../../../../src/client/index.ts'
import { run, type ToolRun } from '../../../support/fake-tool.ts'

const ID = 'sZqOMK8yRCGfGYa8LpIsPg'

function partition(
  id: number,
  leader: number,
  replicas: number[],
  isr: number[],
): TopicDescription['partitions'][number] {
  return {
    partition: id,
    leader,
    leaderEpoch: 1,
    replicas,
    isr,
    offlineReplicas: [],
    elr: [],
    lastKnownElr: id === 2 ? null : [3],
  }
}

const ORDERS: TopicDescription = {
  name: 'orders',
  id: ID,
  internal: false,
  error: 'NONE',
  message: null,
  partitions: [
    partition(0, 1, [1, 2, 3], [1, 2, 3]),
    partition(1, 2, [2, 3, 1], [2, 3]),
    partition(2, -1, [3, 1, 2], [3]),
  ],
}

const entry = (name: string, value: string, source: number): ConfigDescription['entries'][number] => ({
  name,
  value,
  source,
  readOnly: false,
  sensitive: false,
  type: 0,
  documentation: null,
  synonyms: [],
})

interface Asked {
  readonly created: NewTopic[]
  readonly grown: unknown[]
  readonly deleted: (readonly string[])[]
}

function world(moving: MovingPartition[] = []): { asked: Asked; go(words: string): Promise<ToolRun> } {
  const asked: Asked = { created: [], grown: [], deleted: [] }
  const admin = {
    listTopics: async () =>
      ['orders', '__consumer_offsets', 'Bills'].map((name) => ({
        name,
        id: name === 'orders' ? ID : 'x',
        internal: false,
      })),
    describeTopics: async (names: readonly string[]) => names.map((name) => ({ ...ORDERS, name })),
    describeConfigs: async (resources: readonly { name: string }[]) =>
      resources.map(({ name }) => ({
        type: 'topic',
        name,
        error: 'NONE',
        message: null,
        entries: [
          entry('retention.ms', '1', 1),
          entry('flush.ms', '9', 5),
          entry('min.insync.replicas', '2', 4),
          entry('cleanup.policy', 'compact', 1),
        ],
      })),
    describeCluster: async () => ({ clusterId: 'c', controllerId: 1, brokers: [{ id: 1 }, { id: 3 }] }),
    listPartitionReassignments: async () => moving,
    createTopics: async (created: NewTopic[]) => {
      asked.created.push(...created)
      const isThere = created[0]!.name === 'orders'
      return [
        isThere
          ? { name: 'orders', error: 'TOPIC_ALREADY_EXISTS', message: "Topic 'orders' already exists." }
          : { name: created[0]!.name, error: 'NONE', message: null },
      ]
    },
    createPartitions: async (grown: unknown[]) => {
      asked.grown.push(...grown)
      return grown.map(() => ({ name: 'orders', error: 'NONE', message: null }))
    },
    deleteTopics: async (names: readonly string[]) => {
      asked.deleted.push(names)
      return names.map((name) => ({ name, error: 'NONE', message: null }))
    },
  }
  return { asked, go: (words) => run(topics, `--bootstrap-server h:1 ${words}`, { client: { admin } }) }
}

test('create says so, and sends what was asked for', async () => {
  const { asked, go } = world()
  const done = await go('--create --topic t --partitions 3 --replication-factor 2 --config a=1 --config b=x')
  expect(done).toMatchObject({ code: 0, out: 'Created topic t.\n', err: '' })
  expect(asked.created).toEqual([{ name: 't', partitions: 3, replicationFactor: 2, configs: { a: '1', b: 'x' } }])
})

test('a name that metrics may mistake for another is warned of', async () => {
  const { out } = await world().go('--create --topic a.b')
  expect(out).toBe(
    "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\nCreated topic a.b.\n",
  )
})

test('a topic that is there is a failure, unless that was foreseen', async () => {
  const { go } = world()
  expect(await go('--create --topic orders')).toMatchObject({
    code: 1,
    out: "Error while executing topic command : Topic 'orders' already exists.\n",
  })
  expect(await go('--create --topic orders --if-not-exists')).toMatchObject({ code: 0, out: '' })
})

test('replicas by hand are one list for each partition, of one length, without repetition', async () => {
  const { asked, go } = world()
  await go('--create --topic t --replica-assignment 1:2,3:1')
  expect(asked.created).toEqual([
    {
      name: 't',
      assignment: [
        [1, 2],
        [3, 1],
      ],
      configs: {},
    },
  ])
  const told = async (text: string): Promise<string> =>
    (await go(`--create --topic t --replica-assignment ${text}`)).out
  const failure = 'Error while executing topic command : '
  expect(await told('1:1')).toBe(`${failure}Partition replica lists may not contain duplicate entries: 1\n`)
  expect(await told('1:2,3')).toBe(`${failure}Partition 1 has different replication factor: [3]\n`)
  expect(await told('1:a')).toBe(`${failure}For input string: "a"\n`)
})

test('alter grows each topic that fits, and gives a list only for what is new', async () => {
  const { asked, go } = world()
  expect(await go('--alter --topic orders --partitions 5')).toMatchObject({ code: 0, out: '', err: '' })
  await go('--alter --topic orders --partitions 4 --replica-assignment 1:2,2:3,3:1,2:1')
  expect(asked.grown).toEqual([
    { name: 'orders', count: 5 },
    { name: 'orders', count: 4, assignment: [[2, 1]] },
  ])
})

test('list is in order of the names, internal ones too unless they are left out', async () => {
  const { go } = world()
  expect((await go('--list')).out).toBe('Bills\n__consumer_offsets\norders\n')
  expect((await go('--list --exclude-internal')).out).toBe('Bills\norders\n')
  expect((await go('--list --topic nothing')).out).toBe('\n')
})

test('delete is for all that fit; none is a failure, unless that was foreseen', async () => {
  const { asked, go } = world()
  expect(await go('--delete --topic orders,Bills')).toMatchObject({ code: 0, out: '' })
  expect(asked.deleted).toEqual([['Bills', 'orders']])
  expect(await go('--delete --topic none')).toMatchObject({
    code: 1,
    out: "Error while executing topic command : Topic 'none' does not exist as expected\n",
  })
  expect(await go('--delete --topic none --if-exists')).toMatchObject({ code: 0, out: '' })
})

test('describe shows the topic, and a line for each partition', async () => {
  const { out } = await world().go('--describe --topic orders')
  expect(out).toBe(
    [
      `Topic: orders\tTopicId: ${ID}\tPartitionCount: 3\tReplicationFactor: 3\tConfigs: cleanup.policy=compact,min.insync.replicas=2,retention.ms=1`,
      '\tTopic: orders\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,2,3\tElr: \tLastKnownElr: 3',
      '\tTopic: orders\tPartition: 1\tLeader: 2\tReplicas: 2,3,1\tIsr: 2,3\tElr: \tLastKnownElr: 3',
      '\tTopic: orders\tPartition: 2\tLeader: none\tReplicas: 3,1,2\tIsr: 3\tElr: \tLastKnownElr: N/A',
      '',
    ].join('\n'),
  )
})

test('what moves shows where to, and counts as many replicas as before', async () => {
  const moving = [{ topic: 'orders', partition: 0, replicas: [1, 2, 3], adding: [3], removing: [] }]
  const { out } = await world(moving).go('--describe --topic orders')
  expect(out).toContain('ReplicationFactor: 2\t')
  expect(out).toContain('\tIsr: 1,2,3\tAdding Replicas: 3\tRemoving Replicas: \tElr: ')
})

test.each([
  ['--under-replicated-partitions', [1, 2]],
  ['--under-min-isr-partitions', [2]],
  ['--at-min-isr-partitions', [1]],
  // Broker 2 is not alive.
  ['--unavailable-partitions', [1, 2]],
])('describe %s shows partitions %j alone', async (flag, expected) => {
  const { out } = await world().go(`--describe --topic orders ${flag}`)
  expect([...out.matchAll(/Partition: (\d)/g)].map(([, id]) => Number(id))).toEqual(expected)
  expect(out).not.toContain('PartitionCount')
})

test('describe by overrides shows topics alone, by id the topic that has it', async () => {
  const { go } = world()
  expect((await go('--describe --topic orders --topics-with-overrides')).out.split('\n')).toHaveLength(2)
  expect((await go(`--describe --topic-id ${ID}`)).out).toMatch(/^Topic: orders\t/)
  expect((await go('--describe --topic-id AAAAAAAAAAAAAAAAAAAAAQ')).out).toBe(
    "Error while executing topic command : TopicId 'AAAAAAAAAAAAAAAAAAAAAQ' does not exist as expected\n",
  )
})

test.each([
  ['--list --create', 'Command must include exactly one action: --list, --describe, --create, --alter or --delete'],
  ['--create', 'Missing required argument "[topic]"'],
  ['--alter --topic t', 'Missing required argument "[partitions]"'],
  ['--list --partitions 3', 'Option "[partitions]" can\'t be used with option "[list]"'],
  ['--list --if-exists', 'Option "[if-exists]" can\'t be used with option "[list]"'],
  ['--describe --if-exists', '--topic or --topic-id is required to describe a topic'],
  [
    '--create --topic t --replica-assignment 1 --partitions 1',
    'Option "[replica-assignment]" can\'t be used with option "[partitions]"',
  ],
])('%s is refused, with the usage', async (words, message) => {
  const { code, err, out } = await world().go(words)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err.split('\n')[0]).toBe(message)
  expect(err).toContain('--replica-assignment VALUE')
})

test('a flag of the past is answered by one sentence', async () => {
  const { code, err } = await run(topics, '--list --zookeeper localhost:2181')
  expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 1, lines: 1 })
  expect(err).toContain('--bootstrap-server')
})
