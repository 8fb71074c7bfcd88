// Requests and responses as they pass at the server's end of a connection. Assembles only the frames that somebody wants
// (by API key) and steps over the others without copying; forgets a connection with its end. Decodes headers, not bodies.

import type { BytesTap, TappedEnd } from '../tap.ts'

export interface HeardRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  /** Without the size before it. */
  readonly frame: Uint8Array
}

export interface FrameSink {
  /** `body`: the request is read; `answer`: only what comes back is. */
  wants(apiKey: number, port: number): 'body' | 'answer' | null
  /** What comes back is kept until the response passes; null: the response is of no interest. */
  request(end: TappedEnd, request: HeardRequest): Heard | null
  response(end: TappedEnd, heard: Heard, frame: Uint8Array): void
}

/** What is kept of a request. */
export interface Heard {
  readonly apiKey: number
  readonly version: number
}

/** Cuts one direction of a stream into frames, and puts together those that are wanted. */
abstract class Frames {
  readonly #need: number
  #left = 0
  #skipping = false
  #parts: Uint8Array[] = []
  /** A size or a header that came in pieces. */
  #rest: Uint8Array | null = null

  constructor(need: number) {
    this.#need = need
  }

  /** Sees a frame's first bytes and says whether the whole is wanted. */
  protected abstract wanted(bytes: Uint8Array, at: number): boolean
  protected abstract whole(frame: Uint8Array): void

  take(bytes: Uint8Array): void {
    let chunk = bytes
    if (this.#rest !== null) {
      chunk = joined([this.#rest, bytes])
      this.#rest = null
    }
    let at = 0
    while (at < chunk.length) {
      if (this.#left === 0) {
        const here = chunk.length - at
        if (here < 4) break
        const size = uint32(chunk, at)
        if (here < 4 + Math.min(this.#need, size)) break
        at += 4
        this.#left = size
        this.#skipping = size < this.#need || !this.wanted(chunk, at)
      }
      const part = Math.min(this.#left, chunk.length - at)
      if (!this.#skipping) this.#parts.push(chunk.subarray(at, at + part))
      this.#left -= part
      at += part
      if (this.#left > 0 || this.#skipping) continue
      const parts = this.#parts
      this.#parts = []
      this.whole(joined(parts))
    }
    if (at < chunk.length) this.#rest = chunk.slice(at)
    // Copied: what was given is borrowed.
    if (this.#parts.length > 0) this.#parts[this.#parts.length - 1] = this.#parts.at(-1)!.slice()
  }
}

class Requests extends Frames {
  readonly #end: TappedEnd
  readonly #sink: FrameSink
  readonly #pending: Map<number, Heard>

  constructor(end: TappedEnd, sink: FrameSink, pending: Map<number, Heard>) {
    super(8)
    this.#end = end
    this.#sink = sink
    this.#pending = pending
  }

  protected override wanted(bytes: Uint8Array, at: number): boolean {
    const apiKey = int16(bytes, at)
    const wants = this.#sink.wants(apiKey, this.#end.local.port)
    if (wants === 'answer') this.#pending.set(uint32(bytes, at + 4), { apiKey, version: int16(bytes, at + 2) })
    return wants === 'body'
  }

  protected override whole(frame: Uint8Array): void {
    const correlationId = uint32(frame, 4)
    const request = { apiKey: int16(frame, 0), version: int16(frame, 2), correlationId, frame }
    const heard = this.#sink.request(this.#end, request)
    if (heard !== null) this.#pending.set(correlationId, heard)
  }
}

class Responses extends Frames {
  readonly #end: TappedEnd
  readonly #sink: FrameSink
  readonly #pending: Map<number, Heard>

  constructor(end: TappedEnd, sink: FrameSink, pending: Map<number, Heard>) {
    super(4)
    this.#end = end
    this.#sink = sink
    this.#pending = pending
  }

  protected override wanted(bytes: Uint8Array, at: number): boolean {
    return this.#pending.size > 0 && this.#pending.has(uint32(bytes, at))
  }

  protected override whole(frame: Uint8Array): void {
    const correlationId = uint32(frame, 0)
    const heard = this.#pending.get(correlationId)
    this.#pending.delete(correlationId)
    if (heard !== undefined) this.#sink.response(this.#end, heard, frame)
  }
}

/** The server's end of one connection. */
interface Ears {
  readonly requests: Requests
  readonly responses: Responses
}

export class FrameTap implements BytesTap {
  readonly #sink: FrameSink
  readonly #isServer: (end: TappedEnd) => boolean
  /** Null: not a server's end. */
  readonly #ears: WeakMap<TappedEnd, { readonly ears: Ears | null }> = new WeakMap()

  constructor(isServer: (end: TappedEnd) => boolean, sink: FrameSink) {
    this.#isServer = isServer
    this.#sink = sink
  }

  read(_at: number, end: TappedEnd, bytes: Uint8Array): void {
    const { ears } = this.#ears.get(end) ?? this.#listen(end)
    ears?.requests.take(bytes)
  }

  wrote(_at: number, end: TappedEnd, chunks: readonly Uint8Array[]): void {
    const { ears } = this.#ears.get(end) ?? this.#listen(end)
    if (ears !== null) for (const chunk of chunks) ears.responses.take(chunk)
  }

  #listen(end: TappedEnd): { readonly ears: Ears | null } {
    const pending = new Map<number, Heard>()
    const known = {
      ears: this.#isServer(end)
        ? { requests: new Requests(end, this.#sink, pending), responses: new Responses(end, this.#sink, pending) }
        : null,
    }
    this.#ears.set(end, known)
    return known
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function int16(bytes: Uint8Array, at: number): number {
  return (((bytes[at]! << 8) | bytes[at + 1]!) << 16) >> 16
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
