// Producer ids and transactions.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const InitProducerIdRequest = {
  name: 'InitProducerIdRequest',
  key: 22,
  versions: '0-6',
  flexible: '2+',
  fields: {
    transactionalId: { type: 'string', versions: '0+', nullable: '0+' },
    transactionTimeoutMs: { type: 'int32', versions: '0+' },
    producerId: { type: 'int64', versions: '3+', default: -1 },
    producerEpoch: { type: 'int16', versions: '3+', default: -1 },
    enable2Pc: { type: 'bool', versions: '6+' },
    keepPreparedTxn: { type: 'bool', versions: '6+' },
  },
} as const
export type InitProducerIdRequest = Message<typeof InitProducerIdRequest>

export const InitProducerIdResponse = {
  name: 'InitProducerIdResponse',
  key: 22,
  versions: '0-6',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+', ignorable: true },
    errorCode: { type: 'int16', versions: '0+' },
    producerId: { type: 'int64', versions: '0+', default: -1 },
    producerEpoch: { type: 'int16', versions: '0+' },
    ongoingTxnProducerId: { type: 'int64', versions: '6+', default: -1 },
    ongoingTxnProducerEpoch: { type: 'int16', versions: '6+', default: -1 },
  },
} as const
export type InitProducerIdResponse = Message<typeof InitProducerIdResponse>

export const AddPartitionsToTxnRequest = {
  name: 'AddPartitionsToTxnRequest',
  key: 24,
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactions: {
      type: '[]',
      versions: '4+',
      fields: {
        transactionalId: { type: 'string', versions: '4+' },
        producerId: { type: 'int64', versions: '4+' },
        producerEpoch: { type: 'int16', versions: '4+' },
        verifyOnly: { type: 'bool', versions: '4+' },
        topics: {
          type: '[]',
          versions: '4+',
          fields: { name: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
    v3AndBelowTransactionalId: { type: 'string', versions: '0-3' },
    v3AndBelowProducerId: { type: 'int64', versions: '0-3' },
    v3AndBelowProducerEpoch: { type: 'int16', versions: '0-3' },
    v3AndBelowTopics: {
      type: '[]',
      versions: '0-3',
      fields: { name: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type AddPartitionsToTxnRequest = Message<typeof AddPartitionsToTxnRequest>

export const AddPartitionsToTxnResponse = {
  name: 'AddPartitionsToTxnResponse',
  key: 24,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '4+', ignorable: true },
    resultsByTransaction: {
      type: '[]',
      versions: '4+',
      fields: {
        transactionalId: { type: 'string', versions: '4+' },
        topicResults: {
          type: '[]',
          versions: '4+',
          fields: {
            name: { type: 'string', versions: '0+' },
            resultsByPartition: {
              type: '[]',
              versions: '0+',
              fields: {
                partitionIndex: { type: 'int32', versions: '0+' },
                partitionErrorCode: { type: 'int16', versions: '0+' },
              },
            },
          },
        },
      },
    },
    resultsByTopicV3AndBelow: {
      type: '[]',
      versions: '0-3',
      fields: {
        name: { type: 'string', versions: '0+' },
        resultsByPartition: {
          type: '[]',
          versions: '0+',
          fields: {
            partitionIndex: { type: 'int32', versions: '0+' },
            partitionErrorCode: { type: 'int16', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type AddPartitionsToTxnResponse = Message<typeof AddPartitionsToTxnResponse>

export const AddOffsetsToTxnRequest = {
  name: 'AddOffsetsToTxnRequest',
  key: 25,
  versions: '0-4',
  flexible: '3+',
  fields: {
    transactionalId: { type: 'string', versions: '0+' },
    producerId: { type: 'int64', versions: '0+' },
    producerEpoch: { type: 'int16', versions: '0+' },
    groupId: { type: 'string', versions: '0+' },
  },
} as const
export type AddOffsetsToTxnRequest = Message<typeof AddOffsetsToTxnRequest>

export const AddOffsetsToTxnResponse = {
  name: 'AddOffsetsToTxnResponse',
  key: 25,
  versions: '0-4',
  flexible: '3+',
  fields: { throttleTimeMs: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
} as const
export type AddOffsetsToTxnResponse = Message<typeof AddOffsetsToTxnResponse>

export const EndTxnRequest = {
  name: 'EndTxnRequest',
  key: 26,
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactionalId: { type: 'string', versions: '0+' },
    producerId: { type: 'int64', versions: '0+' },
    producerEpoch: { type: 'int16', versions: '0+' },
    committed: { type: 'bool', versions: '0+' },
  },
} as const
export type EndTxnRequest = Message<typeof EndTxnRequest>

export const EndTxnResponse = {
  name: 'EndTxnResponse',
  key: 26,
  versions: '0-5',
  flexible: '3+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    producerId: { type: 'int64', versions: '5+', default: -1, ignorable: true },
    producerEpoch: { type: 'int16', versions: '5+', default: -1, ignorable: true },
  },
} as const
export type EndTxnResponse = Message<typeof EndTxnResponse>

export const WriteTxnMarkersRequest = {
  name: 'WriteTxnMarkersRequest',
  key: 27,
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: {
      type: '[]',
      versions: '0+',
      fields: {
        producerId: { type: 'int64', versions: '0+' },
        producerEpoch: { type: 'int16', versions: '0+' },
        transactionResult: { type: 'bool', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: { name: { type: 'string', versions: '0+' }, partitionIndexes: { type: '[]int32', versions: '0+' } },
        },
        coordinatorEpoch: { type: 'int32', versions: '0+' },
        transactionVersion: { type: 'int8', versions: '2+', ignorable: true },
      },
    },
  },
} as const
export type WriteTxnMarkersRequest = Message<typeof WriteTxnMarkersRequest>

export const WriteTxnMarkersResponse = {
  name: 'WriteTxnMarkersResponse',
  key: 27,
  versions: '1-2',
  flexible: '1+',
  fields: {
    markers: {
      type: '[]',
      versions: '0+',
      fields: {
        producerId: { type: 'int64', versions: '0+' },
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
              },
            },
          },
        },
      },
    },
  },
} as const
export type WriteTxnMarkersResponse = Message<typeof WriteTxnMarkersResponse>

export const TxnOffsetCommitRequest = {
  name: 'TxnOffsetCommitRequest',
  key: 28,
  versions: '0-5',
  flexible: '3+',
  fields: {
    transactionalId: { type: 'string', versions: '0+' },
    groupId: { type: 'string', versions: '0+' },
    producerId: { type: 'int64', versions: '0+' },
    producerEpoch: { type: 'int16', versions: '0+' },
    generationId: { type: 'int32', versions: '3+', default: -1 },
    memberId: { type: 'string', versions: '3+' },
    groupInstanceId: { type: 'string', versions: '3+', nullable: '3+', default: null },
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
            committedOffset: { type: 'int64', versions: '0+' },
            committedLeaderEpoch: { type: 'int32', versions: '2+', default: -1, ignorable: true },
            committedMetadata: { type: 'string', versions: '0+', nullable: '0+' },
          },
        },
      },
    },
  },
} as const
export type TxnOffsetCommitRequest = Message<typeof TxnOffsetCommitRequest>

export const TxnOffsetCommitResponse = {
  name: 'TxnOffsetCommitResponse',
  key: 28,
  versions: '0-5',
  flexible: '3+',
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
          fields: { partitionIndex: { type: 'int32', versions: '0+' }, errorCode: { type: 'int16', versions: '0+' } },
        },
      },
    },
  },
} as const
export type TxnOffsetCommitResponse = Message<typeof TxnOffsetCommitResponse>

export const DescribeProducersRequest = {
  name: 'DescribeProducersRequest',
  key: 61,
  versions: '0',
  flexible: '0+',
  fields: {
    topics: {
      type: '[]',
      versions: '0+',
      fields: { name: { type: 'string', versions: '0+' }, partitionIndexes: { type: '[]int32', versions: '0+' } },
    },
  },
} as const
export type DescribeProducersRequest = Message<typeof DescribeProducersRequest>

export const DescribeProducersResponse = {
  name: 'DescribeProducersResponse',
  key: 61,
  versions: '0',
  flexible: '0+',
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
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+', default: null },
            activeProducers: {
              type: '[]',
              versions: '0+',
              fields: {
                producerId: { type: 'int64', versions: '0+' },
                producerEpoch: { type: 'int32', versions: '0+' },
                lastSequence: { type: 'int32', versions: '0+', default: -1 },
                lastTimestamp: { type: 'int64', versions: '0+', default: -1 },
                coordinatorEpoch: { type: 'int32', versions: '0+' },
                currentTxnStartOffset: { type: 'int64', versions: '0+', default: -1 },
              },
            },
          },
        },
      },
    },
  },
} as const
export type DescribeProducersResponse = Message<typeof DescribeProducersResponse>

export const DescribeTransactionsRequest = {
  name: 'DescribeTransactionsRequest',
  key: 65,
  versions: '0',
  flexible: '0+',
  fields: { transactionalIds: { type: '[]string', versions: '0+' } },
} as const
export type DescribeTransactionsRequest = Message<typeof DescribeTransactionsRequest>

export const DescribeTransactionsResponse = {
  name: 'DescribeTransactionsResponse',
  key: 65,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    transactionStates: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        transactionalId: { type: 'string', versions: '0+' },
        transactionState: { type: 'string', versions: '0+' },
        transactionTimeoutMs: { type: 'int32', versions: '0+' },
        transactionStartTimeMs: { type: 'int64', versions: '0+' },
        producerId: { type: 'int64', versions: '0+' },
        producerEpoch: { type: 'int16', versions: '0+' },
        topics: {
          type: '[]',
          versions: '0+',
          fields: { topic: { type: 'string', versions: '0+' }, partitions: { type: '[]int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type DescribeTransactionsResponse = Message<typeof DescribeTransactionsResponse>

export const ListTransactionsRequest = {
  name: 'ListTransactionsRequest',
  key: 66,
  versions: '0-2',
  flexible: '0+',
  fields: {
    stateFilters: { type: '[]string', versions: '0+' },
    producerIdFilters: { type: '[]int64', versions: '0+' },
    durationFilter: { type: 'int64', versions: '1+', default: -1 },
    transactionalIdPattern: { type: 'string', versions: '2+', nullable: '2+', default: null },
  },
} as const
export type ListTransactionsRequest = Message<typeof ListTransactionsRequest>

export const ListTransactionsResponse = {
  name: 'ListTransactionsResponse',
  key: 66,
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    unknownStateFilters: { type: '[]string', versions: '0+' },
    transactionStates: {
      type: '[]',
      versions: '0+',
      fields: {
        transactionalId: { type: 'string', versions: '0+' },
        producerId: { type: 'int64', versions: '0+' },
        transactionState: { type: 'string', versions: '0+' },
      },
    },
  },
} as const
export type ListTransactionsResponse = Message<typeof ListTransactionsResponse>

export const AllocateProducerIdsRequest = {
  name: 'AllocateProducerIdsRequest',
  key: 67,
  versions: '0',
  flexible: '0+',
  fields: { brokerId: { type: 'int32', versions: '0+' }, brokerEpoch: { type: 'int64', versions: '0+', default: -1 } },
} as const
export type AllocateProducerIdsRequest = Message<typeof AllocateProducerIdsRequest>

export const AllocateProducerIdsResponse = {
  name: 'AllocateProducerIdsResponse',
  key: 67,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    producerIdStart: { type: 'int64', versions: '0+' },
    producerIdLen: { type: 'int32', versions: '0+' },
  },
} as const
export type AllocateProducerIdsResponse = Message<typeof AllocateProducerIdsResponse>
