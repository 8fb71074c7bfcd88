// What lies in files of its own: producer snapshots, `quorum-state`; and the records of `__remote_log_metadata`.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const ProducerSnapshot = {
  name: 'ProducerSnapshot',
  versions: '1',
  flexible: 'none',
  fields: {
    crc: { type: 'uint32', versions: '1' },
    producerEntries: {
      type: '[]',
      versions: '1',
      fields: {
        producerId: { type: 'int64', versions: '1' },
        epoch: { type: 'int16', versions: '1' },
        lastSequence: { type: 'int32', versions: '1' },
        lastOffset: { type: 'int64', versions: '1' },
        offsetDelta: { type: 'int32', versions: '1' },
        timestamp: { type: 'int64', versions: '1' },
        coordinatorEpoch: { type: 'int32', versions: '1' },
        currentTxnFirstOffset: { type: 'int64', versions: '1' },
      },
    },
  },
} as const
export type ProducerSnapshot = Message<typeof ProducerSnapshot>

export const RemoteLogSegmentMetadataRecord = {
  name: 'RemoteLogSegmentMetadataRecord',
  key: 0,
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: {
      type: 'struct',
      versions: '0+',
      fields: {
        topicIdPartition: {
          type: 'struct',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            id: { type: 'uuid', versions: '0+' },
            partition: { type: 'int32', versions: '0+' },
          },
        },
        id: { type: 'uuid', versions: '0+' },
      },
    },
    startOffset: { type: 'int64', versions: '0+' },
    endOffset: { type: 'int64', versions: '0+' },
    brokerId: { type: 'int32', versions: '0+' },
    maxTimestampMs: { type: 'int64', versions: '0+' },
    eventTimestampMs: { type: 'int64', versions: '0+' },
    segmentLeaderEpochs: {
      type: '[]',
      versions: '0+',
      fields: { leaderEpoch: { type: 'int32', versions: '0+' }, offset: { type: 'int64', versions: '0+' } },
    },
    segmentSizeInBytes: { type: 'int32', versions: '0+' },
    customMetadata: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
    remoteLogSegmentState: { type: 'int8', versions: '0+' },
    txnIndexEmpty: { type: 'bool', versions: '0+', tagged: '0+', tag: 0 },
  },
} as const
export type RemoteLogSegmentMetadataRecord = Message<typeof RemoteLogSegmentMetadataRecord>

export const RemoteLogSegmentMetadataSnapshotRecord = {
  name: 'RemoteLogSegmentMetadataSnapshotRecord',
  key: 3,
  versions: '0',
  flexible: '0+',
  fields: {
    segmentId: { type: 'uuid', versions: '0+' },
    startOffset: { type: 'int64', versions: '0+' },
    endOffset: { type: 'int64', versions: '0+' },
    brokerId: { type: 'int32', versions: '0+' },
    maxTimestampMs: { type: 'int64', versions: '0+' },
    eventTimestampMs: { type: 'int64', versions: '0+' },
    segmentLeaderEpochs: {
      type: '[]',
      versions: '0+',
      fields: { leaderEpoch: { type: 'int32', versions: '0+' }, offset: { type: 'int64', versions: '0+' } },
    },
    segmentSizeInBytes: { type: 'int32', versions: '0+' },
    customMetadata: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
    remoteLogSegmentState: { type: 'int8', versions: '0+' },
    txnIndexEmpty: { type: 'bool', versions: '0+', tagged: '0+', tag: 0 },
  },
} as const
export type RemoteLogSegmentMetadataSnapshotRecord = Message<typeof RemoteLogSegmentMetadataSnapshotRecord>

export const RemoteLogSegmentMetadataUpdateRecord = {
  name: 'RemoteLogSegmentMetadataUpdateRecord',
  key: 1,
  versions: '0',
  flexible: '0+',
  fields: {
    remoteLogSegmentId: {
      type: 'struct',
      versions: '0+',
      fields: {
        topicIdPartition: {
          type: 'struct',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            id: { type: 'uuid', versions: '0+' },
            partition: { type: 'int32', versions: '0+' },
          },
        },
        id: { type: 'uuid', versions: '0+' },
      },
    },
    brokerId: { type: 'int32', versions: '0+' },
    eventTimestampMs: { type: 'int64', versions: '0+' },
    customMetadata: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
    remoteLogSegmentState: { type: 'int8', versions: '0+' },
  },
} as const
export type RemoteLogSegmentMetadataUpdateRecord = Message<typeof RemoteLogSegmentMetadataUpdateRecord>

export const RemotePartitionDeleteMetadataRecord = {
  name: 'RemotePartitionDeleteMetadataRecord',
  key: 2,
  versions: '0',
  flexible: '0+',
  fields: {
    topicIdPartition: {
      type: 'struct',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        id: { type: 'uuid', versions: '0+' },
        partition: { type: 'int32', versions: '0+' },
      },
    },
    brokerId: { type: 'int32', versions: '0+' },
    eventTimestampMs: { type: 'int64', versions: '0+' },
    remotePartitionDeleteState: { type: 'int8', versions: '0+' },
  },
} as const
export type RemotePartitionDeleteMetadataRecord = Message<typeof RemotePartitionDeleteMetadataRecord>

export const QuorumStateData = {
  name: 'QuorumStateData',
  versions: '0-1',
  flexible: '0+',
  fields: {
    clusterId: { type: 'string', versions: '0' },
    leaderId: { type: 'int32', versions: '0+', default: -1 },
    leaderEpoch: { type: 'int32', versions: '0+', default: -1 },
    votedId: { type: 'int32', versions: '0+', default: -1 },
    votedDirectoryId: { type: 'uuid', versions: '1+' },
    appliedOffset: { type: 'int64', versions: '0' },
    currentVoters: { type: '[]', versions: '0', nullable: '0', fields: { voterId: { type: 'int32', versions: '0' } } },
  },
} as const
export type QuorumStateData = Message<typeof QuorumStateData>
