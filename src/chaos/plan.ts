// Drawing a plan for real time from a seed: an episode, a calm, an episode. Only what the target can do is drawn; at most
// one node at a time is hurt, but for now and then a second one, since a quorum of three must be able to come back. The
// same seed, nodes and abilities give the same plan.

import { SeededRandom } from '../base/index.ts'
import type { Fault, FaultPlan, NodeId, PlannedFault, Verb } from './words.ts'
import { nodesOf, textOf } from './words.ts'

export interface DrawOptions {
  readonly seed: number
  readonly durationMs: number
  readonly nodes: readonly NodeId[]
  /** As a target's: null where the fault can be done. */
  readonly refusal: (fault: Fault) => string | null
}

/** Milliseconds before the first episode, and kept free of beginnings before the end. */
const LEAD_MS = 3_000
const TAIL_MS = 3_000
/** How long an episode lasts, and the calm after it: twelve a minute or so. */
const EPISODE_MS: Range = [1_500, 3_800]
const CALM_MS: Range = [1_500, 2_600]
/** A whole cluster takes longer to come back than one node. */
const ALL_START_MS = 6_000
const REDRAWS = 50
/** A seed that has drawn fewer has them all. */
const LEAST_VERBS = 4
/** Every so many episodes hurts a second node at the same time. */
const SECOND_EVERY = 8

type Range = readonly [least: number, most: number]

interface Draw {
  readonly random: SeededRandom
  readonly nodes: readonly NodeId[]
  /** Of the episode. */
  readonly ms: number
  readonly node: NodeId
}

/** What an episode of a verb is made of, at times after its beginning. */
type Template = (draw: Draw) => readonly PlannedFault[]

const now = (fault: Fault): PlannedFault => ({ at: 0, fault })

const TEMPLATES: Readonly<Partial<Record<Verb, Template>>> = {
  kill: ({ node, ms }) => [now({ verb: 'kill', node }), { at: ms, fault: { verb: 'restart', node } }],
  stop: ({ node, ms }) => [now({ verb: 'stop', node }), { at: ms, fault: { verb: 'restart', node } }],
  'kill-all': ({ nodes, random }) => [
    now({ verb: 'kill-all' }),
    ...nodes.map((node) => ({ at: 500 + random.below(1500), fault: { verb: 'restart', node } as const })),
  ],
  pause: ({ node, ms }) => [now({ verb: 'pause', node, ms })],
  'slow-cpu': ({ node, ms, random }) => [now({ verb: 'slow-cpu', node, factor: between(random, [10, 40]), ms })],
  isolate: ({ node, ms, random }) => [
    now({ verb: 'isolate', node, direction: pick(random, ['both', 'both', 'in', 'out'] as const), ms }),
  ],
  cut: ({ node, nodes, ms, random }) => {
    const others = nodes.filter((other) => other !== node)
    if (others.length === 0) return []
    return [now({ verb: 'cut', from: node, to: pick(random, others), oneWay: random.below(2) === 0, ms })]
  },
  hide: ({ node, ms }) => [now({ verb: 'hide', node, ms })],
  slow: ({ node, ms, random }) => {
    const latencyMs = between(random, [500, 1500])
    const bandwidth = random.below(2) === 0 ? 0 : between(random, [20_000, 200_000])
    return [now({ verb: 'slow', node, latencyMs, jitterMs: Math.round(latencyMs / 4), bandwidth, ms })]
  },
  reset: ({ node }) => [now({ verb: 'reset', node })],
  'half-open': ({ node, ms }) => [now({ verb: 'half-open', node }), { at: ms, fault: { verb: 'heal' } }],
  // A broker without its only disk ends; who finds it alive passes the restart over.
  'fill-disk': ({ node, ms }) => [
    now({ verb: 'fill-disk', node, freeBytes: 0, ms }),
    { at: ms + 500, fault: { verb: 'restart', node } },
  ],
}

/** How often each is drawn, before the seed bends it. */
const WEIGHTS: Readonly<Partial<Record<Verb, number>>> = {
  kill: 6,
  stop: 3,
  'kill-all': 1,
  pause: 5,
  'slow-cpu': 2,
  isolate: 6,
  cut: 5,
  hide: 3,
  slow: 4,
  reset: 2,
  'half-open': 2,
  'fill-disk': 2,
}

export function drawPlan(options: DrawOptions): FaultPlan {
  const { nodes, durationMs, refusal } = options
  const random = new SeededRandom(options.seed)
  const verbs = swarm(random, options)
  const faults: PlannedFault[] = []
  let at = LEAD_MS
  for (let n = 1; verbs.length > 0; n++) {
    const ms = Math.min(between(random, EPISODE_MS), durationMs - TAIL_MS - at)
    if (ms < EPISODE_MS[0]) break
    const node = pick(random, nodes)
    const { verb, episode } = episodeOf({ random, nodes, ms, node }, verbs, refusal)
    faults.push(...placed(at, episode))
    const second = nodes.filter((other) => other !== node)
    if (n % SECOND_EVERY === 0 && second.length > 1 && verb !== 'kill-all' && verb !== 'cut') {
      const { verb: other, episode: also } = episodeOf(
        { random, nodes, ms, node: pick(random, second) },
        verbs,
        refusal,
      )
      // What ends everything would end the first one early.
      if (other !== 'kill-all' && other !== 'half-open' && verb !== 'half-open') {
        faults.push(...placed(at + 500, also))
      }
    }
    at += ms + between(random, CALM_MS) + (verb === 'kill-all' ? ALL_START_MS : 0)
  }
  return { faults: faults.sort((a, b) => a.at - b.at), durationMs }
}

/** What of a plan cannot be done on a target: a sentence for each fault. */
export function refusalsOf(
  plan: FaultPlan,
  refusal: (fault: Fault) => string | null,
  nodes: readonly NodeId[],
): string[] {
  return plan.faults.flatMap(({ at, fault }) => {
    const stranger = nodesOf(fault).find((node) => !nodes.includes(node))
    const why =
      stranger === undefined ? refusal(fault) : `there is no node ${stranger}: this cluster has ${nodes.join(', ')}`
    return why === null ? [] : [`at ${at} ms, ${textOf(fault)}: ${why}`]
  })
}

type Weighted = readonly { readonly verb: Verb; readonly weight: number }[]

/** Each seed has favourites and leaves some out: corners are found by extremes, not by the average. */
function swarm(random: SeededRandom, { nodes, refusal }: DrawOptions): Weighted {
  const able = (Object.keys(TEMPLATES) as Verb[]).filter((verb) => {
    const sample = TEMPLATES[verb]!({ random: new SeededRandom(0), nodes, ms: 1000, node: nodes[0]! })
    return sample.length > 0 && sample.every(({ fault }) => refusal(fault) === null)
  })
  const all = able.map((verb) => ({ verb, weight: WEIGHTS[verb]! * random.below(4) }))
  const drawn = all.filter(({ weight }) => weight > 0)
  return drawn.length >= Math.min(LEAST_VERBS, all.length)
    ? drawn
    : able.map((verb) => ({ verb, weight: WEIGHTS[verb]! }))
}

/** A verb is able by a sample of it; another direction, or another node's disk, may not be: then it is drawn again. */
function episodeOf(
  draw: Draw,
  verbs: Weighted,
  refusal: DrawOptions['refusal'],
): { verb: Verb; episode: readonly PlannedFault[] } {
  for (let tries = 0; ; tries++) {
    const verb = weighted(draw.random, verbs)
    const episode = TEMPLATES[verb]!(draw)
    if (tries >= REDRAWS) return { verb, episode: [] }
    if (episode.every(({ fault }) => refusal(fault) === null)) return { verb, episode }
  }
}

function placed(at: number, faults: readonly PlannedFault[]): PlannedFault[] {
  return faults.map((each) => ({ at: at + each.at, fault: each.fault }))
}

function between(random: SeededRandom, [least, most]: Range): number {
  return least + random.below(most - least + 1)
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)]!
}

function weighted(random: SeededRandom, from: Weighted): Verb {
  let left = random.below(from.reduce((sum, { weight }) => sum + weight, 0))
  for (const { verb, weight } of from) {
    if (left < weight) return verb
    left -= weight
  }
  return from[0]!.verb
}
