// The door of the request side: what main hands in, what it gets, and what a handler is given. Handlers hold no protocol
// state; who leads, what is committed and who may is decided behind the drivers' doors.

import type { ClusterDriver, RequestContext } from '../../cluster/driver/index.ts'
import type { RaftDriver } from '../../raft/driver/index.ts'
import type { ReplicationDriver } from '../../replication/driver/index.ts'
import type { Clock, Logger, Network, Random } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import type { GroupCoordinator } from '../coordinator/index.ts'
import type { ClientQuotas } from '../quotas/index.ts'
import type { Api, ErrorName, Input, Message, MessageSchema } from '../wire/index.ts'
import type { Limits } from './limits.ts'
import type { FetchSessions } from './sessions.ts'
import type { Throttle } from './throttle.ts'

/** The two kinds of listeners; their API tables differ. */
export type ListenerKind = 'broker' | 'controller'

export interface BrokerOptions {
  readonly ports: { readonly clock: Clock; readonly random: Random; readonly network: Network }
  readonly logger: Logger
  readonly config: NodeConfig
  readonly clusterId: string
  readonly cluster: ClusterDriver
  readonly raft: RaftDriver
  /** Null on a node that is a controller only. */
  readonly replication: ReplicationDriver | null
  /** Null on a node that is a controller only. */
  readonly groups: Groups | null
  /** What this node can do, as it registers it (`metadata.version`, `kraft.version`, …); ApiVersions tells clients. */
  readonly supportedFeatures: ReadonlyMap<string, { readonly min: number; readonly max: number }>
  /** A broken invariant surfaced in a handler: the node must stop. */
  readonly onFatal: (error: Error) => void
  /** Replaces some of the limits, for tests and embedding. */
  readonly limits?: Partial<Limits>
}

/** What the request side knows of the group coordinator. */
export type Groups = Pick<GroupCoordinator, 'ask' | 'partitions'>

export interface ServedListener {
  readonly name: string
  readonly kind: ListenerKind
  /** As bound: the real port where 0 was asked for. */
  readonly host: string
  readonly port: number
}

export interface BrokerView {
  readonly connections: number
  readonly clientBytesHeld: number
  readonly internalBytesHeld: number
  readonly unsentBytes: number
  readonly fetchSessions: number
}

export interface Broker {
  /** Binds this node's listeners of one kind and serves them; those for brokers turn connections away until the image holds
   *  this broker's registration, for which the ports must be known first. Rejects with the operating system's code in `error.code`
   *  and the listener in the message; then none of that kind is bound. */
  listen(kind: ListenerKind): Promise<readonly ServedListener[]>
  readonly listeners: readonly ServedListener[]
  /** A request without a socket: through header, table, authorizer, handler and both codecs, as from `listener`. */
  inject<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Input<Req>,
    options?: InjectOptions,
  ): Promise<Injected<Res>>
  observe(): BrokerView
  /** Stops accepting, answers what is in progress for at most `graceMs`, then closes every connection. Idempotent. */
  close(graceMs?: number): Promise<void>
}

export interface InjectOptions {
  /** Name of the listener; the first of the node's broker listeners (controller listeners on a controller) when left out. */
  readonly listener?: string
  readonly clientId?: string
}

export type Injected<Res extends MessageSchema> =
  | { readonly kind: 'respond'; readonly body: Message<Res> }
  /** Produce with acks=0. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'close'; readonly reason: string }

/** What handlers may use. One a broker. */
export interface Services {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly config: NodeConfig
  readonly clusterId: string
  readonly cluster: ClusterDriver
  readonly raft: RaftDriver
  readonly replication: ReplicationDriver | null
  readonly groups: Groups | null
  readonly supportedFeatures: ReadonlyMap<string, { readonly min: number; readonly max: number }>
  readonly limits: Limits
  readonly sessions: FetchSessions
  readonly quotas: ClientQuotas
  /** Names of topics that are being created because somebody asked for them. */
  readonly creations: Set<string>
  /** ApiVersions of a kind of listener, derived from the table. */
  readonly advertised: (kind: ListenerKind) => readonly { apiKey: number; minVersion: number; maxVersion: number }[]
  /** Bytes of records that a Fetch may answer with now, given how much output is unread. */
  readonly fetchAllowance: (listener: ListenerRole) => number
}

export interface ListenerRole {
  readonly name: string
  readonly kind: ListenerKind
  /** Inter-broker requests and replica fetches are accepted here. */
  readonly clusterActions: boolean
  /** Counts against the internal budgets: a controller listener, or an inter-broker listener of its own. */
  readonly internal: boolean
}

/** One request in progress, as its handler sees it. */
export interface Call {
  readonly version: number
  readonly context: RequestContext
  readonly listener: ListenerRole
  /** The identity of the connection that it came by. */
  readonly connection: object
  readonly services: Services
  /** Bytes of the request. */
  readonly size: number
  /** What the client is charged for this request. */
  readonly throttle: Throttle
  /** Called once if the connection goes away before the answer; what waits is cancelled by it. */
  onCancel(cancel: () => void): void
}

/** An interface, so that the compiler can tell which response `respond` is for. */
export interface Respond<Res extends MessageSchema> {
  readonly kind: 'respond'
  readonly body: Input<Res>
}

/** A handler's answer; `silent` and `close` are Produce's with acks=0, and of what has no error field. */
export type Reply<Res extends MessageSchema> =
  | Respond<Res>
  | { readonly kind: 'silent' }
  | { readonly kind: 'close'; readonly reason: string }

export type Handler<Req extends MessageSchema, Res extends MessageSchema> = (
  request: Message<Req>,
  call: Call,
) => Reply<Res> | Promise<Reply<Res>>

/** The whole request answered with one error. */
export type Refuse<Req extends MessageSchema, Res extends MessageSchema> = (
  request: Message<Req>,
  error: ErrorName,
  version: number,
) => Input<Res>

/** A reply as bytes. The connection is not read from for `muteMs`. */
export type Outcome =
  | { readonly kind: 'respond'; readonly chunks: readonly Uint8Array[]; readonly muteMs: number }
  | { readonly kind: 'silent'; readonly muteMs: number }
  | { readonly kind: 'close'; readonly reason: string }

export function respond<Res extends MessageSchema>(body: Input<Res>): Respond<Res> {
  return { kind: 'respond', body }
}
