// What an operator does with kafka-reassign-partitions and kafka-leader-election: steps of `tools.ts`, in this order, and the
// files that they name. Brokers 1, 2 and 3.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface MoveStep {
  readonly title: string
  readonly tool: string
  readonly args: readonly string[]
  readonly unordered?: true
  readonly mask?: (line: string) => string
  /** Run again until what is printed matches: what was asked for takes its time. */
  readonly until?: RegExp
}

const directory: string = mkdtempSync(join(tmpdir(), 'odradek-moves-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))

function file(name: string, content: unknown): string {
  const path = join(directory, `${name}.json`)
  writeFileSync(path, JSON.stringify(content))
  return path
}

type Target = readonly [topic: string, partition: number, replicas: readonly number[]]

function plan(name: string, ...targets: readonly Target[]): string {
  const partitions = targets.map(([topic, partition, replicas]) => ({ topic, partition, replicas }))
  return file(name, { version: 1, partitions })
}

const reassign = (title: string, path: string, ...args: string[]): MoveStep => ({
  title,
  tool: 'kafka-reassign-partitions',
  args: ['--reassignment-json-file', path, ...args],
  unordered: true,
  mask: (line) => line.replace(/"log_dirs":\[[^\]]*\]/g, '"log_dirs":[D]'),
})
const elect = (title: string, type: string, ...args: string[]): MoveStep => ({
  title,
  tool: 'kafka-leader-election',
  args: ['--election-type', type, ...args],
  unordered: true,
})
const create = (topic: string, assignment: string): MoveStep => ({
  title: `create ${topic}`,
  tool: 'kafka-topics',
  args: ['--create', '--topic', topic, '--replica-assignment', assignment, '--config', 'min.insync.replicas=1'],
})
const describe = (title: string, topic: string, until: RegExp): MoveStep => ({
  title,
  tool: 'kafka-topics',
  args: ['--describe', '--topic', topic],
  until,
  // Who is in sync first is a matter of speed.
  mask: (line) => line.replace(/Isr: \S+/, (isr) => `Isr: ${isr.slice(5).split(',').sort().join()}`),
})
const configs = (title: string, type: string, name: string): MoveStep => ({
  title,
  tool: 'kafka-configs',
  args: ['--describe', '--entity-type', type, '--entity-name', name],
})

const BIGGER = plan('bigger', ['moving', 0, [1, 2, 3]], ['moving', 1, [3, 1]])
const SWAPPED = plan('swapped', ['moving', 0, [2, 1]])
const SLOW = plan('slow', ['slow', 0, [2, 3]])
const OTHER = plan('other', ['slow', 0, [3, 1]])
const UNKNOWN_BROKER = plan('unknown-broker', ['moving', 0, [1, 9]])
const UNKNOWN_TOPIC = plan('unknown-topic', ['nowhere', 0, [1]])
const TWICE = plan('twice', ['moving', 0, [1, 1]])
const NOBODY = plan('nobody', ['moving', 0, []])
const PARTITIONS = file('partitions', { partitions: [{ topic: 'moving', partition: 1 }] })

const list = (title: string, until?: RegExp): MoveStep => ({
  title,
  tool: 'kafka-reassign-partitions',
  args: ['--list'],
  ...(until === undefined ? {} : { until }),
})

const STEPS: readonly MoveStep[] = [
  create('moving', '1:2,2:3'),
  list('none yet'),
  reassign('move', BIGGER, '--execute'),
  list('none any more', /No partition reassignments found/),
  reassign('verify the move', BIGGER, '--verify'),
  describe('describe after the move', 'moving', /Replicas: 3,1/),
  reassign('cancel what is over', BIGGER, '--cancel'),
  reassign('move to an unknown broker', UNKNOWN_BROKER, '--execute'),
  reassign('move an unknown topic', UNKNOWN_TOPIC, '--execute'),
  reassign('move to the same broker twice', TWICE, '--execute'),
  reassign('move to nobody', NOBODY, '--execute'),
  reassign('verify what was not done', SWAPPED, '--verify'),
  reassign('another order and fewer', SWAPPED, '--execute'),
  { ...reassign('verify that', SWAPPED, '--verify'), until: /is completed/ },
  elect('the preferred replica leads', 'preferred', '--topic', 'moving', '--partition', '0'),
  elect('and does already', 'preferred', '--topic', 'moving', '--partition', '0'),
  describe('describe after the election', 'moving', /Leader: 2.*Replicas: 2,1/),
  elect('a file of partitions', 'preferred', '--path-to-json-file', PARTITIONS),
  elect('an unclean election that nobody needs', 'unclean', '--topic', 'moving', '--partition', '1'),
  elect('an election of an unknown topic', 'preferred', '--topic', 'nowhere', '--partition', '0'),
  elect('an election of an unknown partition', 'preferred', '--topic', 'moving', '--partition', '7'),
  elect('elections everywhere', 'preferred', '--all-topic-partitions'),
  create('slow', '1'),
  {
    title: 'something to copy',
    tool: 'kafka-producer-perf-test',
    args: ['--topic', 'slow', '--num-records', '8000', '--record-size', '1000', '--throughput', '-1'],
    // How often it says how far it is hangs on its speed.
    mask: (line) => (line.endsWith('max latency.') ? '' : line.replace(/\d+([.,]\d+)*/g, 'N')),
  },
  reassign('move with a throttle', SLOW, '--execute', '--throttle', '1000'),
  list('one'),
  reassign('verify while it moves', SLOW, '--verify'),
  configs('the topic’s throttle', 'topics', 'slow'),
  configs('a broker’s throttle', 'brokers', '2'),
  reassign('move while it moves', OTHER, '--execute'),
  reassign('move while it moves, and mean it', OTHER, '--execute', '--additional', '--throttle', '1000'),
  list('elsewhere'),
  reassign('cancel', OTHER, '--cancel'),
  list('none after the cancellation'),
  describe('describe after the cancellation', 'slow', /Replicas: 1\b/),
  configs('the topic without a throttle', 'topics', 'slow'),
  configs('a broker without a throttle', 'brokers', '2'),
]

/** Differences that are known and right, each with its reason. */
export const MOVES_EXPLAINED: readonly { readonly step: RegExp; readonly line: RegExp; readonly reason: string }[] = [
  {
    step: /^moves: elsewhere$/,
    line: /^slow-0: replicas: 3,1,2\. adding: (2,3|3)\. removing: 2\.$/,
    reason: 'what is on its way out again is not said to be added',
  },
]

export const MOVES: readonly MoveStep[] = STEPS.map((step) => ({ ...step, title: `moves: ${step.title}` }))
