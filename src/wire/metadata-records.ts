// Frames of the metadata log's records: three unsigned varints (frame version, record type, version), then the record.
// Decoding gives a union over every record Kafka 4.3 has, so that whoever folds it is told by the compiler what is missing.

import { ProtocolError } from '../base/index.ts'
import { decodeFrom, encodeInto, writing } from './codec.ts'
import { type Json, messageToJson } from './json.ts'
import {
  AbortTransactionRecord,
  AccessControlEntryRecord,
  BeginTransactionRecord,
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  ClientQuotaRecord,
  ConfigRecord,
  DelegationTokenRecord,
  EndTransactionRecord,
  FeatureLevelRecord,
  FenceBrokerRecord,
  NoOpRecord,
  PartitionChangeRecord,
  PartitionRecord,
  ProducerIdsRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveTopicRecord,
  RemoveUserScramCredentialRecord,
  TopicRecord,
  UnfenceBrokerRecord,
  UnregisterBrokerRecord,
  UserScramCredentialRecord,
  ZkMigrationStateRecord,
} from './messages/metadata-records.ts'
import { Reader } from './reader.ts'
import type { Input, Message, MessageSchema } from './types.ts'

/** Every record of the metadata log by name. */
export interface MetadataRecordSchemas {
  readonly RegisterBrokerRecord: typeof RegisterBrokerRecord
  readonly UnregisterBrokerRecord: typeof UnregisterBrokerRecord
  readonly TopicRecord: typeof TopicRecord
  readonly PartitionRecord: typeof PartitionRecord
  readonly ConfigRecord: typeof ConfigRecord
  readonly PartitionChangeRecord: typeof PartitionChangeRecord
  readonly FenceBrokerRecord: typeof FenceBrokerRecord
  readonly UnfenceBrokerRecord: typeof UnfenceBrokerRecord
  readonly RemoveTopicRecord: typeof RemoveTopicRecord
  readonly DelegationTokenRecord: typeof DelegationTokenRecord
  readonly UserScramCredentialRecord: typeof UserScramCredentialRecord
  readonly FeatureLevelRecord: typeof FeatureLevelRecord
  readonly ClientQuotaRecord: typeof ClientQuotaRecord
  readonly ProducerIdsRecord: typeof ProducerIdsRecord
  readonly BrokerRegistrationChangeRecord: typeof BrokerRegistrationChangeRecord
  readonly AccessControlEntryRecord: typeof AccessControlEntryRecord
  readonly RemoveAccessControlEntryRecord: typeof RemoveAccessControlEntryRecord
  readonly NoOpRecord: typeof NoOpRecord
  readonly ZkMigrationStateRecord: typeof ZkMigrationStateRecord
  readonly RemoveUserScramCredentialRecord: typeof RemoveUserScramCredentialRecord
  readonly BeginTransactionRecord: typeof BeginTransactionRecord
  readonly EndTransactionRecord: typeof EndTransactionRecord
  readonly AbortTransactionRecord: typeof AbortTransactionRecord
  readonly RemoveDelegationTokenRecord: typeof RemoveDelegationTokenRecord
  readonly RegisterControllerRecord: typeof RegisterControllerRecord
  readonly ClearElrRecord: typeof ClearElrRecord
}

type MetadataRecordType = keyof MetadataRecordSchemas

/** `{ type: 'TopicRecord', version, value }` and so on. Byte fields are slices of the record's value. */
export type MetadataRecord = {
  [K in MetadataRecordType]: {
    readonly type: K
    readonly version: number
    readonly value: Message<MetadataRecordSchemas[K]>
  }
}[MetadataRecordType]

/** The same as one writes it: fields left out have their default. */
export type MetadataRecordInput = {
  [K in MetadataRecordType]: {
    readonly type: K
    readonly version: number
    readonly value: Input<MetadataRecordSchemas[K]>
  }
}[MetadataRecordType]

export const metadataRecords: MetadataRecordSchemas = {
  RegisterBrokerRecord,
  UnregisterBrokerRecord,
  TopicRecord,
  PartitionRecord,
  ConfigRecord,
  PartitionChangeRecord,
  FenceBrokerRecord,
  UnfenceBrokerRecord,
  RemoveTopicRecord,
  DelegationTokenRecord,
  UserScramCredentialRecord,
  FeatureLevelRecord,
  ClientQuotaRecord,
  ProducerIdsRecord,
  BrokerRegistrationChangeRecord,
  AccessControlEntryRecord,
  RemoveAccessControlEntryRecord,
  NoOpRecord,
  ZkMigrationStateRecord,
  RemoveUserScramCredentialRecord,
  BeginTransactionRecord,
  EndTransactionRecord,
  AbortTransactionRecord,
  RemoveDelegationTokenRecord,
  RegisterControllerRecord,
  ClearElrRecord,
}

const FRAME_VERSION = 1

const BY_TYPE: ReadonlyMap<number, MessageSchema> = new Map(
  Object.values(metadataRecords).map((schema: MessageSchema) => [schema.key ?? -1, schema]),
)

/** The value of a record in the metadata log. Throws EncodeError. */
export function encodeMetadataRecord(record: MetadataRecordInput): Uint8Array {
  const schema: MessageSchema = metadataRecords[record.type]
  return writing(false, (writer) => {
    writer.uvarint(FRAME_VERSION)
    writer.uvarint(schema.key ?? 0)
    writer.uvarint(record.version)
    encodeInto(writer, schema, record.version, record.value)
    return writer.finish()
  })
}

/** Throws ProtocolError, also for a record type or version that we do not know: it must never be skipped. */
export function decodeMetadataRecord(bytes: Uint8Array): MetadataRecord {
  const { schema, version, reader } = framed(bytes)
  return { type: schema.name, version, value: decodeFrom(reader, schema, version) } as MetadataRecord
}

/** As Kafka's tools print it: `{ type, version, data }`. */
export function metadataRecordToJson(bytes: Uint8Array): Json {
  const { schema, version, reader } = framed(bytes)
  const name = schema.name.replace(/Record$/, '').replace(/([a-z0-9])([A-Z])/g, '$1_$2')
  return { type: `${name.toUpperCase()}_RECORD`, version, data: messageToJson(schema, version, bytes, reader.at) }
}

function framed(bytes: Uint8Array): { schema: MessageSchema; version: number; reader: Reader } {
  const reader = new Reader(bytes)
  const frameVersion = reader.uvarint()
  if (frameVersion !== FRAME_VERSION) throw new ProtocolError(`a metadata record in frame version ${frameVersion}`)
  const type = reader.uvarint()
  const version = reader.uvarint()
  const schema = BY_TYPE.get(type)
  if (schema === undefined) throw new ProtocolError(`unknown metadata record type ${type}`)
  return { schema, version, reader }
}
