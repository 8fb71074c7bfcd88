import { afterEach, describe, expect, test } from 'vitest'
import { ConfigError, type Ports } from '../../../src/base/index.ts'
import {
  type Client,
  ClientError,
  type ClientOptions,
  type ConsumedRecord,
  type Consumer,
  createClient,
  endpointsOf,
  murmur2,
  partitionOfKey,
} from '../../../src/client/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { apis, buildBatch, errorCode, readBatchHeader } from '../../../src/wire/index.ts'
import { ScriptedLog } from '../../support/scripted-log.ts'

let sim: Simulation | null = null
afterEach(() => {
  sim?.[Symbol.dispose]()
  sim = null
})

interface World {
  readonly a: Ports
  readonly log: ScriptedLog
  readonly client: Client
  wait<T>(promise: Promise<T>): Promise<T>
}

async function world(options: Partial<ClientOptions> = {}): Promise<World> {
  const created = createSimulation({ seed: 5 })
  sim = created
  const a = created.addNode('a')
  const b = created.addNode('b')
  const log = new ScriptedLog('b', 9092).topic('t', 3)
  await created.wait(log.listen(b.network, { host: 'b', port: 9092 }))
  const client = createClient(a, { bootstrap: 'b:9092', requestTimeoutMs: 1000, ...options })
  return { a, log, client, wait: (promise) => created.wait(promise) }
}

const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : Buffer.from(bytes).toString())

async function drain(consumer: Consumer, count: number): Promise<ConsumedRecord[]> {
  const all: ConsumedRecord[] = []
  for (let i = 0; i < 50 && all.length < count; i++) all.push(...(await sim!.wait(consumer.poll(200))))
  return all
}

/** What a promise rejects with; null where it does not. */
function caught(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  )
}

async function refusal(promise: Promise<unknown>): Promise<ClientError> {
  const error = await sim!.wait(caught(promise))
  expect(error).toBeInstanceOf(ClientError)
  return error as ClientError
}

describe('producer and consumer', () => {
  test('records come back as they were sent, in order, in every codec', async () => {
    const w = await world()
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
    for (const compression of codecs) {
      const producer = w.client.producer({ compression })
      const sent = Array.from({ length: 20 }, (_, i) =>
        producer.send({
          topic: 't',
          partition: 1,
          key: i % 3 === 0 ? null : `k${i}`,
          value: i % 5 === 0 ? null : `${compression} ${i}`,
          headers: [
            { key: 'h', value: new Uint8Array([i]) },
            { key: 'nil', value: null },
          ],
          timestamp: 1000 + i,
        }),
      )
      const base = codecs.indexOf(compression) * 20
      expect((await w.wait(Promise.all(sent))).map((p) => p.offset)).toEqual(sent.map((_, i) => base + i))
    }
    // Sent in one go: one batch each.
    expect(w.log.topics.get('t')!.partitions[1]!.batches.length).toBe(codecs.length)
    const consumer = w.client.consumer()
    consumer.assign([{ topic: 't', partition: 1, offset: 0 }])
    const got = await drain(consumer, 100)
    expect(got.map((r) => r.offset)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(got.slice(20, 22).map((r) => [text(r.key), text(r.value), r.timestamp])).toEqual([
      [null, null, 1000],
      ['k1', 'gzip 1', 1001],
    ])
    expect(got[3]!.headers).toEqual([
      { key: 'h', value: new Uint8Array([3]) },
      { key: 'nil', value: null },
    ])
    expect(consumer.position('t', 1)).toBe(100)
    expect(consumer.highWatermark('t', 1)).toBe(100)
  })

  test('a key always goes to the partition that Kafka would choose', async () => {
    const w = await world()
    const producer = w.client.producer()
    const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`)
    const sent = await w.wait(Promise.all(keys.map((key) => producer.send({ topic: 't', key, value: 'v' }))))
    expect(sent.map((p) => p.partition)).toEqual(keys.map((key) => partitionOfKey(Buffer.from(key), 3)))
    expect(new Set(sent.map((p) => p.partition)).size).toBe(3)
  })

  test('earliest and latest, and starting in the middle of a batch', async () => {
    const w = await world()
    const producer = w.client.producer()
    const send = (n: number): Promise<unknown> =>
      Promise.all(Array.from({ length: n }, (_, i) => producer.send({ topic: 't', partition: 0, value: `${i}` })))
    await w.wait(send(10))
    const middle = w.client.consumer()
    middle.assign([{ topic: 't', partition: 0, offset: 4 }])
    expect((await drain(middle, 6)).map((r) => r.offset)).toEqual([4, 5, 6, 7, 8, 9])
    const latest = w.client.consumer()
    latest.assign([{ topic: 't', partition: 0, offset: 'latest' }])
    expect(await w.wait(latest.poll(300))).toEqual([])
    expect(latest.position('t', 0)).toBe(10)
    await w.wait(send(2))
    expect((await drain(latest, 2)).map((r) => r.offset)).toEqual([10, 11])
    const earliest = w.client.consumer()
    earliest.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
    expect(await drain(earliest, 12)).toHaveLength(12)
  })
})

describe('producer', () => {
  test('a passing error is tried again, with fresh metadata', async () => {
    const w = await world()
    w.log.produceErrors.push('NOT_LEADER_OR_FOLLOWER', 'NOT_ENOUGH_REPLICAS')
    const { offset } = await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    expect(offset).toBe(0)
    expect(w.log.received.filter((r) => r.api === 'Produce')).toHaveLength(3)
    expect(w.log.received.filter((r) => r.api === 'Metadata').length).toBeGreaterThan(1)
  })

  test('a record that waits for its topic is not overtaken by later ones', async () => {
    const w = await world()
    const producer = w.client.producer()
    const first = producer.send({ topic: 'late', partition: 0, value: 'first' })
    // In the middle of a pause: who asks now would be told at once.
    await sim!.sleep(250)
    w.log.topic('late', 1)
    const second = producer.send({ topic: 'late', partition: 0, value: 'second' })
    expect((await w.wait(Promise.all([first, second]))).map(({ offset }) => offset)).toEqual([0, 1])
  })

  test('a batch whose answer was lost is appended once', async () => {
    const w = await world()
    w.log.appliesWhenFailing = true
    w.log.produceErrors.push(null)
    const producer = w.client.producer()
    expect((await w.wait(producer.send({ topic: 't', partition: 0, value: 'x' }))).offset).toBe(0)
    expect((await w.wait(producer.send({ topic: 't', partition: 0, value: 'y' }))).offset).toBe(1)
    expect(w.log.topics.get('t')!.partitions[0]!.endOffset).toBe(2)
  })

  test('several on their way at once: one that is refused is not overtaken, and all are there once, in order', async () => {
    const w = await world()
    const producer = w.client.producer({ maxInFlight: 5, batchBytes: 1 })
    await w.wait(producer.send({ topic: 't', partition: 0, value: 'first' }))
    w.log.appliesWhenFailing = true
    w.log.produceErrors.push('NOT_ENOUGH_REPLICAS', null, 'NOT_ENOUGH_REPLICAS_AFTER_APPEND')
    const sent = ['a', 'b', 'c', 'd'].map((value) => producer.send({ topic: 't', partition: 0, value }))
    // All four leave before the first answer: each is a batch of its own.
    expect((await w.wait(Promise.all(sent))).map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
    expect(w.log.topics.get('t')!.partitions[0]!.endOffset).toBe(5)
    expect(w.log.producerIds).toBe(1)
  })

  test('while one has to leave again, no new one leaves: a log that knows nothing of them would take it first', async () => {
    const w = await world()
    const producer = w.client.producer({ maxInFlight: 5, batchBytes: 1 })
    w.log.produceErrors.push('NOT_ENOUGH_REPLICAS')
    const first = producer.send({ topic: 't', partition: 0, value: 'first' })
    while (w.log.produceErrors.length > 0) await sim!.sleep(1)
    const second = producer.send({ topic: 't', partition: 0, value: 'second' })
    expect((await w.wait(Promise.all([first, second]))).map(({ offset }) => offset)).toEqual([0, 1])
  })

  test('only an idempotent producer has several on their way, and no more than five', async () => {
    const { client } = await world()
    expect(() => client.producer({ maxInFlight: 2, idempotent: false })).toThrow(/INVALID_CONFIG/)
    expect(() => client.producer({ maxInFlight: 6 })).toThrow(/INVALID_CONFIG/)
  })

  test('without idempotence it may be there twice', async () => {
    const w = await world()
    w.log.appliesWhenFailing = true
    w.log.produceErrors.push(null)
    const sent = w.client.producer({ idempotent: false }).send({ topic: 't', partition: 0, value: 'x' })
    expect((await w.wait(sent)).offset).toBe(1)
  })

  test('given up: whether it may have been applied is told, and the producer goes on with a new id', async () => {
    const w = await world()
    w.log.appliesWhenFailing = true
    w.log.produceErrors.push(null, null, null, null, null, null)
    const producer = w.client.producer({ deliveryTimeoutMs: 2500 })
    const lost = await refusal(producer.send({ topic: 't', partition: 0, value: 'x' }))
    expect([lost.error, lost.maybeApplied]).toEqual(['REQUEST_TIMED_OUT', true])
    w.log.produceErrors.length = 0
    expect((await w.wait(producer.send({ topic: 't', partition: 0, value: 'y' }))).offset).toBe(1)
    expect(w.log.producerIds).toBe(2)
  })

  test('a leader of the past is not gone back to', async () => {
    const w = await world()
    w.log.leaderEpoch = 5
    const producer = w.client.producer()
    await w.wait(producer.send({ topic: 't', partition: 0, value: 'x' }))
    w.log.produceErrors.push('NOT_LEADER_OR_FOLLOWER')
    w.log.leaderEpoch = 4
    const sent = producer.send({ topic: 't', partition: 0, value: 'y' })
    await sim!.sleep(3000)
    expect(w.log.received.filter((r) => r.api === 'Produce')).toHaveLength(2)
    w.log.leaderEpoch = 6
    expect((await w.wait(sent)).offset).toBe(1)
  })

  test('a leader that lost its role may have appended: told, and the next batch comes from a new id', async () => {
    const w = await world()
    w.log.appliesWhenFailing = true
    w.log.produceErrors.push('NOT_LEADER_OR_FOLLOWER')
    const producer = w.client.producer({ retries: 0 })
    const lost = await refusal(producer.send({ topic: 't', partition: 0, value: 'x' }))
    expect([lost.error, lost.maybeApplied]).toEqual(['NOT_LEADER_OR_FOLLOWER', true])
    expect((await w.wait(producer.send({ topic: 't', partition: 0, value: 'y' }))).offset).toBe(1)
    expect(w.log.producerIds).toBe(2)
  })

  test('a lasting error is told at once, for every record of the batch', async () => {
    const w = await world()
    w.log.produceErrors.push('MESSAGE_TOO_LARGE')
    const producer = w.client.producer()
    const both = [1, 2].map((i) => caught(producer.send({ topic: 't', partition: 0, value: `${i}` })))
    for (const error of await w.wait(Promise.all(both))) {
      expect(error).toMatchObject({ error: 'MESSAGE_TOO_LARGE', maybeApplied: false })
    }
    // Its sequence was not used up.
    expect((await w.wait(producer.send({ topic: 't', partition: 0, value: 'z' }))).offset).toBe(0)
    expect(w.log.producerIds).toBe(1)
  })

  test('acks=0 and given batches', async () => {
    const w = await world()
    const silent = w.client.producer({ acks: 0 })
    expect((await w.wait(silent.send({ topic: 't', partition: 2, value: 'x' }))).offset).toBe(-1)
    const records = [1, 2].map((i) => ({ timestamp: i, key: null, value: new Uint8Array([i]) }))
    const given = w.client.producer().sendBatch('t', 2, buildBatch({ records }))
    expect(await w.wait(given)).toEqual({ topic: 't', partition: 2, offset: 1 })
  })

  test('what waits is cut into batches of the size allowed', async () => {
    const w = await world()
    const producer = w.client.producer({ batchBytes: 1000 })
    const value = new Uint8Array(300)
    void Promise.all(Array.from({ length: 7 }, () => producer.send({ topic: 't', partition: 0, value })))
    await w.wait(producer.flush())
    const counts = w.log.topics.get('t')!.partitions[0]!.batches.map((batch) => readBatchHeader(batch, 0)!.count)
    expect(counts).toEqual([3, 3, 1])
  })

  test('an unknown topic, an absent partition, no broker at all', async () => {
    const w = await world({ requestTimeoutMs: 500 })
    const producer = w.client.producer({ deliveryTimeoutMs: 1500 })
    expect((await refusal(producer.send({ topic: 'none', value: 'x' }))).error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const absent = await refusal(producer.send({ topic: 't', partition: 9, value: 'x' }))
    expect(absent.error).toBe('UNKNOWN_TOPIC_OR_PARTITION')
    const nowhere = createClient(w.a, { bootstrap: 'b:1', requestTimeoutMs: 500 })
    const lost = await refusal(nowhere.producer({ deliveryTimeoutMs: 1500 }).send({ topic: 't', value: 'x' }))
    expect([lost.error, lost.maybeApplied]).toEqual(['NETWORK_EXCEPTION', false])
  })

  test('closing the client rejects what is outstanding, and nothing goes on', async () => {
    const w = await world()
    w.log.leader = -1
    const pending = caught(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    const polling = w.client.consumer()
    polling.assign([{ topic: 't', partition: 0, offset: 0 }])
    const polled = caught(polling.poll(60_000))
    await sim!.sleep(500)
    w.client.close()
    expect(await w.wait(pending)).toBeInstanceOf(ClientError)
    expect(await w.wait(polled)).toBeInstanceOf(ClientError)
    await sim!.sleep(10_000)
    const before = sim!.events
    await sim!.sleep(100_000)
    expect(sim!.events - before).toBeLessThan(3)
  })
})

describe('consumer', () => {
  test('passing errors are waited out', async () => {
    const w = await world()
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    w.log.fetchErrors.push('NOT_LEADER_OR_FOLLOWER', 'FENCED_LEADER_EPOCH', null)
    const consumer = w.client.consumer({ fetchMaxWaitMs: 100 })
    consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    expect(await drain(consumer, 1)).toHaveLength(1)
  })

  test('a connection that died unseen costs a call one request, not its answer', async () => {
    const w = await world()
    const ends = [{ topic: 't', partition: 0, at: 'latest' }] as const
    expect((await w.wait(w.client.admin.listOffsets(ends)))[0]).toMatchObject({ error: 'NONE', offset: 0 })
    sim!.halfOpen('b')
    expect((await w.wait(w.client.admin.listOffsets(ends)))[0]).toMatchObject({ error: 'NONE', offset: 0 })
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    sim!.halfOpen('b')
    const consumer = w.client.consumer()
    consumer.assign([{ topic: 't', partition: 0, offset: 'earliest' }])
    expect(await drain(consumer, 1)).toHaveLength(1)
  })

  test('several that fail on a dead broker do not step over the living one together', async () => {
    const { log } = await world()
    log.topic('u', 1)
    sim!.addNode('dark')
    sim!.powerLoss('dark')
    const client = createClient(sim!.addNode('c'), { bootstrap: 'dark:9092,b:9092', requestTimeoutMs: 500 })
    const consumer = client.consumer()
    consumer.assign([
      { topic: 't', partition: 0, offset: 'earliest' },
      { topic: 'u', partition: 0, offset: 'earliest' },
    ])
    const told: unknown[] = []
    for (let i = 0; i < 10; i++) told.push(await sim!.wait(caught(consumer.poll(1_000))))
    expect(told.at(-1)).toBeNull()
    expect(consumer.position('t', 0)).toBe(0)
    expect(consumer.position('u', 0)).toBe(0)
  })

  test('an offset out of range is told, or reset', async () => {
    const w = await world()
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    const strict = w.client.consumer()
    strict.assign([{ topic: 't', partition: 0, offset: 99 }])
    expect((await refusal(strict.poll(1000))).error).toBe('OFFSET_OUT_OF_RANGE')
    const lax = w.client.consumer({ reset: 'earliest' })
    lax.assign([{ topic: 't', partition: 0, offset: 99 }])
    expect((await drain(lax, 1)).map((r) => r.offset)).toEqual([0])
  })

  test('a damaged batch is told', async () => {
    const w = await world()
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    const batch = w.log.topics.get('t')!.partitions[0]!.batches[0]!
    batch[batch.length - 1]! ^= 1
    const consumer = w.client.consumer()
    consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    expect((await refusal(consumer.poll(1000))).error).toBe('CORRUPT_MESSAGE')
  })

  test('what an old assignment still fetches is dropped', async () => {
    const w = await world()
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'zero' }))
    await w.wait(w.client.producer().send({ topic: 't', partition: 1, value: 'one' }))
    const consumer = w.client.consumer()
    consumer.assign([{ topic: 't', partition: 0, offset: 0 }])
    expect(await w.wait(consumer.poll(0))).toEqual([])
    consumer.assign([{ topic: 't', partition: 1, offset: 0 }])
    expect((await drain(consumer, 1)).map((r) => text(r.value))).toEqual(['one'])
    expect(await w.wait(consumer.poll(300))).toEqual([])
  })
})

describe('admin', () => {
  test('outcomes by topic, and the controller elsewhere', async () => {
    const w = await world()
    let moved = false
    w.log.serve(apis.CreateTopics, (body) => ({
      topics: body.topics.map(({ name, numPartitions, replicationFactor }) => {
        const code = moved ? (name === 'bad' ? errorCode('INVALID_TOPIC_EXCEPTION') : 0) : errorCode('NOT_CONTROLLER')
        if (name === 'good' && moved) expect([numPartitions, replicationFactor]).toEqual([-1, 2])
        return { name, errorCode: code, errorMessage: name === 'bad' ? 'no' : null }
      }),
    }))
    const created = w.client.admin.createTopics([{ name: 'good', replicationFactor: 2 }, { name: 'bad' }])
    await sim!.sleep(50)
    moved = true
    expect(await w.wait(created)).toEqual([
      { name: 'good', error: 'NONE', message: null },
      { name: 'bad', error: 'INVALID_TOPIC_EXCEPTION', message: 'no' },
    ])
  })

  test('topics are described page by page, or by metadata where the broker is old', async () => {
    const w = await world()
    const byMetadata = await w.wait(w.client.admin.describeTopics(['t']))
    expect(byMetadata[0]).toMatchObject({ name: 't', error: 'NONE' })
    expect(byMetadata[0]!.partitions.map((p) => [p.partition, p.elr])).toEqual([
      [0, null],
      [1, null],
      [2, null],
    ])
    const page = (from: number): object[] => [{ partitionIndex: from, leaderId: 1, eligibleLeaderReplicas: [2] }]
    w.log.serve(apis.DescribeTopicPartitions, ({ cursor }) => ({
      topics: [{ name: 't', partitions: page(cursor === null ? 0 : 1) }],
      nextCursor: cursor === null ? { topicName: 't', partitionIndex: 1 } : null,
    }))
    const fresh = createClient(w.a, { bootstrap: [{ host: 'b', port: 9092 }] })
    const described = await w.wait(fresh.admin.describeTopics(['t']))
    expect(described[0]!.partitions.map((p) => [p.partition, p.elr])).toEqual([
      [0, [2]],
      [1, [2]],
    ])
  })

  test('several offsets of one partition are asked one by one', async () => {
    const w = await world()
    await w.wait(w.client.producer().send({ topic: 't', partition: 0, value: 'x' }))
    const both = [
      { topic: 't', partition: 0, at: 'earliest' as const },
      { topic: 't', partition: 0, at: 'latest' as const },
    ]
    expect((await w.wait(w.client.admin.listOffsets(both))).map((o) => [o.error, o.offset])).toEqual([
      ['NONE', 0],
      ['NONE', 1],
    ])
    expect(w.log.received.filter((r) => r.api === 'ListOffsets')).toHaveLength(2)
  })
})

test('murmur2 is Kafka’s', () => {
  // From Kafka's own test of its hash.
  const known: [string, number][] = [
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ]
  for (const [key, hash] of known) expect(murmur2(Buffer.from(key)), key).toBe(hash)
})

test('bootstrap servers', () => {
  expect(endpointsOf('a:1, [::1]:9092')).toEqual([
    { host: 'a', port: 1 },
    { host: '::1', port: 9092 },
  ])
  for (const wrong of ['', 'a', 'a:', ':9092', 'a:0', 'a:70000', 'a:b', '::1:9092']) {
    expect(() => endpointsOf(wrong), wrong).toThrow(ConfigError)
  }
  expect(() => endpointsOf([])).toThrow(ConfigError)
})
