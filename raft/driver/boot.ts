// How a node finds itself: storage opened, a fetched snapshot that had not yet replaced the log put in its place, and the
// quorum's history read out of snapshot and log.

import type { Epoch } from '../../src/base/index.ts'
import { messageOf, StorageError } from '../../src/base/index.ts'
import { batchesOf } from '../../src/wire/index.ts'
import type { InitialState, QuorumEntry, SnapshotId, VoterSet } from '../core/index.ts'
import type { RaftStorage } from '../storage/index.ts'
import type { SnapshotContent } from './batches.ts'
import { decodeSnapshot, quorumIn } from './batches.ts'
import type { RaftConfig } from './types.ts'

const READ_BYTES = 1024 * 1024

export async function initialState(storage: RaftStorage, config: RaftConfig, seed: number): Promise<InitialState> {
  await adoptSnapshot(storage)
  const { log, newest } = storage
  const startOffset = logStart(storage)
  if (startOffset > log.logStartOffset) await log.advanceLogStart(startOffset)
  // A cleaning cut short leaves snapshots of what the log no longer holds; the oldest must be where the log starts.
  if (startOffset > 0) await storage.deleteSnapshotsBefore({ endOffset: startOffset, epoch: 0 })
  return {
    config: {
      nodeId: config.nodeId,
      directoryId: config.directoryId,
      canVote: config.canVote,
      listenerName: config.listenerName,
      bootstrapServers: config.bootstrapServers,
      fetchTimeoutMs: config.fetchTimeoutMs,
      electionTimeoutMs: config.electionTimeoutMs,
      electionBackoffMaxMs: config.electionBackoffMaxMs,
      retryBackoffMs: config.retryBackoffMs,
    },
    seed,
    election: storage.election,
    log: {
      startOffset,
      endOffset: log.endOffset,
      epochs: log.epochs.map(({ epoch, startOffset: at }) => ({ epoch, startOffset: Math.max(at, startOffset) })),
      snapshots: storage.snapshots.map((held) => held.id),
    },
    quorum: await quorumHistory(storage, config, newest),
  }
}

/** A snapshot ahead of the log was fetched, and the power failed before the log followed (KIP-630): it wins. */
async function adoptSnapshot(storage: RaftStorage): Promise<void> {
  const { log, newest } = storage
  if (newest === null) return
  const epoch: Epoch = log.endOffset === log.logStartOffset && log.epochs.length === 0 ? -1 : log.lastEpoch
  // A log that never lacks what is committed is at least as long: a shorter one, in whatever epoch, is what it replaces.
  const ahead = epoch < newest.epoch || log.endOffset < newest.endOffset
  if (ahead && !(log.endOffset === newest.endOffset && log.logStartOffset === newest.endOffset)) {
    await storage.restartAt(newest)
  }
}

/** A log that does not begin at 0 begins where a snapshot ends. */
function logStart(storage: RaftStorage): number {
  const held = storage.log.logStartOffset
  if (held === 0) return 0
  const oldest = storage.snapshots.find((snapshot) => snapshot.id.endOffset >= held)
  if (oldest === undefined) {
    throw new StorageError(
      storage.log.path,
      'CORRUPT',
      `the metadata log begins at offset ${held} and no snapshot holds what was before it`,
    )
  }
  return oldest.id.endOffset
}

async function quorumHistory(
  storage: RaftStorage,
  config: RaftConfig,
  newest: SnapshotId | null,
): Promise<QuorumEntry[]> {
  const history: QuorumEntry[] = [await firstEntry(storage, config, newest)]
  const { log } = storage
  let at = newest?.endOffset ?? log.logStartOffset
  while (at < log.endOffset) {
    const read = await log.read(at, { maxBytes: READ_BYTES, upTo: log.endOffset, minOneBatch: true })
    for (const bytes of read.chunks) {
      for (const header of batchesOf(bytes)) {
        const change = header.control ? quorumIn(bytes, header) : null
        if (change === null) continue
        const last = history[history.length - 1]!
        history.push({
          offset: change.offset,
          kraftVersion: change.kraftVersion ?? last.kraftVersion,
          voters: change.voters ?? last.voters,
        })
      }
    }
    if (read.endOffset <= at) throw new StorageError(log.path, 'CORRUPT', `the metadata log cannot be read at ${at}`)
    at = read.endOffset
  }
  return history
}

async function firstEntry(storage: RaftStorage, config: RaftConfig, newest: SnapshotId | null): Promise<QuorumEntry> {
  const content = newest === null ? await bootstrapContent(storage) : await loadSnapshot(storage, newest)
  const offset = newest === null ? -1 : newest.endOffset - 1
  if (content?.quorum != null) return { offset, ...content.quorum }
  return { offset, kraftVersion: 0, voters: staticVoters(config) }
}

async function bootstrapContent(storage: RaftStorage): Promise<SnapshotContent | null> {
  const bytes = await storage.bootstrap()
  return bytes === null ? null : decoded(storage, { endOffset: 0, epoch: 0 }, bytes)
}

/** A whole snapshot that must be there. Throws StorageError when it is not, or is not whole. */
export async function loadSnapshot(storage: RaftStorage, id: SnapshotId): Promise<SnapshotContent> {
  const bytes = await storage.readSnapshot(id)
  if (bytes === null) {
    throw new StorageError(storage.log.path, 'ENOENT', `snapshot ${id.endOffset}-${id.epoch} of the metadata is gone`)
  }
  return decoded(storage, id, bytes)
}

function decoded(storage: RaftStorage, id: SnapshotId, bytes: Uint8Array): SnapshotContent {
  try {
    return decodeSnapshot(bytes)
  } catch (error) {
    throw new StorageError(
      storage.log.path,
      'CORRUPT',
      `snapshot ${id.endOffset}-${id.epoch} of the metadata cannot be read: ${messageOf(error)}`,
    )
  }
}

/** `controller.quorum.voters`: nodes without directory ids. */
export function staticVoters(config: RaftConfig): VoterSet {
  return [...config.staticVoters]
    .sort((a, b) => a.id - b.id)
    .map(({ id, endpoint }) => ({
      id,
      directoryId: null,
      endpoints: [{ name: config.listenerName, host: endpoint.host, port: endpoint.port }],
      minKRaftVersion: 0,
      maxKRaftVersion: 1,
    }))
}
