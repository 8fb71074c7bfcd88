// Records of control batches: a key (version, type) and a value. The values of the quorum's records carry their version
// as their own first field; the transaction marker has it before the message. Both look the same on disk: int16 first.

import { decode, encode } from './codec.ts'
import {
  ControlRecordTypeSchema,
  EndTxnMarker,
  KRaftVersionRecord,
  LeaderChangeMessage,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
} from './messages/control-records.ts'
import { Reader } from './reader.ts'
import type { Input, Message, MessageSchema } from './types.ts'
import { decodeVersioned, encodeVersioned } from './versioned.ts'

interface ControlRow {
  readonly type: number
  readonly schema: MessageSchema
}

/** Kafka's control record types by name. */
export interface ControlRecordSchemas {
  readonly ABORT: { readonly type: 0; readonly schema: typeof EndTxnMarker }
  readonly COMMIT: { readonly type: 1; readonly schema: typeof EndTxnMarker }
  readonly LEADER_CHANGE: { readonly type: 2; readonly schema: typeof LeaderChangeMessage }
  readonly SNAPSHOT_HEADER: { readonly type: 3; readonly schema: typeof SnapshotHeaderRecord }
  readonly SNAPSHOT_FOOTER: { readonly type: 4; readonly schema: typeof SnapshotFooterRecord }
  readonly KRAFT_VERSION: { readonly type: 5; readonly schema: typeof KRaftVersionRecord }
  readonly KRAFT_VOTERS: { readonly type: 6; readonly schema: typeof VotersRecord }
}

export const controlRecords: ControlRecordSchemas = {
  ABORT: { type: 0, schema: EndTxnMarker },
  COMMIT: { type: 1, schema: EndTxnMarker },
  LEADER_CHANGE: { type: 2, schema: LeaderChangeMessage },
  SNAPSHOT_HEADER: { type: 3, schema: SnapshotHeaderRecord },
  SNAPSHOT_FOOTER: { type: 4, schema: SnapshotFooterRecord },
  KRAFT_VERSION: { type: 5, schema: KRaftVersionRecord },
  KRAFT_VOTERS: { type: 6, schema: VotersRecord },
}

type ControlRecordType = keyof ControlRecordSchemas

/** `value.version` of the quorum's records is set from `version` when written. */
export type ControlRecord = {
  [K in ControlRecordType]: {
    readonly type: K
    readonly version: number
    readonly value: Message<ControlRecordSchemas[K]['schema']>
  }
}[ControlRecordType]

export type ControlRecordInput = {
  [K in ControlRecordType]: {
    readonly type: K
    readonly version: number
    readonly value: Input<ControlRecordSchemas[K]['schema']>
  }
}[ControlRecordType]

/** Key and value of one record of a control batch. Throws EncodeError. */
export function encodeControlRecord(record: ControlRecordInput): {
  readonly key: Uint8Array
  readonly value: Uint8Array
} {
  const { type, schema }: ControlRow = controlRecords[record.type]
  const value = carriesVersion(schema)
    ? encode(schema, record.version, { ...record.value, version: record.version } as Input<MessageSchema>)
    : encodeVersioned(schema, record.version, record.value)
  return { key: encodeVersioned(ControlRecordTypeSchema, 0, { type }), value }
}

/** Null for a type that we do not know, which readers skip as Kafka's do. Throws ProtocolError. */
export function decodeControlRecord(key: Uint8Array, value: Uint8Array): ControlRecord | null {
  // Kafka reads the type of a key of any version: later versions may only append.
  const reader = new Reader(key)
  reader.int16()
  const number = reader.int16()
  for (const [type, row] of Object.entries(controlRecords) as [ControlRecordType, ControlRow][]) {
    if (row.type !== number) continue
    if (!carriesVersion(row.schema)) {
      const { version, body } = decodeVersioned(row.schema, value)
      return { type, version, value: body } as ControlRecord
    }
    const version = new Reader(value).int16()
    return { type, version, value: decode(row.schema, version, value) } as ControlRecord
  }
  return null
}

function carriesVersion(schema: MessageSchema): boolean {
  return schema.fields.version !== undefined
}
