// `quorum-state`: epoch, leader and vote, in the JSON that Kafka writes (QuorumStateData: version 0 for kraft.version 0,
// with the voters and without directory ids; version 1 for kraft.version 1). Text in, values out.

import type { NodeId } from '../../src/base/index.ts'
import { isUuid, ZERO_UUID } from '../../src/base/index.ts'
import type { ElectionState } from '../core/index.ts'

const NOBODY: NodeId = -1

export function formatQuorumState(election: ElectionState, kraftVersion: number, voters: readonly NodeId[]): string {
  const { leaderId, epoch, votedFor } = election
  const votedId = votedFor?.id ?? NOBODY
  if (kraftVersion > 0) {
    return JSON.stringify({
      leaderId,
      leaderEpoch: epoch,
      votedId,
      votedDirectoryId: votedFor?.directoryId ?? ZERO_UUID,
      data_version: 1,
    })
  }
  return JSON.stringify({
    clusterId: '',
    leaderId,
    leaderEpoch: epoch,
    votedId,
    appliedOffset: 0,
    currentVoters: voters.map((voterId) => ({ voterId })),
    data_version: 0,
  })
}

/** Null when it cannot be what was written: a torn or foreign file, which must never be taken for "no vote". */
export function parseQuorumState(text: string): ElectionState | null {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof found !== 'object' || found === null) return null
  const { leaderId, leaderEpoch, votedId, votedDirectoryId, data_version } = found as Record<string, unknown>
  if (data_version !== 0 && data_version !== 1) return null
  if (!isId(leaderId) || !isId(votedId) || !isId(leaderEpoch)) return null
  const directory = typeof votedDirectoryId === 'string' && isUuid(votedDirectoryId) ? votedDirectoryId : ZERO_UUID
  return {
    epoch: Math.max(0, leaderEpoch),
    leaderId,
    votedFor: votedId < 0 ? null : { id: votedId, directoryId: directory === ZERO_UUID ? null : directory },
  }
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -1
}
