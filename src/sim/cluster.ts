// Whole nodes in the simulated world: N combined nodes built by the one `createNode`, formatted as `storage format`
// does, one host each, and clients on hosts of their own. Starts, kills and restarts them; knows Kafka only as far as
// an operator does. What a node holds inside is seen by `observe()` and by its disk, never reached into.

import type { Logger, NodeId, Ports, Uuid } from '../base/index.ts'
import type { Client, ClientOptions } from '../client/index.ts'
import { createClient } from '../client/index.ts'
import { parseNodeConfig } from '../config/index.ts'
import type { LocalNode, NodeView, OdradekNode } from '../main/index.ts'
import {
  CLIENT_LISTENER,
  CONTROLLER_LISTENER,
  createNode,
  formatStorage,
  INTER_BROKER_LISTENER,
  localProperties,
} from '../main/index.ts'
import { createSimulation, type Simulation } from './simulation.ts'
import type { Tap } from './tap.ts'

export interface SimClusterOptions {
  /** An integer from 0 to 2^32 − 1; everything that happens follows from it. */
  readonly seed: number
  /** Combined nodes, with ids from 1. Default 3. */
  readonly brokers?: number
  /** Kafka's property names; they win over those of a cluster on one machine. */
  readonly properties?: Readonly<Record<string, string>>
  /** Default: nothing is logged. */
  readonly logger?: Logger
  /** The metadata.version's feature level to format with. Default 30 (4.3-IV0). */
  readonly metadataVersion?: number
  /** Hears everything that happens. */
  readonly tap?: Tap
}

const CLIENT_PORT = 9092
const INTER_BROKER_PORT = 19_092
const CONTROLLER_PORT = 9093
const LOG_DIRECTORY = '/data'
/** Virtual milliseconds within which a node that is being started must be unfenced. */
const START_WITHIN_MS = 120_000
const METADATA_VERSION_4_3 = 30

interface Member {
  readonly id: NodeId
  readonly host: string
  readonly local: LocalNode
  node: OdradekNode | null
}

/** A cluster that has not been started yet; `start` does. */
export function createSimCluster(options: SimClusterOptions): SimCluster {
  return new SimCluster(options)
}

export class SimCluster {
  readonly sim: Simulation
  /** What a client is given to find the cluster. */
  readonly bootstrap: string
  readonly clusterId: Uuid
  /** The error with which a node gave up, by id: a Bug, or its last log directory. */
  readonly fatal: Map<NodeId, Error> = new Map()
  readonly #members: Map<NodeId, Member> = new Map()
  readonly #options: SimClusterOptions
  #clients = 0

  constructor(options: SimClusterOptions) {
    this.#options = options
    this.sim = createSimulation({ seed: options.seed, ...(options.tap === undefined ? {} : { tap: options.tap }) })
    this.clusterId = this.sim.random.uuid()
    for (let id = 1; id <= (options.brokers ?? 3); id++) {
      const local = {
        id,
        clientPort: CLIENT_PORT,
        interBrokerPort: INTER_BROKER_PORT,
        controllerPort: CONTROLLER_PORT,
        logDirectory: LOG_DIRECTORY,
        directoryId: this.sim.random.uuid(),
      }
      this.#members.set(id, { id, host: `node${id}`, local, node: null })
    }
    this.bootstrap = this.#endpoints(CLIENT_PORT)
  }

  get ids(): readonly NodeId[] {
    return [...this.#members.keys()]
  }

  /** Formats the disks, starts every node, and resolves when all are unfenced. */
  async start(): Promise<void> {
    const starting: Promise<void>[] = []
    for (const member of this.#members.values()) {
      const ports = this.sim.addNode(member.host)
      // The operator's part: a mounted disk does not vanish with the power.
      await this.sim.wait(ports.disk.makeDirectory(LOG_DIRECTORY))
      await this.sim.wait(ports.disk.syncDirectory('/'))
      await this.sim.wait(this.#format(member, ports))
      starting.push(this.#boot(member, ports))
    }
    await this.sim.wait(Promise.all(starting), START_WITHIN_MS)
  }

  /** A client on a host of its own, so that it can be cut off too. */
  client(options: Omit<ClientOptions, 'bootstrap'> = {}): Client {
    const ports = this.sim.addNode(`client${++this.#clients}`)
    return createClient(ports, { bootstrap: this.bootstrap, ...options })
  }

  /** Where the node's disk, faults and cuts are addressed in `sim`. */
  host(id: NodeId): string {
    return this.#member(id).host
  }

  alive(id: NodeId): boolean {
    return this.#member(id).node !== null && this.sim.alive(this.host(id))
  }

  /** A node's view of itself; throws for one that is dead. */
  view(id: NodeId): NodeView {
    const { node } = this.#member(id)
    if (node === null || !this.alive(id)) throw new Error(`node ${id} is not alive`)
    return node.observe()
  }

  /** The leader by what the living nodes say of themselves, the highest epoch winning; null where none leads. */
  leaderOf(topic: string, partition: number): NodeId | null {
    let best: { id: NodeId; epoch: number } | null = null
    for (const id of this.ids) {
      if (!this.alive(id)) continue
      for (const replica of this.view(id).replicas) {
        if (replica.topic !== topic || replica.partition !== partition || replica.role !== 'leader') continue
        if (best === null || replica.leaderEpoch > best.epoch) best = { id, epoch: replica.leaderEpoch }
      }
    }
    return best?.id ?? null
  }

  /** SIGKILL. */
  kill(id: NodeId): void {
    this.sim.kill(this.host(id))
    this.#member(id).node = null
  }

  /** The machine goes dark. */
  powerLoss(id: NodeId): void {
    this.sim.powerLoss(this.host(id))
    this.#member(id).node = null
  }

  /** Controlled shutdown, then the end of the process. */
  async stop(id: NodeId, withinMs = 60_000): Promise<void> {
    const { node } = this.#member(id)
    if (node === null) return
    await this.sim.wait(node.stop(), withinMs)
    this.kill(id)
  }

  /** As `stop`, for whoever turns the world himself. */
  async stopping(id: NodeId): Promise<void> {
    const member = this.#member(id)
    const { node } = member
    if (node === null) return
    await node.stop()
    if (member.node === node) this.kill(id)
  }

  /** A new process on the old disk; resolves when it is unfenced. */
  async restart(id: NodeId, withinMs: number = START_WITHIN_MS): Promise<void> {
    await this.sim.wait(this.restarting(id), withinMs)
  }

  /** As `restart`, for whoever turns the world himself. */
  restarting(id: NodeId): Promise<void> {
    const member = this.#member(id)
    return this.#boot(member, this.sim.restart(member.host))
  }

  /** A dead node gets an empty disk, formatted as a directory that joins a cluster: it is no voter (KIP-853). */
  async replaceDisk(id: NodeId): Promise<void> {
    const member = this.#member(id)
    this.sim.replaceDisk(member.host)
    const ports = this.sim.restart(member.host)
    await this.sim.wait(ports.disk.makeDirectory(LOG_DIRECTORY))
    await this.sim.wait(ports.disk.syncDirectory('/'))
    await this.sim.wait(this.#format(member, ports, false))
    this.sim.kill(member.host)
  }

  isolate(id: NodeId, direction: 'both' | 'out' | 'in' = 'both'): void {
    this.sim.isolate(this.host(id), direction)
  }

  heal(id?: NodeId): void {
    if (id === undefined) this.sim.heal()
    else this.sim.heal(this.host(id))
  }

  /** Bytes of a partition's log on one node's disk as a process would read them, its segments one after the other. */
  logBytes(id: NodeId, topic: string, partition: number): Uint8Array {
    const disk = this.sim.disk(this.host(id))
    const directory = `${LOG_DIRECTORY}/${topic}-${partition}`
    const segments = disk.paths(directory).filter((path) => path.endsWith('.log'))
    return Buffer.concat(segments.map((path) => disk.peek(path) ?? new Uint8Array(0)))
  }

  close(): void {
    this.sim.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #member(id: NodeId): Member {
    const member = this.#members.get(id)
    if (member === undefined) throw new Error(`there is no node ${id}`)
    return member
  }

  #endpoints(port: number): string {
    return [...this.#members.values()].map((member) => `${member.host}:${port}`).join(',')
  }

  async #format(member: Member, ports: Ports, isNew = true): Promise<void> {
    await formatStorage(ports, {
      clusterId: this.clusterId,
      nodeId: member.id,
      logDirs: [LOG_DIRECTORY],
      metadataLogDir: LOG_DIRECTORY,
      initialControllers: (isNew ? [...this.#members.values()] : []).map(({ id, host, local }) => ({
        id,
        host,
        port: CONTROLLER_PORT,
        directoryId: local.directoryId,
      })),
      controllerListenerName: CONTROLLER_LISTENER,
      metadataVersion: this.#options.metadataVersion ?? METADATA_VERSION_4_3,
      ignoreFormatted: false,
    })
  }

  #boot(member: Member, ports: Ports): Promise<void> {
    const node = createNode({
      config: parseNodeConfig(this.#properties(member)),
      ports,
      logger: this.#options.logger ?? SILENT,
      onFatal: (error) => {
        this.fatal.set(member.id, error)
      },
    })
    member.node = node
    return node.start()
  }

  #properties(member: Member): Map<string, string> {
    const listeners = [
      `${CLIENT_LISTENER}://${member.host}:${CLIENT_PORT}`,
      `${INTER_BROKER_LISTENER}://${member.host}:${INTER_BROKER_PORT}`,
      `${CONTROLLER_LISTENER}://${member.host}:${CONTROLLER_PORT}`,
    ].join(',')
    const locals = [...this.#members.values()].map((each) => each.local)
    const own = new Map([
      ['listeners', listeners],
      ['advertised.listeners', listeners],
      ['controller.quorum.bootstrap.servers', this.#endpoints(CONTROLLER_PORT)],
      ...Object.entries(this.#options.properties ?? {}),
    ])
    return localProperties(member.local, locals, member.host, own)
  }
}

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
}
