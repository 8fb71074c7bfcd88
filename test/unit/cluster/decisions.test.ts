// Single decisions whose answers have many fields: CreateTopics, CreatePartitions, DeleteTopics, IncrementalAlterConfigs,
// producer ids, bootstrap.

import { beforeEach, describe, expect, test } from 'vitest'
import type { Controller, Decision, DecisionContext } from '../../../cluster/controller/index.ts'
import {
  activationRecords,
  decideAllocateProducerIds,
  decideAlterPartitionReassignments,
  decideCreatePartitions,
  decideCreateTopics,
  decideDeleteTopics,
  decideElectLeaders,
  decideHeartbeat,
  decideIncrementalAlterConfigs,
  decideListPartitionReassignments,
  decideRegisterBroker,
  defaultBootstrapRecords,
  startSessions,
} from '../../../cluster/controller/index.ts'
import { emptyChange } from '../../../cluster/controller/partition-change.ts'
import { configsOf, MetadataFold, supportedFeatures, topicByName } from '../../../cluster/metadata/index.ts'
import { LOST_DIR, MIGRATING_DIR, SeededRandom } from '../../../src/base/index.ts'
import type { CreateTopicsRequest, MetadataRecord } from '../../../src/wire/index.ts'
import { apis, encode, errorName } from '../../../src/wire/index.ts'
import { nodeConfig } from './fixtures.ts'

let draft: MetadataFold
let controller: Controller
let written: MetadataRecord[]

function context(version = 7): DecisionContext {
  return { now: 0, version, nextOffset: written.length, random: new SeededRandom(3) }
}

function take<Response>(decision: Decision<Response>): Response {
  for (const record of decision.records) {
    draft.apply(record)
    written.push(record)
  }
  return decision.response
}

beforeEach(() => {
  draft = new MetadataFold()
  written = []
  const node = nodeConfig(1, { 'num.partitions': '2', 'log.retention.ms': '3600000' })
  controller = { clusterId: 'c', node, sessions: new Map() }
  take({ records: activationRecords(draft, true, defaultBootstrapRecords(), node), response: null })
  startSessions(controller, draft, 0)
  for (const id of [1, 2, 3]) {
    const features = [...supportedFeatures].map(([name, range]) => ({
      name,
      minSupportedVersion: range.min,
      maxSupportedVersion: range.max,
    }))
    const request = {
      brokerId: id,
      clusterId: 'c',
      incarnationId: `incarnation${id}AAAAAAAAAA`,
      listeners: [],
      features,
      rack: null,
      isMigratingZkBroker: false,
      logDirs: [`directory${id}AAAAAAAAAAAA`],
      previousBrokerEpoch: -1,
    }
    const { brokerEpoch } = take(decideRegisterBroker(controller, draft, request, context(4)))
    const heartbeat = {
      brokerId: id,
      brokerEpoch: brokerEpoch!,
      currentMetadataOffset: written.length,
      wantFence: false,
      wantShutDown: false,
      offlineLogDirs: [],
      cordonedLogDirs: null,
    }
    take(decideHeartbeat(controller, draft, heartbeat, context(2)))
  }
})

type Topic = CreateTopicsRequest['topics'][number]

function topic(name: string, more: Partial<Topic> = {}): Topic {
  return { name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...more }
}

function create(topics: Topic[], validateOnly = false): string[] {
  const response = take(decideCreateTopics(draft, controller.node, { topics, timeoutMs: 1, validateOnly }, context()))
  encode(apis.CreateTopics.response, 7, response)
  return response.topics!.map((t) => `${t.name} ${errorName(t.errorCode ?? 0)}`)
}

describe('CreateTopics', () => {
  test('uses the defaults of the node for -1, and tells the effective configuration with its sources', () => {
    const configs = [{ name: 'segment.bytes', value: '2097152' }]
    const topics = [topic('t', { numPartitions: -1, replicationFactor: -1, configs })]
    const request = { topics, timeoutMs: 1, validateOnly: false }
    const answer = take(decideCreateTopics(draft, controller.node, request, context())).topics![0]!
    expect(answer).toMatchObject({ numPartitions: 2, replicationFactor: 3, errorCode: 0 })
    const sources = new Map(answer.configs!.map((c) => [c.name, [c.value, c.configSource]]))
    expect(sources.get('segment.bytes')).toEqual(['2097152', 1])
    expect(sources.get('min.insync.replicas')).toEqual(['2', 3])
    expect(sources.get('retention.ms')).toEqual(['3600000', 4])
    expect(sources.get('cleanup.policy')).toEqual(['delete', 5])
    expect(sources.size).toBe(answer.configs!.length)
    expect(configsOf(draft, 2, 't')).toEqual(new Map([['segment.bytes', '2097152']]))
  })

  test('judges every topic by itself; a name that comes twice is refused once', () => {
    const outcomes = create([topic('a'), topic('b/'), topic('c'), topic('d'), topic('d'), topic('x.y'), topic('x_y')])
    expect(outcomes).toEqual([
      'a NONE',
      'b/ INVALID_TOPIC_EXCEPTION',
      'c NONE',
      'd INVALID_REQUEST',
      'x.y NONE',
      'x_y INVALID_TOPIC_EXCEPTION',
    ])
    expect([...draft.topicIds.keys()].sort()).toEqual(['a', 'c', 'x.y'])
  })

  test('validates without creating', () => {
    expect(create([topic('a'), topic('..')], true)).toEqual(['a NONE', '.. INVALID_TOPIC_EXCEPTION'])
    expect(draft.topics.size).toBe(0)
  })

  test('takes a manual assignment as it is, if it is whole', () => {
    const manual = (...lists: [number, number[]][]): Topic =>
      topic('m', {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: lists.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
      })
    expect(create([manual([0, [1]], [2, [2]])])).toEqual(['m INVALID_REPLICA_ASSIGNMENT'])
    expect(create([manual([0, [1, 2]], [1, [2]])])).toEqual(['m INVALID_REPLICA_ASSIGNMENT'])
    expect(create([manual([0, []])])).toEqual(['m INVALID_REPLICA_ASSIGNMENT'])
    expect(create([{ ...manual([0, [1]]), replicationFactor: 1 }])).toEqual(['m INVALID_REQUEST'])
    expect(create([manual([1, [3, 1]], [0, [2, 3]])])).toEqual(['m NONE'])
    const partitions = topicByName(draft, 'm')!.partitions
    expect([partitions.get(0)!.replicas, partitions.get(1)!.replicas]).toEqual([
      [2, 3],
      [3, 1],
    ])
  })

  test('refuses what would not fit one batch, and keeps the rest (S55)', () => {
    const outcomes = create([topic('a', { numPartitions: 9_000 }), topic('b', { numPartitions: 2_000 }), topic('c')])
    expect(outcomes).toEqual(['a NONE', 'b POLICY_VIOLATION', 'c NONE'])
  })

  test('gives every topic another id', () => {
    const random = new SeededRandom(1)
    const ids = ['a', 'b'].map((name) => {
      const request = { topics: [topic(name)], timeoutMs: 1, validateOnly: false }
      return decideCreateTopics(draft, controller.node, request, { ...context(), random }).response.topics![0]!.topicId
    })
    expect(new Set(ids).size).toBe(2)
  })
})

describe('CreatePartitions', () => {
  const grow = (name: string, count: number, assignments: { brokerIds: number[] }[] | null = null): string => {
    const request = { topics: [{ name, count, assignments }], timeoutMs: 1, validateOnly: false }
    const [result] = take(decideCreatePartitions(draft, request, context(3))).results!
    return `${errorName(result!.errorCode ?? 0)} ${result!.errorMessage ?? ''}`.trim()
  }

  test('adds with the replication factor that the topic has', () => {
    create([topic('t', { replicationFactor: 2 })])
    expect(grow('t', 3)).toBe('NONE')
    expect([...topicByName(draft, 't')!.partitions.values()].map((p) => p.replicas.length)).toEqual([2, 2, 2])
    expect(grow('t', 4, [{ brokerIds: [3, 1] }])).toBe('NONE')
    expect(topicByName(draft, 't')!.partitions.get(3)!.replicas).toEqual([3, 1])
  })

  test('while the first one moves, as many as it will have', () => {
    create([topic('t', { numPartitions: 1, replicationFactor: 1 })])
    const first = topicByName(draft, 't')!.partitions.get(0)!.replicas[0]!
    const replicas = [1, 2, 3].filter((id) => id !== first)
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas }] }]
    take(
      decideAlterPartitionReassignments(draft, controller.node, {
        timeoutMs: 1,
        allowReplicationFactorChange: true,
        topics,
      }),
    )
    expect(topicByName(draft, 't')!.partitions.get(0)!.replicas.length).toBe(3)
    expect(grow('t', 2)).toBe('NONE')
    expect(topicByName(draft, 't')!.partitions.get(1)!.replicas.length).toBe(2)
  })

  test("refuses in Kafka's words", () => {
    create([topic('t', { numPartitions: 2 })])
    expect(grow('t', 2)).toBe('INVALID_PARTITIONS Topic already has 2 partition(s).')
    expect(grow('t', 1)).toBe(
      'INVALID_PARTITIONS The topic t currently has 2 partition(s); 1 would not be an increase.',
    )
    expect(grow('none', 2)).toBe('UNKNOWN_TOPIC_OR_PARTITION This server does not host this topic-partition.')
    expect(grow('t', 4, [{ brokerIds: [1] }])).toBe(
      'INVALID_REPLICA_ASSIGNMENT Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    )
    expect(grow('t', 3, [{ brokerIds: [1, 2] }])).toContain('INVALID_REPLICA_ASSIGNMENT')
    expect(grow('t', 20_000)).toContain('POLICY_VIOLATION')
  })
})

describe('DeleteTopics', () => {
  const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA'
  const remove = (topics: { name: string | null; topicId: string }[]): string[] => {
    const request = { topics, topicNames: [], timeoutMs: 1 }
    return take(decideDeleteTopics(draft, controller.node, request, context(6))).responses!.map((r) =>
      errorName(r.errorCode ?? 0),
    )
  }

  test('by name, by id, both, neither, twice and unknown', () => {
    create([topic('a'), topic('b'), topic('c')])
    const id = draft.topicIds.get('b')!
    expect(
      remove([
        { name: 'a', topicId: ZERO },
        { name: null, topicId: id },
      ]),
    ).toEqual(['NONE', 'NONE'])
    expect(
      remove([
        { name: 'c', topicId: ZERO },
        { name: 'c', topicId: ZERO },
      ]),
    ).toEqual(['INVALID_REQUEST'])
    expect(remove([{ name: 'c', topicId: id }])).toEqual(['INVALID_REQUEST'])
    expect(remove([{ name: null, topicId: ZERO }])).toEqual(['INVALID_REQUEST'])
    expect(remove([{ name: null, topicId: id }])).toEqual(['UNKNOWN_TOPIC_ID'])
    expect(remove([{ name: 'a', topicId: ZERO }])).toEqual(['UNKNOWN_TOPIC_OR_PARTITION'])
    expect([...draft.topicIds.keys()]).toEqual(['c'])
  })

  test("takes a topic's configuration along", () => {
    create([topic('a', { configs: [{ name: 'retention.ms', value: '5' }] })])
    remove([{ name: 'a', topicId: ZERO }])
    expect(configsOf(draft, 2, 'a').size).toBe(0)
  })
})

describe('IncrementalAlterConfigs', () => {
  const SET = 0
  const DELETE = 1
  const APPEND = 2
  const SUBTRACT = 3
  function alter(type: number, name: string, ...edits: [string, number, string | null][]): string {
    const configs = edits.map(([key, configOperation, value]) => ({ name: key, configOperation, value }))
    const request = { resources: [{ resourceType: type, resourceName: name, configs }], validateOnly: false }
    const [result] = take(decideIncrementalAlterConfigs(draft, controller.node, request)).responses!
    return `${errorName(result!.errorCode ?? 0)} ${result!.errorMessage ?? ''}`.trim()
  }

  test('sets, appends, subtracts and deletes', () => {
    create([topic('t')])
    const policy = (): string | undefined => configsOf(draft, 2, 't').get('cleanup.policy')
    expect(alter(2, 't', ['cleanup.policy', APPEND, 'compact'])).toBe('NONE')
    expect(policy()).toBe('delete,compact')
    expect(alter(2, 't', ['cleanup.policy', SUBTRACT, 'delete'])).toBe('NONE')
    expect(policy()).toBe('compact')
    expect(alter(2, 't', ['cleanup.policy', DELETE, null])).toBe('NONE')
    expect(policy()).toBeUndefined()
    const records = written.length
    expect(alter(2, 't', ['cleanup.policy', DELETE, null])).toBe('NONE')
    expect(written.length).toBe(records)
  })

  test('changes a resource whole or not at all', () => {
    create([topic('t')])
    expect(alter(2, 't', ['retention.ms', SET, '1'], ['segment.ms', SET, 'x'])).toContain('INVALID_CONFIG')
    expect(alter(2, 't', ['retention.ms', SET, '1'], ['retention.ms', SET, '2'])).toContain('INVALID_REQUEST')
    expect(alter(2, 't', ['retention.ms', SET, null])).toContain('INVALID_REQUEST Null value not supported')
    expect(alter(2, 't', ['retention.ms', APPEND, '1'])).toContain("Can't APPEND to key retention.ms")
    expect(alter(2, 't', ['retention.ms', 7, '1'])).toContain('Unknown operations type 7')
    expect(alter(2, 't', ['min.compaction.lag.ms', SET, '9'], ['max.compaction.lag.ms', SET, '5'])).toContain(
      'conflict',
    )
    expect(configsOf(draft, 2, 't').size).toBe(0)
  })

  test('knows brokers, the cluster and nothing else', () => {
    expect(alter(4, '2', ['log.cleaner.threads', SET, '2'])).toBe('NONE')
    expect(alter(4, '', ['log.cleaner.threads', SET, '3'])).toBe('NONE')
    expect(alter(4, '77', ['log.cleaner.threads', SET, '2'])).toBe('BROKER_ID_NOT_REGISTERED No node with id 77 found.')
    expect(alter(4, 'x', ['log.cleaner.threads', SET, '2'])).toContain('Unable to parse broker name')
    expect(alter(4, '2', ['log.dirs', SET, '/x'])).toContain('INVALID_REQUEST Cannot update these configs dynamically')
    expect(alter(8, '2', ['x', SET, '2'])).toContain('INVALID_REQUEST')
    expect(alter(4, '2', ['min.insync.replicas', SET, '1'])).toContain(
      'INVALID_CONFIG Broker-level min.insync.replicas',
    )
  })
})

describe('reassignments and elections', () => {
  const manual = (name: string, replicas: number[]): Topic => {
    const assignments = [0, 1].map((partitionIndex) => ({ partitionIndex, brokerIds: replicas }))
    return topic(name, { numPartitions: -1, replicationFactor: -1, assignments })
  }
  const move = (name: string, replicas: number[] | null): void => {
    const topics = [{ name, partitions: [{ partitionIndex: 1, replicas }] }]
    const request = { timeoutMs: 1, allowReplicationFactorChange: true, topics }
    const answer = take(decideAlterPartitionReassignments(draft, controller.node, request))
    encode(apis.AlterPartitionReassignments.response, 1, answer)
    expect(answer.responses![0]!.partitions![0]!.errorCode).toBe(0)
  }

  test('lists what moves, of all topics or of those asked for, and says nothing of what does not', () => {
    create([manual('a', [1, 2]), manual('b', [2, 1])])
    move('a', [2, 3])
    move('b', [3])
    const listed = (topics: { name: string; partitionIndexes: number[] }[] | null): unknown => {
      const answer = take(decideListPartitionReassignments(draft, { timeoutMs: 1, topics }))
      encode(apis.ListPartitionReassignments.response, 0, answer)
      return answer.topics
    }
    const ofA = { partitionIndex: 1, replicas: [2, 3, 1], addingReplicas: [3], removingReplicas: [1] }
    const ofB = { partitionIndex: 1, replicas: [3, 1, 2], addingReplicas: [3], removingReplicas: [1, 2] }
    expect(listed(null)).toEqual([
      { name: 'a', partitions: [ofA] },
      { name: 'b', partitions: [ofB] },
    ])
    const asked = [
      { name: 'nowhere', partitionIndexes: [0] },
      { name: 'b', partitionIndexes: [0, 1, 7] },
    ]
    expect(listed(asked)).toEqual([{ name: 'b', partitions: [ofB] }])
    expect(listed([])).toEqual([])
  })

  test('another order keeps directories, also those that nobody has named since an upgrade', () => {
    create([manual('a', [1, 2])])
    const { id } = topicByName(draft, 'a')!
    for (const directory of [MIGRATING_DIR, LOST_DIR]) {
      const value = { ...emptyChange(id, 1), directories: [directory, directory] }
      draft.apply({ type: 'PartitionChangeRecord', version: 2, value })
      const { replicas } = topicByName(draft, 'a')!.partitions.get(1)!
      move('a', [...replicas].reverse())
      // Who is told that it has none takes that for a replica that went away and came back: it would delete its log.
      expect(topicByName(draft, 'a')!.partitions.get(1)!.directories).toEqual([directory, directory])
    }
  })

  test('an election of no known type is refused as a whole', () => {
    const request = { electionType: 2, topicPartitions: null, timeoutMs: 1 }
    const answer = take(decideElectLeaders(draft, controller.node, request))
    encode(apis.ElectLeaders.response, 2, answer)
    expect(errorName(answer.errorCode ?? 0)).toBe('INVALID_REQUEST')
  })

  test('of all partitions those that need no election are not told of, their topics are', () => {
    create([manual('a', [1, 2])])
    const request = { electionType: 0, topicPartitions: null, timeoutMs: 1 }
    const answer = take(decideElectLeaders(draft, controller.node, request))
    encode(apis.ElectLeaders.response, 2, answer)
    expect(answer.replicaElectionResults).toEqual([{ topic: 'a', partitionResult: [] }])
  })
})

test('producer ids come in blocks of a thousand, for brokers under their own epoch', () => {
  const ask = (brokerId: number, brokerEpoch: number): unknown =>
    take(decideAllocateProducerIds(draft, { brokerId, brokerEpoch }))
  const epoch = draft.brokers.get(1)!.epoch
  expect(ask(1, epoch)).toMatchObject({ errorCode: 0, producerIdStart: 0, producerIdLen: 1000 })
  expect(ask(1, epoch)).toMatchObject({ errorCode: 0, producerIdStart: 1000, producerIdLen: 1000 })
  expect(ask(1, epoch - 1)).toMatchObject({ errorCode: 77 })
})

test('an unfinished bootstrap is aborted and written again', () => {
  const half = new MetadataFold()
  half.apply({ type: 'BeginTransactionRecord', version: 0, value: { name: 'Bootstrap records' } })
  const records = activationRecords(half, true, defaultBootstrapRecords(), controller.node)
  expect(records.map((record) => record.type)).toEqual([
    'AbortTransactionRecord',
    'BeginTransactionRecord',
    'FeatureLevelRecord',
    'FeatureLevelRecord',
    'ConfigRecord',
    'EndTransactionRecord',
  ])
  for (const record of records) half.apply(record)
  expect(half.publish(6, 1)!.features.get('metadata.version')).toBe(30)
  expect(activationRecords(half, false, [], controller.node)).toEqual([])
})
