// What an administrator asks of a node: configurations and quotas told from its image, what goes on to the controller,
// and clients that are held to their quotas.

import { afterEach, describe, expect, test } from 'vitest'
import type { MetadataImage } from '../../../cluster/metadata/index.ts'
import type { Clock } from '../../../src/base/index.ts'
import type { InjectOptions } from '../../../src/broker/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import type { Api, ClientQuotaRecord, Input, Message, MessageSchema } from '../../../src/wire/index.ts'
import { apis, buildBatch, errorCode, errorName } from '../../../src/wire/index.ts'
import { RawClient } from '../../support/raw-client.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

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

type Limits = readonly (readonly [entity: Readonly<Record<string, string | null>>, key: string, value: number])[]

function quotas(limits: Limits): ReadonlyMap<string, ClientQuotaRecord> {
  return new Map(
    limits.map(([parts, key, value], i) => {
      const entity = Object.entries(parts).map(([entityType, entityName]) => ({ entityType, entityName }))
      return [String(i), { entity, key, value, remove: false }]
    }),
  )
}

function image(
  limits: Limits,
  configs: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): MetadataImage {
  const one = imageOf({ one: { id: TOPIC_ID, partitions: [{}, { leader: 2 }] } })
  const changed = new Map(Object.entries(configs).map(([key, values]) => [key, new Map(Object.entries(values))]))
  return { ...one, clientQuotas: quotas(limits), configs: changed }
}

describe('ListConfigResources', () => {
  const side = requestSide({ image: image([], { '32:g': { a: '1' }, '16:m': { b: '2' }, '2:gone': {}, '4:': {} }) })
  const list = async (version: number, resourceTypes: number[]): Promise<string[] | string> => {
    const answer = await ask(side, apis.ListConfigResources, version, { resourceTypes })
    if (answer.errorCode !== 0) return errorName(answer.errorCode)
    return answer.configResources.map(({ resourceName, resourceType }) => `${resourceType}:${resourceName}`)
  }

  test('all that have or may have configurations, or those of the types asked for', async () => {
    const brokers = (type: number): string[] => [1, 2, 3].map((id) => `${type}:${id}`)
    expect(await list(1, [])).toEqual(['32:g', '16:m', ...brokers(8), ...brokers(4), '2:one'])
    expect(await list(1, [2, 32])).toEqual(['32:g', '2:one'])
    expect(await list(1, [2, 99])).toBe('UNSUPPORTED_VERSION')
    expect(await list(0, [])).toEqual(['16:m'])
  })
})

describe('DescribeConfigs', () => {
  const describeOne = async (
    side: RequestSide,
    resourceType: number,
    resourceName: string,
    configurationKeys: string[] | null = null,
  ): Promise<Message<typeof apis.DescribeConfigs.response>['results'][number]> => {
    const resources = [{ resourceType, resourceName, configurationKeys }]
    const answer = await ask(side, apis.DescribeConfigs, 4, { resources, includeSynonyms: true })
    return answer.results[0]!
  }

  test('a throttle is a long that may be changed, a plugin’s name nothing that anybody knows', async () => {
    const changed = { 'leader.replication.throttled.rate': '1000', 'plugin.of.mine': 'x' }
    const side = requestSide({ image: image([], { '4:1': changed }) })
    const { configs } = await describeOne(side, 4, '1', Object.keys(changed))
    expect(configs).toMatchObject([
      { value: '1000', readOnly: false, configSource: 2, isSensitive: false, configType: 5 },
      { value: null, readOnly: true, configSource: 2, isSensitive: true, configType: 0 },
    ])
  })

  test('a group’s fall back to the broker’s, known or not', async () => {
    const side = requestSide({ image: image([], { '32:g': { 'consumer.session.timeout.ms': '50000' } }) })
    const key = ['consumer.session.timeout.ms']
    const fallback = { name: 'group.consumer.session.timeout.ms', value: '45000', source: 5 }
    expect((await describeOne(side, 32, 'g', key)).configs).toMatchObject([
      { value: '50000', configSource: 8, synonyms: [{ name: key[0], value: '50000', source: 8 }, fallback] },
    ])
    expect((await describeOne(side, 32, 'nobody', key)).configs).toMatchObject([
      { value: '45000', configSource: 5, synonyms: [fallback] },
    ])
    expect((await describeOne(side, 32, 'g')).configs).toHaveLength(17)
    expect((await describeOne(side, 32, '')).errorMessage).toBe('Group name must not be empty')
  })

  test('subscriptions of client metrics, and loggers, of which there is none', async () => {
    const side = requestSide({ image: image([], { '16:m': { 'interval.ms': '1000' } }) })
    expect(
      (await describeOne(side, 16, 'm')).configs.map(({ name, value, configSource }) => [name, value, configSource]),
    ).toEqual([
      ['interval.ms', '1000', 7],
      ['match', '', 5],
      ['metrics', '', 5],
    ])
    expect(await describeOne(side, 8, '1')).toMatchObject({ errorCode: 0, configs: [] })
    expect((await describeOne(side, 8, '2')).errorMessage).toBe('Unexpected broker id, expected 1 but received 2')
    expect((await describeOne(side, 8, '')).errorMessage).toBe('Broker id must not be empty')
  })
})

describe('IncrementalAlterConfigs', () => {
  test('loggers are answered here, the rest by the controller', async () => {
    const side = requestSide()
    side.cluster.answers.set('IncrementalAlterConfigs', { responses: [{ resourceType: 2, resourceName: 'one' }] })
    const config = (name: string, configOperation: number) => ({ name, configOperation, value: 'DEBUG' })
    const answer = await ask(side, apis.IncrementalAlterConfigs, 1, {
      resources: [
        { resourceType: 2, resourceName: 'one', configs: [config('retention.ms', 0)] },
        { resourceType: 8, resourceName: '1', configs: [config('root', 0)] },
        { resourceType: 8, resourceName: '2', configs: [config('root', 0)] },
      ],
    })
    expect(
      answer.responses.map((each) => `${each.resourceType} ${errorName(each.errorCode)} ${each.errorMessage}`),
    ).toEqual([
      '8 INVALID_CONFIG Logger root does not exist!',
      '8 INVALID_REQUEST Unexpected node id. Expected 1, but received 2',
      '2 NONE ',
    ])
    expect(side.cluster.submitted).toMatchObject([{ request: { resources: [{ resourceType: 2 }] } }])
  })
})

describe('DescribeClientQuotas', () => {
  const side = requestSide({
    image: image([
      [{ 'client-id': 'c' }, 'producer_byte_rate', 1],
      [{ 'client-id': 'c' }, 'consumer_byte_rate', 2],
      [{ user: null, 'client-id': null }, 'request_percentage', 3],
      [{ user: 'u' }, 'producer_byte_rate', 4],
    ]),
  })
  type Component = readonly [entityType: string, matchType: number, match: string | null]
  const found = async (components: Component[], strict = false): Promise<string[] | string> => {
    const answer = await ask(side, apis.DescribeClientQuotas, 1, {
      components: components.map(([entityType, matchType, match]) => ({ entityType, matchType, match })),
      strict,
    })
    if (answer.entries === null) return `${errorName(answer.errorCode)} ${answer.errorMessage}`
    return answer.entries.map(
      ({ entity, values }) =>
        `${entity.map((e) => `${e.entityType}=${e.entityName}`).join(' ')}: ${values.map((v) => v.value).join(' ')}`,
    )
  }
  const C = 'client-id=c: 1 2'
  const BOTH = 'client-id=null user=null: 3'

  test('by name, by default, any; strictly only these', async () => {
    expect(await found([])).toEqual([C, BOTH, 'user=u: 4'])
    expect(await found([], true)).toEqual([])
    expect(await found([['client-id', 2, null]])).toEqual([C, BOTH])
    expect(await found([['client-id', 2, null]], true)).toEqual([C])
    expect(await found([['client-id', 0, 'c']])).toEqual([C])
    expect(await found([['client-id', 1, null]])).toEqual([BOTH])
  })

  test.each<[Component[], string]>([
    [[['foo', 2, null]], 'UNSUPPORTED_VERSION Unsupported entity type foo'],
    [[['', 2, null]], 'INVALID_REQUEST Invalid empty entity type.'],
    [
      [
        ['user', 2, null],
        ['user', 2, null],
      ],
      'INVALID_REQUEST Entity type user cannot appear more than once in the filter.',
    ],
    [[['user', 5, null]], 'INVALID_REQUEST Unknown match type 5'],
    [[['user', 0, null]], 'INVALID_REQUEST Request specified MATCH_TYPE_EXACT, but set match string to null.'],
  ])('%j is refused', async (components, sentence) => {
    expect(await found(components)).toBe(sentence)
  })
})

describe('a client over its quota', () => {
  let sim: Simulation | null = null
  afterEach(() => {
    sim?.close()
    sim = null
  })

  async function world(
    limits: Limits,
    clientBudgetBytes = 1 << 27,
  ): Promise<{ side: RequestSide; sim: Simulation; client(host?: string): RawClient }> {
    sim = createSimulation({ seed: 5 })
    const world = sim
    const { clock, network, random } = world.addNode('server')
    world.addNode('a')
    const listeners = 'CLIENT://server:9092,INTERNAL://server:9094,CONTROLLER://server:9093'
    const side = requestSide({
      clock,
      network,
      random,
      properties: { listeners },
      image: image(limits),
      limits: { clientBudgetBytes },
    })
    await world.wait(side.broker.listen('broker'))
    const client = (): RawClient => {
      const { port } = side.broker.listeners.find(({ name }) => name === 'CLIENT')!
      return new RawClient(world.ports('a').network, { host: 'server', port })
    }
    return { side, sim: world, client }
  }

  const produced = (bytes: number, acks = -1): Input<typeof apis.Produce.request> => {
    const records = buildBatch({ records: [{ timestamp: 1, key: null, value: new Uint8Array(bytes), headers: [] }] })
    return { acks, timeoutMs: 60_000, topicData: [{ name: 'one', partitionData: [{ index: 0, records }] }] }
  }

  test('is told at once how long to wait, and heard again after that', async () => {
    const { side, sim, client } = await world([[{ 'client-id': 'raw' }, 'producer_byte_rate', 1000]])
    const producer = client()
    producer.send(apis.Produce, 9, produced(12_000)).send(apis.Produce, 9, produced(10))
    await sim.wait(producer.answers(1))
    const wait = producer.answer(0, apis.Produce, 9).throttleTimeMs
    expect(wait).toBeGreaterThan(1900)
    expect(wait).toBeLessThan(2500)
    producer.send(apis.ApiVersions, 0, {})
    await sim.sleep(wait - 100)
    // The second Produce was begun beside the first, before anybody knew; what came later waits.
    expect(producer.frames).toHaveLength(2)
    expect(side.replication.appended).toHaveLength(2)
    const second = producer.answer(1, apis.Produce, 9).throttleTimeMs
    await sim.sleep(Math.max(second - wait, 0) + 200)
    expect(producer.frames).toHaveLength(3)
  })

  test('is muted without an answer too', async () => {
    const { side, sim, client } = await world([[{ 'client-id': 'raw' }, 'producer_byte_rate', 1000]])
    const producer = client()
    producer.send(apis.Produce, 9, produced(15_000, 0))
    await sim.sleep(1000)
    producer.send(apis.ApiVersions, 0, {})
    await sim.sleep(3000)
    expect(side.replication.appended).toHaveLength(1)
    expect(producer.frames).toHaveLength(0)
    await sim.sleep(2000)
    expect(producer.frames).toHaveLength(1)
  })

  test('gets nothing instead of records, and the records when its time has come; replicas and others get theirs', async () => {
    const { side, sim, client } = await world([[{ 'client-id': 'raw' }, 'consumer_byte_rate', 1000]])
    side.replication.logs.set(0, [new Uint8Array(6000)])
    const consumer = client()
    const fetching = {
      minBytes: 1,
      maxWaitMs: 10,
      maxBytes: 1 << 20,
      topics: [{ topic: 'one', partitions: [{ partition: 0, partitionMaxBytes: 1 << 20 }] }],
    }
    consumer.send(apis.Fetch, 11, fetching).send(apis.Fetch, 11, fetching)
    await sim.wait(consumer.answers(2))
    expect(side.replication.reads[0]?.maxBytes).toBe(10_000)
    const first = consumer.answer(0, apis.Fetch, 11)
    expect([first.throttleTimeMs, first.responses.length]).toEqual([0, 1])
    const second = consumer.answer(1, apis.Fetch, 11)
    expect([second.responses.length, second.sessionId]).toEqual([0, 0])
    expect(second.throttleTimeMs).toBeGreaterThan(1500)
    consumer.send(apis.Fetch, 11, fetching)
    await sim.sleep(second.throttleTimeMs - 100)
    expect(consumer.frames).toHaveLength(2)
    // Asked once more when what it got is out of all windows.
    await sim.sleep(12_000)
    expect(consumer.answer(2, apis.Fetch, 11).responses).toHaveLength(0)
    consumer.send(apis.Fetch, 11, fetching)
    await sim.wait(consumer.answers(4))
    expect(consumer.answer(3, apis.Fetch, 11).responses).toHaveLength(1)
    const inject = { ...fetching, replicaId: 2 }
    for (let i = 0; i < 3; i++) {
      const replica = await ask(side, apis.Fetch, 11, inject, { listener: 'INTERNAL', clientId: 'raw' })
      expect([replica.throttleTimeMs, replica.responses.length]).toEqual([0, 1])
    }
  })

  test('gets a batch that is more than it may ever have at once, when it has had nothing else, and waits all the longer', async () => {
    const { side, sim, client } = await world([[{ 'client-id': 'raw' }, 'consumer_byte_rate', 1000]])
    const consumer = client()
    const fetching = {
      minBytes: 1,
      maxWaitMs: 10,
      maxBytes: 1 << 20,
      topics: [{ topic: 'one', partitions: [{ partition: 0, partitionMaxBytes: 1 << 20 }] }],
    }
    const next = async (): Promise<readonly [wait: number, topics: number]> => {
      consumer.send(apis.Fetch, 11, fetching)
      await sim.wait(consumer.answers(consumer.frames.length + 1))
      const { throttleTimeMs, responses } = consumer.answer(consumer.frames.length - 1, apis.Fetch, 11)
      return [throttleTimeMs, responses.length]
    }
    side.replication.logs.set(0, [new Uint8Array(500)])
    expect(await next()).toEqual([0, 1])
    side.replication.logs.set(0, [new Uint8Array(60_000)])
    const [wait, topics] = await next()
    expect([wait > 0, topics]).toEqual([true, 0])
    // 60 s of its rate, less the ten that it may save.
    const [long, given] = await next()
    expect(given).toBe(1)
    expect(long).toBeGreaterThan(45_000)
    expect(long).toBeLessThan(55_000)
    expect((await next())[1]).toBe(1)
  })

  test('does not stand in the way of others while it waits, with a request that has come in part', async () => {
    const { sim, client } = await world([[{ 'client-id': 'raw' }, 'producer_byte_rate', 1000]], 100_000)
    const half = (of: RawClient): [Uint8Array, Uint8Array] => {
      const bytes = Buffer.concat(of.bytesOf(apis.Produce, 9, produced(80_000)))
      return [bytes.subarray(0, 60_000), bytes.subarray(60_000)]
    }
    for (let i = 0; i < 5; i++) {
      const muted = client()
      muted.send(apis.Produce, 9, produced(30_000)).raw(half(muted)[0])
      await sim.wait(muted.answers(1))
      await sim.sleep(100)
    }
    const other = client()
    const [first, rest] = half(other)
    other.raw(first)
    await sim.sleep(100)
    other.raw(rest)
    await sim.sleep(1_000)
    expect(other.frames).toHaveLength(1)
  })

  test('is known by its name in whatever letters', async () => {
    const request = produced(30_000)
    const wait = async (clientId: string): Promise<number> => {
      const side = requestSide({ image: image([[{ 'client-id': '集計' }, 'producer_byte_rate', 1000]]) })
      return (await ask(side, apis.Produce, 9, request, { clientId })).throttleTimeMs
    }
    expect(await wait('集計')).toBeGreaterThan(0)
    expect(await wait('別人')).toBe(0)
  })

  test('waits for what the controller says', async () => {
    const { side, sim, client } = await world([])
    side.cluster.answers.set('CreateTopics', {
      throttleTimeMs: 700,
      topics: [{ name: 'x', errorCode: errorCode('THROTTLING_QUOTA_EXCEEDED') }],
    })
    const admin = client()
    admin.send(apis.CreateTopics, 7, { topics: [{ name: 'x', numPartitions: 1, replicationFactor: 1 }], timeoutMs: 10 })
    await sim.wait(admin.answers(1))
    expect(admin.answer(0, apis.CreateTopics, 7).throttleTimeMs).toBe(700)
    admin.send(apis.ApiVersions, 0, {})
    await sim.sleep(650)
    expect(admin.frames).toHaveLength(1)
    await sim.sleep(200)
    expect(admin.frames).toHaveLength(2)
  })

  test('of request time: the part of a second that its requests take', async () => {
    let now = 1000
    // Whoever looks at the clock has worked for 50 ms since the last look.
    const clock: Clock = {
      monotonic: () => {
        now += 50
        return now
      },
      wall: () => 1_700_000_000_000,
      alarm: () => ({ set() {}, clear() {} }),
    }
    const side = requestSide({ clock, image: image([[{ user: 'ANONYMOUS' }, 'request_percentage', 0.01]]) })
    const first = await ask(side, apis.Metadata, 9, { topics: null }, { clientId: 'busy' })
    expect(first.throttleTimeMs).toBe(1000)
    const internal = await ask(side, apis.Metadata, 9, { topics: null }, { clientId: 'busy', listener: 'INTERNAL' })
    expect(internal.throttleTimeMs).toBe(0)
  })
})

describe('new connections', () => {
  let sim: Simulation | null = null
  afterEach(() => {
    sim?.close()
    sim = null
  })

  async function world(
    start: MetadataImage,
  ): Promise<{ side: RequestSide; sim: Simulation; connect(host: string): RawClient }> {
    sim = createSimulation({ seed: 5 })
    const world = sim
    const { clock, network, random } = world.addNode('server')
    for (const name of ['a', 'b']) world.addNode(name)
    const listeners = 'CLIENT://server:9092,INTERNAL://server:9094,CONTROLLER://server:9093'
    const side = requestSide({ clock, network, random, properties: { listeners }, image: start })
    await world.wait(side.broker.listen('broker'))
    const { port } = side.broker.listeners.find(({ name }) => name === 'CLIENT')!
    return {
      side,
      sim: world,
      connect: (host) =>
        new RawClient(world.ports(host).network, { host: 'server', port }).send(apis.ApiVersions, 0, {}),
    }
  }
  const many = (n: number, connect: () => RawClient): RawClient[] => Array.from({ length: n }, connect)
  const answered = (clients: readonly RawClient[]): number => clients.filter(({ frames }) => frames.length > 0).length
  const closed = (clients: readonly RawClient[]): number => clients.filter((client) => client.closed).length

  test('how many there may be is what the metadata says now, of one broker before all of them', async () => {
    const { side, sim, connect } = await world(image([], { '4:': { 'max.connections': '2' } }))
    const first = many(3, () => connect('a'))
    await sim.sleep(100)
    expect([answered(first), closed(first)]).toEqual([2, 1])
    side.cluster.image = image([], { '4:': { 'max.connections': '2' }, '4:1': { 'max.connections': '4' } })
    const more = many(3, () => connect('a'))
    await sim.sleep(100)
    expect([answered(more), closed(more)]).toEqual([2, 1])
  })

  test('from one address, with exceptions', async () => {
    const { side, sim, connect } = await world(image([], { '4:': { 'max.connections.per.ip': '1' } }))
    const a = many(2, () => connect('a'))
    const b = many(1, () => connect('b'))
    await sim.sleep(100)
    expect([closed(a), closed(b)]).toEqual([1, 0])
    side.cluster.image = image([], {
      '4:': { 'max.connections.per.ip': '1', 'max.connections.per.ip.overrides': 'a: 3,b:-1,[::1]:7' },
    })
    const more = many(2, () => connect('a'))
    const other = many(1, () => connect('b'))
    await sim.sleep(100)
    expect([closed(more), closed(other)]).toEqual([0, 1])
  })

  test('a rate for all makes those beyond it wait, a rate of an address closes them when their time has come', async () => {
    const slow = await world(image([], { '4:': { 'max.connection.creation.rate': '1' } }))
    const all = many(12, () => slow.connect('a'))
    await slow.sim.sleep(500)
    expect([answered(all), closed(all)]).toEqual([10, 0])
    await slow.sim.sleep(3_000)
    expect([answered(all), closed(all)]).toEqual([12, 0])
    slow.sim.close()
    const strict = await world(image([[{ ip: 'a' }, 'connection_creation_rate', 1]]))
    const a = many(12, () => strict.connect('a'))
    const b = many(12, () => strict.connect('b'))
    await strict.sim.sleep(500)
    expect([answered(a), closed(a), answered(b)]).toEqual([10, 0, 12])
    await strict.sim.sleep(3_000)
    expect([answered(a), closed(a)]).toEqual([10, 2])
  })
})
