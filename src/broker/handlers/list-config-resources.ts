// ListConfigResources (74, versions 0–1, brokers): the resources that have or may have configurations (KIP-1142). Version 0
// knew subscriptions of client metrics only. Groups and subscriptions are listed once something is set for them; topics
// and brokers always are.

import {
  errorCode,
  type Input,
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponse,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { brokersOn } from '../view.ts'

type Resource = NonNullable<Input<typeof ListConfigResourcesResponse>['configResources']>[number]

const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8
const CLIENT_METRICS = 16
const GROUP = 32

export const listConfigResources: Handler<typeof ListConfigResourcesRequest, typeof ListConfigResourcesResponse> = (
  request,
  call,
) => {
  const served = call.version === 0 ? [CLIENT_METRICS] : [GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC]
  const asked = request.resourceTypes.length === 0 ? served : request.resourceTypes
  if (asked.some((type) => !served.includes(type))) return respond({ errorCode: errorCode('UNSUPPORTED_VERSION') })
  const configResources = served
    .filter((type) => asked.includes(type))
    .flatMap((resourceType): Resource[] =>
      namesOf(resourceType, call).map((resourceName) => ({ resourceName, resourceType })),
    )
  return respond({ errorCode: 0, configResources })
}

function namesOf(type: number, call: Call): string[] {
  const { image } = call.services.cluster
  if (type === TOPIC) return [...image.topicIds.keys()]
  if (type === BROKER || type === BROKER_LOGGER) {
    return brokersOn(image, call.context.listener).map(({ nodeId }) => String(nodeId))
  }
  const prefix = `${type}:`
  return [...image.configs.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
}
