// The pause before the next connection attempt: doubles from `first` to `max` with every failure in a row, spread by a
// fifth either way so that many peers of one dead node do not come back in step (as Kafka's ExponentialBackoff).

import type { Random } from '../base/index.ts'

const SPREAD = 0.2

export function backoffMs(failures: number, first: number, max: number, random: Random): number {
  if (failures <= 0) return 0
  const pause = Math.min(first * 2 ** Math.min(failures - 1, 30), max)
  return Math.round(pause * (1 - SPREAD + (2 * SPREAD * random.below(1001)) / 1000))
}
