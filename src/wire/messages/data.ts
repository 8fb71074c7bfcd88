// Produce, Fetch and what else moves or finds records.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const ProduceRequest = {
  name: 'ProduceRequest',
  key: 0,
  versions: '3-13',
  flexible: '9+',
  fields: {
    transactionalId: { type: 'string', versions: '3+', nullable: '3+', default: null },
    acks: { type: 'int16', versions: '0+' },
    timeoutMs: { type: 'int32', versions: '0+' },
    topicData: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitionData: {
          type: '[]',
          versions: '0+',
          fields: {
            index: { type: 'int32', versions: '0+' },
            records: { type: 'records', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type ProduceRequest = Message<typeof ProduceRequest>

export const ProduceResponse = {
  name: 'ProduceResponse',
  key: 0,
  versions: '3-13',
  flexible: '9+',
  fields: {
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitionResponses: {
          type: '[]',
          versions: '0+',
          fields: {
            index: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            baseOffset: { type: 'int64', versions: '0+' },
            logAppendTimeMs: { type: 'int64', versions: '2+', default: -1, ignorable: true },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            recordErrors: {
              type: '[]',
              versions: '8+',
              ignorable: true,
              fields: {
                batchIndex: { type: 'int32', versions: '8+' },
                batchIndexErrorMessage: { type: 'string', versions: '8+', nullable: '8+', default: null },
              },
            },
            errorMessage: { type: 'string', versions: '8+', nullable: '8+', default: null, ignorable: true },
            currentLeader: {
              type: 'struct',
              versions: '10+',
              tagged: '10+',
              tag: 0,
              fields: {
                leaderId: { type: 'int32', versions: '10+', default: -1 },
                leaderEpoch: { type: 'int32', versions: '10+', default: -1 },
              },
            },
          },
        },
      },
    },
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    nodeEndpoints: {
      type: '[]',
      versions: '10+',
      tagged: '10+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '10+' },
        host: { type: 'string', versions: '10+' },
        port: { type: 'int32', versions: '10+' },
        rack: { type: 'string', versions: '10+', nullable: '10+', default: null },
      },
    },
  },
} as const
export type ProduceResponse = Message<typeof ProduceResponse>

export const FetchRequest = {
  name: 'FetchRequest',
  key: 1,
  versions: '4-18',
  flexible: '12+',
  fields: {
    clusterId: {
      type: 'string',
      versions: '12+',
      nullable: '12+',
      tagged: '12+',
      tag: 0,
      default: null,
      ignorable: true,
    },
    replicaId: { type: 'int32', versions: '0-14', default: -1 },
    replicaState: {
      type: 'struct',
      versions: '15+',
      tagged: '15+',
      tag: 1,
      fields: {
        replicaId: { type: 'int32', versions: '15+', default: -1 },
        replicaEpoch: { type: 'int64', versions: '15+', default: -1 },
      },
    },
    maxWaitMs: { type: 'int32', versions: '0+' },
    minBytes: { type: 'int32', versions: '0+' },
    maxBytes: { type: 'int32', versions: '3+', default: 2147483647, ignorable: true },
    isolationLevel: { type: 'int8', versions: '4+', ignorable: true },
    sessionId: { type: 'int32', versions: '7+', ignorable: true },
    sessionEpoch: { type: 'int32', versions: '7+', default: -1, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topic: { type: 'string', versions: '0-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            currentLeaderEpoch: { type: 'int32', versions: '9+', default: -1, ignorable: true },
            fetchOffset: { type: 'int64', versions: '0+' },
            lastFetchedEpoch: { type: 'int32', versions: '12+', default: -1 },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            partitionMaxBytes: { type: 'int32', versions: '0+' },
            replicaDirectoryId: { type: 'uuid', versions: '17+', tagged: '17+', tag: 0, ignorable: true },
            highWatermark: {
              type: 'int64',
              versions: '18+',
              tagged: '18+',
              tag: 1,
              default: '9223372036854775807',
              ignorable: true,
            },
          },
        },
      },
    },
    forgottenTopicsData: {
      type: '[]',
      versions: '7+',
      fields: {
        topic: { type: 'string', versions: '7-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: { type: '[]int32', versions: '7+' },
      },
    },
    rackId: { type: 'string', versions: '11+', ignorable: true },
  },
} as const
export type FetchRequest = Message<typeof FetchRequest>

export const FetchResponse = {
  name: 'FetchResponse',
  key: 1,
  versions: '4-18',
  flexible: '12+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '1+', ignorable: true },
    errorCode: { type: 'int16', versions: '7+', ignorable: true },
    sessionId: { type: 'int32', versions: '7+' },
    responses: {
      type: '[]',
      versions: '0+',
      fields: {
        topic: { type: 'string', versions: '0-12', ignorable: true },
        topicId: { type: 'uuid', versions: '13+', ignorable: true },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            highWatermark: { type: 'int64', versions: '0+' },
            lastStableOffset: { type: 'int64', versions: '4+', default: -1, ignorable: true },
            logStartOffset: { type: 'int64', versions: '5+', default: -1, ignorable: true },
            divergingEpoch: {
              type: 'struct',
              versions: '12+',
              tagged: '12+',
              tag: 0,
              fields: {
                epoch: { type: 'int32', versions: '12+', default: -1 },
                endOffset: { type: 'int64', versions: '12+', default: -1 },
              },
            },
            currentLeader: {
              type: 'struct',
              versions: '12+',
              tagged: '12+',
              tag: 1,
              fields: {
                leaderId: { type: 'int32', versions: '12+', default: -1 },
                leaderEpoch: { type: 'int32', versions: '12+', default: -1 },
              },
            },
            snapshotId: {
              type: 'struct',
              versions: '12+',
              tagged: '12+',
              tag: 2,
              fields: {
                endOffset: { type: 'int64', versions: '0+', default: -1 },
                epoch: { type: 'int32', versions: '0+', default: -1 },
              },
            },
            abortedTransactions: {
              type: '[]',
              versions: '4+',
              nullable: '4+',
              ignorable: true,
              fields: { producerId: { type: 'int64', versions: '4+' }, firstOffset: { type: 'int64', versions: '4+' } },
            },
            preferredReadReplica: { type: 'int32', versions: '11+', default: -1 },
            records: { type: 'records', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '16+',
      tagged: '16+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '16+' },
        host: { type: 'string', versions: '16+' },
        port: { type: 'int32', versions: '16+' },
        rack: { type: 'string', versions: '16+', nullable: '16+', default: null },
      },
    },
  },
} as const
export type FetchResponse = Message<typeof FetchResponse>

export const ListOffsetsRequest = {
  name: 'ListOffsetsRequest',
  key: 2,
  versions: '1-11',
  flexible: '6+',
  fields: {
    replicaId: { type: 'int32', versions: '0+' },
    isolationLevel: { type: 'int8', versions: '2+' },
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
            currentLeaderEpoch: { type: 'int32', versions: '4+', default: -1, ignorable: true },
            timestamp: { type: 'int64', versions: '0+' },
          },
        },
      },
    },
    timeoutMs: { type: 'int32', versions: '10+', ignorable: true },
  },
} as const
export type ListOffsetsRequest = Message<typeof ListOffsetsRequest>

export const ListOffsetsResponse = {
  name: 'ListOffsetsResponse',
  key: 2,
  versions: '1-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
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
            errorCode: { type: 'int16', versions: '0+' },
            timestamp: { type: 'int64', versions: '1+', default: -1 },
            offset: { type: 'int64', versions: '1+', default: -1 },
            leaderEpoch: { type: 'int32', versions: '4+', default: -1 },
          },
        },
      },
    },
  },
} as const
export type ListOffsetsResponse = Message<typeof ListOffsetsResponse>

export const DeleteRecordsRequest = {
  name: 'DeleteRecordsRequest',
  key: 21,
  versions: '0-2',
  flexible: '2+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, offset: { type: 'int64', versions: '0+' } },
        },
      },
    },
    timeoutMs: { type: 'int32', versions: '0+' },
  },
} as const
export type DeleteRecordsRequest = Message<typeof DeleteRecordsRequest>

export const DeleteRecordsResponse = {
  name: 'DeleteRecordsResponse',
  key: 21,
  versions: '0-2',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
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
            lowWatermark: { type: 'int64', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type DeleteRecordsResponse = Message<typeof DeleteRecordsResponse>

export const OffsetForLeaderEpochRequest = {
  name: 'OffsetForLeaderEpochRequest',
  key: 23,
  versions: '2-4',
  flexible: '4+',
  fields: {
    replicaId: { type: 'int32', versions: '3+', default: -2, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topic: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            currentLeaderEpoch: { type: 'int32', versions: '2+', default: -1, ignorable: true },
            leaderEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type OffsetForLeaderEpochRequest = Message<typeof OffsetForLeaderEpochRequest>

export const OffsetForLeaderEpochResponse = {
  name: 'OffsetForLeaderEpochResponse',
  key: 23,
  versions: '2-4',
  flexible: '4+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '2+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topic: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            errorCode: { type: 'int16', versions: '0+' },
            partition: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '1+', default: -1, ignorable: true },
            endOffset: { type: 'int64', versions: '0+', default: -1 },
          },
        },
      },
    },
  },
} as const
export type OffsetForLeaderEpochResponse = Message<typeof OffsetForLeaderEpochResponse>
