// The single constructor of a node, `createNode(config, ports)`, as production, embedding and the simulator see it.

import type { MetadataImage } from '../../cluster/metadata/index.ts'
import type { QuorumView } from '../../raft/driver/index.ts'
import type { ReplicaView } from '../../replication/driver/index.ts'
import type { Logger, NodeId, Ports, Uuid } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import type { CoordinatorView } from '../coordinator/index.ts'

export interface NodeOptions {
  readonly config: NodeConfig
  readonly ports: Ports
  readonly logger: Logger
  /** Called when the node can go on no longer (a Bug, or its last log directory failed). The node has already severed its ports. */
  readonly onFatal: (error: Error) => void
}

export interface BoundListener {
  readonly name: string
  /** As bound. */
  readonly host: string
  readonly port: number
  /** As advertised to clients. */
  readonly advertisedHost: string
  readonly advertisedPort: number
}

export interface StopOptions {
  /** Take the time to move leaderships away first (default). False where the whole cluster stops: nobody could take them
   *  over, so every node says that it leaves, waits a moment for the others to have said so too, and goes. */
  readonly handOver?: boolean
}

export interface OdradekNode {
  readonly nodeId: NodeId
  /** Binds listeners, loads and recovers logs, joins the quorum, registers. Resolves when the broker is unfenced (or, for
   *  a controller alone, when a leader of the quorum is known). Rejects with one clear sentence. */
  start(): Promise<void>
  /** Controlled shutdown, flush, clean marker. Idempotent. */
  stop(options?: StopOptions): Promise<void>
  /** Cuts every port at once, as SIGKILL would: nothing is flushed, no marker is written. */
  kill(): Promise<void>
  /** Known once `start` has bound them. */
  readonly listeners: readonly BoundListener[]
  observe(): NodeView
}

/** A read-only view for checkers, the console and embedding. It is live: one object a node, whose properties tell what is
 *  so when they are read; copy what you want to keep. */
export interface NodeView {
  readonly nodeId: NodeId
  /** Of this process, which registers under it: as a broker under that of the last one which stopped without having heard
   *  whether it was registered, if there was one. */
  readonly incarnationId: Uuid
  readonly quorum: QuorumObservation
  readonly brokerState: string
  readonly brokerEpoch: number
  readonly image: MetadataImage
  readonly replicas: readonly ReplicaView[]
  /** The coordinators of groups that live here, by partition of `__consumer_offsets`. Made when it is read. */
  readonly groups: readonly CoordinatorView[]
  /** While this, `image`, `brokerState` and `brokerEpoch` stay, all of the view stays, but for `groups`. */
  readonly version: number
}

export interface QuorumObservation extends QuorumView {
  /** `leader`: the active controller, which has heard that it leads; everything else is `follower`. */
  readonly role: 'leader' | 'follower'
}
