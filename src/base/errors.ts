// Three things are thrown, everything else is a value. `ProtocolError`: the peer is wrong, its connection is closed.
// `StorageError`: the disk is wrong, that log directory is given up. `Bug`: we are wrong, the node stops; the cluster
// is replicated. Kafka's error codes are never thrown: they are returned by name (see `wire/errors`).

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

export class StorageError extends Error {
  override readonly name = 'StorageError'
  /** What was being touched, as the operator knows it. */
  readonly path: string
  /** The operating system's name of the failure (`ENOSPC`, `EIO`, …), or `CORRUPT` for bytes that fail their checks. */
  readonly code: string
  constructor(path: string, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
    this.code = code
  }
}

/** Configuration or operator input that cannot be used; the message names the input and the remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export class Bug extends Error {
  override readonly name = 'Bug'
}

/** Holds in production too: a broken invariant stops the node before it can spread. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Bug(invariant)
}

/** The compiler's proof that a union was exhausted; at run time a value from nowhere is a bug. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable value ${JSON.stringify(value)}`)
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
