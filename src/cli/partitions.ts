// Partitions, and where they go, as they are typed: `orders:0`, `orders:0=1,2,3`, `orders` for all of a topic.

import type { Admin, PartitionMove, TopicPartition } from '../client/index.ts'

/** Throws a sentence for what is not one. */
export function parseMove(text: string): PartitionMove {
  const match = /^(.+):(\d+)=(\d+(?:,\d+)*)$/.exec(text)
  if (match === null) throw new Error(`${text}: the form is topic:partition=broker,broker,…, as in orders:0=1,2,3`)
  const [, topic, partition, replicas] = match
  return { topic: topic!, partition: Number(partition), replicas: replicas!.split(',').map(Number) }
}

/** Null: it names a topic, not one of its partitions. */
export function parsePartition(text: string): TopicPartition | null {
  const match = /^(.+):(\d+)$/.exec(text)
  return match === null ? null : { topic: match[1]!, partition: Number(match[2]) }
}

/** `topic:partition`, or a topic for all of its partitions. */
export async function partitionsOf(admin: Admin, texts: readonly string[]): Promise<TopicPartition[]> {
  const found: TopicPartition[] = []
  for (const text of texts) {
    const named = parsePartition(text)
    if (named !== null) {
      found.push(named)
      continue
    }
    const [topic] = await admin.describeTopics([text])
    if (topic === undefined || topic.error !== 'NONE')
      throw new Error(`there is no topic ${text}; a partition is written topic:partition`)
    for (const { partition } of topic.partitions) found.push({ topic: text, partition })
  }
  return found
}
