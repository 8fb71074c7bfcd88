// What is worth cleaning and how segments are gathered: the rules of KIP-58 and KIP-354 over bare facts.

import { expect, test } from 'vitest'
import type { LogFacts, SegmentFacts } from '../../../../src/log/cleaner/plan.ts'
import { cleanableOf, groupSegments, isWorthCleaning } from '../../../../src/log/cleaner/plan.ts'

const CONFIG = {
  minCompactionLagMs: 0,
  maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
  minCleanableDirtyRatio: 0.5,
  segmentBytes: 1000,
  segmentIndexBytes: 10_000,
  indexIntervalBytes: 100,
}

function segment(baseOffset: number, size: number, changes: Partial<SegmentFacts> = {}): SegmentFacts {
  return { baseOffset, size, largestTimestamp: 0, firstTimestamp: 0, sealed: true, ...changes }
}

/** Three segments of ten offsets and the active one. */
function facts(changes: Partial<LogFacts> = {}): LogFacts {
  return {
    segments: [segment(0, 100), segment(10, 200), segment(20, 300), segment(30, 400)],
    logStartOffset: 0,
    endOffset: 35,
    highWatermark: 35,
    firstUnstableOffset: null,
    cleanedTo: null,
    config: CONFIG,
    ...changes,
  }
}

// S77: also where a checkpoint lies within a segment (KAFKA-9826).
test.each([
  ['all but the active segment', {}, { firstDirtyOffset: 0, upTo: 30, cleanBytes: 0, dirtyBytes: 600 }],
  [
    'what was cleaned is clean',
    { cleanedTo: 20 },
    { firstDirtyOffset: 20, upTo: 30, cleanBytes: 300, dirtyBytes: 300 },
  ],
  [
    'a segment cleaned in part is dirty (KAFKA-9826)',
    { cleanedTo: 25 },
    { upTo: 30, cleanBytes: 300, dirtyBytes: 300 },
  ],
  ['the high watermark bounds it', { highWatermark: 29 }, { upTo: 20, dirtyBytes: 300 }],
  ['an open transaction bounds it', { firstUnstableOffset: 12 }, { upTo: 10, dirtyBytes: 100 }],
  ['a checkpoint below the log start', { cleanedTo: 5, logStartOffset: 10 }, { firstDirtyOffset: 10, cleanBytes: 100 }],
  ['a checkpoint beyond the log end', { cleanedTo: 40 }, { firstDirtyOffset: 0, dirtyBytes: 600 }],
  ['a checkpoint in the active segment', { cleanedTo: 33 }, { upTo: 30, cleanBytes: 600, dirtyBytes: 0, ratio: 0 }],
] as const)('%s', (_, changes, wanted) => {
  expect(cleanableOf(facts(changes), 1000)).toMatchObject(wanted)
})

test('a segment that is not sealed yet ends it', () => {
  const segments = [segment(0, 100), segment(10, 200, { sealed: false }), segment(20, 300), segment(30, 400)]
  expect(cleanableOf(facts({ segments }), 1000)).toMatchObject({ upTo: 10, dirtyBytes: 100 })
})

test('min.cleanable.dirty.ratio decides, unless max.compaction.lag.ms has passed', () => {
  const worth = (changes: Partial<LogFacts>, now: number): boolean => {
    const log = facts(changes)
    return isWorthCleaning(cleanableOf(log, now), log.config)
  }
  expect(worth({}, 1000)).toBe(true)
  expect(worth({ cleanedTo: 20 }, 1000)).toBe(false)
  expect(worth({ cleanedTo: 20, config: { ...CONFIG, minCleanableDirtyRatio: 0.49 } }, 1000)).toBe(true)
  const segments = [segment(0, 100), segment(10, 200), segment(20, 10, { firstTimestamp: 500 }), segment(30, 400)]
  const overdue = { cleanedTo: 20, segments, config: { ...CONFIG, maxCompactionLagMs: 500 } }
  expect(worth(overdue, 1000)).toBe(false)
  expect(worth(overdue, 1001)).toBe(true)
  expect(worth({ ...overdue, highWatermark: 20 }, 1001)).toBe(false)
})

test('groups hold to segment.bytes, segment.index.bytes and the reach of an index', () => {
  const bases = (sizes: readonly [number, number][], end: number, changes: Partial<typeof CONFIG> = {}): number[][] =>
    groupSegments(
      sizes.map(([baseOffset, size]) => ({ baseOffset, size })),
      end,
      { ...CONFIG, ...changes },
    ).map((group) => group.map(({ baseOffset }) => baseOffset))
  expect(
    bases(
      [
        [0, 400],
        [10, 600],
        [20, 1],
        [30, 999],
        [40, 5000],
      ],
      50,
    ),
  ).toEqual([[0, 10], [20, 30], [40]])
  expect(
    bases(
      [
        [0, 100],
        [10, 100],
        [20, 100],
      ],
      30,
      { segmentIndexBytes: 24 },
    ),
  ).toEqual([[0, 10], [20]])
  const far = 2 ** 31
  expect(
    bases(
      [
        [0, 100],
        [10, 100],
        [far - 1, 100],
      ],
      far,
    ),
  ).toEqual([[0, 10, far - 1]])
  expect(
    bases(
      [
        [0, 100],
        [10, 100],
        [far - 1, 100],
      ],
      far + 1,
    ),
  ).toEqual([[0, 10], [far - 1]])
})
