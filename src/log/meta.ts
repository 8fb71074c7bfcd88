// `meta.properties` of a log directory: whose it is. Java's properties format, version 1 (KIP-858), as `kafka-storage
// format` writes it. A directory without the file is unformatted; one that cannot be understood is never touched. And its
// lock: which process has it.

import type { Disk } from '../base/index.ts'
import { ConfigError, isUuid } from '../base/index.ts'
import { parseProperties } from '../config/index.ts'
import { formatProperties } from './properties.ts'
import type { DirectoryMeta } from './types.ts'

const FILE = 'meta.properties'

/** Null where the directory is not formatted. Throws ConfigError, naming file and fault, for one that cannot be used. */
export async function readDirectoryMeta(disk: Disk, path: string): Promise<DirectoryMeta | null> {
  const file = disk.join(path, FILE)
  const bytes = await disk.readFile(file)
  if (bytes === null) return null
  const fault = (what: string): ConfigError =>
    new ConfigError(`${file} cannot be used: ${what}. Restore it, or move the directory away and format a new one.`)
  const entries = parseProperties(new TextDecoder().decode(bytes))
  const properties = new Map(entries.map(({ name, value }) => [name, value]))
  const version = properties.get('version')
  if (version === undefined) throw fault('it has no version')
  if (version !== '1') throw fault(`version ${version} is not known, 1 is`)
  const clusterId = properties.get('cluster.id')
  if (clusterId === undefined || clusterId === '') throw fault('it has no cluster.id')
  const nodeId = properties.get('node.id')
  if (nodeId === undefined || !/^\d{1,10}$/.test(nodeId) || Number(nodeId) > 2147483647) {
    throw fault(nodeId === undefined ? 'it has no node.id' : `node.id "${nodeId}" is not a node's id`)
  }
  const directoryId = properties.get('directory.id')
  if (directoryId === undefined || !isUuid(directoryId)) {
    throw fault(directoryId === undefined ? 'it has no directory.id' : `directory.id "${directoryId}" is not a uuid`)
  }
  return { version: 1, clusterId, nodeId: Number(nodeId), directoryId }
}

/** Creates the directory and writes its `meta.properties`, durably. Overwrites one that is there: the caller asks first. */
export async function formatDirectory(disk: Disk, path: string, meta: DirectoryMeta): Promise<void> {
  await disk.makeDirectory(path)
  const text = formatProperties([
    ['node.id', String(meta.nodeId)],
    ['directory.id', meta.directoryId],
    ['version', String(meta.version)],
    ['cluster.id', meta.clusterId],
  ])
  await disk.writeFileAtomic(disk.join(path, FILE), new TextEncoder().encode(text))
}

/** Answers how to let it go. */
export async function lockDirectory(disk: Disk, path: string): Promise<() => Promise<void>> {
  try {
    return await disk.lock(path)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === 'ELOCKED') throw new ConfigError(`${path} is in use by another process`, { cause: error })
    if (code === 'ENOENT')
      throw new ConfigError(`${path} does not exist: run "odradek storage format" first`, { cause: error })
    throw error
  }
}
