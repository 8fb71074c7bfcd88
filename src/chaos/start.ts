// A cluster to hurt: broker processes started as `odradek up` does, every way between them and to them behind a proxy
// where Toxiproxy is there; or one that an `odradek up --chaos` runs already. `chaos.json` beside `cluster.json` says which
// ports the proxies have (a voter set names them, so they stay) and where Toxiproxy answers.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { ConfigError } from '../base/index.ts'
import type { Arrangement, Layout, RunningCluster, UpOptions } from '../launcher/index.ts'
import { layoutOf, nodeProgram, up } from '../launcher/index.ts'
import type { LocalCluster } from '../main/index.ts'
import { freePorts, LATEST_METADATA_VERSION, readClusterFile } from '../main/index.ts'
import { Links } from './links.ts'
import { createProcessTarget } from './processes.ts'
import { QUICK_PROPERTIES } from './quick.ts'
import { portsNeeded, topologyOf } from './topology.ts'
import { openToxiproxy } from './toxiproxy.ts'
import type { Target } from './types.ts'

/** `auto`: one is found on PATH and started. `none`: no proxies, and no faults of the network. Else `host:port`. */
export type ToxiproxyChoice = 'auto' | 'none' | (string & {})

interface ChaosFile {
  readonly ports: readonly number[]
  readonly toxiproxy: string
}

/** The proxies of one `up`, from before its nodes start until after they have ended. */
export interface Proxied {
  readonly arrange: NonNullable<UpOptions['arrange']>
  readonly links: () => Links
  close(): Promise<void>
}

/** For the options of `up`. Throws ConfigError where there is no Toxiproxy. */
export async function proxied(data: string, toxiproxy: Exclude<ToxiproxyChoice, 'none'>): Promise<Proxied> {
  const layout = layoutOf(data)
  const server = await openToxiproxy(toxiproxy === 'auto' ? null : toxiproxy)
  let links: Links | null = null
  return {
    arrange: async (cluster, isNew): Promise<Arrangement> => {
      const ports = await portsOf(layout, cluster, isNew)
      const topology = topologyOf(cluster, ports)
      // A server that outlived its cluster still holds the ports.
      await Links.remove(server.address, topology.links)
      return {
        propertiesOf: topology.propertiesOf,
        endpointsOf: topology.endpointsOf,
        open: async () => {
          fs.writeFileSync(layout.chaosFile, `${JSON.stringify({ ports, toxiproxy: server.address }, null, 2)}\n`)
          links = await Links.open(server.address, topology.links)
        },
      }
    },
    links: () => {
      if (links === null) throw new ConfigError('the proxies are made when the cluster starts')
      return links
    },
    close: async () => {
      await links?.close()
      await server.close()
    },
  }
}

async function portsOf(layout: Layout, cluster: LocalCluster, isNew: boolean): Promise<readonly number[]> {
  const found = readChaosFile(layout)
  if (found !== null) return found.ports
  if (!isNew) {
    throw new ConfigError(
      `The cluster in ${layout.data} was made without proxies, and its voter set says where each controller is reached. Make a new one for chaos, in another directory (--data).`,
    )
  }
  const taken = new Set(cluster.nodes.flatMap((node) => [node.clientPort, node.interBrokerPort, node.controllerPort]))
  const ports = await freePorts(cluster.host, portsNeeded(cluster.nodes.length) + taken.size)
  return ports.filter((port) => !taken.has(port)).slice(0, portsNeeded(cluster.nodes.length))
}

export interface StartOptions {
  /** Default: a temporary directory, removed at the end. */
  readonly data?: string
  /** Default 3. */
  readonly brokers?: number
  /** First client port; default any. */
  readonly port?: number
  /** Default `auto`. */
  readonly toxiproxy?: ToxiproxyChoice
  /** Kafka's property names, for every node; they win over those that make a cluster notice faults quickly. */
  readonly properties?: Readonly<Record<string, string>>
  /** One line each: what the launcher tells of its brokers. */
  readonly tell?: (line: string) => void
}

/** Starts a cluster of processes; `close` of the target ends it. Throws ConfigError where it cannot be started. */
export async function startTarget(options: StartOptions = {}): Promise<Target> {
  const temporary = options.data === undefined
  const data = options.data ?? fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-chaos-'))
  const choice = options.toxiproxy ?? 'auto'
  let proxies: Proxied | null = null
  let cluster: RunningCluster | null = null
  const end = async (): Promise<void> => {
    await cluster?.stop()
    await proxies?.close()
    if (temporary) fs.rmSync(data, { recursive: true, force: true })
  }
  try {
    proxies = choice === 'none' ? null : await proxied(data, choice)
    cluster = await up({
      ...{ data, host: '127.0.0.1', port: options.port ?? 0, brokers: options.brokers ?? null, ephemeral: false },
      overrides: new Map([...QUICK_PROPERTIES, ...Object.entries(options.properties ?? {})]),
      metadataVersion: LATEST_METADATA_VERSION,
      nodeCommand: nodeProgram(),
      startCommand: (id) => `odradek node start ${id} --data ${data}`,
      tell: options.tell ?? (() => undefined),
      ...(proxies === null ? {} : { arrange: proxies.arrange }),
    })
    const missing = await cluster.settled()
    if (missing.length > 0)
      throw new ConfigError(`broker ${missing.join(', ')} is not ready: see ${data}/broker-N/broker.log`)
    return createProcessTarget({
      layout: layoutOf(data),
      nodes: cluster.cluster.nodes.map(({ id }) => id),
      bootstrapServers: cluster.bootstrapServers,
      links: proxies?.links() ?? null,
      onClose: end,
    })
  } catch (error) {
    await end()
    throw error
  }
}

/** The cluster that an `odradek up` runs in that directory; `close` of the target leaves it running. */
export async function connectTarget(data: string): Promise<Target> {
  const layout = layoutOf(data)
  const cluster = readClusterFile(layout.clusterFile)
  if (cluster === null) {
    throw new ConfigError(
      `${layout.data} holds no cluster. Start one with "odradek up --chaos", or say where it is with --data.`,
    )
  }
  const file = readChaosFile(layout)
  const links = file === null ? null : await Links.open(file.toxiproxy, topologyOf(cluster, file.ports).links)
  return createProcessTarget({
    layout,
    nodes: cluster.nodes.map(({ id }) => id),
    bootstrapServers: cluster.nodes.map(({ clientPort }) => `${cluster.host}:${clientPort}`).join(','),
    links,
  })
}

function readChaosFile(layout: Layout): ChaosFile | null {
  const file = layout.chaosFile
  if (!fs.existsSync(file)) return null
  try {
    const value = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<ChaosFile>
    if (Array.isArray(value.ports) && typeof value.toxiproxy === 'string') return value as ChaosFile
  } catch {
    // As below.
  }
  throw new ConfigError(`${file} cannot be understood: restore it, or start a new cluster in another directory.`)
}
