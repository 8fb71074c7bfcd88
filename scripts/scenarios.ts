// `npm run scenarios [-- --rewrite] [-- FILTER…]`: runs the text scenarios whose path contains a filter and shows what
// differs; with `--rewrite`, writes what the rooms print today into the files.

import { join, relative } from 'node:path'
import { interpreters } from '../test/scenarios/interpreters.ts'
import { rewrite, runScenario, scenarioFiles } from '../test/scenarios/runner.ts'

const args = process.argv.slice(2)
const rewriting = args.includes('--rewrite')
const filters = args.filter((arg) => !arg.startsWith('--'))
const root = join(import.meta.dirname, '..', 'test', 'scenarios')
let different = 0
let files = 0
for (const path of scenarioFiles(root)) {
  const name = relative(root, path)
  if (filters.length > 0 && !filters.some((filter) => name.includes(filter))) continue
  files++
  const result = await runScenario(path, interpreters)
  if (result.before === result.after) continue
  different++
  if (rewriting) {
    rewrite(result)
    console.log(`rewritten: ${name}`)
    continue
  }
  console.log(`different: ${name}`)
  const before = result.before.split('\n')
  const after = result.after.split('\n')
  const at = after.findIndex((line, i) => line !== before[i])
  console.log(
    `  line ${at + 1} was: ${before[at] ?? '(end of file)'}\n  now it prints: ${after[at] ?? '(end of file)'}`,
  )
}
console.log(`${files} scenarios, ${different} ${rewriting ? 'rewritten' : 'different'}`)
process.exitCode = different > 0 && !rewriting ? 1 : 0
