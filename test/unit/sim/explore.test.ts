// Exploring in worker processes, with lives that are over at once: what becomes of those that die, hang or break, in what
// order rows come, and that nobody else is lost.

import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import type { ExploreOptions, LifeRow, Progress } from '../../../src/sim/index.ts'
import { explore } from '../../../src/sim/index.ts'
import { BREAKING, DEADLY, HANGING, TURNING, VIOLATING } from '../../support/fake-lives.ts'

const worker = join(import.meta.dirname, '../../support/fake-lives-worker.ts')
const SIMULATOR = pathToFileURL(join(import.meta.dirname, '../../../src/sim/index.ts')).href

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
  const { report, rows } = await explored({ firstSeed: 10, seeds: 10, hungAfterMs: 4_000 })
  expect(rows.map((row) => row.seed)).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  const said = report.failures.map(({ seed, violations }) => [seed, violations[0]!.name, violations[0]!.text])
  expect(said).toEqual([
    [DEADLY, 'crash', expect.stringContaining('ended with code 7')],
    [HANGING, 'crash', expect.stringContaining('not over after 4 s')],
    [BREAKING, 'crash', expect.stringContaining('the fake world broke')],
    [VIOLATING, 'P9', 'a planted one'],
  ])
  expect(report.ok).toBe(false)
})

test('workers that have grown too large are replaced, and no life is lost', { timeout: 60_000 }, async () => {
  const { report } = await explored({ firstSeed: 1_000, seeds: 6, jobs: 2, workerBytes: 1 })
  expect(report).toMatchObject({ ran: 6, left: 0, failures: [] })
})

test('a life that turns in a circle is ended, and says where it was', { timeout: 60_000 }, async () => {
  const { report } = await explored({ firstSeed: TURNING, seeds: 2, jobs: 1, cpuLimitMs: 500 })
  expect(report).toMatchObject({ ran: 2, left: 0 })
  expect(report.failures.map(({ seed }) => seed)).toEqual([TURNING])
  const { text } = report.failures[0]!.violations[0]!
  expect(text).toMatch(/not over after \d+ s of processor time; it was at turn \(.*, called at fakeLife \(/)
})

test('a worker that turns in a circle does not outlive its parent', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'odradek-'))
  const file = join(directory, 'pid')
  const program = `import { explore } from ${JSON.stringify(SIMULATOR)}
    await explore({ firstSeed: ${TURNING}, seeds: 1, jobs: 1, worker: ${JSON.stringify(worker)} })`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, FAKE_LIFE_PID: file },
    stdio: 'ignore',
  })
  try {
    await expect.poll(() => readFile(file, 'utf8').then(Number, () => 0), { timeout: 40_000 }).not.toBe(0)
    const child = Number(await readFile(file, 'utf8'))
    parent.kill('SIGKILL')
    await expect.poll(() => alive(child), { timeout: 40_000 }).toBe(false)
  } finally {
    parent.kill('SIGKILL')
    await rm(directory, { recursive: true })
  }
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

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
