// Standby tables of coordinators when nothing is written any more (G5): on every replica of the coordinators' partition the
// table holds the last value of each key of that replica's own log, up to the log's end. Reads table and log as they lie on
// the machine, with the formats of `src/state` and Kafka's, not with their readers. Does not check what a table said while
// the cluster suffered: a coordinator that loaded from a wrong one is found out by its answers.

import { unpack } from 'msgpackr'
import type { SimCluster } from '../cluster.ts'
import { newestImage } from './budget.ts'
import { foldLog } from './cleaned.ts'
import { GROUP_TOPIC } from './group.ts'
import type { Finding } from './judge.ts'

const CHECKSUM_BYTES = 4

interface Fold {
  readonly end: number
  /** By key, in latin1. */
  readonly rows: ReadonlyMap<string, Uint8Array>
}

export function judgeStandbys(cluster: SimCluster): Finding[] {
  const image = newestImage(cluster)
  const topicId = image.topicIds.get(GROUP_TOPIC)
  const replicas = image.topics.get(topicId ?? '')?.partitions.get(0)?.replicas ?? []
  return replicas.flatMap((id) => {
    const table = tableOf(cluster, id, topicId!)
    const { rows } = foldLog(cluster.logBytes(id, GROUP_TOPIC, 0))
    const log = { rows, end: cluster.replica(id, GROUP_TOPIC, 0)?.endOffset ?? 0 }
    const text = table === null ? 'is not there' : difference(table, log)
    const name = 'G5'
    return text === null
      ? []
      : [{ name, text: `node ${id}: the standby table of ${GROUP_TOPIC}-0 ${text}`, partition: `${GROUP_TOPIC}-0` }]
  })
}

function difference(table: Fold, log: Fold): string | null {
  if (table.end !== log.end) return `is folded to ${table.end}, and its log ends at ${log.end}`
  for (const [key, value] of log.rows) {
    const row = table.rows.get(key)
    if (row === undefined) return `has nothing of ${inWords(key)}, and its log has`
    if (Buffer.compare(row, value) !== 0) return `has another value of ${inWords(key)} than its log`
  }
  for (const key of table.rows.keys()) if (!log.rows.has(key)) return `has ${inWords(key)}, and its log has not`
  return null
}

function inWords(key: string): string {
  return JSON.stringify(key.replaceAll(/[^ -~]+/g, ' ').trim())
}

/** Rows lie under `r…`, the position under `m`, each in msgpack with a checksum behind it. */
function tableOf(cluster: SimCluster, id: number, topicId: string): Fold | null {
  const table = cluster.sim.tables(cluster.host(id)).tables.get(`state.${GROUP_TOPIC}/${topicId}-0`)
  const meta = table?.get('m')
  if (table === undefined || meta === undefined) return null
  const [, , end] = unpacked(meta) as [number, number, number]
  const rows = new Map<string, Uint8Array>()
  for (const [key, value] of table) if (key.startsWith('r')) rows.set(key.slice(1), unpacked(value) as Uint8Array)
  return { end, rows }
}

function unpacked(bytes: Uint8Array): unknown {
  return unpack(bytes.subarray(0, bytes.length - CHECKSUM_BYTES))
}
