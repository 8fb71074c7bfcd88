// The load of the raw client: so many connections, on each one request in flight, each request the same prebuilt batch.
// A JavaScript client that built records would measure itself; this one writes bytes and reads a few.

import { buildBatch } from '../../../src/wire/index.ts'
import { percentile } from '../statistics.ts'
import {
  addresses,
  leadersOf,
  mustBeAcknowledged,
  produceFrame,
  RawConnection,
  setCorrelationId,
} from './connection.ts'

export interface Task {
  readonly bootstrap: string
  readonly topic: string
  readonly connections: number
  readonly recordsPerBatch: number
  readonly recordBytes: number
  readonly seconds: number
}

export interface Outcome {
  /** In the measured time, after a fifth of it to warm up. */
  readonly requests: number
  readonly seconds: number
  readonly p50_us: number
  readonly p99_us: number
  readonly p999_us: number
  /** Of all requests, those of the warm-up too. */
  readonly sent: number
}

const WARM_UP_SHARE = 5

export async function load(task: Task): Promise<Outcome> {
  const first = await RawConnection.open(addresses(task.bootstrap)[0]!)
  const leaders = await leadersOf(first, task.topic)
  first.close()
  if (leaders === null) throw new Error(`topic ${task.topic} has a partition without a leader`)
  const batch = batchOf(task.recordsPerBatch, task.recordBytes)
  const lanes = await Promise.all(
    Array.from({ length: task.connections }, async (_, i) => {
      const partition = i % leaders.length
      return {
        connection: await RawConnection.open(leaders[partition]!),
        frame: produceFrame(task.topic, partition, -1, batch),
      }
    }),
  )
  const latencies: number[] = []
  const began = performance.now()
  const from = began + (task.seconds * 1000) / WARM_UP_SHARE
  const until = from + task.seconds * 1000
  let sent = 0
  await Promise.all(
    lanes.map(async ({ connection, frame }) => {
      for (let now = performance.now(); now < until; ) {
        setCorrelationId(frame, sent++ & 0x7fff_ffff)
        const answer = await connection.send(frame)
        const then = performance.now()
        mustBeAcknowledged(answer)
        if (now >= from) latencies.push((then - now) * 1000)
        now = performance.now()
      }
    }),
  )
  const seconds = (performance.now() - from) / 1000
  for (const { connection } of lanes) connection.close()
  const sorted = Float64Array.from(latencies).sort()
  return {
    requests: sorted.length,
    seconds,
    p50_us: percentile(sorted, 0.5),
    p99_us: percentile(sorted, 0.99),
    p999_us: percentile(sorted, 0.999),
    sent,
  }
}

/** Values of no repetition that a codec or a page of zeros could make cheap. */
export function batchOf(records: number, recordBytes: number): Uint8Array {
  const timestamp = Date.now()
  return buildBatch({
    records: Array.from({ length: records }, (_, i) => ({
      timestamp,
      key: null,
      value: Uint8Array.from({ length: recordBytes }, (_, at) => (at * 131 + i * 31 + ((at * at) >> 3)) & 0xff),
    })),
  })
}
