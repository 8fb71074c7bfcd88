// Which log a directory under a log directory is: a partition's own, the one that is to replace it (`-future`, KIP-113), or
// what was left to be removed (`-delete`). Removes what a stop in the middle of a creation left; opens nothing.

import type { Uuid } from '../base/index.ts'
import { StorageError } from '../base/index.ts'
import { parseLogDirectoryName, parsePartitionMetadata } from './checkpoints.ts'
import type { Janitor } from './janitor.ts'
import type { LogPorts } from './types.ts'

export const PARTITION_METADATA = 'partition.metadata'
export const DELETE_SUFFIX = '-delete'
const FUTURE_SUFFIX = '-future'
/** Raft's own; opened by it, never by the directory. */
const METADATA_LOG = '__cluster_metadata-0'

export interface Identified {
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid
  readonly path: string
  /** It is to replace the partition's log in another directory. */
  readonly future: boolean
}

/** Of a log that is to replace another; Kafka does not shorten it. */
export function futureName(topic: string, partition: number, unique: string): string {
  return `${topic}-${partition}.${unique}${FUTURE_SUFFIX}`
}

/** Null for a directory that is not a log to be opened. */
export async function identify(
  ports: LogPorts,
  janitor: Janitor,
  directory: string,
  name: string,
): Promise<Identified | null> {
  const { disk, logger } = ports
  const path = disk.join(directory, name)
  if (name === METADATA_LOG) return null
  if (name.endsWith(DELETE_SUFFIX)) {
    janitor.after(0, () => disk.remove(path))
    return null
  }
  const future = name.endsWith(FUTURE_SUFFIX)
  const parsed = parseLogDirectoryName(future ? name.slice(0, name.lastIndexOf('.')) : name)
  if (parsed === null) {
    logger.warn({ directory: path }, `${path} is not a partition's log and is left alone`)
    return null
  }
  const bytes = await disk.readFile(disk.join(path, PARTITION_METADATA))
  const topicId = bytes === null ? null : parsePartitionMetadata(new TextDecoder().decode(bytes))
  if (topicId !== null) return { ...parsed, topicId, path, future }
  const holdsRecords = (await disk.list(path)).some((entry) => entry.name.endsWith('.log') && entry.size > 0)
  if (holdsRecords) {
    const file = disk.join(path, PARTITION_METADATA)
    throw new StorageError(file, 'CORRUPT', `${file} does not say which topic the records beside it belong to`)
  }
  // Left by a stop in the middle of creating the log.
  await disk.remove(path)
  return null
}
