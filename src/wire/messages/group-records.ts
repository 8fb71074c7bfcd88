// Records of `__consumer_offsets`: offsets, classic and consumer groups.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const LegacyOffsetCommitKey = {
  name: 'LegacyOffsetCommitKey',
  key: 0,
  versions: '0',
  flexible: 'none',
  fields: {
    group: { type: 'string', versions: '0' },
    topic: { type: 'string', versions: '0' },
    partition: { type: 'int32', versions: '0' },
  },
} as const
export type LegacyOffsetCommitKey = Message<typeof LegacyOffsetCommitKey>

export const LegacyOffsetCommitValue = {
  name: 'LegacyOffsetCommitValue',
  key: 0,
  versions: '0',
  flexible: 'none',
  fields: {
    offset: { type: 'int64', versions: '0' },
    metadata: { type: 'string', versions: '0' },
    commitTimestamp: { type: 'int64', versions: '0' },
  },
} as const
export type LegacyOffsetCommitValue = Message<typeof LegacyOffsetCommitValue>

export const OffsetCommitKey = {
  name: 'OffsetCommitKey',
  key: 1,
  versions: '0',
  flexible: 'none',
  fields: {
    group: { type: 'string', versions: '0' },
    topic: { type: 'string', versions: '0' },
    partition: { type: 'int32', versions: '0' },
  },
} as const
export type OffsetCommitKey = Message<typeof OffsetCommitKey>

export const OffsetCommitValue = {
  name: 'OffsetCommitValue',
  key: 1,
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: { type: 'int64', versions: '0+' },
    leaderEpoch: { type: 'int32', versions: '3+', default: -1, ignorable: true },
    metadata: { type: 'string', versions: '0+' },
    commitTimestamp: { type: 'int64', versions: '0+' },
    expireTimestamp: { type: 'int64', versions: '1', default: -1, ignorable: true },
    topicId: { type: 'uuid', versions: '4+', tagged: '4+', tag: 0, ignorable: true },
  },
} as const
export type OffsetCommitValue = Message<typeof OffsetCommitValue>

export const GroupMetadataKey = {
  name: 'GroupMetadataKey',
  key: 2,
  versions: '0',
  flexible: 'none',
  fields: { group: { type: 'string', versions: '0' } },
} as const
export type GroupMetadataKey = Message<typeof GroupMetadataKey>

export const GroupMetadataValue = {
  name: 'GroupMetadataValue',
  key: 2,
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: { type: 'string', versions: '0+' },
    generation: { type: 'int32', versions: '0+' },
    protocol: { type: 'string', versions: '0+', nullable: '0+' },
    leader: { type: 'string', versions: '0+', nullable: '0+' },
    currentStateTimestamp: { type: 'int64', versions: '2+', default: -1, ignorable: true },
    members: {
      type: '[]',
      versions: '0+',
      fields: {
        memberId: { type: 'string', versions: '0+' },
        groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null, ignorable: true },
        clientId: { type: 'string', versions: '0+' },
        clientHost: { type: 'string', versions: '0+' },
        rebalanceTimeout: { type: 'int32', versions: '1+', default: -1, ignorable: true },
        sessionTimeout: { type: 'int32', versions: '0+' },
        subscription: { type: 'bytes', versions: '0+' },
        assignment: { type: 'bytes', versions: '0+' },
      },
    },
  },
} as const
export type GroupMetadataValue = Message<typeof GroupMetadataValue>

export const ConsumerGroupMetadataKey = {
  name: 'ConsumerGroupMetadataKey',
  key: 3,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupMetadataKey = Message<typeof ConsumerGroupMetadataKey>

export const ConsumerGroupMetadataValue = {
  name: 'ConsumerGroupMetadataValue',
  key: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: { type: 'int32', versions: '0+' },
    metadataHash: { type: 'int64', versions: '0+', tagged: '0+', tag: 0 },
  },
} as const
export type ConsumerGroupMetadataValue = Message<typeof ConsumerGroupMetadataValue>

export const ConsumerGroupPartitionMetadataKey = {
  name: 'ConsumerGroupPartitionMetadataKey',
  key: 4,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupPartitionMetadataKey = Message<typeof ConsumerGroupPartitionMetadataKey>

export const ConsumerGroupPartitionMetadataValue = {
  name: 'ConsumerGroupPartitionMetadataValue',
  key: 4,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        topicName: { type: 'string', versions: '0+' },
        numPartitions: { type: 'int32', versions: '0+' },
        partitionMetadata: {
          type: '[]',
          versions: '0+',
          fields: { partition: { type: 'int32', versions: '0+' }, racks: { type: '[]string', versions: '0+' } },
        },
      },
    },
  },
} as const
export type ConsumerGroupPartitionMetadataValue = Message<typeof ConsumerGroupPartitionMetadataValue>

export const ConsumerGroupMemberMetadataKey = {
  name: 'ConsumerGroupMemberMetadataKey',
  key: 5,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupMemberMetadataKey = Message<typeof ConsumerGroupMemberMetadataKey>

export const ConsumerGroupMemberMetadataValue = {
  name: 'ConsumerGroupMemberMetadataValue',
  key: 5,
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: { type: 'string', versions: '0+', nullable: '0+' },
    rackId: { type: 'string', versions: '0+', nullable: '0+' },
    clientId: { type: 'string', versions: '0+' },
    clientHost: { type: 'string', versions: '0+' },
    subscribedTopicNames: { type: '[]string', versions: '0+' },
    subscribedTopicRegex: { type: 'string', versions: '0+', nullable: '0+' },
    rebalanceTimeoutMs: { type: 'int32', versions: '0+', default: -1 },
    serverAssignor: { type: 'string', versions: '0+', nullable: '0+' },
    classicMemberMetadata: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      tagged: '0+',
      tag: 0,
      fields: {
        sessionTimeoutMs: { type: 'int32', versions: '0+' },
        supportedProtocols: {
          type: '[]',
          versions: '0+',
          fields: { name: { type: 'string', versions: '0+' }, metadata: { type: 'bytes', versions: '0+' } },
        },
      },
    },
  },
} as const
export type ConsumerGroupMemberMetadataValue = Message<typeof ConsumerGroupMemberMetadataValue>

export const ConsumerGroupTargetAssignmentMetadataKey = {
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  key: 6,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupTargetAssignmentMetadataKey = Message<typeof ConsumerGroupTargetAssignmentMetadataKey>

export const ConsumerGroupTargetAssignmentMetadataValue = {
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  key: 6,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: { type: 'int32', versions: '0+' },
    assignmentTimestamp: { type: 'int64', versions: '0+', tagged: '0+', tag: 0, ignorable: true },
  },
} as const
export type ConsumerGroupTargetAssignmentMetadataValue = Message<typeof ConsumerGroupTargetAssignmentMetadataValue>

export const ConsumerGroupTargetAssignmentMemberKey = {
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  key: 7,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupTargetAssignmentMemberKey = Message<typeof ConsumerGroupTargetAssignmentMemberKey>

export const ConsumerGroupTargetAssignmentMemberValue = {
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  key: 7,
  versions: '0',
  flexible: '0+',
  fields: {
    topicPartitions: {
      type: '[]',
      versions: '0+',
      fields: { topicId: { type: 'uuid', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type ConsumerGroupTargetAssignmentMemberValue = Message<typeof ConsumerGroupTargetAssignmentMemberValue>

export const ConsumerGroupCurrentMemberAssignmentKey = {
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  key: 8,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupCurrentMemberAssignmentKey = Message<typeof ConsumerGroupCurrentMemberAssignmentKey>

export const ConsumerGroupCurrentMemberAssignmentValue = {
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  key: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: { type: 'int32', versions: '0+' },
    previousMemberEpoch: { type: 'int32', versions: '0+' },
    state: { type: 'int8', versions: '0+' },
    assignedPartitions: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    partitionsPendingRevocation: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
  },
} as const
export type ConsumerGroupCurrentMemberAssignmentValue = Message<typeof ConsumerGroupCurrentMemberAssignmentValue>

export const ConsumerGroupRegularExpressionKey = {
  name: 'ConsumerGroupRegularExpressionKey',
  key: 16,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, regularExpression: { type: 'string', versions: '0' } },
} as const
export type ConsumerGroupRegularExpressionKey = Message<typeof ConsumerGroupRegularExpressionKey>

export const ConsumerGroupRegularExpressionValue = {
  name: 'ConsumerGroupRegularExpressionValue',
  key: 16,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: { type: '[]string', versions: '0+' },
    version: { type: 'int64', versions: '0+' },
    timestamp: { type: 'int64', versions: '0+' },
  },
} as const
export type ConsumerGroupRegularExpressionValue = Message<typeof ConsumerGroupRegularExpressionValue>
