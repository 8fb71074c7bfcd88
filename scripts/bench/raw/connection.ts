// One connection that sends requests and awaits each answer, or sends frames that were built before and is called back for
// each. No retries, no pool: what it costs must be little beside what it measures.

import net from 'node:net'
import {
  type Api,
  apis,
  decodeResponse,
  encodeRequest,
  errorName,
  FrameParser,
  type Input,
  type Message,
  type MessageSchema,
} from '../../../src/wire/index.ts'

/** The highest that every system knows, the limit too. */
export const PRODUCE_VERSION = 12
const METADATA_VERSION = 12
const CREATE_TOPICS_VERSION = 7
/** After the size: key and version. */
const CORRELATION_AT = 8
const LARGEST_ANSWER = 64 << 20
/** Longer than a broker may wait for its replicas. */
const SILENCE_LIMIT_MS = 60_000
const CLIENT = 'bench'

export interface Address {
  readonly host: string
  readonly port: number
}

export class RawConnection {
  readonly #socket: net.Socket
  readonly #parser = new FrameParser(LARGEST_ANSWER)
  readonly #waiting: { readonly resolve: (frame: Uint8Array) => void; readonly reject: (error: Error) => void }[] = []
  #error: Error | null = null

  private constructor(socket: net.Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.#parser.push(chunk)
      for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) {
        this.#waiting.shift()?.resolve(frame)
      }
    })
    socket.on('error', (error) => this.#fail(error))
    socket.setTimeout(SILENCE_LIMIT_MS, () =>
      socket.destroy(new Error(`the broker said nothing for ${SILENCE_LIMIT_MS} ms`)),
    )
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')))
  }

  static open({ host, port }: Address): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new RawConnection(socket))
      })
    })
  }

  /** Sends a whole frame; resolves with its answer, without its size. Answers come in the order of requests. */
  send(frame: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error)
      this.#waiting.push({ resolve, reject })
      this.#socket.write(frame)
    })
  }

  async request<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    body: Input<Req>,
  ): Promise<Message<Res>> {
    const frame = Buffer.concat(encodeRequest(api, version, { correlationId: 0, clientId: CLIENT }, body))
    return decodeResponse(api, version, await this.send(frame)).body
  }

  close(): void {
    this.#socket.destroy()
  }

  #fail(error: Error): void {
    this.#error ??= error
    for (const each of this.#waiting.splice(0)) each.reject(this.#error)
  }
}

export function addresses(bootstrap: string): Address[] {
  return bootstrap.split(',').map((each) => {
    const colon = each.lastIndexOf(':')
    return { host: each.slice(0, colon), port: Number(each.slice(colon + 1)) }
  })
}

/** Where each partition's leader is; null while one has none. */
export async function leadersOf(connection: RawConnection, topic: string): Promise<readonly Address[] | null> {
  const { brokers, topics } = await connection.request(apis.Metadata, METADATA_VERSION, {
    topics: [{ name: topic }],
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  })
  const found = topics.find(({ name }) => name === topic)
  if (found === undefined || found.errorCode !== 0 || found.partitions.length === 0) return null
  const partitions = [...found.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)
  const leaders = partitions.map(({ errorCode, leaderId }) =>
    errorCode === 0 ? brokers.find(({ nodeId }) => nodeId === leaderId) : undefined,
  )
  return leaders.every((each) => each !== undefined) ? leaders : null
}

/** Three replicas, two of which must be in sync. A topic that is there already is left as it is. */
export async function createTopic(connection: RawConnection, topic: string, partitions: number): Promise<void> {
  const { topics } = await connection.request(apis.CreateTopics, CREATE_TOPICS_VERSION, {
    topics: [
      {
        name: topic,
        numPartitions: partitions,
        replicationFactor: 3,
        assignments: [],
        configs: [{ name: 'min.insync.replicas', value: '2' }],
      },
    ],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  const { errorCode, errorMessage } = topics[0]!
  const error = errorName(errorCode)
  if (error !== 'NONE' && error !== 'TOPIC_ALREADY_EXISTS') throw new Error(`topic ${topic}: ${error}, ${errorMessage}`)
}

/** A whole Produce request around one batch. */
export function produceFrame(topic: string, partition: number, acks: number, batch: Uint8Array): Buffer {
  const body = {
    transactionalId: null,
    acks,
    timeoutMs: 30_000,
    topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
  }
  const header = { correlationId: 0, clientId: CLIENT }
  return Buffer.concat(encodeRequest(apis.Produce, PRODUCE_VERSION, header, body))
}

/** The same frame sent again is another request. */
export function setCorrelationId(frame: Buffer, id: number): void {
  frame.writeInt32BE(id, CORRELATION_AT)
}

/** Throws what the broker answered instead of an offset. */
export function mustBeAcknowledged(answer: Uint8Array): void {
  const { body } = decodeResponse(apis.Produce, PRODUCE_VERSION, answer)
  for (const { partitionResponses } of body.responses) {
    for (const { index, errorCode, errorMessage } of partitionResponses) {
      if (errorCode !== 0) throw new Error(`partition ${index}: ${errorName(errorCode)}, ${errorMessage}`)
    }
  }
}
