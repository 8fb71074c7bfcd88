// One of `log.dirs`: its lock, its identity, its checkpoints, and every partition's log in it. A clean-shutdown marker
// is removed durably before any log is loaded, so that a crash can never be taken for a clean stop (KAFKA-10471).
// A failure of the disk under any log gives up the whole directory, once.

import type { DiskSpace, Offset, Uuid } from '../base/index.ts'
import { assert, ConfigError, StorageError, Timers } from '../base/index.ts'
import type { PartitionOffset } from './checkpoints.ts'
import {
  formatCleanMarker,
  formatOffsets,
  formatPartitionMetadata,
  parseCleanMarker,
  parseOffsets,
} from './checkpoints.ts'
import { DELETE_SUFFIX, futureName, identify, PARTITION_METADATA } from './identify.ts'
import { IndexCache } from './index-cache.ts'
import { Janitor } from './janitor.ts'
import { lockDirectory, readDirectoryMeta } from './meta.ts'
import { INDEX_CACHE_BYTES, openLog } from './open.ts'
import type { SegmentedLog } from './partition-log.ts'
import type { LogSurroundings } from './surroundings.ts'
import { TailBudget } from './tail-cache.ts'
import type {
  DirectoryMeta,
  LastStop,
  LastWord,
  LogConfig,
  LogDirectory,
  LogPorts,
  OpenDirectoryOptions,
  PartitionLog,
} from './types.ts'

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'
const LOG_STARTS = 'log-start-offset-checkpoint'
const HIGH_WATERMARKS = 'replication-offset-checkpoint'
const CLEANED_TO = 'cleaner-offset-checkpoint'
const CLEAN_MARKER = '.kafka_cleanshutdown'

const TAIL_BYTES = 32 * 1024 * 1024
const CHECKPOINT_INTERVAL_MS = 60_000
const RETENTION_CHECK_INTERVAL_MS = 300_000
/** Logs loaded at a time: enough to keep the disk busy, few enough for their read windows to fit in memory. */
const LOADS_AT_ONCE = 4
const MAX_NAME = 255

/** Locks and opens a formatted directory and recovers its logs. Throws ConfigError where it must not be used. */
export async function openLogDirectory(
  ports: LogPorts,
  path: string,
  options: OpenDirectoryOptions,
): Promise<LogDirectory> {
  const { disk, clock, logger } = ports
  const release = await lockDirectory(disk, path)
  try {
    const meta = await readDirectoryMeta(disk, path)
    if (meta === null) throw new ConfigError(`${path} is not formatted: run "odradek storage format" on it first`)
    const marker = await disk.readFile(disk.join(path, CLEAN_MARKER))
    if (marker !== null) {
      await disk.remove(disk.join(path, CLEAN_MARKER))
      await disk.syncDirectory(path)
    }
    const previous = parseCleanMarker(marker)
    const directory = new OpenDirectory(ports, path, options, meta, previous, release)
    const started = clock.monotonic()
    const bytes = await directory.load()
    if (options.stopped?.() === true) {
      await directory.abandon(marker)
      throw new StorageError(path, 'CLOSED', `${path} was being opened when the node was told to stop`)
    }
    if (!previous.cleanShutdown) {
      const took = Math.round(clock.monotonic() - started)
      logger.info({ directory: path, bytes, ms: took }, `Recovered ${bytes} bytes in ${took} ms in ${path}`)
    }
    await directory.start()
    return directory
  } catch (error) {
    await release()
    throw error
  }
}

class OpenDirectory implements LogDirectory {
  readonly path: string
  readonly meta: DirectoryMeta
  readonly cleanShutdown: boolean
  previousBrokerEpoch: number
  readonly unansweredIncarnation: Uuid | null
  readonly #ports: LogPorts
  readonly #options: OpenDirectoryOptions
  readonly #around: LogSurroundings
  readonly #timers: Timers
  readonly #release: () => Promise<void>
  /** By topic id and partition, in order of name. */
  readonly #logs = new Map<string, SegmentedLog>()
  /** Those that are to replace logs of other directories. */
  readonly #futures = new Map<string, SegmentedLog>()
  #failure: Error | null = null
  #listener: ((error: Error) => void) | null = null
  #closed = false
  /** There is a checkpoint of compaction. */
  #compacted = false
  #detachCleaner: (() => void) | null = null
  #checkpointing: Promise<void> | null = null
  #nextCheckpoint: Promise<void> | null = null
  /** What this life has written, by file: what has not changed costs no sync. */
  readonly #checkpoints: Map<string, string> = new Map()

  constructor(
    ports: LogPorts,
    path: string,
    options: OpenDirectoryOptions,
    meta: DirectoryMeta,
    previous: LastStop,
    release: () => Promise<void>,
  ) {
    this.path = path
    this.meta = meta
    this.cleanShutdown = previous.cleanShutdown
    this.previousBrokerEpoch = previous.previousBrokerEpoch
    this.unansweredIncarnation = previous.unansweredIncarnation
    this.#ports = ports
    this.#options = options
    this.#release = release
    this.#timers = new Timers(ports.clock)
    const failed = (error: Error): void => this.#fail(error)
    this.#around = {
      ports,
      tailBudget: new TailBudget(options.tailBytes ?? TAIL_BYTES),
      indexCache: new IndexCache(INDEX_CACHE_BYTES),
      janitor: new Janitor(ports.clock, failed),
      cleaner: options.cleaner ?? null,
      failed,
      checkpoint: () => this.#checkpoint(),
      closed: async () => {},
    }
  }

  get logs(): readonly PartitionLog[] {
    return [...this.#logs.values()]
  }

  get futures(): readonly PartitionLog[] {
    return [...this.#futures.values()]
  }

  get(topicId: Uuid, partition: number): PartitionLog | undefined {
    return this.#logs.get(keyOf(topicId, partition))
  }

  /** Loads every log found; the bytes that had to be verified. */
  async load(): Promise<number> {
    const { disk } = this.#ports
    const recoveryPoints = await this.#readOffsets(RECOVERY_POINTS)
    const logStarts = await this.#readOffsets(LOG_STARTS)
    const highWatermarks = await this.#readOffsets(HIGH_WATERMARKS)
    const entries = await disk.list(this.path)
    const names = entries.filter((entry) => entry.directory).map((entry) => entry.name)
    this.#compacted = entries.some((entry) => entry.name === CLEANED_TO)
    const cleanedTo = this.#compacted ? await this.#readOffsets(CLEANED_TO) : new Map<string, Offset>()
    const opened: ({ readonly log: SegmentedLog; readonly future: boolean } | null)[] = new Array(names.length).fill(
      null,
    )
    let verified = 0
    let next = 0
    const worker = async (): Promise<void> => {
      for (let i = next++; i < names.length && this.#options.stopped?.() !== true; i = next++) {
        const name = names[i]!
        const identity = await identify(this.#ports, this.#around.janitor, this.path, name)
        if (identity === null) continue
        const known = `${identity.topic}-${identity.partition}`
        const { log, loaded } = await openLog(
          this.#around,
          identity,
          this.#options.configOf(identity.topic, identity.topicId),
          {
            clean: this.cleanShutdown,
            recoveryPoint: recoveryPoints.get(known) ?? 0,
            logStartOffset: logStarts.get(known) ?? -1,
            highWatermark: highWatermarks.get(known) ?? 0,
            cleanedTo: cleanedTo.get(known) ?? null,
          },
        )
        opened[i] = { log, future: identity.future }
        verified += loaded.verifiedBytes
      }
    }
    await Promise.all(Array.from({ length: LOADS_AT_ONCE }, worker))
    for (const each of opened) {
      if (each === null) continue
      const { log } = each
      const logs = each.future ? this.#futures : this.#logs
      logs.set(keyOf(log.topicId, log.partition), log)
      // Whoever has lost records must not stay eligible to lead for having stopped well (KIP-966).
      if (log.damaged !== null && !each.future) this.previousBrokerEpoch = -1
    }
    return verified
  }

  /** Gives up what was opened, and nothing of which was used: what the last stop said is said again. */
  async abandon(marker: Uint8Array | null): Promise<void> {
    this.#closed = true
    await this.#around.janitor.stop()
    const logs = [...this.#logs.values()]
    for (const log of logs) await log.abandon()
    if (marker === null || this.#failure !== null || logs.some((log) => log.damaged !== null)) return
    await this.#ports.disk.writeFileAtomic(this.#ports.disk.join(this.path, CLEAN_MARKER), marker)
  }

  /** Writes what was found, so that no stale entry is ever read again, and sets the alarm. */
  async start(): Promise<void> {
    await this.#checkpoint()
    const { checkpointIntervalMs, retentionCheckIntervalMs } = this.#options
    this.#every(checkpointIntervalMs ?? CHECKPOINT_INTERVAL_MS, () => this.#checkpoint())
    this.#every(retentionCheckIntervalMs ?? RETENTION_CHECK_INTERVAL_MS, () => this.#retain())
    this.#detachCleaner = this.#options.cleaner?.attach(() => this.#logs.values()) ?? null
  }

  async create(topic: string, topicId: Uuid, partition: number, config: LogConfig): Promise<PartitionLog> {
    this.#mustWork()
    for (const log of this.#logs.values()) {
      // A topic of the same name that was deleted while this node was away.
      if (log.topic === topic && log.partition === partition) await this.delete(log)
    }
    const log = await this.#create({ topic, topicId, partition }, `${topic}-${partition}`, config)
    this.#logs.set(keyOf(topicId, partition), log)
    if (config.cleanupCompact) this.#around.cleaner?.wake()
    return log
  }

  async createFuture(topic: string, topicId: Uuid, partition: number, config: LogConfig): Promise<PartitionLog> {
    this.#mustWork()
    const log = await this.#create({ topic, topicId, partition }, futureName(topic, partition, this.#unique()), config)
    this.#futures.set(keyOf(topicId, partition), log)
    return log
  }

  async promote(future: PartitionLog): Promise<PartitionLog> {
    const { topic, topicId, partition, config } = future
    const key = keyOf(topicId, partition)
    assert(this.#futures.get(key) === future && !this.#logs.has(key), 'only a future log takes a place, and a free one')
    const { disk } = this.#ports
    const at = { recoveryPoint: future.endOffset, logStartOffset: future.logStartOffset }
    const { highWatermark, cleanedTo } = future
    await future.close()
    this.#mustWork()
    const path = disk.join(this.path, `${topic}-${partition}`)
    await disk.rename(future.path, path)
    await disk.syncDirectory(this.path)
    const known = { clean: true, ...at, highWatermark, cleanedTo }
    const { log } = await openLog(this.#around, { topic, topicId, partition, path }, config, known)
    this.#mustWork()
    this.#futures.delete(key)
    this.#logs.set(key, log)
    return log
  }

  async delete(log: PartitionLog): Promise<void> {
    const key = keyOf(log.topicId, log.partition)
    const logs = this.#futures.get(key) === log ? this.#futures : this.#logs
    const held = logs.get(key)
    if (held === undefined || held !== log) return
    logs.delete(key)
    const { disk } = this.#ports
    await held.abandon()
    const unique = this.#unique()
    const suffix = `-${log.partition}.${unique}${DELETE_SUFFIX}`
    const path = disk.join(this.path, log.topic.slice(0, MAX_NAME - suffix.length) + suffix)
    await disk.rename(held.path, path)
    await disk.syncDirectory(this.path)
    held.moved(path)
    // A topic created under the same name must not inherit its recovery point.
    await this.#checkpoint()
    this.#around.janitor.after(log.config.fileDeleteDelayMs, () => disk.remove(path))
  }

  space(): Promise<DiskSpace> {
    return this.#ports.disk.space(this.path)
  }

  async maintain(): Promise<void> {
    await this.#retain()
    await this.#checkpoint()
  }

  async close({ clean, brokerEpoch, unanswered = null }: LastWord): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timers.clear()
    this.#detachCleaner?.()
    const logs = this.#all()
    await this.#around.janitor.stop()
    if (clean && this.#failure === null) {
      for (const log of logs) await log.close()
      // Behind one that is under way: two writers of one file would take it from under each other.
      await this.#checkpoint()
      // A damaged log must be verified, and found damaged, at the next start too.
      if (this.#failure === null && logs.every((log) => log.damaged === null)) {
        const { disk } = this.#ports
        const word = encode(formatCleanMarker(brokerEpoch, unanswered))
        await disk.writeFileAtomic(disk.join(this.path, CLEAN_MARKER), word)
      }
    } else for (const log of logs) await log.abandon()
    await this.#release()
  }

  onFailure(listener: (error: Error) => void): void {
    this.#listener = listener
    if (this.#failure !== null) listener(this.#failure)
  }

  async #readOffsets(file: string): Promise<Map<string, Offset>> {
    const { disk, logger } = this.#ports
    const bytes = await disk.readFile(disk.join(this.path, file))
    const offsets = parseOffsets(bytes === null ? '' : new TextDecoder().decode(bytes))
    if (offsets !== null) return offsets
    logger.warn({ directory: this.path }, `${disk.join(this.path, file)} is unreadable and is written anew`)
    return new Map()
  }

  async #retain(): Promise<void> {
    for (const log of [...this.#logs.values()]) {
      if (this.#closed || this.#failure !== null) return
      await log.maintain()
    }
  }

  /** Whoever asks while a write is under way shares the next one, which tells of everything up to then. */
  #checkpoint(): Promise<void> {
    if (this.#nextCheckpoint !== null) return this.#nextCheckpoint
    const run = async (): Promise<void> => {
      await this.#checkpointing
      this.#checkpointing = this.#nextCheckpoint
      this.#nextCheckpoint = null
      await this.#writeCheckpoints()
    }
    this.#nextCheckpoint = run()
    return this.#nextCheckpoint
  }

  async #writeCheckpoints(): Promise<void> {
    if (this.#failure !== null) return
    const { disk } = this.#ports
    const logs = this.#all()
    type OffsetOf = (log: SegmentedLog) => Offset | null
    const write = async (file: string, offsetOf: OffsetOf, all: boolean): Promise<void> => {
      const offsets: PartitionOffset[] = []
      for (const log of logs) {
        const offset = offsetOf(log)
        if (offset === null || (offset === 0 && !all)) continue
        offsets.push({ topic: log.topic, partition: log.partition, offset })
      }
      const text = formatOffsets(offsets)
      if (this.#checkpoints.get(file) === text) return
      await disk.writeFileAtomic(disk.join(this.path, file), encode(text))
      this.#checkpoints.set(file, text)
    }
    try {
      await write(RECOVERY_POINTS, (log) => log.recoveryPoint, true)
      await write(LOG_STARTS, (log) => log.logStartOffset, false)
      await write(HIGH_WATERMARKS, (log) => log.highWatermark, true)
      this.#compacted ||= logs.some((log) => log.cleanedTo !== null)
      if (this.#compacted) await write(CLEANED_TO, (log) => log.cleanedTo, true)
    } catch (error) {
      this.#fail(error as Error)
      throw error
    }
  }

  #all(): SegmentedLog[] {
    return [...this.#logs.values(), ...this.#futures.values()]
  }

  #unique(): string {
    return Buffer.from(this.#ports.random.bytes(16)).toString('hex')
  }

  /** An empty log in a new directory of that name, durably there. */
  async #create(
    who: { readonly topic: string; readonly topicId: Uuid; readonly partition: number },
    name: string,
    config: LogConfig,
  ): Promise<SegmentedLog> {
    const { disk } = this.#ports
    const path = disk.join(this.path, name)
    await disk.makeDirectory(path)
    await disk.writeFileAtomic(disk.join(path, PARTITION_METADATA), encode(formatPartitionMetadata(who.topicId)))
    await disk.syncDirectory(this.path)
    const { log } = await openLog(this.#around, { ...who, path }, config, {
      clean: false,
      recoveryPoint: 0,
      logStartOffset: -1,
      highWatermark: 0,
      cleanedTo: null,
    })
    this.#mustWork()
    return log
  }

  #every(ms: number, work: () => Promise<void>): void {
    const again = (): void => {
      this.#timers.after(ms, () => {
        // A failure has been told to the listener where it happened.
        work().then(again, () => {})
      })
    }
    again()
  }

  #mustWork(): void {
    if (this.#failure !== null) throw this.#failure
    if (this.#closed) throw new StorageError(this.path, 'CLOSED', `${this.path} is closed`)
  }

  #fail(error: Error): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#timers.clear()
    this.#detachCleaner?.()
    this.#ports.logger.error({ directory: this.path, error }, `${this.path} has failed: ${error.message}`)
    for (const log of this.#all()) log.fail(error)
    this.#listener?.(error)
  }
}

function keyOf(topicId: Uuid, partition: number): string {
  return `${topicId}-${partition}`
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
