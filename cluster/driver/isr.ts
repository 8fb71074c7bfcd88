// AlterPartition as a broker sends it: proposals of several partitions in one request, each with its own verdict.

import type { BrokerEpoch, Instant, NodeId } from '../../src/base/index.ts'
import type { AlterPartitionRequest, AlterPartitionResponse, Input } from '../../src/wire/index.ts'
import { apis, errorName } from '../../src/wire/index.ts'
import type { ControllerChannel } from './channel.ts'
import type { IsrProposal, IsrVerdict } from './types.ts'

type Answer = Input<typeof AlterPartitionResponse>
type PartitionAnswer = NonNullable<NonNullable<Answer['topics']>[number]['partitions']>[number]

export async function proposeIsrs(
  channel: ControllerChannel,
  brokerId: NodeId,
  brokerEpoch: BrokerEpoch,
  proposals: readonly IsrProposal[],
  deadline: Instant,
): Promise<readonly IsrVerdict[]> {
  const api = apis.AlterPartition
  const request = requestFor(brokerId, brokerEpoch, proposals)
  const answer = await channel.attempt('isr', api, api.latestStableVersion, request, deadline)
  // A stale broker epoch is not about these partitions: the broker is registering again.
  if (answer.kind === 'none' || (answer.body.errorCode ?? 0) !== 0) return proposals.map(() => ({ kind: 'retry' }))
  const byPartition = new Map<string, PartitionAnswer>()
  for (const { topicId, partitions } of answer.body.topics ?? []) {
    for (const partition of partitions ?? []) byPartition.set(`${topicId}:${partition.partitionIndex}`, partition)
  }
  return proposals.map(({ at }) => verdictOf(byPartition.get(`${at.topicId}:${at.partition}`)))
}

function requestFor(
  brokerId: NodeId,
  brokerEpoch: BrokerEpoch,
  proposals: readonly IsrProposal[],
): AlterPartitionRequest {
  const topics = new Map<string, AlterPartitionRequest['topics'][number]['partitions']>()
  for (const proposal of proposals) {
    const { topicId, partition } = proposal.at
    const partitions = topics.get(topicId) ?? []
    topics.set(topicId, partitions)
    partitions.push({
      partitionIndex: partition,
      leaderEpoch: proposal.leaderEpoch,
      newIsr: [],
      newIsrWithEpochs: proposal.newIsr.map((member) => ({ brokerId: member.id, brokerEpoch: member.brokerEpoch })),
      leaderRecoveryState: proposal.leaderRecoveryState,
      partitionEpoch: proposal.partitionEpoch,
    })
  }
  return { brokerId, brokerEpoch, topics: [...topics].map(([topicId, partitions]) => ({ topicId, partitions })) }
}

function verdictOf(answer: PartitionAnswer | undefined): IsrVerdict {
  if (answer === undefined) return { kind: 'retry' }
  const error = errorName(answer.errorCode ?? 0)
  if (error === 'NOT_CONTROLLER') return { kind: 'retry' }
  if (error !== 'NONE') return { kind: 'refused', error }
  return {
    kind: 'committed',
    leaderId: answer.leaderId ?? -1,
    leaderEpoch: answer.leaderEpoch ?? -1,
    isr: answer.isr ?? [],
    partitionEpoch: answer.partitionEpoch ?? -1,
    leaderRecoveryState: answer.leaderRecoveryState === 1 ? 1 : 0,
  }
}
