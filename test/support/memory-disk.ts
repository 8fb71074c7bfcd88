// A Disk in memory for tests of the log: page cache only (a kill loses nothing that was appended), appends told at once
// or a turn later, failures on demand. The simulator's disk knows power loss; this one is small and quick.

import type { Disk, DiskEntry, DiskFile, DiskSpace, Timestamp } from '../../src/base/index.ts'
import { StorageError } from '../../src/base/index.ts'

export interface Node {
  bytes: Uint8Array
  modified: Timestamp
}

export interface MemoryDiskOptions {
  /** Tell `appended` a turn of the loop later instead of at once. */
  readonly late?: boolean
  readonly now?: () => Timestamp
}

export class MemoryDisk implements Disk {
  readonly files: Map<string, Node> = new Map()
  readonly directories: Set<string> = new Set()
  readonly #options: MemoryDiskOptions
  /** Asked before every write, sync, rename and removal; an error given fails it. */
  fault: ((what: string, path: string) => Error | null) | null = null
  appends = 0
  syncs = 0

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options
  }

  join(...parts: string[]): string {
    return parts.join('/')
  }

  async open(path: string, options?: { create?: boolean }): Promise<DiskFile> {
    let node = this.files.get(path)
    if (node === undefined) {
      if (!options?.create) throw new StorageError(path, 'ENOENT', `${path} does not exist`)
      this.#check('create', path)
      node = { bytes: new Uint8Array(0), modified: this.#now() }
      this.files.set(path, node)
    }
    return new MemoryFile(this, path, node, this.#options.late ?? false, () => this.#now())
  }

  async readFile(path: string): Promise<Uint8Array | null> {
    return this.files.get(path)?.bytes.slice() ?? null
  }

  async writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    this.#check('write', path)
    this.files.set(path, { bytes: bytes.slice(), modified: this.#now() })
  }

  async list(directory: string): Promise<DiskEntry[]> {
    const entries = new Map<string, DiskEntry>()
    const prefix = `${directory}/`
    for (const path of this.directories) {
      if (!path.startsWith(prefix) || path.slice(prefix.length).includes('/')) continue
      const name = path.slice(prefix.length)
      entries.set(name, { name, directory: true, size: 0, modified: 0 })
    }
    for (const [path, node] of this.files) {
      if (!path.startsWith(prefix) || path.slice(prefix.length).includes('/')) continue
      const name = path.slice(prefix.length)
      entries.set(name, { name, directory: false, size: node.bytes.length, modified: node.modified })
    }
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async makeDirectory(path: string): Promise<void> {
    this.directories.add(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#check('rename', from)
    const node = this.files.get(from)
    if (node !== undefined) {
      this.files.delete(from)
      this.files.set(to, node)
      return
    }
    if (!this.directories.delete(from)) throw new StorageError(from, 'ENOENT', `${from} does not exist`)
    this.directories.add(to)
    for (const [path, held] of [...this.files]) {
      if (!path.startsWith(`${from}/`)) continue
      this.files.delete(path)
      this.files.set(to + path.slice(from.length), held)
    }
  }

  async remove(path: string): Promise<void> {
    this.#check('remove', path)
    this.files.delete(path)
    this.directories.delete(path)
    for (const held of [...this.files.keys()]) if (held.startsWith(`${path}/`)) this.files.delete(held)
  }

  async syncDirectory(path: string): Promise<void> {
    this.#check('sync', path)
  }

  async setModified(path: string, at: Timestamp): Promise<void> {
    const node = this.files.get(path)
    if (node !== undefined) node.modified = at
  }

  async space(): Promise<DiskSpace> {
    return { totalBytes: 2 ** 30, usableBytes: 2 ** 29 }
  }

  async lock(): Promise<() => Promise<void>> {
    return async () => {}
  }

  check(what: string, path: string): Error | null {
    return this.fault?.(what, path) ?? null
  }

  #check(what: string, path: string): void {
    const error = this.check(what, path)
    if (error !== null) throw error
  }

  #now(): Timestamp {
    return this.#options.now?.() ?? 0
  }
}

class MemoryFile implements DiskFile {
  readonly path: string
  readonly #disk: MemoryDisk
  readonly #node: Node
  readonly #late: boolean
  readonly #now: () => Timestamp
  #staged: Promise<void> = Promise.resolve()
  #size: number

  constructor(disk: MemoryDisk, path: string, node: Node, late: boolean, now: () => Timestamp) {
    this.#disk = disk
    this.path = path
    this.#node = node
    this.#late = late
    this.#now = now
    this.#size = node.bytes.length
  }

  get size(): number {
    return this.#size
  }

  append(chunks: readonly Uint8Array[], appended: (error: Error | null) => void): void {
    const write = (): void => {
      this.#disk.appends++
      const error = this.#disk.check('append', this.path)
      if (error === null) {
        const old = this.#node.bytes
        const grown = new Uint8Array(old.length + chunks.reduce((sum, chunk) => sum + chunk.length, 0))
        grown.set(old)
        let at = old.length
        for (const chunk of chunks) {
          grown.set(chunk, at)
          at += chunk.length
        }
        this.#node.bytes = grown
        this.#node.modified = this.#now()
      }
      appended(error)
    }
    for (const chunk of chunks) this.#size += chunk.length
    if (this.#late) this.#staged = this.#staged.then(() => new Promise<void>((done) => setImmediate(done))).then(write)
    else write()
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const error = this.#disk.check('read', this.path)
    if (error !== null) throw error
    return this.#node.bytes.slice(position, position + length)
  }

  async sync(): Promise<void> {
    await this.#staged
    this.#disk.syncs++
    const error = this.#disk.check('sync', this.path)
    if (error !== null) throw error
  }

  async truncate(size: number): Promise<void> {
    await this.#staged
    const error = this.#disk.check('truncate', this.path)
    if (error !== null) throw error
    this.#node.bytes = this.#node.bytes.slice(0, size)
    this.#size = this.#node.bytes.length
  }

  async close(): Promise<void> {
    await this.#staged
  }
}
