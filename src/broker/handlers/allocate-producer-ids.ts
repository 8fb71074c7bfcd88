// AllocateProducerIds (67, version 0, controller listener): a broker asks the active controller for a block of 1,000
// producer ids. Errors are top-level: STALE_BROKER_EPOCH, BROKER_ID_NOT_REGISTERED, NOT_CONTROLLER.

import { type AllocateProducerIdsRequest, type AllocateProducerIdsResponse, apis } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const allocateProducerIds: Handler<typeof AllocateProducerIdsRequest, typeof AllocateProducerIdsResponse> =
  decidedByController(apis.AllocateProducerIds)
