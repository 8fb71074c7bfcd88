// The situations in which Jepsen's own checker (jepsen.tests.kafka) must speak, and those in which it must be silent, told
// in our form: its transactions are `txn` here, since the steps of our `send` stand alone. docs/history.md lists where we
// differ on purpose.

import { describe, expect, it } from 'vitest'
import type { AnomalyName } from '../../../src/check/index.ts'
import { type Deed, History, type Outcome } from './history-fixtures.ts'

type Counts = Partial<Record<AnomalyName, number>>

function counts(history: History, ...names: AnomalyName[]): Counts {
  const all = history.report().counts
  return names.length === 0
    ? all
    : Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name as AnomalyName)))
}

describe('inconsistent offsets', () => {
  function conflict(): History {
    const history = new History()
    history.txn(
      '0',
      [
        ['x', 1, 0],
        ['y', 1],
      ],
      { outcome: 'info' },
    )
    history.txn('1', [['x', 2, 0]])
    return history
  }

  it('a conflict with a write of which nobody knows is none: it need not have happened', () => {
    expect(counts(conflict(), 'inconsistent-offsets')).toEqual({})
  })

  it('is one as soon as another part of that transaction was read', () => {
    const history = conflict()
    history.poll('2', { y: [[5, 1]] })
    expect(counts(history, 'inconsistent-offsets')).toEqual({ 'inconsistent-offsets': 1 })
  })

  it('real sends of 2022: one offset acknowledged twice', () => {
    const history = new History()
    history.send('379', '11', 641, 537)
    history.send('363', '11', 645, 537)
    expect(counts(history, 'inconsistent-offsets')).toEqual({ 'inconsistent-offsets': 1 })
  })
})

describe('lost writes', () => {
  it('everything below what was read should have been read', () => {
    const history = new History()
    history.txn('0', [['x', 'a', 0]])
    history.txn('0', [
      ['x', 'b', 1],
      ['x', 'd', 3],
    ])
    history.txn('1', [['x', 'c']], { outcome: 'info' })
    history.poll('0', { x: [[2, 'c']] })
    const lost = history.report().anomalies.filter((anomaly) => anomaly.name === 'lost-write')
    expect(lost.map((anomaly) => anomaly.lines)).toEqual([
      [1, 7],
      [3, 7],
    ])
  })

  it('also what another value was written over', () => {
    const history = new History()
    history.txn('0', [['x', 'a', 0]])
    history.txn('0', [
      ['x', 'b', 0],
      ['x', 'c', 2],
    ])
    history.poll('0', {
      x: [
        [0, 'b'],
        [2, 'c'],
      ],
    })
    expect(counts(history, 'lost-write')).toEqual({ 'lost-write': 1 })
    expect(history.report().anomalies.find((anomaly) => anomaly.name === 'lost-write')?.lines).toEqual([1, 5])
  })

  it('of a transaction that crashed only if a part of it was read', () => {
    const crashed = (isRead: boolean): Counts => {
      const history = new History()
      history.txn(
        '0',
        [
          ['x', 'a'],
          ['y', 'b', 0],
        ],
        { outcome: 'info' },
      )
      history.txn('1', [['y', 'c']], { outcome: 'info' })
      if (isRead) history.poll('2', { x: [[0, 'a']] })
      history.poll('3', { y: [[1, 'c']] })
      return counts(history, 'lost-write')
    }
    expect(crashed(false)).toEqual({})
    expect(crashed(true)).toEqual({ 'lost-write': 1 })
  })
})

describe('external polls', () => {
  /** Process 0 polls 1, 2, then 4, then 7; others show that 3 and 6 exist, and nobody that 5 does. */
  function skipping(between: readonly ((history: History) => void)[]): History {
    const history = new History()
    history.poll('0', {
      x: [
        [1, 'a'],
        [2, 'b'],
      ],
    })
    history.poll('1', { x: [[3, 'c']] })
    between[0]?.(history)
    history.poll('0', { x: [[4, 'd']] })
    between[1]?.(history)
    history.send('2', 'x', 'f', 6)
    history.poll('0', { x: [[7, 'g']] })
    history.txn(
      '3',
      [
        ['x', 'a'],
        ['x', 'b'],
        ['x', 'c'],
        ['x', 'd'],
        ['x', 'g'],
      ],
      { outcome: 'info' },
    )
    return history
  }

  it('skips over what others know', () => {
    const report = skipping([]).report()
    const texts = report.anomalies.filter((anomaly) => anomaly.name === 'poll-skip').map((anomaly) => anomaly.text)
    expect(texts).toEqual([
      'process 0 polled offset 2 of x and then offset 4: it skipped "c" at offset 3',
      'process 0 polled offset 4 of x and then offset 7: it skipped "f" at offset 6',
    ])
  })

  it('is none after an assignment without the key, is one after an assignment with it', () => {
    const without = skipping([(it) => it.assign('0', ['y'], 'subscribe'), (it) => it.assign('0', ['y'])])
    expect(counts(without, 'poll-skip')).toEqual({})
    expect(without.report().allowed['poll-skip']).toBeUndefined()
    const unknown = skipping([
      (it) => it.assign('0', ['y']),
      (it) => it.recorder.info(it.recorder.invoke('0', { f: 'assign', keys: ['y'] }), 'REQUEST_TIMED_OUT'),
    ])
    expect(counts(unknown, 'poll-skip')).toEqual({})
    const kept = skipping([(it) => it.assign('0', ['x', 'y']), (it) => it.assign('0', ['x', 'y'])])
    expect(counts(kept, 'poll-skip')).toEqual({ 'poll-skip': 2 })
    const subscribed = skipping([(it) => it.assign('0', ['x', 'y'], 'subscribe')])
    expect(counts(subscribed, 'poll-skip')).toEqual({})
    expect(subscribed.report().allowed).toMatchObject({ 'poll-skip': 2 })
  })

  function aborting(values: number, polls: readonly (readonly [Outcome, number, number?])[]): History {
    const history = new History()
    history.txn(
      '0',
      Array.from({ length: values }, (_, i): Deed => ['x', i, i]),
    )
    for (const [outcome, ...offsets] of polls) {
      history.txn('1', [{ x: offsets.map((offset) => [offset!, offset!]) }], { outcome })
    }
    return history
  }

  it('a transaction that aborts or of which nobody knows leaves the consumer where it was', () => {
    const history = aborting(3, [
      ['ok', 0],
      ['fail', 1, 2],
      ['info', 1, 2],
      ['ok', 1, 2],
    ])
    expect(history.report()).toMatchObject({ valid: true, anomalies: [] })
  })

  it('and one that goes on from what was aborted skips', () => {
    const history = aborting(6, [
      ['ok', 0],
      ['fail', 1, 2],
      ['fail', 3, 4],
      ['ok', 5],
    ])
    const skips = history.report().anomalies.filter((anomaly) => anomaly.name === 'poll-skip')
    expect(skips.map((anomaly) => anomaly.lines)).toEqual([
      [1, 3, 7],
      [1, 3, 9],
    ])
    expect(skips[0]?.text).toContain('skipped 1 at offset 1 and 1 more')
    expect(skips[1]?.text).toContain('skipped 1 at offset 1 and 3 more')
    expect(
      counts(
        aborting(6, [
          ['ok', 0],
          ['fail', 1, 2],
          ['info', 3, 4],
        ]),
        'poll-skip',
      ),
    ).toEqual({ 'poll-skip': 1 })
  })

  it('goes back, unless it was assigned something else', () => {
    const rewinding = (between?: (history: History) => void): Counts => {
      const history = new History()
      history.txn('0', [
        ['x', 'a'],
        ['x', 'b'],
        ['x', 'c'],
        ['x', 'd'],
      ])
      history.poll('0', {
        x: [
          [1, 'a'],
          [2, 'b'],
          [3, 'c'],
        ],
      })
      between?.(history)
      history.poll('0', {
        x: [
          [2, 'b'],
          [3, 'c'],
          [4, 'd'],
        ],
      })
      return counts(history)
    }
    expect(rewinding()).toEqual({ 'nonmonotonic-poll': 1 })
    expect(rewinding((it) => it.assign('0', ['x', 'y']))).toEqual({ 'nonmonotonic-poll': 1 })
    expect(rewinding((it) => it.assign('0', ['y']))).toEqual({})
    expect(rewinding((it) => it.assign('0', ['y'], 'subscribe'))).toEqual({})
  })
})

describe('external sends', () => {
  it('go back, unless it was assigned something else', () => {
    const sending = (between?: (history: History) => void): Counts => {
      const history = new History()
      history.txn('0', [
        ['x', 'c', 3],
        ['x', 'd', 4],
      ])
      between?.(history)
      history.txn('0', [
        ['x', 'a', 1],
        ['x', 'b', 2],
      ])
      return counts(history, 'nonmonotonic-send')
    }
    expect(sending()).toEqual({ 'nonmonotonic-send': 1 })
    expect(sending((it) => it.assign('0', ['x', 'y'], 'subscribe'))).toEqual({ 'nonmonotonic-send': 1 })
    expect(sending((it) => it.assign('0', ['y']))).toEqual({})
    expect(sending((it) => it.assign('0', ['y'], 'subscribe'))).toEqual({})
  })
})

describe('within one operation', () => {
  it('polls skip, in one poll or from one to the next', () => {
    const history = new History()
    history.txn(
      '1',
      [
        ['x', 'a'],
        ['x', 'b'],
        ['x', 'd'],
      ],
      { outcome: 'info' },
    )
    history.poll('0', {
      x: [
        [1, 'a'],
        [4, 'd'],
      ],
    })
    history.assign('0', [])
    history.txn('0', [{ x: [[1, 'a']] }, { x: [[4, 'd']] }])
    history.poll('2', { x: [[2, 'b']] })
    expect(counts(history)).toEqual({ 'int-poll-skip': 2 })
  })

  it('polls go back or repeat', () => {
    const history = new History()
    history.txn(
      '0',
      [
        ['x', 'a'],
        ['x', 'b'],
        ['x', 'c'],
      ],
      { outcome: 'info' },
    )
    history.poll('2', {
      x: [
        [3, 'c'],
        [1, 'a'],
      ],
    })
    history.assign('2', [])
    history.txn('2', [
      {
        x: [
          [2, 'b'],
          [3, 'c'],
        ],
      },
      { x: [[3, 'c']] },
    ])
    expect(counts(history)).toEqual({ 'int-nonmonotonic-poll': 2 })
  })

  it('sends skip what others wrote, which is allowed', () => {
    const history = new History()
    history.txn('0', [
      ['x', 'a', 1],
      ['x', 'c'],
    ])
    history.txn('1', [['x', 'b']], { outcome: 'info' })
    history.poll('2', {
      x: [
        [2, 'b'],
        [3, 'c'],
      ],
    })
    expect(history.report().allowed).toMatchObject({ 'int-send-skip': 1 })
    expect(counts(history, 'int-send-skip')).toEqual({})
  })

  it('sends land the other way round, by what they were told or by what was polled', () => {
    const history = new History()
    history.txn('0', [
      ['x', 'c', 3],
      ['x', 'a', 1],
    ])
    history.txn(
      '0',
      [
        ['y', 'd'],
        ['y', 'b'],
      ],
      { outcome: 'info' },
    )
    history.txn('1', [['y', 'c']], { outcome: 'info' })
    history.poll('2', {
      y: [
        [2, 'b'],
        [3, 'c'],
        [4, 'd'],
      ],
    })
    expect(counts(history, 'int-nonmonotonic-send')).toEqual({ 'int-nonmonotonic-send': 2 })
  })
})

describe('duplicates', () => {
  it('an acknowledged offset and a polled one', () => {
    const history = new History()
    history.send('0', 'x', 'a', 1)
    history.send('1', 'x', 'b', undefined, { outcome: 'info' })
    history.poll('2', {
      x: [
        [2, 'b'],
        [3, 'a'],
      ],
    })
    expect(counts(history)).toEqual({ duplicate: 1 })
  })

  it('every one of many values at the same two offsets', () => {
    const history = new History()
    for (let value = 0; value < 10; value++) {
      history.send('0', 'x', value, 0)
      history.poll('1', { x: [[1, value]] })
    }
    expect(counts(history, 'duplicate', 'inconsistent-offsets')).toEqual({ duplicate: 10, 'inconsistent-offsets': 2 })
  })

  it('what an aborted poll returned counts, the offset of a send that failed does not', () => {
    const history = new History()
    history.send('0', 'x', 0, 1)
    history.send('0', 'x', 1, 2, { outcome: 'fail' })
    history.poll(
      '1',
      {
        x: [
          [11, 0],
          [12, 1],
        ],
      },
      { outcome: 'fail' },
    )
    expect(counts(history, 'duplicate')).toEqual({ duplicate: 1 })
    expect(history.report().anomalies.find((anomaly) => anomaly.name === 'duplicate')?.text).toContain('offsets 1, 11')
    expect(counts(history, 'G1a')).toEqual({})
  })
})

describe('transactions', () => {
  it('an aborted read', () => {
    const history = new History()
    history.txn(
      '0',
      [
        ['x', 2],
        ['y', 3],
      ],
      { outcome: 'fail' },
    )
    history.poll('1', { x: [[0, 2]] })
    expect(counts(history)).toEqual({ G1a: 1 })
  })

  it('a precommitted read', () => {
    const history = new History()
    history.txn('0', [['x', 'a', 0], { x: [[0, 'a']] }])
    expect(counts(history)).toEqual({ 'precommitted-read': 1 })
  })
})

describe('lag', () => {
  it('is told at its worst: of a consumer that was set back to the beginning', () => {
    const history = new History()
    history.assign('0', ['x']) // 0, 1
    history.poll('0', { x: [] })
    history.send('0', 'x', 'a', 0)
    history.poll('0', { x: [] })
    history.txn('1', [
      ['x', 'c', 2],
      ['x', 'd', 3],
    ])
    history.poll('0', {}) // 10, 11
    history.poll('0', {
      x: [
        [0, 'a'],
        [1, 'b'],
      ],
    })
    history.assign('0', ['x', 'y'])
    history.poll('0', {})
    history.assign('0', ['y'])
    history.assign('0', ['x']) // 20, 21
    history.poll('0', {})
    history.txn('0', [
      {
        x: [
          [0, 'a'],
          [1, 'b'],
        ],
      },
      {
        x: [
          [2, 'c'],
          [3, 'd'],
        ],
      },
    ])
    history.send('1', 'x', 'b', undefined, { outcome: 'info' })
    expect(history.report().stats.worstLag).toEqual({ ms: 17, key: 'x', process: '0' })
  })

  it('is none of who has read everything', () => {
    const history = new History()
    history.assign('0', ['x'])
    history.send('1', 'x', 'a', 0)
    history.poll('0', { x: [[0, 'a']] })
    history.poll('0', {})
    expect(history.report().stats.worstLag.ms).toBe(0)
  })
})

describe('consume counts', () => {
  it('are of processes that subscribed, in operations that succeeded', () => {
    const history = new History()
    for (const value of ['a', 'b', 'c']) history.send('p', 'x', value)
    history.assign('assigned', ['x'])
    history.assign('subscribed', ['x'], 'subscribe')
    for (let i = 0; i < 3; i++) history.poll('assigned', { x: [[0, 'a']] })
    history.poll(
      'subscribed',
      {
        x: [
          [0, 'a'],
          [1, 'b'],
        ],
      },
      { outcome: 'fail' },
    )
    history.poll('subscribed', {
      x: [
        [0, 'a'],
        [1, 'b'],
      ],
    })
    history.poll('subscribed', {
      x: [
        [1, 'b'],
        [2, 'c'],
      ],
    })
    expect(history.report().consumeCounts).toEqual({ 1: 2, 2: 1 })
  })
})
