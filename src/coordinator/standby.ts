// The standby table of one replica: the last value of each key of the committed log, which is what compaction will leave of
// it. Knows no machine. Invariant: rows and position are of one instant of the committed log; a table of which that is in
// doubt is dropped and folded anew, and a database that fails is done without, since the log has everything.

import type { Clock, Logger, Offload, Offset } from '../base/index.ts'
import { messageOf, StorageError } from '../base/index.ts'
import type { StateSchema, States, StateTable } from '../state/index.ts'
import { LogFeed, type RawRecord } from './feed.ts'
import type { Turns } from './turns.ts'
import type { CoordinatorLimits, CoordinatorLog } from './types.ts'

export interface StandbyOptions {
  readonly log: CoordinatorLog
  readonly states: States
  readonly clock: Clock
  readonly offload: Offload
  readonly logger: Logger
  readonly limits: CoordinatorLimits
  readonly turns: Turns
  readonly schemaVersion: number
}

/** `none`: there is no table any more, or no log. */
export type Folded = 'more' | 'all' | 'none'

export class Standby {
  readonly #options: StandbyOptions
  readonly #schema: StateSchema<Uint8Array>
  #table: StateTable<Uint8Array> | null = null
  #opened = false
  #feed: LogFeed | null = null
  /** Folded and not in the table yet, because a transaction before it is open. */
  #pending = new Map<string, Uint8Array | null>()

  constructor(options: StandbyOptions) {
    this.#options = options
    this.#schema = {
      version: options.schemaVersion,
      decode: (value) => (value instanceof Uint8Array ? value : null),
    }
  }

  /** Where a load or a fold goes on; null: there is no table, or nothing in it. */
  get position(): Offset | null {
    return this.#table?.position?.offset ?? null
  }

  /** Opens the table, or looks again whether it fits its log; afterwards it does, or is empty, or there is none. */
  async ensure(): Promise<void> {
    this.#forget()
    await this.#guard(async () => {
      if (!this.#opened) {
        this.#opened = true
        this.#table = await this.#options.states.open(tableName(this.#options.log.at), this.#schema)
      }
      const reason = this.#unfit()
      if (reason === null) return
      this.#options.logger.warn({ ...this.#where(), reason }, 'a standby table is dropped and folded again')
      await this.#empty()
    })
  }

  /** One bounded step. A log that cannot be read has no table: the next load meets it, and fails. */
  async fold(): Promise<Folded> {
    const table = this.#table
    if (table === null) return 'none'
    const { log, offload, limits, clock, turns } = this.#options
    const turn = (): Promise<void> => turns.take('fold')
    this.#feed ??= new LogFeed(log, offload, limits, turn, table.position?.offset ?? log.logStartOffset)
    const feed = this.#feed
    const fed = await feed.read()
    if (fed.kind === 'truncated') {
      // The log begins later now: what the table missed is not known.
      await this.#guard(() => this.#empty())
      return 'more'
    }
    if (fed.kind === 'failed') {
      this.#table = null
      this.#options.logger.error({ ...this.#where(), reason: fed.reason }, 'a standby cannot fold its log')
    }
    if (fed.kind !== 'records') return fed.kind === 'end' ? 'all' : 'none'
    for (const { key, value } of fed.records) this.#pending.set(rowKey(key), value)
    const { stable } = feed
    if (stable === null || stable.offset !== feed.next) {
      this.#own()
      return 'more'
    }
    const changes = [...this.#pending].map(([key, value]) => ({ key, value }))
    this.#pending = new Map()
    await this.#guard(() => table.apply(changes, stable, clock.wall()))
    return this.#table === null ? 'none' : 'more'
  }

  /** Rows up to `position`. Throws a StorageError; then `drop` it. */
  async *pages(): AsyncGenerator<readonly RawRecord[]> {
    if (this.#table === null) return
    for await (const page of this.#table.pages(this.#options.limits.replayRows))
      yield page.map(({ key, value }) => ({ key: keyOf(key), value }))
  }

  drop(error: StorageError): Promise<void> {
    this.#options.logger.warn(
      { ...this.#where(), reason: error.message },
      'a standby table is dropped and folded again',
    )
    return this.#guard(() => this.#empty())
  }

  /** Not within a transaction's wait: the log's slabs are let go. */
  #own(): void {
    for (const [key, value] of this.#pending) this.#pending.set(key, value?.slice() ?? null)
  }

  async #empty(): Promise<void> {
    this.#forget()
    await this.#table?.clear()
  }

  /** What was read and is not in the table is read again. */
  #forget(): void {
    this.#feed = null
    this.#pending = new Map()
  }

  /** Why the table is not what the log says; null: it is. */
  #unfit(): string | null {
    const table = this.#table
    if (table === null || table.position === null) return null
    const { offset, epoch } = table.position
    const { log, clock, limits } = this.#options
    if (offset < log.logStartOffset) return `it ends at ${offset}, the log begins at ${log.logStartOffset}`
    const end = log.endOffsetForEpoch(epoch)
    if (end.epoch !== epoch || end.endOffset < offset)
      return `it ends at ${offset} in epoch ${epoch}; of that epoch the log has offsets below ${end.endOffset}`
    const age = clock.wall() - table.writtenAt
    if (offset < log.highWatermark && age > limits.staleTableMs) return `it is behind its log and ${age} ms old`
    return null
  }

  /** Without its database a coordinator loads from the log. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#table = null
      this.#opened = false
      this.#options.logger.error(
        { ...this.#where(), error: messageOf(error) },
        'no standby table: loads replay the log',
      )
    }
  }

  #where(): { readonly topic: string; readonly partition: number } {
    const { topic, partition } = this.#options.log.at
    return { topic, partition }
  }
}

export function tableName(at: CoordinatorLog['at']): string {
  return `${at.topic}/${at.topicId}-${at.partition}`
}

function rowKey(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

function keyOf(row: string): Uint8Array {
  return Buffer.from(row, 'latin1')
}
