// One broker at a time dies or stops under the load of an acks=all librdkafka producer on six partitions: kill −9 of a
// leader, kill −9 of the active controller, SIGTERM of a leader. Nothing acknowledged may be lost, moved, doubled or out
// of order, and no gap may be longer than Kafka's own.
//
//   npm run interop:failover [-- --rounds N]      ends with "N passed, M failed"

import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { clients } from './clients.ts'
import { ODRADEK, type TestCluster, withCluster } from './cluster.ts'

const PARTITIONS = 6
const GAP_LIMIT_S = 16
const SETTLE_MS = 12_000

interface Report {
  readonly acked: number
  readonly last_ack: number
  readonly lost?: number
  readonly longest_gap_s?: number
}

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '1' } } })
let passed = 0
let failed = 0
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function odradek(...args: string[]): string {
  return execFileSync(ODRADEK, args, { encoding: 'utf8' }).trim()
}

function leaderOf(cluster: TestCluster, topic: string): number {
  const described = JSON.parse(odradek('topics', 'describe', topic, '--json', '--bootstrap', cluster.bootstrap)) as
    | { partitions: { leader: number }[] }
    | { partitions: { leader: number }[] }[]
  const first = Array.isArray(described) ? described[0]! : described
  return first.partitions[0]!.leader
}

function activeController(cluster: TestCluster): number {
  return (JSON.parse(odradek('quorum', '--json', '--bootstrap', cluster.bootstrap)) as { leaderId: number }).leaderId
}

async function rounds(
  cluster: TestCluster,
  name: string,
  signal: NodeJS.Signals,
  victimOf: (topic: string) => number,
): Promise<void> {
  const topic = `failover-${name}`
  cluster.createTopic(topic, PARTITIONS)
  const load = spawn(
    clients.find((c) => c.name === 'confluent-kafka')!.command()[0],
    [join(import.meta.dirname, 'python', 'load.py'), cluster.bootstrap, topic, String(PARTITIONS), '100'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const ended = new Promise<number | null>((resolve) => load.once('exit', resolve))
  let report: Report = { acked: 0, last_ack: 0 }
  createInterface(load.stdout).on('line', (line) => {
    report = JSON.parse(line) as Report
  })
  await sleep(3000)
  for (let round = 0; round < Number(options.rounds); round++) {
    const victim = victimOf(topic)
    const pid = Number(odradek('node', 'pid', String(victim), '--data', cluster.data!))
    const killed = Date.now() / 1000
    process.kill(pid, signal)
    while (report.last_ack < killed + 1 && Date.now() / 1000 < killed + 60) await sleep(200)
    await sleep(3000)
    odradek('node', 'start', String(victim), '--data', cluster.data!)
    await sleep(SETTLE_MS)
  }
  load.stdin.end()
  const code = await ended
  const good = code === 0 && (report.longest_gap_s ?? Number.POSITIVE_INFINITY) <= GAP_LIMIT_S
  if (good) passed++
  else failed++
  process.stdout.write(`${good ? 'ok     ' : 'FAILED '} ${name}: ${JSON.stringify(report)}\n`)
}

clients.find((client) => client.name === 'confluent-kafka')!.prepare()
await withCluster(undefined, async (cluster) => {
  await rounds(cluster, 'leader-SIGKILL', 'SIGKILL', (topic) => leaderOf(cluster, topic))
  await rounds(cluster, 'controller-SIGKILL', 'SIGKILL', () => activeController(cluster))
  await rounds(cluster, 'leader-SIGTERM', 'SIGTERM', (topic) => leaderOf(cluster, topic))
})
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
