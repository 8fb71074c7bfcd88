// Logs that are cleaned, when nothing is written any more: each replica has let go what it liked, and the last values of all
// keys are the same on all of them (P10, D5). Reads segments as they lie on the disks. Does not compare bytes, nor which
// tombstones are left.

import { batchesOf, recordsOf } from '../../wire/index.ts'
import type { SimCluster } from '../cluster.ts'
import { LOG_DIRECTORY } from '../member.ts'
import { COMPACTED_TOPIC } from './compacted.ts'
import { GROUP_TOPIC } from './group.ts'
import type { Finding } from './judge.ts'
import type { Workload } from './types.ts'
import type { Key } from './workload.ts'

export function cleanedTopics({ compacted }: Workload): ReadonlySet<string> {
  return new Set(compacted > 0 ? [COMPACTED_TOPIC, GROUP_TOPIC] : [])
}

/** Whether a segment is on its way into a log: meanwhile neither it nor those that it replaces have their names. */
export function swapping(cluster: SimCluster): boolean {
  const paths = cluster.ids.flatMap((id) => cluster.sim.disk(cluster.host(id)).paths(LOG_DIRECTORY))
  return paths.some((path) => path.endsWith('.swap'))
}

export function judgeCleaned(cluster: SimCluster, { topic, partition, key }: Key): Finding[] {
  const found: Finding[] = []
  const folds = cluster.ids.flatMap((id) => {
    if (cluster.replica(id, topic, partition) === undefined) return []
    const { rows, unordered } = foldLog(cluster.logBytes(id, topic, partition))
    if (unordered !== null) found.push({ name: 'D5', text: `node ${id}: ${key} ${unordered}`, partition: key })
    return [{ id, rows }]
  })
  const [first] = folds
  for (const { id, rows } of folds.slice(1)) {
    const names = new Set([...first!.rows.keys(), ...rows.keys()])
    const differ = [...names].find((name) => !same(first!.rows.get(name), rows.get(name)))
    if (differ === undefined) continue
    const text = `${key}: nodes ${first!.id} and ${id} differ in the last value of ${JSON.stringify(differ)}`
    found.push({ name: 'D5', text, partition: key })
  }
  return found
}

function same(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0
}

/** The last value of every key, by key in latin1, but for those whose last is a tombstone. No batch is compressed. */
export function foldLog(log: Uint8Array): {
  readonly rows: Map<string, Uint8Array>
  readonly unordered: string | null
} {
  const rows = new Map<string, Uint8Array>()
  let unordered: string | null = null
  let last = -1
  for (const header of batchesOf(log)) {
    if (header.baseOffset <= last) unordered ??= `has offset ${header.baseOffset} behind ${last}`
    last = header.lastOffset
    for (const { key, value } of recordsOf(log, header)) {
      const name = Buffer.from(key!).toString('latin1')
      if (value === null) rows.delete(name)
      else rows.set(name, value)
    }
  }
  return { rows, unordered }
}
