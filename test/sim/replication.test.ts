// A few random lives of three nodes; `npm run sim` lives many. A failure names its seed and how to see that life again.

import { expect, test } from 'vitest'
import { replicationLife } from '../support/replication-life.ts'

const SEEDS = Array.from({ length: 10 }, (_, i) => i + 1)
const FAULTS_MS = 35_000

test.each(SEEDS)(
  'seed %i: what is acknowledged stays, once and in order, whatever happens',
  { timeout: 60_000 },
  async (seed) => {
    const report = await replicationLife({ seed, faultsMs: FAULTS_MS }).catch((error: unknown) => {
      const again = `npm run sim -- --seed ${seed} --faults ${FAULTS_MS} --tell`
      throw new Error(`${String(error)}\nagain: ${again}`, { cause: error })
    })
    expect(report.acked).toBeGreaterThan(0)
  },
)

test('the same seed is the same life', { timeout: 60_000 }, async () => {
  const first = await replicationLife({ seed: 1, faultsMs: 10_000 })
  expect((await replicationLife({ seed: 1, faultsMs: 10_000 })).hash).toBe(first.hash)
})
