// Which partitions nobody of some nodes may lead, and which nobody may lead ever again, because the disks of all who might
// were replaced. Pure: images in, answers out. Invariant: for good is what no node's return can change, so it is said only
// of disks that the fault plan took away, and of brokers that have registered without them.

import { type NodeId, UNASSIGNED_DIR, type Uuid } from '../../base/index.ts'
import type { NodeView } from '../../main/index.ts'

type MetadataImage = NodeView['image']
export type PartitionImage = NonNullable<
  ReturnType<NonNullable<ReturnType<MetadataImage['topics']['get']>>['partitions']['get']>
>
type Held = Pick<PartitionImage, 'leader' | 'replicas' | 'isr' | 'elr' | 'lastKnownElr' | 'directories'>
interface Registered {
  readonly brokers: ReadonlyMap<NodeId, { readonly directories: readonly Uuid[] }>
}

/** All who may lead are outside of the core, or lost the disk that they had. */
export function out(image: Registered, partition: Held, core: readonly NodeId[]): boolean {
  return !eligible(partition).some((id) => core.includes(id) && hasDirectory(image, partition, id))
}

/**
 * Nobody leads, and all who may lost the disk that they had. `replaced`: has another disk, and is registered with it.
 *
 * No promise is broken by that. A topic's ISR begins as those of its replicas that are active, be it one (Kafka's
 * ReplicationControlManager), and a broker counts as active until its session is over: one that has died, and whose disk
 * is replaced, may be the only one in the ISR of what is made meanwhile. With fewer than min.insync.replicas nothing was
 * acknowledged to acks=all. Who lost what it had is not elected, for the others may have more (KIP-966 holds the last
 * known leader's log for the longest): somebody has to accept the loss.
 */
export function lostForGood(image: Registered, partition: Held, replaced: (id: NodeId) => boolean): boolean {
  const able = eligible(partition)
  if (partition.leader >= 0 || able.length === 0) return false
  return able.every((id) => replaced(id) && !hasDirectory(image, partition, id))
}

/** Those in ISR and ELR or, where there are none, the last known (KIP-966). */
function eligible({ isr, elr, lastKnownElr }: Held): readonly NodeId[] {
  return isr.length + elr.length > 0 ? [...isr, ...elr] : lastKnownElr
}

function hasDirectory(image: Registered, { replicas, directories }: Held, id: NodeId): boolean {
  const directory = directories[replicas.indexOf(id)] ?? UNASSIGNED_DIR
  return directory === UNASSIGNED_DIR || (image.brokers.get(id)?.directories ?? []).includes(directory)
}
