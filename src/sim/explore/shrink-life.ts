// Shrinks the plan of one seed, each try in a worker process, so that one that hangs or dies ends only itself.

import { LifePool } from './pool.ts'
import { type ShrinkProgress, type ShrinkResult, shrink } from './shrink.ts'
import type { CommonLifeOptions } from './types.ts'

export interface ShrinkLifeOptions {
  readonly seed: number
  /** With the whole plan, and the swarm it was lived with. */
  readonly options: CommonLifeOptions & Required<Pick<CommonLifeOptions, 'plan'>>
  /** Of the violation that must stay. */
  readonly violation: string
  readonly triesMax?: number
  readonly onTry?: (state: ShrinkProgress) => void
  /** As of `ExploreOptions`. */
  readonly worker?: string
}

/** The report of the smallest plan was kept: it has its history and notables. */
export async function shrinkLife(options: ShrinkLifeOptions): Promise<ShrinkResult> {
  const { seed, violation, triesMax, onTry, worker } = options
  const pool = new LifePool({ jobs: 1, ...(worker === undefined ? {} : { worker }) })
  try {
    return await shrink({
      plan: options.options.plan,
      violation,
      live: async (plan) =>
        (await pool.live({ seed, options: { ...options.options, plan }, keep: true }))?.report ?? null,
      ...(triesMax === undefined ? {} : { triesMax }),
      ...(onTry === undefined ? {} : { onTry }),
    })
  } finally {
    pool.close()
  }
}
