// Between brokers and the active controller.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const AlterPartitionRequest = {
  name: 'AlterPartitionRequest',
  key: 56,
  versions: '2-3',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+', default: -1 },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '2+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            newIsr: { type: '[]int32', versions: '0-2' },
            newIsrWithEpochs: {
              type: '[]',
              versions: '3+',
              fields: {
                brokerId: { type: 'int32', versions: '3+' },
                brokerEpoch: { type: 'int64', versions: '3+', default: -1 },
              },
            },
            leaderRecoveryState: { type: 'int8', versions: '1+' },
            partitionEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type AlterPartitionRequest = Message<typeof AlterPartitionRequest>

export const AlterPartitionResponse = {
  name: 'AlterPartitionResponse',
  key: 56,
  versions: '2-3',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '2+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            isr: { type: '[]int32', versions: '0+' },
            leaderRecoveryState: { type: 'int8', versions: '1+', ignorable: true },
            partitionEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type AlterPartitionResponse = Message<typeof AlterPartitionResponse>

export const UpdateFeaturesRequest = {
  name: 'UpdateFeaturesRequest',
  key: 57,
  versions: '0-2',
  flexible: '0+',
  fields: {
    timeoutMs: { type: 'int32', versions: '0+', default: 60000 },
    featureUpdates: {
      type: '[]',
      versions: '0+',
      fields: {
        feature: { type: 'string', versions: '0+' },
        maxVersionLevel: { type: 'int16', versions: '0+' },
        allowDowngrade: { type: 'bool', versions: '0' },
        upgradeType: { type: 'int8', versions: '1+', default: 1 },
      },
    },
    validateOnly: { type: 'bool', versions: '1+' },
  },
} as const
export type UpdateFeaturesRequest = Message<typeof UpdateFeaturesRequest>

export const UpdateFeaturesResponse = {
  name: 'UpdateFeaturesResponse',
  key: 57,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    results: {
      type: '[]',
      versions: '0-1',
      ignorable: true,
      fields: {
        feature: { type: 'string', versions: '0+' },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
      },
    },
  },
} as const
export type UpdateFeaturesResponse = Message<typeof UpdateFeaturesResponse>

export const BrokerRegistrationRequest = {
  name: 'BrokerRegistrationRequest',
  key: 62,
  versions: '0-4',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    clusterId: { type: 'string', versions: '0+' },
    incarnationId: { type: 'uuid', versions: '0+' },
    listeners: {
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
    isMigratingZkBroker: { type: 'bool', versions: '1+' },
    logDirs: { type: '[]uuid', versions: '2+', ignorable: true },
    previousBrokerEpoch: { type: 'int64', versions: '3+', default: -1, ignorable: true },
  },
} as const
export type BrokerRegistrationRequest = Message<typeof BrokerRegistrationRequest>

export const BrokerRegistrationResponse = {
  name: 'BrokerRegistrationResponse',
  key: 62,
  versions: '0-4',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+', default: -1 },
  },
} as const
export type BrokerRegistrationResponse = Message<typeof BrokerRegistrationResponse>

export const BrokerHeartbeatRequest = {
  name: 'BrokerHeartbeatRequest',
  key: 63,
  versions: '0-2',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+', default: -1 },
    currentMetadataOffset: { type: 'int64', versions: '0+' },
    wantFence: { type: 'bool', versions: '0+' },
    wantShutDown: { type: 'bool', versions: '0+' },
    offlineLogDirs: { type: '[]uuid', versions: '1+', tagged: '1+', tag: 0 },
    cordonedLogDirs: { type: '[]uuid', versions: '2+', nullable: '2+', tagged: '2+', tag: 1, default: null },
  },
} as const
export type BrokerHeartbeatRequest = Message<typeof BrokerHeartbeatRequest>

export const BrokerHeartbeatResponse = {
  name: 'BrokerHeartbeatResponse',
  key: 63,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    isCaughtUp: { type: 'bool', versions: '0+' },
    isFenced: { type: 'bool', versions: '0+', default: true },
    shouldShutDown: { type: 'bool', versions: '0+' },
  },
} as const
export type BrokerHeartbeatResponse = Message<typeof BrokerHeartbeatResponse>

export const UnregisterBrokerRequest = {
  name: 'UnregisterBrokerRequest',
  key: 64,
  versions: '0',
  flexible: '0+',
  fields: { brokerId: { type: 'int32', versions: '0+' } },
} as const
export type UnregisterBrokerRequest = Message<typeof UnregisterBrokerRequest>

export const UnregisterBrokerResponse = {
  name: 'UnregisterBrokerResponse',
  key: 64,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
  },
} as const
export type UnregisterBrokerResponse = Message<typeof UnregisterBrokerResponse>

export const ControllerRegistrationRequest = {
  name: 'ControllerRegistrationRequest',
  key: 70,
  versions: '0',
  flexible: '0+',
  fields: {
    controllerId: { type: 'int32', versions: '0+' },
    incarnationId: { type: 'uuid', versions: '0+' },
    zkMigrationReady: { type: 'bool', versions: '0+' },
    listeners: {
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
export type ControllerRegistrationRequest = Message<typeof ControllerRegistrationRequest>

export const ControllerRegistrationResponse = {
  name: 'ControllerRegistrationResponse',
  key: 70,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
  },
} as const
export type ControllerRegistrationResponse = Message<typeof ControllerRegistrationResponse>

export const AssignReplicasToDirsRequest = {
  name: 'AssignReplicasToDirsRequest',
  key: 73,
  versions: '0',
  flexible: '0+',
  fields: {
    brokerId: { type: 'int32', versions: '0+' },
    brokerEpoch: { type: 'int64', versions: '0+', default: -1 },
    directories: {
      type: '[]',
      versions: '0+',
      fields: {
        id: { type: 'uuid', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: {
            topicId: { type: 'uuid', versions: '0+' },
            partitions: { type: '[]', versions: '0+', fields: { partitionIndex: { type: 'int32', versions: '0+' } } },
          },
        },
      },
    },
  },
} as const
export type AssignReplicasToDirsRequest = Message<typeof AssignReplicasToDirsRequest>

export const AssignReplicasToDirsResponse = {
  name: 'AssignReplicasToDirsResponse',
  key: 73,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    directories: {
      type: '[]',
      versions: '0+',
      fields: {
        id: { type: 'uuid', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: {
            topicId: { type: 'uuid', versions: '0+' },
            partitions: {
              type: '[]',
              versions: '0+',
              fields: {
                partitionIndex: { type: 'int32', versions: '0+' },
                errorCode: { type: 'int16', versions: '0+' },
              },
            },
          },
        },
      },
    },
  },
} as const
export type AssignReplicasToDirsResponse = Message<typeof AssignReplicasToDirsResponse>
