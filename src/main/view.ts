// A node as checkers, the console and embedding see it: one object whose properties read the rooms when they are read.
// Before the rooms are there it tells of a node that knows nothing. Changes nothing and decides nothing.

import type { ClusterDriver } from '../../cluster/driver/index.ts'
import { emptyImage } from '../../cluster/metadata/index.ts'
import type { QuorumView, RaftDriver } from '../../raft/driver/index.ts'
import type { ReplicationDriver, ReplicaView } from '../../replication/driver/index.ts'
import type { NodeId } from '../base/index.ts'
import type { NodeView, QuorumObservation } from './types.ts'

interface Rooms {
  readonly raft: RaftDriver
  readonly cluster: ClusterDriver
  readonly replication: ReplicationDriver | null
}

const NO_REPLICAS: readonly ReplicaView[] = Object.freeze([])
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

export function nodeView(nodeId: NodeId, roomsOf: () => Rooms | null): NodeView {
  const quorum = quorumObservation(roomsOf)
  return {
    nodeId,
    quorum,
    get brokerState() {
      return roomsOf()?.cluster.brokerState ?? 'starting'
    },
    get brokerEpoch() {
      return roomsOf()?.cluster.brokerEpoch ?? -1
    },
    get image() {
      return roomsOf()?.cluster.image ?? emptyImage
    },
    get replicas() {
      return roomsOf()?.replication?.observe() ?? NO_REPLICAS
    },
    get version() {
      return quorum.version + (roomsOf()?.replication?.version ?? 0)
    },
  }
}

function quorumObservation(roomsOf: () => Rooms | null): QuorumObservation {
  const view = (): QuorumView => roomsOf()?.raft.observe() ?? NO_QUORUM
  return {
    get role() {
      return roomsOf()?.raft.isActiveLeader === true ? 'leader' : 'follower'
    },
    get state() {
      return view().state
    },
    get epoch() {
      return view().epoch
    },
    get leaderId() {
      return view().leaderId
    },
    get votedFor() {
      return view().votedFor
    },
    get highWatermark() {
      return view().highWatermark
    },
    get shownHighWatermark() {
      return view().shownHighWatermark
    },
    get logStartOffset() {
      return view().logStartOffset
    },
    get durableEndOffset() {
      return view().durableEndOffset
    },
    get endOffset() {
      return view().endOffset
    },
    get epochStartOffset() {
      return view().epochStartOffset
    },
    get snapshotEndOffset() {
      return view().snapshotEndOffset
    },
    get voters() {
      return view().voters
    },
    get version() {
      return view().version
    },
  }
}
