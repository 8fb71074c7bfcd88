// Every message literal by its name, for tools that read names: golden vectors, dumps, traces.

import * as admin from './messages/admin.ts'
import * as cluster from './messages/cluster.ts'
import * as controlRecords from './messages/control-records.ts'
import * as data from './messages/data.ts'
import * as groupRecords from './messages/group-records.ts'
import * as groups from './messages/groups.ts'
import * as headers from './messages/headers.ts'
import * as metadata from './messages/metadata.ts'
import * as metadataRecords from './messages/metadata-records.ts'
import * as quorum from './messages/quorum.ts'
import * as security from './messages/security.ts'
import * as share from './messages/share.ts'
import * as shareRecords from './messages/share-records.ts'
import * as storage from './messages/storage.ts'
import * as streams from './messages/streams.ts'
import * as streamsRecords from './messages/streams-records.ts'
import * as transactionRecords from './messages/transaction-records.ts'
import * as transactions from './messages/transactions.ts'
import type { MessageSchema } from './types.ts'

const AREAS: readonly { readonly [name: string]: MessageSchema }[] = [
  data,
  metadata,
  admin,
  groups,
  streams,
  share,
  transactions,
  security,
  quorum,
  cluster,
  headers,
  controlRecords,
  metadataRecords,
  groupRecords,
  streamsRecords,
  shareRecords,
  transactionRecords,
  storage,
]

const BY_NAME: ReadonlyMap<string, MessageSchema> = new Map(
  AREAS.flatMap((area) => Object.values(area)).map((schema) => [schema.name, schema]),
)

export function schemaByName(name: string): MessageSchema | undefined {
  return BY_NAME.get(name)
}

export function allSchemas(): readonly MessageSchema[] {
  return [...BY_NAME.values()]
}
