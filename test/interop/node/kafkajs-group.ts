// A kafkajs consumer in a group, until it is told to end (SIGTERM): a line of partition and offset for each record.
//
//   kafkajs-group.ts BOOTSTRAP GROUP TOPIC CLIENT-ID

import kafkajs from 'kafkajs'

const { Kafka, logLevel } = kafkajs
const [bootstrap, groupId, topic, clientId] = process.argv.slice(2)
const kafka = new Kafka({ clientId: clientId!, brokers: bootstrap!.split(','), logLevel: logLevel.NOTHING })
// The default of the session is 30 s, which is how long the group would wait for the dead.
const consumer = kafka.consumer({ groupId: groupId!, sessionTimeout: 10_000 })
await consumer.connect()
await consumer.subscribe({ topics: [topic!], fromBeginning: true })
await consumer.run({
  eachMessage: async ({ partition, message }) => {
    process.stdout.write(`${partition} ${message.offset}\n`)
  },
})
process.once('SIGTERM', () => void consumer.disconnect().then(() => process.exit(0)))
