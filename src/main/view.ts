// A node as checkers, the console and embedding see it: one object whose properties read the rooms when they are read.
// Before the rooms are there it tells of a node that knows nothing. Classes, for V8 reads an accessor of a literal by name
// every time, and checkers look after every event. Changes nothing and decides nothing.

import type { ClusterDriver } from '../../cluster/driver/index.ts'
import { emptyImage } from '../../cluster/metadata/index.ts'
import type { QuorumView, RaftDriver } from '../../raft/driver/index.ts'
import type { ReplicationDriver, ReplicaView } from '../../replication/driver/index.ts'
import type { NodeId, Uuid } from '../base/index.ts'
import type { CoordinatorView, GroupCoordinator } from '../coordinator/index.ts'
import type { NodeView, QuorumObservation } from './types.ts'

interface Rooms {
  readonly raft: RaftDriver
  readonly cluster: ClusterDriver
  readonly replication: ReplicationDriver | null
  readonly groups: GroupCoordinator | null
}

const NO_REPLICAS: readonly ReplicaView[] = Object.freeze([])
const NO_GROUPS: readonly CoordinatorView[] = Object.freeze([])
const NO_QUORUM: QuorumView = Object.freeze({
  state: 'starting',
  epoch: 0,
  leaderId: -1,
  votedFor: -1,
  highWatermark: 0,
  shownHighWatermark: -1,
  logStartOffset: 0,
  durableEndOffset: 0,
  endOffset: 0,
  epochStartOffset: -1,
  snapshotEndOffset: -1,
  voters: [],
  version: 0,
})

export function nodeView(nodeId: NodeId, incarnationId: Uuid, roomsOf: () => Rooms | null): NodeView {
  return new View(nodeId, incarnationId, roomsOf)
}

class View implements NodeView {
  readonly nodeId: NodeId
  readonly incarnationId: Uuid
  readonly quorum: QuorumObservation
  readonly #roomsOf: () => Rooms | null

  constructor(nodeId: NodeId, incarnationId: Uuid, roomsOf: () => Rooms | null) {
    this.nodeId = nodeId
    this.incarnationId = incarnationId
    this.quorum = new Quorum(roomsOf)
    this.#roomsOf = roomsOf
  }

  get brokerState(): NodeView['brokerState'] {
    return this.#roomsOf()?.cluster.brokerState ?? 'starting'
  }

  get brokerEpoch(): NodeView['brokerEpoch'] {
    return this.#roomsOf()?.cluster.brokerEpoch ?? -1
  }

  get image(): NodeView['image'] {
    return this.#roomsOf()?.cluster.image ?? emptyImage
  }

  get replicas(): NodeView['replicas'] {
    return this.#roomsOf()?.replication?.observe() ?? NO_REPLICAS
  }

  get groups(): NodeView['groups'] {
    return this.#roomsOf()?.groups?.observe() ?? NO_GROUPS
  }

  get version(): number {
    return this.quorum.version + (this.#roomsOf()?.replication?.version ?? 0)
  }
}

class Quorum implements QuorumObservation {
  readonly #roomsOf: () => Rooms | null

  constructor(roomsOf: () => Rooms | null) {
    this.#roomsOf = roomsOf
  }

  get #view(): QuorumView {
    return this.#roomsOf()?.raft.observe() ?? NO_QUORUM
  }

  get role(): QuorumObservation['role'] {
    return this.#roomsOf()?.raft.isActiveLeader === true ? 'leader' : 'follower'
  }

  get state(): QuorumView['state'] {
    return this.#view.state
  }

  get epoch(): QuorumView['epoch'] {
    return this.#view.epoch
  }

  get leaderId(): QuorumView['leaderId'] {
    return this.#view.leaderId
  }

  get votedFor(): QuorumView['votedFor'] {
    return this.#view.votedFor
  }

  get highWatermark(): QuorumView['highWatermark'] {
    return this.#view.highWatermark
  }

  get shownHighWatermark(): QuorumView['shownHighWatermark'] {
    return this.#view.shownHighWatermark
  }

  get logStartOffset(): QuorumView['logStartOffset'] {
    return this.#view.logStartOffset
  }

  get durableEndOffset(): QuorumView['durableEndOffset'] {
    return this.#view.durableEndOffset
  }

  get endOffset(): QuorumView['endOffset'] {
    return this.#view.endOffset
  }

  get epochStartOffset(): QuorumView['epochStartOffset'] {
    return this.#view.epochStartOffset
  }

  get snapshotEndOffset(): QuorumView['snapshotEndOffset'] {
    return this.#view.snapshotEndOffset
  }

  get voters(): QuorumView['voters'] {
    return this.#view.voters
  }

  get version(): QuorumView['version'] {
    return this.#view.version
  }
}
