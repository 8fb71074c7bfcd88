// One file of a simulated disk, as the process that opened it holds it: appends and cuts in order, at once or staged.

import type { DiskFile, SeededRandom, Timestamp } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import { DISK_APPEND, DISK_META, DISK_READ, DISK_SYNC } from './chance.ts'
import type { Kernel, Process } from './kernel.ts'
import { ARRIVAL, never } from './kernel.ts'
import type { FileNode } from './pages.ts'
import type { DiskState, Staged, StagedAppend } from './platter.ts'
import { storageError, writePart } from './platter.ts'

export interface FileContext {
  readonly kernel: Kernel
  readonly process: Process
  readonly state: DiskState
  readonly random: SeededRandom
  readonly wall: () => Timestamp
  mayFail(oneInN: number, what: string): void
}

export class SimFile implements DiskFile {
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
    const { trace, tap } = this.#context.kernel
    let bytes = 0
    for (const chunk of chunks) {
      bytes += chunk.length
      trace.bytes(chunk)
    }
    tap?.about(bytes)
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
        if (this.#broken !== null && staged !== undefined) throw this.#broken
        this.#context.state.sync(this.path, this.#node, upTo, this.#context.random)
        this.#context.state.observer?.synced(this.path, Math.min(upTo, this.#node.size))
      }),
    )
  }

  truncate(size: number): Promise<void> {
    if (!this.#enter('file.truncate')) return never()
    this.#context.kernel.trace.int(size)
    this.#context.kernel.tap?.about(size)
    if (this.#closed) return Promise.reject(storageError(this.path, 'EBADF', 'the file is closed'))
    return new Promise((resolve, reject) => {
      try {
        this.#context.state.mustLive(this.path)
      } catch (error) {
        reject(error)
        return
      }
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
    kernel.tap?.about(this.path)
    return true
  }

  #operation<T>(name: string, cost: typeof DISK_META, numbers: readonly number[], act: () => T): Promise<T> {
    if (!this.#enter(name)) return never()
    const { kernel, process, random } = this.#context
    for (const each of numbers) kernel.trace.int(each)
    if (this.#closed) return Promise.reject(storageError(this.path, 'EBADF', 'the file is closed'))
    return kernel.later(this.#context.state.cost(random, cost), process, () => {
      // Whatever has become of the disk, the descriptor is given back.
      if (name !== 'file.close') this.#context.state.mustLive(this.path)
      return act()
    })
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
    const cost = this.#context.state.cost(random, staged.kind === 'append' ? DISK_APPEND : DISK_META)
    kernel.schedule(cost, ARRIVAL, process, () => this.#complete())
  }

  #complete(): void {
    const first = this.#queue.shift()!
    this.#context.state.staged.delete(first)
    const next = this.#queue[0]
    if (next !== undefined) this.#workOn(next)
    if (first.kind === 'cut') {
      if (first.size < this.#node.size) {
        this.#context.state.giveBack(this.#node.size - first.size)
        this.#node.cut(first.size)
        this.#context.state.observer?.cut(this.path, first.size)
      }
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
      this.#mayFail()
      this.#context.state.charge(this.path, append.bytes)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#context.state.observer?.failed(this.path, error.code)
      this.#put(append, this.#context.random.below(append.bytes + 1))
      this.#broken = error
      return error
    }
    this.#put(append, append.bytes)
    this.#node.modified = this.#context.wall()
    return null
  }

  #mayFail(): void {
    this.#context.state.mustLive(this.path)
    const { faults } = this.#context.state
    if (faults.nextAppendsFail > 0) {
      faults.nextAppendsFail--
      throw storageError(this.path, 'EIO', 'append failed')
    }
    this.#context.mayFail(faults.appendFailsOneIn, 'append')
  }

  #put(append: StagedAppend, bytes: number): void {
    const position = this.#node.size
    writePart(append, bytes)
    this.#context.state.observer?.written(this.path, position, append.chunks, bytes)
  }
}
