// Every check of what a log keeps on its own disk.

import { describe, expect, test } from 'vitest'
import { LogModel, MARKERS, StorageInvariants } from '../../../src/check/index.ts'
import { batch, Collected, fill } from './findings.ts'

const TWO = [batch(0, 4, 0), batch(5, 9, 1)]

function storage(): { storage: StorageInvariants; model: LogModel; found: Collected } {
  const found = new Collected()
  const model = new LogModel('t-0', 'partition', found)
  fill(model, [1], TWO)
  return { storage: new StorageInvariants(found), model, found }
}

describe('D1', () => {
  test('what was said to be durable is gone after a power failure', () => {
    const { storage: s, model, found } = storage()
    model.rescanned(1, [{ base: 0, facts: TWO.slice(0, 1), durable: 100 }], 'lost')
    s.survived(1, model, 5, 10)
    expect(found.names).toEqual([])
    s.survived(1, model, 10, 10)
    expect(found.names).toEqual(['D1'])
  })

  test('what had been cut before is owed no more', () => {
    const { storage: s, model, found } = storage()
    model.rescanned(1, [{ base: 0, facts: TWO.slice(0, 1), durable: 100 }], 'lost')
    s.survived(1, model, 10, 5)
    expect(found.names).toEqual([])
  })

  test('recovery cuts what is whole and durable', () => {
    const { storage: s, model, found } = storage()
    model.written(1, 0, batch(10, 10, 1))
    s.recoveryCuts(1, model, 0, 200)
    expect(found.names).toEqual([])
    s.recoveryCuts(1, model, 0, 100)
    expect(found.names).toEqual(['D1'])
  })

  test('recovery may cut what follows a gap', () => {
    const { storage: s, model, found } = storage()
    model.written(1, 0, batch(10, 10, 1))
    model.written(1, 11, batch(11, 11, 1))
    model.log(1).segment(11)!.synced(100)
    s.recoveryCuts(1, model, 11, 0)
    expect(found.names).toEqual([])
  })
})

test('D1: written over a cut that is not durable', () => {
  const { storage: s, model, found } = storage()
  s.writtenOverCut(1, model)
  expect(found.names).toEqual(['D1'])
})

describe('D3: the word of a clean stop', () => {
  test('over what is not durable', () => {
    const { storage: s, model, found } = storage()
    s.stoppedCleanly(1, model)
    s.stoppedCleanly(2, model)
    expect(found.names).toEqual([])
    model.written(1, 0, batch(10, 10, 1))
    s.stoppedCleanly(1, model)
    expect(found.names).toEqual(['D3'])
  })

  test('still there while something is written', () => {
    const { storage: s, model, found } = storage()
    s.writtenUnderMarker(1, model)
    expect(found.names).toEqual(['D3'])
  })
})

describe('P6: leader-epoch checkpoints', () => {
  test.each([
    [
      'an epoch twice',
      [
        { epoch: 0, startOffset: 0 },
        { epoch: 0, startOffset: 5 },
      ],
    ],
    [
      'an offset that goes back',
      [
        { epoch: 0, startOffset: 6 },
        { epoch: 1, startOffset: 5 },
      ],
    ],
    [
      'a start in the midst of an older epoch',
      [
        { epoch: 0, startOffset: 0 },
        { epoch: 1, startOffset: 3 },
      ],
    ],
  ])('%s', (_, entries) => {
    const { storage: s, model, found } = storage()
    s.epochs(1, model, entries)
    expect(new Set(found.names)).toEqual(new Set(['P6']))
  })

  test('two starts of one epoch, on two disks', () => {
    const { storage: s, model, found } = storage()
    s.epochs(1, model, [
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: 5 },
    ])
    // A log that begins later knows its first epoch from there on only.
    s.epochs(3, model, [{ epoch: 1, startOffset: 7 }])
    expect(found.names).toEqual([])
    s.epochs(2, model, [
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: 6 },
    ])
    expect(found.names).toEqual(['P6'])
  })

  test('where a leader’s log begins, a follower that keeps older records of its own may note it', () => {
    const { storage: s, model, found } = storage()
    const starts = (at: number) => [
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: at },
    ]
    s.epochs(1, model, starts(5))
    model.release(1, 7)
    s.epochs(2, model, starts(7))
    expect(found.names).toEqual([])
    s.epochs(3, model, starts(8))
    expect(found.names).toEqual(['P6'])
  })
})

test('markers have different names and a sentence each', () => {
  expect(new Set(MARKERS.map(({ name }) => name)).size).toBe(MARKERS.length)
  for (const { text } of MARKERS) expect(text).toMatch(/^[A-Z].*\.$/)
})
