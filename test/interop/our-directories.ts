// Directories that we wrote: Apache's kafka-dump-log reads every file in them, and Apache Kafka starts on a copy of the
// three cleanly stopped ones, elects, and returns every record.
//
//   npm run interop:ours      ends with "N passed, M failed"

import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apacheTool } from './apache.ts'
import { startApache } from './apache-cluster.ts'
import { CODECS, clients, lines } from './clients.ts'
import { ODRADEK, withCluster } from './cluster.ts'
import { type Acknowledged, expected, planOf, type Seen } from './plan.ts'

const PARTITIONS = 2
/** What kafka-dump-log is asked of each kind of file. */
const DUMPS: readonly { readonly ending: RegExp; readonly flags: readonly string[] }[] = [
  { ending: /^(?!.*__cluster_metadata).*\/\d{20}\.log$/, flags: ['--deep-iteration', '--print-data-log'] },
  { ending: /__cluster_metadata-0\/\d{20}\.log$/, flags: ['--cluster-metadata-decoder'] },
  { ending: /\.checkpoint$/, flags: ['--cluster-metadata-decoder'] },
  { ending: /\.index$/, flags: ['--index-sanity-check'] },
  { ending: /\.timeindex$/, flags: ['--index-sanity-check'] },
  { ending: /\.(index|timeindex)$/, flags: ['--verify-index-only'] },
  { ending: /\.snapshot$/, flags: [] },
]

let passed = 0
let failed = 0
async function attempt(what: string, body: () => unknown): Promise<void> {
  try {
    const note = await body()
    passed++
    process.stdout.write(`ok      ${what}${typeof note === 'string' ? `: ${note}` : ''}\n`)
  } catch (error) {
    failed++
    process.stdout.write(`FAILED  ${what}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return [path]
  })
}

/** What the tool prints when a file is not as it should be; it ends with 0 all the same. */
// "-1 is followed by N" is said of every segment that does not begin at 0, Kafka's own included.
const COMPLAINTS =
  /exception|mismatch|error|invalid bytes|out of order|(?<!-)\b\d+ is followed by|Found .* (offset|timestamp)|isvalid: false/i

function dump(files: readonly string[], flags: readonly string[]): number {
  const [command, args] = apacheTool('kafka-dump-log', '--files', files.join(','), ...flags)
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 29, timeout: 180_000 })
  const all = `${done.stdout}\n${done.stderr}`
  const complaint = all.split('\n').find((line) => COMPLAINTS.test(line) && !/payload: /.test(line))
  if (done.status !== 0 || complaint !== undefined)
    throw new Error(complaint ?? `ended with ${done.status}: ${done.stderr}`)
  return done.stdout.split('\n').filter((line) => /^\| offset: /.test(line)).length
}

interface StoppedCluster {
  readonly clusterId: string
  readonly nodes: readonly {
    readonly id: number
    readonly clientPort: number
    readonly controllerPort: number
    readonly logDirectory: string
  }[]
}

const work: string = mkdtempSync(join(tmpdir(), 'odradek-ours-'))
const wanted = new Map<string, Map<string, Omit<Seen, 'offset'>>>()
try {
  const [python, java] = [clients.find((c) => c.name === 'confluent-kafka')!, clients.find((c) => c.name === 'java')!]
  python.prepare()
  java.prepare()
  await attempt('records in every codec are written, segments roll, leaders change', () =>
    withCluster(
      undefined,
      async (cluster) => {
        for (const codec of CODECS) {
          const topic = `ours-${codec}`
          execFileSync(
            ODRADEK,
            [
              'topics',
              'create',
              topic,
              '--partitions',
              String(PARTITIONS),
              '--replication-factor',
              '3',
              '--config',
              'segment.bytes=1048576',
              '--config',
              'index.interval.bytes=512',
              '--bootstrap',
              cluster.bootstrap,
            ],
            { stdio: ['ignore', 'ignore', 'pipe'] },
          )
          const places = new Map<string, Omit<Seen, 'offset'>>()
          for (let round = 0; round < 2; round++) {
            const plan = planOf(topic, PARTITIONS, { nullHeaderValues: true })
            const file = join(work, `${topic}.jsonl`)
            writeFileSync(file, plan.map((r) => `${JSON.stringify(r)}\n`).join(''))
            for (const ack of lines<Acknowledged>(
              round === 0 ? python : java,
              'produce',
              cluster.bootstrap,
              codec,
              file,
            ))
              places.set(`${ack.partition}@${ack.offset}`, expected(plan[ack.i]!))
            if (codec === 'gzip' && round === 0) {
              execFileSync(ODRADEK, ['node', 'stop', '2', '--data', cluster.data!])
              execFileSync(ODRADEK, ['node', 'start', '2', '--data', cluster.data!])
            }
          }
          wanted.set(topic, places)
        }
      },
      (data) => {
        cpSync(data, join(work, 'data'), { recursive: true, filter: (path) => !path.endsWith('.sock') })
      },
    ),
  )
  const cluster = JSON.parse(readFileSync(join(work, 'data', 'cluster.json'), 'utf8')) as StoppedCluster
  const all = filesBelow(join(work, 'data')).filter((path) => !path.includes('.tables/'))
  for (const { ending, flags } of DUMPS) {
    const files = all.filter(
      (path) => ending.test(path) && !/(-checkpoint|recovery-point|bootstrap\.checkpoint)$/.test(path),
    )
    await attempt(`kafka-dump-log ${flags.join(' ')} reads ${files.length} files ${ending.source}`, () => {
      if (files.length === 0) throw new Error('no such file')
      return `${dump(files, flags)} records`
    })
  }
  await attempt(
    'kafka-dump-log reads bootstrap.checkpoint',
    () =>
      `${dump(all.filter((path) => path.endsWith('bootstrap.checkpoint')).slice(0, 1), ['--cluster-metadata-decoder'])} records`,
  )
  await attempt('Apache Kafka starts on a copy, elects, and returns every record', async () => {
    const apache = await startApache({
      work: join(work, 'apache'),
      quorum: 'dynamic',
      host: '127.0.0.1',
      nodes: cluster.nodes.map((node) => ({ ...node, dataDirectory: join(work, 'data', `broker-${node.id}`, 'data') })),
      more: ['log.retention.ms=-1'],
    })
    try {
      for (const [topic, places] of wanted) {
        const seen = lines<Seen>(java, 'consume', apache.bootstrap, topic, String(PARTITIONS))
        if (seen.length !== places.size)
          throw new Error(`${topic}: ${seen.length} records read, ${places.size} acknowledged`)
        for (const { offset, ...record } of seen)
          if (JSON.stringify(record) !== JSON.stringify(reorder(places.get(`${record.partition}@${offset}`)!)))
            throw new Error(`${topic}: the record at ${record.partition}@${offset} differs`)
      }
    } finally {
      await apache.stop()
    }
  })
} catch (error) {
  failed++
  process.stdout.write(`FAILED  ${error instanceof Error ? error.message : String(error)}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

/** In the field order in which readers print. */
function reorder(record: Omit<Seen, 'offset'>): Omit<Seen, 'offset'> {
  const { partition, timestamp, key, length, sha256, headers } = record
  return { partition, timestamp, key, length, sha256, headers }
}
