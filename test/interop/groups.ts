// Other people's consumers in groups of three: all is read, each partition by one of them; one dies by SIGKILL, then the broker
// that coordinates the group; the others read on. At the end nobody is left, and a new member has nothing to read again.
//
//   npm run interop:groups [-- --only NAME]      ends with "N passed, M failed"

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { partitionFor } from '../../src/groups/index.ts'
import { apacheTool } from './apache.ts'
import { ODRADEK, type TestCluster, withCluster } from './cluster.ts'

const PARTITIONS = 6
const BATCH = 300
const WITHIN_MS = 90_000
/** How long a new member is watched that should have nothing to read. */
const QUIET_MS = 12_000

type Command = readonly [string, readonly string[]]
interface Consumer {
  readonly name: string
  /** Prints a line of partition and offset for each record; SIGTERM ends it in order. */
  command(bootstrap: string, group: string, topic: string): Command
  /** How the program words a line. */
  parse(line: string): readonly [number, number] | null
}

const words = (line: string): readonly [number, number] | null => {
  const match = /^(\d+) (\d+)$/.exec(line)
  return match === null ? null : [Number(match[1]), Number(match[2])]
}

const CONSUMERS: readonly Consumer[] = [
  {
    name: 'kcat',
    command: (bootstrap, group, topic) => [
      'kcat',
      ['-b', bootstrap, '-q', '-u', '-f', '%p %o\\n', '-X', 'auto.offset.reset=earliest']
        .concat(['-X', 'session.timeout.ms=10000', '-X', 'auto.commit.interval.ms=500'])
        .concat(['-G', group, topic]),
    ],
    parse: words,
  },
  {
    name: 'kafkajs',
    command: (bootstrap, group, topic) => [
      process.execPath,
      [join(import.meta.dirname, 'node', 'kafkajs-group.ts'), bootstrap, group, topic],
    ],
    parse: words,
  },
  {
    name: 'java',
    command: (bootstrap, group, topic) =>
      apacheTool(
        'kafka-console-consumer',
        ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', group, '--from-beginning'],
        ...['--command-property', 'session.timeout.ms=10000', '--command-property', 'auto.commit.interval.ms=500'],
        ...['--formatter-property', 'print.partition=true', '--formatter-property', 'print.offset=true'],
        ...['--formatter-property', 'print.value=false'],
      ),
    parse: (line) => {
      const match = /^Partition:(\d+)\tOffset:(\d+)$/.exec(line)
      return match === null ? null : [Number(match[1]), Number(match[2])]
    },
  },
]

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function odradek(...args: string[]): string {
  return execFileSync(ODRADEK, args, { encoding: 'utf8' }).trim()
}

/** How often each record was seen, by all members together. */
class Seen {
  readonly times: Map<string, number> = new Map()

  add(at: readonly [number, number]): void {
    const key = at.join('-')
    this.times.set(key, (this.times.get(key) ?? 0) + 1)
  }

  get again(): number {
    return [...this.times.values()].reduce((sum, times) => sum + times - 1, 0)
  }

  async all(count: number, what: string): Promise<void> {
    const deadline = Date.now() + WITHIN_MS
    while (this.times.size < count) {
      if (Date.now() > deadline)
        throw new Error(`${what}: ${this.times.size} of ${count} records after ${WITHIN_MS} ms`)
      await sleep(100)
    }
  }
}

function start(consumer: Consumer, bootstrap: string, group: string, topic: string, seen: Seen): ChildProcess {
  const [command, args] = consumer.command(bootstrap, group, topic)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  createInterface(child.stdout!).on('line', (line) => {
    const at = consumer.parse(line)
    if (at !== null) seen.add(at)
  })
  return child
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await ended
}

function produce(bootstrap: string, topic: string, from: number): void {
  const input = Array.from({ length: BATCH }, (_, i) => `${from + i}\n`).join('')
  const done = spawnSync('kcat', ['-b', bootstrap, '-P', '-t', topic, '-X', 'sticky.partitioning.linger.ms=0'], {
    input,
  })
  if (done.status !== 0) throw new Error(`kcat -P ended with ${done.status}: ${done.stderr}`)
}

function coordinatorOf(group: string, bootstrap: string): number {
  const told = JSON.parse(odradek('topics', 'describe', '__consumer_offsets', '--json', '--bootstrap', bootstrap)) as
    | { partitions: { partition: number; leader: number }[] }
    | { partitions: { partition: number; leader: number }[] }[]
  const { partitions } = Array.isArray(told) ? told[0]! : told
  return partitions.find(({ partition }) => partition === partitionFor(group, partitions.length))!.leader
}

async function live(consumer: Consumer, cluster: TestCluster): Promise<string> {
  const { bootstrap } = cluster
  const topic = `shared-${consumer.name}`
  const group = `group-${consumer.name}`
  cluster.createTopic(topic, PARTITIONS)
  const seen = new Seen()
  const members: ChildProcess[] = []
  try {
    produce(bootstrap, topic, 0)
    for (let i = 0; i < 3; i++) members.push(start(consumer, bootstrap, group, topic, seen))
    await seen.all(BATCH, 'three members')
    await end(members.shift()!, 'SIGKILL')
    produce(bootstrap, topic, BATCH)
    await seen.all(2 * BATCH, 'after kill −9 of a member')
    const ofMember = seen.again
    // What was read is committed before the next death, so that only what that takes is read again.
    await sleep(2_000)
    const victim = coordinatorOf(group, bootstrap)
    process.kill(Number(odradek('node', 'pid', String(victim), '--data', cluster.data!)), 'SIGKILL')
    produce(bootstrap, topic, 2 * BATCH)
    await seen.all(3 * BATCH, 'after kill −9 of the coordinator’s broker')
    odradek('node', 'start', String(victim), '--data', cluster.data!)
    const ofBroker = seen.again - ofMember
    members.push(start(consumer, bootstrap, group, topic, seen))
    produce(bootstrap, topic, 3 * BATCH)
    await seen.all(4 * BATCH, 'with a third member again')
    for (const member of members) await end(member, 'SIGTERM')
    const before = new Seen()
    const late = start(consumer, bootstrap, group, topic, before)
    await sleep(QUIET_MS)
    await end(late, 'SIGTERM')
    if (before.times.size > 0) throw new Error(`a new member read ${before.times.size} records that were committed`)
    return `${seen.times.size} records, ${ofMember} of them again after a member's death, ${ofBroker} after the broker's`
  } finally {
    for (const member of members) await end(member, 'SIGKILL')
  }
}

const { values: options } = parseArgs({ options: { only: { type: 'string' } } })
let passed = 0
let failed = 0
await withCluster(undefined, async (cluster) => {
  for (const consumer of CONSUMERS) {
    if (options.only !== undefined && options.only !== consumer.name) continue
    try {
      process.stdout.write(`ok      ${consumer.name}: ${await live(consumer, cluster)}\n`)
      passed++
    } catch (error) {
      failed++
      process.stdout.write(`FAILED  ${consumer.name}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
})
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
