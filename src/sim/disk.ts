// A simulated disk that keeps the page cache apart from the platter. A kill loses nothing that `appended` has reported;
// a power loss loses or tears what was not synced, names included. Lives as long as its host: a restarted node gets a
// new `SimDisk` (its port) on the same `DiskState`.

import { posix } from 'node:path'
import type { Disk, DiskEntry, DiskFile, SeededRandom, Timestamp } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import { DISK_APPEND, DISK_META, DISK_READ, DISK_SYNC, draw, oneIn } from './chance.ts'
import type { Kernel, Process } from './kernel.ts'
import { ARRIVAL } from './kernel.ts'

const PAGE = 4096

class FileNode {
  readonly kind = 'file'
  cache: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  size = 0
  platter: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  platterSize = 0
  /** Everything below is on the platter as it is in the cache. */
  dirtyFrom = 0
  modified: Timestamp = 0

  write(bytes: Uint8Array): void {
    if (this.size + bytes.length > this.cache.length) {
      const grown = new Uint8Array(Math.max(this.cache.length * 2, this.size + bytes.length))
      grown.set(this.cache.subarray(0, this.size))
      this.cache = grown
    }
    this.cache.set(bytes, this.size)
    this.dirtyFrom = Math.min(this.dirtyFrom, this.size)
    this.size += bytes.length
  }

  cut(size: number): void {
    this.dirtyFrom = Math.min(this.dirtyFrom, size)
    this.size = size
  }

  /** Moves [0, upTo) to the platter. */
  flush(upTo: number): void {
    const end = Math.min(upTo, this.size)
    if (end > this.platter.length) {
      const grown = new Uint8Array(Math.max(this.platter.length * 2, end))
      grown.set(this.platter.subarray(0, this.platterSize))
      this.platter = grown
    }
    if (this.dirtyFrom < end) this.platter.set(this.cache.subarray(this.dirtyFrom, end), this.dirtyFrom)
    this.platterSize = end
    this.dirtyFrom = Math.max(this.dirtyFrom, end)
  }

  /** What is found after the power comes back. */
  losePower(random: SeededRandom): void {
    if (this.dirtyFrom >= this.size && this.platterSize === this.size) return
    const outcome = random.below(4)
    if (outcome === 0) {
      // Nothing was written back.
      this.cache = this.platter.slice(0, Math.max(this.platterSize, 1))
      this.size = this.platterSize
    } else if (outcome === 1) {
      // All of it was.
    } else if (outcome === 2) {
      // A prefix, torn anywhere.
      this.size = this.dirtyFrom + random.below(this.size - this.dirtyFrom + 1)
    } else {
      // The size was, but only some pages: the others hold what the platter held, or zeros.
      for (let at = this.dirtyFrom; at < this.size; at += PAGE - (at % PAGE)) {
        if (random.below(2) === 0) continue
        const end = Math.min(this.size, at + PAGE - (at % PAGE))
        this.cache.fill(0, at, end)
        this.cache.set(this.platter.subarray(at, Math.max(at, Math.min(end, this.platterSize))), at)
      }
    }
    this.platter = this.cache.slice(0, this.size)
    this.platterSize = this.size
    this.dirtyFrom = this.size
  }
}

class DirectoryNode {
  readonly kind = 'directory'
  names: Map<string, Node> = new Map()
  readonly durable: Map<string, Node> = new Map()
  modified: Timestamp = 0
}

type Node = FileNode | DirectoryNode
/** A change of names that is not durable yet; a rename within or across directories is one change. */
type NameChange = readonly { readonly directory: DirectoryNode; readonly name: string; readonly node: Node | null }[]

/** What a file has been told to do and has not done: appends and cuts, in order. */
type Staged =
  | {
      readonly kind: 'append'
      readonly file: FileNode
      readonly chunks: readonly Uint8Array[]
      readonly bytes: number
      readonly done: (error: Error | null) => void
    }
  | { readonly kind: 'cut'; readonly file: FileNode; readonly size: number; readonly done: (error: null) => void }

type StagedAppend = Extract<Staged, { kind: 'append' }>

/** Faults that hold until changed. */
export interface DiskFaults {
  /** Bytes that may still be written before ENOSPC. */
  freeBytes: number
  /** Once in so many operations of the kind fails with EIO; 0: never. */
  appendFailsOneIn: number
  readFailsOneIn: number
  syncFailsOneIn: number
}

/** What a host's disk holds; outlives processes. */
export class DiskState {
  root: DirectoryNode = new DirectoryNode()
  readonly faults: DiskFaults = {
    freeBytes: Number.POSITIVE_INFINITY,
    appendFailsOneIn: 0,
    readFailsOneIn: 0,
    syncFailsOneIn: 0,
  }
  readonly locks: Map<string, Process> = new Map()
  readonly staged: Set<Staged> = new Set()
  #journal: NameChange[] = []

  change(change: NameChange): void {
    for (const { directory, name, node } of change) {
      if (node === null) directory.names.delete(name)
      else directory.names.set(name, node)
    }
    this.#journal.push(change)
  }

  syncNames(directory: DirectoryNode): void {
    this.#journal = this.#journal.filter((change) => {
      if (!change.some((each) => each.directory === directory)) return true
      commit(change)
      return false
    })
  }

  /** The process is dead: of what each file was still to do, in order, a part may have reached the page cache. */
  loseStaged(random: SeededRandom): void {
    const stopped = new Set<FileNode>()
    for (const staged of this.staged) {
      if (stopped.has(staged.file)) continue
      const outcome = random.below(3)
      if (outcome === 0) stopped.add(staged.file)
      else if (staged.kind === 'cut') staged.file.cut(Math.min(staged.size, staged.file.size))
      else if (outcome === 1) writePart(staged, staged.bytes)
      else {
        writePart(staged, random.below(staged.bytes + 1))
        stopped.add(staged.file)
      }
    }
    this.staged.clear()
  }

  losePower(random: SeededRandom): void {
    // File systems journal names in order: what survives is a prefix.
    const journal = this.#journal
    const survive = oneIn(random, 3) ? 0 : oneIn(random, 2) ? journal.length : random.below(journal.length + 1)
    for (const change of journal.slice(0, survive)) commit(change)
    this.#journal = []
    const seen = new Set<Node>()
    const settle = (directory: DirectoryNode): void => {
      if (seen.has(directory)) return
      seen.add(directory)
      directory.names = new Map(directory.durable)
      for (const [, node] of [...directory.names].sort(byName)) {
        if (node.kind === 'directory') settle(node)
        else if (!seen.has(node)) {
          seen.add(node)
          node.losePower(random)
        }
      }
    }
    settle(this.root)
  }

  /** Another, empty disk in its place. */
  replace(): void {
    this.root = new DirectoryNode()
    this.#journal = []
    this.staged.clear()
  }

  /** Flips one bit of a file at rest, on the platter and in the cache. */
  flipBit(path: string, bit: number): void {
    const node = find(this.root, path)
    const byte = bit >> 3
    if (node?.kind !== 'file' || byte >= node.size) throw new Error(`no byte ${byte} in ${path}`)
    node.cache[byte]! ^= 1 << (bit & 7)
    if (byte < node.platterSize) node.platter[byte]! ^= 1 << (bit & 7)
  }

  /** A copy of a file as a process would read it now, for checkers; null where there is none. */
  peek(path: string): Uint8Array | null {
    const node = find(this.root, path)
    return node?.kind === 'file' ? node.cache.slice(0, node.size) : null
  }

  /** Paths of all files below a directory, in order, for checkers. */
  paths(directory = ''): string[] {
    const node = find(this.root, directory)
    if (node?.kind !== 'directory') return []
    const out: string[] = []
    for (const [name, child] of [...node.names].sort(byName)) {
      const path = directory === '' ? `/${name}` : `${directory}/${name}`
      if (child.kind === 'file') out.push(path)
      else out.push(...this.paths(path))
    }
    return out
  }
}

function writePart(append: StagedAppend, bytes: number): void {
  let left = bytes
  for (const chunk of append.chunks) {
    if (left <= 0) break
    append.file.write(chunk.subarray(0, left))
    left -= chunk.length
  }
}

function commit(change: NameChange): void {
  for (const { directory, name, node } of change) {
    if (node === null) directory.durable.delete(name)
    else directory.durable.set(name, node)
  }
}

function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

function segments(path: string): string[] {
  return posix
    .normalize(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
}

function find(root: DirectoryNode, path: string): Node | null {
  let node: Node = root
  for (const name of segments(path)) {
    if (node.kind !== 'directory') return null
    const next: Node | undefined = node.names.get(name)
    if (next === undefined) return null
    node = next
  }
  return node
}

function storageError(path: string, code: string, what: string): StorageError {
  return new StorageError(path, code, `${code}: ${what}, ${path}`)
}

export class SimDisk implements Disk {
  readonly #kernel: Kernel
  readonly #process: Process
  readonly #state: DiskState
  readonly #random: SeededRandom
  readonly #wall: () => Timestamp

  constructor(kernel: Kernel, process: Process, state: DiskState, random: SeededRandom, wall: () => Timestamp) {
    this.#kernel = kernel
    this.#process = process
    this.#state = state
    this.#random = random
    this.#wall = wall
  }

  open(path: string, options: { create?: boolean } = {}): Promise<DiskFile> {
    return this.#operation('disk.open', path, () => {
      const node = find(this.#state.root, path)
      if (node?.kind === 'directory') throw storageError(path, 'EISDIR', 'is a directory')
      if (node !== null) return this.#file(path, node)
      if (options.create !== true) throw storageError(path, 'ENOENT', 'no such file')
      return this.#file(path, this.#create(path))
    })
  }

  readFile(path: string): Promise<Uint8Array | null> {
    return this.#operation('disk.readFile', path, () => {
      const node = find(this.#state.root, path)
      if (node === null) return null
      if (node.kind === 'directory') throw storageError(path, 'EISDIR', 'is a directory')
      this.#mayFail(path, this.#state.faults.readFailsOneIn, 'read')
      return node.cache.slice(0, node.size)
    })
  }

  writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
    if (!this.#enter('disk.writeFileAtomic', path)) return never()
    this.#kernel.trace.bytes(bytes)
    const owned = bytes.slice()
    // Three moments at which a kill or a power loss may strike: written, renamed, durable.
    return this.#later(draw(this.#random, DISK_SYNC), () => {
      this.#charge(`${path}.tmp`, owned.length)
      const old = find(this.#state.root, `${path}.tmp`)
      const file = old?.kind === 'file' ? old : this.#create(`${path}.tmp`)
      file.cut(0)
      file.write(owned)
      this.#mayFail(`${path}.tmp`, this.#state.faults.syncFailsOneIn, 'sync')
      file.flush(file.size)
    })
      .then(() => this.#later(draw(this.#random, DISK_META), () => this.#rename(`${path}.tmp`, path)))
      .then(() =>
        this.#later(draw(this.#random, DISK_SYNC), () => {
          this.#state.syncNames(this.#parent(path).directory)
        }),
      )
  }

  list(directory: string): Promise<DiskEntry[]> {
    return this.#operation('disk.list', directory, () => {
      const node = find(this.#state.root, directory)
      if (node === null) return []
      if (node.kind === 'file') throw storageError(directory, 'ENOTDIR', 'not a directory')
      return [...node.names].sort(byName).map(([name, child]) => ({
        name,
        directory: child.kind === 'directory',
        size: child.kind === 'file' ? child.size : 0,
        modified: child.modified,
      }))
    })
  }

  makeDirectory(path: string): Promise<void> {
    return this.#operation('disk.makeDirectory', path, () => {
      let here = this.#state.root
      for (const name of segments(path)) {
        let next = here.names.get(name)
        if (next?.kind === 'file') throw storageError(path, 'ENOTDIR', 'a file is in the way')
        if (next === undefined) {
          next = new DirectoryNode()
          this.#state.change([{ directory: here, name, node: next }])
        }
        here = next
      }
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operation('disk.rename', `${from} ${to}`, () => this.#rename(from, to))
  }

  remove(path: string): Promise<void> {
    return this.#operation('disk.remove', path, () => {
      if (find(this.#state.root, path) === null) return
      const { directory, name } = this.#parent(path)
      this.#state.change([{ directory, name, node: null }])
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#operation(
      'disk.syncDirectory',
      path,
      () => {
        const node = find(this.#state.root, path)
        if (node === null) throw storageError(path, 'ENOENT', 'no such directory')
        if (node.kind === 'file') throw storageError(path, 'ENOTDIR', 'not a directory')
        this.#mayFail(path, this.#state.faults.syncFailsOneIn, 'sync')
        this.#state.syncNames(node)
      },
      DISK_SYNC,
    )
  }

  setModified(path: string, at: Timestamp): Promise<void> {
    return this.#operation('disk.setModified', path, () => {
      const node = find(this.#state.root, path)
      if (node === null) throw storageError(path, 'ENOENT', 'no such file')
      node.modified = at
    })
  }

  lock(directory: string): Promise<() => Promise<void>> {
    return this.#operation('disk.lock', directory, () => {
      const path = `${directory}/.lock`
      const key = segments(path).join('/')
      const holder = this.#state.locks.get(key)
      if (holder?.alive === true) {
        throw storageError(directory, 'ELOCKED', `${holder.name} is using this directory`)
      }
      if (find(this.#state.root, path) === null) this.#create(path)
      this.#state.locks.set(key, this.#process)
      return () =>
        this.#operation('disk.unlock', directory, () => {
          if (this.#state.locks.get(key) === this.#process) this.#state.locks.delete(key)
        })
    })
  }

  join(...parts: string[]): string {
    return posix.join(...parts)
  }

  #enter(operation: string, path: string): boolean {
    if (!this.#kernel.enter(this.#process, operation)) return false
    this.#kernel.trace.text(path)
    return true
  }

  #later<T>(afterUs: number, act: () => T): Promise<T> {
    return this.#kernel.later(afterUs, this.#process, act)
  }

  #operation<T>(operation: string, path: string, act: () => T, cost = DISK_META): Promise<T> {
    if (!this.#enter(operation, path)) return never()
    return this.#later(draw(this.#random, cost), act)
  }

  #parent(path: string): { directory: DirectoryNode; name: string } {
    const parts = segments(path)
    const name = parts.pop()
    if (name === undefined) throw storageError(path, 'EINVAL', 'no name')
    const directory = find(this.#state.root, parts.join('/'))
    if (directory?.kind !== 'directory') throw storageError(path, 'ENOENT', 'no such directory')
    return { directory, name }
  }

  #create(path: string): FileNode {
    const { directory, name } = this.#parent(path)
    const node = new FileNode()
    node.modified = this.#wall()
    this.#state.change([{ directory, name, node }])
    return node
  }

  #rename(from: string, to: string): void {
    const node = find(this.#state.root, from)
    if (node === null) throw storageError(from, 'ENOENT', 'no such file')
    const target = find(this.#state.root, to)
    if (target?.kind === 'directory' && (node.kind === 'file' || target.names.size > 0)) {
      throw storageError(to, node.kind === 'file' ? 'EISDIR' : 'ENOTEMPTY', 'a directory is in the way')
    }
    if (target?.kind === 'file' && node.kind === 'directory') throw storageError(to, 'ENOTDIR', 'a file is in the way')
    const source = this.#parent(from)
    const goal = this.#parent(to)
    this.#state.change([
      { ...source, node: null },
      { ...goal, node },
    ])
  }

  #mayFail(path: string, oneInN: number, what: string): void {
    if (oneInN > 0 && oneIn(this.#random, oneInN)) throw storageError(path, 'EIO', `${what} failed`)
  }

  #charge(path: string, bytes: number): void {
    const faults = this.#state.faults
    if (bytes > faults.freeBytes) throw storageError(path, 'ENOSPC', 'no space left on device')
    faults.freeBytes -= bytes
  }

  #file(path: string, node: FileNode): DiskFile {
    return new SimFile(path, node, {
      kernel: this.#kernel,
      process: this.#process,
      state: this.#state,
      random: this.#random,
      wall: this.#wall,
      charge: (bytes) => this.#charge(path, bytes),
      mayFail: (oneInN, what) => this.#mayFail(path, oneInN, what),
    })
  }
}

interface FileContext {
  readonly kernel: Kernel
  readonly process: Process
  readonly state: DiskState
  readonly random: SeededRandom
  readonly wall: () => Timestamp
  charge(bytes: number): void
  mayFail(oneInN: number, what: string): void
}

class SimFile implements DiskFile {
  readonly path: string
  readonly #node: FileNode
  readonly #context: FileContext
  readonly #queue: Staged[] = []
  #stagedBytes = 0
  #broken: StorageError | null = null
  #closed = false

  constructor(path: string, node: FileNode, context: FileContext) {
    this.path = path
    this.#node = node
    this.#context = context
  }

  get size(): number {
    return this.#node.size + this.#stagedBytes
  }

  append(chunks: readonly Uint8Array[], appended: (error: Error | null) => void): void {
    if (!this.#enter('file.append')) return
    const { trace } = this.#context.kernel
    let bytes = 0
    for (const chunk of chunks) {
      bytes += chunk.length
      trace.bytes(chunk)
    }
    const append: StagedAppend = { kind: 'append', file: this.#node, chunks: [...chunks], bytes, done: appended }
    const atOnce = this.#context.random.below(2) === 0
    if (atOnce && this.#queue.length === 0) appended(this.#write(append))
    else {
      this.#stagedBytes += bytes
      this.#stage(append)
    }
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#operation('file.read', DISK_READ, [position, length], () => {
      this.#context.mayFail(this.#context.state.faults.readFailsOneIn, 'read')
      const end = Math.min(this.#node.size, position + length)
      return position >= end ? new Uint8Array(0) : this.#node.cache.slice(position, end)
    })
  }

  sync(): Promise<void> {
    const upTo = this.size
    const staged = this.#queue.at(-1)
    return this.#operation('file.sync', DISK_SYNC, [upTo], () => undefined).then(() =>
      this.#after(staged, () => {
        this.#context.mayFail(this.#context.state.faults.syncFailsOneIn, 'sync')
        if (this.#broken !== null && staged !== undefined) throw this.#broken
        this.#node.flush(upTo)
      }),
    )
  }

  truncate(size: number): Promise<void> {
    if (!this.#enter('file.truncate')) return never()
    this.#context.kernel.trace.int(size)
    if (this.#closed) return Promise.reject(storageError(this.path, 'EBADF', 'the file is closed'))
    return new Promise((resolve) => {
      this.#stage({ kind: 'cut', file: this.#node, size, done: () => resolve() })
    })
  }

  close(): Promise<void> {
    const staged = this.#queue.at(-1)
    if (this.#closed) return Promise.resolve()
    return this.#operation('file.close', DISK_META, [], () => undefined).then(() =>
      this.#after(staged, () => {
        this.#closed = true
      }),
    )
  }

  #enter(operation: string): boolean {
    const { kernel, process } = this.#context
    if (!kernel.enter(process, operation)) return false
    kernel.trace.text(this.path)
    return true
  }

  #operation<T>(name: string, cost: typeof DISK_META, numbers: readonly number[], act: () => T): Promise<T> {
    if (!this.#enter(name)) return never()
    const { kernel, process, random } = this.#context
    for (const each of numbers) kernel.trace.int(each)
    if (this.#closed) return Promise.reject(storageError(this.path, 'EBADF', 'the file is closed'))
    return kernel.later(draw(random, cost), process, act)
  }

  /** Acts now, or in later events until the staged operation has been dealt with. */
  #after<T>(staged: Staged | undefined, act: () => T): Promise<T> {
    const { kernel, process, state } = this.#context
    if (staged === undefined || !state.staged.has(staged)) return kernel.later(0, process, act)
    return kernel.later(50, process, () => undefined).then(() => this.#after(staged, act))
  }

  #stage(staged: Staged): void {
    this.#context.state.staged.add(staged)
    if (this.#queue.push(staged) === 1) this.#workOn(staged)
  }

  #workOn(staged: Staged): void {
    const { kernel, process, random } = this.#context
    const cost = draw(random, staged.kind === 'append' ? DISK_APPEND : DISK_META)
    kernel.schedule(cost, ARRIVAL, process, () => this.#complete())
  }

  #complete(): void {
    const first = this.#queue.shift()!
    this.#context.state.staged.delete(first)
    const next = this.#queue[0]
    if (next !== undefined) this.#workOn(next)
    if (first.kind === 'cut') {
      if (first.size < this.#node.size) this.#node.cut(first.size)
      this.#node.modified = this.#context.wall()
      this.#broken = null
      first.done(null)
    } else {
      this.#stagedBytes -= first.bytes
      first.done(this.#write(first))
    }
  }

  /** Null, or why it was not all written: what fitted stays, as write(2) leaves it. */
  #write(append: StagedAppend): Error | null {
    if (this.#closed) return storageError(this.path, 'EBADF', 'the file is closed')
    if (this.#broken !== null) return this.#broken
    try {
      this.#context.mayFail(this.#context.state.faults.appendFailsOneIn, 'append')
      this.#context.charge(append.bytes)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      writePart(append, this.#context.random.below(append.bytes + 1))
      this.#broken = error
      return error
    }
    writePart(append, append.bytes)
    this.#node.modified = this.#context.wall()
    return null
  }
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}
