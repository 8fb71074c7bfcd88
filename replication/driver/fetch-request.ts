// A plan of what to copy as a Fetch request, in the version that the leader speaks: from version 15 on it names the life of
// this broker (KIP-903). Decides nothing.

import type { FetchRequest, Input } from '../../src/wire/index.ts'
import type { FetchPlan } from '../fetching/index.ts'
import type { Host } from './host.ts'

export function fetchRequest({ options, image }: Host, asked: FetchPlan, version: number): Input<typeof FetchRequest> {
  const replicaEpoch = image.brokers.get(options.nodeId)?.epoch ?? -1
  return {
    ...(version >= 15 ? { replicaState: { replicaId: options.nodeId, replicaEpoch } } : { replicaId: options.nodeId }),
    maxWaitMs: options.fetchWaitMaxMs,
    minBytes: options.fetchMinBytes,
    maxBytes: options.fetchMaxBytes,
    sessionId: asked.sessionId,
    sessionEpoch: asked.sessionEpoch,
    topics: byTopic(asked.send, (planned) => ({
      partition: planned.partition,
      ...planned.position,
      partitionMaxBytes: options.fetchPartitionMaxBytes,
    })),
    forgottenTopicsData: byTopic(asked.forget, (target) => target.partition),
  }
}

function byTopic<T extends { readonly topic: string; readonly topicId: string }, P>(
  targets: readonly T[],
  partitionOf: (target: T) => P,
): { topic: string; topicId: string; partitions: P[] }[] {
  const topics = new Map<string, { topic: string; topicId: string; partitions: P[] }>()
  for (const target of targets) {
    let topic = topics.get(target.topicId)
    if (topic === undefined) {
      topic = { topic: target.topic, topicId: target.topicId, partitions: [] }
      topics.set(target.topicId, topic)
    }
    topic.partitions.push(partitionOf(target))
  }
  return [...topics.values()]
}
