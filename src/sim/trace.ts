// The running hash of a simulated run: over every port call and every delivered event, in order. Two runs of one seed
// and one commit must agree on it, on any machine and any Node. It sees integers, text and bytes, never the output of
// a compressor of the runtime (those differ between versions; the simulated offload stores instead of compressing).

export class TraceHash {
  #a = 0x2545f491
  #b = 0x6c62272e
  #count = 0

  /** How much has been mixed in; a cheap first comparison when two runs differ. */
  get count(): number {
    return this.#count
  }

  /** Any safe integer. */
  int(value: number): void {
    this.#mix(value | 0)
    const high = Math.floor(value / 2 ** 32) | 0
    if (high !== 0 && high !== -1) this.#mix(high)
  }

  text(value: string): void {
    this.#mix(value.length)
    for (let i = 0; i < value.length; i++) this.#mix(value.charCodeAt(i))
  }

  bytes(value: Uint8Array): void {
    const n = value.length
    this.#mix(n)
    let i = 0
    for (; i + 4 <= n; i += 4) {
      this.#mix(value[i]! | (value[i + 1]! << 8) | (value[i + 2]! << 16) | (value[i + 3]! << 24))
    }
    for (; i < n; i++) this.#mix(value[i]!)
  }

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.#a) + hex(this.#b)
  }

  #mix(word: number): void {
    // Two multiply-and-rotate lanes with the odd constants of xxHash32; not cryptographic, only sensitive to order.
    this.#count++
    let a = Math.imul(this.#a ^ word, 0x9e3779b1)
    a = (a << 13) | (a >>> 19)
    let b = Math.imul((this.#b + word) | 0, 0x85ebca77) ^ a
    b = (b << 17) | (b >>> 15)
    this.#a = a
    this.#b = b
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
