// The door of the small client: `createClient(ports, { bootstrap })`.

/** Producers, consumers of assigned partitions and in groups, admin. */
export { createClient, endpointsOf } from './client.ts'
/** What calls reject with. */
export { ClientError } from './errors.ts'
export type {
  BrokerEndpoint,
  FeatureDescription,
  FeatureUpdate,
  Governance,
  QuotaAlteration,
  QuotaEntity,
  QuotaFilter,
  ServedApi,
} from './governance.ts'
export type {
  CommittedOffset,
  GroupAdmin,
  GroupDescription,
  GroupListing,
  GroupMember,
} from './groups.ts'
/** Kafka's partitioner. */
export { murmur2, partitionOfKey } from './murmur2.ts'
export type { DeletedRecords, LogDirectoryDescription, RecordsToDelete } from './storage.ts'
export type * from './types.ts'
