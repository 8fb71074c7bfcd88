// The one place where a request's operation is allowed or not (D17). Until authentication lands every principal may do
// everything, except that inter-broker requests and replica fetches need a listener that is meant for them (D12).

import type { ErrorName } from '../wire/index.ts'
import type { ListenerRole } from './types.ts'

/** Kafka's AclOperation and ResourceType, as far as handlers need them. */
export type Operation =
  | 'ALL'
  | 'READ'
  | 'WRITE'
  | 'CREATE'
  | 'DELETE'
  | 'ALTER'
  | 'DESCRIBE'
  | 'CLUSTER_ACTION'
  | 'DESCRIBE_CONFIGS'
  | 'ALTER_CONFIGS'
  | 'IDEMPOTENT_WRITE'
export type ResourceType = 'TOPIC' | 'GROUP' | 'CLUSTER' | 'TRANSACTIONAL_ID' | 'NONE'

/** What a request needs to be looked at; what it names is checked per resource once principals exist. */
export interface Need {
  readonly operation: Operation
  readonly resource: ResourceType
}

/** Null when allowed. */
export function authorize(need: Need, listener: ListenerRole): ErrorName | null {
  if (need.operation === 'CLUSTER_ACTION' && !listener.clusterActions) return 'CLUSTER_AUTHORIZATION_FAILED'
  return null
}

// Bits of AclOperation codes, as Metadata, DescribeCluster and DescribeTopicPartitions report them.
/** READ, WRITE, CREATE, DELETE, ALTER, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS. */
export const TOPIC_OPERATIONS = 0b1101_1111_1000
/** CREATE, ALTER, DESCRIBE, CLUSTER_ACTION, DESCRIBE_CONFIGS, ALTER_CONFIGS, IDEMPOTENT_WRITE. */
export const CLUSTER_OPERATIONS = 0b1_1111_1010_0000
/** READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS. */
export const GROUP_OPERATIONS = 0b1101_0100_1000
/** Not asked for. */
export const NO_OPERATIONS = -2147483648
