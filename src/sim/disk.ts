// The Disk port of one simulated process. Lives as long as its process: a restarted node gets a new `SimDisk` on the
// same `DiskState`, which is what the machine keeps.

import { posix } from 'node:path'
import type { Disk, DiskEntry, DiskFile, DiskSpace, SeededRandom, Timestamp } from '../base/index.ts'
import { DISK_META, DISK_SYNC, oneIn } from './chance.ts'
import { SimFile } from './file.ts'
import type { Kernel, Process } from './kernel.ts'
import { never } from './kernel.ts'
import { FileNode } from './pages.ts'
import type { DiskState } from './platter.ts'
import { byName, bytesOf, DirectoryNode, find, segments, storageError } from './platter.ts'

/** As every simulated disk says of itself; what it takes is told by its faults alone. */
const TOTAL_BYTES = 2 ** 40

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
    this.#kernel.tap?.about(bytes.length)
    const owned = bytes.slice()
    // Three moments at which a kill or a power loss may strike: written, renamed, durable.
    return this.#later(this.#state.cost(this.#random, DISK_SYNC), () => {
      this.#state.mustLive(path)
      this.#state.charge(`${path}.tmp`, owned.length)
      const old = find(this.#state.root, `${path}.tmp`)
      const file = old?.kind === 'file' ? old : this.#create(`${path}.tmp`)
      this.#state.giveBack(file.size)
      file.cut(0)
      file.write(owned)
      this.#state.sync(`${path}.tmp`, file, file.size, this.#random)
    })
      .then(() =>
        this.#later(this.#state.cost(this.#random, DISK_META), () => {
          this.#rename(`${path}.tmp`, path)
          this.#state.observer?.replaced(path, owned)
        }),
      )
      .then(() =>
        this.#later(this.#state.cost(this.#random, DISK_SYNC), () => {
          this.#state.syncDirectory(path, this.#parent(path).directory, this.#random)
          this.#state.observer?.replacedDurably(path, owned)
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
    return this.#operation('disk.rename', `${from} ${to}`, () => {
      this.#rename(from, to)
      this.#state.observer?.renamed(from, to)
    })
  }

  remove(path: string): Promise<void> {
    return this.#operation('disk.remove', path, () => {
      const node = find(this.#state.root, path)
      if (node === null) return
      const { directory, name } = this.#parent(path)
      this.#state.giveBack(bytesOf(node))
      this.#state.change([{ directory, name, node: null }])
      this.#state.observer?.removed(path)
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
        this.#state.syncDirectory(path, node, this.#random)
        this.#state.observer?.directorySynced(path)
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

  space(directory: string): Promise<DiskSpace> {
    return this.#operation('disk.space', directory, () => {
      if (find(this.#state.root, directory) === null) throw storageError(directory, 'ENOENT', 'no such directory')
      return { totalBytes: TOTAL_BYTES, usableBytes: Math.min(TOTAL_BYTES, this.#state.faults.freeBytes) }
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
    const path = parts.join('/')
    const plain =
      path !== '' && !path.endsWith('/') && !path.includes('//') && !path.includes('/.') && !path.startsWith('.')
    return plain ? path : posix.join(...parts)
  }

  #enter(operation: string, path: string): boolean {
    if (!this.#kernel.enter(this.#process, operation)) return false
    this.#kernel.trace.text(path)
    this.#kernel.tap?.about(path)
    return true
  }

  #later<T>(afterUs: number, act: () => T): Promise<T> {
    return this.#kernel.later(afterUs, this.#process, act)
  }

  #operation<T>(operation: string, path: string, act: () => T, cost = DISK_META): Promise<T> {
    if (!this.#enter(operation, path)) return never()
    return this.#later(this.#state.cost(this.#random, cost), () => {
      if (this.#state.faults.dead.size > 0) this.#state.mustLive(path)
      return act()
    })
  }

  #parent(path: string): { directory: DirectoryNode; name: string } {
    const parts = segments(path)
    const name = parts.at(-1)
    if (name === undefined) throw storageError(path, 'EINVAL', 'no name')
    const directory = find(this.#state.root, parts.slice(0, -1).join('/'))
    if (directory?.kind !== 'directory') throw storageError(path, 'ENOENT', 'no such directory')
    return { directory, name }
  }

  #create(path: string): FileNode {
    const { directory, name } = this.#parent(path)
    const node = new FileNode()
    node.modified = this.#wall()
    this.#state.change([{ directory, name, node }])
    this.#state.observer?.created(path)
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
    if (target !== null && target !== node) this.#state.giveBack(bytesOf(target))
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

  #file(path: string, node: FileNode): DiskFile {
    return new SimFile(path, node, {
      kernel: this.#kernel,
      process: this.#process,
      state: this.#state,
      random: this.#random,
      wall: this.#wall,
      mayFail: (oneInN, what) => this.#mayFail(path, oneInN, what),
    })
  }
}
