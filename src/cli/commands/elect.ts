// odradek elect: lets the preferred replicas lead, or anybody alive where nobody does.

import process from 'node:process'
import type { CommandModule } from 'yargs'
import type { ElectionType } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, withClient } from '../options.ts'
import { note, print, printJson } from '../output.ts'
import { partitionsOf } from '../partitions.ts'

interface ElectArguments extends ClientArguments {
  readonly json: boolean
  readonly type: ElectionType
  readonly partitions: readonly string[]
  readonly all: boolean
}

export const electCommand: CommandModule<object, ElectArguments> = {
  command: 'elect <type> [partitions..]',
  describe: 'elect leaders of partitions',
  builder: (args) =>
    jsonOption(clientOptions(args))
      .positional('type', {
        choices: ['preferred', 'unclean'] as const,
        demandOption: true,
        describe: 'preferred: the first replica. unclean: where nobody leads, anybody alive; records may be lost',
      })
      .positional('partitions', { type: 'string', array: true, default: [], describe: 'topic:partition, or a topic' })
      .option('all', { type: 'boolean', default: false, describe: 'of all partitions' })
      .example('$0 elect preferred --all', '') as never,
  handler: (args) =>
    withClient(args, async ({ admin }) => {
      if (args.all === args.partitions.length > 0)
        throw new Error('Say which partitions: topic:partition or a topic, or --all for all of them, not both.')
      const partitions = args.all ? null : await partitionsOf(admin, args.partitions)
      const outcomes = await admin.electLeaders(args.type, partitions)
      if (args.json) printJson(outcomes)
      for (const { topic, partition, error, message } of outcomes) {
        const where = `${topic}:${partition}`
        if (error === 'NONE') say(args, `${where} has another leader.`)
        else if (error === 'ELECTION_NOT_NEEDED') say(args, `${where} needs no election.`)
        else {
          note(`odradek: ${where}: ${error}${message === null ? '' : `: ${message}`}`)
          process.exitCode = 1
        }
      }
      if (outcomes.length === 0) say(args, 'No partition needs an election.')
    }),
}

function say(args: ElectArguments, line: string): void {
  if (!args.json) print(line)
}
