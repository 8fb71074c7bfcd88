// Stories, drawn ahead as the other faults are: short sequences in which each fault waits for what the one before it brings
// about. Each is the shape of a bug that others have had, and that faults which come one by one meet once in thousands of
// lives; who plays which part, and how long things take, is drawn. Uses no verb that its swarm does not know.

import type { NodeId, SeededRandom } from '../../base/index.ts'
import type { DetainedApi, Fault, PlannedFault, Verb } from '../plan.ts'
import type { Swarm } from './types.ts'

/** One life in so many, of those that know what it takes. */
const ONE_IN = 2
const STORIES_MAX = 3
/** When the first is told, and how long after one the next. */
const FIRST_WITHIN_MS = 12_000
const APART_MS = 6_000
/** A node that has come back is unfenced and has caught up within this, if nobody disturbs it. */
const BACK_MS = 1_500
/** A node that was stopped, comes back and is not disturbed is in every ISR after this. */
const JOINED_MS = 900
/** How much longer than a session somebody is away whom the controller shall fence. */
const OVERTIME_MS = 1_500

/** How a life ends. */
const ENDS = ['stop', 'kill', 'power-loss'] as const
/** Without it nobody who leads hands over to the preferred leader. */
const REBALANCE = 'leader.imbalance.check.interval.seconds'

type Story = (random: SeededRandom, swarm: Swarm, cast: readonly NodeId[]) => PlannedFault[]

interface Kind {
  /** Fewer do not play it. */
  readonly nodes: number
  /** Whether the swarm knows what it takes. */
  readonly fits: (swarm: Swarm) => boolean
  readonly tell: Story
}

const STORIES: readonly Kind[] = [
  {
    nodes: 3,
    fits: ({ verbs }) => verbs.detain !== undefined && ENDS.some((verb) => verbs[verb] !== undefined),
    tell: joinOfADeadLife,
  },
  { nodes: 3, fits: ({ verbs }) => knows(verbs, ['detain', 'kill']), tell: registrationOfADeadLife },
  { nodes: 4, fits: ({ verbs }) => knows(verbs, ['detain', 'pause']), tell: twoJoins },
  {
    nodes: 3,
    fits: ({ verbs, properties }) => knows(verbs, ['detain', 'stop']) && properties[REBALANCE] !== undefined,
    tell: leaderThatComesBack,
  },
]

export interface Stories {
  readonly faults: readonly PlannedFault[]
  /** While one is told nothing else happens, nor just before: all shall be there to play it. */
  readonly quiet: readonly Span[]
}

interface Span {
  readonly from: number
  readonly until: number
}

export function drawStories(random: SeededRandom, swarm: Swarm, firstMs: number, durationMs: number): Stories {
  const fit = STORIES.filter(({ nodes, fits }) => nodes <= swarm.brokers && fits(swarm))
  const faults: PlannedFault[] = []
  const quiet: Span[] = []
  if (fit.length === 0 || random.below(ONE_IN) > 0) return { faults, quiet }
  let from = firstMs + random.below(FIRST_WITHIN_MS)
  for (let left = 1 + random.below(STORIES_MAX); left > 0; left--) {
    const story = fit[random.below(fit.length)]!.tell(random, swarm, castOf(random, swarm.brokers))
    const begins = from + sessionMs(swarm) + BACK_MS
    const until = begins + story.at(-1)!.at + BACK_MS
    if (until > durationMs) break
    // Whoever is dead registers and joins until it begins. One that is still stopping is found by the second.
    for (const at of [from, from + BACK_MS])
      for (let node = 1; node <= swarm.brokers; node++) faults.push({ at, fault: { verb: 'restart', node } })
    for (const { at, fault } of story) faults.push({ at: begins + at, fault })
    quiet.push({ from, until })
    from = until + random.below(APART_MS)
  }
  return { faults, quiet }
}

/** The faults that begin and end outside of what shall be quiet. */
export function outside(quiet: readonly Span[], faults: readonly PlannedFault[]): readonly PlannedFault[] {
  if (quiet.length === 0) return faults
  return faults.filter(({ at, fault }) => {
    const over = at + ('ms' in fault ? fault.ms : 0)
    return quiet.every(({ from, until }) => over < from || at > until)
  })
}

/** A replica that was away is back and shall join an ISR; before that is decided it goes once more, and lives again when it is.
 *  By then its former life is named, or the present one on what the former has fetched (S22 KAFKA-14139, S23 KAFKA-15221;
 *  KIP-903). */
function joinOfADeadLife(random: SeededRandom, swarm: Swarm, [joiner, other]: readonly NodeId[]): PlannedFault[] {
  const node = joiner!
  const ways = ENDS.filter((verb) => swarm.verbs[verb] !== undefined)
  // Cleanly where it can: who led the quorum is not waited for, nor its session.
  const first = ways[0]!
  const second = ways[random.below(ways.length)]!
  const joins = absenceMs(random, swarm, first)
  const goes = joins + 200 + random.below(BACK_MS)
  const back = goes + absenceMs(random, swarm, second)
  // Who proposed it hears no answer, and asks again.
  const asksAgain = back + 200 + random.below(BACK_MS)
  const lostMs = asksAgain - joins
  const ms = lostMs + random.below(2 * BACK_MS)
  const faults: PlannedFault[] = [
    { at: 0, fault: { verb: first, node } },
    ...detained(swarm, 'AlterPartition', null, { lostMs, ms }).map((fault) => ({ at: joins - 1, fault })),
    { at: joins, fault: { verb: 'restart', node } },
    { at: goes, fault: { verb: second, node } },
    { at: back, fault: { verb: 'restart', node } },
    // It found nobody who would let it go, and has ended since.
    { at: asksAgain + BACK_MS, fault: { verb: 'restart', node } },
  ]
  if (random.below(3) === 0) return faults
  // Who asks again has heard nothing of the present life.
  const silentMs = asksAgain - back + 200 + random.below(BACK_MS)
  const silence: Fault[] =
    swarm.verbs.cut !== undefined && random.below(2) === 0
      ? [{ verb: 'cut', from: node, to: other!, oneWay: false, ms: silentMs }]
      : detained(swarm, 'Fetch', node, { lostMs: silentMs, ms: silentMs })
  for (const fault of silence) faults.push({ at: back - 1, fault })
  return faults.sort((a, b) => a.at - b.at)
}

/** A registration is given up by who sent it, who registers on another connection, dies and comes back; then it arrives
 *  (KIP-631). */
function registrationOfADeadLife(random: SeededRandom, swarm: Swarm, [node]: readonly NodeId[]): PlannedFault[] {
  const again = 300 + random.below(500)
  const dies = again + BACK_MS + random.below(2_000)
  const back = dies + 100 + random.below(500)
  const ms = back - again + BACK_MS + random.below(4_000)
  const lostMs = 100 + random.below(400)
  return [
    { at: 0, fault: { verb: 'kill', node: node! } },
    ...detained(swarm, 'BrokerRegistration', node!, { lostMs, ms }).map((fault) => ({ at: again, fault })),
    { at: again + 1, fault: { verb: 'restart', node: node! } },
    { at: dies, fault: { verb: 'kill', node: node! } },
    { at: back, fault: { verb: 'restart', node: node! } },
  ]
}

/** Two replicas join an ISR one after the other, and the first join is asked for once more when the second has joined
 *  (KIP-497: compare and set). */
function twoJoins(random: SeededRandom, swarm: Swarm, [first, second]: readonly NodeId[]): PlannedFault[] {
  const away = sessionMs(swarm) + random.below(OVERTIME_MS)
  const apart = 200 + random.below(1_500)
  const times = { lostMs: 100 + random.below(600), ms: apart + BACK_MS + random.below(3_000) }
  return [
    { at: 0, fault: { verb: 'pause', node: first!, ms: away } },
    { at: 1, fault: { verb: 'pause', node: second!, ms: away + apart } },
    ...detained(swarm, 'AlterPartition', null, times).map((fault) => ({ at: away - 10, fault })),
  ]
}

/** A leader hands over to the preferred one, who lacks what a follower has already, and leads again when that one goes; the
 *  follower has heard nothing of all that (S33 KAFKA-18106). */
function leaderThatComesBack(random: SeededRandom, swarm: Swarm, [one]: readonly NodeId[]): PlannedFault[] {
  // Brokers take turns in an assignment: the second leads while the first is away, and the third is the follower.
  const preferred = one!
  const follower = 1 + ((preferred + 1) % swarm.brokers)
  const checkMs = 1_000 * Number(swarm.properties[REBALANCE] ?? 0)
  const back = 200 + random.below(600)
  // It has joined, and is behind when it is told to lead.
  const behind = back + 300 + random.below(Math.ceil(0.7 * checkMs))
  const leads = back + JOINED_MS + checkMs
  const goes = leads + 1_200 + random.below(BACK_MS)
  const silentMs = goes + BACK_MS - back
  const faults: PlannedFault[] = [
    { at: 0, fault: { verb: 'stop', node: preferred } },
    {
      at: back - 1,
      fault: { verb: 'detain', from: follower, to: preferred, what: 'Fetch', lostMs: silentMs, ms: silentMs },
    },
    { at: back, fault: { verb: 'restart', node: preferred } },
    { at: goes, fault: { verb: 'stop', node: preferred } },
    { at: goes + BACK_MS, fault: { verb: 'restart', node: preferred } },
  ]
  for (let from = 1; from <= swarm.brokers; from++) {
    const times = { lostMs: leads - behind, ms: leads - behind }
    if (from !== preferred)
      faults.push({ at: behind, fault: { verb: 'detain', from, to: preferred, what: 'all', ...times } })
  }
  return faults.sort((a, b) => a.at - b.at)
}

/** How long a node is away before it may register anew: another life than the one that has a session is refused. */
function absenceMs(random: SeededRandom, swarm: Swarm, way: (typeof ENDS)[number]): number {
  return way === 'stop' ? 200 + random.below(600) : sessionMs(swarm) + random.below(OVERTIME_MS)
}

function knows(verbs: Swarm['verbs'], all: readonly Verb[]): boolean {
  return all.every((verb) => verbs[verb] !== undefined)
}

/** What everybody, or one node, says everybody else. */
function detained(
  swarm: Swarm,
  what: DetainedApi,
  only: NodeId | null,
  times: { readonly lostMs: number; readonly ms: number },
): Fault[] {
  const faults: Fault[] = []
  for (let from = 1; from <= swarm.brokers; from++) {
    if (only !== null && from !== only) continue
    for (let to = 1; to <= swarm.brokers; to++)
      if (from !== to) faults.push({ verb: 'detain', from, to, what, ...times })
  }
  return faults
}

function castOf(random: SeededRandom, brokers: number): NodeId[] {
  const ids = Array.from({ length: brokers }, (_, i) => i + 1)
  for (let i = ids.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[ids[i], ids[j]] = [ids[j]!, ids[i]!]
  }
  return ids
}

function sessionMs(swarm: Swarm): number {
  return Number(swarm.properties['broker.session.timeout.ms'] ?? 9_000)
}
