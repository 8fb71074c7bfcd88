// A topic of many bytes on real processes goes from one replica to three and to two, and a move is cancelled, while somebody
// writes to it as fast as it takes. Then all of it is read: every acknowledged record once, and in the order of sending.
//
//   node test/interop/reassign-load.ts [--megabytes 2000]      ends with "N passed, M failed"

import { parseArgs } from 'node:util'
import { type Client, createClient, type Producer } from '../../src/client/index.ts'
import { createPorts } from '../../src/io/index.ts'
import { withCluster } from './cluster.ts'

const { values: options } = parseArgs({ options: { megabytes: { type: 'string', default: '2000' } } })
const RECORD_BYTES = 1_000
const WAITING_MAX = 2_000
const AT = { topic: 'reassigned', partition: 0 }
const FILL = Math.ceil((Number(options.megabytes) * 1_000_000) / RECORD_BYTES)

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends records that say their number, so many at once as one producer keeps in order. */
class Writer {
  sent = 0
  acknowledged = 0
  failed = 0
  #stopped = false
  readonly #producer: Producer
  readonly #value: Buffer = Buffer.alloc(RECORD_BYTES, 'x')

  constructor(client: Client) {
    this.#producer = client.producer({ maxInFlight: 5 })
  }

  async write(until: () => boolean): Promise<void> {
    let waiting = 0
    while (!this.#stopped && !until()) {
      while (waiting < WAITING_MAX && !until()) {
        const value = Buffer.from(this.#value)
        value.writeUInt32BE(this.sent++)
        waiting++
        this.#producer.send({ ...AT, value }).then(
          () => {
            this.acknowledged++
            waiting--
          },
          () => {
            this.failed++
            waiting--
          },
        )
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    while (waiting > 0) await sleep(10)
  }

  stop(): void {
    this.#stopped = true
  }
}

/** What is wrong with what is there; null when nothing is. */
async function problemOf(client: Client, count: number): Promise<string | null> {
  const consumer = client.consumer()
  consumer.assign([{ ...AT, offset: 'earliest' }])
  for (let next = 0; next < count; ) {
    for (const { value, offset } of await consumer.poll(1_000)) {
      const number = Buffer.from(value!).readUInt32BE()
      if (number !== next) return `record ${number} at offset ${offset}, where ${next} should be`
      next++
    }
  }
  return null
}

let passed = 0
let failed = 0
function judged(name: string, problem: string | null): void {
  if (problem === null) passed++
  else failed++
  process.stdout.write(`${problem === null ? 'ok     ' : 'FAILED '} ${name}${problem === null ? '' : `: ${problem}`}\n`)
}

async function moved(client: Client, name: string, replicas: readonly number[]): Promise<void> {
  const begun = Date.now()
  const [outcome] = await client.admin.alterPartitionReassignments([{ ...AT, replicas }])
  if (outcome?.error !== 'NONE') return judged(name, `${outcome?.error} ${outcome?.message}`)
  while ((await client.admin.listPartitionReassignments([AT])).length > 0) await sleep(100)
  await expectReplicas(client, `${name} in ${((Date.now() - begun) / 1000).toFixed(1)} s`, replicas)
}

async function expectReplicas(client: Client, name: string, replicas: readonly number[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    const [topic] = await client.admin.describeTopics([AT.topic])
    const { replicas: found, isr } = topic!.partitions[0]!
    const isThere = [...found].sort().join() === [...replicas].sort().join()
    // Who is in sync may fall behind again on a busy machine.
    if (isThere && isr.length === replicas.length) return judged(name, null)
    if (!isThere || tries === 120) return judged(name, `replicas ${found}, ISR ${isr}`)
    await sleep(500)
  }
}

await withCluster(process.env.ODRADEK_BOOTSTRAP, async ({ bootstrap }) => {
  const ports = createPorts({ tablesDirectory: '' })
  const client = createClient(ports, { bootstrap })
  try {
    const configs = { 'min.insync.replicas': '1' }
    await client.admin.createTopics([{ name: AT.topic, assignment: [[1]], configs }])
    const writer = new Writer(client)
    await writer.write(() => writer.sent >= FILL)
    process.stdout.write(`filled with ${writer.acknowledged} records of ${RECORD_BYTES} bytes\n`)
    const writing = writer.write(() => false)
    await moved(client, '1 to 3 replicas', [1, 2, 3])
    await moved(client, '3 to 2 replicas', [3, 2])
    await client.admin.alterPartitionReassignments([{ ...AT, replicas: [1] }])
    const [outcome] = await client.admin.alterPartitionReassignments([{ ...AT, replicas: null }])
    // It may be over before it can be taken back.
    const late = outcome?.error === 'NO_REASSIGNMENT_IN_PROGRESS'
    while ((await client.admin.listPartitionReassignments([AT])).length > 0) await sleep(100)
    await expectReplicas(client, late ? '2 to 1 replicas, too fast to cancel' : 'a cancellation', late ? [1] : [3, 2])
    writer.stop()
    await writing
    judged(`${writer.sent} sends succeed`, writer.failed === 0 ? null : `${writer.failed} failed`)
    judged('every record once, in order', await problemOf(client, writer.sent))
  } finally {
    client.close()
    await ports.close()
  }
})
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
