// Batches of the metadata log as `src/check` wants them: their records, of the kinds that an invariant speaks of, and sets
// of voters.

import { ZERO_UUID } from '../../base/index.ts'
import type { MetadataFact, VoterKey } from '../../check/index.ts'
import {
  type BatchHeader,
  batchesOf,
  decodeControlRecord,
  decodeMetadataRecord,
  readBatchHeader,
  recordsOf,
} from '../../wire/index.ts'

export function metadataFacts(batch: Uint8Array): MetadataFact[] {
  const header = readBatchHeader(batch, 0)
  if (header === null || header.control) return []
  return recordsOf(batch, header).map(({ value }) => (value === null ? { type: 'other' } : factOf(value)))
}

/** The set of voters in a control batch; null for one that has none. */
export function votersOf(bytes: Uint8Array, header: BatchHeader): VoterKey[] | null {
  for (const { key, value } of recordsOf(bytes, header)) {
    const control = key === null || value === null ? null : decodeControlRecord(key, value)
    if (control?.type !== 'KRAFT_VOTERS') continue
    return control.value.voters.map(({ voterId: id, voterDirectoryId: directoryId }) => ({
      id,
      directoryId: directoryId === ZERO_UUID ? null : directoryId,
    }))
  }
  return null
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
    case 'RegisterControllerRecord':
    case 'ProducerIdsRecord':
    case 'BeginTransactionRecord':
    case 'EndTransactionRecord':
    case 'AbortTransactionRecord':
      return record
    default:
      return { type: 'other' }
  }
}
