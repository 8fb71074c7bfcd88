// Every check of what a controller decides, and of what nodes make of it, by metadata records that break it.

import { describe, expect, test } from 'vitest'
import {
  ClusterTruth,
  type ControllerFacts,
  ControllerInvariants,
  ImageInvariants,
  type ImageObservation,
  LogModel,
  type MetadataFact,
} from '../../../src/check/index.ts'
import { batch, Collected, change, config, fill, KEY, partition, registerBroker, TOPIC, WORLD } from './findings.ts'

function world(
  clean: boolean | ControllerFacts['stoppedCleanly'] = true,
  lives = false,
): {
  found: Collected
  truth: ClusterTruth
  controller: ControllerInvariants
  commit: (...records: MetadataFact[]) => string[]
} {
  const found = new Collected()
  const truth = new ClusterTruth()
  const stoppedCleanly = typeof clean === 'boolean' ? (): boolean => clean : clean
  const controller = new ControllerInvariants(truth, { stoppedCleanly, lives: () => lives }, found)
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

describe('P21: replicas that come and go', () => {
  const begun = { replicas: [4, 1, 2, 3], directories: ['d4', 'd1', 'd2', 'd3'] }
  const fewer = { replicas: [2, 3, 4], directories: ['d2', 'd3', 'd4'], addingReplicas: [], removingReplicas: [] }
  const moving = (): ReturnType<typeof world> => {
    const found = world()
    found.commit(registerBroker(4, 40))
    expect(found.commit(change({ ...begun, addingReplicas: [4], removingReplicas: [1] }))).toEqual([])
    return found
  }

  test('a good move: added, in sync, then the old one goes and the new one may lead at once', () => {
    const { commit, found } = moving()
    expect(commit(change({ ...fewer, isr: [2, 3, 4], leader: 4 }))).toEqual([])
    expect(found.violations).toEqual([])
  })

  test('that counts a new replica at once', () => {
    const { commit } = world()
    commit(registerBroker(4, 40))
    const counted = change({ ...begun, addingReplicas: [4], removingReplicas: [1], isr: [1, 2, 3, 4] })
    expect(commit(counted)).toEqual(['P21'])
  })

  test('that adds a replica in silence', () => {
    const { commit } = world()
    commit(registerBroker(4, 40))
    expect(commit(change(begun))).toEqual(['P21'])
  })

  test('that drops the old ones first', () => {
    expect(moving().commit(change({ ...fewer, isr: [2, 3], leader: 2 }))).toEqual(['P21'])
  })

  test('that counts on whom it dropped', () => {
    expect(moving().commit(change({ ...fewer, isr: [1, 2, 3, 4], leader: 4 }))).toContain('P21')
  })

  test('that drops within an epoch', () => {
    expect(moving().commit(change({ ...fewer, replicas: [1, 2, 4], isr: [1, 2, 4] }))).toEqual(['P21'])
  })

  test('that leaves fewer in sync than min.insync.replicas', () => {
    expect(moving().commit(change({ ...fewer, isr: [4], leader: 4 }))).toContain('P21')
  })

  test('to fewer replicas, not all of them in sync', () => {
    const { commit } = world()
    commit(change({ isr: [1, 2], removingReplicas: [2] }))
    const to = { replicas: [1, 3], directories: ['d1', 'd3'], removingReplicas: [] }
    expect(commit(change({ ...to, isr: [1], leader: 1 }))).toContain('P21')
  })
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
    const leaving = { brokerId: 2, fenced: 0, inControlledShutdown: 1, logDirs: [] }
    expect(world().commit({ type: 'BrokerRegistrationChangeRecord', value: leaving })).toEqual(['P7'])
  })
  test('an unregistered member', () => {
    expect(world().commit({ type: 'UnregisterBrokerRecord', value: { brokerId: 2 } })).toEqual(['P7'])
  })
})

describe('P14: unclean elections are explicit', () => {
  test('who joined in this very step may be elected in it; who did not may not', () => {
    const joins = change({ isr: [1, 3], eligibleLeaderReplicas: [] })
    const leads = (id: number): MetadataFact => change({ isr: [id], eligibleLeaderReplicas: [1], leader: id })
    const begin = (): ReturnType<typeof world> => {
      const begun = world()
      begun.commit(fence(2), fence(3), change({ isr: [1] }))
      begun.commit({ type: 'UnfenceBrokerRecord', value: { id: 2 } }, { type: 'UnfenceBrokerRecord', value: { id: 3 } })
      return begun
    }
    expect(begin().commit(joins, leads(3))).toEqual([])
    // Nor is it marked as recovering.
    expect(begin().commit(joins, leads(2))).toEqual(['P14', 'P14'])
  })

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
  test('is judged by the life that registers, which may be dead when its word arrives', () => {
    const { found, commit } = world((_, life, previous) => life === 'stopped well' && previous === 2)
    commit(change({ isr: [1], eligibleLeaderReplicas: [2] }))
    expect(commit(registerBroker(2, 9, 'stopped well'))).toEqual([])
    expect(found.markers).toContain('broker: registered again cleanly')
    expect(commit(registerBroker(2, 10, 'killed'))).toEqual(['P15'])
  })
  test('a dead life that takes the place of a living one', () => {
    expect(world(true, true).commit(registerBroker(2, 9))).toEqual(['P15'])
    const fenced = world(true, true)
    fenced.commit(change({ isr: [1, 3] }), fence(2))
    expect(fenced.commit(registerBroker(2, 9))).toEqual([])
  })
  test('an epoch that goes back', () => expect(world(true).commit(registerBroker(3, 1))).toEqual(['P15']))
})

test('P16: a last known leader is forgotten when the ISR is large enough', () => {
  expect(world().commit(change({ lastKnownElr: [2] }))).toEqual(['P16'])
})

describe('images', () => {
  const good = {
    replicas: [1, 2, 3],
    addingReplicas: [],
    removingReplicas: [],
    directories: ['d1', 'd2', 'd3'],
    isr: [1, 2, 3],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 'RECOVERED',
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
  const broker = (id: number): NonNullable<ReturnType<ImageObservation['brokers']['get']>> => ({
    epoch: id,
    incarnationId: `i${id}`,
    fenced: false,
    inControlledShutdown: false,
    listeners: [{ name: 'PLAINTEXT', host: `h${id}`, port: 9092, securityProtocol: 0 }],
    features: new Map([['metadata.version', { min: 7, max: 27 }]]),
    rack: null,
    directories: [`d${id}`],
  })
  const image = (offset: number, fields: Partial<typeof good> = {}): ImageObservation => ({
    offset,
    brokers: new Map([1, 2, 3].map((id) => [id, broker(id)])),
    topics: new Map([[TOPIC, { name: 't', partitions: new Map([[0, { ...good, ...fields }]]) }]]),
    configs: new Map([['4:', new Map([['min.insync.replicas', '2']])]]),
    features: new Map([['eligible.leader.replicas.version', 1]]),
    controllers: new Map(),
    nextProducerId: -1,
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

  describe('R6: other settings at one offset', () => {
    const differing = (fields: Partial<ImageObservation>, ...records: MetadataFact[]): string[] => {
      const { images: i, commit, found } = images()
      if (records.length > 0) commit(...records)
      i.published(1, { ...image(records.length > 0 ? 2 : 1), ...fields })
      return found.names
    }
    const retention = (value: string | null): MetadataFact => ({
      type: 'ConfigRecord',
      value: { resourceType: 2, resourceName: 't', name: 'retention.ms', value },
    })
    const minimum = ['4:', new Map([['min.insync.replicas', '2']])] as const

    test('a setting of a topic', () => {
      expect(differing({}, retention('5'))).toEqual(['R6'])
      const configs = new Map([minimum, ['2:t', new Map([['retention.ms', '5']])]])
      expect(differing({ configs }, retention('5'))).toEqual([])
      expect(differing({}, retention('5'), retention(null))).toEqual([])
      expect(differing({ configs }, retention('5'), retention(null))).toEqual(['R6'])
    })

    test('one that outlives its topic', () => {
      const gone: MetadataFact = { type: 'RemoveTopicRecord', value: { topicId: TOPIC } }
      const topics = new Map()
      expect(differing({ topics }, retention('5'), gone)).toEqual([])
      const configs = new Map([minimum, ['2:t', new Map([['retention.ms', '5']])]])
      expect(differing({ topics, configs }, retention('5'), gone)).toEqual(['R6'])
    })

    test('one that no record tells of, when all is over', () => {
      const { images: i, found } = images()
      i.compareWhole(1, { ...image(1), configs: new Map([minimum, ['2:u', new Map([['retention.ms', '5']])]]) })
      expect(found.names).toEqual(['R6'])
    })

    test('of an aborted metadata transaction nothing stays', () => {
      const { images: i, commit, found } = images()
      commit({ type: 'BeginTransactionRecord' }, retention('5'))
      commit({ type: 'AbortTransactionRecord' })
      i.published(1, image(3))
      expect(found.names).toEqual([])
    })

    test('features, producer ids, controllers', () => {
      expect(differing({ features: new Map() })).toEqual(['R6'])
      const ids: MetadataFact = { type: 'ProducerIdsRecord', value: { nextProducerId: 1000 } }
      expect(differing({ nextProducerId: 1000 }, ids)).toEqual([])
      expect(differing({ nextProducerId: 2000 }, ids)).toEqual(['R6'])
      const registered: MetadataFact = {
        type: 'RegisterControllerRecord',
        value: { controllerId: 1, incarnationId: 'c1', endPoints: [], features: [] },
      }
      const controller = { incarnationId: 'c1', listeners: [], features: new Map() }
      expect(differing({ controllers: new Map([[1, controller]]) }, registered)).toEqual([])
      expect(differing({ controllers: new Map([[1, { ...controller, incarnationId: 'c2' }]]) }, registered)).toEqual([
        'R6',
      ])
    })

    test('a broker’s endpoints, directories, rack; a partition’s directories', () => {
      const brokers = (fields: object): Partial<ImageObservation> => ({
        brokers: new Map([1, 2, 3].map((id) => [id, id === 2 ? { ...broker(id), ...fields } : broker(id)])),
      })
      expect(differing(brokers({}))).toEqual([])
      expect(differing(brokers({ listeners: [] }))).toEqual(['R6'])
      expect(differing(brokers({ directories: ['other'] }))).toEqual(['R6'])
      expect(differing(brokers({ rack: 'r' }))).toEqual(['R6'])
      const { images: i, found } = images()
      i.published(1, image(1, { directories: ['d1', 'd2', 'other'] }))
      expect(found.names).toEqual(['R6'])
    })
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
    test('with a setting missing, or one too many', () => {
      const configless = WORLD.filter(({ type }) => type !== 'ConfigRecord')
      expect(stored({ endOffset: 1, epoch: 4 }, configless)).toEqual(['R16'])
      expect(stored({ endOffset: 1, epoch: 4 }, [...WORLD, config(2, 't', 'retention.ms', '5')])).toEqual(['R16'])
    })
    test('with a broker changed', () => {
      expect(stored({ endOffset: 1, epoch: 4 }, [...WORLD, fence(1)])).toEqual(['R16'])
    })
  })
})
