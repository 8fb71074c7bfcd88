// kafka-leader-election: preferred replicas, or whoever is left, made leaders of one partition, of those in a file, or of all.

import type { ElectionType, Outcome, TopicPartition } from '../../client/index.ts'
import { exceptionOf } from './exceptions.ts'
import { hashOrder, partitionHash } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Surroundings, type Tool } from './tool.ts'

const ADMIN_CONFIG = 'admin.config'

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: ADMIN_CONFIG, argument: 'required', about: 'the same, deprecated' },
  { name: 'election-type', argument: 'required', about: 'preferred or unclean' },
  { name: 'topic', argument: 'required', about: 'one partition: its topic' },
  { name: 'partition', argument: 'required', type: 'integer', about: 'one partition: its number' },
  { name: 'path-to-json-file', argument: 'required', about: '{"partitions": [{"topic": "foo", "partition": 1}]}' },
  { name: 'all-topic-partitions', about: 'every partition that needs it' },
]

export const leaderElection: Tool = {
  flags: FLAGS,
  about:
    'This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are preferred replicas and unclean replicas.',
  run: async (options, surroundings) => {
    const type = check(options, surroundings)
    const partitions = partitionsOf(options, surroundings)
    const properties = commandConfig(options, surroundings, options.has(ADMIN_CONFIG) ? ADMIN_CONFIG : undefined)
    const client = await surroundings.connect(options.value('bootstrap-server')!, properties)
    return tell(type, await client.admin.electLeaders(type, partitions), surroundings)
  },
}

function check(options: Options, { out }: Surroundings): ElectionType {
  if (options.has(ADMIN_CONFIG)) {
    out(
      'Option --admin.config has been deprecated and will be removed in a future version. Use --command-config instead.\n',
    )
  }
  const missing = ['bootstrap-server', 'election-type'].filter((name) => !options.has(name))
  if (missing.length > 0) throw new Error(`Missing required option(s): ${missing.join(', ')}`)
  const scopes = ['topic', 'all-topic-partitions', 'path-to-json-file']
  if (scopes.filter((name) => options.has(name)).length !== 1) {
    throw new Error(`One and only one of the following options is required: ${scopes.join(', ')}`)
  }
  if (options.has('topic') && !options.has('partition')) throw new Error('Missing required option(s): partition')
  if (!options.has('topic') && options.has('partition'))
    throw new Error('Option partition is only allowed if topic is used')
  const type = options.value('election-type')!.toLowerCase()
  if (type !== 'preferred' && type !== 'unclean') {
    throw new Error(`Cannot parse argument '${options.value('election-type')}' of option election-type`)
  }
  return type
}

/** Null: all of them. */
function partitionsOf(options: Options, { read }: Surroundings): TopicPartition[] | null {
  const topic = options.value('topic')
  if (topic !== undefined) return [{ topic, partition: options.integer('partition')! }]
  const file = options.value('path-to-json-file')
  return file === undefined ? null : partitionsIn(read(file))
}

/** Throws a sentence. */
export function partitionsIn(text: string): TopicPartition[] {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new Error('Replica election data is empty')
  }
  const { partitions } = (given ?? {}) as { readonly partitions?: unknown }
  if (!Array.isArray(partitions)) throw new Error('Replica election data is missing "partitions" field')
  const named = partitions.map((each): TopicPartition => {
    const { topic, partition } = (each ?? {}) as { topic?: unknown; partition?: unknown }
    if (typeof topic !== 'string' || !Number.isSafeInteger(partition)) {
      throw new Error(`${JSON.stringify(each)}: a topic and a partition are expected`)
    }
    return { topic, partition: Number(partition) }
  })
  const names = named.map(nameOf)
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
  if (twice.length > 0) {
    throw new Error(`Replica election data contains duplicate partitions: [${twice.join(', ')}]`)
  }
  return named
}

function tell(type: ElectionType, results: readonly (TopicPartition & Outcome)[], { out, err }: Surroundings): number {
  const ordered = hashOrder(results, partitionHash)
  const namesOf = (isWanted: (outcome: Outcome) => boolean): string => ordered.filter(isWanted).map(nameOf).join(', ')
  const kind = type.toUpperCase()
  const done = namesOf(({ error }) => error === 'NONE')
  if (done !== '') out(`Successfully completed leader election (${kind}) for partitions ${done}\n`)
  const needless = namesOf(({ error }) => error === 'ELECTION_NOT_NEEDED')
  if (needless !== '') out(`Valid replica already elected for partitions ${needless}\n`)
  const failed = ordered.filter(({ error }) => error !== 'NONE' && error !== 'ELECTION_NOT_NEEDED')
  for (const each of failed) {
    out(`Error completing leader election (${kind}) for partition: ${nameOf(each)}: ${exceptionOf(each)}\n`)
  }
  if (failed.length === 0) return 0
  err(`${failed.length} replica(s) could not be elected`)
  return 1
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
