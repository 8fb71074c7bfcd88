// Properties of the history checker: whatever happened to a correct log, its history has no anomaly; and one thing in it
// that is changed afterwards is found under its name.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnomalyName, checkHistory, type HistoryLine, HistoryRecorder } from '../../../src/check/index.ts'
import { Model, type Step } from './history-model.ts'

const SEED = 20_260_707

const STRONG: readonly Step['verb'][] = [
  'send',
  'send',
  'complete',
  'complete',
  'poll',
  'poll',
  'txn',
  'assign',
  'crash',
]

function scripts(verbs: readonly Step['verb'][]): fc.Arbitrary<Step[]> {
  const step = fc.record({ verb: fc.constantFrom(...verbs), who: fc.nat(2), key: fc.nat(1), n: fc.nat(11) })
  return fc.array(step, { minLength: 10, maxLength: 120 })
}

/** Few clients that send and poll much: in such a history there is something to change. */
const BUSY: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    verb: fc.constantFrom<Step['verb'][]>('send', 'send', 'complete', 'poll', 'poll', 'txn'),
    who: fc.nat(1),
    key: fc.nat(1),
    n: fc.nat(11),
  }),
  { minLength: 60, maxLength: 120 },
)

function historyOf(script: readonly Step[]): HistoryLine[] {
  let now = 0
  const recorder = new HistoryRecorder({ now: () => now++ })
  new Model(recorder).run(script)
  return recorder.lines
}

describe('a correct log', () => {
  it('has a history without anomalies', () => {
    fc.assert(
      fc.property(scripts(STRONG), (script) => {
        const report = checkHistory(historyOf(script))
        expect(report.anomalies.filter((anomaly) => anomaly.failure)).toEqual([])
        expect(report.allowedLosses).toEqual({})
      }),
      { seed: SEED, numRuns: 400 },
    )
  })
})

describe('a log that promised less', () => {
  it('has losses and repetitions, counted, and no anomalies', () => {
    const lost = { 'lost-write': 0, unseen: 0, duplicate: 0 }
    fc.assert(
      fc.property(scripts([...STRONG, 'plain', 'plain', 'weak', 'weak', 'weak', 'truncate']), (script) => {
        const report = checkHistory(historyOf(script))
        expect(report.anomalies.filter((anomaly) => anomaly.failure)).toEqual([])
        for (const name of Object.keys(lost) as (keyof typeof lost)[]) lost[name] += report.allowedLosses[name] ?? 0
      }),
      { seed: SEED, numRuns: 400 },
    )
    expect(Math.min(...Object.values(lost))).toBeGreaterThan(0)
  })
})

type Mutable = { -readonly [K in keyof HistoryLine]: HistoryLine[K] } & Record<string, unknown>
type Records = Record<string, [number, string | number][]>

/** Changes a history in one place, if there is a fit one; `pick` chooses it. Answers with what must be found. */
type Mutation = (lines: Mutable[], pick: (most: number) => number) => readonly AnomalyName[] | null

/** All records that `ok` polls returned, where they stand. */
function polledRecords(lines: readonly Mutable[]): { line: Mutable; list: Records[string]; i: number; key: string }[] {
  return lines.flatMap((line) => {
    if (line.type !== 'ok' || !Array.isArray(line.steps)) return []
    return (line.steps as { f: string; records?: Records }[]).flatMap((it) =>
      Object.entries(it.records ?? {}).flatMap(([key, list]) => list.map((_, i) => ({ line, list, i, key }))),
    )
  })
}

function sendsOf(line: Mutable): { key: string; value: string; offset?: number }[] {
  const all = Array.isArray(line.steps) ? line.steps : []
  return all.filter((it: { f: string }) => it.f === 'send')
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'nobody polls an acknowledged record': (lines, pick) => {
    const acknowledged = lines.filter((line) => line.type === 'ok').flatMap(sendsOf)
    if (acknowledged.length === 0) return null
    const victim = acknowledged[pick(acknowledged.length)]!
    for (const { list, key } of polledRecords(lines)) {
      const at = list.findIndex(([, value]) => value === victim.value)
      if (key === victim.key && at >= 0) list.splice(at, 1)
    }
    return ['lost-write', 'unseen']
  },
  'a record is polled at another offset': (lines, pick) => {
    const told = new Set(
      lines.filter((line) => line.type === 'ok').flatMap((line) => sendsOf(line).map((it) => it.value)),
    )
    const records = polledRecords(lines).filter(({ list, i }) => told.has(String(list[i]![1])))
    if (records.length === 0) return null
    const { list, i } = records[pick(records.length)]!
    list[i] = [list[i]![0] + 1000, list[i]![1]]
    return ['duplicate']
  },
  'a poll returns what nobody sent': (lines, pick) => {
    const records = polledRecords(lines)
    if (records.length === 0) return null
    const { list, i } = records[pick(records.length)]!
    list[i] = [list[i]![0], 'flipped']
    return ['phantom']
  },
  'a send that was read had failed': (lines, pick) => {
    const read = new Set(polledRecords(lines).map(({ list, i }) => list[i]![1]))
    const written = lines.filter((line) => line.type === 'ok' && sendsOf(line).some(({ value }) => read.has(value)))
    if (written.length === 0) return null
    written[pick(written.length)]!.type = 'fail'
    return ['G1a']
  },
  'two records of a poll change places': (lines, pick) => {
    const pairs = polledRecords(lines).filter(({ list, i }) => i > 0 && list.length > 1)
    if (pairs.length === 0) return null
    const { list, i } = pairs[pick(pairs.length)]!
    const [a, b] = [list[i - 1]!, list[i]!]
    list[i - 1] = b
    list[i] = a
    return ['int-nonmonotonic-poll']
  },
  'a record is missing from the middle of a poll': (lines, pick) => {
    const middles = polledRecords(lines).filter(
      ({ list, i, line }) => i > 0 && i < list.length - 1 && line.process !== 'final',
    )
    if (middles.length === 0) return null
    const { list, i } = middles[pick(middles.length)]!
    list.splice(i, 1)
    return ['int-poll-skip']
  },
  'a consumer does not rewind after an operation that failed': (lines, pick) => {
    const keysOf = (line: Mutable | undefined): string[] =>
      line?.f === 'poll' || line?.f === 'txn' ? polledRecords([line]).map(({ key }) => key) : []
    const processes = Map.groupBy(
      lines.filter((line) => line.type !== 'invoke' && line.process !== 'final'),
      (line) => line.process,
    )
    const victims = [...processes.values()].flatMap((mine) =>
      mine.filter((_, i) => keysOf(mine[i]).some((key) => [i - 1, i + 1].every((j) => keysOf(mine[j]).includes(key)))),
    )
    if (victims.length === 0) return null
    victims[pick(victims.length)]!.type = 'fail'
    return ['poll-skip']
  },
  'two acknowledgements name one offset': (lines, pick) => {
    const sends = lines.filter((line) => line.type === 'ok').flatMap(sendsOf)
    const pairs = sends.flatMap((a, i) => sends.slice(i + 1).flatMap((b) => (a.key === b.key ? [[a, b] as const] : [])))
    if (pairs.length === 0) return null
    const [a, b] = pairs[pick(pairs.length)]!
    b.offset = a.offset!
    return ['inconsistent-offsets']
  },
}

describe('a history that was changed in one place', () => {
  it.each(Object.entries(MUTATIONS))('%s', (_, mutate) => {
    let applied = 0
    fc.assert(
      fc.property(BUSY, fc.nat(), (script, choice) => {
        const lines = structuredClone(historyOf(script)) as unknown as Mutable[]
        const wanted = mutate(lines, (most) => choice % most)
        if (wanted === null) return
        applied += 1
        const { counts } = checkHistory(lines as unknown as readonly HistoryLine[])
        expect(Object.keys(counts).filter((name) => wanted.includes(name as AnomalyName))).not.toEqual([])
      }),
      { seed: SEED, numRuns: 300 },
    )
    expect(applied).toBeGreaterThan(40)
  })
})
