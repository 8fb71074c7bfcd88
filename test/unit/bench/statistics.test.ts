import { describe, expect, it } from 'vitest'
import { median, percentile, ratioOf, spreadOf } from '../../../scripts/bench/statistics.ts'

describe('statistics of the benchmark', () => {
  it('take the middle of an odd number of rounds and the mean of the two middles of an even one', () => {
    expect(spreadOf([3, 1, 20])).toEqual({ median: 3, min: 1, max: 20, n: 3 })
    expect(spreadOf([4, 1, 2, 20])).toEqual({ median: 3, min: 1, max: 20, n: 4 })
    expect(spreadOf([])).toBeNull()
    expect(median([7])).toBe(7)
    expect(median([])).toBeNull()
  })

  it('do not reorder what they were given', () => {
    const rounds = [3, 1, 2]
    spreadOf(rounds)
    expect(rounds).toEqual([3, 1, 2])
  })

  it('compare round by round, so that a machine that slows down for both changes no ratio', () => {
    const ours = new Map([
      [1, 100],
      [2, 50],
      [3, 10],
    ])
    const theirs = new Map([
      [1, 50],
      [2, 25],
      [3, 5],
    ])
    expect(ratioOf(ours, theirs)).toEqual({ median: 2, min: 2, max: 2, n: 3 })
  })

  it('leave out rounds that only one side has, and division by zero', () => {
    const ours = new Map([
      [1, 100],
      [2, 50],
      [3, 9],
    ])
    expect(
      ratioOf(
        ours,
        new Map([
          [2, 0],
          [3, 3],
          [4, 1],
        ]),
      ),
    ).toEqual({ median: 3, min: 3, max: 3, n: 1 })
    expect(ratioOf(ours, new Map())).toBeNull()
  })

  it('take percentiles by nearest rank', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, i) => i + 1)
    expect([0.5, 0.99, 0.999, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100, 100])
    expect(percentile([5], 0.01)).toBe(5)
    expect(() => percentile([], 0.5)).toThrow(/no values/)
  })
})
