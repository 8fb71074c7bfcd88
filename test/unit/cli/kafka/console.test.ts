// kafka-console-producer and kafka-console-consumer: lines to records, records to lines, and how they end.

import { expect, test } from 'vitest'
import { consoleConsumer } from '../../../../src/cli/kafka/console-consumer.ts'
import { consoleProducer } from '../../../../src/cli/kafka/console-producer.ts'
import { formatterOf } from '../../../../src/cli/kafka/formatter.ts'
import { LineReader } from '../../../../src/cli/kafka/line-reader.ts'
import type {
  Assignment,
  ConsumedRecord,
  GroupConsumerOptions,
  ProducerOptions,
  ProducerRecord,
} from '../../../../src/client/index.ts'
import { run, type ToolRun, type ToolWorld } from '../../../support/fake-tool.ts'

const TO = '--bootstrap-server h:1 --topic t'

function read(line: string, properties: Record<string, string> = {}): ReturnType<LineReader['read']> {
  return new LineReader(new Map(Object.entries(properties))).read(line)
}

test('a line is a value, or key and value, or headers, key and value', () => {
  expect(read('a\tb')).toEqual({ key: null, value: 'a\tb', headers: [] })
  expect(read('a:b:c', { 'parse.key': 'true', 'key.separator': ':' })).toEqual({ key: 'a', value: 'b:c', headers: [] })
  expect(read('h1:v1,h2:v2\tk\tv', { 'parse.key': 'TRUE', 'parse.headers': 'true' })).toEqual({
    key: 'k',
    value: 'v',
    headers: [
      { key: 'h1', value: Buffer.from('v1') },
      { key: 'h2', value: Buffer.from('v2') },
    ],
  })
})

test('the null marker stands for nothing', () => {
  const properties = { 'parse.key': 'true', 'key.separator': ':', 'null.marker': 'NULL' }
  expect(read('NULL:NULL', properties)).toEqual({ key: null, value: null, headers: [] })
  expect(read('NULLS:x', properties)).toMatchObject({ key: 'NULLS', value: 'x' })
})

test('a line that lacks its separator is named, or taken whole', () => {
  expect(() => read('abc', { 'parse.key': 'true' })).toThrow("No key separator found on line number 1: 'abc'")
  expect(read('abc', { 'parse.key': 'true', 'ignore.error': 'true' })).toMatchObject({ key: null, value: 'abc' })
  expect(() => read('h\tv', { 'parse.headers': 'true' })).toThrow(
    "No header key separator found in pair 'h' on line number 1",
  )
})

test('separators differ', () => {
  expect(() => read('', { 'headers.separator': ':' })).toThrow(
    'headers.separator and headers.key.separator may not be equal',
  )
})

const RECORD: ConsumedRecord = {
  topic: 't',
  partition: 3,
  offset: 7,
  timestamp: 1_700_000_000_000,
  timestampType: 'CreateTime',
  leaderEpoch: 0,
  key: Buffer.from('k'),
  value: Buffer.from([0xff, 0x41]),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
}

function format(record: ConsumedRecord, properties: string): string {
  const pairs = properties.split(' ').filter((each) => each !== '')
  const formatter = formatterOf(new Map(pairs.map((each) => each.split('=') as [string, string])))
  return Buffer.from(formatter(record)).toString('latin1')
}

test('a record is printed by its value, its bytes as they are', () => {
  expect(format(RECORD, '')).toBe('\xffA\n')
  expect(format({ ...RECORD, value: null }, '')).toBe('null\n')
  expect(format({ ...RECORD, value: null }, 'null.literal=~')).toBe('~\n')
})

test('columns are in Kafka’s order, separated as it says', () => {
  const all = 'print.key=true print.headers=true print.offset=true print.partition=true print.timestamp=true'
  expect(format(RECORD, all)).toBe('CreateTime:1700000000000\tPartition:3\tOffset:7\ta:1,b:null\tk\t\xffA\n')
  expect(format({ ...RECORD, headers: [] }, 'print.headers=true print.value=false')).toBe('NO_HEADERS\n')
  expect(format(RECORD, 'print.key=true key.separator=: print.value=true line.separator=;')).toBe('k:\xffA;')
})

test('classes of Java are refused by name', () => {
  expect(() => format(RECORD, 'value.deserializer=com.example.Mine')).toThrow('value.deserializer=com.example.Mine')
  expect(format(RECORD, 'key.deserializer=org.apache.kafka.common.serialization.StringDeserializer')).toBe('\xffA\n')
})

async function produce(
  words: string,
  lines: readonly string[],
  more: ToolWorld & { readonly fails?: string } = {},
): Promise<ToolRun & { sent: ProducerRecord[]; options: ProducerOptions[] }> {
  const sent: ProducerRecord[] = []
  const options: ProducerOptions[] = []
  const client = {
    producer: (given: ProducerOptions) => {
      options.push(given)
      return {
        send: async (record: ProducerRecord) => {
          if (record.value === more.fails) throw new Error('no leader')
          sent.push(record)
        },
        flush: async () => undefined,
      }
    },
  }
  return { ...(await run(consoleProducer, `${TO} ${words}`, { ...more, client, lines })), sent, options }
}

test('each line becomes a record, and nothing is said', async () => {
  const done = await produce('', ['hello', 'world'])
  expect(done).toMatchObject({ code: 0, out: '', err: '' })
  expect(done.sent.map(({ topic, value }) => [topic, value])).toEqual([
    ['t', 'hello'],
    ['t', 'world'],
  ])
  expect(done.options).toEqual([{ acks: 'all', compression: 'none', retries: 3, batchBytes: 16_384 }])
  expect(done.connected[0]).toMatchObject({ bootstrap: 'h:1', properties: { 'client.id': 'console-producer' } })
})

test('a person is prompted', async () => {
  expect((await produce('', ['a'], { isTerminal: true })).out).toBe('>>')
})

test('deprecated flags act, and say what they have become', async () => {
  const done = await produce('--property parse.key=true --property key.separator=: --producer-property acks=1', ['1:x'])
  expect(done.out).toBe(
    'Warning: --property is deprecated and will be removed in a future version. Use --reader-property instead.\nWarning: --producer-property is deprecated and will be removed in a future version. Use --command-property instead.\n',
  )
  expect(done.sent[0]).toMatchObject({ key: '1', value: 'x' })
  expect(done.options[0]).toMatchObject({ acks: 1 })
  expect((await produce('--property a=b --reader-property a=b', [])).err.split('\n')[0]).toBe(
    'Options --reader-property and --property cannot be specified together.',
  )
})

test('flags win over properties, and compression without a codec is gzip', async () => {
  const { options } = await produce(
    '--command-property acks=0 --request-required-acks 1 --compression-codec --sync',
    [],
  )
  expect(options[0]).toMatchObject({ acks: 1, compression: 'gzip' })
})

test('a record that is lost is told of, the next ones are sent, and the end is 1', async () => {
  const done = await produce('', ['good', 'bad', 'good'], { fails: 'bad' })
  expect(done.code).toBe(1)
  expect(done.err).toMatch(
    /ERROR Error when sending message to topic t with key: null, value: 3 bytes with error: no leader/,
  )
  expect(done.sent).toHaveLength(2)
})

test('where each record is waited for, the first loss is the end', async () => {
  const done = await produce('--sync', ['good', 'bad', 'good'], { fails: 'bad' })
  expect(done).toMatchObject({ code: 1, err: 'java.util.concurrent.ExecutionException: no leader\n' })
  expect(done.sent).toHaveLength(1)
})

test('a line over max.request.size is lost with its number and both sizes; it is not kept', async () => {
  const lines = ['short', 'x'.repeat(2_000), 'short']
  const done = await produce('--command-property max.request.size=1000', lines)
  expect(done.code).toBe(1)
  expect(done.err).toMatch(
    /topic t with line 2: 2000 bytes with error: .*RecordTooLargeException: The message is 2000 bytes when serialized which is larger than 1000, which is the value of the max.request.size configuration/,
  )
  expect(done.sent).toHaveLength(2)
})

test('the record counts with what is around it, as Kafka reckons', async () => {
  const fits = 1_000 - 61 - 21 - 1 - 2 - 1
  const lines = ['x'.repeat(fits), 'x'.repeat(fits + 1)]
  const done = await produce('--command-property max.request.size=1000', lines)
  expect(done.sent).toHaveLength(1)
  expect(done.err).toMatch(/The message is 1001 bytes when serialized/)
})

test.each(['--max-memory-bytes 1000', '--command-property buffer.memory=1000'])(
  '%s bounds what is on its way; the rest is not read',
  async (words) => {
    const waiting: (() => void)[] = []
    let most = 0
    const client = {
      producer: () => ({
        send: () =>
          new Promise<void>((resolve) => {
            waiting.push(resolve)
            most = Math.max(most, waiting.length)
            setImmediate(() => waiting.shift()?.())
          }),
        flush: async () => undefined,
      }),
    }
    const lines = Array.from({ length: 50 }, () => 'x'.repeat(100))
    expect(await run(consoleProducer, `${TO} ${words}`, { client, lines })).toMatchObject({ code: 0, err: '' })
    expect(most).toBe(5)
  },
)

interface Consumed extends ToolRun {
  readonly assigned: readonly Assignment[]
  readonly joined: readonly GroupConsumerOptions[]
  readonly commits: number
  /** Offsets that were given back. */
  readonly given: readonly number[]
  readonly left: number
}

async function consume(
  words: string,
  values: readonly string[],
  world: ToolWorld & { readonly commit?: (timeoutMs?: number) => Promise<void> } = {},
): Promise<Consumed> {
  const assigned: Assignment[] = []
  const joined: GroupConsumerOptions[] = []
  const given: number[] = []
  let commits = 0
  let left = 0
  const unread = values.map((value, offset) => ({ ...RECORD, offset, value: Buffer.from(value) }))
  const reader = {
    poll: async (_: number, most: number) => {
      if (unread.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
      return unread.splice(0, Math.min(most, 2))
    },
    position: () => null,
    close: async () => void left++,
  }
  const client = {
    consumer: () => ({ ...reader, assign: (partitions: Assignment[]) => void assigned.push(...partitions) }),
    groupConsumer: (options: GroupConsumerOptions) => {
      joined.push(options)
      const commit = async (timeoutMs?: number): Promise<void> => {
        commits++
        await world.commit?.(timeoutMs)
      }
      const giveBack = (records: ConsumedRecord[]): void => void given.push(...records.map(({ offset }) => offset))
      return { ...reader, assignment: [], commit, giveBack }
    },
  }
  const done = await run(consoleConsumer, `${TO} ${words}`, { ...world, client })
  return { ...done, assigned, joined, commits, given, left }
}

test('without a group it reads in one of its own, from the end, and commits nothing', async () => {
  const done = await consume('--max-messages 3', ['a', 'b', 'c', 'd'])
  expect(done).toMatchObject({ code: 0, out: 'a\nb\nc\n', err: 'Processed a total of 3 messages\n', commits: 0 })
  expect(done.joined[0]).toMatchObject({ topics: ['t'], reset: 'latest' })
  expect(done.joined[0]!.group).toMatch(/^console-consumer-\d{1,5}$/)
})

test('a group that is named commits', async () => {
  const done = await consume('--max-messages 1 --group g --from-beginning', ['a'])
  expect(done.joined[0]).toMatchObject({ group: 'g', reset: 'earliest' })
  expect(done.commits).toBe(1)
  expect((await consume('--max-messages 1 --group g --command-property enable.auto.commit=false', ['a'])).commits).toBe(
    0,
  )
})

test.each([
  ['--partition 2', 'latest'],
  ['--partition 2 --from-beginning', 'earliest'],
  ['--partition 2 --offset 5', 5],
  ['--partition 2 --offset EARLIEST', 'earliest'],
])('%s is read from %s', async (words, offset) => {
  const { assigned } = await consume(`${words} --max-messages 1`, ['a'])
  expect(assigned).toEqual([{ topic: 't', partition: 2, offset }])
})

test('a ^C ends it with what it has read', async () => {
  const interrupted = new Promise<number>((resolve) => setTimeout(() => resolve(130), 20))
  expect(await consume('--partition 0', ['a'], { interrupted })).toMatchObject({
    code: 130,
    out: 'a\n',
    err: 'Processed a total of 1 messages\n',
  })
})

test('silence ends it where that is asked for', async () => {
  const done = await consume('--partition 0 --timeout-ms 5', ['a'])
  expect(done).toMatchObject({ code: 0, out: 'a\n' })
  expect(done.err).toMatch(
    /ERROR Error processing message, terminating consumer process: {2}\(.*\)\norg.apache.kafka.common.errors.TimeoutException\nProcessed a total of 1 messages\n$/,
  )
})

test.each([
  ['--include x', 'Exactly one of --include/--topic is required. '],
  ['--offset 1', 'The partition is required when offset is specified.'],
  ['--partition 0 --offset 1 --from-beginning', 'Options from-beginning and offset cannot be specified together.'],
  ['--partition 0 --group g', 'Options group and partition cannot be specified together.'],
  [
    '--partition 0 --offset -1',
    "The provided offset value '-1' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.",
  ],
  [
    '--from-beginning --command-property auto.offset.reset=latest',
    "Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest', please remove one option",
  ],
])('%s is refused', async (words, message) => {
  const { code, err } = await consume(words, [])
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})

test('when nobody reads the output any more, the member commits what was read and leaves', async () => {
  const done = await consume('--group g --from-beginning', ['a', 'b', 'c', 'd', 'e'], { readsChunks: 3 })
  expect(done).toMatchObject({ code: 0, out: 'a\nb\nc\n', commits: 1, given: [3], left: 1 })
  expect(done.err).toBe('Unable to write to standard out, closing consumer.\nProcessed a total of 3 messages\n')
})

test('a commit at the end has five seconds, and its failure is told', async () => {
  const limits: (number | undefined)[] = []
  const commit = async (timeoutMs?: number): Promise<void> => {
    limits.push(timeoutMs)
    throw new Error('no coordinator')
  }
  const done = await consume('--max-messages 1 --group g', ['a'], { commit })
  expect(limits).toEqual([5_000])
  expect(done).toMatchObject({ code: 0, left: 1 })
  expect(done.err).toMatch(/WARN Auto-commit of offsets of group g failed: no coordinator; the group reads again/)
})

test('a ^C ends it while it still looks for topics', async () => {
  const client = { admin: { listTopics: () => new Promise(() => undefined) } }
  const interrupted = Promise.resolve(130)
  expect((await run(consoleConsumer, '--include t --bootstrap-server h:1', { client, interrupted })).code).toBe(130)
})
