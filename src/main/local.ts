// The properties of the nodes of a cluster on one machine, as `odradek up` and `startCluster` run it: combined nodes,
// a listener each for clients, brokers and controllers, and defaults that keep the promise (three replicas, two in sync).

import type { NodeId, Uuid } from '../base/index.ts'
import { ConfigError, isUuid, uuidFromBytes, uuidToBytes } from '../base/index.ts'

export interface LocalNode {
  readonly id: NodeId
  readonly clientPort: number
  readonly interBrokerPort: number
  readonly controllerPort: number
  readonly logDirectory: string
  /** The directory id that the node's log directory is formatted with; part of a voter's identity (KIP-853). */
  readonly directoryId: Uuid
}

export const CLIENT_LISTENER = 'PLAINTEXT'
export const INTER_BROKER_LISTENER = 'INTERNAL'
export const CONTROLLER_LISTENER = 'CONTROLLER'

/** `host` is where listeners bind and what they advertise. */
export function localProperties(
  node: LocalNode,
  nodes: readonly LocalNode[],
  host: string,
  extra: ReadonlyMap<string, string>,
): Map<string, string> {
  const replicas = Math.min(3, nodes.length)
  const minInsync = Math.max(1, replicas - 1)
  const at = (port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
  return new Map([
    ['process.roles', 'broker,controller'],
    ['node.id', String(node.id)],
    ['controller.quorum.bootstrap.servers', nodes.map((other) => at(other.controllerPort)).join(',')],
    [
      'listeners',
      `${CLIENT_LISTENER}://${at(node.clientPort)},${INTER_BROKER_LISTENER}://${at(node.interBrokerPort)},${CONTROLLER_LISTENER}://${at(node.controllerPort)}`,
    ],
    [
      'advertised.listeners',
      `${CLIENT_LISTENER}://${at(node.clientPort)},${INTER_BROKER_LISTENER}://${at(node.interBrokerPort)},${CONTROLLER_LISTENER}://${at(node.controllerPort)}`,
    ],
    [
      'listener.security.protocol.map',
      `${CLIENT_LISTENER}:PLAINTEXT,${INTER_BROKER_LISTENER}:PLAINTEXT,${CONTROLLER_LISTENER}:PLAINTEXT`,
    ],
    ['inter.broker.listener.name', INTER_BROKER_LISTENER],
    ['controller.listener.names', CONTROLLER_LISTENER],
    ['log.dirs', node.logDirectory],
    ['default.replication.factor', String(replicas)],
    ['min.insync.replicas', String(minInsync)],
    ['offsets.topic.replication.factor', String(replicas)],
    ['transaction.state.log.replication.factor', String(replicas)],
    ['transaction.state.log.min.isr', String(minInsync)],
    ['share.coordinator.state.topic.replication.factor', String(replicas)],
    ['share.coordinator.state.topic.min.isr', String(minInsync)],
    ...extra,
  ])
}

export interface InitialController {
  readonly id: NodeId
  readonly host: string
  readonly port: number
  readonly directoryId: Uuid
  /** Where others reach it under each controller listener's name; default: host and port under the first one. */
  readonly endpoints?: readonly { readonly name: string; readonly host: string; readonly port: number }[]
}

/** The text of `--initial-controllers`: `id@host:port:directory-id` separated by commas (KIP-853). */
export function parseInitialControllers(text: string): InitialController[] {
  return text.split(',').map((item) => {
    const match = /^(\d+)@(?:\[([^\]]+)\]|([^:]+)):(\d+):(.+)$/.exec(item.trim())
    if (match === null) throw new ConfigError(`"${item}" is not of the form id@host:port:directory-id`)
    const [, id, v6, host, port, directoryId] = match
    if (!isUuid(directoryId!))
      throw new ConfigError(`"${directoryId}" in "${item}" is not a directory id: a uuid of 22 characters is expected`)
    return { id: Number(id), host: v6 ?? host!, port: Number(port), directoryId: canonical(directoryId!) }
  })
}

/** Of 22 characters the last carries two bits; ids are compared as text, so the four idle bits must be zero. */
function canonical(uuid: Uuid): Uuid {
  const bytes = new Uint8Array(16)
  uuidToBytes(uuid, bytes)
  return uuidFromBytes(bytes)
}

export function formatInitialControllers(nodes: readonly LocalNode[], host: string): string {
  const at = host.includes(':') ? `[${host}]` : host
  return nodes.map((node) => `${node.id}@${at}:${node.controllerPort}:${node.directoryId}`).join(',')
}
