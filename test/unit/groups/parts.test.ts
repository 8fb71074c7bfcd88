// The small parts of the room: deadlines by name, values with writes on top, the partition of a group, the table of states.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commit, committed, drop, isGone, latest, newCell, write } from '../../../src/groups/cells.ts'
import { Deadlines } from '../../../src/groups/deadlines.ts'
import { partitionFor, transitions } from '../../../src/groups/index.ts'
import { become, type GroupState, mayBecome } from '../../../src/groups/states.ts'
import { withDiagram } from '../../support/group-states.ts'

// Java's own: `Utils.abs(groupId.hashCode()) % 50`.
test.each([
  ['', 0],
  ['g', 3],
  ['test', 48],
  ['my-group', 12],
  ['connect-cluster', 13],
  ['schema-registry', 29],
  ['polygenelubricants', 0],
  ['日本語', 43],
  ['console-consumer-12345', 6],
])('group "%s" lives in partition %i of 50', (groupId, partition) => {
  expect(partitionFor(groupId, 50)).toBe(partition)
})

describe('deadlines', () => {
  test('ring in the order of their times, the earlier set first', () => {
    const deadlines = new Deadlines<string>()
    deadlines.set('a', 30, 'a')
    deadlines.set('b', 10, 'b')
    deadlines.set('c', 30, 'c')
    deadlines.set('d', 20, 'd')
    deadlines.clear('d')
    deadlines.set('b', 40, 'later')
    expect(deadlines.next()).toBe(30)
    expect([deadlines.due(29), deadlines.due(50), deadlines.due(50), deadlines.due(50), deadlines.due(50)]).toEqual([
      null,
      'a',
      'c',
      'later',
      null,
    ])
    expect(deadlines.next()).toBe(null)
  })

  test('are those of a map that is searched through', () => {
    const set = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 0, max: 50 }))
    const act = fc.oneof(
      set.map(([name, at]) => ({ kind: 'set' as const, name, at })),
      fc.constantFrom('a', 'b', 'c', 'd').map((name) => ({ kind: 'clear' as const, name })),
      fc.integer({ min: 0, max: 50 }).map((at) => ({ kind: 'due' as const, at })),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const deadlines = new Deadlines<string>()
        const model = new Map<string, number>()
        for (const one of acts) {
          if (one.kind === 'set') {
            deadlines.set(one.name, one.at, one.name)
            model.set(one.name, one.at)
          } else if (one.kind === 'clear') {
            deadlines.clear(one.name)
            model.delete(one.name)
          } else {
            const rung = deadlines.due(one.at)
            const earliest = Math.min(...model.values())
            if (rung === null) expect(earliest).toBeGreaterThan(one.at)
            else {
              expect(model.get(rung)).toBe(earliest)
              model.delete(rung)
            }
          }
          expect(deadlines.next()).toBe(model.size === 0 ? null : Math.min(...model.values()))
        }
      }),
      { seed: 20261121 },
    )
  })
})

describe('a cell', () => {
  test('shows the latest to who decides and the committed to who reads', () => {
    const cell = newCell<string>('old')
    write(cell, 1, 'new')
    write(cell, 2, null)
    expect([latest(cell), committed(cell)]).toEqual([null, 'old'])
    expect(commit(cell, 1)).toEqual(['old'])
    expect([latest(cell), committed(cell), isGone(cell)]).toEqual([null, 'new', false])
    expect(commit(cell, 2)).toEqual(['new'])
    expect([latest(cell), isGone(cell)]).toEqual([null, true])
  })

  test('lets go of a write wherever it stands, and of nothing else', () => {
    const cell = newCell<string>('old')
    write(cell, 1, 'a')
    write(cell, 2, 'b')
    write(cell, 3, 'c')
    expect(drop(cell, 2)).toEqual(['b'])
    expect(drop(cell, 9)).toEqual([])
    expect(latest(cell)).toBe('c')
    expect(drop(cell, 3)).toEqual(['c'])
    expect([latest(cell), committed(cell)]).toEqual(['a', 'old'])
    expect(commit(cell, 5)).toEqual(['old'])
    expect(committed(cell)).toBe('a')
  })
})

describe('the states of a group', () => {
  const states: readonly GroupState[] = ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead']

  test('change as the table says, and in no other way', () => {
    for (const from of states) {
      for (const to of states) {
        const listed = transitions.some((row) => row.from === from && row.to === to)
        expect([from, to, mayBecome(from, to)]).toEqual([from, to, listed])
        const group = { groupId: 'g', state: from, stateTimestamp: 0 }
        if (listed) become(group, to, 7)
        else expect(() => become(group, to, 7)).toThrow(`group g is ${from} and became ${to}`)
        expect(group).toEqual({ groupId: 'g', state: listed ? to : from, stateTimestamp: listed ? 7 : 0 })
      }
    }
  })

  test('are those of Kafka: what may come before each', () => {
    const before = Object.fromEntries(
      states.map((to) => [to, transitions.filter((row) => row.to === to).map(({ from }) => from)]),
    )
    expect(before).toEqual({
      Empty: ['PreparingRebalance'],
      PreparingRebalance: ['Empty', 'CompletingRebalance', 'Stable'],
      CompletingRebalance: ['PreparingRebalance'],
      Stable: ['CompletingRebalance'],
      Dead: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable'],
    })
  })

  test('are drawn in the docs as the table has them', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/groups.md'), 'utf8')
    expect(page, 'node scripts/diagrams.ts draws it anew').toBe(withDiagram(page))
  })
})
