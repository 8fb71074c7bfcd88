// Whole nodes in the simulated world: N combined nodes built by the one `createNode`, formatted as `storage format`
// does, one host each, and clients on hosts of their own. Starts, kills and restarts them; knows Kafka only as far as
// an operator does. What a node holds inside is seen by `observe()` and by its disk, never reached into.

import type { Clock, Logger, NodeId, Ports, Random, Timers, Uuid } from '../base/index.ts'
import type { Client, ClientOptions } from '../client/index.ts'
import { createClient } from '../client/index.ts'
import { parseNodeConfig } from '../config/index.ts'
import type { NodeView } from '../main/index.ts'
import { createNode } from '../main/index.ts'
import type { LinkQuality } from './links.ts'
import type { Member, Properties } from './member.ts'
import { CLIENT_PORT, endpoints, formatMember, logsOfTopics, newMember, propertiesOf } from './member.ts'
import type { Detained, Direction } from './plan.ts'
import type { FlippedBit } from './platter.ts'
import { createSimulation, type Simulation } from './simulation.ts'
import type { Tap } from './tap.ts'
import type { Undo } from './undo.ts'

export interface SimClusterOptions {
  /** An integer from 0 to 2^32 − 1; everything that happens follows from it. */
  readonly seed: number
  /** Combined nodes, with ids from 1. Default 3. */
  readonly brokers?: number
  /** Kafka's property names; they win over those of a cluster on one machine. */
  readonly properties?: Properties
  /** What one node has and others have not; wins over `properties`. */
  readonly nodeProperties?: (id: NodeId) => Properties
  /** Log directories of a node: `/data`, with the metadata log in it, `/data2`, … Default 1. */
  readonly logDirectories?: number
  /** Default: nothing is logged. */
  readonly logger?: Logger
  /** The metadata.version's feature level to format with. Default 30 (4.3-IV0). */
  readonly metadataVersion?: number
  /** Hears everything that happens. */
  readonly tap?: Tap
}

/** Somebody who uses the cluster, on a host of his own. */
export interface SimUser {
  /** Where faults hit him: `sim.kill`, `sim.isolate`, … */
  readonly host: string
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
  /** Resolves after so many virtual milliseconds. */
  delay(ms: number): Promise<void>
}

/** Virtual milliseconds within which a node that is being started must be unfenced. */
const START_WITHIN_MS = 120_000
const METADATA_VERSION_4_3 = 30

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
      const own = options.nodeProperties?.(id) ?? {}
      this.#members.set(id, newMember(id, this.sim.random.uuid(), options.logDirectories ?? 1, own))
    }
    this.bootstrap = endpoints([...this.#members.values()], CLIENT_PORT)
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
      for (const directory of member.directories) await this.sim.wait(ports.disk.makeDirectory(directory))
      await this.sim.wait(ports.disk.syncDirectory('/'))
      await this.sim.wait(this.#format(member, ports))
      starting.push(this.#boot(member, ports))
    }
    await this.sim.wait(Promise.all(starting), START_WITHIN_MS)
  }

  /** A client on a host of its own, so that it can be cut off too. */
  client(options: Omit<ClientOptions, 'bootstrap'> = {}): Client {
    return this.user(options).client
  }

  /** What code of one's own needs to live in this world: a client, and time and chance as its host has them. */
  user(options: Omit<ClientOptions, 'bootstrap'> = {}): SimUser {
    const host = `client${++this.#clients}`
    const ports = this.sim.addNode(host, { client: true })
    const client = createClient(ports, { bootstrap: this.bootstrap, ...options })
    const timers = this.sim.timersOf(host)
    return { host, client, clock: ports.clock, random: ports.random, timers, delay: (ms) => timers.delay(ms) }
  }

  /** Lets somebody's code live in this world until it is done, and settles as it does. */
  async play<T>(life: (user: SimUser) => Promise<T>, withinMs?: number): Promise<T> {
    return await this.sim.wait(life(this.user()), withinMs)
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

  /** The same, null for one that is dead; one object a process, so that another one is another life. */
  observed(id: NodeId): NodeView | null {
    const { node } = this.#member(id)
    return node === null || !this.alive(id) ? null : node.observe()
  }

  /** What a node says of one replica; undefined where it has none. Throws for a node that is dead. */
  replica(id: NodeId, topic: string, partition: number): NodeView['replicas'][number] | undefined {
    return this.view(id).replicas.find((each) => each.topic === topic && each.partition === partition)
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

  /** A new process on the old disk, from now on with these properties too if any are given; resolves when it is
   *  unfenced. */
  async restart(id: NodeId, withinMs: number = START_WITHIN_MS, properties: Properties = {}): Promise<void> {
    await this.sim.wait(this.restarting(id, properties), withinMs)
  }

  /** As `restart`, for whoever turns the world himself. */
  restarting(id: NodeId, properties: Properties = {}): Promise<void> {
    const member = this.#member(id)
    member.properties = { ...member.properties, ...properties }
    return this.#boot(member, this.sim.restart(member.host))
  }

  /** A dead node gets an empty disk, formatted as a directory that joins a cluster: it is no voter (KIP-853). */
  async replaceDisk(id: NodeId): Promise<void> {
    await this.sim.wait(this.replacingDisk(id))
  }

  /** As `replaceDisk`, for whoever turns the world himself. The node is dead again when it resolves. */
  async replacingDisk(id: NodeId): Promise<void> {
    const member = this.#member(id)
    // One that died at a call of its own would seem to live again while its host formats the new disk.
    member.node = null
    this.sim.replaceDisk(member.host)
    const ports = this.sim.restart(member.host)
    for (const directory of member.directories) await ports.disk.makeDirectory(directory)
    await ports.disk.syncDirectory('/')
    await this.#format(member, ports, false)
    // Somebody may have ended or restarted it meanwhile.
    if (this.sim.ports(member.host) === ports) this.sim.kill(member.host)
  }

  killAll(): void {
    for (const id of this.ids) if (this.alive(id)) this.kill(id)
  }

  /** Dies at the n-th call of a port from now. */
  killAt(id: NodeId, calls: number): void {
    this.sim.killAtPortCall(this.host(id), calls)
  }

  /** All machines go dark at once. */
  powerLossAll(): void {
    for (const id of this.ids) this.powerLoss(id)
  }

  /** SIGSTOP; SIGCONT is what it answers. Faults that last answer what ends them, each holding by itself. */
  pause(id: NodeId): Undo {
    return this.sim.pause(this.host(id))
  }

  slowCpu(id: NodeId, factor: number): Undo {
    return this.sim.slowCpu(this.host(id), factor)
  }

  /** The wall jumps, and from now on both clocks drift. */
  skewClock(id: NodeId, jumpMs: number, driftPpm: number): void {
    this.sim.skewClock(this.host(id), jumpMs, driftPpm)
  }

  /** From everybody, clients and those that come later included. */
  isolate(id: NodeId, direction: Direction = 'both'): Undo {
    return this.sim.isolate(this.host(id), direction)
  }

  /** Two nodes from each other, or one direction between them. */
  cut(from: NodeId, to: NodeId, oneWay = false): Undo {
    const there = this.sim.cut(this.host(from), this.host(to))
    const back = oneWay ? null : this.sim.cut(this.host(to), this.host(from))
    return () => {
      there()
      back?.()
    }
  }

  /** From clients only. */
  hide(id: NodeId): Undo {
    return this.sim.hide(this.host(id))
  }

  slow(id: NodeId, quality: LinkQuality): Undo {
    return this.sim.slow(this.host(id), quality)
  }

  /** Ends isolations, cuts, hiding and slowness of a node's links, or of all. */
  heal(id?: NodeId): void {
    if (id === undefined) this.sim.heal()
    else this.sim.heal(this.host(id))
  }

  reset(id: NodeId): void {
    this.sim.reset(this.host(id))
  }

  halfOpen(id: NodeId): void {
    this.sim.halfOpen(this.host(id))
  }

  detain(id: NodeId, ms: number): void {
    this.sim.detain(this.host(id), ms)
  }

  /** What one node sends another on their present connections arrives when this ends; `lostMs`: when who opened them hears
   *  that they are lost. */
  hold(from: NodeId, to: NodeId, what: Detained, lostMs: number): Undo {
    return this.sim.hold(this.host(from), this.host(to), what, lostMs)
  }

  slowDisk(id: NodeId, factor: number): Undo {
    return this.sim.slowDisk(this.host(id), factor)
  }

  failDisk(id: NodeId, operation: 'sync' | 'append'): void {
    this.sim.failDisk(this.host(id), operation)
  }

  /** One of its log directories, by index, is dead until this ends. */
  killDirectory(id: NodeId, index: number): Undo {
    return this.sim.killDirectory(this.host(id), this.#member(id).directories[index]!)
  }

  lyingSync(id: NodeId): Undo {
    return this.sim.lyingSync(this.host(id))
  }

  fillDisk(id: NodeId, freeBytes: number): Undo {
    return this.sim.fillDisk(this.host(id), freeBytes)
  }

  /** One bit of a log of one of its replicas; null where they are empty. */
  flipBit(id: NodeId): FlippedBit | null {
    return this.sim.flipBit(this.host(id), logsOfTopics(this.#paths(id, '')))
  }

  /** Bytes of a partition's log on one node's disk as a process would read them, its segments one after the other. */
  logBytes(id: NodeId, topic: string, partition: number): Uint8Array {
    const disk = this.sim.disk(this.host(id))
    const segments = this.#paths(id, `/${topic}-${partition}`).filter((path) => path.endsWith('.log'))
    return Buffer.concat(segments.map((path) => disk.peek(path) ?? new Uint8Array(0)))
  }

  close(): void {
    this.sim.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Files below that place in each of its log directories. */
  #paths(id: NodeId, below: string): string[] {
    const disk = this.sim.disk(this.host(id))
    return this.#member(id).directories.flatMap((directory) => disk.paths(`${directory}${below}`))
  }

  #member(id: NodeId): Member {
    const member = this.#members.get(id)
    if (member === undefined) throw new Error(`there is no node ${id}`)
    return member
  }

  #format(member: Member, ports: Ports, isNew = true): Promise<void> {
    const voters = isNew ? [...this.#members.values()] : []
    const { metadataVersion = METADATA_VERSION_4_3 } = this.#options
    return formatMember(ports, member, voters, this.clusterId, metadataVersion)
  }

  #boot(member: Member, ports: Ports): Promise<void> {
    const node = createNode({
      config: parseNodeConfig(propertiesOf(member, [...this.#members.values()], this.#options.properties ?? {})),
      ports,
      logger: this.#options.logger ?? SILENT,
      onFatal: (error) => {
        this.fatal.set(member.id, error)
      },
    })
    member.node = node
    return node.start()
  }
}

const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
}
