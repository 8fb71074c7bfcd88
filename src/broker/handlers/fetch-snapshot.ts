// FetchSnapshot (59, versions 0–1, controller listener): a slice of a metadata snapshot (KIP-630); version 1 adds the
// directory id of who fetches (KIP-853).

import type { FetchSnapshotRequest, FetchSnapshotResponse } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

export const fetchSnapshot: Handler<typeof FetchSnapshotRequest, typeof FetchSnapshotResponse> = async (
  request,
  call,
) => respond(await call.services.raft.handleFetchSnapshot(request, call.listener.name))
