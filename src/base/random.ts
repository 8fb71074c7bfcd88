// A seeded generator (xoshiro128**, Blackman and Vigna) behind the `Random` port: the simulator's chance, and the
// source of retry jitter in tests. Not for secrets.

import type { Uuid } from './brands.ts'
import { LOST_DIR, MIGRATING_DIR, ZERO_UUID } from './brands.ts'
import type { Random } from './ports.ts'
import { uuidFromBytes } from './uuid.ts'

/** Kafka's uuids that mean something else than an id, and ids that would read as command-line flags. */
export function isReservedUuid(uuid: Uuid): boolean {
  return uuid === ZERO_UUID || uuid === LOST_DIR || uuid === MIGRATING_DIR || uuid.startsWith('-')
}

/** A random version-4 uuid from any source of bytes, never a reserved one. */
export function randomUuid(bytes: (n: number) => Uint8Array): Uuid {
  for (;;) {
    const raw = bytes(16)
    raw[6] = (raw[6]! & 0x0f) | 0x40
    raw[8] = (raw[8]! & 0x3f) | 0x80
    const uuid = uuidFromBytes(raw)
    if (!isReservedUuid(uuid)) return uuid
  }
}

export class SeededRandom implements Random {
  readonly #state = new Uint32Array(4)

  constructor(seed: number) {
    // splitmix32 spreads a small seed over the state; four zero words would stay zero for ever.
    let x = seed >>> 0
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0
      let z = x
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      this.#state[i] = z ^ (z >>> 15)
    }
  }

  next(): number {
    const s = this.#state
    const product = Math.imul(s[1]!, 5)
    const result = Math.imul((product << 7) | (product >>> 25), 9)
    const t = s[1]! << 9
    s[2]! ^= s[0]!
    s[3]! ^= s[1]!
    s[1]! ^= s[2]!
    s[0]! ^= s[3]!
    s[2]! ^= t
    s[3] = (s[3]! << 11) | (s[3]! >>> 21)
    return result >>> 0
  }

  below(n: number): number {
    return Math.floor((this.next() / 2 ** 32) * n)
  }

  bytes(n: number): Uint8Array {
    const out = new Uint8Array(n)
    for (let i = 0; i < n; i++) out[i] = this.next() & 255
    return out
  }

  uuid(): Uuid {
    return randomUuid((n) => this.bytes(n))
  }

  /** An independent stream: what one component draws does not shift what another draws. */
  fork(): SeededRandom {
    return new SeededRandom(this.next())
  }
}
