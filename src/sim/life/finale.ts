// The end of a life: every partition is read once more by a client that was opened anew, as in Jepsen's final phase, and
// the whole history is judged together with the logs as they lie on the disks. Changes nothing.

import type { Anomaly, HistoryLine } from '../../check/index.ts'
import type { Client } from '../../client/index.ts'
import { readBatchHeader } from '../../wire/index.ts'
import type { SimCluster } from '../cluster.ts'
import { byKey } from './consumer.ts'
import type { ClientWorld } from './workload.ts'

const FINAL = 'final'

/** Crash, assign all, seek to the beginning, poll until the end of every partition that was there when it began. */
export async function readEverything(world: ClientWorld): Promise<void> {
  const { recorder, topics } = world
  const keys = topics.keys()
  recorder.crash(FINAL)
  const client: Client = world.connect({ requestTimeoutMs: 5_000, clientId: FINAL })
  const ends = await client.admin.listOffsets(keys.map(({ topic, partition }) => ({ topic, partition, at: 'latest' })))
  recorder.assign(
    FINAL,
    keys.map(({ key }) => key),
    true,
  )
  const consumer = client.consumer({ fetchMaxWaitMs: 100 })
  consumer.assign(keys.map(({ topic, partition }) => ({ topic, partition, offset: 'earliest' })))
  const behind = (): boolean =>
    ends.some(({ topic, partition, offset }) => (consumer.position(topic, partition) ?? -1) < offset)
  while (behind()) {
    const polled = recorder.begin(FINAL, 'poll', [{ f: 'poll' }])
    const records = await consumer.poll(500)
    polled('ok', [{ f: 'poll', records: byKey(records) }])
  }
  client.close()
}

export interface LogFinding {
  readonly name: string
  readonly text: string
  readonly partition: string
}

/** P10, byte for byte; offsets without a gap; P17, sequences without a gap. All replicas are in sync by now. */
export function checkLogs(cluster: SimCluster, topics: readonly { topic: string; partition: number }[]): LogFinding[] {
  const findings: LogFinding[] = []
  for (const { topic, partition } of topics) {
    const key = `${topic}-${partition}`
    const logs = cluster.ids.flatMap((id) => {
      const view = cluster.view(id).replicas.find((each) => each.topic === topic && each.partition === partition)
      return view === undefined ? [] : [{ id, bytes: cluster.logBytes(id, topic, partition) }]
    })
    const [first] = logs
    if (first === undefined) continue
    for (const { id, bytes } of logs) {
      if (Buffer.compare(first.bytes, bytes) !== 0)
        findings.push({ name: 'P10', text: `the logs of ${key} on nodes ${first.id} and ${id} differ`, partition: key })
    }
    findings.push(...checkBatches(key, first.bytes))
  }
  return findings
}

function checkBatches(key: string, log: Uint8Array): LogFinding[] {
  const findings: LogFinding[] = []
  const sequences = new Map<string, number>()
  let next: number | null = null
  for (let at = 0; at < log.length; ) {
    const header = readBatchHeader(log, at)
    if (header === null) {
      findings.push({ name: 'D1', text: `${key} has no batch at byte ${at}`, partition: key })
      break
    }
    if (next !== null && header.baseOffset !== next)
      findings.push({ name: 'P10', text: `${key}: offset ${header.baseOffset} follows ${next - 1}`, partition: key })
    next = header.lastOffset + 1
    if (header.producerId >= 0 && header.baseSequence >= 0) {
      const producer = `${header.producerId} epoch ${header.producerEpoch}`
      const expected = sequences.get(producer)
      if (expected !== undefined && header.baseSequence !== expected)
        findings.push({
          name: 'P17',
          text: `${key}@${header.baseOffset}: producer ${producer} has sequence ${header.baseSequence}, not ${expected}`,
          partition: key,
        })
      sequences.set(producer, (header.baseSequence + header.count) % 2 ** 31)
    }
    at += header.size
  }
  return findings
}

/** What the checker of histories says, until it is there: acknowledged records that nobody can read any more. */
export function judge(history: readonly HistoryLine[]): readonly Pick<Anomaly, 'name' | 'key' | 'text'>[] {
  const found = new Map<string, number>()
  for (const line of history) {
    if (line.process !== FINAL || line.f !== 'poll' || line.type !== 'ok') continue
    for (const step of line.steps) {
      if (step.f !== 'poll') continue
      for (const [key, records] of Object.entries(step.records ?? {}))
        for (const [offset, value] of records) found.set(`${key} ${value}`, offset)
    }
  }
  return history.flatMap((line) => {
    if (line.f !== 'send' || line.type !== 'ok' || line.weak === true) return []
    return line.steps.flatMap((step) => {
      if (step.f !== 'send') return []
      const at = found.get(`${step.key} ${step.value}`)
      if (at !== undefined && (at === step.offset || line.idempotent !== true)) return []
      const name = at === undefined ? 'lost-write' : 'duplicate'
      return [
        { name, key: step.key, text: `${step.value} was acknowledged at ${step.offset} and is at ${at}` } as const,
      ]
    })
  })
}
