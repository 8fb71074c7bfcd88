// Installs what package-lock.json names and node_modules lacks, then runs the command given, if any, on the pinned Node:
//   node scripts/ensure.mjs [COMMAND ARGUMENT…]
// Plain JavaScript, since it runs before anything is installed and on whatever Node the machine has.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')

function isInstalled() {
  const hidden = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return false
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages
  return Object.entries(wanted).every(
    // What is optional may be missing: it belongs to other platforms.
    ([path, { version, optional }]) => path === '' || optional === true || present[path]?.version === version,
  )
}

function install() {
  process.stderr.write('Installing dependencies (once; this takes a moment)…\n')
  const npm = process.env.npm_execpath
  const [command, args] = npm === undefined || !npm.endsWith('.js') ? ['npm', ['ci']] : [process.execPath, [npm, 'ci']]
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const done = spawnSync(command, [...args, ...quiet], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (done.status === 0) return
  const said = (done.stderr ?? '').split('\n').filter((line) => line.trim() !== '')
  if (said.length > 0) process.stderr.write(`${said.slice(0, 12).join('\n')}\n`)
  process.stderr.write(
    `"npm ci" failed${done.error === undefined ? '' : ` (${done.error.message})`}: run it by hand in ${root} to see more\n`,
  )
  process.exit(1)
}

if (!isInstalled()) install()

const [command, ...args] = process.argv.slice(2)
if (command !== undefined) {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env })
  child.on('error', (error) => {
    process.stderr.write(`${command} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
}
