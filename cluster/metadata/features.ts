// Feature levels: what this version of Odradek serves, and which version of each record a cluster's metadata.version
// calls for. Only what is served is advertised; a higher level that another implementation finalized is kept.

import type { FeatureRange, MetadataImage } from './types.ts'

export const METADATA_VERSION = 'metadata.version'
export const KRAFT_VERSION = 'kraft.version'
export const ELR_VERSION = 'eligible.leader.replicas.version'

/** 3.3-IV3 to 4.3-IV0. */
export const OLDEST_METADATA_VERSION = 7
export const LATEST_METADATA_VERSION = 30

/** What registrations and ApiVersions say. */
export const supportedFeatures: ReadonlyMap<string, FeatureRange> = new Map([
  [ELR_VERSION, { min: 0, max: 1 }],
  [KRAFT_VERSION, { min: 0, max: 1 }],
  [METADATA_VERSION, { min: OLDEST_METADATA_VERSION, max: LATEST_METADATA_VERSION }],
])

/** Levels that brought something into the log which the level before cannot say (MetadataVersion.java, 4.3.1). */
const CHANGED_METADATA: readonly number[] = [8, 11, 13, 14, 15, 17, 23, 30]

/** Whether going back from one metadata.version to a lower one might forget something. */
export function losesMetadata(from: number, to: number): boolean {
  return CHANGED_METADATA.some((level) => level > to && level <= from)
}

/** Kept by the quorum, not in the metadata: 1 where the voters are in its log, 0 where they are configured (KIP-853). */
export function kraftVersion(node: { readonly staticVoters: readonly unknown[] }): number {
  return node.staticVoters.length === 0 ? 1 : 0
}

/** Null: usable. Otherwise why this node cannot take part in a cluster at that metadata.version. */
export function metadataVersionProblem(level: number): string | null {
  if (level >= OLDEST_METADATA_VERSION && level <= LATEST_METADATA_VERSION) return null
  return `metadata.version ${level} is finalized in this cluster; this version supports ${OLDEST_METADATA_VERSION} to ${LATEST_METADATA_VERSION}`
}

/** A log without a FeatureLevelRecord counts as the oldest version there is. */
export function metadataVersion(image: Pick<MetadataImage, 'features'>): number {
  return image.features.get(METADATA_VERSION) ?? OLDEST_METADATA_VERSION
}

export function isElrEnabled(image: Pick<MetadataImage, 'features'>): boolean {
  return (image.features.get(ELR_VERSION) ?? 0) >= 1
}

/** Metadata transactions (KIP-868) since 3.6-IV1. */
export function supportsTransactions(level: number): boolean {
  return level >= 13
}

/** Directory assignment (KIP-858) since 3.7-IV2. */
export function supportsDirectories(level: number): boolean {
  return level >= 17
}

/** Controller registrations (KIP-919) since 3.7-IV0. */
export function supportsControllerRegistration(level: number): boolean {
  return level >= 15
}

/** Since 3.6-IV0 a smaller ISR alone needs no new leader epoch (KAFKA-15021). */
export function bumpsEpochOnShrink(level: number): boolean {
  return level < 12
}

export function registerBrokerVersion(level: number): number {
  return supportsCordoning(level) ? 4 : supportsDirectories(level) ? 3 : level >= 8 ? 2 : 1
}

/** Cordoned log directories (KIP-1066) since 4.3-IV0. */
export function supportsCordoning(level: number): boolean {
  return level >= 30
}

/** Of PartitionRecord and PartitionChangeRecord alike; ELR since 4.0-IV1. */
export function partitionRecordVersion(level: number): number {
  return level >= 23 ? 2 : supportsDirectories(level) ? 1 : 0
}
