// ControllerRegistration (70, version 0, controller listener): a controller publishes its endpoints and features
// (KIP-919).

import { apis, type ControllerRegistrationRequest, type ControllerRegistrationResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const controllerRegistration: Handler<
  typeof ControllerRegistrationRequest,
  typeof ControllerRegistrationResponse
> = decidedByController(apis.ControllerRegistration)
