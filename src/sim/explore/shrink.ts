// Cuts the plan of a failing life to the faults that matter: the fewest that fast-check finds with which a violation of
// the same name is still there. What is left is not the least there is, only that none of the cuts tried helps more.

import fc from 'fast-check'
import type { LifeReport } from '../life/types.ts'
import type { FaultPlan, PlannedFault } from '../plan.ts'

export interface ShrinkOptions {
  /** The whole plan of the failing life. */
  readonly plan: FaultPlan
  /** Of the violation that must stay. */
  readonly violation: string
  /** Lives the same seed with another plan; null where it could not be lived. */
  readonly live: (plan: FaultPlan) => Promise<LifeReport | null>
  /** Lives at most. Default 200. */
  readonly triesMax?: number
  /** After every life. */
  readonly onTry?: (state: ShrinkProgress) => void
}

export interface ShrinkProgress {
  readonly tries: number
  readonly triesMax: number
  /** Of the smallest plan so far. */
  readonly faults: number
}

export interface ShrinkResult {
  readonly plan: FaultPlan
  /** Of the life with that plan; null when the whole plan, given again, did not fail any more. */
  readonly report: LifeReport | null
  readonly tries: number
  /** Tries ran out before every cut had been tried. */
  readonly cutShort: boolean
}

const DEFAULT_TRIES = 200
/** After the last fault, so that what it did can still show before everything heals. */
const TAIL_MS: readonly number[] = [1_000, 5_000, 15_000]

export function shrink(options: ShrinkOptions): Promise<ShrinkResult> {
  return new Shrinking(options).run()
}

class Shrinking {
  readonly #options: ShrinkOptions
  readonly #triesMax: number
  #tries = 0
  #cutShort = false
  #best: { readonly plan: FaultPlan; readonly report: LifeReport } | null = null

  constructor(options: ShrinkOptions) {
    this.#options = options
    this.#triesMax = options.triesMax ?? DEFAULT_TRIES
  }

  async run(): Promise<ShrinkResult> {
    const { plan } = this.#options
    await this.#faults(plan)
    if (this.#best !== null) await this.#duration(this.#best.plan)
    return {
      plan: this.#best?.plan ?? plan,
      report: this.#best?.report ?? null,
      tries: this.#tries,
      cutShort: this.#cutShort,
    }
  }

  /** The whole plan is the property's first and only example; everything after it is fast-check's shrinking. */
  async #faults(plan: FaultPlan): Promise<void> {
    const property = fc.asyncProperty(fc.subarray([...plan.faults]), async (faults) => {
      return !(await this.#fails({ ...plan, faults: inOrder(faults) }))
    })
    // The seed only matters if the example passes; nothing is drawn then, since one run is all there is.
    await fc.check(property, { examples: [[[...plan.faults]]], numRuns: 1, seed: 1 })
  }

  async #duration(plan: FaultPlan): Promise<void> {
    const last = plan.faults.at(-1)?.at ?? 0
    for (const tail of TAIL_MS) {
      const durationMs = Math.ceil(last + tail)
      if (durationMs >= plan.durationMs || (await this.#fails({ ...plan, durationMs }))) return
    }
  }

  /** A plan that fails is kept: fast-check only goes on from smaller to smaller ones. */
  async #fails(plan: FaultPlan): Promise<boolean> {
    if (this.#tries >= this.#triesMax) {
      this.#cutShort = true
      return false
    }
    this.#tries++
    const report = await this.#options.live(plan)
    const failed = report?.violations.some((each) => each.name === this.#options.violation) === true
    if (failed) this.#best = { plan, report: report! }
    const faults = (this.#best?.plan ?? this.#options.plan).faults.length
    this.#options.onTry?.({ tries: this.#tries, triesMax: this.#triesMax, faults })
    return failed
  }
}

function inOrder(faults: readonly PlannedFault[]): readonly PlannedFault[] {
  return faults.toSorted((a, b) => a.at - b.at)
}
