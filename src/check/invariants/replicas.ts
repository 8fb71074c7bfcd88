// A replica as it shows itself, and what a watcher remembers of it between two looks. Shapes only.

import type { BrokerEpoch, Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'

/** A replica as it shows itself; live, as `observe()` gives it. */
export interface ReplicaObservation {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
  readonly role: string
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: number
  readonly isr: readonly NodeId[]
  readonly maximalIsr: readonly NodeId[]
  readonly isrState: string
  /** The ISR that it waits for, each member in the life that it is proposed in (−1: whatever life); else nobody. */
  readonly proposed: readonly { readonly id: NodeId; readonly brokerEpoch: BrokerEpoch }[]
  readonly highWatermark: Offset
  readonly endOffset: Offset
  readonly logStartOffset: Offset
  readonly durableEndOffset: Offset
  readonly epochStartOffset: Offset
  readonly minInsyncReplicas: number
  readonly durable: boolean
}

/** What was last seen of one replica; kept by whoever watches, a record each, so that looking costs no search. */
export interface SeenReplica {
  readonly node: NodeId
  readonly key: string
  role: string
  leaderEpoch: Epoch
  partitionEpoch: number
  highWatermark: Offset
  logStartOffset: Offset
  /** By its own word. */
  durableEndOffset: Offset
  maximalIsr: readonly NodeId[]
  isrState: string
}

export function unseen(node: NodeId, key: string): SeenReplica {
  return {
    node,
    key,
    role: 'offline',
    leaderEpoch: -1,
    partitionEpoch: -1,
    highWatermark: -1,
    logStartOffset: 0,
    durableEndOffset: 0,
    maximalIsr: [],
    isrState: 'committed',
  }
}
