// Replicas moved between the log directories of a broker by Apache's kafka-reassign-partitions: one node of Apache Kafka and
// one of ours with two directories each, the same words to both, and what they print compared.
//
//   npm run interop:log-dirs        ends with "N passed, M failed"

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../../src/main/index.ts'
import { apacheTool } from './apache.ts'
import { startApache } from './apache-cluster.ts'
import { ODRADEK } from './cluster.ts'
import { startProcess } from './processes.ts'

const TOPIC = 'moved'
const RECORDS = 200
const CLUSTER = 'AAAAAAAAQACAAAAAAAAAAA'

interface Answer {
  readonly title: string
  readonly lines: readonly string[]
}

/** What a run says, directories and sizes aside. */
function plain(text: string, work: string): string[] {
  return text
    .replaceAll(work, '')
    .split('\n')
    .map((line) => (line.startsWith('{"brokers"') ? directoriesOf(line) : line))
    .map((line) => line.replace(/localhost:\d+/g, 'HOST').trim())
    .filter((line) => line !== '' && !/^\s*at |log4j|SLF4J/.test(line))
}

/** How many partitions lie where, and whether one is on its way. */
function directoriesOf(line: string): string {
  type Partition = { readonly isFuture: boolean }
  const [{ logDirs }] = JSON.parse(line).brokers
  const told = logDirs.map(
    ({ logDir, error, partitions }: { logDir: string; error: string | null; partitions: Partition[] }) =>
      `${logDir.at(-1)}: ${error} ${partitions.length} ${partitions.filter(({ isFuture }) => isFuture).length} on their way`,
  )
  return told.sort().join('; ')
}

function plan(work: string, name: string, directory: string): string {
  const file = join(work, `${name}.json`)
  const partitions = [0, 1].map((partition) => ({ topic: TOPIC, partition, replicas: [1], log_dirs: [directory] }))
  writeFileSync(file, JSON.stringify({ version: 1, partitions }))
  return file
}

function walk(work: string, bootstrap: string): Answer[] {
  const answers: Answer[] = []
  const run = (
    title: string,
    tool: string,
    args: readonly string[],
    options: { input?: string; until?: RegExp } = {},
  ) => {
    const [command, given] = apacheTool(tool, '--bootstrap-server', bootstrap, ...args)
    for (let tries = 1; ; tries++) {
      const done = spawnSync(command, given, { encoding: 'utf8', input: options.input ?? '', timeout: 240_000 })
      const text = `${done.stdout}\n${done.stderr}`
      if (tries < 30 && options.until !== undefined && !options.until.test(text)) continue
      answers.push({ title, lines: [`exit ${done.status}`, ...plain(text, work)] })
      return
    }
  }
  const describe = (title: string): void =>
    run(title, 'kafka-log-dirs', ['--describe', '--broker-list', '1', '--topic-list', TOPIC])
  run('create', 'kafka-topics', ['--create', '--topic', TOPIC, '--partitions', '2', '--replication-factor', '1'])
  const input = Array.from({ length: RECORDS }, (_, i) => `record ${i}\n`).join('')
  run('produce', 'kafka-console-producer', ['--topic', TOPIC], { input })
  describe('one in each directory')
  const moves = (file: string, ...more: string[]): string[] => ['--reassignment-json-file', file, ...more]
  const there = plan(work, 'there', join(work, 'b'))
  run('move both into one', 'kafka-reassign-partitions', moves(there, '--execute'))
  run('until they are there', 'kafka-reassign-partitions', moves(there, '--verify'), {
    until: /(Reassignment of replica \S+ completed successfully[\s\S]*){2}/,
  })
  describe('both in one directory')
  run(
    'move into a directory that is none',
    'kafka-reassign-partitions',
    moves(plan(work, 'no', '/no/where'), '--execute'),
  )
  const read = ['--topic', TOPIC, '--from-beginning', '--max-messages', String(RECORDS), '--timeout-ms', '60000']
  run('read all', 'kafka-console-consumer', read)
  // Which partition a record went to, and so the order, is the producer's choice.
  const last = answers.pop()!
  answers.push({ ...last, lines: [...last.lines].sort() })
  return answers
}

async function ofApache(work: string, ports: readonly [number, number]): Promise<Answer[]> {
  const apache = await startApache({
    work,
    quorum: 'dynamic',
    format: CLUSTER,
    nodes: [
      {
        id: 1,
        clientPort: ports[0],
        controllerPort: ports[1],
        dataDirectory: `${join(work, 'a')},${join(work, 'b')}`,
        directoryId: 'AAAAAAAAQAGAAAAAAAAA1A',
      },
    ],
  })
  try {
    return walk(work, apache.bootstrap)
  } finally {
    await apache.stop()
  }
}

async function ofOurs(work: string, ports: readonly [number, number]): Promise<Answer[]> {
  const [client, controller] = ports
  const listeners = `PLAINTEXT://localhost:${client},CONTROLLER://localhost:${controller}`
  const file = join(work, 'node.properties')
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.bootstrap.servers=localhost:${controller}`,
    `listeners=${listeners}`,
    `advertised.listeners=${listeners}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${join(work, 'a')},${join(work, 'b')}`,
    'offsets.topic.replication.factor=1',
  ]
  writeFileSync(file, lines.join('\n'))
  const initial = `1@localhost:${controller}:AAAAAAAAQAGAAAAAAAAA1A`
  execFileSync(ODRADEK, ['storage', 'format', '-t', CLUSTER, '-c', file, '--initial-controllers', initial])
  const node = startProcess('node', ODRADEK, ['broker', '--config', file], work)
  try {
    await node.printed('Kafka Server started', 120_000)
    return walk(work, `localhost:${client}`)
  } finally {
    await node.end('SIGTERM')
  }
}

const work: string = mkdtempSync(join(tmpdir(), 'odradek-log-dirs-'))
let passed = 0
let failed = 0
try {
  const [a, b, c, d] = await freePorts('127.0.0.1', 4)
  for (const side of ['kafka', 'ours']) mkdirSync(join(work, side))
  const theirs = await ofApache(join(work, 'kafka'), [a!, b!])
  const ours = await ofOurs(join(work, 'ours'), [c!, d!])
  for (const [i, { title, lines }] of ours.entries()) {
    const wanted = theirs[i]?.lines ?? []
    if (JSON.stringify(wanted) === JSON.stringify(lines)) {
      passed++
      process.stdout.write(`ok      ${title}\n`)
      continue
    }
    failed++
    process.stdout.write(`DIFFERS ${title}\n`)
    for (const line of wanted) if (!lines.includes(line)) process.stdout.write(`   Kafka   ${line}\n`)
    for (const line of lines) if (!wanted.includes(line)) process.stdout.write(`   Odradek ${line}\n`)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
