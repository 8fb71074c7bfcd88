// JoinGroup (11, versions 0–9): to the group's coordinator, which answers when the rebalance has gathered its members. The
// connection waits meanwhile, as in Kafka: nothing that comes behind it is begun, and if it breaks, the member is still
// in the group until its session is over.
// Version 1 adds the rebalance time-out, 4 makes new members come twice with the id they are given (KIP-394), 5 static
// members (KIP-345), 6 is flexible, 7 names the protocol in the answer, 8 gives reasons (KIP-800), 9 lets the leader of
// static members skip the assignment (KIP-814).

import type { JoinGroupRequest, JoinGroupResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const joinGroup: Handler<typeof JoinGroupRequest, typeof JoinGroupResponse> = async (request, call) =>
  respond(await askGroup(call, 'JoinGroup', request.groupId, request))
