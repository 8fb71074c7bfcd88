// The same records into Apache Kafka and into us, both with the same compacted topic: what their cleaners leave, in bytes.
// Ours may be 5 % larger at most. One node each, since every replica cleans for itself.
//
//   npm run interop:compacted -- [MB]      ends with "N passed, M failed"

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../../src/client/index.ts'
import { createPorts } from '../../src/io/index.ts'
import { freePorts, startCluster } from '../../src/main/index.ts'
import { buildBatch } from '../../src/wire/index.ts'
import { startApache } from './apache-cluster.ts'

const MB = Number(process.argv[2] ?? 64)
const RECORDS = Math.floor((MB * 1024 * 1024) / 120)
const KEYS = Math.floor(RECORDS / 100)
const PER_BATCH = 100
const TOPIC = {
  'cleanup.policy': 'compact',
  'segment.bytes': '8388608',
  'min.cleanable.dirty.ratio': '0.01',
  'file.delete.delay.ms': '1000',
}
const CLEANER = { 'log.cleaner.backoff.ms': '500' }

/** Deterministic: a hundred records a key, in no order. */
function* batches(): Generator<Uint8Array> {
  const text = new TextEncoder()
  let chance = 1
  const now = Date.now()
  for (let n = 0; n < RECORDS; ) {
    const records = []
    for (let i = 0; i < PER_BATCH && n < RECORDS; i++, n++) {
      chance = (Math.imul(chance, 1103515245) + 12345) >>> 0
      const value = new Uint8Array(100).fill(n % 251)
      records.push({ key: text.encode(`key-${chance % KEYS}`), value, timestamp: now + Math.floor(n / 1000) })
    }
    yield buildBatch({ records })
  }
}

function bytesIn(directory: string): number {
  const partition = join(directory, 'sizes-0')
  let bytes = 0
  for (const name of readdirSync(partition)) if (name.endsWith('.log')) bytes += statSync(join(partition, name)).size
  return bytes
}

/** Resolves when nothing has changed for some rounds of the cleaner. */
async function settledSize(directory: string): Promise<number> {
  let size = -1
  let same = 0
  for (let waited = 0; waited < 180_000; waited += 500) {
    await sleep(500)
    const now = bytesIn(directory)
    same = now === size ? same + 1 : 0
    size = now
    if (same === 10) return size
  }
  throw new Error(`${directory} was still changing after three minutes`)
}

async function fill(
  bootstrap: string,
  directory: string,
): Promise<{ readonly size: number; readonly seconds: number }> {
  const ports = createPorts({ tablesDirectory: join(directory, 'none') })
  const client = createClient(ports, { bootstrap })
  try {
    const topic = { name: 'sizes', partitions: 1, replicationFactor: 1, configs: TOPIC }
    const [created] = await client.admin.createTopics([topic])
    if (created!.error !== 'NONE') throw new Error(`${created!.error}: ${created!.message}`)
    const producer = client.producer()
    const started = Date.now()
    for (const batch of batches()) await producer.sendBatch('sizes', 0, batch)
    const seconds = (Date.now() - started) / 1000
    return { size: await settledSize(directory), seconds }
  } finally {
    client.close()
    await ports.close()
  }
}

const work = mkdtempSync(join(tmpdir(), 'odradek-sizes-'))
let failed = 0
try {
  const kafkaData = join(work, 'kafka-data')
  mkdirSync(kafkaData)
  const [clientPort, controllerPort] = (await freePorts('127.0.0.1', 2)) as [number, number]
  const node = { id: 1, clientPort, controllerPort, dataDirectory: kafkaData }
  const more = Object.entries(CLEANER).map(([name, value]) => `${name}=${value}`)
  const kafka = await startApache({
    work: join(work, 'kafka'),
    nodes: [node],
    format: 'zpGfm-zqSkui9IFmjX8wHA',
    quorum: 'static',
    more,
  })
  const theirs = await fill(kafka.bootstrap, kafkaData).finally(() => kafka.stop())
  const directory = join(work, 'ours')
  await using cluster = await startCluster({ brokers: 1, directory, properties: CLEANER })
  const data = readdirSync(directory, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.name === 'meta.properties',
  )!.parentPath
  const ours = await fill(cluster.bootstrapServers, data)
  const more5 = ours.size <= theirs.size * 1.05
  if (!more5) failed++
  process.stdout.write(
    `${more5 ? 'ok     ' : 'FAILED '} ${MB} MB of ${RECORDS} records with ${KEYS} keys: Apache Kafka leaves ${theirs.size} ` +
      `bytes, we ${ours.size} (${(((ours.size - theirs.size) / theirs.size) * 100).toFixed(2)} %); ` +
      `written in ${theirs.seconds.toFixed(1)} s and ${ours.seconds.toFixed(1)} s\n`,
  )
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${1 - failed} passed, ${failed} failed\n`)
process.exit(failed === 0 ? 0 : 1)
