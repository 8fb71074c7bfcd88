// Every bound of the request side in one place: name, default, and what a peer gets who reaches it. Kafka's own names
// are used where Kafka has one and then read from the node's configuration; the others are stricter than Kafka, where
// Kafka's default is "unlimited" (D12). Nothing here is per topic or per record: those bounds live with the log.

import type { NodeConfig } from '../config/index.ts'

export interface Limits {
  /** `socket.request.max.bytes`. A longer frame: the connection is closed when the length has arrived. */
  readonly requestBytes: number
  /** Until the first valid request has been seen. A longer frame: closed, as above. */
  readonly firstRequestBytes: number
  /** Until the first complete request. Later: closed. */
  readonly handshakeMs: number
  /** A frame that has begun must be whole within this, plus the time its bytes take at `frameBytesPerSecond`. Later: closed. */
  readonly frameMs: number
  readonly frameBytesPerSecond: number
  /** `connections.max.idle.ms`. No byte in either direction and nothing in progress for so long: closed. */
  readonly idleMs: number
  /** A connection that we have closed may still take its last answers for so long; then it is reset. */
  readonly lingerMs: number
  /** `max.connections`. One more: refused at once, by closing it. */
  readonly connections: number
  /** `max.connections.per.ip`. The same. */
  readonly connectionsPerAddress: number
  /** Requests of one connection that are in progress. Reached: no more is read from it until one is answered. */
  readonly inFlightRequests: number
  /** Bytes of whole requests of one connection that wait or are in progress. Reached: the same. */
  readonly inFlightBytes: number
  /** Request bytes held for all client connections together. Reached: they wait, in order, until bytes are released. */
  readonly clientBudgetBytes: number
  /** The same for inter-broker and controller listeners, which clients' requests must never block (D12). */
  readonly internalBudgetBytes: number
  /** Bytes of responses that one peer has not taken: whoever has that much waiting and gets one more is cut off. (Long
   *  before, as soon as the socket is full, none of its requests is begun and nothing is read from it.) */
  readonly outputBytes: number
  /** Unread responses of all connections of a class. Above it Fetch answers with little, and who has taken nothing for
   *  `outputStallMs` is cut off. */
  readonly outputBudgetBytes: number
  readonly outputStallMs: number
  /** One request of any API but Produce; array elements in one request are bounded by the wire. More: closed. */
  readonly controlRequestBytes: number
  /** Requests begun for one connection in one turn of the loop; the rest wait for the next turn. */
  readonly requestsPerTurn: number
  /** `fetch.max.bytes`: records in one answer to a consumer. */
  readonly fetchBytes: number
  /** What Fetch still answers with under output pressure, so that consumers go on. */
  readonly fetchBytesUnderPressure: number
  /** Longest wait of a Fetch; a longer one is cut to it. */
  readonly fetchWaitMs: number
  /** Produce and admin time-outs are cut to it. */
  readonly requestWaitMs: number
  /** How long a request for the active controller may take when it names no time-out itself. */
  readonly submitMs: number
  /** `max.incremental.fetch.session.cache.slots` (KIP-227). None free: the fetch is answered without a session. */
  readonly fetchSessions: number
  /** Partitions in one fetch session; more: no session. */
  readonly fetchSessionPartitions: number
  /** A session unused for so long may be taken by another. */
  readonly fetchSessionIdleMs: number
  /** Topics that one Metadata request may create. The rest: UNKNOWN_TOPIC_OR_PARTITION, and the client asks again. */
  readonly autoCreatedTopics: number
  /** Auto-creations in progress on this broker. Beyond: as above. */
  readonly autoCreationsInFlight: number
  /** `max.request.partition.size.limit`: partitions in one answer of DescribeTopicPartitions; the rest by cursor. */
  readonly describedPartitions: number
  /** Resources in one DescribeConfigs. More: INVALID_REQUEST for the rest. */
  readonly describedResources: number
  /** One encoded response without records. More: closed, with a line in the log. */
  readonly responseBytes: number
  /** Lines about single connections. More: counted, and the count is told with a later line. */
  readonly logLinesPerSecond: number
  /** Characters of a client id that handlers see. */
  readonly clientIdLength: number
}

const MIB = 2 ** 20

export const DEFAULT_LIMITS: Limits = {
  requestBytes: 100 * MIB,
  firstRequestBytes: 512 * 1024,
  handshakeMs: 10_000,
  frameMs: 30_000,
  frameBytesPerSecond: 16 * 1024,
  idleMs: 600_000,
  lingerMs: 5_000,
  connections: 10_000,
  connectionsPerAddress: 2_000,
  inFlightRequests: 128,
  inFlightBytes: 32 * MIB,
  clientBudgetBytes: 128 * MIB,
  internalBudgetBytes: 64 * MIB,
  outputBytes: 128 * MIB,
  outputBudgetBytes: 256 * MIB,
  outputStallMs: 30_000,
  controlRequestBytes: 8 * MIB,
  requestsPerTurn: 64,
  fetchBytes: 55 * MIB,
  fetchBytesUnderPressure: 64 * 1024,
  fetchWaitMs: 300_000,
  requestWaitMs: 600_000,
  submitMs: 30_000,
  fetchSessions: 1_000,
  fetchSessionPartitions: 100_000,
  fetchSessionIdleMs: 120_000,
  autoCreatedTopics: 100,
  autoCreationsInFlight: 1_000,
  describedPartitions: 2_000,
  describedResources: 10_000,
  responseBytes: 128 * MIB,
  logLinesPerSecond: 20,
  clientIdLength: 200,
}

/** The defaults with what the operator wrote. How many connections may be open he may change at any time: `Admission`. */
export function limitsOf(config: NodeConfig): Limits {
  return {
    ...DEFAULT_LIMITS,
    requestBytes: config.int('socket.request.max.bytes'),
    idleMs: config.long('connections.max.idle.ms'),
    fetchBytes: config.int('fetch.max.bytes'),
    fetchSessions: config.int('max.incremental.fetch.session.cache.slots'),
    describedPartitions: config.int('max.request.partition.size.limit'),
  }
}
