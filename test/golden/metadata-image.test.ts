// What Apache Kafka 4.3.1 made of a cluster, against what we make of it: its metadata log folded here gives its own
// snapshot, record for record, and its controlled shutdowns are decided here with the same records.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { decideHeartbeat, startSessions } from '../../cluster/controller/index.ts'
import { imageToRecords, MetadataFold } from '../../cluster/metadata/index.ts'
import { SeededRandom } from '../../src/base/index.ts'
import type { MetadataRecord } from '../../src/wire/index.ts'
import { batchesOf, decodeMetadataRecord, encodeMetadataRecord, recordsOf } from '../../src/wire/index.ts'
import { nodeConfig } from '../unit/cluster/fixtures.ts'

interface Read {
  readonly offset: number
  readonly record: MetadataRecord
}

function read(name: string): Read[] {
  const bytes = gunzipSync(readFileSync(join(import.meta.dirname, name)))
  return [...batchesOf(bytes)]
    .filter((header) => !header.control)
    .flatMap((header) => recordsOf(bytes, header))
    .map(({ offset, value }) => ({ offset, record: decodeMetadataRecord(value!) }))
}

const hex = (record: MetadataRecord): string => Buffer.from(encodeMetadataRecord(sorted(record))).toString('hex')

/** Kafka keeps a broker's features in a hash map: their order says nothing. */
function sorted(record: MetadataRecord): MetadataRecord {
  if (record.type !== 'RegisterBrokerRecord') return record
  const features = [...record.value.features].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { ...record, value: { ...record.value, features } }
}

/** The snapshot is of everything below this offset. */
const SNAPSHOT_END = 129

test('the fold of its log, written as a snapshot, is its snapshot', () => {
  const fold = new MetadataFold()
  for (const { record, offset } of read('metadata.log.gz')) if (offset < SNAPSHOT_END) fold.apply(record)
  const ours = imageToRecords(fold.publish(SNAPSHOT_END, 1)!)
  const theirs = read('metadata.checkpoint.gz').map(({ record }) => record)
  expect(ours.map(hex).sort()).toEqual(theirs.map(hex).sort())
})

test('its brokers leave with the records that we would write', () => {
  const log = read('metadata.log.gz')
  const fold = new MetadataFold()
  let left = 0
  for (const [i, { record, offset }] of log.entries()) {
    if (record.type === 'BrokerRegistrationChangeRecord' && record.value.inControlledShutdown === 1) {
      const theirs = [record]
      const after = log.slice(i + 1)
      const end = after.findIndex((next) => next.record.type !== 'PartitionChangeRecord')
      const changes = after.slice(0, end).map((next) => next.record)
      expect([...theirs, ...changes].map(hex).sort()).toEqual(shutDown(fold, record.value, offset).map(hex).sort())
      left++
    }
    fold.apply(record)
  }
  expect(left).toBe(4)
})

function shutDown(
  draft: MetadataFold,
  broker: { readonly brokerId: number; readonly brokerEpoch: number },
  offset: number,
): readonly MetadataRecord[] {
  const controller = { clusterId: 'c', node: nodeConfig(1), sessions: new Map() }
  startSessions(controller, draft, 0)
  const { brokerId, brokerEpoch } = broker
  const heartbeat = {
    brokerId,
    brokerEpoch,
    currentMetadataOffset: offset,
    wantFence: false,
    wantShutDown: true,
    offlineLogDirs: [],
    cordonedLogDirs: null,
  }
  const context = { now: 0, version: 2, nextOffset: offset, random: new SeededRandom(1) }
  return decideHeartbeat(controller, draft, heartbeat, context).records
}
