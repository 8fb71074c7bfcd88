// What brokers keep: records deleted by the leaders of their partitions, log directories described and replicas moved
// between them by the brokers that have them.

import type { Instant, NodeId, Offset } from '../base/index.ts'
import type { Peer } from '../rpc/index.ts'
import { apis, type ErrorName, errorName, isRetriable } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import type { Outcome, TopicPartition } from './types.ts'

export interface RecordsToDelete extends TopicPartition {
  /** −1: all that is committed. */
  readonly beforeOffset: Offset
}

export interface DeletedRecords extends TopicPartition {
  readonly error: ErrorName
  /** Where the partition begins by now on all living replicas; −1 where that is not known. */
  readonly lowWatermark: Offset
}

export interface LogDirectoryDescription {
  readonly path: string
  /** `KAFKA_STORAGE_ERROR`: it is out of service. */
  readonly error: ErrorName
  /** −1: unknown. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly replicas: readonly (TopicPartition & {
    readonly size: number
    readonly offsetLag: Offset
    /** On its way here from another directory. */
    readonly isFuture: boolean
  })[]
}

/** Whether asking another leader, or the same a little later, may help. Time that has run out is the answer itself. */
function isPassing(error: ErrorName): boolean {
  return isRetriable(error) && error !== 'REQUEST_TIMED_OUT'
}

/** In the order of the question. */
export async function deleteRecords(
  cluster: Cluster,
  wanted: readonly RecordsToDelete[],
  deadline: Instant,
): Promise<DeletedRecords[]> {
  const answers = new Map<RecordsToDelete, DeletedRecords>()
  for (let attempt = 0; ; attempt++) {
    const open = wanted.filter((want) => !answers.has(want) || isPassing(answers.get(want)!.error))
    const byLeader = new Map<NodeId, { readonly peer: Peer; readonly wants: RecordsToDelete[] }>()
    for (const want of open) {
      try {
        const { id, peer } = await cluster.leader(want.topic, want.partition, false, deadline)
        const group = byLeader.get(id) ?? { peer, wants: [] }
        byLeader.set(id, group)
        group.wants.push(want)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        answers.set(want, { ...place(want), error: error.error, lowWatermark: -1 })
      }
    }
    await Promise.all(
      [...byLeader.values()].map(({ peer, wants }) => deleteAt(cluster, peer, wants, deadline, answers)),
    )
    const again = wanted.filter((want) => isPassing(answers.get(want)?.error ?? 'NONE'))
    for (const want of again) cluster.invalidate(want.topic)
    if (again.length === 0 || !(await cluster.retry.pause(attempt, deadline))) break
  }
  return wanted.map((want) => answers.get(want)!)
}

async function deleteAt(
  cluster: Cluster,
  peer: Peer,
  wants: readonly RecordsToDelete[],
  deadline: Instant,
  answers: Map<RecordsToDelete, DeletedRecords>,
): Promise<void> {
  const timeoutMs = Math.max(1, Math.min(cluster.requestTimeoutMs, deadline - cluster.retry.now()))
  const request = {
    timeoutMs: Math.floor(timeoutMs),
    topics: byTopic(wants, ({ partition, beforeOffset }) => ({ partitionIndex: partition, offset: beforeOffset })),
  }
  const result = await peer.send(apis.DeleteRecords, request, { timeoutMs })
  for (const want of wants) {
    if (result.kind === 'failed') {
      const error = result.reason === 'unsupported-version' ? 'UNSUPPORTED_VERSION' : 'NETWORK_EXCEPTION'
      answers.set(want, { ...place(want), error, lowWatermark: -1 })
      continue
    }
    const topic = result.body.topics.find(({ name }) => name === want.topic)
    const found = topic?.partitions.find(({ partitionIndex }) => partitionIndex === want.partition)
    const error = found === undefined ? 'UNKNOWN_SERVER_ERROR' : errorName(found.errorCode)
    answers.set(want, { ...place(want), error, lowWatermark: found?.lowWatermark ?? -1 })
  }
}

export async function describeLogDirs(
  cluster: Cluster,
  broker: NodeId,
  deadline: Instant,
): Promise<LogDirectoryDescription[]> {
  const { body, version } = await cluster.ask(
    apis.DescribeLogDirs,
    { topics: null },
    deadline,
    (answer) => answer.errorCode,
    broker,
  )
  if (body.errorCode !== 0) throw new ClientError(errorName(body.errorCode), 'DescribeLogDirs')
  return body.results.map((result) => ({
    path: result.logDir,
    error: errorName(result.errorCode),
    totalBytes: version >= 4 ? result.totalBytes : -1,
    usableBytes: version >= 4 ? result.usableBytes : -1,
    replicas: result.topics.flatMap(({ name, partitions }) =>
      partitions.map((row) => ({
        topic: name,
        partition: row.partitionIndex,
        size: row.partitionSize,
        offsetLag: row.offsetLag,
        isFuture: row.isFutureKey,
      })),
    ),
  }))
}

export async function moveReplicas(
  cluster: Cluster,
  broker: NodeId,
  moves: readonly (TopicPartition & { readonly path: string })[],
  deadline: Instant,
): Promise<(TopicPartition & Outcome)[]> {
  const dirs = [...new Set(moves.map(({ path }) => path))].map((path) => ({
    path,
    topics: byTopic(
      moves.filter((move) => move.path === path),
      ({ partition }) => partition,
    ),
  }))
  const { body } = await cluster.ask(apis.AlterReplicaLogDirs, { dirs }, deadline, () => 0, broker)
  return body.results.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => ({
      topic: topicName,
      partition: partitionIndex,
      error: errorName(errorCode),
      message: null,
    })),
  )
}

function place({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition }
}

function byTopic<T extends TopicPartition, P>(
  wanted: readonly T[],
  partitionOf: (want: T) => P,
): { name: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const want of wanted) topics.set(want.topic, [...(topics.get(want.topic) ?? []), partitionOf(want)])
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}
