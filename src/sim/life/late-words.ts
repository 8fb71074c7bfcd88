// Late words, drawn ahead as the other faults are: when a node goes or comes back, what somebody says to somebody is detained
// for a while, and now and then that node goes and comes once more before it arrives. A join to an ISR is asked for then, and what
// was asked on behalf of one life may be carried out in the next (KIP-903); faults that come one by one seldom meet so.
// Uses no verb that its swarm does not know.

import type { NodeId, SeededRandom } from '../../base/index.ts'
import { DETAINED_APIS, type Detained, type DetainedApi, type Fault, type PlannedFault, type Verb } from '../plan.ts'
import type { Swarm } from './types.ts'

/** A node that has come back registers, catches up and joins within this. */
const JOINS_MS = 3_000
/** Short: an answer is lost. Long: a session runs out and a node comes back before what was asked arrives. */
const LENGTHS: readonly number[] = [1_500, 6_000, 12_000]
const WAITS_MS = 8_000
const WHAT: readonly Detained[] = ['all', 'some', ...DETAINED_APIS, ...Array<DetainedApi>(5).fill('AlterPartition')]
/** How soon the node is back that goes once more. */
const BACK_MS = 1_500

/** Under these a node leaves ISRs and joins them again when they end. */
const LAGS: ReadonlySet<Verb> = new Set<Verb>(['pause', 'isolate', 'cut', 'slow'])
const ENDS: readonly Verb[] = ['stop', 'kill', 'power-loss']

export function drawLateWords(
  random: SeededRandom,
  swarm: Swarm,
  faults: readonly PlannedFault[],
  durationMs: number,
): PlannedFault[] {
  if (swarm.verbs.detain === undefined) return []
  const drawn: PlannedFault[] = []
  for (const { at, fault } of faults) {
    if (fault.verb === 'restart') drawn.push(...late(random, swarm, fault.node, at + random.below(JOINS_MS)))
    else if (LAGS.has(fault.verb) && random.below(2) === 0)
      drawn.push(...late(random, swarm, 'node' in fault ? fault.node : -1, at))
  }
  return drawn.filter(({ at }) => at < durationMs)
}

/** What one node says another, and how long it takes. */
export function drawDetain(random: SeededRandom, from: NodeId, to: NodeId): Extract<Fault, { verb: 'detain' }> {
  const what = WHAT[random.below(WHAT.length)]!
  // One request is waited for first.
  const waits = what === 'all' || what === 'some' ? 0 : random.below(WAITS_MS)
  const ms = 300 + random.below(LENGTHS[random.below(LENGTHS.length)]!) + waits
  const lostMs = random.below(3) === 0 ? ms : 50 + random.below(ms)
  return { verb: 'detain', from, to, what, lostMs, ms }
}

function late(random: SeededRandom, swarm: Swarm, node: NodeId, at: number): PlannedFault[] {
  const drawn: PlannedFault[] = []
  // Whatever one says, or whatever is said to one: that it leads, or that it is the controller, is not known here.
  const one = 1 + random.below(swarm.brokers)
  const speaks = random.below(2) === 0
  const fault = drawDetain(random, one, one)
  for (let other = 1; other <= swarm.brokers; other++) {
    const [from, to] = speaks ? [one, other] : [other, one]
    if (other !== one) drawn.push({ at, fault: { ...fault, from, to } })
  }
  const ends = node < 0 ? [] : ENDS.filter((verb) => swarm.verbs[verb] !== undefined)
  if (ends.length === 0 || random.below(3) > 0) return drawn
  const goes = at + 200 + random.below(Math.ceil(fault.ms / 2))
  const end = ends[random.below(ends.length)]! as 'stop' | 'kill' | 'power-loss'
  drawn.push({ at: goes, fault: { verb: end, node } })
  drawn.push({ at: goes + 100 + random.below(BACK_MS), fault: { verb: 'restart', node } })
  // It finds the others again, and not the one who speaks for it.
  if (swarm.verbs.cut !== undefined && one !== node && random.below(3) === 0)
    drawn.push({ at: goes, fault: { verb: 'cut', from: node, to: one, oneWay: false, ms: fault.ms } })
  return drawn
}
