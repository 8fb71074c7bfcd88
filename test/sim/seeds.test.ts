// Three hundred random lives of whole clusters, 60 simulated seconds of faults in each: nothing may be found, and enough
// must have happened (the floors of `explore`). `npm run sim` lives many more. A failure gives the command to see it again.

import os from 'node:os'
import { expect, test } from 'vitest'
import { summaryLines } from '../../src/cli/sim-text.ts'
import { explore } from '../../src/sim/index.ts'

const SEEDS = 300

test(`${SEEDS} seeds: what is promised holds, whatever happens`, { timeout: 1_800_000 }, async () => {
  const report = await explore({ firstSeed: 1, seeds: SEEDS, jobs: os.availableParallelism() })
  process.stdout.write(`${summaryLines(report).join('\n')}\n`)
  const failures = report.failures.map(
    ({ seed, violations }) => `odradek sim --seed ${seed}: ${violations[0]?.name}: ${violations[0]?.text}`,
  )
  expect(failures).toEqual([])
  expect(report.floorsNotJudged).toBeNull()
  expect(report.floors.filter(({ ok }) => !ok)).toEqual([])
  expect(report.ran).toBe(SEEDS)
})
