// The six doors to the world (clock, random, disk, network, tables, offload) and the injected logger. Production passes
// the bodies in `src/io`, the simulator its own; nothing else may touch the outside. Every interface here has its law
// book in `test/conformance`, run on every body.

import type { Instant, Timestamp, Uuid } from './brands.ts'

export interface Clock {
  /** Never goes back; the only clock for deadlines. */
  monotonic(): Instant
  /** For timestamps in records and files only. */
  wall(): Timestamp
  /** One settable alarm a driver, so that nothing leaks: `set` replaces the earlier setting. Fires at most once a set,
   *  never synchronously from `set`, also when the instant has passed (then in the next turn of the loop). */
  alarm(fire: () => void): Alarm
}

export interface Alarm {
  set(at: Instant): void
  clear(): void
}

export interface Random {
  /** Uniform in [0, n), n ≤ 2^32. */
  below(n: number): number
  bytes(n: number): Uint8Array
  uuid(): Uuid
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** What the owner of a connection hears. Never called synchronously from `connect`, `write` or `close`; nothing follows `closed`. */
export interface ConnectionEvents {
  /** Outgoing connections only: the peer has accepted. */
  connected?(): void
  /** Bytes in order. The chunk belongs to the receiver from now on. */
  data(chunk: Uint8Array): void
  /** Where the receiver would have the next bytes; null: anywhere. A network may read straight into it, and then gives its
   *  beginning as the next chunk, or ignore it. What lies there must not be used before. Outgoing connections only. */
  space?(): Uint8Array | null
  /** The send buffer has fallen below its low-water mark after a `write` that answered false. */
  drained(): void
  /** Once, whoever closed. `error` is absent for an orderly end. */
  closed(error?: Error): void
}

export interface Connection {
  readonly remote: Endpoint
  readonly local: Endpoint
  /** Queues chunks in order, without copying: they must not change until the connection closes or drains. False: stop
   *  writing until `drained`. Before `connected` the bytes wait. After close they are dropped. */
  write(chunks: readonly Uint8Array[]): boolean
  /** Bytes accepted by `write` and not yet taken by the operating system. */
  readonly unsent: number
  pause(): void
  resume(): void
  /** Sends what is queued, then ends. */
  close(): void
  /** Drops what is queued and resets. */
  destroy(): void
}

export interface Listener {
  /** With the port that was really bound, when 0 was asked for. */
  readonly endpoint: Endpoint
  /** Stops accepting; open connections live on. */
  close(): Promise<void>
}

export interface Network {
  connect(to: Endpoint, events: ConnectionEvents): Connection
  /** Rejects with the operating system's code (`EADDRINUSE`, …) in `error.code`. */
  listen(at: Endpoint, accept: (connection: Connection) => ConnectionEvents): Promise<Listener>
}

/** Bytes of one file. One writer; any number of readers. Failures reject or call back with a `StorageError`. */
export interface DiskFile {
  readonly path: string
  /** Including what is staged. */
  readonly size: number
  /**
   * Stages bytes at the end and returns at once; `appended` is called in order, synchronously or later, when a reader
   * of the file would see them (written to the page cache, not durable). Several may be outstanding. The chunks must
   * not change before `appended`. A failed append fails all that were staged after it; the file is then unusable for
   * appends until truncated.
   */
  append(chunks: readonly Uint8Array[], appended: (error: Error | null) => void): void
  /** Bytes [position, position + length), shorter only at the end of what has been appended. */
  read(position: number, length: number): Promise<Uint8Array>
  /** Resolves when everything whose `append` call came before this call is durable (data and size). */
  sync(): Promise<void>
  /** Waits for staged appends, then cuts to `size` (never grows). */
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

export interface DiskEntry {
  readonly name: string
  readonly directory: boolean
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: Timestamp
}

/** Of the file system that a path is on. */
export interface DiskSpace {
  readonly totalBytes: number
  /** For this process. */
  readonly usableBytes: number
}

export interface Disk {
  /** Opens for reading and appending. Without `create`, a missing file rejects with code `ENOENT`. */
  open(path: string, options?: { create?: boolean }): Promise<DiskFile>
  /** A whole small file, or null where there is none. */
  readFile(path: string): Promise<Uint8Array | null>
  /** Replaces a small file atomically and durably: temporary sibling (`.tmp`), sync, rename, directory sync. */
  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void>
  /** Entries of a directory in name order; empty where there is no such directory. */
  list(directory: string): Promise<DiskEntry[]>
  makeDirectory(path: string): Promise<void>
  /** Renames a file or directory over whatever file is there; durable after `syncDirectory` of the parent. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file or a whole directory; a missing one is no error. */
  remove(path: string): Promise<void>
  /** Makes the names in a directory durable. */
  syncDirectory(path: string): Promise<void>
  /** Sets a file's modification time, which Kafka's retention uses for segments without timestamps. */
  setModified(path: string, at: Timestamp): Promise<void>
  /** How much room there is where `directory` lies. */
  space(directory: string): Promise<DiskSpace>
  /** Takes the directory's `.lock` for this process, or rejects with code `ELOCKED`. Released by the returned call or by death. */
  lock(directory: string): Promise<() => Promise<void>>
  /** Joins path segments. */
  join(...parts: string[]): string
}

export type TableKey = string
export type TableOperation =
  | { readonly kind: 'put'; readonly key: TableKey; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: TableKey }

export type TableEntry = readonly [key: TableKey, value: Uint8Array]

/** One ordered key-value table; keys compare by their UTF-8 bytes. */
export interface Table {
  get(key: TableKey): Promise<Uint8Array | undefined>
  /** All or nothing, also across a crash; durable only if `sync`. */
  batch(operations: readonly TableOperation[], options?: { sync?: boolean }): Promise<void>
  /** Keys in [from, to), ascending, over a snapshot taken at the call; a page at a time, as the database fetches them, since
   *  one by one waiting would cost more than reading. No page is empty. */
  pages(range?: { from?: TableKey; to?: TableKey }): AsyncIterable<readonly TableEntry[]>
  clear(): Promise<void>
}

/** Tables hold what is derived from logs: a database that cannot be read any more is replaced by an empty one. */
export interface Tables {
  /** The tables of one node live in one database; opening the same name twice gives the same table. */
  open(name: string): Promise<Table>
  close(): Promise<void>
}

export type CompressionCodec = 'gzip' | 'snappy' | 'lz4' | 'zstd'
/** Work for a pool of threads. A `limit` reached rejects with a RangeError; malformed input with another Error. */
export type OffloadJob =
  | {
      readonly kind: 'decompress'
      readonly codec: CompressionCodec
      readonly bytes: Uint8Array
      readonly limit: number
    }
  | { readonly kind: 'compress'; readonly codec: CompressionCodec; readonly bytes: Uint8Array; readonly level?: number }

export interface Offload {
  run(job: OffloadJob): Promise<Uint8Array>
}

/** pino's shape, so that a pino instance can be handed in. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(bindings: object): Logger
}

export interface Ports {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly tables: Tables
  readonly offload: Offload
}
