// ListPartitionReassignments (46, version 0, both listeners): which partitions are moving, and where to (KIP-455). Answered
// by the active controller, when what it knows of is committed.

import {
  apis,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const listPartitionReassignments: Handler<
  typeof ListPartitionReassignmentsRequest,
  typeof ListPartitionReassignmentsResponse
> = decidedByController(apis.ListPartitionReassignments)
