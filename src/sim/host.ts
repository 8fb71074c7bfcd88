// A simulated machine: what outlives processes (disk, tables, clock, the speed of its processor) and the one process that
// lives, or last lived, on it, with its six ports.

import type { Ports, SeededRandom } from '../base/index.ts'
import { Timers } from '../base/index.ts'
import { MachineClock, SimClock } from './clock.ts'
import { SimDisk } from './disk.ts'
import type { Kernel } from './kernel.ts'
import { Process } from './kernel.ts'
import type { NetworkHost, SimInternet } from './network.ts'
import { DiskState } from './platter.ts'
import { SimOffload, SimRandom, SimTables, TablesState } from './ports.ts'

export interface HostOptions {
  /** Somebody who uses the others: nodes can be hidden from it. */
  readonly client?: boolean
}

/** Machines set their clocks by hand, or nearly so. */
const WALLS_DIFFER_MS = 20

export class Host implements NetworkHost {
  readonly name: string
  readonly index: number
  readonly client: boolean
  readonly random: SeededRandom
  readonly disk: DiskState = new DiskState()
  readonly tables: TablesState = new TablesState()
  readonly clock: MachineClock
  up = true
  process: Process
  #incarnation = 0
  #slowness = 1
  #ports: Ports | null = null
  #timers: Timers | null = null

  constructor(name: string, index: number, random: SeededRandom, wallMs: number, options: HostOptions) {
    this.name = name
    this.index = index
    this.client = options.client === true
    this.random = random
    this.clock = new MachineClock(wallMs + random.below(2 * WALLS_DIFFER_MS) - WALLS_DIFFER_MS)
    this.process = new Process(name, index, 0)
  }

  get ports(): Ports {
    if (this.#ports === null) throw new Error(`nothing has been started on ${this.name}`)
    return this.#ports
  }

  /** On the clock of the present process. */
  get timers(): Timers {
    this.#timers ??= new Timers(this.ports.clock)
    return this.#timers
  }

  /** How many times slower its processor is than one should be. */
  get slowness(): number {
    return this.#slowness
  }

  slowDown(slowness: number): void {
    this.#slowness = slowness
    this.process.slowDown(slowness)
  }

  /** A new process on what the machine holds. The ports of the one before stay inert. */
  begin(kernel: Kernel, internet: SimInternet): Ports {
    const process = new Process(this.name, this.index, this.#incarnation++)
    process.slowDown(this.#slowness)
    process.onDeath.push(() => {
      this.disk.loseStaged(this.random)
      // `up` has been cleared beforehand when it was the power that failed.
      internet.processEnded(process, !this.up)
    })
    const clock = new SimClock(kernel, process, this.clock)
    this.process = process
    this.#timers = null
    this.#ports = {
      clock,
      random: new SimRandom(kernel, process, this.random.fork()),
      disk: new SimDisk(kernel, process, this.disk, this.random.fork(), () => clock.wall()),
      network: internet.port(this, process),
      tables: new SimTables(kernel, process, this.tables, this.random.fork()),
      offload: new SimOffload(kernel, process, this.random.fork()),
    }
    return this.#ports
  }
}
