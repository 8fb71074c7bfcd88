// Tables on `level`: one database a node, a sublevel a table, values binary, keys UTF-8 (which level compares by bytes).
// Opened with the first table, since most nodes that only carry data have none. Tables hold what is derived from logs, so
// a database that cannot be read any more is begun anew.

import type { Level } from 'level'
import type { Table, TableEntry, TableOperation, Tables } from '../base/index.ts'
import { attempt } from './file.ts'

type Database = Level<string, Uint8Array>

export class LevelTables implements Tables {
  readonly #directory: string
  readonly #tables: Map<string, Promise<Table>> = new Map()
  #database: Promise<Database> | null = null
  #closed = false

  /** `directory` is created when the first table is opened. */
  constructor(directory: string) {
    this.#directory = directory
  }

  open(name: string): Promise<Table> {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = this.#open().then((database) => tableOf(database, this.#directory, name))
      this.#tables.set(name, table)
      // A failed opening may be tried again.
      table.catch(() => this.#tables.delete(name))
    }
    return table
  }

  async close(): Promise<void> {
    this.#closed = true
    const database = await this.#database?.catch(() => null)
    await database?.close()
  }

  #open(): Promise<Database> {
    if (this.#closed) return Promise.reject(new Error('the tables of this node are closed'))
    this.#database ??= attempt(this.#directory, 'open the tables in', async () => {
      // Loaded here: a node without tables does without its 2 MB.
      const { Level } = await import('level')
      const database: Database = new Level(this.#directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
      try {
        await database.open()
      } catch (error) {
        if (!isCorruption(error)) throw error
        await (Level as unknown as Destroyer).destroy(this.#directory)
        await database.open()
      }
      return database
    }).catch((error: unknown) => {
      this.#database = null
      throw error
    })
    return this.#database
  }
}

function tableOf(database: Database, directory: string, name: string): Table {
  const level = database.sublevel<string, Uint8Array>(name, { keyEncoding: 'utf8', valueEncoding: 'view' })
  return {
    get: (key) => attempt(directory, 'read', () => level.get(key)),
    batch: (operations, options = {}) =>
      attempt(directory, 'write to', async () => {
        const batch = operations.map((each) => toLevel(each))
        await level.batch<string, Uint8Array>(batch, { sync: options.sync === true } as object)
      }),
    pages: (range = {}) => {
      // The snapshot is the one of this call, not of the first step.
      const iterator = level.iterator({
        ...(SCAN as object),
        ...(range.from === undefined ? {} : { gte: range.from }),
        ...(range.to === undefined ? {} : { lt: range.to }),
      })
      return walk(directory, iterator)
    },
    clear: () => attempt(directory, 'clear', () => level.clear()),
  }
}

/** leveldb's own, which level's types leave out because browsers do without. */
interface Destroyer {
  destroy(directory: string): Promise<void>
}

/** What leveldb says of files that are gone or are not what they should be, or abstract-level's wrapping of it. */
function isCorruption(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'LEVEL_CORRUPTION') || isCorruption(error.cause)
}

/** Entries fetched from the database at once: one by one they cost a trip through its thread pool each. */
const PAGE = 1000
/** The database's own bound, 16 KiB, would make pages of a hundred. */
const SCAN = { highWaterMarkBytes: 256 * 1024 }

interface LevelIterator {
  nextv(size: number): Promise<[string, Uint8Array][]>
  close(): Promise<void>
}

async function* walk(directory: string, iterator: LevelIterator): AsyncGenerator<readonly TableEntry[]> {
  try {
    for (;;) {
      const page = await attempt(directory, 'read', () => iterator.nextv(PAGE))
      if (page.length === 0) return
      yield page
    }
  } finally {
    await iterator.close()
  }
}

type LevelOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

function toLevel(operation: TableOperation): LevelOperation {
  return operation.kind === 'put'
    ? { type: 'put', key: operation.key, value: operation.value }
    : { type: 'del', key: operation.key }
}
