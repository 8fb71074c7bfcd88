// kafka-get-offsets: where partitions begin and end, one `topic:partition:offset` a line.

import type { OffsetSpec, TopicPartition } from '../../client/index.ts'
import { isInternal, topicFilter } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { requireFlags, UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Tool } from './tool.ts'

type Filter = (at: TopicPartition) => boolean

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'topic', argument: 'required', about: 'the topic, or a regular expression' },
  { name: 'partitions', argument: 'required', about: 'only these: 0,1,2' },
  {
    name: 'topic-partitions',
    argument: 'required',
    about: 'patterns of topics with partitions: topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3',
  },
  {
    name: 'time',
    argument: 'required',
    about: 'latest (the default), earliest, max-timestamp, earliest-local, latest-tiered, or milliseconds',
  },
  { name: 'exclude-internal-topics', about: 'leave internal topics out' },
]

const SPECIAL: ReadonlyMap<string, OffsetSpec> = new Map([
  ...(['latest', 'earliest', 'max-timestamp', 'earliest-local', 'latest-tiered'] as const).flatMap(
    (name, i): [string, OffsetSpec][] => [
      [name, name],
      [String(-1 - i), name],
    ],
  ),
])

export const getOffsets: Tool = {
  flags: FLAGS,
  about: 'An interactive shell for getting topic-partition offsets.',
  run: async (options, surroundings) => {
    requireFlags(options, 'bootstrap-server')
    const bootstrap = options.value('bootstrap-server')!
    if (!bootstrap.split(',').every((each) => /^.+:\d+$/.test(each.trim()))) {
      throw new UsageProblem('Please provide valid host:port like host1:9091,host2:9092\n ')
    }
    try {
      const isWanted = filterOf(options)
      const at = timeOf(options.value('time') ?? 'latest')
      const client = await surroundings.connect(bootstrap, commandConfig(options, surroundings))
      const excludes = options.has('exclude-internal-topics')
      const names = (await client.admin.listTopics()).map(({ name }) => name)
      const described = await client.admin.describeTopics(names.filter((name) => !(excludes && isInternal(name))))
      const wanted = described
        .flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition, at })))
        .filter(isWanted)
        // As text, which is how Kafka's sorts them: 10 before 2.
        .sort((a, b) => (`${a.topic}-${a.partition}` < `${b.topic}-${b.partition}` ? -1 : 1))
      if (wanted.length === 0) throw new Error('Could not match any topic-partitions with the specified filters')
      for (const { topic, partition, offset, error } of await client.admin.listOffsets(wanted)) {
        if (error !== 'NONE') {
          surroundings.err(`Skip getting offsets for topic-partition ${topic}-${partition} due to error: ${error}`)
        } else if (offset >= 0) surroundings.out(`${topic}:${partition}:${offset}\n`)
      }
      return 0
    } catch (error) {
      if (error instanceof UsageProblem || !(error instanceof Error)) throw error
      surroundings.err(`Error occurred: ${error.message}`)
      return 1
    }
  },
}

function timeOf(text: string): OffsetSpec {
  const special = SPECIAL.get(text)
  if (special !== undefined) return special
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new Error(
    `Malformed time argument ${text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or latest-tiered, or a specified long format timestamp`,
  )
}

function filterOf(options: Options): Filter {
  const patterns = options.value('topic-partitions')
  if (patterns !== undefined) {
    if (options.has('topic') || options.has('partitions')) {
      throw new Error('--topic-partitions cannot be used with --topic or --partitions')
    }
    const filters = patterns.split(',').map(patternOf)
    return (at) => filters.some((isWanted) => isWanted(at))
  }
  const isTopic = topicFilter(options.value('topic') ?? '.*')
  const text = options.value('partitions') ?? ''
  const partitions = text === '' ? null : text.split(',')
  if (partitions?.some((each) => !/^[+-]?\d+$/.test(each))) {
    throw new Error(`--partitions expects a comma separated list of numeric partition ids, but received: ${text}`)
  }
  return ({ topic, partition }) =>
    isTopic(topic, false) && (partitions === null || partitions.map(Number).includes(partition))
}

/** `topic`, `topic:1`, `topic:0-3` (3 is not among them), `topic:5-`, `:-3`. */
function patternOf(text: string): Filter {
  const match = /^([^:,]*)(?::(?:(\d*)|(\d*)-(\d*)))?$/.exec(text)
  if (match === null) throw new Error(`Invalid rule specification: ${text}`)
  const isTopic = topicFilter(match[1] || '.*')
  const [single, from, to] = [match[2] ?? '', match[3] ?? '', match[4] ?? '']
  const low = single === '' ? Number(from) : Number(single)
  const high = single === '' ? (to === '' ? Number.POSITIVE_INFINITY : Number(to)) : low + 1
  return ({ topic, partition }) => isTopic(topic, false) && partition >= low && partition < high
}
