// Where somebody may listen in on a simulated world: every port call, the bytes on every connection, every alarm that
// rings. A tap hears and does nothing: it draws no chance, schedules nothing, and a run with one has the same trace hash.
// Without one the world pays a look at a null.

import type { Endpoint } from '../base/index.ts'

/** Whose call it is: a life of a host's process. */
export interface TappedProcess {
  readonly name: string
  readonly incarnation: number
}

/** One end of a connection, from its owner's side. */
export interface TappedEnd {
  readonly host: string
  readonly peerHost: string
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly closed: boolean
}

/** Only the bytes, for a checker that reads what is said. */
export interface BytesTap {
  /** The owner of `end` has written these; they are borrowed. */
  wrote(at: number, end: TappedEnd, chunks: readonly Uint8Array[]): void
  /** The owner of `end` is given these; they are borrowed. */
  read(at: number, end: TappedEnd, bytes: Uint8Array): void
}

export interface Tap extends BytesTap {
  /** A port is called; times are microseconds of the world. */
  called(at: number, process: TappedProcess, operation: string): void
  /** What the call just heard is about: a path, an address, a size. May come more than once. */
  about(what: string | number): void
  rang(at: number, process: TappedProcess): void
  ended(at: number, process: TappedProcess): void
}
