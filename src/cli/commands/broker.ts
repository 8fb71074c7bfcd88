// odradek broker: one node by a properties file with Apache Kafka's names.

import fs from 'node:fs'
import os from 'node:os'
import type { CommandModule } from 'yargs'
import { pairs } from '../options.ts'
import { runBroker } from '../run-broker.ts'

interface BrokerArguments {
  readonly config: string
  readonly override: readonly string[]
  readonly logFormat: 'text' | 'json'
  readonly logLevel: string
}

export const brokerCommand: CommandModule<object, BrokerArguments> = {
  command: 'broker',
  describe: 'run one node (broker, controller or both) by its properties file',
  builder: (args) =>
    args
      .option('config', { alias: 'c', type: 'string', demandOption: true, describe: 'the properties file' })
      .option('override', {
        type: 'string',
        array: true,
        default: [],
        describe: 'a property that wins over the file: name=value',
      })
      .option('log-format', { choices: ['text', 'json'] as const, default: 'text' as const })
      .option('log-level', { choices: ['debug', 'info', 'warn', 'error'] as const, default: 'info' as const })
      .example(
        '$0 broker --config server.properties',
        'its directories must have been formatted: odradek storage format',
      )
      .example('$0 broker --config server.properties --override node.id=2', '') as never,
  handler: run,
}

async function run(args: BrokerArguments): Promise<void> {
  const { loadNodeConfig } = await import('../../launcher/index.ts')
  const overrides = pairs(args.override, 'override')
  await runBroker(loadNodeConfig(fs.readFileSync(args.config, 'utf8'), overrides, os.hostname()), args)
}
