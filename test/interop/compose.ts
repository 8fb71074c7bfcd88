// The compose file with a real engine: three containers, a client of this machine and one in a container, and a killed
// broker. Nothing acknowledged may be lost.
//
//   npm run interop:compose      ends with "N passed, M failed"

import { execFileSync, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const FILE = 'docker-compose.cluster.yml'
const HOST = '127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094'
const INSIDE = 'odradek-1:19092,odradek-2:19092,odradek-3:19092'
const HEALTHY_WITHIN_MS = 120_000

let passed = 0
let failed = 0
const verdict = (what: string, good: boolean, detail = ''): void => {
  if (good) passed++
  else failed++
  process.stdout.write(`${good ? 'ok     ' : 'FAILED '} ${what}${good ? '' : `: ${detail}`}\n`)
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Compose v2 where the engine has it, else v1. */
const compose: readonly string[] =
  spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : ['docker-compose']

function run(command: readonly string[], input = ''): string {
  const [name, ...args] = command
  return execFileSync(name!, args, { cwd: root, encoding: 'utf8', input, maxBuffer: 1 << 26 })
}

const onHost = (args: readonly string[], input = ''): string =>
  run([join(root, 'bin', 'odradek'), ...args, '--bootstrap', HOST], input)
const inContainer = (args: readonly string[], input = ''): string =>
  run(['docker', 'run', '--rm', '-i', '--network', 'odradek', 'odradek:latest', ...args, '--bootstrap', INSIDE], input)

function containerOf(service: string): string {
  return run([...compose, '-f', FILE, 'ps', '-q', service]).trim()
}

async function healthy(services: readonly string[]): Promise<boolean> {
  const until = Date.now() + HEALTHY_WITHIN_MS
  while (Date.now() < until) {
    const states = services.map((service) =>
      spawnSync('docker', ['inspect', '-f', '{{.State.Health.Status}}', containerOf(service)], {
        encoding: 'utf8',
      }).stdout.trim(),
    )
    if (states.every((state) => state === 'healthy')) return true
    await sleep(500)
  }
  return false
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort()
const batch = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`)

async function scenario(): Promise<void> {
  run([...compose, '-f', FILE, 'up', '-d', '--build'])
  const services = ['odradek-1', 'odradek-2', 'odradek-3']
  verdict(
    'three containers are healthy',
    await healthy(services),
    run([...compose, '-f', FILE, 'logs', '--tail', '20']),
  )
  const user = run(['docker', 'exec', containerOf('odradek-1'), 'id', '-u']).trim()
  verdict('the node does not run as root', user !== '0', `uid ${user}`)
  onHost(['topics', 'create', 'compose', '--partitions', '3'])
  const fromHost = batch('host', 200)
  const fromInside = batch('inside', 200)
  onHost(['produce', 'compose'], fromHost.join('\n'))
  inContainer(['produce', 'compose'], fromInside.join('\n'))
  const expected = [...fromHost, ...fromInside].sort()
  const read = (what: string, text: string, want: readonly string[]): void => {
    const seen = lines(text)
    verdict(what, JSON.stringify(seen) === JSON.stringify(want), `${seen.length} records, ${want.length} expected`)
  }
  read('a client of this machine reads both', onHost(['consume', 'compose', '--exit']), expected)
  read('a client in a container reads both', inContainer(['consume', 'compose', '--exit']), expected)
  const [{ partitions }] = JSON.parse(onHost(['topics', 'describe', 'compose', '--json'])) as [
    { partitions: { leader: number }[] },
  ]
  const victim = `odradek-${partitions[0]!.leader}`
  run(['docker', 'kill', containerOf(victim)])
  const after = batch('after', 200)
  onHost(['produce', 'compose', '--timeout', '60'], after.join('\n'))
  const all = [...expected, ...after].sort()
  read(`nothing is lost when ${victim} is killed`, onHost(['consume', 'compose', '--exit']), all)
  run(['docker', 'start', run([...compose, '-f', FILE, 'ps', '-a', '-q', victim]).trim() || victim])
  verdict('it comes back', await healthy(services))
  run([...compose, '-f', FILE, 'restart'])
  verdict('all come back on their volumes', await healthy(services))
  read('with every record', onHost(['consume', 'compose', '--exit']), all)
}

try {
  await scenario()
} catch (error) {
  verdict('the scenario runs to its end', false, error instanceof Error ? error.message : String(error))
} finally {
  spawnSync(compose[0]!, [...compose.slice(1), '-f', FILE, 'down', '-v'], { cwd: root, stdio: 'ignore' })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
