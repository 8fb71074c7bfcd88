// The bytes of one file on a simulated disk: what is in the page cache, what is on the platter, and what a power loss or
// a failed fsync makes of the difference. Knows no names.

import type { SeededRandom, Timestamp } from '../base/index.ts'

const PAGE = 4096

export class FileNode {
  readonly kind = 'file'
  cache: Uint8Array<ArrayBuffer> = new Uint8Array(256)
  size = 0
  platter: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  platterSize = 0
  /** Everything below is on the platter as it is in the cache. */
  dirtyFrom = 0
  /** The first byte that the cache calls clean and the platter never got. */
  lostFrom: number = Number.POSITIVE_INFINITY
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
    if (this.lostFrom >= size) this.lostFrom = Number.POSITIVE_INFINITY
    this.size = size
  }

  /** Moves [0, upTo) to the platter. */
  flush(upTo: number): void {
    const end = Math.min(upTo, this.size)
    if (this.dirtyFrom < end) {
      this.#growPlatter(end)
      this.platter.set(this.cache.subarray(this.dirtyFrom, end), this.dirtyFrom)
      this.dirtyFrom = end
    }
    // A cut may have left more there than the file has; and a later sync may have been faster than this one.
    this.platterSize = this.dirtyFrom
  }

  /** As a failed fsync leaves it on Linux: some pages were not written, and all of them are called clean. */
  losePages(upTo: number, random: SeededRandom): void {
    const end = Math.min(upTo, this.size)
    const pages: number[] = []
    for (let at = this.dirtyFrom; at < end; at = pageEnd(at, end)) pages.push(at)
    const surely = random.below(pages.length)
    this.#growPlatter(end)
    for (const [i, at] of pages.entries()) {
      const to = pageEnd(at, end)
      if (i === surely || random.below(2) === 0) {
        this.platter.fill(0, Math.max(at, Math.min(to, this.platterSize)), to)
        this.lostFrom = Math.min(this.lostFrom, at)
      } else this.platter.set(this.cache.subarray(at, to), at)
    }
    this.dirtyFrom = Math.max(this.dirtyFrom, end)
    this.platterSize = this.dirtyFrom
  }

  /** What is found after the power comes back. */
  losePower(random: SeededRandom): void {
    if (this.lostFrom < this.dirtyFrom) {
      this.cache.set(this.platter.subarray(this.lostFrom, this.dirtyFrom), this.lostFrom)
    }
    this.lostFrom = Number.POSITIVE_INFINITY
    if (this.dirtyFrom >= this.size && this.platterSize === this.size) return
    const outcome = random.below(5)
    if (outcome === 0) {
      // Nothing was written back.
      this.cache = this.platter.slice(0, Math.max(this.platterSize, 1))
      this.size = this.platterSize
    } else if (outcome > 1) {
      // A prefix, torn anywhere; or the size, but only some pages; or both. Outcome 1 is all of it.
      if (outcome !== 3) this.size = this.dirtyFrom + random.below(this.size - this.dirtyFrom + 1)
      if (outcome !== 2) this.#missPages(random)
    }
    this.platter = this.cache.slice(0, this.size)
    this.platterSize = this.size
    this.dirtyFrom = this.size
  }

  /** Later pages were written before earlier ones: those that were not hold what the platter held, or zeros. */
  #missPages(random: SeededRandom): void {
    for (let at = this.dirtyFrom; at < this.size; at = pageEnd(at, this.size)) {
      if (random.below(2) === 0) continue
      const end = pageEnd(at, this.size)
      this.cache.fill(0, at, end)
      this.cache.set(this.platter.subarray(at, Math.max(at, Math.min(end, this.platterSize))), at)
    }
  }

  #growPlatter(end: number): void {
    if (end <= this.platter.length) return
    const grown = new Uint8Array(Math.max(this.platter.length * 2, end))
    grown.set(this.platter.subarray(0, this.platterSize))
    this.platter = grown
  }
}

function pageEnd(at: number, most: number): number {
  return Math.min(most, at + PAGE - (at % PAGE))
}
