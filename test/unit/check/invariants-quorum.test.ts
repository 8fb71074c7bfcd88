// Every check of the quorum, by what nodes show and what their disks hold.

import { describe, expect, test } from 'vitest'
import { LogModel, QuorumInvariants, type QuorumObservation } from '../../../src/check/index.ts'
import { batch, Collected, fill, quorumView } from './findings.ts'

const VOTERS = [1, 2, 3].map((id) => ({ id, directoryId: `d${id}` }))

function quorum(): { log: LogModel; quorum: QuorumInvariants; found: Collected } {
  const found = new Collected()
  const log = new LogModel('__cluster_metadata-0', 'quorum', found)
  const quorum = new QuorumInvariants(log, found)
  for (const { id, directoryId } of VOTERS) quorum.directory(id, directoryId)
  return { log, quorum, found }
}

const leader = (epoch: number, fields: Partial<QuorumObservation> = {}): QuorumObservation =>
  quorumView({ state: 'leader', epoch, epochStartOffset: 0, ...fields })

test('a good election, commit and fail-over', () => {
  const { log, quorum: q, found } = quorum()
  q.observed(1, quorumView({ state: 'prospective', epoch: 0 }))
  expect(q.electing).toBe(true)
  q.preVoteGranted(2, 1, 0)
  q.voted(1, { epoch: 1, votedFor: 1 }, true)
  q.voteAsked(1, 1, 3)
  q.voted(2, { epoch: 1, votedFor: 1 }, true)
  q.voteGranted(2, 1, 1)
  q.observed(1, leader(1))
  expect(q.electing).toBe(false)
  fill(log, [1, 2], [batch(0, 0, 1), batch(1, 4, 1)])
  q.observed(1, leader(1, { highWatermark: 5, shownHighWatermark: 5 }))
  q.observed(2, quorumView({ highWatermark: 5 }))
  q.ended(1)
  q.observed(2, leader(2, { epochStartOffset: 5, highWatermark: 5 }))
  expect(found.violations).toEqual([])
  expect(q.elections).toBe(2)
})

test('R1: two leaders of one epoch', () => {
  const { quorum: q, found } = quorum()
  q.observed(1, leader(4))
  q.observed(2, leader(4))
  expect(found.names).toEqual(['R1'])
})

describe('R2: one vote, durable before it is told', () => {
  test('two votes', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 3, votedFor: 2 }, true)
    q.voted(1, { epoch: 3, votedFor: 3 }, true)
    expect(found.names).toEqual(['R2'])
  })

  test('forgotten within the epoch', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 3, votedFor: 2 }, true)
    q.voted(1, { epoch: 3, votedFor: -1 }, true)
    expect(found.names).toEqual(['R2'])
  })

  test('told while only the cache knows it', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 3, votedFor: 2 }, false)
    q.voteGranted(1, 2, 3)
    expect(found.names).toEqual(['R2'])
  })

  test('a candidate that has not voted for itself', () => {
    const { quorum: q, found } = quorum()
    q.preVoteGranted(2, 1, 2)
    q.voted(1, { epoch: 2, votedFor: -1 }, true)
    q.voteAsked(1, 3, 3)
    expect(found.names).toEqual(['R2'])
  })

  test('a request from before a disk was replaced is excused, a later one is not', () => {
    const { quorum: q, found } = quorum()
    for (const epoch of [2, 3]) q.preVoteGranted(2, 1, epoch)
    q.voted(1, { epoch: 3, votedFor: 1 }, true)
    q.replaced(1)
    q.voteAsked(1, 3, 3)
    expect(found.names).toEqual([])
    q.voteAsked(1, 4, 3)
    expect(found.names).toEqual(['R2'])
  })
})

describe('R3: epochs do not go back', () => {
  test('in a life', () => {
    const { quorum: q, found } = quorum()
    q.observed(1, quorumView({ epoch: 5 }))
    q.observed(1, quorumView({ epoch: 4 }))
    expect(found.names).toEqual(['R3'])
  })

  test('across a restart, below what was durable', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 5, votedFor: -1 }, true)
    q.observed(1, quorumView({ epoch: 6 }))
    q.ended(1)
    q.observed(1, quorumView({ epoch: 5 }))
    expect(found.names).toEqual([])
    q.ended(1)
    q.observed(1, quorumView({ epoch: 4 }))
    expect(found.names).toEqual(['R3'])
  })

  test('on the disk', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 5, votedFor: -1 }, true)
    q.voted(1, { epoch: 4, votedFor: -1 }, false)
    expect(found.names).toEqual(['R3'])
  })

  test('a replaced disk begins anew', () => {
    const { quorum: q, found } = quorum()
    q.voted(1, { epoch: 5, votedFor: 1 }, true)
    q.replaced(1)
    q.observed(1, quorumView({ epoch: 0 }))
    q.voted(1, { epoch: 1, votedFor: -1 }, true)
    expect(found.violations).toEqual([])
  })
})

describe('R5: leaders hold what is committed', () => {
  const committed = (): ReturnType<typeof quorum> => {
    const all = quorum()
    fill(all.log, [1, 2], [batch(0, 0, 1), batch(1, 1, 1)])
    all.quorum.observed(1, leader(1))
    all.quorum.observed(1, leader(1, { highWatermark: 2, shownHighWatermark: 2 }))
    return all
  }

  test('one that does not', () => {
    const { quorum: q, found } = committed()
    q.observed(3, leader(2))
    expect(found.names).toEqual(['R5'])
  })

  test('one of an earlier epoch, whose votes were on the way, need not', () => {
    const { log, quorum: q, found } = quorum()
    fill(log, [1, 2], [batch(0, 0, 4)])
    q.observed(1, leader(4))
    q.observed(1, leader(4, { highWatermark: 1, shownHighWatermark: 1 }))
    q.observed(3, leader(3))
    expect(found.names).toEqual([])
    q.observed(3, leader(5))
    expect(found.names).toEqual(['R5'])
  })

  test('one whose snapshot does', () => {
    const { log, quorum: q, found } = committed()
    log.log(3).covered = 2
    q.observed(3, leader(2))
    expect(found.names).toEqual([])
  })

  test('one disk that lost it is no excuse, a majority is', () => {
    const { log, quorum: q, found } = committed()
    log.rescanned(2, [], 'lost')
    q.observed(2, leader(2))
    expect(found.names).toEqual(['R5'])
    log.rescanned(1, [], 'lost')
    q.observed(3, leader(3))
    expect(found.names).toEqual(['R5'])
  })
})

test('R7: durable on a minority; another disk under the same id is another voter', () => {
  const { log, quorum: q, found } = quorum()
  q.observed(1, leader(1))
  fill(log, [1, 2], [batch(0, 0, 1)])
  fill(log, [1], [batch(1, 1, 1)])
  log.written(2, 0, batch(1, 1, 1))
  q.observed(1, leader(1, { highWatermark: 1, shownHighWatermark: 1 }))
  expect(found.names).toEqual([])
  q.observed(1, leader(1, { highWatermark: 2, shownHighWatermark: 2 }))
  expect(found.names).toEqual(['R7'])
  const other = quorum()
  other.quorum.observed(1, leader(1))
  fill(other.log, [1, 2], [batch(0, 0, 1)])
  other.quorum.directory(2, 'another')
  other.quorum.observed(1, leader(1, { highWatermark: 1, shownHighWatermark: 1 }))
  expect(other.found.names).toEqual(['R7'])
})

test('R8: committed before it is durable here', () => {
  const { log, quorum: q, found } = quorum()
  log.written(2, 0, batch(0, 0, 1))
  q.observed(2, quorumView({ highWatermark: 1 }))
  expect(found.names).toEqual(['R8'])
})

describe('R9: the high watermark does not go back', () => {
  test('of a node', () => {
    const { log, quorum: q, found } = quorum()
    fill(log, [2], [batch(0, 0, 1), batch(1, 1, 1)])
    q.observed(2, quorumView({ highWatermark: 2 }))
    q.observed(2, quorumView({ highWatermark: 1 }))
    expect(found.names).toEqual(['R9'])
  })

  test('as leaders show it', () => {
    const { log, quorum: q, found } = quorum()
    fill(log, [1, 2], [batch(0, 0, 1), batch(1, 1, 1)])
    q.observed(1, leader(1))
    q.observed(1, leader(1, { highWatermark: 2, shownHighWatermark: 2 }))
    q.observed(2, leader(2, { highWatermark: 1, shownHighWatermark: 1 }))
    expect(found.names).toEqual(['R9'])
  })
})

describe('R10: first something of the own epoch', () => {
  test('commits what is older', () => {
    const { log, quorum: q, found } = quorum()
    fill(log, [1, 2], [batch(0, 0, 1), batch(1, 1, 2)])
    q.observed(1, leader(2, { epochStartOffset: 1 }))
    q.observed(1, leader(2, { epochStartOffset: 1, highWatermark: 1 }))
    expect(found.names).toEqual(['R10'])
  })

  test('shows what is older', () => {
    const { quorum: q, found } = quorum()
    q.observed(1, leader(2, { epochStartOffset: 1, shownHighWatermark: 1 }))
    expect(found.names).toEqual(['R10'])
  })
})

test('R3: records of an epoch that the disk does not know', () => {
  const { quorum: q, found } = quorum()
  q.voted(1, { epoch: 2, votedFor: -1 }, false)
  q.wrote(1, 2)
  q.voted(1, { epoch: 2, votedFor: -1 }, true)
  q.wrote(1, 2)
  expect(found.names).toEqual(['R3'])
})

describe('votes', () => {
  const ballot = { candidate: 1, epoch: 3, lastEpoch: 1, endOffset: 5, preVote: false, voterDirectoryId: 'd2' }
  const granted = (fields: Partial<typeof ballot>): string[] => {
    const { log, quorum: q, found } = quorum()
    fill(log, [2], [batch(0, 4, 1)])
    q.granted(2, { ...ballot, ...fields })
    return found.names
  }
  test('for a log that is as long', () => expect(granted({})).toEqual([]))
  test('R5: for one that is shorter', () => expect(granted({ endOffset: 4 })).toEqual(['R5']))
  test('R5: for one of an older epoch', () => expect(granted({ lastEpoch: 0, endOffset: 9 })).toEqual(['R5']))
  test('for a shorter one of a newer epoch', () => expect(granted({ lastEpoch: 2, endOffset: 1 })).toEqual([]))
  test('R15: asked of another directory', () => expect(granted({ voterDirectoryId: 'dx' })).toEqual(['R15']))

  /** What is found when 2, which voted for 1 and then followed it, is asked again. */
  const again = (fields: Partial<typeof ballot>): string[] => {
    const { log, quorum: q, found } = quorum()
    fill(log, [2], [batch(0, 4, 1)])
    for (const durable of [false, true]) q.voted(2, { epoch: 3, votedFor: 1 }, durable)
    fill(log, [2], [batch(5, 9, 3)])
    for (const durable of [false, true]) q.voted(2, { epoch: 3, votedFor: 1 }, durable)
    q.granted(2, { ...ballot, ...fields })
    return found.names
  }
  test('told again, for the log that it was given for', () => expect(again({})).toEqual([]))
  test('R5: told again, for a shorter log than it was given for', () => expect(again({ endOffset: 4 })).toEqual(['R5']))
  test('R5: told to another, by the log as it is now', () => expect(again({ candidate: 3 })).toEqual(['R5']))
  test('R5: a pre-vote, by the log as it is now', () => expect(again({ preVote: true })).toEqual(['R5']))
  test('R5: in another epoch, by the log as it is now', () => expect(again({ epoch: 4 })).toEqual(['R5']))

  test('R5: given again when the power took it, by the log as it is then', () => {
    const { log, quorum: q, found } = quorum()
    fill(log, [2], [batch(0, 4, 1)])
    q.voted(2, { epoch: 3, votedFor: 1 }, false)
    q.foundVote(2, { epoch: 2, votedFor: -1 })
    fill(log, [2], [batch(5, 9, 2)])
    for (const durable of [false, true]) q.voted(2, { epoch: 3, votedFor: 1 }, durable)
    q.granted(2, ballot)
    expect(found.names).toEqual(['R5'])
  })
})

test('R12: an epoch raised without a majority of pre-votes', () => {
  const { quorum: q, found } = quorum()
  q.voted(1, { epoch: 3, votedFor: 1 }, true)
  q.voteAsked(1, 3, 3)
  expect(found.names).toEqual(['R12'])
})

describe('R12: a pre-vote against a leader that is heard', () => {
  const world = (): ReturnType<typeof quorum> => {
    const all = quorum()
    all.quorum.observed(1, leader(4))
    all.quorum.voted(2, { epoch: 4, votedFor: -1 }, true)
    all.quorum.observed(2, quorumView({ epoch: 4, leaderId: 1 }))
    return all
  }

  test('by who has its records, until it looks for another itself', () => {
    const { quorum: q, found } = world()
    q.preVoteGranted(2, 3, 4)
    expect(found.names).toEqual([])
    q.wrote(2, 4)
    q.preVoteGranted(2, 3, 4)
    expect(found.names).toEqual(['R12'])
    q.observed(2, quorumView({ state: 'prospective', epoch: 4 }))
    q.observed(2, quorumView({ epoch: 4, leaderId: 1 }))
    q.preVoteGranted(2, 3, 4)
    expect(found.names).toEqual(['R12'])
  })

  test('by the leader itself', () => {
    const { quorum: q, found } = world()
    q.preVoteGranted(1, 3, 4)
    expect(found.names).toEqual(['R12'])
  })

  test('when it has resigned, or is no more', () => {
    for (const over of ['resigned', 'dead']) {
      const { quorum: q, found } = world()
      q.wrote(2, 4)
      if (over === 'dead') q.ended(1)
      else q.observed(1, quorumView({ state: 'resigned', epoch: 4 }))
      q.preVoteGranted(2, 3, 4)
      expect(found.names).toEqual([])
    }
  })
})

test('R15: a candidate that is no voter, or has another disk', () => {
  const { quorum: q, found } = quorum()
  q.observed(4, quorumView({ state: 'prospective' }))
  q.directory(2, 'another')
  q.observed(2, quorumView({ state: 'candidate' }))
  expect(found.names).toEqual(['R15', 'R15'])
})

test('R7: what a disk had acknowledged counts after it was replaced, what the new one says does not', () => {
  const { log, quorum: q, found } = quorum()
  q.observed(1, leader(1))
  fill(log, [1, 2], [batch(0, 0, 1)])
  log.rescanned(2, [], 'lost')
  q.directory(2, 'another')
  // Got again, and that alone would be nothing.
  fill(log, [2], [batch(0, 0, 1)])
  q.observed(1, leader(1, { highWatermark: 1, shownHighWatermark: 1 }))
  expect(found.names).toEqual([])
  fill(log, [1, 2], [batch(1, 1, 1)])
  q.observed(1, leader(1, { highWatermark: 2, shownHighWatermark: 2 }))
  expect(found.names).toEqual(['R7'])
})
