// AlterPartition (56, versions 2–3, controller listener): a leader proposes another ISR, as compare-and-set on the
// partition epoch (KIP-497). Version 2 names topics by id, version 3 carries the broker epoch of each ISR member
// (KIP-903). Errors: per partition, and top-level for the broker itself.

import { type AlterPartitionRequest, type AlterPartitionResponse, apis } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const alterPartition: Handler<typeof AlterPartitionRequest, typeof AlterPartitionResponse> = decidedByController(
  apis.AlterPartition,
)
