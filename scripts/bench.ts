// Odradek beside Apache Kafka and the limit of this machine, by the same clients in one sitting (docs/benchmarks.md).
//
//   npm run bench -- --help
//
// Exit code 1 when a case failed, 2 for a command that cannot be understood, 130 for Ctrl-C. No figure makes it fail.

import { closeSync, openSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { dirname, resolve } from 'node:path'
import { caseOf } from './bench/cases.ts'
import { Live } from './bench/live.ts'
import { machineOf } from './bench/machine.ts'
import { METRICS } from './bench/metrics.ts'
import { HELP, type Options, parseOptions } from './bench/options.ts'
import { figuresOf, reportOf } from './bench/report.ts'
import { BenchRun } from './bench/run.ts'
import { type ApacheTools, findApacheTools, findKafka } from './bench/systems/kafka.ts'
import { findLimit } from './bench/systems/limit.ts'
import { findOdradek } from './bench/systems/odradek.ts'
import type { Absent, Case, Found, Result, Run, System, SystemName } from './bench/types.ts'

const PAUSE_MS = 500

const say = (text: string): void => void process.stdout.write(`${text}\n`)

function find(name: SystemName, tools: ApacheTools, options: Options): Found {
  if (name === 'odradek') return findOdradek()
  return name === 'kafka' ? findKafka(tools) : findLimit(options.limitHome)
}

/** Figures of one result on one line. */
function lineOf(result: Result): string {
  const at = `${result.round} ${result.system.padEnd(8)} ${result.case.padEnd(16)} ${result.seconds.toFixed(1).padStart(6)} s`
  if (result.error !== null) return `${at}  FAILED: ${result.error.split('\n')[0]}`
  const figures = [...figuresOf(result)].map(([metric, value]) => {
    const { label, digits } = METRICS[metric]
    return `${label} ${value.toFixed(digits)}`
  })
  return `${at}  ${figures.filter((text) => !text.includes('CPU s/GB')).join(' · ')}`
}

async function main(options: Options): Promise<number> {
  const startedAt = new Date()
  // A path that cannot be written is told now, not after an hour.
  if (options.json !== null) closeSync(openSync(options.json, 'a'))
  const tools = findApacheTools()
  const systems: System[] = []
  const absent: Absent[] = []
  for (const found of options.systems.map((name) => find(name, tools, options))) {
    if (found.kind === 'there') systems.push(found.system)
    else absent.push({ name: found.name, reason: found.reason })
  }
  for (const { name, reason } of absent) say(`Without ${name}: ${reason}.`)
  const left = tools.kind === 'there' ? [] : leftOut(options.cases, tools.reason)
  if (systems.length === 0) throw new Error('none of the systems that were asked for can run here')
  const machine = machineOf(dirname(import.meta.dirname), tools.kind === 'there' ? tools.java : null)
  const cases = options.cases.filter((each) => !left.some(({ case: name }) => name === each.name))
  const live = new Live(process.stderr)
  const run = new BenchRun(
    { ...options, systems, cases, under: resolve(options.under ?? os.tmpdir()), apache: tools, pauseMs: PAUSE_MS },
    { doing: (what) => live.doing(what), done: (result) => live.say(lineOf(result)) },
  )
  let aborting: Promise<void> | null = null
  const abort = (): void => {
    aborting ??= run.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort)
  const results = await run.results()
  live.end()
  await aborting
  const written: Run = {
    ...{ schema: 1, startedAt: startedAt.toISOString(), seconds: (Date.now() - startedAt.getTime()) / 1000 },
    ...{ quick: options.quick, rounds: options.rounds, size: options.size, machine },
    systems: systems.map(({ name, version }) => ({ name, version })),
    ...{ absent, left, results },
  }
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(written, null, 2)}\n`)
  say(`\n${reportOf(written, (name) => caseOf(name).measures)}`)
  if (aborting === null && run.wasShort)
    say(
      `\nNot all was measured: of ${options.minutes} minutes each visit has its share, and not all of them were enough here.`,
    )
  if (options.json !== null) say(`\nAll of it: ${options.json}`)
  if (aborting !== null) return 130
  return results.some(({ error }) => error !== null) ? 1 : 0
}

function leftOut(cases: readonly Case[], reason: string): Run['left'] {
  return cases.filter(({ apache }) => apache).map(({ name }) => ({ case: name, reason }))
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options === null) say(HELP)
  else process.exitCode = await main(options)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
