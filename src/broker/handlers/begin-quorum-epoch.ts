// BeginQuorumEpoch (53, versions 0–1, controller listener): the leader of a new epoch makes itself known (KIP-595);
// version 1 adds directory ids and the leader's endpoints (KIP-853).

import type { BeginQuorumEpochRequest, BeginQuorumEpochResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const beginQuorumEpoch: Handler<typeof BeginQuorumEpochRequest, typeof BeginQuorumEpochResponse> = async (
  request,
  call,
) => respond(await call.services.raft.handleBeginQuorumEpoch(request, call.listener.name))
