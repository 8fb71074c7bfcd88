// Appends between staging and being told written, in order of staging: around a roll two files may finish in another
// order, and nobody may hear of the later bytes first.

import type { Offset } from '../base/index.ts'
import { OffsetWaiters } from '../base/index.ts'

export type Appended = (error: Error | null) => void

interface Staged {
  readonly endOffset: Offset
  readonly appended: Appended
  written: boolean
}

export class Staging {
  readonly #queue: Staged[] = []
  readonly #waiters = new OffsetWaiters<() => void>()
  #writtenTo: Offset
  #failed: Error | null = null

  constructor(writtenTo: Offset) {
    this.#writtenTo = writtenTo
  }

  /** Exclusive; everything below is readable in the files. */
  get writtenTo(): Offset {
    return this.#writtenTo
  }

  /** Books an append up to `endOffset`; the answer is to be called when its bytes are written, or are not. */
  stage(endOffset: Offset, appended: Appended): () => void {
    const staged: Staged = { endOffset, appended, written: false }
    this.#queue.push(staged)
    return () => {
      staged.written = true
      this.#tell()
    }
  }

  /** Resolves when everything below `offset` is written, or the log has failed. */
  until(offset: Offset): Promise<void> {
    return new Promise((resolve) => {
      if (this.#failed !== null || this.#writtenTo >= offset) resolve()
      else this.#waiters.add(offset, resolve)
    })
  }

  /** The log ends at `offset` now; nothing may be staged. */
  endsAt(offset: Offset): void {
    this.#writtenTo = offset
  }

  fail(error: Error): void {
    this.#failed = error
    for (const waiter of this.#waiters.drain()) waiter()
  }

  #tell(): void {
    while (this.#queue[0]?.written) {
      const { endOffset, appended } = this.#queue.shift()!
      if (this.#failed === null) {
        this.#writtenTo = endOffset
        for (const waiter of this.#waiters.release(endOffset)) waiter()
      }
      appended(this.#failed)
    }
  }
}
