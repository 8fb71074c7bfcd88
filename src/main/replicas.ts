// Connects replication to cluster metadata: what a topic's configuration is by the latest image, and where reports of
// directories and ISR proposals go.

import type { ClusterDriver } from '../../cluster/driver/index.ts'
import { BROKER_RESOURCE, configsOf, type MetadataImage, TOPIC_RESOURCE } from '../../cluster/metadata/index.ts'
import { createReplicationDriver, type ReplicationDriver, type ReplicaWatcher } from '../../replication/driver/index.ts'
import type { Clock, Logger, Uuid } from '../base/index.ts'
import { type NodeConfig, resolveTopicConfig, type TopicSettings } from '../config/index.ts'
import type { LogDirectory } from '../log/index.ts'
import type { Rpc } from '../rpc/index.ts'
import { replicationSettingsOf } from './settings.ts'
import { replicationThrottling, throttledPartitions } from './throttling.ts'

export interface ReplicaRooms {
  readonly clock: Clock
  readonly rpc: Rpc
  readonly logger: Logger
  readonly config: NodeConfig
  readonly cluster: ClusterDriver
  readonly directories: readonly LogDirectory[]
  /** Paths of those that could not be opened. */
  readonly unusable: readonly string[]
  readonly incarnationId: Uuid
  readonly watchers: readonly ReplicaWatcher[]
  readonly onDirectoryFailed: (directoryId: Uuid, error: Error) => void
  readonly onFatal: (error: Error) => void
}

export function connectReplication(rooms: ReplicaRooms): ReplicationDriver {
  const { cluster, config } = rooms
  // Replication asks for configurations while it acts on an image: that image, not the one before.
  let latest = cluster.image
  const replication = createReplicationDriver({
    ...replicationSettingsOf(config),
    ports: { clock: rooms.clock },
    rpc: rooms.rpc,
    image: cluster.image,
    logger: rooms.logger,
    incarnationId: rooms.incarnationId,
    directories: rooms.directories,
    unusable: rooms.unusable,
    watchers: rooms.watchers,
    alterPartition: (proposals) => cluster.alterPartition(proposals),
    throttling: replicationThrottling(config, () => latest),
    configFor: (topic) => {
      const settings = topicSettings(config, latest, topic)
      const throttled = throttledPartitions(latest, topic, config.nodeId)
      const { minInsyncReplicas, uncleanLeaderElection } = settings
      return { log: settings, minInsyncReplicas, uncleanLeaderElection, throttled }
    },
    onDirectoryAssigned: ({ topicId, partition, directoryId }) =>
      cluster.assignReplicas([{ topicId, index: partition, directory: directoryId }]),
    onDirectoryFailed: rooms.onDirectoryFailed,
    onFatal: rooms.onFatal,
  })
  cluster.onImage((_before, after, changes) => {
    latest = after
    replication.apply(after, changes)
  })
  return replication
}

function topicSettings(config: NodeConfig, image: MetadataImage, topic: string): TopicSettings {
  return resolveTopicConfig(
    configsOf(image, TOPIC_RESOURCE, topic),
    {
      broker: configsOf(image, BROKER_RESOURCE, String(config.nodeId)),
      cluster: configsOf(image, BROKER_RESOURCE, ''),
    },
    config,
  )
}
