// DeleteRecords that have taken effect on the leader and wait for the others: each is done when every replica whose broker
// is alive begins its log at or behind the offset, as Kafka's purgatory has it. What the log itself does is the driver's.
// Invariant: a replica that has not fetched in this leader epoch has dropped nothing that is known of.

import type { Instant, NodeId, Offset } from '../../src/base/index.ts'
import type { BrokerStatus, DeletionError, DeletionWait, Leader, PartitionEffect, PartitionState } from './state.ts'

/** What DeleteRecords gives for "all that is committed". */
const UP_TO_HIGH_WATERMARK = -1

/** The offset that the log is to begin at; null: there is no such offset to delete up to. */
export function deletableUpTo(state: PartitionState, offset: Offset): Offset | null {
  const upTo = offset === UP_TO_HIGH_WATERMARK ? state.highWatermark : offset
  return upTo < 0 || upTo > state.highWatermark ? null : upTo
}

export function awaitDeletion(leader: Leader, wait: DeletionWait): void {
  leader.deletions = [...leader.deletions, wait]
}

/** Where the log of the last of the living followers begins; Infinity where there is none. */
export function followersLogStart(leader: Leader, brokers: ReadonlyMap<NodeId, BrokerStatus>): Offset {
  let lowest = Number.POSITIVE_INFINITY
  for (const [id, progress] of leader.followers) {
    const broker = brokers.get(id)
    if (broker === undefined || broker.fenced) continue
    if (progress.logStartOffset < lowest) lowest = progress.logStartOffset
  }
  return lowest
}

export function releaseDeletions(state: PartitionState, leader: Leader, effects: PartitionEffect[]): void {
  if (leader.deletions.length === 0) return
  const reached = followersLogStart(leader, state.brokers)
  end(leader, (wait) => wait.upTo <= reached, 'NONE', reached, effects)
}

export function expireDeletions(state: PartitionState, leader: Leader, now: Instant, effects: PartitionEffect[]): void {
  if (leader.deletions.length === 0) return
  const reached = followersLogStart(leader, state.brokers)
  end(leader, (wait) => wait.deadline <= now, 'REQUEST_TIMED_OUT', reached, effects)
}

export function failDeletions(leader: Leader, error: DeletionError, effects: PartitionEffect[]): void {
  end(leader, () => true, error, -1, effects)
}

export function deletionDeadline(leader: Leader): Instant {
  let earliest = Number.POSITIVE_INFINITY
  for (const { deadline } of leader.deletions) if (deadline < earliest) earliest = deadline
  return earliest
}

function end(
  leader: Leader,
  ends: (wait: DeletionWait) => boolean,
  error: DeletionError,
  followersStart: Offset,
  effects: PartitionEffect[],
): void {
  const ended = leader.deletions.filter(ends)
  if (ended.length === 0) return
  leader.deletions = leader.deletions.filter((wait) => !ended.includes(wait))
  for (const { ticket } of ended) effects.push({ kind: 'deleted', ticket, error, followersStart })
}
