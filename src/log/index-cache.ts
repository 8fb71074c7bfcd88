// Keeps the indexes of segments that are only read within a budget of memory, for all logs of a directory: the least
// recently used are dropped and loaded again when needed.

import type { Segment } from './segment.ts'

export class IndexCache {
  readonly #limit: number
  /** In order of last use, with the bytes counted for each. */
  readonly #loaded = new Map<Segment, number>()
  #used = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  loaded(segment: Segment): void {
    this.forget(segment)
    this.#loaded.set(segment, segment.indexBytes)
    this.#used += segment.indexBytes
    for (const [oldest] of this.#loaded) {
      if (this.#used <= this.#limit || oldest === segment) break
      this.forget(oldest)
      oldest.unloadIndexes()
    }
  }

  forget(segment: Segment): void {
    this.#used -= this.#loaded.get(segment) ?? 0
    this.#loaded.delete(segment)
  }
}
