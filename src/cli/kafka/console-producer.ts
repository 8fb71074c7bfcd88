// kafka-console-producer: a record of each line of standard input.

import { constants } from 'node:buffer'
import { messageOf } from '../../base/index.ts'
import { ClientError, type Producer, type ProducerOptions } from '../../client/index.ts'
import { stamp } from '../../launcher/index.ts'
import { int, long } from './client-options.ts'
import { exceptionOfError } from './exceptions.ts'
import { pairsOf, propertiesOf } from './java.ts'
import { LineReader, type ReadRecord } from './line-reader.ts'
import type { Flag, Options } from './parser.ts'
import { requireFlags, UsageProblem } from './parser.ts'
import { Room, serializedBytes } from './sending.ts'
import { BOOTSTRAP, COMMAND_CONFIG, type Surroundings, type Tool } from './tool.ts'

const RETRIES = 3
/** Kafka's default of batch.size: what topics with a small max.message.bytes still take. */
const BATCH_BYTES = 16_384
/** Kafka's defaults of max.request.size and buffer.memory. */
const REQUEST_BYTES = 1_048_576
const MEMORY_BYTES = 33_554_432
const TOO_LARGE = 'org.apache.kafka.common.errors.RecordTooLargeException'

const number = (name: string, about: string): Flag => ({ name, argument: 'required', type: 'integer', about })
const text = (name: string, about: string): Flag => ({ name, argument: 'required', about })

const FLAGS: readonly Flag[] = [
  text('topic', 'the topic to write to'),
  BOOTSTRAP,
  { name: 'sync', about: 'wait for each record before the next one is read' },
  { name: 'compression-codec', argument: 'optional', about: 'none, gzip (also without a value), snappy, lz4 or zstd' },
  text('request-required-acks', 'who must have a record: all or -1 (the default), 1 or 0'),
  number('message-send-max-retries', 'how often a batch is sent again (3)'),
  number('request-timeout-ms', 'milliseconds to wait for an answer'),
  number('batch-size', 'bytes of a batch'),
  number('max-partition-memory-bytes', 'the same, deprecated'),
  number('retry-backoff-ms', 'taken and left to this client'),
  number('timeout', 'taken and left to this client: what waits goes as soon as a batch may leave'),
  number('metadata-expiry-ms', 'taken and left to this client'),
  number('max-block-ms', 'taken and left to this client'),
  number('max-memory-bytes', 'bytes that may be on their way at once (33554432): buffer.memory'),
  number('socket-buffer-size', 'taken and left to the system'),
  text('line-reader', 'only the reader of Kafka is here'),
  text('reader-property', 'name=value: parse.key, key.separator, parse.headers, null.marker, ignore.error …'),
  text('property', 'the same, deprecated'),
  text('reader-config', 'a file of reader properties'),
  text('command-property', 'name=value, a configuration of the producer'),
  text('producer-property', 'the same, deprecated'),
  COMMAND_CONFIG,
  text('producer.config', 'the same, deprecated'),
]

/** A deprecated flag, what it has become. */
const RENAMED: readonly (readonly [old: string, now: string])[] = [
  ['property', 'reader-property'],
  ['producer-property', 'command-property'],
  ['producer.config', 'command-config'],
]

const READERS: ReadonlySet<string> = new Set([
  'org.apache.kafka.tools.LineMessageReader',
  'kafka.tools.ConsoleProducer$LineMessageReader',
])

export const consoleProducer: Tool = {
  flags: FLAGS,
  about: 'This tool helps to read data from standard input and publish it to Kafka.',
  ends: 'itself',
  run: async (options, surroundings) => {
    requireFlags(options, 'topic', 'bootstrap-server')
    for (const [old, now] of RENAMED) {
      if (!options.has(old)) continue
      if (options.has(now)) throw new UsageProblem(`Options --${now} and --${old} cannot be specified together.`)
      surroundings.out(
        `Warning: --${old} is deprecated and will be removed in a future version. Use --${now} instead.\n`,
      )
    }
    if (options.has('max-partition-memory-bytes')) {
      surroundings.out(
        'Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache Kafka 5.0. Use --batch-size instead.\n',
      )
    }
    const readerClass = options.value('line-reader')
    if (readerClass !== undefined && !READERS.has(readerClass)) {
      throw new Error(`--line-reader ${readerClass}: Java's classes cannot be loaded here; leave the flag out`)
    }
    const reader = new LineReader(readerProperties(options, surroundings))
    const properties = producerProperties(options, surroundings)
    const client = await surroundings.connect(options.value('bootstrap-server')!, properties, 'producer')
    return send(options, client.producer(producerOptions(properties)), reader, limitsOf(properties), surroundings)
  },
}

interface Limits {
  /** `max.request.size`: of a line, and of the record in it. */
  readonly requestBytes: number
  /** `buffer.memory`. */
  readonly memoryBytes: number
}

/** What `--sync` ends by. */
class SyncFailed extends Error {}

async function send(
  options: Options,
  producer: Producer,
  reader: LineReader,
  limits: Limits,
  { out, err, lines, isTerminal, interrupted }: Surroundings,
): Promise<number> {
  const topic = options.value('topic')!
  const sync = options.has('sync')
  const prompt = (): void => {
    if (isTerminal) out('>')
  }
  let failed = 0
  const lose = (what: string, error: unknown): void => {
    failed++
    const reason = error instanceof ClientError ? exceptionOfError(error) : messageOf(error)
    // Kafka's ends with the first loss, too, where it waits for each record.
    if (sync) throw new SyncFailed(`java.util.concurrent.ExecutionException: ${reason}`)
    err(
      `${stamp(new Date())} ERROR Error when sending message to topic ${topic} with ${what} with error: ${reason} (org.apache.kafka.clients.producer.internals.ErrorLoggingCallback)`,
    )
  }
  const room = new Room(limits.memoryBytes)
  const stopped: { code: number | null } = { code: null }
  const stop = interrupted.then((code) => {
    stopped.code = code
  })
  const sendOne = async (record: ReadRecord): Promise<void> => {
    const bytes = serializedBytes(record)
    const tooLarge = excessOf(bytes, limits)
    if (tooLarge !== null) return lose(sizesOf(record), tooLarge)
    await room.enter(bytes)
    if (stopped.code !== null) return
    const sent = producer
      .send({ topic, ...record })
      .catch((error: unknown) => lose(sizesOf(record), error))
      .finally(() => room.leave(bytes))
    if (sync) await sent
  }
  const read = async (): Promise<void> => {
    prompt()
    for await (const line of lines(limits.requestBytes)) {
      if (stopped.code !== null) return
      if (typeof line === 'string') await sendOne(reader.read(line))
      else lose(`line ${reader.skip()}: ${line.bytes} bytes`, excessOf(line.bytes, limits))
      prompt()
    }
  }
  try {
    await Promise.race([read(), stop])
  } finally {
    // What was read is written, also when a later line cannot be.
    await producer.flush()
  }
  // Kafka's ends with 0 also when records are lost; scripts should hear of it.
  return stopped.code ?? (failed > 0 ? 1 : 0)
}

function sizesOf({ key, value }: ReadRecord): string {
  const size = (part: string | null): string => (part === null ? 'null' : `${Buffer.byteLength(part)} bytes`)
  return `key: ${size(key)}, value: ${size(value)}`
}

/** Kafka's sentences; null: it fits. */
function excessOf(bytes: number, { requestBytes, memoryBytes }: Limits): string | null {
  if (bytes > requestBytes) {
    return `${TOO_LARGE}: The message is ${bytes} bytes when serialized which is larger than ${requestBytes}, which is the value of the max.request.size configuration.`
  }
  if (bytes > memoryBytes) {
    return `${TOO_LARGE}: The message is ${bytes} bytes when serialized which is larger than the total memory buffer you have configured with the buffer.memory configuration.`
  }
  return null
}

function readerProperties(options: Options, { read }: Surroundings): Map<string, string> {
  const file = options.value('reader-config')
  return new Map([
    ...(file === undefined ? [] : propertiesOf(read(file))),
    ...pairsOf([...options.values('property'), ...options.values('reader-property')]),
  ])
}

function producerProperties(options: Options, { read }: Surroundings): Map<string, string> {
  const file = options.value('command-config') ?? options.value('producer.config')
  const properties = new Map([
    ['client.id', 'console-producer'],
    ...(file === undefined ? [] : propertiesOf(read(file))),
    ...pairsOf([...options.values('producer-property'), ...options.values('command-property')]),
  ])
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) properties.set(name, value)
  }
  if (options.has('compression-codec')) set('compression.type', options.value('compression-codec') || 'gzip')
  set('acks', options.value('request-required-acks'))
  set('retries', options.value('message-send-max-retries') ?? (properties.has('retries') ? undefined : String(RETRIES)))
  set('request.timeout.ms', options.value('request-timeout-ms'))
  set('buffer.memory', options.value('max-memory-bytes'))
  set('batch.size', options.value('max-partition-memory-bytes') ?? options.value('batch-size'))
  return properties
}

function producerOptions(properties: ReadonlyMap<string, string>): ProducerOptions {
  const acks = properties.get('acks') ?? 'all'
  if (!['all', '-1', '0', '1'].includes(acks)) {
    throw new Error(`Invalid value ${acks} for configuration acks: String must be one of: all, -1, 0, 1`)
  }
  const compression = properties.get('compression.type') ?? 'none'
  if (!isCompression(compression)) throw new Error(`Unknown compression name: ${compression}`)
  const idempotence = properties.get('enable.idempotence')
  const delivery = properties.get('delivery.timeout.ms')
  return {
    acks: acks === 'all' || acks === '-1' ? 'all' : acks === '0' ? 0 : 1,
    compression,
    retries: int(properties, 'retries', RETRIES),
    ...(idempotence === undefined ? {} : { idempotent: idempotence === 'true' }),
    ...(delivery === undefined ? {} : { deliveryTimeoutMs: int(properties, 'delivery.timeout.ms', 0) }),
    batchBytes: Math.max(1, int(properties, 'batch.size', BATCH_BYTES)),
  }
}

function limitsOf(properties: ReadonlyMap<string, string>): Limits {
  return {
    // What is no text in this runtime is no line.
    requestBytes: Math.min(int(properties, 'max.request.size', REQUEST_BYTES), constants.MAX_STRING_LENGTH),
    memoryBytes: long(properties, 'buffer.memory', MEMORY_BYTES),
  }
}

function isCompression(name: string): name is NonNullable<ProducerOptions['compression']> {
  return ['none', 'gzip', 'snappy', 'lz4', 'zstd'].includes(name)
}
