// What was asked of `odradek sim`, checked and as the simulator takes it, and the words that ask for the same life again.

import type { CommonLifeOptions, LifeOptions, Verb } from '../sim/index.ts'
import { isVerb, parseLife } from '../sim/index.ts'
import type { SimArguments } from './commands/sim.ts'

const SEED_END = 2 ** 32

/** Cannot be asked for: said in one sentence, exit code 2. */
export class UsageError extends Error {}

export interface AskedLife {
  /** Of --seed, or of the plan's file; null where many are asked for. */
  readonly seed: number | null
  readonly options: CommonLifeOptions
  /** What was typed beside the seed. */
  readonly words: string
}

/** `readPlan` answers the text of a file. Throws UsageError. */
export async function askedLife(args: SimArguments, readPlan: (file: string) => Promise<string>): Promise<AskedLife> {
  const wrong = whatIsWrong(args)
  if (wrong !== null) throw new UsageError(wrong)
  const file = args.plan === undefined ? null : await readLife(args.plan, readPlan)
  const kind = args['fault-free'] ? 'calm' : (args.kind ?? file?.kind)
  const durationMs = args.duration === undefined ? undefined : Math.round(args.duration * 1000)
  const verbs = args.verbs === undefined ? undefined : verbsOf(args.verbs)
  const swarm: LifeOptions['swarm'] = {
    ...file?.swarm,
    ...(verbs === undefined ? {} : { verbs }),
    ...(args.flush === undefined ? {} : { flush: args.flush }),
  }
  return {
    seed: args.seeds !== undefined ? null : (args.seed ?? file?.seed ?? null),
    options: {
      ...(kind === undefined ? {} : { kind }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(file === null ? {} : { plan: durationMs === undefined ? file.plan : { ...file.plan, durationMs } }),
      ...(Object.keys(swarm).length === 0 ? {} : { swarm }),
    },
    words: wordsOf(args),
  }
}

function whatIsWrong(args: SimArguments): string | null {
  const whole = (name: 'seed' | 'seeds' | 'from' | 'jobs' | 'tries', least: number): string | null => {
    const value = args[name]
    if (value === undefined || (Number.isInteger(value) && value >= least && value < SEED_END)) return null
    return `--${name} ${value}: an integer from ${least} to ${SEED_END - 1} is needed`
  }
  const above0 = (name: 'duration' | 'speed-floor'): string | null => {
    const value = args[name]
    return value === undefined || value > 0 ? null : `--${name} ${value}: a number above 0 is needed`
  }
  if (args.seed === undefined && args.seeds === undefined && args.plan === undefined) {
    return 'say which: --seed N lives one seed, --seeds N explores many, --plan FILE lives a kept one again'
  }
  if (args['fault-free'] && args.kind !== undefined && args.kind !== 'calm')
    return `--fault-free is not --kind ${args.kind}`
  if (args.plan !== undefined && args.verbs !== undefined) return '--verbs draws a plan, --plan has one: leave one out'
  const oneOnly = (['trace', 'tell'] as const).find((name) => args[name] !== undefined && args[name] !== false)
  if (args.seeds !== undefined && oneOnly !== undefined) return `--${oneOnly} is of one life: use it with --seed`
  const numbers = [whole('seed', 0), whole('seeds', 1), whole('from', 0), whole('jobs', 1), whole('tries', 1)]
  const found = [...numbers, above0('duration'), above0('speed-floor')].find((each) => each !== null)
  if (found !== undefined) return found
  return args.from + (args.seeds ?? 1) > SEED_END ? `seeds end at ${SEED_END - 1}` : null
}

async function readLife(
  file: string,
  readPlan: (file: string) => Promise<string>,
): Promise<ReturnType<typeof parseLife>> {
  let text: string
  try {
    text = await readPlan(file)
  } catch {
    throw new UsageError(`--plan ${file}: there is no such file, or it cannot be read`)
  }
  try {
    return parseLife(text)
  } catch (error) {
    throw new UsageError(`--plan ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** `kill,pause` or `kill=5,pause=1`. */
function verbsOf(text: string): Partial<Record<Verb, number>> {
  const verbs: Partial<Record<Verb, number>> = {}
  for (const part of text.split(',')) {
    const [verb = '', weight = '1'] = part.trim().split('=')
    if (!isVerb(verb)) throw new UsageError(`--verbs ${text}: no fault is called "${verb}"`)
    if (!(Number(weight) > 0)) throw new UsageError(`--verbs ${text}: how often ${verb} comes is a number above 0`)
    verbs[verb] = Number(weight)
  }
  return verbs
}

function wordsOf(args: SimArguments): string {
  const words: string[] = []
  if (args.plan !== undefined) words.push(`--plan ${quoted(args.plan)}`)
  if (args['fault-free']) words.push('--fault-free')
  else if (args.kind !== undefined) words.push(`--kind ${args.kind}`)
  if (args.duration !== undefined) words.push(`--duration ${args.duration}`)
  if (args.verbs !== undefined) words.push(`--verbs ${quoted(args.verbs)}`)
  if (args.flush !== undefined) words.push(`--flush ${args.flush}`)
  return words.map((word) => ` ${word}`).join('')
}

/** As a shell takes it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
