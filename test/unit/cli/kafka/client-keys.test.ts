// Configurations of Kafka's clients: each name of 4.3 is known to its clients and shown in the docs, others are warned of.

import fs from 'node:fs'
import { expect, test } from 'vitest'
import { CLIENT_KEYS, clientKeysTable, refuseKeys, unknownText } from '../../../../src/cli/kafka/client-keys.ts'
import { warningOf } from '../../../../src/cli/kafka/client-options.ts'

const of = (text: string) => new Map(text.split(' ').map((name): [string, string] => [name, '1']))

/** `ProducerConfig.configNames()` and its like of 4.3.1, without what begins with ssl. and sasl. */
const COMMON =
  'bootstrap.servers client.dns.lookup client.id config.providers connections.max.idle.ms enable.metrics.push metadata.max.age.ms metadata.recovery.rebootstrap.trigger.ms metadata.recovery.strategy metric.reporters metrics.num.samples metrics.recording.level metrics.sample.window.ms receive.buffer.bytes reconnect.backoff.max.ms reconnect.backoff.ms request.timeout.ms retry.backoff.max.ms retry.backoff.ms security.protocol security.providers send.buffer.bytes socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms'
const PRODUCER =
  'acks batch.size buffer.memory compression.gzip.level compression.lz4.level compression.type compression.zstd.level delivery.timeout.ms enable.idempotence interceptor.classes key.serializer linger.ms max.block.ms max.in.flight.requests.per.connection max.request.size metadata.max.idle.ms partitioner.adaptive.partitioning.enable partitioner.availability.timeout.ms partitioner.class partitioner.ignore.keys retries transaction.timeout.ms transaction.two.phase.commit.enable transactional.id value.serializer'
const CONSUMER =
  'allow.auto.create.topics auto.commit.interval.ms auto.offset.reset check.crcs client.rack default.api.timeout.ms enable.auto.commit exclude.internal.topics fetch.max.bytes fetch.max.wait.ms fetch.min.bytes group.id group.instance.id group.protocol group.remote.assignor heartbeat.interval.ms interceptor.classes internal.throw.on.fetch.stable.offset.unsupported isolation.level key.deserializer max.partition.fetch.bytes max.poll.interval.ms max.poll.records partition.assignment.strategy session.timeout.ms share.acknowledgement.mode share.acquire.mode value.deserializer'
const ADMIN = 'bootstrap.controllers default.api.timeout.ms retries'

test.each([
  ['producer', `${COMMON} ${PRODUCER}`],
  ['consumer', `${COMMON} ${CONSUMER}`],
  ['admin', `${COMMON} ${ADMIN}`],
] as const)('a %s knows the names that Java’s has, and no other', (kind, names) => {
  expect(unknownText(kind, of(`${names} ssl.truststore.location sasl.jaas.config`))).toBe(null)
  const known = CLIENT_KEYS.filter((keys) => keys.of.includes(kind)).flatMap((keys) => keys.names)
  expect(known.filter((name) => !name.endsWith('*')).toSorted()).toEqual(names.split(' ').toSorted())
})

test('others are warned of in Kafka’s words', () => {
  expect(unknownText('admin', of('acks client.id zookeeper.connect'))).toBe(
    "These configurations '[acks, zookeeper.connect]' were supplied but are not used yet.",
  )
  expect(warningOf('producer', of('group.id'))).toMatch(
    /^\[.*\] WARN These configurations '\[group.id\]' were .* \(org.apache.kafka.clients.producer.ProducerConfig\)$/,
  )
  expect(warningOf('producer', of('acks'))).toBe(null)
})

test.each([
  ['security.protocol', 'SSL', false],
  ['security.protocol', 'PLAINTEXT', true],
  ['transactional.id', 'mine', false],
  ['partitioner.class', 'com.example.Mine', false],
  ['group.protocol', 'consumer', false],
  ['group.protocol', 'CLASSIC', true],
  ['partition.assignment.strategy', 'org.apache.kafka.clients.consumer.RoundRobinAssignor', false],
  [
    'partition.assignment.strategy',
    'org.apache.kafka.clients.consumer.RangeAssignor, org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
    true,
  ],
])('%s=%s: taken %j', (name, value, isTaken) => {
  const refusing = expect(() => refuseKeys(new Map([[name, value]])))
  if (isTaken) refusing.not.toThrow()
  else refusing.toThrow(`Invalid value ${value} for configuration ${name}: `)
})

test('the page shows what the code says', () => {
  expect(fs.readFileSync('docs/kafka-tools.md', 'utf8')).toContain(clientKeysTable())
})
