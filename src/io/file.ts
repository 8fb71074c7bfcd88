// One open file. Appends go at the position this object knows, so that a failed append, which may have written a part,
// leaves nothing ambiguous: the file takes no more until it has been truncated.

import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { DiskFile } from '../base/index.ts'
import { StorageError } from '../base/index.ts'

/** Linux takes at most 1024 buffers in one writev. */
const MOST_CHUNKS = 1024

/** The operating system's failure, with the path and a word for what was tried. */
export function storageError(path: string, code: string, verb: string, cause?: unknown): StorageError {
  const options = cause === undefined ? {} : { cause }
  return new StorageError(path, code, `cannot ${verb} ${path}: ${SENTENCES[code] ?? code}`, options)
}

const SENTENCES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EIO: 'input/output error (EIO)',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'operation not permitted (EPERM)',
  EROFS: 'the file system is read-only (EROFS)',
  ENOENT: 'no such file or directory (ENOENT)',
  ENOTDIR: 'a part of the path is no directory (ENOTDIR)',
  EISDIR: 'it is a directory (EISDIR)',
  EMFILE: 'too many open files (EMFILE)',
}

/** What the owner of closed ports waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}

export async function attempt<T>(path: string, verb: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw asStorageError(path, verb, error)
  }
}

function asStorageError(path: string, verb: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN'
  return storageError(path, code, verb, error)
}

type Staged =
  | {
      readonly kind: 'append'
      readonly chunks: readonly Uint8Array[]
      readonly appended: (error: Error | null) => void
    }
  | {
      readonly kind: 'cut'
      readonly size: number
      readonly resolve: () => void
      readonly reject: (error: unknown) => void
    }
  | { readonly kind: 'mark'; readonly resolve: () => void }

export class SystemFile implements DiskFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #closed: () => void
  #size: number
  #broken: StorageError | null = null
  #open = true
  /** Behind a cut, which waits for the thread pool, everything keeps its order. */
  readonly #queue: Staged[] = []
  #cutting = false
  #stagedBytes = 0
  #severed = false
  /** Reads and syncs in flight: the descriptor must not be given away under them. */
  readonly #pending: Set<Promise<unknown>> = new Set()

  constructor(path: string, handle: FileHandle, size: number, closed: () => void) {
    this.path = path
    this.#handle = handle
    this.#size = size
    this.#closed = closed
  }

  get size(): number {
    return this.#size + this.#stagedBytes
  }

  append(chunks: readonly Uint8Array[], appended: (error: Error | null) => void): void {
    if (this.#severed) return
    if (!this.#cutting) {
      appended(this.#append(chunks))
      return
    }
    this.#queue.push({ kind: 'append', chunks, appended })
    this.#stagedBytes += sizeOf(chunks)
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#use('read', async () => {
      const wanted = Math.max(0, Math.min(length, this.#size - position))
      const into = Buffer.allocUnsafeSlow(wanted)
      let at = 0
      while (at < wanted) {
        const { bytesRead } = await this.#handle.read(into, at, wanted - at, position + at)
        // Cut shorter meanwhile.
        if (bytesRead === 0) break
        at += bytesRead
      }
      return at === wanted ? into : into.subarray(0, at)
    })
  }

  async sync(): Promise<void> {
    await this.#queueEnd()
    // fdatasync also flushes the size, which reading the data back needs.
    await this.#use('sync', () => this.#handle.datasync())
  }

  async truncate(size: number): Promise<void> {
    if (!this.#open) throw storageError(this.path, 'EBADF', 'truncate')
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ kind: 'cut', size, resolve, reject })
      if (!this.#cutting) this.#work()
    })
  }

  async close(): Promise<void> {
    if (this.#severed) return never()
    if (!this.#open) return
    await this.#queueEnd()
    await attempt(this.path, 'close', () => this.#giveBack())
  }

  /** As `close`, for a node that is being killed: nothing is heard of this file any more. */
  async sever(): Promise<void> {
    this.#severed = true
    this.#queue.length = 0
    await this.#giveBack().catch(() => {})
  }

  async #giveBack(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await Promise.allSettled(this.#pending)
    this.#closed()
    await this.#handle.close()
  }

  /** Everything that is queued now has been done. */
  #queueEnd(): Promise<void> {
    if (!this.#cutting) return Promise.resolve()
    return new Promise((resolve) => {
      this.#queue.push({ kind: 'mark', resolve })
    })
  }

  #work(): void {
    this.#cutting = false
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (next.kind === 'cut') {
        this.#cutting = true
        this.#cut(next.size)
          .then(next.resolve, next.reject)
          .finally(() => this.#work())
        return
      }
      if (next.kind === 'append') {
        this.#stagedBytes -= sizeOf(next.chunks)
        next.appended(this.#append(next.chunks))
      } else next.resolve()
    }
  }

  #cut(size: number): Promise<void> {
    return this.#use('truncate', async () => {
      // What a failed append has left beyond the known size goes as well.
      const to = Math.min(size, this.#size)
      await this.#handle.truncate(to)
      this.#size = to
      this.#broken = null
    })
  }

  #append(chunks: readonly Uint8Array[]): StorageError | null {
    if (!this.#open) return storageError(this.path, 'EBADF', 'append to')
    if (this.#broken !== null) return this.#broken
    try {
      this.#size += this.#write(chunks)
      return null
    } catch (error) {
      this.#broken = asStorageError(this.path, 'append to', error)
      return this.#broken
    }
  }

  /** Writes all of it; a short write is gone on with until the rest fails or fits. */
  #write(chunks: readonly Uint8Array[]): number {
    const fd = this.#handle.fd
    let position = this.#size
    if (chunks.length === 1) return writeAll(fd, chunks[0]!, position)
    for (let first = 0; first < chunks.length; first += MOST_CHUNKS) {
      const part = chunks.slice(first, first + MOST_CHUNKS)
      const bytes = sizeOf(part)
      let written = bytes === 0 ? 0 : fs.writevSync(fd, part, position)
      if (written < bytes) {
        for (const chunk of part) {
          if (written < chunk.length) writeAll(fd, chunk.subarray(written), position + written)
          position += chunk.length
          written = Math.max(0, written - chunk.length)
        }
      } else position += bytes
    }
    return position - this.#size
  }

  async #use<T>(verb: string, act: () => Promise<T>): Promise<T> {
    if (this.#severed) return never()
    if (!this.#open) throw storageError(this.path, 'EBADF', verb)
    const running = attempt(this.path, verb, act)
    this.#pending.add(running)
    try {
      return await running
    } finally {
      this.#pending.delete(running)
      if (this.#severed) await never()
    }
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}

function writeAll(fd: number, bytes: Uint8Array, position: number): number {
  let at = 0
  while (at < bytes.length) at += fs.writeSync(fd, bytes, at, bytes.length - at, position + at)
  return at
}
