// Fetch on a broker's listener: sessions (KIP-227), who may fetch as a replica, what an answer carries, and its bytes.

import { describe, expect, test } from 'vitest'
import { apis, errorCode, type Input, type Message } from '../../../src/wire/index.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

type Request = Input<typeof apis.Fetch.request>
type Answer = Message<typeof apis.Fetch.response>
const INTERNAL = { listener: 'INTERNAL' }

async function fetched(side: RequestSide, version: number, request: Request, listener?: string): Promise<Answer> {
  const options = listener === undefined ? {} : { listener }
  const answer = await side.broker.inject(apis.Fetch, version, { minBytes: 1, maxWaitMs: 100, ...request }, options)
  if (answer.kind !== 'respond') throw new Error(answer.kind)
  return answer.body
}

const asked = (partitions: number[], more: object = {}): Request['topics'] => [
  {
    topic: 'one',
    topicId: TOPIC_ID,
    partitions: partitions.map((partition) => ({ partition, fetchOffset: 0, partitionMaxBytes: 1 << 20, ...more })),
  },
]
const partitionsOf = (answer: Answer): number[] =>
  answer.responses.flatMap(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex))

describe('what an answer carries', () => {
  test('every version, with the chunks of the log one after the other', async () => {
    const side = requestSide()
    const chunks = [new Uint8Array(700).fill(1), new Uint8Array(10).fill(2), new Uint8Array(800).fill(3)]
    side.replication.logs.set(0, chunks)
    side.replication.highWatermark = 9
    for (let version = 4; version <= 18; version++) {
      const answer = await fetched(side, version, { topics: asked([0]) })
      const partition = answer.responses[0]?.partitions[0]
      expect(partition).toMatchObject({
        errorCode: 0,
        highWatermark: 9,
        lastStableOffset: 9,
        abortedTransactions: null,
      })
      expect(Buffer.concat(chunks).equals(partition!.records!)).toBe(true)
      expect(side.replication.reads.at(-1)?.reader).toMatchObject({ kind: 'consumer', leaderOnly: version < 11 })
    }
    const committed = await fetched(side, 12, { topics: asked([0]), isolationLevel: 1 })
    expect(committed.responses[0]?.partitions[0]?.abortedTransactions).toEqual([])
    const empty = await fetched(side, 12, { topics: asked([1]) })
    expect(empty.responses[0]?.partitions[0]?.records).toEqual(new Uint8Array(0))
  })

  test('a consumer is held to fetch.max.bytes, a replica is not; waits and least bytes are bounded', async () => {
    const side = requestSide()
    const wild = { maxBytes: 2147483647, minBytes: 2147483647, maxWaitMs: 2147483647 }
    await fetched(side, 12, { ...wild, topics: asked([0]) })
    expect(side.replication.reads[0]).toMatchObject({ maxBytes: 55 << 20, minBytes: 55 << 20, deadline: 301_000 })
    await fetched(side, 15, { ...wild, replicaState: { replicaId: 2 }, topics: asked([0]) }, 'INTERNAL')
    expect(side.replication.reads[1]).toMatchObject({ maxBytes: 2147483647 })
    await fetched(side, 12, { minBytes: -5, maxBytes: -1, maxWaitMs: -1, topics: asked([0]) })
    expect(side.replication.reads[2]).toMatchObject({ maxBytes: 0, minBytes: 0, deadline: 1000 })
  })

  test('the known high watermark of version 18; absent it is unknown', async () => {
    const side = requestSide()
    await fetched(side, 18, { topics: asked([0], { highWatermark: 17 }) })
    await fetched(side, 18, { topics: asked([0]) })
    await fetched(side, 12, { topics: asked([0]) })
    expect(side.replication.reads.map(({ partitions }) => partitions[0]?.knownHighWatermark)).toEqual([17, -1, -1])
  })

  test('divergence, and the new leader with its endpoint from version 16 on', async () => {
    const side = requestSide()
    side.replication.onRead = () => ({ diverging: { epoch: 3, endOffset: 8 } })
    const diverged = await fetched(side, 12, { topics: asked([0]) })
    expect(diverged.responses[0]?.partitions[0]?.divergingEpoch).toEqual({ epoch: 3, endOffset: 8 })
    side.replication.onRead = () => ({ error: 'FENCED_LEADER_EPOCH', leader: { leaderId: 2, leaderEpoch: 9 } })
    const moved = await fetched(side, 16, { topics: asked([0]) })
    expect(moved.responses[0]?.partitions[0]).toMatchObject({
      errorCode: errorCode('FENCED_LEADER_EPOCH'),
      currentLeader: { leaderId: 2, leaderEpoch: 9 },
    })
    expect(moved.nodeEndpoints).toMatchObject([{ nodeId: 2, host: 'client-2' }])
    expect((await fetched(side, 15, { topics: asked([0]) })).nodeEndpoints).toEqual([])
  })

  test('unknown topics by name and by id, and the storage error that version 5 lacks', async () => {
    const side = requestSide()
    const unknown = { partitions: [{ partition: 0 }] }
    const name = await fetched(side, 12, { topics: [{ topic: 'none', ...unknown }] })
    expect(name.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    const id = await fetched(side, 13, { topics: [{ topicId: 'AAAAAAAAAAAAAAAAAAAABQ', ...unknown }] })
    expect(id.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_ID'))
    const index = await fetched(side, 13, { topics: asked([7]) })
    expect(index.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_OR_PARTITION'))
    side.replication.onRead = () => ({ error: 'KAFKA_STORAGE_ERROR' })
    const old = await fetched(side, 5, { topics: asked([0]) })
    expect(old.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('NOT_LEADER_OR_FOLLOWER'))
  })
})

describe('replicas', () => {
  test('are believed on the brokers’ listener only (S36, CVE-2018-1288)', async () => {
    const side = requestSide()
    for (const request of [
      [12, { replicaId: 2, topics: asked([0]) }],
      [15, { replicaState: { replicaId: 2, replicaEpoch: 12 }, topics: asked([0]) }],
    ] as const) {
      const forged = await fetched(side, request[0], request[1])
      expect(forged.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('TOPIC_AUTHORIZATION_FAILED'))
    }
    expect(side.replication.reads).toEqual([])
    await fetched(side, 15, { replicaState: { replicaId: 2, replicaEpoch: 12 }, topics: asked([0]) }, INTERNAL.listener)
    expect(side.replication.reads[0]?.reader).toEqual({ kind: 'replica', id: 2, brokerEpoch: 12 })
  })

  test('are believed on a listener shared with clients, after one warning at the start', async () => {
    const shared = {
      listeners: 'CLIENT://127.0.0.1:0,CONTROLLER://127.0.0.1:0',
      'inter.broker.listener.name': 'CLIENT',
    }
    const side = requestSide({ properties: shared })
    const answer = await fetched(side, 12, { replicaId: 2, topics: asked([0]) })
    expect(answer.responses[0]?.partitions[0]?.errorCode).toBe(0)
  })
})

describe('sessions', () => {
  const open = (side: RequestSide, partitions = [0, 1]): Promise<Answer> =>
    fetched(side, 12, { sessionId: 0, sessionEpoch: 0, topics: asked(partitions) })
  const next = (side: RequestSide, sessionId: number, sessionEpoch: number, more: Request = {}): Promise<Answer> =>
    fetched(side, 12, { sessionId, sessionEpoch, topics: [], ...more })

  test('tell only news, and everything again after an error', async () => {
    const side = requestSide()
    const first = await open(side)
    expect(first.sessionId).toBeGreaterThan(0)
    expect(partitionsOf(first)).toEqual([0, 1])
    expect(partitionsOf(await next(side, first.sessionId, 1))).toEqual([])
    side.replication.onRead = ({ at }) => (at.partition === 1 ? { highWatermark: 4 } : {})
    expect(partitionsOf(await next(side, first.sessionId, 2))).toEqual([1])
    expect(partitionsOf(await next(side, first.sessionId, 3))).toEqual([])
    side.replication.onRead = ({ at }) =>
      at.partition === 0 ? { error: 'NOT_LEADER_OR_FOLLOWER' } : { highWatermark: 4 }
    expect(partitionsOf(await next(side, first.sessionId, 4))).toEqual([0])
    side.replication.onRead = ({ at }) => ({ highWatermark: at.partition === 0 ? 0 : 4 })
    expect(partitionsOf(await next(side, first.sessionId, 5))).toEqual([0])
    expect(side.broker.observe().fetchSessions).toBe(1)
  })

  test('say each time which replica is nearer, to whom knows of such', async () => {
    const side = requestSide()
    const { sessionId } = await open(side)
    side.replication.onRead = ({ at }) => (at.partition === 1 ? { preferredReadReplica: 3 } : {})
    for (const epoch of [1, 2]) {
      const { responses } = await next(side, sessionId, epoch)
      expect(responses[0]?.partitions).toMatchObject([{ partitionIndex: 1, preferredReadReplica: 3 }])
    }
    expect(side.replication.reads[0]?.reader).toMatchObject({ listener: 'CLIENT', leaderOnly: false })
    const old = await fetched(side, 10, { sessionId: 0, sessionEpoch: -1, topics: asked([1]) })
    expect(old.responses[0]?.partitions).toMatchObject([{ preferredReadReplica: -1 }])
    expect(side.replication.reads[3]?.reader).toMatchObject({ leaderOnly: true })
  })

  test('content is the union of what was asked, less what was forgotten', async () => {
    const side = requestSide()
    const { sessionId } = await open(side, [0])
    await next(side, sessionId, 1, { topics: asked([1], { fetchOffset: 7 }) })
    expect(side.replication.reads[1]?.partitions.map((p) => [p.at.partition, p.fetchOffset])).toEqual([
      [0, 0],
      [1, 7],
    ])
    await next(side, sessionId, 2, { forgottenTopicsData: [{ topic: 'one', partitions: [0] }] })
    expect(side.replication.reads[2]?.partitions.map((p) => p.at.partition)).toEqual([1])
    const last = await next(side, sessionId, 3, { forgottenTopicsData: [{ topic: 'one', partitions: [1] }] })
    expect(last).toMatchObject({ errorCode: 0, sessionId: 0, responses: [] })
    expect(side.broker.observe().fetchSessions).toBe(0)
  })

  test('who was answered with records is read last the next time', async () => {
    const side = requestSide()
    const { sessionId } = await open(side)
    const records = [new Uint8Array(20)]
    side.replication.onRead = ({ at }) => (at.partition === 0 ? { chunks: records, bytes: 20 } : {})
    await next(side, sessionId, 1)
    await next(side, sessionId, 2)
    expect(side.replication.reads[2]?.partitions.map((p) => p.at.partition)).toEqual([1, 0])
  })

  test('epochs are strict, ids are not guessed, names and ids do not mix', async () => {
    const side = requestSide()
    const { sessionId } = await open(side)
    expect((await next(side, sessionId, 2)).errorCode).toBe(errorCode('INVALID_FETCH_SESSION_EPOCH'))
    expect((await next(side, sessionId + 1, 1)).errorCode).toBe(errorCode('FETCH_SESSION_ID_NOT_FOUND'))
    const byId = await fetched(side, 13, { sessionId, sessionEpoch: 1, topics: [] })
    expect(byId.errorCode).toBe(errorCode('FETCH_SESSION_TOPIC_ID_ERROR'))
    expect((await next(side, sessionId, 1)).errorCode).toBe(0)
    expect((await next(side, sessionId, 1)).errorCode).toBe(errorCode('INVALID_FETCH_SESSION_EPOCH'))
  })

  test('are closed by the final epoch and replaced by the first', async () => {
    const side = requestSide()
    const one = await open(side)
    const two = await fetched(side, 12, { sessionId: one.sessionId, sessionEpoch: 0, topics: asked([0]) })
    expect(two.sessionId).not.toBe(one.sessionId)
    expect(side.broker.observe().fetchSessions).toBe(1)
    const closed = await fetched(side, 12, { sessionId: two.sessionId, sessionEpoch: -1, topics: asked([0]) })
    expect(closed).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect(side.broker.observe().fetchSessions).toBe(0)
  })

  test('are bounded: no slot, no session; idle ones give way, and consumers’ to replicas', async () => {
    let now = 1000
    const clock = { monotonic: () => now, wall: () => 0, alarm: () => ({ set() {}, clear() {} }) }
    const side = requestSide({ clock, limits: { fetchSessions: 2, fetchSessionIdleMs: 5000 } })
    await open(side)
    await open(side)
    expect((await open(side)).sessionId).toBe(0)
    const replica = { replicaState: { replicaId: 2 }, sessionEpoch: 0, topics: asked([0]) }
    const brokers = await fetched(side, 15, replica, 'INTERNAL')
    expect(brokers.sessionId).toBeGreaterThan(0)
    expect((await open(side)).sessionId).toBe(0)
    now += 5000
    expect((await open(side)).sessionId).toBeGreaterThan(0)
    expect(side.broker.observe().fetchSessions).toBe(2)
  })

  test('an id that is not known yet is found once it is', async () => {
    const side = requestSide()
    const id = 'AAAAAAAAAAAAAAAAAAAABQ'
    const topics = [{ topicId: id, partitions: [{ partition: 0 }] }]
    const first = await fetched(side, 13, { sessionEpoch: 0, topics })
    expect(first.responses[0]?.partitions[0]?.errorCode).toBe(errorCode('UNKNOWN_TOPIC_ID'))
    side.cluster.image = imageOf({ late: { id, partitions: [{}] } })
    const second = await fetched(side, 13, { sessionId: first.sessionId, sessionEpoch: 1, topics: [] })
    expect(second.responses).toMatchObject([{ topicId: id, partitions: [{ errorCode: 0 }] }])
  })
})
