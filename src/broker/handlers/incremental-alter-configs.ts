// IncrementalAlterConfigs (44, versions 0–1, both listeners): SET, DELETE, APPEND and SUBTRACT on the configurations of
// topics and brokers (KIP-339), validated and decided by the active controller.

import { apis, type IncrementalAlterConfigsRequest, type IncrementalAlterConfigsResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const incrementalAlterConfigs: Handler<
  typeof IncrementalAlterConfigsRequest,
  typeof IncrementalAlterConfigsResponse
> = decidedByController(apis.IncrementalAlterConfigs)
