// franz-go's own tests of consumer groups, as its authors run them, against three brokers of ours or of Apache Kafka: chains of
// three groups whose members come and go while they read, write on and commit; every record once, in order. What needs the newer
// group protocol (KIP-848) or transactions is left out, and said so; nothing else is, and the tests are not changed.
//
//   npm run interop:etl [-- --against apache] [--records N] [--times N] [--minutes N]
// ends with "N passed, M failed"

import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { startThreeApache } from './apache-cluster.ts'
import { withCluster } from './cluster.ts'

const MODULE = 'github.com/twmb/franz-go'
/** One after the other, so that the 50 partitions of `__consumer_offsets` are made before the chains begin. */
const RUNS: readonly string[] = ['^(TestGroupSimple|TestUnknownGroupOffsetFetchPinned)$', '^TestGroupETL$']
/** A level of names between slashes: what is below a skipped one, "sticky/848/static", is out with it. */
const SKIP = '^TestGroupETL$/./^848$|^TestGroupSimple$/^848$'
/** Trimmed of its path, what is built in one scratch directory is in Go's cache for the next. Vetting is its authors' business. */
const QUICK: readonly string[] = ['-trimpath', '-vet=off']
/** The leaves that must have run: a test of another name, or none at all, is not a pass. */
const EXPECTED: readonly string[] = [
  'TestGroupETL/range',
  'TestGroupETL/cooperative-sticky',
  'TestGroupETL/cooperative-sticky/static',
  'TestGroupSimple/classic',
  'TestUnknownGroupOffsetFetchPinned',
]
const LEFT_OUT = 'left out: TestTxnEtl (transactions); TestGroupETL/*/848 and TestGroupSimple/848 (KIP-848)'

/** What `go test -json` prints, a line each. */
interface TestEvent {
  readonly Action: string
  readonly Test?: string
  readonly Elapsed?: number
  readonly Output?: string
}

interface Outcome {
  readonly action: string
  readonly seconds: number
}

const { values: options } = parseArgs({
  options: {
    against: { type: 'string', default: 'odradek' },
    records: { type: 'string', default: '20000' },
    times: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '20' },
  },
})

function positive(name: 'records' | 'times' | 'minutes'): number {
  const value = Number(options[name])
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} ${options[name]}: give a whole number of at least 1`)
  return value
}

/** The module as its authors published it, tests and all, where `go test` may write: the module cache is read-only. */
function copyModule(work: string): string {
  const mod = readFileSync(join(import.meta.dirname, 'go', 'go.mod'), 'utf8')
  const version = new RegExp(`${MODULE} (v\\S+)`).exec(mod)?.[1]
  if (version === undefined) throw new Error(`test/interop/go/go.mod does not name a version of ${MODULE}`)
  const told = execFileSync('go', ['mod', 'download', '-json', `${MODULE}@${version}`], { encoding: 'utf8' })
  const { Dir } = JSON.parse(told) as { Dir: string }
  const copy = join(work, 'franz-go')
  cpSync(Dir, copy, { recursive: true })
  execFileSync('chmod', ['-R', 'u+w', copy])
  process.stdout.write(`${MODULE} ${version}, ${options.records} records a chain; ${LEFT_OUT}\n`)
  return copy
}

/** One run of some tests; notes what each has come to. All that they print goes to `log`. */
async function goTest(
  module: string,
  bootstrap: string,
  run: string,
  log: string,
  outcomes: Map<string, Outcome>,
): Promise<void> {
  const minutes = positive('minutes')
  const child = spawn(
    'go',
    ['test', './pkg/kgo', '-json', ...QUICK, '-count=1', `-timeout=${minutes}m`, `-run=${run}`, `-skip=${SKIP}`],
    {
      cwd: module,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        KGO_SEEDS: bootstrap,
        KGO_TEST_RF: '3',
        KGO_TEST_RECORDS: String(positive('records')),
        KGO_LOG_LEVEL: 'info',
      },
    },
  )
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  for await (const line of createInterface(child.stdout)) {
    const event: TestEvent = line.startsWith('{') ? JSON.parse(line) : { Action: 'output', Output: `${line}\n` }
    if (event.Output !== undefined) appendFileSync(log, event.Output)
    if (event.Test !== undefined && ['pass', 'fail', 'skip'].includes(event.Action))
      outcomes.set(event.Test, { action: event.Action, seconds: event.Elapsed ?? 0 })
  }
  const code = await ended
  // A build that fails, or a panic outside every test, is told by nothing else.
  if (code !== 0 && ![...outcomes.values()].some(({ action }) => action === 'fail'))
    outcomes.set(`go test ${run}`, { action: `ended with ${code}`, seconds: 0 })
}

/** Lines in which franz-go's tests say what went wrong. */
function complaints(log: string): string[] {
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /sendErr|_test\.go:\d+: (?!deleting|FAILED TESTING|.* completed in)|^panic:/.test(line))
    .slice(0, 8)
}

let passed = 0
let failed = 0
const work: string = mkdtempSync(join(tmpdir(), 'odradek-franz-'))

async function run(module: string, bootstrap: string): Promise<void> {
  const times = positive('times')
  for (let time = 1; time <= times; time++) {
    const log = join(work, `run-${time}.log`)
    const outcomes = new Map<string, Outcome>()
    for (const tests of RUNS) await goTest(module, bootstrap, tests, log, outcomes)
    const before = failed
    // A parent fails with its subtests; by itself where its producer is refused, or gets offsets out of order.
    const alone = EXPECTED.every((name) => outcomes.get(name)?.action === 'pass')
    const others = [...outcomes].filter(
      ([name, { action }]) => !(EXPECTED.includes(name) || /^(pass|skip)$/.test(action)),
    )
    for (const name of alone ? [...EXPECTED, ...others.map(([name]) => name)] : EXPECTED) {
      const { action, seconds } = outcomes.get(name) ?? { action: 'did not run to its end', seconds: 0 }
      if (action === 'pass') passed++
      else failed++
      process.stdout.write(
        `${action === 'pass' ? 'ok     ' : 'FAILED '} ${time}/${times} ${name}: ${action}, ${seconds} s\n`,
      )
    }
    if (failed > before)
      process.stdout.write(
        [...complaints(log), `the whole log: ${log}`].map((line) => `        ${line.trim()}\n`).join(''),
      )
  }
}

const module: string = copyModule(work)
if (options.against === 'apache') {
  const apache = await startThreeApache(join(work, 'apache'))
  try {
    await run(module, apache.bootstrap)
  } finally {
    await apache.stop()
  }
} else if (options.against === 'odradek') {
  await withCluster(undefined, ({ bootstrap }) => run(module, bootstrap))
} else throw new Error(`--against ${options.against}: give odradek or apache`)
// The logs of failures are for whoever looks into them; the module and Apache's directories are not.
rmSync(failed === 0 ? work : module, { recursive: true, force: true })
if (failed > 0) rmSync(join(work, 'apache'), { recursive: true, force: true })
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
