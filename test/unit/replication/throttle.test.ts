// The arithmetic of a replication throttle: what is owed, and when it is paid.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createThrottle, isExceeded, paidAt, setRate, spend, spendFreely } from '../../../replication/fetching/index.ts'

const WINDOW_MS = 1_000
const MEMORY_MS = 11_000

test('without a rate nothing is ever owed', () => {
  const throttle = createThrottle(WINDOW_MS, MEMORY_MS, 0)
  spend(throttle, 1e12, 5)
  expect(isExceeded(throttle, 5)).toBe(false)
})

test('what was taken is paid off at the rate, and one window is saved up while nothing is taken', () => {
  const throttle = createThrottle(WINDOW_MS, MEMORY_MS, 0)
  setRate(throttle, 1_000, 0)
  expect(isExceeded(throttle, 0)).toBe(false)
  spend(throttle, 3_000, 0)
  expect([isExceeded(throttle, 0), paidAt(throttle, 0)]).toEqual([true, 3_000])
  expect([isExceeded(throttle, 2_999), isExceeded(throttle, 3_000)]).toEqual([true, false])
  spend(throttle, 1_000, 60_000)
  expect(isExceeded(throttle, 60_000)).toBe(false)
  spend(throttle, 1, 60_000)
  expect(paidAt(throttle, 60_000)).toBe(60_001)
})

test('a rate of nothing pays nothing; another rate pays what is left', () => {
  const throttle = createThrottle(WINDOW_MS, MEMORY_MS, 0)
  setRate(throttle, 0, 0)
  spend(throttle, 500, 0)
  expect(paidAt(throttle, 1e9)).toBe(Number.POSITIVE_INFINITY)
  setRate(throttle, 100, 1e9)
  expect(paidAt(throttle, 1e9)).toBe(1e9 + 5_000)
  setRate(throttle, Number.POSITIVE_INFINITY, 1e9)
  expect(isExceeded(throttle, 1e9)).toBe(false)
})

test('what is paid is paid, though it was reckoned in two steps', () => {
  const throttle = createThrottle(0, 0, 0)
  setRate(throttle, 104, 0)
  spend(throttle, 234, 0)
  expect(isExceeded(throttle, 54)).toBe(true)
  expect(paidAt(throttle, 54)).toBe(2_250)
  expect(isExceeded(throttle, 2_250)).toBe(false)
})

test('what others took is owed too, for as long as it is remembered and no longer', () => {
  const throttle = createThrottle(WINDOW_MS, MEMORY_MS, 0)
  setRate(throttle, 1_000, 0)
  spendFreely(throttle, 4_000, 0)
  expect(paidAt(throttle, 0)).toBe(4_000)
  for (let i = 0; i < 100; i++) spendFreely(throttle, 1e6, 0)
  expect(paidAt(throttle, 0)).toBe(MEMORY_MS)
  // What is owed beside that is not forgiven with it.
  spend(throttle, 30_000, 0)
  spendFreely(throttle, 1e6, 0)
  expect(paidAt(throttle, 0)).toBe(MEMORY_MS + 30_000)
})

test('over any time no more is taken than the rate, one window and the last piece', () => {
  const steps = fc.array(fc.record({ ms: fc.nat(3_000), bytes: fc.integer({ min: 1, max: 5_000 }) }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), steps, (rate, story) => {
      const throttle = createThrottle(WINDOW_MS, MEMORY_MS, 0)
      setRate(throttle, rate, 0)
      let now = 0
      let taken = 0
      for (const { ms, bytes } of story) {
        now += ms
        if (isExceeded(throttle, now)) {
          now = paidAt(throttle, now)
          expect(isExceeded(throttle, now)).toBe(false)
        }
        expect(taken).toBeLessThanOrEqual((rate * (now + WINDOW_MS)) / 1000 + 1e-6 * taken)
        spend(throttle, bytes, now)
        taken += bytes
      }
    }),
  )
})
