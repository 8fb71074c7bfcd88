// Topics, partitions, configurations, log directories, quotas.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const CreateTopicsRequest = {
  name: 'CreateTopicsRequest',
  key: 19,
  versions: '2-7',
  flexible: '5+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        numPartitions: { type: 'int32', versions: '0+' },
        replicationFactor: { type: 'int16', versions: '0+' },
        assignments: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, brokerIds: { type: '[]int32', versions: '0+' } },
        },
        configs: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            value: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
    timeoutMs: { type: 'int32', versions: '0+', default: 60000 },
    validateOnly: { type: 'bool', versions: '1+' },
  },
} as const
export type CreateTopicsRequest = Message<typeof CreateTopicsRequest>

export const CreateTopicsResponse = {
  name: 'CreateTopicsResponse',
  key: 19,
  versions: '2-7',
  flexible: '5+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        topicId: { type: 'uuid', versions: '7+', ignorable: true },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '1+', nullable: '0+', ignorable: true },
        topicConfigErrorCode: { type: 'int16', versions: '5+', tagged: '5+', tag: 0, ignorable: true },
        numPartitions: { type: 'int32', versions: '5+', default: -1, ignorable: true },
        replicationFactor: { type: 'int16', versions: '5+', default: -1, ignorable: true },
        configs: {
          type: '[]',
          versions: '5+',
          nullable: '5+',
          ignorable: true,
          fields: {
            name: { type: 'string', versions: '5+' },
            value: { type: 'string', versions: '5+', nullable: '5+' },
            readOnly: { type: 'bool', versions: '5+' },
            configSource: { type: 'int8', versions: '5+', default: -1, ignorable: true },
            isSensitive: { type: 'bool', versions: '5+' },
          },
        },
      },
    },
  },
} as const
export type CreateTopicsResponse = Message<typeof CreateTopicsResponse>

export const DeleteTopicsRequest = {
  name: 'DeleteTopicsRequest',
  key: 20,
  versions: '1-6',
  flexible: '4+',
  fields: {
    topics: {
      type: '[]',
      versions: '6+',
      fields: {
        name: { type: 'string', versions: '6+', nullable: '6+', default: null },
        topicId: { type: 'uuid', versions: '6+' },
      },
    },
    topicNames: { type: '[]string', versions: '0-5', ignorable: true },
    timeoutMs: { type: 'int32', versions: '0+' },
  },
} as const
export type DeleteTopicsRequest = Message<typeof DeleteTopicsRequest>

export const DeleteTopicsResponse = {
  name: 'DeleteTopicsResponse',
  key: 20,
  versions: '1-6',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+', nullable: '6+' },
        topicId: { type: 'uuid', versions: '6+', ignorable: true },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
      },
    },
  },
} as const
export type DeleteTopicsResponse = Message<typeof DeleteTopicsResponse>

export const DescribeConfigsRequest = {
  name: 'DescribeConfigsRequest',
  key: 32,
  versions: '1-4',
  flexible: '4+',
  fields: {
    resources: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        configurationKeys: { type: '[]string', versions: '0+', nullable: '0+' },
      },
    },
    includeSynonyms: { type: 'bool', versions: '1+' },
    includeDocumentation: { type: 'bool', versions: '3+' },
  },
} as const
export type DescribeConfigsRequest = Message<typeof DescribeConfigsRequest>

export const DescribeConfigsResponse = {
  name: 'DescribeConfigsResponse',
  key: 32,
  versions: '1-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        configs: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            value: { type: 'string', versions: '0+', nullable: '0+' },
            readOnly: { type: 'bool', versions: '0+' },
            configSource: { type: 'int8', versions: '1+', default: -1, ignorable: true },
            isSensitive: { type: 'bool', versions: '0+' },
            synonyms: {
              type: '[]',
              versions: '1+',
              ignorable: true,
              fields: {
                name: { type: 'string', versions: '1+' },
                value: { type: 'string', versions: '1+', nullable: '0+' },
                source: { type: 'int8', versions: '1+' },
              },
            },
            configType: { type: 'int8', versions: '3+', ignorable: true },
            documentation: { type: 'string', versions: '3+', nullable: '0+', ignorable: true },
          },
        },
      },
    },
  },
} as const
export type DescribeConfigsResponse = Message<typeof DescribeConfigsResponse>

export const AlterConfigsRequest = {
  name: 'AlterConfigsRequest',
  key: 33,
  versions: '0-2',
  flexible: '2+',
  fields: {
    resources: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        configs: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            value: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
    validateOnly: { type: 'bool', versions: '0+' },
  },
} as const
export type AlterConfigsRequest = Message<typeof AlterConfigsRequest>

export const AlterConfigsResponse = {
  name: 'AlterConfigsResponse',
  key: 33,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
      },
    },
  },
} as const
export type AlterConfigsResponse = Message<typeof AlterConfigsResponse>

export const AlterReplicaLogDirsRequest = {
  name: 'AlterReplicaLogDirsRequest',
  key: 34,
  versions: '1-2',
  flexible: '2+',
  fields: {
    dirs: {
      type: '[]',
      versions: '0+',
      fields: {
        path: { type: 'string', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: { name: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type AlterReplicaLogDirsRequest = Message<typeof AlterReplicaLogDirsRequest>

export const AlterReplicaLogDirsResponse = {
  name: 'AlterReplicaLogDirsResponse',
  key: 34,
  versions: '1-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
        },
      },
    },
  },
} as const
export type AlterReplicaLogDirsResponse = Message<typeof AlterReplicaLogDirsResponse>

export const DescribeLogDirsRequest = {
  name: 'DescribeLogDirsRequest',
  key: 35,
  versions: '1-5',
  flexible: '2+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type DescribeLogDirsRequest = Message<typeof DescribeLogDirsRequest>

export const DescribeLogDirsResponse = {
  name: 'DescribeLogDirsResponse',
  key: 35,
  versions: '1-5',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '3+', ignorable: true },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        logDir: { type: 'string', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            partitions: {
              type: '[]',
              versions: '0+',
              fields: {
                partitionIndex: { type: 'int32', versions: '0+' },
                partitionSize: { type: 'int64', versions: '0+' },
                offsetLag: { type: 'int64', versions: '0+' },
                isFutureKey: { type: 'bool', versions: '0+' },
              },
            },
          },
        },
        totalBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
        usableBytes: { type: 'int64', versions: '4+', default: -1, ignorable: true },
        isCordoned: { type: 'bool', versions: '5+', ignorable: true },
      },
    },
  },
} as const
export type DescribeLogDirsResponse = Message<typeof DescribeLogDirsResponse>

export const CreatePartitionsRequest = {
  name: 'CreatePartitionsRequest',
  key: 37,
  versions: '0-3',
  flexible: '2+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        count: { type: 'int32', versions: '0+' },
        assignments: {
          type: '[]',
          versions: '0+',
          nullable: '0+',
          fields: { brokerIds: { type: '[]int32', versions: '0+' } },
        },
      },
    },
    timeoutMs: { type: 'int32', versions: '0+' },
    validateOnly: { type: 'bool', versions: '0+' },
  },
} as const
export type CreatePartitionsRequest = Message<typeof CreatePartitionsRequest>

export const CreatePartitionsResponse = {
  name: 'CreatePartitionsResponse',
  key: 37,
  versions: '0-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
      },
    },
  },
} as const
export type CreatePartitionsResponse = Message<typeof CreatePartitionsResponse>

export const ElectLeadersRequest = {
  name: 'ElectLeadersRequest',
  key: 43,
  versions: '0-2',
  flexible: '2+',
  fields: {
    electionType: { type: 'int8', versions: '1+' },
    topicPartitions: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    timeoutMs: { type: 'int32', versions: '0+', default: 60000 },
  },
} as const
export type ElectLeadersRequest = Message<typeof ElectLeadersRequest>

export const ElectLeadersResponse = {
  name: 'ElectLeadersResponse',
  key: 43,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '1+' },
    replicaElectionResults: {
      type: '[]',
      versions: '0+',
      fields: {
        topic: { type: 'string', versions: '0+' },
        partitionResult: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionId: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type ElectLeadersResponse = Message<typeof ElectLeadersResponse>

export const IncrementalAlterConfigsRequest = {
  name: 'IncrementalAlterConfigsRequest',
  key: 44,
  versions: '0-1',
  flexible: '1+',
  fields: {
    resources: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        configs: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            configOperation: { type: 'int8', versions: '0+' },
            value: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
    validateOnly: { type: 'bool', versions: '0+' },
  },
} as const
export type IncrementalAlterConfigsRequest = Message<typeof IncrementalAlterConfigsRequest>

export const IncrementalAlterConfigsResponse = {
  name: 'IncrementalAlterConfigsResponse',
  key: 44,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
      },
    },
  },
} as const
export type IncrementalAlterConfigsResponse = Message<typeof IncrementalAlterConfigsResponse>

export const AlterPartitionReassignmentsRequest = {
  name: 'AlterPartitionReassignmentsRequest',
  key: 45,
  versions: '0-1',
  flexible: '0+',
  fields: {
    timeoutMs: { type: 'int32', versions: '0+', default: 60000 },
    allowReplicationFactorChange: { type: 'bool', versions: '1+', default: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            replicas: { type: '[]int32', versions: '0+', nullable: '0+', default: null },
          },
        },
      },
    },
  },
} as const
export type AlterPartitionReassignmentsRequest = Message<typeof AlterPartitionReassignmentsRequest>

export const AlterPartitionReassignmentsResponse = {
  name: 'AlterPartitionReassignmentsResponse',
  key: 45,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    allowReplicationFactorChange: { type: 'bool', versions: '1+', default: true, ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type AlterPartitionReassignmentsResponse = Message<typeof AlterPartitionReassignmentsResponse>

export const ListPartitionReassignmentsRequest = {
  name: 'ListPartitionReassignmentsRequest',
  key: 46,
  versions: '0',
  flexible: '0+',
  fields: {
    timeoutMs: { type: 'int32', versions: '0+', default: 60000 },
    topics: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { name: { type: 'string', versions: '0+' }, partitionIndexes: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type ListPartitionReassignmentsRequest = Message<typeof ListPartitionReassignmentsRequest>

export const ListPartitionReassignmentsResponse = {
  name: 'ListPartitionReassignmentsResponse',
  key: 46,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            replicas: { type: '[]int32', versions: '0+' },
            addingReplicas: { type: '[]int32', versions: '0+' },
            removingReplicas: { type: '[]int32', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type ListPartitionReassignmentsResponse = Message<typeof ListPartitionReassignmentsResponse>

export const DescribeClientQuotasRequest = {
  name: 'DescribeClientQuotasRequest',
  key: 48,
  versions: '0-1',
  flexible: '1+',
  fields: {
    components: {
      type: '[]',
      versions: '0+',
      fields: {
        entityType: { type: 'string', versions: '0+' },
        matchType: { type: 'int8', versions: '0+' },
        match: { type: 'string', versions: '0+', nullable: '0+' },
      },
    },
    strict: { type: 'bool', versions: '0+' },
  },
} as const
export type DescribeClientQuotasRequest = Message<typeof DescribeClientQuotasRequest>

export const DescribeClientQuotasResponse = {
  name: 'DescribeClientQuotasResponse',
  key: 48,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    entries: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: {
        entity: {
          type: '[]',
          versions: '0+',
          fields: {
            entityType: { type: 'string', versions: '0+' },
            entityName: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
        values: {
          type: '[]',
          versions: '0+',
          fields: { key: { type: 'string', versions: '0+' }, value: { type: 'float64', versions: '0+' } },
        },
      },
    },
  },
} as const
export type DescribeClientQuotasResponse = Message<typeof DescribeClientQuotasResponse>

export const AlterClientQuotasRequest = {
  name: 'AlterClientQuotasRequest',
  key: 49,
  versions: '0-1',
  flexible: '1+',
  fields: {
    entries: {
      type: '[]',
      versions: '0+',
      fields: {
        entity: {
          type: '[]',
          versions: '0+',
          fields: {
            entityType: { type: 'string', versions: '0+' },
            entityName: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
        ops: {
          type: '[]',
          versions: '0+',
          fields: {
            key: { type: 'string', versions: '0+' },
            value: { type: 'float64', versions: '0+' },
            remove: { type: 'bool', versions: '0+' },
          },
        },
      },
    },
    validateOnly: { type: 'bool', versions: '0+' },
  },
} as const
export type AlterClientQuotasRequest = Message<typeof AlterClientQuotasRequest>

export const AlterClientQuotasResponse = {
  name: 'AlterClientQuotasResponse',
  key: 49,
  versions: '0-1',
  flexible: '1+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    entries: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        entity: {
          type: '[]',
          versions: '0+',
          fields: {
            entityType: { type: 'string', versions: '0+' },
            entityName: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type AlterClientQuotasResponse = Message<typeof AlterClientQuotasResponse>

export const ListConfigResourcesRequest = {
  name: 'ListConfigResourcesRequest',
  key: 74,
  versions: '0-1',
  flexible: '0+',
  fields: { resourceTypes: { type: '[]int8', versions: '1+' } },
} as const
export type ListConfigResourcesRequest = Message<typeof ListConfigResourcesRequest>

export const ListConfigResourcesResponse = {
  name: 'ListConfigResourcesResponse',
  key: 74,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    configResources: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceName: { type: 'string', versions: '0+' },
        resourceType: { type: 'int8', versions: '1+', default: 16, ignorable: true },
      },
    },
  },
} as const
export type ListConfigResourcesResponse = Message<typeof ListConfigResourcesResponse>
