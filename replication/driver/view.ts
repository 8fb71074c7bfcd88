// A replica as checkers and the console see it: an object whose properties read the replica when they are read, made once
// with it, so that looking after every event costs nothing. Changes nothing and decides nothing.

import type { NodeId } from '../../src/base/index.ts'
import { committedIsr, effectiveMinIsr, maximalIsr } from '../partition/index.ts'
import type { Replica } from './replica.ts'
import type { ReplicaView } from './types.ts'

const NOBODY: readonly NodeId[] = Object.freeze([])

export function replicaView(replica: Replica): ReplicaView {
  return {
    get topic() {
      return replica.at.topic
    },
    get topicId() {
      return replica.at.topicId
    },
    get partition() {
      return replica.at.partition
    },
    get role() {
      const state = replica.observedState
      return replica.offline || state === null ? 'offline' : state.role.kind
    },
    get leaderEpoch() {
      return replica.observedState?.leaderEpoch ?? -1
    },
    get partitionEpoch() {
      return replica.observedState?.partitionEpoch ?? -1
    },
    get isr() {
      const state = replica.observedState
      return state === null || state.role.kind !== 'leader' ? NOBODY : committedIsr(state)
    },
    get maximalIsr() {
      const state = replica.observedState
      return state === null || state.role.kind !== 'leader' ? NOBODY : maximalIsr(state)
    },
    get isrState() {
      const role = replica.observedState?.role
      return role?.kind === 'leader' ? role.isr.kind : 'committed'
    },
    get epochStartOffset() {
      const role = replica.observedState?.role
      return role?.kind === 'leader' ? role.epochStartOffset : -1
    },
    get highWatermark() {
      return replica.observedState?.highWatermark ?? -1
    },
    get endOffset() {
      return replica.observedLog?.endOffset ?? -1
    },
    get appendedOffset() {
      return replica.observedLog?.appendedOffset ?? -1
    },
    get durableEndOffset() {
      return replica.observedLog?.durableEndOffset ?? -1
    },
    get minInsyncReplicas() {
      const state = replica.observedState
      return state === null ? 1 : effectiveMinIsr(state)
    },
    get durable() {
      return replica.observedState?.durable ?? false
    },
    get logStartOffset() {
      return replica.observedLog?.logStartOffset ?? -1
    },
  }
}
