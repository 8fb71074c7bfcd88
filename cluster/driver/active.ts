// The active controller of one leadership. Requests of one turn share the draft and one batch (D16): a decision is made
// at once, its records join the batch, and an alarm at "now" ends the turn and proposes it. Offsets are fixed before, since
// a broker epoch is one. Answers wait
// until what they rest on is committed and applied here. When the log refuses a batch, or a decision
// does not fit the draft, this leadership is over: it resigns, and everything that waits gets NOT_CONTROLLER.

import type { RaftDriver } from '../../raft/driver/index.ts'
import type { Alarm, Epoch, Instant, Logger, Offset, Ports, Timer } from '../../src/base/index.ts'
import { assert, messageOf, OffsetWaiters, Timers } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type { Client, MutationCharge } from '../../src/quotas/index.ts'
import { MutationQuotas } from '../../src/quotas/index.ts'
import type { MetadataRecord } from '../../src/wire/index.ts'
import { encodeMetadataRecord } from '../../src/wire/index.ts'
import type { Controller, Decision } from '../controller/index.ts'
import {
  activationRecords,
  decideFencing,
  decidePreferredElections,
  decideUncleanElections,
  defaultBootstrapRecords,
  startSessions,
} from '../controller/index.ts'
import type { MetadataFold, MetadataImage } from '../metadata/index.ts'
import { decideRequest } from './decisions.ts'

/** Records of one batch. A request's own are at most as many and stay together; a fenced broker's may be more. */
const MAX_BATCH_RECORDS = 10_000
/** Of one batch, as raft counts them: Kafka's bound (KafkaRaftClient). */
const MAX_BATCH_BYTES = 8 * 1024 * 1024
const RECORD_OVERHEAD = 32
/** What these ask for happens whole or not at all: it must fit one batch. */
const ATOMIC: ReadonlySet<string> = new Set([
  'CreateTopics',
  'CreatePartitions',
  'AlterConfigs',
  'IncrementalAlterConfigs',
  'AlterClientQuotas',
  'AlterPartitionReassignments',
])
/** What makes and deletes partitions, and the version from which it is refused over the rate, not delayed (KIP-599). */
const STRICT_SINCE: ReadonlyMap<string, number> = new Map([
  ['CreateTopics', 6],
  ['CreatePartitions', 3],
  ['DeleteTopics', 5],
])
/** A turn that has gathered this much is proposed at once. */
const MAX_TURN_BYTES = 1 << 20
/** A look at sessions that comes later than this was held up by something that held up heartbeats too. */
const LATE_MS = 100

export type Outcome =
  | { readonly kind: 'decided'; readonly response: unknown }
  | { readonly kind: 'not-controller' }
  /** It does not fit one batch; nothing of it was done. */
  | { readonly kind: 'too-large' }
  | { readonly kind: 'failed'; readonly message: string }

export interface ActiveOptions {
  readonly ports: Pick<Ports, 'clock' | 'random'>
  readonly raft: RaftDriver
  readonly logger: Logger
  readonly config: NodeConfig
  readonly clusterId: string
  readonly bootstrapRecords: readonly MetadataRecord[] | undefined
  readonly epoch: Epoch
  /** Exclusive end of what is committed and folded here. */
  readonly applied: Offset
  /** As they are committed: what is only proposed limits nobody. */
  readonly clientQuotas: () => MetadataImage['clientQuotas']
}

interface Waiting {
  readonly response: unknown
  readonly resolve: (outcome: Outcome) => void
}

export class ActiveController {
  readonly epoch: Epoch
  readonly #options: ActiveOptions
  readonly #controller: Controller
  readonly #draft: MetadataFold
  readonly #timers: Timers
  readonly #endOfTurn: Alarm
  readonly #waiting = new OffsetWaiters<Waiting>()
  readonly #mutations: MutationQuotas
  /** Whole decisions that wait for the end of the turn, as encoded records. */
  #turn: Uint8Array[][] = []
  #turnBytes = 0
  /** Offset of the first record of the turn. */
  #base: Offset
  /** Exclusive end of the draft, the turn included. */
  #end: Offset
  #applied: Offset
  #lastProposal: Instant
  #over = false

  /** `draft`: a fold of everything committed, this controller's own from now on. */
  constructor(options: ActiveOptions, draft: MetadataFold) {
    const { clock } = options.ports
    this.#options = options
    this.epoch = options.epoch
    this.#controller = { clusterId: options.clusterId, node: options.config, sessions: new Map() }
    this.#draft = draft
    this.#base = options.raft.nextProposalOffset
    this.#end = this.#base
    this.#applied = options.applied
    this.#mutations = new MutationQuotas({
      count: options.config.int('controller.quota.window.num'),
      ms: options.config.int('controller.quota.window.size.seconds') * 1000,
    })
    this.#timers = new Timers(clock)
    this.#endOfTurn = clock.alarm(() => this.#propose())
    this.#lastProposal = clock.monotonic()
  }

  /** Writes what a new controller writes and starts the periodic tasks. */
  start(): void {
    const { config, ports, bootstrapRecords, logger } = this.#options
    const isEmpty = this.#draft.features.size === 0
    const bootstrap = bootstrapRecords ?? defaultBootstrapRecords()
    const records = activationRecords(this.#draft, isEmpty, bootstrap, config)
    logger.info({ epoch: this.epoch, offset: this.#base, bootstrap: isEmpty }, 'Became the active controller')
    if (records.length > 0) this.#take({ records, response: null }, null)
    startSessions(this.#controller, this.#draft, ports.clock.monotonic())
    this.#every(config.int('broker.session.timeout.ms') / 8, (late) => this.#fence(late))
    const idleMs = config.int('metadata.max.idle.interval.ms')
    if (idleMs > 0) this.#every(idleMs, () => this.#noOp(idleMs))
    if (config.boolean('auto.leader.rebalance.enable')) {
      this.#every(config.long('leader.imbalance.check.interval.seconds') * 1000, () =>
        this.#elect(decidePreferredElections),
      )
    }
    this.#every(config.long('unclean.leader.election.interval.ms'), () => this.#elect(decideUncleanElections))
  }

  /** Decides now; resolves when that is committed and applied here. `client`: who pays for what is made and deleted. */
  decide(api: string, version: number, request: unknown, client: Client | null): Promise<Outcome> {
    return new Promise((resolve) => {
      if (this.#over) {
        resolve({ kind: 'not-controller' })
        return
      }
      const { clock, random } = this.#options.ports
      const now = clock.monotonic()
      const account = this.#account(api, version, client, now)
      const charge = (partitions: number): boolean => account?.take(partitions) ?? true
      const context = { now, version, nextOffset: this.#end, random, charge }
      try {
        const decided = decideRequest(this.#controller, this.#draft, api, request, context)
        const decision = withThrottle(decided, account?.throttleMs ?? 0)
        const encoded = decision.records.map((record) => encodeMetadataRecord(record))
        if (ATOMIC.has(api) && sizeOf(encoded) > MAX_BATCH_BYTES) resolve({ kind: 'too-large' })
        else this.#take(decision, resolve, encoded)
      } catch (error) {
        this.#options.logger.error({ api, error: messageOf(error) }, 'A decision does not fit the draft: resigning')
        resolve({ kind: 'failed', message: messageOf(error) })
        this.#resign()
      }
    })
  }

  #account(api: string, version: number, client: Client | null, now: Instant): MutationCharge | null {
    const strictSince = STRICT_SINCE.get(api)
    if (strictSince === undefined || client === null) return null
    return this.#mutations.follow(this.#options.clientQuotas()).open(client, version >= strictSince, now)
  }

  /** Everything below `offset` is committed and published. */
  applied(offset: Offset): void {
    this.#applied = offset
    for (const { response, resolve } of this.#waiting.release(offset)) resolve({ kind: 'decided', response })
  }

  /** The leadership has ended: the draft is dropped, who waits is told. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.#timers.clear()
    this.#endOfTurn.clear()
    this.#turn = []
    for (const { resolve } of this.#waiting.drain()) resolve({ kind: 'not-controller' })
  }

  /** A decision becomes part of the draft and of the turn. */
  #take(
    decision: Decision<unknown>,
    resolve: ((outcome: Outcome) => void) | null,
    encoded: Uint8Array[] = decision.records.map((record) => encodeMetadataRecord(record)),
  ): void {
    for (const record of decision.records) this.#draft.apply(record)
    if (encoded.length > 0) {
      if (this.#turn.length === 0) this.#endOfTurn.set(this.#options.ports.clock.monotonic())
      this.#turn.push(encoded)
      this.#end += encoded.length
      for (const record of encoded) this.#turnBytes += record.length
    }
    if (resolve !== null) {
      // An answer without records rests on the draft too: it waits for what the draft is ahead by.
      if (this.#end <= this.#applied) resolve({ kind: 'decided', response: decision.response })
      else this.#waiting.add(this.#end, { response: decision.response, resolve })
    }
    if (this.#turnBytes >= MAX_TURN_BYTES) this.#propose()
  }

  #propose(): void {
    if (this.#over || this.#turn.length === 0) return
    this.#endOfTurn.clear()
    const { raft, ports, logger } = this.#options
    const decisions = this.#turn
    this.#turn = []
    this.#turnBytes = 0
    for (const batch of inBatches(decisions)) {
      if (!raft.propose(this.epoch, this.#base, batch)) {
        logger.warn(
          { epoch: this.epoch, offset: this.#base },
          'The metadata log took no batch at this offset: resigning',
        )
        this.#resign()
        return
      }
      this.#base += batch.length
    }
    assert(this.#base === this.#end, `proposed up to ${this.#base}, decided up to ${this.#end}`)
    this.#lastProposal = ports.clock.monotonic()
  }

  #resign(): void {
    this.stop()
    this.#options.raft.resign(this.epoch)
  }

  /** Runs `task` every `ms`, and tells it how late it comes. */
  #every(ms: number, task: (late: number) => void): void {
    const { clock } = this.#options.ports
    const next = (due: Instant): Timer =>
      this.#timers.at(due, () => {
        const now = clock.monotonic()
        next(now + ms)
        this.#guarded(() => task(now - due))
      })
    next(clock.monotonic() + ms)
  }

  /** A task that fails ends the leadership, not the node. */
  #guarded(task: () => void): void {
    if (this.#over) return
    try {
      task()
    } catch (error) {
      this.#options.logger.error({ error: messageOf(error) }, 'A periodic task of the controller failed: resigning')
      this.#resign()
    }
  }

  /**
   * A stalled process fires its timers before it reads what has arrived meanwhile. So a check that comes late gives every
   * session the time back, and nobody is fenced before another turn has let heartbeats in (D6).
   */
  #fence(late: number): void {
    const { clock } = this.#options.ports
    if (late > LATE_MS) for (const session of this.#controller.sessions.values()) session.lastContact += late
    if (decideFencing(this.#controller, this.#draft, clock.monotonic()).response === null) return
    this.#timers.after(1, () =>
      this.#guarded(() => {
        const decision = decideFencing(this.#controller, this.#draft, clock.monotonic())
        if (decision.response === null) return
        this.#options.logger.warn({ broker: decision.response }, 'Fencing a broker: its session has timed out')
        this.#take(decision, null)
        // Others may be stale too; each is decided on a draft that knows of the one before.
        this.#fence(0)
      }),
    )
  }

  /** Shows that the quorum still commits, and moves offsets on for those who wait for one (KIP-835). */
  #noOp(idleMs: number): void {
    const idle = this.#options.ports.clock.monotonic() - this.#lastProposal
    if (this.#turn.length > 0 || idle < idleMs / 2) return
    this.#take({ records: [{ type: 'NoOpRecord', version: 0, value: {} }], response: null }, null)
  }

  #elect(decide: (draft: MetadataFold, node: NodeConfig) => Decision<boolean>): void {
    const decision = decide(this.#draft, this.#options.config)
    if (decision.records.length === 0) return
    this.#options.logger.info({ partitions: decision.records.length }, 'Moving partition leaders')
    this.#take(decision, null)
    if (decision.response) this.#timers.after(1, () => this.#guarded(() => this.#elect(decide)))
  }
}

function withThrottle(decision: Decision<unknown>, throttleTimeMs: number): Decision<unknown> {
  if (throttleTimeMs === 0) return decision
  return { ...decision, response: { ...(decision.response as object), throttleTimeMs } }
}

/** Whole decisions together as long as they fit; one that alone is too large is cut. */
function* inBatches(decisions: readonly (readonly Uint8Array[])[]): Generator<Uint8Array[], void> {
  let batch: Uint8Array[] = []
  let bytes = 0
  const fits = (records: number, size: number): boolean =>
    batch.length + records <= MAX_BATCH_RECORDS && bytes + size <= MAX_BATCH_BYTES
  for (const records of decisions) {
    const whole = fits(records.length, sizeOf(records))
    for (const [i, record] of records.entries()) {
      const size = record.length + RECORD_OVERHEAD
      if (batch.length > 0 && ((i === 0 && !whole) || !fits(1, size))) {
        yield batch
        batch = []
        bytes = 0
      }
      batch.push(record)
      bytes += size
    }
  }
  if (batch.length > 0) yield batch
}

function sizeOf(records: readonly Uint8Array[]): number {
  let size = 0
  for (const record of records) size += record.length + RECORD_OVERHEAD
  return size
}
