// D4: whatever lies beside a log and says what its batches do not say.

import { describe, expect, test } from 'vitest'
import { DerivedInvariants, LogModel, type StoredBatch } from '../../../src/check/index.ts'
import { batch, Collected } from './findings.ts'

const PRODUCED = { producerId: 7, producerEpoch: 0 }
const BATCHES: readonly StoredBatch[] = [
  {
    fact: batch(0, 4, 0, { ...PRODUCED, baseSequence: 0, lastSequence: 4 }),
    position: 0,
    maxTimestamp: 50,
    intact: true,
  },
  {
    fact: batch(5, 9, 0, { ...PRODUCED, baseSequence: 5, lastSequence: 9 }),
    position: 100,
    maxTimestamp: 40,
    intact: true,
  },
  { fact: batch(10, 14, 2), position: 200, maxTimestamp: 60, intact: true },
]

/** What is found when `check` is run. */
function found(check: (derived: DerivedInvariants, model: LogModel) => void): string[] {
  const collected = new Collected()
  check(new DerivedInvariants(collected), new LogModel('t-0', 'partition', collected))
  return collected.names
}

describe('leader epochs', () => {
  const epochs = (...entries: [number, number][]): string[] =>
    found((derived, model) =>
      derived.epochs(
        1,
        model,
        BATCHES,
        entries.map(([epoch, startOffset]) => ({ epoch, startOffset })),
      ),
    )

  test('one that is missing', () => expect(epochs([0, 0])).toEqual(['D4']))
  test('one that begins too late', () => expect(epochs([0, 0], [2, 11])).toEqual(['D4']))
  test('one that no batch has', () => expect(epochs([0, 0], [1, 5], [2, 10])).toEqual(['D4']))
  test('none at all', () => expect(epochs()).toEqual(['D4']))
  test('what is so is silent, an epoch that has no batch yet too', () => {
    expect(epochs([0, 0], [2, 10], [3, 15])).toEqual([])
    expect(epochs([0, 0], [1, 10], [2, 10])).toEqual([])
  })
})

describe('indexes', () => {
  const offsets = (offset: number, position: number): string[] =>
    found((derived, model) => derived.offsets(1, model, BATCHES, [{ offset, position }]))
  const times = (timestamp: number, offset: number): string[] =>
    found((derived, model) => derived.times(1, model, BATCHES, [{ timestamp, offset }]))

  test('an offset at the wrong batch', () => expect(offsets(9, 200)).toEqual(['D4']))
  test('an offset where no batch begins', () => expect(offsets(9, 150)).toEqual(['D4']))
  test('a timestamp that was never reached', () => expect(times(55, 9)).toEqual(['D4']))
  test('an offset at which no batch ends', () => expect(times(50, 3)).toEqual(['D4']))
  test('what is so is silent', () => {
    expect(offsets(9, 100)).toEqual([])
    expect(times(50, 4)).toEqual([])
    expect(times(60, 14)).toEqual([])
  })
})

describe('snapshots of producers', () => {
  const entry = { producerId: 7, epoch: 0, lastSequence: 9, lastOffset: 9 }
  const producers = (...entries: (typeof entry)[]): string[] =>
    found((derived, model) => derived.producers(1, model, 10, BATCHES, entries))

  test('a producer is missing', () => expect(producers()).toEqual(['D4']))
  test('an older state', () => expect(producers({ ...entry, lastSequence: 4, lastOffset: 4 })).toEqual(['D4']))
  test('another epoch', () => expect(producers({ ...entry, epoch: 1 })).toEqual(['D4']))
  test('one that wrote nothing', () =>
    expect(producers(entry, { ...entry, producerId: 8, lastOffset: 3 })).toEqual(['D4']))
  test('what is so is silent', () => expect(producers(entry)).toEqual([]))
})

test('D2: a batch whose bytes went wrong on the way', () => {
  expect(found((derived, model) => derived.whole(1, model, BATCHES[0]!))).toEqual([])
  expect(found((derived, model) => derived.whole(1, model, { ...BATCHES[0]!, intact: false }))).toEqual(['D2'])
})
