// CreatePartitions (37, versions 0–3, both listeners): a topic grows to a count, with placement of its new partitions
// given or chosen (KIP-195); decided by the active controller.

import { apis, type CreatePartitionsRequest, type CreatePartitionsResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const createPartitions: Handler<typeof CreatePartitionsRequest, typeof CreatePartitionsResponse> =
  decidedByController(apis.CreatePartitions)
