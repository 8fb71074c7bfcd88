// What a watch remembers of one node: its disk's watch, and what it looked like last.

import type { NodeId, Offset, Uuid } from '../../base/index.ts'
import type { SeenReplica } from '../../check/index.ts'
import type { NodeView } from '../../main/index.ts'
import type { DiskWatch } from './disks.ts'

/** As `afterEvent` says it: every host may have changed. */
export const ALL: number = -1

export interface Member {
  readonly id: NodeId
  /** What `afterEvent` says it with. */
  bit: number
  disk: DiskWatch | null
  view: NodeView | null
  version: number
  image: NodeView['image'] | null
  views: NodeView['replicas']
  seen: SeenReplica[]
  /** Where in `views` and `seen` a replica is. */
  places: ReadonlyMap<string, number>
  /** Up to where its metadata log was durable, by its own word. */
  quorumDurable: Offset
  /** Broker epoch in the word of a clean stop that lies on its disk; null: none. */
  marker: number | null
  /** In the one that a process of it found (null: none), by incarnation: a registration may arrive when the process that
   *  sent it has died and another, which found none, has begun. */
  readonly cleanEpochs: Map<Uuid, number | null>
}

export function newMember(id: NodeId): Member {
  return {
    id,
    bit: ALL,
    disk: null,
    view: null,
    version: -1,
    image: null,
    views: [],
    seen: [],
    places: new Map(),
    quorumDurable: 0,
    marker: null,
    cleanEpochs: new Map(),
  }
}
