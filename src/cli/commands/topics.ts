// odradek topics: create, list, describe, delete.

import process from 'node:process'
import type { CommandModule } from 'yargs'
import type { TopicDescription, TopicOutcome } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, pairs, withClient } from '../options.ts'
import { note, print, printJson, table } from '../output.ts'

interface TopicArguments extends ClientArguments {
  readonly json: boolean
  readonly names: readonly string[]
}

interface CreateArguments extends TopicArguments {
  readonly partitions: number | undefined
  readonly replicationFactor: number | undefined
  readonly config: readonly string[]
  readonly ifNotExists: boolean
}

const createTopics: CommandModule<object, CreateArguments> = {
  command: 'create <names..>',
  describe: 'create topics',
  builder: (args) =>
    jsonOption(clientOptions(args))
      .positional('names', { type: 'string', array: true, demandOption: true, describe: 'topic names' })
      .option('partitions', { alias: 'p', type: 'number', describe: "default: the cluster's" })
      .option('replication-factor', { alias: 'r', type: 'number', describe: "default: the cluster's" })
      .option('config', { type: 'string', array: true, default: [], describe: 'a topic configuration: name=value' })
      .option('if-not-exists', { type: 'boolean', default: false, describe: 'an existing topic is no failure' })
      .example('$0 topics create orders --partitions 6 --config retention.ms=86400000', '') as never,
  handler: create,
}

const listTopics: CommandModule<object, TopicArguments> = {
  command: 'list',
  describe: 'list the names of topics',
  builder: (args) => jsonOption(clientOptions(args)) as never,
  handler: list,
}

const describeTopics: CommandModule<object, TopicArguments> = {
  command: 'describe [names..]',
  describe: 'show partitions, leaders and replicas',
  builder: (args) =>
    jsonOption(clientOptions(args)).positional('names', {
      type: 'string',
      array: true,
      default: [],
      describe: 'topic names; all when none is given',
    }) as never,
  handler: describe,
}

const deleteTopics: CommandModule<object, TopicArguments> = {
  command: 'delete <names..>',
  describe: 'delete topics and all their records',
  builder: (args) =>
    jsonOption(clientOptions(args)).positional('names', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'topic names',
    }) as never,
  handler: remove,
}

export const topicsCommand: CommandModule = {
  command: 'topics',
  describe: 'create, list, describe and delete topics',
  builder: (args) =>
    args
      .command(createTopics)
      .command(listTopics)
      .command(describeTopics)
      .command(deleteTopics)
      .demandCommand(1, 'Say what to do with topics: create, list, describe or delete.'),
  handler: () => undefined,
}

async function create(args: CreateArguments): Promise<void> {
  const configs = Object.fromEntries(pairs(args.config, 'config'))
  await withClient(args, async ({ admin }) => {
    const outcomes = await admin.createTopics(
      args.names.map((name) => ({
        name,
        ...(args.partitions === undefined ? {} : { partitions: args.partitions }),
        ...(args.replicationFactor === undefined ? {} : { replicationFactor: args.replicationFactor }),
        configs,
      })),
    )
    const isFine = (outcome: TopicOutcome): boolean =>
      outcome.error === 'NONE' || (args.ifNotExists && outcome.error === 'TOPIC_ALREADY_EXISTS')
    report(outcomes, isFine, (name) => `Created topic ${name}.`, args.json)
  })
}

async function remove(args: TopicArguments): Promise<void> {
  await withClient(args, async ({ admin }) => {
    const outcomes = await admin.deleteTopics(args.names)
    report(
      outcomes,
      (outcome) => outcome.error === 'NONE',
      (name) => `Deleted topic ${name}.`,
      args.json,
    )
  })
}

async function list(args: TopicArguments): Promise<void> {
  await withClient(args, async ({ admin }) => {
    const topics = (await admin.listTopics()).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    if (args.json) printJson(topics)
    else for (const topic of topics) print(topic.name)
  })
}

async function describe(args: TopicArguments): Promise<void> {
  await withClient(args, async ({ admin }) => {
    const names = args.names.length > 0 ? args.names : (await admin.listTopics()).map((topic) => topic.name).sort()
    if (names.length === 0) return args.json ? printJson([]) : note('there are no topics')
    const topics = await admin.describeTopics(names)
    if (args.json) printJson(topics)
    else for (const topic of topics) if (topic.error === 'NONE') print(`${textOf(topic)}\n`)
    for (const topic of topics) if (topic.error !== 'NONE') fail(topic)
  })
}

function textOf(topic: TopicDescription): string {
  const ids = (list: readonly number[] | null): string | null => (list === null ? null : list.join(',') || 'none')
  const rows = topic.partitions.map((each) => [
    each.partition,
    each.leader < 0 ? 'none' : String(each.leader),
    ids(each.replicas),
    ids(each.isr),
    ids(each.elr),
    notes(each),
  ])
  const replicas = topic.partitions[0]?.replicas.length ?? 0
  return `${topic.name}  ${topic.partitions.length} partitions, ${replicas} replicas, id ${topic.id}\n${table(['PARTITION', 'LEADER', 'REPLICAS', 'ISR', 'ELR', ''], rows)}`
}

function notes(partition: TopicDescription['partitions'][number]): string {
  const said: string[] = []
  if (partition.leader < 0) said.push('unavailable')
  if (partition.isr.length < partition.replicas.length) said.push('under-replicated')
  if (partition.leader >= 0 && partition.leader !== partition.replicas[0]) said.push('not the preferred leader')
  return said.join(', ')
}

function report(
  outcomes: readonly TopicOutcome[],
  isFine: (outcome: TopicOutcome) => boolean,
  done: (name: string) => string,
  json: boolean,
): void {
  if (json) printJson(outcomes)
  for (const outcome of outcomes) {
    if (!isFine(outcome)) fail(outcome)
    else if (!json) print(outcome.error === 'NONE' ? done(outcome.name) : `Topic ${outcome.name} exists.`)
  }
}

function fail(outcome: TopicOutcome): void {
  note(`odradek: ${outcome.name}: ${outcome.error}${outcome.message === null ? '' : `: ${outcome.message}`}`)
  process.exitCode = 1
}
