// kafka-topics: create, delete, describe, list, alter.

import type { Client, NewTopic, Outcome, TopicDescription, TopicOutcome } from '../../client/index.ts'
import { hashCode, hashOrder, isInternal, topicFilter } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { refuseTogether, requireFlags, UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Surroundings, type Tool } from './tool.ts'
import { type DescribedTopic, linesOf, REPORTS } from './topics-text.ts'

const ACTIONS: readonly string[] = ['list', 'describe', 'create', 'alter', 'delete']
const FACTOR_MAX = 32_767

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'list', about: 'list all topics' },
  { name: 'create', about: 'create a topic' },
  { name: 'delete', about: 'delete topics' },
  { name: 'alter', about: 'change the number of partitions' },
  { name: 'describe', about: 'show partitions, leaders and replicas' },
  { name: 'topic', argument: 'required', about: 'the topic; but for --create, also a regular expression' },
  { name: 'topic-id', argument: 'required', about: 'describe the topic with this id' },
  { name: 'config', argument: 'required', about: 'name=value, a configuration of the topic that is created' },
  { name: 'delete-config', argument: 'required', about: 'no longer supported: see kafka-configs' },
  { name: 'partitions', argument: 'required', type: 'integer', about: 'how many partitions' },
  { name: 'replication-factor', argument: 'required', type: 'integer', about: 'how many replicas of each' },
  { name: 'replica-assignment', argument: 'required', about: 'brokers of each partition: 1:2,2:3' },
  { name: 'under-replicated-partitions', about: 'describe only partitions with replicas out of sync' },
  { name: 'unavailable-partitions', about: 'describe only partitions without a leader' },
  { name: 'under-min-isr-partitions', about: 'describe only partitions with fewer replicas in sync than wanted' },
  { name: 'at-min-isr-partitions', about: 'describe only partitions with as many replicas in sync as wanted' },
  { name: 'topics-with-overrides', about: 'describe only topics with configurations of their own' },
  { name: 'if-exists', about: 'a topic that is not there is no failure' },
  { name: 'if-not-exists', about: 'a topic that is there is no failure' },
  { name: 'exclude-internal', about: 'leave internal topics out' },
  {
    name: 'partition-size-limit-per-response',
    argument: 'required',
    type: 'integer',
    about: 'partitions in one answer; this program takes as many as the broker gives',
  },
]

export const topics: Tool = {
  flags: FLAGS,
  about: 'This tool helps to create, delete, describe, or change a topic.',
  run: async (options, surroundings) => {
    check(options, surroundings)
    try {
      const client = await surroundings.connect(
        options.value('bootstrap-server')!,
        commandConfig(options, surroundings),
      )
      await act(options, client, surroundings)
      return 0
    } catch (error) {
      if (error instanceof UsageProblem || !(error instanceof Error)) throw error
      surroundings.out(`Error while executing topic command : ${sentenceOf(error)}\n`)
      return 1
    }
  },
}

function check(options: Options, { out, err }: Surroundings): void {
  if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
    throw new UsageProblem('Command must include exactly one action: --list, --describe, --create, --alter or --delete')
  }
  if (options.has('delete-config')) {
    err(
      'delete-config option is no longer supported and deprecated since version 4.0. The config will be fully removed in future releases.',
    )
  }
  if (!options.has('bootstrap-server')) throw new Error('--bootstrap-server must be specified')
  if (options.has('describe') && options.has('if-exists')) {
    if (!options.has('topic') && !options.has('topic-id')) {
      throw new UsageProblem('--topic or --topic-id is required to describe a topic')
    }
    if (options.has('topic') && options.has('topic-id')) {
      out(
        'Only topic id will be used when both --topic and --topic-id are specified and topicId is not Uuid.ZERO_UUID\n',
      )
    }
  }
  if (!options.has('list') && !options.has('describe')) requireFlags(options, 'topic')
  if (options.has('alter')) {
    if (options.has('config')) {
      throw new UsageProblem(
        'Option combination "[bootstrap-server],[config]" can\'t be used with option "[alter]" (To alter topic configurations, the kafka-configs tool can be used.)',
      )
    }
    requireFlags(options, 'partitions')
  }
  const onlyWith = (name: string, ...allowed: readonly string[]): void =>
    refuseTogether(
      options,
      name,
      [...ACTIONS, ...REPORTS, 'topics-with-overrides'].filter((each) => !allowed.includes(each)),
    )
  for (const name of ['config', 'partitions', 'replica-assignment']) onlyWith(name, 'alter', 'create')
  onlyWith('replication-factor', 'create')
  if (options.has('create')) refuseTogether(options, 'replica-assignment', ['partitions', 'replication-factor'])
  for (const report of REPORTS) onlyWith(report, 'describe', report)
  onlyWith('topics-with-overrides', 'describe')
  const others = (...allowed: readonly string[]): string[] => ACTIONS.filter((action) => !allowed.includes(action))
  refuseTogether(options, 'if-exists', others('alter', 'delete', 'describe'))
  refuseTogether(options, 'if-not-exists', others('create'))
  refuseTogether(options, 'exclude-internal', others('list', 'describe'))
}

async function act(options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  if (options.has('create')) await create(options, client, surroundings)
  else if (options.has('alter')) await alter(options, client)
  else if (options.has('list')) surroundings.out(`${(await namesOf(options, client)).join('\n')}\n`)
  else if (options.has('describe')) await describe(options, client, surroundings)
  else await remove(options, client)
}

async function create(options: Options, { admin }: Client, { out }: Surroundings): Promise<void> {
  const name = options.value('topic')!
  const topic = { name, configs: configsOf(options) }
  if (/[._]/.test(name)) {
    out(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.\n",
    )
  }
  const outcome = (await admin.createTopics([{ ...topic, ...sizeOf(options) }]))[0]!
  if (outcome.error === 'NONE') out(`Created topic ${name}.\n`)
  else if (outcome.error !== 'TOPIC_ALREADY_EXISTS' || !options.has('if-not-exists')) refuse(outcome)
}

function configsOf(options: Options): Record<string, string> {
  const pairs = options.values('config').map((text) => text.split(/\s*=\s*/))
  if (pairs.some((pair) => pair.length !== 2)) {
    throw new Error(
      'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
    )
  }
  return Object.fromEntries(pairs.map(([key, value]) => [key!.trim(), value!.trim()]))
}

function sizeOf(options: Options): Omit<NewTopic, 'name'> {
  const assignment = assignmentOf(options)
  if (assignment !== null) return { assignment }
  const partitions = options.integer('partitions')
  const replicationFactor = options.integer('replication-factor')
  if (replicationFactor !== undefined && (replicationFactor < 1 || replicationFactor > FACTOR_MAX)) {
    throw new Error(`The replication factor must be between 1 and ${FACTOR_MAX} inclusive`)
  }
  if (partitions !== undefined && partitions < 1) throw new Error('The partitions must be greater than 0')
  return {
    ...(partitions === undefined ? {} : { partitions }),
    ...(replicationFactor === undefined ? {} : { replicationFactor }),
  }
}

/** Brokers by partition; null: the cluster chooses. */
function assignmentOf(options: Options): number[][] | null {
  const text = options.value('replica-assignment') ?? ''
  if (text === '') return null
  const partitions = text.split(',').map((brokers) => brokers.split(':').map(brokerId))
  for (const [i, brokers] of partitions.entries()) {
    const twice = [...new Set(brokers.filter((id, at) => brokers.indexOf(id) !== at))]
    if (twice.length > 0) {
      throw new Error(`Partition replica lists may not contain duplicate entries: ${twice.join(',')}`)
    }
    if (brokers.length !== partitions[0]!.length) {
      throw new Error(`Partition ${i} has different replication factor: [${brokers.join(', ')}]`)
    }
  }
  return partitions
}

function brokerId(text: string): number {
  if (!/^[+-]?\d+$/.test(text.trim())) throw new Error(`For input string: "${text.trim()}"`)
  return Number(text)
}

async function alter(options: Options, client: Client): Promise<void> {
  const names = await existing(options, client)
  if (names.length === 0) return
  const count = options.integer('partitions')!
  const all = assignmentOf(options)
  const described = all === null ? [] : await client.admin.describeTopics(names)
  const outcomes = await client.admin.createPartitions(
    names.map((name) => {
      if (all === null) return { name, count }
      const has = described.find((topic) => topic.name === name)?.partitions.length ?? 0
      return { name, count, assignment: all.slice(has) }
    }),
  )
  for (const outcome of outcomes) refuse(outcome)
}

async function remove(options: Options, client: Client): Promise<void> {
  const names = await existing(options, client)
  if (names.length === 0) return
  for (const outcome of await client.admin.deleteTopics(names)) refuse(outcome)
}

async function describe(options: Options, client: Client, { out }: Surroundings): Promise<void> {
  const { admin } = client
  const names = await described(options, client)
  if (names.length === 0) return
  const found = await admin.describeTopics(names)
  for (const topic of found) refuse(topic)
  const configs = await admin.describeConfigs(names.map((name) => ({ type: 'topic', name })))
  const live = new Set((await admin.describeCluster()).brokers.map(({ id }) => id))
  const moving = await admin.listPartitionReassignments(
    found.flatMap(({ name, partitions }) => partitions.map(({ partition }) => ({ topic: name, partition }))),
  )
  const all = found.map((topic): DescribedTopic => {
    const config = configs.find(({ name }) => name === topic.name)
    if (config !== undefined) refuse(config)
    return {
      topic,
      configs: hashOrder(config?.entries ?? [], ({ name }) => hashCode(name)),
      moving: moving.filter(({ topic: name }) => name === topic.name),
    }
  })
  const ordered = hashOrder(all, ({ topic }) => hashCode(topic.name), all.length)
  for (const each of ordered) for (const line of linesOf(each, options, live)) out(`${line}\n`)
}

/** The names of topics to describe, by id where one is given. */
async function described(options: Options, client: Client): Promise<string[]> {
  const id = options.value('topic-id')
  if (id === undefined || /^A{22}$/.test(id)) return existing(options, client)
  const found = (await client.admin.listTopics()).filter(
    (topic) => topic.id === id && !(options.has('exclude-internal') && isInternal(topic.name)),
  )
  if (found.length === 0 && !options.has('if-exists')) throw new Error(`TopicId '${id}' does not exist as expected`)
  return found.map(({ name }) => name)
}

async function existing(options: Options, client: Client): Promise<string[]> {
  const names = await namesOf(options, client)
  const topic = options.value('topic') ?? ''
  if (topic !== '' && names.length === 0 && !options.has('if-exists')) {
    throw new Error(`Topic '${topic}' does not exist as expected`)
  }
  return names
}

async function namesOf(options: Options, { admin }: Client): Promise<string[]> {
  const all = (await admin.listTopics()).map(({ name }) => name).sort()
  const excludes = options.has('exclude-internal')
  const topic = options.value('topic')
  if (topic === undefined) return all.filter((name) => !(excludes && isInternal(name)))
  const isWanted = topicFilter(topic)
  return all.filter((name) => isWanted(name, excludes))
}

function refuse(outcome: Outcome & (TopicOutcome | TopicDescription | { readonly name: string })): void {
  if (outcome.error !== 'NONE') throw new Error(outcome.message ?? `${outcome.error} (${outcome.name})`)
}

function sentenceOf(error: Error): string {
  return error.message
}
