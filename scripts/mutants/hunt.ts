// Hunts one mutant: plants it, compiles, and lives seeds until one says by name what is wrong. A crash proves that
// something is wrong but not what, so it never counts, and neither does a type error, nor a seed that fails without the
// mutant as well. The lives are those of `odradek sim`; only the code that they run is mutated.

import type { Violation } from '../../src/check/index.ts'
import { type CommonLifeOptions, explore, type LifeRow } from '../../src/sim/index.ts'
import type { Tree } from './tree.ts'
import type { Mutant } from './types.ts'

export interface HuntOptions {
  readonly firstSeed: number
  readonly seeds: number
}

export type Outcome =
  /** `by`: the first violation that has a name. */
  | ({ readonly kind: 'killed' } & KilledBy)
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
const HUNG_AFTER_MS = 120_000

export class Hunter {
  /** What each seed shows without a mutant. */
  readonly #innocent: Map<number, Promise<readonly string[]>> = new Map()
  readonly #clean: Tree

  /** `clean`: an unmutated copy, against which every kill is held. */
  constructor(clean: Tree) {
    this.#clean = clean
  }

  /** Seeds that fail without any mutant too, with what they say: they prove nothing of a mutant. */
  readonly unclean: Map<number, readonly string[]> = new Map()

  async hunt(tree: Tree, mutant: Mutant, options: HuntOptions): Promise<Hunt> {
    const began = performance.now()
    const restore = await tree.plant(mutant)
    try {
      const errors = await tree.typeErrors()
      const found =
        errors.length > 0
          ? { outcome: { kind: 'not-compiled', errors } as const, seeds: 0, crashes: 0, crash: null }
          : await this.#search(tree, options)
      return { mutant, ...found, seconds: (performance.now() - began) / 1000 }
    } finally {
      await restore()
    }
  }

  /** The unmutated tree, without faults and with them; answers what is wrong with it. */
  async baseline(options: HuntOptions): Promise<readonly string[]> {
    const problems: string[] = []
    const calm = { plan: { faults: [], durationMs: 20_000 } }
    const { signal } = new AbortController()
    await live(this.#clean, { ...options, seeds: 1 }, calm, signal, (row) => problems.push(...wordsOf(row)))
    for (let i = 0; i < options.seeds; i++) problems.push(...(await this.#withoutMutant(options.firstSeed + i)))
    return problems
  }

  async #search(tree: Tree, { firstSeed, seeds: most }: HuntOptions): Promise<Omit<Hunt, 'mutant' | 'seconds'>> {
    let seeds = 0
    let crashes = 0
    let crash: string | null = null
    while (seeds < most) {
      const first: { kill: KilledBy | null } = { kill: null }
      const over = new AbortController()
      const left = { firstSeed: firstSeed + seeds, seeds: most - seeds }
      await live(tree, left, {}, over.signal, ({ seed, violations }) => {
        if (first.kill !== null) return
        seeds++
        const found = firstNamed(violations)
        if (found !== null) {
          first.kill = { by: found.name, seed, text: found.text }
          over.abort()
        } else if (violations.length > 0) {
          crashes++
          crash ??= violations[0]!.text
        }
      })
      const { kill } = first
      if (kill === null) break
      const without = await this.#withoutMutant(kill.seed)
      if (without.length === 0) return { outcome: { kind: 'killed', ...kill }, seeds, crashes, crash }
      this.unclean.set(kill.seed, without)
    }
    return { outcome: { kind: 'survived' }, seeds, crashes, crash }
  }

  #withoutMutant(seed: number): Promise<readonly string[]> {
    let known = this.#innocent.get(seed)
    if (known === undefined) {
      const words: string[] = []
      const { signal } = new AbortController()
      const options = { firstSeed: seed, seeds: 1 }
      known = live(this.#clean, options, {}, signal, (row) => words.push(...wordsOf(row))).then(() => words)
      this.#innocent.set(seed, known)
    }
    return known
  }
}

interface KilledBy {
  readonly by: string
  readonly seed: number
  readonly text: string
}

/** Null where a crash came before everything that has a name: what follows may only follow from that. */
function firstNamed(violations: readonly Violation[]): Violation | null {
  const crashedAt = Math.min(...violations.filter(({ name }) => name === 'crash').map(({ at }) => at))
  return violations.find(({ name, at }) => name !== 'crash' && at <= crashedAt) ?? null
}

function wordsOf({ seed, violations }: LifeRow): string[] {
  return violations.map(({ name, text }) => `seed ${seed}: ${name}: ${text.split('\n')[0]}`)
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
