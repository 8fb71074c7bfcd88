// Which log directory a replica belongs in (KIP-858): where it lies already, else where its assignment says, else the
// one that holds the fewest logs. Decides only; the driver creates. Invariant: a replica that is assigned to a directory
// we don't have is never created empty in another one while anybody takes it for complete (KAFKA-16234), nor is an older
// log taken for it that lies elsewhere.

import type { PartitionImage } from '../../cluster/metadata/index.ts'
import { LOST_DIR, MIGRATING_DIR, type NodeId, UNASSIGNED_DIR, type Uuid } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'

const REMEDY =
  'bring it back or, where it is gone and nobody else may lead, set unclean.leader.election.enable=true on the topic'

export type Placement =
  | { readonly kind: 'found'; readonly directory: LogDirectory; readonly log: PartitionLog }
  | { readonly kind: 'create'; readonly directory: LogDirectory }
  | { readonly kind: 'unavailable'; readonly reason: string }

export function place(
  online: readonly LogDirectory[],
  cordoned: readonly Uuid[],
  topicId: Uuid,
  index: number,
  assigned: Uuid,
  /** Somebody takes it for complete. */
  counted: boolean,
  /** No directory is out of service that may come back. */
  allHere: boolean,
  /** Logs there and on their way. */
  load: (directory: LogDirectory) => number,
  /** Where an operator wants it, if it is to be created. */
  wanted: LogDirectory | null = null,
): Placement {
  const found = furthest(online, topicId, index)
  const named = assigned !== UNASSIGNED_DIR && assigned !== LOST_DIR && assigned !== MIGRATING_DIR
  const directory = online.find((candidate) => candidate.meta.directoryId === assigned)
  const unavailable = {
    kind: 'unavailable',
    reason: `its log directory ${assigned} is not online here; ${REMEDY}`,
  } as const
  if (found !== null) {
    // It may be what a move has left behind, or a disk that was replaced: with both here the further one is known.
    return named && directory === undefined && counted && !allHere ? unavailable : { kind: 'found', ...found }
  }
  if (named) {
    if (directory !== undefined) return { kind: 'create', directory }
    if (counted || !allHere) return unavailable
  }
  if (wanted !== null && online.includes(wanted)) return { kind: 'create', directory: wanted }
  const open = online.filter((candidate) => !cordoned.includes(candidate.meta.directoryId))
  const [first, ...rest] = open.length > 0 ? open : online
  if (first === undefined) return { kind: 'unavailable', reason: 'no log directory is online' }
  return { kind: 'create', directory: rest.reduce((a, b) => (load(b) < load(a) ? b : a), first) }
}

/** Two are there where a move to another directory was cut short (KIP-113), or a disk has come back that was replaced. Only
 *  one was written to at any time: it has the later epoch, or is longer. */
function furthest(
  online: readonly LogDirectory[],
  topicId: Uuid,
  index: number,
): { readonly directory: LogDirectory; readonly log: PartitionLog } | null {
  let best: { readonly directory: LogDirectory; readonly log: PartitionLog } | null = null
  for (const directory of online) {
    const log = directory.get(topicId, index)
    if (log === undefined) continue
    if (best === null || isFurther(log, best.log)) best = { directory, log }
  }
  return best
}

function isFurther(one: PartitionLog, other: PartitionLog): boolean {
  return one.lastEpoch === other.lastEpoch ? one.endOffset > other.endOffset : one.lastEpoch > other.lastEpoch
}

/** Whether a leader may be, or may have been, chosen for what this broker holds. */
export function isCounted({ isr, elr, lastKnownElr }: PartitionImage, self: NodeId): boolean {
  return isr.includes(self) || elr.includes(self) || lastKnownElr.includes(self)
}

export function assignedDirectory(partition: PartitionImage, self: NodeId): Uuid {
  return partition.directories[partition.replicas.indexOf(self)] ?? UNASSIGNED_DIR
}
