// Connects the group coordinator to the node: its tables, the replicas of `__consumer_offsets`, the deletion of topics whose
// offsets go with them. Decides nothing.

import type { ClusterDriver } from '../../cluster/driver/index.ts'
import type { MetadataImage } from '../../cluster/metadata/index.ts'
import { type Logger, type Ports, StorageError, type Uuid } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import { createGroupCoordinator, GROUP_TOPIC, type GroupCoordinator } from '../coordinator/index.ts'
import { openStates } from '../state/index.ts'
import { groupConfigOf, offsetsCompressionOf } from './settings.ts'

export interface GroupRooms {
  readonly ports: Pick<Ports, 'clock' | 'offload' | 'tables'>
  readonly logger: Logger
  readonly config: NodeConfig
  readonly cluster: ClusterDriver
  readonly onFatal: (error: Error) => void
}

/** A watcher for replication/driver, and what handlers ask. */
export function connectGroups({ ports, logger, config, cluster, onFatal }: GroupRooms): GroupCoordinator {
  const groups = createGroupCoordinator({
    ports,
    states: openStates(ports.tables),
    logger,
    config: groupConfigOf(config),
    compression: offsetsCompressionOf(config),
    appendLingerMs: config.int('group.coordinator.append.linger.ms'),
    onFatal,
  })
  cluster.onImage((before, after) => {
    const topics = deletedTopics(before, after)
    if (topics.length > 0) groups.tell({ kind: 'topics-deleted', topics })
  })
  return groups
}

/**
 * Drops tables of partitions that went while the node was down. Only where there is such a topic: a node that has never had
 * a partition of it needs no database, and what a deleted one left is found when there is one again. A database that fails
 * is done without, here as elsewhere.
 */
export async function sweepGroups(groups: GroupCoordinator, image: MetadataImage, logger: Logger): Promise<void> {
  if (!image.topicIds.has(GROUP_TOPIC)) return
  try {
    await groups.sweep()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    logger.warn({ error: error.message }, 'standby tables could not be looked through')
  }
}

/** One that was deleted and created again between two images is among them: its id is another. */
function deletedTopics(before: MetadataImage, after: MetadataImage): { name: string; topicId: Uuid }[] {
  if (before.topicIds === after.topicIds) return []
  const deleted: { name: string; topicId: Uuid }[] = []
  for (const [name, topicId] of before.topicIds) {
    if (after.topicIds.get(name) !== topicId) deleted.push({ name, topicId })
  }
  return deleted
}
