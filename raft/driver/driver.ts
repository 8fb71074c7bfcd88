// One loop around the core: requests, answers, timers and disk completions become events; effects are carried out in
// order, and what is nested under a persist only after it. Decides nothing: where Kafka's protocol asks for a choice,
// the core made it. Steps are synchronous; effects may wait for the disk, and then all later effects wait behind them,
// so nothing leaves this node before what it rests on is durable.

import type { Endpoint, Epoch, Instant, Logger, Offset, Ports, Timer, Timestamp } from '../../src/base/index.ts'
import { assert, messageOf, Timers } from '../../src/base/index.ts'
import type { Peer, Rpc } from '../../src/rpc/index.ts'
import type {
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  EndQuorumEpochRequest,
  EndQuorumEpochResponse,
  FetchRequest,
  FetchResponse,
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  Input,
  Message,
  VoteRequest,
  VoteResponse,
} from '../../src/wire/index.ts'
import type { Answer, InitialState, RaftEffect, RaftEvent, RaftState } from '../core/index.ts'
import {
  currentQuorum,
  deadline,
  epochBefore,
  leaderOf,
  quorumAt,
  shownHighWatermark,
  start,
  step,
} from '../core/index.ts'
import { expiredSnapshots, RaftStorage } from '../storage/index.ts'
import { dataBatch, decodeSnapshot, encodeSnapshot, startOfEpochBatch } from './batches.ts'
import { initialState, loadSnapshot } from './boot.ts'
import { Delivery } from './delivery.ts'
import * as handlers from './handlers.ts'
import { exchange, TOPIC } from './requests.ts'
import type { LeaderAndEpoch, LogFollower, QuorumView, RaftConfig, RaftDriver, SnapshotId } from './types.ts'
import { quorumView } from './view.ts'

export interface RaftDriverOptions {
  readonly ports: Ports
  readonly rpc: Rpc
  readonly logger: Logger
  readonly config: RaftConfig
  /** The node can go on no longer: a broken invariant, a disk that failed, a committed record that could not be applied. */
  readonly onFatal: (error: Error) => void
}

export function createRaftDriver(options: RaftDriverOptions): RaftDriver {
  return new Driver(options)
}

/** How long a stopping leader waits for the others to hear of it. */
const RESIGNATION_MS = 1000
/** Connections to endpoints that are no longer in use are closed beyond this. */
const PEERS_MAX = 64
/** How often segments are rolled by time and snapshots let go. */
const MAINTENANCE_MS = 60_000

type RequestEvent = Extract<RaftEvent, { readonly token: number }>

class Driver implements RaftDriver, handlers.HandlerContext {
  readonly config: RaftConfig
  readonly timers: Timers
  readonly #options: RaftDriverOptions
  readonly #logger: Logger
  readonly #peers: Map<string, Peer> = new Map()
  readonly #waiting: Map<number, (answer: Answer) => void> = new Map()
  /** Long polls: woken when end, high watermark, role or epoch have changed. */
  readonly #sleepers: Set<() => void> = new Set()
  #follower: LogFollower | null = null
  #running: { readonly state: RaftState; readonly storage: RaftStorage; readonly delivery: Delivery } | null = null
  #queue: RaftEffect[] = []
  #pumping: Promise<void> | null = null
  /** What stores, replaces and lets go snapshots: one thing after the other. */
  #snapshotWork: Promise<void> = Promise.resolve()
  #nextToken = 1
  #alarm: Timer | null = null
  #alarmAt: Instant = Number.POSITIVE_INFINITY
  #maintenance: Timer | null = null
  /** Of what sleepers wait for: role, end, high watermark. */
  #seenRole = ''
  #seenEpoch = -1
  #seenEnd = -1
  /** What the log holds may be staged for a while before it can be read; what is durable can be. */
  #seenDurableEnd = -1
  #seenWatermark = -1
  #dead = false
  #steps = 0
  #changes = 0
  readonly #view: QuorumView = quorumView(
    () => this.#running?.state ?? null,
    () => this.#steps,
  )

  constructor(options: RaftDriverOptions) {
    this.#options = options
    this.config = options.config
    this.#logger = options.logger.child({ room: 'raft' })
    this.timers = new Timers(options.ports.clock)
  }

  follow(follower: LogFollower): void {
    assert(this.#running === null && this.#follower === null, 'the log is followed by one, from before the start')
    this.#follower = follower
  }

  async start(): Promise<void> {
    const { ports, config } = this.#options
    const storage = await RaftStorage.open(
      { ...ports, logger: this.#logger },
      {
        metadataDirectory: config.metadataDirectory,
        segmentBytes: config.segmentBytes,
        segmentMs: config.segmentMs,
        maxBatchBytes: config.maxBatchBytes,
        onFailure: (error) => this.#fatal(error),
      },
    )
    const initial: InitialState = await initialState(storage, config, ports.random.below(2 ** 32))
    const state = start(initial, this.#now())
    const delivery = new Delivery(
      state,
      storage,
      this.#follower,
      (error) => this.#fatal(error),
      () => this.#exclusively(async () => {}),
    )
    this.#running = { state, storage, delivery }
    const { role, log } = state
    this.#logger.info(
      { role: role.kind, epoch: role.epoch, logStart: log.startOffset, logEnd: log.endOffset },
      `The metadata log holds offsets ${log.startOffset} to ${log.endOffset}; starting as ${role.kind} in epoch ${role.epoch}`,
    )
    delivery.committed(state.highWatermark)
    delivery.leaderChanged()
    this.step({ kind: 'tick' })
    this.#maintenance = this.timers.after(MAINTENANCE_MS, () => this.#maintain())
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (running === null || this.#dead) {
      this.#silence()
      return
    }
    this.step({ kind: 'shutdown' })
    const until = this.#now() + RESIGNATION_MS
    while (!this.#dead && this.#now() < until) {
      const { role } = running.state
      if (role.kind !== 'resigned' || role.unacknowledged.size === 0) break
      await this.timers.delay(10)
    }
    if (this.#dead) return
    this.#silence()
    await running.delivery.stop()
    await this.#pumping
    await this.#snapshotWork
    await running.storage.close()
  }

  get leader(): LeaderAndEpoch {
    const running = this.#running
    if (running === null) return { leaderId: -1, epoch: 0, endpoint: null }
    const leader = leaderOf(running.state)
    return { leaderId: leader.id, epoch: running.state.role.epoch, endpoint: leader.endpoint }
  }

  get isActiveLeader(): boolean {
    const running = this.#running
    if (running === null || this.#dead) return false
    const { role } = running.state
    const { told } = running.delivery
    return role.kind === 'leader' && told.leaderId === this.config.nodeId && told.epoch === role.epoch
  }

  get highWatermark(): Offset {
    return this.#running?.state.highWatermark ?? 0
  }

  get endOffset(): Offset {
    return this.#running?.state.log.endOffset ?? 0
  }

  get nextProposalOffset(): Offset {
    return this.endOffset
  }

  get logStartOffset(): Offset {
    return this.#running?.state.log.startOffset ?? 0
  }

  get bytesSinceSnapshot(): number {
    return this.#running?.delivery.bytes ?? 0
  }

  propose(epoch: Epoch, expectedBaseOffset: Offset, records: readonly Uint8Array[]): boolean {
    const running = this.#running
    if (running === null || this.#dead || !this.isActiveLeader) return false
    let size = 0
    for (const record of records) size += record.length + 32
    if (size > this.config.maxBatchBytes) {
      throw new RangeError(
        `a batch of ${records.length} metadata records takes more than ${this.config.maxBatchBytes} bytes`,
      )
    }
    const before = running.state.nextAppendId
    this.step({ kind: 'propose', epoch, baseOffset: expectedBaseOffset, records })
    return running.state.nextAppendId > before
  }

  async snapshot(id: SnapshotId, records: readonly Uint8Array[], lastContainedLogTimestamp: Timestamp): Promise<void> {
    const { state, storage, delivery } = this.#started()
    assert(id.endOffset <= state.highWatermark, 'a snapshot holds only what is committed')
    await this.#exclusively(async () => {
      const { newest } = storage
      if (newest !== null && newest.endOffset >= id.endOffset) return
      delivery.snapshotTaken()
      const chunks = encodeSnapshot(
        id,
        quorumAt(state, id.endOffset),
        records,
        lastContainedLogTimestamp,
        this.#options.ports.clock.wall(),
      )
      await storage.store(id, chunks)
      if (this.#dead) return
      this.#logger.info(
        { endOffset: id.endOffset, epoch: id.epoch },
        `Stored metadata snapshot ${id.endOffset}-${id.epoch}`,
      )
      this.step({ kind: 'snapshot-stored', id })
      await this.#clean()
    })
  }

  epochAt(offset: Offset): Epoch {
    return epochBefore(this.#started().state.log, offset)
  }

  observe(): QuorumView {
    return this.#view
  }

  resign(epoch: Epoch): void {
    if (this.#running !== null && !this.#dead) this.step({ kind: 'resign', epoch })
  }

  handleVote(request: Message<typeof VoteRequest>, listener?: string): Promise<Input<typeof VoteResponse>> {
    return handlers.vote(this, request, listener)
  }

  handleBeginQuorumEpoch(
    request: Message<typeof BeginQuorumEpochRequest>,
    listener?: string,
  ): Promise<Input<typeof BeginQuorumEpochResponse>> {
    return handlers.beginQuorumEpoch(this, request, listener)
  }

  handleEndQuorumEpoch(
    request: Message<typeof EndQuorumEpochRequest>,
    listener?: string,
  ): Promise<Input<typeof EndQuorumEpochResponse>> {
    return handlers.endQuorumEpoch(this, request, listener)
  }

  handleFetch(
    request: Message<typeof FetchRequest>,
    version: number,
    listener?: string,
  ): Promise<Input<typeof FetchResponse>> {
    return handlers.fetch(this, request, version, listener)
  }

  handleFetchSnapshot(
    request: Message<typeof FetchSnapshotRequest>,
    listener?: string,
  ): Promise<Input<typeof FetchSnapshotResponse>> {
    return handlers.fetchSnapshot(this, request, listener)
  }

  handleDescribeQuorum(request: Message<typeof DescribeQuorumRequest>): Promise<Input<typeof DescribeQuorumResponse>> {
    return Promise.resolve(handlers.describeQuorum(this, request))
  }

  // What the handlers see.

  get running(): { readonly state: RaftState; readonly storage: RaftStorage } | null {
    return this.#dead ? null : this.#running
  }

  get clock(): Ports['clock'] {
    return this.#options.ports.clock
  }

  ask(make: (token: number) => RequestEvent): Promise<Answer> {
    const token = this.#nextToken++
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve)
      this.step(make(token))
    })
  }

  get changes(): number {
    return this.#changes
  }

  /** Resolves when the log or the role have changed since `changes` was `seen`, or at `until`. */
  change(until: number, seen: number): Promise<void> {
    if (this.#changes !== seen) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel()
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = this.timers.at(until, wake)
      this.#sleepers.add(wake)
    })
  }

  // The loop.

  /** Lets one event happen now; what it does follows behind what is still being done. */
  step(event: RaftEvent): void {
    const running = this.#running
    if (running === null || this.#dead) return
    this.#steps++
    try {
      const effects = step(running.state, event, this.#now())
      if (effects.length > 0) {
        this.#queue.push(...effects)
        this.#pump()
      }
      this.#setAlarm(running.state)
      this.#wake(running.state)
    } catch (error) {
      this.#fatal(error)
    }
  }

  #setAlarm(state: RaftState): void {
    const at = deadline(state)
    // A deadline that moves away, as it does with every fetch, costs nothing until the tick that finds itself early.
    if (this.#alarm !== null && this.#alarmAt <= at) return
    this.#alarm?.cancel()
    this.#alarm = null
    if (!Number.isFinite(at)) return
    this.#alarmAt = at
    // What would campaign or resign should be decided only after one poll phase, when a stalled process has read what
    // had already arrived (D6); the simulated and the real clock both fire here, so that is the place for it.
    this.#alarm = this.timers.at(at, () => {
      this.#alarm = null
      this.step({ kind: 'tick' })
    })
  }

  #wake(state: RaftState): void {
    const { role, log } = state
    const watermark = shownHighWatermark(state)
    if (
      role.kind === this.#seenRole &&
      role.epoch === this.#seenEpoch &&
      log.endOffset === this.#seenEnd &&
      log.durableEndOffset === this.#seenDurableEnd &&
      watermark === this.#seenWatermark
    )
      return
    this.#seenRole = role.kind
    this.#seenEpoch = role.epoch
    this.#seenEnd = log.endOffset
    this.#seenDurableEnd = log.durableEndOffset
    this.#seenWatermark = watermark
    this.#changes++
    for (const wake of [...this.#sleepers]) wake()
  }

  #pump(): void {
    if (this.#pumping !== null) return
    this.#pumping = this.#drain()
      .catch((error: unknown) => this.#fatal(error))
      .then(() => {
        this.#pumping = null
        if (this.#queue.length > 0 && !this.#dead) this.#pump()
      })
  }

  async #drain(): Promise<void> {
    for (let effect = this.#queue.shift(); effect !== undefined; effect = this.#queue.shift()) {
      const waited = this.#carryOut(effect)
      if (waited !== null) await waited
      if (this.#dead) return
    }
  }

  /** Null when the effect needed no waiting. */
  #carryOut(effect: RaftEffect): Promise<void> | null {
    const { state, storage, delivery } = this.#started()
    switch (effect.kind) {
      case 'persist': {
        const { kraftVersion, voters } = currentQuorum(state)
        return storage
          .persist(
            effect.election,
            kraftVersion,
            voters.map((voter) => voter.id),
          )
          .then(() => {
            // In front of what later steps have queued meanwhile.
            this.#queue.unshift(...effect.then)
          })
      }
      case 'append':
        this.#append(effect)
        return null
      case 'truncate':
        this.#logger.info({ endOffset: effect.endOffset }, `Truncated the metadata log to offset ${effect.endOffset}`)
        return storage.log.truncateTo(effect.endOffset)
      case 'send':
        void this.#send(effect)
        return null
      case 'reply':
        this.#reply(effect.token, effect.answer)
        return null
      case 'committed':
        storage.log.updateHighWatermark(effect.to)
        delivery.committed(effect.to)
        delivery.leaderChanged()
        return null
      case 'became':
        this.#logger.info(
          { role: effect.role, epoch: effect.epoch, leaderId: effect.leaderId },
          `Became ${effect.role} in epoch ${effect.epoch}: ${effect.why}`,
        )
        delivery.leaderChanged()
        return null
      case 'write-snapshot':
        return storage.writePart(effect.id, effect.position, effect.payload)
      case 'install-snapshot':
        return this.#exclusively(() => this.#install(effect.id))
    }
  }

  #append(effect: Extract<RaftEffect, { kind: 'append' }>): void {
    const { storage } = this.#started()
    const { id, content, baseOffset, epoch } = effect
    const now = this.#options.ports.clock.wall()
    const bytes =
      content.kind === 'fetched'
        ? content.payload
        : content.kind === 'records'
          ? dataBatch(content.records, baseOffset, epoch, now)
          : startOfEpochBatch(content, baseOffset, epoch, now)
    const staged = storage.log.appendAsFollower(bytes, (error) => {
      if (error !== null) this.#fatal(error)
      else this.step({ kind: 'appended', id })
    })
    // A failed fsync is told as soon as its mark is left; until then the core waits for an answer that will not come.
    if (storage.log.failed !== null) return
    assert(
      staged.kind === 'staged',
      `the log takes what the core appends: ${staged.kind === 'refused' ? staged.message : ''}`,
    )
    assert(
      staged.baseOffset === baseOffset && staged.endOffset === effect.endOffset,
      'the log is where the core thinks',
    )
  }

  async #send(effect: Extract<RaftEffect, { kind: 'send' }>): Promise<void> {
    const { requestId, to, message } = effect
    const purpose = message.kind === 'fetch' || message.kind === 'fetch-snapshot' ? 'fetch' : 'control'
    try {
      const outcome = await exchange(this.#peer(to.endpoint, purpose), this.config, to, message)
      if ('failed' in outcome) {
        this.step({ kind: 'failed', requestId, unsupportedVersion: outcome.unsupportedVersion })
      } else this.step({ kind: 'response', requestId, ...outcome })
    } catch (error) {
      this.#logger.warn({ to: to.id, message: message.kind, error: messageOf(error) }, 'A request of the quorum failed')
      this.step({ kind: 'failed', requestId, unsupportedVersion: false })
    }
  }

  #peer(endpoint: Endpoint, purpose: string): Peer {
    const key = `${purpose} ${endpoint.host}:${endpoint.port}`
    let peer = this.#peers.get(key)
    if (peer !== undefined) return peer
    if (this.#peers.size >= PEERS_MAX) {
      const [oldest] = this.#peers
      oldest![1].close()
      this.#peers.delete(oldest![0])
    }
    peer = this.#options.rpc.peer(endpoint)
    this.#peers.set(key, peer)
    return peer
  }

  #reply(token: number, answer: Answer): void {
    const waiting = this.#waiting.get(token)
    this.#waiting.delete(token)
    waiting?.(answer)
  }

  async #install(id: SnapshotId): Promise<void> {
    const { storage } = this.#started()
    let content: ReturnType<typeof decodeSnapshot>
    try {
      content = decodeSnapshot(await storage.readPart())
    } catch (error) {
      this.#logger.warn(
        { endOffset: id.endOffset, epoch: id.epoch, error: messageOf(error) },
        `Fetched snapshot ${id.endOffset}-${id.epoch} is not valid and is fetched again`,
      )
      await storage.dropPart()
      this.step({ kind: 'snapshot-installed', id, quorum: null, valid: false })
      return
    }
    await storage.installPart(id)
    this.#logger.info(
      { endOffset: id.endOffset, epoch: id.epoch },
      `Loaded snapshot ${id.endOffset}-${id.epoch} from the leader`,
    )
    const quorum = content.quorum === null ? null : { offset: id.endOffset - 1, ...content.quorum }
    this.step({ kind: 'snapshot-installed', id, quorum, valid: true })
  }

  #maintain(): void {
    this.#maintenance = this.timers.after(MAINTENANCE_MS, () => this.#maintain())
    const running = this.#running
    if (running === null || this.#dead) return
    running.storage.log
      .maintain()
      .then(() => this.#exclusively(() => this.#clean()))
      .catch((error: unknown) => this.#fatal(error))
  }

  /** Cleaning that met an installation would move the log's start beyond what the core knows as committed. */
  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#snapshotWork.then(() => (this.#dead ? undefined : work()))
    this.#snapshotWork = done.catch(() => {})
    return done
  }

  /** Lets snapshots go that the retention no longer keeps, and the log before the oldest that is left. */
  async #clean(): Promise<void> {
    const { state, storage } = this.#started()
    const held: { size: number; lastTimestamp: Timestamp }[] = []
    for (const { id, size } of storage.snapshots) {
      const { lastContainedLogTimestamp } = await loadSnapshot(storage, id)
      held.push({ size, lastTimestamp: lastContainedLogTimestamp })
    }
    if (this.#dead) return
    const count = expiredSnapshots(held, storage.log.size, this.#options.ports.clock.wall(), this.config)
    const oldest = storage.snapshots[count]?.id
    if (count === 0 || oldest === undefined || oldest.endOffset <= state.log.startOffset) return
    await storage.advanceLogStart(oldest.endOffset)
    await storage.deleteSnapshotsBefore(oldest)
    if (this.#dead) return
    this.step({
      kind: 'log-cleaned',
      startOffset: oldest.endOffset,
      snapshots: storage.snapshots.map((kept) => kept.id),
    })
  }

  // The end.

  #started(): NonNullable<typeof this.running> & { readonly delivery: Delivery } {
    assert(this.#running !== null, 'the quorum has been started')
    return this.#running
  }

  #now(): number {
    return this.#options.ports.clock.monotonic()
  }

  /** Nothing is sent, answered or decided any more. */
  #silence(): void {
    this.#dead = true
    this.#queue = []
    this.timers.clear()
    this.#maintenance?.cancel()
    for (const peer of this.#peers.values()) peer.close()
    this.#peers.clear()
    for (const wake of [...this.#sleepers]) wake()
    for (const [, resolve] of this.#waiting) resolve(handlers.STOPPED)
    this.#waiting.clear()
  }

  #fatal(error: unknown): void {
    if (this.#dead) return
    this.#silence()
    const fatal = error instanceof Error ? error : new Error(messageOf(error))
    this.#logger.error({ error: fatal.message, topic: TOPIC }, `The metadata quorum cannot go on: ${fatal.message}`)
    this.#options.onFatal(fatal)
  }
}
