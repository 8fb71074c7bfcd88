// What DescribeLogDirs tells of one directory: its logs with their sizes and how far they are behind, and the room there
// is. Reads only. A directory that was given up tells nothing but that.

import { messageOf } from '../../src/base/index.ts'
import type { LogDirectory } from '../../src/log/index.ts'
import type { Host } from './host.ts'
import type { DirectoryDescription } from './types.ts'

export async function describeDirectory(
  host: Host,
  directory: LogDirectory,
  state: { readonly failed: boolean; readonly cordoned: boolean },
): Promise<DirectoryDescription> {
  const { path } = directory
  if (state.failed) return unknown(path, state.cordoned)
  try {
    const { totalBytes, usableBytes } = await directory.space()
    const logs = directory.logs.map(({ topic, topicId, partition, size, highWatermark, endOffset }) => {
      const replica = host.locate({ topic, topicId, partition })
      const committed = typeof replica === 'string' ? highWatermark : (replica.state?.highWatermark ?? highWatermark)
      return { topic, partition, size, offsetLag: Math.max(committed - endOffset, 0), isFuture: false }
    })
    return { path, error: 'NONE', cordoned: state.cordoned, totalBytes, usableBytes, logs }
  } catch (error) {
    // It may be gone without anybody having written to it since: the next who does finds out.
    host.options.logger.warn({ path, error: messageOf(error) }, 'a log directory cannot be described')
    return unknown(path, state.cordoned)
  }
}

export function unknown(path: string, cordoned: boolean): DirectoryDescription {
  return { path, error: 'KAFKA_STORAGE_ERROR', cordoned, totalBytes: -1, usableBytes: -1, logs: [] }
}
