// Opening one log: what its neighbours share with it, loading, and what must be durable before it may be used.

import type { Offset } from '../base/index.ts'
import { IndexCache } from './index-cache.ts'
import { Janitor } from './janitor.ts'
import type { LoadedLog } from './load.ts'
import { loadLog } from './load.ts'
import { SegmentedLog } from './partition-log.ts'
import type { LogIdentity, LogSurroundings } from './surroundings.ts'
import { TailBudget } from './tail-cache.ts'
import type { LogConfig, LogPorts, OpenLogOptions, PartitionLog } from './types.ts'

const TAIL_BYTES = 4 * 1024 * 1024
/** Bytes of indexes that only readers need. */
export const INDEX_CACHE_BYTES: number = 8 * 1024 * 1024

/** Opens, or creates, the log in the directory `path`, apart from any LogDirectory: its owner keeps the recovery point. */
export async function openPartitionLog(
  ports: LogPorts,
  path: string,
  topic: string,
  partition: number,
  config: LogConfig,
  options: OpenLogOptions,
): Promise<PartitionLog> {
  const failed = (error: Error): void => options.onFailure?.(error)
  const janitor = new Janitor(ports.clock, failed)
  const around: LogSurroundings = {
    ports,
    tailBudget: new TailBudget(options.tailBytes ?? TAIL_BYTES),
    indexCache: new IndexCache(INDEX_CACHE_BYTES),
    janitor,
    cleaner: null,
    failed,
    checkpoint: async () => {},
    closed: () => janitor.stop(),
  }
  await ports.disk.makeDirectory(path)
  const identity = { topic, partition, topicId: options.topicId, path }
  const { log } = await openLog(around, identity, config, {
    clean: options.clean ?? false,
    recoveryPoint: options.recoveryPoint ?? 0,
    logStartOffset: options.logStartOffset ?? -1,
    highWatermark: options.highWatermark ?? 0,
    cleanedTo: options.cleanedTo ?? null,
  })
  return log
}

export interface OpenAt {
  readonly clean: boolean
  readonly recoveryPoint: Offset
  readonly logStartOffset: Offset
  readonly highWatermark: Offset
  /** See `cleaner-offset-checkpoint`; null: not in it. */
  readonly cleanedTo: Offset | null
}

export async function openLog(
  around: LogSurroundings,
  identity: LogIdentity,
  config: LogConfig,
  at: OpenAt,
): Promise<{ readonly log: SegmentedLog; readonly loaded: LoadedLog }> {
  const { disk, clock, logger } = around.ports
  const loaded = await loadLog({ disk, path: identity.path, config, now: clock.wall(), ...at })
  const durable = at.clean ? loaded.endOffset : Math.min(at.recoveryPoint, loaded.endOffset)
  const log = new SegmentedLog(around, identity, config, loaded, { ...at, durable })
  const fields = { topic: identity.topic, partition: identity.partition }
  if (loaded.cutBytes > 0) {
    logger.warn(fields, `Cut ${loaded.cutBytes} bytes of a torn tail; the log ends at offset ${loaded.endOffset}`)
  }
  if (loaded.damaged !== null) logger.error(fields, `The log is damaged and must not lead as it is: ${loaded.damaged}`)
  // What is acknowledged by its durability must be durable before the first question is answered.
  if (config.flush === 'fsync' && loaded.damaged === null) await log.flush()
  return { log, loaded }
}
