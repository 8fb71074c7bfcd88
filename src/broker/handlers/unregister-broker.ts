// UnregisterBroker (64, version 0, both listeners): a broker that will not come back is forgotten (KIP-631). Decided by the
// active controller; one that still runs registers again.

import { apis, type UnregisterBrokerRequest, type UnregisterBrokerResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const unregisterBroker: Handler<typeof UnregisterBrokerRequest, typeof UnregisterBrokerResponse> =
  decidedByController(apis.UnregisterBroker)
