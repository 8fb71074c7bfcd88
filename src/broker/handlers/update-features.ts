// UpdateFeatures (57, versions 0–2, both listeners): feature levels of the cluster up or down, tried or done (KIP-584).
// Version 1 adds kinds of downgrade and the dry run, 2 has one error for all features (KIP-1022). Decided by the active
// controller.

import { apis, type UpdateFeaturesRequest, type UpdateFeaturesResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const updateFeatures: Handler<typeof UpdateFeaturesRequest, typeof UpdateFeaturesResponse> = decidedByController(
  apis.UpdateFeatures,
)
