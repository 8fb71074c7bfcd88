// DeleteRecords (KIP-107): the leader's log begins later from now on, and the answer comes when the replicas that are alive
// have followed. Who may, and who is waited for, is replication/partition's.

import type { Instant, Offset } from '../../src/base/index.ts'
import { checkLeader } from './access.ts'
import type { Host } from './host.ts'
import type { DeletedRecords, ReplicationError, TopicPartition } from './types.ts'

const UNCHECKED = -1

export function deleteRecords(
  host: Host,
  at: TopicPartition,
  offset: Offset,
  deadline: Instant,
): Promise<DeletedRecords> {
  const replica = host.locate(at)
  if (typeof replica === 'string') return refused(replica)
  if (replica.state === null) return refused('NOT_LEADER_OR_FOLLOWER')
  const error = checkLeader(replica, replica.state, UNCHECKED)
  if (error !== 'NONE') return refused(error)
  // Without the older records of a key its newest one would say nothing new: compaction alone drops records there.
  const { cleanupCompact, cleanupDelete } = replica.log.config
  if (cleanupCompact && !cleanupDelete) return refused('POLICY_VIOLATION')
  return new Promise((resolve) => {
    const refusal = replica.deleteRecords(offset, deadline, (deleted) => resolve(deleted))
    if (refusal !== null) resolve(refusalOf(refusal))
  })
}

function refused(error: ReplicationError): Promise<DeletedRecords> {
  return Promise.resolve(refusalOf(error))
}

function refusalOf(error: ReplicationError): DeletedRecords {
  return { error, lowWatermark: -1 }
}
