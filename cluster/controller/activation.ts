// What a controller writes first. In an empty log: the bootstrap records, as one metadata transaction. In any other: the
// abort of a transaction that its predecessor left open (KIP-868), and nothing else.

import type { NodeConfig } from '../../src/config/index.ts'
import type { MetadataRecord } from '../../src/wire/index.ts'
import {
  ELR_VERSION,
  isElrEnabled,
  LATEST_METADATA_VERSION,
  METADATA_VERSION,
  MetadataFold,
  metadataVersion,
  supportsTransactions,
} from '../metadata/index.ts'
import { elrSafetyRecords } from './configs.ts'

/** Feature levels of a cluster that nobody formatted otherwise. */
export function defaultBootstrapRecords(): MetadataRecord[] {
  return [featureLevel(METADATA_VERSION, LATEST_METADATA_VERSION), featureLevel(ELR_VERSION, 1)]
}

/** `isEmpty`: no record was ever folded, or none but those of an unfinished bootstrap. */
export function activationRecords(
  draft: MetadataFold,
  isEmpty: boolean,
  bootstrap: readonly MetadataRecord[],
  node: NodeConfig,
): MetadataRecord[] {
  const records: MetadataRecord[] = []
  if (draft.inTransaction) {
    records.push({ type: 'AbortTransactionRecord', version: 0, value: { reason: 'Controller failover' } })
  }
  if (!isEmpty) return records
  const after = new MetadataFold()
  for (const record of bootstrap) after.apply(record)
  const transactional = supportsTransactions(metadataVersion(after))
  if (transactional) {
    records.push({ type: 'BeginTransactionRecord', version: 0, value: { name: 'Bootstrap records' } })
  }
  records.push(...bootstrap)
  if (isElrEnabled(after)) records.push(...elrSafetyRecords(after, node))
  if (transactional) records.push({ type: 'EndTransactionRecord', version: 0, value: {} })
  return records
}

function featureLevel(name: string, level: number): MetadataRecord {
  return { type: 'FeatureLevelRecord', version: 0, value: { name, featureLevel: level } }
}
