// R14: sets of voters in the metadata log, as they are written, cut and counted on.

import { describe, expect, test } from 'vitest'
import { LogModel, QuorumInvariants, type VoterKey } from '../../../src/check/index.ts'
import { batch, Collected, fill, quorumView } from './findings.ts'

const set = (...ids: number[]): VoterKey[] => ids.map((id) => ({ id, directoryId: `d${id}` }))
const THREE = set(1, 2, 3)

function world(): {
  found: Collected
  log: LogModel
  quorum: QuorumInvariants
  stands: (node: number, voters: readonly VoterKey[], endOffset: number) => string[]
} {
  const found = new Collected()
  const log = new LogModel('__cluster_metadata-0', 'quorum', found)
  const quorum = new QuorumInvariants(log, found)
  for (const { id, directoryId } of set(1, 2, 3, 4)) quorum.directory(id, directoryId!)
  const stands = (node: number, voters: readonly VoterKey[], endOffset: number): string[] => {
    quorum.observed(node, { ...FOLLOWER, voters, endOffset, durableEndOffset: endOffset })
    return found.names
  }
  stands(1, THREE, 0)
  return { found, log, quorum, stands }
}

const FOLLOWER = quorumView({ epoch: 9 })

/** A set in the batch after the first, which leads in epoch 1; `committed` up to an offset. */
function change(voters: readonly VoterKey[], committed: number): string[] {
  const { found, log, quorum } = world()
  fill(log, [1, 2], [batch(0, 2, 1), batch(3, 3, 1), batch(4, 4, 1)])
  quorum.wroteVoters(1, 0, 1, THREE)
  log.claimed(1, committed)
  quorum.wroteVoters(1, 4, 1, voters)
  return found.names
}

describe('a set that is written', () => {
  test('one more, one less, the same', () => {
    expect(change(set(1, 2, 3, 4), 4)).toEqual([])
    expect(change(set(1, 2), 4)).toEqual([])
    expect(change(THREE, 0)).toEqual([])
  })
  test('two at once', () => expect(change(set(1, 2, 4), 4)).toEqual(['R14']))
  test('the same node with another disk', () => {
    expect(change([...set(1, 2), { id: 3, directoryId: 'new' }], 4)).toEqual(['R14'])
  })
  test('while the one before is not committed, nor anything of its epoch', () => {
    expect(change(set(1, 2), 0)).toEqual(['R14', 'R14'])
  })
  test('by a leader that has committed nothing in its epoch (Ongaro 2015)', () => {
    const { found, log, quorum } = world()
    fill(log, [1, 2], [batch(0, 2, 1), batch(3, 3, 2)])
    quorum.wroteVoters(1, 0, 1, THREE)
    log.claimed(1, 3)
    quorum.wroteVoters(1, 3, 2, set(1, 2))
    expect(found.names).toEqual(['R14'])
  })
})

describe('a set that is counted on', () => {
  const appended = (): ReturnType<typeof world> => {
    const all = world()
    fill(all.log, [1, 2], [batch(0, 2, 1), batch(3, 3, 1)])
    all.quorum.wroteVoters(1, 0, 1, THREE)
    all.log.claimed(1, 3)
    for (const node of [1, 2]) all.quorum.wroteVoters(node, 3, 1, set(1, 2))
    return all
  }

  test('from its append on', () => {
    expect(appended().stands(1, set(1, 2), 4)).toEqual([])
    expect(appended().stands(1, THREE, 4)).toEqual(['R14'])
  })

  test('no more when it is cut', () => {
    const { log, quorum, stands } = appended()
    expect(stands(2, set(1, 2), 4)).toEqual([])
    log.cut(2, 0, 100)
    quorum.wasCut(2)
    expect(stands(2, THREE, 3)).toEqual([])
    const kept = appended()
    kept.log.cut(2, 0, 100)
    kept.quorum.wasCut(2)
    expect(kept.stands(2, set(1, 2), 3)).toEqual(['R14'])
  })

  test('by who has it in a snapshot', () => {
    const { log, stands } = appended()
    log.claimed(1, 4)
    log.log(3).covered = 4
    log.begun(3, 4)
    expect(stands(3, set(1, 2), 4)).toEqual([])
  })

  test('an empty disk has what it was formatted with', () => {
    expect(world().stands(1, set(1, 2), 0)).toEqual(['R14'])
    const { quorum, stands } = world()
    quorum.replaced(1)
    expect(stands(1, [], 0)).toEqual([])
  })

  test('while the disk is at work nothing is said', () => {
    const { quorum, found } = appended()
    quorum.observed(1, { ...FOLLOWER, voters: THREE, endOffset: 5, durableEndOffset: 4 })
    expect(found.names).toEqual([])
  })
})
