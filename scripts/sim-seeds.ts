// Random lives of a whole cluster in the simulated world, one a seed: faults, then the promises (test/support/
// replication-life.ts). Prints a line a seed and, of each that fails, why and how to see it again. Exits 1 if any failed.
//
//   npm run sim -- [--seed N] [--seeds COUNT] [--faults MS] [--tell]

import { parseArgs } from 'node:util'
import { replicationLife } from '../test/support/replication-life.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    faults: { type: 'string', default: '60000' },
    tell: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const faultsMs = Number(values.faults)
let failed = 0

for (let seed = first; seed < first + count; seed++) {
  const began = performance.now()
  try {
    const tell = values.tell ? (line: string): void => void process.stdout.write(`${line}\n`) : undefined
    const report = await replicationLife({ seed, faultsMs, ...(tell === undefined ? {} : { tell }) })
    const faults = Object.entries(report.faults)
      .map(([what, n]) => `${what} ${n}`)
      .join(', ')
    process.stdout.write(
      `seed ${seed}: ok, ${report.acked} acknowledged, ${report.failed} failed${JSON.stringify(report.errors)}, recovered in ${report.recoveryMs} ms, ` +
        `${report.events} events in ${Math.round(performance.now() - began)} ms, ${report.hash.slice(0, 12)} (${faults})\n`,
    )
  } catch (error) {
    failed++
    process.stdout.write(`seed ${seed}: FAILED ${error instanceof Error ? error.message : String(error)}\n`)
    process.stdout.write(`  again: npm run sim -- --seed ${seed} --faults ${faultsMs} --tell\n`)
  }
}
process.stdout.write(`${count - failed} seeds passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
