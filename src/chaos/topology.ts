// Who reaches whom by which way, where every way can be cut. A node advertises one address to clients; to the others it
// advertises one to each, by a listener for each: broker k reaches every node by the listener BROKER_k and, as a voter or
// observer, by CONTROLLER_k. So there is one proxy for each ordered pair of nodes and purpose, and one for the clients of
// each node. All bind one host. Pure: nodes and ports in, properties and links out.

import type { InitialController, LocalCluster, LocalNode } from '../main/index.ts'
import { CLIENT_LISTENER, CONTROLLER_LISTENER } from '../main/index.ts'
import type { Link } from './links.ts'
import type { NodeId } from './words.ts'

interface Way {
  readonly listener: string
  readonly from: NodeId | null
  readonly to: NodeId
  /** Where the node listens. */
  readonly bound: number
  /** Where others are told to connect. */
  readonly advertised: number
}

export interface Topology {
  readonly links: readonly Link[]
  propertiesOf(node: LocalNode): ReadonlyMap<string, string>
  /** For the voter set: where each controller reaches this one. */
  endpointsOf(node: LocalNode): NonNullable<InitialController['endpoints']>
}

const BROKER_LISTENER = 'BROKER'

/** How many ports beyond those of the nodes themselves. */
export function portsNeeded(nodes: number): number {
  return nodes + 4 * nodes * (nodes - 1)
}

/** `ports` are free ones, as many as needed; the same ones give the same topology. */
export function topologyOf({ host, nodes }: Pick<LocalCluster, 'host' | 'nodes'>, ports: readonly number[]): Topology {
  if (ports.length !== portsNeeded(nodes.length)) {
    throw new RangeError(`${portsNeeded(nodes.length)} ports are needed for ${nodes.length} nodes, not ${ports.length}`)
  }
  const left = [...ports]
  const next = (): number => left.shift()!
  const ways = nodes.flatMap((to): Way[] => [
    { listener: CLIENT_LISTENER, from: null, to: to.id, bound: next(), advertised: to.clientPort },
    ...nodes.flatMap((from): Way[] => {
      const broker = `${BROKER_LISTENER}_${from.id}`
      const controller = `${CONTROLLER_LISTENER}_${from.id}`
      const between = { from: from.id, to: to.id }
      // Nobody stands between a node and itself.
      if (from === to) {
        return [
          { ...between, listener: broker, bound: to.interBrokerPort, advertised: to.interBrokerPort },
          { ...between, listener: controller, bound: to.controllerPort, advertised: to.controllerPort },
        ]
      }
      return [
        { ...between, listener: broker, bound: next(), advertised: next() },
        { ...between, listener: controller, bound: next(), advertised: next() },
      ]
    }),
  ])
  const at = (port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
  const waysTo = (node: LocalNode): Way[] => ways.filter(({ to }) => to === node.id)
  return {
    links: ways
      .filter(({ from, to }) => from !== to)
      .map(({ listener, from, to, bound, advertised }) => ({
        name: `odradek-${advertised}-${listener.toLowerCase()}-to-${to}`,
        ...{ from, to, listen: at(advertised), upstream: at(bound) },
      })),
    propertiesOf: (node) => propertiesOf(node, nodes, ways, at),
    endpointsOf: (node) =>
      waysTo(node)
        .filter(({ listener }) => listener.startsWith(CONTROLLER_LISTENER))
        .map(({ listener, advertised }) => ({ name: listener, host, port: advertised })),
  }
}

function propertiesOf(
  node: LocalNode,
  nodes: readonly LocalNode[],
  ways: readonly Way[],
  at: (port: number) => string,
): ReadonlyMap<string, string> {
  const own = ways.filter(({ to }) => to === node.id)
  const listeners = own.map(({ listener }) => listener)
  const controllers = listeners.filter((name) => name.startsWith(CONTROLLER_LISTENER))
  const brokers = listeners.filter((name) => name.startsWith(BROKER_LISTENER))
  const ofOwn = (name: string): string => `${name}_${node.id}`
  const others = controllers.filter((name) => name !== ofOwn(CONTROLLER_LISTENER))
  const voters = ways.filter(({ listener }) => listener === ofOwn(CONTROLLER_LISTENER))
  return new Map([
    ['listeners', own.map(({ listener, bound }) => `${listener}://${at(bound)}`).join(',')],
    ['advertised.listeners', own.map(({ listener, advertised }) => `${listener}://${at(advertised)}`).join(',')],
    ['listener.security.protocol.map', listeners.map((name) => `${name}:PLAINTEXT`).join(',')],
    ['inter.broker.listener.name', ofOwn(BROKER_LISTENER)],
    ['odradek.broker.listener.names', brokers.join(',')],
    // The first is the one by which this node reaches the others.
    ['controller.listener.names', [ofOwn(CONTROLLER_LISTENER), ...others].join(',')],
    [
      'controller.quorum.bootstrap.servers',
      nodes.map(({ id }) => at(voters.find(({ to }) => to === id)!.advertised)).join(','),
    ],
  ])
}
