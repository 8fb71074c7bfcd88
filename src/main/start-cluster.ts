// Several nodes of one cluster in one program: tests, and a message backbone that survives the death of a part. A thin
// layer over `createNode`, each node with ports of its own, so that one can be killed alone.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LATEST_METADATA_VERSION } from '../../cluster/metadata/index.ts'
import { ConfigError, type Logger, type Random } from '../base/index.ts'
import { parseNodeConfig } from '../config/index.ts'
import { createPorts, type SystemPorts, SystemRandom } from '../io/index.ts'
import { freePorts, type LocalCluster, readClusterFile, writeClusterFile } from './cluster-file.ts'
import { formatStorage, hasVoted } from './format.ts'
import { CONTROLLER_LISTENER, type LocalNode, localProperties } from './local.ts'
import { createNode } from './node.ts'
import { quiet } from './quiet.ts'
import type { NodeView, OdradekNode } from './types.ts'

const MOST_BROKERS = 9

export interface StartClusterOptions {
  /** Combined nodes, with ids from 1. Default 3, at most 9. */
  readonly brokers?: number
  /** Where the nodes keep their data. Default: a temporary directory, removed when the cluster closes. */
  readonly directory?: string
  /** Where listeners bind and what they advertise. Default 127.0.0.1. */
  readonly host?: string
  /** Kafka's property names, for every node; they win over the defaults of a cluster on one machine. */
  readonly properties?: Readonly<Record<string, string>>
  /** A pino instance or anything of its shape. Default: nothing is logged. */
  readonly logger?: Logger
  /** Called when a node can go on no longer; it is cut off by then. Default: the error is logged. */
  readonly onFatal?: (nodeId: number, error: Error) => void
}

export interface RunningCluster extends AsyncDisposable {
  /** For any Kafka client. The ports stay the same when a node is restarted. */
  readonly bootstrapServers: string
  readonly clusterId: string
  readonly nodeIds: readonly number[]
  /** A read-only view of one running node: roles, epochs, ISR, offsets. Throws ConfigError for one that is not running. */
  observe(nodeId: number): NodeView
  /** The leader of a partition by the newest metadata any running node has; null where there is none. */
  leaderOf(topic: string, partition: number): number | null
  /** The node that leads the metadata quorum; null while none does. */
  activeController(): number | null
  /** As SIGKILL: the node's ports are cut, nothing is flushed, no clean marker is written. */
  kill(nodeId: number): Promise<void>
  /** Hands its partitions over, flushes and stops. */
  stop(nodeId: number): Promise<void>
  /** Starts a killed or stopped node on its directory and ports; resolves when it takes part again. */
  restart(nodeId: number): Promise<void>
  /** Stops every node; a temporary directory is removed. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a cluster in this program and resolves when every broker is unfenced.
 *
 * @example
 * await using cluster = await startCluster({ brokers: 3 })
 * const kafka = new Kafka({ brokers: cluster.bootstrapServers.split(',') })
 * await cluster.kill(cluster.leaderOf('orders', 0)!)
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<RunningCluster> {
  const brokers = options.brokers ?? 3
  if (!Number.isInteger(brokers) || brokers < 1 || brokers > MOST_BROKERS) {
    throw new ConfigError(`brokers is ${brokers}: a number from 1 to ${MOST_BROKERS} is expected`)
  }
  const temporary = options.directory === undefined
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'odradek-')))
  const cluster = new Cluster(options, directory, temporary)
  try {
    await cluster.start(brokers)
    return cluster
  } catch (error) {
    await cluster.close()
    throw error
  }
}

interface Member {
  readonly local: LocalNode
  running: { readonly node: OdradekNode; readonly ports: SystemPorts } | null
}

class Cluster implements RunningCluster {
  clusterId = ''
  readonly #options: StartClusterOptions
  readonly #directory: string
  readonly #temporary: boolean
  readonly #host: string
  readonly #logger: Logger
  readonly #members = new Map<number, Member>()
  #closed: Promise<void> | null = null

  constructor(options: StartClusterOptions, directory: string, temporary: boolean) {
    this.#options = options
    this.#directory = directory
    this.#temporary = temporary
    this.#host = options.host ?? '127.0.0.1'
    this.#logger = options.logger ?? quiet
  }

  async start(brokers: number): Promise<void> {
    const plan = await planOf(this.#directory, this.#host, brokers, new SystemRandom())
    this.clusterId = plan.clusterId
    for (const local of plan.nodes) this.#members.set(local.id, { local, running: null })
    // All before any starts: who finds votes in one directory and nothing in another knows that a disk was lost.
    for (const member of this.#members.values()) await this.#format(member)
    await Promise.all([...this.#members.values()].map((member) => this.#start(member)))
  }

  get nodeIds(): readonly number[] {
    return [...this.#members.keys()]
  }

  get bootstrapServers(): string {
    const at = this.#host.includes(':') ? `[${this.#host}]` : this.#host
    return [...this.#members.values()].map(({ local }) => `${at}:${local.clientPort}`).join(',')
  }

  observe(nodeId: number): NodeView {
    const { running } = this.#member(nodeId)
    if (running === null) throw new ConfigError(`node ${nodeId} is not running`)
    return running.node.observe()
  }

  leaderOf(topic: string, partition: number): number | null {
    const image = this.#newest()?.image
    const id = image?.topicIds.get(topic)
    const leader = id === undefined ? -1 : (image?.topics.get(id)?.partitions.get(partition)?.leader ?? -1)
    return leader < 0 ? null : leader
  }

  activeController(): number | null {
    let best: NodeView | null = null
    for (const view of this.#views()) {
      if (view.quorum.role === 'leader' && (best === null || view.quorum.epoch > best.quorum.epoch)) best = view
    }
    return best?.nodeId ?? null
  }

  async kill(nodeId: number): Promise<void> {
    const member = this.#member(nodeId)
    const { running } = member
    member.running = null
    await running?.node.kill()
    await running?.ports.close()
  }

  stop(nodeId: number): Promise<void> {
    return this.#stop(nodeId, true)
  }

  async #stop(nodeId: number, handOver: boolean): Promise<void> {
    const member = this.#member(nodeId)
    const { running } = member
    await running?.node.stop({ handOver })
    await running?.ports.close()
    if (member.running === running) member.running = null
  }

  async restart(nodeId: number): Promise<void> {
    const member = this.#member(nodeId)
    if (member.running !== null) await this.stop(nodeId)
    await this.#format(member)
    await this.#start(member)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** A directory that is formatted stays as it is. */
  async #format({ local }: Member): Promise<void> {
    const nodes = [...this.#members.values()].map((each) => each.local)
    const ports = createPorts({ tablesDirectory: `${local.logDirectory}.tables` })
    try {
      const voted = await hasVoted(
        ports.disk,
        nodes.map((each) => each.logDirectory),
      )
      await formatStorage(ports, {
        clusterId: this.clusterId,
        nodeId: local.id,
        logDirs: [local.logDirectory],
        metadataLogDir: local.logDirectory,
        initialControllers: (voted ? [] : nodes).map((each) => ({
          id: each.id,
          host: this.#host,
          port: each.controllerPort,
          directoryId: each.directoryId,
        })),
        controllerListenerName: CONTROLLER_LISTENER,
        metadataVersion: LATEST_METADATA_VERSION,
        ignoreFormatted: true,
      })
    } finally {
      await ports.close()
    }
  }

  async #start(member: Member): Promise<void> {
    const { local } = member
    const nodes = [...this.#members.values()].map((each) => each.local)
    const extra = new Map(Object.entries(this.#options.properties ?? {}))
    const config = parseNodeConfig(localProperties(local, nodes, this.#host, extra))
    const ports = createPorts({ tablesDirectory: `${local.logDirectory}.tables` })
    try {
      const node = createNode({
        config,
        ports,
        logger: this.#logger,
        onFatal: (error) => {
          if (this.#options.onFatal === undefined)
            this.#logger.error({ node: local.id, error: error.message }, 'node stopped')
          else this.#options.onFatal(local.id, error)
          void this.kill(local.id)
        },
      })
      member.running = { node, ports }
      await node.start()
    } catch (error) {
      member.running = null
      await ports.close()
      throw error
    }
  }

  async #close(): Promise<void> {
    // Data that nobody will see again needs no farewell; other data is left as a clean stop leaves it.
    const end = this.#temporary ? (id: number) => this.kill(id) : (id: number) => this.#stop(id, false)
    await Promise.all(this.nodeIds.map(end))
    if (this.#temporary) await rm(this.#directory, { recursive: true, force: true })
  }

  #member(nodeId: number): Member {
    const member = this.#members.get(nodeId)
    if (member === undefined) throw new ConfigError(`there is no node ${nodeId}: ${this.nodeIds.join(', ')} are there`)
    return member
  }

  #views(): NodeView[] {
    return [...this.#members.values()].flatMap(({ running }) => (running === null ? [] : [running.node.observe()]))
  }

  #newest(): NodeView | null {
    return this.#views().reduce<NodeView | null>(
      (best, view) => (best === null || view.image.offset > best.image.offset ? view : best),
      null,
    )
  }
}

/** Reads who is in the directory's cluster, or chooses ports and ids for a new one and notes them there. */
async function planOf(directory: string, host: string, brokers: number, random: Random): Promise<LocalCluster> {
  const file = join(directory, 'cluster.json')
  const found = readClusterFile(file)
  if (found !== null) {
    if (found.nodes.length === brokers && found.host === host) return found
    throw new ConfigError(
      `${directory} holds a cluster of ${found.nodes.length} brokers on ${found.host}, not ${brokers} on ${host}. Ask for what is there, or choose another directory.`,
    )
  }
  const ports = await freePorts(host, brokers * 3)
  const nodes = Array.from(
    { length: brokers },
    (_, i): LocalNode => ({
      id: i + 1,
      clientPort: ports[3 * i]!,
      interBrokerPort: ports[3 * i + 1]!,
      controllerPort: ports[3 * i + 2]!,
      logDirectory: join(directory, `broker-${i + 1}`, 'data'),
      directoryId: random.uuid(),
    }),
  )
  const cluster = { clusterId: random.uuid(), host, nodes }
  writeClusterFile(file, cluster)
  return cluster
}
