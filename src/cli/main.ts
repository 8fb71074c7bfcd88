// The command `odradek`: its commands, and what becomes of their failures. Each command's code is loaded when it runs, so
// that a broker does not carry the others.

import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { brokerCommand } from './commands/broker.ts'
import { chaosCommand } from './commands/chaos.ts'
import { checkCommand } from './commands/check.ts'
import { consumeCommand } from './commands/consume.ts'
import { containerCommand } from './commands/container.ts'
import { dumpLogCommand } from './commands/dump-log.ts'
import { electCommand } from './commands/elect.ts'
import { nodeCommand } from './commands/node.ts'
import { produceCommand } from './commands/produce.ts'
import { quorumCommand } from './commands/quorum.ts'
import { reassignCommand } from './commands/reassign.ts'
import { simCommand } from './commands/sim.ts'
import { storageCommand } from './commands/storage.ts'
import { topicsCommand } from './commands/topics.ts'
import { traceCommand } from './commands/trace.ts'
import { upCommand } from './commands/up.ts'
import { isKafkaTool, runKafkaTool } from './kafka/shim.ts'
import { explain } from './output.ts'

const EXIT_USAGE = 2

// The programs of bin/kafka: their command lines are Kafka's, of which yargs knows nothing.
const [first, ...others] = hideBin(process.argv)
if (first !== undefined && isKafkaTool(first)) await runKafkaTool(first, others)

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

await yargs(hideBin(process.argv))
  .scriptName('odradek')
  .parserConfiguration({ 'greedy-arrays': false, 'boolean-negation': false })
  .usage('$0 <command>\n\nA Kafka cluster: start one, look at it, write and read.')
  .command(upCommand)
  .command(nodeCommand)
  .command(storageCommand)
  .command(brokerCommand)
  .command(containerCommand)
  .command(topicsCommand)
  .command(produceCommand)
  .command(consumeCommand)
  .command(reassignCommand)
  .command(electCommand)
  .command(quorumCommand)
  .command(dumpLogCommand)
  .command(chaosCommand)
  .command(simCommand)
  .command(traceCommand)
  .command(checkCommand)
  .example('$0 up', 'start three brokers on this machine')
  .example('$0 topics create hello --partitions 3', 'create a topic')
  .example('echo hi | $0 produce hello', 'write a record')
  .example('$0 consume hello --exit', 'read what is there')
  .demandCommand(1, 'Say what to do: a command is missing.')
  .strict()
  .recommendCommands()
  .version(version())
  .help()
  .alias('help', 'h')
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error, self) => {
    if (error !== undefined && error !== null) {
      process.stderr.write(`odradek: ${explain(error)}\n`)
      process.exit(1)
    }
    const given = hideBin(process.argv)
    if (given.length === 0) self.showHelp('error')
    const words = given.filter((word) => !word.startsWith('-')).slice(0, 1)
    process.stderr.write(`odradek: ${message}\nSee: odradek ${[...words, '--help'].join(' ')}\n`)
    process.exit(EXIT_USAGE)
  })
  .parseAsync()

/** Of package.json, which is one directory up from `src` and two from `dist/src`. */
function version(): string {
  let directory = import.meta.dirname
  for (;;) {
    const file = path.join(directory, 'package.json')
    if (fs.existsSync(file)) return (JSON.parse(fs.readFileSync(file, 'utf8')) as { version: string }).version
    directory = path.dirname(directory)
  }
}
