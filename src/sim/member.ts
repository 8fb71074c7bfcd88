// One node of a simulated cluster as its operator keeps it: where it lives, how it is formatted, which properties it is
// started with.

import type { NodeId, Ports, Uuid } from '../base/index.ts'
import type { LocalNode, OdradekNode } from '../main/index.ts'
import {
  CLIENT_LISTENER,
  CONTROLLER_LISTENER,
  formatStorage,
  INTER_BROKER_LISTENER,
  localProperties,
} from '../main/index.ts'

export const CLIENT_PORT = 9092
const INTER_BROKER_PORT = 19_092
const CONTROLLER_PORT = 9093
/** The first of `log.dirs`, with the metadata log in it. */
export const LOG_DIRECTORY = '/data'

export type Properties = Readonly<Record<string, string>>

export interface Member {
  readonly id: NodeId
  readonly host: string
  readonly local: LocalNode
  /** Its `log.dirs`. */
  readonly directories: readonly string[]
  /** Its own, and what restarts have changed. */
  properties: Properties
  node: OdradekNode | null
}

export function newMember(id: NodeId, directoryId: Uuid, directories: number, properties: Properties): Member {
  const local = {
    id,
    clientPort: CLIENT_PORT,
    interBrokerPort: INTER_BROKER_PORT,
    controllerPort: CONTROLLER_PORT,
    logDirectory: LOG_DIRECTORY,
    directoryId,
  }
  const paths = Array.from({ length: directories }, (_, i) => (i === 0 ? LOG_DIRECTORY : `${LOG_DIRECTORY}${i + 1}`))
  return { id, host: `node${id}`, local, directories: paths, properties, node: null }
}

export function endpoints(members: readonly Member[], port: number): string {
  return members.map((member) => `${member.host}:${port}`).join(',')
}

/** As `storage format` does; without voters, to join a cluster that is there. */
export async function formatMember(
  ports: Ports,
  member: Member,
  voters: readonly Member[],
  clusterId: Uuid,
  metadataVersion: number,
): Promise<void> {
  await formatStorage(ports, {
    clusterId,
    nodeId: member.id,
    logDirs: member.directories,
    metadataLogDir: LOG_DIRECTORY,
    initialControllers: voters.map(({ id, host, local }) => ({
      id,
      host,
      port: CONTROLLER_PORT,
      directoryId: local.directoryId,
    })),
    controllerListenerName: CONTROLLER_LISTENER,
    metadataVersion,
    ignoreFormatted: false,
  })
}

/** What is changed by a restart wins over what the cluster was made with. */
export function propertiesOf(member: Member, members: readonly Member[], common: Properties): Map<string, string> {
  const listeners = [
    `${CLIENT_LISTENER}://${member.host}:${CLIENT_PORT}`,
    `${INTER_BROKER_LISTENER}://${member.host}:${INTER_BROKER_PORT}`,
    `${CONTROLLER_LISTENER}://${member.host}:${CONTROLLER_PORT}`,
  ].join(',')
  const own = new Map([
    ['listeners', listeners],
    ['advertised.listeners', listeners],
    ['log.dirs', member.directories.join(',')],
    ['controller.quorum.bootstrap.servers', endpoints(members, CONTROLLER_PORT)],
    ...Object.entries(common),
    ...Object.entries(member.properties),
  ])
  const locals = members.map((each) => each.local)
  return localProperties(member.local, locals, member.host, own)
}

/** The segments of topics' partitions. */
export function logsOfTopics(paths: readonly string[]): string[] {
  return paths.filter((path) => path.endsWith('.log') && !path.includes('/__cluster_metadata-'))
}
