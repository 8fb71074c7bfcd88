// ElectLeaders (43, versions 0–2, both listeners): the preferred replica leads, or (from version 1 on) anybody alive where
// nobody does (KIP-183, KIP-460). Decided by the active controller. Version 0 has no place for an error of the whole
// request: its partitions say it, and the controller is asked in version 1.

import { apis, type ElectLeadersRequest, type ElectLeadersResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'
import { decidedByController } from './forwarded.ts'

const forwarded: Handler<typeof ElectLeadersRequest, typeof ElectLeadersResponse> = decidedByController(
  apis.ElectLeaders,
)

export const electLeaders: Handler<typeof ElectLeadersRequest, typeof ElectLeadersResponse> = async (request, call) => {
  if (call.version >= 1) return forwarded(request, call)
  const reply = await forwarded(request, { ...call, version: 1 })
  return reply.kind === 'respond' ? respond({ ...reply.body, errorCode: 0 }) : reply
}
