// @platformatic/kafka as producer and admin.
//
//   platformatic.ts produce BOOTSTRAP CODEC PLAN  one JSON line per acknowledged record: {"i", "partition", "offset"}
//   platformatic.ts admin BOOTSTRAP TOPIC         creates, looks up and deletes a topic

import { readFileSync } from 'node:fs'
import { Admin, type CompressionAlgorithmValue, Producer } from '@platformatic/kafka'
import { acknowledge, type Planned, plain } from '../plan.ts'

async function produce(bootstrap: string, codec: string, planFile: string): Promise<void> {
  const producer = new Producer<Buffer, Buffer, string, Buffer>({
    clientId: 'interop',
    bootstrapBrokers: bootstrap.split(','),
    serializers: {
      key: (data) => data,
      value: (data) => data,
      headerKey: (data) => (data === undefined ? undefined : Buffer.from(data)),
      headerValue: (data) => data,
    },
  })
  const plan = readFileSync(planFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Planned)
  for (const [i, r] of plan.entries()) {
    const key = plain(r.key)
    const value = plain(r.value)
    const sent = await producer.send({
      acks: -1,
      compression: codec as CompressionAlgorithmValue,
      messages: [
        {
          topic: r.topic,
          partition: r.partition,
          ...(key === null ? {} : { key }),
          ...(value === null ? {} : { value }),
          headers: new Map(r.headers.map(([name, v]) => [name, plain(v) as Buffer])),
          timestamp: BigInt(r.timestamp),
        },
      ],
    })
    const at = sent.offsets![0]!
    acknowledge(i, at.partition, Number(at.offset))
  }
  await producer.close()
}

async function admin(bootstrap: string, topic: string): Promise<void> {
  const admin = new Admin({ clientId: 'interop', bootstrapBrokers: bootstrap.split(',') })
  const [created] = await admin.createTopics({ topics: [topic], partitions: 3, replicas: 3 })
  if (created?.name !== topic || created.partitions !== 3)
    throw new Error(`platformatic admin: created ${JSON.stringify(created)}`)
  const metadata = await admin.metadata({ topics: [topic] })
  const partitions = metadata.topics.get(topic)?.partitionsCount
  if (partitions !== 3 || metadata.brokers.size !== 3)
    throw new Error(`platformatic admin: metadata shows ${partitions} partitions, ${metadata.brokers.size} brokers`)
  await admin.deleteTopics({ topics: [topic] })
  await admin.close()
}

const [verb, bootstrap, ...rest] = process.argv.slice(2)
if (verb === 'produce') await produce(bootstrap!, rest[0]!, rest[1]!)
else await admin(bootstrap!, rest[0]!)
