// AssignReplicasToDirs (KIP-858): a broker says in which of its directories replicas lie. One that lies in a directory
// known to be offline leaves its ISR at once.

import type { NodeConfig } from '../../src/config/index.ts'
import type {
  AssignReplicasToDirsRequest,
  AssignReplicasToDirsResponse,
  ErrorName,
  Input,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { isOnlineDirectory, metadataVersion, supportsDirectories } from '../metadata/index.ts'
import { brokerEpochProblem } from './brokers.ts'
import { Changes } from './changes.ts'
import type { Decision } from './types.ts'

export function decideAssignReplicasToDirs(
  draft: MetadataImage,
  node: NodeConfig,
  request: AssignReplicasToDirsRequest,
): Decision<Input<typeof AssignReplicasToDirsResponse>> {
  if (!supportsDirectories(metadataVersion(draft))) {
    return { records: [], response: { errorCode: errorCode('UNSUPPORTED_VERSION') } }
  }
  const { brokerId } = request
  const stale = brokerEpochProblem(draft, brokerId, request.brokerEpoch)
  if (stale !== null) return { records: [], response: { errorCode: errorCode(stale) } }
  const online = draft.brokers.get(brokerId)!.directories
  const changes = new Changes(draft, node)
  const assign = (topicId: string, index: number, directory: string): ErrorName => {
    const topic = draft.topics.get(topicId)
    if (topic === undefined) return 'UNKNOWN_TOPIC_ID'
    const partition = changes.partition(topic, index)
    if (partition === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    if (!partition.replicas.includes(brokerId)) return 'NOT_LEADER_OR_FOLLOWER'
    changes.edit(topic, index, { directory: { broker: brokerId, id: directory } })
    if (isOnlineDirectory(directory, online)) return 'NONE'
    const now = changes.partition(topic, index)!
    if (now.isr.includes(brokerId)) {
      changes.edit(topic, index, { isr: now.isr.filter((id) => id !== brokerId), without: [brokerId] })
    }
    return 'NONE'
  }
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCode(assign(topicId, partitionIndex, id)),
      })),
    })),
  }))
  return { records: changes.records, response: { errorCode: 0, directories } }
}
