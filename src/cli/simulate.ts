// What `odradek sim` does: lives, explores, shrinks, prints. Answers the exit code: 1 for a failure, 2 for what cannot be
// asked for.

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import type { Violation } from '../check/index.ts'
import type { ExploreReport, LifeReport, LifeRow, SeedFailure, TraceRecorder } from '../sim/index.ts'
import { explore, formatLife, LifePool, TraceRecorder as Recorder, runLife, shrinkLife, story } from '../sim/index.ts'
import type { SimArguments } from './commands/sim.ts'
import { note, print, printJson } from './output.ts'
import { ProgressLine } from './progress-line.ts'
import { type AskedLife, askedLife, UsageError } from './sim-options.ts'
import { failureLines, lifeLines, summaryLines } from './sim-text.ts'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
/** Of an exploration: more of them tell the same again. */
const STORIES_MAX = 3

export async function simulate(args: SimArguments): Promise<number> {
  try {
    const asked = await askedLife(args, (file) => readFile(file, 'utf8'))
    const ok = asked.seed === null ? await exploreSeeds(args, asked) : await liveOne(args, asked, asked.seed)
    return ok ? 0 : EXIT_FAILURE
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    note(`odradek: ${error.message}\nSee: odradek sim --help`)
    return EXIT_USAGE
  }
}

function again(asked: AskedLife, seed: number): string {
  return `odradek sim --seed ${seed}${asked.words}`
}

async function liveOne(args: SimArguments, asked: AskedLife, seed: number): Promise<boolean> {
  const began = performance.now()
  const tap: TraceRecorder | null = args.trace === undefined ? null : new Recorder()
  const report = await runLife({
    ...asked.options,
    seed,
    keep: true,
    ...(args.tell ? { tell: args.json ? note : print } : {}),
    ...(tap === null ? {} : { tap }),
  })
  if (tap !== null) {
    await writeFile(args.trace!, Buffer.concat(tap.finish(report)))
    note(`the trace is in ${args.trace}; read it: odradek trace ${args.trace}`)
  }
  if (args.json) printJson(report)
  else for (const line of lifeLines(report, performance.now() - began)) print(line)
  const violation = report.violations[0]
  if (violation === undefined) {
    if (args.shrink) note('nothing to shrink: nothing was found')
    return true
  }
  if (!args.json) tellStory(report, violation)
  if (args.shrink) await shrinkOne(args, asked, report, violation)
  else if (!args.json) print(`  shrink    ${again(asked, seed)} --shrink`)
  return false
}

function tellStory(report: LifeReport, violation: Violation): void {
  print(`the story of ${violation.name}, seed ${report.seed}:`)
  for (const line of story(report, violation)) print(line)
}

async function shrinkOne(
  args: SimArguments,
  asked: AskedLife,
  report: LifeReport,
  violation: Violation,
): Promise<void> {
  const line = new ProgressLine(process.stderr)
  const { plan, swarm, seed } = report
  note(`shrinking ${plan.faults.length} faults to those that ${violation.name} needs; at most ${args.tries} lives`)
  const shrunk = await shrinkLife({
    seed,
    options: { ...asked.options, plan, swarm },
    violation: violation.name,
    triesMax: args.tries,
    onTry: ({ tries, triesMax, faults }) => line.text(`${tries}/${triesMax} lives · ${faults} faults`),
  }).finally(() => line.end())
  const least = shrunk.report
  if (least === null) {
    note(
      `lived again with the same plan, seed ${seed} does not show ${violation.name}: the plan alone is not its cause`,
    )
    return
  }
  const kept = least.violations.find((each) => each.name === violation.name)!
  const file = path.join(args.out, `seed-${seed}-${violation.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.txt`)
  await mkdir(args.out, { recursive: true })
  await writeFile(file, formatLife(least, remarksOf(plan.faults.length, least, kept)))
  if (args.json) return
  print(
    `shrunk from ${plan.faults.length} faults to ${least.plan.faults.length} in ${shrunk.tries} lives${shrunk.cutShort ? ' (all that --tries allows)' : ''}; kept in ${file}`,
  )
  tellStory(least, kept)
  print(`  again: odradek sim --plan ${file}`)
}

function remarksOf(faults: number, least: LifeReport, { name, text }: Violation): string[] {
  return [
    `Expected: nothing is found. When this life was kept, ${name} was: ${text.split('\n')[0]}`,
    `Cut from ${faults} faults to ${least.plan.faults.length}. Live it: odradek sim --plan FILE`,
  ]
}

async function exploreSeeds(args: SimArguments, asked: AskedLife): Promise<boolean> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt)
  const line = new ProgressLine(process.stderr)
  const tellFailure = (row: LifeRow): void => {
    if (row.violations.length === 0) return
    for (const each of failureLines(row, again(asked, row.seed))) line.say(each)
  }
  let report: ExploreReport
  try {
    report = await explore({
      firstSeed: args.from,
      seeds: args.seeds!,
      jobs: args.jobs,
      life: asked.options,
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
  if (!stop.signal.aborted && !args.json) await tellFailures(args, asked, report.failures)
  return report.ok && !stop.signal.aborted
}

/** The first failing seeds once more, now with everything kept, one after the other. */
async function tellFailures(args: SimArguments, asked: AskedLife, failures: readonly SeedFailure[]): Promise<void> {
  const pool = new LifePool({ jobs: 1 })
  try {
    for (const [i, { seed }] of failures.slice(0, STORIES_MAX).entries()) {
      const report = (await pool.live({ seed, options: asked.options, keep: true }))?.report
      const violation = report?.violations[0]
      if (report === undefined || report === null || violation === undefined) continue
      tellStory(report, violation)
      if (args.shrink && i === 0) await shrinkOne(args, asked, report, violation)
      print(`  again: ${again(asked, seed)}`)
    }
  } finally {
    pool.close()
  }
}
