// The command lines of Apache's producer and consumer perf tests, and what they print, read. Pure.

import type { Figures } from './types.ts'

export interface ProduceWork {
  readonly topic: string
  readonly records: number
  readonly recordBytes: number
  /** Records a second; null: as fast as it can. */
  readonly rate: number | null
  readonly properties: readonly string[]
}

/** The first records of a run are not in its steady state: connections, JIT, growing batches. */
const WARM_UP_SHARE = 5

export function producerArguments(bootstrap: string, work: ProduceWork): string[] {
  return [
    ...['--bootstrap-server', bootstrap, '--topic', work.topic],
    ...['--num-records', String(work.records), '--warmup-records', String(Math.floor(work.records / WARM_UP_SHARE))],
    ...['--record-size', String(work.recordBytes), '--throughput', String(work.rate ?? -1)],
    ...['--command-property', 'buffer.memory=67108864', ...work.properties],
  ]
}

const STEADY =
  /^(\d+) steady state records sent, ([\d.]+) records\/sec \(([\d.]+) MB\/sec\), ([\d.]+) ms avg latency, ([\d.]+) ms max latency, (\d+) ms 50th, (\d+) ms 95th, (\d+) ms 99th, (\d+) ms 99\.9th\.$/m

/** Figures of the steady state. Throws when the tool printed none. */
export function parseProducer(output: string): Figures {
  const match = STEADY.exec(output)
  if (match === null) throw new Error(`kafka-producer-perf-test printed no steady state:\n${lastLines(output)}`)
  const [, , recordsPerS, mbPerS, , , p50, , p99, p999] = match.map(Number)
  return { records_s: recordsPerS!, mb_s: mbPerS!, p50_ms: p50!, p99_ms: p99!, p999_ms: p999! }
}

/** MB/s of a line that the producer prints every five seconds; null for any other. */
export function parseProducerProgress(line: string): number | null {
  const match =
    /^\d+ records sent, [\d.]+ records\/sec \(([\d.]+) MB\/sec\), [\d.]+ ms avg latency, [\d.]+ ms max latency\.$/.exec(
      line,
    )
  return match === null ? null : Number(match[1])
}

export function consumerArguments(bootstrap: string, topic: string, records: number, group: string): string[] {
  return [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--num-records', String(records)],
    ...['--group', group, '--timeout', '60000', '--hide-header'],
  ]
}

export interface Consumed {
  readonly records: number
  readonly figures: Figures
}

/**
 * Its one line without a header: start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, MB/s and records/s while
 * it fetched. The rates are those of fetching: joining a group takes the same seconds whatever is read.
 */
export function parseConsumer(output: string): Consumed {
  for (const line of output.trim().split('\n').reverse()) {
    const fields = line.split(',').map((field) => field.trim())
    if (fields.length !== 10) continue
    const [records, mbPerS, recordsPerS] = [fields[4], fields[8], fields[9]].map(Number)
    if (![records, mbPerS, recordsPerS].every(Number.isFinite)) continue
    return { records: records!, figures: { mb_s: mbPerS!, records_s: recordsPerS! } }
  }
  throw new Error(`kafka-consumer-perf-test printed no figures:\n${lastLines(output)}`)
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-8).join('\n')
}
