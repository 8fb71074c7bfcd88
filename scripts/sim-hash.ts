// Prints the trace hash of lives: faults and all, one line a seed. Run on two Node majors, or on two machines, the lines
// must be equal but for the last, which names the runtime on stderr.
//
//   npm run sim:hash -- [--seed N] [--seeds COUNT] [--duration SECONDS]

import os from 'node:os'
import { parseArgs } from 'node:util'
import { explore } from '../src/sim/index.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
    // Short: two runs of one seed differ early, if they do, and there are many seeds.
    duration: { type: 'string', default: '5' },
  },
})

const { failures } = await explore({
  firstSeed: Number(values.seed),
  seeds: Number(values.seeds),
  jobs: os.availableParallelism(),
  life: { durationMs: Number(values.duration) * 1000 },
  onLife: ({ seed, report, violations }) => {
    const told =
      report === null
        ? `not lived: ${violations[0]?.text}`
        : `${report.hash} after ${report.events} events, ${report.acknowledged} records acknowledged`
    process.stdout.write(`seed ${seed}: ${told}\n`)
  },
})
for (const { seed, violations } of failures) {
  process.stderr.write(`seed ${seed}: ${violations.map(({ name }) => name).join(', ')}\n`)
}
process.stderr.write(`Node ${process.version}\n`)
