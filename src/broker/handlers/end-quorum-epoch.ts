// EndQuorumEpoch (54, versions 0–1, controller listener): a leader resigns and names its preferred successors
// (KIP-595); version 1 adds directory ids and endpoints (KIP-853).

import type { EndQuorumEpochRequest, EndQuorumEpochResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const endQuorumEpoch: Handler<typeof EndQuorumEpochRequest, typeof EndQuorumEpochResponse> = async (
  request,
  call,
) => respond(await call.services.raft.handleEndQuorumEpoch(request, call.listener.name))
