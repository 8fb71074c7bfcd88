// What `odradek chaos` does: one verb on a running cluster, or a run of minutes with its report.

import fs from 'node:fs'
import process from 'node:process'
import type { Chaos, ChaosReport, Condition, Fault, FaultPlan } from '../chaos/index.ts'
import {
  composeChaos,
  connectChaos,
  drawPlan,
  formatReport,
  isGood,
  parseDuration,
  startChaos,
  textOf,
} from '../chaos/index.ts'
import type { ChaosArguments, ChaosRunArguments, VerbArguments } from './commands/chaos.ts'
import { DEFAULT_DATA, pairs } from './options.ts'
import { note, print, printJson, table } from './output.ts'

const EXIT_ANOMALY = 1
const EXIT_INTERRUPTED = 130

export async function inflict(verb: string, args: VerbArguments): Promise<void> {
  const chaos = await connect(args)
  const fault = faultOf(verb, args)
  const length = args.for === undefined ? null : durationOf(args.for, 'for')
  if (verb === 'slow-cpu' && args.target === 'up' && length === null) {
    throw new Error(
      'slow-cpu lasts as long as this command stops and continues the process: say how long with --for 10s',
    )
  }
  const undo = await chaos.target.begin(fault)
  if (length === null) {
    return tell(args, fault, verb === 'heal' ? 'healed' : `${textOf(fault)}${undone(fault)}`)
  }
  tell(args, fault, `${textOf(fault)} for ${args.for}`)
  await asked(length)
  await undo()
  if (!args.json) print('undone')
}

export async function status(args: ChaosArguments): Promise<void> {
  const conditions = await (await connect(args)).status()
  if (args.json) return printJson(conditions)
  const rows = conditions.map((each: Condition) => [
    each.id,
    each.condition,
    each.pid === null ? null : String(each.pid),
    each.afflictions.length === 0 ? null : each.afflictions.join('; '),
  ])
  print(table(['ID', 'STATE', 'PID', 'AFFLICTIONS'], rows))
}

/** Sets the exit code: 1 on any anomaly or failure, 130 when it was interrupted and nothing was found. */
export async function runCommand(args: ChaosRunArguments): Promise<void> {
  if (!Number.isInteger(args.seed) || args.seed < 0 || args.seed >= 2 ** 32) {
    throw new Error(`--seed ${args.seed}: a whole number from 0 to 4294967295 is expected`)
  }
  if (!(args.minutes > 0)) throw new Error(`--minutes ${args.minutes}: how long the faults go on, more than 0`)
  if (!Number.isInteger(args.groups) || args.groups < 0) {
    throw new Error(`--groups ${args.groups}: how many groups of three consumers, 0 or more`)
  }
  const say = args.json ? note : print
  const interrupted = new AbortController()
  // Twice: what is still open is ended by the exit handlers of whoever opened it.
  const stop = (): void => {
    if (interrupted.signal.aborted) process.exit(EXIT_INTERRUPTED)
    note('Ending early: healing, then judging what there is (again to quit at once)…')
    interrupted.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const chaos = await startOrTake(args, say)
  try {
    const plan = planOf(args, chaos)
    say(
      `${plan.faults.length} faults in ${args.minutes} min on nodes ${chaos.nodes.join(', ')} (${chaos.bootstrapServers})`,
    )
    const began = performance.now()
    const told = (line: string): void =>
      say(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${line}`)
    const workload = { groups: args.groups }
    const { report, history } = await chaos.run({
      ...{ plan, seed: args.seed, tell: told, signal: interrupted.signal, workload },
    })
    if (args.history !== undefined) {
      fs.writeFileSync(args.history, history.map((line) => `${JSON.stringify(line)}\n`).join(''))
    }
    show(args, report)
    if (!isGood(report)) process.exitCode = EXIT_ANOMALY
    else if (interrupted.signal.aborted) process.exitCode = EXIT_INTERRUPTED
  } finally {
    await chaos.close()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, stop)
  }
}

function show(args: ChaosRunArguments, report: ChaosReport): void {
  if (args.json) printJson(report)
  else print(`\n${formatReport(report)}`)
  if (isGood(report)) return
  const again = args.plan === 'swarm' ? `--seed ${args.seed}` : `--plan ${args.plan}`
  note(`The same plan again: odradek chaos run --target ${args.target} --minutes ${args.minutes} ${again}`)
  if (args.history !== undefined) note(`What contradicts what: odradek check ${args.history}`)
}

function planOf(args: ChaosRunArguments, chaos: Chaos): FaultPlan {
  const refusal = (fault: Fault): string | null => chaos.target.refusal(fault)
  if (args.plan === 'swarm') {
    return drawPlan({ seed: args.seed, durationMs: Math.round(args.minutes * 60_000), nodes: chaos.nodes, refusal })
  }
  const value = JSON.parse(fs.readFileSync(args.plan, 'utf8')) as Partial<FaultPlan>
  if (!Array.isArray(value.faults) || typeof value.durationMs !== 'number') {
    throw new Error(
      `${args.plan} holds no plan: { "durationMs": …, "faults": [{ "at": …, "fault": { "verb": … } }] } is expected`,
    )
  }
  return value as FaultPlan
}

async function startOrTake(args: ChaosRunArguments, say: (line: string) => void): Promise<Chaos> {
  const properties = Object.fromEntries(pairs(args.override, 'override'))
  if (args.target === 'compose') {
    say('Containers are being made…')
    const file = args.file === undefined ? {} : { file: args.file }
    return composeChaos({ ...file, mode: args.take ? 'take' : 'start', properties, tell: say })
  }
  if (args.take) return connectChaos(args.data ?? DEFAULT_DATA)
  return startChaos({
    ...(args.data === undefined ? {} : { data: args.data }),
    ...(args.brokers === undefined ? {} : { brokers: args.brokers }),
    toxiproxy: args.toxiproxy,
    properties,
  })
}

function connect(args: ChaosArguments): Promise<Chaos> {
  if (args.target === 'up') return connectChaos(args.data)
  return composeChaos({ ...(args.file === undefined ? {} : { file: args.file }), mode: 'take' })
}

function faultOf(verb: string, args: VerbArguments): Fault {
  const { id, factor } = args
  const ms = Number.POSITIVE_INFINITY
  switch (verb) {
    case 'kill':
    case 'stop':
    case 'restart':
    case 'reset':
    case 'half-open':
      return { verb, node: id }
    case 'kill-all':
    case 'heal':
      return { verb }
    case 'pause':
    case 'hide':
      return { verb, node: id, ms }
    case 'slow-cpu':
      return { verb, node: id, factor, ms }
    case 'isolate':
      return { verb, node: id, direction: args.direction, ms }
    case 'cut':
      return { verb, from: id, to: args.to, oneWay: args['one-way'], ms }
    case 'slow': {
      const [latencyMs, jitterMs] = [durationOf(args.latency, 'latency'), durationOf(args.jitter, 'jitter')]
      return { verb, node: id, latencyMs, jitterMs, bandwidth: args.bandwidth, ms }
    }
    case 'fill-disk':
      return { verb, node: id, freeBytes: args.free, ms }
    case 'skew-clock': {
      const back = args.jump.startsWith('-')
      const jumpMs = durationOf(back ? args.jump.slice(1) : args.jump, 'jump') * (back ? -1 : 1)
      return { verb, node: id, jumpMs, driftPpm: args.drift }
    }
    default:
      throw new Error(`${verb} is no verb of chaos`)
  }
}

function durationOf(text: string, option: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new Error(`--${option} ${text}: a time such as 10s, 500ms or 2m is expected`)
  return ms
}

/** How what was begun is ended. */
function undone(fault: Fault): string {
  if (fault.verb === 'kill' || fault.verb === 'stop') return `; odradek chaos restart ${fault.node} starts it again`
  return 'ms' in fault || fault.verb === 'half-open' ? '; odradek chaos heal ends it' : ''
}

function tell(args: ChaosArguments, fault: Fault, text: string): void {
  if (args.json) printJson(fault)
  else print(text)
}

/** Resolves after so long, or at the first signal. */
function asked(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, done)
  })
}
