// Stories, drawn ahead as the other faults are: short sequences in which each fault waits for what the one before it brings
// about. Each is the shape of a bug that others have had, and that faults which come one by one meet once in thousands of
// lives; who plays which part, and how long things take, is drawn. Uses no verb that its swarm does not know.

import type { NodeId, SeededRandom } from '../../base/index.ts'
import type { DetainedApi, Fault, PlannedFault, Verb } from '../plan.ts'
import type { Swarm } from './types.ts'

/** One life in so many. */
const ONE_IN = 3
const STORIES_MAX = 3
/** A node that has come back is unfenced and has caught up within this, if nobody disturbs it. */
const BACK_MS = 1_500
/** How much longer than a session somebody is away whom the controller shall fence. */
const OVERTIME_MS = 1_500

type Story = (random: SeededRandom, swarm: Swarm, cast: readonly NodeId[]) => PlannedFault[]

const STORIES: readonly { readonly needs: readonly Verb[]; readonly nodes: number; readonly tell: Story }[] = [
  { needs: ['detain', 'pause', 'power-loss'], nodes: 3, tell: joinOfADeadLife },
  { needs: ['detain', 'kill'], nodes: 3, tell: registrationOfADeadLife },
  { needs: ['detain', 'pause'], nodes: 4, tell: twoJoins },
  { needs: ['pause', 'isolate', 'slow'], nodes: 3, tell: leaderThatComesBack },
]

export function drawStories(
  random: SeededRandom,
  swarm: Swarm,
  firstMs: number,
  durationMs: number,
): readonly PlannedFault[] {
  const fit = STORIES.filter(
    ({ needs, nodes }) => nodes <= swarm.brokers && needs.every((verb) => swarm.verbs[verb] !== undefined),
  )
  if (fit.length === 0 || random.below(ONE_IN) > 0) return []
  const drawn: PlannedFault[] = []
  for (let left = 1 + random.below(STORIES_MAX); left > 0; left--) {
    const faults = fit[random.below(fit.length)]!.tell(random, swarm, castOf(random, swarm.brokers))
    const from = firstMs + random.below(Math.max(1, durationMs - firstMs - (faults.at(-1)?.at ?? 0)))
    for (const { at, fault } of faults) if (from + at < durationMs) drawn.push({ at: from + at, fault })
  }
  return drawn
}

/** A replica that was away is back and shall join an ISR; before that is decided it loses what it had, and lives again when
 *  it is (S22 KAFKA-14139, S23 KAFKA-15221; KIP-903). */
function joinOfADeadLife(random: SeededRandom, swarm: Swarm, [joiner, leader]: readonly NodeId[]): PlannedFault[] {
  const away = sessionMs(swarm) + random.below(OVERTIME_MS)
  const dies = away + 100 + random.below(BACK_MS)
  const back = dies + 50 + random.below(300)
  const lostMs = back - away + 500 + random.below(2 * BACK_MS)
  // Only late, or never answered and asked again.
  const again = swarm.verbs.cut !== undefined && random.below(2) === 0
  const ms = again ? lostMs + BACK_MS : lostMs
  const faults: PlannedFault[] = [
    { at: 0, fault: { verb: 'pause', node: joiner!, ms: away } },
    ...detained(swarm, 'AlterPartition', null, { lostMs, ms }).map((fault) => ({ at: away - 10, fault })),
    { at: dies, fault: { verb: 'power-loss', node: joiner! } },
    { at: back, fault: { verb: 'restart', node: joiner! } },
  ]
  // The one who asks again must not have heard of it since.
  if (again)
    faults.push({ at: dies, fault: { verb: 'cut', from: joiner!, to: leader!, oneWay: false, ms: lostMs + BACK_MS } })
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

/** A leader is passed over while one follower has more than the next leader, comes back without having died, and leads again
 *  while that follower sleeps (S33 KAFKA-18106). */
function leaderThatComesBack(
  random: SeededRandom,
  swarm: Swarm,
  [leader, lags, sleeps]: readonly NodeId[],
): PlannedFault[] {
  const slowMs = 1_500 + random.below(1_500)
  const goes = slowMs - random.below(500)
  const session = sessionMs(swarm)
  const faults: PlannedFault[] = [
    {
      at: 0,
      fault: { verb: 'slow', node: lags!, latencyMs: 100 + random.below(200), jitterMs: 50, bandwidth: 0, ms: slowMs },
    },
    {
      at: goes,
      fault: { verb: 'isolate', node: leader!, direction: 'both', ms: session + 200 + random.below(BACK_MS) },
    },
  ]
  // From when another leads until the preferred replica does again, and never as long as a session.
  const ms = Math.min(session - 500, 2_000 + random.below(4_000))
  faults.push({ at: goes + session + random.below(BACK_MS), fault: { verb: 'pause', node: sleeps!, ms } })
  return faults
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
