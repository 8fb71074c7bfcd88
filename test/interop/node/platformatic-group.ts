// A @platformatic/kafka consumer in a group, until it is told to end (SIGTERM): a line of partition and offset for each record.
// Its stream ends with an error where a request finds no broker or the group moves on while it commits: then a new one is made,
// as the library leaves to its user.
//
//   platformatic-group.ts BOOTSTRAP GROUP TOPIC CLIENT-ID

import { Consumer } from '@platformatic/kafka'

const [bootstrap, groupId, topic, clientId] = process.argv.slice(2)
const PAUSE_MS = 500
/** A consumer whose coordinator is dead may never say that it has left. */
const CLOSE_WITHIN_MS = 5_000
const make = (): Consumer =>
  new Consumer({
    clientId: clientId!,
    groupId: groupId!,
    bootstrapBrokers: bootstrap!.split(','),
    // Its default is a minute, which is how long the group would wait for the dead.
    sessionTimeout: 10_000,
  })

let consumer = make()
let ending = false

/** Leaves the group. */
function close(): Promise<void> {
  return new Promise((resolve, reject) => consumer.close(true, (error) => (error ? reject(error) : resolve())))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function consume(): Promise<void> {
  const stream = await consumer.consume({ topics: [topic!], mode: 'committed', fallbackMode: 'earliest' })
  for await (const { partition, offset } of stream) process.stdout.write(`${partition} ${offset}\n`)
}

process.once('SIGTERM', () => {
  ending = true
  close().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`close: ${String(error)}\n`)
      process.exit(1)
    },
  )
})

while (!ending) {
  try {
    await consume()
  } catch (error) {
    process.stderr.write(`${String(error)}\n`)
  }
  if (ending) break
  const closing = close().catch((error: unknown) => process.stderr.write(`close: ${String(error)}\n`))
  await Promise.race([closing, pause(CLOSE_WITHIN_MS)])
  await pause(PAUSE_MS)
  if (!ending) consumer = make()
}
