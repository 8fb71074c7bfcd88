// One partition of an internal topic on this broker: as a follower it keeps the standby table up, as a leader it loads a machine
// and runs it. It decides nothing. Invariants: a machine is active only when it has replayed all that the log had when its
// epoch began, and all of that is committed; one thing is done with table and log at a time; after every wait the role is
// looked at again.

import type { Epoch, Instant, Offset, Timer, Timers } from '../base/index.ts'
import { assert, messageOf, ProtocolError, StorageError } from '../base/index.ts'
import { EncodeError } from '../wire/index.ts'
import { Appender, type EncodedRecord } from './appender.ts'
import { LogFeed, type RawRecord } from './feed.ts'
import { type Folded, Standby } from './standby.ts'
import type { Turns } from './turns.ts'
import type {
  CoordinatorLimits,
  CoordinatorLog,
  CoordinatorOptions,
  CoordinatorView,
  LogNews,
  Machine,
  MachineEffect,
  MachineEvent,
} from './types.ts'

type Role =
  | { readonly kind: 'standby'; readonly epoch: Epoch }
  | { readonly kind: 'loading'; readonly epoch: Epoch; readonly startOffset: Offset; readonly since: Instant }
  | { readonly kind: 'active'; readonly epoch: Epoch }
  | { readonly kind: 'failed'; readonly epoch: Epoch }
  | { readonly kind: 'gone'; readonly epoch: Epoch }

export class CoordinatorPartition<Record, Event, Answer> {
  readonly log: CoordinatorLog
  readonly #options: CoordinatorOptions<Record, Event, Answer>
  readonly #limits: CoordinatorLimits
  readonly #timers: Timers
  readonly #turns: Turns
  /** Another life of this partition may still be at its table. */
  readonly #before: Promise<void>
  readonly #standby: Standby
  readonly #appender: Appender
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #machine: Machine<Record, Event, Answer>
  #role: Role = { kind: 'standby', epoch: -1 }
  /** The table was not opened yet, or the log was cut. */
  #unsure = true
  /** There may be something to fold. */
  #foldDue = true
  #foldTimer: Timer | null = null
  #working: Promise<void> | null = null
  /** Told when there is news; whoever loads waits for it. */
  #news: (() => void) | null = null
  #tick: Timer | null = null
  #tickAt: Instant = Number.POSITIVE_INFINITY
  #lastLoad: CoordinatorView['lastLoad'] = null

  constructor(
    log: CoordinatorLog,
    options: CoordinatorOptions<Record, Event, Answer>,
    limits: CoordinatorLimits,
    timers: Timers,
    turns: Turns,
    before: Promise<void>,
  ) {
    const { clock, offload } = options.ports
    const { states, logger, schemaVersion, onFatal } = options
    this.log = log
    this.#options = options
    this.#limits = limits
    this.#timers = timers
    this.#turns = turns
    this.#before = before
    this.#machine = options.machine()
    this.#standby = new Standby({ log, states, clock, offload, logger, limits, turns, schemaVersion })
    this.#appender = new Appender({
      log,
      timers,
      clock,
      offload,
      compression: options.compression ?? null,
      lingerMs: options.appendLingerMs,
      committed: (append) => this.#step({ kind: 'committed', append }),
      failed: (append, error) => this.#step({ kind: 'append-failed', append, error, written: false }),
      stranger: (offset) => this.#strange(offset),
      onFatal,
    })
  }

  told(news: LogNews): void {
    // A role begins with a table that fits its log, and with another try where there was none.
    if (news.kind !== 'committed') this.#unsure = true
    switch (news.kind) {
      case 'leading':
        this.#load(news.epoch, news.startOffset)
        break
      case 'following':
        this.#appender.close()
        this.#role = { kind: 'standby', epoch: news.epoch }
        this.#step({ kind: 'unload', epoch: news.epoch })
        break
      case 'committed':
        if (this.#role.kind === 'active') this.#appender.release(this.log.highWatermark)
        this.#foldSoon()
        break
      case 'truncated':
        break
      case 'gone':
        this.#leave()
        break
    }
    this.#news?.()
    if (news.kind !== 'committed' || this.#foldDue) this.#work()
  }

  ask(token: number, event: Event): Promise<Answer> {
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve)
      this.#step(event)
    })
  }

  tell(event: Event): void {
    this.#step(event)
  }

  get view(): CoordinatorView {
    const { kind, epoch } = this.#role
    const folded = this.#standby.position ?? -1
    const phase = kind === 'gone' ? 'standby' : kind
    return { partition: this.log.at.partition, phase, epoch, folded, lastLoad: this.#lastLoad }
  }

  /** Resolves when nothing is done with table and log any more. */
  async stop(): Promise<void> {
    if (this.#role.kind !== 'gone') this.told({ kind: 'gone', why: 'stopped' })
    await this.#working
  }

  #leave(): void {
    this.#role = { kind: 'gone', epoch: this.#role.epoch }
    this.#appender.close()
    this.#foldTimer?.cancel()
    this.#step({ kind: 'unload', epoch: null })
    this.#tick?.cancel()
    assert(this.#waiting.size === 0, 'a machine that is unloaded has answered everybody')
  }

  #load(epoch: Epoch, startOffset: Offset): void {
    this.#appender.close()
    this.#role = { kind: 'loading', epoch, startOffset, since: this.#options.ports.clock.monotonic() }
    this.#step({ kind: 'load', epoch })
  }

  /** Somebody else has written into the log of this leader: only the log knows what holds now. */
  #strange(offset: Offset): void {
    const role = this.#role
    this.#options.logger.error(
      { ...this.#where(), offset },
      'records that the coordinator did not write: it loads again',
    )
    this.#renew()
    if (role.kind === 'active') this.#load(role.epoch, this.log.endOffsetForEpoch(role.epoch).endOffset)
    this.#work()
  }

  /** A new machine in place of one that has answered everybody. */
  #renew(): void {
    this.#appender.close()
    this.#step({ kind: 'unload', epoch: null })
    assert(this.#waiting.size === 0, 'a machine that is unloaded has answered everybody')
    this.#machine = this.#options.machine()
  }

  // One worker a partition: it opens the table, loads, folds.

  #foldSoon(): void {
    if (this.#foldDue || this.#role.kind === 'gone') return
    const behind = this.log.highWatermark - (this.#standby.position ?? this.log.logStartOffset)
    if (behind >= this.#limits.foldRecords) {
      this.#foldTimer?.cancel()
      this.#foldTimer = null
      this.#foldDue = true
      return
    }
    this.#foldTimer ??= this.#timers.after(this.#limits.foldDelayMs, () => {
      this.#foldTimer = null
      this.#foldDue = true
      this.#work()
    })
  }

  #work(): void {
    if (this.#working !== null) return
    const done = this.#run().then(() => {
      this.#working = null
      // News that came while the last step ended.
      if (this.#busy()) this.#work()
    })
    this.#working = done
    done.catch(this.#options.onFatal)
  }

  #busy(): boolean {
    const { kind } = this.#role
    return kind !== 'gone' && (this.#unsure || this.#foldDue || kind === 'loading')
  }

  async #run(): Promise<void> {
    await this.#before
    while (this.#busy()) {
      if (this.#unsure) {
        this.#unsure = false
        this.#foldDue = true
        await this.#standby.ensure()
      } else if (this.#role.kind === 'loading') {
        await this.#loadAs(this.#role)
      } else {
        this.#foldDue = false
        let folded: Folded = 'more'
        while (folded === 'more' && !this.#urgent()) folded = await this.#standby.fold()
        if (folded === 'more') this.#foldDue = true
      }
    }
  }

  /** There is something that a fold must not keep waiting. */
  #urgent(): boolean {
    return this.#unsure || this.#role.kind === 'loading' || this.#role.kind === 'gone'
  }

  async #loadAs(role: Extract<Role, { kind: 'loading' }>): Promise<void> {
    const rows = await this.#replayRows(role)
    if (rows === null || this.#role !== role) return
    const records = await this.#replayTail(role)
    if (records === null || this.#role !== role) return
    const ms = Math.round(this.#options.ports.clock.monotonic() - role.since)
    this.#lastLoad = { rows, records, ms }
    this.#options.logger.info({ ...this.#where(), epoch: role.epoch, rows, records, ms }, 'a coordinator is loaded')
    this.#role = { kind: 'active', epoch: role.epoch }
    this.#appender.open(role.epoch, role.startOffset)
    this.#step({ kind: 'loaded', epoch: role.epoch })
  }

  /** How many; null: the load begins again or is over. */
  async #replayRows(role: Extract<Role, { kind: 'loading' }>): Promise<number | null> {
    if (this.#standby.position === null) return 0
    let count = 0
    try {
      for await (const page of this.#standby.pages()) {
        await this.#turns.take('load')
        if (this.#role !== role || !this.#replay(role, page)) return null
        count += page.length
      }
      return count
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      await this.#standby.drop(error)
      // What it said until then cannot be taken back out of a machine.
      if (this.#role === role) {
        this.#renew()
        this.#load(role.epoch, role.startOffset)
      }
      return null
    }
  }

  /** How many; null: the load begins again or is over. */
  async #replayTail(role: Extract<Role, { kind: 'loading' }>): Promise<number | null> {
    const { offload } = this.#options.ports
    const from = this.#standby.position ?? this.log.logStartOffset
    const feed = new LogFeed(this.log, offload, this.#limits, () => this.#turns.take('load'), from)
    let count = 0
    while (feed.next < role.startOffset) {
      const heard = this.#nextNews()
      const fed = await feed.read()
      if (this.#role !== role) return null
      switch (fed.kind) {
        case 'records':
          if (!this.#replay(role, fed.records)) return null
          count += fed.records.length
          break
        case 'end':
          // Not all of it is committed.
          await heard
          break
        case 'truncated':
          this.#unsure = true
          this.#renew()
          this.#load(role.epoch, role.startOffset)
          return null
        case 'failed':
          this.#fail(role.epoch, fed.reason)
          return null
        case 'gone':
          // Its news is under way.
          await heard
          break
      }
      if (this.#role !== role) return null
    }
    return count
  }

  #nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.#news = resolve
    })
  }

  /** False: the load has failed. */
  #replay(role: Extract<Role, { kind: 'loading' }>, raw: readonly RawRecord[]): boolean {
    const records: Record[] = []
    try {
      for (const { key, value } of raw) {
        const record = this.#options.codec.decode(key, value)
        if (record !== null) records.push(record)
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fail(role.epoch, messageOf(error))
      return false
    }
    this.#step({ kind: 'replay', epoch: role.epoch, records })
    return true
  }

  /** Until the next election, as in Kafka. */
  #fail(epoch: Epoch, reason: string): void {
    this.#options.logger.error({ ...this.#where(), epoch, reason }, 'a coordinator cannot be loaded')
    this.#role = { kind: 'failed', epoch }
    this.#step({ kind: 'load-failed', epoch, reason })
  }

  // The machine.

  #step(event: MachineEvent<Record> | Event): void {
    const { clock } = this.#options.ports
    for (const effect of this.#machine.step(event, { now: clock.monotonic(), wall: clock.wall() })) this.#effect(effect)
    this.#reschedule()
  }

  #effect(effect: MachineEffect<Record, Answer>): void {
    switch (effect.kind) {
      case 'answer': {
        const resolve = this.#waiting.get(effect.token)
        assert(resolve !== undefined, 'a machine answers each request once')
        this.#waiting.delete(effect.token)
        resolve(effect)
        return
      }
      case 'append':
        this.#append(effect.append, effect.epoch, effect.records)
        return
      case 'note': {
        const { groupId, text } = effect
        this.#options.logger.info({ ...this.#where(), groupId }, text)
        return
      }
    }
  }

  #append(append: number, epoch: Epoch, records: readonly Record[]): void {
    let encoded: EncodedRecord[]
    try {
      encoded = records.map((record) => this.#options.codec.encode(record))
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error
      // What is made of a client's names (a member's id of its instance id) may be longer than a name can be: the log has nothing
      // of it, and whoever asked hears so.
      this.#options.logger.warn({ ...this.#where(), reason: error.message }, 'a record cannot be written')
      this.#step({ kind: 'append-failed', append, error: 'UNKNOWN_SERVER_ERROR', written: false })
      return
    }
    this.#appender.add(append, epoch, encoded)
  }

  /** The tick may come too early, never too late: a deadline that moved away costs nothing until then. */
  #reschedule(): void {
    const at = this.#machine.deadline() ?? Number.POSITIVE_INFINITY
    if (at >= this.#tickAt || this.#role.kind === 'gone') return
    this.#tick?.cancel()
    this.#tickAt = at
    const ring = (): void => {
      this.#tickAt = Number.POSITIVE_INFINITY
      this.#step({ kind: 'tick' })
    }
    this.#tick = this.#timers.at(at, () => {
      const { lateMs, catchUpMs } = this.#limits
      if (this.#options.ports.clock.monotonic() - at < lateMs) ring()
      // The process stood still, and timers come before what sockets have: signs of life that are here already count.
      else this.#tick = this.#timers.after(catchUpMs, ring)
    })
  }

  #where(): { readonly topic: string; readonly partition: number } {
    const { topic, partition } = this.log.at
    return { topic, partition }
  }
}
