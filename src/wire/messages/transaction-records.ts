// Records of `__transaction_state`.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const TransactionLogKey = {
  name: 'TransactionLogKey',
  key: 0,
  versions: '0',
  flexible: 'none',
  fields: { transactionalId: { type: 'string', versions: '0' } },
} as const
export type TransactionLogKey = Message<typeof TransactionLogKey>

export const TransactionLogValue = {
  name: 'TransactionLogValue',
  key: 0,
  versions: '0-1',
  flexible: '1+',
  fields: {
    producerId: { type: 'int64', versions: '0+' },
    previousProducerId: { type: 'int64', tagged: '1+', tag: 0, default: -1 },
    nextProducerId: { type: 'int64', tagged: '1+', tag: 1, default: -1 },
    producerEpoch: { type: 'int16', versions: '0+' },
    nextProducerEpoch: { type: 'int16', tagged: '1+', tag: 3, default: -1 },
    transactionTimeoutMs: { type: 'int32', versions: '0+' },
    transactionStatus: { type: 'int8', versions: '0+' },
    transactionPartitions: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: { topic: { type: 'string', versions: '0+' }, partitionIds: { type: '[]int32', versions: '0+' } },
    },
    transactionLastUpdateTimestampMs: { type: 'int64', versions: '0+' },
    transactionStartTimestampMs: { type: 'int64', versions: '0+' },
    clientTransactionVersion: { type: 'int16', tagged: '1+', tag: 2 },
  },
} as const
export type TransactionLogValue = Message<typeof TransactionLogValue>
