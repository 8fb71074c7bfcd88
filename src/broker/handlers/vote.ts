// Vote (52, versions 0–2, controller listener): version 1 adds directory ids (KIP-853), version 2 pre-vote (KIP-996).

import type { VoteRequest, VoteResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const vote: Handler<typeof VoteRequest, typeof VoteResponse> = async (request, call) => {
  const answer = await call.services.raft.handleVote(request, call.listener.name)
  // Endpoints have no place in version 0.
  return respond(call.version === 0 ? { ...answer, nodeEndpoints: [] } : answer)
}
