// The cases, as data: what each measures, with which client, and how much of it. A case lives in one visit to one system
// and does the same whichever that is.

import { GB, MB } from './metrics.ts'
import { consumerArguments, parseConsumer, parseProducer, producerArguments } from './perf-tools.ts'
import type { Outcome, Task } from './raw/load.ts'
import type { Case, Measured, Size, Visit } from './types.ts'

const PARTITIONS = 6
const SIX = `${PARTITIONS} partitions of 3 replicas`
const READ_1K = 'bench-read-1k'
/** Settling after a start, before idleness is measured. */
const SETTLE_MS = 2_000

const ACKS_ALL: readonly string[] = ['acks=all']
/** What a producer that wants throughput sets; the same for every system. */
const BATCHING: readonly string[] = ['linger.ms=5', 'batch.size=131072']
const AT_ONCE: readonly string[] = ['linger.ms=0']
/** A producer with ids must have acks=all. */
const without = (acks: 0 | 1): readonly string[] => [`acks=${acks}`, 'enable.idempotence=false']

interface Produce {
  readonly name: string
  readonly measures: string
  readonly recordBytes: number
  readonly records: (size: Size) => number
  readonly rate: number | null
  readonly properties: readonly string[]
  /** Default 6, as the limit's. */
  readonly partitions?: number
  readonly inQuick?: boolean
}

function produce(work: Produce): Case {
  const { name, measures, recordBytes, rate, properties, partitions = PARTITIONS, inQuick = true } = work
  return {
    name,
    measures,
    stage: 'warm',
    apache: true,
    limit: partitions === PARTITIONS,
    inQuick,
    prepare: (visit) => visit.topic(`bench-${name}`, partitions),
    run: (visit, topic) =>
      produceTo(visit, { topic, records: work.records(visit.size), recordBytes, rate, properties }),
  }
}

type ProduceTo = Pick<Produce, 'recordBytes' | 'rate' | 'properties'> & {
  readonly topic: string
  readonly records: number
}

async function produceTo(visit: Visit, work: ProduceTo): Promise<Measured> {
  const { bootstrap, producerProperties } = visit.running
  const properties = [...new Set([...work.properties, ...producerProperties])]
  const output = await visit.apache('kafka-producer-perf-test', producerArguments(bootstrap, { ...work, properties }))
  const figures = parseProducer(output)
  const { mb_s, records_s, ...latencies } = figures
  const rate = records_s === undefined ? {} : { records_s }
  // A rate that was asked for is told all the same: one that was missed explains its latencies.
  if (work.rate !== null) return { figures: { ...rate, ...latencies }, bytes: null }
  // What waits in a client that sends as fast as it can is no latency.
  return { figures: { ...(mb_s === undefined ? {} : { mb_s }), ...rate }, bytes: work.records * work.recordBytes }
}

/** Fills a topic with records of 1 KB. */
async function fill(visit: Visit, topic: string, records: number): Promise<void> {
  const properties = [...ACKS_ALL, ...BATCHING]
  await produceTo(visit, { topic, records, recordBytes: 1024, rate: null, properties })
}

export async function warmUp(visit: Visit): Promise<void> {
  const topic = await visit.topic('bench-warm-up', PARTITIONS)
  await fill(visit, topic, Math.ceil((visit.size.warmGb * GB) / 1024))
}

function raw(name: string, measures: string, shape: Omit<Task, 'bootstrap' | 'topic' | 'seconds'>): Case {
  return {
    name,
    measures,
    stage: 'warm',
    apache: false,
    limit: true,
    inQuick: true,
    prepare: (visit) => visit.topic(`bench-${name}`, PARTITIONS),
    run: async (visit, topic) => {
      const { bootstrap } = visit.running
      const task: Task = { bootstrap, topic, seconds: visit.size.seconds, ...shape }
      const { requests, seconds, sent, p50_us, p99_us, p999_us } = (await visit.raw(task)) as Outcome
      const payload = shape.recordsPerBatch * shape.recordBytes
      const latencies = { p50_us, p99_us, p999_us }
      if (shape.connections === 1) return { figures: latencies, bytes: null }
      return { figures: { mb_s: (requests * payload) / seconds / MB, ...latencies }, bytes: sent * payload }
    },
  }
}

const start: Case = {
  name: 'start',
  measures: 'from starting the first process, formatting included, to the first acknowledged record (acks=all)',
  stage: 'cold',
  apache: false,
  limit: true,
  inQuick: true,
  prepare: async () => '',
  run: async (visit) => ({ figures: { first_ack_s: visit.firstAckS }, bytes: null }),
}

const idle: Case = {
  name: 'idle',
  measures: 'memory and CPU of brokers that nobody asks anything, right after the start',
  stage: 'cold',
  apache: false,
  limit: true,
  inQuick: true,
  prepare: async (visit) => {
    await visit.sleep(SETTLE_MS)
    return ''
  },
  run: async (visit) => {
    await visit.sleep(visit.size.seconds * 1000)
    return { figures: {}, bytes: null }
  },
}

const consume: Case = {
  name: 'consume-1k',
  measures: "records of 1 KB read from the beginning by Apache's kafka-consumer-perf-test, one consumer in a group",
  stage: 'warm',
  apache: true,
  limit: false,
  inQuick: true,
  prepare: async (visit) => {
    const topic = await visit.topic(READ_1K, PARTITIONS)
    if (!visit.filled.has(topic)) await fill(visit, topic, visit.size.records1k)
    visit.filled.add(topic)
    return topic
  },
  run: async (visit, topic) => {
    const wanted = visit.size.records1k
    const group = `bench-${process.pid}-${Math.round(performance.now())}`
    const output = await visit.apache(
      'kafka-consumer-perf-test',
      consumerArguments(visit.running.bootstrap, topic, wanted, group),
    )
    const { records, figures } = parseConsumer(output)
    if (records < wanted) throw new Error(`${records} of ${wanted} records were read`)
    return { figures, bytes: records * 1024 }
  },
}

type Fast = Pick<Produce, 'name' | 'measures' | 'properties' | 'partitions' | 'inQuick'> &
  Partial<Pick<Produce, 'recordBytes' | 'records'>>

function fast({ recordBytes = 1024, records = (size) => size.records1k, ...work }: Fast): Case {
  const tool = "as fast as Apache's kafka-producer-perf-test can"
  const properties = [...work.properties, ...BATCHING]
  return produce({ ...work, measures: `${work.measures}, ${tool}`, recordBytes, records, rate: null, properties })
}

/** As many bytes as the case of six partitions, so that the number of partitions is all that differs. */
const partitions = (count: number): Case =>
  fast({
    name: `partitions-${count}`,
    measures: `records of 1 KB, acks=all, ${count} ${count === 1 ? 'partition' : 'partitions'} of 3 replicas`,
    properties: ACKS_ALL,
    partitions: count,
    inQuick: false,
  })

const paced = (name: string, rate: number): Case =>
  produce({
    name,
    measures: `latency of records of 1 KB at ${rate} a second, acks=all, linger.ms=0, by Apache's kafka-producer-perf-test`,
    recordBytes: 1024,
    records: (size) => rate * size.seconds,
    rate,
    properties: [...ACKS_ALL, ...AT_ONCE],
  })

/** In the order in which they run. */
export const CASES: readonly Case[] = [
  start,
  idle,
  fast({ name: 'produce-1k', measures: `records of 1 KB, acks=all, ${SIX}`, properties: ACKS_ALL }),
  fast({
    name: 'produce-100b',
    measures: `records of 100 bytes, acks=all, ${SIX}`,
    properties: ACKS_ALL,
    recordBytes: 100,
    records: (size) => size.records100b,
  }),
  paced('rate-5000', 5_000),
  paced('rate-500', 500),
  raw('one-in-flight', 'one record of 100 bytes after the other on one connection, acks=all, by the raw client', {
    connections: 1,
    recordsPerBatch: 1,
    recordBytes: 100,
  }),
  raw('connections-100', '100 connections with one prebuilt batch of 16 KB in flight on each, by the raw client', {
    connections: 100,
    recordsPerBatch: 16,
    recordBytes: 1024,
  }),
  fast({ name: 'acks-1', measures: `records of 1 KB, acks=1, ${SIX}`, properties: without(1) }),
  fast({ name: 'acks-0', measures: `records of 1 KB, acks=0, ${SIX}`, properties: without(0) }),
  fast({
    name: 'lz4',
    measures: `records of 1 KB, acks=all, compressed by lz4, ${SIX}`,
    properties: [...ACKS_ALL, 'compression.type=lz4'],
  }),
  fast({
    name: 'zstd',
    measures: `records of 1 KB, acks=all, compressed by zstd, ${SIX}`,
    properties: [...ACKS_ALL, 'compression.type=zstd'],
  }),
  consume,
  fast({
    name: 'produce-16k',
    measures: `records of 16 KB, acks=all, ${SIX}`,
    properties: ACKS_ALL,
    recordBytes: 16_384,
    records: (size) => Math.ceil(size.records1k / 16),
    inQuick: false,
  }),
  partitions(1),
  partitions(100),
  partitions(1_000),
]

export function caseOf(name: string): Case {
  const found = CASES.find((each) => each.name === name)
  if (found === undefined) {
    throw new Error(`there is no case "${name}": the cases are ${CASES.map((each) => each.name).join(', ')}`)
  }
  return found
}
