// One node as a process: its ports, its start, its wait for the word to stop, its end. What tells it to stop (signals, a
// launcher) and what its log looks like are the caller's.

import type { Logger } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import { createPorts } from '../io/index.ts'
import type { OdradekNode, StopOptions } from '../main/index.ts'
import { createNode } from '../main/index.ts'
import { countFramesAsHeap } from './collector.ts'

export interface RunNodeOptions {
  readonly config: NodeConfig
  readonly logger: Logger
  /** Resolves when the node shall stop; also while it is starting. */
  readonly stopped: Promise<StopOptions>
  readonly onReady: (node: OdradekNode) => void
}

/** Resolves when the node has stopped because it was told to. Rejects with one clear sentence when it could not start or
 *  go on. */
export async function runNode(options: RunNodeOptions): Promise<void> {
  countFramesAsHeap()
  const { config, logger } = options
  for (const warning of config.warnings) logger.warn({}, warning)
  // Beside the log directory, not in it: Kafka takes every directory in there for a partition's.
  const ports = createPorts({ tablesDirectory: `${config.metadataLogDir}.tables` })
  let fail: (error: Error) => void = () => undefined
  const fatal = new Promise<never>((_, reject) => {
    fail = reject
  })
  fatal.catch(() => undefined)
  const node = createNode({ config, ports, logger, onFatal: fail })
  try {
    const started = node.start().then(() => 'started' as const)
    // Where stop wins, the unfinished start may fail: of no interest then.
    started.catch(() => undefined)
    if ((await Promise.race([started, options.stopped, fatal])) === 'started') options.onReady(node)
    const how = await Promise.race([options.stopped, fatal])
    await Promise.race([node.stop(how), fatal])
  } finally {
    await ports.close()
  }
}
