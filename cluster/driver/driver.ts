// The shell of cluster metadata on one node: follows the metadata log, publishes images, leads the controller while raft
// says so, lives the broker's life, and finds the active controller for whoever asks. Invariant: an image is published
// before any answer that rests on it is released.

import type { CommittedBatches, LeaderAndEpoch, LogFollower, SnapshotId } from '../../raft/driver/index.ts'
import type { BrokerEpoch, Instant, NodeId, Offset, Timer, Timestamp, Uuid } from '../../src/base/index.ts'
import { messageOf, Timers, ZERO_UUID } from '../../src/base/index.ts'
import type { Client } from '../../src/quotas/index.ts'
import type { Api, Software } from '../../src/rpc/index.ts'
import type { DescribeQuorumRequest, Input, Message, MessageSchema } from '../../src/wire/index.ts'
import { encodeMetadataRecord } from '../../src/wire/index.ts'
import type { LocalChange, MetadataImage } from '../metadata/index.ts'
import { imageToRecords, localChanges } from '../metadata/index.ts'
import type { Outcome } from './active.ts'
import { ActiveController } from './active.ts'
import { BrokerLife } from './broker-life.ts'
import { ControllerChannel } from './channel.ts'
import { failedResponse } from './failures.ts'
import { Forwards } from './forwards.ts'
import { proposeIsrs } from './isr.ts'
import { LogReader } from './log-reader.ts'
import { ProducerIds } from './producer-ids.ts'
import { Reports, unassignedReplicas } from './reports.ts'
import type {
  BrokerRegistration,
  BrokerState,
  ClusterDriver,
  ClusterDriverOptions,
  ControllerRegistration,
  ImageListener,
  IsrProposal,
  IsrVerdict,
  ReplicaDirectory,
  RequestContext,
} from './types.ts'

/** How long an ISR proposal waits for its verdict before replication asks again. */
const ISR_TIMEOUT_MS = 10_000

export function createClusterDriver(options: ClusterDriverOptions): ClusterDriver {
  return new Driver(options)
}

class Driver implements ClusterDriver, LogFollower {
  readonly unfenced: Promise<void>
  readonly #options: ClusterDriverOptions
  readonly #reader = new LogReader()
  readonly #listeners: ImageListener[] = []
  readonly #timers: Timers
  readonly #channel: ControllerChannel
  readonly #producerIds: ProducerIds
  readonly #reports: Reports
  readonly #forwards: Forwards = new Forwards()
  #active: ActiveController | null = null
  #broker: BrokerLife | null = null
  #registration: BrokerRegistration | null = null
  #tellUnfenced: () => void = () => {}
  #snapshotting = false
  #snapshotDue: Timer | null = null
  #snapshotEnd: Offset = 0
  #stopped = false

  constructor(options: ClusterDriverOptions) {
    this.#options = options
    const { ports, rpc, raft, config, logger } = options
    const now = (): Instant => ports.clock.monotonic()
    this.#timers = new Timers(ports.clock)
    this.#channel = new ControllerChannel(
      rpc,
      raft,
      this.#timers,
      now,
      (api, version, request, deadline, client) => this.#decideHere(api, version, request, deadline, client),
      () => this.#registration?.incarnationId ?? ZERO_UUID,
    )
    const brokerEpoch = (): BrokerEpoch => this.brokerEpoch
    this.#producerIds = new ProducerIds(this.#channel, config.nodeId, brokerEpoch)
    const image = (): MetadataImage => this.image
    const { nodeId } = config
    this.#reports = new Reports({
      channel: this.#channel,
      timers: this.#timers,
      now,
      nodeId,
      logger,
      image,
      brokerEpoch,
    })
    this.unfenced = new Promise((resolve) => {
      this.#tellUnfenced = resolve
    })
    raft.follow(this)
    this.#scheduleSnapshot()
  }

  get image(): MetadataImage {
    return this.#reader.image
  }

  get brokerEpoch(): BrokerEpoch {
    return this.#broker?.brokerEpoch ?? -1
  }

  get brokerState(): BrokerState {
    return this.#broker?.state ?? 'starting'
  }

  get controllerId(): NodeId {
    return this.#options.raft.leader.leaderId
  }

  opened(connection: object, software: Software): void {
    this.#forwards.opened(connection, software, this.#options.raft.leader.epoch)
  }

  isSuperseded(connection: object): boolean {
    return this.#forwards.isSuperseded(connection, this.#options.raft.leader.epoch)
  }

  onImage(listener: ImageListener): void {
    this.#listeners.push(listener)
  }

  submit<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>> {
    return this.#channel.ask('admin', api, version, request, context.deadline, clientOf(context))
  }

  async decide<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>> {
    return (await this.#decideHere(
      api as unknown as Api,
      version,
      request,
      context.deadline,
      clientOf(context),
    )) as Input<Res>
  }

  async alterPartition(proposals: readonly IsrProposal[]): Promise<readonly IsrVerdict[]> {
    const until = this.#options.ports.clock.monotonic() + ISR_TIMEOUT_MS
    return proposeIsrs(this.#channel, this.#options.config.nodeId, this.brokerEpoch, proposals, until)
  }

  directoryFailed(): void {
    this.#broker?.hurry()
  }

  assignReplicas(assignments: readonly ReplicaDirectory[]): void {
    this.#reports.assign(assignments)
  }

  allocateProducerId(deadline: number): Promise<number | null> {
    return this.#producerIds.allocate(deadline)
  }

  startBroker(registration: BrokerRegistration): void {
    const { ports, config, clusterId, logger, ready, onFatal } = this.#options
    const none = (): readonly Uuid[] => []
    this.#registration = registration
    this.#broker = new BrokerLife({
      ports,
      config,
      clusterId,
      channel: this.#channel,
      logger,
      registration,
      image: () => this.image,
      ready,
      offlineDirectories: this.#options.offlineDirectories ?? none,
      cordonedDirectories: this.#options.cordonedDirectories ?? none,
      onState: () => this.#lookUnfenced(),
      onFatal,
    })
    this.#broker.start()
  }

  startController(registration: ControllerRegistration): void {
    this.#reports.registerController(registration)
  }

  async controlledShutdown(timeoutMs: number): Promise<void> {
    const broker = this.#broker
    if (broker === null) return
    broker.shutDown()
    const timer = this.#timers.after(timeoutMs, () => {
      this.#options.logger.warn({ timeoutMs }, 'The controller did not let this broker go in time')
      broker.stop()
    })
    await broker.stopped
    timer.cancel()
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#broker?.stop()
    this.#active?.stop()
    this.#active = null
    this.#reports.stop()
    this.#channel.stop()
    this.#timers.clear()
  }

  onSnapshot(id: SnapshotId, batches: readonly Uint8Array[], timestamp: Timestamp): void {
    if (this.#stopped) return
    const before = this.image
    this.#snapshotEnd = id.endOffset
    this.#publish(before, this.#reader.load(id, batches, timestamp))
  }

  onCommitted(batches: CommittedBatches): void {
    if (this.#stopped) return
    const before = this.image
    const after = this.#reader.read(batches)
    if (after !== null) this.#publish(before, after)
    this.#active?.applied(batches.endOffset)
    if (this.#options.raft.bytesSinceSnapshot >= this.#snapshotBytes()) void this.#snapshot()
  }

  onLeaderChange(leader: LeaderAndEpoch): void {
    const { raft, config, logger } = this.#options
    if (this.#stopped) return
    const leads = leader.leaderId === config.nodeId && raft.isActiveLeader
    if (this.#active !== null && !(leads && this.#active.epoch === leader.epoch)) {
      logger.info({ epoch: this.#active.epoch }, 'No longer the active controller')
      this.#active.stop()
      this.#active = null
    }
    if (leads && this.#active === null) this.#activate(leader.epoch)
    this.#channel.leaderChanged()
    if (leader.leaderId >= 0) {
      this.#broker?.hurry()
      this.#reports.check()
    }
  }

  #activate(epoch: number): void {
    const { ports, raft, logger, config, clusterId, bootstrapRecords } = this.#options
    const applied = raft.highWatermark
    const clientQuotas = (): MetadataImage['clientQuotas'] => this.image.clientQuotas
    const options = { ports, raft, logger, config, clusterId, bootstrapRecords, epoch, applied, clientQuotas }
    this.#active = new ActiveController(options, this.#reader.draft())
    this.#active.start()
  }

  /** Both must know: the metadata, and this broker by an answer of the controller. Either may come first. */
  #lookUnfenced(): void {
    const mine = this.image.brokers.get(this.#options.config.nodeId)
    if (mine === undefined || mine.fenced || mine.epoch !== this.brokerEpoch) return
    if (this.brokerState === 'running') this.#tellUnfenced()
  }

  #publish(before: MetadataImage, after: MetadataImage): void {
    const { nodeId } = this.#options.config
    const changes: readonly LocalChange[] = localChanges(before, after, nodeId)
    for (const listener of this.#listeners) listener(before, after, changes)
    this.#lookUnfenced()
    // Who shuts down waits until every other broker is known to have seen it: the next heartbeat need not be waited for.
    if (before.brokers !== after.brokers && startsShutdown(before, after)) this.#broker?.hurry()
    const directories = this.#registration?.directories
    if (directories?.length === 1 && changes.length > 0) {
      const unassigned = unassignedReplicas(after, nodeId, directories[0]!, changes)
      if (unassigned.length > 0) this.#reports.assign(unassigned)
    }
    this.#reports.check()
  }

  async #decideHere(
    api: Api,
    version: number,
    request: unknown,
    deadline: Instant,
    client: Client | null,
  ): Promise<unknown> {
    // Nothing to decide, but only the quorum's leader can tell.
    if (api.name === 'DescribeQuorum') return this.#options.raft.handleDescribeQuorum(request as DescribeQuorumRequest)
    const active = this.#active
    if (active === null) {
      return failedResponse(api.name, request, 'NOT_CONTROLLER', 'This node is not the active controller.')
    }
    const outcome = await this.#before(deadline, active.decide(api.name, version, request, client))
    switch (outcome?.kind) {
      case 'decided':
        return outcome.response
      case 'not-controller':
        return failedResponse(api.name, request, 'NOT_CONTROLLER', 'The controller has moved.')
      case 'too-large': {
        const sentence = 'Unable to perform excessively large batch operation.'
        return failedResponse(api.name, request, 'POLICY_VIOLATION', sentence)
      }
      case 'failed':
        return failedResponse(api.name, request, 'UNKNOWN_SERVER_ERROR', outcome.message)
      case undefined:
        return failedResponse(api.name, request, 'REQUEST_TIMED_OUT', 'The change was not committed in time.')
    }
  }

  /** Null when it took longer: it may still come about. */
  #before(deadline: Instant, outcome: Promise<Outcome>): Promise<Outcome | null> {
    return new Promise((resolve) => {
      const timer = this.#timers.at(deadline, () => resolve(null))
      void outcome.then((value) => {
        timer.cancel()
        resolve(value)
      })
    })
  }

  #snapshotBytes(): number {
    return this.#options.config.long('metadata.log.max.record.bytes.between.snapshots')
  }

  #scheduleSnapshot(): void {
    const ms = this.#options.config.long('metadata.log.max.snapshot.interval.ms')
    if (ms <= 0) return
    this.#snapshotDue?.cancel()
    this.#snapshotDue = this.#timers.after(ms, () => {
      this.#scheduleSnapshot()
      void this.#snapshot()
    })
  }

  /** Every node writes its own, of the last image: leader, follower and observer alike. */
  async #snapshot(): Promise<void> {
    const { raft, logger } = this.#options
    const { image } = this
    if (this.#snapshotting || this.#stopped || image.offset <= this.#snapshotEnd) return
    this.#snapshotting = true
    const id = { endOffset: image.offset, epoch: raft.epochAt(image.offset) }
    try {
      const records = imageToRecords(image).map((record) => encodeMetadataRecord(record))
      await raft.snapshot(id, records, this.#reader.lastTimestamp)
      this.#snapshotEnd = Math.max(this.#snapshotEnd, id.endOffset)
      logger.info({ ...id, records: records.length }, 'Wrote a metadata snapshot')
      this.#scheduleSnapshot()
    } catch (error) {
      // The log is whole without it; the next threshold tries again.
      logger.error({ ...id, error: messageOf(error) }, 'Could not write a metadata snapshot')
    } finally {
      this.#snapshotting = false
    }
  }
}

/** Users are known by their names, without the kind of principal. */
function clientOf({ principal, clientId }: RequestContext): Client {
  return { user: principal.slice(principal.indexOf(':') + 1), clientId }
}

function startsShutdown(before: MetadataImage, after: MetadataImage): boolean {
  for (const [id, broker] of after.brokers) {
    if (broker.inControlledShutdown && before.brokers.get(id)?.inControlledShutdown === false) return true
  }
  return false
}
