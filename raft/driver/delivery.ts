// Hands the committed log to its follower: a snapshot where the log no longer reaches back, then batches in order, one
// call at a time, and news of the leader between them. This node is announced as leader only when everything before its
// epoch has been delivered and the epoch's first record is committed (S54).

import type { Offset } from '../../src/base/index.ts'
import type { RaftState } from '../core/index.ts'
import { leaderOf } from '../core/index.ts'
import type { RaftStorage } from '../storage/index.ts'
import { loadSnapshot } from './boot.ts'
import type { LeaderAndEpoch, LogFollower } from './types.ts'

const READ_BYTES = 1024 * 1024
/** Reads in a row that a cut of the log may void: more means that what is committed is not there. */
const FRUITLESS_MAX = 20

export class Delivery {
  readonly #state: RaftState
  readonly #storage: RaftStorage
  readonly #follower: LogFollower | null
  readonly #fail: (error: unknown) => void
  readonly #atRest: () => Promise<void>
  #next: Offset = 0
  /** Committed as far as it may be told: behind the core's while effects wait for the disk. */
  #upTo: Offset = 0
  #running: Promise<void> | null = null
  #stopped = false
  #told: LeaderAndEpoch = { leaderId: -1, epoch: -1, endpoint: null }
  #bytes = 0

  /** `atRest` resolves when nothing is replacing the log. */
  constructor(
    state: RaftState,
    storage: RaftStorage,
    follower: LogFollower | null,
    fail: (error: unknown) => void,
    atRest: () => Promise<void>,
  ) {
    this.#state = state
    this.#storage = storage
    this.#follower = follower
    this.#fail = fail
    this.#atRest = atRest
  }

  /** What the follower was last told. */
  get told(): LeaderAndEpoch {
    return this.#told
  }

  /** Bytes of batches delivered since the last snapshot. */
  get bytes(): number {
    return this.#bytes
  }

  snapshotTaken(): void {
    this.#bytes = 0
  }

  committed(upTo: Offset): void {
    this.#upTo = Math.max(this.#upTo, upTo)
    this.#go()
  }

  /** Roles have changed, or may have. */
  leaderChanged(): void {
    this.#tellLeader()
    this.#go()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  #go(): void {
    if (this.#running !== null || this.#stopped || this.#follower === null) return
    this.#running = this.#deliver()
      .catch((error: unknown) => this.#fail(error))
      .then(() => {
        this.#running = null
        if (this.#next < this.#upTo && !this.#stopped) this.#go()
        else this.#tellLeader()
      })
      .catch((error: unknown) => this.#fail(error))
  }

  async #deliver(): Promise<void> {
    const { log } = this.#storage
    let fruitless = 0
    while (this.#next < this.#upTo && !this.#stopped) {
      if (await this.#deliverSnapshot()) continue
      const from = this.#next
      const read = await log.read(from, { maxBytes: READ_BYTES, upTo: this.#upTo, minOneBatch: true })
      if (this.#stopped) return
      if (read.endOffset <= from) {
        // A cut anywhere in the log voids the reads under way. One at its head leaves a snapshot of what is missing.
        await this.#atRest()
        if (from < log.logStartOffset || ++fruitless < FRUITLESS_MAX) continue
        throw new Error(
          `committed metadata at offset ${from} cannot be read (log ${log.logStartOffset}..${log.endOffset})`,
        )
      }
      const bytes = read.chunks.length === 1 ? read.chunks[0]! : Buffer.concat(read.chunks)
      fruitless = 0
      this.#next = read.endOffset
      this.#bytes += bytes.length
      this.#follower?.onCommitted({
        bytes,
        baseOffset: from,
        endOffset: read.endOffset,
        epoch: log.epochAt(read.endOffset - 1),
      })
    }
  }

  /** True when a snapshot was delivered: at the beginning when there is one, and where the log begins later. */
  async #deliverSnapshot(): Promise<boolean> {
    const { newest, log } = this.#storage
    if (newest === null || newest.endOffset <= this.#next) return false
    if (this.#next > 0 && this.#next >= log.logStartOffset) return false
    const content = await loadSnapshot(this.#storage, newest).catch((error: unknown) => {
      // One that was fetched meanwhile has replaced it.
      if (this.#storage.newest !== newest) return null
      throw error
    })
    if (content === null || this.#stopped) return true
    this.#next = newest.endOffset
    this.#bytes = 0
    this.#follower?.onSnapshot(newest, content.batches, content.lastContainedLogTimestamp)
    return true
  }

  #tellLeader(): void {
    if (this.#stopped) return
    const { role } = this.#state
    const leader = leaderOf(this.#state)
    if (role.kind === 'leader') {
      if (this.#told.leaderId === leader.id && this.#told.epoch === role.epoch) return
      const caughtUp = this.#next > role.epochStartOffset && this.#next >= this.#upTo && this.#running === null
      if (!role.highWatermarkKnown || (!caughtUp && this.#follower !== null)) {
        // Until it may act, there is no leader that anybody could turn to.
        this.#tell({ leaderId: -1, epoch: role.epoch, endpoint: null })
        return
      }
    }
    this.#tell({ leaderId: leader.id, epoch: role.epoch, endpoint: leader.endpoint })
  }

  #tell(leader: LeaderAndEpoch): void {
    const before = this.#told
    if (
      before.leaderId === leader.leaderId &&
      before.epoch === leader.epoch &&
      before.endpoint?.host === leader.endpoint?.host &&
      before.endpoint?.port === leader.endpoint?.port
    ) {
      return
    }
    this.#told = leader
    this.#follower?.onLeaderChange(leader)
  }
}
