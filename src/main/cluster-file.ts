// `cluster.json`: who is in a cluster on one machine and on which ports. Written once, durably, before anything is
// formatted by it: directory ids must not change once a voter set names them.

import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { ConfigError, isUuid, messageOf } from '../base/index.ts'
import type { LocalNode } from './local.ts'

export interface LocalCluster {
  readonly clusterId: string
  readonly host: string
  readonly nodes: readonly LocalNode[]
}

/** Null where there is no cluster yet. Throws ConfigError for a file that cannot be understood. */
export function readClusterFile(file: string): LocalCluster | null {
  let text: string
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new ConfigError(`${file} cannot be read: ${messageOf(error)}`)
  }
  const cluster = parseCluster(text)
  if (cluster !== null) return cluster
  throw new ConfigError(
    `${file} cannot be understood. Restore it, or start a new cluster in another directory: nothing was changed.`,
  )
}

export function writeClusterFile(file: string, cluster: LocalCluster): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.tmp`
  const descriptor = fs.openSync(temporary, 'w')
  try {
    fs.writeFileSync(descriptor, `${JSON.stringify(cluster, null, 2)}\n`)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(temporary, file)
}

/**
 * Where ports are looked for: above what services use, below what kernels hand to whoever connects (Linux from 32768,
 * others from 49152). One from up there may be the near end of somebody's connection when its owner comes to listen.
 */
const LOWEST_PORT = 10_240
const HIGHEST_PORT = 32_767
const TRIES_A_PORT = 200

/** Ports that were free a moment ago, all different; throws ConfigError if the host has none left. */
export async function freePorts(host: string, count: number): Promise<number[]> {
  const held: net.Server[] = []
  try {
    // Held until all are found, so that none is found twice.
    for (let tries = 0; held.length < count; tries++) {
      if (tries >= TRIES_A_PORT * count) {
        throw new ConfigError(
          `${host} has no ${count} free ports between ${LOWEST_PORT} and ${HIGHEST_PORT}: stop a program that listens there, or name the ports`,
        )
      }
      const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT + 1))
      const server = await listen(host, port)
      if (server !== null) held.push(server)
    }
    return held.map((server) => (server.address() as net.AddressInfo).port)
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

/** Null for a port that is taken. */
function listen(host: string, port: number): Promise<net.Server | null> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null)
      else reject(error)
    })
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}

function parseCluster(text: string): LocalCluster | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isRecord(value) || typeof value.clusterId !== 'string' || typeof value.host !== 'string') return null
  if (!Array.isArray(value.nodes) || value.nodes.length === 0) return null
  return value.nodes.every(isNode) ? (value as unknown as LocalCluster) : null
}

function isNode(value: unknown): boolean {
  if (!isRecord(value)) return false
  const isPort = (port: unknown): boolean => Number.isInteger(port) && (port as number) > 0 && (port as number) < 65536
  return (
    Number.isInteger(value.id) &&
    isPort(value.clientPort) &&
    isPort(value.interBrokerPort) &&
    isPort(value.controllerPort) &&
    typeof value.logDirectory === 'string' &&
    typeof value.directoryId === 'string' &&
    isUuid(value.directoryId)
  )
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null
}
