// SIGKILL of all three brokers at once, under the load of an acks=all librdkafka producer; then all are started again.
// Nothing acknowledged may be lost, moved, doubled or out of order, and the replicas' logs must be equal bytes.
//
//   npm run interop:crash [-- --megabytes N]   N MB a broker are written first, to time the recovery
//
// Ends with "N passed, M failed".

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { apacheTool } from './apache.ts'
import { clients } from './clients.ts'
import { ODRADEK, type TestCluster, withCluster } from './cluster.ts'

const PARTITIONS = 6
const IDS = [1, 2, 3]
const FIRST_ACK_LIMIT_S = 20

const { values: options } = parseArgs({ options: { megabytes: { type: 'string', default: '0' } } })
let passed = 0
let failed = 0
const verdict = (what: string, good: boolean): void => {
  if (good) passed++
  else failed++
  process.stdout.write(`${good ? 'ok     ' : 'FAILED '} ${what}\n`)
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Progress {
  acked: number
  last_ack: number
  lost?: number
  moved?: number
  duplicates?: number
  in_order?: boolean
  longest_gap_s?: number
}

/** Directories of one partition's replicas below the data of the three brokers. */
function replicaDirectories(data: string, name: string): string[] {
  const found: string[] = []
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue
      if (entry.name === name) found.push(join(directory, entry.name))
      else walk(join(directory, entry.name))
    }
  }
  walk(data)
  return found
}

function digestOfLog(directory: string): string {
  const hash = createHash('sha256')
  for (const file of readdirSync(directory)
    .filter((f) => f.endsWith('.log'))
    .sort())
    hash.update(readFileSync(join(directory, file)))
  return hash.digest('hex')
}

async function scenario(cluster: TestCluster): Promise<void> {
  const data = cluster.data!
  const node = (...args: string[]): string =>
    execFileSync(ODRADEK, ['node', ...args, '--data', data], { encoding: 'utf8' }).trim()
  cluster.createTopic('crash', PARTITIONS)
  const megabytes = Number(options.megabytes)
  if (megabytes > 0) {
    cluster.createTopic('bulk', PARTITIONS)
    const [command, args] = apacheTool(
      'kafka-producer-perf-test',
      '--bootstrap-server',
      cluster.bootstrap,
      '--topic',
      'bulk',
      '--num-records',
      String(megabytes * 1000),
      '--record-size',
      '1000',
      '--throughput',
      '-1',
      '--command-property',
      'acks=all',
      'linger.ms=5',
      'batch.size=131072',
    )
    const bulk = spawnSync(command, args, { encoding: 'utf8' })
    process.stdout.write(`${bulk.stdout.trim().split('\n').at(-1)}\n`)
  }
  const python = clients.find((client) => client.name === 'confluent-kafka')!
  const interpreter = python.command()[0]
  const script = join(import.meta.dirname, 'python', 'load.py')
  const load = spawn(interpreter, [script, cluster.bootstrap, 'crash', String(PARTITIONS), '100'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => load.once('exit', resolve))
  let progress: Progress = { acked: 0, last_ack: 0 }
  createInterface(load.stdout).on('line', (line) => {
    progress = JSON.parse(line) as Progress
  })
  await sleep(4000)
  verdict(`${progress.acked} records acknowledged before the crash`, progress.acked > 500)
  for (const pid of IDS.map((id) => Number(node('pid', String(id))))) process.kill(pid, 'SIGKILL')
  await sleep(1500)
  const restarted = Date.now() / 1000
  for (const id of IDS) node('start', String(id))
  while (progress.last_ack < restarted && Date.now() / 1000 < restarted + 90) await sleep(100)
  const firstAck = progress.last_ack - restarted
  // The load reports once a second, so the figure may be up to a second too large, never too small.
  verdict(
    `first acknowledgement ${firstAck.toFixed(1)} s after the start (limit ${FIRST_ACK_LIMIT_S})`,
    firstAck > 0 && firstAck <= FIRST_ACK_LIMIT_S,
  )
  await sleep(4000)
  load.stdin.end()
  const code = await ended
  process.stdout.write(`${JSON.stringify(progress)}\n`)
  verdict('nothing acknowledged was lost, moved, doubled or out of order', code === 0)
  for (let p = 0; p < PARTITIONS; p++) {
    let digests: string[] = []
    // The last high watermark may still be on its way to the followers, the bytes are not.
    for (let tries = 0; tries < 50; tries++) {
      digests = replicaDirectories(data, `crash-${p}`).map(digestOfLog)
      if (new Set(digests).size === 1) break
      await sleep(200)
    }
    verdict(`crash-${p}: ${digests.length} replicas, equal bytes`, digests.length === 3 && new Set(digests).size === 1)
  }
  if (megabytes > 0) for (const line of recoveryLines(data)) process.stdout.write(`recovery: ${line}\n`)
}

function recoveryLines(data: string): string[] {
  const found: string[] = []
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (/^[\w-]*\d?\.log$/.test(entry.name) && !/^\d{20}\.log$/.test(entry.name) && existsSync(path))
        found.push(
          ...readFileSync(path, 'utf8')
            .split('\n')
            .filter((line) => line.includes('ecovered')),
        )
    }
  }
  walk(data)
  return found
}

clients.find((client) => client.name === 'confluent-kafka')!.prepare()
await withCluster(undefined, scenario)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
