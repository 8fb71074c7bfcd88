// The same seeds, twice on this Node and once on another major, give the same trace hashes, byte for byte, and no two
// seeds the same. The other Node comes from npm, by its package.
//
//   npm run sim:majors [-- MAJOR [SEEDS]]      26 and 100 by default; ends with "N passed, M failed"

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const [major = '26', seeds = '100'] = process.argv.slice(2)
const script = join(import.meta.dirname, 'sim-hash.ts')

function hashes(command: string, args: readonly string[]): { readonly node: string; readonly lines: string[] } {
  const done = spawnSync(command, [...args, script, '--seeds', seeds], { encoding: 'utf8', timeout: 900_000 })
  const node = /^Node (v\S+)$/m.exec(done.stderr)?.[1]
  if (done.status !== 0 || node === undefined) throw new Error(`${command} ended with ${done.status}: ${done.stderr}`)
  return { node, lines: done.stdout.trim().split('\n') }
}

const here = hashes(process.execPath, [])
const again = hashes(process.execPath, [])
const there = hashes('npx', ['--yes', `node@${major}`])
if (here.node.split('.')[0] === there.node.split('.')[0])
  throw new Error(`${here.node} and ${there.node} are of one major`)

const seen = new Set<string>()
let failed = 0
for (let i = 0; i < Number(seeds); i++) {
  const line = here.lines[i] ?? `no line ${i + 1}`
  const hash = /: ([0-9a-f]{16}) /.exec(line)?.[1]
  const isNew = hash !== undefined && !seen.has(hash)
  if (hash !== undefined) seen.add(hash)
  if (isNew && line === again.lines[i] && line === there.lines[i]) continue
  failed++
  process.stdout.write(`${isNew ? 'DIFFERS' : 'NO HASH OF ITS OWN'} ${line}\n`)
  process.stdout.write(`   again on ${again.node}: ${again.lines[i]}\n   on ${there.node}: ${there.lines[i]}\n`)
}
process.stdout.write(`${here.node} twice and ${there.node} once\n${Number(seeds) - failed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
