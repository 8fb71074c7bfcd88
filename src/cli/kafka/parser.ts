// Command lines by the rules of the library that Kafka's tools read theirs with: `--name value` and `--name=value`, one
// dash as good as two, any beginning of a name that only one flag has, `--` before what is none. Its sentences are kept,
// since people search for them. Knows no tool.

export interface Flag {
  readonly name: string
  /** One letter that means the same behind one dash. */
  readonly short?: string
  /** Absent: the flag stands alone. */
  readonly argument?: 'required' | 'optional'
  readonly type?: 'integer'
  readonly about: string
}

/** What was typed cannot be read: the tool prints it with its usage. */
export class UsageProblem extends Error {
  override readonly name: string = 'UsageProblem'
}

/** A flag of the past: the sentence says all that is needed. */
export class GoneFlag extends UsageProblem {
  override readonly name = 'GoneFlag'
}

/** Flags of Kafka's older tools, and what they have become. */
const GONE: ReadonlyMap<string, string> = new Map([
  ['zookeeper', '--bootstrap-server HOST:PORT with the address of a broker'],
  ['broker-list', '--bootstrap-server HOST:PORT'],
])

export class Options {
  readonly #given: ReadonlyMap<string, readonly string[]>
  /** What was no flag: verbs and files, for those who have some. */
  readonly words: readonly string[]
  /** Names of the flags in the order in which they were typed, repeated ones too. */
  readonly order: readonly string[]
  /** The command line. */
  readonly typed: readonly string[]

  constructor(
    given: ReadonlyMap<string, readonly string[]>,
    words: readonly string[],
    order: readonly string[],
    typed: readonly string[],
  ) {
    this.#given = given
    this.words = words
    this.order = order
    this.typed = typed
  }

  has(name: string): boolean {
    return this.#given.has(name)
  }

  /** All arguments of a flag, in order; empty where it is absent or stands alone. */
  values(name: string): readonly string[] {
    return this.#given.get(name) ?? []
  }

  /** Throws where it was given more than once: the tool wants one. */
  value(name: string): string | undefined {
    const values = this.values(name)
    if (values.length > 1)
      throw new UsageProblem(`Found multiple arguments for option ${name}, but you asked for only one`)
    return values[0]
  }

  integer(name: string): number | undefined {
    const value = this.value(name)
    return value === undefined ? undefined : Number(value)
  }
}

/** Throws UsageProblem. */
export function parseWords(flags: readonly Flag[], words: readonly string[]): Options {
  const given = new Map<string, string[]>()
  const left = [...words]
  const others: string[] = []
  const order: string[] = []
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    if (word === '--') {
      others.push(...left)
      break
    }
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word)
    if (match === null) {
      others.push(word)
      continue
    }
    const flag =
      (word.startsWith('--') ? undefined : flags.find(({ short }) => short === match[1])) ?? flagOf(flags, match[1]!)
    order.push(flag.name)
    const values = given.get(flag.name) ?? []
    given.set(flag.name, values)
    const value = argumentOf(flag, match[2], left)
    if (value === undefined) continue
    if (flag.type === 'integer' && !/^[+-]?\d+$/.test(value)) {
      throw new UsageProblem(`Cannot parse argument '${value}' of option ${flag.name}`)
    }
    values.push(value)
  }
  return new Options(given, others, order, words)
}

function flagOf(flags: readonly Flag[], name: string): Flag {
  const exact = flags.find((flag) => flag.name === name)
  if (exact !== undefined) return exact
  const remedy = GONE.get(name)
  if (remedy !== undefined) throw new GoneFlag(`--${name} is gone from Kafka's tools: type ${remedy} instead`)
  const begun = flags.filter((flag) => flag.name.startsWith(name))
  if (begun.length !== 1) throw new UsageProblem(`${name} is not a recognized option`)
  return begun[0]!
}

function argumentOf(flag: Flag, inline: string | undefined, left: string[]): string | undefined {
  if (flag.argument === undefined) return undefined
  if (inline !== undefined) return inline
  if (flag.argument === 'optional') return left[0] === undefined || left[0].startsWith('-') ? '' : left.shift()
  const next = left.shift()
  if (next === undefined) throw new UsageProblem(`Option ${flag.name} requires an argument`)
  return next
}

/** Kafka's sentence for a flag that a tool cannot do without. */
export function requireFlags(options: Options, ...names: readonly string[]): void {
  const missing = names.find((name) => !options.has(name))
  if (missing !== undefined) throw new UsageProblem(`Missing required argument "[${missing}]"`)
}

/** Kafka's sentence for flags that exclude each other. */
export function refuseTogether(options: Options, used: string, others: readonly string[]): void {
  if (!options.has(used)) return
  const wrong = others.find((name) => name !== used && options.has(name))
  if (wrong !== undefined) throw new UsageProblem(`Option "[${used}]" can't be used with option "[${wrong}]"`)
}

/** The flags as a table; the words are ours. */
export function usageOf(flags: readonly Flag[]): string {
  const rows = flags.map((flag) => [argumentText(flag), flag.about] as const)
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([left, about]) => `${left.padEnd(width)}  ${about}`)
    .join('\n')
}

function argumentText({ name, argument, type }: Flag): string {
  const what = type === 'integer' ? 'NUMBER' : 'VALUE'
  if (argument === undefined) return `--${name}`
  return argument === 'required' ? `--${name} ${what}` : `--${name} [${what}]`
}
