import { expect, test } from 'vitest'
import { CheckQuorum } from '../../../src/check/index.ts'
import { Collected } from './findings.ts'

/** A leader of epoch 1 is looked at every 500 ms for so long after another has won epoch 2. */
function staleFor(ms: number, stepMs = 500): Collected {
  const found = new Collected()
  const check = new CheckQuorum(2_000, found)
  check.observed(1, { state: 'leader', epoch: 1 }, 0)
  check.observed(2, { state: 'leader', epoch: 2 }, 100)
  for (let now = 200; now <= 200 + ms; now += stepMs) check.observed(1, { state: 'leader', epoch: 1 }, now)
  return found
}

test('R13: a leader whose epoch is over must give up within a bound, once', () => {
  expect(staleFor(6_500).names).toEqual([])
  expect(staleFor(20_000).names).toEqual(['R13'])
})

test('R13: a process that was paused is no stale leader', () => {
  expect(staleFor(60_000, 15_000).names).toEqual([])
})

test('R13: who has resigned, died or leads on is silent', () => {
  const found = new Collected()
  const check = new CheckQuorum(2_000, found)
  check.observed(1, { state: 'leader', epoch: 1 }, 0)
  check.observed(2, { state: 'leader', epoch: 2 }, 100)
  check.observed(1, { state: 'leader', epoch: 1 }, 200)
  check.ended(1)
  for (let now = 300; now < 30_000; now += 100) check.observed(2, { state: 'leader', epoch: 2 }, now)
  check.observed(1, { state: 'resigned', epoch: 1 }, 30_000)
  expect(found.names).toEqual([])
})
