// Records of share groups in `__consumer_offsets`, and those of `__share_group_state`.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const ShareGroupMemberMetadataKey = {
  name: 'ShareGroupMemberMetadataKey',
  key: 10,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupMemberMetadataKey = Message<typeof ShareGroupMemberMetadataKey>

export const ShareGroupMemberMetadataValue = {
  name: 'ShareGroupMemberMetadataValue',
  key: 10,
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: { type: 'string', versions: '0+', nullable: '0+' },
    clientId: { type: 'string', versions: '0+' },
    clientHost: { type: 'string', versions: '0+' },
    subscribedTopicNames: { type: '[]string', versions: '0+' },
  },
} as const
export type ShareGroupMemberMetadataValue = Message<typeof ShareGroupMemberMetadataValue>

export const ShareGroupMetadataKey = {
  name: 'ShareGroupMetadataKey',
  key: 11,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupMetadataKey = Message<typeof ShareGroupMetadataKey>

export const ShareGroupMetadataValue = {
  name: 'ShareGroupMetadataValue',
  key: 11,
  versions: '0',
  flexible: '0+',
  fields: { epoch: { type: 'int32', versions: '0+' }, metadataHash: { type: 'int64', versions: '0+' } },
} as const
export type ShareGroupMetadataValue = Message<typeof ShareGroupMetadataValue>

export const ShareGroupTargetAssignmentMetadataKey = {
  name: 'ShareGroupTargetAssignmentMetadataKey',
  key: 12,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupTargetAssignmentMetadataKey = Message<typeof ShareGroupTargetAssignmentMetadataKey>

export const ShareGroupTargetAssignmentMetadataValue = {
  name: 'ShareGroupTargetAssignmentMetadataValue',
  key: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: { type: 'int32', versions: '0+' },
    assignmentTimestamp: { type: 'int64', versions: '0+', tagged: '0+', tag: 0, ignorable: true },
  },
} as const
export type ShareGroupTargetAssignmentMetadataValue = Message<typeof ShareGroupTargetAssignmentMetadataValue>

export const ShareGroupTargetAssignmentMemberKey = {
  name: 'ShareGroupTargetAssignmentMemberKey',
  key: 13,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupTargetAssignmentMemberKey = Message<typeof ShareGroupTargetAssignmentMemberKey>

export const ShareGroupTargetAssignmentMemberValue = {
  name: 'ShareGroupTargetAssignmentMemberValue',
  key: 13,
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
export type ShareGroupTargetAssignmentMemberValue = Message<typeof ShareGroupTargetAssignmentMemberValue>

export const ShareGroupCurrentMemberAssignmentKey = {
  name: 'ShareGroupCurrentMemberAssignmentKey',
  key: 14,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupCurrentMemberAssignmentKey = Message<typeof ShareGroupCurrentMemberAssignmentKey>

export const ShareGroupCurrentMemberAssignmentValue = {
  name: 'ShareGroupCurrentMemberAssignmentValue',
  key: 14,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: { type: 'int32', versions: '0+' },
    previousMemberEpoch: { type: 'int32', versions: '0+' },
    state: { type: 'int8', versions: '0+' },
    assignedPartitions: {
      type: '[]',
      versions: '0+',
      fields: { topicId: { type: 'uuid', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type ShareGroupCurrentMemberAssignmentValue = Message<typeof ShareGroupCurrentMemberAssignmentValue>

export const ShareGroupStatePartitionMetadataKey = {
  name: 'ShareGroupStatePartitionMetadataKey',
  key: 15,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type ShareGroupStatePartitionMetadataKey = Message<typeof ShareGroupStatePartitionMetadataKey>

export const ShareGroupStatePartitionMetadataValue = {
  name: 'ShareGroupStatePartitionMetadataValue',
  key: 15,
  versions: '0',
  flexible: '0+',
  fields: {
    initializingTopics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        topicName: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
      },
    },
    initializedTopics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicId: { type: 'uuid', versions: '0+' },
        topicName: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
      },
    },
    deletingTopics: {
      type: '[]',
      versions: '0+',
      fields: { topicId: { type: 'uuid', versions: '0+' }, topicName: { type: 'string', versions: '0+' } },
    },
  },
} as const
export type ShareGroupStatePartitionMetadataValue = Message<typeof ShareGroupStatePartitionMetadataValue>

export const ShareSnapshotKey = {
  name: 'ShareSnapshotKey',
  key: 0,
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: { type: 'string', versions: '0' },
    topicId: { type: 'uuid', versions: '0' },
    partition: { type: 'int32', versions: '0' },
  },
} as const
export type ShareSnapshotKey = Message<typeof ShareSnapshotKey>

export const ShareSnapshotValue = {
  name: 'ShareSnapshotValue',
  key: 0,
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: { type: 'int32', versions: '0+' },
    stateEpoch: { type: 'int32', versions: '0+' },
    leaderEpoch: { type: 'int32', versions: '0+' },
    startOffset: { type: 'int64', versions: '0+' },
    deliveryCompleteCount: { type: 'int32', versions: '0+', tagged: '0+', tag: 0, default: -1 },
    createTimestamp: { type: 'int64', versions: '0+' },
    writeTimestamp: { type: 'int64', versions: '0+' },
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
} as const
export type ShareSnapshotValue = Message<typeof ShareSnapshotValue>

export const ShareUpdateKey = {
  name: 'ShareUpdateKey',
  key: 1,
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: { type: 'string', versions: '0' },
    topicId: { type: 'uuid', versions: '0' },
    partition: { type: 'int32', versions: '0' },
  },
} as const
export type ShareUpdateKey = Message<typeof ShareUpdateKey>

export const ShareUpdateValue = {
  name: 'ShareUpdateValue',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    snapshotEpoch: { type: 'int32', versions: '0+' },
    leaderEpoch: { type: 'int32', versions: '0+' },
    startOffset: { type: 'int64', versions: '0+' },
    deliveryCompleteCount: { type: 'int32', versions: '0+', tagged: '0+', tag: 0, default: -1 },
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
} as const
export type ShareUpdateValue = Message<typeof ShareUpdateValue>
