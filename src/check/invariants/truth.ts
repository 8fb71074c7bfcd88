// The cluster as its controller decided it: brokers, topics, partitions, settings, folded out of committed records that a
// checker read off a disk itself. A second, smaller fold than the nodes' own, so that theirs can be held against it; it
// keeps what each thing was at any offset. Judges nothing; leaves out what no invariant speaks of (ACLs, quotas, …).

import {
  type BrokerEpoch,
  type Epoch,
  MIGRATING_DIR,
  type NodeId,
  type Offset,
  UNASSIGNED_DIR,
  type Uuid,
} from '../../base/index.ts'
import {
  type EndpointFact,
  endpointsText,
  type FeatureFact,
  featuresText,
  type SettingFact,
  SettingsTruth,
} from './settings.ts'
import { type Versions, version } from './versions.ts'

export interface BrokerTruth {
  readonly id: NodeId
  readonly epoch: BrokerEpoch
  readonly incarnationId: Uuid
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  /** Online log directories. */
  readonly directories: readonly Uuid[]
  /** Endpoints, rack and features, in words. */
  readonly described: string
}

export interface PartitionTruth {
  readonly topicId: Uuid
  readonly topic: string
  readonly index: number
  readonly replicas: readonly NodeId[]
  /** Parallel to the replicas. */
  readonly directories: readonly Uuid[]
  /** What a move that goes on adds, and what it takes away at its end (KIP-455). */
  readonly addingReplicas: readonly NodeId[]
  readonly removingReplicas: readonly NodeId[]
  readonly isr: readonly NodeId[]
  readonly elr: readonly NodeId[]
  readonly lastKnownElr: readonly NodeId[]
  readonly leader: NodeId
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: number
  readonly recovering: boolean
}

interface PartitionFields {
  readonly partitionId: number
  readonly topicId: Uuid
  readonly isr: readonly NodeId[] | null
  readonly leader: NodeId
  readonly replicas: readonly NodeId[] | null
  readonly directories: readonly Uuid[] | null
  readonly addingReplicas: readonly NodeId[] | null
  readonly removingReplicas: readonly NodeId[] | null
  readonly leaderRecoveryState: number
  readonly eligibleLeaderReplicas: readonly NodeId[] | null
  readonly lastKnownElr: readonly NodeId[] | null
}

/** The records that matter here, as Kafka names their fields. */
export type MetadataFact =
  | {
      readonly type: 'RegisterBrokerRecord'
      readonly value: {
        readonly brokerId: NodeId
        readonly brokerEpoch: BrokerEpoch
        readonly incarnationId: Uuid
        readonly fenced: boolean
        readonly inControlledShutdown: boolean
        readonly endPoints: readonly EndpointFact[]
        readonly features: readonly FeatureFact[]
        readonly rack: string | null
        readonly logDirs: readonly Uuid[]
      }
    }
  | { readonly type: 'UnregisterBrokerRecord'; readonly value: { readonly brokerId: NodeId } }
  | { readonly type: 'FenceBrokerRecord' | 'UnfenceBrokerRecord'; readonly value: { readonly id: NodeId } }
  | {
      readonly type: 'BrokerRegistrationChangeRecord'
      readonly value: {
        readonly brokerId: NodeId
        readonly fenced: number
        readonly inControlledShutdown: number
        /** Empty: they stay. */
        readonly logDirs: readonly Uuid[]
      }
    }
  | { readonly type: 'TopicRecord'; readonly value: { readonly name: string; readonly topicId: Uuid } }
  | { readonly type: 'RemoveTopicRecord'; readonly value: { readonly topicId: Uuid } }
  | {
      readonly type: 'PartitionRecord'
      readonly value: PartitionFields & {
        readonly isr: readonly NodeId[]
        readonly replicas: readonly NodeId[]
        readonly leaderEpoch: Epoch
        readonly partitionEpoch: number
      }
    }
  | { readonly type: 'PartitionChangeRecord'; readonly value: PartitionFields }
  | { readonly type: 'ClearElrRecord'; readonly value: { readonly topicName: string } }
  | SettingFact
  | { readonly type: 'BeginTransactionRecord' | 'EndTransactionRecord' | 'AbortTransactionRecord' }
  | { readonly type: 'other' }

export interface PartitionChange {
  readonly before: PartitionTruth | null
  readonly after: PartitionTruth | null
  /** The partition's last in this step: what is so when the step is over. */
  readonly last: boolean
}

/** What one committed step changed. A metadata transaction is one step. */
export interface TruthChange {
  /** Exclusive end of what is folded in now. */
  readonly offset: Offset
  /** A batch may hold several requests' records: each change of a partition, from what was so just before it. */
  readonly partitions: readonly PartitionChange[]
  readonly brokers: readonly { readonly before: BrokerTruth | null; readonly after: BrokerTruth | null }[]
}

/** Keys of partitions, ids of brokers, keys of settings. */
export interface Touched {
  readonly partitions: Iterable<string>
  readonly brokers: Iterable<NodeId>
  readonly settings: Iterable<string>
}

/** What was before the step that is being folded in, and each change of a partition in it, oldest first. */
interface Step {
  readonly partitions: Map<string, PartitionTruth | null>
  readonly brokers: Map<NodeId, BrokerTruth | null>
  changes: { readonly key: string; readonly before: PartitionTruth | null; readonly after: PartitionTruth | null }[]
}

const UNCHANGED_LEADER = -2

export class ClusterTruth {
  offset: Offset = 0
  readonly brokers: Map<NodeId, BrokerTruth> = new Map()
  readonly topics: Map<Uuid, string> = new Map()
  /** By `topicId:index`. */
  readonly partitions: Map<string, PartitionTruth> = new Map()
  /** Configurations, features, controllers, producer ids. */
  readonly settings: SettingsTruth = new SettingsTruth()
  readonly #partitionVersions: Map<string, Versions<PartitionTruth>> = new Map()
  readonly #brokerVersions: Map<NodeId, Versions<BrokerTruth>> = new Map()
  /** Ends of batches outside any metadata transaction: where an image may stand. Ascending. */
  readonly #ends: Offset[] = []
  /** What changed, by the end of the step that changed it. */
  readonly #touched: {
    readonly offset: Offset
    readonly partitions: readonly string[]
    readonly brokers: readonly NodeId[]
    readonly settings: readonly string[]
  }[] = []
  #before: Step = emptyStep()
  #inTransaction = false

  /** One batch; null while a metadata transaction is open. */
  apply(records: readonly MetadataFact[], endOffset: Offset): TruthChange | null {
    for (const record of records) this.#record(record)
    this.offset = endOffset
    if (this.#inTransaction) return null
    const { partitions, brokers, changes } = this.#before
    this.#before = emptyStep()
    this.#ends.push(endOffset)
    for (const key of partitions.keys())
      version(this.#partitionVersions, key).set(endOffset, this.partitions.get(key) ?? null)
    for (const id of brokers.keys()) version(this.#brokerVersions, id).set(endOffset, this.brokers.get(id) ?? null)
    const settings = this.settings.commit(endOffset)
    if (partitions.size + brokers.size + settings.length > 0)
      this.#touched.push({
        offset: endOffset,
        partitions: [...partitions.keys()],
        brokers: [...brokers.keys()],
        settings,
      })
    return {
      offset: endOffset,
      partitions: changes.filter(differ).map(({ key, before, after }) => {
        return { before, after, last: after === (this.partitions.get(key) ?? null) }
      }),
      brokers: [...brokers].map(([id, before]) => ({ before, after: this.brokers.get(id) ?? null })).filter(differ),
    }
  }

  partitionAt(key: string, offset: Offset): PartitionTruth | null {
    return this.#partitionVersions.get(key)?.at(offset) ?? null
  }

  brokerAt(id: NodeId, offset: Offset): BrokerTruth | null {
    return this.#brokerVersions.get(id)?.at(offset) ?? null
  }

  /** Whether an image may end there: at the end of a batch, outside any metadata transaction. */
  mayStandAt(offset: Offset): boolean {
    let low = 0
    let high = this.#ends.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const end = this.#ends[middle]!
      if (end === offset) return true
      if (end < offset) low = middle + 1
      else high = middle - 1
    }
    return offset === 0
  }

  /** What was changed by steps that end in (after, upTo]. */
  touched(after: Offset, upTo: Offset): Touched {
    const partitions = new Set<string>()
    const brokers = new Set<NodeId>()
    const settings = new Set<string>()
    for (let i = this.#touched.length - 1; i >= 0; i--) {
      const step = this.#touched[i]!
      if (step.offset <= after) break
      if (step.offset > upTo) continue
      for (const key of step.partitions) partitions.add(key)
      for (const id of step.brokers) brokers.add(id)
      for (const key of step.settings) settings.add(key)
    }
    return { partitions, brokers, settings }
  }

  /** Everything that there ever was. */
  everything(): Touched {
    return {
      partitions: this.#partitionVersions.keys(),
      brokers: this.#brokerVersions.keys(),
      settings: this.settings.keys(),
    }
  }

  #record(record: MetadataFact): void {
    switch (record.type) {
      case 'RegisterBrokerRecord': {
        const { brokerId: id, brokerEpoch: epoch, incarnationId, fenced, inControlledShutdown } = record.value
        const { endPoints, features, rack, logDirs: directories } = record.value
        const described = `at ${endpointsText(endPoints)} in rack ${rack} with ${featuresText(features)}`
        this.#setBroker(id, { id, epoch, incarnationId, fenced, inControlledShutdown, directories, described })
        return
      }
      case 'UnregisterBrokerRecord':
        this.#setBroker(record.value.brokerId, null)
        return
      case 'FenceBrokerRecord':
        this.#changeBroker(record.value.id, { fenced: true })
        return
      case 'UnfenceBrokerRecord':
        this.#changeBroker(record.value.id, { fenced: false })
        return
      case 'BrokerRegistrationChangeRecord': {
        const { brokerId, fenced, inControlledShutdown, logDirs } = record.value
        if (fenced !== 0) this.#changeBroker(brokerId, { fenced: fenced === 1 })
        if (inControlledShutdown !== 0) this.#changeBroker(brokerId, { inControlledShutdown: true })
        if (logDirs.length > 0) this.#changeBroker(brokerId, { directories: logDirs })
        return
      }
      case 'TopicRecord':
        this.topics.set(record.value.topicId, record.value.name)
        return
      case 'RemoveTopicRecord':
        this.#removeTopic(record.value.topicId)
        return
      case 'PartitionRecord':
      case 'PartitionChangeRecord':
        this.#partition(record)
        return
      case 'ClearElrRecord':
        for (const [key, partition] of this.partitions) {
          if (record.value.topicName !== '' && record.value.topicName !== partition.topic) continue
          if (partition.elr.length > 0 || partition.lastKnownElr.length > 0)
            this.#setPartition(key, { ...partition, elr: [], lastKnownElr: [] })
        }
        return
      case 'ConfigRecord':
      case 'FeatureLevelRecord':
      case 'RegisterControllerRecord':
      case 'ProducerIdsRecord':
        this.settings.record(record)
        return
      case 'BeginTransactionRecord':
        this.#inTransaction = true
        return
      case 'EndTransactionRecord':
        this.#inTransaction = false
        return
      case 'AbortTransactionRecord':
        this.#inTransaction = false
        this.#undo()
        return
      case 'other':
        return
    }
  }

  #partition(record: Extract<MetadataFact, { type: 'PartitionRecord' | 'PartitionChangeRecord' }>): void {
    const { topicId, partitionId: index } = record.value
    const key = `${topicId}:${index}`
    if (record.type === 'PartitionRecord') {
      const { value } = record
      this.#setPartition(key, {
        topicId,
        topic: this.topics.get(topicId) ?? topicId,
        index,
        replicas: value.replicas,
        directories: directoriesOf(value.replicas, value.directories ?? [], MIGRATING_DIR),
        addingReplicas: value.addingReplicas ?? [],
        removingReplicas: value.removingReplicas ?? [],
        isr: value.isr,
        elr: value.eligibleLeaderReplicas ?? [],
        lastKnownElr: value.lastKnownElr ?? [],
        leader: value.leader,
        leaderEpoch: value.leaderEpoch,
        partitionEpoch: value.partitionEpoch,
        recovering: value.leaderRecoveryState === 1,
      })
      return
    }
    const before = this.partitions.get(key)
    if (before === undefined) return
    const { value } = record
    const named = value.leader !== UNCHANGED_LEADER
    const replicas = value.replicas ?? before.replicas
    this.#setPartition(key, {
      ...before,
      replicas,
      directories:
        value.directories === null && value.replicas === null
          ? before.directories
          : directoriesOf(replicas, value.directories ?? [], UNASSIGNED_DIR),
      addingReplicas: value.addingReplicas ?? before.addingReplicas,
      removingReplicas: value.removingReplicas ?? before.removingReplicas,
      isr: value.isr ?? before.isr,
      elr: value.eligibleLeaderReplicas ?? before.elr,
      lastKnownElr: value.lastKnownElr ?? before.lastKnownElr,
      leader: named ? value.leader : before.leader,
      leaderEpoch: named ? before.leaderEpoch + 1 : before.leaderEpoch,
      partitionEpoch: before.partitionEpoch + 1,
      recovering: value.leaderRecoveryState === -1 ? before.recovering : value.leaderRecoveryState === 1,
    })
  }

  #removeTopic(topicId: Uuid): void {
    const name = this.topics.get(topicId)
    this.topics.delete(topicId)
    if (name !== undefined) this.settings.topicRemoved(name)
    for (const [key, partition] of this.partitions) if (partition.topicId === topicId) this.#setPartition(key, null)
  }

  #setPartition(key: string, after: PartitionTruth | null): void {
    const before = this.partitions.get(key) ?? null
    if (!this.#before.partitions.has(key)) this.#before.partitions.set(key, before)
    this.#before.changes.push({ key, before, after })
    if (after === null) this.partitions.delete(key)
    else this.partitions.set(key, after)
  }

  #setBroker(id: NodeId, after: BrokerTruth | null): void {
    if (!this.#before.brokers.has(id)) this.#before.brokers.set(id, this.brokers.get(id) ?? null)
    if (after === null) this.brokers.delete(id)
    else this.brokers.set(id, after)
  }

  #changeBroker(id: NodeId, change: Partial<BrokerTruth>): void {
    const before = this.brokers.get(id)
    if (before !== undefined) this.#setBroker(id, { ...before, ...change })
  }

  /** An aborted transaction may have named topics; nothing refers to a topic without partitions, so those may stay. */
  #undo(): void {
    this.settings.undo()
    this.#before.changes = []
    for (const [key, before] of this.#before.partitions) {
      if (before === null) this.partitions.delete(key)
      else this.partitions.set(key, before)
    }
    for (const [id, before] of this.#before.brokers) {
      if (before === null) this.brokers.delete(id)
      else this.brokers.set(id, before)
    }
  }
}

/** What an aborted transaction touched is as it was. */
function differ(change: { readonly before: unknown; readonly after: unknown }): boolean {
  return change.before !== change.after
}

function directoriesOf(replicas: readonly NodeId[], named: readonly Uuid[], otherwise: Uuid): readonly Uuid[] {
  return named.length === 0 ? replicas.map(() => otherwise) : named
}

function emptyStep(): Step {
  return { partitions: new Map(), brokers: new Map(), changes: [] }
}
