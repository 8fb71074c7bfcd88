import { describe, expect, it } from 'vitest'
import {
  consumerArguments,
  parseConsumer,
  parseProducer,
  parseProducerProgress,
  producerArguments,
} from '../../../scripts/bench/perf-tools.ts'

const PROGRESS = '38430 records sent, 7682.9 records/sec (7.50 MB/sec), 3228.7 ms avg latency, 4895.0 ms max latency.'
/** As kafka-producer-perf-test of Apache Kafka 4.3.1 printed it. */
const PRODUCED = `Warmup first 20000 records. Steady state results will print after the complete test summary.
9599 records sent, 1913.3 records/sec (1.87 MB/sec), 720.7 ms avg latency, 3095.0 ms max latency.
In steady state.
${PROGRESS}
200000 records sent, 8930.564858 records/sec (8.72 MB/sec), 3213.58 ms avg latency, 6229.00 ms max latency, 3373 ms 50th, 5330 ms 95th, 5925 ms 99th, 6210 ms 99.9th.
180000 steady state records sent, 10281.014393 records/sec (10.04 MB/sec), 3477.84 ms avg latency, 6229.00 ms max latency, 3705 ms 50th, 5377 ms 95th, 5925 ms 99th, 6211 ms 99.9th.
`

describe("Apache's producer perf test", () => {
  it('is read where it is steady', () => {
    expect(parseProducer(PRODUCED)).toEqual({
      records_s: 10281.014393,
      mb_s: 10.04,
      p50_ms: 3705,
      p99_ms: 5925,
      p999_ms: 6211,
    })
  })

  it('that says nothing of a steady state is an error that shows its last words', () => {
    expect(() => parseProducer('org.apache.kafka.common.errors.TimeoutException: no metadata\n')).toThrow(/no metadata/)
    expect(() => parseProducer('')).toThrow(/no steady state/)
  })

  it('tells how far it is by its own lines only', () => {
    expect(parseProducerProgress(PROGRESS)).toBe(7.5)
    expect(PRODUCED.split('\n').map(parseProducerProgress)).toEqual([null, 1.87, null, 7.5, null, null, null])
  })

  it('is told the work, a fifth of it to warm up', () => {
    const work = { topic: 't', records: 1_000, recordBytes: 100, rate: null, properties: ['acks=all'] }
    const args = producerArguments('localhost:1', work)
    expect(args.join(' ')).toBe(
      '--bootstrap-server localhost:1 --topic t --num-records 1000 --warmup-records 200 --record-size 100 --throughput -1 --command-property buffer.memory=67108864 acks=all',
    )
    expect(producerArguments('localhost:1', { ...work, rate: 500 })).toContain('500')
  })
})

describe("Apache's consumer perf test", () => {
  const LINE =
    '2026-11-22 02:20:01:001, 2026-11-22 02:20:06:501, 117.1875, 21.3068, 120000, 21818.1818, 3500, 2000, 58.5938, 60000.0000'

  it('is read by the rates of its fetching', () => {
    expect(parseConsumer(`WARNING: something, else\n${LINE}\n`)).toEqual({
      records: 120_000,
      figures: { mb_s: 58.5938, records_s: 60_000 },
    })
  })

  it('that printed no figures is an error', () => {
    expect(() => parseConsumer('start.time, end.time, a, b, c, d, e, f, g, h\n')).toThrow(/no figures/)
  })

  it('is told the group', () => {
    expect(consumerArguments('b', 't', 5, 'g').join(' ')).toBe(
      '--bootstrap-server b --topic t --num-records 5 --group g --timeout 60000 --hide-header',
    )
  })
})
