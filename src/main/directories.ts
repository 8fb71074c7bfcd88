// The log directories of a node: that they are formatted, of one cluster and of this node, before anything in them is
// touched. Each fault is one sentence that names the file and the remedy. A disk that has failed takes its directory out of
// service, not the node, unless the metadata log is there.

import { ConfigError, type Disk, type Logger, type Random, StorageError, type Uuid } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import { type DirectoryMeta, formatDirectory, type LastStop, readDirectoryMeta } from '../log/index.ts'
import { refuseUnclaimedData } from './format.ts'

export interface NodeIdentity {
  readonly clusterId: string
  /** Of the directory that holds the metadata log: part of a voter's identity. */
  readonly directoryId: Uuid
}

/** All directories that a node uses: `log.dirs`, and the metadata log's own where it is another one. */
export function directoriesOf(config: NodeConfig): readonly string[] {
  return config.logDirs.includes(config.metadataLogDir) ? config.logDirs : [...config.logDirs, config.metadataLogDir]
}

/** What a node may use of its directories. */
export interface CheckedDirectories {
  readonly identity: NodeIdentity
  readonly usable: readonly string[]
  /** Their disks do not answer: out of service, as those that fail later. Never the one with the metadata log. */
  readonly failed: readonly string[]
}

interface Found {
  readonly path: string
  readonly meta: DirectoryMeta
}

/** An empty directory among others that are formatted is one more disk: it is formatted for this node, as in Kafka. */
export async function checkDirectories(
  ports: { readonly disk: Disk; readonly random: Random; readonly logger: Logger },
  config: NodeConfig,
): Promise<CheckedDirectories> {
  const { disk, random, logger } = ports
  const found: Found[] = []
  const empty: string[] = []
  const failed: string[] = []
  for (const path of directoriesOf(config)) {
    await unlessFailed(path, config, failed, logger, async () => {
      const meta = await readDirectoryMeta(disk, path)
      if (meta === null) empty.push(path)
      else found.push({ path, meta })
    })
  }
  const metadata = found.find(({ path }) => path === config.metadataLogDir)
  if (metadata === undefined) {
    throw new ConfigError(
      `${config.metadataLogDir} is not formatted. Format it first: odradek storage format -t <cluster id> -c <properties file>`,
    )
  }
  checkOwners(found, config)
  for (const path of empty) {
    await unlessFailed(path, config, failed, logger, async () => {
      await refuseUnclaimedData(disk, path)
      const meta = { ...metadata.meta, directoryId: random.uuid() }
      await formatDirectory(disk, path, meta)
      logger.warn(
        { directory: path, directoryId: meta.directoryId },
        `${path} was empty and is formatted for this node`,
      )
      found.push({ path, meta })
    })
  }
  const { clusterId, directoryId } = metadata.meta
  const usable = directoriesOf(config).filter((path) => found.some((each) => each.path === path))
  return { identity: { clusterId, directoryId }, usable, failed }
}

/** Runs what needs the disk under `path`; a directory without the metadata log may fail. */
export async function unlessFailed(
  path: string,
  config: NodeConfig,
  failed: string[],
  logger: Logger,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof StorageError) || path === config.metadataLogDir) throw error
    // Not the disk's word: the node was told to stop.
    if (error.code === 'CLOSED') throw error
    failed.push(path)
    logger.error({ directory: path, error: error.message }, `${path} is out of service: its disk has failed`)
  }
}

function checkOwners(found: readonly Found[], config: NodeConfig): void {
  const first = found[0]!
  const seen = new Map<Uuid, string>()
  for (const { path, meta } of found) {
    if (meta.nodeId !== config.nodeId) {
      throw new ConfigError(
        `${path} belongs to node ${meta.nodeId}, this is node ${config.nodeId}. Correct node.id or log.dirs.`,
      )
    }
    if (meta.clusterId !== first.meta.clusterId) {
      throw new ConfigError(
        `${path} belongs to cluster ${meta.clusterId}, ${first.path} to cluster ${first.meta.clusterId}. Correct log.dirs.`,
      )
    }
    const twin = seen.get(meta.directoryId)
    if (twin !== undefined)
      throw new ConfigError(`${path} and ${twin} have one directory.id: one is a copy of the other. Remove the copy.`)
    seen.set(meta.directoryId, path)
  }
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
