// What a node keeps telling the active controller until the image says it too: in which directories its replicas lie
// (KIP-858), and how its controller is reached (KIP-919). Lost answers and new controllers need nothing special: the image
// is compared again.

import type { BrokerEpoch, Instant, Logger, NodeId, Timer, Timers, Uuid } from '../../src/base/index.ts'
import { MIGRATING_DIR, UNASSIGNED_DIR } from '../../src/base/index.ts'
import type { AssignReplicasToDirsRequest } from '../../src/wire/index.ts'
import { apis, errorName } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import {
  directoryOf,
  metadataVersion,
  partitionOf,
  supportedFeatures,
  supportsControllerRegistration,
  supportsDirectories,
} from '../metadata/index.ts'
import type { ControllerChannel } from './channel.ts'
import type { ControllerRegistration, ReplicaDirectory } from './types.ts'

const REPORT_TIMEOUT_MS = 5_000
const REPORT_RETRY_MS = 500
/** Of one AssignReplicasToDirs request, as Kafka's. */
const MAX_ASSIGNMENTS = 2_250

export interface ReportsOptions {
  readonly channel: ControllerChannel
  readonly timers: Timers
  readonly now: () => Instant
  readonly nodeId: NodeId
  readonly logger: Logger
  readonly image: () => MetadataImage
  readonly brokerEpoch: () => BrokerEpoch
}

export class Reports {
  readonly #options: ReportsOptions
  /** Not yet seen in the image, by partition. */
  readonly #assignments = new Map<string, ReplicaDirectory>()
  #controller: ControllerRegistration | null = null
  #registering = false
  #assigning = false
  #retry: Timer | null = null
  #stopped = false

  constructor(options: ReportsOptions) {
    this.#options = options
  }

  assign(assignments: readonly ReplicaDirectory[]): void {
    for (const at of assignments) this.#assignments.set(`${at.topicId}:${at.index}`, at)
    this.check()
  }

  registerController(registration: ControllerRegistration): void {
    this.#controller = registration
    this.check()
  }

  /** After every image and every new leader. */
  check(): void {
    if (this.#stopped) return
    if (!this.#registering && this.#mustRegister()) void this.#register()
    if (!this.#assigning && this.#pending().length > 0) void this.#assign()
  }

  stop(): void {
    this.#stopped = true
    this.#retry?.cancel()
  }

  #mustRegister(): boolean {
    const { image, nodeId } = this.#options
    if (this.#controller === null || !supportsControllerRegistration(metadataVersion(image()))) return false
    // An empty image is of a node that has not caught up, or of a cluster whose bootstrap is not written.
    if (image().features.size === 0) return false
    return image().controllers.get(nodeId)?.incarnationId !== this.#controller.incarnationId
  }

  async #register(): Promise<void> {
    const { channel, nodeId, now, logger } = this.#options
    const registration = this.#controller
    if (registration === null) return
    this.#registering = true
    const api = apis.ControllerRegistration
    const request = {
      controllerId: nodeId,
      incarnationId: registration.incarnationId,
      zkMigrationReady: false,
      listeners: registration.listeners.map((listener) => ({ ...listener })),
      features: [...supportedFeatures].map(([name, range]) => ({
        name,
        minSupportedVersion: range.min,
        maxSupportedVersion: range.max,
      })),
    }
    const answer = await channel.attempt('admin', api, api.latestStableVersion, request, now() + REPORT_TIMEOUT_MS)
    this.#registering = false
    const error = answer.kind === 'none' ? answer.error : errorName(answer.body.errorCode ?? 0)
    if (error !== 'NONE') logger.debug({ error }, 'The registration of this controller was not taken')
    this.#later()
  }

  /** Drops what the image already says, or can no longer say. */
  #pending(): ReplicaDirectory[] {
    const { image, nodeId } = this.#options
    if (!supportsDirectories(metadataVersion(image()))) return []
    const pending: ReplicaDirectory[] = []
    for (const [key, assignment] of this.#assignments) {
      const partition = partitionOf(image(), assignment.topicId, assignment.index)
      const gone = partition === undefined || !partition.replicas.includes(nodeId)
      if (gone || directoryOf(partition, nodeId) === assignment.directory) this.#assignments.delete(key)
      else if (pending.length < MAX_ASSIGNMENTS) pending.push(assignment)
    }
    return pending
  }

  async #assign(): Promise<void> {
    const { channel, nodeId, now, logger, brokerEpoch } = this.#options
    if (brokerEpoch() < 0) {
      this.#later()
      return
    }
    this.#assigning = true
    const api = apis.AssignReplicasToDirs
    const request: AssignReplicasToDirsRequest = {
      brokerId: nodeId,
      brokerEpoch: brokerEpoch(),
      directories: grouped(this.#pending()),
    }
    const answer = await channel.attempt('isr', api, api.latestStableVersion, request, now() + REPORT_TIMEOUT_MS)
    this.#assigning = false
    const error = answer.kind === 'none' ? answer.error : errorName(answer.body.errorCode ?? 0)
    if (error !== 'NONE') logger.debug({ error }, 'The directories of replicas were not taken')
    this.#later()
  }

  /** Looks again in a while; an image that comes before looks too. */
  #later(): void {
    if (this.#stopped) return
    this.#retry?.cancel()
    this.#retry = this.#options.timers.after(REPORT_RETRY_MS, () => this.check())
  }
}

/** Replicas of this broker whose directory nobody has named, when there is only one they can lie in. */
export function unassignedReplicas(
  image: MetadataImage,
  brokerId: NodeId,
  directory: Uuid,
  changed: readonly { readonly kind: string; readonly topicId: Uuid; readonly index?: number }[],
): ReplicaDirectory[] {
  const found: ReplicaDirectory[] = []
  for (const change of changed) {
    if (change.kind !== 'replica' || change.index === undefined) continue
    const partition = partitionOf(image, change.topicId, change.index)
    if (partition === undefined) continue
    const named = directoryOf(partition, brokerId)
    if (named === UNASSIGNED_DIR || named === MIGRATING_DIR) {
      found.push({ topicId: change.topicId, index: change.index, directory })
    }
  }
  return found
}

function grouped(assignments: readonly ReplicaDirectory[]): AssignReplicasToDirsRequest['directories'] {
  const directories = new Map<Uuid, Map<Uuid, { partitionIndex: number }[]>>()
  for (const { directory, topicId, index } of assignments) {
    const topics = directories.get(directory) ?? new Map<Uuid, { partitionIndex: number }[]>()
    directories.set(directory, topics)
    const partitions = topics.get(topicId) ?? []
    topics.set(topicId, partitions)
    partitions.push({ partitionIndex: index })
  }
  return [...directories].map(([id, topics]) => ({
    id,
    topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })),
  }))
}
