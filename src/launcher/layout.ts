// Where a cluster of `odradek up` lives on disk: `cluster.json` (who is in it, on which ports: written once), and for each
// broker a directory with its log directory, its properties (Kafka's names: Apache Kafka could start on them) and its log.

import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'

export interface Layout {
  /** Absolute. */
  readonly data: string
  readonly clusterFile: string
  readonly controlSocket: string
  /** Written by chaos: there where the cluster was made with proxies, without which it cannot live. */
  readonly chaosFile: string
  logDirectory(id: number): string
  propertiesFile(id: number): string
  logFile(id: number): string
}

/** Longest path of a Unix socket on the systems we run on (macOS: 104 with its end). */
const SOCKET_PATH_MAX = 100

export function layoutOf(data: string): Layout {
  const root = path.resolve(data)
  const inside = path.join(root, 'up.sock')
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16)
  const elsewhere = path.join(os.tmpdir(), `odradek-${process.getuid?.() ?? 0}-${digest}.sock`)
  const broker = (id: number, name: string): string => path.join(root, `broker-${id}`, name)
  return {
    data: root,
    clusterFile: path.join(root, 'cluster.json'),
    chaosFile: path.join(root, 'chaos.json'),
    controlSocket: Buffer.byteLength(inside) > SOCKET_PATH_MAX ? elsewhere : inside,
    logDirectory: (id) => broker(id, 'data'),
    propertiesFile: (id) => broker(id, 'server.properties'),
    logFile: (id) => broker(id, 'broker.log'),
  }
}
