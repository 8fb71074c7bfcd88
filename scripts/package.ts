// The package as it would be published: packed, installed in an empty project elsewhere, its types checked against a
// program that uses them, its door imported and required, its command run. Needs the registry (or npm's cache) for the
// package's own dependencies. Ends with one line.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root: string = join(import.meta.dirname, '..')
const away: string = mkdtempSync(join(tmpdir(), 'odradek-package-'))

const PROGRAM = `import { startCluster } from 'odradek'

await using cluster = await startCluster({ brokers: 1 })
if (!/^127\\.0\\.0\\.1:\\d+$/.test(cluster.bootstrapServers)) throw new Error(cluster.bootstrapServers)
console.log('started', cluster.bootstrapServers)
`

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })
}

try {
  run('npm', ['pack', '--pack-destination', away, '--loglevel=error'], root)
  const tarball = readdirSync(away).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack left no archive')
  writeFileSync(join(away, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }\n')
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', tarball], away)
  writeFileSync(join(away, 'use.ts'), PROGRAM)
  writeFileSync(
    join(away, 'require.cjs'),
    `if (typeof require('odradek').startNode !== 'function') throw new Error('no startNode')\n`,
  )
  const typeRoots = join(root, 'node_modules', '@types')
  const strict = ['--strict', '--noEmit', '--target', 'es2024', '--lib', 'es2024,esnext.disposable']
  run('tsc', [...strict, '--module', 'nodenext', '--types', 'node', '--typeRoots', typeRoots, 'use.ts'], away)
  run('node', ['require.cjs'], away)
  const said = run('node', ['use.ts'], away)
  const version = run(join(away, 'node_modules', '.bin', 'odradek'), ['--version'], away)
  process.stdout.write(`the package works elsewhere: odradek ${version.trim()}, ${said.trim()}\n`)
} finally {
  rmSync(away, { recursive: true, force: true })
}
