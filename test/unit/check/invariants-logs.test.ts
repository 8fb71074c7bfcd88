// Every check of a log's model, by a sequence of writes, cuts and claims that breaks it, and by one that does not.

import { describe, expect, test } from 'vitest'
import { type LogKind, LogModel } from '../../../src/check/index.ts'
import { batch, Collected, fill } from './findings.ts'

function log(kind: LogKind = 'partition'): { model: LogModel; found: Collected } {
  const found = new Collected()
  return { model: new LogModel(kind === 'quorum' ? '__cluster_metadata-0' : 't-0', kind, found), found }
}

const THREE = [batch(0, 4, 0), batch(5, 5, 0), batch(6, 9, 1)]

describe('a good log', () => {
  test('replicated, committed, cut where nothing is committed, and let go at the front', () => {
    const { model, found } = log()
    fill(model, [1, 2, 3], THREE)
    model.written(1, 0, batch(10, 12, 1))
    for (const node of [1, 2, 3]) model.claimed(node, 10)
    model.cut(1, 0, 300)
    model.written(1, 0, batch(10, 10, 2, {}))
    model.begun(1, 11)
    model.dropped(1, 0)
    expect(found.violations).toEqual([{ name: 'P20', text: expect.stringContaining('10 to 10') }])
    expect(model.committedEnd).toBe(10)
  })

  test('lets nothing go where nothing deletes, and owes it still', () => {
    const { model, found } = log()
    model.mayLetGo = () => false
    fill(model, [1, 2, 3], THREE)
    for (const node of [1, 2, 3]) model.claimed(node, 10)
    model.begun(2, 10)
    model.dropped(2, 0)
    expect(found.names).toEqual(['P20'])
    expect(model.released).toBe(0)
    model.release(3, 6)
    expect(found.names).toEqual(['P20', 'P20'])
  })

  test('two segments may reach the disk out of order', () => {
    const { model, found } = log()
    model.written(1, 5, batch(5, 5, 0))
    model.written(1, 0, batch(0, 4, 0))
    model.claimed(1, 6)
    fill(model, [2], [batch(0, 4, 0), batch(5, 5, 0)])
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(6)
  })
})

test('what outlives a power failure behind a gap may be taken away, and nothing else may', () => {
  const survived = (base: number): Collected => {
    const { model, found } = log()
    for (const node of [1, 2]) {
      model.written(node, 0, batch(0, 4, 0))
      model.written(node, 5, batch(5, 5, 0))
      model.claimed(node, 6)
    }
    const segments = [
      { base: 0, facts: base === 0 ? [batch(0, 4, 0)] : [], durable: 0 },
      { base: 5, facts: [batch(5, 5, 0)], durable: 0 },
    ]
    model.rescanned(1, segments, 'lost')
    model.dropped(1, 5)
    return found
  }
  expect(survived(5).violations).toEqual([])
  expect(survived(0).names).toEqual(['P9'])
})

test('what was synced stays durable over the death of a process, and not over a power failure', () => {
  const { model } = log()
  fill(model, [1], THREE)
  const found = [{ base: 0, facts: THREE, durable: 100 }]
  model.rescanned(1, found, 'died')
  expect(model.log(1).durableEndOffset).toBe(10)
  model.rescanned(1, found, 'lost')
  expect(model.log(1).durableEndOffset).toBe(5)
})

describe('P10 and R4: one batch an epoch and offset, on one prefix', () => {
  test.each(['partition', 'quorum'] as const)('other bytes in a %s', (kind) => {
    const { model, found } = log(kind)
    fill(model, [1], THREE)
    model.written(2, 0, batch(0, 4, 0, { crc: 77 }))
    expect(found.names).toEqual([kind === 'quorum' ? 'R4' : 'P10'])
  })

  test('the same batch on another prefix', () => {
    const { model, found } = log()
    fill(model, [1], [batch(0, 4, 0), batch(5, 9, 2)])
    fill(model, [2], [batch(0, 1, 0, { crc: 1 })])
    model.cut(2, 0, 0)
    found.violations.length = 0
    fill(model, [2], [batch(0, 4, 1), batch(5, 9, 2)])
    expect(found.names).toContain('P10')
  })

  test('a gap', () => {
    const { model, found } = log()
    fill(model, [1], [batch(0, 4, 0), batch(6, 9, 0)])
    expect(found.names).toEqual(['P10'])
  })
})

test.each([
  ['quorum', 'R1'],
  ['partition', 'P6'],
] as const)('two writers of one epoch in a %s', (kind, name) => {
  const { model, found } = log(kind)
  fill(model, [1], [batch(0, 0, 3)])
  fill(model, [2], [batch(0, 0, 3)])
  model.written(2, 0, batch(1, 1, 3))
  expect(found.names).toEqual([name])
})

test('P6: an epoch that goes back within a log', () => {
  const { model, found } = log()
  fill(model, [1], [batch(0, 0, 3), batch(1, 1, 2)])
  expect(found.names).toEqual(['P6'])
})

describe('what is committed', () => {
  test.each([
    ['quorum', 'R6'],
    ['partition', 'P10'],
  ] as const)('two batches at one offset of a %s', (kind, name) => {
    const { model, found } = log(kind)
    fill(model, [1], [batch(0, 4, 0)])
    fill(model, [2], [batch(0, 4, 1)])
    model.claimed(1, 5)
    model.claimed(2, 5)
    expect(found.names).toEqual([name])
  })

  test.each([
    ['quorum', 'R8'],
    ['partition', 'P4'],
  ] as const)('beyond what is on the disk, in a %s', (kind, name) => {
    const { model, found } = log(kind)
    fill(model, [1], [batch(0, 4, 0)])
    model.claimed(1, 9)
    expect(found.names).toEqual([name])
  })

  test('is not owed below the start of a log whose end went to below it', () => {
    const { model, found } = log()
    fill(model, [1, 2], THREE)
    fill(model, [3], [batch(0, 4, 2)])
    model.claimed(1, 10)
    model.rescanned(2, [{ base: 0, facts: THREE.slice(0, 2), durable: 200 }], 'lost')
    model.claimed(2, 9, 9)
    expect(found.names).toEqual([])
    // What lies there all the same is compared, and from the start on everything is owed.
    model.claimed(3, 9, 9)
    expect(found.names).toEqual(['P10'])
    model.claimed(2, 10, 9)
    expect(found.names).toEqual(['P10', 'P4'])
  })

  test.each([
    ['quorum', 'R11'],
    ['partition', 'P9'],
  ] as const)('is cut off in a %s', (kind, name) => {
    const { model, found } = log(kind)
    fill(model, [1, 2], THREE)
    model.claimed(1, 6)
    model.cut(2, 0, 200)
    expect(found.names).toEqual([])
    model.cut(2, 0, 100)
    expect(found.names).toEqual([name])
  })

  test('goes with a segment at the end', () => {
    const { model, found } = log()
    fill(model, [1], THREE)
    model.claimed(1, 10)
    model.dropped(1, 0)
    expect(found.names).toEqual(['P9', 'P9', 'P9'])
  })

  test('is not cut before a flipped bit', () => {
    const { model, found } = log()
    fill(model, [1, 2, 3], THREE)
    for (const node of [1, 2, 3]) model.claimed(node, 10)
    model.rotted(1, 0, 250, true)
    model.opened(1)
    model.rotted(1, 0, 250, false)
    model.cut(3, 0, 300)
    expect(found.markers).not.toContain('log: damage given up')
    model.cut(1, 0, 200)
    expect(found.violations).toEqual([])
    expect(found.markers).toContain('log: damage given up')
    // The damage is gone with it.
    expect(model.log(1).damaged).toBe(false)
    model.rotted(2, 0, 150, true)
    model.cut(2, 0, 0)
    expect(found.names).toEqual(['D2'])
  })

  test('is not missed below where some log begins, nor on a damaged disk', () => {
    const { model, found } = log()
    fill(model, [1, 2], THREE)
    model.claimed(1, 10)
    model.released = 6
    model.cut(1, 0, 200)
    expect(found.names).toEqual(['P9'])
    model.cut(1, 0, 0)
    model.rotted(2, 0, 10, true)
    model.cut(2, 0, 0)
    expect(found.names).toEqual(['P9'])
  })

  test('once forgiven it may be cut, and another be committed', () => {
    const { model, found } = log()
    fill(model, [1, 2], THREE)
    model.claimed(1, 10)
    model.forgive(6, 2)
    model.cut(1, 0, 200)
    model.cut(2, 0, 200)
    fill(model, [1, 2], [batch(6, 7, 2)])
    model.claimed(2, 8)
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(8)
  })

  test('after an unclean election what its leader lacks binds nobody, whoever holds it for committed; what it has does', () => {
    const { model, found } = log()
    fill(model, [1], THREE)
    fill(model, [2], THREE.slice(0, 2))
    model.claimed(1, 6)
    model.leads = () => 2
    model.forgive(6, 2)
    // Passed over, or with an old high watermark from before it died.
    model.claimed(1, 10)
    expect(model.committedEnd).toBe(6)
    model.written(2, 0, batch(6, 7, 2))
    model.claimed(2, 8)
    model.cut(1, 0, 200)
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(8)
    model.written(1, 0, batch(6, 7, 3))
    model.claimed(1, 8)
    expect(found.names).toEqual(['P10'])
  })
})

describe('a disk that is looked at anew', () => {
  test('remembers who lost what to a power failure, until it is there again', () => {
    const { model, found } = log()
    fill(model, [1, 2], THREE)
    model.claimed(1, 10)
    const lost = model.rescanned(2, [{ base: 0, facts: THREE.slice(0, 2), durable: 200 }], 'lost')
    expect(lost.map((each) => each.lostBy)).toEqual([[2]])
    model.written(2, 0, THREE[2]!)
    expect(model.log(2).last?.lostBy).toEqual([])
    expect(found.violations).toEqual([])
  })

  test('P9: a death alone loses nothing that is committed', () => {
    const { model, found } = log()
    fill(model, [1], THREE)
    model.claimed(1, 10)
    model.rescanned(1, [{ base: 0, facts: THREE.slice(0, 2), durable: 200 }], 'died')
    expect(found.names).toEqual(['P9'])
  })
})

test('R16: the quorum lets its front go only under a snapshot', () => {
  const { model, found } = log('quorum')
  fill(model, [1, 2], THREE)
  for (const node of [1, 2]) model.begun(node, 10)
  model.log(1).covered = 10
  model.dropped(1, 0)
  expect(found.names).toEqual([])
  model.dropped(2, 0)
  expect(new Set(found.names)).toEqual(new Set(['R16']))
})

describe('P17: sequences', () => {
  const of = (base: number, epoch: number, sequence: number) =>
    batch(base, base + 1, 0, {
      producerId: 7,
      producerEpoch: epoch,
      baseSequence: sequence,
      lastSequence: (sequence + 1) % 2 ** 31,
    })
  const run = (...batches: ReturnType<typeof of>[]): string[] => {
    const { model, found } = log()
    fill(model, [1], batches)
    model.claimed(1, batches.at(-1)!.lastOffset + 1)
    return found.names
  }

  test('run on, wrap, and begin anew with an epoch', () => {
    expect(run(of(0, 0, 2 ** 31 - 4), of(2, 0, 2 ** 31 - 2), of(4, 0, 0), of(6, 1, 0))).toEqual([])
  })
  test('a repetition', () => expect(run(of(0, 0, 0), of(2, 0, 0))).toEqual(['P17']))
  test('a gap', () => expect(run(of(0, 0, 0), of(2, 0, 4))).toEqual(['P17']))
  test('an epoch that is over', () => expect(run(of(0, 1, 0), of(2, 0, 2))).toEqual(['P17']))
  test('a new epoch that does not begin at 0', () => expect(run(of(0, 0, 0), of(2, 1, 2))).toEqual(['P17']))

  /** Sequences 0 to 3 in a segment that is gone, 8 written next: by a node of which something is done meanwhile. */
  const findingsOf = (meanwhile: (model: LogModel) => void, node = 1): string[] => {
    const { model, found } = log()
    fill(model, [1, 2], [of(0, 0, 0), of(2, 0, 2)])
    for (const each of [1, 2]) model.claimed(each, 4)
    for (const each of [1, 2]) model.written(each, 4, batch(4, 5, 0))
    model.dropped(1, 0)
    meanwhile(model)
    model.written(node, 4, { ...of(6, 0, 8), epoch: 1 })
    model.claimed(node, 8)
    return found.names
  }
  test('a gap behind what the log of its writer has let go', () => expect(findingsOf(() => {})).toEqual(['P17']))
  test('a writer that began anew behind them knows nobody', () => {
    const anew = (model: LogModel): void => {
      model.begun(3, 4)
      model.written(3, 4, batch(4, 5, 0))
    }
    expect(findingsOf(anew, 3)).toEqual([])
    // Another still knows.
    expect(findingsOf(anew, 2)).toEqual(['P17'])
  })
  test('nor need one that started again, or cut its log', () => {
    expect(findingsOf((model) => model.opened(1))).toEqual([])
    expect(findingsOf((model) => model.opened(2), 2)).toEqual(['P17'])
    const cut = (model: LogModel): void => {
      model.written(1, 4, batch(6, 7, 0))
      model.cut(1, 4, 100)
    }
    expect(findingsOf(cut)).toEqual([])
  })
  test('nor one whose log begins there by its own word, once it started again', () => {
    const says = (model: LogModel): void => model.claimed(2, 4, 4)
    expect(findingsOf(says, 2)).toEqual(['P17'])
    const again = (model: LogModel): void => {
      says(model)
      const facts = [of(0, 0, 0), of(2, 0, 2)]
      const segments = [
        { base: 0, facts, durable: 200 },
        { base: 4, facts: [batch(4, 5, 0)], durable: 100 },
      ]
      model.rescanned(2, segments, 'died')
    }
    expect(findingsOf(again, 2)).toEqual([])
  })
})

test('R6: what lies below a snapshot is what was committed, as far as it is there', () => {
  const { model, found } = log('quorum')
  fill(model, [1, 2], THREE)
  model.claimed(1, 10)
  for (const node of [3, 4]) model.log(node).covered = 10
  model.begun(3, 10)
  model.claimed(3, 10)
  expect(found.names).toEqual([])
  fill(model, [4], [batch(0, 4, 0), batch(5, 9, 3)])
  model.claimed(4, 10)
  expect(found.names).toContain('R6')
})
