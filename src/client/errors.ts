// What a client call rejects with. Errors of single topics or partitions inside an answer are values instead.

import { type ErrorName, isRetriable } from '../wire/index.ts'

export class ClientError extends Error {
  override readonly name = 'ClientError'
  /** Kafka's name; REQUEST_TIMED_OUT and NETWORK_EXCEPTION also where no broker answered. */
  readonly error: ErrorName
  /** True where the request may have been carried out all the same. */
  readonly maybeApplied: boolean
  constructor(error: ErrorName, message: string, maybeApplied = false, options?: ErrorOptions) {
    super(`${error}: ${message}`, options)
    this.error = error
    this.maybeApplied = maybeApplied
  }

  /** It passes by itself, as Kafka's RetriableException: the same call may succeed later. */
  get retriable(): boolean {
    return isRetriable(this.error)
  }
}

/** The broker's log and our sequences no longer fit together. */
export const LOST_SEQUENCE: ReadonlySet<ErrorName> = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
])

/** With these the records may be in a log all the same: a leader says so of what it had appended before it lost its role. */
export const MAYBE_APPLIED: ReadonlySet<ErrorName> = new Set([
  'REQUEST_TIMED_OUT',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_LEADER_OR_FOLLOWER',
  'KAFKA_STORAGE_ERROR',
  'UNKNOWN_SERVER_ERROR',
])
