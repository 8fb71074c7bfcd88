// State tables on the Tables port. A table's rows lie under `r…`, its position under `m`, both written in one batch; a
// further table lists the names. Knows no log: whether a position is on its lineage is the caller's question.
// Invariant: there are rows only where there is a position, or a clearing was cut short, which `open` ends.

import type { Table, TableOperation, Tables, Timestamp } from '../base/index.ts'
import { assert, StorageError } from '../base/index.ts'
import { corrupt, decodeRow, encodeRow } from './rows.ts'
import type { StateChange, StatePosition, StateRow, StateSchema, States, StateTable } from './types.ts'

/** Of everything that this file writes around the rows. */
const FORMAT = 1
const META = 'm'
const ROWS = 'r'
/** Where the rows end: the next letter. */
const ROWS_END = 's'
/** The table of names. */
const NAMES = 'states'
/** Before the name of a state's own table, so that no name meets `NAMES`. */
const PREFIX = 'state.'

export function openStates(tables: Tables): States {
  return {
    async open<T>(name: string, schema: StateSchema<T>): Promise<StateTable<T>> {
      const [names, table] = await Promise.all([tables.open(NAMES), tables.open(PREFIX + name)])
      // Before the first row: a table that nobody knows of would never be dropped.
      if ((await names.get(name)) === undefined)
        await names.batch([{ kind: 'put', key: name, value: new Uint8Array(0) }])
      const meta = await readMeta(table, name, schema.version)
      const state = new State(name, table, schema, meta)
      if (meta === null) await state.clear()
      return state
    },
    async names(): Promise<readonly string[]> {
      const found: string[] = []
      for await (const page of (await tables.open(NAMES)).pages()) for (const [name] of page) found.push(name)
      return found
    },
    async drop(name: string): Promise<void> {
      const [names, table] = await Promise.all([tables.open(NAMES), tables.open(PREFIX + name)])
      await empty(table)
      await names.batch([{ kind: 'delete', key: name }])
    },
  }
}

interface Meta {
  readonly position: StatePosition
  readonly writtenAt: Timestamp
}

class State<T> implements StateTable<T> {
  readonly name: string
  readonly #table: Table
  readonly #schema: StateSchema<T>
  #meta: Meta | null

  constructor(name: string, table: Table, schema: StateSchema<T>, meta: Meta | null) {
    this.name = name
    this.#table = table
    this.#schema = schema
    this.#meta = meta
  }

  get position(): StatePosition | null {
    return this.#meta?.position ?? null
  }

  get writtenAt(): Timestamp {
    return this.#meta?.writtenAt ?? -1
  }

  async apply(changes: readonly StateChange<T>[], position: StatePosition, at: Timestamp): Promise<void> {
    const before = this.#meta?.position
    assert(before === undefined || position.offset >= before.offset, `state ${this.name} goes back in its log`)
    const operations = changes.map(({ key, value }): TableOperation => {
      const row = ROWS + key
      return value === null ? { kind: 'delete', key: row } : { kind: 'put', key: row, value: encodeRow(row, value) }
    })
    const fields = [FORMAT, this.#schema.version, position.offset, position.epoch, at]
    operations.push({ kind: 'put', key: META, value: encodeRow(META, fields) })
    await this.#table.batch(operations)
    this.#meta = { position, writtenAt: at }
  }

  async *pages(size: number): AsyncIterable<readonly StateRow<T>[]> {
    let page: StateRow<T>[] = []
    for await (const entries of this.#table.pages({ from: ROWS, to: ROWS_END })) {
      for (const [row, bytes] of entries) {
        const value = this.#schema.decode(decodeRow(this.name, row, bytes))
        if (value === null) throw corrupt(this.name, row)
        page.push({ key: row.slice(ROWS.length), value })
        if (page.length < size) continue
        yield page
        page = []
      }
    }
    if (page.length > 0) yield page
  }

  async clear(): Promise<void> {
    this.#meta = null
    await empty(this.#table)
  }
}

/** The position first: a clearing that is cut short leaves rows without one. */
async function empty(table: Table): Promise<void> {
  await table.batch([{ kind: 'delete', key: META }])
  await table.clear()
}

/** Null: there is nothing here that may be used. */
async function readMeta(table: Table, name: string, version: number): Promise<Meta | null> {
  const bytes = await table.get(META)
  if (bytes === undefined) return null
  try {
    const fields = decodeRow(name, META, bytes)
    if (!Array.isArray(fields) || fields.length !== 5 || !fields.every((each) => Number.isSafeInteger(each)))
      return null
    const [format, schema, offset, epoch, writtenAt] = fields as [number, number, number, number, number]
    return format === FORMAT && schema === version ? { position: { offset, epoch }, writtenAt } : null
  } catch (error) {
    if (error instanceof StorageError && error.code === 'CORRUPT') return null
    throw error
  }
}
