// Every check of ISR changes against the proposals that ask for them, and proposals that are as they should be.

import { describe, expect, test } from 'vitest'
import { ClusterTruth, type MetadataFact, ProposalInvariants } from '../../../src/check/index.ts'
import { Collected, change, KEY, registerBroker, WORLD } from './findings.ts'

/** Leader 1 in epoch 0, ISR [1, 2], partition epoch 1; the controller is on node 2. */
function world(): {
  found: Collected
  proposals: ProposalInvariants
  commit: (writer: number, ...records: MetadataFact[]) => string[]
  propose: (partitionEpoch: number, members: readonly (readonly [number, number])[]) => string[]
} {
  const found = new Collected()
  const truth = new ClusterTruth()
  const proposals = new ProposalInvariants(truth, found)
  let offset = 0
  const commit = (writer: number, ...records: MetadataFact[]): string[] => {
    const step = truth.apply(records, ++offset)
    for (const { before, after } of step?.partitions ?? []) proposals.committed(before, after, writer, step!.brokers)
    return found.names
  }
  const propose = (partitionEpoch: number, members: readonly (readonly [number, number])[]): string[] => {
    proposals.proposed(KEY, { leader: 1, leaderEpoch: 0, partitionEpoch, members: new Map(members) })
    return found.names
  }
  commit(2, ...WORLD)
  commit(2, change({ isr: [1, 2] }))
  return { found, proposals, commit, propose }
}

const THREE = [
  [1, 1],
  [2, 2],
  [3, 3],
] as const

test('who has fetched is proposed, and joins', () => {
  const { proposals, commit, propose } = world()
  proposals.fetched(1, 3, 3, [[KEY, 0]])
  propose(1, THREE)
  expect(commit(2, change({ isr: [1, 2, 3] }))).toEqual([])
})

test('a leader beside the controller proposes on no wire', () => {
  const { commit } = world()
  expect(commit(1, change({ isr: [1, 2, 3] }))).toEqual([])
})

describe('P8: a proposal names a life', () => {
  test('whose fetches its leader has not heard', () => expect(world().propose(1, THREE)).toEqual(['P8']))

  test('of which an earlier one has fetched (KAFKA-15221)', () => {
    const { proposals, propose } = world()
    proposals.fetched(1, 3, 2, [[KEY, 0]])
    expect(propose(1, THREE)).toEqual(['P8'])
  })

  test('and comes late, when a later one has fetched', () => {
    const { proposals, propose } = world()
    proposals.fetched(1, 3, 9, [[KEY, 0]])
    expect(propose(1, THREE)).toEqual([])
  })

  test('whose fetch was heard before an old connection delivers an earlier one', () => {
    const { proposals, propose } = world()
    proposals.fetched(1, 3, 3, [[KEY, 0]])
    proposals.fetched(1, 3, 3, [[KEY, -1]])
    proposals.fetched(1, 3, 2, [[KEY, 0]])
    expect(propose(1, THREE)).toEqual([])
  })

  test('that is not the one which joins (KIP-903)', () => {
    const { found, proposals, commit, propose } = world()
    proposals.fetched(1, 3, 3, [[KEY, 0]])
    propose(1, THREE)
    commit(2, registerBroker(3, 9))
    expect(commit(2, change({ isr: [1, 2, 3] }))).toEqual(['P8'])
    expect(found.violations[0]!.text).toContain('3 joins the ISR in life 9, and was proposed in life 3')
  })
})

describe('P13: a member joins', () => {
  test('by a proposal on an older registration (KIP-497)', () => {
    const { found, proposals, commit, propose } = world()
    proposals.fetched(1, 3, 3, [[KEY, 0]])
    propose(1, THREE)
    commit(2, change({ isr: [1] }))
    expect(commit(2, change({ isr: [1, 2, 3] }))).toEqual(['P13', 'P13'])
    expect(found.violations[1]!.text).toContain('3 joins the ISR of 2, and was proposed on 1')
  })

  test('that nobody has proposed', () => expect(world().commit(2, change({ isr: [1, 2, 3] }))).toEqual(['P13']))

  test('in one step with what came before it', () => {
    const { proposals, commit, propose } = world()
    proposals.fetched(1, 3, 3, [[KEY, 0]])
    propose(2, [
      [1, 1],
      [3, 3],
    ])
    expect(commit(2, change({ isr: [1] }), change({ isr: [1, 3] }))).toEqual([])
  })
})
