// What a client call rejects with. Errors of single topics or partitions inside an answer are values instead.

import type { ErrorName } from '../wire/index.ts'

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
}
