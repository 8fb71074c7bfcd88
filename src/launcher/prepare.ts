// From the wish for a cluster to directories that its nodes can start on: reads or makes `cluster.json`, checks whose the
// directories are and that ports are free, formats what is not formatted. Every refusal is one sentence and leaves the
// disk as it was.

import fs from 'node:fs'
import path from 'node:path'
import { ConfigError, StorageError } from '../base/index.ts'
import type { SystemPorts } from '../io/index.ts'
import type { InitialController, LocalCluster, LocalNode } from '../main/index.ts'
import {
  CONTROLLER_LISTENER,
  formatStorage,
  hasVoted,
  localProperties,
  readClusterFile,
  writeClusterFile,
} from '../main/index.ts'
import type { Layout } from './layout.ts'
import { checkPorts, choosePorts, MOST_BROKERS } from './ports.ts'

export interface Wish {
  /** Null: as the directory says, or three. */
  readonly brokers: number | null
  /** First client port; null: as the directory says, or 9092; 0: any. */
  readonly port: number | null
  readonly host: string
  readonly overrides: ReadonlyMap<string, string>
  readonly metadataVersion: number
  /** Puts something between the nodes, and between them and clients, before anything is written: chaos's proxies. */
  readonly arrange?: (cluster: LocalCluster, isNew: boolean) => Promise<Arrangement>
}

export interface Arrangement {
  /** Win over the overrides. */
  propertiesOf(node: LocalNode): ReadonlyMap<string, string>
  endpointsOf(node: LocalNode): NonNullable<InitialController['endpoints']>
  /** Called when all nodes' ports were found free, before the first one starts. */
  open(): Promise<void>
}

export interface Prepared {
  readonly cluster: LocalCluster
  readonly isNew: boolean
  /** Brokers whose directory is empty although the cluster has lived: they copy their data and vote no more. */
  readonly replaced: readonly number[]
}

export async function prepare(layout: Layout, wish: Wish, ports: SystemPorts): Promise<Prepared> {
  const found = readClusterFile(layout.clusterFile)
  if (found === null) refuseStray(layout)
  const cluster = found === null ? await plan(layout, wish, ports) : adapt(layout, found, wish)
  const arrangement = (await wish.arrange?.(cluster, found === null)) ?? null
  await checkPorts(cluster.host, cluster.nodes)
  const replaced: number[] = []
  try {
    if (found !== cluster) writeClusterFile(layout.clusterFile, cluster)
    const voted = await hasVoted(
      ports.disk,
      cluster.nodes.map((node) => node.logDirectory),
    )
    for (const node of cluster.nodes) {
      const formatted = await prepareNode(layout, cluster, node, voted, wish, arrangement, ports)
      if (formatted && voted) replaced.push(node.id)
    }
  } catch (error) {
    throw sentenceOf(error, layout.data)
  }
  await arrangement?.open()
  return { cluster, isNew: found === null, replaced }
}

async function plan(layout: Layout, wish: Wish, ports: SystemPorts): Promise<LocalCluster> {
  const brokers = wish.brokers ?? 3
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MOST_BROKERS) {
    throw new ConfigError(`--brokers is a number from 1 to ${MOST_BROKERS}`)
  }
  const chosen = await choosePorts(wish.host, wish.port ?? 9092, brokers)
  const nodes = chosen.map((each, i): LocalNode => {
    const id = i + 1
    return { id, ...each, logDirectory: layout.logDirectory(id), directoryId: ports.random.uuid() }
  })
  return { clusterId: ports.random.uuid(), host: wish.host, nodes }
}

// The controllers' ports are in the voter set, so they stay; clients' ports may move, and the directory may have.
function adapt(layout: Layout, found: LocalCluster, wish: Wish): LocalCluster {
  if (wish.brokers !== null && wish.brokers !== found.nodes.length) {
    throw new ConfigError(
      `${layout.data} holds a cluster of ${found.nodes.length} ${found.nodes.length === 1 ? 'broker' : 'brokers'}, not ${wish.brokers}. Leave --brokers out, or choose another directory with --data.`,
    )
  }
  const nodes = found.nodes.map((node, i): LocalNode => {
    const clientPort = wish.port === null || wish.port === 0 ? node.clientPort : wish.port + i
    return { ...node, clientPort, logDirectory: layout.logDirectory(node.id) }
  })
  return JSON.stringify(nodes) === JSON.stringify(found.nodes) ? found : { ...found, nodes }
}

/** True when the directory had to be formatted. */
async function prepareNode(
  layout: Layout,
  cluster: LocalCluster,
  node: LocalNode,
  voted: boolean,
  wish: Wish,
  arrangement: Arrangement | null,
  ports: SystemPorts,
): Promise<boolean> {
  const { formatted } = await formatStorage(ports, {
    clusterId: cluster.clusterId,
    nodeId: node.id,
    logDirs: [node.logDirectory],
    metadataLogDir: node.logDirectory,
    initialControllers: (voted ? [] : cluster.nodes).map((each) => ({
      id: each.id,
      host: cluster.host,
      port: each.controllerPort,
      directoryId: each.directoryId,
      ...(arrangement === null ? {} : { endpoints: arrangement.endpointsOf(each) }),
    })),
    controllerListenerName: CONTROLLER_LISTENER,
    metadataVersion: wish.metadataVersion,
    ignoreFormatted: true,
  })
  const properties = localProperties(
    node,
    cluster.nodes,
    cluster.host,
    new Map([...wish.overrides, ...(arrangement?.propertiesOf(node) ?? [])]),
  )
  const lines = [...properties].map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}`)
  const head = '# Written by odradek up at every start: change it with --override name=value.'
  fs.writeFileSync(layout.propertiesFile(node.id), `${head}\n${lines.join('\n')}\n`)
  return formatted.length > 0
}

// Broker directories without the file that explains them are somebody's data.
function refuseStray(layout: Layout): void {
  if (!fs.existsSync(layout.data)) return
  const stray = fs.readdirSync(layout.data).find((name) => /^broker-\d+$/.test(name))
  if (stray === undefined) return
  throw new ConfigError(
    `${path.join(layout.data, stray)} exists, but ${layout.clusterFile} does not. Restore the file, or choose another directory with --data: nothing was changed.`,
  )
}

function sentenceOf(error: unknown, data: string): unknown {
  const code = error instanceof StorageError ? error.code : (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC') {
    return new ConfigError(`The disk that holds ${data} is full: free some space and start again. Nothing was damaged.`)
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ConfigError(`${data} cannot be written to (${code}): choose another directory with --data.`)
  }
  return error
}
