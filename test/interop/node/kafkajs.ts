// kafkajs as producer and admin. Its codecs beyond gzip come as plug-ins; the ones here use the same libraries that
// the plug-ins on npm wrap, with Kafka's framing.
//
//   kafkajs.ts produce BOOTSTRAP CODEC PLAN   one JSON line per batch of acknowledged records is expanded to one a record
//   kafkajs.ts admin BOOTSTRAP TOPIC          creates, describes, expands, reconfigures and deletes a topic

import { readFileSync } from 'node:fs'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import kafkajs from 'kafkajs'
import { compressFrameSync, decompressFrameSync } from 'lz4-napi'
import { compressSync, uncompressSync } from 'snappy'
import { acknowledge, type Planned, plain } from '../plan.ts'

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, logLevel } = kafkajs

type Encoder = { readonly buffer: Buffer }
const XERIAL = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])

function unframe(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, 8).equals(XERIAL.subarray(0, 8))) return uncompressSync(bytes) as Buffer
  const blocks: Buffer[] = []
  for (let at = 16; at < bytes.length; ) {
    const size = bytes.readInt32BE(at)
    blocks.push(uncompressSync(bytes.subarray(at + 4, at + 4 + size)) as Buffer)
    at += 4 + size
  }
  return Buffer.concat(blocks)
}

function frame(bytes: Buffer): Buffer {
  const block = compressSync(bytes)
  const size = Buffer.alloc(4)
  size.writeInt32BE(block.length)
  return Buffer.concat([XERIAL, size, block])
}

const codecs = CompressionCodecs as Record<number, unknown>
codecs[CompressionTypes.Snappy] = () => ({
  compress: async (e: Encoder) => frame(e.buffer),
  decompress: async (b: Buffer) => unframe(b),
})
codecs[CompressionTypes.LZ4] = () => ({
  compress: async (e: Encoder) => compressFrameSync(e.buffer),
  decompress: async (b: Buffer) => decompressFrameSync(b),
})
codecs[CompressionTypes.ZSTD] = () => ({
  compress: async (e: Encoder) => zstdCompressSync(e.buffer),
  decompress: async (b: Buffer) => zstdDecompressSync(b),
})

const TYPES: Record<string, number> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

function client(bootstrap: string): InstanceType<typeof Kafka> {
  return new Kafka({ clientId: 'interop', brokers: bootstrap.split(','), logLevel: logLevel.NOTHING })
}

async function produce(bootstrap: string, codec: string, planFile: string): Promise<void> {
  const producer = client(bootstrap).producer({
    createPartitioner:
      () =>
      ({ message }) =>
        message.partition ?? 0,
  })
  await producer.connect()
  const plan = readFileSync(planFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Planned)
  // One record a partition and request keeps the answer's base offset that of the record.
  for (const [i, r] of plan.entries()) {
    const headers: Record<string, Buffer> = {}
    for (const [name, value] of r.headers) headers[name] = plain(value) as Buffer
    const [answer] = await producer.send({
      topic: r.topic,
      acks: -1,
      compression: TYPES[codec]!,
      messages: [
        { partition: r.partition, key: plain(r.key), value: plain(r.value), headers, timestamp: String(r.timestamp) },
      ],
    })
    acknowledge(i, answer!.partition, Number(answer!.baseOffset))
  }
  await producer.disconnect()
}

async function admin(bootstrap: string, topic: string): Promise<void> {
  const admin = client(bootstrap).admin()
  await admin.connect()
  const check = (what: string, good: boolean): void => {
    if (!good) throw new Error(`kafkajs admin: ${what}`)
  }
  check(
    'create',
    await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic, numPartitions: 2, replicationFactor: 3, configEntries: [{ name: 'retention.ms', value: '86400000' }] },
      ],
    }),
  )
  check('list', (await admin.listTopics()).includes(topic))
  check('cluster', (await admin.describeCluster()).brokers.length === 3)
  await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] })
  const described = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
  })
  check(
    'describe configs',
    described.resources[0]!.configEntries.some((e) => e.configName === 'retention.ms' && e.configValue === '86400000'),
  )
  let partitions = 0
  for (let tries = 0; tries < 50 && partitions !== 4; tries++) {
    partitions = (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions.length
    if (partitions !== 4) await new Promise((resolve) => setTimeout(resolve, 100))
  }
  check(`expand: ${partitions} partitions`, partitions === 4)
  const offsets = await admin.fetchTopicOffsets(topic)
  check('offsets', offsets.length === 4 && offsets.every((o) => o.low === '0' && o.high === '0'))
  await admin.deleteTopics({ topics: [topic] })
  await admin.disconnect()
}

const [verb, bootstrap, ...rest] = process.argv.slice(2)
if (verb === 'produce') await produce(bootstrap!, rest[0]!, rest[1]!)
else await admin(bootstrap!, rest[0]!)
