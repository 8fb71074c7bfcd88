// What a follower takes for a continuation of its log, above all where offsets are left out.

import { expect, test } from 'vitest'
import { judgeFollowed } from '../../../src/log/following.ts'
import { buildBatch } from '../../../src/wire/index.ts'
import { record } from '../../support/compaction.ts'

function batches(...bases: readonly number[]): Uint8Array {
  return Buffer.concat(
    bases.map((baseOffset) => buildBatch({ baseOffset, leaderEpoch: 1, records: [record('a', '1')] })),
  )
}

function taken(bytes: Uint8Array, gapsAllowed: boolean): readonly number[] | string {
  const judged = judgeFollowed(bytes, { endOffset: 5, lastEpoch: 1, gapsAllowed })
  return judged.kind === 'good' ? judged.headers.map(({ baseOffset }) => baseOffset) : judged.message
}

test('offsets go on where the log ends, and never back', () => {
  expect(taken(batches(5, 6, 7), false)).toEqual([5, 6, 7])
  expect(taken(batches(4, 5), true)).toBe('offsets 4..4 do not continue a log that ends at 5')
  expect(taken(batches(5, 7, 6), true)).toBe('offsets 6..6 do not continue a log that ends at 8')
})

test('a compacted topic may leave offsets out anywhere', () => {
  expect(taken(batches(9), true)).toEqual([9])
  expect(taken(batches(5, 9, 12), true)).toEqual([5, 9, 12])
})

test('one that is not compacted (any more) may where the next batch agrees; a leap at the end waits for it', () => {
  expect(taken(batches(9, 10), false)).toEqual([9, 10])
  expect(taken(batches(5, 9, 10), false)).toEqual([5, 9, 10])
  expect(taken(batches(5, 9), false)).toEqual([5])
  expect(taken(batches(9), false)).toBe('offsets 9..9 do not continue a log that ends at 5')
  // One flipped bit in the offset of 6.
  expect(taken(batches(5, 70, 7), false)).toEqual([5])
})
