// Blocks of producer ids: a broker gets a thousand at once, and no id is ever given twice.

import type { AllocateProducerIdsRequest, AllocateProducerIdsResponse, Input } from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { brokerEpochProblem } from './brokers.ts'
import type { Decision } from './types.ts'

const PRODUCER_ID_BLOCK = 1_000

export function decideAllocateProducerIds(
  draft: MetadataImage,
  request: AllocateProducerIdsRequest,
): Decision<Input<typeof AllocateProducerIdsResponse>> {
  const { brokerId, brokerEpoch } = request
  const stale = brokerEpochProblem(draft, brokerId, brokerEpoch)
  if (stale !== null) return { records: [], response: { errorCode: errorCode(stale) } }
  const producerIdStart = Math.max(draft.nextProducerId, 0)
  // Beyond 2^53 a number could stand for two ids.
  if (!Number.isSafeInteger(producerIdStart + PRODUCER_ID_BLOCK)) {
    return { records: [], response: { errorCode: errorCode('UNKNOWN_SERVER_ERROR') } }
  }
  const value = { brokerId, brokerEpoch, nextProducerId: producerIdStart + PRODUCER_ID_BLOCK }
  return {
    records: [{ type: 'ProducerIdsRecord', version: 0, value }],
    response: { errorCode: 0, producerIdStart, producerIdLen: PRODUCER_ID_BLOCK },
  }
}
