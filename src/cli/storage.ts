// What the storage commands do: format the directories of a node by Kafka's rules, tell what is formatted.

import fs from 'node:fs'
import os from 'node:os'
import { LATEST_METADATA_VERSION, OLDEST_METADATA_VERSION } from '../../cluster/metadata/index.ts'
import type { Uuid } from '../base/index.ts'
import { ConfigError } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import type { SystemPorts } from '../io/index.ts'
import { createPorts } from '../io/index.ts'
import { readDirectoryMeta } from '../log/index.ts'
import type { InitialController } from '../main/index.ts'
import { formatStorage, isReservedDirectoryId, parseInitialControllers } from '../main/index.ts'
import type { ConfigArguments, FormatArguments } from './commands/storage.ts'
import { note, print, printJson } from './output.ts'
import { metadataVersionName, metadataVersionOf } from './releases.ts'

export function randomUuid(): Promise<void> {
  return withPorts(async (ports) => print(ports.random.uuid()))
}

export async function format(args: FormatArguments): Promise<void> {
  await withPorts(async (ports) => {
    const config = await readConfig(args.config)
    const clusterId = args.clusterId
    if (!/^[\w-]{1,255}$/.test(clusterId)) throw new ConfigError(`"${clusterId}" cannot be a cluster id`)
    const report = await formatStorage(ports, {
      clusterId,
      nodeId: config.nodeId,
      logDirs: config.logDirs,
      metadataLogDir: config.metadataLogDir,
      initialControllers: initialControllers(args, config, ports),
      controllerListenerName: config.controllerListenerNames[0]!,
      metadataVersion: metadataVersion(args),
      ignoreFormatted: args.ignoreFormatted,
    })
    if (args.json) return printJson(report)
    for (const { path, description } of report.formatted) {
      print(`Formatting ${description} ${path} with metadata.version ${metadataVersionName(metadataVersion(args))}.`)
    }
    if (report.formatted.length === 0) print('All of the log directories are already formatted.')
  })
}

// Kafka's rules on which of the three flags a node needs.
function initialControllers(args: FormatArguments, config: NodeConfig, ports: SystemPorts): InitialController[] {
  const wantsVoters = args.standalone || args.initialControllers !== undefined
  if (config.staticVoters.length > 0) {
    if (!wantsVoters) return []
    throw new ConfigError(
      'You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify controller.quorum.bootstrap.servers instead.',
    )
  }
  if (!config.isController) {
    if (!wantsVoters) return []
    throw new ConfigError('You can only use --standalone and --initial-controllers on a controller (process.roles).')
  }
  if (!wantsVoters) {
    if (args.noInitialControllers) return []
    throw new ConfigError(
      'Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, --initial-controllers, or --no-initial-controllers.',
    )
  }
  const controllers = args.standalone
    ? [alone(config, ports.random.uuid())]
    : parseInitialControllers(args.initialControllers!)
  for (const { id, directoryId } of controllers) {
    if (isReservedDirectoryId(directoryId)) {
      throw new ConfigError(
        `Directory id ${directoryId} of controller ${id} is reserved: make one with odradek storage random-uuid`,
      )
    }
  }
  if (!controllers.some((controller) => controller.id === config.nodeId)) {
    note(`node ${config.nodeId} is not among the initial controllers: it will only observe the quorum`)
  }
  return controllers
}

function alone(config: NodeConfig, directoryId: Uuid): InitialController {
  const listener = config.advertisedListeners.find((each) => each.name === config.controllerListenerNames[0])
  if (listener === undefined) throw new ConfigError('--standalone needs a controller listener in listeners')
  return { id: config.nodeId, host: listener.host, port: listener.port, directoryId }
}

function metadataVersion(args: FormatArguments): number {
  const features = new Map(args.feature.map((text) => [text.split('=')[0]!, Number(text.split('=')[1])]))
  const byFeature = features.get('metadata.version')
  const level =
    args.releaseVersion === undefined ? (byFeature ?? LATEST_METADATA_VERSION) : metadataVersionOf(args.releaseVersion)
  if (level === null || Number.isNaN(level) || level < OLDEST_METADATA_VERSION || level > LATEST_METADATA_VERSION) {
    throw new ConfigError(
      `metadata.version ${args.releaseVersion ?? byFeature} is not served: ${metadataVersionName(OLDEST_METADATA_VERSION)} to ${metadataVersionName(LATEST_METADATA_VERSION)} are`,
    )
  }
  for (const [name, wanted] of features) {
    if (name === 'metadata.version' || name === 'kraft.version' || name === 'eligible.leader.replicas.version') continue
    if (wanted !== 0) note(`--feature ${name}=${wanted} is not served by this version and stays at 0`)
  }
  return level
}

export async function info(args: ConfigArguments): Promise<void> {
  await withPorts(async (ports) => {
    const config = await readConfig(args.config)
    const paths = [...new Set([config.metadataLogDir, ...config.logDirs])]
    const problems: string[] = []
    const found: { path: string; clusterId: string; nodeId: number; directoryId: Uuid }[] = []
    for (const path of paths) {
      const meta = fs.existsSync(path) ? await readDirectoryMeta(ports.disk, path) : null
      if (meta !== null)
        found.push({ path, clusterId: meta.clusterId, nodeId: meta.nodeId, directoryId: meta.directoryId })
      else problems.push(fs.existsSync(path) ? `${path} is not formatted.` : `${path} does not exist`)
      if (meta !== null && meta.nodeId !== config.nodeId)
        problems.push(`${path} belongs to node ${meta.nodeId}, not ${config.nodeId}`)
    }
    if (new Set(found.map((each) => each.clusterId)).size > 1)
      problems.push('the directories belong to different clusters')
    if (args.json) printJson({ directories: found, problems })
    else {
      print(
        `Found log ${paths.length === 1 ? 'directory' : 'directories'}:\n${paths.map((path) => `  ${path}`).join('\n')}\n`,
      )
      for (const { path, clusterId, directoryId, nodeId } of found) {
        print(
          `Found metadata in ${path}: {cluster.id=${clusterId}, directory.id=${directoryId}, node.id=${nodeId}, version=1}`,
        )
      }
      if (problems.length > 0) print(`\nFound problems:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n`)
    }
    if (problems.length > 0) process.exitCode = 1
  })
}

async function readConfig(file: string): Promise<NodeConfig> {
  const { loadNodeConfig } = await import('../launcher/index.ts')
  return loadNodeConfig(fs.readFileSync(file, 'utf8'), new Map(), os.hostname())
}

async function withPorts(run: (ports: SystemPorts) => Promise<void>): Promise<void> {
  const ports = createPorts({ tablesDirectory: '', unref: true })
  try {
    await run(ports)
  } finally {
    await ports.close()
  }
}
