import { describe, expect, it } from 'vitest'
import { GB } from '../../../scripts/bench/metrics.ts'
import { aligned, brokersByGb, figuresOf, reportOf, rowsOf, spreadText } from '../../../scripts/bench/report.ts'
import type { Result, Run, SystemName } from '../../../scripts/bench/types.ts'

function result(round: number, system: SystemName, mbPerS: number, more: Partial<Result> = {}): Result {
  return {
    ...{ round, system, case: 'produce-1k', figures: { mb_s: mbPerS }, error: null, seconds: 10, bytes: 2 * GB },
    clientCpu: { user: 8, system: 2 },
    brokersCpu: [
      { user: 1, system: 4 },
      { user: 3, system: 6 },
    ],
    brokersRssMb: [80, 120.4],
    ...more,
  }
}

const RESULTS = [
  result(1, 'odradek', 100),
  result(1, 'kafka', 50),
  result(1, 'limit', 110),
  result(2, 'odradek', 60),
  result(2, 'kafka', 20),
  result(2, 'limit', 60),
  result(3, 'odradek', 90),
  result(3, 'kafka', 0, { figures: null, error: 'it died', brokersCpu: null, clientCpu: null, brokersRssMb: null }),
]

describe('the report of the benchmark', () => {
  it('divides CPU by the payload, adds the brokers up and names the largest', () => {
    expect(Object.fromEntries(figuresOf(RESULTS[0]!))).toEqual({
      mb_s: 100,
      client_user_s_gb: 4,
      client_system_s_gb: 1,
      brokers_user_s_gb: 2,
      brokers_system_s_gb: 5,
      rss_mb: 120.4,
    })
  })

  it('tells CPU as a share of time where nothing was as fast as it could be, and not of an instant', () => {
    const paced = { bytes: null, figures: { p50_ms: 1 } }
    expect(figuresOf(result(1, 'odradek', 0, paced)).get('broker_cpu_percent')).toBe(70)
    expect(figuresOf(result(1, 'odradek', 0, paced)).has('brokers_user_s_gb')).toBe(false)
    expect(figuresOf(result(1, 'odradek', 0, { ...paced, seconds: 0.01 })).has('broker_cpu_percent')).toBe(false)
  })

  it('leaves out what the kernel did not tell', () => {
    const blind = result(1, 'odradek', 7, { clientCpu: null, brokersCpu: null, brokersRssMb: null })
    expect([...figuresOf(blind).keys()]).toEqual(['mb_s'])
  })

  it('has medians over rounds and the median of the rounds own ratios', () => {
    const [row] = rowsOf(RESULTS, 'produce-1k')
    expect(row!.metric).toBe('mb_s')
    expect(row!.systems.get('odradek')).toEqual({ median: 90, min: 60, max: 100, n: 3 })
    expect(row!.systems.get('kafka')).toEqual({ median: 35, min: 20, max: 50, n: 2 })
    expect(row!.ratios.get('kafka')).toEqual({ median: 2.5, min: 2, max: 3, n: 2 })
    expect(rowsOf(RESULTS, 'another')).toEqual([])
  })

  it('has no ratio without ours', () => {
    const [row] = rowsOf(
      RESULTS.filter(({ system }) => system !== 'odradek'),
      'produce-1k',
    )
    expect(row!.ratios.size).toBe(0)
  })

  it('tells CPU of each broker', () => {
    expect(brokersByGb(RESULTS, 'produce-1k', 'odradek')).toEqual([
      { user: 0.5, system: 2 },
      { user: 1.5, system: 3 },
    ])
    expect(brokersByGb(RESULTS.slice(7), 'produce-1k', 'kafka')).toEqual([])
  })

  it('writes a spread only where there is one', () => {
    expect(spreadText({ median: 1.25, min: 1, max: 2, n: 3 }, 1)).toBe('1.3 (1.0–2.0)')
    expect(spreadText({ median: 3, min: 3, max: 3, n: 1 }, 0)).toBe('3')
    expect(spreadText(undefined, 0)).toBe('–')
  })

  it('aligns columns', () => {
    expect(
      aligned([
        ['', 'aa'],
        ['bbb', 'c'],
      ]),
    ).toEqual(['      aa', 'bbb    c'])
  })

  it('says what failed, what is missing and what was left out', () => {
    const text = reportOf(run(), (name) => `${name} is measured`)
    expect(text).toContain('produce-1k: produce-1k is measured')
    expect(text).toMatch(
      /MB\/s ↑ +90\.0 \(60\.0–100\.0\) +35\.0 \(20\.0–50\.0\) +85\.0 \(60\.0–110\.0\) +2\.50 \(2\.00–3\.00\)/,
    )
    expect(text).toContain('each broker of limit, user+system CPU s/GB: 0.50+2.00, 1.50+3.00')
    expect(text).toContain('FAILED  round 3, kafka, produce-1k: it died')
    expect(text).toContain('Left out, consume-1k: no Java.')
    expect(text).not.toContain('quick')
  })

  it('has no column for a system of which nothing was measured', () => {
    const results = [result(1, 'odradek', 5), result(1, 'limit', 0, { figures: null, error: 'port 39092 is taken' })]
    const text = reportOf({ ...run(), results, absent: [{ name: 'kafka', reason: 'no Java runtime' }] }, () => 'x')
    expect(text).not.toContain('odradek/limit')
    expect(text).toContain('port 39092 is taken')
    expect(text).toContain('Without kafka: no Java runtime.')
  })
})

function run(): Run {
  return {
    ...{ schema: 1, startedAt: '2026-01-01T00:00:00.000Z', seconds: 1, quick: false, rounds: 3 },
    size: { warmGb: 5, records1k: 1, records100b: 1, seconds: 1, clientLimitS: 1 },
    machine: {
      ...{ cpu: 'a CPU', cores: 2, memoryGb: 8, kernel: 'Linux 6', node: '24', java: null, commit: null },
      loadBefore: 0.5,
    },
    systems: [],
    absent: [],
    left: [{ case: 'consume-1k', reason: 'no Java' }],
    results: RESULTS,
  }
}
