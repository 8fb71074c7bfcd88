// AlterConfigs (33, versions 0–2, both listeners): all configurations of a resource replaced by those named (KIP-133).
// Superseded by IncrementalAlterConfigs, and still what older clients send. Decided by the active controller.

import { type AlterConfigsRequest, type AlterConfigsResponse, apis } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const alterConfigs: Handler<typeof AlterConfigsRequest, typeof AlterConfigsResponse> = decidedByController(
  apis.AlterConfigs,
)
