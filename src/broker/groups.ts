// How a request about a group gets to its coordinator and its answer back. Which partition a group lives in follows from the
// number of partitions that the internal topic has; whether this broker leads it is the coordinator's to say.

import { assert, ZERO_UUID } from '../base/index.ts'
import { GROUP_TOPIC } from '../coordinator/index.ts'
import type { GroupApi, GroupBodies, GroupEvent, GroupResponses } from '../groups/index.ts'
import { partitionFor } from '../groups/index.ts'
import type { Call, Groups } from './types.ts'
import { topicByName } from './view.ts'

/** Answers as Kafka's coordinators do, NOT_COORDINATOR where another broker leads the partition of the group. */
export function askGroup<Api extends GroupApi>(
  call: Call,
  api: Api,
  groupId: string,
  body: GroupBodies[Api],
): Promise<GroupResponses[Api]> {
  return askPartition(call, api, partitionOfGroup(call, groupId), body)
}

/** The same, of every partition that has a replica here. */
export function askAll<Api extends GroupApi>(
  call: Call,
  api: Api,
  body: GroupBodies[Api],
): Promise<GroupResponses[Api][]> {
  return Promise.all(coordinator(call).partitions.map((partition) => askPartition(call, api, partition, body)))
}

/** Before there is such a topic, as many partitions count as it will be created with. */
export function partitionOfGroup(call: Call, groupId: string): number {
  const { cluster, config } = call.services
  const topic = topicByName(cluster.image, GROUP_TOPIC)
  return partitionFor(groupId, topic?.partitions.size ?? config.int('offsets.topic.num.partitions'))
}

async function askPartition<Api extends GroupApi>(
  call: Call,
  api: Api,
  partition: number,
  body: GroupBodies[Api],
): Promise<GroupResponses[Api]> {
  const { context, services, version } = call
  // A member may be made by this request, and by no other.
  const uuid = api === 'JoinGroup' ? services.random.uuid() : ZERO_UUID
  const { clientId } = context
  const clientHost = javaAddress(context.clientAddress)
  const answer = await coordinator(call).ask(
    partition,
    // One of the union; the compiler cannot follow an API and its body together.
    (token) => ({ kind: 'request', request: { api, token, version, clientId, clientHost, uuid, body } }) as GroupEvent,
  )
  assert(answer.api === api, 'an answer is of its request’s API')
  return answer.response as GroupResponses[Api]
}

function coordinator(call: Call): Groups {
  const { groups } = call.services
  assert(groups !== null, 'a request about groups without a coordinator')
  return groups
}

/** As Java prints an InetAddress without a name: `/127.0.0.1`, `/0:0:0:0:0:0:0:1`. Tools show it. */
export function javaAddress(address: string): string {
  if (!address.includes(':')) return `/${address}`
  const [plain = '', zone] = address.split('%')
  const [head = '', tail] = plain.split('::')
  const parts = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const first = parts(head)
  const last = parts(tail ?? '')
  const zeros = tail === undefined ? 0 : Math.max(8 - first.length - last.length, 0)
  const all = [...first, ...new Array<string>(zeros).fill('0'), ...last]
  const shown = all.map((part) => part.replace(/^0+(?=.)/, ''))
  return `/${shown.join(':')}${zone === undefined ? '' : `%${zone}`}`
}
