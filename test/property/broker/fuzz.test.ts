// Requests as Kafka wrote them (the goldens), then bent: flipped, cut, grown, spliced. Whatever arrives, a connection
// answers or closes, nothing throws, and what it held is given back.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Connection, ConnectionEvents, Network } from '../../../src/base/index.ts'
import { SeededRandom } from '../../../src/base/index.ts'
import { allApis, encode, isFlexible, RequestHeader } from '../../../src/wire/index.ts'
import { type RequestSide, requestSide } from '../../support/request-side.ts'

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 6_000)
const SEED = Number(process.env.FUZZ_SEED ?? 20_260_101)

/** A network of which the test is the other end: bytes go straight in, answers are only counted. */
class StubNetwork implements Network {
  readonly accepts: ((connection: Connection) => ConnectionEvents)[] = []
  connect(): Connection {
    throw new Error('nobody connects')
  }
  listen(
    at: { host: string; port: number },
    accept: (connection: Connection) => ConnectionEvents,
  ): ReturnType<Network['listen']> {
    this.accepts.push(accept)
    return Promise.resolve({ endpoint: { host: at.host, port: 9092 }, close: () => Promise.resolve() })
  }
}

interface Peer {
  readonly events: ConnectionEvents
  written: number
  closed: boolean
}

function open(accept: (connection: Connection) => ConnectionEvents): Peer {
  const peer = { written: 0, closed: false } as { -readonly [K in keyof Peer]: Peer[K] }
  const end = { host: '10.0.0.1', port: 1 }
  const close = (): void => {
    peer.closed = true
  }
  peer.events = accept({
    remote: end,
    local: end,
    unsent: 0,
    write(chunks) {
      peer.written += chunks.reduce((size, chunk) => size + chunk.length, 0)
      return true
    },
    pause() {},
    resume() {},
    close,
    destroy: close,
  })
  return peer
}

/** Whole request frames without their prefix. */
function corpus(): Uint8Array[] {
  const byName = new Map(allApis().map((api) => [api.request.name, api]))
  const file = new URL('../../golden/golden-messages.jsonl.gz', import.meta.url)
  const frames: Uint8Array[] = []
  for (const line of gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')) {
    const { message, version, hex } = JSON.parse(line)
    const api = byName.get(message)
    if (api === undefined) continue
    const header = encode(RequestHeader, isFlexible(api.request, version) ? 2 : 1, {
      requestApiKey: api.key,
      requestApiVersion: version,
      correlationId: 7,
      clientId: 'fuzz',
    })
    frames.push(Buffer.concat([header, Buffer.from(hex, 'hex')]))
  }
  return frames
}

function bend(frame: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]): Uint8Array {
  let bytes = Buffer.from(frame)
  for (let times = 1 + random.below(4); times > 0; times--) {
    // The key and the version stay most of the time, or everything would end there.
    const at =
      random.below(5) === 0
        ? random.below(bytes.length + 1)
        : Math.min(4 + random.below(bytes.length + 1), bytes.length)
    switch (random.below(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random.below(8))
        break
      case 1:
        if (at < bytes.length) bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][random.below(6)]!
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(12)), bytes.subarray(at)])
        break
      case 4:
        if (at + 4 <= bytes.length) bytes.writeInt32BE([2 ** 31 - 1, -1, -2, 100_000, 0][random.below(5)]!, at)
        break
      default: {
        const other = others[random.below(others.length)]!
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length))])
      }
    }
  }
  return bytes
}

async function start(): Promise<{ side: RequestSide; accepts: StubNetwork['accepts'] }> {
  const network = new StubNetwork()
  const side = requestSide({ network })
  await side.broker.listen('broker')
  await side.broker.listen('controller')
  return { side, accepts: network.accepts }
}

async function deliver(peer: Peer, frame: Uint8Array): Promise<void> {
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(frame.length)
  peer.events.data(Buffer.concat([prefix, frame]))
  // Handlers over fakes settle within a few microtasks.
  for (let turn = 0; turn < 12; turn++) await Promise.resolve()
}

function failures(side: RequestSide): unknown {
  return { fatal: side.fatal, errors: side.logger.lines.filter(({ level }) => level === 'error') }
}

test('every golden request of every listener is answered or closed', async () => {
  const { side, accepts } = await start()
  for (const frame of corpus()) {
    for (const accept of accepts) {
      const peer = open(accept)
      await deliver(peer, frame)
      expect(failures(side)).toEqual({ fatal: [], errors: [] })
      peer.events.closed()
    }
  }
  expect(side.broker.observe()).toMatchObject({ connections: 0, clientBytesHeld: 0, internalBytesHeld: 0 })
})

test(`bent requests are answered or closed (seed ${SEED}, ${ROUNDS} rounds)`, async () => {
  const random = new SeededRandom(SEED)
  const { side, accepts } = await start()
  const frames = corpus()
  let answered = 0
  let closed = 0
  for (let round = 0; round < ROUNDS; round++) {
    const frame = bend(frames[random.below(frames.length)]!, random, frames)
    const peer = open(accepts[random.below(accepts.length)]!)
    await deliver(peer, frame)
    const bytes = Buffer.from(frame).toString('hex')
    expect(failures(side), `round ${round}: ${bytes}`).toEqual({ fatal: [], errors: [] })
    if (peer.written > 0) answered++
    if (peer.closed) closed++
    peer.events.closed()
    side.logger.lines.length = 0
    side.replication.appended.length = 0
    side.replication.reads.length = 0
    side.cluster.submitted.length = 0
    side.raft.fetched.length = 0
  }
  expect(side.broker.observe()).toMatchObject({ connections: 0, clientBytesHeld: 0, internalBytesHeld: 0 })
  expect(answered).toBeGreaterThan(ROUNDS / 20)
  expect(closed).toBeGreaterThan(ROUNDS / 20)
})
