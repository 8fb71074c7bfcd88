// Draws a fault plan ahead, from the seed and its swarm alone: nothing that happens in the life changes it, so that a plan
// with some of its faults left out is still the plan of the same life. Knows roughly who will be dead when, in order to
// draw faults that can be done; what cannot be done after all is passed over by the executor.

import type { NodeId, SeededRandom } from '../../base/index.ts'
import type { Direction, Fault, FaultPlan, PlannedFault, Verb } from '../plan.ts'
import { drawDetain, drawLateWords } from './late-words.ts'
import { drawRelays } from './relays.ts'
import { drawStories } from './stories.ts'
import { LATE_STREAM, PLAN_STREAM, RELAY_STREAM, RESTART_STREAM, STORY_STREAM, stream, TUNED } from './swarm.ts'
import type { Swarm } from './types.ts'

/** Before it, producers find their leaders and consumers their offsets. */
const FIRST_FAULT_MS = 1_000
/** A burst is followed by calm, or nobody would get anything done. */
const BURST_GAP_MS = 400

export function drawPlan(seed: number, swarm: Swarm, durationMs: number): FaultPlan {
  const drawer = new Drawer(stream(seed, PLAN_STREAM), stream(seed, RESTART_STREAM), swarm, durationMs)
  const relays = drawRelays(stream(seed, RELAY_STREAM), swarm, FIRST_FAULT_MS, durationMs)
  const faults = [...drawer.draw(), ...relays]
  faults.push(...drawLateWords(stream(seed, LATE_STREAM), swarm, faults, durationMs))
  faults.push(...drawStories(stream(seed, STORY_STREAM), swarm, FIRST_FAULT_MS, durationMs))
  return { faults: faults.sort((a, b) => a.at - b.at), durationMs }
}

class Drawer {
  readonly #random: SeededRandom
  readonly #restarts: SeededRandom
  readonly #swarm: Swarm
  readonly #durationMs: number
  readonly #faults: PlannedFault[] = []
  /** When each node will be started again, as far as it is planned. */
  readonly #backAt: Map<NodeId, number> = new Map()

  constructor(random: SeededRandom, restarts: SeededRandom, swarm: Swarm, durationMs: number) {
    this.#random = random
    this.#restarts = restarts
    this.#swarm = swarm
    this.#durationMs = durationMs
  }

  draw(): PlannedFault[] {
    const verbs = Object.entries(this.#swarm.verbs) as [Verb, number][]
    if (verbs.length === 0) return []
    let burst = 0
    for (let at = FIRST_FAULT_MS; at < this.#durationMs; ) {
      this.#plan(at, this.#verb(verbs))
      if (burst === 0 && this.#below(8) === 0) burst = 2 + this.#below(4)
      const longest = this.#below(2) === 0 ? Math.min(1_500, this.#swarm.pauseMs) : this.#swarm.pauseMs
      at += 50 + (burst > 0 ? this.#below(BURST_GAP_MS) : this.#below(longest))
      if (burst > 0) burst--
    }
    return this.#faults.sort((a, b) => a.at - b.at)
  }

  #below(n: number): number {
    return this.#random.below(n)
  }

  #verb(verbs: readonly [Verb, number][]): Verb {
    let left = this.#below(verbs.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [verb, weight] of verbs) {
      if (left < weight) return verb
      left -= weight
    }
    return verbs[0]![0]
  }

  #plan(at: number, verb: Verb): void {
    const dead = [...this.#backAt].filter(([, back]) => back > at).length
    const node = this.#node(at)
    // Most of the time a majority is there, or there would be little to get wrong.
    if (dead * 2 + 1 >= this.#swarm.brokers && ENDS_A_NODE.has(verb) && this.#below(4) > 0) return
    const fault = this.#fault(verb, node)
    if (fault === null) return
    this.#faults.push({ at, fault })
    // Only a start looks at what is there already.
    if (verb === 'flip-bit' && this.#below(3) > 0) this.#killSoon(node, at)
    if (verb === 'kill-all' || verb === 'power-loss-all') {
      for (let id = 1; id <= this.#swarm.brokers; id++) this.#comesBack(id, at)
    } else if (ENDS_A_NODE.has(verb)) this.#comesBack(node, at)
  }

  /** One that lives, as far as it is planned, rather than one that does not. */
  #node(at: number): NodeId {
    let node = 1
    for (let attempt = 0; attempt < 3; attempt++) {
      node = 1 + this.#below(this.#swarm.brokers)
      if ((this.#backAt.get(node) ?? 0) <= at) break
    }
    return node
  }

  #killSoon(node: NodeId, at: number): void {
    const kill = at + this.#below(1_000)
    this.#faults.push({ at: kill, fault: { verb: 'kill', node } })
    this.#comesBack(node, kill)
  }

  #comesBack(node: NodeId, at: number): void {
    const back = at + 200 + this.#below([1_000, 5_000, 12_000][this.#below(3)]!)
    this.#backAt.set(node, back)
    this.#faults.push({ at: back, fault: this.#restart(node) })
    // A node that dies later than planned, or gives up, is found by one of these.
    if (this.#below(3) === 0) {
      this.#faults.push({ at: back + 1_000 + this.#below(8_000), fault: { verb: 'restart', node } })
    }
  }

  /** Now and then with another configuration, as operators restart nodes. */
  #restart(node: NodeId): Fault {
    if (this.#restarts.below(4) > 0) return { verb: 'restart', node }
    const [name, values] = TUNED[this.#restarts.below(TUNED.length)]!
    return { verb: 'restart', node, properties: { [name]: String(values[this.#restarts.below(values.length)]!) } }
  }

  #fault(verb: Verb, node: NodeId): Fault | null {
    switch (verb) {
      case 'kill':
      case 'power-loss':
      case 'stop':
      case 'reset':
      case 'half-open':
      case 'replace-disk':
        return { verb, node }
      case 'kill-all':
      case 'power-loss-all':
      case 'heal':
        return { verb }
      case 'kill-at':
        return { verb, node, calls: 1 + this.#below([30, 300, 3_000][this.#below(3)]!) }
      case 'fail-disk':
        return { verb, node, operation: this.#below(2) === 0 ? 'sync' : 'append' }
      case 'skew-clock':
        return {
          verb,
          node,
          jumpMs: this.#below(20_001) - 10_000,
          driftPpm: this.#below(2) * (this.#below(4_001) - 2_000),
        }
      case 'restart':
        return { verb, node }
      case 'detain':
        return drawDetain(this.#random, node, this.#other(node))
      default:
        return this.#lasting(verb, node, 300 + this.#below([1_500, 6_000, 15_000][this.#below(3)]!))
    }
  }

  #lasting(verb: Verb, node: NodeId, ms: number): Fault | null {
    switch (verb) {
      case 'pause':
      case 'hide':
      case 'lying-sync':
      case 'flip-bit':
        return { verb, node, ms }
      case 'isolate':
        return { verb, node, direction: DIRECTIONS[this.#below(3)]!, ms }
      case 'cut':
        return { verb, from: node, to: this.#other(node), oneWay: this.#below(2) === 0, ms }
      case 'slow':
        return {
          verb,
          node,
          latencyMs: this.#below(300),
          jitterMs: this.#below(300),
          bandwidth: this.#below(2) * (2_000 + this.#below(50_000)),
          ms,
        }
      case 'slow-cpu':
        return { verb, node, factor: 5 + this.#below(50), ms }
      case 'slow-disk':
        return { verb, node, factor: 5 + this.#below(100), ms }
      case 'fill-disk':
        return { verb, node, freeBytes: this.#below(20_000), ms }
      default:
        return null
    }
  }

  #other(node: NodeId): NodeId {
    return 1 + ((node - 1 + 1 + this.#below(this.#swarm.brokers - 1)) % this.#swarm.brokers)
  }
}

const DIRECTIONS: readonly Direction[] = ['both', 'out', 'in']
const ENDS_A_NODE: ReadonlySet<Verb> = new Set([
  'kill',
  'kill-at',
  'kill-all',
  'power-loss',
  'power-loss-all',
  'stop',
  'fail-disk',
  'fill-disk',
])
