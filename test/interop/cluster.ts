// A three-broker cluster for a run, through the same command that users type; or one that is already there.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ODRADEK: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'odradek')

export interface TestCluster {
  readonly bootstrap: string
  /** For those who ask the controllers themselves. */
  readonly controllers: string
  /** Null for a cluster that was there already. */
  readonly data: string | null
  createTopic(topic: string, partitions: number): void
}

/** How far above the first port of a cluster its other listeners reach: three a broker, ten apart. */
const PORTS_OF_A_CLUSTER = 30

/** How far above the first port of a cluster those of its controllers begin. */
const CONTROLLERS = 20

/**
 * The first of a row of free ports on loopback. Below 32768: from there on the kernel hands ports to whoever connects,
 * so that one which is free now may be the near end of another broker's connection when its owner comes to listen.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = 12_000 + Math.floor(Math.random() * 200) * 100
    const free = await Promise.all(
      Array.from(
        { length: PORTS_OF_A_CLUSTER },
        (_, i) =>
          new Promise<boolean>((resolve) => {
            const probe = createServer()
            probe.once('error', () => resolve(false))
            probe.listen(port + i, '127.0.0.1', () => probe.close(() => resolve(true)))
          }),
      ),
    )
    if (free.every(Boolean)) return port
  }
  throw new Error(`no row of ${PORTS_OF_A_CLUSTER} free ports on 127.0.0.1`)
}

function cluster(bootstrap: string, controllers: string, data: string | null): TestCluster {
  return {
    bootstrap,
    controllers,
    data,
    createTopic: (topic, partitions) => {
      execFileSync(
        ODRADEK,
        [
          'topics',
          'create',
          topic,
          '--partitions',
          String(partitions),
          '--replication-factor',
          '3',
          '--bootstrap',
          bootstrap,
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      )
    },
  }
}

export async function withCluster(
  given: string | undefined,
  body: (cluster: TestCluster) => Promise<void>,
  /** Called with the data directory once a cluster of our own has stopped cleanly, before it is removed. */
  stopped?: (data: string) => void,
): Promise<void> {
  if (given !== undefined) return body(cluster(given, process.env.ODRADEK_CONTROLLERS ?? '', null))
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'odradek-cluster-'))
  const up = spawn(ODRADEK, ['up', '--port', String(port), '--data', data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const at = (above: number): string => [0, 1, 2].map((i) => `localhost:${port + above + i}`).join(',')
  const bootstrap = at(0)
  const ended = new Promise<number | null>((resolve) => up.once('exit', resolve))
  try {
    await new Promise<void>((resolve, reject) => {
      let seen = ''
      up.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString()
        if (seen.includes(`localhost:${port}`) || seen.includes(`127.0.0.1:${port}`)) resolve()
      })
      up.once('exit', (code) => reject(new Error(`odradek up ended with ${code} before it was ready: ${seen}`)))
      setTimeout(() => reject(new Error(`odradek up was not ready in 60 s: ${seen}`)), 60_000).unref()
    })
    await body(cluster(bootstrap, at(CONTROLLERS), data))
    up.kill('SIGTERM')
    const code = await ended
    if (code !== 0) throw new Error(`odradek up ended with ${code} on SIGTERM`)
    stopped?.(data)
  } finally {
    up.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
}
