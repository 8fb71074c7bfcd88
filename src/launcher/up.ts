// `odradek up`: a whole cluster on this machine, from nothing or from the directory of last time, until it is stopped.

import fs from 'node:fs'
import { flushCompileCache } from 'node:module'
import type { NodeId } from '../base/index.ts'
import { createPorts } from '../io/index.ts'
import type { LocalCluster } from '../main/index.ts'
import type { ControlServer } from './control.ts'
import { serveControl } from './control.ts'
import { layoutOf } from './layout.ts'
import type { ControlRequest, ControlResponse } from './messages.ts'
import type { Wish } from './prepare.ts'
import { prepare } from './prepare.ts'
import { Supervisor } from './supervisor.ts'

export interface UpOptions extends Wish {
  readonly data: string
  /** Remove the data directory at the end. */
  readonly ephemeral: boolean
  readonly nodeCommand: readonly [command: string, ...args: string[]]
  readonly startCommand: (id: NodeId) => string
  /** One line for the operator. */
  readonly tell: (line: string) => void
}

export interface RunningCluster {
  readonly cluster: LocalCluster
  readonly isNew: boolean
  readonly bootstrapServers: string
  /** Resolves when each broker is ready or has ended: which of them are not ready. */
  settled(): Promise<readonly NodeId[]>
  /** Whether any broker's process lives. */
  isAlive(): boolean
  /** Stops every broker cleanly, in bounded time, and lets go of the directory. Idempotent. */
  stop(): Promise<void>
  /** Kills what still runs. */
  abandon(): void
}

/** Rejects with one clear sentence, with nothing changed on disk, when the cluster cannot be started. */
export async function up(options: UpOptions): Promise<RunningCluster> {
  const layout = layoutOf(options.data)
  const existed = fs.existsSync(layout.data)
  let supervisor: Supervisor | null = null
  const control: ControlServer = await serveControl(layout, async (request) => {
    if (supervisor === null)
      return { kind: 'refused', sentence: 'the cluster is being prepared; try again in a moment' }
    return answer(supervisor, request)
  })
  const ports = createPorts({ tablesDirectory: `${layout.data}/tables`, unref: true })
  try {
    const { cluster, isNew, replaced } = await prepare(layout, options, ports)
    const { nodeCommand, tell, startCommand } = options
    for (const id of replaced) {
      tell(
        `broker ${id} begins with an empty disk: it copies its data from the others and votes for no controller any more`,
      )
    }
    supervisor = new Supervisor({ layout, cluster, nodeCommand, tell, startCommand })
    const brokers = supervisor
    // This process has compiled nearly all that its brokers will load: with that on disk they need not even load the
    // compiler, which makes the first start quicker and each broker 25 MB smaller.
    await import('./node-main.ts')
    flushCompileCache()
    await Promise.all(brokers.ids.map((id) => brokers.start(id)))
    return running(brokers, cluster, isNew, control, options.ephemeral ? layout.data : null)
  } catch (error) {
    supervisor?.killAll()
    control.close()
    if (!existed && fs.existsSync(layout.data) && fs.readdirSync(layout.data).length === 0) fs.rmdirSync(layout.data)
    throw error
  } finally {
    await ports.close()
  }
}

function running(
  supervisor: Supervisor,
  cluster: LocalCluster,
  isNew: boolean,
  control: ControlServer,
  remove: string | null,
): RunningCluster {
  let stopping: Promise<void> | null = null
  const stop = async (): Promise<void> => {
    await supervisor.stopAll()
    control.close()
    if (remove !== null) fs.rmSync(remove, { recursive: true, force: true })
  }
  return {
    cluster,
    isNew,
    bootstrapServers: cluster.nodes.map((node) => `${cluster.host}:${node.clientPort}`).join(','),
    settled: async () => {
      const results = await Promise.allSettled(supervisor.ids.map((id) => supervisor.ready(id)))
      return supervisor.ids.filter((_, i) => results[i]!.status === 'rejected')
    },
    isAlive: () => supervisor.status().some((node) => node.pid !== null),
    stop: () => {
      stopping ??= stop()
      return stopping
    },
    abandon: () => supervisor.killAll(),
  }
}

async function answer(supervisor: Supervisor, request: ControlRequest): Promise<ControlResponse> {
  const done = (text: string, pid: number | null): ControlResponse => ({ kind: 'done', text, pid })
  switch (request.kind) {
    case 'list':
      return { kind: 'nodes', pid: process.pid, nodes: supervisor.status() }
    case 'stop':
      return done(`broker ${request.id} stopped (${await supervisor.stop(request.id)})`, null)
    case 'kill':
      await supervisor.kill(request.id)
      return done(`broker ${request.id} was killed`, null)
    case 'start': {
      const pid = await supervisor.start(request.id)
      if (request.wait) await supervisor.ready(request.id)
      return done(`broker ${request.id} ${request.wait ? 'is ready' : 'was started'} (process ${pid})`, pid)
    }
  }
}
