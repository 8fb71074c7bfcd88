// Requests and responses as they pass at the server's end of a connection. Assembles only the frames that somebody wants
// (by API key) and steps over the others without copying; forgets a connection with its end. Decodes headers, not bodies.

import type { TappedEnd } from '../tap.ts'

export interface HeardRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  /** Without the size before it. */
  readonly frame: Uint8Array
}

export interface FrameSink {
  wants(apiKey: number, port: number): boolean
  /** What comes back is kept until the response passes; null: the response is of no interest. */
  request(end: TappedEnd, request: HeardRequest): Heard | null
  response(end: TappedEnd, heard: Heard, frame: Uint8Array): void
}

/** What is kept of a request. */
export interface Heard {
  readonly apiKey: number
  readonly version: number
}

/** Cuts one direction of a stream into frames. */
class Frames {
  #left = 0
  #skipping = false
  #parts: Uint8Array[] = []
  /** A size or a header that came in pieces. */
  #rest: Uint8Array | null = null

  /** `peek` sees the frame's first `need` bytes (or all of it) and says whether it is wanted. */
  take(
    bytes: Uint8Array,
    need: number,
    peek: (head: Uint8Array, at: number) => boolean,
    whole: (frame: Uint8Array) => void,
  ): void {
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
        if (here < 4 + Math.min(need, size)) break
        at += 4
        this.#left = size
        this.#skipping = !peek(chunk, at)
      }
      const part = Math.min(this.#left, chunk.length - at)
      if (!this.#skipping) this.#parts.push(chunk.subarray(at, at + part))
      this.#left -= part
      at += part
      if (this.#left > 0 || this.#skipping) continue
      const frame = this.#parts.length === 1 ? this.#parts[0]! : joined(this.#parts)
      this.#parts = []
      whole(frame)
    }
    // Copied: what was given is borrowed.
    if (at < chunk.length) this.#rest = chunk.slice(at)
    if (this.#parts.length > 0) this.#parts[this.#parts.length - 1] = this.#parts.at(-1)!.slice()
  }
}

class ServerEnd {
  readonly requests: Frames = new Frames()
  readonly responses: Frames = new Frames()
  readonly pending: Map<number, Heard> = new Map()
}

export class FrameTap {
  readonly #sink: FrameSink
  readonly #isServer: (end: TappedEnd) => boolean
  readonly #ends: WeakMap<TappedEnd, ServerEnd | typeof NOT_A_SERVER> = new WeakMap()

  constructor(isServer: (end: TappedEnd) => boolean, sink: FrameSink) {
    this.#isServer = isServer
    this.#sink = sink
  }

  read(_at: number, end: TappedEnd, bytes: Uint8Array): void {
    const server = this.#of(end)
    if (server === null) return
    server.requests.take(
      bytes,
      8,
      (head, at) => this.#sink.wants(int16(head, at), end.local.port),
      (frame) => {
        const apiKey = int16(frame, 0)
        const correlationId = uint32(frame, 4)
        const heard = this.#sink.request(end, { apiKey, version: int16(frame, 2), correlationId, frame })
        if (heard !== null) server.pending.set(correlationId, heard)
      },
    )
  }

  wrote(_at: number, end: TappedEnd, chunks: readonly Uint8Array[]): void {
    const server = this.#of(end)
    if (server === null) return
    for (const chunk of chunks) {
      server.responses.take(
        chunk,
        4,
        (head, at) => server.pending.has(uint32(head, at)),
        (frame) => {
          const correlationId = uint32(frame, 0)
          const heard = server.pending.get(correlationId)
          server.pending.delete(correlationId)
          if (heard !== undefined) this.#sink.response(end, heard, frame)
        },
      )
    }
  }

  #of(end: TappedEnd): ServerEnd | null {
    let known = this.#ends.get(end)
    if (known === undefined) {
      known = this.#isServer(end) ? new ServerEnd() : NOT_A_SERVER
      this.#ends.set(end, known)
    }
    return known === NOT_A_SERVER ? null : (known as ServerEnd)
  }
}

const NOT_A_SERVER: unique symbol = Symbol('not a server')

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : new Uint8Array(Buffer.concat(parts))
}

function int16(bytes: Uint8Array, at: number): number {
  return (((bytes[at]! << 8) | bytes[at + 1]!) << 16) >> 16
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
