// The end of a life: every partition is read once more by a client that was opened anew, as in Jepsen's final phase, and
// the whole history is judged together with the logs as they lie on the disks. Changes nothing.
//
// Does not check what happened in between: that is the watch's (`src/sim/watch`). With kind `beyond` and flush=os what the
// history lacks is counted and not judged.

import type { Offset } from '../../base/index.ts'
import { checkHistory, type HistoryReport } from '../../check/index.ts'
import { type BatchHeader, readBatchHeader } from '../../wire/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { Watch } from '../watch/index.ts'
import { newestImage } from './budget.ts'
import { judgeCleaned } from './cleaned.ts'
import { byKey } from './consumer.ts'
import { endsOf } from './ends.ts'
import type { ReadRecord, ReadRecords } from './last-questions.ts'
import type { ClientWorld, Key, Workload } from './workload.ts'

const FINAL = 'final'
/** Time enough to ask again where a leader hands over meanwhile. */
const ENDS_WITHIN_MS = 30_000

export interface Finding {
  readonly name: string
  readonly text: string
  readonly partition: string | null
}

/** Crash, assign all, seek to the beginning, poll until the end of every partition that was there when it began; what it
 *  found. */
export async function readEverything(world: ClientWorld): Promise<ReadRecords> {
  const { recorder, topics } = world
  const { keys } = topics
  recorder.crash(FINAL)
  const client = world.connect({ requestTimeoutMs: 5_000, clientId: FINAL })
  const ends = await endsOf(client.admin, keys, ENDS_WITHIN_MS)
  recorder.ok(recorder.invoke(FINAL, { f: 'assign', keys: keys.map(({ key }) => key), seekToBeginning: true }))
  const consumer = client.consumer({ fetchMaxWaitMs: 50, reset: 'earliest' })
  consumer.assign(keys.map(({ topic, partition }) => ({ topic, partition, offset: 'earliest' })))
  const read = new Map<string, ReadRecord[]>(keys.map(({ key }) => [key, []]))
  const behind = (): boolean =>
    keys.some(({ topic, partition }, i) => (consumer.position(topic, partition) ?? -1) < ends[i]!)
  while (behind()) {
    const op = recorder.invoke(FINAL, { f: 'poll', steps: [{ f: 'poll' }] })
    const records = await consumer.poll(500)
    recorder.ok(op, { steps: [{ f: 'poll', records: byKey(records) }] })
    for (const { topic, partition, offset, timestamp, leaderEpoch } of records)
      read.get(`${topic}-${partition}`)?.push({ offset, timestamp, leaderEpoch })
  }
  client.close()
  return read
}

/** Retention took what lies below the leader's log start. */
export function judgeHistory(cluster: SimCluster, workload: Workload, watch: Watch): HistoryReport {
  const deletedBelow: Record<string, number> = {}
  for (const { topic, partition, key } of workload.topics.keys) {
    const leader = workload.topics.fades(topic) ? cluster.leaderOf(topic, partition) : null
    if (leader === null) continue
    deletedBelow[key] = cluster.replica(leader, topic, partition)?.logStartOffset ?? 0
  }
  return checkHistory(workload.recorder.lines, {
    deletedBelow,
    seenFrom: (key, offset) => watch.writerSaw(key, offset),
  })
}

/** Every replica ends where its leader does, and knows how far that is committed. One in an ISR need not, for as long as a
 *  lag may last: a connection that stands and is dead costs a follower a fetch’s time-out. */
export function allCaughtUp(cluster: SimCluster): boolean {
  const ends = new Map<string, string>()
  for (const id of cluster.ids) {
    for (const { topicId, partition, endOffset, highWatermark } of cluster.view(id).replicas) {
      const key = `${topicId}:${partition}`
      const end = `${endOffset} ${highWatermark}`
      if ((ends.get(key) ?? end) !== end) return false
      ends.set(key, end)
    }
  }
  return true
}

/** P10, byte for byte; offsets without a gap; P17, sequences without a gap. Of every partition there is, the topics of
 *  administrators too. All replicas have caught up by now. */
export function judgeLogs(cluster: SimCluster, cleaned: ReadonlySet<string> = new Set()): Finding[] {
  const findings: Finding[] = []
  for (const { topic, partition, key } of everyPartition(cluster)) {
    if (cleaned.has(topic)) {
      findings.push(...judgeCleaned(cluster, { topic, partition, key }))
      continue
    }
    const logs = cluster.ids.flatMap((id) => {
      const view = cluster.replica(id, topic, partition)
      return view === undefined
        ? []
        : [{ id, ...readLog(key, cluster.logBytes(id, topic, partition), view.logStartOffset) }]
    })
    const [first] = logs
    if (first === undefined) continue
    findings.push(...logs.flatMap((log) => log.findings))
    // Retention is each replica's own: what all of them still have must be the same.
    const start = Math.max(...logs.map(({ batches }) => batches[0]?.header.baseOffset ?? 0))
    const expected = below(first.batches, start)
    for (const { id, batches } of logs.slice(1)) {
      const differs = firstDifference(expected, below(batches, start))
      if (differs !== null)
        findings.push({
          name: 'P10',
          text: `${key}: nodes ${first.id} and ${id} differ from offset ${differs} on`,
          partition: key,
        })
    }
  }
  return findings
}

function everyPartition(cluster: SimCluster): Key[] {
  return [...newestImage(cluster).topics.values()].flatMap(({ name, partitions }) =>
    [...partitions.keys()].map((partition) => ({ topic: name, partition, key: `${name}-${partition}` })),
  )
}

interface Batch {
  readonly header: BatchHeader
  readonly bytes: Uint8Array
}

/** Sequences count from the log's start on. Below it, where nobody may read, a replica may keep the tail of an epoch that
 *  its leader never had: a leader whose log starts behind where that epoch ended can only say that it ended there
 *  (KIP-101: an epoch older than all it knows ends where the first of those begins; the same in Kafka). */
function readLog(key: string, log: Uint8Array, start: Offset): { batches: Batch[]; findings: Finding[] } {
  const batches: Batch[] = []
  const findings: Finding[] = []
  const found = (name: string, text: string): void => {
    findings.push({ name, text, partition: key })
  }
  const sequences = new Map<string, number>()
  let next: number | null = null
  for (let at = 0; at < log.length; ) {
    const header = readBatchHeader(log, at)
    if (header === null) {
      found('D1', `${key} has no batch at byte ${at}`)
      break
    }
    if (next !== null && header.baseOffset !== next)
      found('P10', `${key}: offset ${header.baseOffset} follows ${next - 1}`)
    next = header.lastOffset + 1
    if (header.producerId >= 0 && header.baseSequence >= 0 && header.lastOffset >= start) {
      const producer = `${header.producerId} epoch ${header.producerEpoch}`
      const expected = sequences.get(producer)
      if (expected !== undefined && header.baseSequence !== expected)
        found(
          'P17',
          `${key}@${header.baseOffset}: producer ${producer} has sequence ${header.baseSequence}, not ${expected}`,
        )
      sequences.set(producer, (header.baseSequence + header.count) % 2 ** 31)
    }
    batches.push({ header, bytes: log.subarray(at, at + header.size) })
    at += header.size
  }
  return { batches, findings }
}

function below(batches: readonly Batch[], start: number): readonly Batch[] {
  return batches.filter(({ header }) => header.baseOffset >= start)
}

function firstDifference(a: readonly Batch[], b: readonly Batch[]): number | null {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i], b[i]]
    if (left === undefined || right === undefined || Buffer.compare(left.bytes, right.bytes) !== 0)
      return (left ?? right)!.header.baseOffset
  }
  return null
}
