// What an exploration adds up to: medians, floors and when they are judged, rare states and when they must be reached.

import { describe, expect, test } from 'vitest'
import { median, Summary, type SummaryOptions } from '../../../src/sim/explore/summary.ts'
import type { ExploreReport, LifeReport } from '../../../src/sim/index.ts'
import { fakeReport } from '../../support/fake-lives.ts'

function summed(seeds: number, parts: Partial<LifeReport> = {}, options: Partial<SummaryOptions> = {}): ExploreReport {
  const summary = new Summary({ firstSeed: 0, seeds, declaredMarkers: [], ...options })
  for (let seed = 0; seed < seeds; seed++) {
    const report = fakeReport(seed, { markers: { seen: 1 }, ...parts })
    summary.add({ seed, violations: report.violations, report, cpuMs: 350 })
  }
  return summary.report(1_000)
}

const missed = (report: ExploreReport): string[] => report.floors.filter(({ ok }) => !ok).map(({ name }) => name)

test('a median of an even number is the lower of the middle two', () => {
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 2])).toBe(2)
  expect(median([])).toBe(0)
})

describe('floors', () => {
  test('are met', () => {
    const report = summed(20)
    expect(report.floorsNotJudged).toBeNull()
    expect(report.floors).toHaveLength(5)
    expect(missed(report)).toEqual([])
    expect(report.ok).toBe(true)
  })

  test.each([
    ['acknowledged records (median)', { acknowledged: 199 }],
    ['leader changes (median)', { leaderChanges: 2 }],
    ['ISR changes (median)', { isrChanges: 2 }],
    ['fault episodes (median)', { episodes: 4 }],
    ['share of seeds that spent their budget', { budget: { allowed: 'one', spentInFull: 0 } }],
  ])('%s: below it the exploration fails', (name, parts) => {
    const report = summed(20, parts)
    expect(missed(report)).toEqual([name])
    expect(report.ok).toBe(false)
  })

  test('are not judged over few seeds, short lives, or faults that were chosen', () => {
    const idle = { acknowledged: 0 }
    const plan = { faults: [], durationMs: 60_000 }
    expect(summed(19, idle)).toMatchObject({ ok: true, floorsNotJudged: 'fewer than 20 seeds ran' })
    expect(summed(20, idle, { life: { durationMs: 59_000 } }).ok).toBe(true)
    expect(summed(20, idle, { life: { plan } }).ok).toBe(true)
    expect(summed(20, idle, { life: { swarm: { verbs: { kill: 1 } } } }).ok).toBe(true)
    expect(summed(20, idle, { life: { durationMs: 60_000 } }).ok).toBe(false)
  })

  test('of speed is asked for explicitly, and needs a hundred seeds', () => {
    // 70 simulated seconds in 0.35 s of processor time each.
    expect(summed(100).speed).toBe(200)
    expect(missed(summed(100, {}, { floors: { speed: 200 } }))).toEqual([])
    expect(missed(summed(100, {}, { floors: { speed: 201 } }))).toEqual(['simulated seconds per second and core'])
    expect(missed(summed(99, {}, { floors: { speed: 201 } }))).toEqual([])
  })
})

describe('markers', () => {
  const declaredMarkers = ['seen', 'never seen']

  test('count seeds, and one that no seed reached is listed', () => {
    const report = summed(30, { markers: { seen: 7, undeclared: 0 } }, { declaredMarkers })
    expect(report.markers).toEqual({ 'never seen': 0, seen: 30, undeclared: 0 })
    expect(report.markersMissing).toEqual(['never seen', 'undeclared'])
    expect(report).toMatchObject({ markersJudged: false, ok: true })
  })

  test('a thousand seeds that never reached one fail', () => {
    expect(summed(999, {}, { declaredMarkers }).ok).toBe(true)
    expect(summed(1_000, {}, { declaredMarkers })).toMatchObject({ markersJudged: true, ok: false })
    expect(summed(1_000, {}, { declaredMarkers: ['seen'] }).ok).toBe(true)
  })
})

test('a life without a report counts as run and failed, and not as a sample', () => {
  const summary = new Summary({ firstSeed: 0, seeds: 2 })
  const violations = [{ name: 'crash', at: 0, text: 'gone', subject: {} }]
  summary.add({ seed: 0, violations, report: null, cpuMs: 0 })
  summary.add({ seed: 1, violations: [], report: fakeReport(1), cpuMs: 1 })
  expect(summary.report(1)).toMatchObject({
    ran: 2,
    medians: { acknowledged: 301 },
    failures: [{ seed: 0 }],
    ok: false,
  })
})
