// Leaders and ISRs after something happened to a broker, and the two periodic elections. Every function only adds to the
// decision's changes.

import type { NodeId, Uuid } from '../../src/base/index.ts'
import { NO_LEADER } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/index.ts'
import { directoryOf } from '../metadata/index.ts'
import { Changes } from './changes.ts'
import type { Decision } from './types.ts'
import { MAX_ELECTIONS_PER_RUN } from './types.ts'

/** A broker that leaves: out of every ISR, its leaderships to others (KIP-841: the moment it is fenced or shuts down). */
export function removeFromIsrs(changes: Changes, broker: NodeId): void {
  eachPartition(changes, (topic, index, partition) => {
    if (!partition.isr.includes(broker)) return
    changes.edit(topic, index, { isr: without(partition.isr, broker), without: [broker] })
  })
}

/** The same where it is only eligible: a broker that is unregistered will not come back. */
export function removeFromElrs(changes: Changes, broker: NodeId): void {
  eachPartition(changes, (topic, index, partition) => {
    if (partition.elr.includes(broker)) changes.edit(topic, index, { unclean: [broker], without: [broker] })
  })
}

/** A broker that stopped uncleanly may lack acknowledged records: it is in no ISR and no ELR until it has caught up. */
export function removeUnclean(changes: Changes, broker: NodeId): void {
  eachPartition(changes, (topic, index, partition) => {
    if (!partition.isr.includes(broker) && !partition.elr.includes(broker)) return
    changes.edit(topic, index, { isr: without(partition.isr, broker), unclean: [broker], without: [broker] })
  })
}

/** A broker that came back may lead what nobody leads. */
export function electWith(changes: Changes, broker: NodeId): void {
  eachPartition(changes, (topic, index, partition) => {
    if (partition.leader === NO_LEADER) changes.edit(topic, index, { with: [broker] })
  })
}

/** A broker's replicas in directories that failed. */
export function removeFromDirectories(changes: Changes, broker: NodeId, offline: readonly Uuid[]): void {
  eachPartition(changes, (topic, index, partition) => {
    if (!partition.isr.includes(broker) || !offline.includes(directoryOf(partition, broker))) return
    changes.edit(topic, index, { isr: without(partition.isr, broker), without: [broker] })
  })
}

/** How many partitions a broker leads. */
export function leaderships(draft: MetadataImage, broker: NodeId): number {
  let count = 0
  for (const topic of draft.topics.values()) {
    for (const partition of topic.partitions.values()) if (partition.leader === broker) count++
  }
  return count
}

/** auto.leader.rebalance.enable: leaders go back to the first replica where it may lead. `response`: more remain. */
export function decidePreferredElections(draft: MetadataImage, node: NodeConfig): Decision<boolean> {
  const changes = new Changes(draft, node)
  eachPartition(changes, (topic, index, partition) => {
    if (partition.leader === partition.replicas[0] || changes.records.length >= MAX_ELECTIONS_PER_RUN) return
    changes.edit(topic, index, { election: 'preferred' })
  })
  return { records: changes.records, response: changes.records.length >= MAX_ELECTIONS_PER_RUN }
}

/** Leaderless partitions of topics that allow unclean elections: somebody alive takes over, and records may be lost. */
export function decideUncleanElections(draft: MetadataImage, node: NodeConfig): Decision<boolean> {
  const changes = new Changes(draft, node)
  eachPartition(changes, (topic, index, partition) => {
    if (partition.leader !== NO_LEADER || changes.records.length >= MAX_ELECTIONS_PER_RUN) return
    if (changes.allowsUnclean(topic)) changes.edit(topic, index, { election: 'unclean' })
  })
  return { records: changes.records, response: changes.records.length >= MAX_ELECTIONS_PER_RUN }
}

function eachPartition(
  changes: Changes,
  visit: (topic: TopicImage, index: number, partition: PartitionImage) => void,
): void {
  for (const topic of changes.draft.topics.values()) {
    for (const index of topic.partitions.keys()) visit(topic, index, changes.partition(topic, index)!)
  }
}

function without(list: readonly NodeId[], broker: NodeId): readonly NodeId[] {
  return list.includes(broker) ? list.filter((id) => id !== broker) : list
}
