// DescribeCluster (60, versions 0–2, both listeners): the cluster's id, its controller and its nodes (KIP-700). Version 1
// chooses between brokers and controllers (KIP-919: a listener answers for its own kind only), 2 includes fenced brokers
// (KIP-1073).

import {
  type DescribeClusterRequest,
  type DescribeClusterResponse,
  type ErrorName,
  errorCode,
  type Input,
} from '../../wire/index.ts'
import { CLUSTER_OPERATIONS, NO_OPERATIONS } from '../authorizer.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { brokersOn, controllerFor } from '../view.ts'

const BROKERS = 1
const CONTROLLERS = 2
type Nodes = NonNullable<Input<typeof DescribeClusterResponse>['brokers']>

export const describeCluster: Handler<typeof DescribeClusterRequest, typeof DescribeClusterResponse> = (
  request,
  call,
) => {
  const { cluster, clusterId, random } = call.services
  const { endpointType } = request
  const error = faultOf(endpointType, call)
  if (error !== null) return respond({ errorCode: errorCode(error[0]), errorMessage: error[1], clusterId: '' })
  const { image, controllerId } = cluster
  const { listener } = call.context
  const brokers =
    endpointType === CONTROLLERS
      ? controllersOn(call)
      : brokersOn(image, listener, request.includeFencedBrokers).map(({ nodeId, host, port, rack, fenced }) => ({
          brokerId: nodeId,
          host,
          port,
          rack,
          isFenced: fenced,
        }))
  return respond({
    errorCode: 0,
    endpointType,
    clusterId,
    controllerId:
      endpointType === CONTROLLERS
        ? controllerId
        : controllerFor(image, controllerId, listener, (n) => random.below(n)),
    brokers,
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NO_OPERATIONS,
  })
}

function faultOf(endpointType: number, call: Call): readonly [ErrorName, string] | null {
  if (endpointType !== BROKERS && endpointType !== CONTROLLERS) {
    return ['UNSUPPORTED_ENDPOINT_TYPE', `Unsupported endpoint type ${endpointType}`]
  }
  const own = call.listener.kind === 'controller' ? CONTROLLERS : BROKERS
  if (endpointType === own) return null
  const names = ['', 'BROKER', 'CONTROLLER']
  return [
    'MISMATCHED_ENDPOINT_TYPE',
    `The request was sent to an endpoint of type ${names[own]}, but we wanted an endpoint of type ${names[endpointType]}`,
  ]
}

/** Registered controllers in id order, by their endpoint of the asker's listener. */
function controllersOn(call: Call): Nodes {
  const nodes: { brokerId: number; host: string; port: number; rack: null; isFenced: boolean }[] = []
  for (const controller of call.services.cluster.image.controllers.values()) {
    const endpoint = controller.listeners.find(({ name }) => name === call.context.listener)
    if (endpoint === undefined) continue
    nodes.push({ brokerId: controller.id, host: endpoint.host, port: endpoint.port, rack: null, isFenced: false })
  }
  return nodes.sort((a, b) => a.brokerId - b.brokerId)
}
