// The fold of the metadata log. Mutable while records are applied, immutable as published: `publish` hands out the maps
// and from then on copies what it touches. The controller's draft is a fold too (D16), read through the same interface.
// Invariant: a record that does not fit the state is a bug of whoever wrote it and throws; nothing is skipped. Between
// BeginTransaction and EndTransaction nothing is published; AbortTransaction restores what was (KIP-868).

import type { BrokerEpoch, Epoch, NodeId, Offset, Uuid } from '../../src/base/index.ts'
import { assert, unreachable } from '../../src/base/index.ts'
import type {
  AccessControlEntryRecord,
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  MetadataRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  UserScramCredentialRecord,
} from '../../src/wire/index.ts'
import { METADATA_VERSION, metadataVersionProblem } from './features.ts'
import { configKey, emptyImage, quotaKey, TOPIC_RESOURCE } from './image.ts'
import { changedPartition, partitionFromRecord } from './partition.ts'
import type { BrokerImage, ControllerImage, FeatureRange, MetadataImage, PartitionImage, TopicImage } from './types.ts'

type Maps = Pick<
  MetadataImage,
  | 'features'
  | 'brokers'
  | 'controllers'
  | 'topics'
  | 'topicIds'
  | 'configs'
  | 'acls'
  | 'clientQuotas'
  | 'scramCredentials'
  | 'delegationTokens'
>

export class MetadataFold implements MetadataImage {
  offset: Offset
  epoch: Epoch
  features: ReadonlyMap<string, number>
  brokers: ReadonlyMap<NodeId, BrokerImage>
  controllers: ReadonlyMap<NodeId, ControllerImage>
  topics: ReadonlyMap<Uuid, TopicImage>
  topicIds: ReadonlyMap<string, Uuid>
  configs: ReadonlyMap<string, ReadonlyMap<string, string>>
  nextProducerId: number
  acls: ReadonlyMap<Uuid, AccessControlEntryRecord>
  clientQuotas: ReadonlyMap<string, ClientQuotaRecord>
  scramCredentials: ReadonlyMap<string, UserScramCredentialRecord>
  delegationTokens: ReadonlyMap<string, DelegationTokenRecord>
  zkMigrationState: number
  /** Maps that nobody else holds: these may be changed in place. */
  readonly #owned = new Set<object>()
  /** The image before the open transaction; null outside one. */
  #beforeTransaction: MetadataImage | null = null

  constructor(base: MetadataImage = emptyImage) {
    this.offset = base.offset
    this.epoch = base.epoch
    this.features = base.features
    this.brokers = base.brokers
    this.controllers = base.controllers
    this.topics = base.topics
    this.topicIds = base.topicIds
    this.configs = base.configs
    this.nextProducerId = base.nextProducerId
    this.acls = base.acls
    this.clientQuotas = base.clientQuotas
    this.scramCredentials = base.scramCredentials
    this.delegationTokens = base.delegationTokens
    this.zkMigrationState = base.zkMigrationState
  }

  get inTransaction(): boolean {
    return this.#beforeTransaction !== null
  }

  /** The state as an immutable image that ends at `offset`; null within a metadata transaction. */
  publish(offset: Offset, epoch: Epoch): MetadataImage | null {
    assert(offset >= this.offset, `published ${this.offset}, then ${offset}`)
    this.offset = offset
    this.epoch = epoch
    return this.inTransaction ? null : this.#freeze()
  }

  apply(record: MetadataRecord): void {
    switch (record.type) {
      case 'RegisterBrokerRecord':
        this.#registerBroker(record.value)
        return
      case 'UnregisterBrokerRecord':
        this.#registered(record.value.brokerId, record.value.brokerEpoch)
        this.#own('brokers').delete(record.value.brokerId)
        return
      case 'FenceBrokerRecord':
        this.#changeBroker(record.value.id, record.value.epoch, { fenced: true })
        return
      case 'UnfenceBrokerRecord':
        this.#changeBroker(record.value.id, record.value.epoch, { fenced: false })
        return
      case 'BrokerRegistrationChangeRecord':
        this.#registrationChange(record.value)
        return
      case 'RegisterControllerRecord':
        this.#own('controllers').set(record.value.controllerId, controllerFromRecord(record.value))
        return
      case 'TopicRecord':
        this.#topic(record.value.topicId, record.value.name)
        return
      case 'RemoveTopicRecord':
        this.#removeTopic(record.value.topicId)
        return
      case 'PartitionRecord':
        this.#partition(record.value)
        return
      case 'PartitionChangeRecord':
        this.#partitionChange(record.value)
        return
      case 'ClearElrRecord':
        this.#clearElr(record.value)
        return
      case 'ConfigRecord':
        this.#config(record.value)
        return
      case 'FeatureLevelRecord':
        this.#feature(record.value.name, record.value.featureLevel)
        return
      case 'ProducerIdsRecord':
        this.#producerIds(record.value)
        return
      case 'BeginTransactionRecord':
      case 'EndTransactionRecord':
      case 'AbortTransactionRecord':
        this.#transaction(record.type)
        return
      case 'NoOpRecord':
        return
      case 'ZkMigrationStateRecord':
        this.zkMigrationState = record.value.zkMigrationState
        return
      default:
        this.#security(record)
    }
  }

  /** ACLs, quotas and credentials: kept as written until the rooms that serve them come. */
  #security(
    record: Extract<
      MetadataRecord,
      {
        type:
          | 'AccessControlEntryRecord'
          | 'RemoveAccessControlEntryRecord'
          | 'ClientQuotaRecord'
          | 'UserScramCredentialRecord'
          | 'RemoveUserScramCredentialRecord'
          | 'DelegationTokenRecord'
          | 'RemoveDelegationTokenRecord'
      }
    >,
  ): void {
    switch (record.type) {
      case 'AccessControlEntryRecord':
        this.#own('acls').set(record.value.id, record.value)
        return
      case 'RemoveAccessControlEntryRecord':
        this.#own('acls').delete(record.value.id)
        return
      case 'ClientQuotaRecord': {
        const key = quotaKey(record.value)
        if (record.value.remove) this.#own('clientQuotas').delete(key)
        else this.#own('clientQuotas').set(key, record.value)
        return
      }
      case 'UserScramCredentialRecord': {
        // The bytes are slices of a batch: what is kept must not hold the batch.
        const { salt, storedKey, serverKey } = record.value
        const kept = { ...record.value, salt: salt.slice(), storedKey: storedKey.slice(), serverKey: serverKey.slice() }
        this.#own('scramCredentials').set(`${kept.mechanism}:${kept.name}`, kept)
        return
      }
      case 'RemoveUserScramCredentialRecord':
        this.#own('scramCredentials').delete(`${record.value.mechanism}:${record.value.name}`)
        return
      case 'DelegationTokenRecord':
        this.#own('delegationTokens').set(record.value.tokenId, record.value)
        return
      case 'RemoveDelegationTokenRecord':
        this.#own('delegationTokens').delete(record.value.tokenId)
        return
      default:
        unreachable(record)
    }
  }

  #registerBroker(record: RegisterBrokerRecord): void {
    const before = this.brokers.get(record.brokerId)
    assert(
      before === undefined || record.brokerEpoch >= before.epoch,
      `broker ${record.brokerId} registers with epoch ${record.brokerEpoch} after ${before?.epoch}`,
    )
    this.#own('brokers').set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      listeners: record.endPoints,
      features: rangesOf(record.features),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      isMigratingZkBroker: record.isMigratingZkBroker,
      directories: record.logDirs,
      cordonedDirectories: record.cordonedLogDirs,
    })
  }

  #registrationChange(record: BrokerRegistrationChangeRecord): void {
    assert(Math.abs(record.fenced) <= 1, `fencing change ${record.fenced}`)
    assert(record.inControlledShutdown === 0 || record.inControlledShutdown === 1, 'unknown controlled shutdown change')
    this.#changeBroker(record.brokerId, record.brokerEpoch, {
      ...(record.fenced === 0 ? {} : { fenced: record.fenced === 1 }),
      ...(record.inControlledShutdown === 0 ? {} : { inControlledShutdown: true }),
      ...(record.logDirs.length === 0 ? {} : { directories: record.logDirs }),
      ...(record.cordonedLogDirs === null ? {} : { cordonedDirectories: record.cordonedLogDirs }),
    })
  }

  #changeBroker(id: NodeId, epoch: BrokerEpoch, change: Partial<BrokerImage>): void {
    this.#own('brokers').set(id, { ...this.#registered(id, epoch), ...change })
  }

  #registered(id: NodeId, epoch: BrokerEpoch): BrokerImage {
    const broker = this.brokers.get(id)
    assert(broker !== undefined, `a record names broker ${id}, which is not registered`)
    assert(
      broker.epoch === epoch,
      `a record names broker ${id} with epoch ${epoch}; it is registered with ${broker.epoch}`,
    )
    return broker
  }

  #topic(id: Uuid, name: string): void {
    assert(!this.topics.has(id), `topic id ${id} is already in use`)
    assert(!this.topicIds.has(name), `topic ${name} already exists`)
    const partitions = new Map<number, PartitionImage>()
    this.#owned.add(partitions)
    this.#own('topics').set(id, { id, name, partitions })
    this.#own('topicIds').set(name, id)
  }

  #removeTopic(id: Uuid): void {
    const topic = this.topics.get(id)
    assert(topic !== undefined, `no topic has id ${id}, which is to be removed`)
    this.#own('topics').delete(id)
    this.#own('topicIds').delete(topic.name)
    const key = configKey(TOPIC_RESOURCE, topic.name)
    if (this.configs.has(key)) this.#own('configs').delete(key)
  }

  #partition(record: PartitionRecord): void {
    this.#partitionsOf(record.topicId).set(record.partitionId, partitionFromRecord(record))
  }

  #partitionChange(record: PartitionChangeRecord): void {
    const before = this.topics.get(record.topicId)?.partitions.get(record.partitionId)
    assert(before !== undefined, `partition ${record.topicId}-${record.partitionId} is to change and does not exist`)
    this.#partitionsOf(record.topicId).set(record.partitionId, changedPartition(before, record))
  }

  /** Leaves partition epochs alone, as Kafka does: no broker acts on ELRs. */
  #clearElr(record: ClearElrRecord): void {
    const named = record.topicName === '' ? [...this.topicIds.values()] : [this.topicIds.get(record.topicName)]
    for (const id of named) {
      assert(id !== undefined, `no topic ${record.topicName}, whose ELRs are to be cleared`)
      for (const [index, partition] of this.topics.get(id)!.partitions) {
        if (partition.elr.length === 0 && partition.lastKnownElr.length === 0) continue
        this.#partitionsOf(id).set(index, { ...partition, elr: [], lastKnownElr: [] })
      }
    }
  }

  #config(record: ConfigRecord): void {
    const key = configKey(record.resourceType, record.resourceName)
    const own = new Map(this.configs.get(key))
    if (record.value === null) own.delete(record.name)
    else own.set(record.name, record.value)
    if (own.size === 0) this.#own('configs').delete(key)
    else this.#own('configs').set(key, own)
  }

  #feature(name: string, level: number): void {
    if (name === METADATA_VERSION) {
      const problem = metadataVersionProblem(level)
      assert(problem === null, problem ?? '')
    }
    if (level === 0) this.#own('features').delete(name)
    else this.#own('features').set(name, level)
  }

  #producerIds(record: ProducerIdsRecord): void {
    assert(
      record.nextProducerId >= this.nextProducerId,
      `producer ids go back from ${this.nextProducerId} to ${record.nextProducerId}`,
    )
    this.nextProducerId = record.nextProducerId
  }

  #transaction(type: 'BeginTransactionRecord' | 'EndTransactionRecord' | 'AbortTransactionRecord'): void {
    if (type === 'BeginTransactionRecord') {
      assert(!this.inTransaction, 'a metadata transaction begins within another')
      this.#beforeTransaction = this.#freeze()
      return
    }
    assert(this.#beforeTransaction !== null, `${type} without a transaction`)
    if (type === 'AbortTransactionRecord') {
      const { offset, epoch } = this
      Object.assign(this, this.#beforeTransaction, { offset, epoch })
      this.#owned.clear()
    }
    this.#beforeTransaction = null
  }

  #own<K extends keyof Maps>(name: K): Maps[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never {
    let map: ReadonlyMap<unknown, unknown> = this[name]
    if (!this.#owned.has(map)) {
      map = new Map(map)
      this.#owned.add(map)
      Object.assign(this, { [name]: map })
    }
    return map as unknown as Maps[K] extends ReadonlyMap<infer Key, infer Value> ? Map<Key, Value> : never
  }

  #partitionsOf(id: Uuid): Map<number, PartitionImage> {
    const topic = this.topics.get(id)
    assert(topic !== undefined, `a record names topic id ${id}, which does not exist`)
    if (this.#owned.has(topic.partitions)) return topic.partitions as Map<number, PartitionImage>
    const partitions = new Map(topic.partitions)
    this.#owned.add(partitions)
    this.#own('topics').set(id, { ...topic, partitions })
    return partitions
  }

  #freeze(): MetadataImage {
    this.#owned.clear()
    return {
      offset: this.offset,
      epoch: this.epoch,
      features: this.features,
      brokers: this.brokers,
      controllers: this.controllers,
      topics: this.topics,
      topicIds: this.topicIds,
      configs: this.configs,
      nextProducerId: this.nextProducerId,
      acls: this.acls,
      clientQuotas: this.clientQuotas,
      scramCredentials: this.scramCredentials,
      delegationTokens: this.delegationTokens,
      zkMigrationState: this.zkMigrationState,
    }
  }
}

function rangesOf(
  features: readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[],
): ReadonlyMap<string, FeatureRange> {
  return new Map(features.map((f) => [f.name, { min: f.minSupportedVersion, max: f.maxSupportedVersion }]))
}

function controllerFromRecord(record: RegisterControllerRecord): ControllerImage {
  return {
    id: record.controllerId,
    incarnationId: record.incarnationId,
    zkMigrationReady: record.zkMigrationReady,
    listeners: record.endPoints,
    features: rangesOf(record.features),
  }
}
