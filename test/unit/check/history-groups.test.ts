// What groups read and commit: correct histories of members that come and go have no anomaly; a committed offset that goes
// back, one that nobody committed, a record that is skipped after a rebalance, a partition with two owners are named.

import { describe, expect, it } from 'vitest'
import { checkHistory, decodeHistoryLine, encodeHistoryLine, type HistoryReport } from '../../../src/check/index.ts'
import { History, Member, type Records } from './history-fixtures.ts'

const VALUES = ['a', 'b', 'c', 'd', 'e', 'f']

/** Six records in x, acknowledged, and read by a reader of its own. */
function written(): { history: History; a: Member; b: Member } {
  const history = new History()
  for (const [offset, value] of VALUES.entries()) history.send('p', 'x', value, offset)
  history.poll('reader', from(0, 6))
  return { history, a: new Member(history, 'a'), b: new Member(history, 'b') }
}

function from(first: number, end: number): Records {
  return { x: VALUES.slice(first, end).map((value, i) => [first + i, value]) }
}

function counts(history: History): HistoryReport['counts'] {
  return history.report().counts
}

function text(history: History): string {
  return history.report().anomalies[0]!.text
}

describe('a group that keeps its promises', () => {
  it('reads again after a rebalance what was not committed', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 2)
    b.join(2, { x: 2 })
    history.poll('b', from(2, 6))
    b.commit(2, 6)
    a.join(3, { x: 6 })
    expect(history.report()).toMatchObject({ counts: {}, allowed: {}, valid: true })
  })

  it('goes on where any attempt of which nobody knows may have left it', () => {
    for (const told of [2, 4]) {
      const { history, a, b } = written()
      a.join(1, {})
      history.poll('a', from(0, 2))
      a.commit(1, 2)
      history.poll('a', from(2, 4))
      a.commit(1, 4, 'info')
      b.join(2, { x: told })
      history.poll('b', from(told, 6))
      expect(counts(history)).toEqual({})
    }
  })

  it('is told the same again while nobody commits more, and what an unknown attempt left stands', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 2)
    a.commit(1, 4, 'info')
    b.join(2, { x: 4 })
    a.join(3, { x: 4 })
    b.join(4, { x: 4 })
    expect(counts(history)).toEqual({})
    history.poll('b', from(4, 6))
    b.commit(4, 6)
    a.join(5, { x: 4 })
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
  })

  it('may be left by a late attempt at an earlier commit of the same generation', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 2, 'info')
    a.commit(1, 4)
    b.join(2, { x: 2 })
    expect(counts(history)).toEqual({})
  })

  it('may be told either of what is committed while it asks', () => {
    for (const told of [2, 4]) {
      const { history, a, b } = written()
      a.join(1, {})
      history.poll('a', from(0, 4))
      a.commit(1, 2)
      const joined = b.joins()
      a.commit(1, 4)
      joined(null, { x: told })
      expect(counts(history)).toEqual({})
    }
  })

  it('is moved by a tool, which is no member', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 1))
    a.commit(1, 1)
    new Member(history, 'tool').commit(null, 4)
    b.join(2, { x: 4 })
    history.poll('b', from(4, 6))
    b.commit(2, 6)
    expect(counts(history)).toEqual({})
  })

  it('has read what it had read before a tool set it back, or may have', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 4)
    new Member(history, 'tool').commit(null, 0, 'info')
    b.join(2, { x: 4 })
    history.poll('b', from(4, 6))
    b.commit(2, 6)
    expect(counts(history)).toEqual({})
  })

  it('begins where the log ends as long as nothing is committed, if it is told to', () => {
    const latest = { keys: ['x'], committed: {}, reset: 'latest' } as const
    for (const told of [latest, { keys: ['x'], reset: 'latest' } as const]) {
      const { history, a, b } = written()
      a.begins()({ generation: 1, ...told })
      history.poll('a', from(0, 1))
      b.begins()({ generation: 2, ...told })
      history.poll('b', from(4, 6))
      b.commit(2, 6)
      expect(counts(history)).toEqual({})
    }
  })

  it('and jumps over nothing any more when something is', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2)
    b.begins()({ generation: 2, keys: ['x'], reset: 'latest' })
    history.poll('b', from(4, 6))
    b.commit(2, 6)
    expect(counts(history)).toEqual({ 'group-skip': 1 })
  })

  it('forgets what is deleted, and only that', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 4)
    new Member(history, 'tool').commit(null, null)
    b.join(2, {})
    history.poll('b', from(0, 6))
    b.commit(2, 6)
    expect(counts(history)).toEqual({})
    new Member(history, 'tool').commit(null, null, 'fail')
    a.join(3, {})
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
  })

  it('knows nothing any more of what was deleted', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 4)
    new Member(history, 'tool').commit(null, null)
    b.join(2, { x: 4 })
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
    expect(text(history)).toBe(
      'group g was told that offset 4 is committed of x, and its deletion was acknowledged after that',
    )
  })

  it('reads on where it stood in what a cooperative assignor leaves it', () => {
    for (const [next, found] of [
      [2, {}],
      [3, { 'poll-skip': 1 }],
    ] as const) {
      const { history, a } = written()
      a.join(1, {})
      history.poll('a', from(0, 2))
      a.begins()({ generation: 2, keys: ['x'], kept: ['x'], committed: {}, reset: 'earliest' })
      history.poll('a', from(next, 6))
      expect(counts(history)).toEqual(found)
    }
    const { history, a } = written()
    a.join(1, { x: 0 })
    a.begins()({ generation: 2, keys: ['x'], kept: ['x'], committed: {}, reset: 'earliest' })
    history.poll('a', from(1, 6))
    expect(counts(history)).toMatchObject({ 'poll-skip': 1 })
  })

  it('may jump over what was deleted', () => {
    const { history, a } = written()
    a.join(1, {})
    history.poll('a', from(3, 6))
    a.commit(1, 6)
    expect(history.report({ deletedBelow: { x: 3 } }).counts).toEqual({})
    expect(counts(history)).toEqual({ 'poll-skip': 1, 'group-skip': 1 })
  })
})

describe('lost-commit', () => {
  it('a committed offset goes back', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 2)
    a.commit(1, 4)
    b.join(2, { x: 2 })
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
    expect(text(history)).toBe(
      'group g was told that offset 2 is committed of x, and offset 4 was acknowledged after that',
    )
    expect(history.report().anomalies[0]!.evidence.map((part) => `${part.process} ${part.text}`)).toEqual([
      'a committed offset 2 of x in generation 1',
      'a committed offset 4 of x in generation 1',
      'b was told offset 2 of x',
    ])
  })

  it('all that was committed is forgotten', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 4)
    b.join(2, {})
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
    expect(text(history)).toContain('was told that nothing is committed of x, and offset 4')
  })

  it('what one member was told is forgotten when the next one asks', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 2)
    a.commit(1, 4, 'info')
    b.join(2, { x: 4 })
    a.join(3, { x: 2 })
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
    expect(text(history)).toContain('offset 4 had been told before')
  })

  it('an attempt takes effect when its generation is over', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2, 'info')
    b.join(2, {})
    history.poll('b', from(0, 4))
    b.commit(2, 4)
    a.join(3, { x: 2 })
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
  })

  it('what the generation before had committed is not known when the next one begins', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    const committed = a.commits(1, 2)
    const joined = b.joins()
    committed('ok')
    joined(2, {})
    expect(counts(history)).toEqual({ 'lost-commit': 1 })
  })
})

describe('phantom-commit', () => {
  it('an offset that nobody committed', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2)
    b.join(2, { x: 5 })
    expect(counts(history)).toEqual({ 'phantom-commit': 1 })
    expect(text(history)).toBe('group g was told that offset 5 is committed of x, and nobody had committed that')
  })

  it('an offset whose commit was refused', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2, 'fail')
    b.join(2, { x: 2 })
    expect(counts(history)).toEqual({ 'phantom-commit': 1 })
    expect(text(history)).toContain('that commit failed')
  })
})

describe('a record is skipped after a rebalance', () => {
  it('poll-skip: the member does not begin where the group stands', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2)
    b.join(2, { x: 2 })
    history.poll('b', from(4, 6))
    expect(counts(history)).toEqual({ 'poll-skip': 1 })
    expect(text(history)).toBe(
      'process b joined at offset 2 of x and then polled offset 4: it skipped "c" at offset 2 and 1 more',
    )
  })

  it('group-skip: the group commits beyond it', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 2))
    a.commit(1, 2)
    // As one records who does not know where its member begins.
    b.history.recorder.ok(history.recorder.invoke('b', { f: 'join', group: 'g' }), { generation: 2, keys: ['x'] })
    history.poll('b', from(3, 6))
    b.commit(2, 6)
    expect(counts(history)).toEqual({ 'group-skip': 1 })
    expect(text(history)).toBe('group g committed offset 6 of x, and none of its members had polled "c" at offset 2')
  })

  it('nonmonotonic-poll: the member begins below', () => {
    const { history, a, b } = written()
    a.join(1, {})
    history.poll('a', from(0, 4))
    a.commit(1, 4)
    b.join(2, { x: 4 })
    history.poll('b', from(3, 6))
    expect(counts(history)).toEqual({ 'nonmonotonic-poll': 1 })
  })

  it('and later polls of the member are judged as ever', () => {
    const { history, a } = written()
    a.join(1, {})
    history.poll('a', from(0, 1))
    history.poll('a', from(2, 3))
    expect(counts(history)).toEqual({ 'poll-skip': 1 })
  })
})

it('shared-partition: two members of a generation are given the same', () => {
  const { history, a, b } = written()
  a.join(1, {})
  b.join(1, {})
  a.join(2, {})
  new Member(history, 'c', 'other').join(1, {})
  expect(counts(history)).toEqual({ 'shared-partition': 1 })
  expect(text(history)).toBe('a and b were both given x in generation 1 of group g')
})

it('shared-partition: not a static member that has come back under its name', () => {
  const { history, a, b } = written()
  const told = { generation: 1, keys: ['x'], committed: {}, reset: 'earliest' } as const
  a.begins()({ ...told, instance: 'one' })
  b.begins()({ ...told, instance: 'one' })
  expect(counts(history)).toEqual({})
  new Member(history, 'c').begins()({ ...told, instance: 'two' })
  expect(counts(history)).toEqual({ 'shared-partition': 1 })
})

it('lines of groups come back as they were, and are refused with a remedy', () => {
  const { history, a } = written()
  a.join(1, { x: 2 })
  a.commit(1, 4)
  a.commit(null, null)
  a.begins()({ generation: 2, keys: ['x'], kept: ['x'], committed: {}, instance: 'one' })
  const lines = history.lines.map((line, at) => decodeHistoryLine(encodeHistoryLine(line), at))
  expect(lines).toEqual(history.lines)
  expect(checkHistory(lines).counts).toEqual(history.report().counts)
  const base = '"process":"a","op":0,"time":0,"type":"invoke"'
  const refused =
    (fields: string): (() => unknown) =>
    () =>
      decodeHistoryLine(`{${base},${fields}}`, 0)
  expect(refused('"f":"join"')).toThrow('has no "group"; it must be a name in quotes')
  expect(refused('"f":"commit","group":"g"')).toThrow('has no "offsets"; it must be the next offset to read by key')
  expect(refused('"f":"commit","group":"g","offsets":{"x":-1}')).toThrow('has "offsets" {"x":-1}')
  expect(refused('"f":"commit","group":"g","offsets":{"x":"a"}')).toThrow('or null where it deletes what is committed')
  expect(refused('"f":"join","group":"g","kept":"x"')).toThrow('has "kept" "x"; it must be a list of names')
  expect(refused('"f":"join","group":"g","instance":1')).toThrow('has "instance" 1; it must be a name in quotes')
  expect(refused('"f":"join","group":"g","generation":-1')).toThrow('is left out where there is none')
  expect(refused('"f":"join","group":"g","committed":{"x":"2"}')).toThrow('nothing is committed are left out')
  expect(refused('"f":"join","group":"g","reset":"none"')).toThrow('has "reset" "none"; it must be "earliest"')
})
