// Hunts one mutant: plants it, compiles, and lives seeds until one says by name what is wrong. A crash proves that
// something is wrong but not what, so it never counts, and neither does a type error. The lives are those of
// `odradek sim`; only the code that they run is mutated.

import { type CommonLifeOptions, explore, type LifeRow } from '../../src/sim/index.ts'
import type { Tree } from './tree.ts'
import type { Mutant } from './types.ts'

export interface HuntOptions {
  readonly firstSeed: number
  readonly seeds: number
}

export type Outcome =
  /** `by`: the first violation that has a name. */
  | { readonly kind: 'killed'; readonly by: string; readonly seed: number; readonly text: string }
  | { readonly kind: 'survived' }
  | { readonly kind: 'not-compiled'; readonly errors: readonly string[] }

export interface Hunt {
  readonly mutant: Mutant
  readonly outcome: Outcome
  /** Seeds lived, the killing one and the crashed ones among them. */
  readonly seeds: number
  /** Seeds that ended in a crash and nothing else. */
  readonly crashes: number
  /** What the first crash said. */
  readonly crash: string | null
  readonly seconds: number
}

/** A life that takes longer than this is hung: the slowest take a few seconds. */
const HUNG_AFTER_MS = 90_000

export async function hunt(tree: Tree, mutant: Mutant, options: HuntOptions): Promise<Hunt> {
  const began = performance.now()
  const restore = await tree.plant(mutant)
  try {
    const errors = await tree.typeErrors()
    const found =
      errors.length > 0
        ? { outcome: { kind: 'not-compiled', errors } as const, seeds: 0, crashes: 0, crash: null }
        : await search(tree, options)
    return { mutant, ...found, seconds: (performance.now() - began) / 1000 }
  } finally {
    await restore()
  }
}

async function search(tree: Tree, options: HuntOptions): Promise<Omit<Hunt, 'mutant' | 'seconds'>> {
  let outcome: Outcome = { kind: 'survived' }
  let seeds = 0
  let crashes = 0
  let crash: string | null = null
  const over = new AbortController()
  await live(tree, options, {}, over.signal, ({ seed, violations }) => {
    if (outcome.kind === 'killed') return
    seeds++
    const named = violations.find(({ name }) => name !== 'crash')
    if (named !== undefined) {
      outcome = { kind: 'killed', by: named.name, seed, text: named.text }
      over.abort()
    } else if (violations.length > 0) {
      crashes++
      crash ??= violations[0]!.text
    }
  })
  return { outcome, seeds, crashes, crash }
}

/** The unmutated tree must be clean, without faults and with them; answers what it is not. */
export async function baseline(tree: Tree, options: HuntOptions): Promise<readonly string[]> {
  const problems: string[] = []
  const note =
    (kind: string) =>
    ({ seed, violations }: LifeRow): void => {
      for (const { name, text } of violations) problems.push(`${kind}, seed ${seed}: ${name}: ${text}`)
    }
  const signal = new AbortController().signal
  const calm = { plan: { faults: [], durationMs: 20_000 } }
  await live(tree, { firstSeed: options.firstSeed, seeds: 1 }, calm, signal, note('without faults'))
  await live(tree, options, {}, signal, note('with faults'))
  return problems
}

async function live(
  tree: Tree,
  { firstSeed, seeds }: HuntOptions,
  life: CommonLifeOptions,
  signal: AbortSignal,
  onLife: (row: LifeRow) => void,
): Promise<void> {
  await explore({ firstSeed, seeds, jobs: 1, life, signal, onLife, worker: tree.worker, hungAfterMs: HUNG_AFTER_MS })
}
