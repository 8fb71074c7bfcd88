// odradek dump-log: what is in Kafka's files.

import type { CommandModule } from 'yargs'
import { jsonOption } from '../options.ts'

export interface DumpArguments {
  readonly json: boolean
  readonly files: readonly string[]
  readonly records: boolean
  readonly metadata: boolean
}

export const dumpLogCommand: CommandModule<object, DumpArguments> = {
  command: 'dump-log <files..>',
  describe: "print the batches and records of Kafka's log files",
  builder: (args) =>
    jsonOption(args)
      .positional('files', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: '.log, .checkpoint, .index or .timeindex files',
      })
      .option('records', { alias: 'print-data-log', type: 'boolean', default: false, describe: 'print records too' })
      .option('metadata', {
        alias: 'cluster-metadata-decoder',
        type: 'boolean',
        default: false,
        describe: 'decode records of the metadata log (assumed for files below __cluster_metadata-0)',
      })
      .example('$0 dump-log .odradek/broker-1/data/hello-0/00000000000000000000.log --records', '')
      .example('$0 dump-log .odradek/broker-1/data/__cluster_metadata-0/*.log', 'the metadata log') as never,
  handler: async (args) => {
    const { dump } = await import('../dump.ts')
    for (const file of args.files) await dump(file, args)
  },
}
