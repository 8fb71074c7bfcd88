// Opening what is on disk: segments, epochs, producers and the end of the log. After a clean stop only the end of the
// last segment is looked at; otherwise every segment that reaches beyond the recovery point is verified and all that is
// derived from it rebuilt. A torn tail is cut at the last good batch; where good batches follow a bad one nothing is
// cut: the log ends before the bad one and says so in `damaged`.

import type { Disk, Epoch, Offset, Timestamp } from '../base/index.ts'
import { BATCH_OVERHEAD, baseOffsetAt, lastOffsetAt, leaderEpochAt, maxTimestampAt } from '../wire/index.ts'
import { recoverSwaps } from './cleaner/swap.ts'
import { EpochCache } from './epochs.ts'
import { ProducerStates } from './producers.ts'
import type { ScanResult } from './scan.ts'
import { endsShort, findValidBatch, looksUnwritten, scanBatches } from './scan.ts'
import { CLEANED_SUFFIX, Segment, SWAP_SUFFIX } from './segment.ts'
import { noteProducer, replayProducers, Snapshots } from './snapshots.ts'
import type { LogConfig } from './types.ts'
import { rewriteUnsynced } from './unsynced.ts'

export const EPOCH_FILE = 'leader-epoch-checkpoint'

export interface LoadRequest {
  readonly disk: Disk
  readonly path: string
  readonly config: LogConfig
  readonly now: Timestamp
  readonly clean: boolean
  readonly recoveryPoint: Offset
  /** −1: where the first segment begins. */
  readonly logStartOffset: Offset
  /** Not null: compaction has been here. */
  readonly cleanedTo: Offset | null
}

export interface LoadedLog {
  /** At least one, ascending. */
  readonly segments: Segment[]
  /** Behind the damage, kept on disk and not part of the log. */
  readonly abandoned: Segment[]
  readonly epochs: EpochCache
  readonly producers: ProducerStates
  readonly snapshots: Snapshots
  readonly logStartOffset: Offset
  readonly endOffset: Offset
  readonly damaged: string | null
  /** Bytes that were read to verify the log. */
  readonly verifiedBytes: number
  /** Bytes cut from a torn tail. */
  readonly cutBytes: number
}

interface Found {
  readonly segments: Segment[]
  readonly withIndexes: Set<Offset>
  /** Ascending. */
  readonly snapshots: Offset[]
}

export async function loadLog(request: LoadRequest): Promise<LoadedLog> {
  const { disk, path, config } = request
  await rewriteUnsynced(disk, path, request.recoveryPoint)
  const found = await listFiles(disk, path)
  if (found.segments.length === 0) {
    const at = Math.max(request.logStartOffset, 0)
    const segment = Segment.create(disk, path, at, request.now)
    const snapshots = new Snapshots(disk, path, found.snapshots)
    await snapshots.keep(() => false)
    return {
      segments: [segment],
      abandoned: [],
      epochs: new EpochCache(),
      producers: new ProducerStates(),
      snapshots,
      logStartOffset: at,
      endOffset: at,
      damaged: null,
      verifiedBytes: 0,
      cutBytes: 0,
    }
  }
  const loading = new Loading(request, found)
  await loading.run()
  // A log whose batches all lie below its start is empty from there on; damaged, it must not pretend to reach that far.
  const logStartOffset = Math.max(request.logStartOffset, loading.segments[0]!.baseOffset)
  const endOffset = loading.damaged === null ? Math.max(loading.endOffset, logStartOffset) : loading.endOffset
  for (const segment of loading.segments.slice(0, -1)) {
    if (segment.index !== null || found.withIndexes.has(segment.baseOffset)) continue
    await segment.rebuildIndexes(config.indexIntervalBytes)
    await segment.persistIndexes(true)
    segment.unloadIndexes()
  }
  return {
    segments: loading.segments,
    abandoned: loading.abandoned,
    epochs: loading.epochs,
    producers: loading.producers,
    snapshots: loading.snapshots,
    logStartOffset: Math.min(logStartOffset, endOffset),
    endOffset,
    damaged: loading.damaged,
    verifiedBytes: loading.verifiedBytes,
    cutBytes: loading.cutBytes,
  }
}

class Loading {
  readonly #request: LoadRequest
  readonly #found: Found
  segments: Segment[]
  abandoned: Segment[] = []
  epochs: EpochCache = new EpochCache()
  readonly producers: ProducerStates = new ProducerStates()
  readonly snapshots: Snapshots
  endOffset: Offset = 0
  damaged: string | null = null
  verifiedBytes = 0
  cutBytes = 0
  #producersFrom: Offset = 0
  /** Of the last batch that was verified. */
  #lastEpoch: Epoch = -1

  constructor(request: LoadRequest, found: Found) {
    this.#request = request
    this.#found = found
    this.segments = found.segments
    this.snapshots = new Snapshots(request.disk, request.path, found.snapshots)
  }

  async run(): Promise<void> {
    const { disk, path, clean, recoveryPoint } = this.#request
    const text = await disk.readFile(disk.join(path, EPOCH_FILE))
    const epochs = text === null ? null : EpochCache.parse(new TextDecoder().decode(text))
    const last = this.segments.length - 1
    let verifyFrom = clean ? this.segments.length : this.#segmentReaching(recoveryPoint)
    // After a clean stop a walk only rebuilds what is missing; the bytes are believed. Otherwise a segment is verified
    // whole, as in Kafka: what is derived from it must not be told from rotten batches.
    let crcFrom = clean ? Number.POSITIVE_INFINITY : 0
    if (epochs !== null) this.epochs = epochs
    else if (this.segments.some((segment) => segment.size > 0)) verifyFrom = 0

    if (verifyFrom > last && !(await this.#findEnd(this.segments[last]!))) {
      // The marker says clean and the end of the log does not: believe neither.
      verifyFrom = last
      crcFrom = 0
    }
    const restoreAt = this.segments[verifyFrom]?.baseOffset ?? this.endOffset
    this.#producersFrom = await this.snapshots.restore(this.producers, restoreAt, this.segments[0]!.baseOffset, {
      now: this.#request.now,
      ms: this.#request.config.producerIdExpirationMs,
    })
    const unreadable = await this.#replayProducers(verifyFrom)
    if (unreadable < verifyFrom) {
      verifyFrom = unreadable
      crcFrom = 0
    }
    const firstVerified = this.segments[verifyFrom]
    if (firstVerified !== undefined) {
      this.epochs.truncateFromEnd(firstVerified.baseOffset)
      await this.#verify(verifyFrom, crcFrom)
    }
    this.epochs.truncateFromEnd(this.endOffset)
    this.epochs.truncateFromStart(Math.max(this.#request.logStartOffset, this.segments[0]!.baseOffset))
    await this.snapshots.keep(
      (offset, newest) =>
        offset <= this.endOffset && (newest || this.segments.some((segment) => segment.baseOffset === offset)),
    )
  }

  /** The first segment that holds anything at or above the recovery point; the last one in any case. A snapshot of
   *  producers is the last thing that a rolled segment gets: where it is missing, so may be what came before, the epochs. */
  #segmentReaching(recoveryPoint: Offset): number {
    for (let i = 0; i < this.segments.length - 1; i++) {
      const end = this.segments[i + 1]!.baseOffset
      if (end > recoveryPoint || !this.#found.snapshots.includes(end)) return i
    }
    return this.segments.length - 1
  }

  /** After a clean stop: walks the headers behind the last index entry. False when they do not reach the file's end, or
   *  lead beyond that of the log, which a clean stop leaves as its recovery point: no CRC covers offsets. */
  async #findEnd(segment: Segment): Promise<boolean> {
    const interval = this.#request.config.indexIntervalBytes
    if (!this.#found.withIndexes.has(segment.baseOffset)) await segment.rebuildIndexes(interval)
    else await segment.loadIndexes(interval)
    const result = await segment.scanTail()
    this.endOffset = result.nextOffset
    if (segment.size >= BATCH_OVERHEAD) {
      segment.firstTimestamp = maxTimestampAt(await segment.read(0, BATCH_OVERHEAD), 0)
    }
    return result.fault === null && result.nextOffset <= this.#request.recoveryPoint
  }

  /** What lies between the snapshot and the segments that are verified anyway. Answers where those begin then: at the
   *  first one that cannot be read to its end. */
  async #replayProducers(before: number): Promise<number> {
    for (const [i, segment] of this.segments.entries()) {
      if (i >= before) return before
      const end = this.segments[i + 1]?.baseOffset ?? this.endOffset
      if (end <= this.#producersFrom) continue
      if ((await replayProducers(segment, this.#producersFrom, this.producers)) !== null) return i
    }
    return before
  }

  async #verify(from: number, crcFrom: Offset): Promise<void> {
    const { config, now } = this.#request
    this.endOffset = this.segments[from]!.baseOffset
    for (let i = from; i < this.segments.length; i++) {
      const segment = this.segments[i]!
      // Below the log's start nothing is missed. Our compaction leaves no gap between segments, that of Kafka may.
      const reached = Math.max(this.endOffset, this.#request.logStartOffset)
      if (i > from && segment.baseOffset > reached) {
        // The end of the segment before may have been lost with the power, and this one have survived.
        if (this.#mayBeTorn) return this.#dropBehind(i - 1)
        const missing = `offsets ${this.endOffset}..${segment.baseOffset - 1} are missing`
        if (!this.#compacted) return this.#abandon(i - 1, missing)
      }
      this.endOffset = Math.max(this.endOffset, segment.baseOffset)
      const result = await this.#verifySegment(segment, crcFrom, this.segments[i + 1])
      this.verifiedBytes += result.validSize
      this.endOffset = result.nextOffset
      if (result.fault !== null) return this.#faultAt(i, result)
    }
    this.producers.expire(now, config.producerIdExpirationMs)
  }

  async #verifySegment(segment: Segment, crcFrom: Offset, following: Segment | undefined): Promise<ScanResult> {
    const interval = this.#request.config.indexIntervalBytes
    const { epochs } = this
    const { recoveryPoint } = this.#request
    segment.resetIndexes()
    segment.maxTimestamp = -1
    segment.offsetOfMaxTimestamp = segment.baseOffset
    segment.firstTimestamp = -1
    // After a kill neither its bytes nor its name need have reached the disk.
    segment.dirty = true
    segment.nameDurable = false
    const range = {
      from: 0,
      size: segment.size,
      nextOffset: segment.baseOffset,
      crcFrom,
      lastEpoch: this.#lastEpoch,
      ...(following === undefined ? {} : { endBelow: following.baseOffset, following }),
      ...(this.#compacted ? {} : { leapsTo: recoveryPoint }),
    }
    const result = await scanBatches(segment, range, (bytes, at, position, size) => {
      segment.noteBatch(lastOffsetAt(bytes, at), maxTimestampAt(bytes, at), position, size, interval)
      const epoch = leaderEpochAt(bytes, at)
      this.#lastEpoch = epoch
      if (epoch >= 0 && epoch > epochs.lastEpoch) epochs.assign(epoch, baseOffsetAt(bytes, at))
      noteProducer(bytes, at, this.#producersFrom, this.producers)
    })
    segment.finishTimeIndex()
    return result
  }

  /**
   * A bad batch in segment `i`, at the end of what `result` found good. Where it was known to be durable, or good ones
   * follow it that do not look like what the failing of the power leaves, it is damage. Else it is a torn tail.
   */
  async #faultAt(i: number, result: ScanResult): Promise<void> {
    const segment = this.segments[i]!
    const { validSize } = result
    const next = await findValidBatch(segment, validSize + 1, segment.size, this.endOffset)
    let later = next >= 0
    for (const other of this.segments.slice(i + 1)) {
      later ||= (await findValidBatch(other, 0, other.size, this.endOffset)) >= 0
    }
    const place = `${segment.pathOf('.log')} at byte ${validSize}, offset ${this.endOffset}`
    const end = next >= 0 ? next : segment.size
    const torn = (): Promise<boolean> =>
      result.short === true && next < 0 ? endsShort(segment, validSize) : looksUnwritten(segment, validSize, end)
    if (!this.#mayBeTorn || (later && !(await torn()))) {
      segment.size = validSize
      const why = later ? 'good ones follow it' : 'it had been durable'
      return this.#abandon(i, `a batch is corrupt (${result.fault}) and ${why}: ${place}`)
    }
    this.cutBytes = segment.size - validSize
    await this.#dropBehind(i)
    await segment.truncate(validSize, this.endOffset)
  }

  /** Offsets may be left out anywhere. */
  get #compacted(): boolean {
    return this.#request.config.cleanupCompact || this.#request.cleanedTo !== null
  }

  /** Nothing says that the bytes at the end of what has been verified had been durable. */
  get #mayBeTorn(): boolean {
    const { clean, logStartOffset, recoveryPoint } = this.#request
    // Where a batch straddled the log's start and was cut, the log is empty from there on.
    return !clean && Math.max(this.endOffset, logStartOffset) >= recoveryPoint
  }

  async #dropBehind(i: number): Promise<void> {
    for (const next of this.segments.splice(i + 1).reverse()) {
      this.cutBytes += next.size
      await next.markDeleted()
      await next.removeDeleted()
    }
    // Else a power failure could bring them back behind what is appended from now on.
    await this.#request.disk.syncDirectory(this.#request.path)
  }

  #abandon(lastGood: number, damage: string): void {
    this.damaged = damage
    this.abandoned = this.segments.splice(lastGood + 1)
  }
}

async function listFiles(disk: Disk, path: string): Promise<Found> {
  let entries = await disk.list(path)
  if (entries.some(({ name }) => name.endsWith(CLEANED_SUFFIX) || name.endsWith(SWAP_SUFFIX))) {
    await recoverSwaps(disk, path)
    entries = await disk.list(path)
  }
  const sizes = new Map(entries.map((entry) => [entry.name, entry]))
  const found: Found = { segments: [], withIndexes: new Set(), snapshots: [] }
  for (const entry of entries) {
    const match = /^(\d{20})\.(log|index|timeindex|snapshot)$/.exec(entry.name)
    if (match === null) {
      if (/\.(deleted|tmp)$/.test(entry.name)) await disk.remove(disk.join(path, entry.name))
      continue
    }
    const offset = Number(match[1])
    const kind = match[2]
    if (kind === 'snapshot') found.snapshots.push(offset)
    else if (kind === 'log') {
      found.segments.push(Segment.existing(disk, path, offset, entry.size, entry.modified))
      const index = sizes.get(`${match[1]}.index`)
      const times = sizes.get(`${match[1]}.timeindex`)
      const whole = index !== undefined && times !== undefined && index.size % 8 === 0 && times.size % 12 === 0
      if (whole) found.withIndexes.add(offset)
    } else if (!sizes.has(`${match[1]}.log`)) await disk.remove(disk.join(path, entry.name))
  }
  found.segments.sort((a, b) => a.baseOffset - b.baseOffset)
  found.snapshots.sort((a, b) => a - b)
  return found
}
