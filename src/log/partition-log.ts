// One partition's log: segments end to end, what is derived from them (epochs, producers, tail), and the rules of
// appending. Appends are synchronous up to staging; everything that changes the shape of the log on disk (sealing,
// truncating, deleting) runs one after another in `#serial`. One writer.
// Invariant: durableEndOffset ≤ appendedOffset ≤ endOffset, and a reader is never given bytes at or above a truncation
// that happened while it read.

import type { Epoch, Offset, Timestamp, Uuid } from '../base/index.ts'
import { assert, StorageError } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import { validateBatches } from '../wire/index.ts'
import type { CompactedLog } from './cleaner/compaction.ts'
import { Compaction } from './cleaner/compaction.ts'
import { Durability } from './durability.ts'
import type { EpochCache } from './epochs.ts'
import { judgeFollowed } from './following.ts'
import { judgeProducer, patchAll } from './leading.ts'
import type { LoadedLog } from './load.ts'
import { EPOCH_FILE } from './load.ts'
import type { TimestampedOffset } from './lookup.ts'
import type { Refused } from './opening.ts'
import { mustOpen, openForTopic, refused, rulesOf } from './opening.ts'
import type { ProducerStates, ProducerView } from './producers.ts'
import { LogReader } from './reader.ts'
import { corrupt, cutPoint, isCorrupt } from './reading.ts'
import { deletableSegments } from './retention.ts'
import { Sealing } from './sealing.ts'
import { Segment } from './segment.ts'
import { MAX_RELATIVE_OFFSET, rolls, SegmentList } from './segments.ts'
import type { Snapshots } from './snapshots.ts'
import { replayProducers } from './snapshots.ts'
import type { Appended } from './staging.ts'
import { Staging } from './staging.ts'
import type { LogIdentity, LogSurroundings } from './surroundings.ts'
import { TailCache } from './tail-cache.ts'
import type {
  AppendOptions,
  EpochEntry,
  FollowerAppend,
  LeaderAppend,
  LogConfig,
  LogRead,
  PartitionLog,
  ReadOptions,
} from './types.ts'
import { markWithin } from './unsynced.ts'

type Located = TimestampedOffset & { readonly epoch: Epoch }

export class SegmentedLog implements PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid
  readonly compaction: Compaction

  #config: LogConfig
  readonly #around: LogSurroundings
  #path: string
  readonly #segments: SegmentList
  /** Behind the damage that recovery found. */
  readonly #abandoned: Segment[]
  readonly #epochs: EpochCache
  readonly #producers: ProducerStates
  readonly #snapshots: Snapshots
  readonly #tail: TailCache
  readonly #staging: Staging
  readonly #durability: Durability
  readonly #sealing: Sealing
  readonly #reader: LogReader
  #logStartOffset: Offset
  #endOffset: Offset
  #highWatermark: Offset
  #damaged: string | null
  #failed: Error | null = null
  /** Nothing is appended any more. */
  #closed = false
  /** Nothing is written any more: the files are given up or deleted. */
  #discarded = false
  #reshaping = 0
  #serialTail: Promise<void> = Promise.resolve()
  #opening: Promise<unknown> = Promise.resolve()
  #openings = 0

  constructor(
    around: LogSurroundings,
    identity: LogIdentity,
    config: LogConfig,
    loaded: LoadedLog,
    at: { readonly durable: Offset; readonly highWatermark: Offset; readonly cleanedTo: Offset | null },
  ) {
    const { durable, highWatermark } = at
    this.topic = identity.topic
    this.partition = identity.partition
    this.topicId = identity.topicId
    this.#path = identity.path
    this.#config = config
    this.#around = around
    this.#segments = new SegmentList(loaded.segments)
    this.#abandoned = loaded.abandoned
    this.#epochs = loaded.epochs
    this.#producers = loaded.producers
    this.#snapshots = loaded.snapshots
    this.#tail = new TailCache(around.tailBudget)
    this.#logStartOffset = loaded.logStartOffset
    this.#endOffset = loaded.endOffset
    this.#staging = new Staging(loaded.endOffset)
    this.#highWatermark = Math.min(Math.max(highWatermark, loaded.logStartOffset), loaded.endOffset)
    this.#damaged = loaded.damaged
    const synced = {
      segments: this.#segments,
      endOffset: () => this.#endOffset,
      failed: () => this.#failed,
      fail: (error: Error) => void this.#syncFailed(error),
    }
    this.#durability = new Durability(synced, Math.min(durable, loaded.endOffset))
    this.#reader = new LogReader({
      path: identity.path,
      segments: this.#segments,
      tail: this.#tail,
      indexCache: around.indexCache,
      offload: around.ports.offload,
      indexIntervalBytes: () => this.config.indexIntervalBytes,
      writtenTo: () => this.#staging.writtenTo,
      logStartOffset: () => this.#logStartOffset,
      epochAt: (offset) => this.#epochs.epochAt(offset),
      closed: () => this.#closed,
      fail: (error) => this.fail(error),
    })
    this.#sealing = this.#sealed()
    this.compaction = new Compaction(this.#compacted(), at.cleanedTo)
    for (const segment of loaded.segments.slice(0, -1)) {
      segment.sealed = segment.baseOffset < durable && !segment.dirty
    }
  }

  #sealed(): Sealing {
    return new Sealing({
      around: this.#around,
      segments: this.#segments,
      snapshots: this.#snapshots,
      durability: this.#durability,
      path: () => this.#path,
      config: () => this.#config,
      unusable: () => this.#discarded || this.#failed !== null || this.#damaged !== null,
      writeEpochs: () => this.#writeEpochs(),
      replaced: (endOffset) => {
        this.#tail.forget(endOffset)
        this.#reader.replaced()
      },
    })
  }

  #compacted(): CompactedLog {
    return {
      ports: this.#around.ports,
      segments: this.#segments,
      producers: this.#producers,
      path: () => this.#path,
      config: () => this.#config,
      logStartOffset: () => this.#logStartOffset,
      endOffset: () => this.#endOffset,
      highWatermark: () => this.#highWatermark,
      epochAt: (offset) => this.epochAt(offset),
      unable: () => this.#failed !== null || this.#damaged !== null || this.#closed || this.#reshaping > 0,
      loadIndexes: (segment) => this.#reader.loadIndexes(segment),
      checkpoint: this.#around.checkpoint,
      sealRecovered: () => this.#guarded(() => this.#sealing.sealRecovered()),
      replace: (old, cleaned, wanted) => this.#guarded(() => this.#sealing.replace(old, cleaned, wanted)),
      fail: (error) => this.fail(error),
    }
  }

  get config(): LogConfig {
    return this.#config
  }

  set config(config: LogConfig) {
    const before = this.#config
    this.#config = config
    if (config.cleanupCompact && !before.cleanupCompact) this.#around.cleaner?.wake()
  }

  get cleanedTo(): Offset | null {
    return this.compaction.cleanedTo
  }

  get uncleanable(): string | null {
    return this.compaction.uncleanable
  }

  get path(): string {
    return this.#path
  }

  get logStartOffset(): Offset {
    return this.#logStartOffset
  }

  get localLogStartOffset(): Offset {
    return this.#logStartOffset
  }

  get endOffset(): Offset {
    return this.#endOffset
  }

  get appendedOffset(): Offset {
    return this.#staging.writtenTo
  }

  get durableEndOffset(): Offset {
    return this.#durability.endOffset
  }

  /** Below it everything is durable and so are the indexes: the next start need not look there. */
  get recoveryPoint(): Offset {
    const { active } = this.#segments
    const unsealed = this.#segments.all.find((segment) => segment !== active && !segment.sealed)
    const durable = this.#durability.endOffset
    return unsealed === undefined ? durable : Math.min(durable, unsealed.baseOffset)
  }

  get size(): number {
    return this.#segments.size
  }

  get damaged(): string | null {
    return this.#damaged
  }

  get failed(): Error | null {
    return this.#failed
  }

  get lastEpoch(): Epoch {
    return this.#epochs.lastEpoch
  }

  get epochs(): readonly EpochEntry[] {
    return this.#epochs.entries
  }

  get highWatermark(): Offset {
    return this.#highWatermark
  }

  get firstUnstableOffset(): Offset | null {
    return this.#producers.firstUnstableOffset()
  }

  appendAsLeader(bytes: Uint8Array, epoch: Epoch, appended: Appended, options: AppendOptions = {}): LeaderAppend {
    const unable = this.#unable()
    if (unable !== null) return unable
    if (epoch < this.#epochs.lastEpoch) {
      return refused('NOT_LEADER_OR_FOLLOWER', `epoch ${epoch} is over: the log has ${this.#epochs.lastEpoch}`)
    }
    const fromClient = options.origin !== 'internal'
    const { config } = this
    const now = this.#around.ports.clock.wall()
    const judged = validateBatches(bytes, rulesOf(config, now, fromClient))
    if (judged.kind === 'refused') return judged
    if (judged.end > config.segmentBytes) {
      const message = `${judged.end} bytes are more than a segment holds (${config.segmentBytes})`
      return refused('RECORD_LIST_TOO_LARGE', message)
    }
    if (fromClient) {
      const answer = judgeProducer(this.#producers, judged.batches[0]!.header)
      if (answer !== null) return answer
    }
    const appendTime = config.messageTimestampType === 'LogAppendTime' ? now : -1
    const headers = patchAll(bytes, judged.batches, { baseOffset: this.#endOffset, epoch, appendTime })
    const baseOffset = this.#endOffset
    this.#stage(judged.end === bytes.length ? bytes : bytes.subarray(0, judged.end), headers, appended)
    return {
      kind: 'staged',
      baseOffset,
      endOffset: this.#endOffset,
      logAppendTime: appendTime,
      logStartOffset: this.#logStartOffset,
    }
  }

  needsOpening(bytes: Uint8Array): boolean {
    return this.#openings > 0 || mustOpen(bytes, this.config)
  }

  async openAndAppendAsLeader(
    bytes: Uint8Array,
    epoch: Epoch,
    appended: Appended,
    options: AppendOptions = {},
  ): Promise<LeaderAppend> {
    this.#openings++
    const before = this.#opening
    const { clock, offload } = this.#around.ports
    const opened = openForTopic(bytes, this.config, clock.wall(), offload)
    const run = before.then(async (): Promise<LeaderAppend> => {
      const result = await opened
      if (options.stillLeader !== undefined && !options.stillLeader()) {
        return refused('NOT_LEADER_OR_FOLLOWER', 'leadership went while the batch was being opened')
      }
      return 'kind' in result ? result : this.appendAsLeader(result, epoch, appended, options)
    })
    this.#opening = run.catch(() => {})
    try {
      return await run
    } finally {
      this.#openings--
    }
  }

  appendAsFollower(bytes: Uint8Array, appended: Appended): FollowerAppend {
    const unable = this.#unable()
    if (unable !== null) return unable
    const judged = judgeFollowed(bytes, {
      endOffset: this.#endOffset,
      lastEpoch: this.#epochs.lastEpoch,
      gapsAllowed: this.config.cleanupCompact || this.compaction.cleanedTo !== null,
    })
    if (judged.kind === 'refused') return judged
    const baseOffset = this.#endOffset
    this.#stage(judged.end === bytes.length ? bytes : bytes.subarray(0, judged.end), judged.headers, appended)
    return { kind: 'staged', baseOffset, endOffset: this.#endOffset, lastEpoch: this.#epochs.lastEpoch }
  }

  read(fromOffset: Offset, options: ReadOptions): LogRead | Promise<LogRead> {
    return this.#reader.read(fromOffset, options)
  }

  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset } {
    return this.#epochs.endOffsetFor(epoch, this.#endOffset)
  }

  epochAt(offset: Offset): Epoch {
    return this.#epochs.epochAt(offset)
  }

  assignEpoch(epoch: Epoch, startOffset: Offset): void {
    this.#epochs.assign(epoch, startOffset)
  }

  async offsetForTimestamp(timestamp: Timestamp, upTo: Offset): Promise<Located | null> {
    return this.#located(await this.#reader.offsetForTimestamp(timestamp, upTo))
  }

  async offsetOfMaxTimestamp(upTo: Offset): Promise<Located | null> {
    return this.#located(await this.#reader.offsetOfMaxTimestamp(upTo))
  }

  producers(): readonly ProducerView[] {
    return this.#producers.views()
  }

  truncateTo(offset: Offset): Promise<void> {
    if (offset >= this.#endOffset && this.#damaged === null) {
      // Nothing to cut but epochs that began here without a record, or a follower would be told of them for ever (KAFKA-10706).
      return this.#epochs.truncateFromEnd(offset) ? this.#guarded(() => this.#writeEpochs()) : Promise.resolve()
    }
    return this.#reshape(Math.min(offset, this.#endOffset), () => {
      // A truncation before this one may have ended the log below.
      const target = Math.min(offset, this.#endOffset)
      return target < this.#segments.first.baseOffset ? this.#restartAt(target) : this.#cutTo(target)
    })
  }

  truncateFullyAndStartAt(offset: Offset): Promise<void> {
    return this.#reshape(Math.min(offset, this.#segments.first.baseOffset), () => this.#restartAt(offset))
  }

  updateHighWatermark(offset: Offset): void {
    this.#highWatermark = offset
  }

  async advanceLogStart(offset: Offset): Promise<void> {
    assert(offset <= this.#endOffset, 'a log cannot start beyond its end')
    if (offset <= this.#logStartOffset) return
    this.#logStartOffset = offset
    this.#epochs.truncateFromStart(offset)
    if (this.#highWatermark < offset) this.#highWatermark = offset
    // Kafka leaves the files to the next retention check; a prefix that a snapshot covers goes at once here.
    await this.#guarded(() => this.#deleteWhile((next) => next.baseOffset <= offset))
  }

  async maintain(): Promise<void> {
    const now = this.#around.ports.clock.wall()
    this.#producers.expire(now, this.config.producerIdExpirationMs)
    if (this.#failed !== null || this.#damaged !== null || this.#closed) return
    await this.#guarded(async () => {
      const count = await this.#deletable(now)
      if (count === 0) return
      if (count === this.#segments.count) this.#roll(this.#endOffset, now)
      let left = count
      await this.#deleteWhile(() => left-- > 0)
    })
  }

  holdCompaction(held: boolean): void {
    this.compaction.hold(held)
  }

  flush(): Promise<void> {
    return this.#durability.until(this.#endOffset)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.compaction.giveUp()
    await this.#opening
    await this.#serialTail
    if (this.#failed === null) {
      await this.flush()
      await this.#guarded(async () => {
        if (this.#damaged === null) this.#segments.active.finishTimeIndex()
        for (const segment of this.#segments.all) {
          if (!segment.sealed) await segment.persistIndexes(true)
          segment.sealed = true
        }
        await this.#writeEpochs()
        await this.#snapshots.write(this.#endOffset, this.#producers.snapshot())
      })
    }
    await this.abandon()
  }

  /** Closes the files and writes nothing: the directory has failed, or the log is deleted. */
  async abandon(): Promise<void> {
    this.#closed = true
    this.#discarded = true
    await this.compaction.giveUp()
    await this.#serialTail
    this.#tail.clear()
    for (const segment of [...this.#segments.all, ...this.#abandoned]) {
      this.#around.indexCache.forget(segment)
      await segment.close()
    }
    await this.#around.closed()
  }

  /** The directory was renamed around the log, which is closed. */
  moved(path: string): void {
    this.#path = path
  }

  /** The disk has failed, here or elsewhere in the same directory. */
  fail(error: Error): void {
    const failure = this.#failsWith(error)
    // Also where a failed fsync was first and is not told yet: an append that failed must not be taken for written.
    this.#staging.fail(failure.error)
    if (failure.first) this.#tellFailure(failure.error)
  }

  /** An fsync has failed, or may have: first the mark, since whoever hears of it may end the process. */
  async #syncFailed(error: Error): Promise<void> {
    const failure = this.#failsWith(error)
    if (!failure.first) return
    await markWithin(this.#around.ports, this.#path)
    this.#tellFailure(failure.error)
  }

  #failsWith(error: Error): { readonly error: Error; readonly first: boolean } {
    if (this.#failed !== null) return { error: this.#failed, first: false }
    this.#failed =
      error instanceof StorageError ? error : new StorageError(this.#path, 'EIO', error.message, { cause: error })
    return { error: this.#failed, first: true }
  }

  #tellFailure(failure: Error): void {
    this.#staging.fail(failure)
    this.#durability.failed(failure)
    this.#around.failed(failure)
  }

  #unable(): Refused | null {
    if (this.#failed !== null) {
      return refused('KAFKA_STORAGE_ERROR', `the log directory has failed: ${this.#failed.message}`)
    }
    if (this.#closed) return refused('KAFKA_STORAGE_ERROR', 'the log is closed')
    if (this.#damaged !== null) return refused('KAFKA_STORAGE_ERROR', `the log is damaged: ${this.#damaged}`)
    if (this.#reshaping > 0) return refused('KAFKA_STORAGE_ERROR', 'the log is being truncated')
    return null
  }

  #located(found: TimestampedOffset | null): Located | null {
    return found === null ? null : { ...found, epoch: this.epochAt(found.offset) }
  }

  /** Books whole batches at the end and stages their bytes; nothing can refuse them any more. */
  #stage(bytes: Uint8Array, headers: readonly BatchHeader[], appended: Appended): void {
    const segment = this.#segmentFor(bytes.length, headers)
    const baseOffset = this.#endOffset
    for (const header of headers) {
      if (header.partitionLeaderEpoch > this.#epochs.lastEpoch) {
        this.#epochs.assign(header.partitionLeaderEpoch, header.baseOffset)
      }
      if (header.producerId >= 0) this.#producers.note(header)
      const position = segment.size + header.position
      segment.noteBatch(header.lastOffset, header.maxTimestamp, position, header.size, this.config.indexIntervalBytes)
    }
    segment.size += bytes.length
    const endOffset = headers.at(-1)!.lastOffset + 1
    this.#endOffset = endOffset
    this.#tail.push(baseOffset, endOffset, bytes)
    const written = this.#staging.stage(endOffset, (error) => {
      if (error === null && this.config.flush === 'fsync') this.#durability.when(endOffset, appended)
      else appended(error)
    })
    segment.append(bytes, (error) => {
      if (error !== null) this.fail(error)
      written()
    })
  }

  /** The segment that takes the batches: the active one, or a new one where Kafka would roll. */
  #segmentFor(bytes: number, headers: readonly BatchHeader[]): Segment {
    let maxTimestamp = -1
    for (const header of headers) if (header.maxTimestamp > maxTimestamp) maxTimestamp = header.maxTimestamp
    const { active } = this.#segments
    const now = this.#around.ports.clock.wall()
    const incoming = { bytes, lastOffset: headers.at(-1)!.lastOffset, maxTimestamp }
    const { lastOffset } = incoming
    const { baseOffset } = headers[0]!
    switch (this.#leavesHole(active) ?? rolls(active, incoming, this.config, now)) {
      case 'no':
        return active
      case 'yes':
        // A segment begins where the one before it ends, also where compaction has left offsets out at the leader.
        return this.#roll(lastOffset - this.#endOffset <= MAX_RELATIVE_OFFSET ? this.#endOffset : baseOffset, now)
      case 'far': {
        // A follower's first batch may lie too far behind the base of a segment that is still empty.
        const empty = this.#segments.pop()
        const segment = this.#begin(baseOffset, now)
        this.#guarded(() => this.#drop(empty)).catch(() => {})
        return segment
      }
    }
  }

  /**
   * Where all batches lie below the log's start, the last of them may end before it: a power failure took those behind, or
   * a cut one that straddled it. Kafka deletes such a log and begins anew (LogLoader.recoverLog). Here its next batch begins
   * a segment: recovery misses nothing between segments below the start, and takes a hole inside of one for corruption.
   */
  #leavesHole(active: Segment): 'yes' | 'far' | null {
    if (this.#endOffset > this.#logStartOffset || active.baseOffset >= this.#endOffset) return null
    return active.size > 0 ? 'yes' : 'far'
  }

  #begin(baseOffset: Offset, now: Timestamp): Segment {
    const segment = Segment.create(this.#around.ports.disk, this.#path, baseOffset, now)
    this.#segments.push(segment)
    return segment
  }

  #roll(baseOffset: Offset, now: Timestamp): Segment {
    const previous = this.#segments.active
    previous.finishTimeIndex()
    const segment = this.#begin(baseOffset, now)
    const snapshot = this.#producers.snapshot()
    // A failure has failed the log, which is where it is heard of.
    this.#guarded(() => this.#sealing.seal(previous, segment.baseOffset, snapshot)).catch(() => {})
    return segment
  }

  /** Hides everything from `offset` on at once, then cuts when what is staged has been written and told. */
  #reshape(offset: Offset, cut: () => Promise<void>): Promise<void> {
    this.#reshaping++
    this.#reader.hide(offset)
    this.compaction.truncated(offset)
    return this.#guarded(async () => {
      try {
        await this.#staging.until(this.#endOffset)
        if (this.#durability.waiting > 0 && this.#failed === null) await this.flush()
        if (this.#failed !== null) throw this.#failed
        this.#tail.truncate(offset)
        await cut()
      } finally {
        this.#reader.cut()
        this.#reshaping--
        if (this.#reshaping === 0) this.#reader.show()
      }
    })
  }

  /** Where rotten bytes are in the way of a cut, the log fails, and the next start verifies all of it (D2). */
  async #cutTo(offset: Offset): Promise<void> {
    try {
      await this.#cut(offset)
    } catch (error) {
      if (isCorrupt(error)) {
        this.#durability.cutting(this.#segments.first.baseOffset)
        await this.#around.checkpoint()
      }
      throw error
    }
  }

  /** Cuts the last segments back to the end of the last batch that ends below `offset`. */
  async #cut(offset: Offset): Promise<void> {
    const segment = this.#segments.of(offset)!
    await segment.loadIndexes(this.config.indexIntervalBytes)
    const { position, endOffset } = await cutPoint(segment, offset)
    // What was known to be durable may be overwritten from here on, and a crash must find that it is not known any more.
    const known = this.#durability.endOffset
    this.#durability.cutting(Math.min(endOffset, this.#endOffset))
    if (endOffset < known) await this.#around.checkpoint()
    // From the end backwards: whatever is left by a crash is a prefix.
    const later = [...this.#segments.cutAfter(segment), ...this.#abandoned.splice(0)]
    for (const next of later.reverse()) await this.#drop(next)
    // Durably, or a power failure could bring them back behind what is appended from now on.
    if (later.length > 0) await this.#around.ports.disk.syncDirectory(this.#path)
    await segment.truncate(position, offset)
    const startsLower = offset < this.#logStartOffset
    if (startsLower) this.#logStartOffset = offset
    const losesCommitted = endOffset < this.#highWatermark
    // Where a batch straddles the log's start and goes whole, the log is empty from its start on.
    this.#ended(Math.max(endOffset, this.#logStartOffset))
    // All that is left was durable before: so it is still, up to an end that may lie beyond the last batch.
    if (known >= endOffset) this.#durability.restarted(this.#endOffset)
    else this.#durability.cut(this.#endOffset)
    await this.#snapshots.keep((at) => at <= this.#endOffset)
    await this.#rebuildProducers()
    await this.#writeEpochs()
    await segment.persistIndexes(false)
    // A start that finds the old one takes the log for empty up to there, over what is appended from now on; and one that
    // finds the old high watermark, from before an unclean election, takes that for committed.
    if (startsLower || losesCommitted) await this.#around.checkpoint()
  }

  /** Drops every segment and begins anew, empty, at `offset`. */
  async #restartAt(offset: Offset): Promise<void> {
    const dropped = [...this.#segments.all, ...this.#abandoned.splice(0)]
    this.#durability.cutting(Math.min(this.#logStartOffset, offset))
    // The new one may have the name of an old one, which must have left it first.
    for (const segment of dropped.reverse()) await this.#drop(segment)
    // Before there is a segment: an empty log keeps the epochs that it is told of, and these are of a log that is gone.
    this.#epochs.clear()
    await this.#writeEpochs()
    const { disk, clock } = this.#around.ports
    this.#segments.replaceAll(Segment.create(disk, this.#path, offset, clock.wall()))
    this.#logStartOffset = offset
    this.#highWatermark = offset
    this.#producers.clear()
    this.#ended(offset)
    this.#durability.restarted(offset)
    await this.#snapshots.keep(() => false)
    await this.#segments.active.sync()
    await this.#around.checkpoint()
  }

  #ended(offset: Offset): void {
    this.#endOffset = offset
    this.#staging.endsAt(offset)
    this.compaction.truncated(offset)
    this.#damaged = null
    if (this.#highWatermark > offset) this.#highWatermark = offset
    this.#epochs.truncateFromEnd(offset)
  }

  async #rebuildProducers(): Promise<void> {
    const expiry = { now: this.#around.ports.clock.wall(), ms: this.config.producerIdExpirationMs }
    const { first } = this.#segments
    const from = await this.#snapshots.restore(this.#producers, this.#endOffset, first.baseOffset, expiry)
    for (const segment of this.#segments.all) {
      const end = this.#segments.after(segment)?.baseOffset ?? Number.POSITIVE_INFINITY
      const fault = end > from ? await replayProducers(segment, from, this.#producers) : null
      if (fault !== null) throw corrupt(segment, segment.size, fault)
    }
  }

  /** One segment more at a time: the timestamps of the oldest are read only when they decide. */
  async #deletable(now: Timestamp): Promise<number> {
    for (let count = 0; ; count++) {
      const oldest = this.#segments.all[count]
      if (oldest !== undefined && !oldest.timesKnown) await this.#reader.loadIndexes(oldest)
      const found = deletableSegments(this.#segments.all, {
        config: this.config,
        now,
        logStartOffset: this.#logStartOffset,
        highWatermark: this.#highWatermark,
        endOffset: this.#endOffset,
      })
      if (found <= count) return count
    }
  }

  /** Deletes segments from the oldest on while the one behind is `chosen` to be the first; never the last one. */
  async #deleteWhile(chosen: (next: Segment) => boolean): Promise<void> {
    const dropped: Segment[] = []
    while (this.#segments.count > 1 && chosen(this.#segments.all[1]!)) dropped.push(this.#segments.shift())
    if (dropped.length === 0) return
    this.#reader.cut()
    const start = this.#segments.first.baseOffset
    if (start > this.#logStartOffset) this.#logStartOffset = start
    this.#epochs.truncateFromStart(this.#logStartOffset)
    await this.#around.checkpoint()
    for (const segment of dropped) {
      await this.#drop(segment)
      this.#snapshots.gone(segment.baseOffset)
    }
  }

  /** Out of the way now, gone after the delay. */
  async #drop(segment: Segment): Promise<void> {
    this.#around.indexCache.forget(segment)
    await segment.markDeleted()
    this.#around.janitor.after(this.config.fileDeleteDelayMs, () => segment.removeDeleted())
  }

  async #writeEpochs(): Promise<void> {
    const { disk } = this.#around.ports
    await disk.writeFileAtomic(disk.join(this.#path, EPOCH_FILE), new TextEncoder().encode(this.#epochs.format()))
  }

  /** A change of files, after those before it; its failure is the log's failure. */
  #guarded<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#serialTail.then(task).catch(async (error: Error) => {
      await this.#syncFailed(error)
      throw error
    })
    this.#serialTail = run.then(
      () => {},
      () => {},
    )
    return run
  }
}
