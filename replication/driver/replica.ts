// One partition's replica on this broker: its log, its pure state, and whoever waits for it. It runs the effects of
// replication/partition and decides nothing itself. Invariant: one writer. A role that writes begins only when the work
// of the one before (truncation, opened batches, follower appends) has left the log.

import type { PartitionImage } from '../../cluster/metadata/index.ts'
import type { Epoch, Instant, Offset, Timer, Uuid } from '../../src/base/index.ts'
import { assert, messageOf } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'
import {
  createPartition,
  deadline,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionState,
  step,
} from '../partition/index.ts'
import type { Fetcher } from './fetcher.ts'
import type { Host } from './host.ts'
import { COMMITTED, type Local, TRUNCATED } from './local.ts'
import type { ReadEntry } from './read-wait.ts'
import type { DeletedRecords, IsrVerdict, ReplicaNews, ReplicaView, TopicPartition, TopicSettings } from './types.ts'
import { replicaView } from './view.ts'

type Refusal = Extract<PartitionEffect, { kind: 'refuse' }>['error']

export class Replica {
  readonly at: TopicPartition
  readonly key: string
  /** Bumped by whatever makes an earlier look at the log worthless: a new role, a truncation, the end. */
  generation = 0
  /** Reads that wait for the log's end (replicas) and for the high watermark (consumers). */
  readonly endReaders: Set<ReadEntry> = new Set()
  readonly watermarkReaders: Set<ReadEntry> = new Set()
  assigned: PartitionImage
  directory: LogDirectory | null = null
  /** Where its topic's throttles list it. */
  throttled: TopicSettings['throttled']
  /** Who copies it from its leader. */
  fetcher: Fetcher | null = null
  readonly #host: Host
  #log: PartitionLog | null = null
  #state: PartitionState | null = null
  #closed = false
  /** Work that must leave the log before a new role may write. */
  #work = 0
  /** Appends staged and not yet appended. */
  #writing = 0
  /** Its damaged part was cut; until it has the leader's records again it must not lead, but where loss is accepted. */
  #rebuilding = false
  #offlineReason: string | null = null
  #tick: Timer | null = null
  #tickAt: Instant = Number.POSITIVE_INFINITY
  #nextTicket = 1
  readonly #acks = new Map<number, (error: Extract<PartitionEffect, { kind: 'acknowledge' }>['error']) => void>()
  readonly #deletions = new Map<number, (deleted: DeletedRecords) => void>()
  #idleWaiters: (() => void)[] = []
  readonly view: ReplicaView = replicaView(this)
  /** Null where nobody in this process watches, and after the last news. */
  #local: Local | null

  constructor(host: Host, at: TopicPartition, key: string, assigned: PartitionImage) {
    this.#host = host
    this.at = at
    this.key = key
    this.assigned = assigned
    this.#local = host.watching.localOf(this)
  }

  /** The log; only while `state` is there. */
  get log(): PartitionLog {
    assert(this.#log !== null, 'an open replica has a log')
    return this.#log
  }

  /** Null until the log is open, and after the end. */
  get state(): PartitionState | null {
    return this.#closed ? null : this.#state
  }

  /** Null until it is open. */
  get observedLog(): PartitionLog | null {
    return this.#log
  }

  /** What checkers see: also after the end. */
  get observedState(): PartitionState | null {
    return this.#state
  }

  get closed(): boolean {
    return this.#closed
  }

  get offline(): boolean {
    return this.#offlineReason !== null || this.#state?.role.kind === 'offline'
  }

  /** Nobody works on the log and nothing is under way to the disk: a fetch reports the truth. */
  get free(): boolean {
    return this.#work === 0 && this.#writing === 0
  }

  opened(log: PartitionLog, directory: LogDirectory): void {
    assert(this.#log === null, 'a replica is opened once')
    const settings = this.#host.options.configFor(this.at.topic)
    log.config = settings.log
    this.throttled = settings.throttled
    this.#log = log
    this.directory = directory
    this.#state = createPartition({
      nodeId: this.#host.options.nodeId,
      lagTimeMaxMs: this.#host.options.replicaLagTimeMaxMs,
      minInsyncReplicas: settings.minInsyncReplicas,
      durable: settings.log.flush === 'fsync',
      endOffset: log.appendedOffset,
      durableEndOffset: log.durableEndOffset,
      highWatermark: Math.max(log.highWatermark, log.logStartOffset),
      brokers: this.#host.brokers,
    })
    if (log.damaged !== null) {
      this.#host.options.logger.error(
        { topic: this.at.topic, partition: this.at.partition, damage: log.damaged },
        'the log is damaged: this replica copies its leader again before it leads, unless its loss is accepted',
      )
    }
    if (settings.log.flush === 'fsync' && log.durableEndOffset < log.appendedOffset) this.flush()
    this.assign(this.assigned)
  }

  /** Could not be opened or created. */
  unavailable(reason: string): void {
    this.#host.version++
    this.#offlineReason = reason
    this.goOffline(reason)
  }

  /** Without a log, and nobody is opening one. */
  get unplaced(): boolean {
    return !this.#closed && this.#log === null && this.#offlineReason !== null
  }

  /** It has a place after all; the log is being opened. */
  placed(): void {
    this.#offlineReason = null
  }

  goOffline(reason: string): void {
    this.#offlineReason ??= reason
    this.generation++
    if (this.#state !== null) this.step({ kind: 'become-offline', reason })
    this.#host.unfollow(this)
    this.wakeAll()
    this.#tellLast('offline')
  }

  /** Acts on a registration of the partition; again, when the log has become free for it. */
  assign(partition: PartitionImage): void {
    this.assigned = partition
    if (this.#closed || this.#state === null || this.offline) return
    const log = this.log
    if (partition.leader !== this.#state.nodeId) {
      this.step({ kind: 'become-follower', assignment: partition })
      return
    }
    if (log.damaged !== null || this.#rebuilding) {
      if (!this.#lossAccepted(partition)) {
        this.goOffline(log.damaged ?? 'the log was cut where it was damaged and is not complete again')
        return
      }
      if (log.damaged !== null && this.#work === 0) this.#cutToLead(log.damaged)
    }
    // A leader in the same epoch has nothing to wait for; a new one must be the only writer.
    const role = this.#state.role
    const leads = role.kind === 'leader' && role.epoch === partition.leaderEpoch
    if (this.#work > 0 && !leads) this.step({ kind: 'become-follower', assignment: partition })
    else {
      this.#rebuilding = false
      this.step({ kind: 'become-leader', assignment: partition, logEndOffset: log.endOffset })
    }
  }

  /** By the controller, who chose this leader from outside ISR and ELR (KIP-704), or by who set up the topic. */
  #lossAccepted(partition: PartitionImage): boolean {
    if (partition.leaderRecoveryState === 'RECOVERING') return true
    return this.#host.options.configFor(this.at.topic).uncleanLeaderElection
  }

  /** No leader is left to copy, and offline it would keep everybody else from leading too: leads when it is cut. */
  #cutToLead(damage: string): void {
    const lostFrom = this.log.endOffset
    const { leaderEpoch } = this.assigned
    this.#host.options.logger.error(
      { topic: this.at.topic, partition: this.at.partition, damage, lostFrom, leaderEpoch },
      'elected with a damaged log where loss is accepted: cutting it to lead; what lies behind the damage is lost',
    )
    this.cutDamage().catch(this.#host.options.onFatal)
  }

  /** The same log in another directory takes over, while nobody works on either. */
  moved(log: PartitionLog, directory: LogDirectory): void {
    const before = this.log
    assert(this.free && log.endOffset === before.endOffset, 'a replica moves to a log that is the same')
    log.config = before.config
    // Epochs that began without a record so far.
    for (const { epoch, startOffset } of before.epochs) if (epoch > log.lastEpoch) log.assignEpoch(epoch, startOffset)
    log.updateHighWatermark(this.#state?.highWatermark ?? before.highWatermark)
    this.#log = log
    this.directory = directory
    this.generation++
    this.#advanced()
    this.wakeAll()
  }

  reconfigure(): void {
    if (this.#closed || this.#state === null || this.#log === null) return
    const settings = this.#host.options.configFor(this.at.topic)
    this.#log.config = settings.log
    this.throttled = settings.throttled
    // Where it was held back and no longer is, nothing else wakes its fetcher.
    this.fetcher?.kick()
    const durable = settings.log.flush === 'fsync'
    this.step({ kind: 'config', minInsyncReplicas: settings.minInsyncReplicas, durable })
    if (durable && this.#log.durableEndOffset < this.#log.appendedOffset) this.flush()
  }

  step(event: PartitionEvent): void {
    this.#host.version++
    const state = this.#state
    if (state === null || this.#closed) return
    this.#run(step(state, event, this.#host.now()))
    this.#reschedule(state)
  }

  /** For the events that are answered by a `write` or a `refuse`; other effects are run. */
  ask(event: PartitionEvent): Extract<PartitionEffect, { kind: 'write' | 'refuse' }> | null {
    this.#host.version++
    const state = this.#state
    if (state === null) return { kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }
    const effects = step(state, event, this.#host.now())
    const first = effects[0]
    if (first !== undefined && (first.kind === 'write' || first.kind === 'refuse')) return first
    this.#run(effects)
    this.#reschedule(state)
    return null
  }

  verdict(proposal: number, verdict: IsrVerdict): void {
    const where = { topic: this.at.topic, partition: this.at.partition }
    switch (verdict.kind) {
      case 'committed':
        this.step({
          kind: 'isr-committed',
          proposal,
          leaderEpoch: verdict.leaderEpoch,
          partitionEpoch: verdict.partitionEpoch,
          isr: verdict.isr,
        })
        break
      case 'refused':
        this.#host.options.logger.info({ ...where, error: verdict.error }, 'the controller refused an ISR')
        this.step({ kind: 'isr-refused', proposal, error: verdict.error })
        break
      case 'retry':
        this.step({ kind: 'isr-retry', proposal })
        break
    }
  }

  /** Waits for the high watermark; `done` is called once, perhaps before this returns. */
  awaitAck(
    upTo: Offset,
    due: Instant,
    done: (error: Extract<PartitionEffect, { kind: 'acknowledge' }>['error']) => void,
  ): void {
    const ticket = this.#nextTicket++
    this.#acks.set(ticket, done)
    this.step({ kind: 'staged', upTo, ticket, deadline: due })
  }

  /** As its leader. `done` is called once, perhaps before this returns, unless an error is answered. */
  deleteRecords(offset: Offset, due: Instant, done: (deleted: DeletedRecords) => void): Refusal | null {
    const ticket = this.#nextTicket++
    this.#deletions.set(ticket, done)
    const refusal = this.ask({ kind: 'delete-records', offset, ticket, deadline: due })
    if (refusal?.kind !== 'refuse') return null
    this.#deletions.delete(ticket)
    return refusal.error
  }

  /** Bracket of every append: `writing` before it is staged, `appended` when the log says so (or at once, if refused). */
  writing(): void {
    this.#writing++
  }

  appended(error: Error | null): void {
    this.#writing--
    if (error !== null) this.#host.failed(this, error)
    else this.#advanced()
    this.#released()
  }

  notWritten(): void {
    this.#writing--
    this.#released()
  }

  beginWork(): void {
    this.#work++
  }

  endWork(): void {
    this.#work--
    this.#released()
  }

  /** Cuts the log, as a follower; the role can't write meanwhile. False when the disk refused. */
  async truncate(cut: { readonly to: Offset } | { readonly startAt: Offset }): Promise<boolean> {
    const log = this.log
    const where = { topic: this.at.topic, partition: this.at.partition, from: log.endOffset, ...cut }
    const highWatermark = this.#state?.highWatermark ?? 0
    if ('to' in cut && cut.to < highWatermark)
      this.#host.options.logger.warn({ ...where, highWatermark }, 'truncating below the high watermark')
    else this.#host.options.logger.info(where, 'truncating')
    this.generation++
    this.wakeAll()
    this.beginWork()
    try {
      if ('to' in cut) await log.truncateTo(cut.to)
      else await log.truncateFullyAndStartAt(cut.startAt)
      this.step({
        kind: 'truncated',
        logStartOffset: log.logStartOffset,
        endOffset: log.appendedOffset,
        durableEndOffset: log.durableEndOffset,
      })
      this.generation++
      this.wakeAll()
      this.#tell(TRUNCATED)
      return true
    } catch (error) {
      this.#host.failed(this, asError(error))
      return false
    } finally {
      this.endWork()
    }
  }

  /** Cuts the damaged part: before the log is copied again, or before it leads without. */
  async cutDamage(): Promise<void> {
    this.#rebuilding = true
    await this.truncate({ to: this.log.endOffset })
  }

  /** A follower has appended what came with its leader's high watermark. */
  followed(leaderEpoch: Epoch, highWatermark: Offset): void {
    this.step({ kind: 'followed', leaderEpoch, highWatermark })
    if (this.#rebuilding && this.log.damaged === null && this.log.appendedOffset >= highWatermark)
      this.#rebuilding = false
  }

  flush(): void {
    // Counts as a write: what is reported to a leader must be durable first.
    this.writing()
    this.log.flush().then(
      () => this.appended(null),
      (error: unknown) => this.appended(asError(error)),
    )
  }

  /** Ends this replica: waits fail, nothing is run any more. */
  close(why: 'removed' | 'stopped'): void {
    if (this.#closed) return
    this.generation++
    this.#tellLast(why)
    if (this.#state !== null && this.#state.role.kind !== 'offline') {
      // A follower of nobody, in an epoch beyond all: what waits here is told to look elsewhere.
      this.step({
        kind: 'become-follower',
        assignment: { ...this.assigned, leader: -1, leaderEpoch: Number.MAX_SAFE_INTEGER },
      })
    }
    this.#closed = true
    this.#tick?.cancel()
    this.#host.unfollow(this)
    this.wakeAll()
  }

  /** Resolves when nobody works on the log any more. */
  async idle(): Promise<void> {
    while (!this.free) await new Promise<void>((resolve) => this.#idleWaiters.push(resolve))
  }

  wakeAll(): void {
    for (const entry of this.endReaders) this.#wake(entry)
    for (const entry of this.watermarkReaders) this.#wake(entry)
  }

  /** The log's end has moved on. */
  #advanced(): void {
    const log = this.#log
    if (log === null || this.#closed) return
    this.step({ kind: 'appended', endOffset: log.appendedOffset, durableEndOffset: log.durableEndOffset })
    for (const entry of this.endReaders) this.#wake(entry)
  }

  #released(): void {
    if (!this.free) return
    for (const resolve of this.#idleWaiters.splice(0)) resolve()
    if (this.#closed || this.offline || this.#state === null) return
    const { leader, leaderEpoch } = this.assigned
    const role = this.#state.role
    // Leading was put off until now.
    if (leader === this.#state.nodeId && role.kind === 'follower' && role.epoch <= leaderEpoch)
      this.assign(this.assigned)
    else this.#host.released(this)
  }

  #tell(news: ReplicaNews): void {
    if (this.#local !== null) this.#host.watching.tell(this.#local, news)
  }

  #tellLast(why: Extract<ReplicaNews, { kind: 'gone' }>['why']): void {
    this.#tell({ kind: 'gone', why })
    // An offline replica that is removed later is told once more: whoever keeps something for it lets it go then.
    if (why !== 'offline') this.#local = null
  }

  #wake(entry: ReadEntry): void {
    entry.dirty = true
    this.#host.wake(entry.wait)
  }

  #run(effects: readonly PartitionEffect[]): void {
    for (const effect of effects) this.#runOne(effect)
  }

  #runOne(effect: PartitionEffect): void {
    const where = { topic: this.at.topic, partition: this.at.partition }
    switch (effect.kind) {
      case 'acknowledge': {
        const done = this.#acks.get(effect.ticket)
        this.#acks.delete(effect.ticket)
        done?.(effect.error)
        return
      }
      case 'high-watermark':
        this.#log?.updateHighWatermark(effect.offset)
        for (const entry of this.watermarkReaders) this.#wake(entry)
        this.#tell(COMMITTED)
        return
      case 'begin-at':
        this.#log?.advanceLogStart(effect.offset).catch((error: unknown) => this.#host.failed(this, asError(error)))
        return
      case 'deleted': {
        const done = this.#deletions.get(effect.ticket)
        this.#deletions.delete(effect.ticket)
        const lowWatermark = Math.min(effect.followersStart, this.#log?.logStartOffset ?? -1)
        done?.({ error: effect.error, lowWatermark })
        return
      }
      case 'lead':
        this.generation++
        this.#host.unfollow(this)
        this.log.assignEpoch(effect.epoch, effect.epochStartOffset)
        this.#host.options.logger.debug({ ...where, epoch: effect.epoch, start: effect.epochStartOffset }, 'leading')
        this.wakeAll()
        this.#tell({ kind: 'leading', epoch: effect.epoch, startOffset: effect.epochStartOffset })
        return
      case 'follow':
        this.generation++
        this.#host.options.logger.debug({ ...where, epoch: effect.epoch, leader: effect.leader }, 'following')
        if (effect.leader < 0) this.#host.unfollow(this)
        else this.#host.follow(this, effect.leader)
        this.wakeAll()
        // Not where leading was only put off: nobody else leads in this epoch.
        if (this.assigned.leader !== this.#host.options.nodeId) this.#tell({ kind: 'following', epoch: effect.epoch })
        return
      case 'propose-isr':
        this.#host.options.logger.info(
          { ...where, isr: effect.newIsr.map((member) => member.id), reason: effect.reason },
          'proposing an ISR',
        )
        this.#host.proposals.add(this, effect)
        return
      case 'isr':
        return
      case 'write':
      case 'refuse':
        assert(false, `${effect.kind} answers a question and is not run`)
    }
  }

  /** The tick may come too early, never too late: a deadline that moved away costs nothing until then. */
  #reschedule(state: PartitionState): void {
    const at = deadline(state)
    if (at >= this.#tickAt) return
    this.#tick?.cancel()
    this.#tickAt = at
    this.#tick = this.#host.timers.at(at, () => {
      this.#tickAt = Number.POSITIVE_INFINITY
      this.#tick = null
      this.step({ kind: 'tick' })
    })
  }
}

/** Identity across re-creation under one name: the topic id is part of it (P19). */
export function replicaKey(topicId: Uuid, partition: number): string {
  return `${topicId}:${partition}`
}

export function directoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error))
}
