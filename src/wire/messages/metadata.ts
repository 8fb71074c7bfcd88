// What a client asks first: versions, brokers, topics, telemetry.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const MetadataRequest = {
  name: 'MetadataRequest',
  key: 3,
  versions: '0-13',
  flexible: '9+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      nullable: '1+',
      fields: {
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        name: { type: 'string', versions: '0+', nullable: '10+' },
      },
    },
    allowAutoTopicCreation: { type: 'bool', versions: '4+', default: true },
    includeClusterAuthorizedOperations: { type: 'bool', versions: '8-10' },
    includeTopicAuthorizedOperations: { type: 'bool', versions: '8+' },
  },
} as const
export type MetadataRequest = Message<typeof MetadataRequest>

export const MetadataResponse = {
  name: 'MetadataResponse',
  key: 3,
  versions: '0-13',
  flexible: '9+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    brokers: {
      type: '[]',
      versions: '0+',
      fields: {
        nodeId: { type: 'int32', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'int32', versions: '0+' },
        rack: { type: 'string', versions: '1+', nullable: '1+', default: null, ignorable: true },
      },
    },
    clusterId: { type: 'string', versions: '2+', nullable: '2+', default: null, ignorable: true },
    controllerId: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        name: { type: 'string', versions: '0+', nullable: '12+' },
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        isInternal: { type: 'bool', versions: '1+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            errorCode: { type: 'int16', versions: '0+' },
            partitionIndex: { type: 'int32', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '7+', default: -1, ignorable: true },
            replicaNodes: { type: '[]int32', versions: '0+' },
            isrNodes: { type: '[]int32', versions: '0+' },
            offlineReplicas: { type: '[]int32', versions: '5+', ignorable: true },
          },
        },
        topicAuthorizedOperations: { type: 'int32', versions: '8+', default: -2147483648 },
      },
    },
    clusterAuthorizedOperations: { type: 'int32', versions: '8-10', default: -2147483648 },
    errorCode: { type: 'int16', versions: '13+', ignorable: true },
  },
} as const
export type MetadataResponse = Message<typeof MetadataResponse>

export const ApiVersionsRequest = {
  name: 'ApiVersionsRequest',
  key: 18,
  versions: '0-4',
  flexible: '3+',
  fields: {
    clientSoftwareName: { type: 'string', versions: '3+', ignorable: true },
    clientSoftwareVersion: { type: 'string', versions: '3+', ignorable: true },
  },
} as const
export type ApiVersionsRequest = Message<typeof ApiVersionsRequest>

export const ApiVersionsResponse = {
  name: 'ApiVersionsResponse',
  key: 18,
  versions: '0-4',
  flexible: '3+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    apiKeys: {
      type: '[]',
      versions: '0+',
      fields: {
        apiKey: { type: 'int16', versions: '0+' },
        minVersion: { type: 'int16', versions: '0+' },
        maxVersion: { type: 'int16', versions: '0+' },
      },
    },
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    supportedFeatures: {
      type: '[]',
      versions: '3+',
      tagged: '3+',
      tag: 0,
      ignorable: true,
      fields: {
        name: { type: 'string', versions: '3+' },
        minVersion: { type: 'int16', versions: '3+' },
        maxVersion: { type: 'int16', versions: '3+' },
      },
    },
    finalizedFeaturesEpoch: { type: 'int64', versions: '3+', tagged: '3+', tag: 1, default: -1, ignorable: true },
    finalizedFeatures: {
      type: '[]',
      versions: '3+',
      tagged: '3+',
      tag: 2,
      ignorable: true,
      fields: {
        name: { type: 'string', versions: '3+' },
        maxVersionLevel: { type: 'int16', versions: '3+' },
        minVersionLevel: { type: 'int16', versions: '3+' },
      },
    },
    zkMigrationReady: { type: 'bool', versions: '3+', tagged: '3+', tag: 3, ignorable: true },
  },
} as const
export type ApiVersionsResponse = Message<typeof ApiVersionsResponse>

export const DescribeClusterRequest = {
  name: 'DescribeClusterRequest',
  key: 60,
  versions: '0-2',
  flexible: '0+',
  fields: {
    includeClusterAuthorizedOperations: { type: 'bool', versions: '0+' },
    endpointType: { type: 'int8', versions: '1+', default: 1 },
    includeFencedBrokers: { type: 'bool', versions: '2+' },
  },
} as const
export type DescribeClusterRequest = Message<typeof DescribeClusterRequest>

export const DescribeClusterResponse = {
  name: 'DescribeClusterResponse',
  key: 60,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    endpointType: { type: 'int8', versions: '1+', default: 1 },
    clusterId: { type: 'string', versions: '0+' },
    controllerId: { type: 'int32', versions: '0+', default: -1 },
    brokers: {
      type: '[]',
      versions: '0+',
      fields: {
        brokerId: { type: 'int32', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'int32', versions: '0+' },
        rack: { type: 'string', versions: '0+', nullable: '0+', default: null },
        isFenced: { type: 'bool', versions: '2+' },
      },
    },
    clusterAuthorizedOperations: { type: 'int32', versions: '0+', default: -2147483648 },
  },
} as const
export type DescribeClusterResponse = Message<typeof DescribeClusterResponse>

export const DescribeTopicPartitionsRequest = {
  name: 'DescribeTopicPartitionsRequest',
  key: 75,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: { type: '[]', versions: '0+', fields: { name: { type: 'string', versions: '0+' } } },
    responsePartitionLimit: { type: 'int32', versions: '0+', default: 2000 },
    cursor: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { topicName: { type: 'string', versions: '0+' }, partitionIndex: { type: 'int32', versions: '0+' } },
    },
  },
} as const
export type DescribeTopicPartitionsRequest = Message<typeof DescribeTopicPartitionsRequest>

export const DescribeTopicPartitionsResponse = {
  name: 'DescribeTopicPartitionsResponse',
  key: 75,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        name: { type: 'string', versions: '0+', nullable: '0+' },
        topicId: { type: 'uuid', versions: '0+', ignorable: true },
        isInternal: { type: 'bool', versions: '0+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            errorCode: { type: 'int16', versions: '0+' },
            partitionIndex: { type: 'int32', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+', default: -1, ignorable: true },
            replicaNodes: { type: '[]int32', versions: '0+' },
            isrNodes: { type: '[]int32', versions: '0+' },
            eligibleLeaderReplicas: { type: '[]int32', versions: '0+', nullable: '0+', default: null },
            lastKnownElr: { type: '[]int32', versions: '0+', nullable: '0+', default: null },
            offlineReplicas: { type: '[]int32', versions: '0+', ignorable: true },
          },
        },
        topicAuthorizedOperations: { type: 'int32', versions: '0+', default: -2147483648 },
      },
    },
    nextCursor: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { topicName: { type: 'string', versions: '0+' }, partitionIndex: { type: 'int32', versions: '0+' } },
    },
  },
} as const
export type DescribeTopicPartitionsResponse = Message<typeof DescribeTopicPartitionsResponse>

export const GetTelemetrySubscriptionsRequest = {
  name: 'GetTelemetrySubscriptionsRequest',
  key: 71,
  versions: '0',
  flexible: '0+',
  fields: { clientInstanceId: { type: 'uuid', versions: '0+' } },
} as const
export type GetTelemetrySubscriptionsRequest = Message<typeof GetTelemetrySubscriptionsRequest>

export const GetTelemetrySubscriptionsResponse = {
  name: 'GetTelemetrySubscriptionsResponse',
  key: 71,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    clientInstanceId: { type: 'uuid', versions: '0+' },
    subscriptionId: { type: 'int32', versions: '0+' },
    acceptedCompressionTypes: { type: '[]int8', versions: '0+' },
    pushIntervalMs: { type: 'int32', versions: '0+' },
    telemetryMaxBytes: { type: 'int32', versions: '0+' },
    deltaTemporality: { type: 'bool', versions: '0+' },
    requestedMetrics: { type: '[]string', versions: '0+' },
  },
} as const
export type GetTelemetrySubscriptionsResponse = Message<typeof GetTelemetrySubscriptionsResponse>

export const PushTelemetryRequest = {
  name: 'PushTelemetryRequest',
  key: 72,
  versions: '0',
  flexible: '0+',
  fields: {
    clientInstanceId: { type: 'uuid', versions: '0+' },
    subscriptionId: { type: 'int32', versions: '0+' },
    terminating: { type: 'bool', versions: '0+' },
    compressionType: { type: 'int8', versions: '0+' },
    metrics: { type: 'bytes', versions: '0+' },
  },
} as const
export type PushTelemetryRequest = Message<typeof PushTelemetryRequest>

export const PushTelemetryResponse = {
  name: 'PushTelemetryResponse',
  key: 72,
  versions: '0',
  flexible: '0+',
  fields: { throttleTimeMs: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
} as const
export type PushTelemetryResponse = Message<typeof PushTelemetryResponse>
