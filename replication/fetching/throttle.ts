// How much may be copied in a second by replicas that catch up (leader.replication.throttled.rate and the follower's): what
// was copied is owed, and time pays it off at the rate. Who it holds back is decided elsewhere, and it is never somebody in
// sync; what those take is owed too, but soon forgotten. Invariant: over a long time, who is held back takes no more than the
// rate plus one window's burst.

import type { Instant } from '../../src/base/index.ts'

export interface Throttle {
  /** Bytes a second; Infinity: none. */
  rate: number
  /** Bytes that are still to be paid for at `at`; below 0 what was saved up, at most one window's. */
  owed: number
  at: Instant
  readonly windowMs: number
  /** How long it takes to pay off all that others took, at most. */
  readonly memoryMs: number
}

/** Of a byte: what is left over by reckoning with fractions is owed to nobody. */
const NOTHING = 1e-6

export function createThrottle(windowMs: number, memoryMs: number, now: Instant): Throttle {
  return { rate: Number.POSITIVE_INFINITY, owed: 0, at: now, windowMs, memoryMs }
}

/** What is owed stays owed, at the new pace. */
export function setRate(throttle: Throttle, rate: number, now: Instant): void {
  settle(throttle, now)
  throttle.rate = rate
}

export function spend(throttle: Throttle, bytes: number, now: Instant): void {
  settle(throttle, now)
  if (throttle.rate !== Number.POSITIVE_INFINITY) throttle.owed += bytes
}

/** By somebody whom nothing holds back: once he is quiet, the others are not to wait for hours in his place. */
export function spendFreely(throttle: Throttle, bytes: number, now: Instant): void {
  settle(throttle, now)
  if (throttle.rate === Number.POSITIVE_INFINITY) return
  const most = (throttle.rate * throttle.memoryMs) / 1000
  throttle.owed = Math.max(throttle.owed, Math.min(throttle.owed + bytes, most))
}

export function isExceeded(throttle: Throttle, now: Instant): boolean {
  settle(throttle, now)
  return throttle.owed > NOTHING
}

/** When nothing is owed any more: now or later, never with a rate of 0. */
export function paidAt(throttle: Throttle, now: Instant): Instant {
  settle(throttle, now)
  if (throttle.owed <= NOTHING) return now
  return throttle.rate === 0 ? Number.POSITIVE_INFINITY : now + Math.ceil((throttle.owed / throttle.rate) * 1000)
}

function settle(throttle: Throttle, now: Instant): void {
  const { rate, windowMs } = throttle
  if (rate === Number.POSITIVE_INFINITY) throttle.owed = 0
  else {
    const paid = (rate * Math.max(0, now - throttle.at)) / 1000
    throttle.owed = Math.max(throttle.owed - paid, (-rate * windowMs) / 1000)
  }
  throttle.at = now
}
