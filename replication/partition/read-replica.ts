// Which replica a consumer is sent to (KIP-392), as Kafka's RackAwareReplicaSelector chooses: the leader if it is in the
// consumer's rack, else the most caught up of the in-sync followers there that have the offset. Decides only, and only as a
// leader. Invariant: nobody is named whose log, as far as it has told, does not hold the offset.

import type { Instant, NodeId, Offset } from '../../src/base/index.ts'
import type { FollowerProgress, PartitionState } from './state.ts'

/** Null: the leader itself. `isInRack`: whether a replica can be reached by the consumer, in its rack. */
export function preferredReadReplica(
  state: PartitionState,
  offset: Offset,
  isInRack: (replica: NodeId) => boolean,
): NodeId | null {
  const leader = state.role
  if (leader.kind !== 'leader' || isInRack(state.nodeId)) return null
  let best: Candidate | null = null
  for (const [id, progress] of leader.followers) {
    // Whoever is not in sync may stay behind, and the consumer with it.
    if (!leader.isr.isr.includes(id) || !holds(progress, offset) || !isInRack(id)) continue
    const candidate = { id, endOffset: progress.endOffset, caughtUp: progress.lastCaughtUpTime }
    if (best === null || isBetter(candidate, best)) best = candidate
  }
  return best?.id ?? null
}

interface Candidate {
  readonly id: NodeId
  readonly endOffset: Offset
  readonly caughtUp: Instant
}

function holds(progress: FollowerProgress, offset: Offset): boolean {
  return progress.endOffset >= offset && progress.logStartOffset <= offset
}

function isBetter(one: Candidate, other: Candidate): boolean {
  if (one.endOffset !== other.endOffset) return one.endOffset > other.endOffset
  if (one.caughtUp !== other.caughtUp) return one.caughtUp > other.caughtUp
  return one.id > other.id
}
