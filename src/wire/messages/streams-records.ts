// Records of streams groups in `__consumer_offsets`.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const StreamsGroupMetadataKey = {
  name: 'StreamsGroupMetadataKey',
  key: 17,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupMetadataKey = Message<typeof StreamsGroupMetadataKey>

export const StreamsGroupMetadataValue = {
  name: 'StreamsGroupMetadataValue',
  key: 17,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: { type: 'int32', versions: '0+' },
    metadataHash: { type: 'int64', versions: '0+' },
    validatedTopologyEpoch: { type: 'int32', versions: '0+', tagged: '0+', tag: 0, default: -1 },
    lastAssignmentConfigs: {
      type: '[]',
      nullable: '0+',
      tagged: '0+',
      tag: 1,
      fields: { key: { type: 'string', versions: '0+' }, value: { type: 'string', versions: '0+' } },
    },
  },
} as const
export type StreamsGroupMetadataValue = Message<typeof StreamsGroupMetadataValue>

export const StreamsGroupMemberMetadataKey = {
  name: 'StreamsGroupMemberMetadataKey',
  key: 19,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupMemberMetadataKey = Message<typeof StreamsGroupMemberMetadataKey>

export const StreamsGroupMemberMetadataValue = {
  name: 'StreamsGroupMemberMetadataValue',
  key: 19,
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: { type: 'string', versions: '0+', nullable: '0+' },
    rackId: { type: 'string', versions: '0+', nullable: '0+' },
    clientId: { type: 'string', versions: '0+' },
    clientHost: { type: 'string', versions: '0+' },
    rebalanceTimeoutMs: { type: 'int32', versions: '0+', default: -1 },
    topologyEpoch: { type: 'int32', versions: '0+' },
    processId: { type: 'string', versions: '0+' },
    userEndpoint: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { host: { type: 'string', versions: '0+' }, port: { type: 'uint16', versions: '0+' } },
    },
    clientTags: {
      type: '[]',
      versions: '0+',
      fields: { key: { type: 'string', versions: '0+' }, value: { type: 'string', versions: '0+' } },
    },
  },
} as const
export type StreamsGroupMemberMetadataValue = Message<typeof StreamsGroupMemberMetadataValue>

export const StreamsGroupTargetAssignmentMetadataKey = {
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  key: 20,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupTargetAssignmentMetadataKey = Message<typeof StreamsGroupTargetAssignmentMetadataKey>

export const StreamsGroupTargetAssignmentMetadataValue = {
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  key: 20,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: { type: 'int32', versions: '0+' },
    assignmentTimestamp: { type: 'int64', versions: '0+', tagged: '0+', tag: 0, ignorable: true },
  },
} as const
export type StreamsGroupTargetAssignmentMetadataValue = Message<typeof StreamsGroupTargetAssignmentMetadataValue>

export const StreamsGroupTargetAssignmentMemberKey = {
  name: 'StreamsGroupTargetAssignmentMemberKey',
  key: 21,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupTargetAssignmentMemberKey = Message<typeof StreamsGroupTargetAssignmentMemberKey>

export const StreamsGroupTargetAssignmentMemberValue = {
  name: 'StreamsGroupTargetAssignmentMemberValue',
  key: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    activeTasks: {
      type: '[]',
      versions: '0+',
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    standbyTasks: {
      type: '[]',
      versions: '0+',
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    warmupTasks: {
      type: '[]',
      versions: '0+',
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type StreamsGroupTargetAssignmentMemberValue = Message<typeof StreamsGroupTargetAssignmentMemberValue>

export const StreamsGroupCurrentMemberAssignmentKey = {
  name: 'StreamsGroupCurrentMemberAssignmentKey',
  key: 22,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' }, memberId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupCurrentMemberAssignmentKey = Message<typeof StreamsGroupCurrentMemberAssignmentKey>

export const StreamsGroupCurrentMemberAssignmentValue = {
  name: 'StreamsGroupCurrentMemberAssignmentValue',
  key: 22,
  versions: '0',
  flexible: '0+',
  fields: {
    memberEpoch: { type: 'int32', versions: '0+' },
    previousMemberEpoch: { type: 'int32', versions: '0+' },
    state: { type: 'int8', versions: '0+' },
    activeTasks: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    standbyTasks: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    warmupTasks: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    activeTasksPendingRevocation: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    standbyTasksPendingRevocation: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
    warmupTasksPendingRevocation: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partitions: { type: '[]int32', versions: '0+' },
        assignmentEpochs: { type: '[]int32', versions: '0+', nullable: '0+', tagged: '0+', tag: 0 },
      },
    },
  },
} as const
export type StreamsGroupCurrentMemberAssignmentValue = Message<typeof StreamsGroupCurrentMemberAssignmentValue>

export const StreamsGroupTopologyKey = {
  name: 'StreamsGroupTopologyKey',
  key: 23,
  versions: '0',
  flexible: 'none',
  fields: { groupId: { type: 'string', versions: '0' } },
} as const
export type StreamsGroupTopologyKey = Message<typeof StreamsGroupTopologyKey>

export const StreamsGroupTopologyValue = {
  name: 'StreamsGroupTopologyValue',
  key: 23,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: { type: 'int32', versions: '0+' },
    subtopologies: {
      type: '[]',
      versions: '0+',
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        sourceTopics: { type: '[]string', versions: '0+' },
        sourceTopicRegex: { type: '[]string', versions: '0+' },
        stateChangelogTopics: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            partitions: { type: 'int32', versions: '0+' },
            replicationFactor: { type: 'int16', versions: '0+' },
            topicConfigs: {
              type: '[]',
              versions: '0+',
              fields: { key: { type: 'string', versions: '0+' }, value: { type: 'string', versions: '0+' } },
            },
          },
        },
        repartitionSinkTopics: { type: '[]string', versions: '0+' },
        repartitionSourceTopics: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            partitions: { type: 'int32', versions: '0+' },
            replicationFactor: { type: 'int16', versions: '0+' },
            topicConfigs: {
              type: '[]',
              versions: '0+',
              fields: { key: { type: 'string', versions: '0+' }, value: { type: 'string', versions: '0+' } },
            },
          },
        },
        copartitionGroups: {
          type: '[]',
          versions: '0+',
          fields: {
            sourceTopics: { type: '[]int16', versions: '0+' },
            sourceTopicRegex: { type: '[]int16', versions: '0+' },
            repartitionSourceTopics: { type: '[]int16', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type StreamsGroupTopologyValue = Message<typeof StreamsGroupTopologyValue>
