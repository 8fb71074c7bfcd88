// Odradek as users start it: `odradek up` with three brokers on any ports. The launcher's own process is no broker and is
// not counted.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, layoutOf } from '../../../src/launcher/index.ts'
import { type LocalCluster, readClusterFile } from '../../../src/main/index.ts'
import { Processes } from '../processes.ts'
import type { Found, Running } from '../types.ts'

const ROOT: string = join(import.meta.dirname, '..', '..', '..')
const START_LIMIT_MS = 60_000
const KEPT = 8 * 1024

export function findOdradek(): Found {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
  return {
    kind: 'there',
    system: { name: 'odradek', version: `Odradek ${version}, Node ${process.versions.node}`, start },
  }
}

async function start(directory: string): Promise<Running> {
  const layout = layoutOf(join(directory, 'cluster'))
  const processes = new Processes()
  // By this very Node, so that the child is the launcher itself and a signal reaches it without a detour.
  const up = spawn(process.execPath, [join(ROOT, 'bin', 'odradek'), 'up', '--data', layout.data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  processes.own('odradek up', up)
  let said = ''
  const hear = (text: string): void => {
    said = (said + text).slice(-KEPT)
  }
  up.stdout.setEncoding('utf8').on('data', hear)
  up.stderr.setEncoding('utf8').on('data', hear)
  let cluster: LocalCluster | null = null
  const deadline = performance.now() + START_LIMIT_MS
  for (;;) {
    cluster = readClusterFile(layout.clusterFile)
    if (cluster !== null) break
    if (up.exitCode !== null || up.signalCode !== null || performance.now() > deadline) {
      await processes.end('SIGKILL')
      throw new Error(`odradek up did not begin a cluster: ${said.trim()}`)
    }
    await sleep(10)
  }
  const { host, nodes } = cluster
  return {
    bootstrap: nodes.map((node) => `${host}:${node.clientPort}`).join(','),
    producerProperties: [],
    brokers: async () => {
      const answer = await ask(layout, { kind: 'list' })
      if (answer.kind !== 'nodes') throw new Error('odradek up did not list its brokers')
      return answer.nodes.map(({ id, pid, ended }) => {
        if (pid === null) throw new Error(`broker ${id} is down: ${ended ?? said.trim()}`)
        return pid
      })
    },
    stop: () => processes.end('SIGTERM'),
  }
}
