// TCP ports of a cluster on one machine: which ones a new cluster takes, and whether they are free before a process is
// started, so that a taken one is told in one sentence and nothing has been touched.

import net from 'node:net'
import { ConfigError } from '../base/index.ts'
import type { LocalNode } from '../main/index.ts'
import { freePorts } from '../main/index.ts'

/** Client ports are consecutive from the first; the others follow at these distances, so nine brokers fit. */
const INTER_BROKER = 10
const CONTROLLER = 20
export const MOST_BROKERS = 9

export type NodePorts = Pick<LocalNode, 'clientPort' | 'interBrokerPort' | 'controllerPort'>

/** `first` 0: any free ports. */
export async function choosePorts(host: string, first: number, brokers: number): Promise<NodePorts[]> {
  if (first === 0) {
    const free = await freePorts(host, brokers * 3)
    return Array.from({ length: brokers }, (_, i) => ({
      clientPort: free[i]!,
      interBrokerPort: free[brokers + i]!,
      controllerPort: free[2 * brokers + i]!,
    }))
  }
  if (first + CONTROLLER + brokers > 65536) {
    throw new ConfigError(`--port ${first} leaves no room for the listeners above it: choose one up to 65000`)
  }
  return Array.from({ length: brokers }, (_, i) => ({
    clientPort: first + i,
    interBrokerPort: first + INTER_BROKER + i,
    controllerPort: first + CONTROLLER + i,
  }))
}

/** Throws ConfigError that names the first port that cannot be bound. */
export async function checkPorts(host: string, nodes: readonly LocalNode[]): Promise<void> {
  for (const node of nodes) {
    for (const [use, port] of [
      ['clients', node.clientPort],
      ['other brokers', node.interBrokerPort],
      ['controllers', node.controllerPort],
    ] as const) {
      const code = await bindError(host, port)
      if (code === null) continue
      const taken = code === 'EADDRINUSE'
      throw new ConfigError(
        taken
          ? `Port ${port} on ${host} is taken, and broker ${node.id} needs it for ${use}. Stop the program that listens there (lsof -i :${port} names it), or start a cluster elsewhere with --data and --port.`
          : `Port ${port} on ${host} cannot be bound for broker ${node.id} (${code}). Choose other ports with --data and --port.`,
      )
    }
  }
}

async function bindError(host: string, port: number): Promise<string | null> {
  try {
    await close(await listen(host, port))
    return null
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

function listen(host: string, port: number): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => resolve(server))
  })
}

function close(server: net.Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}
