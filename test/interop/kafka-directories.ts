// Directories that Apache Kafka wrote: three Odradek nodes start on them, serve every acknowledged record, and write on;
// then Apache Kafka starts again on the result and returns everything, old and new.
//
//   npm run interop:directories      ends with "N passed, M failed"

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApache } from './apache-cluster.ts'
import { type ClientProgram, clients, lines } from './clients.ts'
import { ODRADEK } from './cluster.ts'
import { type Acknowledged, coded, expected, planOf, type Seen } from './plan.ts'
import { startProcess } from './processes.ts'

const TARBALL: string = join(import.meta.dirname, '..', 'golden', 'kafka-4.3.1-three-nodes.tar.gz')
const IDS = [1, 2, 3]
const BOOTSTRAP = 'localhost:19092,localhost:19093,localhost:19094'

interface AckedByKafka {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
}

let passed = 0
let failed = 0
async function attempt(what: string, body: () => void | Promise<void>): Promise<void> {
  try {
    await body()
    passed++
    process.stdout.write(`ok      ${what}\n`)
  } catch (error) {
    failed++
    process.stdout.write(`FAILED  ${what}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

const reader: ClientProgram = clients.find((c) => c.name === 'confluent-kafka')!
const javaReader: ClientProgram = clients.find((c) => c.name === 'java')!

function everyRecord(
  client: ClientProgram,
  topic: string,
  wanted: ReadonlyMap<string, Omit<Seen, 'offset' | 'headers'>>,
  total: number,
): void {
  const seen = lines<Seen>(client, 'consume', BOOTSTRAP, topic, '2')
  if (seen.length !== total) throw new Error(`${topic}: ${seen.length} records read, ${total} expected`)
  const at = new Map(seen.map((record) => [`${record.partition}@${record.offset}`, record]))
  for (const [place, want] of wanted) {
    const got = at.get(place)
    if (got === undefined) throw new Error(`${topic}: no record at ${place}`)
    for (const field of ['key', 'length', 'sha256', 'timestamp'] as const)
      if (got[field] !== want[field])
        throw new Error(`${topic}: ${field} at ${place} is ${got[field]}, acknowledged was ${want[field]}`)
  }
}

const work: string = mkdtempSync(join(tmpdir(), 'odradek-directories-'))
try {
  reader.prepare()
  javaReader.prepare()
  if (!existsSync(TARBALL)) throw new Error(`${TARBALL} is missing`)
  execFileSync('tar', ['-xzf', TARBALL, '-C', work])
  const wanted = new Map<string, Map<string, Omit<Seen, 'offset' | 'headers'>>>()
  for (const line of readFileSync(join(work, 'acked-records.jsonl'), 'utf8').trim().split('\n')) {
    const record = JSON.parse(line) as AckedByKafka
    const text = (value: string | null): string | null => (value === null ? null : coded(Buffer.from(value)))
    const places = wanted.get(record.topic) ?? new Map()
    const { headers: _, ...seen } = expected({
      topic: record.topic,
      partition: record.partition,
      key: text(record.key),
      value: text(record.value),
      headers: [],
      timestamp: record.timestamp,
    })
    places.set(`${record.partition}@${record.offset}`, seen)
    wanted.set(record.topic, places)
  }
  // 300 records a topic by librdkafka; 3,000 more in `plain` by Java, whose places nobody noted.
  const total = (topic: string): number => (topic === 'plain' ? 3_300 : 300)

  const nodes = IDS.map((id) => startProcess(`node ${id}`, ODRADEK, ['broker', '--config', `n${id}.properties`], work))
  const moreAt = new Map<string, Omit<Seen, 'offset' | 'headers'>>()
  try {
    await attempt('three nodes start on the directories of Apache Kafka', () =>
      Promise.all(nodes.map((node) => node.printed('Kafka Server started', 30_000))).then(() => undefined),
    )
    for (const [topic, places] of wanted)
      await attempt(`every acknowledged record of ${topic} is served`, () =>
        everyRecord(reader, topic, places, total(topic)),
      )
    await attempt('writing goes on', () => {
      const plan = planOf('zstd', 2, { nullHeaderValues: true })
      const file = join(work, 'plan.jsonl')
      writeFileSync(file, plan.map((r) => `${JSON.stringify(r)}\n`).join(''))
      for (const ack of lines<Acknowledged>(reader, 'produce', BOOTSTRAP, 'zstd', file)) {
        const { headers: _, ...seen } = expected(plan[ack.i]!)
        moreAt.set(`${ack.partition}@${ack.offset}`, seen)
      }
      if (moreAt.size !== plan.length) throw new Error(`${moreAt.size} of ${plan.length} acknowledged`)
    })
  } finally {
    await attempt('they stop cleanly', async () => {
      const codes = await Promise.all(nodes.map((node) => node.end('SIGTERM')))
      if (codes.some((code) => code !== 0)) throw new Error(`exit codes ${codes.join(', ')}`)
    })
  }

  const all = new Map(wanted)
  all.set('zstd', new Map([...wanted.get('zstd')!, ...moreAt]))
  await attempt('Apache Kafka starts again on the result and returns every record', async () => {
    const apache = await startApache({
      work: join(work, 'apache'),
      quorum: 'static',
      nodes: IDS.map((id) => ({
        id,
        clientPort: 19_091 + id,
        controllerPort: 29_090 + id,
        dataDirectory: join(work, `data${id}`),
      })),
      more: ['log.retention.ms=-1'],
    })
    try {
      for (const [topic, places] of all)
        everyRecord(javaReader, topic, places, total(topic) + (topic === 'zstd' ? moreAt.size : 0))
    } finally {
      await apache.stop()
    }
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
