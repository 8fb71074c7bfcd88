// Runs the membership of this broker: its effects to requests, their answers to events, its deadline to one alarm.

import type { Alarm, BrokerEpoch, Instant, Logger, Ports, Uuid } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type { BrokerHeartbeatRequest, BrokerRegistrationRequest } from '../../src/wire/index.ts'
import { apis, errorName } from '../../src/wire/index.ts'
import type { Membership, MembershipEffect, MembershipEvent } from '../membership/index.ts'
import { deadline, newMembership, step } from '../membership/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { metadataVersion, supportedFeatures, supportsDirectories } from '../metadata/index.ts'
import type { ControllerChannel } from './channel.ts'
import type { BrokerRegistration, BrokerState } from './types.ts'

export interface BrokerLifeOptions {
  readonly ports: Pick<Ports, 'clock' | 'random'>
  readonly config: NodeConfig
  readonly clusterId: string
  readonly channel: ControllerChannel
  readonly logger: Logger
  readonly registration: BrokerRegistration
  readonly image: () => MetadataImage
  readonly ready: () => boolean
  readonly offlineDirectories: () => readonly Uuid[]
  readonly cordonedDirectories: () => readonly Uuid[]
  /** After each change of state. */
  readonly onState: () => void
  readonly onFatal: (error: Error) => void
}

export class BrokerLife {
  readonly #options: BrokerLifeOptions
  readonly #membership: Membership
  readonly #alarm: Alarm
  readonly #stopped: Promise<void>
  #tellStopped: () => void = () => {}
  #refusedWith: string | null = null

  constructor(options: BrokerLifeOptions) {
    this.#options = options
    const { config } = options
    this.#membership = newMembership({
      heartbeatIntervalMs: config.int('broker.heartbeat.interval.ms'),
      sessionTimeoutMs: config.int('broker.session.timeout.ms'),
      registrationTimeoutMs: config.int('initial.broker.registration.timeout.ms'),
    })
    this.#alarm = options.ports.clock.alarm(() => this.#tick())
    this.#stopped = new Promise((resolve) => {
      this.#tellStopped = resolve
    })
  }

  get brokerEpoch(): BrokerEpoch {
    return this.#membership.brokerEpoch
  }

  get state(): BrokerState {
    switch (this.#membership.state) {
      case 'starting':
      case 'registering':
        return this.#membership.brokerEpoch < 0 ? 'starting' : 'fenced'
      case 'controlled-shutdown':
        return 'pending-controlled-shutdown'
      default:
        return this.#membership.state
    }
  }

  /** Resolves when the life is over, however it ended. */
  get stopped(): Promise<void> {
    return this.#stopped
  }

  start(): void {
    this.#send({ kind: 'start' })
    this.#tick()
  }

  /** Asks the controller for a way out. */
  shutDown(): void {
    this.#send({ kind: 'shutdown' })
  }

  stop(): void {
    this.#send({ kind: 'stop' })
  }

  /** There is news for the controller, or another controller: the next heartbeat goes out now. */
  hurry(): void {
    this.#send({ kind: 'hurry' })
  }

  #tick(): void {
    this.#send({ kind: 'tick', ready: this.#options.ready() })
  }

  #send(event: MembershipEvent): void {
    const effects = step(this.#membership, event, this.#options.ports.clock.monotonic())
    for (const effect of effects) this.#run(effect)
    const at = deadline(this.#membership)
    if (at === null) this.#alarm.clear()
    else this.#alarm.set(at)
  }

  #run(effect: MembershipEffect): void {
    const { logger, onFatal } = this.#options
    switch (effect.kind) {
      case 'register':
        void this.#register()
        return
      case 'heartbeat':
        void this.#heartbeat(effect.wantFence, effect.wantShutDown)
        return
      case 'became':
        logger.info({ state: effect.state, brokerEpoch: this.brokerEpoch }, 'Broker state')
        if (effect.state === 'stopped') this.#tellStopped()
        this.#options.onState()
        return
      case 'give-up':
        onFatal(new Error(`This broker cannot join the cluster: ${effect.reason}.`))
    }
  }

  async #register(): Promise<void> {
    const answer = await this.#askToRegister()
    if (answer.kind === 'none') return this.#failed(null)
    const { errorCode = 0, brokerEpoch = -1 } = answer.body
    if (errorCode !== 0) return this.#failed(errorName(errorCode))
    this.#refusedWith = null
    this.#send({ kind: 'registered', brokerEpoch })
  }

  #askToRegister() {
    const { registration, config, clusterId, channel } = this.#options
    const request: BrokerRegistrationRequest = {
      brokerId: config.nodeId,
      clusterId,
      incarnationId: registration.incarnationId,
      listeners: registration.listeners.map((listener) => ({ ...listener })),
      features: [...supportedFeatures].map(([name, range]) => ({
        name,
        minSupportedVersion: range.min,
        maxSupportedVersion: range.max,
      })),
      rack: registration.rack,
      isMigratingZkBroker: false,
      logDirs: [...registration.directories],
      previousBrokerEpoch: registration.previousBrokerEpoch,
    }
    const api = apis.BrokerRegistration
    return channel.attempt('heartbeat', api, api.latestStableVersion, request, this.#until())
  }

  /** The cluster's metadata.version has come to know directories since this broker registered: it says its own again. */
  get #lacksDirectories(): boolean {
    const { config, image, registration } = this.#options
    const mine = image().brokers.get(config.nodeId)
    if (mine === undefined || mine.epoch !== this.brokerEpoch || mine.directories.length > 0) return false
    return registration.directories.length > 0 && supportsDirectories(metadataVersion(image()))
  }

  async #heartbeat(wantFence: boolean, wantShutDown: boolean): Promise<void> {
    // The same incarnation keeps its epoch. Where it fails, the next heartbeat tries again.
    if (this.#lacksDirectories && !wantFence && !wantShutDown) await this.#askToRegister()
    const { config, image, offlineDirectories, cordonedDirectories, channel } = this.#options
    const request: BrokerHeartbeatRequest = {
      brokerId: config.nodeId,
      brokerEpoch: this.brokerEpoch,
      currentMetadataOffset: image().offset - 1,
      wantFence,
      wantShutDown,
      offlineLogDirs: [...offlineDirectories()],
      cordonedLogDirs: [...cordonedDirectories()],
    }
    const api = apis.BrokerHeartbeat
    const answer = await channel.attempt('heartbeat', api, api.latestStableVersion, request, this.#until())
    if (answer.kind === 'none') return this.#failed(null)
    const { errorCode = 0, isFenced = true, shouldShutDown = false } = answer.body
    if (errorCode !== 0) return this.#failed(errorName(errorCode))
    this.#send({ kind: 'heartbeat-answered', isFenced, shouldShutDown })
  }

  /** One attempt is at most half a session long: the membership itself decides about the next. */
  #until(): Instant {
    const { ports, config } = this.#options
    return ports.clock.monotonic() + config.int('broker.session.timeout.ms') / 2
  }

  #failed(error: string | null): void {
    const { ports, logger } = this.#options
    // Once for a run of the same answers: an earlier incarnation's session is waited out by asking again and again.
    if (error !== null && error !== this.#refusedWith) {
      logger.warn({ error, state: this.#membership.state }, 'The controller refused this broker')
    }
    this.#refusedWith = error ?? this.#refusedWith
    this.#send({ kind: 'failed', error, jitter: ports.random.below(1000) / 1000 })
  }
}
