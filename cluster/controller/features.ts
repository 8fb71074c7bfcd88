// Feature levels of the cluster (KIP-584, KIP-1022): all updates of a request or none, and only to levels that every
// registered node serves. A downgrade of metadata.version that would forget something is refused, in Kafka's words.

import type { NodeConfig } from '../../src/config/index.ts'
import type { Input, MetadataRecord, UpdateFeaturesRequest, UpdateFeaturesResponse } from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { FeatureRange, MetadataImage } from '../metadata/index.ts'
import {
  ELR_VERSION,
  KRAFT_VERSION,
  kraftVersion,
  losesMetadata,
  METADATA_VERSION,
  metadataVersion,
  supportedFeatures,
  supportsControllerRegistration,
} from '../metadata/index.ts'
import { elrSafetyRecords } from './configs.ts'
import type { Decision, DecisionContext } from './types.ts'

const UPGRADE = 1
const SAFE_DOWNGRADE = 2
const UNSAFE_DOWNGRADE = 3
/** ELR rests on records of 4.0-IV1. */
const ELR_NEEDS = 23

interface Update {
  readonly feature: string
  readonly level: number
  readonly upgradeType: number
}

export function decideUpdateFeatures(
  draft: MetadataImage,
  node: NodeConfig,
  request: UpdateFeaturesRequest,
  context: DecisionContext,
): Decision<Input<typeof UpdateFeaturesResponse>> {
  const updates = new Map<string, Update>()
  for (const { feature, maxVersionLevel, allowDowngrade, upgradeType } of request.featureUpdates) {
    // Version 0 had a word of its own for "may go down".
    const type = context.version === 0 && allowDowngrade ? SAFE_DOWNGRADE : upgradeType
    updates.set(feature, { feature, level: maxVersionLevel, upgradeType: type })
  }
  const records: MetadataRecord[] = []
  for (const update of updates.values()) {
    const problem = updateProblem(draft, node, update, updates)
    if (problem !== null) {
      const errorMessage = `The update failed for all features since the following feature had an error: ${problem}`
      return { records: [], response: { errorCode: errorCode('INVALID_UPDATE_VERSION'), errorMessage } }
    }
    records.push(...updateRecords(draft, node, update))
  }
  const results =
    context.version > 1
      ? []
      : request.featureUpdates.map(({ feature }) => ({ feature, errorCode: 0, errorMessage: 'NONE' }))
  return {
    records: request.validateOnly ? [] : records,
    response: { errorCode: 0, errorMessage: null, results },
  }
}

function levelOf(draft: MetadataImage, node: NodeConfig, feature: string): number {
  if (feature === METADATA_VERSION) return metadataVersion(draft)
  if (feature === KRAFT_VERSION) return kraftVersion(node)
  return draft.features.get(feature) ?? 0
}

function updateProblem(
  draft: MetadataImage,
  node: NodeConfig,
  update: Update,
  updates: ReadonlyMap<string, Update>,
): string | null {
  const { feature, level, upgradeType } = update
  const invalid = (why: string): string => `Invalid update version ${level} for feature ${feature}. ${why}`
  if (upgradeType < UPGRADE || upgradeType > UNSAFE_DOWNGRADE) {
    return invalid('The controller does not support the given upgrade type.')
  }
  if (level < 0) return invalid('A feature version cannot be less than 0.')
  const unsupported = notSupported(draft, node.nodeId, feature, level)
  if (unsupported !== null) return invalid(unsupported)
  const current = levelOf(draft, node, feature)
  if (feature === KRAFT_VERSION) {
    if (level < current) return invalid("Can't downgrade the version of this feature.")
    const sentence = 'A quorum of static voters stays one: format the controllers anew with --initial-controllers.'
    return level > current ? invalid(sentence) : null
  }
  if (level < current && upgradeType === UPGRADE) {
    return invalid(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    )
  }
  if (level > current && upgradeType !== UPGRADE) return invalid("Can't downgrade to a newer version.")
  if (feature === METADATA_VERSION) {
    if (level >= current || !losesMetadata(current, level)) return null
    const why =
      upgradeType === UNSAFE_DOWNGRADE
        ? 'Unsafe metadata downgrade is not supported in this version.'
        : 'Refusing to perform the requested downgrade because it might delete metadata information.'
    return `Unsupported metadata.version downgrade from ${current} to ${level}. ${why}`
  }
  const metadata = updates.get(METADATA_VERSION)?.level ?? metadataVersion(draft)
  if (feature === ELR_VERSION && level > 0 && metadata < ELR_NEEDS) {
    return invalid(`${feature} could not be set to ${level} because it depends on metadata.version level ${ELR_NEEDS}`)
  }
  return null
}

/** Who of the cluster does not serve that level; null: everybody does. */
function notSupported(draft: MetadataImage, nodeId: number, feature: string, level: number): string | null {
  const problem = (who: string, range: FeatureRange | undefined): string | null => {
    if (range === undefined) return level === 0 ? null : `${who} does not support this feature.`
    if (level >= range.min && level <= range.max) return null
    return `${who} only supports versions ${range.min}-${range.max}`
  }
  const own = supportedFeatures.get(feature)
  if (own === undefined) return `Local controller ${nodeId} does not support this feature.`
  const here = problem(`Local controller ${nodeId}`, own)
  if (here !== null) return here
  for (const { id, features } of draft.brokers.values()) {
    const there = problem(`Broker ${id}`, features.get(feature))
    if (there !== null) return there
  }
  if (!supportsControllerRegistration(metadataVersion(draft))) return null
  for (const { id, features } of draft.controllers.values()) {
    const there = id === nodeId ? null : problem(`Controller ${id}`, features.get(feature))
    if (there !== null) return there
  }
  return null
}

function updateRecords(draft: MetadataImage, node: NodeConfig, { feature, level }: Update): MetadataRecord[] {
  // The version of the quorum is in its own log's control records: there is nothing to change here.
  if (feature === KRAFT_VERSION) return []
  const record: MetadataRecord = {
    type: 'FeatureLevelRecord',
    version: 0,
    value: { name: feature, featureLevel: level },
  }
  const turnsOn = feature === ELR_VERSION && level > 0 && (draft.features.get(ELR_VERSION) ?? 0) === 0
  return turnsOn ? [record, ...elrSafetyRecords(draft, node)] : [record]
}
