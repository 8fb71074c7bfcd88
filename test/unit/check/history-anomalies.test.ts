// One planted history an anomaly: it is named, nothing else is, and the lines that are shown contradict each other.

import { describe, expect, it } from 'vitest'
import { formatHistoryReport, type HistoryReport } from '../../../src/check/index.ts'
import { History } from './history-fixtures.ts'

/** Sends values to x from offset 0 on, acknowledged. */
function written(...values: string[]): History {
  const history = new History()
  for (const [offset, value] of values.entries()) history.send('p', 'x', value, offset)
  return history
}

function counts(history: History): HistoryReport['counts'] {
  return history.report().counts
}

/** What the evidence of the only anomaly says. */
function evidence(history: History): string[] {
  return history.report().anomalies[0]!.evidence.map((part) => `${part.line} ${part.process} ${part.text}`)
}

describe('a history without faults', () => {
  it('has no anomalies', () => {
    const history = written('a', 'b')
    history.send('p', 'x', 'after a gap', 7)
    history.poll('c', { x: [[0, 'a']] })
    history.poll('c', {
      x: [
        [1, 'b'],
        [7, 'after a gap'],
      ],
    })
    const report = history.report()
    expect(report).toMatchObject({ valid: true, anomalies: [], counts: {}, allowed: {}, allowedLosses: {} })
    expect(report.stats).toMatchObject({ operations: 5, ok: 5, sent: 3, acknowledged: 3, polled: 3, keys: 1 })
    expect(formatHistoryReport(report)).toMatch(/No anomaly\.$/)
  })
})

describe('values and offsets', () => {
  it('duplicate: one value at two offsets', () => {
    const history = written('a')
    history.poll('c', {
      x: [
        [0, 'a'],
        [3, 'a'],
      ],
    })
    expect(counts(history)).toEqual({ duplicate: 1 })
    expect(evidence(history)).toEqual(['1 p sent "a" to x, offset 0', '3 c polled "a" from x, offset 3'])
  })

  it('duplicate: an acknowledgement that names another offset than where the record is', () => {
    const history = new History()
    history.send('p', 'x', 'a', 0)
    history.poll('c', { x: [[5, 'a']] })
    expect(counts(history)).toEqual({ duplicate: 1 })
  })

  it('inconsistent-offsets: one offset with two values', () => {
    const history = written('a')
    history.poll('c', { x: [[0, 'a']] })
    history.send('q', 'x', 'b', 0)
    history.poll('d', { x: [[0, 'b']] })
    expect(counts(history)).toEqual({ 'inconsistent-offsets': 1 })
    expect(evidence(history)).toEqual(['1 p sent "a" to x, offset 0', '5 q sent "b" to x, offset 0'])
  })

  it('phantom: a record that nobody sent', () => {
    const history = written('a')
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'whence?'],
      ],
    })
    expect(counts(history)).toEqual({ phantom: 1 })
  })

  it('phantom: says when only the type of the value differs', () => {
    const history = new History()
    history.send('p', 'x', 17, 0, { weak: true })
    history.poll('c', { x: [[0, '17']] })
    expect(history.report().anomalies[0]?.text).toContain('17 was sent: record values in one type')
  })

  it('G1a: a record whose send failed', () => {
    const history = new History()
    history.send('p', 'x', 'a', undefined, { outcome: 'fail' })
    history.poll('c', { x: [[0, 'a']] })
    expect(counts(history)).toEqual({ G1a: 1 })
    expect(evidence(history)).toEqual(['1 p sent "a" to x, offset unknown', '3 c polled "a" from x, offset 0'])
  })

  it('precommitted-read: a transaction polls what it sent', () => {
    const history = new History()
    history.txn('p', [['x', 'a', 0], { x: [[0, 'a']] }])
    expect(counts(history)).toEqual({ 'precommitted-read': 1 })
  })
})

describe('losses', () => {
  it('lost-write: somebody read further, nobody read this', () => {
    const history = written('a', 'b')
    history.poll('c', { x: [[1, 'b']] })
    expect(counts(history)).toEqual({ 'lost-write': 1 })
    expect(evidence(history)).toEqual(['1 p sent "a" to x, offset 0', '5 c polled "b" from x, offset 1'])
  })

  it('lost-write: a part of a transaction of which another part was read', () => {
    const history = new History()
    history.txn(
      'p',
      [
        ['x', 'a', 0],
        ['y', 'b', 0],
      ],
      { outcome: 'info' },
    )
    history.send('q', 'y', 'c', 1)
    history.poll('c', { x: [[0, 'a']], y: [[1, 'c']] })
    expect(counts(history)).toEqual({ 'lost-write': 1 })
    expect(history.report().anomalies[0]?.text).toContain('its transaction committed')
    expect(history.report().anomalies[0]?.lines).toEqual([1, 5])
  })

  it('unseen: acknowledged and not polled by the end', () => {
    const history = written('a', 'b')
    history.poll('c', { x: [[0, 'a']] })
    expect(counts(history)).toEqual({ unseen: 1 })
  })

  it('unseen: the rest of a transaction that nobody answered for and of which a part was read', () => {
    const history = new History()
    history.txn(
      'p',
      [
        ['x', 'a'],
        ['y', 'b'],
      ],
      { outcome: 'info' },
    )
    expect(counts(history)).toEqual({})
    history.poll('c', { x: [[0, 'a']] })
    expect(counts(history)).toEqual({ unseen: 1 })
    expect(history.report().anomalies[0]).toMatchObject({ key: 'y', lines: [1, 3] })
    expect(history.report().anomalies[0]?.text).toContain('"b" was committed to y and not polled')
  })

  it('asks nothing of the rest of a send of which nobody knows: its steps stand alone', () => {
    const history = new History()
    const op = history.begin(
      'p',
      'send',
      [
        ['x', 'a', 0],
        ['x', 'b', 1],
      ],
      { outcome: 'info' },
    )
    op()
    history.poll('c', { x: [[0, 'a']] })
    expect(counts(history)).toEqual({})
  })

  it('unseen: what only a failed poll returned', () => {
    const history = written('a')
    history.poll('c', { x: [[0, 'a']] }, { outcome: 'fail' })
    expect(counts(history)).toEqual({ unseen: 1 })
  })

  it('duplicate: not of what the leader that has it again could not know, for it was deleted before', () => {
    const history = written('a', 'b')
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'b'],
        [7, 'a'],
      ],
    })
    expect(counts(history)).toEqual({ duplicate: 1 })
    expect(history.report({ seenFrom: (_, offset) => (offset === 7 ? 0 : 9) }).counts).toEqual({ duplicate: 1 })
    const report = history.report({ seenFrom: (key, offset) => (key === 'x' && offset === 7 ? 1 : 0) })
    expect(report).toMatchObject({ counts: {}, allowedLosses: { duplicate: 1 } })
  })

  it('asks for nothing that was deleted', () => {
    const history = written('a', 'b', 'c', 'd')
    history.poll('c', { x: [[0, 'a']] })
    history.poll('d', { x: [[1, 'b']] })
    history.poll('c', { x: [[3, 'd']] })
    expect(counts(history)).toEqual({ 'lost-write': 1, 'poll-skip': 1 })
    expect(history.report({ deletedBelow: { x: 3 } }).counts).toEqual({})
    expect(history.report({ deletedBelow: { x: 2 } }).counts).toEqual({ 'lost-write': 1, 'poll-skip': 1 })
  })
})

describe('what was promised less', () => {
  it('counts lost and unseen weak sends', () => {
    const history = new History()
    history.send('p', 'x', 'lost', 0, { weak: true })
    history.send('p', 'x', 'no offset', undefined, { weak: true })
    history.send('p', 'x', 'taken its place', 0)
    history.send('p', 'x', 'behind', 5, { weak: true })
    history.poll('c', { x: [[0, 'taken its place']] })
    expect(history.report()).toMatchObject({
      valid: true,
      anomalies: [],
      allowedLosses: { 'lost-write': 1, unseen: 2 },
    })
  })

  it('counts what a producer without idempotence wrote twice', () => {
    const history = new History()
    history.send('p', 'x', 'a', 1, { idempotent: false })
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'a'],
      ],
    })
    expect(history.report()).toMatchObject({ valid: true, anomalies: [], allowedLosses: { duplicate: 1 } })
  })

  it('does not excuse a weak send that is idempotent from repeating', () => {
    const history = new History()
    history.send('p', 'x', 'a', 1, { weak: true, idempotent: true })
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'a'],
      ],
    })
    expect(counts(history)).toEqual({ duplicate: 1 })
  })

  it('does not believe the offset that a weak send was told, even if its record was read', () => {
    const history = new History()
    // The first attempt landed at 0 and was not answered; the second landed at 2, was acknowledged, and truncated.
    history.send('p', 'x', 'a', 2, { weak: true })
    history.send('q', 'x', 'b', 1)
    history.send('q', 'x', 'c', 2)
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'b'],
        [2, 'c'],
      ],
    })
    expect(history.report()).toMatchObject({ valid: true, anomalies: [], allowedLosses: {} })
  })

  it('holds a weak send that was read to what everybody else is held to', () => {
    const history = new History()
    history.send('p', 'x', 'a', 0, { weak: true })
    history.poll('c', { x: [[0, 'a']] })
    history.send('q', 'x', 'b', 0)
    expect(counts(history)).toEqual({ 'inconsistent-offsets': 1, 'lost-write': 1 })
  })
})

describe('polls', () => {
  /** One has read everything, so that its records are known. */
  function read(): History {
    const history = written('a', 'b', 'c')
    history.poll('all', {
      x: [
        [0, 'a'],
        [1, 'b'],
        [2, 'c'],
      ],
    })
    return history
  }

  it('poll-skip', () => {
    const history = read()
    history.poll('c', { x: [[0, 'a']] })
    history.poll('c', { x: [[2, 'c']] })
    expect(counts(history)).toEqual({ 'poll-skip': 1 })
    expect(evidence(history)).toEqual([
      '3 p sent "b" to x, offset 1',
      '9 c polled "a" from x, offset 0',
      '11 c polled "c" from x, offset 2',
    ])
  })

  it('nonmonotonic-poll: back, and again', () => {
    const back = read()
    back.poll('c', { x: [[1, 'b']] })
    back.poll('c', { x: [[0, 'a']] })
    expect(counts(back)).toEqual({ 'nonmonotonic-poll': 1 })
    const again = read()
    again.poll('c', { x: [[1, 'b']] })
    again.poll('c', {
      x: [
        [1, 'b'],
        [2, 'c'],
      ],
    })
    expect(counts(again)).toEqual({ 'nonmonotonic-poll': 1 })
  })

  it('allows both to one who has subscribed', () => {
    const history = read()
    history.assign('c', ['x'], 'subscribe')
    history.poll('c', { x: [[0, 'a']] })
    history.poll('c', { x: [[2, 'c']] })
    history.poll('c', { x: [[1, 'b']] })
    expect(history.report()).toMatchObject({
      valid: true,
      counts: {},
      allowed: { 'poll-skip': 1, 'nonmonotonic-poll': 1 },
    })
  })

  it('lets a consumer begin anew after a seek, after a crash, and after a poll of which nobody knows', () => {
    const history = read()
    history.poll('c', { x: [[2, 'c']] })
    history.assign('c', ['x'], 'assign', true)
    history.poll('c', { x: [[0, 'a']] })
    history.recorder.crash('c')
    history.poll('c', { x: [[2, 'c']] })
    history.poll('c', {}, { outcome: 'info' })
    history.poll('c', { x: [[1, 'b']] })
    expect(history.report()).toMatchObject({ valid: true, anomalies: [] })
  })

  it('int-poll-skip', () => {
    const history = read()
    history.poll('c', {
      x: [
        [0, 'a'],
        [2, 'c'],
      ],
    })
    expect(counts(history)).toEqual({ 'int-poll-skip': 1 })
  })

  it('int-nonmonotonic-poll', () => {
    const history = read()
    history.txn('c', [
      {
        x: [
          [0, 'a'],
          [1, 'b'],
        ],
      },
      { x: [[1, 'b']] },
    ])
    expect(counts(history)).toEqual({ 'int-nonmonotonic-poll': 1 })
  })

  it('passes over keys that were rebalanced in between', () => {
    const history = read()
    history.txn('c', [{ x: [[0, 'a']] }, { x: [[2, 'c']] }], { rebalanced: ['x'] })
    expect(counts(history)).toEqual({})
  })
})

describe('sends', () => {
  function readBy(history: History): History {
    history.poll('c', {
      x: [
        [0, 'b'],
        [1, 'a'],
      ],
    })
    return history
  }

  it('nonmonotonic-send: acknowledged before the other was invoked', () => {
    const history = new History()
    history.send('p', 'x', 'a', 1)
    history.send('p', 'x', 'b', 0)
    // In real time, too, the writes went round in a circle; Jepsen allows that by itself.
    expect(readBy(history).report()).toMatchObject({ counts: { 'nonmonotonic-send': 1 }, allowed: { 'G0-process': 1 } })
  })

  it('nonmonotonic-send: of an idempotent producer also while both are under way', () => {
    const history = new History()
    const a = history.begin('p', 'send', [['x', 'a', 1]])
    const b = history.begin('p', 'send', [['x', 'b', 0]])
    b()
    a()
    expect(counts(readBy(history))).toEqual({ 'nonmonotonic-send': 1 })
    expect(evidence(history)).toEqual(['2 p sent "b" to x, offset 0', '3 p sent "a" to x, offset 1'])
  })

  it('lets a retry of a producer without idempotence overtake, but not what was acknowledged', () => {
    const history = new History()
    const a = history.begin('p', 'send', [['x', 'a', 1]], { idempotent: false })
    const b = history.begin('p', 'send', [['x', 'b', 0]], { idempotent: false })
    a()
    b()
    expect(readBy(history).report()).toMatchObject({ valid: true, anomalies: [] })
    const late = new History()
    late.send('p', 'x', 'a', 1, { idempotent: false })
    late.send('p', 'x', 'b', 0, { idempotent: false })
    expect(counts(readBy(late))).toEqual({ 'nonmonotonic-send': 1 })
  })

  it('leaves out sends of which nobody knows', () => {
    const history = new History()
    history.send('p', 'x', 'a', undefined, { outcome: 'info' })
    history.send('p', 'x', 'b', 0)
    expect(counts(readBy(history))).toEqual({})
  })

  it('int-nonmonotonic-send', () => {
    const history = new History()
    history.txn('p', [
      ['x', 'a', 1],
      ['x', 'b', 0],
    ])
    expect(counts(readBy(history))).toEqual({ 'int-nonmonotonic-send': 1 })
  })

  it('int-send-skip is allowed', () => {
    const history = new History()
    const a = history.begin('p', 'txn', [
      ['x', 'a', 0],
      ['x', 'c', 2],
    ])
    history.send('q', 'x', 'b', 1)
    a()
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'b'],
        [2, 'c'],
      ],
    })
    // The same fact as a cycle of writes: a before b, b before c.
    expect(history.report()).toMatchObject({ valid: true, counts: {}, allowed: { 'int-send-skip': 1, G0: 1 } })
  })
})

describe('cycles', () => {
  it('G0: two transactions write two keys in opposite orders', () => {
    const history = new History()
    const a = history.begin('p', 'txn', [
      ['x', 'a', 0],
      ['y', 'a', 1],
    ])
    history.txn('q', [
      ['x', 'b', 1],
      ['y', 'b', 0],
    ])
    a()
    history.poll('c', {
      x: [
        [0, 'a'],
        [1, 'b'],
      ],
      y: [
        [0, 'b'],
        [1, 'a'],
      ],
    })
    expect(history.report()).toMatchObject({ valid: true, counts: {}, allowed: { G0: 1 } })
    expect(history.report().anomalies[0]?.text).toBe(
      'a cycle of 2 operations: operation 0 sent "a" to x before operation 1 sent "b"; operation 1 sent "b" to y before operation 0 sent "a"',
    )
  })

  it('G0-process: with the order of one process', () => {
    const history = new History()
    history.txn('p', [['x', 'a', 1]])
    history.txn('p', [['x', 'b', 0]])
    history.poll('c', {
      x: [
        [0, 'b'],
        [1, 'a'],
      ],
    })
    expect(history.report().allowed).toEqual({ 'G0-process': 1 })
  })

  it('G0-realtime: with the order of real time', () => {
    const history = new History()
    history.send('p', 'x', 'a', 1)
    history.send('q', 'x', 'b', 0)
    history.poll('c', {
      x: [
        [0, 'b'],
        [1, 'a'],
      ],
    })
    expect(history.report()).toMatchObject({ valid: true, counts: {}, allowed: { 'G0-realtime': 1 } })
    expect(history.report().anomalies[0]?.text).toContain('operation 0 had completed before operation 1 was invoked')
  })

  it('G1c: two transactions that have read each other', () => {
    const history = new History()
    const a = history.begin('p', 'txn', [['x', 'a', 0], { y: [[0, 'b']] }])
    history.txn('q', [['y', 'b', 0], { x: [[0, 'a']] }])
    a()
    expect(counts(history)).toEqual({ G1c: 1 })
  })

  it('G1c-process: a process reads what it sends later', () => {
    const history = new History()
    history.poll('p', { x: [[0, 'a']] })
    history.send('p', 'x', 'a', 0)
    expect(counts(history)).toEqual({ 'G1c-process': 1 })
  })

  it('G1c-realtime: somebody reads what is sent later', () => {
    const history = new History()
    history.poll('c', { x: [[0, 'a']] })
    history.send('p', 'x', 'a', 0)
    expect(counts(history)).toEqual({ 'G1c-realtime': 1 })
  })

  it('allows G1c that needs the order of writes', () => {
    const history = new History()
    const a = history.begin('p', 'txn', [
      ['x', 'a', 0],
      ['y', 'c', 2],
    ])
    history.txn('q', [{ x: [[0, 'a']] }, ['y', 'b', 1]])
    a()
    history.poll('c', {
      y: [
        [1, 'b'],
        [2, 'c'],
      ],
    })
    expect(history.report()).toMatchObject({ valid: true, counts: {}, allowed: { G1c: 1 } })
  })

  it('finds the shortest of a large component', () => {
    const history = new History()
    const begun = Array.from({ length: 9 }, (_, i) =>
      history.begin(`p${i}`, 'txn', [
        ['x', i, i],
        // Each has read the next one's, the last the first's; and 4 and 5 each other's.
        {
          x:
            i === 5
              ? [
                  [4, 4],
                  [6, 6],
                ]
              : [[(i + 1) % 9, (i + 1) % 9]],
        },
      ]),
    )
    for (const complete of begun) complete()
    const cycle = history.report().anomalies.find((anomaly) => anomaly.name === 'G1c')!
    expect(cycle.evidence.map((part) => part.op)).toEqual([4, 5])
  })
})

describe('many anomalies', () => {
  it('are all counted, and some are kept', () => {
    const history = new History()
    for (let i = 0; i < 100; i++) history.send('p', 'x', i, i)
    const report = history.report({ maxPerName: 3 })
    expect(report.counts).toEqual({ unseen: 100 })
    expect(report.anomalies).toHaveLength(3)
    expect(formatHistoryReport(report)).toContain('  and 97 more')
  })
})
