// What an operator does about what is stored, with Apache's tools: records deleted, directories and producers looked at.
// Steps of `tools.ts`, on topics of their own.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Step } from './tools.ts'

interface Partition {
  readonly partition: string
}

const DELETED = 'deleted'
const COMPACTED = 'compacted-only'

/** A file for `--offset-json-file`. */
function offsets(work: string, name: string, partitions: readonly object[]): string {
  const file = join(work, `${name}.json`)
  writeFileSync(file, JSON.stringify({ version: 1, partitions }))
  return file
}

/** kafka-log-dirs prints one line of JSON: brokers and partitions in order, directories and sizes without their values. */
function plainJson(line: string): string {
  if (!line.startsWith('{')) return line
  const { version, brokers } = JSON.parse(line)
  const plain = brokers.map((broker: { broker: number; logDirs: { partitions: Partition[] }[] }) => ({
    ...broker,
    logDirs: broker.logDirs.map((directory) => ({
      ...directory,
      logDir: 'DIRECTORY',
      partitions: directory.partitions
        .map((partition) => ({ ...partition, size: 'N' }))
        .sort((a, b) => (a.partition < b.partition ? -1 : 1)),
    })),
  }))
  return JSON.stringify({
    version,
    brokers: plain.sort((a: { broker: number }, b: { broker: number }) => a.broker - b.broker),
  })
}

export function storageSteps(): readonly Step[] {
  const work = mkdtempSync(join(tmpdir(), 'odradek-offsets-'))
  const remove = (title: string, ...partitions: object[]): Step => ({
    title: `storage: ${title}`,
    tool: 'kafka-delete-records',
    args: ['--offset-json-file', offsets(work, title.replaceAll(' ', '-'), partitions)],
    mask: (line) => line.replace(work, 'WORK'),
    unordered: true,
  })
  const create = (topic: string, ...more: string[]): Step => ({
    title: `storage: create ${topic}`,
    tool: 'kafka-topics',
    args: ['--create', '--topic', topic, '--partitions', '2', '--replication-factor', '3', ...more],
  })
  const produce = (topic: string): Step => ({
    title: `storage: produce to ${topic}`,
    tool: 'kafka-console-producer',
    args: ['--topic', topic, '--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:'],
    input: 'a:1\nb:2\nc:3\nd:4\ne:5\nf:6\ng:7\nh:8\n',
  })
  const earliest = (title: string): Step => ({
    title: `storage: ${title}`,
    tool: 'kafka-get-offsets',
    args: ['--topic', DELETED, '--time', '-2'],
  })
  const at = (topic: string, partition: number, offset: number) => ({ topic, partition, offset })
  return [
    create(DELETED),
    create(COMPACTED, '--config', 'cleanup.policy=compact'),
    create('kept-for-ever', '--config', 'cleanup.policy='),
    produce(DELETED),
    produce(COMPACTED),
    produce('kept-for-ever'),
    remove('delete some', at(DELETED, 0, 2), at(DELETED, 1, 1)),
    earliest('earliest after the deletion'),
    remove('delete less than is gone', at(DELETED, 0, 1)),
    remove('delete more than there is', at(DELETED, 0, 1000)),
    remove('delete at a negative offset', at(DELETED, 0, -7)),
    remove('delete of a compacted topic', at(COMPACTED, 0, 1)),
    remove('delete of a topic without a policy', at('kept-for-ever', 0, 1)),
    remove('delete one partition twice', at(DELETED, 0, 2), at(DELETED, 0, 2)),
    remove('delete all', at(DELETED, 0, -1), at(DELETED, 1, -1)),
    earliest('earliest after all is deleted'),
    {
      title: 'storage: consume what is left',
      tool: 'kafka-console-consumer',
      args: ['--topic', DELETED, '--from-beginning', '--timeout-ms', '4000'],
    },
    ...[
      ['--topic-list', `${DELETED},${COMPACTED}`],
      ['--topic-list', 'nowhere'],
    ].map(
      (args, i): Step => ({
        title: `storage: describe directories ${i + 1}`,
        tool: 'kafka-log-dirs',
        args: ['--describe', ...args],
        mask: plainJson,
      }),
    ),
    {
      title: 'storage: describe directories of one broker',
      tool: 'kafka-log-dirs',
      args: ['--describe', '--broker-list', '2', '--topic-list', DELETED],
      mask: plainJson,
    },
    {
      title: 'storage: describe directories of a missing broker',
      tool: 'kafka-log-dirs',
      args: ['--describe', '--broker-list', '9'],
    },
    {
      title: 'storage: describe producers',
      tool: 'kafka-transactions',
      args: ['describe-producers', '--topic', DELETED, '--partition', '0'],
      mask: (line) => line.replace(/\d+/g, 'N').replace(/\s+/g, ' ').trim(),
    },
  ]
}
