// Makes log directories ready for a node, as `kafka-storage format` does: `bootstrap.checkpoint` with the features that a
// new cluster begins with, the voter set as the snapshot 0-0 of the metadata log (KIP-853, kraft.version 1), and last
// `meta.properties`, which is what makes a directory formatted: a format cut short leaves an unformatted one behind.

import { ELR_VERSION, METADATA_VERSION } from '../../cluster/metadata/index.ts'
import type { Clock, Disk, NodeId, Random, Timestamp, Uuid } from '../base/index.ts'
import { ConfigError } from '../base/index.ts'
import { formatDirectory, readDirectoryMeta } from '../log/index.ts'
import type { ControlRecordInput, RecordInput } from '../wire/index.ts'
import { buildBatch, encodeControlRecord, encodeMetadataRecord } from '../wire/index.ts'
import type { InitialController } from './local.ts'

export interface FormatRequest {
  readonly clusterId: string
  readonly nodeId: NodeId
  readonly logDirs: readonly string[]
  readonly metadataLogDir: string
  /** The voter set of a new cluster; empty where voters are static or this node joins later. */
  readonly initialControllers: readonly InitialController[]
  /** The name under which the voter set lists endpoints. */
  readonly controllerListenerName: string
  readonly metadataVersion: number
  /** Leave directories that are formatted for this node and cluster as they are. */
  readonly ignoreFormatted: boolean
}

export interface FormatReport {
  readonly formatted: readonly { readonly path: string; readonly description: string }[]
  readonly alreadyFormatted: readonly string[]
}

/** Kafka's first hundred uuids are reserved; so is what reads like a flag. */
const RESERVED_IDS = 100

/** Throws ConfigError, with nothing changed, where a directory is somebody else's or holds data without saying whose. */
export async function formatStorage(
  ports: { readonly disk: Disk; readonly random: Random; readonly clock: Clock },
  request: FormatRequest,
): Promise<FormatReport> {
  const { disk, random } = ports
  const paths = [...new Set([request.metadataLogDir, ...request.logDirs])]
  const alreadyFormatted: string[] = []
  for (const path of paths) {
    const meta = await readDirectoryMeta(disk, path)
    if (meta === null) await refuseUnclaimedData(disk, path)
    else {
      checkOwner(disk, path, 'cluster.id', request.clusterId, meta.clusterId)
      checkOwner(disk, path, 'node.id', String(request.nodeId), String(meta.nodeId))
      alreadyFormatted.push(path)
    }
  }
  if (alreadyFormatted.length > 0 && !request.ignoreFormatted) {
    throw new ConfigError(
      `Log directory ${alreadyFormatted[0]} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`,
    )
  }
  const now = ports.clock.wall()
  const formatted: { path: string; description: string }[] = []
  for (const path of paths.filter((each) => !alreadyFormatted.includes(each)).reverse()) {
    const own = request.initialControllers.find((controller) => controller.id === request.nodeId)
    const isMetadata = path === request.metadataLogDir
    await disk.makeDirectory(path)
    await disk.writeFileAtomic(disk.join(path, 'bootstrap.checkpoint'), bootstrapSnapshot(request.metadataVersion, now))
    if (isMetadata && request.initialControllers.length > 0) await writeVoters(disk, path, request, now)
    const directoryId = isMetadata && own !== undefined ? own.directoryId : random.uuid()
    await formatDirectory(disk, path, { version: 1, clusterId: request.clusterId, nodeId: request.nodeId, directoryId })
    formatted.push({ path, description: describe(isMetadata, request.initialControllers.length > 0) })
  }
  return { formatted, alreadyFormatted }
}

/**
 * Whether a quorum has voted in one of these directories. Its voters are disks, not nodes (KIP-853): an empty directory is
 * then formatted without a voter set, or it would vote and count for what the lost one held.
 */
export async function hasVoted(disk: Disk, metadataLogDirs: readonly string[]): Promise<boolean> {
  for (const path of metadataLogDirs) {
    if ((await disk.readFile(disk.join(path, '__cluster_metadata-0', 'quorum-state'))) !== null) return true
  }
  return false
}

/** Whether an operator may give this id to a directory. */
export function isReservedDirectoryId(id: Uuid): boolean {
  const bytes = Buffer.from(id, 'base64url')
  return id.startsWith('-') || (bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15]! < RESERVED_IDS)
}

/** The records with which the first active controller begins the metadata log. */
export function bootstrapFeatures(
  metadataVersion: number,
): readonly { readonly name: string; readonly level: number }[] {
  // ELR needs 4.0-IV1 (23); what is not served yet (groups, transactions, shares) is finalized when it lands.
  const elr = metadataVersion >= 23 ? [{ name: ELR_VERSION, level: 1 }] : []
  return [{ name: METADATA_VERSION, level: metadataVersion }, ...elr]
}

function describe(isMetadata: boolean, dynamic: boolean): string {
  if (!isMetadata) return 'data directory'
  return dynamic ? 'dynamic metadata voter directory' : 'metadata directory'
}

function checkOwner(disk: Disk, path: string, name: string, expected: string, found: string): void {
  if (expected === found) return
  throw new ConfigError(
    `Invalid ${name} in: ${disk.join(path, 'meta.properties')}. Expected ${expected}, but read ${found}. The directory belongs to another ${name === 'node.id' ? 'node' : 'cluster'}: nothing was changed.`,
  )
}

/** A directory that is not formatted and holds logs is somebody's. */
export async function refuseUnclaimedData(disk: Disk, path: string): Promise<void> {
  const inside = await disk.list(path)
  const data = inside.find((entry) => entry.directory && /-\d+$/.test(entry.name))
  if (data === undefined) return
  throw new ConfigError(
    `${path} holds ${data.name} but no meta.properties that tells whose it is. Restore the file, or move the directory away: nothing was changed.`,
  )
}

function bootstrapSnapshot(metadataVersion: number, now: Timestamp): Uint8Array {
  const features = bootstrapFeatures(metadataVersion).map(
    ({ name, level }): RecordInput => ({
      timestamp: now,
      key: null,
      value: encodeMetadataRecord({ type: 'FeatureLevelRecord', version: 0, value: { name, featureLevel: level } }),
    }),
  )
  return Buffer.concat([
    controlBatch(0, now, [{ type: 'SNAPSHOT_HEADER', version: 0, value: { lastContainedLogTimestamp: 0 } }]),
    buildBatch({ baseOffset: 1, leaderEpoch: 0, records: features }),
    controlBatch(1 + features.length, now, [{ type: 'SNAPSHOT_FOOTER', version: 0, value: {} }]),
  ])
}

async function writeVoters(disk: Disk, path: string, request: FormatRequest, now: Timestamp): Promise<void> {
  const voters = request.initialControllers.map((controller) => ({
    voterId: controller.id,
    voterDirectoryId: controller.directoryId,
    endpoints: controller.endpoints ?? [
      { name: request.controllerListenerName, host: controller.host, port: controller.port },
    ],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
  }))
  const snapshot = Buffer.concat([
    controlBatch(0, now, [
      { type: 'SNAPSHOT_HEADER', version: 0, value: { lastContainedLogTimestamp: now } },
      { type: 'KRAFT_VERSION', version: 0, value: { kRaftVersion: 1 } },
      { type: 'KRAFT_VOTERS', version: 0, value: { voters } },
    ]),
    controlBatch(3, now, [{ type: 'SNAPSHOT_FOOTER', version: 0, value: {} }]),
  ])
  const directory = disk.join(path, '__cluster_metadata-0')
  await disk.makeDirectory(directory)
  await disk.writeFileAtomic(disk.join(directory, '00000000000000000000-0000000000.checkpoint'), snapshot)
  await disk.syncDirectory(path)
}

function controlBatch(baseOffset: number, now: Timestamp, records: readonly ControlRecordInput[]): Uint8Array {
  const inputs = records.map((record): RecordInput => ({ timestamp: now, ...encodeControlRecord(record) }))
  return buildBatch({ baseOffset, leaderEpoch: 0, control: true, records: inputs })
}
