// What an administrator asks of the controller: configurations in both forms, feature levels, client quotas. The sentences
// are those of Apache Kafka 4.3.1 asked the same.

import { beforeEach, describe, expect, test } from 'vitest'
import type { Controller, Decision } from '../../../cluster/controller/index.ts'
import {
  decideAlterClientQuotas,
  decideAlterConfigs,
  decideIncrementalAlterConfigs,
  decideUpdateFeatures,
} from '../../../cluster/controller/index.ts'
import { configsOf, imageToRecords, MetadataFold, supportedFeatures } from '../../../cluster/metadata/index.ts'
import { SeededRandom } from '../../../src/base/index.ts'
import type { MetadataRecord } from '../../../src/wire/index.ts'
import { apis, encode, errorName } from '../../../src/wire/index.ts'
import { nodeConfig } from './fixtures.ts'

const TOPIC = 2
const BROKER = 4
const METRICS = 16
const GROUP = 32

let draft: MetadataFold
let controller: Controller

function take<Response>(decision: Decision<Response>): Response {
  for (const record of decision.records) draft.apply(record)
  return decision.response
}

function featureLevel(name: string, level: number): MetadataRecord {
  return { type: 'FeatureLevelRecord', version: 0, value: { name, featureLevel: level } }
}

function registration(brokerId: number, features: ReadonlyMap<string, { min: number; max: number }>): MetadataRecord {
  return {
    type: 'RegisterBrokerRecord',
    version: 4,
    value: {
      brokerId,
      isMigratingZkBroker: false,
      incarnationId: `incarnation${brokerId}AAAAAAAAAA`,
      brokerEpoch: brokerId,
      endPoints: [],
      features: [...features].map(([name, { min, max }]) => ({
        name,
        minSupportedVersion: min,
        maxSupportedVersion: max,
      })),
      rack: null,
      fenced: false,
      inControlledShutdown: false,
      logDirs: [],
      cordonedLogDirs: null,
    },
  }
}

beforeEach(() => {
  draft = new MetadataFold()
  controller = { clusterId: 'c', node: nodeConfig(1), sessions: new Map() }
  for (const record of [featureLevel('metadata.version', 30), featureLevel('eligible.leader.replicas.version', 1)]) {
    draft.apply(record)
  }
  const topicId = 'dG9waWMtb25lLWlkLTEyMw'
  draft.apply({ type: 'TopicRecord', version: 0, value: { name: 't', topicId } })
  draft.apply(registration(1, new Map(supportedFeatures)))
})

function told(
  answer: { errorCode?: number | undefined; errorMessage?: string | null | undefined } | undefined,
): string {
  return `${errorName(answer?.errorCode ?? 0)} ${answer?.errorMessage ?? ''}`.trim()
}

type Values = Readonly<Record<string, string | null>>

function alter(type: number, name: string, values: Values, validateOnly = false): string {
  const configs = Object.entries(values).map(([key, value]) => ({ name: key, value }))
  const request = { resources: [{ resourceType: type, resourceName: name, configs }], validateOnly }
  const response = take(decideAlterConfigs(draft, controller.node, request))
  encode(apis.AlterConfigs.response, 2, response)
  return told(response.responses![0])
}

function set(type: number, name: string, values: Values, validateOnly = false): string {
  const configs = Object.entries(values).map(([key, value]) => ({ name: key, configOperation: 0, value }))
  const request = { resources: [{ resourceType: type, resourceName: name, configs }], validateOnly }
  return told(take(decideIncrementalAlterConfigs(draft, controller.node, request)).responses![0])
}

describe('AlterConfigs', () => {
  test('replaces all of a resource, tries when it is told to, and changes nothing when one value is wrong', () => {
    expect(alter(TOPIC, 't', { 'retention.ms': '1000', 'segment.bytes': '2000000' })).toBe('NONE')
    expect(alter(TOPIC, 't', { 'cleanup.policy': 'compact' }, true)).toBe('NONE')
    expect(configsOf(draft, TOPIC, 't').size).toBe(2)
    expect(alter(TOPIC, 't', { 'cleanup.policy': 'compact', 'segment.bytes': 'x' })).toBe(
      'INVALID_CONFIG Invalid value x for configuration segment.bytes: Not a number of type INT',
    )
    expect(alter(TOPIC, 't', { 'retention.ms': null })).toBe(
      'INVALID_REQUEST Null value not supported for : retention.ms',
    )
    expect(configsOf(draft, TOPIC, 't').size).toBe(2)
    expect(alter(TOPIC, 't', { 'retention.ms': '5' })).toBe('NONE')
    expect(configsOf(draft, TOPIC, 't')).toEqual(new Map([['retention.ms', '5']]))
    expect(alter(TOPIC, 't', {})).toBe('NONE')
    expect(configsOf(draft, TOPIC, 't').size).toBe(0)
  })

  test('knows topics and brokers that are there, no loggers', () => {
    expect(alter(TOPIC, 'none', {})).toBe("UNKNOWN_TOPIC_OR_PARTITION The topic 'none' does not exist.")
    expect(alter(TOPIC, '', {})).toBe('INVALID_REQUEST Default topic resources are not allowed.')
    expect(alter(8, '1', { root: 'DEBUG' })).toBe('INVALID_REQUEST Unknown resource type 8')
    expect(alter(BROKER, '7', { 'num.io.threads': '3' })).toBe('BROKER_ID_NOT_REGISTERED No node with id 7 found.')
  })

  test('what all brokers need while ELR is on cannot be taken away by leaving it out', () => {
    set(BROKER, '', { 'min.insync.replicas': '2' })
    expect(alter(BROKER, '', { 'log.retention.ms': '5' })).toBe(
      'INVALID_CONFIG Cluster-level min.insync.replicas cannot be removed while ELR is enabled.',
    )
    expect(alter(BROKER, '', { 'log.retention.ms': '5', 'min.insync.replicas': '2' })).toBe('NONE')
  })
})

describe('configurations of running brokers', () => {
  test.each([
    [
      { 'num.partitions': '3', 'log.dirs': '/x' },
      'Cannot update these configs dynamically: [num.partitions, log.dirs]',
    ],
    [{ 'min.insync.replicas': '0' }, 'Invalid value 0 for configuration min.insync.replicas: Value must be at least 1'],
    [
      { 'leader.replication.throttled.rate': '-5' },
      'Invalid value -5 for configuration leader.replication.throttled.rate: Value must be at least 0',
    ],
  ])('%j is refused', (values, sentence) => {
    expect(set(BROKER, '1', values)).toBe(`INVALID_REQUEST ${sentence}`)
    expect(configsOf(draft, BROKER, '1').size).toBe(0)
  })

  // DynamicBrokerConfig.validate of Kafka 4.3.1 says so, with "requirement failed: " before most of it.
  test.each<[Values, string]>([
    [
      { 'max.connections.per.ip': '0' },
      'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
    ],
    [
      { 'max.connections.per.ip.overrides': 'foo' },
      "Error parsing configuration property 'max.connections.per.ip.overrides': foo is not an address:number",
    ],
    [
      { 'max.connections.per.ip.overrides': '10.0.0.1:x' },
      "Error parsing configuration property 'max.connections.per.ip.overrides': 10.0.0.1:x is not an address:number",
    ],
    [{ 'log.retention.ms': '0' }, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1'],
    [{ 'log.roll.ms': '0' }, 'log.roll.ms must be greater than or equal to 1'],
    [{ 'log.roll.jitter.ms': '-1' }, 'log.roll.jitter.ms must be greater than or equal to 0'],
    [{ 'log.cleaner.threads': '200' }, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.'],
    [{ 'log.cleaner.threads': '0' }, 'log.cleaner.threads must be at least 1'],
  ])('%j cannot be, on one or on all', (values, sentence) => {
    for (const name of ['', '1']) expect(set(BROKER, name, values)).toBe(`INVALID_REQUEST ${sentence}`)
  })

  test('what one broker has and what all have must stand together, also when something is taken away', () => {
    expect(set(BROKER, '', { 'max.connections.per.ip.overrides': '127.0.0.1:3, [::1]:4' })).toBe('NONE')
    expect(set(BROKER, '1', { 'max.connections.per.ip': '0' })).toBe('NONE')
    expect(alter(BROKER, '1', { 'max.connections.per.ip': '0', 'log.retention.ms': '-5' })).toBe('NONE')
    expect(set(BROKER, '', { 'max.connections.per.ip': '0' })).toBe('NONE')
    expect(alter(BROKER, '', { 'max.connections.per.ip': '0', 'min.insync.replicas': '2' })).toContain(
      'can be set to zero only if',
    )
    expect(set(BROKER, '', { 'log.cleaner.threads': '100' })).toBe('NONE')
    expect(set(BROKER, '1', { 'log.cleaner.dedupe.buffer.size': '2000000' })).toContain('at least 1MB per cleaner')
  })

  test('listeners are per broker, and read when a node starts', () => {
    expect(set(BROKER, '', { listeners: 'PLAINTEXT://:1' })).toBe(
      'INVALID_REQUEST Cannot update these configs at default cluster level, broker id must be specified: [listeners]',
    )
    expect(set(BROKER, '1', { listeners: 'PLAINTEXT://:1' })).toContain('restart it')
  })

  test('one broker, all of them, and names that nobody knows', () => {
    expect(set(BROKER, '1', { 'leader.replication.throttled.rate': '1000' })).toBe('NONE')
    expect(set(BROKER, '', { 'log.retention.ms': '5000' })).toBe('NONE')
    expect(set(BROKER, '1', { 'plugin.of.mine': 'x' })).toBe('NONE')
    expect([...configsOf(draft, BROKER, '1').keys()]).toEqual(['leader.replication.throttled.rate', 'plugin.of.mine'])
  })
})

describe('groups and subscriptions of client metrics', () => {
  test.each([
    [{ foo: '5' }, 'INVALID_CONFIG Unknown group config name: foo'],
    [
      { 'consumer.session.timeout.ms': '0' },
      'INVALID_CONFIG Invalid value 0 for configuration consumer.session.timeout.ms: Value must be at least 1',
    ],
    [
      { 'consumer.session.timeout.ms': '5' },
      'INVALID_CONFIG consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [
      { 'consumer.heartbeat.interval.ms': '20000' },
      'INVALID_CONFIG consumer.heartbeat.interval.ms must be less than or equal to group.consumer.max.heartbeat.interval.ms',
    ],
    [{ 'consumer.session.timeout.ms': '50000', 'share.auto.offset.reset': 'by_duration:PT1H' }, 'NONE'],
  ])('group %j', (values, outcome) => {
    expect(set(GROUP, 'g', values)).toBe(outcome)
    expect(configsOf(draft, GROUP, 'g').size).toBe(outcome === 'NONE' ? 2 : 0)
  })

  test.each([
    [
      { 'interval.ms': '1' },
      'INVALID_REQUEST Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    [{ match: 'foo=x' }, 'INVALID_CONFIG Illegal client matching pattern: foo=x'],
    [{ match: 'client_id=[' }, 'INVALID_CONFIG Illegal client matching pattern: client_id=['],
    [{ foo: '1' }, 'INVALID_REQUEST Unknown client metrics configuration: foo'],
    [{ metrics: 'org.apache', 'interval.ms': '1000', match: 'client_id=x' }, 'NONE'],
  ])('subscription %j', (values, outcome) => {
    expect(set(METRICS, 'm', values)).toBe(outcome)
  })

  test('need a name', () => {
    expect(set(GROUP, '', {})).toBe('INVALID_REQUEST Default group resources are not allowed.')
    expect(set(METRICS, '', {})).toBe("INVALID_REQUEST Subscription name can't be empty")
  })
})

describe('UpdateFeatures', () => {
  const UP = 1
  const SAFE = 2
  const UNSAFE = 3
  type Update = readonly [feature: string, level: number, upgradeType: number]

  function update(updates: readonly Update[], validateOnly = false, version = 2): string {
    const featureUpdates = updates.map(([feature, maxVersionLevel, upgradeType]) => ({
      feature,
      maxVersionLevel,
      allowDowngrade: false,
      upgradeType,
    }))
    const context = { now: 0, version, nextOffset: 0, random: new SeededRandom(3) }
    const request = { timeoutMs: 1, featureUpdates, validateOnly }
    const response = take(decideUpdateFeatures(draft, controller.node, request, context))
    encode(apis.UpdateFeatures.response, version, response)
    return told(response).replace('The update failed for all features since the following feature had an error: ', '')
  }
  const invalid = (feature: string, level: number, why: string): string =>
    `INVALID_UPDATE_VERSION Invalid update version ${level} for feature ${feature}. ${why}`
  const MV = 'metadata.version'
  const ELR = 'eligible.leader.replicas.version'
  const DOWN =
    "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade."

  test.each([
    [MV, 29, UP, invalid(MV, 29, DOWN)],
    [MV, 6, SAFE, invalid(MV, 6, 'Local controller 1 only supports versions 7-30')],
    [MV, 31, UP, invalid(MV, 31, 'Local controller 1 only supports versions 7-30')],
    [MV, 30, 9, invalid(MV, 30, 'The controller does not support the given upgrade type.')],
    [MV, -1, UP, invalid(MV, -1, 'A feature version cannot be less than 0.')],
    [MV, 30, UP, 'NONE'],
    ['foo', 1, UP, invalid('foo', 1, 'Local controller 1 does not support this feature.')],
    ['kraft.version', 0, SAFE, invalid('kraft.version', 0, "Can't downgrade the version of this feature.")],
    ['kraft.version', 1, UP, 'NONE'],
    [ELR, 0, UP, invalid(ELR, 0, DOWN)],
    [ELR, 0, SAFE, 'NONE'],
  ])('%s to %i by %i', (feature, level, upgradeType, outcome) => {
    expect(update([[feature, level, upgradeType]])).toBe(outcome)
  })

  test('a downgrade that would forget something is refused; one that would not is done', () => {
    const refused = (why: string): string =>
      `INVALID_UPDATE_VERSION Unsupported metadata.version downgrade from 30 to 29. ${why}`
    expect(update([[MV, 29, SAFE]])).toBe(
      refused('Refusing to perform the requested downgrade because it might delete metadata information.'),
    )
    expect(update([[MV, 29, UNSAFE]])).toBe(refused('Unsafe metadata downgrade is not supported in this version.'))
    draft.apply(featureLevel(MV, 29))
    expect(update([[MV, 25, SAFE]], true)).toBe('NONE')
    expect(draft.features.get(MV)).toBe(29)
    expect(update([[MV, 25, SAFE]])).toBe('NONE')
    expect(draft.features.get(MV)).toBe(25)
    expect(update([[MV, 26, SAFE]])).toBe(invalid(MV, 26, "Can't downgrade to a newer version."))
    expect(update([[MV, 30, UP]])).toBe('NONE')
  })

  test('all of a request or nothing, and only what every broker serves', () => {
    draft.apply(featureLevel(MV, 29))
    expect(
      update([
        [MV, 30, UP],
        ['foo', 1, UP],
      ]),
    ).toContain('foo')
    expect(draft.features.get(MV)).toBe(29)
    draft.apply(registration(2, new Map([[MV, { min: 7, max: 29 }]])))
    expect(update([[MV, 30, UP]])).toBe(invalid(MV, 30, 'Broker 2 only supports versions 7-29'))
    expect(update([[ELR, 1, UP]])).toBe(invalid(ELR, 1, 'Broker 2 does not support this feature.'))
  })

  test('turning ELR on gives the cluster one min.insync.replicas and takes those of single brokers away', () => {
    update([[ELR, 0, SAFE]])
    set(BROKER, '1', { 'min.insync.replicas': '1' })
    expect(update([[ELR, 1, UP]])).toBe('NONE')
    expect(configsOf(draft, BROKER, '').get('min.insync.replicas')).toBe('2')
    expect(configsOf(draft, BROKER, '1').size).toBe(0)
  })

  test('versions 0 and 1 tell each feature', () => {
    const context = { now: 0, version: 1, nextOffset: 0, random: new SeededRandom(3) }
    const featureUpdates = [{ feature: MV, maxVersionLevel: 30, allowDowngrade: false, upgradeType: UP }]
    const request = { timeoutMs: 1, featureUpdates, validateOnly: true }
    const response = decideUpdateFeatures(draft, controller.node, request, context).response
    expect(response.results).toEqual([{ feature: MV, errorCode: 0, errorMessage: 'NONE' }])
  })
})

describe('AlterClientQuotas', () => {
  type Entity = readonly (readonly [type: string, name: string | null])[]
  type Ops = Readonly<Record<string, number | null>>
  const entry = (entity: Entity, ops: Ops): Parameters<typeof decideAlterClientQuotas>[1]['entries'][number] => ({
    entity: entity.map(([entityType, entityName]) => ({ entityType, entityName })),
    ops: Object.entries(ops).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
  })
  function limit(entity: Entity, ops: Ops, validateOnly = false): string {
    const response = take(decideAlterClientQuotas(draft, { entries: [entry(entity, ops)], validateOnly }))
    encode(apis.AlterClientQuotas.response, 1, response)
    return told(response.entries![0])
  }

  test.each<[Entity, Ops, string]>([
    [[['client-id', 'c']], { consumer_byte_rate: 1000.5 }, 'consumer_byte_rate cannot be a fractional value.'],
    [[['user', 'u']], { connection_creation_rate: 3 }, 'Invalid configuration key connection_creation_rate'],
    [[['ip', '::::']], { connection_creation_rate: 3 }, ':::: is not a valid IP or resolvable host.'],
    [[['ip', 'no.such.host.']], { connection_creation_rate: 3 }, 'no.such.host. is not a valid IP or resolvable host.'],
    [
      [
        ['ip', '127.0.0.1'],
        ['user', 'u'],
      ],
      { connection_creation_rate: 3 },
      'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId',
    ],
    [[], { producer_byte_rate: 3 }, 'Invalid empty client quota entity'],
    [[['foo', 'x']], { producer_byte_rate: 3 }, 'Unhandled client quota entity type: foo'],
    [[['user', '']], { producer_byte_rate: 3 }, 'Empty user not supported'],
    [[['user', 'u']], { producer_byte_rate: 0 }, 'Quota producer_byte_rate must be greater than 0'],
    [[['user', 'u']], { producer_byte_rate: 1e300 }, 'Proposed value for producer_byte_rate is too large for a LONG.'],
    [
      [['ip', null]],
      { connection_creation_rate: 1e12 },
      'Proposed value for connection_creation_rate is too large for an INT.',
    ],
  ])('%j %j is refused', (entity, ops, sentence) => {
    expect(limit(entity, ops)).toBe(`INVALID_REQUEST ${sentence}`)
    expect(draft.clientQuotas.size).toBe(0)
  })

  test('sets, changes and removes; whatever the order of an entity’s parts', () => {
    const both: Entity = [
      ['user', null],
      ['client-id', 'c'],
    ]
    expect(limit(both, { request_percentage: 12.5, producer_byte_rate: 7 })).toBe('NONE')
    expect(limit([...both].reverse(), { producer_byte_rate: 8 }, true)).toBe('NONE')
    expect([...draft.clientQuotas.values()].map(({ key, value }) => [key, value])).toEqual([
      ['request_percentage', 12.5],
      ['producer_byte_rate', 7],
    ])
    expect(limit([...both].reverse(), { producer_byte_rate: null, consumer_byte_rate: null })).toBe('NONE')
    expect(draft.clientQuotas.size).toBe(1)
    const again = new MetadataFold()
    for (const record of imageToRecords(draft)) again.apply(record)
    expect(again.clientQuotas).toEqual(draft.clientQuotas)
  })

  test('what stands there already needs no record, and an entity named twice is refused once', () => {
    limit([['user', 'u']], { producer_byte_rate: 7 })
    const one = entry([['user', 'u']], { producer_byte_rate: 7 })
    expect(decideAlterClientQuotas(draft, { entries: [one], validateOnly: false }).records).toEqual([])
    const twice = decideAlterClientQuotas(draft, { entries: [one, one], validateOnly: false })
    expect(twice.response.entries!.map(told)).toEqual([
      'INVALID_REQUEST Ignoring duplicate entity ClientQuotaEntity(entries={user=u})',
    ])
  })
})
