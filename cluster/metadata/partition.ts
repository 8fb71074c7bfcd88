// A partition's registration out of its records. A PartitionRecord states all of it, a PartitionChangeRecord what
// differs. Invariants: every change raises the partition epoch by one; naming a leader, even the present one, raises the
// leader epoch by one; directories stay parallel to replicas.

import type { Uuid } from '../../src/base/index.ts'
import { assert, LOST_DIR, MIGRATING_DIR, UNASSIGNED_DIR } from '../../src/base/index.ts'
import type { PartitionChangeRecord, PartitionRecord } from '../../src/wire/index.ts'
import type { PartitionImage } from './types.ts'

/** In a PartitionChangeRecord: the leader and its epoch stay. */
export const NO_LEADER_CHANGE = -2

export function partitionFromRecord(record: PartitionRecord): PartitionImage {
  return {
    replicas: record.replicas,
    directories: directoriesFor(record.replicas.length, record.directories, MIGRATING_DIR),
    isr: record.isr,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    leader: record.leader,
    leaderRecoveryState: recoveryState(record.leaderRecoveryState),
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  }
}

export function changedPartition(before: PartitionImage, change: PartitionChangeRecord): PartitionImage {
  const replicas = change.replicas ?? before.replicas
  const directories =
    change.directories !== null
      ? directoriesFor(replicas.length, change.directories, UNASSIGNED_DIR)
      : change.replicas !== null
        ? replicas.map(() => UNASSIGNED_DIR)
        : before.directories
  const newLeader = change.leader !== NO_LEADER_CHANGE
  return {
    replicas,
    directories,
    isr: change.isr ?? before.isr,
    elr: change.eligibleLeaderReplicas ?? before.elr,
    lastKnownElr: change.lastKnownElr ?? before.lastKnownElr,
    removingReplicas: change.removingReplicas ?? before.removingReplicas,
    addingReplicas: change.addingReplicas ?? before.addingReplicas,
    leader: newLeader ? change.leader : before.leader,
    leaderRecoveryState:
      change.leaderRecoveryState === -1 ? before.leaderRecoveryState : recoveryState(change.leaderRecoveryState),
    leaderEpoch: newLeader ? before.leaderEpoch + 1 : before.leaderEpoch,
    partitionEpoch: before.partitionEpoch + 1,
  }
}

/** The directory of one replica; unassigned where the broker holds none. */
export function directoryOf(partition: PartitionImage, broker: number): Uuid {
  const at = partition.replicas.indexOf(broker)
  return at < 0 ? UNASSIGNED_DIR : partition.directories[at]!
}

/** Whether a replica in this directory can be served by a broker whose online directories are these (KIP-858). */
export function isOnlineDirectory(directory: Uuid, online: readonly Uuid[]): boolean {
  if (directory === UNASSIGNED_DIR || directory === MIGRATING_DIR) return true
  if (directory === LOST_DIR) return false
  // A registration from before KIP-858 names no directories: nothing is known to be offline.
  return online.length === 0 || online.includes(directory)
}

function directoriesFor(replicas: number, directories: readonly Uuid[], missing: Uuid): readonly Uuid[] {
  if (directories.length === 0) return Array.from({ length: replicas }, () => missing)
  assert(directories.length === replicas, `${directories.length} directories for ${replicas} replicas`)
  return directories
}

function recoveryState(value: number): 'RECOVERED' | 'RECOVERING' {
  assert(value === 0 || value === 1, `leader recovery state ${value}`)
  return value === 0 ? 'RECOVERED' : 'RECOVERING'
}
