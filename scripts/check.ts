// The one command for what can be judged without running the project: types, lint and format, rooms, dead code, and that
// the package as it would be published installs, imports and answers elsewhere. Ends with one line; exits 1 if any is red.
//
//   npm run check [-- NAME…]     NAME: only these of types, lint, rooms, dead, package

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const CHECKS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'biome', 'ci', '--error-on-warnings', '.'],
  ['rooms', 'node', 'scripts/rooms.ts'],
  ['dead', 'knip'],
  ['package', 'node', 'scripts/package.ts'],
]

const wanted = process.argv.slice(2)
const red: string[] = []
for (const [name, command, ...args] of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const started = performance.now()
  const done = spawnSync(command!, args, { cwd: join(import.meta.dirname, '..'), encoding: 'utf8', maxBuffer: 1 << 26 })
  const good = done.status === 0
  process.stdout.write(
    `${good ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
  )
  if (!good) {
    red.push(name)
    process.stdout.write(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}\n`)
  }
}
process.stdout.write(red.length === 0 ? 'everything holds\n' : `red: ${red.join(', ')}\n`)
process.exitCode = red.length === 0 ? 0 : 1
