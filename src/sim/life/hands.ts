// How each verb is done to a simulated cluster: what can be done now is begun, and answers what ends it; what cannot, because
// a node is dead already or the budget forbids it, is passed over. Draws nothing by chance.

import type { NodeId } from '../../base/index.ts'
import { StorageError, unreachable } from '../../base/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { LinkQuality } from '../links.ts'
import type { Fault, Verb } from '../plan.ts'
import type { Budget } from './budget.ts'
import type { Swarm } from './types.ts'

/** Ends a fault that goes on. `DONE` where nothing does. */
export type Ending = () => void
export const DONE: Ending = () => {}

type FaultOf<V extends Verb> = Extract<Fault, { verb: V }>

/** Added to each way to and from a node. */
const DISTANCES: { readonly [network in Swarm['network']]: LinkQuality | null } = {
  rack: null,
  zones: { latencyMs: 0.5, jitterMs: 0.5 },
  regions: { latencyMs: 8, jitterMs: 8 },
}

export class Hands {
  readonly #cluster: SimCluster
  readonly #budget: Budget
  readonly #network: Swarm['network']
  /** Told of a node that was started again and never came up, or that was stopped and never ended. */
  readonly #failed: (id: NodeId, error: unknown) => void
  /** Nodes whose disks were made to fail; what they then complain of is no wonder. */
  readonly troubled: Set<NodeId> = new Set()
  /** Nodes that were told to stop and have not ended: one that was still starting, or that finds no controller. */
  readonly stopping: Set<NodeId> = new Set()
  /** What is slow at the moment: verb and node. */
  readonly #slow: Set<string> = new Set()

  constructor(
    cluster: SimCluster,
    budget: Budget,
    network: Swarm['network'],
    failed: (id: NodeId, error: unknown) => void,
  ) {
    this.#cluster = cluster
    this.#budget = budget
    this.#network = network
    this.#failed = failed
  }

  /** How far the nodes are from each other; to be said again after everything of the network was healed. */
  setNetwork(): void {
    const quality = DISTANCES[this.#network]
    if (quality === null) return
    for (const id of this.#cluster.ids) this.#cluster.sim.slow(this.#cluster.host(id), quality)
  }

  /** Null where it cannot be done. */
  begin(fault: Fault): Ending | null | Promise<Ending | null> {
    if ('node' in fault && !this.#cluster.ids.includes(fault.node)) return null
    switch (fault.verb) {
      case 'kill':
      case 'kill-at':
      case 'kill-all':
      case 'power-loss':
      case 'power-loss-all':
      case 'stop':
      case 'restart':
      case 'replace-disk':
        return this.#process(fault)
      case 'isolate':
      case 'cut':
      case 'slow':
      case 'reset':
      case 'half-open':
      case 'hide':
      case 'detain':
      case 'heal':
        return this.#link(fault)
      default:
        return this.#machine(fault)
    }
  }

  /** SIGKILL, within the budget or because the node has given up by itself. */
  kill(id: NodeId): void {
    this.disarm(id)
    this.#budget.killed([id])
    if (this.#cluster.alive(id)) this.#cluster.kill(id)
  }

  restart(id: NodeId, properties?: Readonly<Record<string, string>>): void {
    // Who died while it was stopping never says that it has stopped.
    this.stopping.delete(id)
    this.#cluster.restarting(id, properties).catch((error: unknown) => {
      // Told to stop in the middle of its start, as it was: that it did not start is no failure.
      if (!(error instanceof StorageError && error.code === 'CLOSED')) this.#failed(id, error)
    })
  }

  /** A planned death is called off. */
  disarm(id: NodeId): void {
    this.#cluster.sim.killAtPortCall(this.#cluster.host(id), Number.MAX_SAFE_INTEGER)
    this.#budget.spared(id)
  }

  /** What is planned for a node and has not struck yet never will; its clocks are right again as far as their pace. */
  spare(id: NodeId): void {
    this.disarm(id)
    this.#cluster.sim.skewClock(this.#cluster.host(id), 0, 0)
    this.#soothe(id)
  }

  #soothe(id: NodeId): void {
    const { faults } = this.#cluster.sim.disk(this.#cluster.host(id))
    faults.nextSyncsFail = 0
    faults.nextAppendsFail = 0
  }

  #process(
    fault: FaultOf<
      'kill' | 'kill-at' | 'kill-all' | 'power-loss' | 'power-loss-all' | 'stop' | 'restart' | 'replace-disk'
    >,
  ): Ending | null | Promise<Ending | null> {
    const cluster = this.#cluster
    const budget = this.#budget
    const living = cluster.ids.filter((id) => cluster.alive(id))
    switch (fault.verb) {
      case 'kill':
        if (!cluster.alive(fault.node) || !budget.mayKill([fault.node])) return null
        this.kill(fault.node)
        return DONE
      case 'kill-all':
        if (living.length === 0 || !budget.mayKill(living)) return null
        for (const id of living) this.kill(id)
        return DONE
      case 'kill-at':
        if (!cluster.alive(fault.node) || !budget.mayKill([fault.node])) return null
        budget.willDie(fault.node)
        cluster.sim.killAtPortCall(cluster.host(fault.node), fault.calls)
        return DONE
      case 'power-loss':
        return this.#powerLoss([fault.node])
      case 'power-loss-all':
        return living.length === 0 ? null : this.#powerLoss(cluster.ids)
      case 'stop':
        if (!cluster.alive(fault.node)) return null
        this.stopping.add(fault.node)
        cluster
          .stopping(fault.node)
          .catch((error: unknown) => this.#failed(fault.node, error))
          .finally(() => this.stopping.delete(fault.node))
        return DONE
      case 'restart':
        if (cluster.alive(fault.node)) return null
        this.restart(fault.node, fault.properties)
        return DONE
      case 'replace-disk':
        return budget.mayReplace(fault.node) ? this.#replaceDisk(fault.node) : null
      default:
        return unreachable(fault)
    }
  }

  #powerLoss(ids: readonly NodeId[]): Ending | null {
    if (!this.#budget.mayLosePower(ids)) return null
    for (const id of ids) {
      this.disarm(id)
      this.#cluster.powerLoss(id)
    }
    this.#budget.lostPower(ids)
    return DONE
  }

  async #replaceDisk(id: NodeId): Promise<Ending> {
    this.kill(id)
    this.#budget.replaced(id)
    // What waited to strike the old disk is gone with it. Its fullness may last: space is the machine's in this world.
    this.#soothe(id)
    await this.#cluster.replaceDisk(id)
    this.restart(id)
    return DONE
  }

  #link(
    fault: FaultOf<'isolate' | 'cut' | 'slow' | 'reset' | 'half-open' | 'hide' | 'detain' | 'heal'>,
  ): Ending | null {
    const { sim, ids } = this.#cluster
    if (fault.verb === 'heal') {
      sim.heal()
      this.setNetwork()
      return DONE
    }
    if (fault.verb === 'cut' || fault.verb === 'detain') {
      if (fault.from === fault.to || !ids.includes(fault.from) || !ids.includes(fault.to)) return null
      if (fault.verb === 'detain') return this.#cluster.hold(fault.from, fault.to, fault.what, fault.lostMs)
      const [from, to] = [this.#cluster.host(fault.from), this.#cluster.host(fault.to)]
      const there = sim.cut(from, to)
      const back = fault.oneWay ? DONE : sim.cut(to, from)
      return () => {
        there()
        back()
      }
    }
    const host = this.#cluster.host(fault.node)
    switch (fault.verb) {
      case 'isolate':
        return sim.isolate(host, fault.direction)
      case 'hide':
        return sim.hide(host)
      case 'slow': {
        const { latencyMs, jitterMs, bandwidth } = fault
        return sim.slow(host, { latencyMs, jitterMs, bandwidth })
      }
      case 'reset':
        sim.reset(host)
        return DONE
      case 'half-open':
        sim.halfOpen(host)
        return DONE
      default:
        return unreachable(fault)
    }
  }

  #machine(
    fault: FaultOf<
      'pause' | 'slow-cpu' | 'slow-disk' | 'fail-disk' | 'lying-sync' | 'fill-disk' | 'flip-bit' | 'skew-clock'
    >,
  ): Ending | null {
    const { sim } = this.#cluster
    const budget = this.#budget
    const { node } = fault
    const host = this.#cluster.host(node)
    switch (fault.verb) {
      case 'pause':
        if (!this.#cluster.alive(node)) return null
        sim.pause(host)
        return () => sim.resume(host)
      case 'slow-cpu':
      case 'slow-disk':
        return this.#slowDown(fault)
      case 'skew-clock':
        sim.skewClock(host, fault.jumpMs, fault.driftPpm)
        return DONE
      case 'fail-disk':
        if (!this.#cluster.alive(node) || !budget.mayKill([node])) return null
        this.troubled.add(node)
        budget.willDie(node)
        sim.failDisk(host, fault.operation)
        return DONE
      case 'fill-disk':
        if (!budget.mayKill([node])) return null
        this.troubled.add(node)
        budget.willDie(node)
        return sim.fillDisk(host, fault.freeBytes)
      case 'lying-sync':
        return this.#lie(node)
      case 'flip-bit': {
        if (!budget.mayLoseData([node])) return null
        const flipped = this.#cluster.flipBit(node)
        if (flipped === null) return null
        this.troubled.add(node)
        budget.rots(node, true)
        return () => {
          flipped.mend()
          budget.rots(node, false)
        }
      }
      default:
        return unreachable(fault)
    }
  }

  /** One at a time of each: the world multiplies them, and a sync that began under three took minutes after healing. */
  #slowDown({ verb, node, factor }: FaultOf<'slow-cpu' | 'slow-disk'>): Ending | null {
    const { sim } = this.#cluster
    const key = `${verb} ${node}`
    if (this.#slow.has(key)) return null
    this.#slow.add(key)
    const host = this.#cluster.host(node)
    const undo = verb === 'slow-cpu' ? sim.slowCpu(host, factor) : sim.slowDisk(host, factor)
    return () => {
      this.#slow.delete(key)
      undo()
    }
  }

  /** Until the lie ends, a power loss would take what the quorum's log has promised. */
  #lie(node: NodeId): Ending | null {
    const honest = this.#cluster.sim.lyingSync(this.#cluster.host(node))
    this.#budget.lies(node, true)
    return () => {
      honest()
      this.#budget.lies(node, false)
    }
  }
}
