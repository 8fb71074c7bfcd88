// The user's five notes, command by command as they print them, on three brokers of Apache Kafka with Apache's tools (what
// is right), and on three of ours with Apache's tools and with the programs of bin/kafka. Output and exit codes must be the
// same but for times, ids and ports; what else may differ is in the data with its reason.
//
//   npm run interop:notes                  ends with "N equal, M differ"
//   npm run interop:notes -- --with tools|shims     only these on our side; a fresh cluster may be named by ODRADEK_BOOTSTRAP
//   npm run interop:notes -- --reference FILE       what Apache Kafka printed: from the file, or into it if it is not there

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePorts } from '../../src/main/index.ts'
import { apacheTool } from './apache.ts'
import { startThreeApache } from './apache-cluster.ts'
import { ODRADEK, withCluster } from './cluster.ts'
import {
  NOT_WALKED,
  NOTES,
  type NoteCommand,
  type NoteStep,
  nodeProperties,
  OF_THE_SHIMS,
  PATHS,
} from './note-steps.ts'

/** Whose programs are run: `tools` are Apache's, but a server is ours. */
type Programs = 'apache' | 'tools' | 'shims'

interface Outcome {
  readonly where: string
  readonly command: string
  readonly code: number | null
  readonly lines: readonly string[]
  /** Printed by a note, and not taken by 4.3's tools: the reason. */
  readonly refused?: string
}

const SHIMS: string = join(dirname(ODRADEK), 'kafka')
const STEP_MS = 300_000
/** What a reader says when it knows where it reads from: Apache's by its log, ours by Node's NODE_DEBUG. */
const READY = /^(WALK .*Resetting offset for partition|ODRADEK \d+: reading )/m
const BESIDE = /^(WALK |ODRADEK \d+: |\s+at |SLF4J)/
/** What Odradek's programs say of flags that are gone, instead of the whole usage: the flag, and what to type. */
const REMEDY = /(--zookeeper|--broker-list).*--bootstrap-server/

const LOGGING = [
  'status = off',
  'appender.err.type = Console',
  'appender.err.name = err',
  'appender.err.target = SYSTEM_ERR',
  'appender.err.layout.type = PatternLayout',
  'appender.err.layout.pattern = WALK %m%n',
  'logger.positions.name = org.apache.kafka.clients.consumer.internals.SubscriptionState',
  'logger.positions.level = info',
  'logger.positions.appenderRef.err.ref = err',
  'logger.positions.filter.positions.type = RegexFilter',
  'logger.positions.filter.positions.regex = .*(Resetting offset for partition|Seeking to offset).*',
  'rootLogger.level = off',
  '',
].join('\n')

const TOOLS: readonly string[] = [
  ...['kafka-topics', 'kafka-console-producer', 'kafka-console-consumer', 'kafka-get-offsets'],
  ...['kafka-broker-api-versions', 'kafka-storage', 'kafka-server-start'],
]

/** A directory of programs to put on the PATH. */
function programs(work: string, whose: Programs): string {
  const directory = join(work, `bin-${whose}`)
  mkdirSync(directory)
  for (const tool of TOOLS) {
    const isServer = tool === 'kafka-server-start'
    const [command, args] = apacheTool(isServer ? 'kafka-server' : tool)
    const quoted = [command, ...args].map((word) => `"${word}"`)
    const apache = [quoted[0], isServer ? '-Dorg.apache.logging.log4j.level=INFO' : '$WALK_JAVA', ...quoted.slice(1)]
    const ours = whose === 'shims' || (whose === 'tools' && isServer)
    for (const name of [tool, `${tool}.sh`]) {
      const file = join(directory, name)
      writeFileSync(file, `#!/bin/sh\nexec ${ours ? `"${join(SHIMS, name)}"` : apache.join(' ')} "$@"\n`)
      chmodSync(file, 0o755)
    }
  }
  return directory
}

interface Place {
  readonly work: string
  readonly path: string
  readonly bootstrap: string
}

interface Running {
  readonly ready: Promise<void>
  readonly ended: Promise<{ code: number | null; out: string; err: string }>
}

function adapted(text: string, { bootstrap }: Place): string {
  const located = PATHS.reduce((each, [printed, here]) => each.replace(printed, here), text)
  return located.replaceAll('localhost:9092', bootstrap)
}

function start(command: NoteCommand, text: string, place: Place, isReader: boolean): Running {
  const logging = `-Dlog4j2.configurationFile=${join(place.work, 'log4j2.properties')}`
  const env = {
    ...process.env,
    PATH: `${place.path}:${process.env.PATH}`,
    WALK_JAVA: isReader ? logging : '-Dwalk=1',
    ...(isReader ? { NODE_DEBUG: 'odradek' } : {}),
  }
  // In a process group of its own: a ^C goes to all of it, as from a terminal.
  const words = ['-c', text.includes('|') || text.includes('$(') ? text : `exec ${text}`]
  const child = spawn('bash', words, { cwd: place.work, env, detached: true })
  child.stdin.end(command.input ?? '')
  let out = ''
  let err = ''
  let told = false
  const ready = Promise.withResolvers<void>()
  const look = (): void => {
    if (READY.test(err)) ready.resolve()
    if (told || command.until === undefined) return
    const seen =
      typeof command.until === 'number' ? out.split('\n').length > command.until : out.includes(command.until)
    if (!seen) return
    told = true
    // What comes too much should have come by then.
    setTimeout(() => process.kill(-child.pid!, 'SIGINT'), 1_000)
  }
  const late = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), STEP_MS)
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    look()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
    look()
  })
  const ended = new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.once('close', (code) => {
      clearTimeout(late)
      ready.resolve()
      resolve({ code, out, err })
    })
  })
  return { ready: ready.promise, ended }
}

function masked(command: NoteCommand, out: string, err: string): string[] {
  const lines = (text: string): string[] => text.replace(/\n$/, '').split('\n')
  const said = err === '' ? [] : lines(err).filter((line) => !BESIDE.test(line))
  const all = [...(out === '' ? [] : lines(out)), ...said.map((line) => `stderr: ${line}`)]
    .map((line) =>
      line
        .replace(/(localhost|127\.0\.0\.1):\d+/g, 'HOST')
        .replace(/\[?\d{4}-\d\d-\d\d[T ][\d:.,Z]+\]?/g, 'TIME')
        .replace(/TopicId: [\w-]{22}/g, 'TopicId: U'),
    )
    .flatMap((line) => (command.mask === undefined ? line : (command.mask(line) ?? [])))
  return command.unordered ? all.sort() : all
}

async function walkStep({ where, together }: NoteStep, place: Place): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const command of together) {
    if (command.now === undefined) continue
    const { code, out, err } = await start(command, adapted(command.printed, place), place, false).ended
    outcomes.push({
      where,
      command: command.printed,
      code,
      lines: masked(command, out, err),
      refused: command.now.reason,
    })
  }
  const running: Running[] = []
  for (const command of together) {
    const isReader = together.length > 1 && command.until !== undefined
    // The last one writes: everybody else knows by then where they read from.
    if (!isReader) await Promise.all(running.map(({ ready }) => ready))
    running.push(start(command, adapted(command.now?.command ?? command.printed, place), place, isReader))
  }
  for (const [i, { ended }] of running.entries()) {
    const { code, out, err } = await ended
    const command = together[i]!
    const text = command.now?.command ?? command.printed
    // A server that is told to stop has its own ways of saying so.
    const isServer = typeof command.until === 'string'
    outcomes.push({ where, command: text, code: isServer ? null : code, lines: masked(command, out, err) })
  }
  return outcomes
}

async function walk(whose: Programs, work: string, bootstrap: string): Promise<Outcome[]> {
  const place: Place = { work, path: programs(work, whose), bootstrap }
  const [clients, controllers] = await freePorts('127.0.0.1', 2)
  const data = join(work, `node-${whose}`)
  mkdirSync(join(work, 'config', 'kraft'), { recursive: true })
  for (const file of ['server.properties', join('kraft', 'server.properties')]) {
    writeFileSync(join(work, 'config', file), nodeProperties(clients!, controllers!, data))
  }
  const outcomes: Outcome[] = []
  for (const step of NOTES) {
    outcomes.push(...(await walkStep(step, place)))
    process.stderr.write(`${whose}: ${step.where}\n`)
  }
  return outcomes
}

async function reference(work: string, file: string | undefined): Promise<readonly Outcome[]> {
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Outcome[]
  const apache = await startThreeApache(work)
  try {
    const outcomes = await walk('apache', work, apache.bootstrap)
    if (file !== undefined) writeFileSync(file, JSON.stringify(outcomes, null, 1))
    return outcomes
  } finally {
    await apache.stop()
  }
}

/** Lines of the one that the other has not, each counted. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
}

/** Prints one line for a step, and what differs; true when nothing does. */
function compare(whose: Programs, right: Outcome, ours: Outcome): boolean {
  const title = `${ours.where}: ${ours.command}`
  const isRefusal = right.refused !== undefined
  // Apache's prints the whole usage, or a stack; ours says what to type.
  const isRemedied = isRefusal && whose === 'shims' && right.code === ours.code && REMEDY.test(ours.lines.join('\n'))
  const known = whose === 'shims' ? OF_THE_SHIMS.filter(({ line }) => right.lines.some((each) => line.test(each))) : []
  const kept = (lines: readonly string[]): string[] =>
    lines.filter((each) => !known.some(({ line }) => line.test(each)))
  const a = [`exit ${right.code}`, ...kept(right.lines)]
  const b = [`exit ${ours.code}`, ...kept(ours.lines)]
  if (isRemedied || JSON.stringify(a) === JSON.stringify(b)) {
    const explained = known.map(({ reason }) => ` (but for what is explained: ${reason})`).join('')
    const why = isRefusal
      ? ` (refused by both: ${right.refused}${isRemedied ? `; ours says: ${ours.lines.at(-1)}` : ''})`
      : ''
    process.stdout.write(`equal   ${title}${why}${explained}\n`)
    return true
  }
  process.stdout.write(`differs ${title}\n`)
  const [missing, more] = [without(a, b), without(b, a)]
  for (const line of missing) process.stdout.write(`   Kafka   ${line}\n`)
  for (const line of more) process.stdout.write(`   Odradek ${line}\n`)
  if (missing.length + more.length === 0) process.stdout.write('   the same lines in another order\n')
  return false
}

const { values } = parseArgs({ options: { with: { type: 'string' }, reference: { type: 'string' } } })
const sides: readonly Programs[] = values.with === undefined ? ['tools', 'shims'] : [values.with as Programs]
if (!sides.every((side) => side === 'tools' || side === 'shims')) {
  throw new Error(`--with ${values.with}: tools (Apache's) or shims (bin/kafka)`)
}
const root: string = mkdtempSync(join(tmpdir(), 'odradek-notes-'))
const workOf = (whose: string): string => {
  const work = join(root, whose)
  mkdirSync(work)
  writeFileSync(join(work, 'log4j2.properties'), LOGGING)
  return work
}
let equal = 0
let differ = 0
try {
  const right = await reference(workOf('apache'), values.reference)
  for (const side of sides) {
    await withCluster(side === values.with ? process.env.ODRADEK_BOOTSTRAP : undefined, async ({ bootstrap }) => {
      const ours = await walk(side, workOf(side), bootstrap)
      process.stdout.write(`\nwith ${side === 'tools' ? "Apache's tools" : 'bin/kafka'}\n`)
      for (const [i, each] of ours.entries()) {
        if (compare(side, right[i]!, each)) equal++
        else differ++
      }
    })
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
process.stdout.write('\nnot walked\n')
for (const { where, what, reason } of NOT_WALKED) process.stdout.write(`        ${where}: ${what} (${reason})\n`)
process.stdout.write('\nread elsewhere than printed\n')
for (const [printed, here, why] of PATHS)
  process.stdout.write(`        ${printed.source} → ${here || '(nothing)'} (${why})\n`)
process.stdout.write(`${equal} equal, ${differ} differ\n`)
process.exitCode = differ === 0 ? 0 : 1
