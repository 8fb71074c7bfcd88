// The limit: the cheapest three-process replicated log that Apache's producer can drive, a yardstick that lies beside the
// checkout and not in it. It knows Produce, one topic of six partitions, and fixed ports; it keeps nothing it promises.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import net from 'node:net'
import { join, resolve } from 'node:path'
import { Processes } from '../processes.ts'
import type { Found, Running } from '../types.ts'

const ROOT: string = join(import.meta.dirname, '..', '..', '..')
export const LIMIT_HOME: string = '../shared/tools/limit'
export const LIMIT_TOPIC: string = 'perf'
const IDS: readonly number[] = [1, 2, 3]
const HOST = '127.0.0.1'
const clientPort = (id: number): number => 39_091 + id
const replicaPort = (id: number): number => 39_191 + id

/** `home`: from the checkout's root. */
export function findLimit(home: string): Found {
  const program = join(resolve(ROOT, home), 'broker.js')
  if (!existsSync(program)) {
    return { kind: 'absent', name: 'limit', reason: `there is no broker.js in ${home}: name its directory by --limit` }
  }
  return {
    kind: 'there',
    system: {
      name: 'limit',
      version: `the prototype, Node ${process.versions.node}`,
      start: (at) => start(program, at),
    },
  }
}

async function start(program: string, directory: string): Promise<Running> {
  const taken = await firstTaken(IDS.flatMap((id) => [clientPort(id), replicaPort(id)]))
  if (taken !== null) throw new Error(`port ${taken} is taken, and the limit's ports are fixed: end what listens there`)
  const data = join(directory, 'data')
  mkdirSync(data)
  const processes = new Processes()
  const pids: number[] = []
  for (const id of IDS) {
    const child = spawn(process.execPath, [program, String(id)], {
      cwd: directory,
      stdio: 'ignore',
      env: { ...process.env, NODE_PATH: join(ROOT, 'node_modules'), DIR: data },
    })
    processes.own(`limit ${id}`, child)
    if (child.pid !== undefined) pids.push(child.pid)
  }
  return {
    bootstrap: IDS.map((id) => `${HOST}:${clientPort(id)}`).join(','),
    // It knows no producer ids.
    producerProperties: ['enable.idempotence=false'],
    brokers: async () => pids,
    stop: () => processes.end('SIGKILL'),
  }
}

async function firstTaken(ports: readonly number[]): Promise<number | null> {
  for (const port of ports) {
    const isFree = await new Promise<boolean>((done) => {
      const probe = net.createServer()
      probe.once('error', () => done(false))
      probe.listen(port, HOST, () => probe.close(() => done(true)))
    })
    if (!isFree) return port
  }
  return null
}
