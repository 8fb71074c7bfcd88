// kafka-console-consumer: records of a topic to standard output, in a group of one's own, in a named group, or from one
// partition.

import { messageOf } from '../../base/index.ts'
import type { ConsumedRecord } from '../../client/index.ts'
import { stamp } from '../../launcher/index.ts'
import { type Reader, readerOf } from './console-reader.ts'
import { type Formatter, formatterOf } from './formatter.ts'
import { pairsOf, propertiesOf } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { requireFlags, UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, type Surroundings, type Tool } from './tool.ts'

const number = (name: string, about: string): Flag => ({ name, argument: 'required', type: 'integer', about })
const text = (name: string, about: string): Flag => ({ name, argument: 'required', about })

const FLAGS: readonly Flag[] = [
  text('topic', 'the topic to read'),
  text('include', 'a regular expression: every topic that there is now whose name it fits'),
  number('partition', 'only this partition, from its end or from --offset'),
  text('offset', 'a number, earliest or latest'),
  { name: 'from-beginning', about: 'from the first record, where the group has committed nothing' },
  number('max-messages', 'end after so many'),
  number('timeout-ms', 'end when nothing came for so long'),
  text('group', 'the group to read in; its offsets are committed'),
  { name: 'skip-message-on-error', about: 'taken: no record fails to be printed here' },
  text('isolation-level', 'read_uncommitted, or read_committed'),
  BOOTSTRAP,
  text('command-property', 'name=value, a configuration of the consumer'),
  text('consumer-property', 'the same, deprecated'),
  COMMAND_CONFIG,
  text('consumer.config', 'the same, deprecated'),
  text('formatter', 'only the default formatter is here'),
  text('formatter-property', 'name=value: print.key, print.offset, key.separator …'),
  text('property', 'the same, deprecated'),
  text('formatter-config', 'a file of formatter properties'),
  text('key-deserializer', 'only those for strings and bytes are here'),
  text('value-deserializer', 'only those for strings and bytes are here'),
  { name: 'enable-systest-events', about: 'print shutdown_complete at the end' },
]

/** A deprecated flag, what it has become. */
const RENAMED: readonly (readonly [old: string, now: string])[] = [
  ['property', 'formatter-property'],
  ['consumer-property', 'command-property'],
  ['consumer.config', 'command-config'],
]

const FORMATTERS: ReadonlySet<string> = new Set([
  'org.apache.kafka.tools.consumer.DefaultMessageFormatter',
  'kafka.tools.DefaultMessageFormatter',
])
/** How long it may be until a ^C is heard. */
const LOOK_MS = 200

export const consoleConsumer: Tool = {
  flags: FLAGS,
  about: 'This tool helps to read data from Kafka topics and outputs it to standard output.',
  ends: 'itself',
  run: async (options, surroundings) => {
    check(options, surroundings)
    const format = formatOf(options, surroundings)
    const properties = consumerProperties(options, surroundings)
    const start = offsetOf(options)
    const client = await surroundings.connect(options.value('bootstrap-server')!, properties, 'consumer')
    const reader = await Promise.race([
      readerOf(options, properties, start, client, surroundings),
      surroundings.interrupted,
    ])
    return typeof reader === 'number' ? reader : consume(options, reader, format, surroundings)
  },
}

function check(options: Options, { err }: Surroundings): void {
  for (const [old, now] of RENAMED) {
    if (!options.has(old)) continue
    if (options.has(now)) throw new UsageProblem(`Options --${old} and --${now} cannot be specified together.`)
    err(`Option --${old} is deprecated and will be removed in a future version. Use --${now} instead.`)
  }
  if (options.has('topic') === options.has('include')) {
    throw new UsageProblem('Exactly one of --include/--topic is required. ')
  }
  if (options.has('partition')) {
    if (!options.has('topic')) throw new UsageProblem('The topic is required when partition is specified.')
    if (options.has('from-beginning') && options.has('offset')) {
      throw new UsageProblem('Options from-beginning and offset cannot be specified together.')
    }
  } else if (options.has('offset')) {
    throw new UsageProblem('The partition is required when offset is specified.')
  }
  requireFlags(options, 'bootstrap-server')
  const isolation = options.value('isolation-level')
  if (isolation !== undefined && isolation !== 'read_committed' && isolation !== 'read_uncommitted') {
    throw new Error(
      `Invalid value ${isolation} for configuration isolation.level: String must be one of: read_committed, read_uncommitted`,
    )
  }
}

/** Where to begin in a partition that was named. */
function offsetOf(options: Options): 'earliest' | 'latest' | number {
  const given = options.value('offset')
  if (given === undefined) return options.has('from-beginning') ? 'earliest' : 'latest'
  const special = given.toLowerCase()
  if (special === 'earliest' || special === 'latest') return special
  if (/^\+?\d+$/.test(given)) return Number(given)
  throw new UsageProblem(
    `The provided offset value '${given}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  )
}

function formatOf(options: Options, { read }: Surroundings): Formatter {
  const wanted = options.value('formatter')
  if (wanted !== undefined && !FORMATTERS.has(wanted)) {
    throw new Error(`--formatter ${wanted}: Java's classes cannot be loaded here; leave the flag out`)
  }
  const file = options.value('formatter-config')
  const [key, value] = [options.value('key-deserializer'), options.value('value-deserializer')]
  return formatterOf(
    new Map([
      ...(file === undefined ? [] : propertiesOf(read(file))),
      ...(key === undefined ? [] : [['key.deserializer', key] as const]),
      ...(value === undefined ? [] : [['value.deserializer', value] as const]),
      ...pairsOf([...options.values('property'), ...options.values('formatter-property')]),
    ]),
  )
}

function consumerProperties(options: Options, { read }: Surroundings): Map<string, string> {
  const file = options.value('command-config') ?? options.value('consumer.config')
  const properties = new Map([
    ['client.id', 'console-consumer'],
    ...(file === undefined ? [] : propertiesOf(read(file))),
    ...pairsOf([...options.values('consumer-property'), ...options.values('command-property')]),
  ])
  const reset = properties.get('auto.offset.reset')
  const begins = options.has('from-beginning')
  if (reset !== undefined && begins && reset !== 'earliest') {
    throw new Error(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`,
    )
  }
  if (reset === undefined) properties.set('auto.offset.reset', begins ? 'earliest' : 'latest')
  const groups = new Set([options.value('group'), properties.get('group.id')].filter((each) => each !== undefined))
  if (groups.size > 1) {
    const named = [...groups].map((group) => `'${group}'`).join(', ')
    throw new UsageProblem(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${named}`,
    )
  }
  if (groups.size > 0 && options.has('partition')) {
    throw new UsageProblem('Options group and partition cannot be specified together.')
  }
  for (const group of groups) properties.set('group.id', group)
  return properties
}

async function consume(
  options: Options,
  reader: Reader,
  format: Formatter,
  surroundings: Surroundings,
): Promise<number> {
  const { out, drained, err, debug, interrupted } = surroundings
  const most = options.integer('max-messages') ?? -1
  const timeoutMs = options.integer('timeout-ms') ?? -1
  let count = 0
  const stopped: { code: number | null } = { code: null }
  void interrupted.then((code) => {
    stopped.code = code
  })
  const known = new Set<string>()
  let last = Date.now()
  try {
    while (stopped.code === null && (most < 0 || count < most)) {
      // Waited for also after a ^C: what it has handed out is printed, or it would be committed unseen.
      const polled = await reader.poll(LOOK_MS, most < 0 ? Number.POSITIVE_INFINITY : most - count)
      for (const { topic, partition, offset } of reader.positions()) {
        if (offset === null || known.has(`${topic}-${partition}`)) continue
        known.add(`${topic}-${partition}`)
        debug(`reading ${topic}-${partition} from offset ${offset}`)
      }
      const printed = print(polled, format, out)
      count += printed
      if (printed < polled.length) {
        reader.giveBack(polled.slice(printed))
        err('Unable to write to standard out, closing consumer.')
        break
      }
      await drained()
      if (polled.length > 0) last = Date.now()
      else if (timeoutMs >= 0 && Date.now() - last > timeoutMs) throw new Silence()
    }
  } catch (error) {
    err(
      `${stamp(new Date())} ERROR Error processing message, terminating consumer process:  (org.apache.kafka.tools.consumer.ConsoleConsumer)`,
    )
    err(messageOf(error))
  }
  await reader.close()
  err(`Processed a total of ${count} messages`)
  if (options.has('enable-systest-events')) out('shutdown_complete\n')
  return stopped.code ?? 0
}

/** How many of them somebody reads. */
function print(records: readonly ConsumedRecord[], format: Formatter, out: Surroundings['out']): number {
  const unread = records.findIndex((record) => !out(format(record)))
  return unread < 0 ? records.length : unread
}

/** `--timeout-ms` has passed: Kafka's ends by this exception. */
class Silence extends Error {
  constructor() {
    super('org.apache.kafka.common.errors.TimeoutException')
  }
}
