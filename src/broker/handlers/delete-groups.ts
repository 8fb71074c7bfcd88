// DeleteGroups (42, versions 0–2): empty groups with their offsets, each by its coordinator (KIP-229). Version 2 is flexible.

import type { DeleteGroupsRequest, DeleteGroupsResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const deleteGroups: Handler<typeof DeleteGroupsRequest, typeof DeleteGroupsResponse> = async (request, call) => {
  const names = [...new Set(request.groupsNames)]
  const results = await Promise.all(names.map((groupId) => askGroup(call, 'DeleteGroups', groupId, { groupId })))
  return respond({ results })
}
