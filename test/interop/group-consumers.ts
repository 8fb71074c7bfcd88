// Other people's consumers in groups, as data: how each is made ready and run. All keep their defaults but for two: they begin
// at the earliest record, and a member that is silent for 10 s is dead, where their defaults are 30 to 60 s.

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apacheTool, kafkaHome } from './apache.ts'
import { clients, preparePython, python } from './clients.ts'

type Command = readonly [string, readonly string[]]
export type Place = readonly [partition: number, offset: number]

export interface GroupConsumer {
  readonly name: string
  /** Installs what is missing. */
  prepare(): void
  /** Prints a line of partition and offset for each record; SIGTERM ends it in order. `member` is its client id. */
  command(bootstrap: string, group: string, topic: string, member: string): Command
  /** The client itself may throw where its program cannot catch it; then it is started again, as whoever runs it would. */
  readonly restarts?: true
  /** By default it commits what it has fetched, before its user has it: what a killed member had in between is lost to the group. */
  readonly commitsFirst?: true
  /** Null for a line that is none of a record. */
  parse(line: string): Place | null
}

const here: string = dirname(fileURLToPath(import.meta.url))
const franz = clients.find(({ name }) => name === 'franz-go')!
const nothing = (): void => undefined

function node(file: string): GroupConsumer['command'] {
  return (...args) => [process.execPath, ['--disable-warning=ExperimentalWarning', join(here, 'node', file), ...args]]
}

function words(line: string): Place | null {
  const match = /^(\d+) (\d+)$/.exec(line)
  return match === null ? null : [Number(match[1]), Number(match[2])]
}

export const groupConsumers: readonly GroupConsumer[] = [
  {
    name: 'kcat',
    prepare: nothing,
    command: (bootstrap, group, topic, member) => [
      'kcat',
      ['-b', bootstrap, '-q', '-u', '-f', '%p %o\\n', '-X', 'auto.offset.reset=earliest', '-X', `client.id=${member}`]
        .concat(['-X', 'session.timeout.ms=10000'])
        .concat(['-G', group, topic]),
    ],
    parse: words,
  },
  { name: 'kafkajs', prepare: nothing, command: node('kafkajs-group.ts'), parse: words },
  {
    name: 'platformatic',
    prepare: nothing,
    command: node('platformatic-group.ts'),
    parse: words,
    // 1.35 remembers its coordinator, and looks it up in metadata that no longer has it once that broker is dead: a
    // TypeError out of a callback of its own.
    restarts: true,
    commitsFirst: true,
  },
  {
    name: 'kafka-python',
    prepare: () => preparePython('kafka', 'kafka-python==3.0.12'),
    command: (...args) => [python, [join(here, 'python', 'group.py'), ...args]],
    parse: words,
  },
  {
    name: 'franz-go',
    prepare: franz.prepare,
    command: (...args) => franz.command('group', ...args),
    parse: words,
  },
  {
    name: 'java',
    prepare: () => void kafkaHome(),
    command: (bootstrap, group, topic, member) =>
      apacheTool(
        'kafka-console-consumer',
        ...['--bootstrap-server', bootstrap, '--topic', topic, '--group', group, '--from-beginning'],
        ...['--command-property', 'session.timeout.ms=10000', '--command-property', `client.id=${member}`],
        ...['--formatter-property', 'print.partition=true', '--formatter-property', 'print.offset=true'],
        ...['--formatter-property', 'print.value=false'],
      ),
    parse: (line) => {
      const match = /^Partition:(\d+)\tOffset:(\d+)$/.exec(line)
      return match === null ? null : [Number(match[1]), Number(match[2])]
    },
  },
]
