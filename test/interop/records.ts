// Every client writes the plan in every codec it has; every client that reads must see the same records, byte for byte,
// where the writer's acknowledgements said they are.
//
//   npm run interop [-- --bootstrap HOST:PORT,… ] [NAME…]     NAME: only these clients
//
// Without --bootstrap a cluster of three brokers is started for the run. Ends with "N passed, M failed".

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ClientProgram, type Codec, clients, lines } from './clients.ts'
import { withCluster } from './cluster.ts'
import { type Acknowledged, expected, planOf, type Seen } from './plan.ts'

const PARTITIONS = 3

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { bootstrap: { type: 'string' } },
})
const chosen: readonly ClientProgram[] = clients.filter((c) => positionals.length === 0 || positionals.includes(c.name))

let passed = 0
let failed = 0
const work: string = mkdtempSync(join(tmpdir(), 'odradek-interop-'))

function attempt(what: string, body: () => void): boolean {
  const start = Date.now()
  try {
    body()
    passed++
    process.stdout.write(`ok      ${what} (${Date.now() - start} ms)\n`)
    return true
  } catch (error) {
    failed++
    process.stdout.write(`FAILED  ${what}: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  }
}

function compare(seen: readonly Seen[], wanted: ReadonlyMap<string, Omit<Seen, 'offset'>>): void {
  if (seen.length !== wanted.size) throw new Error(`${seen.length} records read, ${wanted.size} written`)
  for (const { offset, ...record } of seen) {
    const want = wanted.get(`${record.partition}@${offset}`)
    if (want === undefined) throw new Error(`nobody wrote ${record.partition}@${offset}`)
    for (const field of ['timestamp', 'key', 'length', 'sha256'] as const)
      if (record[field] !== want[field])
        throw new Error(`${field} of ${record.partition}@${offset} is ${record[field]}, written was ${want[field]}`)
    // Header maps of JavaScript clients keep no order between different names.
    const ordered = (headers: Seen['headers']): string =>
      JSON.stringify([...headers].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
    if (ordered(record.headers) !== ordered(want.headers))
      throw new Error(`headers of ${record.partition}@${offset} differ`)
  }
}

function writeAndReadBack(
  bootstrap: string,
  writer: ClientProgram,
  codec: Codec,
  create: (topic: string) => void,
): void {
  const topic = `interop-${writer.name}-${codec}-${process.pid}`
  const plan = planOf(topic, PARTITIONS, writer)
  const file = join(work, `${topic}.jsonl`)
  writeFileSync(file, plan.map((r) => `${JSON.stringify(r)}\n`).join(''))
  const wanted = new Map<string, Omit<Seen, 'offset'>>()
  const written = attempt(`${writer.name} writes ${codec}`, () => {
    create(topic)
    for (const ack of lines<Acknowledged>(writer, 'produce', bootstrap, codec, file))
      wanted.set(`${ack.partition}@${ack.offset}`, expected(plan[ack.i]!))
    if (wanted.size !== plan.length) throw new Error(`${wanted.size} places acknowledged for ${plan.length} records`)
  })
  if (!written) return
  for (const reader of clients.filter((c) => c.reads))
    attempt(`${reader.name} reads ${codec} of ${writer.name}`, () =>
      compare(lines<Seen>(reader, 'consume', bootstrap, topic, String(PARTITIONS)), wanted),
    )
}

try {
  for (const client of clients) attempt(`${client.name} is ready`, () => client.prepare())
  await withCluster(options.bootstrap, async (cluster) => {
    for (const writer of chosen)
      for (const codec of writer.writes)
        writeAndReadBack(cluster.bootstrap, writer, codec, (topic) => cluster.createTopic(topic, PARTITIONS))
    for (const client of chosen.filter((c) => c.administers))
      attempt(
        `${client.name} administers`,
        () => void lines(client, 'admin', cluster.bootstrap, `interop-admin-${client.name}-${process.pid}`),
      )
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
