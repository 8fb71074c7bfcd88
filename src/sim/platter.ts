// What a simulated machine's disk holds: a page cache apart from the platter, names apart from bytes, and what is still
// to be done. A kill loses nothing that `appended` has reported; a power loss loses or tears what was not synced, names
// included. Outlives processes; the port of one process on it is `SimDisk`.

import { posix } from 'node:path'
import type { SeededRandom, Timestamp } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import type { Distribution } from './chance.ts'
import { DISK_SYNC, draw, oneIn } from './chance.ts'
import type { DiskObserver } from './disk-observer.ts'
import type { Process } from './kernel.ts'
import type { FileNode } from './pages.ts'
import { Rot } from './rot.ts'
import type { Undo } from './undo.ts'
import { once } from './undo.ts'

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
  /** Bytes that may still be written before ENOSPC; what is cut or removed is given back. */
  freeBytes: number
  /** Once in so many operations of the kind fails with EIO; 0: never. */
  appendFailsOneIn: number
  readFailsOneIn: number
  syncFailsOneIn: number
  /** So many of the next operations of the kind fail with EIO. */
  nextAppendsFail: number
  nextSyncsFail: number
  /** Directories of which nothing can be read or written any more, and how many faults say so of each. */
  readonly dead: Map<string, number>
  /** Every operation takes so many times as long. */
  slowFactor: number
  /** And fsync so many times more. */
  syncSlowFactor: number
}

function noFaults(): DiskFaults {
  return {
    freeBytes: Number.POSITIVE_INFINITY,
    appendFailsOneIn: 0,
    readFailsOneIn: 0,
    syncFailsOneIn: 0,
    nextAppendsFail: 0,
    nextSyncsFail: 0,
    dead: new Map(),
    slowFactor: 1,
    syncSlowFactor: 1,
  }
}

export interface FlippedBit {
  readonly path: string
  readonly bit: number
  /** Gives it back, where what stood there stands there still. */
  readonly mend: Undo
}

/** What a host's disk holds; outlives processes. */
export class DiskState {
  root: DirectoryNode = new DirectoryNode()
  readonly faults: DiskFaults = noFaults()
  readonly locks: Map<string, Process> = new Map()
  readonly staged: Set<Staged> = new Set()
  readonly #rot: Rot = new Rot((path) => this.#file(path))
  /** Hears of every change; a checker's. */
  observer: DiskObserver | null = null
  #journal: NameChange[] = []
  /** What fsync has promised since it lies; null while it does not. */
  #lies: { readonly files: Map<FileNode, number>; readonly directories: Set<DirectoryNode> } | null = null

  #liars = 0

  get lying(): boolean {
    return this.#lies !== null
  }

  /** A drive with a cache that forgets: fsync answers and keeps nothing. Once it is honest again, so are its old answers. */
  lie(): Undo {
    this.#liars++
    this.#lies ??= { files: new Map(), directories: new Set() }
    return once(() => {
      this.#liars--
      if (this.#liars === 0) this.#tellTruth()
    })
  }

  #tellTruth(): void {
    const lies = this.#lies
    this.#lies = null
    for (const [file, upTo] of lies?.files ?? []) file.flush(upTo)
    for (const directory of lies?.directories ?? []) this.syncNames(directory)
  }

  /** Throws for what lies on a dead disk. */
  mustLive(path: string): void {
    for (const directory of this.faults.dead.keys())
      if (path === directory || path.startsWith(`${directory}/`)) throw storageError(path, 'EIO', 'the disk is dead')
  }

  /** Directories can be on disks of their own, and those die. */
  kill(directory: string): Undo {
    const { dead } = this.faults
    dead.set(directory, (dead.get(directory) ?? 0) + 1)
    return once(() => {
      const left = dead.get(directory)! - 1
      if (left === 0) dead.delete(directory)
      else dead.set(directory, left)
    })
  }

  /** What fsync of a file does; throws if it is to fail. */
  sync(path: string, file: FileNode, upTo: number, random: SeededRandom): void {
    if (this.#syncFails(random)) {
      file.losePages(upTo, random)
      this.observer?.failed(path, 'EIO')
      this.observer?.disturbed('sync-failed')
      throw storageError(path, 'EIO', 'sync failed')
    }
    if (this.#lies === null) file.flush(upTo)
    else this.#lies.files.set(file, Math.max(upTo, this.#lies.files.get(file) ?? 0))
  }

  /** What fsync of a directory does; a failed one keeps nothing. */
  syncDirectory(path: string, directory: DirectoryNode, random: SeededRandom): void {
    if (this.#syncFails(random)) throw storageError(path, 'EIO', 'sync failed')
    this.syncNames(directory)
  }

  #syncFails(random: SeededRandom): boolean {
    const { faults } = this
    if (faults.nextSyncsFail > 0) {
      faults.nextSyncsFail--
      return true
    }
    return faults.syncFailsOneIn > 0 && oneIn(random, faults.syncFailsOneIn)
  }

  /** Microseconds that an operation takes. */
  cost(random: SeededRandom, distribution: Distribution): number {
    const { slowFactor, syncSlowFactor } = this.faults
    const us = draw(random, distribution)
    const factor = distribution === DISK_SYNC ? slowFactor * syncSlowFactor : slowFactor
    return factor === 1 ? us : Math.round(us * factor)
  }

  charge(path: string, bytes: number): void {
    if (bytes > this.faults.freeBytes) throw storageError(path, 'ENOSPC', 'no space left on device')
    this.faults.freeBytes -= bytes
  }

  /** What a cut or a removal gives back. */
  giveBack(bytes: number): void {
    this.faults.freeBytes += bytes
  }

  change(change: NameChange): void {
    for (const { directory, name, node } of change) {
      if (node === null) directory.names.delete(name)
      else directory.names.set(name, node)
    }
    this.#journal.push(change)
  }

  syncNames(directory: DirectoryNode): void {
    if (this.#lies !== null) {
      this.#lies.directories.add(directory)
      return
    }
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
    this.#lies?.files.clear()
    this.#lies?.directories.clear()
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
    this.#lies?.files.clear()
    this.#lies?.directories.clear()
    this.staged.clear()
    // What filled the old one, and what was to fail on it, is gone with it; how slow the machine is ends with its own undo.
    const { slowFactor, syncSlowFactor } = this.faults
    Object.assign(this.faults, noFaults(), { slowFactor, syncSlowFactor })
    this.observer?.disturbed('replaced')
  }

  /** Flips one bit of a file at rest, on the platter and in the cache; once more, and it is right again. A scrub undoes it
   *  where it is still there. */
  flipBit(path: string, bit: number): Undo {
    const flipped = this.#rot.at(path, bit)
    const flip = flipped ?? this.#rot.flip(path, bit)
    if (flip === null) throw new Error(`no byte ${bit >> 3} in ${path}`)
    const mend = once(() => {
      this.#rot.mend(flip)
      this.observer?.flipped(path, flip.byte, false)
    })
    if (flipped === null) this.observer?.flipped(path, flip.byte, true)
    else mend()
    return mend
  }

  /** Flips one bit, drawn by chance, of one of the files; null where they hold none. */
  flipSomeBit(paths: readonly string[], random: SeededRandom): FlippedBit | null {
    const filled = paths.filter((path) => (this.look(path)?.length ?? 0) > 0)
    if (filled.length === 0) return null
    const path = filled[random.below(filled.length)]!
    const bit = random.below(this.look(path)!.length * 8)
    return { path, bit, mend: this.flipBit(path, bit) }
  }

  /** The same without a copy: only to be looked at, and only now. */
  look(path: string): Uint8Array | null {
    const node = this.#file(path)
    return node === null ? null : node.cache.subarray(0, node.size)
  }

  /** The same as it was written: without the bits that flipped since. */
  written(path: string): Uint8Array | null {
    const bytes = this.look(path)
    return bytes === null ? null : this.#rot.without(path, bytes)
  }

  /** How much of a file is on the platter as it is in the cache. */
  durableSize(path: string): number {
    const node = find(this.root, path)
    return node?.kind === 'file' ? Math.min(node.dirtyFrom, node.platterSize, node.lostFrom) : 0
  }

  /** A copy of a file as a process would read it now, for checkers; null where there is none. */
  peek(path: string): Uint8Array | null {
    const node = find(this.root, path)
    return node?.kind === 'file' ? node.cache.slice(0, node.size) : null
  }

  #file(path: string): FileNode | null {
    const node = find(this.root, path)
    return node?.kind === 'file' ? node : null
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

/** Bytes of a file or of everything below a directory. */
export function bytesOf(node: Node): number {
  if (node.kind === 'file') return node.size
  let bytes = 0
  for (const child of node.names.values()) bytes += bytesOf(child)
  return bytes
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

/** Paths that were taken apart before: a life asks for a few hundred, thousands of times (1.5 % of it). */
const APART: Map<string, readonly string[]> = new Map()
const APART_MOST = 4096

export function segments(path: string): readonly string[] {
  let parts = APART.get(path)
  if (parts === undefined) {
    parts = posix
      .normalize(path)
      .split('/')
      .filter((part) => part !== '' && part !== '.')
    if (APART.size >= APART_MOST) APART.clear()
    APART.set(path, parts)
  }
  return parts
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
