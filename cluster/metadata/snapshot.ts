// The records that rebuild an image: what a snapshot holds. state(snapshot) + suffix = state(whole log).
// Order matters as in Kafka's snapshots: feature levels first (they decide record versions), topics before partitions.

import type { MetadataRecord } from '../../src/wire/index.ts'
import { METADATA_VERSION, metadataVersion, partitionRecordVersion, registerBrokerVersion } from './features.ts'
import type { BrokerImage, ControllerImage, FeatureRange, MetadataImage, PartitionImage, TopicImage } from './types.ts'

/** Of a state outside any metadata transaction. */
export function imageToRecords(image: MetadataImage): MetadataRecord[] {
  const level = metadataVersion(image)
  const records: MetadataRecord[] = []
  const features = [...image.features].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
  for (const [name, featureLevel] of features) {
    records.push({ type: 'FeatureLevelRecord', version: 0, value: { name, featureLevel } })
  }
  for (const broker of image.brokers.values()) records.push(registerBrokerRecord(broker, level))
  for (const controller of image.controllers.values()) records.push(registerControllerRecord(controller))
  for (const topic of image.topics.values()) pushTopic(records, topic, level)
  for (const [key, configs] of image.configs) {
    const colon = key.indexOf(':')
    const resource = { resourceType: Number(key.slice(0, colon)), resourceName: key.slice(colon + 1) }
    for (const [name, value] of configs) {
      records.push({ type: 'ConfigRecord', version: 0, value: { ...resource, name, value } })
    }
  }
  for (const value of image.clientQuotas.values()) records.push({ type: 'ClientQuotaRecord', version: 0, value })
  if (image.nextProducerId >= 0) {
    // Who got the last block does not matter, and Kafka's snapshots forget it.
    const value = { brokerId: -1, brokerEpoch: -1, nextProducerId: image.nextProducerId }
    records.push({ type: 'ProducerIdsRecord', version: 0, value })
  }
  for (const value of image.acls.values()) records.push({ type: 'AccessControlEntryRecord', version: 0, value })
  for (const value of image.scramCredentials.values()) {
    records.push({ type: 'UserScramCredentialRecord', version: 0, value })
  }
  for (const value of image.delegationTokens.values())
    records.push({ type: 'DelegationTokenRecord', version: 0, value })
  if (image.zkMigrationState >= 0) {
    const value = { zkMigrationState: image.zkMigrationState }
    records.push({ type: 'ZkMigrationStateRecord', version: 0, value })
  }
  return records
}

export function partitionRecord(
  topicId: string,
  index: number,
  partition: PartitionImage,
  level: number,
): Extract<MetadataRecord, { type: 'PartitionRecord' }> {
  const version = partitionRecordVersion(level)
  return {
    type: 'PartitionRecord',
    version,
    value: {
      partitionId: index,
      topicId,
      replicas: [...partition.replicas],
      isr: [...partition.isr],
      removingReplicas: [...partition.removingReplicas],
      addingReplicas: [...partition.addingReplicas],
      leader: partition.leader,
      leaderRecoveryState: partition.leaderRecoveryState === 'RECOVERED' ? 0 : 1,
      leaderEpoch: partition.leaderEpoch,
      partitionEpoch: partition.partitionEpoch,
      directories: version >= 1 ? [...partition.directories] : [],
      eligibleLeaderReplicas: version >= 2 && partition.elr.length > 0 ? [...partition.elr] : null,
      lastKnownElr: version >= 2 && partition.lastKnownElr.length > 0 ? [...partition.lastKnownElr] : null,
    },
  }
}

function pushTopic(records: MetadataRecord[], topic: TopicImage, level: number): void {
  records.push({ type: 'TopicRecord', version: 0, value: { name: topic.name, topicId: topic.id } })
  for (const [index, partition] of topic.partitions) records.push(partitionRecord(topic.id, index, partition, level))
}

function registerBrokerRecord(broker: BrokerImage, level: number): MetadataRecord {
  const version = registerBrokerVersion(level)
  return {
    type: 'RegisterBrokerRecord',
    version,
    value: {
      brokerId: broker.id,
      isMigratingZkBroker: version >= 2 && broker.isMigratingZkBroker,
      incarnationId: broker.incarnationId,
      brokerEpoch: broker.epoch,
      endPoints: [...broker.listeners],
      features: featureRows(broker.features),
      rack: broker.rack,
      fenced: broker.fenced,
      inControlledShutdown: broker.inControlledShutdown,
      logDirs: version >= 3 ? [...broker.directories] : [],
      cordonedLogDirs: version >= 4 && broker.cordonedDirectories !== null ? [...broker.cordonedDirectories] : null,
    },
  }
}

function registerControllerRecord(controller: ControllerImage): MetadataRecord {
  return {
    type: 'RegisterControllerRecord',
    version: 0,
    value: {
      controllerId: controller.id,
      incarnationId: controller.incarnationId,
      zkMigrationReady: controller.zkMigrationReady,
      endPoints: [...controller.listeners],
      features: featureRows(controller.features),
    },
  }
}

function featureRows(
  features: ReadonlyMap<string, FeatureRange>,
): { name: string; minSupportedVersion: number; maxSupportedVersion: number }[] {
  return [...features].map(([name, range]) => ({
    name,
    minSupportedVersion: range.min,
    maxSupportedVersion: range.max,
  }))
}

function rank(feature: string): number {
  return feature === METADATA_VERSION ? 0 : 1
}
