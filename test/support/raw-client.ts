// A peer that sends what a test wants, frame or not, and keeps what comes back.

import type { Connection, Endpoint, Network } from '../../src/base/index.ts'
import {
  type Api,
  decodeResponse,
  encodeRequest,
  FrameParser,
  type Input,
  type Message,
  type MessageSchema,
} from '../../src/wire/index.ts'

export class RawClient {
  readonly connection: Connection
  readonly frames: Uint8Array[] = []
  closed = false
  received = 0
  #correlationId = 0
  readonly #parser = new FrameParser(1 << 30)
  readonly #asked = new Map<number, { api: Api; version: number }>()
  readonly #waiting: { readonly ready: () => boolean; readonly resolve: () => void }[] = []

  constructor(network: Network, to: Endpoint) {
    this.connection = network.connect(to, {
      data: (chunk) => {
        this.received += chunk.length
        this.#parser.push(chunk)
        for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) this.frames.push(frame)
        this.#wake()
      },
      drained() {},
      closed: () => {
        this.closed = true
        this.#wake()
      },
    })
  }

  raw(...bytes: (Uint8Array | readonly number[])[]): this {
    this.connection.write(bytes.map((each) => Uint8Array.from(each)))
    return this
  }

  /** A frame around any bytes. */
  frame(bytes: Uint8Array | readonly number[]): this {
    const prefix = new Uint8Array(4)
    new DataView(prefix.buffer).setInt32(0, bytes.length)
    return this.raw(prefix, bytes)
  }

  send<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    body: Input<Req>,
  ): this {
    return this.raw(...this.bytesOf(api, version, body))
  }

  bytesOf<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    body: Input<Req>,
  ): Uint8Array[] {
    const correlationId = ++this.#correlationId
    this.#asked.set(correlationId, { api, version })
    return encodeRequest(api, version, { correlationId, clientId: 'raw' }, body)
  }

  /** Correlation ids of the answers so far, in the order they came. */
  get answered(): number[] {
    return this.frames.map((frame) => new DataView(frame.buffer, frame.byteOffset).getInt32(0))
  }

  answer<Res extends MessageSchema>(at: number, api: Api<MessageSchema, Res>, version: number): Message<Res> {
    return decodeResponse(api, version, this.frames[at]!).body
  }

  /** Resolves when `n` answers have come, or the connection has closed. */
  answers(n: number): Promise<void> {
    return this.#until(() => this.frames.length >= n || this.closed)
  }

  get closing(): Promise<void> {
    return this.#until(() => this.closed)
  }

  #until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  #wake(): void {
    for (const entry of this.#waiting.splice(0)) {
      if (entry.ready()) entry.resolve()
      else this.#waiting.push(entry)
    }
  }
}
