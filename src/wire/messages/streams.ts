// Streams groups (KIP-1071).
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const StreamsGroupHeartbeatRequest = {
  name: 'StreamsGroupHeartbeatRequest',
  key: 88,
  versions: '0',
  flexible: '0+',
  fields: {
    groupId: { type: 'string', versions: '0+' },
    memberId: { type: 'string', versions: '0+' },
    memberEpoch: { type: 'int32', versions: '0+' },
    endpointInformationEpoch: { type: 'int32', versions: '0+' },
    instanceId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    rebalanceTimeoutMs: { type: 'int32', versions: '0+', default: -1 },
    topology: {
      type: 'struct',
      versions: '0+',
      nullable: '0+',
      default: null,
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
    },
    activeTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    standbyTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    warmupTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    processId: { type: 'string', versions: '0+', nullable: '0+', default: null },
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
      nullable: '0+',
      default: null,
      fields: { key: { type: 'string', versions: '0+' }, value: { type: 'string', versions: '0+' } },
    },
    taskOffsets: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partition: { type: 'int32', versions: '0+' },
        offset: { type: 'int64', versions: '0+' },
      },
    },
    taskEndOffsets: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: {
        subtopologyId: { type: 'string', versions: '0+' },
        partition: { type: 'int32', versions: '0+' },
        offset: { type: 'int64', versions: '0+' },
      },
    },
    shutdownApplication: { type: 'bool', versions: '0+' },
  },
} as const
export type StreamsGroupHeartbeatRequest = Message<typeof StreamsGroupHeartbeatRequest>

export const StreamsGroupHeartbeatResponse = {
  name: 'StreamsGroupHeartbeatResponse',
  key: 88,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
    memberId: { type: 'string', versions: '0+' },
    memberEpoch: { type: 'int32', versions: '0+' },
    heartbeatIntervalMs: { type: 'int32', versions: '0+' },
    acceptableRecoveryLag: { type: 'int32', versions: '0+' },
    taskOffsetIntervalMs: { type: 'int32', versions: '0+' },
    status: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: { statusCode: { type: 'int8', versions: '0+' }, statusDetail: { type: 'string', versions: '0+' } },
    },
    activeTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    standbyTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    warmupTasks: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: { subtopologyId: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
    endpointInformationEpoch: { type: 'int32', versions: '0+' },
    partitionsByUserEndpoint: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      default: null,
      fields: {
        userEndpoint: {
          type: 'struct',
          versions: '0+',
          fields: { host: { type: 'string', versions: '0+' }, port: { type: 'uint16', versions: '0+' } },
        },
        activePartitions: {
          type: '[]',
          versions: '0+',
          fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
        standbyPartitions: {
          type: '[]',
          versions: '0+',
          fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type StreamsGroupHeartbeatResponse = Message<typeof StreamsGroupHeartbeatResponse>

export const StreamsGroupDescribeRequest = {
  name: 'StreamsGroupDescribeRequest',
  key: 89,
  versions: '0',
  flexible: '0+',
  fields: {
    groupIds: { type: '[]string', versions: '0+' },
    includeAuthorizedOperations: { type: 'bool', versions: '0+' },
  },
} as const
export type StreamsGroupDescribeRequest = Message<typeof StreamsGroupDescribeRequest>

export const StreamsGroupDescribeResponse = {
  name: 'StreamsGroupDescribeResponse',
  key: 89,
  versions: '0',
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
        topology: {
          type: 'struct',
          versions: '0+',
          nullable: '0+',
          default: null,
          fields: {
            epoch: { type: 'int32', versions: '0+' },
            subtopologies: {
              type: '[]',
              versions: '0+',
              nullable: '0+',
              default: null,
              fields: {
                subtopologyId: { type: 'string', versions: '0+' },
                sourceTopics: { type: '[]string', versions: '0+' },
                repartitionSinkTopics: { type: '[]string', versions: '0+' },
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
              },
            },
          },
        },
        members: {
          type: '[]',
          versions: '0+',
          fields: {
            memberId: { type: 'string', versions: '0+' },
            memberEpoch: { type: 'int32', versions: '0+' },
            instanceId: { type: 'string', versions: '0+', nullable: '0+', default: null },
            rackId: { type: 'string', versions: '0+', nullable: '0+', default: null },
            clientId: { type: 'string', versions: '0+' },
            clientHost: { type: 'string', versions: '0+' },
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
            taskOffsets: {
              type: '[]',
              versions: '0+',
              fields: {
                subtopologyId: { type: 'string', versions: '0+' },
                partition: { type: 'int32', versions: '0+' },
                offset: { type: 'int64', versions: '0+' },
              },
            },
            taskEndOffsets: {
              type: '[]',
              versions: '0+',
              fields: {
                subtopologyId: { type: 'string', versions: '0+' },
                partition: { type: 'int32', versions: '0+' },
                offset: { type: 'int64', versions: '0+' },
              },
            },
            assignment: {
              type: 'struct',
              versions: '0+',
              fields: {
                activeTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
                standbyTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
                warmupTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
              },
            },
            targetAssignment: {
              type: 'struct',
              versions: '0+',
              fields: {
                activeTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
                standbyTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
                warmupTasks: {
                  type: '[]',
                  versions: '0+',
                  fields: {
                    subtopologyId: { type: 'string', versions: '0+' },
                    partitions: { type: '[]int32', versions: '0+' },
                  },
                },
              },
            },
            isClassic: { type: 'bool', versions: '0+' },
          },
        },
        authorizedOperations: { type: 'int32', versions: '0+', default: -2147483648 },
      },
    },
  },
} as const
export type StreamsGroupDescribeResponse = Message<typeof StreamsGroupDescribeResponse>
