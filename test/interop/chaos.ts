// Chaos on real processes or containers, in a shorter form: the command as a user types it, its report held to its floors,
// its history judged once more by `odradek check`; then verbs by hand on a running cluster, and nothing left behind.
//
//   npm run interop:chaos [-- --target up|compose --seconds N --seed N]      ends with "N passed, M failed"

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ChaosReport, Condition } from '../../src/chaos/index.ts'
import { startChaos } from '../../src/chaos/index.ts'

const ODRADEK: string = join(import.meta.dirname, '..', '..', 'bin', 'odradek')
/** At least so many episodes a minute, and acknowledgements a second between them. */
const EPISODES_A_MINUTE = 6
const ACKS_A_SECOND = 100

const { values: options } = parseArgs({
  options: {
    target: { type: 'string', default: 'up' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '4' },
  },
})
let passed = 0
let failed = 0
const verdict = (what: string, good: boolean, detail = ''): void => {
  if (good) passed++
  else failed++
  process.stdout.write(`${good ? 'ok     ' : 'FAILED '} ${what}${good || detail === '' ? '' : `: ${detail}`}\n`)
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function odradek(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(ODRADEK, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  return { code: status, stdout, stderr }
}

function run(directory: string): void {
  const { target, seconds, seed } = options
  const minutes = Number(seconds) / 60
  const history = join(directory, 'history.jsonl')
  const ended = odradek(
    ...[
      'chaos',
      'run',
      '--target',
      target,
      '--minutes',
      String(minutes),
      '--seed',
      seed,
      '--history',
      history,
      '--json',
    ],
  )
  process.stdout.write(ended.stderr)
  verdict('the run ends well', ended.code === 0, `exit code ${ended.code}`)
  if (ended.stdout === '') return
  const report = JSON.parse(ended.stdout) as ChaosReport
  verdict('no anomaly', report.anomalies.length === 0, report.anomalies.join('\n'))
  verdict('no failure', report.failures.length === 0, report.failures.join('\n'))
  const { episodes } = report
  const enough = Math.floor(minutes * EPISODES_A_MINUTE)
  const observed = episodes.filter((episode) => episode.observed)
  verdict(`${observed.length} episodes with an effect`, observed.length >= enough, `${enough} are asked for`)
  // Two changes that fall together may hide one another's effect; such episodes are told and count for nothing.
  for (const { text, gapMs, observed } of episodes) {
    if (!observed) process.stdout.write(`        without an effect that was seen: ${text}, gap ${gapMs} ms\n`)
  }
  const rate = report.acknowledgedPerSecond
  verdict(
    `${rate.toFixed(0)} acknowledgements a second between episodes`,
    rate >= ACKS_A_SECOND,
    `${ACKS_A_SECOND} are asked for`,
  )
  const longest = Math.max(...episodes.map(({ gapMs }) => gapMs))
  process.stdout.write(
    `${report.acknowledged} acknowledged, ${report.unknown} unknown, longest gap ${longest} ms, in sync ${Math.round(report.recoveryMs ?? -1)} ms after healing\n`,
  )
  for (const group of report.groups) {
    const { name, rebalances, lives, committed, read, gapMs } = group
    verdict(
      `${name}: ${rebalances} rebalances of ${lives} members, ${committed} commits, ${read} records read, longest gap ${gapMs} ms`,
      rebalances >= 3 && committed > 0 && read >= report.acknowledged,
      `3 rebalances and ${report.acknowledged} records are asked for: ${JSON.stringify(group)}`,
    )
  }
  const checked = odradek('check', history)
  verdict('odradek check finds nothing in the history', checked.code === 0, checked.stdout + checked.stderr)
}

/** Processes whose command line has this directory in it: brokers of ours. */
function processesOf(directory: string): number {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/`)
      } catch {
        return false
      }
    }).length
}

async function ready(up: ChildProcess): Promise<string> {
  let text = ''
  up.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8')
  })
  for (let i = 0; i < 300 && !/bootstrap\.servers=\S+/.test(text); i++) await sleep(100)
  const bootstrap = /bootstrap\.servers=(\S+)/.exec(text)?.[1]
  if (bootstrap === undefined) throw new Error(`odradek up --chaos did not become ready: ${text}`)
  return bootstrap
}

async function byHand(directory: string): Promise<void> {
  const data = join(directory, 'by-hand')
  const up = spawn(ODRADEK, ['up', '--chaos', '--data', data, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => up.once('exit', resolve))
  try {
    const bootstrap = await ready(up)
    const status = (): Condition[] =>
      JSON.parse(odradek('chaos', 'status', '--json', '--data', data).stdout) as Condition[]
    const chaos = (...args: string[]): Ended => odradek('chaos', ...args, '--data', data)
    chaos('cut', '1', '2', '--one-way')
    verdict('status names what is cut', status()[0]!.afflictions.join() === 'cut 1 → 2', JSON.stringify(status()))
    chaos('heal')
    verdict(
      'heal takes it away',
      status().every(({ afflictions }) => afflictions.length === 0),
    )
    chaos('pause', '3')
    verdict('status names who is paused', status()[2]!.condition === 'paused')
    chaos('heal')
    verdict('heal lets him go on', status()[2]!.condition === 'running')
    chaos('kill', '1')
    verdict('status names who is dead', status()[0]!.condition === 'down')
    const produced = spawnSync(ODRADEK, ['produce', 'by-hand', '-b', bootstrap, '--timeout', '30'], {
      input: 'one\ntwo\n',
    })
    verdict('the others go on', produced.status === 0, produced.stderr.toString('utf8'))
    chaos('restart', '1')
    verdict('a restarted one is back', status()[0]!.condition === 'running')
    const refused = chaos('fill-disk', '1')
    verdict(
      'what cannot be done is refused with a remedy',
      refused.code === 1 && refused.stderr.includes('mount -t tmpfs'),
      refused.stderr,
    )
    chaos('pause', '2')
  } finally {
    // Also with one of them paused.
    chaosHeal(data)
    up.kill('SIGINT')
    await ended
  }
  verdict('no broker is left of it', processesOf(data) === 0)
  const { toxiproxy } = JSON.parse(fs.readFileSync(join(data, 'chaos.json'), 'utf8')) as { toxiproxy: string }
  const answers = await fetch(`http://${toxiproxy}/version`).then(
    () => true,
    () => false,
  )
  verdict('and no Toxiproxy', !answers, toxiproxy)
}

/** As docs/chaos.md shows it. */
async function library(): Promise<void> {
  await using chaos = await startChaos({ brokers: 3 })
  const produce = (text: string): boolean =>
    spawnSync(ODRADEK, ['produce', 'orders', '-b', chaos.bootstrapServers, '--timeout', '30'], { input: text })
      .status === 0
  verdict('a program writes to a cluster it started', produce('one\n'))
  await chaos.kill(2)
  verdict('and while one broker is dead', produce('two\n'))
  await chaos.restart(2)
  await chaos.isolate(1, { ms: 3_000 })
  verdict('and while another is cut off', produce('three\n'))
  await chaos.heal()
  const read = odradek('consume', 'orders', '--exit', '-b', chaos.bootstrapServers).stdout
  verdict(
    'and reads all of it',
    read
      .split('\n')
      .filter((line) => line !== '')
      .sort()
      .join() === 'one,three,two',
    read,
  )
}

function chaosHeal(data: string): void {
  odradek('chaos', 'heal', '--data', data)
}

const directory = fs.mkdtempSync(join(os.tmpdir(), 'odradek-chaos-test-'))
try {
  run(directory)
  if (options.target === 'up') {
    await byHand(directory)
    await library()
  }
} catch (error) {
  verdict('the script runs to its end', false, error instanceof Error ? (error.stack ?? error.message) : String(error))
} finally {
  fs.rmSync(directory, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
