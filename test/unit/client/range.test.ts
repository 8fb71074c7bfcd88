// The range assignor, by the examples in the documentation of Kafka's RangeAssignor.

import { describe, expect, test } from 'vitest'
import { assignRanges, type Subscriber } from '../../../src/client/range.ts'

function member(memberId: string, topics: readonly string[], instanceId: string | null = null): Subscriber {
  return { memberId, instanceId, topics }
}

function told(assigned: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>): Record<string, string> {
  return Object.fromEntries(
    [...assigned].map(([id, topics]) => [id, [...topics].map(([topic, own]) => `${topic}:${own}`).join(' ')]),
  )
}

describe('assignRanges', () => {
  test('each topic in rows, the first members with one more', () => {
    const members = [member('C1', ['t0', 't1']), member('C0', ['t0', 't1'])]
    const counts = new Map([
      ['t0', 3],
      ['t1', 3],
    ])
    expect(told(assignRanges(members, counts))).toEqual({ C0: 't0:0,1 t1:0,1', C1: 't0:2 t1:2' })
  })

  test('static members come first, in the order of their instances, whatever their ids are', () => {
    const members = [member('a', ['t']), member('z', ['t'], 'i1'), member('b', ['t'], 'i2')]
    expect(told(assignRanges(members, new Map([['t', 4]])))).toEqual({ z: 't:0,1', b: 't:2', a: 't:3' })
  })

  test('more members than partitions, topics that few read, topics that are not there', () => {
    const members = [member('a', ['t', 'u']), member('b', ['t']), member('c', ['t', 'gone'])]
    const counts = new Map([
      ['t', 2],
      ['u', 2],
      ['gone', 0],
    ])
    expect(told(assignRanges(members, counts))).toEqual({ a: 't:0 u:0,1', b: 't:1', c: '' })
  })
})
