// The same seeds on this Node and on another major give the same trace hashes, byte for byte. The other Node comes from
// npm, by its package.
//
//   npm run sim:majors [-- MAJOR]      MAJOR: 26 by default; ends with "N passed, M failed"

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const SEEDS = ['--seed', '1', '--seeds', '3']
const script = join(import.meta.dirname, 'sim-hash.ts')

function hashes(command: string, args: readonly string[]): { readonly node: string; readonly lines: string[] } {
  const done = spawnSync(command, [...args, script, ...SEEDS], { encoding: 'utf8', timeout: 300_000 })
  const node = /^Node (v\S+)$/m.exec(done.stderr)?.[1]
  if (done.status !== 0 || node === undefined) throw new Error(`${command} ended with ${done.status}: ${done.stderr}`)
  return { node, lines: done.stdout.trim().split('\n') }
}

const major = process.argv[2] ?? '26'
const here = hashes(process.execPath, [])
const again = hashes(process.execPath, [])
const there = hashes('npx', ['--yes', `node@${major}`])
let failed = 0
for (const [i, line] of here.lines.entries()) {
  const equal = line === again.lines[i] && line === there.lines[i]
  if (!equal) failed++
  process.stdout.write(`${equal ? 'ok     ' : 'DIFFERS'} ${line}\n`)
  if (!equal)
    process.stdout.write(`   again on ${again.node}: ${again.lines[i]}\n   on ${there.node}: ${there.lines[i]}\n`)
}
if (here.node.split('.')[0] === there.node.split('.')[0])
  throw new Error(`${here.node} and ${there.node} are of one major`)
process.stdout.write(
  `${here.node} twice and ${there.node} once\n${here.lines.length - failed} passed, ${failed} failed\n`,
)
process.exitCode = failed === 0 ? 0 : 1
