// From an API's name to the controller's decision. The caller has decoded the request by that API's schema.

import { Bug } from '../../src/base/index.ts'
import type {
  AllocateProducerIdsRequest,
  AlterClientQuotasRequest,
  AlterConfigsRequest,
  AlterPartitionReassignmentsRequest,
  AlterPartitionRequest,
  AssignReplicasToDirsRequest,
  BrokerHeartbeatRequest,
  BrokerRegistrationRequest,
  ControllerRegistrationRequest,
  CreatePartitionsRequest,
  CreateTopicsRequest,
  DeleteTopicsRequest,
  ElectLeadersRequest,
  IncrementalAlterConfigsRequest,
  ListPartitionReassignmentsRequest,
  UnregisterBrokerRequest,
  UpdateFeaturesRequest,
} from '../../src/wire/index.ts'
import type { Controller, Decision, DecisionContext } from '../controller/index.ts'
import {
  decideAllocateProducerIds,
  decideAlterClientQuotas,
  decideAlterConfigs,
  decideAlterPartition,
  decideAlterPartitionReassignments,
  decideAssignReplicasToDirs,
  decideCreatePartitions,
  decideCreateTopics,
  decideDeleteTopics,
  decideElectLeaders,
  decideHeartbeat,
  decideIncrementalAlterConfigs,
  decideListPartitionReassignments,
  decideRegisterBroker,
  decideRegisterController,
  decideUnregisterBroker,
  decideUpdateFeatures,
} from '../controller/index.ts'
import type { MetadataImage } from '../metadata/index.ts'

export function decideRequest(
  controller: Controller,
  draft: MetadataImage,
  api: string,
  request: unknown,
  context: DecisionContext,
): Decision<unknown> {
  const { node } = controller
  switch (api) {
    case 'BrokerHeartbeat':
      return decideHeartbeat(controller, draft, request as BrokerHeartbeatRequest, context)
    case 'AlterPartition':
      return decideAlterPartition(draft, node, request as AlterPartitionRequest, context)
    case 'CreateTopics':
      return decideCreateTopics(draft, node, request as CreateTopicsRequest, context)
    case 'DeleteTopics':
      return decideDeleteTopics(draft, node, request as DeleteTopicsRequest, context)
    case 'CreatePartitions':
      return decideCreatePartitions(draft, request as CreatePartitionsRequest, context)
    case 'AlterPartitionReassignments':
      return decideAlterPartitionReassignments(draft, node, request as AlterPartitionReassignmentsRequest)
    case 'ListPartitionReassignments':
      return decideListPartitionReassignments(draft, request as ListPartitionReassignmentsRequest)
    case 'ElectLeaders':
      return decideElectLeaders(draft, node, request as ElectLeadersRequest)
    case 'IncrementalAlterConfigs':
      return decideIncrementalAlterConfigs(draft, node, request as IncrementalAlterConfigsRequest)
    case 'AlterConfigs':
      return decideAlterConfigs(draft, node, request as AlterConfigsRequest)
    case 'AlterClientQuotas':
      return decideAlterClientQuotas(draft, request as AlterClientQuotasRequest)
    case 'UpdateFeatures':
      return decideUpdateFeatures(draft, node, request as UpdateFeaturesRequest, context)
    case 'AllocateProducerIds':
      return decideAllocateProducerIds(draft, request as AllocateProducerIdsRequest)
    case 'AssignReplicasToDirs':
      return decideAssignReplicasToDirs(draft, node, request as AssignReplicasToDirsRequest)
    case 'BrokerRegistration':
      return decideRegisterBroker(controller, draft, request as BrokerRegistrationRequest, context)
    case 'UnregisterBroker':
      return decideUnregisterBroker(controller, draft, request as UnregisterBrokerRequest)
    case 'ControllerRegistration':
      return decideRegisterController(draft, request as ControllerRegistrationRequest)
    default:
      throw new Bug(`${api} is decided by no controller`)
  }
}
