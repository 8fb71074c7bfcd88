// Batches of the metadata log as `src/check` wants them: their records, of the kinds that an invariant speaks of.

import type { MetadataFact } from '../../check/index.ts'
import { batchesOf, decodeMetadataRecord, readBatchHeader, recordsOf } from '../../wire/index.ts'

export function metadataFacts(batch: Uint8Array): MetadataFact[] {
  const header = readBatchHeader(batch, 0)
  if (header === null || header.control) return []
  return recordsOf(batch, header).map(({ value }) => (value === null ? { type: 'other' } : factOf(value)))
}

/** All records of a snapshot's file. */
export function snapshotFacts(file: Uint8Array): MetadataFact[] {
  const facts: MetadataFact[] = []
  for (const header of batchesOf(file)) {
    facts.push(...metadataFacts(file.subarray(header.position, header.position + header.size)))
  }
  return facts
}

function factOf(value: Uint8Array): MetadataFact {
  const record = decodeMetadataRecord(value)
  switch (record.type) {
    case 'RegisterBrokerRecord':
    case 'UnregisterBrokerRecord':
    case 'FenceBrokerRecord':
    case 'UnfenceBrokerRecord':
    case 'BrokerRegistrationChangeRecord':
    case 'TopicRecord':
    case 'RemoveTopicRecord':
    case 'PartitionRecord':
    case 'PartitionChangeRecord':
    case 'ClearElrRecord':
    case 'ConfigRecord':
    case 'FeatureLevelRecord':
    case 'BeginTransactionRecord':
    case 'EndTransactionRecord':
    case 'AbortTransactionRecord':
      return record
    default:
      return { type: 'other' }
  }
}
