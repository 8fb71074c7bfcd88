// Bits of a simulated disk that read wrong: what would be there without them, and the scrub that gives them back. A bit is
// known by what stands around it, so that a copy of its file has it too, and what was cut or written anew has it no more.

import type { FileNode } from './pages.ts'

/** So many bytes to either side tell a place: a batch has its offset, times and checksum within less. */
const AROUND = 64

export interface Flip {
  readonly path: string
  readonly byte: number
  readonly mask: number
  /** Where `around` begins. */
  readonly from: number
  /** With the wrong bit. */
  readonly around: Uint8Array
}

export class Rot {
  readonly #find: (path: string) => FileNode | null
  readonly #flips: Set<Flip> = new Set()

  constructor(find: (path: string) => FileNode | null) {
    this.#find = find
  }

  /** Null where there is no such byte. */
  flip(path: string, bit: number): Flip | null {
    const node = this.#find(path)
    const byte = bit >> 3
    if (node === null || byte >= node.size) return null
    const mask = 1 << (bit & 7)
    turn(node, byte, mask)
    this.#turned(path, byte, mask)
    const from = Math.max(0, byte - AROUND)
    const around = node.cache.slice(from, Math.min(node.size, byte + AROUND))
    const flip = { path, byte, mask, from, around }
    this.#flips.add(flip)
    return flip
  }

  /** The very bit, where it is wrong at the moment. */
  at(path: string, bit: number): Flip | null {
    for (const flip of this.#flips)
      if (flip.path === path && flip.byte === bit >> 3 && flip.mask === 1 << (bit & 7) && this.#here(flip)) return flip
    return null
  }

  /** A scrub: right again, unless what stood there has gone. */
  mend(flip: Flip): void {
    if (!this.#flips.delete(flip) || !this.#here(flip)) return
    turn(this.#find(flip.path)!, flip.byte, flip.mask)
    this.#turned(flip.path, flip.byte, flip.mask)
  }

  /** The bytes of a file as they were written, when `bytes` is what is there. */
  without(path: string, bytes: Uint8Array): Uint8Array {
    let right = bytes
    for (const flip of this.#flips) {
      if (flip.path !== path || !this.#here(flip)) continue
      if (right === bytes) right = bytes.slice()
      right[flip.byte]! ^= flip.mask
    }
    return right
  }

  #here({ path, byte, from, around }: Flip): boolean {
    const node = this.#find(path)
    if (node === null || byte >= node.size) return false
    const end = Math.min(node.size - from, around.length)
    for (let i = 0; i < end; i++) if (node.cache[from + i] !== around[i]) return false
    return true
  }

  /** What stands around the others changes with it. */
  #turned(path: string, byte: number, mask: number): void {
    for (const { path: other, from, around } of this.#flips)
      if (other === path && byte >= from && byte < from + around.length) around[byte - from]! ^= mask
  }
}

/** In the cache, and on the platter where that holds the same. */
function turn(node: FileNode, byte: number, mask: number): void {
  node.cache[byte]! ^= mask
  if (byte < Math.min(node.dirtyFrom, node.platterSize, node.lostFrom)) node.platter[byte]! ^= mask
}
