// What `odradek sim` does: checks what was asked for, lives, prints, and sets the exit code: 1 for a failure, 2 for what
// cannot be asked for.

import process from 'node:process'
import type { CommonLifeOptions, ExploreReport, LifeReport, LifeRow, RunLife } from '../sim/index.ts'
import * as sim from '../sim/index.ts'
import { explore } from '../sim/index.ts'
import type { SimArguments } from './commands/sim.ts'
import { note, print, printJson } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { failureLines, lifeLines, summaryLines } from './sim-text.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
const SEED_END = 2 ** 32

export async function simulate(args: SimArguments): Promise<void> {
  const wrong = whatIsWrong(args)
  if (wrong !== null) {
    note(`odradek: ${wrong}\nSee: odradek sim --help`)
    process.exitCode = EXIT_USAGE
    return
  }
  const ok = args.seed === undefined ? await exploreSeeds(args) : await liveOne(args, args.seed)
  if (!ok) process.exitCode = EXIT_FAILURE
}

/** A sentence for what cannot be asked for, else null. */
export function whatIsWrong(args: SimArguments): string | null {
  const whole = (name: 'seed' | 'seeds' | 'from' | 'jobs', least: number): string | null => {
    const value = args[name]
    if (value === undefined || (Number.isInteger(value) && value >= least && value < SEED_END)) return null
    return `--${name} ${value}: an integer from ${least} to ${SEED_END - 1} is needed`
  }
  if (args.duration !== undefined && !(args.duration > 0))
    return `--duration ${args.duration}: seconds above 0 are needed`
  return whole('seed', 0) ?? whole('seeds', 1) ?? whole('from', 0) ?? whole('jobs', 1)
}

function lifeOptions(args: SimArguments): CommonLifeOptions {
  const durationMs = args.duration === undefined ? undefined : Math.round(args.duration * 1000)
  return {
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(args['fault-free'] ? { plan: { faults: [], durationMs: durationMs ?? 60_000 } } : {}),
  }
}

/** What was typed beside the seed, for commands that live the same life again. */
function sameLife(args: SimArguments): string {
  const words: string[] = []
  if (args.duration !== undefined) words.push(`--duration ${args.duration}`)
  if (args['fault-free']) words.push('--fault-free')
  return words.map((word) => ` ${word}`).join('')
}

async function liveOne(args: SimArguments, seed: number): Promise<boolean> {
  const { runLife } = sim as { readonly runLife?: RunLife }
  if (runLife === undefined) throw new Error('the simulator exports no runLife')
  const began = performance.now()
  const report: LifeReport = await runLife({
    ...lifeOptions(args),
    seed,
    keep: true,
    ...(args.tell ? { tell: args.json ? note : print } : {}),
  })
  if (args.json) printJson(report)
  else for (const line of lifeLines(report, performance.now() - began)) print(line)
  return report.violations.length === 0
}

async function exploreSeeds(args: SimArguments): Promise<boolean> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  const line = new ProgressLine(process.stderr)
  const tellFailure = (row: LifeRow): void => {
    if (row.violations.length === 0) return
    for (const each of failureLines(row, `odradek sim --seed ${row.seed}${sameLife(args)}`)) line.say(each)
  }
  let report: ExploreReport
  try {
    report = await explore({
      firstSeed: args.from,
      seeds: args.seeds ?? 1,
      jobs: args.jobs,
      life: lifeOptions(args),
      failFast: args['fail-fast'],
      signal: stop.signal,
      ...(args['speed-floor'] === undefined ? {} : { floors: { speed: args['speed-floor'] } }),
      onLife: tellFailure,
      onProgress: (progress) => line.show(progress),
    })
  } finally {
    process.removeListener('SIGINT', interrupt)
    line.end()
  }
  if (args.json) printJson(report)
  else for (const each of summaryLines(report)) print(each)
  return report.ok && !stop.signal.aborted
}
