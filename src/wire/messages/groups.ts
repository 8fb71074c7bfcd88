// Coordinators, classic and consumer groups, committed offsets.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const OffsetCommitRequest = {
  name: 'OffsetCommitRequest',
  key: 8,
  versions: '2-10',
  flexible: '8+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    generationIdOrMemberEpoch: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    memberId: { type: 'string', versions: '1+', ignorable: true },
    groupInstanceId: { type: 'string', versions: '7+', nullable: '7+', default: null },
    retentionTimeMs: { type: 'int64', versions: '2-4', default: -1, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0-9', ignorable: true },
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            committedOffset: { type: 'int64', versions: '0+' },
            committedLeaderEpoch: { type: 'int32', versions: '6+', default: -1, ignorable: true },
            committedMetadata: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type OffsetCommitRequest = Message<typeof OffsetCommitRequest>

export const OffsetCommitResponse = {
  name: 'OffsetCommitResponse',
  key: 8,
  versions: '2-10',
  flexible: '8+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0-9', ignorable: true },
        topicId: { type: 'uuid', versions: '10+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
        },
      },
    },
  },
} as const
export type OffsetCommitResponse = Message<typeof OffsetCommitResponse>

export const OffsetFetchRequest = {
  name: 'OffsetFetchRequest',
  key: 9,
  versions: '1-10',
  flexible: '6+',
  fields: {
    groupId: { type: 'string', versions: '0-7' },
    topics: {
      type: '[]',
      versions: '0-7',
      nullable: '2-7',
      fields: { name: { type: 'string', versions: '0-7' }, partitionIndexes: { type: '[]int32', versions: '0-7' } },
    },
    groups: {
      type: '[]',
      versions: '8+',
      fields: {
        groupId: { type: 'string', versions: '8+' },
        memberId: { type: 'string', versions: '9+', nullable: '9+', default: null, ignorable: true },
        memberEpoch: { type: 'int32', versions: '9+', default: -1, ignorable: true },
        topics: {
          type: '[]',
          versions: '8+',
          nullable: '8+',
          fields: {
            name: { type: 'string', versions: '8-9', ignorable: true },
            topicId: { type: 'uuid', versions: '10+', ignorable: true },
            partitionIndexes: { type: '[]int32', versions: '8+' },
          },
        },
      },
    },
    requireStable: { type: 'bool', versions: '7+' },
  },
} as const
export type OffsetFetchRequest = Message<typeof OffsetFetchRequest>

export const OffsetFetchResponse = {
  name: 'OffsetFetchResponse',
  key: 9,
  versions: '1-10',
  flexible: '6+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '3+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0-7',
      fields: {
        name: { type: 'string', versions: '0-7' },
        partitions: {
          type: '[]',
          versions: '0-7',
          fields: {
            partitionIndex: { type: 'int32', versions: '0-7' },
            committedOffset: { type: 'int64', versions: '0-7' },
            committedLeaderEpoch: { type: 'int32', versions: '5-7', default: -1, ignorable: true },
            metadata: { type: 'string', versions: '0-7', nullable: '0-7' },
            errorCode: { type: 'int16', versions: '0-7' },
          },
        },
      },
    },
    errorCode: { type: 'int16', versions: '2-7', ignorable: true },
    groups: {
      type: '[]',
      versions: '8+',
      fields: {
        groupId: { type: 'string', versions: '8+' },
        topics: {
          type: '[]',
          versions: '8+',
          fields: {
            name: { type: 'string', versions: '8-9', ignorable: true },
            topicId: { type: 'uuid', versions: '10+', ignorable: true },
            partitions: {
              type: '[]',
              versions: '8+',
              fields: {
                partitionIndex: { type: 'int32', versions: '8+' },
                committedOffset: { type: 'int64', versions: '8+' },
                committedLeaderEpoch: { type: 'int32', versions: '8+', default: -1, ignorable: true },
                metadata: { type: 'string', versions: '8+', nullable: '8+' },
                errorCode: { type: 'int16', versions: '8+' },
              },
            },
          },
        },
        errorCode: { type: 'int16', versions: '8+' },
      },
    },
  },
} as const
export type OffsetFetchResponse = Message<typeof OffsetFetchResponse>

export const FindCoordinatorRequest = {
  name: 'FindCoordinatorRequest',
  key: 10,
  versions: '0-6',
  flexible: '3+',
  fields: {
    key: { type: 'string', versions: '0-3' },
    keyType: { type: 'int8', versions: '1+' },
    coordinatorKeys: { type: '[]string', versions: '4+' },
  },
} as const
export type FindCoordinatorRequest = Message<typeof FindCoordinatorRequest>

export const FindCoordinatorResponse = {
  name: 'FindCoordinatorResponse',
  key: 10,
  versions: '0-6',
  flexible: '3+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0-3' },
    errorMessage: { type: 'string', versions: '1-3', nullable: '1-3', ignorable: true },
    nodeId: { type: 'int32', versions: '0-3' },
    host: { type: 'string', versions: '0-3' },
    port: { type: 'int32', versions: '0-3' },
    coordinators: {
      type: '[]',
      versions: '4+',
      fields: {
        key: { type: 'string', versions: '4+' },
        nodeId: { type: 'int32', versions: '4+' },
        host: { type: 'string', versions: '4+' },
        port: { type: 'int32', versions: '4+' },
        errorCode: { type: 'int16', versions: '4+' },
        errorMessage: { type: 'string', versions: '4+', nullable: '4+', ignorable: true },
      },
    },
  },
} as const
export type FindCoordinatorResponse = Message<typeof FindCoordinatorResponse>

export const JoinGroupRequest = {
  name: 'JoinGroupRequest',
  key: 11,
  versions: '0-9',
  flexible: '6+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    sessionTimeoutMs: { type: 'int32', versions: '0+' },
    rebalanceTimeoutMs: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    memberId: { type: 'string', versions: '0+' },
    groupInstanceId: { type: 'string', versions: '5+', nullable: '5+', default: null },
    protocolType: { type: 'string', versions: '0+' },
    protocols: {
      type: '[]',
      versions: '0+',
      fields: { name: { type: 'string', versions: '0+' }, metadata: { type: 'bytes', versions: '0+' } },
    },
    reason: { type: 'string', versions: '8+', nullable: '8+', default: null, ignorable: true },
  },
} as const
export type JoinGroupRequest = Message<typeof JoinGroupRequest>

export const JoinGroupResponse = {
  name: 'JoinGroupResponse',
  key: 11,
  versions: '0-9',
  flexible: '6+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    generationId: { type: 'int32', versions: '0+', default: -1 },
    protocolType: { type: 'string', versions: '7+', nullable: '7+', default: null, ignorable: true },
    protocolName: { type: 'string', versions: '0+', nullable: '7+' },
    leader: { type: 'string', versions: '0+' },
    skipAssignment: { type: 'bool', versions: '9+' },
    memberId: { type: 'string', versions: '0+' },
    members: {
      type: '[]',
      versions: '0+',
      fields: {
        memberId: { type: 'string', versions: '0+' },
        groupInstanceId: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
        metadata: { type: 'bytes', versions: '0+' },
      },
    },
  },
} as const
export type JoinGroupResponse = Message<typeof JoinGroupResponse>

export const HeartbeatRequest = {
  name: 'HeartbeatRequest',
  key: 12,
  versions: '0-4',
  flexible: '4+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    generationId: { type: 'int32', versions: '0+' },
    memberId: { type: 'string', versions: '0+' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
  },
} as const
export type HeartbeatRequest = Message<typeof HeartbeatRequest>

export const HeartbeatResponse = {
  name: 'HeartbeatResponse',
  key: 12,
  versions: '0-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
  },
} as const
export type HeartbeatResponse = Message<typeof HeartbeatResponse>

export const LeaveGroupRequest = {
  name: 'LeaveGroupRequest',
  key: 13,
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    memberId: { type: 'string', versions: '0-2' },
    members: {
      type: '[]',
      versions: '3+',
      fields: {
        memberId: { type: 'string', versions: '3+' },
        groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
        reason: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
      },
    },
  },
} as const
export type LeaveGroupRequest = Message<typeof LeaveGroupRequest>

export const LeaveGroupResponse = {
  name: 'LeaveGroupResponse',
  key: 13,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    members: {
      type: '[]',
      versions: '3+',
      fields: {
        memberId: { type: 'string', versions: '3+' },
        groupInstanceId: { type: 'string', versions: '3+', nullable: '3+' },
        errorCode: { type: 'int16', versions: '3+' },
      },
    },
  },
} as const
export type LeaveGroupResponse = Message<typeof LeaveGroupResponse>

export const SyncGroupRequest = {
  name: 'SyncGroupRequest',
  key: 14,
  versions: '0-5',
  flexible: '4+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    generationId: { type: 'int32', versions: '0+' },
    memberId: { type: 'string', versions: '0+' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
    protocolType: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    protocolName: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    assignments: {
      type: '[]',
      versions: '0+',
      fields: { memberId: { type: 'string', versions: '0+' }, assignment: { type: 'bytes', versions: '0+' } },
    },
  },
} as const
export type SyncGroupRequest = Message<typeof SyncGroupRequest>

export const SyncGroupResponse = {
  name: 'SyncGroupResponse',
  key: 14,
  versions: '0-5',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    protocolType: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    protocolName: { type: 'string', versions: '5+', nullable: '5+', default: null, ignorable: true },
    assignment: { type: 'bytes', versions: '0+' },
  },
} as const
export type SyncGroupResponse = Message<typeof SyncGroupResponse>

export const DescribeGroupsRequest = {
  name: 'DescribeGroupsRequest',
  key: 15,
  versions: '0-6',
  flexible: '5+',
  fields: {
    groups: { type: '[]string', versions: '0+' },
    includeAuthorizedOperations: { type: 'bool', versions: '3+' },
  },
} as const
export type DescribeGroupsRequest = Message<typeof DescribeGroupsRequest>

export const DescribeGroupsResponse = {
  name: 'DescribeGroupsResponse',
  key: 15,
  versions: '0-6',
  flexible: '5+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    groups: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '6+', nullable: '6+', default: null },
        groupId: { type: 'string', versions: '0+' },
        groupState: { type: 'string', versions: '0+' },
        protocolType: { type: 'string', versions: '0+' },
        protocolData: { type: 'string', versions: '0+' },
        members: {
          type: '[]',
          versions: '0+',
          fields: {
            memberId: { type: 'string', versions: '0+' },
            groupInstanceId: { type: 'string', versions: '4+', nullable: '4+', default: null, ignorable: true },
            clientId: { type: 'string', versions: '0+' },
            clientHost: { type: 'string', versions: '0+' },
            memberMetadata: { type: 'bytes', versions: '0+' },
            memberAssignment: { type: 'bytes', versions: '0+' },
          },
        },
        authorizedOperations: { type: 'int32', versions: '3+', default: -2147483648 },
      },
    },
  },
} as const
export type DescribeGroupsResponse = Message<typeof DescribeGroupsResponse>

export const ListGroupsRequest = {
  name: 'ListGroupsRequest',
  key: 16,
  versions: '0-5',
  flexible: '3+',
  fields: { statesFilter: { type: '[]string', versions: '4+' }, typesFilter: { type: '[]string', versions: '5+' } },
} as const
export type ListGroupsRequest = Message<typeof ListGroupsRequest>

export const ListGroupsResponse = {
  name: 'ListGroupsResponse',
  key: 16,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    groups: {
      type: '[]',
      versions: '0+',
      fields: {
        groupId: { type: 'string', versions: '0+' },
        protocolType: { type: 'string', versions: '0+' },
        groupState: { type: 'string', versions: '4+', ignorable: true },
        groupType: { type: 'string', versions: '5+', ignorable: true },
      },
    },
  },
} as const
export type ListGroupsResponse = Message<typeof ListGroupsResponse>

export const DeleteGroupsRequest = {
  name: 'DeleteGroupsRequest',
  key: 42,
  versions: '0-2',
  flexible: '2+',
  fields: { groupsNames: { type: '[]string', versions: '0+' } },
} as const
export type DeleteGroupsRequest = Message<typeof DeleteGroupsRequest>

export const DeleteGroupsResponse = {
  name: 'DeleteGroupsResponse',
  key: 42,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: { groupId: { type: 'string', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
    },
  },
} as const
export type DeleteGroupsResponse = Message<typeof DeleteGroupsResponse>

export const OffsetDeleteRequest = {
  name: 'OffsetDeleteRequest',
  key: 47,
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: { type: '[]', versions: '0+', fields: { partitionIndex: { type: 'int32', versions: '0+' } } },
      },
    },
  },
} as const
export type OffsetDeleteRequest = Message<typeof OffsetDeleteRequest>

export const OffsetDeleteResponse = {
  name: 'OffsetDeleteResponse',
  key: 47,
  versions: '0',
  flexible: 'none',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    throttleTimeMs: { type: 'int32', versions: '0+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
        },
      },
    },
  },
} as const
export type OffsetDeleteResponse = Message<typeof OffsetDeleteResponse>

export const ConsumerGroupHeartbeatRequest = {
  name: 'ConsumerGroupHeartbeatRequest',
  key: 68,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    memberId: { type: 'string', versions: '0+' },
    memberEpoch: { type: 'int32', versions: '0+' },
    instanceId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    rebalanceTimeoutMs: { type: 'int32', versions: '0+', default: -1 },
    subscribedTopicNames: { type: '[]string', versions: '0+', nullable: '0+', default: null },
    subscribedTopicRegex: { type: 'string', versions: '1+', nullable: '1+', default: null },
    serverAssignor: { type: 'string', versions: '0+', nullable: '0+', default: null },
    topicPartitions: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { topicId: { type: 'uuid', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type ConsumerGroupHeartbeatRequest = Message<typeof ConsumerGroupHeartbeatRequest>

export const ConsumerGroupHeartbeatResponse = {
  name: 'ConsumerGroupHeartbeatResponse',
  key: 68,
  versions: '0-1',
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
export type ConsumerGroupHeartbeatResponse = Message<typeof ConsumerGroupHeartbeatResponse>

export const ConsumerGroupDescribeRequest = {
  name: 'ConsumerGroupDescribeRequest',
  key: 69,
  versions: '0-1',
  flexible: '0+',
  fields: {
    groupIds: { type: '[]string', versions: '0+' },
    includeAuthorizedOperations: { type: 'bool', versions: '0+' },
  },
} as const
export type ConsumerGroupDescribeRequest = Message<typeof ConsumerGroupDescribeRequest>

export const ConsumerGroupDescribeResponse = {
  name: 'ConsumerGroupDescribeResponse',
  key: 69,
  versions: '0-1',
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
            instanceId: { type: 'string', versions: '0+', nullable: '0+', default: null },
            rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
            memberEpoch: { type: 'int32', versions: '0+' },
            clientId: { type: 'string', versions: '0+' },
            clientHost: { type: 'string', versions: '0+' },
            subscribedTopicNames: { type: '[]string', versions: '0+' },
            subscribedTopicRegex: { type: 'string', versions: '0+', nullable: '0+', default: null },
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
            targetAssignment: {
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
            memberType: { type: 'int8', versions: '1+', default: -1, ignorable: true },
          },
        },
        authorizedOperations: { type: 'int32', versions: '0+', default: -2147483648 },
      },
    },
  },
} as const
export type ConsumerGroupDescribeResponse = Message<typeof ConsumerGroupDescribeResponse>

export const ConsumerProtocolSubscription = {
  name: 'ConsumerProtocolSubscription',
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: { type: '[]string', versions: '0+' },
    userData: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
    ownedPartitions: {
      type: '[]',
      versions: '1+',
      ignorable: true,
      fields: { topic: { type: 'string', versions: '1+' }, partitions: { type: '[]int32', versions: '1+' } },
    },
    generationId: { type: 'int32', versions: '2+', default: -1, ignorable: true },
    rackId: { type: 'string', versions: '3+', nullable: '3+', default: null, ignorable: true },
  },
} as const
export type ConsumerProtocolSubscription = Message<typeof ConsumerProtocolSubscription>

export const ConsumerProtocolAssignment = {
  name: 'ConsumerProtocolAssignment',
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: {
      type: '[]',
      versions: '0+',
      fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    userData: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
  },
} as const
export type ConsumerProtocolAssignment = Message<typeof ConsumerProtocolAssignment>
