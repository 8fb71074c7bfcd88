// The fold: what is kept opaque, transactions, and records that do not fit.

import { describe, expect, test } from 'vitest'
import {
  emptyImage,
  imageToRecords,
  isOnlineDirectory,
  localChanges,
  MetadataFold,
  partitionOf,
} from '../../../cluster/metadata/index.ts'
import { LOST_DIR, MIGRATING_DIR, UNASSIGNED_DIR } from '../../../src/base/index.ts'
import type { MetadataRecord, PartitionRecord } from '../../../src/wire/index.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../src/wire/index.ts'

const TOPIC = 'topicAAAAAAAAAAAAAAAAA'
const DIR = 'directoryAAAAAAAAAAAAA'

function partition(more: Partial<PartitionRecord> = {}): MetadataRecord {
  return {
    type: 'PartitionRecord',
    version: 2,
    value: {
      partitionId: 0,
      topicId: TOPIC,
      replicas: [1, 2],
      isr: [1, 2],
      removingReplicas: [],
      addingReplicas: [],
      leader: 1,
      leaderRecoveryState: 0,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [DIR, DIR],
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
      ...more,
    },
  }
}

const topicRecord: MetadataRecord = { type: 'TopicRecord', version: 0, value: { name: 't', topicId: TOPIC } }
const level: MetadataRecord = {
  type: 'FeatureLevelRecord',
  version: 0,
  value: { name: 'metadata.version', featureLevel: 30 },
}

function change(more: object): MetadataRecord {
  const none = {
    isr: null,
    leader: -2,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  }
  const value = { partitionId: 0, topicId: TOPIC, ...none, ...more }
  return { type: 'PartitionChangeRecord', version: 2, value }
}

function folded(...records: MetadataRecord[]): MetadataFold {
  const fold = new MetadataFold()
  for (const record of records) fold.apply(record)
  return fold
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** What later rooms will serve and an Apache Kafka may have written. */
const opaque: MetadataRecord[] = [
  {
    type: 'AccessControlEntryRecord',
    version: 0,
    value: {
      id: 'aclAAAAAAAAAAAAAAAAAAA',
      resourceType: 2,
      resourceName: 't',
      patternType: 3,
      principal: 'User:a',
      host: '*',
      operation: 3,
      permissionType: 3,
    },
  },
  {
    type: 'ClientQuotaRecord',
    version: 0,
    value: {
      entity: [
        { entityType: 'user', entityName: 'a' },
        { entityType: 'client-id', entityName: null },
      ],
      key: 'producer_byte_rate',
      value: 1024.5,
      remove: false,
    },
  },
  {
    type: 'UserScramCredentialRecord',
    version: 0,
    value: {
      name: 'a',
      mechanism: 1,
      salt: bytes(1, 2),
      storedKey: bytes(3),
      serverKey: bytes(4, 5, 6),
      iterations: 4096,
    },
  },
  {
    type: 'DelegationTokenRecord',
    version: 0,
    value: {
      owner: 'User:a',
      requester: 'User:b',
      renewers: ['User:c'],
      issueTimestamp: 1,
      maxTimestamp: 2,
      expirationTimestamp: 3,
      tokenId: 'token',
    },
  },
  { type: 'ZkMigrationStateRecord', version: 0, value: { zkMigrationState: 0 } },
  { type: 'ProducerIdsRecord', version: 0, value: { brokerId: -1, brokerEpoch: -1, nextProducerId: 3000 } },
]

describe('what is kept', () => {
  test('is written again by a snapshot, byte for byte', () => {
    const image = folded(level, ...opaque).publish(7, 1)!
    const written = imageToRecords(image).map((record) => Buffer.from(encodeMetadataRecord(record)).toString('hex'))
    const given = [level, ...opaque].map((record) => Buffer.from(encodeMetadataRecord(record)).toString('hex'))
    expect(written.sort()).toEqual(given.sort())
  })

  test('does not hold the batch it was read from', () => {
    const raw = encodeMetadataRecord(opaque[2]!)
    const image = folded(decodeMetadataRecord(raw)).publish(1, 1)!
    raw.fill(0)
    expect(image.scramCredentials.get('1:a')?.serverKey).toEqual(bytes(4, 5, 6))
  })

  test('can be removed', () => {
    const quota = opaque[1] as Extract<MetadataRecord, { type: 'ClientQuotaRecord' }>
    const turned = [...quota.value.entity].reverse()
    const image = folded(
      ...opaque,
      { type: 'RemoveAccessControlEntryRecord', version: 0, value: { id: 'aclAAAAAAAAAAAAAAAAAAA' } },
      { type: 'RemoveUserScramCredentialRecord', version: 0, value: { name: 'a', mechanism: 1 } },
      { type: 'RemoveDelegationTokenRecord', version: 0, value: { tokenId: 'token' } },
      { ...quota, value: { ...quota.value, entity: turned, remove: true } },
    ).publish(1, 1)!
    expect([image.acls.size, image.scramCredentials.size, image.delegationTokens.size]).toEqual([0, 0, 0])
    expect(image.clientQuotas.size).toBe(0)
  })
})

describe('metadata transactions', () => {
  const begin: MetadataRecord = { type: 'BeginTransactionRecord', version: 0, value: { name: 'x' } }

  test('publish at their end', () => {
    const fold = folded(level)
    expect(fold.publish(1, 1)).not.toBeNull()
    for (const record of [begin, topicRecord, partition()]) fold.apply(record)
    expect(fold.publish(4, 1)).toBeNull()
    fold.apply({ type: 'EndTransactionRecord', version: 0, value: {} })
    expect(fold.publish(5, 1)!.topicIds.get('t')).toBe(TOPIC)
  })

  test('leave nothing when they are aborted', () => {
    const fold = folded(level, topicRecord, partition(), begin)
    fold.apply(change({ isr: [1] }))
    fold.apply({ type: 'RemoveTopicRecord', version: 0, value: { topicId: TOPIC } })
    fold.apply({ type: 'AbortTransactionRecord', version: 0, value: { reason: null } })
    const image = fold.publish(7, 1)!
    expect(partitionOf(image, TOPIC, 0)).toMatchObject({ isr: [1, 2], partitionEpoch: 0 })
    expect(image.offset).toBe(7)
  })
})

describe('records that do not fit', () => {
  const cases: [string, MetadataRecord[], string][] = [
    ['a partition without its topic', [partition()], 'does not exist'],
    ['a change without its partition', [topicRecord, change({ isr: [1] })], 'does not exist'],
    ['a topic twice', [topicRecord, topicRecord], 'already'],
    ['an end without a beginning', [{ type: 'EndTransactionRecord', version: 0, value: {} }], 'without a transaction'],
    [
      'a broker that is not registered',
      [{ type: 'FenceBrokerRecord', version: 0, value: { id: 1, epoch: 1 } }],
      'not registered',
    ],
    [
      'a metadata.version of the future',
      [{ ...level, value: { name: 'metadata.version', featureLevel: 31 } } as MetadataRecord],
      'metadata.version 31 is finalized',
    ],
  ]
  test.each(cases)('%s stops the node (S61)', (_, records, message) => {
    expect(() => folded(...records)).toThrow(message)
  })
})

describe('local changes', () => {
  test('a replica taken away and given back between two images is removed first: it is empty (S30, KIP-966)', () => {
    const before = folded(level, topicRecord, partition()).publish(3, 1)!
    const fold = new MetadataFold(before)
    fold.apply(change({ replicas: [1], directories: [DIR], isr: [1] }))
    fold.apply(change({ replicas: [1, 2], directories: [DIR, UNASSIGNED_DIR] }))
    const after = fold.publish(5, 1)!
    expect(localChanges(before, after, 2).map((c) => c.kind)).toEqual(['remove', 'replica'])
    expect(localChanges(before, after, 1).map((c) => c.kind)).toEqual(['replica'])
    expect(localChanges(before, after, 3)).toEqual([])
  })

  test('a topic deleted and created again under its name is another one (S39)', () => {
    const before = folded(level, topicRecord, partition()).publish(3, 1)!
    const fold = new MetadataFold(before)
    const other = 'otherAAAAAAAAAAAAAAAAA'
    fold.apply({ type: 'RemoveTopicRecord', version: 0, value: { topicId: TOPIC } })
    fold.apply({ type: 'TopicRecord', version: 0, value: { name: 't', topicId: other } })
    fold.apply(partition({ topicId: other }))
    const changes = localChanges(before, fold.publish(6, 1)!, 1)
    expect(changes.map((c) => `${c.kind} ${c.topicId}`)).toEqual([`remove ${TOPIC}`, `replica ${other}`])
  })

  test('an image from a snapshot that says the same changes nothing', () => {
    const before = folded(level, topicRecord, partition()).publish(3, 1)!
    const again = folded(...imageToRecords(before)).publish(3, 1)!
    expect(localChanges(before, again, 1)).toEqual([])
    expect(localChanges(emptyImage, again, 1).length).toBe(1)
  })

  test('configurations of the topic, the broker and the cluster concern local replicas', () => {
    const before = folded(level, topicRecord, partition()).publish(3, 1)!
    const set = (resourceType: number, resourceName: string): MetadataRecord => ({
      type: 'ConfigRecord',
      version: 0,
      value: { resourceType, resourceName, name: 'x', value: '1' },
    })
    const kinds = (record: MetadataRecord, id: number): string[] => {
      const fold = new MetadataFold(before)
      fold.apply(record)
      return localChanges(before, fold.publish(4, 1)!, id).map((c) => c.kind)
    }
    expect(kinds(set(2, 't'), 1)).toEqual(['config'])
    expect(kinds(set(2, 't'), 3)).toEqual([])
    expect(kinds(set(2, 'other'), 1)).toEqual([])
    expect(kinds(set(4, ''), 2)).toEqual(['config'])
    expect(kinds(set(4, '1'), 2)).toEqual([])
    expect(kinds(set(4, '2'), 2)).toEqual(['config'])
  })
})

test('a directory counts as online when nothing is known against it', () => {
  expect(isOnlineDirectory(DIR, [DIR])).toBe(true)
  expect(isOnlineDirectory(DIR, ['elsewhereAAAAAAAAAAAAA'])).toBe(false)
  expect(isOnlineDirectory(DIR, [])).toBe(true)
  expect(isOnlineDirectory(UNASSIGNED_DIR, [DIR])).toBe(true)
  expect(isOnlineDirectory(MIGRATING_DIR, [DIR])).toBe(true)
  expect(isOnlineDirectory(LOST_DIR, [DIR])).toBe(false)
})
