// ListOffsets and OffsetForLeaderEpoch: questions about offsets that only the leader answers. Reads the log, changes
// nothing. KIP-207: nothing beyond the high watermark is told before this leader's epoch is known to be committed.

import type { Epoch, Timestamp } from '../../src/base/index.ts'
import { messageOf, StorageError } from '../../src/base/index.ts'
import { checkLeader, checkReader, readBound } from './access.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'
import type { ListedOffset, Reader, ReplicationError, TopicPartition } from './types.ts'

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6

const UNKNOWN: ListedOffset = { error: 'NONE', offset: -1, timestamp: -1, leaderEpoch: -1 }

export async function listOffset(
  host: Host,
  at: TopicPartition,
  timestamp: Timestamp,
  currentLeaderEpoch: Epoch,
  reader: Reader,
): Promise<ListedOffset> {
  const replica = host.locate(at)
  if (typeof replica === 'string') return refused(replica)
  const state = replica.state
  if (state === null) return refused('NOT_LEADER_OR_FOLLOWER')
  const error = checkReader(replica, state, leaderOnly(reader), currentLeaderEpoch)
  if (error !== 'NONE') return refused(error)
  const log = replica.log
  const upTo = readBound(replica, state, reader)
  switch (timestamp) {
    case EARLIEST:
    case EARLIEST_LOCAL: {
      const offset = timestamp === EARLIEST ? log.logStartOffset : log.localLogStartOffset
      return { error: 'NONE', offset, timestamp: -1, leaderEpoch: log.epochAt(offset) }
    }
    case LATEST:
      if (isBehind(replica, reader)) return refused('OFFSET_NOT_AVAILABLE')
      return { error: 'NONE', offset: upTo, timestamp: -1, leaderEpoch: state.leaderEpoch }
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      // No tier: no offset is in it.
      return UNKNOWN
    default:
      if (timestamp < 0 && timestamp !== MAX_TIMESTAMP) return refused('UNSUPPORTED_VERSION')
      return search(host, replica, timestamp, currentLeaderEpoch, reader)
  }
}

async function search(
  host: Host,
  replica: Replica,
  timestamp: Timestamp,
  currentLeaderEpoch: Epoch,
  reader: Reader,
): Promise<ListedOffset> {
  const log = replica.log
  // By time the whole log is searched, so that "not committed yet" can be told apart from "not there".
  const end =
    timestamp === MAX_TIMESTAMP && replica.state !== null
      ? readBound(replica, replica.state, reader)
      : log.appendedOffset
  let found: Awaited<ReturnType<typeof log.offsetForTimestamp>>
  try {
    found = await (timestamp === MAX_TIMESTAMP ? log.offsetOfMaxTimestamp(end) : log.offsetForTimestamp(timestamp, end))
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    host.options.logger.error({ ...replica.at, error: messageOf(error) }, 'a look-up by timestamp failed')
    return refused('KAFKA_STORAGE_ERROR')
  }
  const state = replica.state
  if (state === null) return refused('NOT_LEADER_OR_FOLLOWER')
  const error = checkReader(replica, state, leaderOnly(reader), currentLeaderEpoch)
  if (error !== 'NONE') return refused(error)
  if (found !== null && found.offset < readBound(replica, state, reader))
    return { error: 'NONE', offset: found.offset, timestamp: found.timestamp, leaderEpoch: found.epoch }
  return isBehind(replica, reader) ? refused('OFFSET_NOT_AVAILABLE') : UNKNOWN
}

export function endOffsetForEpoch(
  host: Host,
  at: TopicPartition,
  currentLeaderEpoch: Epoch,
  epoch: Epoch,
): { readonly error: ReplicationError; readonly epoch: Epoch; readonly endOffset: number } {
  const replica = host.locate(at)
  if (typeof replica === 'string') return { error: replica, epoch: -1, endOffset: -1 }
  const state = replica.state
  const error = state === null ? 'NOT_LEADER_OR_FOLLOWER' : checkLeader(replica, state, currentLeaderEpoch)
  if (error !== 'NONE') return { error, epoch: -1, endOffset: -1 }
  return { error, ...replica.log.endOffsetForEpoch(epoch) }
}

/** KIP-207: the high watermark has not reached this leader's epoch: what an earlier leader told may lie above it. */
function isBehind(replica: Replica, reader: Reader): boolean {
  const role = replica.state?.role
  if (reader.kind === 'replica' || role?.kind !== 'leader') return false
  return (replica.state?.highWatermark ?? 0) < role.epochStartOffset
}

function leaderOnly(reader: Reader): Reader {
  return reader.kind === 'consumer' ? { ...reader, leaderOnly: true } : reader
}

function refused(error: ReplicationError): ListedOffset {
  return { error, offset: -1, timestamp: -1, leaderEpoch: -1 }
}
