// BrokerRegistration (62, versions 0–4, controller listener): a broker joins and gets its epoch. Version 2 adds log
// directories, version 3 the previous broker epoch (KIP-966), version 4 features whose range starts at 0.

import { apis, type BrokerRegistrationRequest, type BrokerRegistrationResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const brokerRegistration: Handler<typeof BrokerRegistrationRequest, typeof BrokerRegistrationResponse> =
  decidedByController(apis.BrokerRegistration)
