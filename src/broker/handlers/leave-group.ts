// LeaveGroup (13, versions 0–5): members that go, or that an administrator removes.
// Version 3 takes several at once, static ones by their instance (KIP-345), 4 is flexible, 5 gives reasons (KIP-800).

import type { LeaveGroupRequest, LeaveGroupResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const leaveGroup: Handler<typeof LeaveGroupRequest, typeof LeaveGroupResponse> = async (request, call) =>
  respond(await askGroup(call, 'LeaveGroup', request.groupId, request))
