// One replica on its way to another log directory of this broker (KIP-113): its log is copied there beside the work, the
// controller told, and at an instant when both are the same the replica goes on with the copy. Knows nothing of other
// replicas. Invariant: one of the two logs is written to at any time, and the other is a beginning of it: whoever finds
// both after a crash takes the longer one.

import { Bug, messageOf, StorageError, type Timer, UNASSIGNED_DIR } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'
import { truncationPoint } from '../fetching/index.ts'
import { startsWithin } from './batches.ts'
import type { Host } from './host.ts'
import type { Pace } from './pace.ts'
import { assignedDirectory } from './placement.ts'
import type { Replica } from './replica.ts'

const CHUNK_BYTES = 1024 * 1024
/** The longest pause for the throttle: it may be lifted meanwhile. */
const MAX_PAUSE_MS = 1000
/** Between two looks whether the copy is whole and nothing is under way. */
const AGAIN_MS = 5

export class Move {
  readonly replica: Replica
  readonly to: LogDirectory
  /** Resolves when it has copied what there was, or is over: others may have the disk's time. */
  readonly copied: Promise<void>
  readonly #host: Host
  readonly #pace: Pace
  /** Where the replica lies when its turn comes. */
  #from: LogDirectory | null = null
  #copy: PartitionLog | null
  /** The log whose compaction waits for the copy. */
  #held: PartitionLog | null = null
  /** The copy has the partition's own name. */
  #promoted = false
  #cancelled = false
  /** What has been copied is of use to the next process. */
  #kept = false
  #wake: (() => void) | null = null
  #yields: () => void = () => {}
  /** Ends the wait for its turn. */
  #gives: () => void = () => {}
  readonly #given: Promise<void>

  constructor(host: Host, pace: Pace, replica: Replica, to: LogDirectory, found: PartitionLog | null) {
    this.#host = host
    this.#pace = pace
    this.replica = replica
    this.to = to
    this.#copy = found
    this.copied = new Promise((resolve) => {
      this.#yields = resolve
    })
    this.#given = new Promise((resolve) => {
      this.#gives = resolve
    })
  }

  /** Ends it; what has been copied goes, if its disk still takes it, unless it is to be `kept`, which it is not twice told. */
  cancel(kept = false): void {
    if (!this.#cancelled) this.#kept = kept
    this.#cancelled = true
    this.#gives()
    this.#wake?.()
  }

  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Another registration of the partition, which may name the new directory. */
  assigned(): void {
    this.#wake?.()
  }

  /** Makes the copy's place, so that whoever asks sees that it is on its way; false where there is none to be had. Rejects
   *  for a bug only. */
  async prepare(): Promise<boolean> {
    const { topic, topicId, partition } = this.replica.at
    if (this.#over || this.replica.directory === this.to) return true
    // It would take the tombstone of a record that has been copied already.
    this.#held = this.replica.log
    this.#held.holdCompaction(true)
    if (this.#copy !== null) return true
    try {
      this.#copy = await this.to.createFuture(topic, topicId, partition, this.replica.log.config)
      return true
    } catch (error) {
      if (error instanceof Bug) throw error
      const where = { topic, partition, to: this.to.path, error: messageOf(error) }
      this.#host.options.logger.error(where, 'a replica cannot be moved to another log directory')
      this.cancel()
      return false
    }
  }

  /** Copies when its `turn` has come. Resolves when the replica has moved, or the move is over without. Rejects for a bug only. */
  async run(turn: Promise<unknown>): Promise<void> {
    await Promise.race([turn, this.#given])
    try {
      await this.#run()
    } finally {
      this.#held?.holdCompaction(false)
      this.#yields()
    }
  }

  async #run(): Promise<void> {
    const { topic, partition } = this.replica.at
    this.#from = this.replica.directory
    if (this.#over || this.#copy === null || this.#from === null || this.#from === this.to) {
      await this.#clear()
      return
    }
    const where = { topic, partition, from: this.#from.path, to: this.to.path }
    const { logger } = this.#host.options
    try {
      if (await this.#moved(this.#from)) {
        logger.info(where, 'a replica has moved to another log directory')
        return
      }
      logger.info(where, 'the move of a replica to another log directory was given up')
    } catch (error) {
      if (error instanceof Bug) throw error
      logger.error({ ...where, error: messageOf(error) }, 'a replica cannot be moved to another log directory')
    }
    await this.#clear()
  }

  async #moved(from: LogDirectory): Promise<boolean> {
    if (!(await this.#copied(() => true))) return false
    // What follows may wait for others: the next replica is copied meanwhile.
    this.#yields()
    if (!(await this.#accepted())) return false
    const source = this.replica.log
    this.#copy = await this.to.promote(this.#copy!)
    this.#promoted = true
    const copy = this.#copy
    // The last look and the switch are one turn: whatever came between would be in the old log only.
    const swap = (): boolean => {
      if (!this.#same(copy)) return false
      this.replica.moved(copy, this.to)
      this.#copy = null
      return true
    }
    if (!(await this.#copied(swap))) return false
    try {
      // Nothing that was durable before may depend on a cache now.
      await copy.flush()
    } finally {
      // Also where that disk has failed: left here, the old log would be taken for the replica while the disk is away.
      await from.delete(source)
    }
    return true
  }

  /** Copies until nothing is left and `finish` has done what is to be done then; false: cancelled. */
  async #copied(finish: () => boolean): Promise<boolean> {
    let idleMs = AGAIN_MS
    while (!this.#over) {
      const copy = this.#copy!
      const { endOffset, logStartOffset, size } = copy
      const step = await this.#step()
      if (this.#over) return false
      if (copy.endOffset > endOffset && copy.size > size) await this.#pay(copy.size - size)
      if (step === 'whole') {
        if (!this.#over && finish()) return true
        await this.#pause(AGAIN_MS)
      } else if (copy.endOffset !== endOffset || copy.logStartOffset !== logStartOffset) {
        idleMs = AGAIN_MS
        await this.#pause(0)
      } else {
        // The copy would not have what it was given, or there was nothing to give: not in a tight loop.
        await this.#pause(idleMs)
        idleMs = Math.min(2 * idleMs, MAX_PAUSE_MS)
      }
    }
    return false
  }

  async #pay(bytes: number): Promise<void> {
    this.#pace.spent(bytes)
    for (;;) {
      const ms = this.#pace.waitMs
      // What is left below a millisecond is owed by the next.
      if (ms < 1 || this.#over) return
      await this.#pause(Math.min(ms, MAX_PAUSE_MS))
    }
  }

  get #over(): boolean {
    return this.#cancelled || this.replica.closed || this.replica.offline
  }

  async #step(): Promise<'copied' | 'whole'> {
    const source = this.replica.log
    const copy = this.#copy!
    // What it takes, and when it is durable, follows the topic.
    copy.config = source.config
    if (copy.damaged !== null) {
      await copy.truncateTo(copy.endOffset)
      return 'copied'
    }
    const cut = cutOf(source, copy)
    if (cut !== null) {
      if (cut.kind === 'restart') await copy.truncateFullyAndStartAt(source.logStartOffset)
      else await copy.truncateTo(cut.at)
      return 'copied'
    }
    const start = Math.min(source.logStartOffset, copy.endOffset)
    if (copy.logStartOffset < start) {
      await copy.advanceLogStart(start)
      return 'copied'
    }
    if (copy.endOffset >= source.appendedOffset) {
      // What was copied before the topic asked for it.
      if (source.config.flush === 'fsync' && copy.durableEndOffset < copy.appendedOffset) await copy.flush()
      return 'whole'
    }
    const options = { maxBytes: CHUNK_BYTES, upTo: source.appendedOffset, minOneBatch: true }
    const read = source.read(copy.endOffset, options)
    const found = read instanceof Promise ? await read : read
    // It may have been cut while the disk was asked.
    if (cutOf(source, copy) !== null) return 'copied'
    const base = startsWithin(found.chunks[0], copy)
    if (base !== null) await copy.truncateFullyAndStartAt(base)
    for (const chunk of found.chunks) if (!(await append(copy, chunk))) break
    copy.updateHighWatermark(Math.min(source.highWatermark, copy.endOffset))
    return copy.endOffset >= source.appendedOffset ? 'whole' : 'copied'
  }

  /** The copy may begin later: a crash takes the log's beginning back to the last checkpoint, retention may be done with the
   *  copy first. What is committed there was deleted. */
  #same(copy: PartitionLog): boolean {
    const source = this.replica.log
    return (
      this.replica.free &&
      cutOf(source, copy) === null &&
      source.endOffset === source.appendedOffset &&
      copy.endOffset === source.endOffset &&
      copy.appendedOffset === source.endOffset &&
      copy.logStartOffset >= source.logStartOffset &&
      copy.logStartOffset <= (this.replica.state?.highWatermark ?? 0) &&
      (source.config.flush !== 'fsync' || copy.durableEndOffset >= source.durableEndOffset)
    )
  }

  /** The controller must know first: what it takes for lost when a disk fails hangs on it (KIP-858). */
  async #accepted(): Promise<boolean> {
    const { topicId, partition } = this.replica.at
    const { directoryId } = this.to.meta
    const { nodeId } = this.#host.options
    while (!this.#over) {
      const { assigned } = this.replica
      // A cluster from before that keeps no directories.
      if (assigned.directories.length === 0 || assignedDirectory(assigned, nodeId) === directoryId) return true
      this.#host.options.onDirectoryAssigned({ topicId, partition, directoryId })
      await this.#pause(null)
    }
    return false
  }

  /** Until time is over, or somebody wakes it. */
  #pause(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer: Timer | null = ms === null ? null : this.#host.timers.after(ms, () => this.#wake?.())
      this.#wake = () => {
        timer?.cancel()
        this.#wake = null
        resolve()
      }
      if (this.#over) this.#wake()
    })
  }

  async #clear(): Promise<void> {
    const { replica } = this
    // Where the disk of the replica itself has failed, the copy is what is left of it, for whoever mends this by hand.
    const kept = (this.#kept && !this.#promoted) || (replica.offline && !replica.closed)
    if (this.#copy !== null && this.#copy.failed === null && !kept) {
      try {
        await this.to.delete(this.#copy)
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
      }
    }
    const { topicId, partition } = replica.at
    const told = assignedDirectory(replica.assigned, this.#host.options.nodeId)
    const lies = replica.directory?.meta.directoryId ?? told
    if (!replica.closed && told !== lies && told !== UNASSIGNED_DIR)
      this.#host.options.onDirectoryAssigned({ topicId, partition, directoryId: lies })
  }
}

type Cut = { readonly kind: 'restart' } | { readonly kind: 'cut'; readonly at: number } | null

/** Where the copy's history leaves that of the log; null: nowhere. */
function cutOf(source: PartitionLog, copy: PartitionLog): Cut {
  if (copy.endOffset < source.logStartOffset) return { kind: 'restart' }
  if (copy.lastEpoch < 0) return copy.endOffset > source.endOffset ? { kind: 'restart' } : null
  const end = source.endOffsetForEpoch(copy.lastEpoch)
  if (end.epoch < 0 || end.endOffset < 0) return { kind: 'restart' }
  if (end.epoch === copy.lastEpoch && end.endOffset >= copy.endOffset) return null
  return { kind: 'cut', at: truncationPoint(copy, end) }
}

/** False: the copy would not have it. */
function append(copy: PartitionLog, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const outcome = copy.appendAsFollower(chunk, (error) => (error === null ? resolve(true) : reject(error)))
    if (outcome.kind !== 'staged') resolve(false)
  })
}
