// odradek storage: directories made ready for a node, with the flags of kafka-storage.

import type { CommandModule } from 'yargs'
import { jsonOption } from '../options.ts'

export interface ConfigArguments {
  readonly config: string
  readonly json: boolean
}

export interface FormatArguments extends ConfigArguments {
  readonly clusterId: string
  readonly standalone: boolean
  readonly initialControllers: string | undefined
  readonly noInitialControllers: boolean
  readonly ignoreFormatted: boolean
  readonly releaseVersion: string | undefined
  readonly feature: readonly string[]
}

const configOption = { alias: 'c', type: 'string', demandOption: true, describe: 'the properties file' } as const

export const storageCommand: CommandModule = {
  command: 'storage',
  describe: 'format and inspect log directories',
  builder: (args) =>
    args
      .command(formatCommand)
      .command({
        command: 'random-uuid',
        describe: 'print a new cluster or directory id',
        handler: async () => (await import('../storage.ts')).randomUuid(),
      })
      .command({
        command: 'info',
        describe: 'show what is formatted',
        builder: (each) => jsonOption(each.option('config', configOption)),
        handler: async (each) => (await import('../storage.ts')).info(each as unknown as ConfigArguments),
      })
      .demandCommand(1, 'Say what to do: format, random-uuid or info.'),
  handler: () => undefined,
}

const formatCommand: CommandModule<object, FormatArguments> = {
  command: 'format',
  describe: 'make the log directories of a node ready',
  builder: (args) =>
    jsonOption(args)
      .option('config', configOption)
      .option('cluster-id', { alias: 't', type: 'string', demandOption: true, describe: 'id of the cluster' })
      .option('standalone', { alias: 's', type: 'boolean', default: false, describe: 'this node alone is the quorum' })
      .option('initial-controllers', {
        alias: 'I',
        type: 'string',
        describe: 'the quorum: id@host:port:directory-id,…',
      })
      .option('no-initial-controllers', {
        alias: 'N',
        type: 'boolean',
        default: false,
        describe: 'the quorum is found later',
      })
      .option('ignore-formatted', {
        alias: 'g',
        type: 'boolean',
        default: false,
        describe: 'leave formatted directories as they are',
      })
      .option('release-version', {
        alias: 'r',
        type: 'string',
        describe: 'metadata.version by release, as 4.3 or 4.3-IV0',
      })
      .option('feature', { alias: 'f', type: 'string', array: true, default: [], describe: 'name=level' })
      .check(({ standalone, initialControllers }) => {
        if (standalone && initialControllers !== undefined)
          throw new Error('--standalone and --initial-controllers exclude each other')
        return true
      })
      .example(
        '$0 storage format -t $($0 storage random-uuid) -c server.properties --standalone',
        'a quorum of one',
      ) as never,
  handler: async (args) => (await import('../storage.ts')).format(args),
}
