// AlterPartition: a leader proposes another ISR (KIP-497). Compare-and-set on leader epoch and partition epoch; every
// member must be active under the broker epoch that the leader saw when it fetched (KIP-903), so that neither a fenced
// broker nor a new, empty incarnation of one gets in.

import type { NodeId } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type { AlterPartitionRequest, AlterPartitionResponse, ErrorName, Input } from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/index.ts'
import { NO_LEADER_CHANGE } from '../metadata/index.ts'
import { brokerEpochProblem } from './brokers.ts'
import { Changes } from './changes.ts'
import type { Decision, DecisionContext } from './types.ts'

type Proposal = AlterPartitionRequest['topics'][number]['partitions'][number]
interface Member {
  readonly brokerId: NodeId
  readonly brokerEpoch: number
}

export function decideAlterPartition(
  draft: MetadataImage,
  node: NodeConfig,
  request: AlterPartitionRequest,
  context: DecisionContext,
): Decision<Input<typeof AlterPartitionResponse>> {
  const stale = brokerEpochProblem(draft, request.brokerId, request.brokerEpoch)
  if (stale !== null) return { records: [], response: { errorCode: errorCode(stale) } }
  const changes = new Changes(draft, node)
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = draft.topics.get(topicId)
    return {
      topicId,
      partitions: partitions.map((proposal) => {
        const { partitionIndex } = proposal
        if (topic === undefined) return { partitionIndex, errorCode: errorCode('UNKNOWN_TOPIC_ID') }
        return alter(changes, topic, proposal, request.brokerId, context.version)
      }),
    }
  })
  return { records: changes.records, response: { errorCode: 0, topics } }
}

function alter(
  changes: Changes,
  topic: TopicImage,
  proposal: Proposal,
  leader: NodeId,
  version: number,
): NonNullable<NonNullable<Input<typeof AlterPartitionResponse>['topics']>[number]['partitions']>[number] {
  const { partitionIndex } = proposal
  const before = changes.partition(topic, partitionIndex)
  if (before === undefined) return { partitionIndex, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') }
  const members: readonly Member[] =
    version >= 3 ? proposal.newIsrWithEpochs : proposal.newIsr.map((brokerId) => ({ brokerId, brokerEpoch: -1 }))
  const problem = proposalProblem(changes.draft, before, proposal, members, leader)
  if (problem !== null) {
    // The leader takes this for the end of its proposal, and goes on without the member. But it asks again where an answer is
    // lost, and an earlier copy may be on its way yet, to arrive when the member is eligible once more: that one must be late.
    if (problem === 'INELIGIBLE_REPLICA') changes.outdate(topic, partitionIndex)
    return { partitionIndex, errorCode: errorCode(problem) }
  }
  const record = changes.edit(topic, partitionIndex, {
    isr: members.map((member) => member.brokerId),
    recoveryState: proposal.leaderRecoveryState === 0 ? 'RECOVERED' : 'RECOVERING',
  })
  // The new ISR ended a reassignment that moved the leadership: done, but not to be taken for the leader's own state.
  if (record !== null && record.leader !== NO_LEADER_CHANGE && record.leader !== leader) {
    return { partitionIndex, errorCode: errorCode('NEW_LEADER_ELECTED') }
  }
  const after = changes.partition(topic, partitionIndex)!
  return {
    partitionIndex,
    errorCode: 0,
    leaderId: after.leader,
    leaderEpoch: after.leaderEpoch,
    isr: after.isr,
    leaderRecoveryState: after.leaderRecoveryState === 'RECOVERED' ? 0 : 1,
    partitionEpoch: after.partitionEpoch,
  }
}

function proposalProblem(
  draft: MetadataImage,
  partition: PartitionImage,
  proposal: Proposal,
  members: readonly Member[],
  leader: NodeId,
): ErrorName | null {
  // An epoch ahead of ours: the leader has heard of a controller after us (KAFKA-14154).
  if (proposal.leaderEpoch > partition.leaderEpoch || proposal.partitionEpoch > partition.partitionEpoch) {
    return 'NOT_CONTROLLER'
  }
  if (proposal.leaderEpoch < partition.leaderEpoch) return 'FENCED_LEADER_EPOCH'
  if (leader !== partition.leader) return 'INVALID_REQUEST'
  if (proposal.partitionEpoch < partition.partitionEpoch) return 'INVALID_UPDATE_VERSION'
  const isr = members.map((member) => member.brokerId)
  if (isr.length === 0 || new Set(isr).size !== isr.length) return 'INVALID_REQUEST'
  if (!isr.every((id) => partition.replicas.includes(id)) || !isr.includes(leader)) return 'INVALID_REQUEST'
  const recovering = proposal.leaderRecoveryState
  if (recovering !== 0 && recovering !== 1) return 'INVALID_REQUEST'
  if (recovering === 1 && (isr.length > 1 || partition.leaderRecoveryState === 'RECOVERED')) return 'INVALID_REQUEST'
  return members.every((member) => isEligible(draft, member)) ? null : 'INELIGIBLE_REPLICA'
}

function isEligible(draft: MetadataImage, member: Member): boolean {
  const broker = draft.brokers.get(member.brokerId)
  if (broker === undefined || broker.fenced || broker.inControlledShutdown) return false
  return member.brokerEpoch === -1 || member.brokerEpoch === broker.epoch
}
