// One node of a cluster inside a program: a thin layer over `createNode` with the real ports. It installs no signal
// handlers, prints nothing and never ends the process.

import { LATEST_METADATA_VERSION } from '../../cluster/metadata/index.ts'
import type { Logger } from '../base/index.ts'
import { parseNodeConfig } from '../config/index.ts'
import { createPorts } from '../io/index.ts'
import { formatStorage } from './format.ts'
import { parseInitialControllers } from './local.ts'
import { createNode } from './node.ts'
import { quiet } from './quiet.ts'
import type { BoundListener, NodeView } from './types.ts'

export interface StartNodeOptions {
  /** Kafka's property names and values, as in server.properties (`node.id`, `process.roles`, `listeners`, `log.dirs`, …). */
  readonly properties: Readonly<Record<string, string>> | ReadonlyMap<string, string>
  /**
   * Given, and the log directories are not formatted yet: they are formatted first, for this cluster. `initialControllers`
   * is the voter set of a new cluster, `id@host:port:directory-id,…`, the same on every node.
   */
  readonly format?: { readonly clusterId: string; readonly initialControllers?: string }
  /** A pino instance or anything of its shape. Default: nothing is logged. */
  readonly logger?: Logger
  /** Called when the node can go on no longer; it is cut off by then. Default: the error is logged. */
  readonly onFatal?: (error: Error) => void
}

export interface RunningNode extends AsyncDisposable {
  readonly nodeId: number
  /** Known ports, also where 0 was asked for. */
  readonly listeners: readonly BoundListener[]
  /** A read-only view: roles, epochs, ISR, offsets. */
  observe(): NodeView
  /** Hands its partitions over, flushes, and stops. Idempotent. */
  close(): Promise<void>
  /** As SIGKILL: ports are cut, nothing is flushed, no clean marker is written. */
  kill(): Promise<void>
}

/**
 * Starts a node and resolves when it takes part: the broker is unfenced (or the controller has registered).
 * Rejects with a `ConfigError` whose message names what is wrong with the properties or the directories, or with the
 * operating system's error of a listener that could not be bound.
 *
 * @example
 * await using node = await startNode({
 *   properties: { 'process.roles': 'broker,controller', 'node.id': '1', … },
 *   format: { clusterId: 'MkU3OEVBNTcwNTJENDM2Qk', initialControllers: '1@host1:9093:…' },
 * })
 */
export async function startNode(options: StartNodeOptions): Promise<RunningNode> {
  const properties =
    options.properties instanceof Map ? options.properties : new Map(Object.entries(options.properties))
  const config = parseNodeConfig(properties)
  const logger = options.logger ?? quiet
  for (const warning of config.warnings) logger.warn({}, warning)
  // Beside the log directory, not in it: Kafka takes every directory in there for a partition's.
  const ports = createPorts({ tablesDirectory: `${config.metadataLogDir}.tables` })
  try {
    if (options.format !== undefined) {
      await formatStorage(ports, {
        clusterId: options.format.clusterId,
        nodeId: config.nodeId,
        logDirs: config.logDirs,
        metadataLogDir: config.metadataLogDir,
        initialControllers:
          options.format.initialControllers === undefined
            ? []
            : parseInitialControllers(options.format.initialControllers),
        controllerListenerName: config.controllerListenerNames[0]!,
        metadataVersion: LATEST_METADATA_VERSION,
        ignoreFormatted: true,
      })
    }
    const onFatal = options.onFatal ?? ((error: Error): void => logger.error({ error: error.message }, 'node stopped'))
    const node = createNode({ config, ports, logger, onFatal })
    await node.start()
    const close = async (): Promise<void> => {
      await node.stop()
      await ports.close()
    }
    return {
      nodeId: node.nodeId,
      get listeners() {
        return node.listeners
      },
      observe: () => node.observe(),
      close,
      kill: async () => {
        await node.kill()
        await ports.close()
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await ports.close()
    throw error
  }
}
