// Who may ask this replica what, in the order in which Kafka checks: the leader epoch first (KIP-320), then the role.
// Answers with an error's name or NONE; changes nothing.

import type { Epoch, NodeId, Offset } from '../../src/base/index.ts'
import { type PartitionState, preferredReadReplica } from '../partition/index.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'
import type { Reader, ReplicationError } from './types.ts'

/** −1 is not checked. Every request, also within a fetch session, goes through here (KAFKA-9338). */
export function checkEpoch(state: PartitionState, currentLeaderEpoch: Epoch): ReplicationError {
  if (currentLeaderEpoch < 0 || currentLeaderEpoch === state.leaderEpoch) return 'NONE'
  return currentLeaderEpoch < state.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
}

export function checkLeader(replica: Replica, state: PartitionState, currentLeaderEpoch: Epoch): ReplicationError {
  if (replica.offline) return 'KAFKA_STORAGE_ERROR'
  const error = checkEpoch(state, currentLeaderEpoch)
  if (error !== 'NONE') return error
  return state.role.kind === 'leader' ? 'NONE' : 'NOT_LEADER_OR_FOLLOWER'
}

export function checkReader(
  replica: Replica,
  state: PartitionState,
  reader: Reader,
  currentLeaderEpoch: Epoch,
): ReplicationError {
  const leaderOnly = reader.kind === 'replica' || reader.leaderOnly === true
  if (leaderOnly || state.role.kind !== 'follower') {
    const error = checkLeader(replica, state, currentLeaderEpoch)
    if (error !== 'NONE' || reader.kind !== 'replica' || state.role.kind !== 'leader') return error
    if (state.role.followers.has(reader.id)) return 'NONE'
    // In a reassignment the new replica may know before its leader does: it must come again.
    return currentLeaderEpoch >= 0 ? 'UNKNOWN_LEADER_EPOCH' : 'NOT_LEADER_OR_FOLLOWER'
  }
  return replica.offline ? 'KAFKA_STORAGE_ERROR' : checkEpoch(state, currentLeaderEpoch)
}

/** What this reader may see: replicas everything that is readable, consumers what is committed (P11). */
export function readBound(replica: Replica, state: PartitionState, reader: Reader): Offset {
  if (reader.kind === 'replica') return replica.log.appendedOffset
  return reader.isolation === 'read_committed' ? lastStableOffset(replica, state) : state.highWatermark
}

export function lastStableOffset(replica: Replica, state: PartitionState): Offset {
  const unstable = replica.log.firstUnstableOffset
  return unstable === null ? state.highWatermark : Math.min(state.highWatermark, unstable)
}

/** Null: it reads here. Only whoever knows of followers is sent to one. */
export function nearerReplica(host: Host, state: PartitionState, reader: Reader, offset: Offset): NodeId | null {
  if (host.options.rackAware !== true || reader.kind === 'replica' || reader.leaderOnly === true) return null
  const { rack, listener } = reader
  if (rack === '' || listener === undefined) return null
  return preferredReadReplica(state, offset, (id) => {
    const broker = host.image.brokers.get(id)
    return (
      broker !== undefined &&
      !broker.fenced &&
      broker.rack === rack &&
      broker.listeners.some(({ name }) => name === listener)
    )
  })
}
