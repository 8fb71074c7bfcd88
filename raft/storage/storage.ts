// What one node of the quorum keeps in `__cluster_metadata-0`: `quorum-state`, the log (src/log, always fsynced), and
// snapshots named `<end offset>-<epoch>.checkpoint` (KIP-630), written as `.part` and renamed when whole and durable.
// Knows files and their names; what is in a snapshot is bytes to it, and nothing here decides.

import type { Disk, DiskFile, NodeId, Offset } from '../../src/base/index.ts'
import { METADATA_TOPIC_ID, StorageError } from '../../src/base/index.ts'
import type { LogConfig, LogPorts, PartitionLog } from '../../src/log/index.ts'
import { openPartitionLog } from '../../src/log/index.ts'
import type { ElectionState, SnapshotId } from '../core/index.ts'
import { formatQuorumState, parseQuorumState } from './quorum-state.ts'

export interface RaftStorageOptions {
  /** Holds `__cluster_metadata-0`. */
  readonly metadataDirectory: string
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly maxBatchBytes: number
  readonly onFailure: (error: Error) => void
}

export interface StoredSnapshot {
  readonly id: SnapshotId
  readonly size: number
}

const TOPIC = '__cluster_metadata'
const STATE_FILE = 'quorum-state'
const SNAPSHOT = /^(\d{20})-(\d{10})\.checkpoint$/
const INDEX_BYTES = 10 * 1024 * 1024
const FIRST: ElectionState = { epoch: 0, leaderId: -1, votedFor: null }

export class RaftStorage {
  readonly log: PartitionLog
  readonly #disk: Disk
  readonly #path: string
  #election: ElectionState
  #snapshots: StoredSnapshot[]
  #bootstrap: boolean
  #part: { readonly name: string; readonly file: DiskFile } | null = null
  #localParts = 0

  private constructor(
    disk: Disk,
    path: string,
    log: PartitionLog,
    election: ElectionState,
    snapshots: StoredSnapshot[],
    bootstrap: boolean,
  ) {
    this.#disk = disk
    this.#path = path
    this.log = log
    this.#election = election
    this.#snapshots = snapshots
    this.#bootstrap = bootstrap
  }

  static async open(ports: LogPorts, options: RaftStorageOptions): Promise<RaftStorage> {
    const { disk } = ports
    const path = disk.join(options.metadataDirectory, `${TOPIC}-0`)
    await disk.makeDirectory(path)
    // Formatting made it only where it left the first voters there: otherwise the name is ours to make durable, or a power
    // loss would take votes and log with it.
    await disk.syncDirectory(options.metadataDirectory)
    const snapshots: StoredSnapshot[] = []
    let bootstrap = false
    for (const entry of await disk.list(path)) {
      if (entry.name.endsWith('.checkpoint.part')) await disk.remove(disk.join(path, entry.name))
      const match = SNAPSHOT.exec(entry.name)
      if (match === null) continue
      const id = { endOffset: Number(match[1]), epoch: Number(match[2]) }
      if (id.endOffset === 0) bootstrap = true
      else snapshots.push({ id, size: entry.size })
    }
    const partition = disk.join(path, 'partition.metadata')
    if ((await disk.readFile(partition)) === null) {
      const text = `version: 0\ntopic_id: ${METADATA_TOPIC_ID}`
      await disk.writeFileAtomic(partition, new TextEncoder().encode(text))
    }
    const newest = snapshots[snapshots.length - 1]
    const log = await openPartitionLog(ports, path, TOPIC, 0, logConfig(options), {
      topicId: METADATA_TOPIC_ID,
      recoveryPoint: newest?.id.endOffset ?? 0,
      onFailure: options.onFailure,
    })
    if (log.damaged !== null) throw new StorageError(path, 'CORRUPT', `the metadata log is damaged: ${log.damaged}`)
    const election = await readElection(disk, disk.join(path, STATE_FILE))
    // A kill may have come between its rename and the sync of that: a vote that this life tells again must outlive the power.
    await disk.syncDirectory(path)
    return new RaftStorage(disk, path, log, election, snapshots, bootstrap)
  }

  get election(): ElectionState {
    return this.#election
  }

  /** Oldest first; without the one that formatting wrote. */
  get snapshots(): readonly StoredSnapshot[] {
    return this.#snapshots
  }

  get newest(): SnapshotId | null {
    return this.#snapshots[this.#snapshots.length - 1]?.id ?? null
  }

  /** The snapshot 0-0 that formatting wrote with the first voters; null where there is none. */
  bootstrap(): Promise<Uint8Array | null> {
    return this.#bootstrap ? this.readSnapshot({ endOffset: 0, epoch: 0 }) : Promise.resolve(null)
  }

  async persist(election: ElectionState, kraftVersion: number, voters: readonly NodeId[]): Promise<void> {
    const text = formatQuorumState(election, kraftVersion, voters)
    await this.#disk.writeFileAtomic(this.#disk.join(this.#path, STATE_FILE), new TextEncoder().encode(text))
    this.#election = election
  }

  /** The whole file, null when there is none. */
  readSnapshot(id: SnapshotId): Promise<Uint8Array | null> {
    return this.#disk.readFile(this.#pathOf(id))
  }

  /** Null when there is no such snapshot (any more). */
  async readSnapshotPart(
    id: SnapshotId,
    position: number,
    length: number,
  ): Promise<{ readonly size: number; readonly bytes: Uint8Array } | null> {
    if (!this.#snapshots.some((held) => sameId(held.id, id))) return null
    const file = await this.#disk.open(this.#pathOf(id)).catch((error: unknown) => {
      // Let go while it was being opened.
      if (this.#snapshots.some((held) => sameId(held.id, id))) throw error
      return null
    })
    if (file === null) return null
    try {
      if (position < 0 || position >= file.size) return { size: file.size, bytes: new Uint8Array(0) }
      return { size: file.size, bytes: await file.read(position, Math.min(length, file.size - position)) }
    } finally {
      await file.close()
    }
  }

  /** Bytes of a snapshot that is being fetched, in order; position 0 begins anew. */
  async writePart(id: SnapshotId, position: number, bytes: Uint8Array): Promise<void> {
    const name = `${nameOf(id)}.part`
    if (position === 0) {
      await this.dropPart()
      const path = this.#disk.join(this.#path, name)
      await this.#disk.remove(path)
      this.#part = { name, file: await this.#disk.open(path, { create: true }) }
    }
    const part = this.#part
    if (part === null || part.name !== name || part.file.size !== position) {
      throw new StorageError(this.#path, 'CORRUPT', `no part of snapshot ${name} ends at ${position}`)
    }
    await append(part.file, [bytes])
  }

  /** What has been fetched, to be looked at before it is kept. */
  async readPart(): Promise<Uint8Array> {
    const part = this.#part
    return part === null ? new Uint8Array(0) : part.file.read(0, part.file.size)
  }

  async dropPart(): Promise<void> {
    const part = this.#part
    if (part === null) return
    this.#part = null
    await part.file.close()
    await this.#disk.remove(this.#disk.join(this.#path, part.name))
  }

  /** The fetched snapshot becomes the log: durable first, then what it replaces goes. A crash between leaves a snapshot beyond the log, which `open`'s owner lets win. */
  async installPart(id: SnapshotId): Promise<void> {
    const part = this.#part
    if (part === null) throw new StorageError(this.#path, 'CORRUPT', `there is no fetched snapshot ${nameOf(id)}`)
    this.#part = null
    await this.#keep(part.file, part.name, id)
    await this.restartAt(id)
  }

  /** The log goes on at the snapshot's end, and older snapshots go. */
  async restartAt(id: SnapshotId): Promise<void> {
    await this.log.truncateFullyAndStartAt(id.endOffset)
    await this.deleteSnapshotsBefore(id)
  }

  /** A snapshot of this node's own state. */
  async store(id: SnapshotId, chunks: readonly Uint8Array[]): Promise<void> {
    const name = `${nameOf(id).replace('.checkpoint', `-${this.#localParts++}.checkpoint`)}.part`
    const file = await this.#disk.open(this.#disk.join(this.#path, name), { create: true })
    await append(file, chunks)
    await this.#keep(file, name, id)
  }

  async deleteSnapshotsBefore(id: SnapshotId): Promise<void> {
    const old = this.#snapshots.filter((held) => held.id.endOffset < id.endOffset)
    this.#snapshots = this.#snapshots.filter((held) => held.id.endOffset >= id.endOffset)
    for (const held of old) await this.#disk.remove(this.#pathOf(held.id))
  }

  /** The prefix that a snapshot covers may go. */
  async advanceLogStart(offset: Offset): Promise<void> {
    if (offset > this.log.logStartOffset) await this.log.advanceLogStart(offset)
  }

  async close(): Promise<void> {
    await this.dropPart()
    await this.log.close()
  }

  async #keep(file: DiskFile, name: string, id: SnapshotId): Promise<void> {
    await file.sync()
    const { size } = file
    await file.close()
    await this.#disk.rename(this.#disk.join(this.#path, name), this.#pathOf(id))
    await this.#disk.syncDirectory(this.#path)
    this.#snapshots = [...this.#snapshots.filter((held) => !sameId(held.id, id)), { id, size }].sort(
      (a, b) => a.id.endOffset - b.id.endOffset,
    )
  }

  #pathOf(id: SnapshotId): string {
    return this.#disk.join(this.#path, nameOf(id))
  }
}

export function sameId(a: SnapshotId, b: SnapshotId): boolean {
  return a.endOffset === b.endOffset && a.epoch === b.epoch
}

function nameOf(id: SnapshotId): string {
  return `${String(id.endOffset).padStart(20, '0')}-${String(id.epoch).padStart(10, '0')}.checkpoint`
}

function append(file: DiskFile, chunks: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.append(chunks, (error) => (error === null ? resolve() : reject(error)))
  })
}

async function readElection(disk: Disk, path: string): Promise<ElectionState> {
  const bytes = await disk.readFile(path)
  if (bytes === null) return FIRST
  const election = parseQuorumState(new TextDecoder().decode(bytes))
  if (election === null) {
    throw new StorageError(
      path,
      'CORRUPT',
      `${path} cannot be read: a vote may have been given that it no longer tells`,
    )
  }
  return election
}

/** Nothing of the metadata log goes by the log's own retention: snapshots say what may. */
function logConfig(options: RaftStorageOptions): LogConfig {
  return {
    segmentBytes: options.segmentBytes,
    segmentMs: options.segmentMs,
    segmentIndexBytes: INDEX_BYTES,
    indexIntervalBytes: 4096,
    retentionBytes: -1,
    retentionMs: -1,
    cleanupDelete: false,
    cleanupCompact: false,
    deleteRetentionMs: 0,
    minCompactionLagMs: 0,
    maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
    minCleanableDirtyRatio: 1,
    maxMessageBytes: options.maxBatchBytes,
    messageTimestampType: 'CreateTime',
    messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    compressionType: 'producer',
    fileDeleteDelayMs: 60_000,
    producerIdExpirationMs: 86_400_000,
    flush: 'fsync',
  }
}
