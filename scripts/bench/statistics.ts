// Medians, spreads, percentiles and ratios. Pure; nothing here knows what is measured.

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly n: number
}

/** Null of nothing. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return { median: middle(sorted), min: sorted[0]!, max: sorted[sorted.length - 1]!, n: sorted.length }
}

export function median(values: readonly number[]): number | null {
  return spreadOf(values)?.median ?? null
}

/**
 * How many times of `theirs` ours is: the median of the rounds' own ratios, since a machine that drifts hurts both sides
 * of one round alike. Rounds are keys; those that only one side has, or in which theirs is zero, do not count.
 */
export function ratioOf(ours: ReadonlyMap<number, number>, theirs: ReadonlyMap<number, number>): Spread | null {
  const ratios: number[] = []
  for (const [round, mine] of ours) {
    const other = theirs.get(round)
    if (other !== undefined && other !== 0) ratios.push(mine / other)
  }
  return spreadOf(ratios)
}

/** The smallest value that is not exceeded by `share` of the values, by nearest rank; they must be sorted. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) throw new RangeError('no values: there is no percentile of nothing')
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!
}

function middle(sorted: readonly number[]): number {
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
