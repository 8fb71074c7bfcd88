// Some seeds live a theme: what the broad swarm brings together once in a thousand lives, they bring together often. A
// theme is only what may be drawn anyway, in another mixture; each is here for stories of the reference that nothing
// else showed. What is given by hand wins over it. Draws from a stream of its own: the other seeds know nothing of it.

import type { SeededRandom } from '../../base/index.ts'
import type { Swarm, Workload } from './types.ts'

type Theme = (drawn: Swarm, random: SeededRandom) => Partial<Omit<Swarm, 'workload'>> & { workload?: Partial<Workload> }

/** One seed in so many. */
const ONE_IN = 6

const THEMES: readonly Theme[] = [
  // Tails that are torn, files that are half there, syncs that fail: again and again on the same disks (S2, S69, D1, D6).
  ({ minInsyncReplicas }, random) => ({
    flush: random.below(2) === 0 ? 'os' : 'fsync',
    minInsyncReplicas: Math.max(2, minInsyncReplicas),
    verbs: { 'power-loss': 14, kill: 3, 'fail-disk': 4, isolate: 4 },
    pauseMs: 3_000,
    workload: { recordBytesMax: 20_000 },
  }),
  // Whoever lives may lead, and each comes back when the other goes (S3): relays, and little besides.
  (_, random) => ({
    verbs: { kill: 3, cut: 4, isolate: 2, ...(random.below(2) === 0 ? { 'kill-all': 1 } : {}) },
    pauseMs: 12_000,
    workload: { reckless: 3 },
  }),
  // What is said on behalf of one life is heard in the next, which lacks what that one had (S22, S23, KIP-631).
  (_, random) => ({
    flush: 'os',
    minInsyncReplicas: 2,
    verbs: {
      'power-loss': 6,
      kill: 3,
      detain: 10,
      cut: 4,
      pause: 6,
      ...(random.below(2) === 0 ? { 'replace-disk': 1 } : {}),
    },
    pauseMs: 12_000,
  }),
  // Leaders change and followers lag, none of them for long (S33).
  ({ properties }) => ({
    verbs: { pause: 10, stop: 4, isolate: 6, slow: 6, 'slow-cpu': 4, kill: 2 },
    pauseMs: 3_000,
    properties: { ...properties, 'leader.imbalance.check.interval.seconds': '1', 'broker.session.timeout.ms': '6000' },
    workload: { topics: 2, partitions: 2 },
  }),
  // Names are used again while a broker is away (S39).
  () => ({
    verbs: { kill: 8, stop: 6, 'power-loss': 6 },
    pauseMs: 6_000,
    workload: { admins: 3 },
  }),
  // Retention looks often at logs that grow faster than they are committed (S75).
  ({ properties }) => ({
    verbs: { pause: 8, isolate: 6, slow: 6, kill: 3 },
    properties: {
      ...properties,
      'replica.lag.time.max.ms': '10000',
      'log.retention.check.interval.ms': '1000',
    },
    workload: { fading: 2, recordBytesMax: 2_000 },
  }),
]

/** As it was drawn, or as a theme has it. */
export function themed(random: SeededRandom, drawn: Swarm): Swarm {
  if (random.below(ONE_IN) > 0) return drawn
  const theme = THEMES[random.below(THEMES.length)]!(drawn, random)
  const { minInsyncReplicas = drawn.minInsyncReplicas } = theme
  return {
    ...drawn,
    ...theme,
    minInsyncReplicas: Math.min(drawn.brokers, 3, minInsyncReplicas),
    workload: { ...drawn.workload, ...theme.workload },
  }
}
