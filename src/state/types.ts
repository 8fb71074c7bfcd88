// The door of materialised state: tables that are folds of a log, each with the position up to which it has folded. The log
// is the source of truth: whatever is doubtful about a table, the answer is to drop it and fold again.

import type { Epoch, Offset, TableKey, Timestamp } from '../base/index.ts'

/** How far a table has folded its log. */
export interface StatePosition {
  /** Exclusive. */
  readonly offset: Offset
  /** Leader epoch of the last batch below `offset`: with it the log can tell whether the table is on its lineage. */
  readonly epoch: Epoch
}

export interface StateChange<T> {
  readonly key: TableKey
  /** Null deletes the row. */
  readonly value: T | null
}

export interface StateRow<T> {
  readonly key: TableKey
  readonly value: T
}

/** One writer. Failures of the database reject with its StorageError; a row that is not what was written with the code
 *  CORRUPT. After either the table is to be dropped. */
export interface StateTable<T> {
  readonly name: string
  /** Null: nothing has been folded since the table was made or dropped. */
  readonly position: StatePosition | null
  /** When `position` was written, by the wall clock; −1 where there is none. */
  readonly writtenAt: Timestamp
  /** Rows and position in one atomic batch. Not synced: a power failure takes the newest batches, whole. The caller
   *  bounds it; positions only go up. */
  apply(changes: readonly StateChange<T>[], position: StatePosition, at: Timestamp): Promise<void>
  /** In key order, over a snapshot of the call, so many at a time: one by one, waiting costs more than reading. */
  pages(size: number): AsyncIterable<readonly StateRow<T>[]>
  /** Empties it, also across a crash: no row outlives its position. */
  clear(): Promise<void>
}

/** What the rows of one table are. */
export interface StateSchema<T> {
  /** Raised when rows are written in another way: a table of any other version is dropped. */
  readonly version: number
  /** What msgpack gave, checked; null where it is nothing that `apply` was given. */
  readonly decode: (value: unknown) => T | null
}

/** The tables of one node. */
export interface States {
  /** Drops what cannot be used: of another version, unreadable, rows without a position. */
  open<T>(name: string, schema: StateSchema<T>): Promise<StateTable<T>>
  /** Every table that was opened and not dropped, also in earlier lives. */
  names(): Promise<readonly string[]>
  /** Empties and forgets a table, which must not be in use. */
  drop(name: string): Promise<void>
}
