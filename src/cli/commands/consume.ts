// odradek consume: records by partition and offset.

import process from 'node:process'
import type { CommandModule } from 'yargs'
import type { Assignment, Client, ConsumedRecord, Consumer } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, withClient } from '../options.ts'
import { print } from '../output.ts'

interface ConsumeArguments extends ClientArguments {
  readonly json: boolean
  readonly topic: string
  readonly partition: readonly number[]
  readonly offset: string
  readonly maxMessages: number | undefined
  readonly exit: boolean
  readonly showKey: boolean
}

const POLL_MS = 500

export const consumeCommand: CommandModule<object, ConsumeArguments> = {
  command: 'consume <topic>',
  describe: 'read records by partition and offset',
  builder: (args) =>
    jsonOption(clientOptions(args))
      .positional('topic', { type: 'string', demandOption: true, describe: 'topic name' })
      .option('partition', { alias: 'p', type: 'number', array: true, default: [], describe: 'default: all' })
      .option('offset', {
        alias: 'o',
        type: 'string',
        default: 'earliest',
        describe: 'earliest, latest, or a number; a negative one counts from the end',
      })
      .option('max-messages', { alias: 'n', type: 'number', describe: 'stop after so many' })
      .option('exit', { alias: 'e', type: 'boolean', default: false, describe: 'stop at the end of what is there' })
      .option('show-key', { alias: 'k', type: 'boolean', default: false, describe: 'print key, tab, value' })
      .example('$0 consume hello --exit', 'everything that is there')
      .example('$0 consume hello --partition 0 --offset 42 --max-messages 1 --json', 'one record, with all it has')
      .example('$0 consume hello --offset -5', 'the last five of each partition, then what comes') as never,
  handler: run,
}

async function run(args: ConsumeArguments): Promise<void> {
  await withClient(args, async (client) => {
    const partitions = args.partition.length > 0 ? args.partition : await allPartitions(client, args.topic)
    const assigned = await assignments(client, args, partitions)
    const ends = args.exit ? await endOffsets(client, args.topic, partitions) : null
    const consumer = client.consumer({ fetchMaxWaitMs: POLL_MS })
    consumer.assign(assigned)
    let left = args.maxMessages ?? Number.POSITIVE_INFINITY
    const stop = interrupted()
    while (left > 0 && !stop.asked && !isAtEnd(consumer, args.topic, ends)) {
      for (const record of await consumer.poll(POLL_MS)) {
        if (left-- <= 0) break
        if (ends !== null && record.offset >= ends.get(record.partition)!) continue
        write(record, args)
      }
    }
    consumer.close()
  })
}

async function allPartitions(client: Client, topic: string): Promise<number[]> {
  const [found] = await client.admin.describeTopics([topic])
  if (found === undefined || found.error !== 'NONE') {
    throw new Error(
      `${topic}: ${found?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION'}. "odradek topics list" shows what there is`,
    )
  }
  return found.partitions.map((each) => each.partition)
}

async function assignments(
  client: Client,
  args: ConsumeArguments,
  partitions: readonly number[],
): Promise<Assignment[]> {
  const { topic, offset } = args
  if (offset === 'earliest' || offset === 'latest') return partitions.map((partition) => ({ topic, partition, offset }))
  const number = Number(offset)
  if (!Number.isSafeInteger(number))
    throw new Error(`--offset ${offset}: earliest, latest or a whole number is expected`)
  if (number >= 0) return partitions.map((partition) => ({ topic, partition, offset: number }))
  const ends = await endOffsets(client, topic, partitions)
  return partitions.map((partition) => ({ topic, partition, offset: Math.max(0, ends.get(partition)! + number) }))
}

async function endOffsets(client: Client, topic: string, partitions: readonly number[]): Promise<Map<number, number>> {
  const listed = await client.admin.listOffsets(
    partitions.map((partition) => ({ topic, partition, at: 'latest' as const })),
  )
  return new Map(
    listed.map((each) => {
      if (each.error !== 'NONE') throw new Error(`${topic}-${each.partition}: ${each.error}`)
      return [each.partition, each.offset]
    }),
  )
}

function isAtEnd(consumer: Consumer, topic: string, ends: ReadonlyMap<number, number> | null): boolean {
  if (ends === null) return false
  return [...ends].every(([partition, end]) => end === 0 || (consumer.position(topic, partition) ?? -1) >= end)
}

function write(record: ConsumedRecord, args: ConsumeArguments): void {
  if (args.json) {
    const { partition, offset, timestamp, leaderEpoch } = record
    const headers = record.headers.map(({ key, value }) => [key, readable(value)])
    print(
      JSON.stringify({
        partition,
        offset,
        timestamp,
        leaderEpoch,
        key: readable(record.key),
        value: readable(record.value),
        headers,
      }),
    )
    return
  }
  const value = Buffer.from(record.value ?? 'null')
  const key = args.showKey ? [Buffer.from(record.key ?? 'null'), Buffer.from('\t')] : []
  process.stdout.write(Buffer.concat([...key, value, Buffer.from('\n')]))
}

const strict = new TextDecoder('utf-8', { fatal: true })

/** Text where the bytes are text, else `{ base64 }`. */
function readable(bytes: Uint8Array | null): string | { readonly base64: string } | null {
  if (bytes === null) return null
  try {
    return strict.decode(bytes)
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}

function interrupted(): { readonly asked: boolean } {
  const state = { asked: false }
  process.once('SIGINT', () => {
    state.asked = true
    // A second one ends it at once.
    process.once('SIGINT', () => process.exit(130))
  })
  return state
}
