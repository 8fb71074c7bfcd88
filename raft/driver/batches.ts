// Between the core's values and Kafka's bytes: the leader's batches, what fetched batches say about the quorum, and
// snapshots (a control batch with header, kraft.version and voters; data batches; a control batch with the footer).
// Nothing here waits or decides.

import type { Epoch, Offset, Timestamp } from '../../src/base/index.ts'
import { ProtocolError, ZERO_UUID } from '../../src/base/index.ts'
import type { BatchHeader, ControlRecordInput, LogRecord } from '../../src/wire/index.ts'
import {
  batchesOf,
  buildBatch,
  decodeControlRecord,
  encodeControlRecord,
  recordsOf,
  validCrc,
} from '../../src/wire/index.ts'
import type { AppendContent, BatchView, QuorumEntry, SnapshotId, VoterSet } from '../core/index.ts'

/** Bytes of records in one data batch of a snapshot. */
const SNAPSHOT_BATCH_BYTES = 512 * 1024

function controlBatch(
  baseOffset: Offset,
  leaderEpoch: Epoch,
  timestamp: Timestamp,
  records: readonly ControlRecordInput[],
): Uint8Array {
  return buildBatch({
    baseOffset,
    leaderEpoch,
    control: true,
    records: records.map((record) => ({ timestamp, ...encodeControlRecord(record) })),
  })
}

/** The first batch of an epoch. LeaderChange is version 0 whatever kraft.version is: Kafka 4.3 writes and reads no other. */
export function startOfEpochBatch(
  content: Extract<AppendContent, { kind: 'start-of-epoch' }>,
  baseOffset: Offset,
  epoch: Epoch,
  now: Timestamp,
): Uint8Array {
  const records: ControlRecordInput[] = [
    {
      type: 'LEADER_CHANGE',
      version: 0,
      value: {
        leaderId: content.leaderId,
        voters: content.voters.map(({ id }) => ({ voterId: id })),
        grantingVoters: content.grantingVoters.map((voterId) => ({ voterId })),
      },
    },
  ]
  if (content.writeQuorum) records.push(...quorumRecords(content.kraftVersion, content.voters))
  return controlBatch(baseOffset, epoch, now, records)
}

function quorumRecords(kraftVersion: number, voters: VoterSet): ControlRecordInput[] {
  return [
    { type: 'KRAFT_VERSION', version: 0, value: { kRaftVersion: kraftVersion } },
    {
      type: 'KRAFT_VOTERS',
      version: 0,
      value: {
        voters: voters.map((voter) => ({
          voterId: voter.id,
          voterDirectoryId: voter.directoryId ?? ZERO_UUID,
          endpoints: voter.endpoints.map((endpoint) => ({ ...endpoint })),
          kRaftVersionFeature: {
            minSupportedVersion: voter.minKRaftVersion,
            maxSupportedVersion: voter.maxKRaftVersion,
          },
        })),
      },
    },
  ]
}

export function dataBatch(
  records: readonly Uint8Array[],
  baseOffset: Offset,
  leaderEpoch: Epoch,
  timestamp: Timestamp,
): Uint8Array {
  return buildBatch({ baseOffset, leaderEpoch, records: records.map((value) => ({ timestamp, key: null, value })) })
}

/** The whole batches in `bytes` as the core sees them. Null when one of them is not what a leader can have written. */
export function viewBatches(bytes: Uint8Array): { readonly batches: BatchView[]; readonly size: number } | null {
  const batches: BatchView[] = []
  let size = 0
  for (const header of batchesOf(bytes)) {
    if (header.magic !== 2 || !validCrc(bytes, header) || header.lastOffsetDelta < 0) return null
    batches.push({
      baseOffset: header.baseOffset,
      endOffset: header.lastOffset + 1,
      epoch: header.partitionLeaderEpoch,
      quorum: header.control ? quorumIn(bytes, header) : null,
    })
    size = header.position + header.size
  }
  return { batches, size }
}

/** What a control batch changes about the quorum; null for one that changes nothing. */
export function quorumIn(bytes: Uint8Array, header: BatchHeader): BatchView['quorum'] {
  let kraftVersion: number | null = null
  let voters: VoterSet | null = null
  let offset = -1
  for (const record of recordsOf(bytes, header)) {
    const control = controlOf(record)
    if (control?.type === 'KRAFT_VERSION') kraftVersion = control.value.kRaftVersion
    else if (control?.type === 'KRAFT_VOTERS') {
      voters = control.value.voters
        .map((voter) => ({
          id: voter.voterId,
          directoryId: voter.voterDirectoryId === ZERO_UUID ? null : voter.voterDirectoryId,
          endpoints: voter.endpoints,
          minKRaftVersion: voter.kRaftVersionFeature.minSupportedVersion,
          maxKRaftVersion: voter.kRaftVersionFeature.maxSupportedVersion,
        }))
        .sort((a, b) => a.id - b.id)
    } else continue
    offset = record.offset
  }
  return kraftVersion === null && voters === null ? null : { offset, kraftVersion, voters }
}

function controlOf(record: LogRecord): ReturnType<typeof decodeControlRecord> {
  if (record.key === null || record.value === null) throw new ProtocolError('a control record has a key and a value')
  return decodeControlRecord(record.key, record.value)
}

/** The bytes of a snapshot. Offsets in it count its own records; every batch carries the snapshot's epoch. */
export function encodeSnapshot(
  id: SnapshotId,
  quorum: QuorumEntry,
  records: readonly Uint8Array[],
  lastContainedLogTimestamp: Timestamp,
  now: Timestamp,
): Uint8Array[] {
  const { epoch } = id
  const header: ControlRecordInput[] = [{ type: 'SNAPSHOT_HEADER', version: 0, value: { lastContainedLogTimestamp } }]
  if (quorum.kraftVersion > 0) header.push(...quorumRecords(quorum.kraftVersion, quorum.voters))
  const chunks = [controlBatch(0, epoch, now, header)]
  let offset = header.length
  for (let from = 0; from < records.length; ) {
    let to = from
    let size = 0
    while (to < records.length && (to === from || size + records[to]!.length <= SNAPSHOT_BATCH_BYTES)) {
      size += records[to++]!.length
    }
    chunks.push(dataBatch(records.slice(from, to), offset, epoch, now))
    offset += to - from
    from = to
  }
  chunks.push(controlBatch(offset, epoch, now, [{ type: 'SNAPSHOT_FOOTER', version: 0, value: {} }]))
  return chunks
}

export interface SnapshotContent {
  readonly lastContainedLogTimestamp: Timestamp
  /** Null for kraft.version 0, where the voters are configured. */
  readonly quorum: { readonly kraftVersion: number; readonly voters: VoterSet } | null
  /** Data batches only. */
  readonly batches: readonly Uint8Array[]
}

/** Reads and checks a whole snapshot. Throws ProtocolError for anything but header, data, footer with good checksums. */
export function decodeSnapshot(bytes: Uint8Array): SnapshotContent {
  let timestamp: Timestamp | null = null
  let quorum: SnapshotContent['quorum'] = null
  let footer = false
  let end = 0
  const batches: Uint8Array[] = []
  for (const header of batchesOf(bytes)) {
    if (header.magic !== 2 || !validCrc(bytes, header)) throw new ProtocolError('a batch of the snapshot is corrupt')
    if (footer) throw new ProtocolError('a batch follows the footer of the snapshot')
    end = header.position + header.size
    if (!header.control) {
      if (timestamp === null) throw new ProtocolError('the snapshot does not begin with its header')
      batches.push(bytes.subarray(header.position, end))
      continue
    }
    for (const record of recordsOf(bytes, header)) {
      const control = controlOf(record)
      if (control?.type === 'SNAPSHOT_HEADER') timestamp = control.value.lastContainedLogTimestamp
      if (control?.type === 'SNAPSHOT_FOOTER') footer = true
    }
    const found = quorumIn(bytes, header)
    if (found?.voters != null) quorum = { kraftVersion: found.kraftVersion ?? 1, voters: found.voters }
  }
  if (timestamp === null || !footer || end !== bytes.length) throw new ProtocolError('the snapshot is not whole')
  return { lastContainedLogTimestamp: timestamp, quorum, batches }
}
