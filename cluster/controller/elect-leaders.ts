// ElectLeaders (KIP-183, KIP-460): an operator asks for the preferred replica to lead, or, where nobody leads, for anybody
// alive, who may lack records. Partition by partition; never takes a leadership from one who may lead but for the preferred
// replica in sync.

import type { NodeConfig } from '../../src/config/index.ts'
import type { ElectLeadersRequest, ElectLeadersResponse, Input } from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage, PartitionImage } from '../metadata/index.ts'
import { topicByName } from '../metadata/index.ts'
import { Changes } from './changes.ts'
import type { Decision, Refusal } from './types.ts'
import { MAX_RECORDS_PER_USER_OP, refusal, TOO_LARGE } from './types.ts'

type ElectionType = 'preferred' | 'unclean'
/** As on the wire. */
const ELECTION_TYPES: readonly ElectionType[] = ['preferred', 'unclean']

export function decideElectLeaders(
  draft: MetadataImage,
  node: NodeConfig,
  request: ElectLeadersRequest,
): Decision<Input<typeof ElectLeadersResponse>> {
  const type = ELECTION_TYPES[request.electionType]
  if (type === undefined) {
    return { records: [], response: { errorCode: errorCode('INVALID_REQUEST'), replicaElectionResults: [] } }
  }
  const changes = new Changes(draft, node)
  // Of all partitions, those that need no election are not told of.
  const all = request.topicPartitions === null
  const asked =
    request.topicPartitions ??
    [...draft.topics.values()].map(({ name, partitions }) => ({ topic: name, partitions: [...partitions.keys()] }))
  const replicaElectionResults = asked.map(({ topic, partitions }) => ({
    topic,
    partitionResult: partitions
      .map((partitionId) => ({ partitionId, refused: elect(changes, topic, partitionId, type) }))
      .filter(({ refused }) => !all || refused?.error !== 'ELECTION_NOT_NEEDED')
      .map(({ partitionId, refused }) => ({
        partitionId,
        errorCode: errorCode(refused?.error ?? 'NONE'),
        errorMessage: refused?.message ?? null,
      })),
  }))
  return { records: changes.records, response: { errorCode: 0, replicaElectionResults } }
}

function elect(changes: Changes, name: string, index: number, type: ElectionType): Refusal | null {
  const topic = topicByName(changes.draft, name)
  if (topic === undefined) return refusal('UNKNOWN_TOPIC_OR_PARTITION', `No such topic as ${name}`)
  const partition = changes.partition(topic, index)
  if (partition === undefined) return refusal('UNKNOWN_TOPIC_OR_PARTITION', `No such partition as ${name}-${index}`)
  if (isLed(partition, type)) return refusal('ELECTION_NOT_NEEDED', 'Leader election not needed for topic partition.')
  if (changes.records.length >= MAX_RECORDS_PER_USER_OP) return TOO_LARGE
  // It may change what else was due; an election it is when the leader is the one who was asked for.
  changes.edit(topic, index, { election: type })
  if (isLed(changes.partition(topic, index)!, type)) return null
  return type === 'preferred'
    ? refusal('PREFERRED_LEADER_NOT_AVAILABLE', 'The preferred leader was not available.')
    : refusal('ELIGIBLE_LEADERS_NOT_AVAILABLE', 'Eligible topic partition leaders are not available.')
}

/** As it is asked for. */
function isLed({ leader, replicas }: PartitionImage, type: ElectionType): boolean {
  return type === 'preferred' ? leader === replicas[0] : leader >= 0
}
