// CreateTopics (19, versions 2–7, both listeners): decided by the active controller. Version 4 allows −1 for partitions
// and replication factor (the cluster's defaults, KIP-464), 5 answers with configurations (KIP-525), 7 with topic ids.

import { apis, type CreateTopicsRequest, type CreateTopicsResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const createTopics: Handler<typeof CreateTopicsRequest, typeof CreateTopicsResponse> = decidedByController(
  apis.CreateTopics,
)
