// Share groups (KIP-932).
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const ShareGroupHeartbeatRequest = {
  name: 'ShareGroupHeartbeatRequest',
  key: 76,
  versions: '1',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    memberId: { type: 'string', versions: '0+' },
    memberEpoch: { type: 'int32', versions: '0+' },
    rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    subscribedTopicNames: { type: '[]string', versions: '0+', nullable: '0+', default: null },
  },
} as const
export type ShareGroupHeartbeatRequest = Message<typeof ShareGroupHeartbeatRequest>

export const ShareGroupHeartbeatResponse = {
  name: 'ShareGroupHeartbeatResponse',
  key: 76,
  versions: '1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    memberId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    memberEpoch: { type: 'int32', versions: '0+' },
    heartbeatIntervalMs: { type: 'int32', versions: '0+' },
    assignment: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: {
        topicPartitions: {
          type: '[]',
          versions: '0+',
          fields: { topicId: { type: 'uuid', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type ShareGroupHeartbeatResponse = Message<typeof ShareGroupHeartbeatResponse>

export const ShareGroupDescribeRequest = {
  name: 'ShareGroupDescribeRequest',
  key: 77,
  versions: '1',
  flexible: '0+',
  fields: {
    groupIds: { type: '[]string', versions: '0+' },
    includeAuthorizedOperations: { type: 'bool', versions: '0+' },
  },
} as const
export type ShareGroupDescribeRequest = Message<typeof ShareGroupDescribeRequest>

export const ShareGroupDescribeResponse = {
  name: 'ShareGroupDescribeResponse',
  key: 77,
  versions: '1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    groups: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
        groupId: { type: 'string', versions: '0+' },
        groupState: { type: 'string', versions: '0+' },
        groupEpoch: { type: 'int32', versions: '0+' },
        assignmentEpoch: { type: 'int32', versions: '0+' },
        assignorName: { type: 'string', versions: '0+' },
        members: {
          type: '[]',
          versions: '0+',
          fields: {
            memberId: { type: 'string', versions: '0+' },
            rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
            memberEpoch: { type: 'int32', versions: '0+' },
            clientId: { type: 'string', versions: '0+' },
            clientHost: { type: 'string', versions: '0+' },
            subscribedTopicNames: { type: '[]string', versions: '0+' },
            assignment: {
              type: 'struct',
              versions: '0+',
              fields: {
                topicPartitions: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    topicId: { type: 'uuid', versions: '0+' },
                    topicName: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
              },
            },
          },
        },
        authorizedOperations: { type: 'int32', versions: '0+', default: -2147483648 },
      },
    },
  },
} as const
export type ShareGroupDescribeResponse = Message<typeof ShareGroupDescribeResponse>

export const ShareFetchRequest = {
  name: 'ShareFetchRequest',
  key: 78,
  versions: '1-2',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    memberId: { type: 'string', versions: '0+', nullable: '0+' },
    shareSessionEpoch: { type: 'int32', versions: '0+' },
    maxWaitMs: { type: 'int32', versions: '0+' },
    minBytes: { type: 'int32', versions: '0+' },
    maxBytes: { type: 'int32', versions: '0+', default: 2147483647 },
    maxRecords: { type: 'int32', versions: '1+' },
    batchSize: { type: 'int32', versions: '1+' },
    shareAcquireMode: { type: 'int8', versions: '2+', ignorable: true },
    isRenewAck: { type: 'bool', versions: '2+' },
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
            acknowledgementBatches: {
              type: '[]',
              versions: '0+',
              fields: {
                firstOffset: { type: 'int64', versions: '0+' },
                lastOffset: { type: 'int64', versions: '0+' },
                acknowledgeTypes: { type: '[]int8', versions: '0+' },
              },
            },
          },
        },
      },
    },
    forgottenTopicsData: {
      type: '[]',
      versions: '0+',
      fields: { topicId: { type: 'uuid', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type ShareFetchRequest = Message<typeof ShareFetchRequest>

export const ShareFetchResponse = {
  name: 'ShareFetchResponse',
  key: 78,
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    acquisitionLockTimeoutMs: { type: 'int32', versions: '1+' },
    responses: {
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
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            acknowledgeErrorCode: { type: 'int16', versions: '0+' },
            acknowledgeErrorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            currentLeader: {
              type: 'struct',
              versions: '0+',
              fields: { leaderId: { type: 'int32', versions: '0+' }, leaderEpoch: { type: 'int32', versions: '0+' } },
            },
            records: { type: 'records', versions: '0+' },
            acquiredRecords: {
              type: '[]',
              versions: '0+',
              fields: {
                firstOffset: { type: 'int64', versions: '0+' },
                lastOffset: { type: 'int64', versions: '0+' },
                deliveryCount: { type: 'int16', versions: '0+' },
              },
            },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '0+',
      fields: {
        nodeId: { type: 'int32', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'int32', versions: '0+' },
        rack: { type: 'string', versions: '0+', nullable: '0+', default: null },
      },
    },
  },
} as const
export type ShareFetchResponse = Message<typeof ShareFetchResponse>

export const ShareAcknowledgeRequest = {
  name: 'ShareAcknowledgeRequest',
  key: 79,
  versions: '1-2',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    memberId: { type: 'string', versions: '0+', nullable: '0+' },
    shareSessionEpoch: { type: 'int32', versions: '0+' },
    isRenewAck: { type: 'bool', versions: '2+' },
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
            acknowledgementBatches: {
              type: '[]',
              versions: '0+',
              fields: {
                firstOffset: { type: 'int64', versions: '0+' },
                lastOffset: { type: 'int64', versions: '0+' },
                acknowledgeTypes: { type: '[]int8', versions: '0+' },
              },
            },
          },
        },
      },
    },
  },
} as const
export type ShareAcknowledgeRequest = Message<typeof ShareAcknowledgeRequest>

export const ShareAcknowledgeResponse = {
  name: 'ShareAcknowledgeResponse',
  key: 79,
  versions: '1-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    acquisitionLockTimeoutMs: { type: 'int32', versions: '2+', ignorable: true },
    responses: {
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
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            currentLeader: {
              type: 'struct',
              versions: '0+',
              fields: { leaderId: { type: 'int32', versions: '0+' }, leaderEpoch: { type: 'int32', versions: '0+' } },
            },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '0+',
      fields: {
        nodeId: { type: 'int32', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'int32', versions: '0+' },
        rack: { type: 'string', versions: '0+', nullable: '0+', default: null },
      },
    },
  },
} as const
export type ShareAcknowledgeResponse = Message<typeof ShareAcknowledgeResponse>

export const InitializeShareGroupStateRequest = {
  name: 'InitializeShareGroupStateRequest',
  key: 83,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            stateEpoch: { type: 'int32', versions: '0+' },
            startOffset: { type: 'int64', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type InitializeShareGroupStateRequest = Message<typeof InitializeShareGroupStateRequest>

export const InitializeShareGroupStateResponse = {
  name: 'InitializeShareGroupStateResponse',
  key: 83,
  versions: '0',
  flexible: '0+',
  fields: {
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
          },
        },
      },
    },
  },
} as const
export type InitializeShareGroupStateResponse = Message<typeof InitializeShareGroupStateResponse>

export const ReadShareGroupStateRequest = {
  name: 'ReadShareGroupStateRequest',
  key: 84,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partition: { type: 'int32', versions: '0+' }, leaderEpoch: { type: 'int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type ReadShareGroupStateRequest = Message<typeof ReadShareGroupStateRequest>

export const ReadShareGroupStateResponse = {
  name: 'ReadShareGroupStateResponse',
  key: 84,
  versions: '0',
  flexible: '0+',
  fields: {
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            stateEpoch: { type: 'int32', versions: '0+' },
            startOffset: { type: 'int64', versions: '0+' },
            stateBatches: {
              type: '[]',
              versions: '0+',
              fields: {
                firstOffset: { type: 'int64', versions: '0+' },
                lastOffset: { type: 'int64', versions: '0+' },
                deliveryState: { type: 'int8', versions: '0+' },
                deliveryCount: { type: 'int16', versions: '0+' },
              },
            },
          },
        },
      },
    },
  },
} as const
export type ReadShareGroupStateResponse = Message<typeof ReadShareGroupStateResponse>

export const WriteShareGroupStateRequest = {
  name: 'WriteShareGroupStateRequest',
  key: 85,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            stateEpoch: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            startOffset: { type: 'int64', versions: '0+' },
            deliveryCompleteCount: { type: 'int32', versions: '1+', default: -1, ignorable: true },
            stateBatches: {
              type: '[]',
              versions: '0+',
              fields: {
                firstOffset: { type: 'int64', versions: '0+' },
                lastOffset: { type: 'int64', versions: '0+' },
                deliveryState: { type: 'int8', versions: '0+' },
                deliveryCount: { type: 'int16', versions: '0+' },
              },
            },
          },
        },
      },
    },
  },
} as const
export type WriteShareGroupStateRequest = Message<typeof WriteShareGroupStateRequest>

export const WriteShareGroupStateResponse = {
  name: 'WriteShareGroupStateResponse',
  key: 85,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
          },
        },
      },
    },
  },
} as const
export type WriteShareGroupStateResponse = Message<typeof WriteShareGroupStateResponse>

export const DeleteShareGroupStateRequest = {
  name: 'DeleteShareGroupStateRequest',
  key: 86,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: { type: '[]', versions: '0+', fields: { partition: { type: 'int32', versions: '0+' } } },
      },
    },
  },
} as const
export type DeleteShareGroupStateRequest = Message<typeof DeleteShareGroupStateRequest>

export const DeleteShareGroupStateResponse = {
  name: 'DeleteShareGroupStateResponse',
  key: 86,
  versions: '0',
  flexible: '0+',
  fields: {
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
          },
        },
      },
    },
  },
} as const
export type DeleteShareGroupStateResponse = Message<typeof DeleteShareGroupStateResponse>

export const ReadShareGroupStateSummaryRequest = {
  name: 'ReadShareGroupStateSummaryRequest',
  key: 87,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partition: { type: 'int32', versions: '0+' }, leaderEpoch: { type: 'int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type ReadShareGroupStateSummaryRequest = Message<typeof ReadShareGroupStateSummaryRequest>

export const ReadShareGroupStateSummaryResponse = {
  name: 'ReadShareGroupStateSummaryResponse',
  key: 87,
  versions: '0-1',
  flexible: '0+',
  fields: {
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            stateEpoch: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            startOffset: { type: 'int64', versions: '0+' },
            deliveryCompleteCount: { type: 'int32', versions: '1+', default: -1, ignorable: true },
          },
        },
      },
    },
  },
} as const
export type ReadShareGroupStateSummaryResponse = Message<typeof ReadShareGroupStateSummaryResponse>

export const DescribeShareGroupOffsetsRequest = {
  name: 'DescribeShareGroupOffsetsRequest',
  key: 90,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groups: {
      type: '[]',
      versions: '0+',
      fields: {
        groupId: { type: 'string', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          nullable: '0+',
          fields: { topicName: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type DescribeShareGroupOffsetsRequest = Message<typeof DescribeShareGroupOffsetsRequest>

export const DescribeShareGroupOffsetsResponse = {
  name: 'DescribeShareGroupOffsetsResponse',
  key: 90,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    groups: {
      type: '[]',
      versions: '0+',
      fields: {
        groupId: { type: 'string', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: {
            topicName: { type: 'string', versions: '0+' },
            topicId: { type: 'uuid', versions: '0+' },
            partitions: {
              type: '[]',
              versions: '0+',
              fields: {
                partitionIndex: { type: 'int32', versions: '0+' },
                startOffset: { type: 'int64', versions: '0+' },
                leaderEpoch: { type: 'int32', versions: '0+' },
                lag: { type: 'int64', versions: '1+', default: -1, ignorable: true },
                errorCode: { type: 'int16', versions: '0+' },
                errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
              },
            },
          },
        },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
      },
    },
  },
} as const
export type DescribeShareGroupOffsetsResponse = Message<typeof DescribeShareGroupOffsetsResponse>

export const AlterShareGroupOffsetsRequest = {
  name: 'AlterShareGroupOffsetsRequest',
  key: 91,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, startOffset: { type: 'int64', versions: '0+' } },
        },
      },
    },
  },
} as const
export type AlterShareGroupOffsetsRequest = Message<typeof AlterShareGroupOffsetsRequest>

export const AlterShareGroupOffsetsResponse = {
  name: 'AlterShareGroupOffsetsResponse',
  key: 91,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        topicId: { type: 'uuid', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
          },
        },
      },
    },
  },
} as const
export type AlterShareGroupOffsetsResponse = Message<typeof AlterShareGroupOffsetsResponse>

export const DeleteShareGroupOffsetsRequest = {
  name: 'DeleteShareGroupOffsetsRequest',
  key: 92,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: { type: '[]', versions: '0+', fields: { topicName: { type: 'string', versions: '0+' } } },
  },
} as const
export type DeleteShareGroupOffsetsRequest = Message<typeof DeleteShareGroupOffsetsRequest>

export const DeleteShareGroupOffsetsResponse = {
  name: 'DeleteShareGroupOffsetsResponse',
  key: 92,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        topicId: { type: 'uuid', versions: '0+' },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
      },
    },
  },
} as const
export type DeleteShareGroupOffsetsResponse = Message<typeof DeleteShareGroupOffsetsResponse>
