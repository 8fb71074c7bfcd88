// Every way between two nodes is a proxy of its own, and every node's properties lead through them.

import { describe, expect, test } from 'vitest'
import type { Link, Stream } from '../../src/chaos/links.ts'
import { streamsOf } from '../../src/chaos/links.ts'
import { portsNeeded, topologyOf } from '../../src/chaos/topology.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import { loadNodeConfig } from '../../src/launcher/index.ts'
import { type LocalNode, localProperties } from '../../src/main/index.ts'

const HOST = '127.0.0.1'
const NODES: readonly LocalNode[] = [1, 2, 3].map((id) => ({
  ...{ id, clientPort: 9000 + id, interBrokerPort: 9100 + id, controllerPort: 9200 + id },
  ...{ logDirectory: `/data/${id}`, directoryId: '8Uh4P1-OTWW0kTn_xCdzag' },
}))
const topology = topologyOf(
  { host: HOST, nodes: NODES },
  Array.from({ length: portsNeeded(NODES.length) }, (_, i) => 10_000 + i),
)
const configs: readonly NodeConfig[] = NODES.map((node) =>
  loadNodeConfig(
    [...localProperties(node, NODES, HOST, topology.propertiesOf(node))].map(([k, v]) => `${k}=${v}`).join('\n'),
    new Map(),
    'localhost',
  ),
)
const linkAt = (port: number): Link | undefined => topology.links.find(({ listen }) => listen === `${HOST}:${port}`)

describe('the properties', () => {
  test('are accepted, and bind no port twice over the whole cluster', () => {
    const ports = configs.flatMap(({ listeners }) => listeners.map(({ port }) => port))
    const proxies = topology.links.map(({ listen }) => Number(listen.split(':')[1]))
    expect(new Set([...ports, ...proxies]).size).toBe(ports.length + proxies.length)
  })

  test.each(NODES)('of node $id lead clients through a proxy to where it listens', (node) => {
    const config = configs[node.id - 1]!
    const link = linkAt(config.advertisedListeners.find(({ name }) => name === 'PLAINTEXT')!.port)!
    expect(link).toMatchObject({ from: null, to: node.id, listen: `${HOST}:${node.clientPort}` })
    const bound = config.listeners.find(({ name }) => name === 'PLAINTEXT')!
    expect(link.upstream).toBe(`${HOST}:${bound.port}`)
  })

  const pairs = NODES.flatMap((from) => NODES.filter((to) => to !== from).map((to) => ({ from: from.id, to: to.id })))
  test.each(pairs)(
    'lead broker $from to broker $to by a way of their own, which $to takes for a broker’s',
    ({ from, to }) => {
      const name = configs[from - 1]!.interBrokerListenerName
      const there = configs[to - 1]!
      const link = linkAt(there.advertisedListeners.find((each) => each.name === name)!.port)!
      expect(link).toMatchObject({ from, to })
      expect(link.upstream).toBe(`${HOST}:${there.listeners.find((each) => each.name === name)!.port}`)
      expect(there.list('odradek.broker.listener.names')).toContain(name)
    },
  )

  test.each(pairs)('lead voter $from to voter $to by a way of their own', ({ from, to }) => {
    const [name] = configs[from - 1]!.controllerListenerNames
    const endpoint = topology.endpointsOf(NODES[to - 1]!).find((each) => each.name === name)!
    expect(linkAt(endpoint.port)).toMatchObject({ from, to })
    expect(configs[from - 1]!.bootstrapServers).toContainEqual({ host: HOST, port: endpoint.port })
    const advertised = configs[to - 1]!.advertisedListeners.find((each) => each.name === name)!
    expect(advertised.port).toBe(endpoint.port)
  })

  test('the same ports give the same topology, and others are refused', () => {
    expect(() => topologyOf({ host: HOST, nodes: NODES }, [1, 2])).toThrow(RangeError)
    expect(new Set(topology.links.map(({ name }) => name)).size).toBe(topology.links.length)
  })
})

describe('a fault of the network', () => {
  const ms = 1000
  const text = (streams: readonly Stream[]): string[] =>
    [
      ...new Set(
        streams.map(({ link, stream }) => {
          const [a, b] = stream === 'upstream' ? [link.from, link.to] : [link.to, link.from]
          return `${a ?? 'clients'} → ${b ?? 'clients'}`
        }),
      ),
    ].sort()

  test('cuts one direction of one pair, whoever opened the connection', () => {
    const streams = streamsOf(topology.links, { verb: 'cut', from: 1, to: 2, oneWay: true, ms })
    expect(text(streams)).toEqual(['1 → 2'])
    // Broker and controller, each opened by one and by the other.
    expect(streams).toHaveLength(4)
    expect(text(streamsOf(topology.links, { verb: 'cut', from: 1, to: 2, oneWay: false, ms }))).toEqual([
      '1 → 2',
      '2 → 1',
    ])
  })

  test('isolates from all, in one direction or both', () => {
    const isolate = (direction: 'both' | 'in' | 'out'): string[] =>
      text(streamsOf(topology.links, { verb: 'isolate', node: 2, direction, ms }))
    expect(isolate('out')).toEqual(['2 → 1', '2 → 3', '2 → clients'])
    expect(isolate('in')).toEqual(['1 → 2', '3 → 2', 'clients → 2'])
    expect(isolate('both')).toEqual([...isolate('out'), ...isolate('in')].sort())
  })

  test('hides from clients only', () => {
    expect(text(streamsOf(topology.links, { verb: 'hide', node: 3, ms }))).toEqual(['3 → clients', 'clients → 3'])
  })

  test('touches nothing between the others', () => {
    for (const verb of ['reset', 'half-open'] as const) {
      expect(text(streamsOf(topology.links, { verb, node: 2 })).some((way) => !way.includes('2'))).toBe(false)
    }
  })
})
