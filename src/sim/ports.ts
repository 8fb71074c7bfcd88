// The small ports of the simulated world: random, tables, offload. Clock, disk and network have files of their own.

import type {
  Offload,
  OffloadJob,
  Random,
  SeededRandom,
  Table,
  TableEntry,
  TableKey,
  TableOperation,
  Tables,
  Uuid,
} from '../base/index.ts'
import { decompressSync } from '../io/index.ts'
import { draw, OFFLOAD_COST, TABLE_COST } from './chance.ts'
import { store, stored } from './codecs.ts'
import type { Kernel, Process } from './kernel.ts'
import { never } from './kernel.ts'

export class SimRandom implements Random {
  readonly #kernel: Kernel
  readonly #process: Process
  readonly #seeded: SeededRandom

  constructor(kernel: Kernel, process: Process, seeded: SeededRandom) {
    this.#kernel = kernel
    this.#process = process
    this.#seeded = seeded
  }

  below(n: number): number {
    this.#kernel.enter(this.#process, 'random.below')
    return this.#seeded.below(n)
  }

  bytes(n: number): Uint8Array {
    this.#kernel.enter(this.#process, 'random.bytes')
    return this.#seeded.bytes(n)
  }

  uuid(): Uuid {
    this.#kernel.enter(this.#process, 'random.uuid')
    return this.#seeded.uuid()
  }
}

/** What a host's database holds; outlives processes. */
export class TablesState {
  readonly tables: Map<string, Map<TableKey, Uint8Array>> = new Map()
  /** Their drive promises what it does not keep. */
  lying = false
  /** Undo records of the batches that a power loss may still take, oldest first. */
  #unsynced: (() => void)[] = []

  table(name: string): Map<TableKey, Uint8Array> {
    let table = this.tables.get(name)
    if (table === undefined) {
      table = new Map()
      this.tables.set(name, table)
    }
    return table
  }

  apply(name: string, operations: readonly TableOperation[], sync: boolean): void {
    const table = this.table(name)
    const before: [TableKey, Uint8Array | undefined][] = []
    for (const operation of operations) {
      before.push([operation.key, table.get(operation.key)])
      if (operation.kind === 'put') table.set(operation.key, operation.value)
      else table.delete(operation.key)
    }
    if (sync && !this.lying) this.#unsynced = []
    else {
      this.#unsynced.push(() => {
        for (const [key, value] of before.reverse()) {
          if (value === undefined) table.delete(key)
          else table.set(key, value)
        }
      })
    }
  }

  /** A write-ahead log loses its tail, in order and by whole batches. */
  losePower(random: SeededRandom): void {
    for (let lost = random.below(this.#unsynced.length + 1); lost > 0; lost--) this.#unsynced.pop()!()
    this.#unsynced = []
  }

  replace(): void {
    this.tables.clear()
    this.#unsynced = []
  }
}

/** Entries that one trip to the database brings. */
const PAGE = 100

export class SimTables implements Tables {
  readonly #kernel: Kernel
  readonly #process: Process
  readonly #state: TablesState
  readonly #random: SeededRandom
  readonly #open: Map<string, Table> = new Map()

  constructor(kernel: Kernel, process: Process, state: TablesState, random: SeededRandom) {
    this.#kernel = kernel
    this.#process = process
    this.#state = state
    this.#random = random
  }

  open(name: string): Promise<Table> {
    return this.#operation('tables.open', name, () => {
      let table = this.#open.get(name)
      if (table === undefined) {
        table = this.#table(name)
        this.#open.set(name, table)
      }
      return table
    })
  }

  close(): Promise<void> {
    return this.#operation('tables.close', '', () => undefined)
  }

  #operation<T>(operation: string, detail: string, act: () => T): Promise<T> {
    if (!this.#kernel.enter(this.#process, operation)) return never()
    this.#kernel.trace.text(detail)
    return this.#kernel.later(draw(this.#random, TABLE_COST), this.#process, act)
  }

  #table(name: string): Table {
    const state = this.#state
    return {
      get: (key) => this.#operation('table.get', key, () => state.table(name).get(key)?.slice()),
      batch: (operations, options = {}) => {
        const owned = operations.map((each) => (each.kind === 'put' ? { ...each, value: each.value.slice() } : each))
        return this.#operation('table.batch', `${name} ${owned.length}`, () => {
          state.apply(name, owned, options.sync === true)
        })
      },
      pages: (range = {}) => {
        const snapshot = [...state.table(name)]
          .filter(([key]) => inRange(key, range.from, range.to))
          .sort((a, b) => compareKeys(a[0], b[0]))
        return this.#iterate(name, snapshot)
      },
      clear: () =>
        this.#operation('table.clear', name, () => {
          const operations = [...state.table(name).keys()].map((key): TableOperation => ({ kind: 'delete', key }))
          state.apply(name, operations, false)
        }),
    }
  }

  async *#iterate(name: string, snapshot: readonly TableEntry[]): AsyncGenerator<readonly TableEntry[]> {
    // That there are no more is learnt by a fetch too, as of a database, or a process that is dead would learn it.
    for (let at = 0; ; at += PAGE) {
      const page = await this.#operation('table.next', name, () => snapshot.slice(at, at + PAGE))
      if (page.length === 0) return
      yield page.map(([key, value]) => [key, value.slice()])
    }
  }
}

function inRange(key: TableKey, from: TableKey | undefined, to: TableKey | undefined): boolean {
  return (from === undefined || compareKeys(key, from) >= 0) && (to === undefined || compareKeys(key, to) < 0)
}

/** By UTF-8 bytes, which differs from JavaScript's order of UTF-16 units above U+D800. */
function compareKeys(a: TableKey, b: TableKey): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

export class SimOffload implements Offload {
  readonly #kernel: Kernel
  readonly #process: Process
  readonly #random: SeededRandom

  constructor(kernel: Kernel, process: Process, random: SeededRandom) {
    this.#kernel = kernel
    this.#process = process
    this.#random = random
  }

  run(job: OffloadJob): Promise<Uint8Array> {
    if (!this.#kernel.enter(this.#process, `offload.${job.kind}`)) return never()
    this.#kernel.trace.text(job.codec)
    this.#kernel.trace.bytes(job.bytes)
    // A pool is not a queue: jobs may finish in another order than they were given.
    const cost = draw(this.#random, OFFLOAD_COST) + (job.bytes.length >> 8)
    return this.#kernel.later(cost, this.#process, () =>
      job.kind === 'compress'
        ? store(job.codec, job.bytes)
        : (stored(job.codec, job.bytes, job.limit) ?? decompressSync(job.codec, job.bytes, job.limit)),
    )
  }
}
