// Lives many seeds in worker processes and adds them up. Which worker lived a seed, and when, changes nothing of the
// report but its times: lives are independent, and are added in seed order.

import { LifePool } from './pool.ts'
import { Summary } from './summary.ts'
import type { ExploreOptions, ExploreReport, LifeRow } from './types.ts'

/**
 * Rejects only for options that make no sense; whatever happens in a life is in the report.
 *
 * @throws RangeError for seeds that are none
 */
export async function explore(options: ExploreOptions): Promise<ExploreReport> {
  const { firstSeed, seeds } = options
  if (!Number.isInteger(firstSeed) || firstSeed < 0 || firstSeed + seeds > 2 ** 32) {
    throw new RangeError(`seeds ${firstSeed} to ${firstSeed + seeds - 1}: a seed is an integer from 0 to 2^32 − 1`)
  }
  const exploration = new Exploration(options)
  return exploration.run()
}

class Exploration {
  readonly #options: ExploreOptions
  readonly #pool: LifePool
  readonly #summary: Summary
  readonly #began = performance.now()
  /** Lives that ended before one with a smaller seed. */
  readonly #early: Map<number, LifeRow> = new Map()
  #nextToGive: number
  #nextToAdd: number
  #stopped = false
  #ran = 0
  #failed = 0
  #simulatedMs = 0

  constructor(options: ExploreOptions) {
    this.#options = options
    this.#pool = new LifePool(options)
    this.#summary = new Summary(options)
    this.#nextToGive = options.firstSeed
    this.#nextToAdd = options.firstSeed
  }

  async run(): Promise<ExploreReport> {
    const { jobs, signal } = this.#options
    const abort = (): void => {
      this.#stopped = true
      this.#pool.close()
    }
    if (signal?.aborted === true) abort()
    signal?.addEventListener('abort', abort)
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.#work()))
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#pool.close()
    }
    // What an abort left behind a gap has been lived, too.
    for (const row of [...this.#early.values()].sort((a, b) => a.seed - b.seed)) this.#add(row)
    return this.#summary.report(performance.now() - this.#began)
  }

  async #work(): Promise<void> {
    const { firstSeed, seeds, life, failFast } = this.#options
    while (!this.#stopped && this.#nextToGive < firstSeed + seeds) {
      const row = await this.#pool.live({ seed: this.#nextToGive++, options: life ?? {}, keep: false })
      if (row === null) return
      if (failFast === true && row.violations.length > 0) this.#stopped = true
      this.#ended(row)
    }
  }

  #ended(row: LifeRow): void {
    this.#ran++
    this.#simulatedMs += row.report?.simulatedMs ?? 0
    if (row.violations.length > 0) this.#failed++
    this.#early.set(row.seed, row)
    for (;;) {
      const next = this.#early.get(this.#nextToAdd)
      if (next === undefined) break
      this.#early.delete(this.#nextToAdd++)
      this.#add(next)
    }
    this.#options.onProgress?.({
      ran: this.#ran,
      seeds: this.#options.seeds,
      failed: this.#failed,
      simulatedMs: this.#simulatedMs,
      wallMs: performance.now() - this.#began,
      markersReached: this.#summary.markersReached,
      markersKnown: this.#summary.markersKnown,
    })
  }

  #add(row: LifeRow): void {
    this.#summary.add(row)
    this.#options.onLife?.(row)
  }
}
