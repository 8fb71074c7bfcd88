// kafka-configs: whom it is about, what it changes, what it prints.

import { expect, test } from 'vitest'
import { addedBy, configs } from '../../../../src/cli/kafka/configs.ts'
import { entitiesOf } from '../../../../src/cli/kafka/entities.ts'
import { parseWords } from '../../../../src/cli/kafka/parser.ts'
import type { ConfigAlteration, QuotaAlteration, QuotaFilter } from '../../../../src/client/index.ts'
import { run, type ToolRun } from '../../../support/fake-tool.ts'

const parse = (text: string) => parseWords(configs.flags, text.split(' '))

const entry = (name: string, value: string | null, source: number, synonyms: unknown[] = []) => ({
  name,
  value,
  source,
  sensitive: value === null,
  synonyms,
})

interface World {
  readonly altered: ConfigAlteration[]
  readonly quotas: QuotaAlteration[]
  readonly asked: (readonly QuotaFilter[])[]
  go(words: string): Promise<ToolRun>
}

function world(): World {
  const altered: ConfigAlteration[] = []
  const quotas: QuotaAlteration[] = []
  const asked: (readonly QuotaFilter[])[] = []
  const admin = {
    describeCluster: async () => ({ brokers: [{ id: 1 }] }),
    listTopics: async () => [{ name: 't' }],
    describeConfigs: async ([{ name }]: [{ name: string }]) => [
      {
        name,
        error: name === 'none' ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'NONE',
        message: null,
        entries: [
          entry('retention.ms', '9', 1, [
            { name: 'retention.ms', value: '9', source: 1 },
            { name: 'log.retention.ms', value: '7', source: 4 },
          ]),
          entry('cleanup.policy', 'delete', 5),
          entry('broker.key', '3', name === '' ? 3 : 2),
          entry('ssl.key.password', null, 4),
        ],
      },
    ],
    incrementalAlterConfigs: async (given: ConfigAlteration[]) => {
      altered.push(...given)
      const isWrong = given[0]!.changes[0]!.value === 'few'
      const message = 'Invalid value few for configuration segment.bytes: Not a number of type INT'
      return [isWrong ? { error: 'INVALID_CONFIG', message } : { error: 'NONE', message: null }]
    },
  }
  const groups = { list: async () => [{ group: 'listed' }] }
  const governance = {
    listConfigResources: async ([type]: [string]) => [{ type, name: 'configured' }],
    describeQuotas: async (filters: readonly QuotaFilter[]) => {
      asked.push(filters)
      return [
        { entity: { user: 'alice', 'client-id': null }, values: { producer_byte_rate: 1024, request_percentage: 200 } },
      ]
    },
    alterQuotas: async (given: QuotaAlteration[]) => {
      quotas.push(...given)
      return [{ error: 'NONE', message: null }]
    },
  }
  return {
    altered,
    quotas,
    asked,
    go: (words) => run(configs, `--bootstrap-server h:1 ${words}`, { client: { admin, governance, groups } }),
  }
}

test('names belong to types in the order in which they were typed', () => {
  expect(entitiesOf(parse('--entity-type users --entity-default --entity-type clients --entity-name c'))).toEqual({
    types: ['users', 'clients'],
    names: ['', 'c'],
  })
  expect(entitiesOf(parse('--user-defaults --client c'))).toEqual({ types: ['clients', 'users'], names: ['c', ''] })
  expect(entitiesOf(parse('--entity-type brokers'))).toEqual({ types: ['brokers'], names: [] })
})

test.each([
  ['--entity-type topics --entity-type topics', 'Duplicate entity type(s) specified: topics'],
  ['--entity-type zebras', 'Invalid entity type zebras, the entity type must be one of topics, clients'],
  ['--describe', 'At least one entity type must be specified'],
  ['--topic t --broker 1', "Only 'users' and 'clients' entity types may be specified together"],
  [
    '--entity-type users --client c',
    '--entity-{type,name,default} should not be used in conjunction with specific entity flags',
  ],
])('%s is about nobody', (words, message) => {
  expect(() => entitiesOf(parse(words))).toThrow(message)
})

test('what is added may hold commas and equals signs inside of brackets, and nothing', () => {
  const added = (text: string) => [...addedBy(parse(`--add-config ${text}`), { read: () => '' })]
  expect(added('a=1,b=[x,y],match=[client_id=a.*],c=')).toEqual([
    ['a', '1'],
    ['b', 'x,y'],
    ['match', 'client_id=a.*'],
    ['c', ''],
  ])
  expect(() => added('a')).toThrow('Invalid entity config: all configs to be added must be in the format "key=val".')
  expect(() => added('a/b=1')).toThrow('Invalid character found for config key: a/b')
  const file = addedBy(parse('--add-config-file f --add-config b=3'), { read: () => 'a: 1\nb=2' })
  expect([...file]).toEqual([
    ['a', '1'],
    ['b', '3'],
  ])
})

test('a topic is described by what was set for it, or by all', async () => {
  const { go } = world()
  const line =
    '  retention.ms=9 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=9, STATIC_BROKER_CONFIG:log.retention.ms=7}\n'
  expect((await go('--describe --topic t')).out).toBe(`Dynamic configs for topic t are:\n${line}`)
  expect((await go('--describe --entity-type topics --entity-name t --all')).out).toBe(
    `All configs for topic t are:\n  broker.key=3 sensitive=false synonyms={}\n  cleanup.policy=delete sensitive=false synonyms={}\n${line}  ssl.key.password=null sensitive=true synonyms={}\n`,
  )
})

test('all brokers and their default are described when none is named', async () => {
  expect((await world().go('--describe --entity-type brokers')).out).toBe(
    'Dynamic configs for broker 1 are:\n  broker.key=3 sensitive=false synonyms={}\nDefault configs for brokers in the cluster are:\n  broker.key=3 sensitive=false synonyms={}\n',
  )
})

test('changes are set and deleted in one request', async () => {
  const { altered, go } = world()
  expect(await go('--alter --topic t --add-config a=1 --delete-config retention.ms')).toMatchObject({
    code: 0,
    out: 'Completed updating config for topic t.\n',
  })
  expect(altered).toEqual([
    {
      type: 'topic',
      name: 't',
      changes: [
        { name: 'a', operation: 'set', value: '1' },
        { name: 'retention.ms', operation: 'delete' },
      ],
    },
  ])
  expect((await go('--alter --broker-defaults --add-config a=1')).out).toBe(
    'Completed updating default config for brokers in the cluster.\n',
  )
})

test('what is not set is not deleted, and what a broker refuses is told with the command line', async () => {
  const { altered, go } = world()
  expect(await go('--alter --topic t --delete-config flush.ms,cleanup.policy')).toMatchObject({
    code: 1,
    err: "Error while executing config command with args '--bootstrap-server h:1 --alter --topic t --delete-config flush.ms,cleanup.policy'\norg.apache.kafka.common.errors.InvalidConfigurationException: Invalid config(s): flush.ms,cleanup.policy\n",
  })
  expect(altered).toEqual([])
  expect((await go('--alter --topic t --add-config segment.bytes=few')).err).toBe(
    "Error while executing config command with args '--bootstrap-server h:1 --alter --topic t --add-config segment.bytes=few'\njava.util.concurrent.ExecutionException: org.apache.kafka.common.errors.InvalidConfigurationException: Invalid value few for configuration segment.bytes: Not a number of type INT\n",
  )
})

test('quotas are of users, clients and addresses, by name, by default or all', async () => {
  const { quotas, asked, go } = world()
  expect((await go('--describe --entity-type users --entity-name alice --entity-type clients')).out).toBe(
    "Quota configs for user-principal 'alice', the default client-id are producer_byte_rate=1024.0, request_percentage=200.0\n",
  )
  expect(asked[0]).toEqual([
    { type: 'user', match: { name: 'alice' } },
    { type: 'client-id', match: 'any' },
  ])
  await go('--alter --client-defaults --add-config consumer_byte_rate=10 --delete-config producer_byte_rate')
  expect(quotas).toEqual([
    { entity: { 'client-id': null }, values: { consumer_byte_rate: 10, producer_byte_rate: null } },
  ])
})

test.each([
  [
    '--alter --client c --add-config x=1',
    "Only quota configs can be added for 'clients' using --bootstrap-server. Unexpected config names: Set(x)",
  ],
  [
    '--alter --ip 1.2.3.4 --add-config producer_byte_rate=1',
    "Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: producer_byte_rate",
  ],
  [
    '--alter --client c --add-config producer_byte_rate=much',
    'Cannot parse quota configuration value for producer_byte_rate: much',
  ],
  [
    '--alter --user u --add-config SCRAM-SHA-256=[password=p]',
    'SCRAM-SHA-256: credentials of users are not served by this version',
  ],
  ['--alter --entity-type topics --add-config a=1', 'An entity name must be specified for every entity type'],
  ['--describe --broker one', 'The entity name for brokers must be a valid integer broker id, found: one'],
])('%s is refused', async (words, message) => {
  expect(await world().go(words)).toMatchObject({ code: 1, err: `${message}\n` })
})

test.each([
  ['--topic nothing', 'topic', 'nothing'],
  ['--broker 7', 'broker', '7'],
  ['--client-metrics nothing', 'client-metric', 'nothing'],
  ['--group nothing', 'group', 'nothing'],
])('--describe %s says that it is not there', async (words, type, name) => {
  expect(await world().go(`--describe ${words}`)).toMatchObject({
    code: 0,
    out: `The ${type} '${name}' doesn't exist and doesn't have dynamic config.\n`,
    err: '',
  })
})

test.each([
  '--topic t',
  '--broker 1',
  '--broker-defaults',
  '--client-metrics configured',
  '--group configured',
  '--group listed',
])('--describe %s is there', async (words) => {
  expect((await world().go(`--describe ${words}`)).out).toMatch(/^(Dynamic|Default) configs for /)
})
