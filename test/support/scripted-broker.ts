// A broker for tests of clients: answers by a table of functions, on any Network. Decides nothing by itself.

import type { Connection, Endpoint, Listener, Network } from '../../src/base/index.ts'
import {
  type Api,
  apis,
  decode,
  decodeRequestHeader,
  encodeResponse,
  errorCode,
  FrameParser,
  type Input,
  type Message,
  type MessageSchema,
} from '../../src/wire/index.ts'

export interface Received {
  readonly api: string
  readonly version: number
  readonly body: unknown
}

type Answer = (body: never, version: number) => Input<MessageSchema> | null

export class ScriptedBroker {
  readonly received: Received[] = []
  readonly connections: Connection[] = []
  readonly #answers = new Map<number, Answer>()
  readonly #versions = new Map<number, { min: number; max: number }>()
  /** Newest ApiVersions version understood; a newer one is refused in version 0. */
  apiVersionsMax: number = 4
  /** Bytes sent instead of an answer, once. */
  garbage: Uint8Array | null = null

  /** Serves an API; an answer of null leaves the request unanswered. */
  serve<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    answer: (body: Message<Req>, version: number) => Input<Res> | null,
    versions: { min: number; max: number } = { min: api.minVersion, max: api.maxVersion },
  ): this {
    this.#answers.set(api.key, answer as Answer)
    this.#versions.set(api.key, versions)
    return this
  }

  listen(network: Network, at: Endpoint): Promise<Listener> {
    return network.listen(at, (connection) => {
      this.connections.push(connection)
      const parser = new FrameParser(1 << 20)
      return {
        data: (chunk) => {
          for (const frame of parser.push(chunk)) this.#request(connection, frame)
        },
        drained: () => {},
        closed: () => {},
      }
    })
  }

  #request(connection: Connection, frame: Uint8Array): void {
    const header = decodeRequestHeader(frame)
    const { correlationId } = header
    if (header.apiKey === apis.ApiVersions.key) {
      this.received.push({ api: 'ApiVersions', version: header.apiVersion, body: null })
      const refused = header.apiVersion > this.apiVersionsMax
      const rows = [...this.#versions].map(([apiKey, v]) => ({ apiKey, minVersion: v.min, maxVersion: v.max }))
      const body = { errorCode: refused ? errorCode('UNSUPPORTED_VERSION') : 0, apiKeys: rows }
      connection.write(encodeResponse(apis.ApiVersions, refused ? 0 : header.apiVersion, correlationId, body))
      return
    }
    const answer = this.#answers.get(header.apiKey)
    if (header.api === undefined || answer === undefined) {
      connection.destroy()
      return
    }
    const body = decode(header.api.request, header.apiVersion, frame, header.bodyAt)
    this.received.push({ api: header.api.name, version: header.apiVersion, body })
    if (this.garbage !== null) {
      connection.write([this.garbage])
      this.garbage = null
      return
    }
    const response = answer(body as never, header.apiVersion)
    if (response !== null) connection.write(encodeResponse(header.api, header.apiVersion, correlationId, response))
  }
}
