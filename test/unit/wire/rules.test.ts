// The rules of Kafka's serialization that tables alone do not tell, where we are as lenient as Kafka, and where we are
// stricter on purpose.

import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/index.ts'
import {
  ApiVersionsRequest,
  ConsumerGroupMemberMetadataValue,
  CreateTopicsRequest,
  DescribeGroupsRequest,
  decode,
  EncodeError,
  encode,
  FetchRequest,
  FetchResponse,
  JoinGroupRequest,
  MetadataRequest,
  PartitionChangeRecord,
  ProduceRequest,
  SaslAuthenticateRequest,
  unknownTags,
} from '../../../src/wire/index.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('values', () => {
  test('a field left out has its default, and every field is there when read', () => {
    const read = decode(FetchRequest, 4, encode(FetchRequest, 4, { maxWaitMs: 5 }))
    expect(read).toEqual({
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: 5,
      minBytes: 0,
      maxBytes: 0x7fffffff,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [],
      forgottenTopicsData: [],
      rackId: '',
    })
  })

  test('int64 saturates when read, and what is saturated is written as the limit it stands for', () => {
    const at = (offset: number | string): string => {
      const request = { topics: [{ partitions: [{ highWatermark: Number(offset) }] }] }
      return hex(encode(FetchRequest, 18, request)).slice(-30)
    }
    // 2^63−1 is the default of this tagged field: left out.
    expect(at(Number.MAX_SAFE_INTEGER)).not.toContain('7fffffffffffffff')
    expect(at(7)).toContain('0108' + '0000000000000007')
    expect(at(Number.MIN_SAFE_INTEGER)).toContain('8000000000000000')
    const read = decode(FetchRequest, 18, encode(FetchRequest, 18, { topics: [{ partitions: [{}] }] }))
    expect(read.topics[0]!.partitions[0]!.highWatermark).toBe(Number.MAX_SAFE_INTEGER)
  })

  test('a struct of defaults under a tag is left out, a null one that is not the default is written', () => {
    const plain = encode(FetchResponse, 16, { responses: [{ partitions: [{ records: null }] }] })
    const same = { leaderId: -1, leaderEpoch: -1 }
    const spelled = encode(FetchResponse, 16, { responses: [{ partitions: [{ records: null, currentLeader: same }] }] })
    expect(hex(spelled)).toBe(hex(plain))
    const absent = encode(ConsumerGroupMemberMetadataValue, 0, { classicMemberMetadata: null })
    expect(hex(absent).endsWith('01' + '00' + '01' + '00')).toBe(true)
    expect(decode(ConsumerGroupMemberMetadataValue, 0, absent).classicMemberMetadata).toBeNull()
  })

  test('an empty array is written where null is the default', () => {
    const read = decode(PartitionChangeRecord, 0, encode(PartitionChangeRecord, 0, { isr: [] }))
    expect(read.isr).toEqual([])
    expect(read.replicas).toBeNull()
  })

  test('a value that the version cannot carry is dropped if ignorable, refused if not', () => {
    expect(() => encode(ProduceRequest, 3, { topicData: [{ topicId: 'AAAAAAAAAAEAAAAAAAAAAg' }] })).not.toThrow()
    const refused = (): Uint8Array => encode(MetadataRequest, 3, { allowAutoTopicCreation: false })
    expect(refused).toThrow(EncodeError)
    expect(refused).toThrow(/allowAutoTopicCreation/)
    expect(() => encode(MetadataRequest, 3, { allowAutoTopicCreation: true })).not.toThrow()
    expect(() => encode(MetadataRequest, 0, { topics: null })).toThrow(EncodeError)
    expect(() => encode(MetadataRequest, 99, {})).toThrow(EncodeError)
    expect(() => decode(MetadataRequest, 99, new Uint8Array(9))).toThrow(ProtocolError)
  })

  test('what a type cannot hold is refused with the name of the field', () => {
    const wrong =
      (value: object): (() => Uint8Array) =>
      () =>
        encode(ProduceRequest, 9, value)
    expect(wrong({ acks: 40_000 })).toThrow(/ProduceRequest.acks cannot be 40000/)
    expect(wrong({ acks: 1.5 })).toThrow(EncodeError)
    expect(wrong({ acks: null })).toThrow(EncodeError)
    expect(wrong({ acks: '1' })).toThrow(EncodeError)
    expect(wrong({ topicData: null })).toThrow(EncodeError)
    expect(wrong({ topicData: [null] })).toThrow(EncodeError)
    expect(wrong({ topicData: [{ name: 7 }] })).toThrow(EncodeError)
    expect(wrong({ transactionalId: 'x'.repeat(32_768) })).toThrow(/too long/)
    expect(wrong({ transactionalId: 'x'.repeat(32_767) })).not.toThrow()
    // Nothing of a failed message is left for the next one.
    expect(hex(encode(SaslAuthenticateRequest, 0, { authBytes: bytes('01') }))).toBe('0000000101')
  })

  test('records may come in parts, and large ones are referenced, not copied', async () => {
    const { encodeChunks } = await import('../../../src/wire/index.ts')
    const [a, b] = [new Uint8Array(1000).fill(1), new Uint8Array(2000).fill(2)]
    const body = { topicData: [{ name: 't', partitionData: [{ index: 3, records: [a!, b!] }] }] }
    const chunks = encodeChunks(ProduceRequest, 9, body)
    expect(chunks[1]).toBe(a)
    expect(chunks[2]).toBe(b)
    const read = decode(ProduceRequest, 9, Buffer.concat(chunks))
    expect(read.topicData[0]!.partitionData[0]!.records).toEqual(new Uint8Array([...a!, ...b!]))
  })

  test('read slices are views of what was given', () => {
    const frame = encode(SaslAuthenticateRequest, 0, { authBytes: bytes('0102') })
    const { authBytes } = decode(SaslAuthenticateRequest, 0, frame)
    expect(authBytes.buffer).toBe(frame.buffer)
    expect(authBytes.constructor).toBe(Uint8Array)
    expect(decode(SaslAuthenticateRequest, 0, Buffer.from(frame)).authBytes.constructor).toBe(Uint8Array)
  })

  test('a message larger than the scratch is whole', () => {
    const groups = Array.from({ length: 20_000 }, (_, i) => `group-${i}`)
    expect(decode(DescribeGroupsRequest, 5, encode(DescribeGroupsRequest, 5, { groups })).groups).toEqual(groups)
    expect(hex(encode(DescribeGroupsRequest, 5, {}))).toBe('010000')
  })
})

describe('as lenient as Kafka', () => {
  test('any non-zero bool is true, varints need not be minimal, trailing bytes are ignored', () => {
    expect(decode(DescribeGroupsRequest, 5, bytes('8100 07 00 ffff')).includeAuthorizedOperations).toBe(true)
  })

  test('bad UTF-8 becomes U+FFFD', () => {
    expect(decode(DescribeGroupsRequest, 0, bytes('00000001 0002 c328')).groups).toEqual(['\ufffd('])
  })

  /** FetchRequest v12 up to its tags; tag 0 is the cluster id. */
  const fetch12 = `${'00'.repeat(25)} 01 01 01`

  test('tags come in any order, the last of doubles wins, the size of a known tag is not checked', () => {
    expect(decode(FetchRequest, 12, bytes(`${fetch12} 02 0502aaaa 00020261`)).clusterId).toBe('a')
    expect(decode(FetchRequest, 12, bytes(`${fetch12} 02 00020261 00020262`)).clusterId).toBe('b')
    expect(decode(FetchRequest, 12, bytes(`${fetch12} 01 00630261`)).clusterId).toBe('a')
  })

  test('unknown tags are kept, and written again among the known ones', () => {
    const read = decode(FetchRequest, 12, bytes(`${fetch12} 04 800101bb 0501cc 00020261 0501aa`))
    expect(read).toHaveProperty('clusterId', 'a')
    expect((read as { [unknownTags]?: unknown })[unknownTags]).toEqual([
      { tag: 5, bytes: bytes('aa') },
      { tag: 128, bytes: bytes('bb') },
    ])
    expect(hex(encode(FetchRequest, 12, { ...read }))).toBe(hex(bytes(`${fetch12} 03 00020261 0501aa 800101bb`)))
    expect(() => encode(FetchRequest, 11, read)).toThrow(EncodeError)
  })
})

describe('stricter than Kafka', () => {
  test.each([
    ['a string of length −2', DescribeGroupsRequest, 0, '00000001 fffe'],
    ['an array of length −2', MetadataRequest, 1, 'fffffffe'],
    ['an array of length −1 where null is not allowed', DescribeGroupsRequest, 0, 'ffffffff'],
    ['a compact null where null is not allowed', DescribeGroupsRequest, 5, '0000'],
    ['a varint of 33 bits', DescribeGroupsRequest, 5, '8080808010 00 00'],
    ['a varint of six bytes', DescribeGroupsRequest, 5, '808080808000 00'],
  ])('%s is refused', (_what, schema, version, text) => {
    expect(() => decode(schema, version, bytes(text))).toThrow(ProtocolError)
  })
})

describe('what is claimed costs nothing', () => {
  test.each([
    ['2^31−1 strings', DescribeGroupsRequest, 0, '7fffffff'],
    ['2^31−1 structs', CreateTopicsRequest, 2, '7fffffff 0000'],
    ['a compact array of 2^32−2', DescribeGroupsRequest, 5, 'ffffffff0f'],
    ['bytes of 2^31−1', SaslAuthenticateRequest, 0, '7fffffff 00'],
    ['compact bytes of 2^32−2', SaslAuthenticateRequest, 2, 'ffffffff0f 00'],
    ['2^32−1 tagged fields', DescribeGroupsRequest, 5, '01 00 ffffffff0f'],
    ['a tagged field of 2^32−1 bytes', DescribeGroupsRequest, 5, '01 00 01 63 ffffffff0f'],
    ['a string over the end', JoinGroupRequest, 0, '00ff 61'],
  ])('%s', (_what, schema, version, text) => {
    const before = process.memoryUsage().arrayBuffers
    expect(() => decode(schema, version, bytes(text))).toThrow(ProtocolError)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
  })

  test('elements are counted over all arrays of a message', () => {
    const many = new Uint8Array(3_000_010).fill(1)
    many.set([0xc0 | 0x80, 0x8d, 0xb7, 0x01])
    expect(() => decode(DescribeGroupsRequest, 5, many)).toThrow(/elements/)
  })
})

test('ApiVersions v3 reads what librdkafka sends', () => {
  const read = decode(ApiVersionsRequest, 3, bytes('0b6c6962 72646b61666b61 06322e342e30 00'))
  expect(read).toEqual({ clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.4.0' })
})
