// How much damage the promise allows, and how much of it is done at the moment. Asked before every fault that ends a node
// or harms a disk; never lets a fault through that could take an acknowledged record legitimately.
//
// With flush=os, min.insync.replicas disks hold what was acknowledged, so all but one of those may lose what is unsynced
// until they are back in every ISR. A kill loses nothing, but no controller can tell it from a power loss: it takes the
// node out of ISR and ELR all the same (KIP-966), and the last one standing is elected. So while a disk has lost
// something, those that were killed count as well; and as long as none has, all may be killed. With flush=fsync a power
// loss is no more than a kill.

import { assert, type NodeId } from '../../base/index.ts'
import type { NodeView } from '../../main/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { Swarm } from './types.ts'

type MetadataImage = NodeView['image']

/** `promise`: no more than the promise allows. `power`: every kill and power loss besides. `all`: everything. */
export type Limit = 'promise' | 'power' | 'all'

export class Budget {
  readonly #cluster: SimCluster
  readonly #swarm: Swarm
  readonly #limit: Limit
  /** Nodes whose disks lost something, until they are in every ISR again. */
  readonly #lossy: Set<NodeId> = new Set()
  /** Nodes that ended without a clean shutdown, until they are in every ISR again. */
  readonly #unclean: Set<NodeId> = new Set()
  /** Nodes that a port call will kill. */
  readonly #doomed: Set<NodeId> = new Set()
  /** Nodes whose disks would show after a power loss that they have kept less than they said; the quorum's log is among it. */
  readonly #lying: Set<NodeId> = new Set()
  /** Nodes that came back with an empty disk: no voters any more (KIP-853). */
  readonly #replaced: Set<NodeId> = new Set()
  /** Nodes with bits that read wrong, and how many: as long as they do, what lies there counts as lost. */
  readonly #rotten: Map<NodeId, number> = new Map()
  #spent = false
  spentInFull = 0

  constructor(cluster: SimCluster, swarm: Swarm, limit: Limit) {
    this.#cluster = cluster
    this.#swarm = swarm
    this.#limit = limit
  }

  /** In words. */
  get allowed(): string {
    const { flush, minInsyncReplicas } = this.#swarm
    if (this.#limit !== 'promise') return 'every power loss and kill, all at once too; what that takes is counted'
    if (flush === 'fsync') return 'every power loss and kill, all at once too'
    const disks = minInsyncReplicas - 1
    return disks === 0
      ? 'every kill, all at once too; no disk may lose anything'
      : `${disks} of ${this.#swarm.brokers} disks may lose what is unsynced; every kill while none has`
  }

  mayKill(ids: readonly NodeId[]): boolean {
    this.#rejoin()
    return this.#limit !== 'promise' || this.#lossy.size === 0 || this.#fits(ids)
  }

  /** Never of a disk that lies: a voter that forgets is beyond what any quorum survives. */
  mayLosePower(ids: readonly NodeId[]): boolean {
    if (this.#limit === 'all') return true
    if (ids.some((id) => this.#lying.has(id))) return false
    return this.#limit !== 'promise' || (this.#powerIsHarmless ? this.mayKill(ids) : this.mayLoseData(ids))
  }

  /** A majority of the voters keep their disks, and every partition somebody who may lead it: a topic that was made while
   *  all others were away has one replica in sync for long. One that is made after that, before the session is over, may
   *  have nobody else all the same; the healing sees to it. */
  mayReplace(id: NodeId): boolean {
    if (this.#limit === 'all') return true
    const replaced = new Set([...this.#replaced, id]).size
    return replaced * 2 < this.#swarm.brokers && !this.#isLast(id) && this.mayLoseData([id])
  }

  /** A disk that forgets what it said it had. */
  mayLoseData(ids: readonly NodeId[]): boolean {
    this.#rejoin()
    return this.#limit === 'all' || this.#fits(ids)
  }

  killed(ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.#doomed.delete(id)
      this.#unclean.add(id)
    }
    this.#note()
  }

  lostPower(ids: readonly NodeId[]): void {
    if (!this.#powerIsHarmless) for (const id of ids) this.#lossy.add(id)
    this.killed(ids)
  }

  lostData(ids: readonly NodeId[]): void {
    for (const id of ids) this.#lossy.add(id)
    this.killed(ids)
  }

  replaced(id: NodeId): void {
    this.#replaced.add(id)
    this.#lying.delete(id)
    this.lostData([id])
  }

  lies(id: NodeId, does: boolean): void {
    if (does) this.#lying.add(id)
    else this.#lying.delete(id)
  }

  rots(id: NodeId, does: boolean): void {
    this.#rotten.set(id, (this.#rotten.get(id) ?? 0) + (does ? 1 : -1))
    if (does) this.lostData([id])
  }

  /** Those whose disks were never replaced. */
  get voters(): readonly NodeId[] {
    return this.#cluster.ids.filter((id) => !this.#replaced.has(id))
  }

  willDie(id: NodeId): void {
    this.#doomed.add(id)
  }

  spared(id: NodeId): void {
    this.#doomed.delete(id)
  }

  /** To be called often: finds those that have died of what was planned. */
  observe(): void {
    for (const id of this.#doomed) if (!this.#cluster.alive(id)) this.killed([id])
  }

  get #powerIsHarmless(): boolean {
    return this.#swarm.flush === 'fsync'
  }

  #isLast(id: NodeId): boolean {
    if (!this.#cluster.ids.some((each) => this.#cluster.alive(each))) return true
    for (const topic of newestImage(this.#cluster).topics.values()) {
      for (const { replicas, isr, elr } of topic.partitions.values())
        if (replicas.includes(id) && ![...isr, ...elr].some((each) => each !== id)) return true
    }
    return false
  }

  #fits(ids: readonly NodeId[]): boolean {
    const unclean = new Set([...this.#unclean, ...this.#doomed, ...ids])
    return unclean.size <= this.#swarm.minInsyncReplicas - 1
  }

  /** Counts each time that all that is allowed has been done at once. */
  #note(): void {
    const { brokers, flush, minInsyncReplicas } = this.#swarm
    const everybody = this.#unclean.size === brokers
    const disks = this.#lossy.size > 0 && this.#unclean.size === minInsyncReplicas - 1
    const full = flush === 'fsync' || minInsyncReplicas === 1 || this.#limit !== 'promise' ? everybody : disks
    if (full && !this.#spent) this.spentInFull++
    this.#spent = full
  }

  /** Forgives the nodes that are in every ISR again. */
  #rejoin(): void {
    for (const id of this.#unclean) {
      if ((this.#rotten.get(id) ?? 0) > 0 || !inEveryIsr(this.#cluster, id)) continue
      this.#unclean.delete(id)
      this.#lossy.delete(id)
    }
    this.#note()
  }
}

/** By what the leaders say of themselves and by the image of the node itself, of this life of the node. */
export function inEveryIsr(cluster: SimCluster, id: NodeId): boolean {
  if (!cluster.alive(id)) return false
  const own = cluster.view(id)
  if (own.image.brokers.get(id)?.epoch !== own.brokerEpoch) return false
  const image = newestImage(cluster)
  for (const topic of image.topics.values()) {
    for (const [index, partition] of topic.partitions) {
      if (!partition.replicas.includes(id)) continue
      const { leader } = partition
      if (!partition.isr.includes(id) || leader < 0 || !cluster.alive(leader)) return false
      const view = cluster.view(leader)
      // The leader's own word: the image may be behind a shrinking that is already decided.
      const replica = view.replicas.find((each) => each.topicId === topic.id && each.partition === index)
      if (replica === undefined || replica.role !== 'leader' || !replica.isr.includes(id)) return false
      if (view.image.brokers.get(id)?.epoch !== own.brokerEpoch) return false
    }
  }
  return true
}

/** The furthest of what the living among these nodes know; one of them must live. */
export function newestImage(cluster: SimCluster, of: readonly NodeId[] = cluster.ids): MetadataImage {
  let newest: MetadataImage | null = null
  for (const id of of) {
    if (!cluster.alive(id)) continue
    const { image } = cluster.view(id)
    if (newest === null || image.offset > newest.offset) newest = image
  }
  assert(newest !== null, 'no node is alive')
  return newest
}
