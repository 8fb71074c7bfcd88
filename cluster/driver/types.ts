// The door of cluster metadata: the latest image, changes of it, and requests that change it, wherever the active
// controller is. Publishes; knows nothing of replication.

import type { RaftDriver } from '../../raft/driver/index.ts'
import type { BrokerEpoch, Epoch, Logger, NodeId, Ports, Uuid } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type { Api, Rpc, Software } from '../../src/rpc/index.ts'
import type { Input, Message, MessageSchema, MetadataRecord } from '../../src/wire/index.ts'
import type { ListenerEndpoint, LocalChange, MetadataImage } from '../metadata/index.ts'

/** Who asks, for every handler (D17). */
export interface RequestContext {
  readonly principal: string
  /** Name of the listener the request came in by. */
  readonly listener: string
  readonly clientId: string
  readonly clientAddress: string
  /** Monotonic instant after which nobody waits for the answer. */
  readonly deadline: number
}

export type ImageListener = (before: MetadataImage, after: MetadataImage, changes: readonly LocalChange[]) => void

export interface ClusterDriverOptions {
  readonly ports: Pick<Ports, 'clock' | 'random'>
  /** For connections to the active controller. */
  readonly rpc: Rpc
  readonly raft: RaftDriver
  readonly logger: Logger
  readonly config: NodeConfig
  readonly clusterId: string
  /** What an empty metadata log begins with: the records of `bootstrap.checkpoint`, or nothing for the defaults. */
  readonly bootstrapRecords?: readonly MetadataRecord[]
  /** Whether the replicas of the image are there, so that this broker may be unfenced. */
  readonly ready: () => boolean
  /** Log directories that failed since the start. */
  readonly offlineDirectories?: () => readonly Uuid[]
  /** Log directories that are to get no new replica (KIP-1066), as they are now. */
  readonly cordonedDirectories?: () => readonly Uuid[]
  /** The node cannot go on: it could not register in time, or is not wanted. */
  readonly onFatal: (error: Error) => void
}

export interface ClusterDriver {
  /** The last published image. */
  readonly image: MetadataImage
  /** Called after every published image, in order, synchronously. */
  onImage(listener: ImageListener): void
  /** −1 until registered. */
  readonly brokerEpoch: BrokerEpoch
  readonly brokerState: BrokerState
  /** The active controller as this node knows it; −1 none. */
  readonly controllerId: NodeId

  /** Decides here when this node is the active controller, else sends to it (Envelope-free: trusted inter-broker listener) and returns its answer.
   *  Retries while no controller is known, until `context.deadline`; then the response's own error field says NOT_CONTROLLER or REQUEST_TIMED_OUT. */
  submit<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>>

  /** For the controller listener: decides here, or answers NOT_CONTROLLER. Resolves when what was decided is committed
   *  and applied on this node. An API that no controller decides is a Bug. */
  decide<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    version: number,
    request: Message<Req>,
    context: RequestContext,
  ): Promise<Input<Res>>

  /** For the controller listener: who opened a connection, by its word. */
  opened(connection: object, software: Software): void
  /** Whether what a broker forwards there comes after its time, and must not be decided (`forwards.ts`). */
  isSuperseded(connection: object): boolean

  /** ISR changes of partitions that this broker leads; verdicts in the same order. */
  alterPartition(proposals: readonly IsrProposal[]): Promise<readonly IsrVerdict[]>
  /** Tells the controller in which directories replicas lie (KIP-858); repeated until the image says so. */
  assignReplicas(assignments: readonly ReplicaDirectory[]): void

  /** A log directory has failed: the controller hears of it now, not at the next heartbeat. */
  directoryFailed(): void

  /** The next producer id of this broker's block (AllocateProducerIds behind it); null when no controller answered in time. */
  allocateProducerId(deadline: number): Promise<number | null>

  /** Starts the broker's life: registers and sends heartbeats. Needs the endpoints as really bound. */
  startBroker(registration: BrokerRegistration): void
  /** Keeps this controller's registration in the image (KIP-919). */
  startController(registration: ControllerRegistration): void
  /** Resolves when the broker is unfenced: the image that says so is published, and the broker itself is `running`. */
  readonly unfenced: Promise<void>
  /** Asks for controlled shutdown and resolves when the controller lets go or `timeoutMs` has passed. */
  controlledShutdown(timeoutMs: number): Promise<void>
  stop(): Promise<void>
}

export type BrokerState = 'starting' | 'fenced' | 'running' | 'pending-controlled-shutdown' | 'stopped'

export interface BrokerRegistration {
  readonly incarnationId: Uuid
  readonly listeners: readonly ListenerEndpoint[]
  readonly rack: string | null
  readonly directories: readonly Uuid[]
  /** From the clean-shutdown marker; −1 after an unclean stop (KIP-966). */
  readonly previousBrokerEpoch: BrokerEpoch
}

export interface ControllerRegistration {
  readonly incarnationId: Uuid
  readonly listeners: readonly ListenerEndpoint[]
}

export interface ReplicaDirectory {
  readonly topicId: Uuid
  readonly index: number
  readonly directory: Uuid
}

/** One ISR change to propose. */
export interface IsrProposal {
  readonly at: { readonly topic: string; readonly topicId: Uuid; readonly partition: number }
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: number
  readonly newIsr: readonly { readonly id: NodeId; readonly brokerEpoch: BrokerEpoch }[]
  readonly leaderRecoveryState: 0 | 1
}

export type IsrVerdict =
  | {
      readonly kind: 'committed'
      readonly leaderId: NodeId
      readonly leaderEpoch: Epoch
      readonly isr: readonly NodeId[]
      readonly partitionEpoch: number
      readonly leaderRecoveryState: 0 | 1
    }
  /** Kafka's error name. */
  | { readonly kind: 'refused'; readonly error: string }
  /** The controller was not reached at all, or is another now. */
  | { readonly kind: 'retry' }
