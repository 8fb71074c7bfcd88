// Chance from the operating system's generator, drawn in blocks: one call into the kernel serves many small draws.

import { randomFillSync } from 'node:crypto'
import type { Random, Uuid } from '../base/index.ts'
import { randomUuid } from '../base/index.ts'

const BLOCK = 4096

export class SystemRandom implements Random {
  readonly #block: Buffer = Buffer.alloc(BLOCK)
  #at = BLOCK

  below(n: number): number {
    if (!(n >= 1 && n <= 2 ** 32)) throw new RangeError(`cannot draw below ${n}`)
    // Draws in the last, incomplete stretch of 2^32 are thrown away, or small numbers would be likelier.
    const fair = 2 ** 32 - (2 ** 32 % n)
    for (;;) {
      const word = this.#take(4).readUInt32LE()
      if (word < fair) return word % n
    }
  }

  bytes(n: number): Uint8Array {
    if (n > BLOCK / 4) return randomFillSync(new Uint8Array(n))
    return new Uint8Array(this.#take(n))
  }

  uuid(): Uuid {
    return randomUuid((n) => this.bytes(n))
  }

  #take(n: number): Buffer {
    if (this.#at + n > BLOCK) {
      randomFillSync(this.#block)
      this.#at = 0
    }
    this.#at += n
    return this.#block.subarray(this.#at - n, this.#at)
  }
}
