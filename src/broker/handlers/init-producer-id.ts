// InitProducerId (22, versions 0–5): a producer id for idempotence, out of this broker's block, always with epoch 0.
// Version 3 lets a producer hand in the id and epoch it has, which without a transactional id changes nothing (KIP-360);
// 4 adds PRODUCER_FENCED; 5 is for transactions of version 2. Transactional ids have no coordinator yet: NOT_COORDINATOR
// is what a broker says that does not coordinate the id.

import { errorCode, type InitProducerIdRequest, type InitProducerIdResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const initProducerId: Handler<typeof InitProducerIdRequest, typeof InitProducerIdResponse> = async (
  request,
  call,
) => {
  const failed = (name: Parameters<typeof errorCode>[0]): ReturnType<typeof respond<typeof InitProducerIdResponse>> =>
    respond({ errorCode: errorCode(name), producerId: -1, producerEpoch: -1 })
  if (request.transactionalId === '') return failed('INVALID_REQUEST')
  if (request.transactionalId !== null) return failed('NOT_COORDINATOR')
  // Both or neither: Kafka refuses half an identity.
  if ((request.producerId === -1) !== (request.producerEpoch === -1)) return failed('INVALID_REQUEST')
  const { cluster, clock, limits } = call.services
  const producerId = await cluster.allocateProducerId(clock.monotonic() + limits.submitMs)
  // Kafka's answer while no block can be had; producers retry it.
  if (producerId === null) return failed('COORDINATOR_LOAD_IN_PROGRESS')
  return respond({ errorCode: 0, producerId, producerEpoch: 0 })
}
