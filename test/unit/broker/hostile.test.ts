// Hostile bytes over real loopback sockets: framing and parsing, one test for each kind of attack. Wherever a peer
// attacks, a well-behaved one beside it must go on undisturbed, and nothing may be left behind.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPorts, type SystemPorts } from '../../../src/io/index.ts'
import { type Api, apis, errorCode, type MessageSchema } from '../../../src/wire/index.ts'
import { RawClient } from '../../support/raw-client.ts'
import { type RequestSide, requestSide } from '../../support/request-side.ts'

let ports: SystemPorts
let side: RequestSide
let good: RawClient
let asked = 0

beforeAll(async () => {
  ports = createPorts({ tablesDirectory: '/nonexistent' })
  const { clock, network, random } = ports
  side = requestSide({
    clock,
    network,
    random,
    limits: {
      handshakeMs: 1_500,
      frameMs: 1_500,
      requestBytes: 2_000_000,
      connectionsPerAddress: 5_000,
      logLinesPerSecond: 10_000,
    },
  })
  await side.broker.listen('broker')
  good = new RawClient(network, { host: '127.0.0.1', port: side.broker.listeners[0]!.port })
})
afterAll(async () => {
  await side.broker.close(100)
  await ports.close()
})

function peer(): RawClient {
  return new RawClient(ports.network, { host: '127.0.0.1', port: side.broker.listeners[0]!.port })
}

/** The well-behaved client still gets an answer; nobody else's bytes are held; nothing was fatal. */
async function undisturbed(): Promise<void> {
  good.send(apis.Metadata, 12, { topics: null })
  await good.answers(++asked)
  expect(good.frames).toHaveLength(asked)
  expect(good.closed).toBe(false)
  expect(side.fatal).toEqual([])
  await until(() => side.broker.observe().connections === 1)
  expect(side.broker.observe()).toMatchObject({ clientBytesHeld: 0, unsentBytes: 0 })
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 8_000
  while (!condition() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(condition()).toBe(true)
}

async function isClosed(client: RawClient): Promise<void> {
  await client.closing
  expect(client.frames).toEqual([])
  await undisturbed()
}

const int32 = (value: number): number[] => [
  (value >>> 24) & 255,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
]
const int16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
/** Header version 1: key, version, correlation id, null client id. */
const header = (key: number, version: number, ...more: number[]): number[] => [
  ...int16(key),
  ...int16(version),
  ...int32(9),
  ...int16(-1),
  ...more,
]
const METADATA = 3

beforeEach(() => {
  side.logger.lines.length = 0
})

describe('lengths', () => {
  test.each([
    ['negative', -1],
    ['the least', -(2 ** 31)],
    ['the greatest', 2 ** 31 - 1],
    ['one over the first request’s bound', 512 * 1024 + 1],
    ['nothing', 0],
  ])('%s', async (_name, length) => {
    await isClosed(peer().raw(int32(length)))
    expect(side.logger.lines).toHaveLength(1)
  })

  test('one over the limit, and exactly the limit, after the first request', async () => {
    const over = peer().send(apis.ApiVersions, 0, {})
    await over.answers(1)
    over.raw(int32(2_000_001))
    await over.closing
    const exact = peer().send(apis.ApiVersions, 0, {})
    await exact.answers(1)
    const produce = new Uint8Array(2_000_000)
    produce.set([...int16(0), ...int16(9), ...int32(9), ...int16(-1), 0, 0, ...int16(1), ...int32(1), 1, 0])
    exact.frame(produce)
    await exact.answers(2)
    expect(exact.frames).toHaveLength(2)
    exact.connection.destroy()
    await undisturbed()
  })

  test('right, and the body never comes, or comes byte by byte', async () => {
    const before = process.memoryUsage().rss
    const clients = Array.from({ length: 200 }, () => peer().raw(int32(500_000), [0]))
    const trickles = setInterval(() => clients[0]!.raw([0]), 100)
    for (const client of clients) await client.closing
    clearInterval(trickles)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
    await undisturbed()
  })

  test('shorter than the message; longer: what is left over is ignored, as by Kafka', async () => {
    await isClosed(peer().frame(header(METADATA, 1, ...int32(1), ...int16(100), 65)))
    const client = peer().frame([...header(METADATA, 1, ...int32(0)), 1, 2, 3])
    await client.answers(1)
    expect(client.frames).toHaveLength(1)
    client.connection.destroy()
    await undisturbed()
  })
})

describe('other protocols', () => {
  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['a TLS ClientHello (KIP-498)', Buffer.from('16030100f8010000f40303', 'hex')],
    ['a TLS alert', Buffer.from('15030300020228', 'hex')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['RESP', Buffer.from('*1\r\n$4\r\nPING\r\n')],
  ])('%s', async (_name, bytes) => {
    await isClosed(peer().raw(bytes))
  })
})

describe('keys and versions', () => {
  test.each([
    ['an unknown key', 9999, 0],
    ['a negative key', -1, 0],
    ['a version over the highest', METADATA, 14],
    ['a negative version', METADATA, -1],
    ['Produce 2', 0, 2],
    ['a removed API (LeaderAndIsr)', 4, 0],
    ['an API of the controller’s listener', 52, 0],
    ['one that is not served', 11, 5],
  ])('%s is closed', async (_name, key, version) => {
    await isClosed(peer().frame(header(key, version, 0, 0, 0, 0)))
  })

  test.each([5, 99, 32767, -1])(
    'ApiVersions %i is answered as version 0 with error 35 and the table',
    async (version) => {
      const client = peer().frame(header(18, version, 0))
      await client.answers(1)
      const answer = client.answer(0, apis.ApiVersions, 0)
      expect(answer.errorCode).toBe(errorCode('UNSUPPORTED_VERSION'))
      expect(answer.apiKeys.length).toBeGreaterThan(10)
      client.connection.destroy()
      await undisturbed()
    },
  )
})

describe('headers', () => {
  const flexible = (...tags: number[]): number[] => header(METADATA, 12, ...tags)
  test.each([
    ['no header at all', [0, 3, 0]],
    ['a flexible request with the header of an old one', [...header(METADATA, 12), 0xff, 0xff, 0xff, 0xff]],
    ['2^31 tagged fields', flexible(0x80, 0x80, 0x80, 0x80, 0x08)],
    ['a tag that reaches over the frame', flexible(1, 0, 100, 1)],
    ['a varint of six bytes', flexible(0xff, 0xff, 0xff, 0xff, 0xff, 0x01)],
    ['a client id that reaches over the frame', [0, 3, 0, 1, 0, 0, 0, 9, 0x7f, 0xff, 65]],
    ['a client id of −2 bytes', [0, 3, 0, 1, 0, 0, 0, 9, 0xff, 0xfe, 0, 0, 0, 0]],
  ])('%s', async (_name, bytes) => {
    await isClosed(peer().frame(bytes))
  })

  test('unknown, unsorted and duplicate tags are skipped, as by Kafka', async () => {
    const client = peer().frame(flexible(3, 9, 1, 65, 2, 1, 66, 9, 0, 0, 1, 0, 0, 0))
    await client.answers(1)
    expect(client.frames).toHaveLength(1)
    client.connection.destroy()
    await undisturbed()
  })

  test('a client id cannot write into the log', async () => {
    const id = Buffer.from('\r\n\u001b[31mERROR forged')
    const client = peer().frame([0, 3, 0, 1, 0, 0, 0, 9, ...int16(id.length), ...id, ...int32(-5)])
    await client.closing
    const told = JSON.stringify(side.logger.lines)
    expect(told).not.toMatch(/\\u001b|\\r|\\n|forged\\/)
    await undisturbed()
  })
})

describe('bodies', () => {
  test.each([
    ['an array of −2', header(METADATA, 1, ...int32(-2))],
    ['an array of 2^31−1', header(METADATA, 1, ...int32(2 ** 31 - 1))],
    ['an array longer than what remains', header(METADATA, 1, ...int32(5), 0, 0)],
    ['a null array where none may be', header(2, 1, ...int32(-1), ...int32(-1))],
    ['a compact null array where none may be', [...header(2, 6, 0), ...int32(-1), 0, 0, 0]],
    ['a compact array of 2^32−2', [...header(METADATA, 12, 0), 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['a varint of six bytes', [...header(METADATA, 12, 0), 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
    ['a negative string', header(METADATA, 1, ...int32(1), ...int16(-2))],
    ['a string over what remains', header(METADATA, 1, ...int32(1), ...int16(500), 65)],
    ['a null string where none may be', header(METADATA, 1, ...int32(1), ...int16(-1))],
    ['arrays that claim to multiply', header(2, 1, ...int32(-1), ...int32(100_000), 0, 1, 65, ...int32(100_000))],
  ])('%s', async (_name, bytes) => {
    await isClosed(peer().frame(bytes))
  })

  test.each([
    ['bad UTF-8', [0xc3, 0x28, 0xff]],
    ['NUL', [65, 0, 66]],
    ['a lone surrogate', [0xed, 0xa0, 0x80]],
    ['a path', [...Buffer.from('../../etc')]],
    ['__proto__', [...Buffer.from('__proto__')]],
  ])('%s as a topic’s name', async (name, bytes) => {
    const client = peer().frame([...header(METADATA, 4), ...int32(1), ...int16(bytes.length), ...bytes, 0])
    await client.answers(1)
    const answer = client.answer(0, apis.Metadata, 4)
    const expected = name === '__proto__' ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION'
    expect(answer.topics[0]?.errorCode).toBe(errorCode(expected))
    client.connection.destroy()
    await undisturbed()
  })

  test('zero and reserved uuids are unknown topics', async () => {
    for (const last of [0, 1, 2]) {
      const id = [...new Array(15).fill(0), last]
      const client = peer().frame([...header(METADATA, 12, 0), 2, ...id, 0, 0, 0, 0, 0])
      await client.answers(1)
      const answer = client.answer(0, apis.Metadata, 12)
      const expected = last === 0 ? 'INVALID_TOPIC_EXCEPTION' : 'UNKNOWN_TOPIC_ID'
      expect(answer.topics[0]?.errorCode).toBe(errorCode(expected))
      client.connection.destroy()
    }
    await undisturbed()
  })

  test('more elements than honest requests have, in a request of any size', async () => {
    const many = new Uint8Array(1_900_000)
    many.set([...header(METADATA, 0), ...int32(949_000)])
    const client = peer().send(apis.ApiVersions, 0, {})
    await client.answers(1)
    const started = performance.now()
    client.frame(many)
    await client.answers(2)
    expect(performance.now() - started).toBeLessThan(2_000)
    client.connection.destroy()
    await undisturbed()
  })
})

describe('conduct', () => {
  test('10,000 requests and no answer read', async () => {
    const before = process.memoryUsage().rss
    const client = peer()
    client.connection.pause()
    const one = Buffer.concat(client.bytesOf(apis.ApiVersions, 0, {}))
    client.raw(Buffer.concat(new Array<Uint8Array>(10_000).fill(one)))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(side.broker.observe().unsentBytes).toBeLessThan(3 * 2 ** 20)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
    good.send(apis.Metadata, 12, { topics: null })
    await good.answers(++asked)
    client.connection.destroy()
    await undisturbed()
  })

  test('requests before ApiVersions are served; the same correlation id is no error', async () => {
    const client = peer()
      .frame(header(METADATA, 1, ...int32(0)))
      .frame(header(METADATA, 1, ...int32(0)))
    await client.answers(2)
    expect(client.answered).toEqual([9, 9])
    client.connection.destroy()
    await undisturbed()
  })

  test('an end and a reset in the middle of a frame', async () => {
    const ending = peer().raw([0, 0, 1, 0, 1])
    ending.connection.close()
    const resetting = peer().raw([0, 0, 1, 0, 1])
    await until(() => side.broker.observe().connections >= 2)
    resetting.connection.destroy()
    await undisturbed()
  })

  test('1,000 connections with a part of a frame each, while another works', async () => {
    const before = process.memoryUsage().rss
    const part = new Uint8Array(8_000)
    const clients = Array.from({ length: 1_000 }, () => peer().raw(int32(500_000), part))
    let slowest = 0
    for (let i = 0; i < 50; i++) {
      const started = performance.now()
      good.send(apis.Metadata, 12, { topics: null })
      await good.answers(++asked)
      slowest = Math.max(slowest, performance.now() - started)
    }
    expect(slowest).toBeLessThan(2_000)
    expect(process.memoryUsage().rss - before).toBeLessThan((64 + 32) * 2 ** 20)
    for (const client of clients) client.connection.destroy()
    await undisturbed()
  })

  test('no answer carries bytes of another request', async () => {
    const marker = 'SECRET-MARKER-OF-ANOTHER'
    const teller = peer().send(apis.Metadata, 12, { topics: [{ name: marker }], allowAutoTopicCreation: false })
    await teller.answers(1)
    const client = peer()
    for (const api of [apis.ApiVersions, apis.Metadata, apis.DescribeCluster, apis.FindCoordinator] as Api<
      MessageSchema,
      MessageSchema
    >[]) {
      for (let version = api.minVersion; version <= api.latestStableVersion; version++) client.send(api, version, {})
    }
    await client.answers(29)
    expect(client.frames).toHaveLength(29)
    for (const frame of client.frames) expect(Buffer.from(frame).includes(marker)).toBe(false)
    teller.connection.destroy()
    client.connection.destroy()
    await undisturbed()
  })
})

test('what was closed was told in one line each, and never with what was sent', async () => {
  const body = Buffer.from('TOP-SECRET-PAYLOAD')
  const client = peer().frame([...header(0, 9, 0), ...body])
  await client.closing
  expect(side.logger.lines).toHaveLength(1)
  expect(JSON.stringify(side.logger.lines)).not.toContain('SECRET')
  await undisturbed()
})
