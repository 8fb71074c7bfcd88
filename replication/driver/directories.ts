// What DescribeLogDirs tells of one directory: its logs with their sizes and how far they are behind, and the room there
// is. Reads only. A directory that was given up tells nothing but that.

import { messageOf } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'
import type { Host } from './host.ts'
import type { DirectoryDescription, LogDescription } from './types.ts'

export async function describeDirectory(
  host: Host,
  directory: LogDirectory,
  state: { readonly failed: boolean; readonly cordoned: boolean },
): Promise<DirectoryDescription> {
  const { path } = directory
  if (state.failed) return unknown(path, state.cordoned)
  try {
    const { totalBytes, usableBytes } = await directory.space()
    const logs = [...directory.logs, ...directory.futures].map((log) => describeLog(host, directory, log))
    return { path, error: 'NONE', cordoned: state.cordoned, totalBytes, usableBytes, logs }
  } catch (error) {
    // It may be gone without anybody having written to it since: the next who does finds out.
    host.options.logger.warn({ path, error: messageOf(error) }, 'a log directory cannot be described')
    return unknown(path, state.cordoned)
  }
}

function describeLog(host: Host, directory: LogDirectory, log: PartitionLog): LogDescription {
  const { topic, topicId, partition, size, endOffset } = log
  const replica = host.locate({ topic, topicId, partition })
  const open = typeof replica === 'string' || replica.state === null ? null : replica
  // On its way here from another directory, also where it has the partition's name already.
  if (open !== null && open.directory !== directory)
    return { topic, partition, size, offsetLag: Math.max(open.log.endOffset - endOffset, 0), isFuture: true }
  const committed = open?.state?.highWatermark ?? log.highWatermark
  return { topic, partition, size, offsetLag: Math.max(committed - endOffset, 0), isFuture: false }
}

export function unknown(path: string, cordoned: boolean): DirectoryDescription {
  return { path, error: 'KAFKA_STORAGE_ERROR', cordoned, totalBytes: -1, usableBytes: -1, logs: [] }
}
