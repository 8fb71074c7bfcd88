// Connections in the simulated world: order, backpressure, budgets, time-outs and the end, in virtual time.

import { afterEach, describe, expect, test } from 'vitest'
import type { Limits } from '../../../src/broker/index.ts'
import { partitionFor } from '../../../src/groups/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { apis, buildBatch, type Input } from '../../../src/wire/index.ts'
import { RawClient } from '../../support/raw-client.ts'
import { type RequestSide, requestSide, SUPERSEDED } from '../../support/request-side.ts'

let sim: Simulation | null = null
afterEach(() => {
  sim?.close()
  sim = null
})

/** A member's first word to the group `g`. */
const JOIN = {
  groupId: 'g',
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 10_000,
  protocolType: 'consumer',
  protocols: [{ name: 'range', metadata: Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0, 0) }],
}

interface World extends RequestSide {
  readonly sim: Simulation
  client(listener?: string, host?: string): RawClient
}

async function world(limits: Partial<Limits> = {}): Promise<World> {
  sim = createSimulation({ seed: 5 })
  const world = sim
  const { clock, network, random } = world.addNode('server')
  for (const name of ['a', 'b', 'c']) world.addNode(name)
  const listeners = 'CLIENT://server:9092,INTERNAL://server:9094,CONTROLLER://server:9093'
  const side = requestSide({ clock, network, random, limits, properties: { listeners } })
  await world.wait(side.broker.listen('broker'))
  await world.wait(side.broker.listen('controller'))
  return {
    ...side,
    sim: world,
    client(listener = 'CLIENT', host = 'a') {
      const { port } = side.broker.listeners.find(({ name }) => name === listener)!
      return new RawClient(world.ports(host).network, { host: 'server', port })
    },
  }
}

const produced = (bytes = 600, acks = -1): Input<typeof apis.Produce.request> => {
  const records = buildBatch({ records: [{ timestamp: 1, key: null, value: new Uint8Array(bytes), headers: [] }] })
  return { acks, timeoutMs: 60_000, topicData: [{ name: 'one', partitionData: [{ index: 0, records }] }] }
}
const fetching: Input<typeof apis.Fetch.request> = {
  minBytes: 1,
  maxWaitMs: 10_000,
  topics: [{ topic: 'one', partitions: [{ partition: 0, partitionMaxBytes: 1 << 20 }] }],
}

describe('order', () => {
  test('answers come in request order, whichever is done first', async () => {
    const w = await world()
    const client = w.client()
    w.replication.hold = true
    client.send(apis.Produce, 9, produced()).send(apis.Produce, 9, produced()).send(apis.ApiVersions, 0, {})
    await w.sim.sleep(50)
    expect(w.replication.appended).toHaveLength(2)
    expect(client.answered).toEqual([])
    w.replication.release()
    await w.sim.wait(client.answers(3))
    expect(client.answered).toEqual([1, 2, 3])
  })

  test('a JoinGroup that waits holds up its own connection, as in Kafka, and no other', async () => {
    const w = await world()
    w.groups.lead(partitionFor('g', 50))
    const client = w.client()
    client.send(apis.JoinGroup, 3, JOIN).send(apis.Heartbeat, 3, { groupId: 'g', memberId: 'x' })
    await w.sim.sleep(50)
    expect(w.groups.asked.map(({ request }) => request.api)).toEqual(['JoinGroup'])
    const other = w.client('CLIENT', 'b').send(apis.Heartbeat, 3, { groupId: 'g', memberId: 'x' })
    await w.sim.wait(other.answers(1))
    w.groups.pass(1)
    await w.sim.wait(client.answers(2))
    expect(client.answer(0, apis.JoinGroup, 3)).toMatchObject({ errorCode: 0, generationId: 1 })
    expect(client.answered).toEqual([1, 2])
  })

  test('a member whose connection breaks while it joins is in the group until its session is over', async () => {
    const w = await world()
    w.groups.lead(partitionFor('g', 50))
    const client = w.client()
    client.send(apis.JoinGroup, 3, JOIN)
    await w.sim.sleep(50)
    client.connection.destroy()
    await w.sim.sleep(50)
    expect(w.broker.observe().connections).toBe(0)
    const members = async (): Promise<number | undefined> => {
      const answer = await w.broker.inject(apis.DescribeGroups, 5, { groups: ['g'] })
      return answer.kind === 'respond' ? answer.body.groups[0]?.members.length : undefined
    }
    w.groups.pass(1)
    expect(await members()).toBe(1)
    w.groups.pass(10_000)
    expect(await members()).toBe(0)
  })

  test('produces may be begun while others wait; anything else waits its turn, and they wait for it', async () => {
    const w = await world()
    const client = w.client()
    w.replication.hold = true
    client.send(apis.Produce, 9, produced()).send(apis.Fetch, 11, fetching).send(apis.Produce, 9, produced())
    await w.sim.sleep(50)
    expect([w.replication.appended.length, w.replication.reads.length]).toEqual([1, 0])
    w.replication.release()
    await w.sim.sleep(50)
    expect([w.replication.appended.length, w.replication.reads.length]).toEqual([1, 1])
    w.replication.release()
    await w.sim.sleep(50)
    expect(w.replication.appended).toHaveLength(2)
  })

  test('the same correlation id twice is answered twice', async () => {
    const w = await world()
    const client = w.client()
    const bytes = client.bytesOf(apis.ApiVersions, 0, {})
    client.raw(...bytes).raw(...bytes)
    await w.sim.wait(client.answers(2))
    expect(client.answered).toEqual([1, 1])
  })

  test('requests in one byte at a time, and many in one chunk', async () => {
    const w = await world()
    const client = w.client()
    for (const byte of Buffer.concat(client.bytesOf(apis.Metadata, 12, { topics: null }))) client.raw([byte])
    const many = Array.from({ length: 300 }, () => client.bytesOf(apis.ApiVersions, 0, {})).flat()
    client.raw(Buffer.concat(many))
    await w.sim.wait(client.answers(301))
    expect(client.answered).toEqual(Array.from({ length: 301 }, (_, i) => i + 1))
  })

  test('acks=0 leaves no gap, and its failure closes the connection', async () => {
    const w = await world()
    const client = w.client()
    client.send(apis.Produce, 9, produced(10, 0)).send(apis.ApiVersions, 0, {})
    await w.sim.wait(client.answers(1))
    expect(client.answered).toEqual([2])
    w.replication.refusal = 'NOT_LEADER_OR_FOLLOWER'
    client.send(apis.Produce, 9, produced(10, 0))
    await w.sim.wait(client.closing)
  })
})

describe('the peer goes', () => {
  test('waiting reads are cancelled and everything held is let go', async () => {
    const w = await world()
    const client = w.client()
    w.replication.hold = true
    client.send(apis.Fetch, 11, fetching)
    await w.sim.sleep(50)
    expect(w.broker.observe().clientBytesHeld).toBeGreaterThan(0)
    client.connection.destroy()
    await w.sim.sleep(50)
    expect(w.replication.cancelled).toBe(1)
    expect(w.broker.observe()).toMatchObject({ connections: 0, clientBytesHeld: 0 })
    w.replication.release()
    await w.sim.sleep(50)
    expect(w.fatal).toEqual([])
  })

  test('in the middle of a frame', async () => {
    const w = await world()
    const client = w.client()
    client.raw([0, 0, 1, 0, 1, 2, 3])
    await w.sim.sleep(50)
    expect(w.broker.observe().clientBytesHeld).toBe(7)
    client.connection.close()
    await w.sim.sleep(50)
    expect(w.broker.observe()).toMatchObject({ connections: 0, clientBytesHeld: 0 })
  })
})

describe('time-outs', () => {
  test('no complete request within the handshake time', async () => {
    const w = await world()
    const silent = w.client()
    const slow = w.client().raw([0, 0, 0, 20])
    const good = w.client().send(apis.ApiVersions, 0, {})
    await w.sim.sleep(9_000)
    expect([silent.closed, slow.closed]).toEqual([false, false])
    await w.sim.sleep(2_500)
    expect([silent.closed, slow.closed, good.closed]).toEqual([true, true, false])
    const told = w.logger.lines.filter(({ message }) => message.includes('no complete request'))
    expect(told).toHaveLength(2)
  })

  test('a request that trickles in', async () => {
    const w = await world({ frameMs: 5_000 })
    const client = w.client().send(apis.ApiVersions, 0, {})
    await w.sim.wait(client.answers(1))
    client.raw([0, 0, 1, 0])
    for (let second = 0; second < 8 && !client.closed; second++) {
      client.raw([0])
      await w.sim.sleep(1_000)
    }
    expect(client.closed).toBe(true)
  })

  test('an idle connection, but none that waits for an answer', async () => {
    const w = await world({ idleMs: 20_000 })
    const idle = w.client().send(apis.ApiVersions, 0, {})
    w.replication.hold = true
    const waiting = w.client().send(apis.Fetch, 11, fetching)
    await w.sim.sleep(19_000)
    expect(idle.closed).toBe(false)
    await w.sim.sleep(3_000)
    expect([idle.closed, waiting.closed]).toEqual([true, false])
  })
})

describe('backpressure', () => {
  test('of requests in progress: the rest stays with the peer', async () => {
    const w = await world({ inFlightRequests: 4 })
    const client = w.client()
    w.replication.hold = true
    for (let i = 0; i < 500; i++) client.send(apis.Produce, 9, produced(10_000))
    await w.sim.sleep(1_000)
    expect(w.replication.appended).toHaveLength(4)
    expect(w.broker.observe().clientBytesHeld).toBeLessThan(1_000_000)
    w.replication.hold = false
    w.replication.release()
    await w.sim.wait(client.answers(500))
    expect(client.answered).toEqual(Array.from({ length: 500 }, (_, i) => i + 1))
    expect(w.broker.observe().clientBytesHeld).toBe(0)
  })

  test('of bytes of all clients together, in turn, and without end for nobody', async () => {
    const cap = 300_000
    const w = await world({ clientBudgetBytes: cap, firstRequestBytes: 1 << 20 })
    w.replication.hold = true
    const clients = Array.from({ length: 20 }, (_, i) => w.client('CLIENT', ['a', 'b', 'c'][i % 3]))
    for (const client of clients) client.send(apis.Produce, 9, produced(100_000))
    let most = 0
    w.sim.afterEvent(() => {
      most = Math.max(most, w.broker.observe().clientBytesHeld)
    })
    for (let round = 0; round < 100 && clients.some(({ frames }) => frames.length === 0); round++) {
      await w.sim.sleep(500)
      w.replication.release(1)
    }
    expect(clients.map(({ frames }) => frames.length)).toEqual(new Array(20).fill(1))
    expect(most).toBeLessThan(cap + 100_000 + 20 * (64 * 1024 + 16 * 1024))
    expect(w.broker.observe().clientBytesHeld).toBe(0)
  })

  test('produces that wait for followers do not stop the followers’ fetches', async () => {
    const w = await world({ clientBudgetBytes: 100_000, firstRequestBytes: 1 << 20 })
    w.replication.hold = true
    for (const host of ['a', 'b', 'c']) w.client('CLIENT', host).send(apis.Produce, 9, produced(90_000))
    await w.sim.sleep(1_000)
    expect(w.broker.observe().clientBytesHeld).toBeGreaterThan(100_000)
    w.client('INTERNAL').send(apis.Fetch, 11, { ...fetching, replicaId: 2 })
    // A listener that followers share with clients: small requests flow all the same.
    w.client('CLIENT').send(apis.Fetch, 11, fetching)
    await w.sim.sleep(1_000)
    expect(w.replication.reads).toHaveLength(2)
  })

  test('of answers that nobody reads: nothing more is begun, other peers go on', async () => {
    const w = await world()
    const deaf = w.client()
    w.replication.logs.set(0, [new Uint8Array(900_000)])
    deaf.connection.pause()
    for (let i = 0; i < 10_000; i++) deaf.send(apis.Fetch, 11, fetching)
    await w.sim.sleep(2_000)
    expect(w.replication.reads.length).toBeLessThan(6)
    expect(w.broker.observe().unsentBytes).toBeLessThan(3_000_000)
    expect(w.broker.observe().clientBytesHeld).toBeLessThan(200_000)
    const other = w.client('CLIENT', 'b').send(apis.ApiVersions, 0, {})
    await w.sim.wait(other.answers(1))
    expect(other.answered).toEqual([1])
    deaf.connection.resume()
    await w.sim.wait(deaf.answers(20))
    expect(deaf.answered.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  })

  test('under memory pressure fetches get little, and who reads nothing is cut off', async () => {
    const w = await world({ outputBudgetBytes: 500_000, outputStallMs: 5_000 })
    const deaf = w.client().send(apis.Fetch, 11, fetching)
    w.replication.logs.set(0, [new Uint8Array(900_000)])
    deaf.connection.pause()
    deaf.send(apis.Fetch, 11, fetching)
    await w.sim.sleep(2_000)
    const other = w.client('CLIENT', 'b').send(apis.Fetch, 11, fetching)
    await w.sim.wait(other.answers(1))
    expect(w.replication.reads.at(-1)?.maxBytes).toBe(64 * 1024)
    await w.sim.sleep(8_000)
    expect(w.broker.observe().unsentBytes).toBe(0)
    expect(w.logger.lines.some(({ message }) => message.includes('has read nothing'))).toBe(true)
  })
})

describe('counts of connections', () => {
  test('per address and in all; brokers are not shut out by clients', async () => {
    const w = await world({ connectionsPerAddress: 3, connections: 5 })
    const a = Array.from({ length: 4 }, () => w.client('CLIENT', 'a').send(apis.ApiVersions, 0, {}))
    await w.sim.sleep(100)
    expect(a.filter(({ closed }) => closed)).toHaveLength(1)
    const b = Array.from({ length: 3 }, () => w.client('CLIENT', 'b').send(apis.ApiVersions, 0, {}))
    await w.sim.sleep(100)
    expect(b.filter(({ closed }) => closed)).toHaveLength(1)
    const broker = w.client('INTERNAL', 'a').send(apis.ApiVersions, 0, {})
    await w.sim.wait(broker.answers(1))
    expect(broker.closed).toBe(false)
    a.find(({ closed }) => !closed)!.connection.close()
    await w.sim.sleep(100)
    const again = w.client('CLIENT', 'a').send(apis.ApiVersions, 0, {})
    await w.sim.sleep(100)
    expect(again.closed).toBe(true)
    broker.connection.close()
    await w.sim.sleep(100)
    const later = w.client('CLIENT', 'a').send(apis.ApiVersions, 0, {})
    await w.sim.wait(later.answers(1))
    expect(later.closed).toBe(false)
  })
})

describe('what brokers forward', () => {
  test('is not decided on a connection that is superseded, and that is the end of it', async () => {
    const w = await world()
    const software = { clientSoftwareName: SUPERSEDED, clientSoftwareVersion: '1' }
    const late = w.client('CONTROLLER').send(apis.ApiVersions, 3, software)
    await w.sim.wait(late.answers(1))
    late.send(apis.CreateTopics, 7, { topics: [], timeoutMs: 1_000, validateOnly: false })
    await w.sim.wait(late.closing)
    expect([late.frames.length, w.cluster.decided]).toEqual([1, []])
    // A client that says the same on a listener of brokers is nobody's forwarder.
    const client = w.client().send(apis.ApiVersions, 3, software)
    client.send(apis.CreateTopics, 7, { topics: [], timeoutMs: 1_000, validateOnly: false })
    await w.sim.wait(client.answers(2))
  })
})

describe('the beginning', () => {
  test('brokers’ listeners turn connections away until the broker is registered; controllers’ do not', async () => {
    const w = await world()
    w.cluster.brokerEpoch = -1
    const early = w.client().send(apis.ApiVersions, 0, {})
    const controller = w.client('CONTROLLER').send(apis.ApiVersions, 0, {})
    await w.sim.wait(controller.answers(1))
    await w.sim.wait(early.closing)
    expect([early.frames.length, controller.frames.length]).toEqual([0, 1])
    w.cluster.brokerEpoch = 11
    const later = w.client().send(apis.ApiVersions, 0, {})
    await w.sim.wait(later.answers(1))
    expect(later.frames).toHaveLength(1)
  })
})

describe('the end', () => {
  test('what is in progress is answered, then every connection closes', async () => {
    const w = await world()
    w.replication.hold = true
    const busy = w.client().send(apis.Produce, 9, produced())
    const idle = w.client().send(apis.ApiVersions, 0, {})
    await w.sim.sleep(100)
    const closing = w.broker.close(5_000)
    await w.sim.sleep(100)
    expect([busy.closed, idle.closed]).toEqual([false, true])
    w.replication.release()
    await w.sim.wait(closing)
    await w.sim.wait(busy.closing)
    expect(busy.answered).toEqual([1])
    const late = w.client()
    await w.sim.wait(late.closing)
  })

  test('reads that wait are answered with what there is', async () => {
    const w = await world()
    w.replication.hold = true
    const waiting = w.client().send(apis.Fetch, 11, fetching)
    await w.sim.sleep(100)
    const started = w.sim.now
    await w.sim.wait(w.broker.close(5_000))
    await w.sim.wait(waiting.closing)
    expect(waiting.answered).toEqual([1])
    expect(w.sim.now - started).toBeLessThan(1_000)
  })

  test('what is not answered in time is cut off', async () => {
    const w = await world()
    w.replication.hold = true
    const busy = w.client().send(apis.Produce, 9, produced())
    await w.sim.sleep(100)
    await w.sim.wait(w.broker.close(1_000))
    await w.sim.wait(busy.closing)
    expect(w.broker.observe().connections).toBe(0)
  })
})
