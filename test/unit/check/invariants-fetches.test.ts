// Every check of answers to fetches, by epochs that a replica was in and by what lies on its disk.

import { describe, expect, test } from 'vitest'
import { type BatchFact, FetchInvariants, LogModel, type SentBatch } from '../../../src/check/index.ts'
import { batch, Collected, fill } from './findings.ts'

const TEN = [batch(0, 4, 0), batch(5, 9, 0)]

function sent(facts: readonly BatchFact[], intact = true): SentBatch[] {
  return facts.map((fact) => ({ fact, intact }))
}

function world(): { readonly found: Collected; readonly model: LogModel; readonly fetches: FetchInvariants } {
  const found = new Collected()
  const model = new LogModel('t-0', 'partition', found)
  fill(model, [1, 2, 3], TEN)
  return { found, model, fetches: new FetchInvariants(found) }
}

describe('P13: fetches in another epoch', () => {
  const names = (asked: number, before: number, after: number, error: string): string[] => {
    const { found, model, fetches } = world()
    fetches.answered(1, model, { asked, before, after }, error)
    return found.names
  }

  test('one that is over is answered', () => expect(names(3, 4, 4, 'NONE')).toEqual(['P13']))
  test('one that is not yet known is answered', () => expect(names(5, 4, 4, 'NONE')).toEqual(['P13']))
  test('the right one is called over', () => expect(names(4, 4, 4, 'FENCED_LEADER_EPOCH')).toEqual(['P13']))
  test('an old one is called unknown', () => expect(names(3, 4, 5, 'UNKNOWN_LEADER_EPOCH')).toEqual(['P13']))

  test('what is right, or may have been while the fetch was under way, is silent', () => {
    expect(names(4, 4, 4, 'NONE')).toEqual([])
    expect(names(4, 4, 5, 'NONE')).toEqual([])
    expect(names(5, 4, 5, 'NONE')).toEqual([])
    expect(names(4, 4, 5, 'FENCED_LEADER_EPOCH')).toEqual([])
    expect(names(5, 4, 5, 'UNKNOWN_LEADER_EPOCH')).toEqual([])
    expect(names(4, 4, 4, 'UNKNOWN_LEADER_EPOCH')).toEqual([])
    expect(names(3, 4, 4, 'NOT_LEADER_OR_FOLLOWER')).toEqual([])
    expect(names(-1, 4, 4, 'NONE')).toEqual([])
    expect(names(3, -1, -1, 'UNKNOWN_TOPIC_ID')).toEqual([])
  })
})

describe('P13: other questions', () => {
  test('are told by what was asked', () => {
    const { found, model, fetches } = world()
    fetches.answered(1, model, { asked: 3, before: 4, after: 4 }, 'NONE', 'a question for an offset')
    expect(found.violations[0]!.text).toContain('answers a question for an offset in epoch 3, and was in 4')
  })

  test('a session’s fetch that does not follow the one before', () => {
    const { found, fetches } = world()
    fetches.outOfTurn(1, 7, 'one from 3 to 4')
    expect(found.names).toEqual(['P13'])
  })
})

describe('P9: where an epoch ends', () => {
  const names = (asked: number, epoch: number, end: number, held = 20): string[] => {
    const { found, model, fetches } = world()
    fill(model, [1], [batch(10, 14, 2), batch(15, 19, 5)])
    fetches.epochEndTold(1, model, asked, { epoch, end }, held)
    return found.names
  }

  test('one that is there, one that is not, the last one', () => {
    expect(names(0, 0, 10)).toEqual([])
    expect(names(2, 2, 15)).toEqual([])
    expect(names(4, 2, 15)).toEqual([])
    expect(names(4, 3, 15)).toEqual([])
    expect(names(5, 5, 20)).toEqual([])
    expect(names(7, -1, -1)).toEqual([])
  })
  test('too early, too late', () => {
    expect(names(2, 2, 10)).toEqual(['P9'])
    expect(names(2, 2, 20)).toEqual(['P9'])
  })
  test('not the largest before', () => expect(names(4, 0, 15)).toEqual(['P9']))
  test('what has been written since', () => expect(names(5, 5, 15, 15)).toEqual([]))
})

describe('D9: what is read is what was there', () => {
  test('a batch that no disk ever had', () => {
    const { found, model, fetches } = world()
    fetches.read(1, model, sent([batch(0, 4, 0), batch(5, 9, 1)]), true)
    expect(found.names).toEqual(['D9'])
  })

  test('bytes of two epochs under one header', () => {
    const { found, model, fetches } = world()
    fetches.read(1, model, sent([batch(0, 4, 0)], false), false)
    expect(found.names).toEqual(['D9'])
  })

  test('what had been cut before the fetch came', () => {
    const { found, model, fetches } = world()
    model.cut(1, 0, 100)
    fetches.read(1, model, sent(TEN), false)
    expect(found.names).toEqual(['D9'])
    expect(found.violations[0]!.text).toContain('sends a batch of epoch 0 at 5; its disk has nothing')
  })

  test('what is cut while it is read, and the very batch with a flipped bit, are silent', () => {
    const { found, model, fetches } = world()
    model.cut(1, 0, 100)
    fetches.read(1, model, sent(TEN), true)
    model.rotted(2, 0, 30, true)
    fetches.read(2, model, sent([batch(0, 4, 0)], false), false)
    model.rotted(2, 0, 30, false)
    fetches.read(2, model, sent([batch(0, 4, 0)], false), false)
    expect(found.violations).toEqual([])
    fetches.read(2, model, sent([batch(0, 4, 7)]), false)
    fetches.read(2, model, sent([batch(5, 9, 0)], false), false)
    expect(found.names).toEqual(['D9', 'D9'])
  })
})

test('P19: records for a topic id without a replica', () => {
  const { found, model, fetches } = world()
  fetches.servedWithoutReplica(1, model)
  expect(found.names).toEqual(['P19'])
})
