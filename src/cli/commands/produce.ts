// odradek produce: records from standard input, one a line, or from the command line.

import process from 'node:process'
import { createInterface } from 'node:readline'
import type { CommandModule } from 'yargs'
import type { CompressionCodec } from '../../base/index.ts'
import { messageOf } from '../../base/index.ts'
import type { Produced, ProducerRecord } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, pairs, withClient } from '../options.ts'
import { note, print } from '../output.ts'

interface ProduceArguments extends ClientArguments {
  readonly json: boolean
  readonly topic: string
  readonly value: readonly string[]
  readonly key: string | undefined
  readonly keySeparator: string | undefined
  readonly partition: number | undefined
  readonly header: readonly string[]
  readonly acks: string
  readonly compression: CompressionCodec | 'none'
}

/** Records on their way; reading waits for answers beyond it. */
const OUTSTANDING = 10_000

export const produceCommand: CommandModule<object, ProduceArguments> = {
  command: 'produce <topic>',
  describe: 'write records: lines of standard input, or --value',
  builder: (args) =>
    jsonOption(clientOptions(args))
      .positional('topic', { type: 'string', demandOption: true, describe: 'topic name' })
      .option('value', {
        alias: 'v',
        type: 'string',
        array: true,
        default: [],
        describe: 'a value, instead of standard input',
      })
      .option('key', { alias: 'k', type: 'string', describe: 'key of every record' })
      .option('key-separator', { alias: 'K', type: 'string', describe: 'a line is key, this, value' })
      .option('partition', { alias: 'p', type: 'number', describe: 'default: by the key' })
      .option('header', {
        alias: 'H',
        type: 'string',
        array: true,
        default: [],
        describe: 'name=value, on every record',
      })
      .option('acks', { choices: ['all', '1', '0'], default: 'all', describe: 'whom to wait for' })
      .option('compression', {
        alias: 'z',
        choices: ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const,
        default: 'none' as const,
      })
      .conflicts('key', 'key-separator')
      .example('echo "hello, world" | $0 produce hello', '')
      .example('$0 produce hello --key a --value 1 --value 2', 'two records with the same key') as never,
  handler: run,
}

async function run(args: ProduceArguments): Promise<void> {
  const headers = [...pairs(args.header, 'header')].map(([key, value]) => ({ key, value: Buffer.from(value) }))
  await withClient(args, async (client) => {
    const producer = client.producer({
      acks: args.acks === 'all' ? 'all' : args.acks === '1' ? 1 : 0,
      compression: args.compression,
      deliveryTimeoutMs: Math.max(args.timeout * 1000, 1000),
    })
    const outstanding = new Set<Promise<void>>()
    let written = 0
    let failure: unknown = null
    const acknowledged = (produced: Produced): void => {
      written++
      if (args.json) print(JSON.stringify(produced))
    }
    for await (const record of records(args)) {
      if (failure !== null) break
      const sent: Promise<void> = producer
        .send({ ...record, headers })
        .then(acknowledged, (error: unknown) => {
          failure ??= error
        })
        .finally(() => outstanding.delete(sent))
      outstanding.add(sent)
      if (outstanding.size >= OUTSTANDING) await Promise.race(outstanding)
    }
    await Promise.all(outstanding)
    producer.close()
    if (failure !== null) throw new Error(`${messageOf(failure)} (${written} records were written)`)
    if (!args.json && process.stderr.isTTY) note(`${written} ${written === 1 ? 'record' : 'records'} written`)
  })
}

async function* records(args: ProduceArguments): AsyncGenerator<ProducerRecord> {
  const place = { topic: args.topic, ...(args.partition === undefined ? {} : { partition: args.partition }) }
  if (args.value.length > 0) {
    for (const value of args.value) yield { ...place, key: args.key ?? null, value }
    return
  }
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    const at = args.keySeparator === undefined ? -1 : line.indexOf(args.keySeparator)
    if (args.keySeparator !== undefined && at < 0) throw new Error(`no "${args.keySeparator}" in the line: ${line}`)
    if (at < 0) yield { ...place, key: args.key ?? null, value: line }
    else yield { ...place, key: line.slice(0, at), value: line.slice(at + args.keySeparator!.length) }
  }
}
