// Frames of coordinators' records: a key starts with its record type, a value with its version (int16 both). The three
// logs (`__consumer_offsets`, `__share_group_state`, `__transaction_state`) number their record types separately.

import { decodeFrom, encodeInto, writing } from './codec.ts'
import {
  ConsumerGroupCurrentMemberAssignmentKey,
  ConsumerGroupCurrentMemberAssignmentValue,
  ConsumerGroupMemberMetadataKey,
  ConsumerGroupMemberMetadataValue,
  ConsumerGroupMetadataKey,
  ConsumerGroupMetadataValue,
  ConsumerGroupPartitionMetadataKey,
  ConsumerGroupPartitionMetadataValue,
  ConsumerGroupRegularExpressionKey,
  ConsumerGroupRegularExpressionValue,
  ConsumerGroupTargetAssignmentMemberKey,
  ConsumerGroupTargetAssignmentMemberValue,
  ConsumerGroupTargetAssignmentMetadataKey,
  ConsumerGroupTargetAssignmentMetadataValue,
  GroupMetadataKey,
  GroupMetadataValue,
  LegacyOffsetCommitKey,
  LegacyOffsetCommitValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from './messages/group-records.ts'
import {
  ShareGroupCurrentMemberAssignmentKey,
  ShareGroupCurrentMemberAssignmentValue,
  ShareGroupMemberMetadataKey,
  ShareGroupMemberMetadataValue,
  ShareGroupMetadataKey,
  ShareGroupMetadataValue,
  ShareGroupStatePartitionMetadataKey,
  ShareGroupStatePartitionMetadataValue,
  ShareGroupTargetAssignmentMemberKey,
  ShareGroupTargetAssignmentMemberValue,
  ShareGroupTargetAssignmentMetadataKey,
  ShareGroupTargetAssignmentMetadataValue,
  ShareSnapshotKey,
  ShareSnapshotValue,
  ShareUpdateKey,
  ShareUpdateValue,
} from './messages/share-records.ts'
import {
  StreamsGroupCurrentMemberAssignmentKey,
  StreamsGroupCurrentMemberAssignmentValue,
  StreamsGroupMemberMetadataKey,
  StreamsGroupMemberMetadataValue,
  StreamsGroupMetadataKey,
  StreamsGroupMetadataValue,
  StreamsGroupTargetAssignmentMemberKey,
  StreamsGroupTargetAssignmentMemberValue,
  StreamsGroupTargetAssignmentMetadataKey,
  StreamsGroupTargetAssignmentMetadataValue,
  StreamsGroupTopologyKey,
  StreamsGroupTopologyValue,
} from './messages/streams-records.ts'
import { TransactionLogKey, TransactionLogValue } from './messages/transaction-records.ts'
import { Reader } from './reader.ts'
import type { Input, Message, MessageSchema } from './types.ts'
import { decodeVersioned, encodeVersioned } from './versioned.ts'

interface CoordinatorSchema {
  readonly key: MessageSchema
  readonly value: MessageSchema
}

/** A record of one of the logs below; `value` null is a tombstone. Byte fields are slices of what was read. */
export type CoordinatorRecord<Schemas extends { [K in keyof Schemas]: CoordinatorSchema }> = {
  [K in keyof Schemas]: {
    readonly type: K
    readonly key: Message<Schemas[K]['key']>
    readonly value: { readonly version: number; readonly body: Message<Schemas[K]['value']> } | null
  }
}[keyof Schemas]

/** Records of `__consumer_offsets` by the name their key and value share. */
export interface GroupRecordSchemas {
  readonly LegacyOffsetCommit: {
    readonly key: typeof LegacyOffsetCommitKey
    readonly value: typeof LegacyOffsetCommitValue
  }
  readonly OffsetCommit: { readonly key: typeof OffsetCommitKey; readonly value: typeof OffsetCommitValue }
  readonly GroupMetadata: { readonly key: typeof GroupMetadataKey; readonly value: typeof GroupMetadataValue }
  readonly ConsumerGroupMetadata: {
    readonly key: typeof ConsumerGroupMetadataKey
    readonly value: typeof ConsumerGroupMetadataValue
  }
  readonly ConsumerGroupPartitionMetadata: {
    readonly key: typeof ConsumerGroupPartitionMetadataKey
    readonly value: typeof ConsumerGroupPartitionMetadataValue
  }
  readonly ConsumerGroupMemberMetadata: {
    readonly key: typeof ConsumerGroupMemberMetadataKey
    readonly value: typeof ConsumerGroupMemberMetadataValue
  }
  readonly ConsumerGroupTargetAssignmentMetadata: {
    readonly key: typeof ConsumerGroupTargetAssignmentMetadataKey
    readonly value: typeof ConsumerGroupTargetAssignmentMetadataValue
  }
  readonly ConsumerGroupTargetAssignmentMember: {
    readonly key: typeof ConsumerGroupTargetAssignmentMemberKey
    readonly value: typeof ConsumerGroupTargetAssignmentMemberValue
  }
  readonly ConsumerGroupCurrentMemberAssignment: {
    readonly key: typeof ConsumerGroupCurrentMemberAssignmentKey
    readonly value: typeof ConsumerGroupCurrentMemberAssignmentValue
  }
  readonly ShareGroupMemberMetadata: {
    readonly key: typeof ShareGroupMemberMetadataKey
    readonly value: typeof ShareGroupMemberMetadataValue
  }
  readonly ShareGroupMetadata: {
    readonly key: typeof ShareGroupMetadataKey
    readonly value: typeof ShareGroupMetadataValue
  }
  readonly ShareGroupTargetAssignmentMetadata: {
    readonly key: typeof ShareGroupTargetAssignmentMetadataKey
    readonly value: typeof ShareGroupTargetAssignmentMetadataValue
  }
  readonly ShareGroupTargetAssignmentMember: {
    readonly key: typeof ShareGroupTargetAssignmentMemberKey
    readonly value: typeof ShareGroupTargetAssignmentMemberValue
  }
  readonly ShareGroupCurrentMemberAssignment: {
    readonly key: typeof ShareGroupCurrentMemberAssignmentKey
    readonly value: typeof ShareGroupCurrentMemberAssignmentValue
  }
  readonly ShareGroupStatePartitionMetadata: {
    readonly key: typeof ShareGroupStatePartitionMetadataKey
    readonly value: typeof ShareGroupStatePartitionMetadataValue
  }
  readonly ConsumerGroupRegularExpression: {
    readonly key: typeof ConsumerGroupRegularExpressionKey
    readonly value: typeof ConsumerGroupRegularExpressionValue
  }
  readonly StreamsGroupMetadata: {
    readonly key: typeof StreamsGroupMetadataKey
    readonly value: typeof StreamsGroupMetadataValue
  }
  readonly StreamsGroupMemberMetadata: {
    readonly key: typeof StreamsGroupMemberMetadataKey
    readonly value: typeof StreamsGroupMemberMetadataValue
  }
  readonly StreamsGroupTargetAssignmentMetadata: {
    readonly key: typeof StreamsGroupTargetAssignmentMetadataKey
    readonly value: typeof StreamsGroupTargetAssignmentMetadataValue
  }
  readonly StreamsGroupTargetAssignmentMember: {
    readonly key: typeof StreamsGroupTargetAssignmentMemberKey
    readonly value: typeof StreamsGroupTargetAssignmentMemberValue
  }
  readonly StreamsGroupCurrentMemberAssignment: {
    readonly key: typeof StreamsGroupCurrentMemberAssignmentKey
    readonly value: typeof StreamsGroupCurrentMemberAssignmentValue
  }
  readonly StreamsGroupTopology: {
    readonly key: typeof StreamsGroupTopologyKey
    readonly value: typeof StreamsGroupTopologyValue
  }
}

export const groupRecords: GroupRecordSchemas = {
  LegacyOffsetCommit: { key: LegacyOffsetCommitKey, value: LegacyOffsetCommitValue },
  OffsetCommit: { key: OffsetCommitKey, value: OffsetCommitValue },
  GroupMetadata: { key: GroupMetadataKey, value: GroupMetadataValue },
  ConsumerGroupMetadata: { key: ConsumerGroupMetadataKey, value: ConsumerGroupMetadataValue },
  ConsumerGroupPartitionMetadata: {
    key: ConsumerGroupPartitionMetadataKey,
    value: ConsumerGroupPartitionMetadataValue,
  },
  ConsumerGroupMemberMetadata: { key: ConsumerGroupMemberMetadataKey, value: ConsumerGroupMemberMetadataValue },
  ConsumerGroupTargetAssignmentMetadata: {
    key: ConsumerGroupTargetAssignmentMetadataKey,
    value: ConsumerGroupTargetAssignmentMetadataValue,
  },
  ConsumerGroupTargetAssignmentMember: {
    key: ConsumerGroupTargetAssignmentMemberKey,
    value: ConsumerGroupTargetAssignmentMemberValue,
  },
  ConsumerGroupCurrentMemberAssignment: {
    key: ConsumerGroupCurrentMemberAssignmentKey,
    value: ConsumerGroupCurrentMemberAssignmentValue,
  },
  ShareGroupMemberMetadata: { key: ShareGroupMemberMetadataKey, value: ShareGroupMemberMetadataValue },
  ShareGroupMetadata: { key: ShareGroupMetadataKey, value: ShareGroupMetadataValue },
  ShareGroupTargetAssignmentMetadata: {
    key: ShareGroupTargetAssignmentMetadataKey,
    value: ShareGroupTargetAssignmentMetadataValue,
  },
  ShareGroupTargetAssignmentMember: {
    key: ShareGroupTargetAssignmentMemberKey,
    value: ShareGroupTargetAssignmentMemberValue,
  },
  ShareGroupCurrentMemberAssignment: {
    key: ShareGroupCurrentMemberAssignmentKey,
    value: ShareGroupCurrentMemberAssignmentValue,
  },
  ShareGroupStatePartitionMetadata: {
    key: ShareGroupStatePartitionMetadataKey,
    value: ShareGroupStatePartitionMetadataValue,
  },
  ConsumerGroupRegularExpression: {
    key: ConsumerGroupRegularExpressionKey,
    value: ConsumerGroupRegularExpressionValue,
  },
  StreamsGroupMetadata: { key: StreamsGroupMetadataKey, value: StreamsGroupMetadataValue },
  StreamsGroupMemberMetadata: { key: StreamsGroupMemberMetadataKey, value: StreamsGroupMemberMetadataValue },
  StreamsGroupTargetAssignmentMetadata: {
    key: StreamsGroupTargetAssignmentMetadataKey,
    value: StreamsGroupTargetAssignmentMetadataValue,
  },
  StreamsGroupTargetAssignmentMember: {
    key: StreamsGroupTargetAssignmentMemberKey,
    value: StreamsGroupTargetAssignmentMemberValue,
  },
  StreamsGroupCurrentMemberAssignment: {
    key: StreamsGroupCurrentMemberAssignmentKey,
    value: StreamsGroupCurrentMemberAssignmentValue,
  },
  StreamsGroupTopology: { key: StreamsGroupTopologyKey, value: StreamsGroupTopologyValue },
}

/** Records of `__share_group_state`. */
export interface ShareRecordSchemas {
  readonly ShareSnapshot: { readonly key: typeof ShareSnapshotKey; readonly value: typeof ShareSnapshotValue }
  readonly ShareUpdate: { readonly key: typeof ShareUpdateKey; readonly value: typeof ShareUpdateValue }
}

export const shareRecords: ShareRecordSchemas = {
  ShareSnapshot: { key: ShareSnapshotKey, value: ShareSnapshotValue },
  ShareUpdate: { key: ShareUpdateKey, value: ShareUpdateValue },
}

/** Records of `__transaction_state`. */
export interface TransactionRecordSchemas {
  readonly TransactionLog: { readonly key: typeof TransactionLogKey; readonly value: typeof TransactionLogValue }
}

export const transactionRecords: TransactionRecordSchemas = {
  TransactionLog: { key: TransactionLogKey, value: TransactionLogValue },
}

/** A key as it stands in the log; its value is written by `encodeVersioned`. Throws EncodeError. */
export function encodeCoordinatorKey<M extends MessageSchema>(schema: M, key: Input<M>): Uint8Array {
  return writing(false, (writer) => {
    writer.int16(schema.key ?? 0, `${schema.name} type`)
    encodeInto(writer, schema, 0, key)
    return writer.finish()
  })
}

/** Key and value of a record of the log that `schemas` describes, the value at the version it carries. Throws EncodeError. */
export function encodeCoordinatorRecord<Schemas extends { [K in keyof Schemas]: CoordinatorSchema }>(
  schemas: Schemas,
  record: CoordinatorRecord<Schemas>,
): { readonly key: Uint8Array; readonly value: Uint8Array | null } {
  const schema: CoordinatorSchema = schemas[record.type]
  const { value } = record
  return {
    key: encodeCoordinatorKey(schema.key, record.key as Input<MessageSchema>),
    value: value === null ? null : encodeVersioned(schema.value, value.version, value.body as Input<MessageSchema>),
  }
}

/**
 * Reads a record of the log that `schemas` describes. Null for a record type that we do not know: coordinators skip
 * those, as Kafka does, so that a downgrade can read what a newer version wrote. Throws ProtocolError.
 */
export function decodeCoordinatorRecord<Schemas extends { [K in keyof Schemas]: CoordinatorSchema }>(
  schemas: Schemas,
  key: Uint8Array,
  value: Uint8Array | null,
): CoordinatorRecord<Schemas> | null {
  const reader = new Reader(key)
  const known = byType(schemas).get(reader.int16())
  if (known === undefined) return null
  return {
    type: known.name,
    key: decodeFrom(reader, known.schema.key, 0),
    value: value === null ? null : decodeVersioned(known.schema.value, value),
  } as CoordinatorRecord<Schemas>
}

interface KnownType {
  readonly name: string
  readonly schema: CoordinatorSchema
}

const TYPES = new WeakMap<object, ReadonlyMap<number, KnownType>>()

/** Made once for each of the logs: a coordinator that loads reads a hundred thousand records. */
function byType<Schemas extends { [K in keyof Schemas]: CoordinatorSchema }>(
  schemas: Schemas,
): ReadonlyMap<number, KnownType> {
  let types = TYPES.get(schemas)
  if (types === undefined) {
    types = new Map(
      Object.entries<CoordinatorSchema>(schemas).map(([name, schema]) => [schema.key.key ?? 0, { name, schema }]),
    )
    TYPES.set(schemas, types)
  }
  return types
}
