// The stop of a whole cluster. Each node asks for its controlled shutdown, so that the metadata says that it left; a quorum
// must be there to write that down for the last one too, so a node keeps its part of the quorum until all have left.
// Otherwise the next start would wait for the old brokers' sessions to run out before it lets the new ones register.

import type { ClusterDriver } from '../../cluster/driver/index.ts'
import type { MetadataImage } from '../../cluster/metadata/index.ts'
import type { RaftDriver } from '../../raft/driver/index.ts'
import type { Clock } from '../base/index.ts'
import { Timers } from '../base/index.ts'

/** The leader of the quorum stays so much longer: followers learn with their next fetches that the last word is committed. */
const LEADER_LINGERS_MS = 300

/** Resolves when no broker is in service any more by this node's metadata, or when `withinMs` has passed. */
export function everyoneFenced(
  cluster: ClusterDriver,
  raft: RaftDriver,
  clock: Clock,
  withinMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timers = new Timers(clock)
    let done = false
    const look = (image: MetadataImage): void => {
      if (done || [...image.brokers.values()].some((broker) => !broker.fenced)) return
      done = true
      timers.clear()
      if (raft.isActiveLeader) timers.after(LEADER_LINGERS_MS, resolve)
      else resolve()
    }
    timers.after(withinMs, resolve)
    cluster.onImage((_before, after) => look(after))
    look(cluster.image)
  })
}
