// Relays, drawn ahead as the other faults are: one node is taken away for about as long as one of the cluster's time-outs,
// another one when it comes back, and so on. Faults that come one by one seldom meet so: who was away returns with what
// only he has, at the moment at which those leave who decided without him. Uses no verb that its swarm does not know.

import type { NodeId, SeededRandom } from '../../base/index.ts'
import type { Direction, Fault, PlannedFault, Verb } from '../plan.ts'
import type { Swarm } from './types.ts'

/** What each takes to be noticed, Kafka's defaults. */
const TIMEOUTS: readonly (readonly [name: string, defaultMs: number])[] = [
  ['controller.quorum.fetch.timeout.ms', 2_000],
  ['controller.quorum.fetch.timeout.ms', 2_000],
  ['broker.session.timeout.ms', 9_000],
  ['replica.lag.time.max.ms', 10_000],
]
/** How much later than a time-out a leg may end: a leader was elected by then, and has done little. */
const OVERTIME_MS = 1_500
/** The next leg begins so much earlier or later. */
const CHANGEOVER_MS = 200
const RELAYS_MAX = 3

const DIRECTIONS: readonly Direction[] = ['both', 'out', 'in']
const WAYS: readonly Verb[] = ['cut', 'isolate', 'pause', 'kill', 'power-loss', 'stop']

export function drawRelays(random: SeededRandom, swarm: Swarm, firstMs: number, durationMs: number): PlannedFault[] {
  const ways = WAYS.filter((verb) => swarm.verbs[verb] !== undefined)
  if (ways.length === 0) return []
  const faults: PlannedFault[] = []
  for (let left = random.below(RELAYS_MAX + 1); left > 0; left--) {
    const legs = relay(random, swarm, ways)
    const lengthMs = Math.max(...legs.map(({ at }) => at))
    const from = firstMs + random.below(Math.max(1, durationMs - firstMs - lengthMs))
    for (const { at, fault } of legs) if (from + at < durationMs) faults.push({ at: from + at, fault })
  }
  return faults
}

/** From 0 on. */
function relay(random: SeededRandom, swarm: Swarm, ways: readonly Verb[]): PlannedFault[] {
  const faults: PlannedFault[] = []
  let at = 0
  let node = 1 + random.below(swarm.brokers)
  // To and fro between two: each comes back with what it wrote alone, and finds the other one gone that wrote meanwhile.
  const toAndFro = random.below(2) === 0
  let other = anotherThan(random, node, swarm.brokers)
  // Nobody changes over for a lag.
  let timeout = 1 + random.below(2)
  for (let legs = (toAndFro ? 4 : 2) + random.below(3); legs > 0; legs--) {
    const way = ways[random.below(ways.length)]!
    if (!toAndFro) timeout = random.below(TIMEOUTS.length)
    const [name, defaultMs] = TIMEOUTS[timeout]!
    const ms = Number(swarm.properties[name] ?? defaultMs) + random.below(OVERTIME_MS)
    for (const fault of away(random, way, node, ms, swarm.brokers)) faults.push({ at, fault })
    const back = at + ms
    if (ENDS.has(way)) faults.push({ at: back, fault: { verb: 'restart', node } })
    const next = toAndFro ? other : anotherThan(random, node, swarm.brokers)
    at = Math.max(0, back + random.below(2 * CHANGEOVER_MS) - CHANGEOVER_MS)
    // All forget what they had heard of each other; who goes next comes back last.
    if (swarm.verbs['kill-all'] !== undefined && random.below(4) === 0) {
      faults.push({ at, fault: { verb: 'kill-all' } })
      for (let id = 1; id <= swarm.brokers; id++)
        if (id !== next) faults.push({ at: at + 1 + random.below(CHANGEOVER_MS), fault: { verb: 'restart', node: id } })
      const last = at + 2_000 + random.below(4_000)
      faults.push({ at: last, fault: { verb: 'restart', node: next } })
      at = last
    }
    other = node
    node = next
  }
  return faults
}

function anotherThan(random: SeededRandom, node: NodeId, brokers: number): NodeId {
  return 1 + ((node + random.below(brokers - 1)) % brokers)
}

const ENDS: ReadonlySet<Verb> = new Set<Verb>(['kill', 'power-loss', 'stop'])

/** Away for all, or for the other nodes only: then clients still reach it, and give it work. */
function away(random: SeededRandom, way: Verb, node: NodeId, ms: number, brokers: number): Fault[] {
  switch (way) {
    case 'cut': {
      const oneWay = random.below(4) === 0
      const others = Array.from({ length: brokers - 1 }, (_, i) => 1 + ((node + i) % brokers))
      return others.map((other) => ({ verb: 'cut', from: node, to: other, oneWay, ms }))
    }
    case 'isolate':
      return [{ verb: 'isolate', node, direction: DIRECTIONS[random.below(3)]!, ms }]
    case 'pause':
      return [{ verb: 'pause', node, ms }]
    case 'kill':
    case 'power-loss':
    case 'stop':
      return [{ verb: way, node }]
    default:
      return []
  }
}
