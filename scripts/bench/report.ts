// From results to figures with spread and ratios, and to tables for people. Pure: the same file of a run gives the same text.

import { GB, METRIC_NAMES, METRICS, type Metric } from './metrics.ts'
import { ratioOf, type Spread, spreadOf } from './statistics.ts'
import { type Cpu, type Result, type Run, SYSTEM_NAMES, type SystemName } from './types.ts'

/** One metric of one case: a spread a system, and how ours stands to the others. */
export interface Row {
  readonly metric: Metric
  readonly systems: ReadonlyMap<SystemName, Spread>
  /** Odradek divided by the other, round by round. */
  readonly ratios: ReadonlyMap<Exclude<SystemName, 'odradek'>, Spread>
}

/** The kernel counts CPU in hundredths of a second: a share of less time than this would be one of a few ticks. */
const SHORTEST_S = 1

const OTHERS: readonly Exclude<SystemName, 'odradek'>[] = ['kafka', 'limit']

/** Every figure of a result: its own, CPU by GB of payload, memory. */
export function figuresOf(result: Result): ReadonlyMap<Metric, number> {
  const all = new Map<Metric, number>(Object.entries(result.figures ?? {}) as [Metric, number][])
  if (result.bytes !== null) {
    const gb = result.bytes / GB
    if (result.clientCpu !== null) {
      all.set('client_user_s_gb', result.clientCpu.user / gb)
      all.set('client_system_s_gb', result.clientCpu.system / gb)
    }
    if (result.brokersCpu !== null) {
      const sum = sumOf(result.brokersCpu)
      all.set('brokers_user_s_gb', sum.user / gb)
      all.set('brokers_system_s_gb', sum.system / gb)
    }
  } else if (result.brokersCpu !== null && result.seconds >= SHORTEST_S) {
    const { user, system } = sumOf(result.brokersCpu)
    all.set('broker_cpu_percent', ((user + system) / result.seconds / result.brokersCpu.length) * 100)
  }
  if (result.brokersRssMb !== null && result.brokersRssMb.length > 0)
    all.set('rss_mb', Math.max(...result.brokersRssMb))
  return all
}

/** The rows of one case, in the order of METRICS. */
export function rowsOf(results: readonly Result[], name: string): readonly Row[] {
  const values = new Map<Metric, Map<SystemName, Map<number, number>>>()
  for (const result of results) {
    if (result.case !== name || result.figures === null) continue
    for (const [metric, value] of figuresOf(result)) {
      const systems = values.get(metric) ?? new Map<SystemName, Map<number, number>>()
      const rounds = systems.get(result.system) ?? new Map<number, number>()
      values.set(metric, systems.set(result.system, rounds.set(result.round, value)))
    }
  }
  return METRIC_NAMES.flatMap((metric) => {
    const by = values.get(metric)
    if (by === undefined) return []
    const systems = new Map([...by].map(([system, rounds]) => [system, spreadOf([...rounds.values()])!] as const))
    const ratios = new Map<Exclude<SystemName, 'odradek'>, Spread>()
    for (const other of OTHERS) {
      const ratio = ratioOf(by.get('odradek') ?? new Map(), by.get(other) ?? new Map())
      if (ratio !== null) ratios.set(other, ratio)
    }
    return [{ metric, systems, ratios }]
  })
}

/** CPU seconds by GB of each broker, medians over rounds, in order of their ids. */
export function brokersByGb(results: readonly Result[], name: string, system: SystemName): readonly Cpu[] {
  const mine = results.filter((each) => each.case === name && each.system === system)
  const measured = mine.flatMap(({ bytes, brokersCpu }) =>
    bytes === null || brokersCpu === null ? [] : [{ bytes, brokersCpu }],
  )
  const count = Math.max(0, ...measured.map(({ brokersCpu }) => brokersCpu.length))
  return Array.from({ length: count }, (_, i) => {
    const by = (of: keyof Cpu): number =>
      spreadOf(
        measured.flatMap(({ bytes, brokersCpu }) => (i in brokersCpu ? [brokersCpu[i]![of] / (bytes / GB)] : [])),
      )!.median
    return { user: by('user'), system: by('system') }
  })
}

/** All of a run as text. `measures` says of a case what it is. */
export function reportOf(run: Run, measures: (name: string) => string): string {
  const { results, machine } = run
  const present = SYSTEM_NAMES.filter((name) =>
    results.some(({ system, figures }) => system === name && figures !== null),
  )
  const cases = [...new Set(results.flatMap((each) => (each.figures === null ? [] : [each.case])))]
  const parts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb.toFixed(0)} GB, ${machine.kernel}; load before: ${machine.loadBefore.toFixed(1)}`,
    `${run.rounds} ${run.rounds === 1 ? 'round' : 'rounds'}${run.quick ? ' (quick: less work, hardly warmed; no figures to quote)' : ''}; ` +
      `medians (smallest–largest); ratios are medians of the rounds' own; ↑ more is better, ↓ less is better`,
    ...cases.map((name) => tableOf(results, name, present, measures(name))),
  ]
  for (const { name, reason } of run.absent) parts.push(`Without ${name}: ${reason}.`)
  for (const each of run.left) parts.push(`Left out, ${each.case}: ${each.reason}.`)
  const failures = results.filter(({ error }) => error !== null)
  for (const each of failures) parts.push(`FAILED  round ${each.round}, ${each.system}, ${each.case}: ${each.error}`)
  return parts.join('\n\n')
}

function tableOf(results: readonly Result[], name: string, present: readonly SystemName[], measures: string): string {
  const rows = rowsOf(results, name)
  const others = OTHERS.filter((other) => present.includes(other) && present.includes('odradek'))
  const head = ['', ...present, ...others.map((other) => `odradek/${other}`)]
  const cells = rows.map(({ metric, systems, ratios }) => {
    const { label, better, digits } = METRICS[metric]
    return [
      `${label} ${better === 'more' ? '↑' : '↓'}`,
      ...present.map((system) => spreadText(systems.get(system), digits)),
      ...others.map((other) => spreadText(ratios.get(other), 2)),
    ]
  })
  const each = present.flatMap((system) => {
    const brokers = brokersByGb(results, name, system)
    if (brokers.length === 0) return []
    const texts = brokers.map(({ user, system: kernel }) => `${user.toFixed(2)}+${kernel.toFixed(2)}`)
    return [`  each broker of ${system}, user+system CPU s/GB: ${texts.join(', ')}`]
  })
  return [`${name}: ${measures}`, ...aligned([head, ...cells]).map((line) => `  ${line}`), ...each].join('\n')
}

export function spreadText(spread: Spread | undefined, digits: number): string {
  if (spread === undefined) return '–'
  const text = (value: number): string => value.toFixed(digits)
  if (spread.n === 1) return text(spread.median)
  return `${text(spread.median)} (${text(spread.min)}–${text(spread.max)})`
}

/** The first column to the left, the others to the right. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('   ')
      .trimEnd(),
  )
}

function sumOf(all: readonly Cpu[]): Cpu {
  return all.reduce((sum, { user, system }) => ({ user: sum.user + user, system: sum.system + system }), {
    user: 0,
    system: 0,
  })
}
