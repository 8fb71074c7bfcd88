// Whole lives with a group of consumers and a compacted topic, given and not drawn: what coordinators say is held against what
// they have said, readers find the last value of every key, and both have happened often enough to mean something.

import { expect, test } from 'vitest'
import { runLife } from '../../src/sim/index.ts'

const WORKLOAD = {
  topics: 1,
  partitions: 2,
  fading: 0,
  producers: 3,
  sendsPerSecond: 15,
  consumers: 1,
  pollsPerSecond: 5,
  admins: 0,
  recordBytesMax: 100,
  strangers: 0,
  wrapping: 0,
  reckless: 0,
  movers: 0,
  groups: 3,
  compacted: 1,
}
const PROPERTIES = {
  'offsets.topic.num.partitions': '1',
  'group.min.session.timeout.ms': '1000',
  'group.initial.rebalance.delay.ms': '300',
  'group.max.size': '3',
  'offsets.retention.minutes': '1',
  'offsets.retention.check.interval.ms': '1000',
  'log.cleaner.backoff.ms': '700',
  'log.cleaner.min.cleanable.ratio': '0.01',
  'log.roll.ms': '3000',
}

test.each([
  { seed: 1, kind: 'calm' },
  { seed: 2, kind: 'within' },
] as const)(
  'seed $seed, $kind',
  async ({ seed, kind }) => {
    const { violations, markers } = await runLife({
      seed,
      kind,
      durationMs: 20_000,
      swarm: { brokers: 3, workload: WORKLOAD, properties: PROPERTIES },
    })
    expect(violations).toEqual([])
    expect(markers['group: generation joined']).toBeGreaterThan(3)
    expect(markers['group: offset committed']).toBeGreaterThan(5)
    expect(markers['log: cleaned segment put in place']).toBeGreaterThan(3)
  },
  120_000,
)
