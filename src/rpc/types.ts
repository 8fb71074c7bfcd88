// The door of outgoing connections: one `Peer` per endpoint and purpose, correlation, time-outs, version negotiation by
// ApiVersions, back-off between connection attempts. Knows frames, not meanings.

import type { Endpoint, Instant } from '../base/index.ts'
import type { Api, Input, Message, MessageSchema } from '../wire/index.ts'

export type { Api } from '../wire/index.ts'

/** Why no answer came; the request may or may not have been carried out unless `sent` is false. */
export type RpcFailure =
  | {
      readonly kind: 'failed'
      readonly reason: 'disconnected' | 'timeout' | 'closed'
      readonly sent: boolean
      readonly error?: Error
    }
  | { readonly kind: 'failed'; readonly reason: 'unsupported-version'; readonly sent: false; readonly error?: Error }

export type RpcResult<Response extends MessageSchema> =
  | { readonly kind: 'ok'; readonly version: number; readonly body: Message<Response> }
  | RpcFailure

export interface SendOptions {
  /** From now until the answer; includes connecting. */
  readonly timeoutMs: number
  /** The highest version to use, when less than both sides' highest. */
  readonly maxVersion?: number
  /** Who asks, where it is on behalf of somebody else; default the connection's own. */
  readonly clientId?: string
}

export interface Peer {
  readonly endpoint: Endpoint
  /**
   * Connects when needed. Requests go out in call order on one connection and are answered in that order. A body that
   * depends on the version is given as a function, asked once the version is known. Never rejects, except with the
   * EncodeError of a body that no version could carry.
   *
   * A request that is not answered in time closes the connection, as in Kafka's clients: the answers behind it could not
   * be told from late ones. What is outstanding then fails as `disconnected`. A failed attempt to connect fails what
   * waits for it; what is sent during the pause after it waits for the next attempt.
   */
  send<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: SendOptions,
  ): Promise<RpcResult<Res>>
  /** For a request that has no answer (Produce with acks=0): `ok` once it is handed to the connection. */
  post<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: SendOptions,
  ): Promise<{ readonly kind: 'ok'; readonly version: number } | RpcFailure>
  /** The versions of an API that both sides have, or null: none, or not connected. */
  versionsOf(api: Api): { readonly min: number; readonly max: number } | null
  /** True while a connection is established and its versions are known. */
  readonly connected: boolean
  /** The instant before which no new connection attempt is made (exponential back-off with jitter). */
  readonly retryAt: Instant
  /** Fails what is outstanding with reason `closed`. */
  close(): void
}

export interface RpcOptions {
  readonly clientId: string
  /** First and largest pause between connection attempts, milliseconds. */
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  readonly connectTimeoutMs: number
  /** Largest response accepted, bytes. */
  readonly maxResponseBytes: number
}

/** What a connection's ApiVersions says of who asks (KIP-511). */
export interface Software {
  readonly clientSoftwareName: string
  readonly clientSoftwareVersion: string
}

export interface Rpc {
  /** A new connection of its own to this endpoint, opened at the first send. `software` is asked once for each
   *  connection; default this program's name and version. */
  peer(endpoint: Endpoint, software?: () => Software): Peer
  /** Closes every peer. */
  close(): void
}
