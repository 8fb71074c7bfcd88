// The controller's decisions: draft and request in, records and response out. Pure: it changes no image, sends nothing,
// waits for nothing.

/** What a controller writes first, and what a cluster starts with. */
export { activationRecords, defaultBootstrapRecords } from './activation.ts'
export { decideAlterPartition } from './alter-partition.ts'
export {
  decideFencing,
  decideHeartbeat,
  decideRegisterBroker,
  decideRegisterController,
  decideUnregisterBroker,
  startSessions,
} from './brokers.ts'
export { decideAlterConfigs, decideIncrementalAlterConfigs } from './configs.ts'
export { decideAssignReplicasToDirs } from './directories.ts'
export { decideElectLeaders } from './elect-leaders.ts'
/** The periodic elections. */
export { decidePreferredElections, decideUncleanElections } from './elections.ts'
export { decideUpdateFeatures } from './features.ts'
export { decideAllocateProducerIds } from './producer-ids.ts'
export { decideAlterClientQuotas } from './quotas.ts'
export { decideAlterPartitionReassignments, decideListPartitionReassignments } from './reassignments.ts'
export { decideCreatePartitions, decideCreateTopics, decideDeleteTopics } from './topics.ts'
export type { BrokerSession, Controller, Decision, DecisionContext } from './types.ts'
