// Properties text, what a whole node's configuration says about several mistakes, and what a topic inherits from where.

import { describe, expect, test } from 'vitest'
import {
  describeBrokerConfigs,
  describeTopicConfigs,
  nearestName,
  parseNodeConfig,
  parseProperties,
  resolveTopicConfig,
  withDynamicConfig,
} from '../../../src/config/index.ts'

const NOTHING = { broker: new Map<string, string>(), cluster: new Map<string, string>() }

function node(set: Record<string, string> = {}): ReturnType<typeof parseNodeConfig> {
  const base = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.bootstrap.servers': 'localhost:9093',
    listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093',
    'controller.listener.names': 'CONTROLLER',
  }
  return parseNodeConfig(new Map(Object.entries({ ...base, ...set })))
}

describe('parseProperties', () => {
  test.each([
    ['a=b', [['a', 'b', 1]]],
    [
      'a: b\nc d\n',
      [
        ['a', 'b', 1],
        ['c', 'd', 2],
      ],
    ],
    ['# note\n! note\n\n  a = b \n', [['a', 'b ', 4]]],
    [
      'a=one,\\\n   two\nb=3',
      [
        ['a', 'one,two', 1],
        ['b', '3', 3],
      ],
    ],
    ['a\\=b\\ c=d', [['a=b c', 'd', 1]]],
    ['path=c\\:\\\\x\\u0041\\t', [['path', 'c:\\xA\t', 1]]],
    [
      'a=1\na=2',
      [
        ['a', '1', 1],
        ['a', '2', 2],
      ],
    ],
    ['a', [['a', '', 1]]],
    [
      'a=b\\\\\nc=d',
      [
        ['a', 'b\\', 1],
        ['c', 'd', 2],
      ],
    ],
    ['a=b\\', [['a', 'b', 1]]],
    [
      'a=b\r\nc=d=e',
      [
        ['a', 'b', 1],
        ['c', 'd=e', 2],
      ],
    ],
  ])('%j', (text, expected) => {
    expect(parseProperties(text).map((p) => [p.name, p.value, p.line])).toEqual(expected)
  })
})

describe('parseNodeConfig', () => {
  test('tells every mistake at once', () => {
    expect(() => node({ 'num.partitions': '0', 'log.retention.ms': 'x', 'node.id': '-4' })).toThrow(
      /3 problems:\n.*node\.id.*\n.*num\.partitions.*\n.*log\.retention\.ms/s,
    )
  })

  test('warns of unknown names with the nearest known one, and lets plugins be', () => {
    expect(node({ 'num.partitons': '3', 'my.plugin.setting': 'x', 'listener.name.a.x': '1' }).warnings).toEqual([
      'Unknown configuration num.partitons is ignored: did you mean num.partitions?',
      'Unknown configuration my.plugin.setting is ignored',
    ])
  })

  test('longs saturate and defaults are typed', () => {
    const config = node()
    expect(config.long('log.flush.interval.messages')).toBe(Number.MAX_SAFE_INTEGER)
    expect(config.int('num.partitions')).toBe(1)
    expect(config.boolean('auto.create.topics.enable')).toBe(true)
    expect(config.double('log.cleaner.min.cleanable.ratio')).toBe(0.5)
    expect(() => config.int('no.such.thing')).toThrow('no.such.thing')
  })

  test('refuses what it does not serve', () => {
    expect(() => node({ 'authorizer.class.name': 'x' })).toThrow('leave the cluster open')
    expect(() => node({ 'replica.selector.class': 'my.Selector' })).toThrow('my.Selector is not served')
    for (const own of ['RackAwareReplicaSelector', 'LeaderSelector'])
      node({ 'replica.selector.class': `org.apache.kafka.common.replica.${own}` })
    expect(() => node({ listeners: 'SASL_SSL://:9092,CONTROLLER://:9093' })).toThrow(/SASL_SSL|CONTROLLER/)
  })

  test('log directories', () => {
    expect(node().logDirs).toEqual(['/tmp/kafka-logs'])
    expect(node({ 'log.dirs': '/a, /b' })).toMatchObject({ logDirs: ['/a', '/b'], metadataLogDir: '/a' })
    expect(node({ 'log.dir': '/a', 'metadata.log.dir': '/m' })).toMatchObject({ logDirs: ['/a'], metadataLogDir: '/m' })
    const spelled = node({ 'log.dirs': '/a/,//b//c,/', 'metadata.log.dir': '/b/c/' })
    expect(spelled).toMatchObject({ logDirs: ['/a', '/b/c', '/'], metadataLogDir: '/b/c' })
    expect(() => node({ 'log.dirs': '/a,/b,/a/' })).toThrow('log.dirs names /a twice')
  })
})

describe('resolveTopicConfig', () => {
  const retention = (overrides: object, dynamic: object, set: Record<string, string>): number =>
    resolveTopicConfig(
      new Map(Object.entries(overrides)),
      { broker: new Map(), cluster: new Map(Object.entries(dynamic)) },
      node(set),
    ).retentionMs

  test('precedence: topic, dynamic, ms before minutes before hours, default', () => {
    expect(retention({}, {}, {})).toBe(604_800_000)
    expect(retention({}, {}, { 'log.retention.hours': '2' })).toBe(7_200_000)
    expect(retention({}, {}, { 'log.retention.hours': '2', 'log.retention.minutes': '3' })).toBe(180_000)
    expect(retention({}, {}, { 'log.retention.minutes': '3', 'log.retention.ms': '5' })).toBe(5)
    expect(retention({}, { 'log.retention.ms': '7' }, { 'log.retention.ms': '5' })).toBe(7)
    expect(retention({ 'retention.ms': '9' }, { 'log.retention.ms': '7' }, {})).toBe(9)
    expect(retention({}, {}, { 'log.retention.hours': '-1' })).toBe(-1)
    expect(retention({ 'retention.ms': '9223372036854775807' }, {}, {})).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('internal.segment.bytes wins over segment.bytes and its smallest size', () => {
    const bytes = (overrides: object): number =>
      resolveTopicConfig(new Map(Object.entries(overrides)), NOTHING, node()).segmentBytes
    expect(bytes({ 'segment.bytes': '2000000' })).toBe(2_000_000)
    expect(bytes({ 'segment.bytes': '2000000', 'internal.segment.bytes': '1500' })).toBe(1500)
  })

  test('the defaults are Kafka’s, and the broker’s names reach the topic', () => {
    expect(resolveTopicConfig(new Map(), NOTHING, node())).toMatchObject({
      segmentBytes: 1_073_741_824,
      cleanupDelete: true,
      cleanupCompact: false,
      maxMessageBytes: 1_048_588,
      compressionType: 'producer',
      flush: 'os',
      minInsyncReplicas: 1,
      uncleanLeaderElection: false,
      producerIdExpirationMs: 86_400_000,
    })
    const set = { 'message.max.bytes': '77', 'log.cleanup.policy': 'compact,delete', 'odradek.log.flush.mode': 'fsync' }
    expect(resolveTopicConfig(new Map(), NOTHING, node(set))).toMatchObject({
      maxMessageBytes: 77,
      cleanupDelete: true,
      cleanupCompact: true,
      flush: 'fsync',
    })
  })
})

describe('describing', () => {
  test('a topic’s value carries its sources in order', () => {
    const dynamic = { broker: new Map(), cluster: new Map([['log.segment.bytes', '3000000']]) }
    const [config] = describeTopicConfigs(
      new Map([['segment.bytes', '2000000']]),
      dynamic,
      node({ 'log.segment.bytes': '4000000' }),
      ['segment.bytes'],
    )
    expect(config).toMatchObject({ value: '2000000', source: 'DYNAMIC_TOPIC_CONFIG' })
    expect(config!.synonyms.map((s) => `${s.source} ${s.name}=${s.value}`)).toEqual([
      'DYNAMIC_TOPIC_CONFIG segment.bytes=2000000',
      'DYNAMIC_DEFAULT_BROKER_CONFIG log.segment.bytes=3000000',
      'STATIC_BROKER_CONFIG log.segment.bytes=4000000',
      'DEFAULT_CONFIG log.segment.bytes=1073741824',
    ])
  })

  test('secrets and internal names stay out of a broker’s list', () => {
    const all = describeBrokerConfigs(NOTHING, node({ 'ssl.key.password': 'hush-hush' }), null)
    expect(all.find((config) => config.key.name === 'ssl.key.password')!.value).toBeNull()
    expect(JSON.stringify(all)).not.toContain('hush-hush')
    expect(all.some((config) => config.key.name.startsWith('odradek.'))).toBe(false)
    expect(all).toHaveLength(340)
  })

  test('dynamic values take effect over the file', () => {
    const dynamic = { broker: new Map([['num.io.threads', '3']]), cluster: new Map([['num.io.threads', '5']]) }
    const config = withDynamicConfig(node({ 'num.io.threads': '7' }), dynamic)
    expect(config.int('num.io.threads')).toBe(3)
    expect(config.nodeId).toBe(1)
  })
})

test('nearestName finds slips, not strangers', () => {
  expect(nearestName('retention.mss', ['retention.ms', 'retention.bytes'])).toBe('retention.ms')
  expect(nearestName('completely.else', ['retention.ms'])).toBeNull()
})
