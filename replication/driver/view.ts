// A replica as checkers and the console see it: an object whose properties read the replica when they are read, made once
// with it, so that looking after every event costs nothing: a class, for V8 reads an accessor of a literal by name every
// time. Changes nothing and decides nothing.

import type { NodeId } from '../../src/base/index.ts'
import { committedIsr, effectiveMinIsr, maximalIsr } from '../partition/index.ts'
import type { Replica } from './replica.ts'
import type { ReplicaView } from './types.ts'

const NOBODY: readonly NodeId[] = Object.freeze([])
const NO_MEMBERS: ReplicaView['proposed'] = Object.freeze([])

export function replicaView(replica: Replica): ReplicaView {
  return new View(replica)
}

class View implements ReplicaView {
  readonly #replica: Replica

  constructor(replica: Replica) {
    this.#replica = replica
  }

  get topic(): ReplicaView['topic'] {
    return this.#replica.at.topic
  }

  get topicId(): ReplicaView['topicId'] {
    return this.#replica.at.topicId
  }

  get partition(): ReplicaView['partition'] {
    return this.#replica.at.partition
  }

  get role(): ReplicaView['role'] {
    const state = this.#replica.observedState
    return this.#replica.offline || state === null ? 'offline' : state.role.kind
  }

  get leaderEpoch(): ReplicaView['leaderEpoch'] {
    return this.#replica.observedState?.leaderEpoch ?? -1
  }

  get partitionEpoch(): ReplicaView['partitionEpoch'] {
    return this.#replica.observedState?.partitionEpoch ?? -1
  }

  get isr(): ReplicaView['isr'] {
    const state = this.#replica.observedState
    return state === null || state.role.kind !== 'leader' ? NOBODY : committedIsr(state)
  }

  get maximalIsr(): ReplicaView['maximalIsr'] {
    const state = this.#replica.observedState
    return state === null || state.role.kind !== 'leader' ? NOBODY : maximalIsr(state)
  }

  get isrState(): ReplicaView['isrState'] {
    const role = this.#replica.observedState?.role
    return role?.kind === 'leader' ? role.isr.kind : 'committed'
  }

  get proposed(): ReplicaView['proposed'] {
    const role = this.#replica.observedState?.role
    return role?.kind === 'leader' && role.isr.kind !== 'committed' ? role.isr.newIsr : NO_MEMBERS
  }

  get epochStartOffset(): ReplicaView['epochStartOffset'] {
    const role = this.#replica.observedState?.role
    return role?.kind === 'leader' ? role.epochStartOffset : -1
  }

  get highWatermark(): ReplicaView['highWatermark'] {
    return this.#replica.observedState?.highWatermark ?? -1
  }

  get endOffset(): ReplicaView['endOffset'] {
    return this.#replica.observedLog?.endOffset ?? -1
  }

  get appendedOffset(): ReplicaView['appendedOffset'] {
    return this.#replica.observedLog?.appendedOffset ?? -1
  }

  get durableEndOffset(): ReplicaView['durableEndOffset'] {
    return this.#replica.observedLog?.durableEndOffset ?? -1
  }

  get minInsyncReplicas(): ReplicaView['minInsyncReplicas'] {
    const state = this.#replica.observedState
    return state === null ? 1 : effectiveMinIsr(state)
  }

  get durable(): ReplicaView['durable'] {
    return this.#replica.observedState?.durable ?? false
  }

  get logStartOffset(): ReplicaView['logStartOffset'] {
    return this.#replica.observedLog?.logStartOffset ?? -1
  }

  get settings(): ReplicaView['settings'] {
    return this.#replica.observedLog?.config ?? null
  }
}
