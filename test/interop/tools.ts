// Apache Kafka's own command-line tools, run with the same words against Apache Kafka and against us. What they print is
// made equal where ids, ports, times and paths differ; what remains different is printed and must be on the list below.
//
//   npm run interop:tools           ends with "N passed, M failed"
//   npm run interop:tools -- storage   the steps whose titles begin so, which need no others

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adminExplained, adminSteps } from './admin-steps.ts'
import { apacheTool } from './apache.ts'
import { startThreeApache } from './apache-cluster.ts'
import { withCluster } from './cluster.ts'
import { MOVES, MOVES_EXPLAINED } from './moves.ts'
import { storageSteps } from './storage-steps.ts'

export interface Step {
  readonly title: string
  readonly tool: string
  readonly args: readonly string[]
  readonly input?: string
  /** Sent straight to the controllers (KIP-919). */
  readonly via?: 'controllers'
  /** Lines are compared as a set. */
  readonly unordered?: true
  /** Where the answer depends on chance or speed: only these lines' shapes are compared. */
  readonly mask?: (line: string) => string
  /** Run again until what is printed matches. */
  readonly until?: RegExp
}

/** Differences that are known and right, each with its reason. A line of ours that matches is taken out on both sides. */
const EXPLAINED: readonly { readonly step: RegExp; readonly line: RegExp; readonly reason: string }[] = [
  ...adminExplained,
  ...MOVES_EXPLAINED,
]

/** Directory and cluster ids, before their digits are touched. */
const ids = (line: string): string => line.replace(/(^|[\s"])[\w-]{22}(?=[\s"]|$)/g, '$1U')
const numbers = (line: string): string => line.replace(/\d+([.,]\d+)*/g, 'N').replace(/\s+/g, ' ')
const leaders = (line: string): string =>
  line.replace(/Leader: \d+/g, 'Leader: L').replace(/(Replicas|Isr): [\d,]+/g, (_, what: string) => `${what}: R`)

/** What an operator does with a group that nobody is in. */
function groupSteps(group: string, topic: string): Step[] {
  const tool = 'kafka-consumer-groups'
  const on = (title: string, ...args: string[]): Step => ({
    title,
    tool,
    args: ['--group', group, ...args],
    unordered: true,
  })
  return [
    { title: 'list groups', tool, args: ['--list'] },
    { title: 'list groups with states', tool, args: ['--list', '--state'] },
    { title: 'list groups in a state', tool, args: ['--list', '--state', 'Stable'] },
    on('describe a group', '--describe'),
    { ...on('describe its state', '--describe', '--state'), mask: (line) => line.replace(/\(\d\)/, '(N)') },
    on('describe its members', '--describe', '--members', '--verbose'),
    { title: 'describe an unknown group', tool, args: ['--describe', '--group', 'nobody'] },
    on('reset without doing it', '--reset-offsets', '--topic', topic, '--to-earliest', '--dry-run'),
    on('reset to the beginning', '--reset-offsets', '--topic', topic, '--to-earliest', '--execute'),
    on('reset by a shift', '--reset-offsets', '--topic', `${topic}:0`, '--shift-by', '1', '--execute'),
    on('describe after the reset', '--describe'),
    on('delete offsets', '--delete-offsets', '--topic', `${topic}:0`),
    on('delete offsets of an unknown topic', '--delete-offsets', '--topic', 'nowhere'),
    on('delete the group', '--delete'),
    on('delete it again', '--delete'),
    { title: 'list groups after the deletion', tool, args: ['--list'] },
  ]
}

const ALL_STEPS: readonly Step[] = [
  {
    title: 'create',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'orders', '--partitions', '3', '--replication-factor', '3'],
  },
  {
    title: 'create with a configuration',
    tool: 'kafka-topics',
    args: [
      '--create',
      '--topic',
      'payments',
      '--partitions',
      '2',
      '--replication-factor',
      '3',
      '--config',
      'retention.ms=3600000',
      '--config',
      'min.insync.replicas=2',
    ],
  },
  { title: 'create again', tool: 'kafka-topics', args: ['--create', '--topic', 'orders'] },
  { title: 'create if not exists', tool: 'kafka-topics', args: ['--create', '--topic', 'orders', '--if-not-exists'] },
  { title: 'create with a bad name', tool: 'kafka-topics', args: ['--create', '--topic', 'no/slash'] },
  {
    title: 'create with too many replicas',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'many', '--replication-factor', '7'],
  },
  {
    title: 'create with a bad value',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'bad', '--config', 'retention.ms=soon'],
  },
  {
    title: 'create with an unknown key',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'bad', '--config', 'no.such.key=1'],
  },
  { title: 'list', tool: 'kafka-topics', args: ['--list'] },
  { title: 'describe one', tool: 'kafka-topics', args: ['--describe', '--topic', 'orders'], mask: leaders },
  { title: 'describe all', tool: 'kafka-topics', args: ['--describe'], mask: leaders },
  { title: 'describe a missing one', tool: 'kafka-topics', args: ['--describe', '--topic', 'nowhere'] },
  { title: 'describe under-replicated', tool: 'kafka-topics', args: ['--describe', '--under-replicated-partitions'] },
  {
    title: 'console producer',
    tool: 'kafka-console-producer',
    args: ['--topic', 'payments', '--property', 'parse.key=true', '--property', 'key.separator=:'],
    input: 'a:1\nb:2\nc:3\nd:4\n',
  },
  {
    title: 'console consumer, partition 0',
    tool: 'kafka-console-consumer',
    args: [
      '--topic',
      'payments',
      '--partition',
      '0',
      '--offset',
      'earliest',
      '--timeout-ms',
      '4000',
      '--formatter-property',
      'print.key=true',
    ],
  },
  {
    title: 'console consumer, partition 1',
    tool: 'kafka-console-consumer',
    args: [
      '--topic',
      'payments',
      '--partition',
      '1',
      '--offset',
      '0',
      '--timeout-ms',
      '4000',
      '--formatter-property',
      'print.key=true',
      '--formatter-property',
      'print.offset=true',
    ],
  },
  { title: 'end offsets', tool: 'kafka-get-offsets', args: ['--topic', 'payments'] },
  { title: 'earliest offsets', tool: 'kafka-get-offsets', args: ['--topic', 'payments', '--time', '-2'] },
  {
    title: 'offsets of the largest timestamp',
    tool: 'kafka-get-offsets',
    args: ['--topic', 'payments', '--time', '-3'],
    // Which record that is hangs on the millisecond in which each line was read.
    mask: (l) => l.replace(/:\d+$/, ':N'),
  },
  { title: 'local earliest offsets', tool: 'kafka-get-offsets', args: ['--topic', 'payments', '--time', '-4'] },
  {
    title: 'quorum status',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--status'],
    mask: (l) => numbers(ids(l)),
  },
  {
    title: 'quorum replication',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--replication'],
    mask: (l) => numbers(ids(l)).trim(),
    unordered: true,
  },
  {
    title: 'producer performance',
    tool: 'kafka-producer-perf-test',
    args: ['--topic', 'orders', '--num-records', '5000', '--record-size', '100', '--throughput', '-1'],
    mask: numbers,
  },
  { title: 'no groups yet', tool: 'kafka-consumer-groups', args: ['--list'] },
  {
    title: 'console consumer in a group',
    tool: 'kafka-console-consumer',
    args: ['--topic', 'payments', '--group', 'readers', '--from-beginning', '--max-messages', '4'],
    unordered: true,
  },
  ...groupSteps('readers', 'payments'),
  {
    title: 'verifiable consumer',
    tool: 'kafka-verifiable-consumer',
    args: ['--topic', 'payments', '--group-id', 'verified', '--reset-policy', 'earliest', '--max-messages', '4'],
    mask: numbers,
    unordered: true,
  },
  {
    title: 'consumer performance',
    tool: 'kafka-consumer-perf-test',
    args: ['--topic', 'orders', '--group', 'perf', '--num-records', '5000', '--timeout', '20000'],
    mask: numbers,
  },
  { title: 'groups of all types', tool: 'kafka-groups', args: ['--list'], unordered: true },
  {
    title: 'describe the topic of offsets',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', '__consumer_offsets'],
    mask: leaders,
  },
  {
    title: 'configurations of the topic of offsets',
    tool: 'kafka-configs',
    args: ['--describe', '--entity-type', 'topics', '--entity-name', '__consumer_offsets', '--all'],
    unordered: true,
  },
  ...storageSteps(),
  ...adminSteps,
  ...MOVES,
  { title: 'delete', tool: 'kafka-topics', args: ['--delete', '--topic', 'payments'] },
  { title: 'delete a missing one', tool: 'kafka-topics', args: ['--delete', '--topic', 'payments'] },
  { title: 'list after the deletion', tool: 'kafka-topics', args: ['--list'] },
]

const wanted: string = process.argv[2] ?? ''
const STEPS: readonly Step[] = ALL_STEPS.filter(({ title }) => title.startsWith(wanted))

/** Where a cluster is reached. */
interface Ways {
  readonly bootstrap: string
  readonly controllers: string
}

function runStep(step: Step, ways: Ways): { code: number | null; lines: string[] } {
  for (let tries = 1; ; tries++) {
    const done = runOnce(step, ways)
    if (step.until === undefined || tries === 60 || step.until.test(done.lines.join('\n'))) return done
  }
}

function runOnce(step: Step, ways: Ways): { code: number | null; lines: string[] } {
  const at =
    step.via === undefined ? ['--bootstrap-server', ways.bootstrap] : ['--bootstrap-controller', ways.controllers]
  // The metadata tool has its server before the verb and the cluster tool behind it; the others take it anywhere.
  const words = step.tool === 'kafka-cluster' ? [...step.args, ...at] : [...at, ...step.args]
  const [command, args] = apacheTool(step.tool, ...words)
  const done = spawnSync(command, args, { encoding: 'utf8', input: step.input ?? '', timeout: 240_000 })
  const lines = `${done.stdout}\n${done.stderr}`
    .split('\n')
    .map((line) =>
      line
        .replace(/(localhost|127\.0\.0\.1):\d+/g, 'HOST')
        .replace(/\[?\d{4}-\d\d-\d\d[T ][\d:.,Z]+\]?/g, 'TIME')
        .replace(/TopicId: [\w-]+/g, 'TopicId: U')
        .trimEnd(),
    )
    .map((line) => step.mask?.(line) ?? line)
    .filter((line) => line !== '' && !/^\s+at |log4j|SLF4J/.test(line))
  if (step.unordered) lines.sort()
  return { code: done.status, lines }
}

const work: string = mkdtempSync(join(tmpdir(), 'odradek-tools-'))
const theirs: { code: number | null; lines: string[] }[] = []
let passed = 0
let failed = 0
try {
  const apache = await startThreeApache(work)
  for (const step of STEPS) theirs.push(runStep(step, apache))
  await apache.stop()
  await withCluster(process.env.ODRADEK_BOOTSTRAP, async (cluster) => {
    for (const [i, step] of STEPS.entries()) {
      const ours = runStep(step, cluster)
      const known = EXPLAINED.filter((e) => e.step.test(step.title))
      const kept = (lines: readonly string[]): string[] => lines.filter((line) => !known.some((e) => e.line.test(line)))
      const a = [`exit ${theirs[i]!.code}`, ...kept(theirs[i]!.lines)]
      const b = [`exit ${ours.code}`, ...kept(ours.lines)]
      if (JSON.stringify(a) === JSON.stringify(b)) {
        passed++
        process.stdout.write(
          `ok      ${step.title}${known.length > 0 ? ` (explained: ${known.map((e) => e.reason).join('; ')})` : ''}\n`,
        )
        continue
      }
      failed++
      process.stdout.write(`DIFFERS ${step.title}: ${step.tool} ${step.args.join(' ')}\n`)
      for (const line of a) if (!b.includes(line)) process.stdout.write(`   Kafka   ${line}\n`)
      for (const line of b) if (!a.includes(line)) process.stdout.write(`   Odradek ${line}\n`)
    }
  })
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
