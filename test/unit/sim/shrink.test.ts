// Shrinking with lives that are over at once and whose violation depends on what their plan holds.

import { expect, test } from 'vitest'
import type { FaultPlan, LifeReport, PlannedFault, ShrinkProgress } from '../../../src/sim/index.ts'
import { shrink } from '../../../src/sim/index.ts'
import { fakeReport } from '../../support/fake-lives.ts'

const faults: readonly PlannedFault[] = Array.from({ length: 20 }, (_, i) => ({
  at: 1_000 * i,
  fault: { verb: 'kill', node: i },
}))
const plan: FaultPlan = { faults, durationMs: 60_000 }

const nodes = ({ faults }: FaultPlan): number[] => faults.map(({ fault }) => ('node' in fault ? fault.node : -1))
const P9 = { name: 'P9', at: 1, text: 'planted', subject: {} }
const P3 = { ...P9, name: 'P3' }

/** Fails where all of these faults are there. */
const needs =
  (...wanted: number[]) =>
  async (tried: FaultPlan): Promise<LifeReport> => {
    const there = new Set(nodes(tried))
    return fakeReport(1, { plan: tried, violations: wanted.every((node) => there.has(node)) ? [P9] : [] })
  }

test.each([[[4, 13]], [[0, 19]], [[7]], [[18, 19]], [[]]])(
  'a violation that needs the faults %j of twenty is cut to exactly these',
  async (wanted) => {
    const progress: ShrinkProgress[] = []
    const done = await shrink({ plan, violation: 'P9', live: needs(...wanted), onTry: (each) => progress.push(each) })
    expect(nodes(done.plan)).toEqual(wanted)
    expect(done.report?.violations).toEqual([P9])
    expect(done.cutShort).toBe(false)
    expect(done.tries).toBeLessThan(100)
    expect(progress.map((each) => each.tries)).toEqual(Array.from({ length: done.tries }, (_, i) => i + 1))
    expect(progress.at(-1)!.faults).toBe(wanted.length)
  },
)

test('another violation is not the same one', async () => {
  const live = async (tried: FaultPlan): Promise<LifeReport> =>
    fakeReport(1, { violations: [nodes(tried).includes(3) ? P9 : P3] })
  const done = await shrink({ plan, violation: 'P9', live })
  expect(nodes(done.plan)).toEqual([3])
})

test('the schedule ends after its last fault, as soon as the violation allows', async () => {
  const live = async (tried: FaultPlan): Promise<LifeReport> =>
    fakeReport(1, { violations: nodes(tried).includes(5) && tried.durationMs >= 8_000 ? [P9] : [] })
  const done = await shrink({ plan, violation: 'P9', live })
  expect(done.plan.durationMs).toBe(5_000 + 5_000)
})

test('tries are bounded, and the smallest plan found by then is the answer', async () => {
  const done = await shrink({ plan, violation: 'P9', live: needs(4, 13), triesMax: 4 })
  expect(done).toMatchObject({ tries: 4, cutShort: true })
  expect(nodes(done.plan)).toEqual(expect.arrayContaining([4, 13]))
})

test('a plan that does not fail when it is given again is said to be one', async () => {
  const done = await shrink({ plan, violation: 'P9', live: async () => fakeReport(1) })
  expect(done).toMatchObject({ plan, report: null, tries: 1 })
})

test('a life that could not be lived does not count as the same failure', async () => {
  const done = await shrink({
    plan,
    violation: 'P9',
    live: async (tried) => (tried.faults.length < 20 ? null : needs()(tried)),
  })
  expect(nodes(done.plan)).toHaveLength(20)
})
