// The command line of the benchmark: what may be asked, and the sentence for what may not. Pure.

import { parseArgs } from 'node:util'
import { CASES, caseOf } from './cases.ts'
import { LIMIT_HOME } from './systems/limit.ts'
import { type Case, type Size, SYSTEM_NAMES, type SystemName } from './types.ts'

export interface Options {
  readonly quick: boolean
  readonly rounds: number
  readonly cases: readonly Case[]
  readonly systems: readonly SystemName[]
  readonly json: string | null
  readonly under: string | null
  readonly limitHome: string
  readonly minutes: number | null
  readonly size: Size
}

const FULL: Size = { warmGb: 5, records1k: 1_000_000, records100b: 3_000_000, seconds: 20, clientLimitS: 900 }
const QUICK: Size = { warmGb: 0.1, records1k: 120_000, records100b: 400_000, seconds: 4, clientLimitS: 60 }
const FULL_ROUNDS = 5
/** So that a quick run ends in less than six minutes on a busy machine, too: what has begun may take its time. */
const QUICK_MINUTES = 4.5

export const HELP: string = `npm run bench -- [OPTIONS]

Odradek beside Apache Kafka and the limit of this machine: three brokers on loopback, one system at a time, the same work
by the same clients. Prints medians with spread and ratios; nothing is judged.

  --quick          one round of little work, under six minutes: to see that all of it runs, no figures to quote
  --rounds N       rounds, in each of which every system takes its turn (default ${FULL_ROUNDS}, with --quick 1)
  --case NAME      only this case; may be repeated
  --system NAME    only this one of ${SYSTEM_NAMES.join(', ')}; may be repeated
  --warm-gb N      GB of records of 1 KB that warm each system in each round (default ${FULL.warmGb}, with --quick ${QUICK.warmGb})
  --minutes N      begin nothing new after so long (default: no end, with --quick ${QUICK_MINUTES})
  --json FILE      write everything that was measured
  --data DIR       where temporary data directories are made (default: the system's)
  --limit DIR      where the limit's broker.js lies (default ${LIMIT_HOME})
  --help

Cases:
${CASES.map(({ name, measures }) => `  ${name.padEnd(16)} ${measures}`).join('\n')}

Examples:
  npm run bench -- --quick                                    does everything work here?
  npm run bench -- --case produce-1k --case produce-100b      throughput, five rounds
  npm run bench -- --system odradek --case one-in-flight --rounds 1
  npm run bench -- --json bench.json                          the whole, more than an hour`

/** Null for --help. Throws an Error whose message names the option and what it may be. */
export function parseOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      case: { type: 'string', multiple: true },
      system: { type: 'string', multiple: true },
      'warm-gb': { type: 'string' },
      minutes: { type: 'string' },
      json: { type: 'string' },
      data: { type: 'string' },
      limit: { type: 'string', default: LIMIT_HOME },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  const base = values.quick ? QUICK : FULL
  const rounds = positive('rounds', values.rounds) ?? (values.quick ? 1 : FULL_ROUNDS)
  if (!Number.isInteger(rounds)) throw new Error(`--rounds ${values.rounds}: an integer from 1 on is expected`)
  const wanted = values.case?.map(caseOf)
  const systems = values.system?.map(systemOf)
  return {
    quick: values.quick,
    rounds,
    // In their own order, whatever the order of the options.
    cases: CASES.filter((each) => wanted?.includes(each) ?? (each.inQuick || !values.quick)),
    systems: systems === undefined ? SYSTEM_NAMES : SYSTEM_NAMES.filter((each) => systems.includes(each)),
    json: values.json ?? null,
    under: values.data ?? null,
    limitHome: values.limit,
    minutes: positive('minutes', values.minutes) ?? (values.quick ? QUICK_MINUTES : null),
    size: { ...base, warmGb: positive('warm-gb', values['warm-gb']) ?? base.warmGb },
  }
}

function positive(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} ${text}: a number greater than 0 is expected`)
  return value
}

function systemOf(name: string): SystemName {
  const found = SYSTEM_NAMES.find((each) => each === name)
  if (found === undefined) throw new Error(`there is no system "${name}": the systems are ${SYSTEM_NAMES.join(', ')}`)
  return found
}
