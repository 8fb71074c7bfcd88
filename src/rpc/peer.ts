// One outgoing connection at a time to one endpoint, as an automaton:
//
//   state        on                              becomes
//   idle         send, back-off over             connecting
//   connecting   connected                       negotiating (ApiVersions sent)
//   negotiating  versions known                  ready: what waited goes out, in call order
//   any of these connection lost, time-out,
//                malformed answer                idle, with a longer back-off; what was outstanding fails
//   ready        (first answer)                  back-off forgotten
//   any          close                           closed
//
// Invariant: `#inFlight` holds exactly the requests written and not answered, in the order they were written; answers
// come in that order or the connection is closed.

import type {
  Clock,
  Connection,
  ConnectionEvents,
  Endpoint,
  Instant,
  Network,
  Random,
  Timer,
  Timers,
} from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import type { Api, Input, MessageSchema } from '../wire/index.ts'
import {
  apis,
  correlationIdOf,
  decodeResponse,
  EncodeError,
  encodeRequest,
  errorCode,
  FrameParser,
  readInt16,
} from '../wire/index.ts'
import { backoffMs } from './backoff.ts'
import type { ServedVersions, VersionRange } from './negotiation.ts'
import { commonVersions, servedVersions } from './negotiation.ts'
import type { Peer, RpcFailure, RpcOptions, RpcResult, SendOptions, Software } from './types.ts'

interface PeerPorts {
  readonly network: Network
  readonly clock: Clock
  readonly random: Random
  readonly timers: Timers
}

interface Pending {
  readonly api: Api
  readonly body: unknown
  readonly maxVersion: number | undefined
  readonly clientId: string
  readonly answered: boolean
  readonly timer: Timer
  correlationId: number
  version: number
  readonly settle: (result: { kind: 'ok'; version: number; body?: unknown } | RpcFailure) => void
  readonly reject: (error: Error) => void
}

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'connecting'; readonly link: Link; readonly timer: Timer }
  | { readonly kind: 'negotiating'; readonly link: Link; readonly timer: Timer; version: number; correlationId: number }
  | { readonly kind: 'ready'; readonly link: Link; readonly served: ServedVersions }
  | { readonly kind: 'closed' }

interface Link {
  readonly connection: Connection
  readonly parser: FrameParser
  /** False between a `write` that answered false and `drained`. */
  writable: boolean
}

/** ApiVersions versions tried, one after the other (KIP-511). */
const FIRST_VERSION = 3
const FALLBACK_VERSION = 0
const LAST_CORRELATION_ID = 0x7fffffff

type PeerOptions = RpcOptions & { readonly software: () => Software }

export class OutgoingPeer implements Peer {
  readonly endpoint: Endpoint
  readonly #ports: PeerPorts
  readonly #options: PeerOptions
  readonly #forget: () => void
  #state: State = { kind: 'idle' }
  #failures = 0
  #retryAt: Instant = Number.NEGATIVE_INFINITY
  #retryTimer: Timer | null = null
  #waiting: Pending[] = []
  #inFlight: Pending[] = []
  #nextCorrelationId = 0

  constructor(endpoint: Endpoint, ports: PeerPorts, options: PeerOptions, forget: () => void) {
    this.endpoint = endpoint
    this.#ports = ports
    this.#options = options
    this.#forget = forget
  }

  get connected(): boolean {
    return this.#state.kind === 'ready'
  }

  get retryAt(): Instant {
    return this.#retryAt
  }

  versionsOf(api: Api): VersionRange | null {
    return this.#state.kind === 'ready' ? commonVersions(api, this.#state.served) : null
  }

  send<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: SendOptions,
  ): Promise<RpcResult<Res>> {
    return this.#enqueue(api, body, options, true) as Promise<RpcResult<Res>>
  }

  post<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: SendOptions,
  ): Promise<{ readonly kind: 'ok'; readonly version: number } | RpcFailure> {
    return this.#enqueue(api, body, options, false)
  }

  close(): void {
    if (this.#state.kind === 'closed') return
    const link = linkOf(this.#state)
    this.#stopTimer()
    this.#state = { kind: 'closed' }
    link?.connection.destroy()
    this.#retryTimer?.cancel()
    this.#failAll('closed')
    this.#forget()
  }

  #enqueue(
    api: Api,
    body: unknown,
    options: SendOptions,
    answered: boolean,
  ): Promise<{ kind: 'ok'; version: number; body?: unknown } | RpcFailure> {
    return new Promise((resolve, reject) => {
      if (this.#state.kind === 'closed') {
        resolve({ kind: 'failed', reason: 'closed', sent: false })
        return
      }
      const pending: Pending = {
        api,
        body,
        maxVersion: options.maxVersion,
        clientId: options.clientId ?? this.#options.clientId,
        answered,
        timer: this.#ports.timers.after(options.timeoutMs, () => this.#timedOut(pending)),
        correlationId: -1,
        version: -1,
        settle: resolve,
        reject,
      }
      this.#waiting.push(pending)
      this.#advance()
    })
  }

  /** Does what the state allows: connects, or writes what waits. */
  #advance(): void {
    const state = this.#state
    if (state.kind === 'ready') this.#flush(state.link, state.served)
    else if (state.kind === 'idle' && this.#waiting.length > 0) this.#connectOrWait()
  }

  #connectOrWait(): void {
    if (this.#ports.clock.monotonic() >= this.#retryAt) this.#connect()
    else if (this.#retryTimer === null) {
      this.#retryTimer = this.#ports.timers.at(this.#retryAt, () => {
        this.#retryTimer = null
        this.#advance()
      })
    }
  }

  #connect(): void {
    const events: ConnectionEvents = {
      connected: () => this.#isCurrent(link) && this.#negotiate(link, FIRST_VERSION),
      data: (chunk) => this.#isCurrent(link) && this.#received(link, chunk),
      space: () => link.parser.space(),
      drained: () => {
        link.writable = true
        if (this.#isCurrent(link)) this.#advance()
      },
      closed: (error) => this.#isCurrent(link) && this.#lost(error),
    }
    const link: Link = {
      connection: this.#ports.network.connect(this.endpoint, events),
      parser: new FrameParser(this.#options.maxResponseBytes),
      writable: true,
    }
    const timer = this.#ports.timers.after(this.#options.connectTimeoutMs, () =>
      this.#lost(new Error(`no connection within ${this.#options.connectTimeoutMs} ms`)),
    )
    this.#state = { kind: 'connecting', link, timer }
  }

  #negotiate(link: Link, version: number): void {
    const state = this.#state
    if (state.kind !== 'connecting' && state.kind !== 'negotiating') return
    const correlationId = this.#takeCorrelationId()
    this.#state = { kind: 'negotiating', link, timer: state.timer, version, correlationId }
    const body = version === FALLBACK_VERSION ? {} : this.#options.software()
    const header = { correlationId, clientId: this.#options.clientId }
    link.writable = link.connection.write(encodeRequest(apis.ApiVersions, version, header, body))
  }

  #received(link: Link, chunk: Uint8Array): void {
    try {
      link.parser.push(chunk)
      for (let frame = link.parser.next(); frame !== null; frame = link.parser.next()) {
        if (!this.#isCurrent(link)) return
        const state = this.#state
        if (state.kind === 'negotiating') this.#negotiated(link, state.version, state.correlationId, state.timer, frame)
        else this.#answered(frame)
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      if (this.#isCurrent(link)) this.#lost(error)
    }
  }

  #negotiated(link: Link, version: number, correlationId: number, timer: Timer, frame: Uint8Array): void {
    if (correlationIdOf(frame) !== correlationId) throw new ProtocolError('an answer to no request')
    // A server that does not know our version answers in version 0, whose error code lies at the same place.
    const refused = apiVersionsError(frame)
    if (refused === errorCode('UNSUPPORTED_VERSION') && version !== FALLBACK_VERSION) {
      this.#negotiate(link, FALLBACK_VERSION)
      return
    }
    if (refused !== 0) throw new ProtocolError(`ApiVersions is refused with error ${refused}`)
    const { body } = decodeResponse(apis.ApiVersions, version, frame)
    timer.cancel()
    this.#failures = 0
    this.#retryAt = Number.NEGATIVE_INFINITY
    this.#state = { kind: 'ready', link, served: servedVersions(body) }
    this.#advance()
  }

  #answered(frame: Uint8Array): void {
    const pending = this.#inFlight[0]
    if (pending === undefined) throw new ProtocolError('an answer to no request')
    const correlationId = correlationIdOf(frame)
    if (correlationId !== pending.correlationId) {
      throw new ProtocolError(`an answer to request ${correlationId} instead of ${pending.correlationId}`)
    }
    const { body } = decodeResponse(pending.api, pending.version, frame)
    this.#inFlight.shift()
    pending.timer.cancel()
    pending.settle({ kind: 'ok', version: pending.version, body })
  }

  #flush(link: Link, served: ServedVersions): void {
    let taken = 0
    while (taken < this.#waiting.length && link.writable) this.#write(link, served, this.#waiting[taken++]!)
    if (taken > 0) this.#waiting.splice(0, taken)
  }

  #write(link: Link, served: ServedVersions, pending: Pending): void {
    const range = commonVersions(pending.api, served, pending.maxVersion)
    if (range === null) {
      pending.timer.cancel()
      pending.settle({ kind: 'failed', reason: 'unsupported-version', sent: false })
      return
    }
    const correlationId = this.#takeCorrelationId()
    let chunks: Uint8Array[]
    try {
      const body = typeof pending.body === 'function' ? pending.body(range.max) : pending.body
      const header = { correlationId, clientId: pending.clientId }
      chunks = encodeRequest(pending.api, range.max, header, body as Input<MessageSchema>)
    } catch (error) {
      pending.timer.cancel()
      if (error instanceof EncodeError && error.reason === 'unsupported-version') {
        pending.settle({ kind: 'failed', reason: 'unsupported-version', sent: false, error })
      } else {
        pending.reject(error instanceof Error ? error : new Error(String(error)))
      }
      return
    }
    pending.correlationId = correlationId
    pending.version = range.max
    if (pending.answered) this.#inFlight.push(pending)
    link.writable = link.connection.write(chunks)
    if (!pending.answered) {
      pending.timer.cancel()
      pending.settle({ kind: 'ok', version: range.max })
    }
  }

  #timedOut(pending: Pending): void {
    const waiting = this.#waiting.indexOf(pending)
    if (waiting >= 0) {
      this.#waiting.splice(waiting, 1)
      pending.settle({ kind: 'failed', reason: 'timeout', sent: false })
      return
    }
    this.#inFlight.splice(this.#inFlight.indexOf(pending), 1)
    pending.settle({ kind: 'failed', reason: 'timeout', sent: true })
    this.#lost(new Error(`${pending.api.name} was not answered in time`))
  }

  /** The connection is gone, or no longer to be trusted. */
  #lost(error: Error | undefined): void {
    const link = linkOf(this.#state)
    const wasReady = this.#state.kind === 'ready'
    this.#stopTimer()
    this.#state = { kind: 'idle' }
    link?.connection.destroy()
    this.#failures++
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = this.#options
    const pause = backoffMs(this.#failures, reconnectBackoffMs, reconnectBackoffMaxMs, this.#ports.random)
    this.#retryAt = this.#ports.clock.monotonic() + pause
    if (wasReady) {
      this.#fail(this.#inFlight.splice(0), 'disconnected', true, error)
      // What had not been written yet is as good as new: it goes out on the next connection.
      this.#advance()
    } else {
      this.#failAll('disconnected', error)
    }
  }

  #failAll(reason: 'disconnected' | 'closed', error?: Error): void {
    this.#fail(this.#inFlight.splice(0), reason, true, error)
    this.#fail(this.#waiting.splice(0), reason, false, error)
  }

  #fail(failed: readonly Pending[], reason: 'disconnected' | 'closed', sent: boolean, error: Error | undefined): void {
    for (const pending of failed) {
      pending.timer.cancel()
      pending.settle({ kind: 'failed', reason, sent, ...(error === undefined ? {} : { error }) })
    }
  }

  #isCurrent(link: Link): boolean {
    return linkOf(this.#state) === link
  }

  #stopTimer(): void {
    if (this.#state.kind === 'connecting' || this.#state.kind === 'negotiating') this.#state.timer.cancel()
  }

  #takeCorrelationId(): number {
    const id = this.#nextCorrelationId
    this.#nextCorrelationId = id === LAST_CORRELATION_ID ? 0 : id + 1
    return id
  }
}

function linkOf(state: State): Link | null {
  return state.kind === 'idle' || state.kind === 'closed' ? null : state.link
}

/** The error code of an ApiVersions answer, which lies first in every version. */
function apiVersionsError(frame: Uint8Array): number {
  if (frame.length < 6) throw new ProtocolError('an ApiVersions answer without an error code')
  return readInt16(frame, 4)
}
