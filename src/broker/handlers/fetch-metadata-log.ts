// Fetch (1, versions 4–18) on a controller listener: the metadata log only, by voters and observers (KIP-595). Version 15
// moves the replica id into a tagged field, 17 adds the directory id (KIP-853), 18 the known high watermark (KIP-1166).
// It waits up to the request's max wait, so it is cut to what the limits allow.

import type { FetchRequest, FetchResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const fetchMetadataLog: Handler<typeof FetchRequest, typeof FetchResponse> = async (request, call) => {
  const maxWaitMs = Math.min(request.maxWaitMs, call.services.limits.fetchWaitMs)
  return respond(await call.services.raft.handleFetch({ ...request, maxWaitMs }, call.version, call.listener.name))
}
