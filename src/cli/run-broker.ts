// One node in this process, told to stop by signals, its log on standard output.

import process from 'node:process'
import type { NodeConfig } from '../config/index.ts'
import { print } from './output.ts'

export interface BrokerOutput {
  readonly logFormat: 'text' | 'json'
  readonly logLevel: string
}

/** Never returns: the process ends with the node. Rejects with one sentence when the node cannot start or go on. */
export async function runBroker(config: NodeConfig, output: BrokerOutput): Promise<never> {
  const { createLogger, runNode, stamp } = await import('../launcher/index.ts')
  const logger = createLogger({
    level: output.logLevel,
    format: output.logFormat,
    write: (line) => void process.stdout.write(line),
  })
  const stopped = new Promise<object>((resolve) => {
    let told = 0
    const stop = (signal: NodeJS.Signals): void => {
      told++
      // Whoever says it three times means it: a stop that hangs must not hold the terminal.
      if (told > 2) process.exit(1)
      if (told === 1) logger.info({}, `stopping: ${signal}`)
      resolve({})
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
  await runNode({
    config,
    logger,
    stopped,
    // Other people's scripts and containers wait for this line of Kafka's.
    onReady: ({ nodeId }) =>
      print(
        `${stamp(new Date())} INFO [KafkaRaftServer nodeId=${nodeId}] Kafka Server started (kafka.server.KafkaRaftServer)`,
      ),
  })
  process.exit(0)
}
