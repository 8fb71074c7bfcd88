// SyncGroup (14, versions 0–5): the leader brings the assignment, everybody hears his part of it when it is committed. The
// connection waits meanwhile, as in Kafka.
// Version 3 adds static members (KIP-345), 4 is flexible, 5 says which protocol is meant, which must be the group's (KIP-559).

import type { SyncGroupRequest, SyncGroupResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const syncGroup: Handler<typeof SyncGroupRequest, typeof SyncGroupResponse> = async (request, call) =>
  respond(await askGroup(call, 'SyncGroup', request.groupId, request))
