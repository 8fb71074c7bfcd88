// AlterPartitionReassignments (45, versions 0–1, both listeners): partitions move to other replicas, or back where no list
// is given (KIP-455); version 1 may insist on the replication factor (KIP-860). Decided by the active controller.

import {
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
  apis,
} from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const alterPartitionReassignments: Handler<
  typeof AlterPartitionReassignmentsRequest,
  typeof AlterPartitionReassignmentsResponse
> = decidedByController(apis.AlterPartitionReassignments)
