// AlterPartitionReassignments and ListPartitionReassignments (KIP-455): partitions move to other replicas, or to more or
// fewer of them. What is new is added first; when it is in sync, what is to go is dropped, by whatever change of the ISR
// makes that so (`partition-change.ts`). A cancellation is a move back to the replicas from before. All of it is in the log,
// so another controller goes on where this one stopped.

import type { NodeId } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  Input,
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/index.ts'
import { topicByName } from '../metadata/index.ts'
import { assignmentProblem } from './assignment.ts'
import { Changes } from './changes.ts'
import type { Reassignment } from './partition-change.ts'
import type { Decision, Refusal } from './types.ts'
import { MAX_RECORDS_PER_USER_OP, refusal, TOO_LARGE } from './types.ts'

type Asked = AlterPartitionReassignmentsRequest['topics'][number]['partitions'][number]
type Ongoing = NonNullable<
  NonNullable<Input<typeof ListPartitionReassignmentsResponse>['topics']>[number]['partitions']
>[number]

/** A partition stands or falls by itself; all that stand are one atomic batch. */
export function decideAlterPartitionReassignments(
  draft: MetadataImage,
  node: NodeConfig,
  request: AlterPartitionReassignmentsRequest,
): Decision<Input<typeof AlterPartitionReassignmentsResponse>> {
  const changes = new Changes(draft, node)
  const { allowReplicationFactorChange } = request
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((asked) => {
      const refused = alter(changes, name, asked, allowReplicationFactorChange)
      return {
        partitionIndex: asked.partitionIndex,
        errorCode: errorCode(refused?.error ?? 'NONE'),
        errorMessage: refused?.message ?? null,
      }
    }),
  }))
  return {
    records: changes.records,
    response: { allowReplicationFactorChange, errorCode: 0, errorMessage: null, responses },
  }
}

/** Topics and partitions that are not there, or do not move, are left out. */
export function decideListPartitionReassignments(
  draft: MetadataImage,
  request: ListPartitionReassignmentsRequest,
): Decision<Input<typeof ListPartitionReassignmentsResponse>> {
  const asked =
    request.topics === null
      ? [...draft.topics.values()].map((topic) => ({ topic, indexes: [...topic.partitions.keys()] }))
      : request.topics.map(({ name, partitionIndexes: indexes }) => ({ topic: topicByName(draft, name), indexes }))
  const topics = asked.map(({ topic, indexes }) => ({
    name: topic?.name ?? '',
    partitions: indexes.map((index) => ongoing(topic, index)).filter((partition) => partition !== null),
  }))
  const response = { errorCode: 0, errorMessage: null, topics: topics.filter((topic) => topic.partitions.length > 0) }
  return { records: [], response }
}

function alter(changes: Changes, name: string, asked: Asked, allowFactorChange: boolean): Refusal | null {
  const { partitionIndex: index, replicas } = asked
  const topic = topicByName(changes.draft, name)
  const unknown = (what: string): Refusal => refusal('UNKNOWN_TOPIC_OR_PARTITION', `Unable to find ${what}.`)
  if (topic === undefined) return unknown(`a topic named ${name}`)
  const partition = changes.partition(topic, index)
  if (partition === undefined) return unknown(`partition ${name}:${index}`)
  if (changes.records.length >= MAX_RECORDS_PER_USER_OP) return TOO_LARGE
  if (replicas === null) return cancel(changes, topic, index, partition)
  const problem = assignmentProblem(changes.draft, replicas, null)
  if (problem !== null) return problem
  const before = partition.replicas.length - partition.removingReplicas.length
  if (!allowFactorChange && replicas.length !== before) {
    const sentence = `The replication factor is changed from ${before} to ${replicas.length}`
    return refusal('INVALID_REPLICATION_FACTOR', sentence)
  }
  // Moving is no reason to lose records, whatever the topic allows otherwise.
  changes.edit(topic, index, { election: 'online', assignment: towards(partition, replicas) })
  return null
}

function cancel(changes: Changes, topic: TopicImage, index: number, partition: PartitionImage): Refusal | null {
  const { replicas, addingReplicas: adding } = partition
  if (!isMoving(partition)) {
    return refusal('NO_REASSIGNMENT_IN_PROGRESS', 'No partition reassignment is in progress.')
  }
  const original = originalOf(partition)
  if ([...partition.isr, ...partition.elr].some((replica) => !adding.includes(replica))) {
    changes.edit(topic, index, { assignment: towards(partition, original) })
    return null
  }
  // Only what was being added is in sync or eligible: the others may lack records.
  const survivor = original.some((replica) => changes.mayLead(partition, replica))
  if (!changes.allowsUnclean(topic) || !survivor) {
    const sentence = `Unable to revert partition assignment for ${topic.name}:${index} because it would require an unclean leader election.`
    return refusal('INVALID_REPLICA_ASSIGNMENT', sentence)
  }
  const assignment = { replicas: replicas.filter((id) => original.includes(id)), removing: [], adding: [] }
  changes.edit(topic, index, { election: 'unclean', isr: [], assignment })
  return null
}

/** Kafka's lists for a new goal, except that what an unfinished move was adding stays marked as added: a cancellation
 *  takes it out, and nobody waits for it. */
function towards(partition: PartitionImage, goal: readonly NodeId[]): Reassignment {
  const original = originalOf(partition)
  const removing = partition.replicas.filter((replica) => !goal.includes(replica)).sort((a, b) => a - b)
  const replicas = [...goal, ...removing]
  const adding = replicas.filter((replica) => !original.includes(replica)).sort((a, b) => a - b)
  return { replicas, removing, adding }
}

function originalOf({ replicas, addingReplicas }: PartitionImage): readonly NodeId[] {
  return replicas.filter((replica) => !addingReplicas.includes(replica))
}

function isMoving(partition: PartitionImage): boolean {
  return partition.removingReplicas.length > 0 || partition.addingReplicas.length > 0
}

function ongoing(topic: TopicImage | undefined, index: number): Ongoing | null {
  const partition = topic?.partitions.get(index)
  if (partition === undefined || !isMoving(partition)) return null
  const { replicas, addingReplicas, removingReplicas } = partition
  return {
    partitionIndex: index,
    replicas: [...replicas],
    // What is on its way out again is being added no more.
    addingReplicas: addingReplicas.filter((replica) => !removingReplicas.includes(replica)),
    removingReplicas: [...removingReplicas],
  }
}
