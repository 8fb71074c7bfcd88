// What the image runs: a node by KAFKA_… variables, as Apache Kafka's image takes them: formats its
// directories when they are not, then runs until it is told to stop.

import fs from 'node:fs'
import os from 'node:os'
import process from 'node:process'
import { LATEST_METADATA_VERSION } from '../../cluster/metadata/index.ts'
import { ConfigError } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import { createPorts } from '../io/index.ts'
import { formatStorage, parseInitialControllers } from '../main/index.ts'
import { propertiesFromEnvironment } from './environment.ts'
import { print } from './output.ts'
import { runBroker } from './run-broker.ts'

/** Mounted by the operator: the variables win over it. */
const MOUNTED = '/mnt/shared/config/server.properties'

export async function runContainer(): Promise<void> {
  const { loadNodeConfig } = await import('../launcher/index.ts')
  const text = fs.existsSync(MOUNTED) ? fs.readFileSync(MOUNTED, 'utf8') : ''
  const config = loadNodeConfig(text, propertiesFromEnvironment(process.env), os.hostname())
  await format(config)
  await runBroker(config, { logFormat: 'text', logLevel: process.env.ODRADEK_LOG_LEVEL ?? 'info' })
}

async function format(config: NodeConfig): Promise<void> {
  const clusterId = process.env.CLUSTER_ID
  if (clusterId === undefined)
    throw new ConfigError(
      'CLUSTER_ID is not set: any 22 characters from "odradek storage random-uuid", the same on every node',
    )
  const controllers = process.env.ODRADEK_INITIAL_CONTROLLERS
  if (config.isController && config.staticVoters.length === 0 && controllers === undefined) {
    throw new ConfigError(
      'This controller does not know its quorum: set ODRADEK_INITIAL_CONTROLLERS=id@host:port:directory-id,… (or, without directory ids, KAFKA_CONTROLLER_QUORUM_VOTERS=id@host:port,…)',
    )
  }
  const ports = createPorts({ tablesDirectory: '', unref: true })
  try {
    const report = await formatStorage(ports, {
      clusterId,
      nodeId: config.nodeId,
      logDirs: config.logDirs,
      metadataLogDir: config.metadataLogDir,
      initialControllers: config.isController && controllers !== undefined ? parseInitialControllers(controllers) : [],
      controllerListenerName: config.controllerListenerNames[0]!,
      metadataVersion: LATEST_METADATA_VERSION,
      ignoreFormatted: true,
    })
    for (const { path, description } of report.formatted)
      print(`Formatted ${description} ${path} for cluster ${clusterId}.`)
  } finally {
    await ports.close()
  }
}
