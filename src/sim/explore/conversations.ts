// Reads Kafka's messages off the bytes of connections: which request, which response, about which partitions. An
// eavesdropper: learns the names of topics from what it overhears, and what it cannot read it only measures.

import { messageOf } from '../../base/index.ts'
import type { Api } from '../../wire/index.ts'
import {
  apiByKey,
  correlationIdOf,
  decode,
  decodeRequestHeader,
  decodeResponse,
  errorName,
  FrameParser,
} from '../../wire/index.ts'
import type { TappedEnd } from '../tap.ts'

export interface Heard {
  /** `Fetch v17 request`. */
  readonly what: string
  readonly partitions: readonly string[]
  readonly correlation: number
  readonly bytes: number
}

/** Ports from here on belong to whoever connected: it asks, the other end answers. */
const FIRST_ASKING_PORT = 32_768
const FRAME_MAX = 512 * 1024 * 1024

interface Asked {
  readonly api: Api | undefined
  readonly key: number
  readonly version: number
  readonly partitions: readonly string[]
}

export class Conversations {
  /** By connection and place: the writer's and the reader's stream are cut apart separately. */
  readonly #streams: Map<string, FrameParser> = new Map()
  /** Requests of a connection that have been written, by correlation. */
  readonly #asked: Map<string, Map<number, Asked>> = new Map()
  readonly #topics: Map<string, string> = new Map()

  wrote(end: TappedEnd, bytes: Uint8Array): readonly Heard[] {
    return this.#take(end, end.local.port >= FIRST_ASKING_PORT, 'w', bytes)
  }

  read(end: TappedEnd, bytes: Uint8Array): readonly Heard[] {
    return this.#take(end, end.local.port < FIRST_ASKING_PORT, 'r', bytes)
  }

  #take(end: TappedEnd, isRequest: boolean, place: 'w' | 'r', bytes: Uint8Array): readonly Heard[] {
    const asker = end.local.port >= FIRST_ASKING_PORT
    // Ephemeral ports are never used twice in a world: the asker's names the connection.
    const connection = asker ? `${end.host}:${end.local.port}` : `${end.peerHost}:${end.remote.port}`
    const stream = `${connection} ${isRequest} ${place}`
    let parser = this.#streams.get(stream)
    if (parser === undefined) {
      parser = new FrameParser(FRAME_MAX)
      this.#streams.set(stream, parser)
    }
    // The parser keeps what it is given, and these bytes are only lent.
    return Array.from(parser.push(bytes.slice()), (frame) =>
      isRequest ? this.#request(connection, frame) : this.#response(connection, frame),
    )
  }

  #request(connection: string, frame: Uint8Array): Heard {
    const { apiKey, apiVersion, correlationId, api, bodyAt } = decodeRequestHeader(frame)
    const { body, trouble } = attempt(api, (known) => decode(known.request, apiVersion, frame, bodyAt))
    const partitions = this.#partitionsIn(body)
    let asked = this.#asked.get(connection)
    if (asked === undefined) {
      asked = new Map()
      this.#asked.set(connection, asked)
    }
    asked.set(correlationId, { api, key: apiKey, version: apiVersion, partitions })
    return {
      what: `${nameOf(apiKey)} v${apiVersion} request${trouble}`,
      partitions,
      correlation: correlationId,
      bytes: frame.length,
    }
  }

  #response(connection: string, frame: Uint8Array): Heard {
    const correlation = correlationIdOf(frame)
    const asked = this.#asked.get(connection)?.get(correlation)
    if (asked === undefined) return { what: 'response', partitions: [], correlation, bytes: frame.length }
    const { api, key, version, partitions } = asked
    const { body, trouble } = attempt(api, (known) => decodeResponse(known, version, frame).body)
    this.#learn(body)
    const errors = [...errorsIn(body)].map((code) => ` ${errorName(code)}`).join('')
    const told = new Set([...partitions, ...this.#partitionsIn(body)])
    return {
      what: `${nameOf(key)} v${version} response${errors}${trouble}`,
      partitions: [...told],
      correlation,
      bytes: frame.length,
    }
  }

  /** Topics' names by their ids, from whatever names both. */
  #learn(body: unknown): void {
    for (const topic of listOf(body, 'topics')) {
      const { name, topicId } = topic
      if (typeof name === 'string' && topicId !== undefined) this.#topics.set(String(topicId), name)
    }
  }

  #partitionsIn(body: unknown): readonly string[] {
    const found: string[] = []
    for (const field of ['topics', 'topicData', 'responses']) {
      for (const topic of listOf(body, field)) {
        // Later versions name a topic by its id alone, and decode the name as empty.
        const name = topic.name || topic.topic || this.#topics.get(String(topic.topicId))
        if (typeof name !== 'string') continue
        for (const field of ['partitions', 'partitionData', 'partitionResponses']) {
          for (const partition of listOf(topic, field)) {
            const index = partition.partition ?? partition.partitionIndex ?? partition.index
            if (typeof index === 'number') found.push(`${name}-${index}`)
          }
        }
      }
    }
    return found
  }
}

type Thing = Readonly<Record<string, unknown>>

function listOf(of: unknown, field: string): readonly Thing[] {
  const list: unknown = typeof of === 'object' && of !== null ? (of as Thing)[field] : undefined
  return Array.isArray(list) ? list.filter((each): each is Thing => typeof each === 'object' && each !== null) : []
}

/** Error codes other than 0, wherever they stand. */
function errorsIn(body: unknown, into: Set<number> = new Set()): Set<number> {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return into
  for (const [field, value] of Object.entries(body)) {
    if (field === 'errorCode' && typeof value === 'number' && value !== 0) into.add(value)
    else if (typeof value === 'object') errorsIn(value, into)
  }
  return into
}

function nameOf(key: number): string {
  return apiByKey(key)?.name ?? `API ${key}`
}

/** What a message says; else, in words, why it cannot be read. */
function attempt(
  api: Api | undefined,
  read: (api: Api) => unknown,
): { readonly body: unknown; readonly trouble: string } {
  if (api === undefined) return { body: null, trouble: '' }
  try {
    return { body: read(api), trouble: '' }
  } catch (error) {
    return { body: null, trouble: `, unreadable: ${messageOf(error)}` }
  }
}
