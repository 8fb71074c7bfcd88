// One segment of a log: its `.log` file and the two indexes built beside it. Appends are staged in call order, also
// while the file of a new segment is still being opened. The indexes of the segment being written live in memory and
// reach their files when the segment is sealed, flushed for a checkpoint or closed: until then they can be rebuilt.

import type { Disk, DiskFile, Offset, Timestamp } from '../base/index.ts'
import { assert } from '../base/index.ts'
import { claimedBatchSize, crc32c, lastOffsetAt, maxTimestampAt, validCrcAt } from '../wire/index.ts'
import { OffsetIndex, TimeIndex } from './indexes.ts'
import type { ScanResult } from './scan.ts'
import { scanBatches } from './scan.ts'

export const DELETED_SUFFIX = '.deleted'
/** Of a segment that a cleaning is writing, and of one that is about to take the place of others. */
export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'
const FILES: readonly string[] = ['.log', '.index', '.timeindex', '.txnindex']

type Written = (error: Error | null) => void

export function segmentName(baseOffset: Offset): string {
  return String(baseOffset).padStart(20, '0')
}

export class Segment {
  readonly baseOffset: Offset
  readonly #disk: Disk
  readonly #directory: string
  /** Behind the names of its files. */
  #suffix = ''
  #file: DiskFile | null = null
  #opening: Promise<DiskFile> | null = null
  #openError: Error | null = null
  #staged: { chunk: Uint8Array; written: Written }[] = []

  /** Bytes, staged ones included. */
  size: number
  index: OffsetIndex | null = null
  timeIndex: TimeIndex | null = null
  /** Of the batches so far, −1 without any; with the last offset of the batch that had it first. */
  maxTimestamp: Timestamp = -1
  offsetOfMaxTimestamp: Offset
  /** Maximum timestamp of the first batch: rolling by time counts from it. −1 while empty. */
  firstTimestamp: Timestamp = -1
  bytesSinceIndexEntry = 0
  /** When it was created or, found on disk, last written. */
  readonly created: Timestamp
  modified: Timestamp
  /** Appended to since the last sync. */
  dirty = false
  /** Its name in the directory survives a power failure. */
  nameDurable: boolean
  /** `maxTimestamp` tells of all batches: not yet where the indexes of a segment found on disk have never been loaded. */
  timesKnown = false
  /** Rolled, and all its files are durable. */
  sealed = false

  private constructor(disk: Disk, directory: string, baseOffset: Offset, size: number, modified: Timestamp) {
    this.#disk = disk
    this.#directory = directory
    this.baseOffset = baseOffset
    this.offsetOfMaxTimestamp = baseOffset
    this.size = size
    this.created = modified
    this.modified = modified
    this.nameDurable = true
  }

  /**
   * A time below `limitMs` that is this segment's own, so that many that began together do not end together. It follows from
   * the name, where Kafka draws it: the same after a restart, and no chance is needed.
   */
  jitter(limitMs: number): number {
    if (limitMs <= 0) return 0
    return crc32c(Buffer.from(`${this.#directory}/${segmentName(this.baseOffset)}`)) % limitMs
  }

  /** A new empty segment; its file is opened in the background and takes appends at once. */
  static create(disk: Disk, directory: string, baseOffset: Offset, now: Timestamp): Segment {
    const segment = new Segment(disk, directory, baseOffset, 0, now)
    segment.nameDurable = false
    segment.dirty = true
    segment.resetIndexes()
    // The failure reaches whoever stages an append or syncs.
    segment.#open(true).catch(() => {})
    return segment
  }

  /** A segment found on disk; its indexes are loaded when first needed. */
  static existing(disk: Disk, directory: string, baseOffset: Offset, size: number, modified: Timestamp): Segment {
    return new Segment(disk, directory, baseOffset, size, modified)
  }

  /** What a cleaning writes, beside the segments that it is to replace; `modified` is the age of the last of them. */
  static async cleaned(disk: Disk, directory: string, baseOffset: Offset, modified: Timestamp): Promise<Segment> {
    const segment = new Segment(disk, directory, baseOffset, 0, modified)
    segment.#suffix = CLEANED_SUFFIX
    segment.nameDurable = false
    // Of a cleaning that was given up.
    for (const file of FILES) await disk.remove(segment.pathOf(file))
    segment.resetIndexes()
    await segment.#open(true)
    return segment
  }

  pathOf(suffix: string): string {
    return this.#disk.join(this.#directory, `${segmentName(this.baseOffset)}${suffix}${this.#suffix}`)
  }

  /** What retention by time goes by: the largest timestamp, or for records without any the file's own time. */
  get largestTimestamp(): Timestamp {
    return this.maxTimestamp >= 0 ? this.maxTimestamp : this.modified
  }

  append(chunk: Uint8Array, written: Written): void {
    this.dirty = true
    if (this.#file !== null) this.#file.append([chunk], written)
    else if (this.#openError !== null) written(this.#openError)
    else this.#staged.push({ chunk, written })
    if (this.#file === null) this.#open(false).catch(() => {})
  }

  /** Books a batch of `size` bytes that begins at `position`: index entries, timestamps. In order of the file. */
  noteBatch(lastOffset: Offset, maxTimestamp: Timestamp, position: number, size: number, indexInterval: number): void {
    const { index, timeIndex } = this
    assert(index !== null && timeIndex !== null, 'batches are noted in a segment whose indexes are loaded')
    if (this.firstTimestamp < 0) this.firstTimestamp = maxTimestamp
    if (maxTimestamp > this.maxTimestamp) {
      this.maxTimestamp = maxTimestamp
      this.offsetOfMaxTimestamp = lastOffset
    }
    if (this.bytesSinceIndexEntry > indexInterval) {
      index.append(lastOffset, position)
      timeIndex.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
      this.bytesSinceIndexEntry = 0
    }
    this.bytesSinceIndexEntry += size
  }

  /** As on a roll or close: the time index ends with the largest timestamp of the segment. */
  finishTimeIndex(): void {
    this.timeIndex?.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const file = this.#file ?? (await this.#open(false))
    return file.read(position, length)
  }

  async sync(): Promise<void> {
    const file = this.#file ?? (await this.#open(false))
    this.dirty = false
    await file.sync()
    if (!this.nameDurable) {
      await this.#disk.syncDirectory(this.#directory)
      this.nameDurable = true
    }
  }

  /** Cuts the file, and forgets index entries of batches that reach to `offset` or beyond. */
  async truncate(size: number, offset: Offset): Promise<void> {
    const file = this.#file ?? (await this.#open(false))
    await file.truncate(size)
    this.size = size
    this.sealed = false
    // Before anything is written over it: a disk that has the old bytes could mix them with the new ones.
    await this.sync()
    this.index?.truncate(offset)
    this.timeIndex?.truncate(offset)
    const timeIndex = this.timeIndex
    const count = timeIndex?.count ?? 0
    this.maxTimestamp = timeIndex === null || count === 0 ? -1 : timeIndex.lastTimestamp
    this.offsetOfMaxTimestamp = timeIndex === null || count === 0 ? this.baseOffset : timeIndex.offset(count - 1)
    this.bytesSinceIndexEntry = 0
    if (size === 0) this.firstTimestamp = -1
    await this.scanTail()
  }

  /** Walks the headers behind the last index entry: the end of the log, and timestamps that no entry tells of yet. */
  async scanTail(): Promise<ScanResult> {
    const index = this.index!
    const from = index.count === 0 ? 0 : index.position(index.count - 1)
    const range = { from, size: this.size, nextOffset: this.baseOffset, crcFrom: Number.POSITIVE_INFINITY }
    return scanBatches(this, range, (bytes, at) => {
      const timestamp = maxTimestampAt(bytes, at)
      if (timestamp <= this.maxTimestamp || !validCrcAt(bytes, at, claimedBatchSize(bytes, at))) return
      this.maxTimestamp = timestamp
      this.offsetOfMaxTimestamp = lastOffsetAt(bytes, at)
    })
  }

  resetIndexes(): void {
    this.index = new OffsetIndex(this.baseOffset)
    this.timeIndex = new TimeIndex(this.baseOffset)
    this.bytesSinceIndexEntry = 0
    this.timesKnown = true
  }

  get indexBytes(): number {
    return (this.index?.bytes.length ?? 0) + (this.timeIndex?.bytes.length ?? 0)
  }

  /** Loads the indexes from their files; missing or corrupt ones are rebuilt from the log. */
  async loadIndexes(indexInterval: number): Promise<void> {
    if (this.index !== null && this.timeIndex !== null) return
    const [index, timeIndex] = await Promise.all([
      this.#disk.readFile(this.pathOf('.index')),
      this.#disk.readFile(this.pathOf('.timeindex')),
    ])
    if (this.index !== null && this.timeIndex !== null) return
    if (index !== null && timeIndex !== null) {
      const loadedIndex = new OffsetIndex(this.baseOffset, index)
      const loadedTime = new TimeIndex(this.baseOffset, timeIndex)
      if (loadedIndex.sane(this.size) && loadedTime.sane()) {
        this.index = loadedIndex
        this.timeIndex = loadedTime
        this.#timesFromIndex()
        return
      }
    }
    await this.rebuildIndexes(indexInterval)
  }

  async rebuildIndexes(indexInterval: number): Promise<void> {
    const rebuilt = new Segment(this.#disk, this.#directory, this.baseOffset, this.size, this.modified)
    rebuilt.resetIndexes()
    const range = { from: 0, size: this.size, nextOffset: this.baseOffset, crcFrom: Number.POSITIVE_INFINITY }
    await scanBatches(this, range, (bytes, at, position, size) => {
      // One flipped bit of a rotten batch must not keep the segment for ever, nor send searches by time astray.
      const timestamp = validCrcAt(bytes, at, size) ? maxTimestampAt(bytes, at) : -1
      rebuilt.noteBatch(lastOffsetAt(bytes, at), timestamp, position, size, indexInterval)
    })
    rebuilt.finishTimeIndex()
    this.index = rebuilt.index
    this.timeIndex = rebuilt.timeIndex
    this.#timesFromIndex()
  }

  unloadIndexes(): void {
    if (this.index?.dirty || this.timeIndex?.dirty) return
    this.index = null
    this.timeIndex = null
  }

  /** Brings the index files up to what is in memory. */
  async persistIndexes(sync: boolean): Promise<void> {
    if (this.index !== null) await this.#persist('.index', this.index, sync)
    if (this.timeIndex !== null) await this.#persist('.timeindex', this.timeIndex, sync)
  }

  /**
   * Renames the segment's files out of the way; they are removed later, so that reads in flight still end well. The
   * snapshot of producers goes too, unless another segment begins at the same offset now.
   */
  async markDeleted(snapshot = true): Promise<void> {
    // A file that is just being created would appear behind the rename.
    await this.#opening?.catch(() => null)
    for (const file of snapshot ? [...FILES, '.snapshot'] : FILES) {
      await renameIfThere(this.#disk, this.pathOf(file), this.pathOf(file) + DELETED_SUFFIX)
    }
  }

  async removeDeleted(): Promise<void> {
    await this.close()
    for (const file of [...FILES, '.snapshot']) await this.#disk.remove(this.pathOf(file) + DELETED_SUFFIX)
  }

  /** Gives the segment's files another suffix, the log first: recovery goes by it. */
  async rename(suffix: string): Promise<void> {
    const from = FILES.map((file) => this.pathOf(file))
    this.#suffix = suffix
    for (const [i, file] of FILES.entries()) await renameIfThere(this.#disk, from[i]!, this.pathOf(file))
  }

  /** Removes the files of a segment that nobody has seen. */
  async discard(): Promise<void> {
    await this.close()
    for (const file of FILES) await this.#disk.remove(this.pathOf(file))
  }

  async close(): Promise<void> {
    const opening = this.#opening
    this.#opening = null
    if (opening === null) return
    const file = await opening.catch(() => null)
    this.#file = null
    await file?.close()
  }

  #timesFromIndex(): void {
    this.timesKnown = true
    const times = this.timeIndex!
    if (times.count === 0 || times.lastTimestamp <= this.maxTimestamp) return
    this.maxTimestamp = times.lastTimestamp
    this.offsetOfMaxTimestamp = times.offset(times.count - 1)
  }

  async #persist(suffix: string, index: OffsetIndex | TimeIndex, sync: boolean): Promise<void> {
    const file = await this.#disk.open(this.pathOf(suffix), { create: true })
    try {
      if (file.size > index.persisted) await file.truncate(index.persisted)
      else if (file.size < index.persisted) index.persisted = file.size - (file.size % index.entrySize)
      if (file.size > index.persisted) await file.truncate(index.persisted)
      const upTo = index.length
      if (upTo > index.persisted) {
        // A copy: the array may grow into another or be cut while the write is under way.
        const rest = index.bytes.slice(index.persisted, upTo)
        await new Promise<void>((resolve, reject) => {
          file.append([rest], (error) => (error === null ? resolve() : reject(error)))
        })
        index.persisted = Math.min(upTo, index.length)
      }
      if (sync) await file.sync()
    } finally {
      await file.close()
    }
  }

  #open(create: boolean): Promise<DiskFile> {
    this.#opening ??= this.#disk.open(this.pathOf('.log'), { create }).then(
      (file) => {
        // The file is not this segment's before it holds what was staged: a sync asked for by the first one's answer must
        // cover the others too, and an append made there comes behind them.
        for (let next = this.#staged.shift(); next !== undefined; next = this.#staged.shift()) {
          file.append([next.chunk], next.written)
        }
        this.#file = file
        return file
      },
      (error: Error) => {
        this.#openError = error
        for (const { written } of this.#staged.splice(0)) written(error)
        throw error
      },
    )
    return this.#opening
  }
}

async function renameIfThere(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.rename(from, to)
  } catch (error) {
    // Not every segment has every file.
    if ((error as { code?: unknown }).code !== 'ENOENT') throw error
  }
}
