// FindCoordinator (10, versions 0–6): there are no group, transaction or share coordinators yet, and this says so, with the
// retriable COORDINATOR_NOT_AVAILABLE for every key. It is served because librdkafka asks for a coordinator as soon as a
// consumer has a group id, even when it only reads partitions that were assigned to it, and hands the application an error
// if brokers do not know the request; refused for now, it asks again quietly and reads on.
// Version 1 adds key types (KIP-98), 3 is flexible, 4 asks for many keys (KIP-699), 5 a new error, 6 share groups (KIP-932).

import { errorCode, type FindCoordinatorRequest, type FindCoordinatorResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

const LAST_KEY_TYPE = 2
const MESSAGE = 'The coordinator is not available.'

export const findCoordinator: Handler<typeof FindCoordinatorRequest, typeof FindCoordinatorResponse> = (
  request,
  call,
) => {
  const known = request.keyType >= 0 && request.keyType <= LAST_KEY_TYPE
  const code = errorCode(known ? 'COORDINATOR_NOT_AVAILABLE' : 'INVALID_REQUEST')
  const nobody = { errorCode: code, errorMessage: known ? MESSAGE : null, nodeId: -1, host: '', port: -1 }
  if (call.version < 4) return respond(nobody)
  return respond({ coordinators: [...new Set(request.coordinatorKeys)].map((key) => ({ key, ...nobody })) })
}
