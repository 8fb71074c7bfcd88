// Whole lives in which somebody moves partitions all the time: everything that is watched and judged in a life holds for them
// too, and when all is well again every move has ended.

import { expect, test } from 'vitest'
import { runLife } from '../../src/sim/index.ts'

const WORKLOAD = {
  topics: 2,
  partitions: 2,
  fading: 0,
  producers: 4,
  sendsPerSecond: 20,
  consumers: 2,
  pollsPerSecond: 8,
  admins: 1,
  recordBytesMax: 2_000,
  strangers: 1,
  wrapping: 0,
  reckless: 0,
  movers: 2,
  groups: 0,
  compacted: 0,
}

test.each([
  { seed: 1, brokers: 3 },
  { seed: 2, brokers: 4 },
  { seed: 3, brokers: 5 },
])(
  'seed $seed, $brokers brokers',
  async ({ seed, brokers }) => {
    const { violations, acknowledged, notables } = await runLife({
      seed,
      swarm: { brokers, workload: WORKLOAD },
      keep: true,
    })
    expect(violations).toEqual([])
    expect(acknowledged).toBeGreaterThan(50)
    const moved = notables!.filter(({ text }) => text.includes('has replicas'))
    expect(moved.length).toBeGreaterThan(4)
  },
  120_000,
)
