// odradek reassign: moves partitions to other replicas, shows what moves, and takes it back.

import process from 'node:process'
import type { CommandModule } from 'yargs'
import type { Admin, MovingPartition, Outcome, PartitionMove, TopicPartition } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, withClient } from '../options.ts'
import { note, print, printJson, table } from '../output.ts'
import { parseMove, parsePartition, partitionsOf } from '../partitions.ts'

const LOOK_EVERY_MS = 500

interface ReassignArguments extends ClientArguments {
  readonly json: boolean
  readonly partitions: readonly string[]
}

interface StartArguments extends ReassignArguments {
  readonly moves: readonly string[]
  readonly keepFactor: boolean
  readonly wait: boolean
}

const start: CommandModule<object, StartArguments> = {
  command: 'start <moves..>',
  describe: 'move partitions: what is new is added, and what is to go is dropped when that is in sync',
  builder: (args) =>
    jsonOption(clientOptions(args))
      .positional('moves', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'topic:partition=broker,broker,…; the first leads by preference',
      })
      .option('keep-factor', { type: 'boolean', default: false, describe: 'refuse another number of replicas' })
      .option('wait', { type: 'boolean', default: false, describe: 'until nothing of it moves any more' })
      .example('$0 reassign start orders:0=1,2,3 orders:1=2,3,1 --wait', '') as never,
  handler: (args) =>
    withClient(args, async ({ admin }) => {
      const moves = args.moves.map((text) => parseMove(text))
      const options = { allowReplicationFactorChange: !args.keepFactor }
      const done = report(await admin.alterPartitionReassignments(moves, options), 'moves', args.json)
      if (args.wait && done.length > 0) await settled(admin, done)
    }),
}

const cancel: CommandModule<object, ReassignArguments> = {
  command: 'cancel [partitions..]',
  describe: 'take moves back: the replicas from before stay, what was being added goes',
  builder: (args) =>
    jsonOption(clientOptions(args)).positional('partitions', {
      type: 'string',
      array: true,
      default: [],
      describe: 'topic:partition, or a topic; everything that moves when none is given',
    }) as never,
  handler: (args) =>
    withClient(args, async ({ admin }) => {
      const asked = args.partitions.length > 0 ? await partitionsOf(admin, args.partitions) : null
      const moving = await admin.listPartitionReassignments(asked)
      const going = new Set(moving.map(({ topic, partition }) => `${topic}:${partition}`))
      // Who names a partition is told when it does not move, or is not there.
      const still = args.partitions
        .flatMap((text) => parsePartition(text) ?? [])
        .filter(({ topic, partition }) => !going.has(`${topic}:${partition}`))
      const back: PartitionMove[] = [...moving, ...still].map(({ topic, partition }) => ({
        topic,
        partition,
        replicas: null,
      }))
      if (back.length === 0) return args.json ? printJson([]) : note('nothing moves')
      report(await admin.alterPartitionReassignments(back), 'goes back', args.json)
    }),
}

const list: CommandModule<object, ReassignArguments> = {
  command: 'list [partitions..]',
  describe: 'show what moves',
  builder: (args) =>
    jsonOption(clientOptions(args)).positional('partitions', {
      type: 'string',
      array: true,
      default: [],
      describe: 'topic:partition, or a topic; all when none is given',
    }) as never,
  handler: (args) =>
    withClient(args, async ({ admin }) => {
      const asked = args.partitions.length > 0 ? await partitionsOf(admin, args.partitions) : null
      const moving = await admin.listPartitionReassignments(asked)
      if (args.json) printJson(moving)
      else if (moving.length === 0) note('nothing moves')
      else print(textOf(moving))
    }),
}

export const reassignCommand: CommandModule = {
  command: 'reassign',
  describe: 'move partitions to other brokers',
  builder: (args) =>
    args
      .command(start)
      .command(list)
      .command(cancel)
      .demandCommand(1, 'Say what to do with moves of partitions: start, list or cancel.'),
  handler: () => undefined,
}

function textOf(moving: readonly MovingPartition[]): string {
  const ids = (some: readonly number[]): string => some.join(',') || '-'
  const rows = moving.map(({ topic, partition, replicas, adding, removing }) => [
    topic,
    partition,
    ids(replicas),
    ids(adding),
    ids(removing),
  ])
  return table(['TOPIC', 'PARTITION', 'REPLICAS', 'ADDING', 'REMOVING'], rows)
}

/** Those of which it was accepted. */
function report(outcomes: readonly (TopicPartition & Outcome)[], what: string, json: boolean): TopicPartition[] {
  if (json) printJson(outcomes)
  for (const { topic, partition, error, message } of outcomes) {
    if (error !== 'NONE') {
      note(`odradek: ${topic}:${partition}: ${error}${message === null ? '' : `: ${message}`}`)
      process.exitCode = 1
    } else if (!json) print(`${topic}:${partition} ${what}.`)
  }
  return outcomes.filter(({ error }) => error === 'NONE').map(({ topic, partition }) => ({ topic, partition }))
}

async function settled(admin: Admin, partitions: readonly TopicPartition[]): Promise<void> {
  for (let before = -1; ; ) {
    const { length } = await admin.listPartitionReassignments(partitions)
    if (length === 0) return
    if (length !== before) note(`${length} of ${partitions.length} still move`)
    before = length
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
