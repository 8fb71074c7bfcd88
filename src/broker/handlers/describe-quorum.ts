// DescribeQuorum (55, versions 0–2, both listeners): voters, observers and how far each has come (KIP-595). Version 1 adds
// times of the last fetch and of catching up (KIP-836), 2 directory ids, endpoints and messages (KIP-853). Only the leader
// knows: brokers pass the request on to it, a controller that does not lead says so.

import { ZERO_UUID } from '../../base/index.ts'
import { apis, type DescribeQuorumRequest, type DescribeQuorumResponse, type Input } from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

type Answer = Input<typeof DescribeQuorumResponse>
type Partition = NonNullable<NonNullable<Answer['topics']>[number]['partitions']>[number]
type Replicas = NonNullable<Partition['currentVoters']>

export const describeQuorum: Handler<typeof DescribeQuorumRequest, typeof DescribeQuorumResponse> = async (
  request,
  call,
) => {
  const { cluster, raft, clock, limits } = call.services
  if (call.listener.kind === 'controller' || raft.isActiveLeader) {
    const answer = await raft.handleDescribeQuorum(request)
    return respond(call.version < 2 ? withoutIds(answer) : answer)
  }
  const deadline = clock.monotonic() + limits.submitMs
  return respond(await cluster.submit(apis.DescribeQuorum, call.version, request, { ...call.context, deadline }))
}

/** Versions 0 and 1 have no place for directory ids and endpoints. */
function withoutIds(answer: Answer): Answer {
  const bare = (replicas: Replicas | undefined): Replicas =>
    (replicas ?? []).map((replica) => ({ ...replica, replicaDirectoryId: ZERO_UUID }))
  return {
    ...answer,
    nodes: [],
    topics: (answer.topics ?? []).map((topic) => ({
      ...topic,
      partitions: (topic.partitions ?? []).map((partition) => ({
        ...partition,
        currentVoters: bare(partition.currentVoters),
        observers: bare(partition.observers),
      })),
    })),
  }
}
