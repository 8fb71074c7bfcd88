// ListGroups (16, versions 0–5): the groups that this broker coordinates. While one of its shards is being loaded there is
// no list, and clients ask again.
// Version 3 is flexible, 4 filters by state (KIP-518), 5 by type (KIP-848).

import { errorCode, type ListGroupsRequest, type ListGroupsResponse } from '../../wire/index.ts'
import { askAll } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const listGroups: Handler<typeof ListGroupsRequest, typeof ListGroupsResponse> = async (request, call) => {
  const elsewhere = errorCode('NOT_COORDINATOR')
  const lists = (await askAll(call, 'ListGroups', request)).filter((list) => list.errorCode !== elsewhere)
  const failed = lists.find((list) => list.errorCode !== 0)
  if (failed !== undefined) return respond({ errorCode: failed.errorCode, groups: [] })
  return respond({ errorCode: 0, groups: lists.flatMap(({ groups }) => groups) })
}
