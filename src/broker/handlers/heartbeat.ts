// Heartbeat (12, versions 0–4): keeps a member's session, and tells it that the group rebalances.
// Version 3 adds static members (KIP-345), 4 is flexible.

import type { HeartbeatRequest, HeartbeatResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const heartbeat: Handler<typeof HeartbeatRequest, typeof HeartbeatResponse> = async (request, call) =>
  respond(await askGroup(call, 'Heartbeat', request.groupId, request))
