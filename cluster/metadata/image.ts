// Reading an image: the empty one, and look-ups that are more than one `get`.

import type { Uuid } from '../../src/base/index.ts'
import type { BrokerImage, MetadataImage, PartitionImage, TopicImage } from './types.ts'

/** Kafka's ConfigResource types. */
export const TOPIC_RESOURCE = 2
export const BROKER_RESOURCE = 4
/** A client-metrics subscription (KIP-714). */
export const METRICS_RESOURCE = 16
export const GROUP_RESOURCE = 32

export const emptyImage: MetadataImage = {
  offset: 0,
  epoch: 0,
  features: new Map(),
  brokers: new Map(),
  controllers: new Map(),
  topics: new Map(),
  topicIds: new Map(),
  configs: new Map(),
  nextProducerId: -1,
  acls: new Map(),
  clientQuotas: new Map(),
  scramCredentials: new Map(),
  delegationTokens: new Map(),
  zkMigrationState: -1,
}

const NOTHING: ReadonlyMap<string, string> = new Map()

/** The key of `image.configs`. Resource names may hold anything: the type comes first. */
export function configKey(type: number, name: string): string {
  return `${type}:${name}`
}

/** The key of `image.clientQuotas`. Entity parts come in no fixed order. Names may hold anything, so JSON keeps them apart. */
export function quotaKey(record: {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[]
  readonly key: string
}): string {
  const entity = record.entity.map((part) => JSON.stringify([part.entityType, part.entityName])).sort()
  return `${entity.join('')}${record.key}`
}

/** A resource's own overrides; empty where there are none. */
export function configsOf(image: MetadataImage, type: number, name: string): ReadonlyMap<string, string> {
  return image.configs.get(configKey(type, name)) ?? NOTHING
}

export function topicByName(image: MetadataImage, name: string): TopicImage | undefined {
  const id = image.topicIds.get(name)
  return id === undefined ? undefined : image.topics.get(id)
}

export function partitionOf(image: MetadataImage, topicId: Uuid, index: number): PartitionImage | undefined {
  return image.topics.get(topicId)?.partitions.get(index)
}

/** Registered, not fenced and not on its way out: may lead and may join an ISR (KIP-841). */
export function isActive(broker: BrokerImage | undefined): boolean {
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
}

/** Brokers in id order, which the order of registrations in the log is not. */
export function brokersById(image: MetadataImage): BrokerImage[] {
  return [...image.brokers.values()].sort((a, b) => a.id - b.id)
}
