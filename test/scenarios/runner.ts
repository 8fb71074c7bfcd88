// The runner of text scenarios: one pure room, commands in, what it did out. A scenario is a file
// `test/scenarios/<room>/<name>.txt`:
//
//   # Comments and blank lines are free between blocks.
//   raft voters=(1 2 3)          <- the first command of a file names the interpreter and configures it
//   timeout 1                    <- further commands, one a line
//   ----
//   1 prospective epoch=0        <- what they printed, up to the next blank line or the end of the file
//
// To add a room: write `test/scenarios/<room>/interpreter.ts` that exports an `Interpreter`, and one line in
// `interpreters.ts`. Expectations are written by `npm run scenarios -- --rewrite`; commit only a diff you understand.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A command line, taken apart: `advance 10ms`, `append acks=all count=5`, `propose-isr (1 2)`. */
export interface Command {
  /** The whole line, trimmed. */
  readonly line: string
  readonly name: string
  /** What is not `key=value`, in order. A list in parentheses is one argument, without them. */
  readonly args: readonly string[]
  readonly options: ReadonlyMap<string, string>
}

/** One running scenario. Lines returned must not be empty; a throw is printed as `error: <message>` and the story goes on. */
export interface Scenario {
  run(command: Command): string[]
}

/** Starts a scenario from its first command; what that prints itself may be in `opening`. */
export type Interpreter = (first: Command) => Scenario & { readonly opening?: readonly string[] }

/** Lazily loaded, so that one room's broken code does not stop the others' scenarios. */
export type InterpreterTable = Readonly<Record<string, () => Promise<Interpreter>>>

export interface ScenarioResult {
  readonly path: string
  /** The file as it stands, and as it would be rewritten. */
  readonly before: string
  readonly after: string
}

/** Whole lives of the simulator, which test/sim/lives.test.ts lives again. */
const LIVES = 'lives'

/** Every scenario file below `root`, in name order. */
export function scenarioFiles(root: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(root, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(root, entry.name)
    if (entry.isDirectory()) found.push(...(entry.name === LIVES ? [] : scenarioFiles(path)))
    else if (entry.name.endsWith('.txt')) found.push(path)
  }
  return found
}

/** Runs one file and returns it with the outputs that the room gives today. */
export async function runScenario(path: string, table: InterpreterTable): Promise<ScenarioResult> {
  const before = readFileSync(path, 'utf8')
  const out: string[] = []
  let pending: Command[] = []
  let scenario: Scenario | null = null
  let skipping = false
  for (const line of before.split('\n')) {
    const text = line.trim()
    if (skipping) {
      if (text !== '') continue
      skipping = false
    }
    out.push(line.trimEnd())
    if (text === '' || text.startsWith('#')) continue
    if (text !== '----') {
      pending.push(parseCommand(text))
      continue
    }
    const printed: string[] = []
    for (const command of pending) {
      if (scenario === null) {
        const started = await start(command, table, path)
        scenario = started
        printed.push(...(started.opening ?? []))
      } else printed.push(...attempt(scenario, command))
    }
    for (const text of printed) if (text.trim() === '') throw new Error(`${path}: a scenario printed an empty line`)
    out.push(...printed)
    pending = []
    skipping = true
  }
  if (pending.length > 0) throw new Error(`${path}: "${pending[0]!.line}" and what follows has no ---- below it`)
  if (scenario === null) throw new Error(`${path}: no command`)
  return { path, before, after: `${out.join('\n').trimEnd()}\n` }
}

/** Rewrites the file with what it printed; true when that changed it. */
export function rewrite(result: ScenarioResult): boolean {
  if (result.before === result.after) return false
  writeFileSync(result.path, result.after)
  return true
}

export function parseCommand(line: string): Command {
  const words: string[] = []
  let word = ''
  let depth = 0
  for (const c of line.trim()) {
    if (c === '(') depth++
    if (c === ')') depth--
    if (c === ' ' && depth === 0) {
      if (word !== '') words.push(word)
      word = ''
    } else word += c
  }
  if (depth !== 0) throw new Error(`"${line}" has unbalanced parentheses`)
  if (word !== '') words.push(word)
  const args: string[] = []
  const options = new Map<string, string>()
  for (const text of words.slice(1)) {
    const equals = text.search(/=/)
    if (equals > 0 && !text.startsWith('(')) options.set(text.slice(0, equals), bare(text.slice(equals + 1)))
    else args.push(bare(text))
  }
  return { line: line.trim(), name: words[0] ?? '', args, options }
}

/** The numbers of a list argument: `1 2 3`. */
export function numbersOf(list: string): number[] {
  return list
    .split(/[\s,]+/)
    .filter((text) => text !== '')
    .map(Number)
}

/** Milliseconds of `10`, `10ms`, `3s`. */
export function msOf(text: string): number {
  const match = /^(\d+)(ms|s)?$/.exec(text)
  if (match === null) throw new Error(`"${text}" is not a duration`)
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1)
}

function bare(text: string): string {
  return text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1).trim() : text
}

async function start(
  first: Command,
  table: InterpreterTable,
  path: string,
): Promise<Scenario & { readonly opening?: readonly string[] }> {
  const load = table[first.name]
  if (load === undefined) {
    throw new Error(`${path}: no interpreter is called "${first.name}" (${Object.keys(table).join(', ')})`)
  }
  return (await load())(first)
}

function attempt(scenario: Scenario, command: Command): string[] {
  try {
    return scenario.run(command)
  } catch (error) {
    return [`error: ${error instanceof Error ? error.message : String(error)}`]
  }
}
