// Exploring in worker processes, with lives that are over at once: what becomes of those that die, hang or break, in what
// order rows come, and that nobody else is lost.

import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ExploreOptions, LifeRow, Progress } from '../../../src/sim/index.ts'
import { explore } from '../../../src/sim/index.ts'
import { BREAKING, DEADLY, HANGING, VIOLATING } from '../../support/fake-lives.ts'

const worker = join(import.meta.dirname, '../../support/fake-lives-worker.ts')

async function explored(options: Partial<ExploreOptions>): Promise<{
  report: Awaited<ReturnType<typeof explore>>
  rows: LifeRow[]
  progress: Progress[]
}> {
  const rows: LifeRow[] = []
  const progress: Progress[] = []
  const report = await explore({
    firstSeed: 20,
    seeds: 30,
    jobs: 2,
    worker,
    onLife: (row) => rows.push(row),
    onProgress: (each) => progress.push(each),
    ...options,
  })
  return { report, rows, progress }
}

test('every seed is lived once, and told in seed order', { timeout: 60_000 }, async () => {
  const { report, rows, progress } = await explored({ jobs: 3 })
  expect(rows.map((row) => row.seed)).toEqual(Array.from({ length: 30 }, (_, i) => 20 + i))
  expect(report).toMatchObject({ firstSeed: 20, ran: 30, left: 0, failures: [] })
  expect(report.medians.acknowledged).toBe(300 + 34)
  expect(report.totals.simulatedMs).toBe(30 * 70_000)
  expect(progress.map((each) => each.ran)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1))
})

test('a worker that dies, hangs or breaks costs its own seed and no other', { timeout: 60_000 }, async () => {
  const { report, rows } = await explored({ firstSeed: 10, seeds: 10, hungAfterMs: 8_000 })
  expect(rows.map((row) => row.seed)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  const said = report.failures.map(({ seed, violations }) => [seed, violations[0]!.name, violations[0]!.text])
  expect(said).toEqual([
    [DEADLY, 'crash', expect.stringContaining('ended with code 7')],
    [HANGING, 'crash', expect.stringContaining('not over after 8 s')],
    [BREAKING, 'crash', expect.stringContaining('the fake world broke')],
    [VIOLATING, 'P9', 'a planted one'],
  ])
  expect(report.ok).toBe(false)
})

test('more lives than a worker lives are all lived', { timeout: 60_000 }, async () => {
  const { report } = await explored({ firstSeed: 1_000, seeds: 450, jobs: 1 })
  expect(report).toMatchObject({ ran: 450, left: 0, failures: [] })
})

test('fail-fast hands out no seed after the first failure', { timeout: 60_000 }, async () => {
  const { report } = await explored({ firstSeed: VIOLATING, seeds: 1_000, jobs: 1, failFast: true })
  expect(report).toMatchObject({ ran: 1, left: 999, ok: false })
})

test('an abort ends at once, and what had run is told', { timeout: 60_000 }, async () => {
  const stop = new AbortController()
  const { report } = await explored({
    firstSeed: HANGING - 3,
    seeds: 4,
    jobs: 1,
    signal: stop.signal,
    onProgress: ({ ran }) => {
      // Two good lives, one that dies, and then the one that hangs.
      if (ran === 3) setTimeout(() => stop.abort(), 500)
    },
  })
  expect(report).toMatchObject({ ran: 3, left: 1 })
})

test('seeds that are none are refused', async () => {
  await expect(explored({ firstSeed: -1 })).rejects.toThrow('a seed is an integer')
  await expect(explored({ firstSeed: 2 ** 32 - 5, seeds: 6 })).rejects.toThrow('a seed is an integer')
})
