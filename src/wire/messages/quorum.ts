// KRaft: votes, epochs, snapshots, voters (KIP-595, 630, 853, 996).
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const VoteRequest = {
  name: 'VoteRequest',
  key: 52,
  versions: '0-2',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    voterId: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            replicaEpoch: { type: 'int32', versions: '0+' },
            replicaId: { type: 'int32', versions: '0+' },
            replicaDirectoryId: { type: 'uuid', versions: '1+', ignorable: true },
            voterDirectoryId: { type: 'uuid', versions: '1+', ignorable: true },
            lastOffsetEpoch: { type: 'int32', versions: '0+' },
            lastOffset: { type: 'int64', versions: '0+' },
            preVote: { type: 'bool', versions: '2+' },
          },
        },
      },
    },
  },
} as const
export type VoteRequest = Message<typeof VoteRequest>

export const VoteResponse = {
  name: 'VoteResponse',
  key: 52,
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            voteGranted: { type: 'bool', versions: '0+' },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '1+',
      tagged: '1+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type VoteResponse = Message<typeof VoteResponse>

export const BeginQuorumEpochRequest = {
  name: 'BeginQuorumEpochRequest',
  key: 53,
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    voterId: { type: 'int32', versions: '1+', default: -1, ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            voterDirectoryId: { type: 'uuid', versions: '1+', ignorable: true },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
    leaderEndpoints: {
      type: '[]',
      versions: '1+',
      ignorable: true,
      fields: {
        name: { type: 'string', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type BeginQuorumEpochRequest = Message<typeof BeginQuorumEpochRequest>

export const BeginQuorumEpochResponse = {
  name: 'BeginQuorumEpochResponse',
  key: 53,
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '1+',
      tagged: '1+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type BeginQuorumEpochResponse = Message<typeof BeginQuorumEpochResponse>

export const EndQuorumEpochRequest = {
  name: 'EndQuorumEpochRequest',
  key: 54,
  versions: '0-1',
  flexible: '1+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+', default: null },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            preferredSuccessors: { type: '[]int32', versions: '0', ignorable: true },
            preferredCandidates: {
              type: '[]',
              versions: '1+',
              ignorable: true,
              fields: {
                candidateId: { type: 'int32', versions: '1+' },
                candidateDirectoryId: { type: 'uuid', versions: '1+' },
              },
            },
          },
        },
      },
    },
    leaderEndpoints: {
      type: '[]',
      versions: '1+',
      ignorable: true,
      fields: {
        name: { type: 'string', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type EndQuorumEpochRequest = Message<typeof EndQuorumEpochRequest>

export const EndQuorumEpochResponse = {
  name: 'EndQuorumEpochResponse',
  key: 54,
  versions: '0-1',
  flexible: '1+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '1+',
      tagged: '1+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type EndQuorumEpochResponse = Message<typeof EndQuorumEpochResponse>

export const DescribeQuorumRequest = {
  name: 'DescribeQuorumRequest',
  key: 55,
  versions: '0-2',
  flexible: '0+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: { type: '[]', versions: '0+', fields: { partitionIndex: { type: 'int32', versions: '0+' } } },
      },
    },
  },
} as const
export type DescribeQuorumRequest = Message<typeof DescribeQuorumRequest>

export const DescribeQuorumResponse = {
  name: 'DescribeQuorumResponse',
  key: 55,
  versions: '0-2',
  flexible: '0+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '2+', nullable: '2+', ignorable: true },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        topicName: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '2+', nullable: '2+', ignorable: true },
            leaderId: { type: 'int32', versions: '0+' },
            leaderEpoch: { type: 'int32', versions: '0+' },
            highWatermark: { type: 'int64', versions: '0+' },
            currentVoters: {
              type: '[]',
              versions: '0+',
              fields: {
                replicaId: { type: 'int32', versions: '0+' },
                replicaDirectoryId: { type: 'uuid', versions: '2+' },
                logEndOffset: { type: 'int64', versions: '0+' },
                lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
                lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              },
            },
            observers: {
              type: '[]',
              versions: '0+',
              fields: {
                replicaId: { type: 'int32', versions: '0+' },
                replicaDirectoryId: { type: 'uuid', versions: '2+' },
                logEndOffset: { type: 'int64', versions: '0+' },
                lastFetchTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
                lastCaughtUpTimestamp: { type: 'int64', versions: '1+', default: -1, ignorable: true },
              },
            },
          },
        },
      },
    },
    nodes: {
      type: '[]',
      versions: '2+',
      fields: {
        nodeId: { type: 'int32', versions: '2+' },
        listeners: {
          type: '[]',
          versions: '2+',
          fields: {
            name: { type: 'string', versions: '2+' },
            host: { type: 'string', versions: '2+' },
            port: { type: 'uint16', versions: '2+' },
          },
        },
      },
    },
  },
} as const
export type DescribeQuorumResponse = Message<typeof DescribeQuorumResponse>

export const FetchSnapshotRequest = {
  name: 'FetchSnapshotRequest',
  key: 59,
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+', tagged: '0+', tag: 0, default: null },
    replicaId: { type: 'int32', versions: '0+', default: -1 },
    maxBytes: { type: 'int32', versions: '0+', default: 2147483647 },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            partition: { type: 'int32', versions: '0+' },
            currentLeaderEpoch: { type: 'int32', versions: '0+' },
            snapshotId: {
              type: 'struct',
              versions: '0+',
              fields: { endOffset: { type: 'int64', versions: '0+' }, epoch: { type: 'int32', versions: '0+' } },
            },
            position: { type: 'int64', versions: '0+' },
            replicaDirectoryId: { type: 'uuid', versions: '1+', tagged: '1+', tag: 0, ignorable: true },
          },
        },
      },
    },
  },
} as const
export type FetchSnapshotRequest = Message<typeof FetchSnapshotRequest>

export const FetchSnapshotResponse = {
  name: 'FetchSnapshotResponse',
  key: 59,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    topics: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        partitions: {
          type: '[]',
          versions: '0+',
          fields: {
            index: { type: 'int32', versions: '0+' },
            errorCode: { type: 'int16', versions: '0+' },
            snapshotId: {
              type: 'struct',
              versions: '0+',
              fields: { endOffset: { type: 'int64', versions: '0+' }, epoch: { type: 'int32', versions: '0+' } },
            },
            currentLeader: {
              type: 'struct',
              versions: '0+',
              tagged: '0+',
              tag: 0,
              fields: { leaderId: { type: 'int32', versions: '0+' }, leaderEpoch: { type: 'int32', versions: '0+' } },
            },
            size: { type: 'int64', versions: '0+' },
            position: { type: 'int64', versions: '0+' },
            unalignedRecords: { type: 'records', versions: '0+' },
          },
        },
      },
    },
    nodeEndpoints: {
      type: '[]',
      versions: '1+',
      tagged: '1+',
      tag: 0,
      fields: {
        nodeId: { type: 'int32', versions: '1+' },
        host: { type: 'string', versions: '1+' },
        port: { type: 'uint16', versions: '1+' },
      },
    },
  },
} as const
export type FetchSnapshotResponse = Message<typeof FetchSnapshotResponse>

export const AddRaftVoterRequest = {
  name: 'AddRaftVoterRequest',
  key: 80,
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+' },
    timeoutMs: { type: 'int32', versions: '0+' },
    voterId: { type: 'int32', versions: '0+' },
    voterDirectoryId: { type: 'uuid', versions: '0+' },
    listeners: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'uint16', versions: '0+' },
      },
    },
    ackWhenCommitted: { type: 'bool', versions: '1+', default: true },
  },
} as const
export type AddRaftVoterRequest = Message<typeof AddRaftVoterRequest>

export const AddRaftVoterResponse = {
  name: 'AddRaftVoterResponse',
  key: 80,
  versions: '0-1',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', ignorable: true },
  },
} as const
export type AddRaftVoterResponse = Message<typeof AddRaftVoterResponse>

export const RemoveRaftVoterRequest = {
  name: 'RemoveRaftVoterRequest',
  key: 81,
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+' },
    voterId: { type: 'int32', versions: '0+' },
    voterDirectoryId: { type: 'uuid', versions: '0+' },
  },
} as const
export type RemoveRaftVoterRequest = Message<typeof RemoveRaftVoterRequest>

export const RemoveRaftVoterResponse = {
  name: 'RemoveRaftVoterResponse',
  key: 81,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+', ignorable: true },
  },
} as const
export type RemoveRaftVoterResponse = Message<typeof RemoveRaftVoterResponse>

export const UpdateRaftVoterRequest = {
  name: 'UpdateRaftVoterRequest',
  key: 82,
  versions: '0',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0+', nullable: '0+' },
    currentLeaderEpoch: { type: 'int32', versions: '0+' },
    voterId: { type: 'int32', versions: '0+' },
    voterDirectoryId: { type: 'uuid', versions: '0+' },
    listeners: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        port: { type: 'uint16', versions: '0+' },
      },
    },
    kRaftVersionFeature: {
      type: 'struct',
      versions: '0+',
      fields: {
        minSupportedVersion: { type: 'int16', versions: '0+' },
        maxSupportedVersion: { type: 'int16', versions: '0+' },
      },
    },
  },
} as const
export type UpdateRaftVoterRequest = Message<typeof UpdateRaftVoterRequest>

export const UpdateRaftVoterResponse = {
  name: 'UpdateRaftVoterResponse',
  key: 82,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    currentLeader: {
      type: 'struct',
      versions: '0+',
      tagged: '0+',
      tag: 0,
      fields: {
        leaderId: { type: 'int32', versions: '0+', default: -1 },
        leaderEpoch: { type: 'int32', versions: '0+', default: -1 },
        host: { type: 'string', versions: '0+' },
        port: { type: 'int32', versions: '0+' },
      },
    },
  },
} as const
export type UpdateRaftVoterResponse = Message<typeof UpdateRaftVoterResponse>
