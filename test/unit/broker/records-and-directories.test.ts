// Handlers about what is stored, through `inject`: DeleteRecords, and what describes directories and producers.

import { describe, expect, test } from 'vitest'
import { type Api, apis, errorCode, type Input, type Message, type MessageSchema } from '../../../src/wire/index.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

async function ask<Req extends MessageSchema, Res extends MessageSchema>(
  side: RequestSide,
  api: Api<Req, Res>,
  version: number,
  request: Input<Req>,
): Promise<Message<Res>> {
  const answer = await side.broker.inject(api, version, request)
  if (answer.kind !== 'respond') throw new Error(`${api.name}: ${answer.kind}`)
  return answer.body
}

describe('DeleteRecords', () => {
  const image = imageOf({
    one: { id: TOPIC_ID, partitions: [{}, {}] },
    __consumer_offsets: { id: 'dG9waWMtb25lLWlkLTEyNA', partitions: [{}] },
  })

  test('every version answers each partition by itself, within the time that the request allows', async () => {
    for (let version = 0; version <= 2; version++) {
      const side = requestSide({ image })
      const answer = await ask(side, apis.DeleteRecords, version, {
        topics: [
          {
            name: 'one',
            partitions: [
              { partitionIndex: 0, offset: 5 },
              { partitionIndex: 1, offset: -1 },
              { partitionIndex: 7, offset: 5 },
            ],
          },
          { name: 'nowhere', partitions: [{ partitionIndex: 0, offset: 5 }] },
          { name: '__consumer_offsets', partitions: [{ partitionIndex: 0, offset: 5 }] },
        ],
        timeoutMs: 20_000,
      })
      const failed = (partitionIndex: number, error: 'UNKNOWN_TOPIC_OR_PARTITION' | 'INVALID_TOPIC_EXCEPTION') => ({
        partitionIndex,
        lowWatermark: -1,
        errorCode: errorCode(error),
      })
      expect(answer.topics).toEqual([
        {
          name: 'one',
          partitions: [
            { partitionIndex: 0, lowWatermark: 5, errorCode: 0 },
            { partitionIndex: 1, lowWatermark: -1, errorCode: 0 },
            failed(7, 'UNKNOWN_TOPIC_OR_PARTITION'),
          ],
        },
        { name: 'nowhere', partitions: [failed(0, 'UNKNOWN_TOPIC_OR_PARTITION')] },
        { name: '__consumer_offsets', partitions: [failed(0, 'INVALID_TOPIC_EXCEPTION')] },
      ])
      expect(side.replication.deletions).toEqual([
        { partition: 0, offset: 5, deadline: 21_000 },
        { partition: 1, offset: -1, deadline: 21_000 },
      ])
    }
  })
})

describe('DescribeLogDirs', () => {
  const log = (topic: string, partition: number) => ({ topic, partition, size: 100, offsetLag: 3, isFuture: false })
  const side = (): RequestSide => {
    const made = requestSide()
    const known = { error: 'NONE', cordoned: false, totalBytes: 1000, usableBytes: 400 } as const
    made.replication.directories.push(
      { ...known, path: '/a', logs: [log('one', 0), log('two', 0), log('one', 1)] },
      { ...known, path: '/b', cordoned: true, logs: [{ ...log('one', 0), isFuture: true }] },
      { path: '/c', error: 'KAFKA_STORAGE_ERROR', cordoned: false, totalBytes: -1, usableBytes: -1, logs: [] },
    )
    return made
  }
  const answered = (partitionIndex: number, isFutureKey = false) => ({
    partitionIndex,
    partitionSize: 100,
    offsetLag: 3,
    isFutureKey,
  })

  test('tells of every directory what each version knows', async () => {
    for (let version = 1; version <= 5; version++) {
      const { errorCode: error, results } = await ask(side(), apis.DescribeLogDirs, version, { topics: null })
      expect(error).toBe(0)
      expect(results.map(({ logDir, topics }) => ({ logDir, topics }))).toEqual([
        {
          logDir: '/a',
          topics: [
            { name: 'one', partitions: [answered(0), answered(1)] },
            { name: 'two', partitions: [answered(0)] },
          ],
        },
        { logDir: '/b', topics: [{ name: 'one', partitions: [answered(0, true)] }] },
        { logDir: '/c', topics: [] },
      ])
      expect(results.map((result) => result.errorCode)).toEqual([0, 0, errorCode('KAFKA_STORAGE_ERROR')])
      const spaces = results.map(({ totalBytes, usableBytes }) => [totalBytes, usableBytes])
      const unknown = [-1, -1]
      expect(spaces).toEqual(version >= 4 ? [[1000, 400], [1000, 400], unknown] : [unknown, unknown, unknown])
      expect(results.map((result) => result.isCordoned)).toEqual([false, version >= 5, false])
    }
  })

  test('tells of the partitions asked for only, and of directories without any of them too', async () => {
    const topics = [{ topic: 'one', partitions: [1] }]
    const { results } = await ask(side(), apis.DescribeLogDirs, 5, { topics })
    expect(results.map((result) => result.topics)).toEqual([[{ name: 'one', partitions: [answered(1)] }], [], []])
    const none = await ask(side(), apis.DescribeLogDirs, 5, { topics: [] })
    expect(none.results.map((result) => result.topics)).toEqual([[], [], []])
  })
})

describe('DescribeProducers', () => {
  const request = (...names: string[]) => ({ topics: names.map((name) => ({ name, partitionIndexes: [0, 1] })) })

  test('tells what the log remembers', async () => {
    const side = requestSide()
    side.replication.producers.push({
      producerId: 7,
      epoch: 2,
      lastSequence: 41,
      lastTimestamp: 1234,
      coordinatorEpoch: -1,
      currentTxnFirstOffset: -1,
    })
    const { topics } = await ask(side, apis.DescribeProducers, 0, request('one'))
    const activeProducers = [
      {
        producerId: 7,
        producerEpoch: 2,
        lastSequence: 41,
        lastTimestamp: 1234,
        coordinatorEpoch: -1,
        currentTxnStartOffset: -1,
      },
    ]
    const answer = { errorCode: 0, errorMessage: null, activeProducers }
    expect(topics).toEqual([
      {
        name: 'one',
        partitions: [
          { partitionIndex: 0, ...answer },
          { partitionIndex: 1, ...answer },
        ],
      },
    ])
  })

  test('refuses by topic and by what the replicas say', async () => {
    const side = requestSide()
    side.replication.refusal = 'NOT_LEADER_OR_FOLLOWER'
    const { topics } = await ask(side, apis.DescribeProducers, 0, request('one', 'nowhere', 'no/slash'))
    expect(topics.map(({ partitions }) => partitions[0]?.errorCode)).toEqual([
      errorCode('NOT_LEADER_OR_FOLLOWER'),
      errorCode('UNKNOWN_TOPIC_OR_PARTITION'),
      errorCode('INVALID_TOPIC_EXCEPTION'),
    ])
  })
})

describe('AlterReplicaLogDirs', () => {
  const none = 'AAAAAAAAAAAAAAAAAAAAAA'
  const dirs = [
    { path: '/a', topics: [{ name: 'one', partitions: [0, 1] }] },
    {
      path: '/b',
      topics: [
        { name: 'one', partitions: [1] },
        { name: 'new', partitions: [3] },
      ],
    },
  ]

  test('says of each replica once whether its move has begun', async () => {
    for (const version of [1, 2]) {
      const side = requestSide()
      const { results } = await ask(side, apis.AlterReplicaLogDirs, version, { dirs })
      const begun = (partitionIndex: number) => ({ partitionIndex, errorCode: 0 })
      expect(results).toEqual([
        { topicName: 'one', partitions: [begun(0), begun(1)] },
        { topicName: 'new', partitions: [begun(3)] },
      ])
      expect(side.replication.directoryMoves).toEqual([
        { at: { topic: 'one', topicId: TOPIC_ID, partition: 0 }, path: '/a' },
        { at: { topic: 'one', topicId: TOPIC_ID, partition: 1 }, path: '/b' },
        { at: { topic: 'new', topicId: none, partition: 3 }, path: '/b' },
      ])
    }
  })

  test('or why not', async () => {
    const side = requestSide()
    side.replication.refusal = 'LOG_DIR_NOT_FOUND'
    const { results } = await ask(side, apis.AlterReplicaLogDirs, 2, { dirs })
    expect(results.flatMap(({ partitions }) => partitions.map((row) => row.errorCode))).toEqual([57, 57, 57])
  })
})
