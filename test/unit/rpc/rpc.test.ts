import { afterEach, describe, expect, test } from 'vitest'
import type { Ports } from '../../../src/base/index.ts'
import { createRpc, type Peer, type Rpc, type RpcOptions } from '../../../src/rpc/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { apis, EncodeError } from '../../../src/wire/index.ts'
import { ScriptedBroker } from '../../support/scripted-broker.ts'

const OPTIONS: RpcOptions = {
  clientId: 'test',
  reconnectBackoffMs: 100,
  reconnectBackoffMaxMs: 1000,
  connectTimeoutMs: 2000,
  maxResponseBytes: 1 << 20,
}
const AT = { host: 'b', port: 9092 }

let sim: Simulation | null = null
afterEach(() => {
  sim?.[Symbol.dispose]()
  sim = null
})

interface World {
  readonly sim: Simulation
  readonly a: Ports
  readonly b: Ports
  readonly broker: ScriptedBroker
  readonly rpc: Rpc
  readonly peer: Peer
}

async function world(prepare: (broker: ScriptedBroker) => void, options: Partial<RpcOptions> = {}): Promise<World> {
  sim = createSimulation({ seed: 11 })
  const a = sim.addNode('a')
  const b = sim.addNode('b')
  const broker = new ScriptedBroker()
  prepare(broker)
  await sim.wait(broker.listen(b.network, AT))
  const rpc = createRpc(a, { ...OPTIONS, ...options })
  return { sim, a, b, broker, rpc, peer: rpc.peer(AT) }
}

const cluster = (broker: ScriptedBroker): void => {
  broker.serve(apis.DescribeCluster, () => ({ clusterId: 'c' }))
}

describe('versions', () => {
  test('the highest that both sides have is used', async () => {
    const w = await world((broker) =>
      broker.serve(apis.DescribeCluster, () => ({ clusterId: 'c' }), { min: 0, max: 1 }),
    )
    expect(w.peer.versionsOf(apis.DescribeCluster)).toBeNull()
    const result = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(result).toMatchObject({ kind: 'ok', version: 1, body: { clusterId: 'c' } })
    expect(w.peer.connected).toBe(true)
    expect(w.peer.versionsOf(apis.DescribeCluster)).toEqual({ min: 0, max: 1 })
    const older = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000, maxVersion: 0 }))
    expect(older).toMatchObject({ kind: 'ok', version: 0 })
  })

  test('a body may depend on the version', async () => {
    const w = await world(cluster)
    const asked: number[] = []
    const body = (version: number): object => {
      asked.push(version)
      return {}
    }
    await w.sim.wait(w.peer.send(apis.DescribeCluster, body, { timeoutMs: 1000 }))
    expect(asked).toEqual([2])
  })

  test('an old server is asked again in version 0', async () => {
    const w = await world((broker) => {
      cluster(broker)
      broker.apiVersionsMax = 2
    })
    const result = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(result.kind).toBe('ok')
    expect(w.broker.received.map((r) => `${r.api} ${r.version}`)).toEqual([
      'ApiVersions 3',
      'ApiVersions 0',
      'DescribeCluster 2',
    ])
  })

  test('an API the server lacks, or a field its versions lack, fails without being sent', async () => {
    const w = await world((broker) => broker.serve(apis.DescribeCluster, () => ({}), { min: 0, max: 0 }))
    const absent = await w.sim.wait(w.peer.send(apis.Metadata, {}, { timeoutMs: 1000 }))
    expect(absent).toEqual({ kind: 'failed', reason: 'unsupported-version', sent: false })
    const field = await w.sim.wait(w.peer.send(apis.DescribeCluster, { endpointType: 2 }, { timeoutMs: 1000 }))
    expect(field).toMatchObject({ kind: 'failed', reason: 'unsupported-version', sent: false })
    const wrong = w.peer.send(
      apis.DescribeCluster,
      { includeClusterAuthorizedOperations: 1 as never },
      { timeoutMs: 1 },
    )
    await expect(w.sim.wait(wrong)).rejects.toThrow(EncodeError)
    expect(w.broker.received.map((r) => r.api)).toEqual(['ApiVersions'])
  })
})

describe('requests', () => {
  test('many at once are answered in call order on one connection', async () => {
    const w = await world((broker) =>
      broker.serve(apis.DescribeGroups, (body) => ({ groups: body.groups.map((groupId) => ({ groupId })) })),
    )
    const all = Array.from({ length: 50 }, (_, i) =>
      w.peer.send(apis.DescribeGroups, { groups: [`g${i}`] }, { timeoutMs: 1000 }),
    )
    const order: string[] = []
    for (const one of all) {
      void one.then((r) => {
        if (r.kind === 'ok') order.push(r.body.groups[0]!.groupId)
      })
    }
    await w.sim.wait(Promise.all(all))
    expect(order).toEqual(all.map((_, i) => `g${i}`))
    expect(w.broker.connections.length).toBe(1)
  })

  test('posting does not wait for an answer, and what follows is matched rightly', async () => {
    const w = await world((broker) => {
      cluster(broker)
      broker.serve(apis.Produce, () => null)
    })
    const posted = w.peer.post(apis.Produce, { acks: 0 }, { timeoutMs: 1000 })
    const sent = w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 })
    expect(await w.sim.wait(posted)).toEqual({ kind: 'ok', version: 13 })
    expect(await w.sim.wait(sent)).toMatchObject({ kind: 'ok', body: { clusterId: 'c' } })
  })

  test('one not answered in time closes the connection; the next goes out on a new one', async () => {
    let silent = true
    const w = await world((broker) => {
      cluster(broker)
      broker.serve(apis.DescribeGroups, () => (silent ? null : { groups: [] }))
    })
    const slow = w.peer.send(apis.DescribeGroups, {}, { timeoutMs: 300 })
    const behind = w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 5000 })
    // The scripted broker answers out of order, which no Kafka does.
    expect(await w.sim.wait(slow)).toMatchObject({ kind: 'failed', sent: true })
    expect(await w.sim.wait(behind)).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: true })
    silent = false
    const again = await w.sim.wait(w.peer.send(apis.DescribeGroups, {}, { timeoutMs: 2000 }))
    expect(again.kind).toBe('ok')
    expect(w.broker.connections.length).toBe(2)
  })

  test('time-out while answered by nobody', async () => {
    const w = await world((broker) => broker.serve(apis.DescribeCluster, () => null))
    const from = w.sim.now
    const result = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 300 }))
    expect(result).toMatchObject({ kind: 'failed', reason: 'timeout', sent: true })
    expect(w.sim.now - from).toBeGreaterThanOrEqual(300)
    expect(w.sim.now - from).toBeLessThan(310)
    expect(w.peer.connected).toBe(false)
  })

  test('a malformed answer, or one too large, closes the connection', async () => {
    const w = await world(cluster)
    w.broker.garbage = new Uint8Array([0, 0, 0, 4, 0, 0, 0, 99])
    const wrongId = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(wrongId).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: true })
    w.broker.garbage = new Uint8Array([0x7f, 0xff, 0xff, 0xff])
    const tooLarge = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(tooLarge).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: true })
    const after = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(after.kind).toBe('ok')
  })
})

describe('connections', () => {
  test('a refused attempt fails what waits, then pauses longer and longer', async () => {
    const w = await world(cluster)
    const nobody = w.rpc.peer({ host: 'b', port: 1 })
    const pauses: number[] = []
    for (let i = 0; i < 6; i++) {
      const result = await w.sim.wait(nobody.send(apis.DescribeCluster, {}, { timeoutMs: 10_000 }))
      expect(result).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: false })
      pauses.push(nobody.retryAt - w.a.clock.monotonic())
    }
    const nominal = [100, 200, 400, 800, 1000, 1000]
    for (const [i, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThan(nominal[i]! * 0.75)
      expect(pause).toBeLessThanOrEqual(nominal[i]! * 1.2)
    }
  })

  test('what is sent during the pause waits for it, within its own time-out', async () => {
    const w = await world(cluster)
    const nobody = w.rpc.peer({ host: 'b', port: 1 })
    await w.sim.wait(nobody.send(apis.DescribeCluster, {}, { timeoutMs: 10_000 }))
    const early = await w.sim.wait(nobody.send(apis.DescribeCluster, {}, { timeoutMs: 20 }))
    expect(early).toEqual({ kind: 'failed', reason: 'timeout', sent: false })
  })

  test('no answer to the connection attempt at all', async () => {
    const w = await world(cluster)
    w.sim.isolate('b')
    const from = w.sim.now
    const result = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 60_000 }))
    expect(result).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: false })
    expect(w.sim.now - from).toBeGreaterThanOrEqual(2000)
    expect(w.sim.now - from).toBeLessThan(2100)
  })

  test('a killed server fails what is outstanding', async () => {
    const w = await world((broker) => broker.serve(apis.DescribeCluster, () => null))
    const sent = w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 60_000 })
    await w.sim.sleep(20)
    w.sim.kill('b')
    expect(await w.sim.wait(sent)).toMatchObject({ kind: 'failed', reason: 'disconnected', sent: true })
  })

  test('close fails everything, and nothing happens afterwards', async () => {
    const w = await world((broker) => broker.serve(apis.DescribeCluster, () => null))
    const sent = w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 60_000 })
    await w.sim.sleep(20)
    const waiting = w.rpc.peer({ host: 'b', port: 1 }).send(apis.DescribeCluster, {}, { timeoutMs: 60_000 })
    w.rpc.close()
    expect(await w.sim.wait(sent)).toEqual({ kind: 'failed', reason: 'closed', sent: true })
    expect(await w.sim.wait(waiting)).toEqual({ kind: 'failed', reason: 'closed', sent: false })
    const late = await w.sim.wait(w.peer.send(apis.DescribeCluster, {}, { timeoutMs: 1000 }))
    expect(late).toEqual({ kind: 'failed', reason: 'closed', sent: false })
    await w.sim.sleep(10_000)
    const before = w.sim.events
    await w.sim.sleep(100_000)
    expect(w.sim.events - before).toBeLessThan(3)
  })
})
