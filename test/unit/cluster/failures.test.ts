// What is answered where no controller decides: every request that goes to one has an answer that says so, in the place
// where its clients look, and that a broker takes for "ask another".

import { describe, expect, test } from 'vitest'
import { failedResponse, saysNotController } from '../../../cluster/driver/failures.ts'
import type { Api, MessageSchema } from '../../../src/wire/index.ts'
import {
  apis,
  decode,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  errorCode,
} from '../../../src/wire/index.ts'

/** A request of one item of each kind, so that errors of items have something to stand at. */
const REQUESTS: Readonly<Record<string, object>> = {
  CreateTopics: { topics: [{ name: 't' }] },
  DeleteTopics: { topics: [{ name: 't' }], timeoutMs: 1 },
  CreatePartitions: { topics: [{ name: 't', count: 2 }] },
  AlterConfigs: { resources: [{ resourceType: 2, resourceName: 't' }] },
  IncrementalAlterConfigs: { resources: [{ resourceType: 2, resourceName: 't' }] },
  AlterPartitionReassignments: { topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] },
  ListPartitionReassignments: { topics: null },
  ElectLeaders: { topicPartitions: null },
  AlterClientQuotas: { entries: [{ entity: [{ entityType: 'user', entityName: null }] }] },
  UnregisterBroker: { brokerId: 1 },
  UpdateFeatures: {},
  ControllerRegistration: { controllerId: 1 },
  DescribeQuorum: {},
  BrokerRegistration: { brokerId: 1 },
  BrokerHeartbeat: { brokerId: 1 },
  AlterPartition: { brokerId: 1 },
  AssignReplicasToDirs: { brokerId: 1 },
  AllocateProducerIds: { brokerId: 1 },
}

describe('no controller decided', () => {
  test.each(Object.entries(REQUESTS))('%s', (name, fields) => {
    const api = apis[name as keyof typeof apis] as unknown as Api<MessageSchema, MessageSchema>
    const version = api.latestStableVersion
    const frame = Buffer.concat(
      encodeRequest(api, version, { correlationId: 1, clientId: 'c' }, fields as never),
    ).subarray(4)
    const request = decode(api.request, version, frame, decodeRequestHeader(frame).bodyAt)
    const said = failedResponse(name, request, 'NOT_CONTROLLER', 'It has moved.')
    expect(saysNotController(said)).toBe(true)
    const told = decodeResponse(api, version, Buffer.concat(encodeResponse(api, version, 1, said as never)).subarray(4))
    expect(JSON.stringify(told.body)).toContain(`"errorCode":${errorCode('NOT_CONTROLLER')}`)
  })
})
