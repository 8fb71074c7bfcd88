// Assembles the request side of a node: listeners, the registry of connections with their counts and budgets, one sweep
// a second for every time-out, and the dispatcher. Closing order: stop accepting, answer what is in progress, close.

import type { Endpoint, Instant, Listener } from '../base/index.ts'
import { assert, Timers } from '../base/index.ts'
import type { ListenerConfig } from '../config/index.ts'
import { ClientQuotas } from '../quotas/index.ts'
import type { Api, Input, MessageSchema } from '../wire/index.ts'
import { decodeResponse, encodeRequest } from '../wire/index.ts'
import { Admission } from './admission.ts'
import { type ApiTables, apiTables } from './apis.ts'
import { ByteBudget } from './budget.ts'
import { type ConnectionHost, PeerConnection } from './connection.ts'
import { Dispatcher, type Origin } from './dispatch.ts'
import { type Limits, limitsOf } from './limits.ts'
import { QuietLogger } from './quiet-logger.ts'
import { addressOf } from './sanitize.ts'
import { FetchSessions } from './sessions.ts'
import type {
  Broker,
  BrokerOptions,
  BrokerView,
  Injected,
  InjectOptions,
  ListenerKind,
  ListenerRole,
  ServedListener,
  Services,
} from './types.ts'

const SWEEP_MS = 1_000
const LOOPBACK = '127.0.0.1'

export function createBroker(options: BrokerOptions): Broker {
  return new RequestSide(options)
}

interface Served {
  readonly listener: ServedListener
  readonly socket: Listener
}

class RequestSide implements Broker {
  readonly #options: BrokerOptions
  readonly #limits: Limits
  readonly #logger: QuietLogger
  readonly #tables: ApiTables = apiTables()
  readonly #services: Services
  readonly #dispatcher: Dispatcher
  readonly #timers: Timers
  readonly #budgets: { readonly client: ByteBudget; readonly internal: ByteBudget }
  readonly #connections = new Set<PeerConnection>()
  readonly #admission: Admission
  readonly #served: Served[] = []
  /** Unread output of each class at the last sweep. */
  #unsent = { client: 0, internal: 0 }
  readonly #internal = new WeakSet<PeerConnection>()
  #sweeping = false
  #caughtUp = false
  #turn: PeerConnection[] = []
  #closing: Promise<void> | null = null
  #drained: (() => void) | null = null

  constructor(options: BrokerOptions) {
    const { ports, config } = options
    this.#options = options
    this.#limits = { ...limitsOf(config), ...options.limits }
    this.#timers = new Timers(ports.clock)
    this.#logger = new QuietLogger(options.logger, ports.clock, this.#limits.logLinesPerSecond)
    const { clientBudgetBytes, internalBudgetBytes } = this.#limits
    this.#budgets = { client: new ByteBudget(clientBudgetBytes), internal: new ByteBudget(internalBudgetBytes) }
    this.#admission = new Admission(config, this.#limits, ports.clock, () => options.cluster.image)
    this.#services = this.#makeServices()
    this.#dispatcher = new Dispatcher(this.#services, this.#tables, options.onFatal)
  }

  get listeners(): readonly ServedListener[] {
    return this.#served.map(({ listener }) => listener)
  }

  async listen(kind: ListenerKind): Promise<readonly ServedListener[]> {
    const bound: Served[] = []
    try {
      for (const listener of this.#configured(kind)) {
        const role = this.#roleOf(listener, kind)
        const at: Endpoint = { host: listener.host, port: listener.port }
        const socket = await this.#options.ports.network.listen(at, (connection) => this.#accept(connection, role))
        const served = { name: listener.name, kind, host: listener.host, port: socket.endpoint.port }
        bound.push({ listener: served, socket })
      }
    } catch (error) {
      await Promise.all(bound.map(({ socket }) => socket.close()))
      throw error
    }
    this.#served.push(...bound)
    if (kind === 'broker') this.#warnIfShared()
    return bound.map(({ listener }) => listener)
  }

  async inject<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Input<Req>,
    options: InjectOptions = {},
  ): Promise<Injected<Res>> {
    const { isBroker } = this.#options.config
    const kinds: readonly ListenerKind[] = isBroker ? ['broker', 'controller'] : ['controller']
    const roles = kinds.flatMap((kind) => this.#configured(kind).map((listener) => this.#roleOf(listener, kind)))
    const role = roles.find(({ name }) => options.listener === undefined || name === options.listener)
    assert(role !== undefined, `no listener ${options.listener}`)
    const header = { correlationId: 1, clientId: options.clientId ?? 'inject' }
    const frame = joined(encodeRequest(api, version, header, request)).subarray(4)
    const outcome = await this.#dispatcher.begin(frame, { listener: role, clientAddress: LOOPBACK }).outcome
    if (outcome.kind === 'silent') return { kind: 'silent' }
    if (outcome.kind === 'close') return outcome
    const { body } = decodeResponse(api, version, joined(outcome.chunks).subarray(4))
    return { kind: 'respond', body }
  }

  observe(): BrokerView {
    let unsentBytes = 0
    for (const connection of this.#connections) unsentBytes += connection.unsent
    return {
      connections: this.#connections.size,
      clientBytesHeld: this.#budgets.client.used,
      internalBytesHeld: this.#budgets.internal.used,
      unsentBytes,
      fetchSessions: this.#services.sessions.size,
    }
  }

  close(graceMs = 2_000): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    await Promise.all(this.#served.map(({ socket }) => socket.close()))
    for (const connection of [...this.#connections]) connection.drain()
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
        this.#timers.after(graceMs, resolve)
      })
    }
    for (const connection of [...this.#connections]) connection.destroy()
    this.#timers.clear()
  }

  #makeServices(): Services {
    const { ports, config, clusterId, cluster, raft, replication, groups, supportedFeatures } = this.#options
    const rowsOf = (kind: ListenerKind): readonly { apiKey: number; minVersion: number; maxVersion: number }[] =>
      [...this.#tables[kind].values()]
        .map(({ key, advertisedMin, max }) => ({ apiKey: key, minVersion: advertisedMin, maxVersion: max }))
        .sort((a, b) => a.apiKey - b.apiKey)
    const rows = { broker: rowsOf('broker'), controller: rowsOf('controller') }
    return {
      clock: ports.clock,
      random: ports.random,
      logger: this.#options.logger,
      config,
      clusterId,
      cluster,
      raft,
      replication,
      groups,
      supportedFeatures,
      limits: this.#limits,
      sessions: new FetchSessions(this.#limits, ports.random),
      quotas: new ClientQuotas({
        count: config.int('quota.window.num'),
        ms: config.int('quota.window.size.seconds') * 1000,
      }),
      creations: new Set(),
      advertised: (kind) => rows[kind],
      fetchAllowance: (listener) => this.#fetchAllowance(listener),
    }
  }

  #configured(kind: ListenerKind): ListenerConfig[] {
    const { config } = this.#options
    if (kind === 'controller' && !config.isController) return []
    if (kind === 'broker' && !config.isBroker) return []
    return config.listeners.filter(
      ({ name }) => config.controllerListenerNames.includes(name) === (kind === 'controller'),
    )
  }

  /** Brokers have a listener of their own where clients have another (D12). */
  #roleOf(listener: ListenerConfig, kind: ListenerKind): ListenerRole {
    const { name } = listener
    if (kind === 'controller') return { name, kind, clusterActions: true, internal: true }
    const { config } = this.#options
    const others = config.list('odradek.broker.listener.names').map((each) => each.toUpperCase())
    const interBroker = name === config.interBrokerListenerName || others.includes(name)
    return { name, kind, clusterActions: interBroker, internal: interBroker && this.#configured('broker').length > 1 }
  }

  #warnIfShared(): void {
    const brokers = this.#configured('broker')
    if (brokers.length !== 1) return
    this.#options.logger.warn(
      { listener: brokers[0]!.name },
      'clients and brokers share one listener: anyone who reaches it may act as a broker; give brokers one of their own by inter.broker.listener.name',
    )
  }

  #accept(
    socket: Parameters<Parameters<BrokerOptions['ports']['network']['listen']>[1]>[0],
    role: ListenerRole,
  ): PeerConnection {
    const clientAddress = addressOf(socket.remote.host)
    const origin: Origin = { listener: role, clientAddress }
    const connection = new PeerConnection(this.#hostFor(role), socket, origin)
    this.#connections.add(connection)
    if (role.internal) this.#internal.add(connection)
    const verdict = this.#admission.arrived(clientAddress, role.internal)
    if (verdict.kind === 'refused') {
      this.#logger.info({ client: clientAddress, listener: role.name }, `connection refused: ${verdict.reason}`)
      connection.destroy()
    } else if (this.#closing !== null || (role.kind === 'broker' && !this.#isCaughtUp())) connection.destroy()
    else if (verdict.kind === 'stalled') connection.condemn(verdict.delayMs)
    else if (verdict.delayMs > 0) connection.mute(verdict.delayMs)
    this.#startSweeping()
    return connection
  }

  /**
   * Whether the image holds this broker's own registration, and so everything committed before it. Until then it would
   * deny topics that exist; whoever comes is turned away, as Kafka does by not listening, and tries another broker.
   */
  #isCaughtUp(): boolean {
    const { cluster, config } = this.#options
    const { brokerEpoch } = cluster
    this.#caughtUp ||= brokerEpoch >= 0 && cluster.image.brokers.get(config.nodeId)?.epoch === brokerEpoch
    return this.#caughtUp
  }

  #hostFor(role: ListenerRole): ConnectionHost {
    return {
      limits: this.#limits,
      budget: role.internal ? this.#budgets.internal : this.#budgets.client,
      logger: this.#logger,
      now: () => this.#options.ports.clock.monotonic(),
      isPipelined: (frame) => this.#dispatcher.isPipelined(frame, role.kind),
      begin: (frame, origin) => this.#dispatcher.begin(frame, origin),
      nextTurn: (connection) => this.#nextTurn(connection),
      unmuteAt: (at, connection) => this.#timers.at(at, () => connection.unmute()),
      gone: (connection) => this.#gone(connection),
    }
  }

  #nextTurn(connection: PeerConnection): void {
    this.#turn.push(connection)
    if (this.#turn.length > 1) return
    this.#timers.after(0, () => {
      const turn = this.#turn
      this.#turn = []
      for (const each of turn) each.resume()
    })
  }

  #gone(connection: PeerConnection): void {
    if (!this.#connections.delete(connection)) return
    this.#admission.left(connection.address)
    if (this.#connections.size === 0) this.#drained?.()
  }

  #startSweeping(): void {
    if (this.#sweeping) return
    this.#sweeping = true
    this.#timers.after(SWEEP_MS, () => this.#sweep())
  }

  #sweep(): void {
    const now: Instant = this.#options.ports.clock.monotonic()
    const unsent = { client: 0, internal: 0 }
    for (const connection of this.#connections) unsent[this.#classOf(connection)] += connection.unsent
    this.#unsent = unsent
    for (const connection of [...this.#connections]) {
      connection.sweep(now, unsent[this.#classOf(connection)] > this.#limits.outputBudgetBytes)
    }
    this.#budgets.client.tick()
    this.#budgets.internal.tick()
    this.#sweeping = false
    if (this.#connections.size > 0) this.#startSweeping()
  }

  #classOf(connection: PeerConnection): 'client' | 'internal' {
    return this.#internal.has(connection) ? 'internal' : 'client'
  }

  #fetchAllowance(listener: ListenerRole): number {
    const { outputBudgetBytes, fetchBytes, fetchBytesUnderPressure } = this.#limits
    const left = outputBudgetBytes - this.#unsent[listener.internal ? 'internal' : 'client']
    return Math.max(Math.min(left, fetchBytes), fetchBytesUnderPressure)
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
