// BrokerHeartbeat (63, versions 0–2, controller listener): a broker is alive, caught up to an offset, wants to be
// fenced or to shut down (KIP-631). Version 1 adds offline log directories, version 2 cordoned ones (KIP-1066).

import { apis, type BrokerHeartbeatRequest, type BrokerHeartbeatResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const brokerHeartbeat: Handler<typeof BrokerHeartbeatRequest, typeof BrokerHeartbeatResponse> =
  decidedByController(apis.BrokerHeartbeat)
