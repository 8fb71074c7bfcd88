// What a life is, apart from what is found in it: repeatable, any part of a plan is a plan, calm when nothing is planned,
// and honest about losses that its settings allow.

import { expect, test } from 'vitest'
import { type FaultPlan, type LifeReport, runLife } from '../../src/sim/index.ts'

const SHORT = { durationMs: 15_000 }

test('the same seed is the same life, another seed another', { timeout: 60_000 }, async () => {
  const options = { seed: 3, ...SHORT, keep: true }
  const first = await runLife(options)
  expect(await runLife(options)).toEqual(first)
  expect((await runLife({ ...options, seed: 4 })).hash).not.toBe(first.hash)
})

test('what is given as a plan is what is done, and every part of it can be lived', { timeout: 60_000 }, async () => {
  const whole = await runLife({ seed: 8, ...SHORT })
  const again = await runLife({ seed: 8, plan: whole.plan, swarm: whole.swarm })
  expect(again.hash).toBe(whole.hash)
  const half: FaultPlan = { ...whole.plan, faults: whole.plan.faults.filter((_, i) => i % 2 === 0) }
  const report = await runLife({ seed: 8, plan: half, swarm: whole.swarm })
  expect(report.violations).toEqual([])
  expect(report.hash).not.toBe(whole.hash)
})

test('a calm life has nothing to tell', { timeout: 60_000 }, async () => {
  const report = await runLife({ seed: 2, kind: 'calm', ...SHORT })
  expect(report.violations).toEqual([])
  expect([report.episodes, report.failed, report.leaderChanges]).toEqual([0, 0, 0])
  expect(report.acknowledged).toBeGreaterThan(100)
})

/** The power of all three fails together, again and again, while records are acknowledged. */
function blackouts(flush: 'os' | 'fsync', kind: 'within' | 'beyond', seed: number): Promise<LifeReport> {
  const faults = [4_000, 9_000, 14_000].flatMap((at) => [
    { at, fault: { verb: 'power-loss-all' } as const },
    ...[1, 2, 3].map((node) => ({ at: at + 500, fault: { verb: 'restart', node } as const })),
  ])
  const properties = { 'log.retention.check.interval.ms': '2000' }
  const swarm = { brokers: 3, minInsyncReplicas: 2, flush, network: 'rack', properties } as const
  return runLife({ seed, kind, swarm, plan: { faults, durationMs: 18_000 } })
}

test('when all lose power at once, flush=fsync loses nothing', { timeout: 60_000 }, async () => {
  const report = await blackouts('fsync', 'within', 1)
  expect(report.violations).toEqual([])
  expect(report.faults['power-loss-all']).toBe(3)
  expect(report.acknowledged).toBeGreaterThan(50)
})

test('when all lose power at once, flush=os may lose, and that is counted', { timeout: 60_000 }, async () => {
  let losses = 0
  for (const seed of [1, 2, 3]) {
    const report = await blackouts('os', 'beyond', seed)
    expect(report.violations).toEqual([])
    const { 'lost-write': lost = 0, unseen = 0, 'inconsistent-offsets': changed = 0 } = report.allowedLosses
    losses += lost + unseen + changed
  }
  expect(losses).toBeGreaterThan(0)
})

test('within the promise of flush=os the power of all never fails at once', { timeout: 60_000 }, async () => {
  const report = await blackouts('os', 'within', 1)
  expect(report.violations).toEqual([])
  expect(report.faults['power-loss-all'] ?? 0).toBe(0)
})
