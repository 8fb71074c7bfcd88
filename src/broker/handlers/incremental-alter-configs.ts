// IncrementalAlterConfigs (44, versions 0–1, both listeners): SET, DELETE, APPEND and SUBTRACT on the configurations of
// topics, brokers, groups and client-metrics subscriptions (KIP-339), validated and decided by the active controller.
// Loggers are the business of the node that was asked (KIP-412): here the host's logger decides what it prints, there is
// none by name, and Kafka's sentence for a logger that does not exist is the answer.

import {
  apis,
  type ErrorName,
  errorCode,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { decidedByController } from './forwarded.ts'

type Resource = Message<typeof IncrementalAlterConfigsRequest>['resources'][number]
type Outcome = NonNullable<Input<typeof IncrementalAlterConfigsResponse>['responses']>[number]

const BROKER_LOGGER = 8
const OPERATIONS: readonly string[] = ['SET', 'DELETE', 'APPEND', 'SUBTRACT']

const forwarded: Handler<typeof IncrementalAlterConfigsRequest, typeof IncrementalAlterConfigsResponse> =
  decidedByController(apis.IncrementalAlterConfigs)

export const incrementalAlterConfigs: Handler<
  typeof IncrementalAlterConfigsRequest,
  typeof IncrementalAlterConfigsResponse
> = async (request, call) => {
  const isLogger = (resource: Resource): boolean => resource.resourceType === BROKER_LOGGER
  const loggers = request.resources.filter(isLogger)
  if (loggers.length === 0) return forwarded(request, call)
  const here = loggers.map((resource) => refusedLogger(resource, call))
  const others = request.resources.filter((resource) => !isLogger(resource))
  if (others.length === 0) return respond({ responses: here })
  const answer = await forwarded({ ...request, resources: others }, call)
  if (answer.kind !== 'respond') return answer
  return respond({ ...answer.body, responses: [...here, ...(answer.body.responses ?? [])] })
}

function refusedLogger({ resourceName, configs }: Resource, call: Call): Outcome {
  const { nodeId } = call.services.config
  const outcome = (error: ErrorName, errorMessage: string | null): Outcome => ({
    errorCode: errorCode(error),
    errorMessage,
    resourceType: BROKER_LOGGER,
    resourceName,
  })
  if (!/^[+-]?\d+$/.test(resourceName)) {
    return outcome('INVALID_REQUEST', `Node id must be an integer, but it is: ${resourceName}`)
  }
  if (Number(resourceName) !== nodeId) {
    return outcome('INVALID_REQUEST', `Unexpected node id. Expected ${nodeId}, but received ${resourceName}`)
  }
  for (const { name, configOperation } of configs) {
    const operation = OPERATIONS[configOperation]
    if (operation === undefined) return outcome('INVALID_REQUEST', `Unknown operation type ${configOperation}`)
    if (operation === 'APPEND' || operation === 'SUBTRACT') {
      return outcome('INVALID_REQUEST', `${operation} operation is not allowed for the BROKER_LOGGER resource`)
    }
    return outcome('INVALID_CONFIG', `Logger ${name} does not exist!`)
  }
  return outcome('NONE', null)
}
