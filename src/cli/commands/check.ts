// odradek check: a history, recorded from any Kafka cluster, and what in it Kafka does not allow.

import process from 'node:process'
import type { CommandModule } from 'yargs'
import { jsonOption, STANDARD_INPUT } from '../options.ts'

export interface CheckArguments {
  readonly history: string
  readonly json: boolean
  readonly max: number
  readonly 'deleted-below': readonly string[]
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <history>',
  describe: 'judge a recorded history: what was lost, repeated, reordered or torn apart',
  builder: (args) =>
    jsonOption(args)
      .positional('history', {
        type: 'string',
        // yargs makes an empty text of a lone dash.
        coerce: (name: string) => (name === '' && process.argv.includes(STANDARD_INPUT) ? STANDARD_INPUT : name),
        demandOption: true,
        describe: 'one JSON object a line (docs/history.md), gzipped or not; - is standard input',
      })
      .option('max', { type: 'number', default: 32, describe: 'print so many anomalies of a name' })
      .option('deleted-below', {
        type: 'string',
        array: true,
        default: [],
        describe: 'topic-0=OFFSET: records below were deleted, and nobody need have seen them',
      })
      .epilogue('Exits with 0 without anomalies, 1 with any that Kafka does not allow, 2 if the history is unreadable.')
      .example('$0 check history.jsonl', '')
      .example('$0 check history.jsonl.gz --json', 'for programs')
      .example('ssh host cat history.jsonl | $0 check -', '')
      .example('$0 check history.jsonl --deleted-below orders-0=1200', 'after retention') as never,
  handler: async (args) => {
    const { judge } = await import('../judge.ts')
    await judge(args)
  },
}
