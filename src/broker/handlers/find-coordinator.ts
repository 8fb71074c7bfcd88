// FindCoordinator (10, versions 0–6): the broker that leads the partition of an internal topic in which a group lives. The
// topic is created when it is asked for first, as Kafka does it, whatever `auto.create.topics.enable` says; meanwhile, and
// while the partition has no leader, the answer is COORDINATOR_NOT_AVAILABLE, which clients ask again.
// Version 1 adds key types (KIP-98), 3 is flexible, 4 asks for many keys (KIP-699), 5 a new error, 6 share groups (KIP-932).
// There are no coordinators of transactions and share groups yet: the same answer, and no topic is created.

import { GROUP_TOPIC } from '../../coordinator/index.ts'
import {
  type ErrorName,
  errorCode,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '../../wire/index.ts'
import { autoCreate } from '../auto-create.ts'
import { partitionOfGroup } from '../groups.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { aliveEndpoint, topicByName } from '../view.ts'

const GROUP = 0
const SHARE = 2
const SHARE_SINCE = 6
/** What Kafka's Errors say; of success they say their name. */
const MESSAGES: { readonly [error in Found['error']]: string } = {
  NONE: 'NONE',
  COORDINATOR_NOT_AVAILABLE: 'The coordinator is not available.',
  INVALID_REQUEST:
    'This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.',
}

interface Found {
  readonly error: Extract<ErrorName, 'NONE' | 'COORDINATOR_NOT_AVAILABLE' | 'INVALID_REQUEST'>
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

export const findCoordinator: Handler<typeof FindCoordinatorRequest, typeof FindCoordinatorResponse> = (
  request,
  call,
) => {
  const { keyType } = request
  if (call.version < 4) {
    const { error, ...node } = find(keyType, request.key, call)
    return respond({ errorCode: errorCode(error), errorMessage: MESSAGES[error], ...node })
  }
  const coordinators = [...new Set(request.coordinatorKeys)].map((key) => {
    const { error, ...node } = find(keyType, key, call)
    // In lists Kafka leaves the message empty.
    return { key, errorCode: errorCode(error), errorMessage: '', ...node }
  })
  return respond({ coordinators })
}

function find(keyType: number, key: string, call: Call): Found {
  if (keyType < GROUP || keyType > SHARE || (keyType === SHARE && call.version < SHARE_SINCE)) {
    return nobody('INVALID_REQUEST')
  }
  if (keyType !== GROUP) return nobody('COORDINATOR_NOT_AVAILABLE')
  const { image } = call.services.cluster
  const topic = topicByName(image, GROUP_TOPIC)
  if (topic === undefined) {
    autoCreate([GROUP_TOPIC], call)
    return nobody('COORDINATOR_NOT_AVAILABLE')
  }
  const leader = topic.partitions.get(partitionOfGroup(call, key))?.leader ?? -1
  const endpoint = aliveEndpoint(image, leader, call.context.listener)
  if (endpoint === undefined) return nobody('COORDINATOR_NOT_AVAILABLE')
  return { error: 'NONE', nodeId: leader, host: endpoint.host, port: endpoint.port }
}

function nobody(error: Exclude<Found['error'], 'NONE'>): Found {
  return { error, nodeId: -1, host: '', port: -1 }
}
