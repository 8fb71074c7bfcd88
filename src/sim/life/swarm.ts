// What a seed draws for its life besides its faults: brokers, promise, time-outs, sizes, and which verbs it knows. Knows
// no cluster. The same seed draws the same, and what is given wins without shifting what else is drawn.

import { SeededRandom } from '../../base/index.ts'
import type { Verb } from '../plan.ts'
import { COMPACTED_PROPERTIES } from './compacted.ts'
import { GROUP_PROPERTIES } from './group.ts'
import { themed } from './themes.ts'
import type { LifeKind, Swarm, Workload } from './types.ts'

/** Streams apart from each other and from the world's own, so that one more draw here changes nothing there. */
export const SWARM_STREAM = 0x51a4_0001
export const PLAN_STREAM = 0x51a4_0002
export const LIFE_STREAM = 0x51a4_0003
export const CORE_STREAM = 0x51a4_0004
export const RESTART_STREAM = 0x51a4_0005
export const RELAY_STREAM = 0x51a4_0007
export const LATE_STREAM = 0x51a4_0008
export const THEME_STREAM = 0x51a4_0009
export const STORY_STREAM = 0x51a4_000a
export const GROUP_STREAM = 0x51a4_000b
export const MOVER_STREAM = 0x51a4_000c

export function stream(seed: number, of: number): SeededRandom {
  return new SeededRandom((seed ^ of) >>> 0)
}

/** How heavy each verb is where a seed knows it. Drawn apart: `flip-bit`. Not drawn: `lying-sync`, which no
 *  quorum survives (see docs/simulation.md), and `heal`, since faults end by themselves. */
const WEIGHTS: { readonly [verb in Verb]?: number } = {
  kill: 10,
  'kill-at': 8,
  'kill-all': 2,
  'power-loss': 9,
  'power-loss-all': 3,
  stop: 5,
  pause: 7,
  'slow-cpu': 3,
  isolate: 9,
  cut: 6,
  slow: 4,
  reset: 4,
  'half-open': 3,
  hide: 3,
  'slow-disk': 3,
  'fail-disk': 3,
  'fill-disk': 2,
  'replace-disk': 2,
  'skew-clock': 3,
  detain: 6,
}

const QUIET_PAUSE_MS = 30_000

export function drawSwarm(seed: number, kind: LifeKind, over: Partial<Swarm> = {}): Swarm {
  const random = stream(seed, SWARM_STREAM)
  const pick = <T>(values: readonly T[]): T => values[random.below(values.length)]!
  const brokers = pick([3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5])
  const minInsyncReplicas = pick([2, 2, 2, 2, 2, 1, 3])
  const flush = pick(['os', 'os', 'fsync'] as const)
  const network = pick(['rack', 'rack', 'rack', 'zones', 'regions'] as const)
  const pauseMs = pick([3_000, 6_000, 12_000])
  const verbs = drawVerbs(random)
  const properties = drawProperties(random)
  const workload = drawWorkload(random)
  if (workload.fading > 0) properties['log.retention.check.interval.ms'] = '2000'
  // Preferred leaders: the one way in which a leader hands over and stays in the ISR with what it alone has (KIP-279).
  const rebalanceSeconds = pick([0, 1, 1, 4])
  if (rebalanceSeconds > 0) properties['leader.imbalance.check.interval.seconds'] = String(rebalanceSeconds)
  const reckless = random.below(2) === 0 ? 0 : 2 + random.below(2)
  // Who joins an ISR and is late in being told of it must have had the time to come back.
  const quiet = random.below(3) > 0 && verbs.detain !== undefined
  // A bit that flips takes a disk of the budget for as long as it is wrong, and with it kills and power losses.
  const rot = random.below(3) === 0 ? 1 + random.below(12) : 0
  const rotting = rot > 0 ? { ...verbs, 'flip-bit': rot } : verbs
  const drawn: Swarm = {
    brokers,
    minInsyncReplicas: Math.min(over.brokers ?? brokers, 3, minInsyncReplicas),
    flush,
    network,
    verbs: kind === 'calm' ? {} : kind === 'beyond' ? beyond(rotting) : rotting,
    pauseMs: quiet ? QUIET_PAUSE_MS : pauseMs,
    properties,
    workload: { ...workload, reckless, movers: 0, groups: 0, compacted: 0 },
  }
  const lived =
    kind === 'within' ? themed(stream(seed, THEME_STREAM), { ...drawn, brokers: over.brokers ?? brokers }) : drawn
  if (kind === 'beyond') return { ...lived, ...over }
  const read = grouped(stream(seed, GROUP_STREAM), lived)
  return { ...(kind === 'calm' ? read : moved(stream(seed, MOVER_STREAM), read)), ...over }
}

/** In one seed in four somebody moves partitions, whose leaders move with them. */
function moved(random: SeededRandom, drawn: Swarm): Swarm {
  return random.below(4) > 0 ? drawn : { ...drawn, workload: { ...drawn.workload, movers: 1 } }
}

/** One seed in four has a group of consumers, and half of these a compacted topic. Not where the power of all may fail: what was committed goes with it. */
function grouped(random: SeededRandom, drawn: Swarm): Swarm {
  if (random.below(4) > 0) return drawn
  const groups = 2 + random.below(3)
  const properties: Record<string, string> = { ...drawn.properties, ...GROUP_PROPERTIES }
  properties['group.initial.rebalance.delay.ms'] = String([0, 300, 1_500][random.below(3)]!)
  // A member that died and came back is one too many until its session is over.
  if (random.below(3) === 0) properties['group.max.size'] = String(groups)
  if (random.below(2) === 0) {
    properties['offsets.retention.minutes'] = '1'
    properties['offsets.retention.check.interval.ms'] = '1000'
  }
  const compacted = random.below(2)
  if (compacted > 0) Object.assign(properties, COMPACTED_PROPERTIES)
  return { ...drawn, properties, workload: { ...drawn.workload, groups, compacted } }
}

/** The power of all fails; but a disk that is gone for good may have been the last that could lead a partition again
 *  (KIP-966), and then no healing would help. */
function beyond({ 'replace-disk': _, ...verbs }: Swarm['verbs']): Swarm['verbs'] {
  return { ...verbs, 'power-loss-all': 12 }
}

/** Each verb is on or off, and the ones that are on are uneven; at least one that takes a leader away. */
function drawVerbs(random: SeededRandom): Partial<Record<Verb, number>> {
  const verbs: Partial<Record<Verb, number>> = {}
  for (const [verb, weight] of Object.entries(WEIGHTS) as [Verb, number][]) {
    const drawn = 1 + random.below(weight * 2)
    if (random.below(2) === 0) verbs[verb] = drawn
  }
  if (verbs.kill === undefined && verbs['power-loss'] === undefined) verbs.kill = 8
  if (verbs.isolate === undefined && verbs.pause === undefined) verbs.isolate = 8
  return verbs
}

/** What a node may be given at its first start, and otherwise at a later one: no promise rests on these. */
export const TUNED: readonly (readonly [name: string, values: readonly number[]])[] = [
  ['replica.lag.time.max.ms', [1_000, 3_000, 10_000]],
  ['broker.session.timeout.ms', [3_000, 6_000, 18_000]],
  ['broker.heartbeat.interval.ms', [500, 1_000]],
  ['controller.quorum.fetch.timeout.ms', [1_000, 4_000]],
  ['controller.quorum.election.timeout.ms', [500, 2_000]],
  ['replica.fetch.wait.max.ms', [100, 250]],
  ['replica.high.watermark.checkpoint.interval.ms', [500, 2_000]],
  ['log.flush.offset.checkpoint.interval.ms', [1_000, 5_000]],
  ['log.roll.ms', [3_000, 10_000]],
  ['replica.fetch.max.bytes', [2_000, 20_000]],
]

function drawProperties(random: SeededRandom): Record<string, string> {
  const drawn: Record<string, string> = {}
  const maybe = (name: string, values: readonly number[]): void => {
    const value = values[random.below(values.length)]!
    if (random.below(2) === 0) drawn[name] = String(value)
  }
  for (const [name, values] of TUNED) maybe(name, values)
  if (random.below(3) === 0) {
    drawn['metadata.log.max.record.bytes.between.snapshots'] = '2000'
    drawn['metadata.log.max.snapshot.interval.ms'] = '4000'
    drawn['metadata.max.retention.ms'] = '6000'
    drawn['metadata.log.segment.ms'] = '4000'
  }
  return drawn
}

function drawWorkload(random: SeededRandom): Omit<Workload, 'reckless' | 'movers' | 'groups' | 'compacted'> {
  return {
    topics: 1 + random.below(2),
    partitions: 1 + random.below(2),
    fading: random.below(4) === 0 ? 1 : 0,
    producers: 3 + random.below(3),
    sendsPerSecond: 15 + random.below(11),
    consumers: 1 + random.below(3),
    pollsPerSecond: 5 + random.below(6),
    admins: random.below(2),
    recordBytesMax: [100, 2_000, 20_000][random.below(3)]!,
    wrapping: random.below(3) === 0 ? 1 : 0,
    strangers: random.below(2),
  }
}
