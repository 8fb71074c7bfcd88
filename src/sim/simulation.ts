// One seed, one world: hosts with disks, tables and clocks that outlive processes, processes with the six ports, and
// the verbs that hurt them. The same seed and commit give the same trace. Knows nothing of Kafka: see `cluster.ts`.

import type { Ports, SeededRandom, Timers } from '../base/index.ts'
import { SeededRandom as Seeded } from '../base/index.ts'
import { guard } from './guard.ts'
import type { HostOptions } from './host.ts'
import { Host } from './host.ts'
import type { AfterEvent, RunEnd, RunLimits } from './kernel.ts'
import { Kernel, touchedBit } from './kernel.ts'
import type { LinkQuality } from './links.ts'
import { SimInternet } from './network.ts'
import type { Detained, Direction } from './plan.ts'
import type { DiskState, FlippedBit } from './platter.ts'
import type { TablesState } from './ports.ts'
import type { BytesTap, Tap } from './tap.ts'
import type { Undo } from './undo.ts'
import { once } from './undo.ts'

export interface SimulationOptions {
  /** An integer from 0 to 2^32 − 1; everything that happens follows from it. */
  readonly seed: number
  /** The wall clock at the beginning, milliseconds since 1970. */
  readonly wallMs?: number
  /** Hears everything that happens. */
  readonly tap?: Tap
}

/** 2026-01-01T00:00:00Z: a wall clock of its own, so that no run depends on the day it is run. */
const WALL_AT_START = 1_767_225_600_000

export function createSimulation(options: SimulationOptions): Simulation {
  return new Simulation(options)
}

export class Simulation {
  readonly seed: number
  readonly #kernel: Kernel
  readonly #internet: SimInternet
  readonly #random: SeededRandom
  readonly #hosts: Map<string, Host> = new Map()
  readonly #wallMs: number
  readonly #unguard: () => void

  constructor(options: SimulationOptions) {
    this.seed = options.seed
    this.#random = new Seeded(options.seed)
    this.#kernel = new Kernel(this.#random.fork(), options.tap ?? null)
    this.#internet = new SimInternet(this.#kernel, this.#random.fork())
    this.#wallMs = options.wallMs ?? WALL_AT_START
    this.#unguard = guard()
  }

  /** Milliseconds since the beginning of the world. */
  get now(): number {
    return this.#kernel.now / 1000
  }

  /** Events delivered so far. */
  get events(): number {
    return this.#kernel.events
  }

  /** Chance for schedules and workloads, apart from what the ports draw. */
  get random(): SeededRandom {
    return this.#kernel.random
  }

  get names(): readonly string[] {
    return [...this.#hosts.keys()]
  }

  /** Of everything that has happened up to now. */
  traceHash(): string {
    return this.#kernel.trace.digest()
  }

  /** A new host with an empty disk and a process on it. Its name is its address. */
  addNode(name: string, options: HostOptions = {}): Ports {
    if (this.#hosts.has(name)) throw new Error(`there is a node ${name} already`)
    const host = new Host(name, this.#hosts.size, this.#random.fork(), this.#wallMs, options)
    this.#hosts.set(name, host)
    this.#internet.hosts.set(name, host)
    return host.begin(this.#kernel, this.#internet)
  }

  /** The ports of the process that lives, or last lived, on a host. */
  ports(name: string): Ports {
    return this.#host(name).ports
  }

  alive(name: string): boolean {
    return this.#host(name).process.alive
  }

  /** The host's disk as a checker or a fault sees it. */
  disk(name: string): DiskState {
    return this.#host(name).disk
  }

  /** The host's database as a checker sees it. */
  tables(name: string): TablesState {
    return this.#host(name).tables
  }

  /** SIGKILL: the process is gone, what it wrote stays in the page cache, its connections are reset. */
  kill(name: string): void {
    this.#kernel.end(this.#host(name).process)
  }

  /** Kills the process at the n-th port call from now, which then has no effect. */
  killAtPortCall(name: string, n: number): void {
    const { process } = this.#host(name)
    process.killAtPortCall = process.portCalls + n
  }

  /** The machine goes dark: unsynced bytes are lost or torn, and nobody is told. */
  powerLoss(name: string): void {
    const host = this.#host(name)
    host.up = false
    this.#kernel.end(host.process)
    host.disk.losePower(host.random)
    host.tables.losePower(host.random)
  }

  /** A new process on what the disk still holds. Its ports are new; the old ones stay inert. */
  restart(name: string): Ports {
    const host = this.#host(name)
    if (host.process.alive) this.kill(name)
    host.up = true
    this.#internet.hostRestarted(name)
    return host.begin(this.#kernel, this.#internet)
  }

  /** Replaces the host's disk and tables by empty ones; its process must be dead. */
  replaceDisk(name: string): void {
    const host = this.#host(name)
    if (host.process.alive) throw new Error(`${name} is alive`)
    host.disk.replace()
    host.tables.replace()
  }

  /** SIGSTOP; SIGCONT is what it answers, once every pause has ended. Its kernel goes on: it takes connections, up to the
   *  backlog, and bytes, up to the window. */
  pause(name: string): Undo {
    const { process } = this.#host(name)
    this.#kernel.pause(process)
    return once(() => this.#kernel.resume(process))
  }

  /** Ends every pause of it. */
  resume(name: string): void {
    const { process } = this.#host(name)
    while (process.paused) this.#kernel.resume(process)
  }

  /** The node does nothing for so long: a garbage collection, a slow disk under a synchronous call. */
  stall(name: string, ms: number): void {
    const { process } = this.#host(name)
    process.busyUntil = Math.max(process.busyUntil, this.#kernel.now + Math.round(ms * 1000))
  }

  /** Cuts a node off from all others, those that come later included. Its connections stand, silent. Faults that last
   *  answer what ends them; each holds by itself, so two that overlap are two. */
  isolate(name: string, direction: Direction = 'both'): Undo {
    return this.#internet.links.isolate(this.#host(name).name, direction)
  }

  /** Cuts one direction between two nodes. */
  cut(from: string, to: string): Undo {
    return this.#internet.links.cut(this.#host(from).name, this.#host(to).name)
  }

  /** Undoes every cut of one direction between two nodes. */
  uncut(from: string, to: string): void {
    this.#internet.links.uncut(from, to)
  }

  /** Hosts that are clients, and those that will be, cannot reach a node, nor it them. */
  hide(name: string): Undo {
    return this.#internet.links.hide(this.#host(name).name)
  }

  /** Makes everything from and to a host slower: one queue each way, whoever is at the other end. */
  slow(name: string, quality: LinkQuality): Undo {
    return this.#internet.links.slowHost(this.#host(name).name, quality)
  }

  /** Makes one direction between two hosts slower. */
  slowLink(from: string, to: string, quality: LinkQuality): Undo {
    return this.#internet.links.slowWay(this.#host(from).name, this.#host(to).name, quality)
  }

  /** Ends every isolation, cut, hiding and slowness of a node's links, or of all. */
  heal(name?: string): void {
    this.#internet.links.heal(name)
  }

  /** Connections of a host, or those between two, are lost. One owner, by chance, hears at once; the other after what was
   *  under way has arrived. */
  reset(name: string, other?: string): void {
    this.#internet.reset(this.#host(name).name, other)
  }

  /** Something between forgets a host's connections: at the far ends they stand, but what is sent vanishes, until the
   *  keep-alive or the retransmissions give up. The host's own ends are told of it by chance. */
  halfOpen(name: string, other?: string): void {
    this.#internet.halfOpen(this.#host(name).name, other)
  }

  /** What is under way or sent on a host's present connections arrives so much later; new ones are as fast as ever, so that
   *  an old connection's bytes may come after those of its successor. */
  detain(name: string, ms: number, other?: string): void {
    this.#internet.detain(this.#host(name).name, other, Math.round(ms * 1000))
  }

  /** What a host sends another on their present connections, all or some of them, or from the next request of a kind on,
   *  arrives when this ends, whatever has become of those. They are lost after `lostMs`, if that comes first, for the one
   *  who opened them. */
  hold(name: string, other: string, what: Detained, lostMs: number): Undo {
    return this.#internet.holds.begin(this.#host(name).name, this.#host(other).name, what, Math.round(lostMs * 1000))
  }

  /** How many connections a host's kernel takes for a listener that does not accept them. Default 511. */
  backlog(name: string, connections: number): void {
    this.#internet.backlogs.set(this.#host(name).name, connections)
  }

  /** Its disk's next fsync, or next append, answers EIO. A failed fsync leaves pages that were never written and are called
   *  clean all the same, as on Linux: the next one succeeds, and a power loss shows what is missing. */
  failDisk(name: string, operation: 'sync' | 'append'): void {
    const { faults } = this.disk(name)
    if (operation === 'sync') faults.nextSyncsFail++
    else faults.nextAppendsFail++
  }

  /** Of a directory of its disk nothing can be read or written until this ends: it was a disk of its own. */
  killDirectory(name: string, directory: string): Undo {
    return this.disk(name).kill(directory)
  }

  /** Every operation of its disk takes `factor` times as long. */
  slowDisk(name: string, factor: number): Undo {
    const { faults } = this.disk(name)
    faults.slowFactor *= factor
    return once(() => {
      faults.slowFactor /= factor
    })
  }

  /** fsync answers yes and keeps nothing. When that ends, what it has promised meanwhile is kept at last. */
  lyingSync(name: string): Undo {
    const { disk, tables } = this.#host(name)
    const honest = disk.lie()
    tables.lying = true
    return () => {
      honest()
      tables.lying = disk.lying
    }
  }

  /** So many bytes are left free on its disk. */
  fillDisk(name: string, freeBytes: number): Undo {
    const { faults } = this.disk(name)
    faults.freeBytes = freeBytes
    return once(() => {
      faults.freeBytes = Number.POSITIVE_INFINITY
    })
  }

  /** Flips one bit, drawn by the host's chance, of one of the files; null where they hold none. */
  flipBit(name: string, paths: readonly string[]): FlippedBit | null {
    const { disk, random } = this.#host(name)
    return disk.flipSomeBit(paths, random)
  }

  /** Its processor takes `factor` times as long for everything; a process that is started meanwhile is as slow. */
  slowCpu(name: string, factor: number): Undo {
    const host = this.#host(name)
    host.slowDown(host.slowness * factor)
    return once(() => host.slowDown(host.slowness / factor))
  }

  /** Its wall clock jumps, and from now on both its clocks gain `driftPpm` microseconds a second (−500,000 to 500,000; 0:
   *  as fast as the world). */
  skewClock(name: string, jumpMs: number, driftPpm = 0): void {
    this.#host(name).clock.skew(this.#kernel.now, jumpMs, driftPpm)
  }

  /** Timers on the clock of a host's present process, for code that waits there: `await sim.timersOf('me').delay(50)`. */
  timersOf(name: string): Timers {
    return this.#host(name).timers
  }

  /** Delivers events until a limit is reached. Without limits: until nothing is left to happen. */
  run(limits: RunLimits = {}): Promise<RunEnd> {
    return this.#kernel.run(limits)
  }

  /** Runs until the promise settles, and settles as it does; rejects if it does not within so much virtual time. */
  async wait<T>(promise: Promise<T>, withinMs = 120_000): Promise<T> {
    let settled = false
    const outcome = promise.finally(() => {
      settled = true
    })
    outcome.catch(() => {})
    const end = await this.run({ until: () => settled, untilMs: this.now + withinMs })
    if (end !== 'until') throw new Error(`not settled after ${withinMs} ms of virtual time (seed ${this.seed})`)
    return outcome
  }

  /** Lets virtual time pass. */
  async sleep(ms: number): Promise<void> {
    await this.run({ untilMs: this.now + ms })
  }

  /** How often each operation of the ports was called, of all processes. */
  portCalls(): ReadonlyMap<string, number> {
    return this.#kernel.portCalls()
  }

  /** What `touched` says of a host, in `afterEvent`. */
  touchedBit(name: string): number {
    return touchedBit(this.#host(name).index)
  }

  /** Lets a checker hear all bytes on connections from now on; null: nobody. */
  hearBytes(tap: BytesTap | null): void {
    this.#kernel.bytes = tap
  }

  /** Called after every event, when all microtasks have drained; what it throws fails the run. It is told which hosts the
   *  event touched, by their bits: one whose bit is missing is as it was. */
  afterEvent(check: AfterEvent): void {
    this.#kernel.afterEvent.push(check)
  }

  /** Ends every process and takes the fence down. */
  close(): void {
    for (const host of this.#hosts.values()) this.#kernel.end(host.process)
    this.#unguard()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`there is no node ${name}`)
    return host
  }
}
