// Thinned batches: whatever records stay, they are what they were, at their offsets and times, in a batch that stands for the
// same offsets, producer and sequence under a good checksum; with all of them and no horizon, the very same bytes.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  buildBatch,
  emptiedBatch,
  isExactTime,
  keepRecords,
  readBatchHeader,
  recordsOf,
  validCrc,
  visitRecords,
} from '../../../src/wire/index.ts'

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }))
const records = fc.array(
  fc.record({
    timestamp: fc.oneof(fc.integer({ min: -1, max: 2 ** 31 - 1 }), fc.constantFrom(0, 1_700_000_000_000, 2 ** 49)),
    key: bytes,
    value: bytes,
    headers: fc.array(fc.record({ key: fc.string({ maxLength: 5 }), value: bytes }), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 20 },
)
const batch = fc.record({
  baseOffset: fc.nat(2 ** 31 - 1),
  leaderEpoch: fc.nat(100),
  producerId: fc.nat(),
  producerEpoch: fc.nat(32_767),
  baseSequence: fc.nat(2 ** 31 - 1),
  transactional: fc.boolean(),
  timestampType: fc.constantFrom('CreateTime' as const, 'LogAppendTime' as const),
  records,
})

test('what stays is what it was', () => {
  const horizon = fc.option(fc.constantFrom(0, 1_700_000_000_001, 2 ** 50), { nil: -1 })
  fc.assert(
    fc.property(
      batch,
      fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
      horizon,
      fc.nat(9),
      (input, mask, at, pad) => {
        const built = buildBatch(input)
        // Somewhere among other bytes.
        const around = new Uint8Array(built.length + pad + 3)
        around.set(built, pad)
        const header = readBatchHeader(around, pad)!
        const all = recordsOf(around, header)
        const kept = Uint8Array.from(all, (_, i) => (mask[i] || i === 0 ? 1 : 0))
        const out = keepRecords(around, header, kept, at)
        const thin = readBatchHeader(out, 0)!
        expect([thin.size, validCrc(out, thin)]).toEqual([out.length, true])
        const stayed = all.filter((_, i) => kept[i] === 1)
        expect(recordsOf(out, thin)).toEqual(stayed)
        expect([thin.count, thin.hasDeleteHorizon]).toEqual([stayed.length, at >= 0])
        const create = input.timestampType === 'CreateTime'
        expect(thin.maxTimestamp).toBe(
          create ? Math.max(...stayed.map(({ timestamp }) => timestamp)) : header.maxTimestamp,
        )
        expect(thin.baseTimestamp).toBe(at >= 0 ? at : header.baseTimestamp)
        for (const field of [
          'baseOffset',
          'lastOffset',
          'partitionLeaderEpoch',
          'producerId',
          'producerEpoch',
        ] as const) {
          expect(thin[field]).toBe(header[field])
        }
        for (const field of ['baseSequence', 'lastSequence', 'transactional', 'timestampType', 'codec'] as const) {
          expect(thin[field]).toBe(header[field])
        }
        if (at < 0 && stayed.length === all.length) expect(out).toEqual(built)
        const empty = emptiedBatch(around, header, -1)
        const left = readBatchHeader(empty, 0)!
        expect([empty.length, validCrc(empty, left), recordsOf(empty, left)]).toEqual([61, true, []])
        expect([left.lastOffset, left.lastSequence, left.maxTimestamp]).toEqual([
          header.lastOffset,
          header.lastSequence,
          -1,
        ])
      },
    ),
  )
})

test('a walk shows keys, values and their absence, and stops when told', () => {
  fc.assert(
    fc.property(batch, (input) => {
      const built = buildBatch(input)
      const header = readBatchHeader(built, 0)!
      const seen: unknown[] = []
      visitRecords(built, header, ({ index, offsetDelta, keyFrom, keyEnd, hasValue }) => {
        seen.push([index, offsetDelta, keyFrom < 0 ? null : built.slice(keyFrom, keyEnd), hasValue])
        return seen.length < 5
      })
      expect(seen).toEqual(input.records.slice(0, 5).map(({ key, value }, i) => [i, i, key, value !== null]))
    }),
  )
})

test('times that numbers cannot tell apart are named', () => {
  expect([0, -1, 2 ** 50, -(2 ** 50)].every(isExactTime)).toBe(true)
  expect([2 ** 50 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].some(isExactTime)).toBe(false)
})
