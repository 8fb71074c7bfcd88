// The running hash of a simulated run: over every port call and every delivered event, in order. Two runs of one seed
// and one commit must agree on it, on any machine and any Node. It sees integers, text and bytes, never the output of
// a compressor of the runtime (those differ between versions; the simulated offload stores instead of compressing).

const SCRATCH = 16 * 1024
const scratch = new Uint8Array(SCRATCH)
/** Little-endian, as every machine is that Node 24 runs on but s390x: there a seed has hashes of its own. */
const scratchWords = new Int32Array(scratch.buffer)

export class TraceHash {
  #a = 0x2545f491
  #b = 0x6c62272e
  #count = 0
  /** Names and paths come again and again: each is read once, and stands by its code from then on. */
  readonly #texts: Map<string, number> = new Map()

  /** How much has been mixed in; a cheap first comparison when two runs differ. */
  get count(): number {
    return this.#count
  }

  /** Any safe integer. */
  int(value: number): void {
    this.word(value | 0)
    if ((value | 0) === value) return
    const high = Math.floor(value / 2 ** 32) | 0
    if (high !== 0 && high !== -1) this.word(high)
  }

  text(value: string): void {
    let code = this.#texts.get(value)
    if (code === undefined) {
      code = codeOf(value)
      this.#texts.set(value, code)
    }
    this.word(code)
  }

  bytes(value: Uint8Array): void {
    this.word(value.length)
    if (value.length <= SCRATCH) this.#block(value)
    else for (let at = 0; at < value.length; at += SCRATCH) this.#block(value.subarray(at, at + SCRATCH))
  }

  /** Read as words, padded with zeros, out of an aligned copy: three times as fast as byte by byte from a kilobyte on. */
  #block(value: Uint8Array): void {
    const count = (value.length + 7) >> 3
    if (count === 0) return
    scratchWords[2 * count - 1] = 0
    scratchWords[2 * count - 2] = 0
    scratch.set(value)
    // The lanes stay in registers and take turns, so that neither waits for the other.
    let a = this.#a
    let b = this.#b
    for (let i = 0; i < 2 * count; i += 2) {
      a = Math.imul(a ^ scratchWords[i]!, 0x9e3779b1)
      a = (a << 13) | (a >>> 19)
      b = Math.imul((b + scratchWords[i + 1]!) | 0, 0x85ebca77)
      b = (b << 17) | (b >>> 15)
    }
    this.#a = a
    this.#b = b
    this.#count += count
  }

  /** 32 bits. */
  word(word: number): void {
    // Two multiply-and-rotate lanes with the odd constants of xxHash32; not cryptographic, only sensitive to order.
    this.#count++
    let a = Math.imul(this.#a ^ word, 0x9e3779b1)
    a = (a << 13) | (a >>> 19)
    let b = Math.imul((this.#b + word) | 0, 0x85ebca77) ^ a
    b = (b << 17) | (b >>> 15)
    this.#a = a
    this.#b = b
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#a) + hex(this.#b)
  }
}

/** 32 bits for a text: FNV-1a over its UTF-16 units. */
export function codeOf(text: string): number {
  let code = 0x811c9dc5
  for (let i = 0; i < text.length; i++) code = Math.imul(code ^ text.charCodeAt(i), 0x01000193)
  return code
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
