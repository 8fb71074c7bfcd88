// One read that may have to wait: the purgatory of fetches. It looks at its partitions, and if there is too little, waits
// until one of them wakes it or its deadline comes. Consumers, followers and everybody else who reads use it. It judges
// nothing but bytes. Invariant: what it hands out was read in the role and epoch in which the replica still is.

import type { Timer } from '../../src/base/index.ts'
import { messageOf, StorageError } from '../../src/base/index.ts'
import type { LogRead } from '../../src/log/index.ts'
import { checkReader, lastStableOffset, nearerReplica, readBound } from './access.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'
import type { PartitionRead, PartitionReadResult, PendingRead, ReadRequest, ReplicationError } from './types.ts'

export interface ReadEntry {
  readonly wait: ReadWait
  readonly read: PartitionRead
  /** Something has happened since it was looked at. */
  dirty: boolean
  replica: Replica | null
  generation: number
  result: PartitionReadResult | null
}

const NO_CHUNKS: readonly Uint8Array[] = Object.freeze([])

export class ReadWait implements PendingRead {
  readonly result: Promise<readonly PartitionReadResult[]>
  /** In the driver's list of reads to look at again. */
  woken = false
  readonly #host: Host
  readonly #request: ReadRequest
  readonly #entries: readonly ReadEntry[]
  #resolve!: (results: readonly PartitionReadResult[]) => void
  #timer: Timer | null = null
  #waiting = false
  #looking = false
  #expired = false
  #done = false

  constructor(host: Host, request: ReadRequest) {
    this.#host = host
    this.#request = request
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#entries = request.partitions.map((read) => ({
      wait: this,
      read,
      dirty: true,
      replica: null,
      generation: -1,
      result: null,
    }))
  }

  start(): void {
    // A follower's fetch tells its progress once, when it arrives; a later look at the log is no news of it.
    for (const entry of this.#entries) this.#report(entry)
    this.look()
  }

  cancel(): void {
    this.#finish()
  }

  /** Reads what has changed since the last look; answers, or waits on. */
  look(): void {
    if (this.#done || this.#looking) return
    let bytes = 0
    for (const entry of this.#entries) if (!this.#isStale(entry)) bytes += entry.result?.bytes ?? 0
    let cold: Promise<void>[] | null = null
    for (const entry of this.#entries) {
      if (!this.#isStale(entry)) continue
      const found = this.#readEntry(entry, Math.max(0, this.#request.maxBytes - bytes), bytes === 0)
      if (found instanceof Promise) {
        // What is being read from disk counts with what it may bring, or the next one would bring as much again.
        bytes += Math.min(entry.read.maxBytes, this.#request.maxBytes)
        cold ??= []
        cold.push(found)
      } else bytes += entry.result?.bytes ?? 0
    }
    if (cold === null) this.#decide()
    else this.#lookAgainAfter(cold)
  }

  stop(): void {
    this.#finish()
  }

  #lookAgainAfter(cold: readonly Promise<void>[]): void {
    this.#looking = true
    // From here on the world turns while this waits: be woken.
    this.#register()
    Promise.all(cold).then(() => {
      this.#looking = false
      // A role, an epoch or a truncation may have overtaken the disk: then look again.
      let overtaken = false
      for (const entry of this.#entries) {
        if (entry.replica === null || entry.generation === entry.replica.generation) continue
        entry.dirty = true
        overtaken = true
      }
      if (overtaken) this.look()
      else this.#decide()
    }, this.#host.options.onFatal)
  }

  #isStale(entry: ReadEntry): boolean {
    return entry.dirty || entry.result === null
  }

  #decide(): void {
    if (this.#done) return
    const { minBytes, partitions, deadline } = this.#request
    let bytes = 0
    let urgent = partitions.length === 0 || this.#expired
    for (const { result, read, replica } of this.#entries) {
      if (result === null) continue
      bytes += result.bytes
      if (result.error !== 'NONE' || result.diverging !== null || result.preferredReadReplica >= 0) urgent = true
      // KIP-1166: a reader that says which high watermark it knows is told a newer one at once.
      const state = replica?.state ?? null
      if (state !== null && knowsHighWatermark(read) && state.highWatermark > read.knownHighWatermark) urgent = true
    }
    if (urgent || bytes >= minBytes || deadline <= this.#host.now()) this.#finish()
    else this.#wait()
  }

  #wait(): void {
    // Something woke it while it was reading.
    if (this.#entries.some((entry) => entry.dirty)) {
      this.look()
      return
    }
    this.#register()
    this.#timer ??= this.#host.timers.at(this.#request.deadline, () => {
      this.#expired = true
      this.#finish()
    })
  }

  #register(): void {
    if (this.#waiting) return
    this.#waiting = true
    const forReplica = this.#request.reader.kind === 'replica'
    for (const entry of this.#entries) {
      const replica = entry.replica
      if (replica === null) continue
      if (forReplica) replica.endReaders.add(entry)
      if (!forReplica || knowsHighWatermark(entry.read)) replica.watermarkReaders.add(entry)
    }
  }

  #finish(): void {
    if (this.#done) return
    this.#done = true
    this.#timer?.cancel()
    for (const entry of this.#entries) {
      entry.replica?.endReaders.delete(entry)
      entry.replica?.watermarkReaders.delete(entry)
    }
    this.#resolve(this.#entries.map((entry) => this.#handedOut(entry)))
  }

  #handedOut(entry: ReadEntry): PartitionReadResult {
    const result = this.#final(entry)
    const { reader } = this.#request
    if (reader.kind === 'replica' && entry.replica !== null)
      this.#host.throttles.given(entry.replica, reader.id, result.bytes)
    return result
  }

  /** The newest watermarks with the bytes found; they have only grown, or the role has changed and nothing is handed out. */
  #final(entry: ReadEntry): PartitionReadResult {
    const { result, replica } = entry
    if (result === null || replica === null) return result ?? this.#refusal(entry.read, 'NOT_LEADER_OR_FOLLOWER')
    if (result.error !== 'NONE') return result
    const state = replica.state
    if (state === null || entry.generation !== replica.generation) {
      const where = this.#host.locate(entry.read.at)
      return this.#refusal(entry.read, typeof where === 'string' ? where : 'NOT_LEADER_OR_FOLLOWER')
    }
    return {
      ...result,
      highWatermark: state.highWatermark,
      lastStableOffset: lastStableOffset(replica, state),
      logStartOffset: replica.log.logStartOffset,
    }
  }

  #report(entry: ReadEntry): void {
    const reader = this.#request.reader
    if (reader.kind !== 'replica') return
    const { read } = entry
    const replica = this.#host.locate(read.at)
    if (typeof replica === 'string' || replica.state === null) return
    if (checkReader(replica, replica.state, reader, read.currentLeaderEpoch) !== 'NONE') return
    // Only an offset on this log's lineage is progress.
    const log = replica.log
    if (read.fetchOffset < log.logStartOffset || read.fetchOffset > log.endOffset) return
    if (diverges(replica, read) !== null) return
    const refusal = replica.ask({
      kind: 'fetched',
      replica: reader.id,
      brokerEpoch: reader.brokerEpoch,
      offset: read.fetchOffset,
      logStartOffset: read.logStartOffset,
    })
    if (refusal?.kind === 'refuse') {
      entry.dirty = false
      entry.result = this.#refusal(read, refusal.error)
    }
  }

  #readEntry(entry: ReadEntry, room: number, first: boolean): void | Promise<void> {
    entry.dirty = false
    entry.result = null
    const { read } = entry
    const { reader } = this.#request
    const replica = this.#host.locate(read.at)
    if (typeof replica === 'string' || replica.state === null) {
      entry.result = this.#refusal(read, typeof replica === 'string' ? replica : 'NOT_LEADER_OR_FOLLOWER')
      return
    }
    entry.replica = replica
    entry.generation = replica.generation
    const state = replica.state
    const error = checkReader(replica, state, reader, read.currentLeaderEpoch)
    if (error !== 'NONE') {
      entry.result = this.#refusal(read, error)
      return
    }
    const preferred = nearerReplica(this.#host, state, reader, read.fetchOffset)
    if (preferred !== null) {
      entry.result = { ...this.#found(replica, read, NOTHING_READ, null), preferredReadReplica: preferred }
      return
    }
    const log = replica.log
    const diverging = read.lastFetchedEpoch >= 0 ? diverges(replica, read) : null
    if (read.fetchOffset < log.logStartOffset || diverging === 'unknown') {
      entry.result = this.#refusal(read, 'OFFSET_OUT_OF_RANGE')
      return
    }
    if (diverging !== null) {
      entry.result = this.#found(replica, read, NOTHING_READ, diverging)
      return
    }
    if (read.fetchOffset > log.endOffset) {
      entry.result = this.#refusal(read, 'OFFSET_OUT_OF_RANGE')
      return
    }
    if (reader.kind === 'replica' && this.#host.throttles.holdsBack(replica, reader.id)) {
      entry.result = this.#found(replica, read, NOTHING_READ, null)
      return
    }
    const upTo = readBound(replica, state, reader)
    const maxBytes = Math.min(read.maxBytes, room)
    if (read.fetchOffset >= upTo || (maxBytes <= 0 && !first)) {
      entry.result = this.#found(replica, read, NOTHING_READ, null)
      return
    }
    try {
      const found = log.read(read.fetchOffset, { maxBytes, upTo, minOneBatch: first })
      if (!(found instanceof Promise)) {
        entry.result = this.#found(replica, read, found, null)
        return
      }
      return found.then(
        (bytes) => {
          entry.result = this.#found(replica, read, bytes, null)
        },
        (failure: unknown) => this.#failed(entry, replica, failure),
      )
    } catch (failure) {
      this.#failed(entry, replica, failure)
    }
  }

  #failed(entry: ReadEntry, replica: Replica, failure: unknown): void {
    if (!(failure instanceof StorageError)) throw failure
    // Bytes that fail their checks are this reader's problem; a disk that fails is the directory's.
    const { topic, partition } = replica.at
    this.#host.options.logger.error({ topic, partition, error: messageOf(failure) }, 'a read failed')
    entry.result = this.#refusal(entry.read, failure.code === 'CORRUPT' ? 'CORRUPT_MESSAGE' : 'KAFKA_STORAGE_ERROR')
  }

  #found(
    replica: Replica,
    read: PartitionRead,
    found: Pick<LogRead, 'chunks' | 'bytes'>,
    diverging: PartitionReadResult['diverging'],
  ): PartitionReadResult {
    const state = replica.state
    return {
      at: read.at,
      error: 'NONE',
      highWatermark: state?.highWatermark ?? -1,
      lastStableOffset: state === null ? -1 : lastStableOffset(replica, state),
      logStartOffset: replica.log.logStartOffset,
      chunks: found.chunks,
      bytes: found.bytes,
      diverging,
      leader: null,
      preferredReadReplica: -1,
    }
  }

  #refusal(read: PartitionRead, error: ReplicationError): PartitionReadResult {
    return {
      at: read.at,
      error,
      highWatermark: -1,
      lastStableOffset: -1,
      logStartOffset: -1,
      chunks: NO_CHUNKS,
      bytes: 0,
      diverging: null,
      leader: this.#host.hint(read.at, error),
      preferredReadReplica: -1,
    }
  }
}

/** On the wire the largest value says "I do not tell". */
function knowsHighWatermark(read: PartitionRead): boolean {
  return read.knownHighWatermark >= 0 && read.knownHighWatermark < Number.MAX_SAFE_INTEGER
}

const NOTHING_READ: Pick<LogRead, 'chunks' | 'bytes'> = Object.freeze({ chunks: NO_CHUNKS, bytes: 0 })

/**
 * KIP-320 inside Fetch: where this log's history leaves the reader's. Null: it doesn't. `unknown`: this log has nothing
 * to say about that epoch.
 */
function diverges(
  replica: Replica,
  read: PartitionRead,
): { readonly epoch: number; readonly endOffset: number } | 'unknown' | null {
  if (read.lastFetchedEpoch < 0) return null
  const end = replica.log.endOffsetForEpoch(read.lastFetchedEpoch)
  if (end.endOffset < 0 || end.epoch < 0) return 'unknown'
  return end.epoch < read.lastFetchedEpoch || end.endOffset < read.fetchOffset ? end : null
}
