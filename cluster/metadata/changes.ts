// What the step from one image to the next means for one broker's replicas. Topics whose object is the same are skipped
// whole; after a snapshot every object is new and epochs decide. Removals come first: a partition that was taken away and
// given back between two images is a new, empty replica (KIP-966's model; never "still in the ISR").

import type { NodeId } from '../../src/base/index.ts'
import { UNASSIGNED_DIR } from '../../src/base/index.ts'
import { metadataVersion, supportsDirectories } from './features.ts'
import { BROKER_RESOURCE, configKey, TOPIC_RESOURCE } from './image.ts'
import { directoryOf } from './partition.ts'
import type { LocalChange, MetadataImage, PartitionImage, TopicImage } from './types.ts'

export function localChanges(before: MetadataImage, after: MetadataImage, brokerId: NodeId): LocalChange[] {
  const removed: LocalChange[] = []
  const held: LocalChange[] = []
  if (before.topics !== after.topics) {
    for (const topic of before.topics.values()) {
      if (!after.topics.has(topic.id)) pushRemoved(removed, topic, brokerId, null)
    }
    const knowsDirectories = supportsDirectories(metadataVersion(after))
    for (const topic of after.topics.values()) {
      const earlier = before.topics.get(topic.id)
      if (earlier === topic) continue
      if (earlier !== undefined) pushRemoved(removed, earlier, brokerId, topic)
      pushHeld(held, removed, earlier, topic, brokerId, knowsDirectories)
    }
  }
  return [...removed, ...held, ...configChanges(before, after, brokerId)]
}

function pushRemoved(removed: LocalChange[], earlier: TopicImage, brokerId: NodeId, now: TopicImage | null): void {
  for (const [index, partition] of earlier.partitions) {
    if (!partition.replicas.includes(brokerId)) continue
    if (now?.partitions.get(index)?.replicas.includes(brokerId)) continue
    removed.push({ kind: 'remove', topic: earlier.name, topicId: earlier.id, index })
  }
}

function pushHeld(
  held: LocalChange[],
  removed: LocalChange[],
  earlier: TopicImage | undefined,
  topic: TopicImage,
  brokerId: NodeId,
  knowsDirectories: boolean,
): void {
  for (const [index, partition] of topic.partitions) {
    if (!partition.replicas.includes(brokerId)) continue
    const was = earlier?.partitions.get(index)
    if (was !== undefined && same(was, partition)) continue
    if (was?.replicas.includes(brokerId) && knowsDirectories && wasReassigned(was, partition, brokerId)) {
      removed.push({ kind: 'remove', topic: topic.name, topicId: topic.id, index })
    }
    held.push({ kind: 'replica', topic: topic.name, topicId: topic.id, index, partition })
  }
}

/** A replica keeps its directory while it stays; one that has lost it went away in between. */
function wasReassigned(was: PartitionImage, now: PartitionImage, brokerId: NodeId): boolean {
  return directoryOf(was, brokerId) !== UNASSIGNED_DIR && directoryOf(now, brokerId) === UNASSIGNED_DIR
}

function same(a: PartitionImage, b: PartitionImage): boolean {
  return a === b || (a.partitionEpoch === b.partitionEpoch && a.leaderEpoch === b.leaderEpoch)
}

function configChanges(before: MetadataImage, after: MetadataImage, brokerId: NodeId): LocalChange[] {
  if (before.configs === after.configs) return []
  const differs = (key: string): boolean => !sameConfigs(before.configs.get(key), after.configs.get(key))
  const defaults = differs(configKey(BROKER_RESOURCE, '')) || differs(configKey(BROKER_RESOURCE, String(brokerId)))
  const changes: LocalChange[] = []
  for (const topic of after.topics.values()) {
    if (!defaults && !differs(configKey(TOPIC_RESOURCE, topic.name))) continue
    if (![...topic.partitions.values()].some((partition) => partition.replicas.includes(brokerId))) continue
    changes.push({ kind: 'config', topic: topic.name, topicId: topic.id })
  }
  return changes
}

function sameConfigs(a: ReadonlyMap<string, string> | undefined, b: ReadonlyMap<string, string> | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.size !== b.size) return false
  for (const [name, value] of a) if (b.get(name) !== value) return false
  return true
}
