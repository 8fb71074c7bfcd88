// What a simulated machine's disk holds: a page cache apart from the platter, names apart from bytes, and what is still
// to be done. A kill loses nothing that `appended` has reported; a power loss loses or tears what was not synced, names
// included. Outlives processes; the port of one process on it is `SimDisk`.

import { posix } from 'node:path'
import type { SeededRandom, Timestamp } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import { oneIn } from './chance.ts'
import type { DiskObserver } from './disk-observer.ts'
import type { Process } from './kernel.ts'

const PAGE = 4096

export class FileNode {
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

export class DirectoryNode {
  readonly kind = 'directory'
  names: Map<string, Node> = new Map()
  readonly durable: Map<string, Node> = new Map()
  modified: Timestamp = 0
}

export type Node = FileNode | DirectoryNode
/** A change of names that is not durable yet; a rename within or across directories is one change. */
type NameChange = readonly { readonly directory: DirectoryNode; readonly name: string; readonly node: Node | null }[]

/** What a file has been told to do and has not done: appends and cuts, in order. */
export type Staged =
  | {
      readonly kind: 'append'
      readonly file: FileNode
      readonly chunks: readonly Uint8Array[]
      readonly bytes: number
      readonly done: (error: Error | null) => void
    }
  | { readonly kind: 'cut'; readonly file: FileNode; readonly size: number; readonly done: (error: null) => void }

export type StagedAppend = Extract<Staged, { kind: 'append' }>

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
  /** Hears of every change; a checker's. */
  observer: DiskObserver | null = null
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
    const disturbed = this.staged.size > 0
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
    if (disturbed) this.observer?.disturbed('died')
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
    this.observer?.disturbed('power-loss')
  }

  /** Another, empty disk in its place. */
  replace(): void {
    this.root = new DirectoryNode()
    this.#journal = []
    this.staged.clear()
    this.observer?.disturbed('replaced')
  }

  /** Flips one bit of a file at rest, on the platter and in the cache. */
  flipBit(path: string, bit: number): void {
    const node = find(this.root, path)
    const byte = bit >> 3
    if (node?.kind !== 'file' || byte >= node.size) throw new Error(`no byte ${byte} in ${path}`)
    node.cache[byte]! ^= 1 << (bit & 7)
    if (byte < node.platterSize) node.platter[byte]! ^= 1 << (bit & 7)
    this.observer?.disturbed('bit-flip')
  }

  /** The same without a copy: only to be looked at, and only now. */
  look(path: string): Uint8Array | null {
    const node = find(this.root, path)
    return node?.kind === 'file' ? node.cache.subarray(0, node.size) : null
  }

  /** How much of a file is on the platter as it is in the cache. */
  durableSize(path: string): number {
    const node = find(this.root, path)
    return node?.kind === 'file' ? Math.min(node.dirtyFrom, node.platterSize) : 0
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

export function writePart(append: StagedAppend, bytes: number): void {
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

export function byName(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
}

export function segments(path: string): string[] {
  return posix
    .normalize(path)
    .split('/')
    .filter((part) => part !== '' && part !== '.')
}

export function find(root: DirectoryNode, path: string): Node | null {
  let node: Node = root
  for (const name of segments(path)) {
    if (node.kind !== 'directory') return null
    const next: Node | undefined = node.names.get(name)
    if (next === undefined) return null
    node = next
  }
  return node
}

export function storageError(path: string, code: string, what: string): StorageError {
  return new StorageError(path, code, `${code}: ${what}, ${path}`)
}
