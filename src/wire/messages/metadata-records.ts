// Records of the metadata log.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const RegisterBrokerRecord = {
  name: 'RegisterBrokerRecord',
  key: 0,
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    isMigratingZkBroker: { type: 'bool', versions: '2+' },
    incarnationId: { type: 'uuid', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+' },
    endPoints: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'uint16', versions: '0+' },
        securityProtocol: { type: 'int16', versions: '0+' },
      },
    },
    features: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        minSupportedVersion: { type: 'int16', versions: '0+' },
        maxSupportedVersion: { type: 'int16', versions: '0+' },
      },
    },
    rack: { type: 'string', versions: '0+', nullable: '0+' },
    fenced: { type: 'bool', versions: '0+', default: true },
    inControlledShutdown: { type: 'bool', versions: '1+' },
    logDirs: { type: '[]uuid', versions: '3+', tagged: '3+', tag: 0 },
    cordonedLogDirs: { type: '[]uuid', versions: '4+', nullable: '4+', tagged: '4+', tag: 1, default: null },
  },
} as const
export type RegisterBrokerRecord = Message<typeof RegisterBrokerRecord>

export const UnregisterBrokerRecord = {
  name: 'UnregisterBrokerRecord',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: { brokerId: { type: 'int32', versions: '0+' }, brokerEpoch: { type: 'int64', versions: '0+' } },
} as const
export type UnregisterBrokerRecord = Message<typeof UnregisterBrokerRecord>

export const TopicRecord = {
  name: 'TopicRecord',
  key: 2,
  versions: '0',
  flexible: '0+',
  fields: { name: { type: 'string', versions: '0+' }, topicId: { type: 'uuid', versions: '0+' } },
} as const
export type TopicRecord = Message<typeof TopicRecord>

export const PartitionRecord = {
  name: 'PartitionRecord',
  key: 3,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: { type: 'int32', versions: '0+', default: -1 },
    topicId: { type: 'uuid', versions: '0+' },
    replicas: { type: '[]int32', versions: '0+' },
    isr: { type: '[]int32', versions: '0+' },
    removingReplicas: { type: '[]int32', versions: '0+' },
    addingReplicas: { type: '[]int32', versions: '0+' },
    leader: { type: 'int32', versions: '0+', default: -1 },
    leaderRecoveryState: { type: 'int8', versions: '0+', tagged: '0+', tag: 0 },
    leaderEpoch: { type: 'int32', versions: '0+', default: -1 },
    partitionEpoch: { type: 'int32', versions: '0+', default: -1 },
    directories: { type: '[]uuid', versions: '1+' },
    eligibleLeaderReplicas: { type: '[]int32', versions: '2+', nullable: '2+', tagged: '2+', tag: 1, default: null },
    lastKnownElr: { type: '[]int32', versions: '2+', nullable: '2+', tagged: '2+', tag: 2, default: null },
  },
} as const
export type PartitionRecord = Message<typeof PartitionRecord>

export const ConfigRecord = {
  name: 'ConfigRecord',
  key: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    resourceType: { type: 'int8', versions: '0+' },
    resourceName: { type: 'string', versions: '0+' },
    name: { type: 'string', versions: '0+' },
    value: { type: 'string', versions: '0+', nullable: '0+' },
  },
} as const
export type ConfigRecord = Message<typeof ConfigRecord>

export const PartitionChangeRecord = {
  name: 'PartitionChangeRecord',
  key: 5,
  versions: '0-2',
  flexible: '0+',
  fields: {
    partitionId: { type: 'int32', versions: '0+', default: -1 },
    topicId: { type: 'uuid', versions: '0+' },
    isr: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0, default: null },
    leader: { type: 'int32', versions: '0+', tagged: '0+', tag: 1, default: -2 },
    replicas: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 2, default: null },
    removingReplicas: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 3, default: null },
    addingReplicas: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 4, default: null },
    leaderRecoveryState: { type: 'int8', versions: '0+', tagged: '0+', tag: 5, default: -1 },
    directories: { type: '[]uuid', versions: '1+', nullable: '1+', tagged: '1+', tag: 8, default: null },
    eligibleLeaderReplicas: { type: '[]int32', versions: '2+', nullable: '2+', tagged: '2+', tag: 6, default: null },
    lastKnownElr: { type: '[]int32', versions: '2+', nullable: '2+', tagged: '2+', tag: 7, default: null },
  },
} as const
export type PartitionChangeRecord = Message<typeof PartitionChangeRecord>

export const FenceBrokerRecord = {
  name: 'FenceBrokerRecord',
  key: 7,
  versions: '0',
  flexible: '0+',
  fields: { id: { type: 'int32', versions: '0+' }, epoch: { type: 'int64', versions: '0+' } },
} as const
export type FenceBrokerRecord = Message<typeof FenceBrokerRecord>

export const UnfenceBrokerRecord = {
  name: 'UnfenceBrokerRecord',
  key: 8,
  versions: '0',
  flexible: '0+',
  fields: { id: { type: 'int32', versions: '0+' }, epoch: { type: 'int64', versions: '0+' } },
} as const
export type UnfenceBrokerRecord = Message<typeof UnfenceBrokerRecord>

export const RemoveTopicRecord = {
  name: 'RemoveTopicRecord',
  key: 9,
  versions: '0',
  flexible: '0+',
  fields: { topicId: { type: 'uuid', versions: '0+' } },
} as const
export type RemoveTopicRecord = Message<typeof RemoveTopicRecord>

export const DelegationTokenRecord = {
  name: 'DelegationTokenRecord',
  key: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    owner: { type: 'string', versions: '0+' },
    requester: { type: 'string', versions: '0+' },
    renewers: { type: '[]string', versions: '0+' },
    issueTimestamp: { type: 'int64', versions: '0+' },
    maxTimestamp: { type: 'int64', versions: '0+' },
    expirationTimestamp: { type: 'int64', versions: '0+' },
    tokenId: { type: 'string', versions: '0+' },
  },
} as const
export type DelegationTokenRecord = Message<typeof DelegationTokenRecord>

export const UserScramCredentialRecord = {
  name: 'UserScramCredentialRecord',
  key: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    name: { type: 'string', versions: '0+' },
    mechanism: { type: 'int8', versions: '0+' },
    salt: { type: 'bytes', versions: '0+' },
    storedKey: { type: 'bytes', versions: '0+' },
    serverKey: { type: 'bytes', versions: '0+' },
    iterations: { type: 'int32', versions: '0+' },
  },
} as const
export type UserScramCredentialRecord = Message<typeof UserScramCredentialRecord>

export const FeatureLevelRecord = {
  name: 'FeatureLevelRecord',
  key: 12,
  versions: '0',
  flexible: '0+',
  fields: { name: { type: 'string', versions: '0+' }, featureLevel: { type: 'int16', versions: '0+' } },
} as const
export type FeatureLevelRecord = Message<typeof FeatureLevelRecord>

export const ClientQuotaRecord = {
  name: 'ClientQuotaRecord',
  key: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    entity: {
      type: '[]',
      versions: '0+',
      fields: {
        entityType: { type: 'string', versions: '0+' },
        entityName: { type: 'string', versions: '0+', nullable: '0+' },
      },
    },
    key: { type: 'string', versions: '0+' },
    value: { type: 'float64', versions: '0+' },
    remove: { type: 'bool', versions: '0+' },
  },
} as const
export type ClientQuotaRecord = Message<typeof ClientQuotaRecord>

export const ProducerIdsRecord = {
  name: 'ProducerIdsRecord',
  key: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+', default: -1 },
    nextProducerId: { type: 'int64', versions: '0+' },
  },
} as const
export type ProducerIdsRecord = Message<typeof ProducerIdsRecord>

export const BrokerRegistrationChangeRecord = {
  name: 'BrokerRegistrationChangeRecord',
  key: 17,
  versions: '0-3',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+' },
    fenced: { type: 'int8', versions: '0+', tagged: '0+', tag: 0 },
    inControlledShutdown: { type: 'int8', versions: '1+', tagged: '1+', tag: 1 },
    logDirs: { type: '[]uuid', versions: '2+', tagged: '2+', tag: 2 },
    cordonedLogDirs: { type: '[]uuid', versions: '3+', nullable: '3+', tagged: '3+', tag: 3, default: null },
  },
} as const
export type BrokerRegistrationChangeRecord = Message<typeof BrokerRegistrationChangeRecord>

export const AccessControlEntryRecord = {
  name: 'AccessControlEntryRecord',
  key: 18,
  versions: '0',
  flexible: '0+',
  fields: {
    id: { type: 'uuid', versions: '0+' },
    resourceType: { type: 'int8', versions: '0+' },
    resourceName: { type: 'string', versions: '0+' },
    patternType: { type: 'int8', versions: '0+' },
    principal: { type: 'string', versions: '0+' },
    host: { type: 'string', versions: '0+' },
    operation: { type: 'int8', versions: '0+' },
    permissionType: { type: 'int8', versions: '0+' },
  },
} as const
export type AccessControlEntryRecord = Message<typeof AccessControlEntryRecord>

export const RemoveAccessControlEntryRecord = {
  name: 'RemoveAccessControlEntryRecord',
  key: 19,
  versions: '0',
  flexible: '0+',
  fields: { id: { type: 'uuid', versions: '0+' } },
} as const
export type RemoveAccessControlEntryRecord = Message<typeof RemoveAccessControlEntryRecord>

export const NoOpRecord = { name: 'NoOpRecord', key: 20, versions: '0', flexible: '0+', fields: {} } as const
export type NoOpRecord = Message<typeof NoOpRecord>

export const ZkMigrationStateRecord = {
  name: 'ZkMigrationStateRecord',
  key: 21,
  versions: '0',
  flexible: '0+',
  fields: { zkMigrationState: { type: 'int8', versions: '0+' } },
} as const
export type ZkMigrationStateRecord = Message<typeof ZkMigrationStateRecord>

export const RemoveUserScramCredentialRecord = {
  name: 'RemoveUserScramCredentialRecord',
  key: 22,
  versions: '0',
  flexible: '0+',
  fields: { name: { type: 'string', versions: '0+' }, mechanism: { type: 'int8', versions: '0+' } },
} as const
export type RemoveUserScramCredentialRecord = Message<typeof RemoveUserScramCredentialRecord>

export const BeginTransactionRecord = {
  name: 'BeginTransactionRecord',
  key: 23,
  versions: '0',
  flexible: '0+',
  fields: { name: { type: 'string', versions: '0+', nullable: '0+', tagged: '0+', tag: 0, default: null } },
} as const
export type BeginTransactionRecord = Message<typeof BeginTransactionRecord>

export const EndTransactionRecord = {
  name: 'EndTransactionRecord',
  key: 24,
  versions: '0',
  flexible: '0+',
  fields: {},
} as const
export type EndTransactionRecord = Message<typeof EndTransactionRecord>

export const AbortTransactionRecord = {
  name: 'AbortTransactionRecord',
  key: 25,
  versions: '0',
  flexible: '0+',
  fields: { reason: { type: 'string', versions: '0+', nullable: '0+', tagged: '0+', tag: 0, default: null } },
} as const
export type AbortTransactionRecord = Message<typeof AbortTransactionRecord>

export const RemoveDelegationTokenRecord = {
  name: 'RemoveDelegationTokenRecord',
  key: 26,
  versions: '0',
  flexible: '0+',
  fields: { tokenId: { type: 'string', versions: '0+' } },
} as const
export type RemoveDelegationTokenRecord = Message<typeof RemoveDelegationTokenRecord>

export const RegisterControllerRecord = {
  name: 'RegisterControllerRecord',
  key: 27,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: { type: 'int32', versions: '0+' },
    incarnationId: { type: 'uuid', versions: '0+' },
    zkMigrationReady: { type: 'bool', versions: '0+' },
    endPoints: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'uint16', versions: '0+' },
        securityProtocol: { type: 'int16', versions: '0+' },
      },
    },
    features: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        minSupportedVersion: { type: 'int16', versions: '0+' },
        maxSupportedVersion: { type: 'int16', versions: '0+' },
      },
    },
  },
} as const
export type RegisterControllerRecord = Message<typeof RegisterControllerRecord>

export const ClearElrRecord = {
  name: 'ClearElrRecord',
  key: 28,
  versions: '0',
  flexible: '0+',
  fields: { topicName: { type: 'string', versions: '0+' } },
} as const
export type ClearElrRecord = Message<typeof ClearElrRecord>
