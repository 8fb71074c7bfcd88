// Mutants of reassignments (KIP-455): who is dropped, when, and what is left of him. Guards live in cluster/controller.

import type { Mutant } from './types.ts'

export const moves: readonly Mutant[] = [
  {
    name: 'moved-before-in-sync',
    title: 'A move is over, and what was there before goes, while what was added has not caught up.',
    source: 'KIP-455 (a reassignment completes when all added replicas are in the ISR)',
    file: 'cluster/controller/partition-change.ts',
    find: 'if (!adding.every((replica) => isr.includes(replica) || removing.includes(replica))) return',
    replace: '',
    expect: ['P21'],
  },
  {
    name: 'moved-below-min-isr',
    title: 'A move ends with fewer replicas in sync than an acknowledgement promised.',
    source: 'Kafka’s PartitionReassignmentReplicas (asks for one that stays)',
    file: 'cluster/controller/partition-change.ts',
    find: 'if (isr.length === 0 || isr.length < Math.min(change.minIsr, replicas.length)) return',
    replace: 'if (isr.length === 0) return',
    expect: ['P21', 'P1'],
  },
  {
    name: 'moved-in-the-same-epoch',
    title: 'A replica is dropped without a new leader epoch: what it fetches still counts.',
    source: 'KAFKA-14190 family; PartitionChangeBuilder.triggerLeaderEpochBumpForIsrShrinkIfNeeded',
    file: 'cluster/controller/partition-change.ts',
    find: 'const removed = partition.replicas.some((replica) => !target.replicas.includes(replica))',
    replace: 'const removed = false',
    expect: ['P21'],
  },
  {
    name: 'added-in-sync-from-the-start',
    title: 'What a move adds is taken for in sync before it has fetched anything.',
    source: 'KIP-455 (adding replicas join the ISR by fetching); P8',
    file: 'cluster/controller/reassignments.ts',
    find: "changes.edit(topic, index, { election: 'online', assignment: towards(partition, replicas) })",
    replace:
      "changes.edit(topic, index, { election: 'online', isr: [...new Set([...partition.isr, ...replicas])], assignment: towards(partition, replicas) })",
    expect: ['P21', 'P8'],
  },
]
