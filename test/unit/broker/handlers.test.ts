// Handlers through `inject`: header, table, authorizer and both codecs, without a socket.

import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { InjectOptions } from '../../../src/broker/index.ts'
import {
  type Api,
  allApis,
  apis,
  buildBatch,
  errorCode,
  type Input,
  type Message,
  type MessageSchema,
} from '../../../src/wire/index.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

const batch = (): Uint8Array =>
  buildBatch({ records: [{ timestamp: 1, key: null, value: new Uint8Array(600), headers: [] }] })

async function ask<Req extends MessageSchema, Res extends MessageSchema>(
  side: RequestSide,
  api: Api<Req, Res>,
  version: number,
  request: Input<Req>,
  options?: InjectOptions,
): Promise<Message<Res>> {
  const answer = await side.broker.inject(api, version, request, options)
  if (answer.kind !== 'respond') throw new Error(`${api.name}: ${answer.kind}`)
  return answer.body
}

describe('ApiVersions', () => {
  const kafka = (listener: string): { key: number; min: number; max: number }[] =>
    readFileSync(new URL(`../../support/api-versions-${listener}.jsonl`, import.meta.url), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  test.each(['broker', 'controller'])('is Kafka 4.3.1’s on a %s listener for every API served', async (kind) => {
    const side = requestSide()
    const listener = kind === 'broker' ? 'CLIENT' : 'CONTROLLER'
    const { apiKeys } = await ask(side, apis.ApiVersions, 4, named(), { listener })
    const theirs = new Map(kafka(kind).map((row) => [row.key, row]))
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      expect({ key: apiKey, min: minVersion, max: maxVersion }).toMatchObject({
        key: apiKey,
        min: theirs.get(apiKey)?.min,
        max: theirs.get(apiKey)?.max,
      })
    }
    expect(apiKeys.length).toBe(kind === 'broker' ? 39 : 26)
    expect(apiKeys.map(({ apiKey }) => apiKey)).toEqual(apiKeys.map(({ apiKey }) => apiKey).sort((a, b) => a - b))
  })

  test('tells supported and finalized features, those from 0 only to version 4', async () => {
    const side = requestSide()
    const four = await ask(side, apis.ApiVersions, 4, named())
    expect(four.supportedFeatures).toContainEqual({ name: 'kraft.version', minVersion: 0, maxVersion: 1 })
    expect(four.finalizedFeatures).toContainEqual({
      name: 'metadata.version',
      maxVersionLevel: 30,
      minVersionLevel: 30,
    })
    expect(four.finalizedFeaturesEpoch).toBe(99)
    const three = await ask(side, apis.ApiVersions, 3, named())
    expect(three.supportedFeatures).toEqual([{ name: 'metadata.version', minVersion: 7, maxVersion: 30 }])
  })

  test('wants a software name that is one', async () => {
    const side = requestSide()
    const bad = await ask(side, apis.ApiVersions, 3, { clientSoftwareName: '-x', clientSoftwareVersion: '1' })
    expect(bad.errorCode).toBe(errorCode('INVALID_REQUEST'))
  })

  function named(): Input<typeof apis.ApiVersions.request> {
    return { clientSoftwareName: 'apache-kafka-java', clientSoftwareVersion: '4.3.1' }
  }
})

describe('Metadata', () => {
  test('every version answers, with the endpoints of the listener it came in by', async () => {
    const side = requestSide()
    for (let version = 0; version <= 13; version++) {
      const answer = await ask(side, apis.Metadata, version, { topics: version === 0 ? [] : null })
      expect(answer.brokers.map(({ host, port }) => `${host}:${port}`)).toEqual([
        'client-1:9001',
        'client-2:9002',
        'client-3:9003',
      ])
      expect(answer.topics).toMatchObject([
        { errorCode: 0, name: 'one', partitions: [{ leaderId: 1 }, { leaderId: 2 }] },
      ])
      if (version >= 1) expect(answer.controllerId).toBe(1)
      if (version >= 2) expect(answer.clusterId).toBe('cluster-of-tests-00001')
      if (version >= 10) expect(answer.topics[0]?.topicId).toBe(TOPIC_ID)
    }
    const internal = await ask(side, apis.Metadata, 12, { topics: [] }, { listener: 'INTERNAL' })
    expect(internal.topics).toEqual([])
    expect(internal.brokers[0]).toMatchObject({ host: 'internal-1', port: 9101 })
  })

  test('by id: found, unknown, and refused before version 12', async () => {
    const side = requestSide()
    const other = 'AAAAAAAAAAAAAAAAAAAABQ'
    const topics = [
      { topicId: TOPIC_ID, name: null },
      { topicId: other, name: null },
    ]
    const answer = await ask(side, apis.Metadata, 12, { topics })
    expect(answer.topics).toMatchObject([
      { errorCode: 0, name: 'one' },
      { errorCode: errorCode('UNKNOWN_TOPIC_ID'), name: null, topicId: other },
    ])
    const early = await ask(side, apis.Metadata, 10, { topics: [{ topicId: TOPIC_ID, name: 'one' }] })
    expect(early.topics[0]?.errorCode).toBe(errorCode('INVALID_REQUEST'))
  })

  test('unknown topics are created once while that lasts, invalid names never', async () => {
    const side = requestSide()
    const asked = { topics: [{ name: 'new' }, { name: 'new' }, { name: 'a/b' }, { name: 'one' }] }
    const answer = await ask(side, apis.Metadata, 9, asked)
    const errors = new Map(answer.topics.map(({ name, errorCode: code }) => [name, code]))
    expect(errors.get('new')).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    expect(errors.get('a/b')).toBe(errorCode('INVALID_TOPIC_EXCEPTION'))
    expect(answer.topics).toHaveLength(3)
    expect(side.cluster.submitted).toHaveLength(1)
    expect(side.cluster.submitted[0]).toMatchObject({
      api: 'CreateTopics',
      request: { topics: [{ name: 'new', numPartitions: 1, replicationFactor: 1 }] },
    })
    await ask(side, apis.Metadata, 9, { topics: [{ name: 'other' }], allowAutoTopicCreation: false })
    expect(side.cluster.submitted).toHaveLength(1)
  })

  test('nothing is created where the broker forbids it', async () => {
    const side = requestSide({ properties: { 'auto.create.topics.enable': 'false' } })
    await ask(side, apis.Metadata, 9, { topics: [{ name: 'new' }] })
    expect(side.cluster.submitted).toEqual([])
  })

  test('a dead leader, a leader without the listener, and who is offline', async () => {
    const image = imageOf({ one: { id: TOPIC_ID, partitions: [{ leader: -1, isr: [2] }, { leader: 2 }] } })
    const brokers = new Map(image.brokers)
    brokers.set(3, { ...brokers.get(3)!, fenced: true })
    brokers.set(2, { ...brokers.get(2)!, listeners: [{ name: 'INTERNAL', host: 'x', port: 1, securityProtocol: 0 }] })
    const side = requestSide({ image: { ...image, brokers } })
    const seven = await ask(side, apis.Metadata, 7, { topics: [{ name: 'one' }] })
    expect(seven.topics[0]?.partitions).toMatchObject([
      { errorCode: errorCode('LEADER_NOT_AVAILABLE'), leaderId: -1, replicaNodes: [1, 2, 3], offlineReplicas: [2, 3] },
      { errorCode: errorCode('LISTENER_NOT_FOUND'), leaderId: -1, offlineReplicas: [2, 3] },
    ])
    const zero = await ask(side, apis.Metadata, 0, { topics: [{ name: 'one' }] })
    expect(zero.topics[0]?.partitions[1]).toMatchObject({
      errorCode: errorCode('LEADER_NOT_AVAILABLE'),
      replicaNodes: [1],
    })
  })

  test('authorized operations where they are asked for', async () => {
    const side = requestSide()
    const flags = { includeTopicAuthorizedOperations: true, includeClusterAuthorizedOperations: true }
    const answer = await ask(side, apis.Metadata, 9, { topics: null, ...flags })
    expect(answer.clusterAuthorizedOperations).toBe(8096)
    expect(answer.topics[0]?.topicAuthorizedOperations).toBe(3576)
    const without = await ask(side, apis.Metadata, 9, { topics: null })
    expect(without.clusterAuthorizedOperations).toBe(-2147483648)
  })
})

describe('Produce', () => {
  const one = (records: Uint8Array | null, index = 0, name = 'one'): Input<typeof apis.Produce.request> => ({
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name, topicId: TOPIC_ID, partitionData: [{ index, records }] }],
  })

  test('every version appends the bytes as they came', async () => {
    const side = requestSide()
    for (let version = 3; version <= 13; version++) {
      const answer = await ask(side, apis.Produce, version, one(batch()))
      expect(answer.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: version - 3 })
    }
    expect(side.replication.appended[0]).toMatchObject({
      acks: -1,
      at: { topic: 'one', topicId: TOPIC_ID, partition: 0 },
    })
    expect(side.replication.appended[0]?.bytes).toEqual(batch())
    expect(side.replication.appended[0]?.deadline).toBe(2000)
  })

  test('versions 0 to 2 are refused by closing, as by Kafka', async () => {
    const side = requestSide()
    const frame = { ...apis.Produce, request: { ...apis.Produce.request, versions: '0-13' } }
    const answer = await side.broker.inject(frame, 2, one(batch()))
    expect(answer).toMatchObject({ kind: 'close', reason: 'Produce version 2 is not supported' })
  })

  test('acks=0 is never answered, and closes the connection on an error', async () => {
    const side = requestSide()
    expect(await side.broker.inject(apis.Produce, 9, { ...one(batch()), acks: 0 })).toEqual({ kind: 'silent' })
    side.replication.refusal = 'NOT_LEADER_OR_FOLLOWER'
    expect(await side.broker.inject(apis.Produce, 9, { ...one(batch()), acks: 0 })).toMatchObject({ kind: 'close' })
  })

  test('what the request alone is refused for', async () => {
    const side = requestSide()
    const error = async (version: number, request: Input<typeof apis.Produce.request>): Promise<number | undefined> =>
      (await ask(side, apis.Produce, version, request)).responses[0]?.partitionResponses[0]?.errorCode
    const twice = new Uint8Array([...batch(), ...batch()])
    const old = batch()
    old[16] = 1
    const zstd = batch()
    zstd[22] = 4
    expect(await error(9, one(null))).toBe(errorCode('INVALID_RECORD'))
    expect(await error(9, one(twice))).toBe(errorCode('INVALID_RECORD'))
    expect(await error(9, one(old))).toBe(errorCode('INVALID_RECORD'))
    expect(await error(9, one(batch().subarray(0, 80)))).toBe(errorCode('CORRUPT_MESSAGE'))
    expect(await error(6, one(zstd))).toBe(errorCode('UNSUPPORTED_COMPRESSION_TYPE'))
    expect(await error(9, { ...one(batch()), acks: 2 })).toBe(errorCode('INVALID_REQUIRED_ACKS'))
    expect(await error(9, { ...one(batch()), transactionalId: 't' })).toBe(errorCode('INVALID_TXN_STATE'))
    expect(await error(9, one(batch(), 9))).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    expect(await error(9, one(batch(), 0, 'none'))).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    const unknown = {
      ...one(batch()),
      topicData: [{ topicId: 'AAAAAAAAAAAAAAAAAAAABQ', partitionData: [{ index: 0, records: batch() }] }],
    }
    expect(await error(13, unknown)).toBe(errorCode('UNKNOWN_TOPIC_ID'))
    expect(side.replication.appended).toEqual([])
  })

  test('nobody but the admin client writes to internal topics', async () => {
    const image = imageOf({ __consumer_offsets: { id: TOPIC_ID, partitions: [{}] } })
    const side = requestSide({ image })
    const request = one(batch(), 0, '__consumer_offsets')
    const refused = await ask(side, apis.Produce, 9, request)
    expect(refused.responses[0]?.partitionResponses[0]?.errorCode).toBe(errorCode('INVALID_TOPIC_EXCEPTION'))
    const allowed = await ask(side, apis.Produce, 9, request, { clientId: '__admin_client' })
    expect(allowed.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
  })

  test('an error carries the new leader from version 10 on (KIP-951)', async () => {
    const side = requestSide()
    side.replication.refusal = 'NOT_LEADER_OR_FOLLOWER'
    side.replication.leader = { leaderId: 3, leaderEpoch: 6 }
    const ten = await ask(side, apis.Produce, 10, one(batch()))
    expect(ten.responses[0]?.partitionResponses[0]).toMatchObject({
      errorCode: errorCode('NOT_LEADER_OR_FOLLOWER'),
      baseOffset: -1,
      currentLeader: { leaderId: 3, leaderEpoch: 6 },
    })
    expect(ten.nodeEndpoints).toEqual([{ nodeId: 3, host: 'client-3', port: 9003, rack: 'rack-3' }])
    const nine = await ask(side, apis.Produce, 9, one(batch()))
    expect(nine.nodeEndpoints).toEqual([])
  })
})

describe('ListOffsets and OffsetForLeaderEpoch', () => {
  const listing = (timestamp: number, partitionIndex = 0): Input<typeof apis.ListOffsets.request> => ({
    replicaId: -1,
    topics: [{ name: 'one', partitions: [{ partitionIndex, timestamp }] }],
  })

  test('every version; special timestamps only from the version that has them', async () => {
    const side = requestSide()
    for (let version = 1; version <= 11; version++) {
      const answer = await ask(side, apis.ListOffsets, version, listing(-1))
      expect(answer.topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, offset: 42 })
    }
    const first: [number, number][] = [
      [-3, 7],
      [-4, 8],
      [-5, 9],
      [-6, 11],
    ]
    for (const [timestamp, since] of first) {
      const before = await ask(side, apis.ListOffsets, since - 1, listing(timestamp))
      expect(before.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('UNSUPPORTED_VERSION'))
      const from = await ask(side, apis.ListOffsets, since, listing(timestamp))
      expect(from.topics[0]?.partitions[0]?.errorCode).toBe(0)
    }
    const never = await ask(side, apis.ListOffsets, 11, listing(-7))
    expect(never.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('UNSUPPORTED_VERSION'))
  })

  test('twice the same partition, an unknown one, and OFFSET_NOT_AVAILABLE to old versions', async () => {
    const side = requestSide()
    const twice = {
      replicaId: -1,
      topics: [
        {
          name: 'one',
          partitions: [
            { partitionIndex: 0, timestamp: -1 },
            { partitionIndex: 0, timestamp: -2 },
          ],
        },
      ],
    }
    const answer = await ask(side, apis.ListOffsets, 6, twice)
    expect(answer.topics[0]?.partitions.map((partition) => partition.errorCode)).toEqual([
      errorCode('INVALID_REQUEST'),
      errorCode('INVALID_REQUEST'),
    ])
    const unknown = await ask(side, apis.ListOffsets, 6, listing(-1, 7))
    expect(unknown.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    side.replication.refusal = 'OFFSET_NOT_AVAILABLE'
    const four = await ask(side, apis.ListOffsets, 4, listing(-1))
    expect(four.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('LEADER_NOT_AVAILABLE'))
    const five = await ask(side, apis.ListOffsets, 5, listing(-1))
    expect(five.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('OFFSET_NOT_AVAILABLE'))
  })

  test('epochs end where the replica says; replica ids need the brokers’ listener', async () => {
    const side = requestSide()
    const topics = [{ topic: 'one', partitions: [{ partition: 0, leaderEpoch: 3 }] }]
    for (let version = 2; version <= 4; version++) {
      const answer = await ask(side, apis.OffsetForLeaderEpoch, version, { topics })
      expect(answer.topics[0]?.partitions[0]).toMatchObject({ errorCode: 0, leaderEpoch: 3, endOffset: 17 })
    }
    const forged = await ask(side, apis.OffsetForLeaderEpoch, 4, { replicaId: 2, topics })
    expect(forged.topics[0]?.partitions[0]?.errorCode).toBe(errorCode('TOPIC_AUTHORIZATION_FAILED'))
    const broker = await ask(side, apis.OffsetForLeaderEpoch, 4, { replicaId: 2, topics }, { listener: 'INTERNAL' })
    expect(broker.topics[0]?.partitions[0]?.errorCode).toBe(0)
  })
})

describe('InitProducerId', () => {
  test('ids out of the block, and the refusals', async () => {
    const side = requestSide()
    side.cluster.producerIds = [4000]
    for (let version = 0; version <= 5; version++) {
      side.cluster.producerIds = [4000 + version]
      const answer = await ask(side, apis.InitProducerId, version, { transactionalId: null, transactionTimeoutMs: 1 })
      expect(answer).toMatchObject({ errorCode: 0, producerId: 4000 + version, producerEpoch: 0 })
    }
    const none = await ask(side, apis.InitProducerId, 4, { transactionalId: null })
    expect(none).toMatchObject({ errorCode: errorCode('COORDINATOR_LOAD_IN_PROGRESS'), producerId: -1 })
    const txn = await ask(side, apis.InitProducerId, 4, { transactionalId: 't' })
    expect(txn.errorCode).toBe(errorCode('NOT_COORDINATOR'))
    const half = await ask(side, apis.InitProducerId, 4, { transactionalId: null, producerId: 5 })
    expect(half.errorCode).toBe(errorCode('INVALID_REQUEST'))
  })
})

describe('what the controller decides', () => {
  test('is passed on from a broker’s listener with the client’s time-out', async () => {
    const side = requestSide()
    side.cluster.answers.set('CreateTopics', { topics: [{ name: 'x', errorCode: 36, topicId: TOPIC_ID }] })
    for (let version = 2; version <= 7; version++) {
      const answer = await ask(side, apis.CreateTopics, version, { topics: [{ name: 'x' }], timeoutMs: 5000 })
      expect(answer.topics[0]).toMatchObject({ name: 'x', errorCode: 36 })
    }
    expect(side.cluster.submitted[0]).toMatchObject({ version: 2, context: { deadline: 6000, listener: 'CLIENT' } })
  })

  test('ElectLeaders 0 is asked in version 1, and what is said of the whole is said of its partitions only', async () => {
    const side = requestSide()
    const code = errorCode('NOT_CONTROLLER')
    const partitionResult = [{ partitionId: 0, errorCode: code, errorMessage: 'elsewhere' }]
    side.cluster.answers.set('ElectLeaders', {
      errorCode: code,
      replicaElectionResults: [{ topic: 'x', partitionResult }],
    })
    for (const version of [0, 1, 2]) {
      const answer = await ask(side, apis.ElectLeaders, version, {
        topicPartitions: [{ topic: 'x', partitions: [0] }],
        ...(version >= 1 ? { electionType: 1 } : {}),
      })
      expect(answer.errorCode).toBe(version === 0 ? 0 : code)
      expect(answer.replicaElectionResults[0]!.partitionResult).toEqual(partitionResult)
    }
    expect(side.cluster.submitted.map(({ version }) => version)).toEqual([1, 1, 2])
    expect(side.cluster.submitted[0]!.request).toMatchObject({ electionType: 0 })
  })

  test('is decided here on a controller’s listener, and never passed on by it', async () => {
    const side = requestSide()
    const at = { listener: 'CONTROLLER' }
    const decided = [
      apis.CreateTopics,
      apis.DeleteTopics,
      apis.CreatePartitions,
      apis.IncrementalAlterConfigs,
      apis.BrokerRegistration,
      apis.BrokerHeartbeat,
      apis.AlterPartition,
      apis.AllocateProducerIds,
      apis.ControllerRegistration,
      apis.AssignReplicasToDirs,
      apis.AlterPartitionReassignments,
      apis.ListPartitionReassignments,
    ]
    const asked: string[] = []
    for (const api of decided) {
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        await ask<MessageSchema, MessageSchema>(side, api, version, {}, at)
        asked.push(`${api.name} ${version}`)
      }
    }
    expect(side.cluster.decided.map(({ api, version }) => `${api} ${version}`)).toEqual(asked)
    expect(side.cluster.submitted).toEqual([])
  })

  test('raft’s requests reach raft, on a controller’s listener only', async () => {
    const side = requestSide()
    const at = { listener: 'CONTROLLER' }
    await ask(side, apis.Fetch, 17, { maxWaitMs: 2_000_000_000, topics: [] }, at)
    expect(side.raft.fetched).toMatchObject([{ version: 17, request: { maxWaitMs: 300_000 } }])
    for (const api of [apis.Vote, apis.BeginQuorumEpoch, apis.EndQuorumEpoch, apis.FetchSnapshot]) {
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        const answer = await ask<MessageSchema, MessageSchema>(side, api, version, {}, at)
        expect(answer).toMatchObject({ errorCode: 0 })
        expect(await side.broker.inject<MessageSchema, MessageSchema>(api, version, {})).toMatchObject({
          kind: 'close',
        })
      }
    }
  })
})

describe('what describes', () => {
  test('DescribeCluster on both kinds of listeners', async () => {
    const side = requestSide()
    const brokers = await ask(side, apis.DescribeCluster, 2, { includeFencedBrokers: true })
    expect(brokers).toMatchObject({ errorCode: 0, clusterId: 'cluster-of-tests-00001', controllerId: 1 })
    expect(brokers.brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3])
    const wrong = await ask(side, apis.DescribeCluster, 1, { endpointType: 2 })
    expect(wrong.errorCode).toBe(errorCode('MISMATCHED_ENDPOINT_TYPE'))
    const none = await ask(side, apis.DescribeCluster, 1, { endpointType: 3 })
    expect(none.errorCode).toBe(errorCode('UNSUPPORTED_ENDPOINT_TYPE'))
    const controllers = await ask(side, apis.DescribeCluster, 1, { endpointType: 2 }, { listener: 'CONTROLLER' })
    expect(controllers.errorCode).toBe(0)
  })

  test('DescribeTopicPartitions goes page by page', async () => {
    const image = imageOf({
      b: { id: 'AAAAAAAAAAAAAAAAAAAABQ', partitions: [{}, {}, {}] },
      a: { id: TOPIC_ID, partitions: [{ elr: [3] }, {}] },
    })
    const side = requestSide({ image })
    const seen: string[] = []
    let cursor: { topicName: string; partitionIndex: number } | null = null
    for (let pages = 0; pages < 9; pages++) {
      const page: Message<typeof apis.DescribeTopicPartitions.response> = await ask(
        side,
        apis.DescribeTopicPartitions,
        0,
        {
          topics: [{ name: 'b' }, { name: 'missing' }, { name: 'a' }],
          responsePartitionLimit: 2,
          cursor,
        },
      )
      for (const { name, partitions, errorCode: code } of page.topics) {
        seen.push(code === 0 ? `${name}:${partitions.map(({ partitionIndex }) => partitionIndex)}` : `${name}!${code}`)
      }
      cursor = page.nextCursor
      if (cursor === null) break
    }
    expect(seen).toEqual(['a:0,1', 'b:0,1', 'b:2', 'missing!3'])
    const all = await ask(side, apis.DescribeTopicPartitions, 0, { topics: [], responsePartitionLimit: 2000 })
    expect(all.topics.map(({ name }) => name)).toEqual(['a', 'b'])
    expect(all.topics[0]?.partitions[0]).toMatchObject({ eligibleLeaderReplicas: [3], lastKnownElr: [] })
  })

  test('DescribeConfigs of a topic, of this broker, of all brokers, and the refusals', async () => {
    const image = imageOf({ one: { id: TOPIC_ID, partitions: [{}] } })
    const configs = new Map([
      ['2:one', new Map([['retention.ms', '5']])],
      ['4:', new Map([['log.retention.ms', '7']])],
    ])
    const side = requestSide({ image: { ...image, configs } })
    for (let version = 1; version <= 4; version++) {
      const answer = await ask(side, apis.DescribeConfigs, version, {
        resources: [
          { resourceType: 2, resourceName: 'one', configurationKeys: ['retention.ms', 'segment.bytes'] },
          { resourceType: 4, resourceName: '1', configurationKeys: ['log.retention.ms', 'node.id'] },
          { resourceType: 4, resourceName: '', configurationKeys: null },
          { resourceType: 4, resourceName: '2', configurationKeys: null },
          { resourceType: 2, resourceName: 'none', configurationKeys: null },
          { resourceType: 2, resourceName: '../etc', configurationKeys: null },
          { resourceType: 99, resourceName: 'x', configurationKeys: null },
          { resourceType: 99, resourceName: 'x', configurationKeys: null },
        ],
        includeSynonyms: true,
      })
      expect(answer.results.map(({ errorCode: code }) => code)).toEqual([0, 0, 0, 42, 3, 17, 42])
      const [topic, broker, everybody] = answer.results
      expect(topic?.configs).toMatchObject([
        {
          name: 'retention.ms',
          value: '5',
          configSource: 1,
          synonyms: [{ name: 'retention.ms', source: 1 }, { name: 'log.retention.ms', value: '7', source: 3 }, {}],
        },
        { name: 'segment.bytes', configSource: 5, readOnly: false },
      ])
      expect(broker?.configs.find(({ name }) => name === 'log.retention.ms')).toMatchObject({
        value: '7',
        configSource: 3,
      })
      expect(broker?.configs.find(({ name }) => name === 'node.id')).toMatchObject({ readOnly: true, configSource: 4 })
      expect(everybody?.configs.map(({ name }) => name)).toEqual(['log.retention.ms'])
    }
  })

  test('DescribeQuorum goes to the leader', async () => {
    const side = requestSide()
    await ask(side, apis.DescribeQuorum, 2, { topics: [] })
    expect(side.cluster.submitted).toEqual([])
    side.raft.isActiveLeader = false
    side.cluster.answers.set('DescribeQuorum', { errorCode: 0, topics: [], nodes: [] })
    await ask(side, apis.DescribeQuorum, 2, { topics: [] })
    expect(side.cluster.submitted).toMatchObject([{ api: 'DescribeQuorum', version: 2 }])
  })
})

test('what is not in the table is closed, whatever it is', async () => {
  const side = requestSide()
  const { apiKeys } = await ask(side, apis.ApiVersions, 0, {})
  const served = new Set(apiKeys.map(({ apiKey }) => apiKey))
  for (const api of allApis()) {
    if (served.has(api.key)) continue
    const answer = await side.broker.inject(api, api.maxVersion, {})
    expect(answer).toMatchObject({ kind: 'close' })
  }
})
