// What a follower asks its leader when the offset that it fetches from is out of range: where the leader's log begins or
// ends. Not the answer's use.

import type { Offset } from '../../src/base/index.ts'
import type { Peer } from '../../src/rpc/index.ts'
import { apis } from '../../src/wire/index.ts'
import type { PlannedPartition } from '../fetching/index.ts'
import type { Host } from './host.ts'

/** The timestamps that stand for the ends of a log in ListOffsets. */
export const LATEST = -1
export const EARLIEST = -2

/** Null: the leader did not say. */
export async function askOffset(
  { options }: Host,
  peer: Peer | null,
  { topic, partition, position }: PlannedPartition,
  timestamp: typeof LATEST | typeof EARLIEST,
): Promise<Offset | null> {
  if (peer === null) return null
  const { currentLeaderEpoch } = position
  const partitions = [{ partitionIndex: partition, currentLeaderEpoch, timestamp }]
  const request = { replicaId: options.nodeId, topics: [{ name: topic, partitions }] }
  const answer = await peer.send(apis.ListOffsets, request, { timeoutMs: options.fetchTimeoutMs })
  if (answer.kind === 'failed') return null
  const told = answer.body.topics[0]?.partitions[0]
  return told === undefined || told.errorCode !== 0 || told.offset < 0 ? null : told.offset
}
