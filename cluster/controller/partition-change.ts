// One partition's next registration: which ISR, ELR, leader and directories follow from what happened, as one
// PartitionChangeRecord or none. Elections are here: the ISR first, then the ELR, then the last known leader (KIP-966),
// then, if the operator allowed it, anybody alive. A leader chosen from outside ISR and ELR is unclean and recovers.

import type { NodeId, Uuid } from '../../src/base/index.ts'
import { NO_LEADER } from '../../src/base/index.ts'
import type { PartitionChangeRecord } from '../../src/wire/index.ts'
import type { PartitionImage } from '../metadata/index.ts'
import { bumpsEpochOnShrink, NO_LEADER_CHANGE, supportsDirectories } from '../metadata/index.ts'

/** `online`: keep the leader if it may stay. `preferred`: the first replica if it may. `unclean`: anybody, at the end. */
export type Election = 'online' | 'preferred' | 'unclean'

export interface PartitionChange {
  readonly topicId: Uuid
  readonly index: number
  readonly partition: PartitionImage
  /** metadata.version. */
  readonly level: number
  readonly elrEnabled: boolean
  /** The topic's min.insync.replicas; of a partition it asks for no more than it has replicas. */
  readonly minIsr: number
  readonly acceptable: (broker: NodeId) => boolean
  /** Where a replica goes whose directory nobody has named. */
  readonly defaultDirectory: (broker: NodeId) => Uuid
  readonly election?: Election
  readonly isr?: readonly NodeId[]
  /** Restarted without having stopped cleanly: their logs may lack what was acknowledged. */
  readonly unclean?: readonly NodeId[]
  readonly recoveryState?: 'RECOVERED' | 'RECOVERING'
  readonly directory?: { readonly broker: NodeId; readonly id: Uuid }
  readonly assignment?: Reassignment
}

/** Where a partition's replicas are and where they go (KIP-455). Without `removing` they are the goal, without `adding` the
 *  assignment that a cancellation restores. A replica may be in both: it was on its way in when the goal became another. */
export interface Reassignment {
  readonly replicas: readonly NodeId[]
  readonly removing: readonly NodeId[]
  readonly adding: readonly NodeId[]
}

interface Target {
  isr: readonly NodeId[]
  elr: readonly NodeId[]
  replicas: readonly NodeId[]
  removing: readonly NodeId[]
  adding: readonly NodeId[]
}

/** Null: nothing changes. */
export function changePartition(change: PartitionChange): PartitionChangeRecord | null {
  const { partition } = change
  const record = emptyChange(change.topicId, change.index)
  const target: Target = {
    isr: change.isr ?? partition.isr,
    elr: partition.elr,
    replicas: change.assignment?.replicas ?? partition.replicas,
    removing: change.assignment?.removing ?? partition.removingReplicas,
    adding: change.assignment?.adding ?? partition.addingReplicas,
  }
  completeReassignment(change, target)
  if (change.elrEnabled) target.elr = nextElr(change, target)
  elect(change, target, record)
  bumpEpochWhereNeeded(change, target, record)
  if (record.isr !== null || !change.elrEnabled) target.elr = []
  if (!sameList(target.elr, partition.elr)) record.eligibleLeaderReplicas = [...target.elr]
  // Without ELR an ISR never becomes empty: its last member stays in it, leader or not.
  if (record.isr === null && (target.isr.length > 0 || change.elrEnabled) && !sameList(target.isr, partition.isr)) {
    record.isr = [...target.isr]
  }
  bumpEpochOnShrink(change, record)
  setLastKnownLeader(change, record)
  setAssignment(change, target, record)
  if (change.recoveryState !== undefined && change.recoveryState !== partition.leaderRecoveryState) {
    record.leaderRecoveryState = change.recoveryState === 'RECOVERED' ? 0 : 1
  }
  return isNoOp(record) ? null : record
}

export function emptyChange(topicId: Uuid, partitionId: number): PartitionChangeRecord {
  return {
    partitionId,
    topicId,
    isr: null,
    leader: NO_LEADER_CHANGE,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  }
}

function elect(change: PartitionChange, target: Target, record: PartitionChangeRecord): void {
  const { partition } = change
  const { leader, unclean } = chooseLeader(change, target)
  if (leader === partition.leader) return
  if (target.elr.includes(leader)) {
    target.isr = [leader]
    target.elr = target.elr.filter((replica) => replica !== leader)
  }
  record.leader = leader
  if (!unclean) return
  record.isr = [leader]
  if (partition.leaderRecoveryState !== 'RECOVERING') record.leaderRecoveryState = 1
}

function chooseLeader(change: PartitionChange, target: Target): { leader: NodeId; unclean: boolean } {
  const { partition, acceptable } = change
  const eligible = (replica: NodeId): boolean =>
    (target.isr.includes(replica) || (target.isr.length === 0 && target.elr.includes(replica))) && acceptable(replica)
  const preferred = target.replicas[0]
  if (change.election === 'preferred' && preferred !== undefined && eligible(preferred)) {
    return { leader: preferred, unclean: false }
  }
  if (eligible(partition.leader)) return { leader: partition.leader, unclean: false }
  const clean = target.replicas.find(eligible)
  if (clean !== undefined) return { leader: clean, unclean: false }
  const lastKnown = lastKnownLeader(change, target)
  if (lastKnown !== null) return { leader: lastKnown, unclean: true }
  const anybody = change.election === 'unclean' ? target.replicas.find(acceptable) : undefined
  return anybody === undefined ? { leader: NO_LEADER, unclean: false } : { leader: anybody, unclean: true }
}

/** KIP-966: with ISR and ELR empty, the leader that was last has the longest log that is known of. It must be alive (KAFKA-19522). */
function lastKnownLeader(change: PartitionChange, target: Target): NodeId | null {
  if (!change.elrEnabled || target.elr.length > 0 || target.isr.length > 0) return null
  const [last, ...more] = change.partition.lastKnownElr
  if (last === undefined || more.length > 0 || !target.replicas.includes(last)) return null
  return change.acceptable(last) ? last : null
}

/** Who leaves an ISR smaller than min.insync.replicas has every committed record and stays eligible, unless it lost its log.
 *  One that is a replica no longer deletes its log (Kafka keeps it in the ELR). */
function nextElr(change: PartitionChange, { isr, replicas }: Target): readonly NodeId[] {
  if (isr.length >= Math.min(change.minIsr, replicas.length)) return []
  const candidates = new Set([...change.partition.elr, ...change.partition.isr])
  return [...candidates]
    .filter((replica) => replicas.includes(replica) && !isr.includes(replica))
    .filter((replica) => !(change.unclean?.includes(replica) ?? false))
    .sort((a, b) => a - b)
}

function bumpEpochWhereNeeded(change: PartitionChange, target: Target, record: PartitionChangeRecord): void {
  const { partition } = change
  if (record.leader !== NO_LEADER_CHANGE) return
  // A replica that is no longer one must not be followed nor followed from in the same epoch.
  const removed = partition.replicas.some((replica) => !target.replicas.includes(replica))
  // What a replica fetched before it lost its log must not count afterwards (KAFKA-18106).
  const lost = change.unclean?.some((replica) => partition.isr.includes(replica) || partition.elr.includes(replica))
  if (removed || lost === true) record.leader = partition.leader
}

function bumpEpochOnShrink(change: PartitionChange, record: PartitionChangeRecord): void {
  if (!bumpsEpochOnShrink(change.level) || record.leader !== NO_LEADER_CHANGE || record.isr === null) return
  const { isr } = record
  if (change.partition.isr.some((replica) => !isr.includes(replica))) record.leader = change.partition.leader
}

function setLastKnownLeader(change: PartitionChange, record: PartitionChangeRecord): void {
  if (!change.elrEnabled) return
  const { partition } = change
  if (record.leader === NO_LEADER && partition.lastKnownElr.length === 0 && partition.leader !== NO_LEADER) {
    record.lastKnownElr = [partition.leader]
  } else if (record.leader >= 0 && partition.lastKnownElr.length > 0) {
    record.lastKnownElr = []
  }
}

/**
 * All that were to be added have caught up, and enough stay: the reassignment is over, and what is to go goes. Where the
 * goal is smaller, all of it must be in sync (as in Kafka). Wherever it goes, min.insync.replicas of those that stay must be,
 * which Kafka does not ask: who goes deletes its log, and what was acknowledged would lie on fewer disks than promised.
 */
function completeReassignment(change: PartitionChange, target: Target): void {
  const { removing, adding } = target
  if (removing.length === 0 && adding.length === 0) return
  const isr = target.isr.filter((replica) => !removing.includes(replica))
  const replicas = target.replicas.filter((replica) => !removing.includes(replica))
  if (isr.length === 0 || isr.length < Math.min(change.minIsr, replicas.length)) return
  if (!adding.every((replica) => isr.includes(replica) || removing.includes(replica))) return
  if (adding.length < removing.length && !replicas.every((replica) => isr.includes(replica))) return
  target.isr = isr
  target.replicas = replicas
  target.removing = []
  target.adding = []
}

function setAssignment(change: PartitionChange, target: Target, record: PartitionChangeRecord): void {
  const { partition } = change
  if (!sameList(target.replicas, partition.replicas)) record.replicas = [...target.replicas]
  if (supportsDirectories(change.level)) {
    const directories = target.replicas.map((replica) => {
      if (change.directory?.broker === replica) return change.directory.id
      const at = partition.replicas.indexOf(replica)
      return at >= 0 ? partition.directories[at]! : change.defaultDirectory(replica)
    })
    // Replicas without directories are taken for unassigned: two of one special id that change places are the same list.
    if (record.replicas !== null || !sameList(directories, partition.directories)) record.directories = directories
  }
  if (!sameList(target.removing, partition.removingReplicas)) record.removingReplicas = [...target.removing]
  if (!sameList(target.adding, partition.addingReplicas)) record.addingReplicas = [...target.adding]
}

function isNoOp(record: PartitionChangeRecord): boolean {
  return (
    record.isr === null &&
    record.leader === NO_LEADER_CHANGE &&
    record.replicas === null &&
    record.removingReplicas === null &&
    record.addingReplicas === null &&
    record.leaderRecoveryState === -1 &&
    record.directories === null &&
    record.eligibleLeaderReplicas === null &&
    record.lastKnownElr === null
  )
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}
