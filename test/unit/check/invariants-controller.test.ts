// Every check of what a controller decides, and of what nodes make of it, by metadata records that break it.

import { describe, expect, test } from 'vitest'
import {
  ClusterTruth,
  ControllerInvariants,
  ImageInvariants,
  type ImageObservation,
  LogModel,
  type MetadataFact,
} from '../../../src/check/index.ts'
import { batch, Collected, change, config, fill, KEY, partition, registerBroker, TOPIC, WORLD } from './findings.ts'

function world(clean = true): {
  found: Collected
  truth: ClusterTruth
  controller: ControllerInvariants
  commit: (...records: MetadataFact[]) => string[]
} {
  const found = new Collected()
  const truth = new ClusterTruth()
  const controller = new ControllerInvariants(truth, { stoppedCleanly: () => clean }, found)
  let offset = 0
  const commit = (...records: MetadataFact[]): string[] => {
    const step = truth.apply(records, ++offset)
    if (step !== null) controller.committed(step)
    return found.names
  }
  commit(...WORLD)
  return { found, truth, controller, commit }
}

const fence = (id: number): MetadataFact => ({ type: 'FenceBrokerRecord', value: { id } })

test('a good life: shrinks to the ELR, elects out of it, joins again', () => {
  const { found, controller, commit } = world()
  commit(fence(3), change({ isr: [1, 2] }))
  commit(fence(2), change({ isr: [1], eligibleLeaderReplicas: [2] }))
  commit({ type: 'UnfenceBrokerRecord', value: { id: 2 } })
  commit(fence(1), change({ isr: [2], eligibleLeaderReplicas: [1], leader: 2 }))
  commit({ type: 'UnfenceBrokerRecord', value: { id: 1 } })
  commit(change({ isr: [1, 2], eligibleLeaderReplicas: [] }))
  expect(found.violations).toEqual([])
  expect(controller.leaderChanges).toBe(1)
  expect(controller.isrChanges).toBe(4)
  for (const marker of [
    'partition: ELR not empty',
    'partition: ELR used in an election',
    'partition: ISR at the minimum',
  ])
    expect(found.markers).toContain(marker)
})

describe('P6: epochs of a registration', () => {
  test('that go back', () => {
    const { commit } = world()
    commit(change({ leader: 2 }))
    expect(commit(partition({ leader: 2, partitionEpoch: 9 }))).toEqual(['P6'])
  })
  test('that stay though the leader changes', () => {
    expect(world().commit(partition({ leader: 2, partitionEpoch: 1 }))).toEqual(['P6'])
  })
})

describe('P7: the shape of ISR and ELR', () => {
  test.each<[string, Partial<Parameters<typeof change>[0]>]>([
    ['a leader outside the ISR', { isr: [2, 3] }],
    ['a member that is no replica', { isr: [1, 2, 3, 4] }],
    ['an eligible one that is no replica', { isr: [1], eligibleLeaderReplicas: [4] }],
    ['in both', { isr: [1], eligibleLeaderReplicas: [1] }],
    ['an ELR beside a large ISR', { isr: [1, 2], eligibleLeaderReplicas: [3] }],
    ['twice', { isr: [1, 1, 2] }],
  ])('%s', (_, fields) => {
    expect(new Set(world().commit(change(fields)))).toContain('P7')
  })
  test('a fenced member', () => expect(world().commit(fence(3))).toEqual(['P7']))
  test('a member on its way out', () => {
    const leaving = { brokerId: 2, fenced: 0, inControlledShutdown: 1 }
    expect(world().commit({ type: 'BrokerRegistrationChangeRecord', value: leaving })).toEqual(['P7'])
  })
  test('an unregistered member', () => {
    expect(world().commit({ type: 'UnregisterBrokerRecord', value: { brokerId: 2 } })).toEqual(['P7'])
  })
})

describe('P14: unclean elections are explicit', () => {
  test('nobody allowed it', () => {
    const { commit } = world()
    commit(change({ isr: [1, 2] }))
    expect(commit(change({ leader: 3, isr: [3], leaderRecoveryState: 1 }))).toEqual(['P14'])
  })
  test('the operator did', () => {
    const { found, commit } = world()
    commit(change({ isr: [1, 2] }), config(2, 't', 'unclean.leader.election.enable', 'true'))
    expect(commit(change({ leader: 3, isr: [3], leaderRecoveryState: 1 }))).toEqual([])
    expect(found.markers).toContain('partition: unclean election')
  })
  test('the last known leader, when nobody is left', () => {
    const { found, commit } = world()
    commit(change({ isr: [], leader: -1, lastKnownElr: [1] }))
    expect(commit(change({ leader: 1, isr: [1], leaderRecoveryState: 1, lastKnownElr: [] }))).toEqual([])
    expect(found.markers).toContain('partition: last known leader elected')
  })
  test('not marked as recovering', () => {
    const { commit } = world()
    commit(change({ isr: [], leader: -1, lastKnownElr: [1] }))
    expect(commit(change({ leader: 1, isr: [1], lastKnownElr: [] }))).toEqual(['P14'])
  })
  test('with more than itself in the ISR', () => {
    const { commit } = world()
    commit(change({ isr: [], leader: -1, lastKnownElr: [1] }))
    expect(commit(change({ leader: 1, isr: [1, 2], leaderRecoveryState: 1, lastKnownElr: [] }))).toEqual(['P14'])
  })
})

describe('P15: a broker that stopped uncleanly', () => {
  test('stays in the ISR', () => expect(world(false).commit(registerBroker(2, 9))).toEqual(['P15']))
  test('stays in the ELR', () => {
    const { commit } = world(false)
    commit(change({ isr: [1], eligibleLeaderReplicas: [2, 3] }))
    expect(commit(registerBroker(2, 9))).toEqual(['P15'])
  })
  test('is out of it, and its partitions in a new epoch', () => {
    expect(world(false).commit(registerBroker(2, 9), change({ isr: [1, 3], leader: 1 }))).toEqual([])
  })
  test('is out of it in the old epoch', () => {
    expect(world(false).commit(registerBroker(2, 9), change({ isr: [1, 3] }))).toEqual(['P15'])
  })
  test('a clean stop keeps its place', () => expect(world(true).commit(registerBroker(2, 9))).toEqual([]))
  test('an epoch that goes back', () => expect(world(true).commit(registerBroker(3, 1))).toEqual(['P15']))
})

test('P16: a last known leader is forgotten when the ISR is large enough', () => {
  expect(world().commit(change({ lastKnownElr: [2] }))).toEqual(['P16'])
})

describe('images', () => {
  const good = {
    replicas: [1, 2, 3],
    isr: [1, 2, 3],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 'RECOVERED',
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
  const image = (offset: number, fields: Partial<typeof good> = {}): ImageObservation => ({
    offset,
    brokers: new Map(
      [1, 2, 3].map((id) => [id, { epoch: id, incarnationId: `i${id}`, fenced: false, inControlledShutdown: false }]),
    ),
    topics: new Map([[TOPIC, { name: 't', partitions: new Map([[0, { ...good, ...fields }]]) }]]),
  })

  function images(): ReturnType<typeof world> & { images: ImageInvariants; log: LogModel } {
    const all = world()
    const log = new LogModel('__cluster_metadata-0', 'quorum', all.found)
    return { ...all, log, images: new ImageInvariants(all.truth, log, all.found) }
  }

  test('that agree', () => {
    const { images: i, commit, found } = images()
    i.published(1, image(0))
    i.published(1, image(1))
    commit(change({ isr: [1, 2] }))
    i.published(1, image(2, { isr: [1, 2], partitionEpoch: 1 }))
    i.published(2, image(1))
    i.ended(1)
    i.published(1, image(1))
    i.compareWhole(2, image(1))
    expect(found.violations).toEqual([])
  })

  test('R6: another state at one offset', () => {
    const { images: i, found } = images()
    i.published(1, image(1, { isr: [1, 2] }))
    i.published(2, { ...image(1), topics: new Map() })
    i.published(3, { ...image(1), brokers: new Map() })
    expect(new Set(found.names)).toEqual(new Set(['R6']))
    expect(found.names).toHaveLength(5)
  })

  test('R6: something applied that is not committed', () => {
    const { images: i, found } = images()
    i.published(1, image(7))
    expect(found.names).toEqual(['R6'])
  })

  test('R18: back within a life', () => {
    const { images: i, commit, found } = images()
    commit(change({ isr: [1, 2] }))
    i.published(1, image(2, { isr: [1, 2], partitionEpoch: 1 }))
    i.published(1, image(1))
    expect(found.names).toEqual(['R18'])
  })

  test('R19: half a metadata transaction', () => {
    const { images: i, commit, found } = images()
    commit({ type: 'BeginTransactionRecord' })
    commit(change({ isr: [1, 2] }))
    i.published(1, image(2))
    expect(found.names).toEqual(['R19'])
    commit({ type: 'EndTransactionRecord' })
    i.published(2, image(4, { isr: [1, 2], partitionEpoch: 1 }))
    expect(found.names).toEqual(['R19'])
  })

  test('an aborted metadata transaction leaves nothing', () => {
    const { images: i, commit, found, truth } = images()
    commit({ type: 'BeginTransactionRecord' }, change({ isr: [1, 2] }))
    commit({ type: 'AbortTransactionRecord' })
    i.published(1, image(3))
    expect(found.violations).toEqual([])
    expect(truth.partitions.get(KEY)?.isr).toEqual([1, 2, 3])
  })

  describe('R16: snapshots', () => {
    const stored = (id: { endOffset: number; epoch: number }, records: readonly MetadataFact[]): string[] => {
      const { images: i, log, found } = images()
      fill(log, [1], [batch(0, 0, 4)])
      log.claimed(1, 1)
      i.snapshot(1, id, records)
      return found.names
    }
    test('a good one', () => expect(stored({ endOffset: 1, epoch: 4 }, WORLD)).toEqual([]))
    test('of what is not committed', () => expect(stored({ endOffset: 2, epoch: 4 }, WORLD)).toEqual(['R16']))
    test('under another epoch', () => expect(stored({ endOffset: 1, epoch: 3 }, WORLD)).toEqual(['R16']))
    test('with a partition missing', () => {
      expect(stored({ endOffset: 1, epoch: 4 }, WORLD.slice(0, -1))).toEqual(['R16'])
    })
    test('with a broker changed', () => {
      expect(stored({ endOffset: 1, epoch: 4 }, [...WORLD, fence(1)])).toEqual(['R16'])
    })
  })
})
