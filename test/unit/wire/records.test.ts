import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/index.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  type ControlRecordInput,
  controlRecords,
  decodeAssignment,
  decodeControlRecord,
  decodeCoordinatorRecord,
  decodeMetadataRecord,
  decodeSubscription,
  encodeControlRecord,
  encodeCoordinatorKey,
  encodeMetadataRecord,
  encodeVersioned,
  errorCode,
  errorName,
  groupRecords,
  invalidatesMetadata,
  isRetriable,
  type MetadataRecordInput,
  metadataRecords,
  metadataRecordToJson,
  printJson,
  rangeOf,
  shareRecords,
  transactionRecords,
} from '../../../src/wire/index.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

describe('metadata records', () => {
  test('as Kafka wrote one', () => {
    // From the metadata log of a Kafka 4.3.1 cluster.
    const written = bytes('010c00116d657461646174612e76657273696f6e001e00')
    const record = decodeMetadataRecord(written)
    expect(record).toEqual({
      type: 'FeatureLevelRecord',
      version: 0,
      value: { name: 'metadata.version', featureLevel: 30 },
    })
    expect(hex(encodeMetadataRecord(record))).toBe(hex(written))
    expect(printJson(metadataRecordToJson(written))).toBe(
      '{"type":"FEATURE_LEVEL_RECORD","version":0,"data":{"name":"metadata.version","featureLevel":30}}',
    )
  })

  test('every type and version goes out and comes in', () => {
    for (const [type, schema] of Object.entries(metadataRecords)) {
      const range = rangeOf(schema.versions)!
      for (let version = range.min; version <= range.max; version++) {
        const record = { type, version, value: {} } as MetadataRecordInput
        expect(decodeMetadataRecord(encodeMetadataRecord(record))).toMatchObject({ type, version })
      }
    }
  })

  test.each([
    ['another frame version', '000c00'],
    ['an unknown type', '017f00'],
    ['an unknown version', '010c05'],
    ['nothing', ''],
    ['a cut varint', '0180'],
  ])('%s is refused', (_what, text) => {
    expect(() => decodeMetadataRecord(bytes(text))).toThrow(ProtocolError)
  })
})

describe('control records', () => {
  test('a commit marker', () => {
    const written = encodeControlRecord({ type: 'COMMIT', version: 0, value: { coordinatorEpoch: 12 } })
    expect([hex(written.key), hex(written.value)]).toEqual(['00000001', '00000000000c'])
  })

  test('every type goes out and comes in, its version first', () => {
    for (const [type, { schema }] of Object.entries(controlRecords)) {
      const version = rangeOf(schema.versions)!.max
      const { key, value } = encodeControlRecord({ type, version, value: {} } as ControlRecordInput)
      expect(new DataView(value.buffer).getInt16(0)).toBe(version)
      expect(decodeControlRecord(key, value)).toMatchObject({ type, version })
    }
  })

  test('an unknown type is none of ours', () => {
    expect(decodeControlRecord(bytes('00000063'), bytes('0000'))).toBeNull()
    expect(() => decodeControlRecord(bytes('00'), bytes('0000'))).toThrow(ProtocolError)
  })
})

describe('coordinator records', () => {
  test('key with its type, value with its version, tombstones', () => {
    const key = encodeCoordinatorKey(groupRecords.OffsetCommit.key, { group: 'g', topic: 't', partition: 1 })
    expect(hex(key)).toBe('0001' + '000167' + '000174' + '00000001')
    const value = encodeVersioned(groupRecords.OffsetCommit.value, 3, { offset: 5, metadata: '', commitTimestamp: 9 })
    expect(hex(value).slice(0, 4)).toBe('0003')
    expect(decodeCoordinatorRecord(groupRecords, key, value)).toMatchObject({
      type: 'OffsetCommit',
      key: { group: 'g', topic: 't', partition: 1 },
      value: { version: 3, body: { offset: 5 } },
    })
    expect(decodeCoordinatorRecord(groupRecords, key, null)).toMatchObject({ type: 'OffsetCommit', value: null })
  })

  test('each log has types of its own; an unknown one is skipped, an unknown version refused', () => {
    const key = encodeCoordinatorKey(transactionRecords.TransactionLog.key, { transactionalId: 'x' })
    expect(decodeCoordinatorRecord(transactionRecords, key, null)?.type).toBe('TransactionLog')
    expect(decodeCoordinatorRecord(shareRecords, bytes('0063'), null)).toBeNull()
    expect(() => decodeCoordinatorRecord(transactionRecords, key, bytes('0063'))).toThrow(ProtocolError)
  })

  test('the consumer protocol reads a newer version as its highest', () => {
    const written = encodeVersioned(ConsumerProtocolSubscription, 3, { topics: ['t'], generationId: 4 })
    written[1] = 9
    expect(decodeSubscription(written)).toMatchObject({ version: 9, body: { topics: ['t'], generationId: 4 } })
    const assigned = encodeVersioned(ConsumerProtocolAssignment, 1, {
      assignedPartitions: [{ topic: 't', partitions: [1] }],
    })
    expect(decodeAssignment(assigned).body.assignedPartitions).toEqual([{ topic: 't', partitions: [1] }])
    written[0] = 0xff
    expect(() => decodeSubscription(written)).toThrow(ProtocolError)
  })
})

test('errors by name and code', () => {
  expect(errorCode('NOT_LEADER_OR_FOLLOWER')).toBe(6)
  expect(errorName(6)).toBe('NOT_LEADER_OR_FOLLOWER')
  expect(errorName(-1)).toBe('UNKNOWN_SERVER_ERROR')
  expect(errorName(9999)).toBe('UNKNOWN_SERVER_ERROR')
  expect([isRetriable('NOT_LEADER_OR_FOLLOWER'), invalidatesMetadata('NOT_LEADER_OR_FOLLOWER')]).toEqual([true, true])
  expect([isRetriable('INVALID_CONFIG'), invalidatesMetadata('REQUEST_TIMED_OUT')]).toEqual([false, false])
})
