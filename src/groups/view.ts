// A shard's durable state as records, one for each group and offset. Reads only.

import { committed } from './cells.ts'
import { groupRecord, offsetRecord } from './records.ts'
import type { GroupShard } from './shard.ts'
import type { GroupRecord } from './types.ts'

/**
 * What a log that says the same would hold of the committed state. A group in the middle of a rebalance is left out: its next
 * generation is not written yet, and its last one is over.
 */
export function durableRecords(shard: GroupShard): GroupRecord[] {
  const { phase } = shard
  if (phase.kind !== 'active' && phase.kind !== 'loading') return []
  const records: GroupRecord[] = []
  for (const cell of phase.contents.groups.values()) {
    const group = committed(cell)
    if (group === null || (group.state !== 'Stable' && group.state !== 'Empty')) continue
    records.push(groupRecord(group, new Map([...group.members.values()].map((one) => [one.memberId, one.assignment]))))
  }
  for (const [groupId, topics] of phase.contents.offsets) {
    for (const [topic, partitions] of topics) {
      for (const [partition, cell] of partitions) {
        const value = committed(cell)
        if (value !== null) records.push(offsetRecord(groupId, topic, partition, value))
      }
    }
  }
  return records
}
