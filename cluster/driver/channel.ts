// The way to the active controller: decided here when this node is it, else sent to its controller listener, and again
// to the next one when it says that it no longer is. Purposes have a connection each, so that a heartbeat never waits
// behind a request that waits for a commit.

import type { RaftDriver } from '../../raft/driver/index.ts'
import type { Endpoint, Instant, Timers, Uuid } from '../../src/base/index.ts'
import type { Client } from '../../src/quotas/index.ts'
import type { Api, Peer, Rpc, Software } from '../../src/rpc/index.ts'
import type { Input, Message, MessageSchema } from '../../src/wire/index.ts'
import { failedResponse, saysNotController } from './failures.ts'
import { forwardingSoftware } from './forwards.ts'

export type Purpose = 'heartbeat' | 'isr' | 'admin'

/** Pause before the next attempt when nothing tells that there is a new controller. */
const RETRY_MS = 50

/** `client`: on whose behalf; null for what this node asks for itself. */
export type LocalDecision = (
  api: Api,
  version: number,
  request: unknown,
  deadline: Instant,
  client: Client | null,
) => Promise<unknown>

export class ControllerChannel {
  readonly #rpc: Rpc
  readonly #raft: RaftDriver
  readonly #timers: Timers
  readonly #now: () => Instant
  readonly #decideHere: LocalDecision
  readonly #peers = new Map<Purpose, Peer>()
  /** Woken when the leader changes. */
  readonly #sleepers = new Set<() => void>()
  readonly #incarnation: () => Uuid
  /** Connections for forwarding that were opened so far. */
  #forwards = 0
  #stopped = false

  /** `incarnation`: this process's, once it has registered. */
  constructor(
    rpc: Rpc,
    raft: RaftDriver,
    timers: Timers,
    now: () => Instant,
    decideHere: LocalDecision,
    incarnation: () => Uuid,
  ) {
    this.#rpc = rpc
    this.#raft = raft
    this.#timers = timers
    this.#now = now
    this.#decideHere = decideHere
    this.#incarnation = incarnation
  }

  /** The active controller's answer, or one that says why there is none. Always by `deadline`. */
  async ask<Req extends MessageSchema, Res extends MessageSchema>(
    purpose: Purpose,
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    deadline: Instant,
    client: Client | null = null,
  ): Promise<Input<Res>> {
    for (;;) {
      const answer = await this.attempt(purpose, api, version, request, deadline, client)
      if (answer.kind === 'answer') return answer.body
      if (this.#stopped || !answer.retry || this.#now() >= deadline) {
        return failedResponse(api.name, request, answer.error, answer.message) as Input<Res>
      }
      await this.#pause(Math.min(RETRY_MS, deadline - this.#now()))
    }
  }

  /** One attempt. */
  async attempt<Req extends MessageSchema, Res extends MessageSchema>(
    purpose: Purpose,
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    deadline: Instant,
    client: Client | null = null,
  ): Promise<
    | { readonly kind: 'answer'; readonly body: Input<Res> }
    | {
        readonly kind: 'none'
        readonly retry: boolean
        readonly error: 'NOT_CONTROLLER' | 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_VERSION'
        readonly message: string
      }
  > {
    const none = (error: 'NOT_CONTROLLER' | 'REQUEST_TIMED_OUT' | 'UNSUPPORTED_VERSION', message: string) =>
      ({ kind: 'none', retry: error !== 'UNSUPPORTED_VERSION', error, message }) as const
    if (this.#stopped) return none('NOT_CONTROLLER', 'This node is shutting down.')
    if (this.#raft.isActiveLeader) {
      const body = (await this.#decideHere(api as unknown as Api, version, request, deadline, client)) as Input<Res>
      return saysNotController(body) ? none('NOT_CONTROLLER', 'The controller has moved.') : { kind: 'answer', body }
    }
    const { endpoint } = this.#raft.leader
    if (endpoint === null) return none('NOT_CONTROLLER', 'No active controller is known.')
    const timeoutMs = deadline - this.#now()
    if (timeoutMs <= 0) return none('REQUEST_TIMED_OUT', 'The active controller did not answer in time.')
    const result = await this.#peer(purpose, endpoint).send(api, request as unknown as Input<Req>, {
      timeoutMs,
      maxVersion: version,
      ...(client === null ? {} : { clientId: client.clientId }),
    })
    if (result.kind === 'ok') {
      const body = result.body as unknown as Input<Res>
      return saysNotController(body) ? none('NOT_CONTROLLER', 'The controller has moved.') : { kind: 'answer', body }
    }
    if (result.reason === 'unsupported-version') {
      return none('UNSUPPORTED_VERSION', `The active controller does not serve ${api.name} version ${version}.`)
    }
    return none('REQUEST_TIMED_OUT', 'The active controller did not answer in time.')
  }

  /** Another leader, or none: who waits asks again at once. What a former controller was asked is not waited for either:
   *  one that was stopped or cut off would keep the answer until the deadline. */
  leaderChanged(): void {
    const { leaderId, endpoint } = this.#raft.leader
    for (const [purpose, peer] of leaderId < 0 ? [] : [...this.#peers]) {
      if (peer.endpoint.host === endpoint?.host && peer.endpoint.port === endpoint.port) continue
      this.#peers.delete(purpose)
      peer.close()
    }
    const sleepers = [...this.#sleepers]
    this.#sleepers.clear()
    for (const wake of sleepers) wake()
  }

  stop(): void {
    this.#stopped = true
    for (const peer of this.#peers.values()) peer.close()
    this.#peers.clear()
    this.leaderChanged()
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel()
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = this.#timers.after(Math.max(ms, 0), wake)
      this.#sleepers.add(wake)
    })
  }

  #peer(purpose: Purpose, endpoint: Endpoint): Peer {
    const present = this.#peers.get(purpose)
    if (present?.endpoint.host === endpoint.host && present.endpoint.port === endpoint.port) return present
    present?.close()
    const forwarding = (): Software => forwardingSoftware(this.#incarnation(), ++this.#forwards)
    const peer = purpose === 'admin' ? this.#rpc.peer(endpoint, forwarding) : this.#rpc.peer(endpoint)
    this.#peers.set(purpose, peer)
    return peer
  }
}
