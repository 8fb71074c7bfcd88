// The log directories of a node: that they are formatted, of one cluster and of this node, before anything in them is
// touched. Each fault is one sentence that names the file and the remedy.

import { ConfigError, type Disk, StorageError, type Uuid } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import { type LastStop, readDirectoryMeta } from '../log/index.ts'

export interface NodeIdentity {
  readonly clusterId: string
  /** Of the directory that holds the metadata log: part of a voter's identity. */
  readonly directoryId: Uuid
}

/** All directories that a node uses: `log.dirs`, and the metadata log's own where it is another one. */
export function directoriesOf(config: NodeConfig): readonly string[] {
  return config.logDirs.includes(config.metadataLogDir) ? config.logDirs : [...config.logDirs, config.metadataLogDir]
}

export async function checkDirectories(disk: Disk, config: NodeConfig): Promise<NodeIdentity> {
  let identity: NodeIdentity | null = null
  let first: { readonly path: string; readonly clusterId: string } | null = null
  const seen = new Map<Uuid, string>()
  for (const path of directoriesOf(config)) {
    const meta = await readDirectoryMeta(disk, path)
    if (meta === null) {
      throw new ConfigError(
        `${path} is not formatted. Format it first: odradek storage format -t <cluster id> -c <properties file>`,
      )
    }
    if (meta.nodeId !== config.nodeId) {
      throw new ConfigError(
        `${path} belongs to node ${meta.nodeId}, this is node ${config.nodeId}. Correct node.id or log.dirs.`,
      )
    }
    first ??= { path, clusterId: meta.clusterId }
    if (meta.clusterId !== first.clusterId) {
      throw new ConfigError(
        `${path} belongs to cluster ${meta.clusterId}, ${first.path} to cluster ${first.clusterId}. Correct log.dirs.`,
      )
    }
    const twin = seen.get(meta.directoryId)
    if (twin !== undefined)
      throw new ConfigError(`${path} and ${twin} have one directory.id: one is a copy of the other. Remove the copy.`)
    seen.set(meta.directoryId, path)
    if (path === config.metadataLogDir) identity = { clusterId: meta.clusterId, directoryId: meta.directoryId }
  }
  if (identity === null)
    throw new StorageError(
      config.metadataLogDir,
      'ENOENT',
      `${config.metadataLogDir} is not among the directories of this node`,
    )
  return identity
}

/** A life that stops cleanly before it has heard whether it is registered may become registered all the same: its word is
 *  on its way, or in the log of a controller that has yet to lead again. The next life could not name the epoch of that
 *  registration, and would be taken for one that stopped uncleanly: out of ISR and ELR (KIP-966), though it may have the
 *  last good copy. So it goes on as the same incarnation, whose second registration is no second one. (Kafka takes a
 *  new one, and loses that copy's place.) Null: there was no such life, or something of what it held is in doubt. */
export function unansweredIncarnation(stops: readonly LastStop[]): Uuid | null {
  const id = stops[0]?.unansweredIncarnation ?? null
  return stops.every((stop) => stop.unansweredIncarnation === id && stop.previousBrokerEpoch >= 0) ? id : null
}
