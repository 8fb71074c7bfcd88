// Moving replicas and leaders: requests that any broker takes and the active controller decides. Asks again where the
// controller has moved; waits for no move to end.

import type { Instant } from '../base/index.ts'

import { apis, errorName } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import type { ElectionType, MovingPartition, Outcome, PartitionMove, TopicPartition } from './types.ts'

type PartitionOutcome = TopicPartition & Outcome

export async function alterPartitionReassignments(
  cluster: Cluster,
  moves: readonly PartitionMove[],
  timing: { readonly timeoutMs: number; readonly deadline: Instant; readonly retries: number | undefined },
  allowReplicationFactorChange: boolean,
): Promise<PartitionOutcome[]> {
  const topics = byTopic(moves, ({ partition, replicas }) => ({
    partitionIndex: partition,
    replicas: replicas === null ? null : [...replicas],
  }))
  const request = (version: number) => ({
    timeoutMs: timing.timeoutMs,
    // Version 0 knows no such wish: it must not be taken for granted.
    ...(version >= 1 || !allowReplicationFactorChange ? { allowReplicationFactorChange } : {}),
    topics,
  })
  const { body } = await cluster.ask(
    apis.AlterPartitionReassignments,
    request,
    timing.deadline,
    (answer) => answer.errorCode,
    null,
    timing.retries,
  )
  refuse(body)
  return body.responses.flatMap(({ name, partitions }) =>
    partitions.map((row) => ({ topic: name, partition: row.partitionIndex, ...outcome(row) })),
  )
}

export async function listPartitionReassignments(
  cluster: Cluster,
  partitions: readonly TopicPartition[] | null,
  timing: { readonly timeoutMs: number; readonly deadline: Instant },
): Promise<MovingPartition[]> {
  const asked = partitions === null ? null : byTopic(partitions, ({ partition }) => partition)
  const topics = asked?.map(({ name, partitions: partitionIndexes }) => ({ name, partitionIndexes })) ?? null
  const { body } = await cluster.ask(
    apis.ListPartitionReassignments,
    { timeoutMs: timing.timeoutMs, topics },
    timing.deadline,
    (answer) => answer.errorCode,
  )
  refuse(body)
  return body.topics.flatMap(({ name, partitions: rows }) =>
    rows.map((row) => ({
      topic: name,
      partition: row.partitionIndex,
      replicas: row.replicas,
      adding: row.addingReplicas,
      removing: row.removingReplicas,
    })),
  )
}

export async function electLeaders(
  cluster: Cluster,
  type: ElectionType,
  partitions: readonly TopicPartition[] | null,
  timing: { readonly timeoutMs: number; readonly deadline: Instant; readonly retries: number | undefined },
): Promise<PartitionOutcome[]> {
  const asked = partitions === null ? null : byTopic(partitions, ({ partition }) => partition)
  const request = {
    electionType: type === 'preferred' ? 0 : 1,
    topicPartitions: asked?.map(({ name, partitions: indexes }) => ({ topic: name, partitions: indexes })) ?? null,
    timeoutMs: timing.timeoutMs,
  }
  const { body } = await cluster.ask(
    apis.ElectLeaders,
    request,
    timing.deadline,
    (answer) => answer.errorCode,
    null,
    timing.retries,
  )
  refuse({ errorCode: body.errorCode, errorMessage: null })
  return body.replicaElectionResults.flatMap(({ topic, partitionResult }) =>
    partitionResult.map((row) => ({ topic, partition: row.partitionId, ...outcome(row) })),
  )
}

function byTopic<T extends TopicPartition, P>(
  items: readonly T[],
  partitionOf: (item: T) => P,
): { readonly name: string; readonly partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const item of items) {
    const partitions = topics.get(item.topic) ?? []
    topics.set(item.topic, partitions)
    partitions.push(partitionOf(item))
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}

function outcome(row: { readonly errorCode: number; readonly errorMessage: string | null }): Outcome {
  return { error: errorName(row.errorCode), message: row.errorMessage }
}

function refuse(body: { readonly errorCode: number; readonly errorMessage: string | null }): void {
  const error = errorName(body.errorCode)
  if (error !== 'NONE') throw new ClientError(error, body.errorMessage ?? 'refused by the broker')
}
