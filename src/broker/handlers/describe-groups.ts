// DescribeGroups (15, versions 0–6): state and members of groups, each from its coordinator.
// Version 3 adds authorized operations, 4 static members (KIP-345), 5 is flexible, 6 has an error for a group that is not
// there (KIP-1043).

import type { DescribeGroupsRequest, DescribeGroupsResponse } from '../../wire/index.ts'
import { GROUP_OPERATIONS, NO_OPERATIONS } from '../authorizer.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'

export const describeGroups: Handler<typeof DescribeGroupsRequest, typeof DescribeGroupsResponse> = async (
  request,
  call,
) => {
  const groups = await Promise.all(
    request.groups.map((groupId) => askGroup(call, 'DescribeGroups', groupId, { groupId })),
  )
  return respond({
    groups: groups.map((group) => ({
      ...group,
      authorizedOperations:
        request.includeAuthorizedOperations && group.errorCode === 0 ? GROUP_OPERATIONS : NO_OPERATIONS,
    })),
  })
}
