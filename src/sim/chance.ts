// Distributions as integer tables: the same on every machine, since no logarithm is asked of the runtime. A draw picks
// a row and a point within it.

import type { SeededRandom } from '../base/index.ts'

/** Rows of [from, to) in microseconds; each row is equally likely, so that repeated or wide rows shape the tail. */
export type Distribution = readonly (readonly [number, number])[]

/** One way between two hosts of one rack. */
export const NETWORK_LATENCY: Distribution = [
  [60, 120],
  [60, 120],
  [80, 150],
  [80, 150],
  [100, 200],
  [100, 250],
  [150, 400],
  [200, 2_000],
]
/** One way within one host. */
export const LOOPBACK_LATENCY: Distribution = [
  [10, 30],
  [15, 40],
  [20, 90],
]
export const DISK_READ: Distribution = [
  [15, 40],
  [20, 60],
  [20, 80],
  [60, 900],
]
export const DISK_APPEND: Distribution = [
  [5, 30],
  [10, 60],
  [20, 400],
]
export const DISK_SYNC: Distribution = [
  [150, 300],
  [200, 500],
  [200, 900],
  [500, 8_000],
]
export const DISK_META: Distribution = [
  [20, 60],
  [30, 120],
  [40, 500],
]
/** Now and then a job waits for its turn behind others: whoever awaits it comes back to another world. */
export const OFFLOAD_COST: Distribution = [
  [40, 100],
  [40, 100],
  [40, 100],
  [60, 300],
  [60, 300],
  [60, 300],
  [60, 300],
  [1_000, 300_000],
]
export const TABLE_COST: Distribution = [
  [20, 60],
  [30, 200],
]

export function draw(random: SeededRandom, distribution: Distribution): number {
  const [from, to] = distribution[random.below(distribution.length)]!
  return from + random.below(to - from)
}

/** True once in `n`. */
export function oneIn(random: SeededRandom, n: number): boolean {
  return random.below(n) === 0
}
