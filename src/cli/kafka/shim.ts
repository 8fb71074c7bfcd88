// The programs named as Kafka's: which there are, and how one is run in this process. `odradek kafka-topics …` and
// bin/kafka/kafka-topics.sh come here.

import fs from 'node:fs'
import process from 'node:process'
import { debuglog } from 'node:util'
import { Bug, messageOf, ProtocolError } from '../../base/index.ts'
import type { Client } from '../../client/index.ts'
import { clientOptionsOf } from './client-options.ts'
import { linesIn } from './lines.ts'
import { type Flag, GoneFlag, parseWords, UsageProblem, usageOf } from './parser.ts'
import { COMMON, type Surroundings, type Tool } from './tool.ts'

/** Whose flags and output these are. */
const KAFKA_VERSION = '4.3.1'

/** By name without `.sh`. */
const TOOLS: ReadonlyMap<string, () => Promise<Tool>> = new Map([
  ['kafka-topics', async () => (await import('./topics.ts')).topics],
  ['kafka-console-producer', async () => (await import('./console-producer.ts')).consoleProducer],
  ['kafka-console-consumer', async () => (await import('./console-consumer.ts')).consoleConsumer],
  ['kafka-get-offsets', async () => (await import('./get-offsets.ts')).getOffsets],
  ['kafka-consumer-groups', async () => (await import('./consumer-groups.ts')).consumerGroups],
  ['kafka-configs', async () => (await import('./configs.ts')).configs],
  ['kafka-delete-records', async () => (await import('./delete-records.ts')).deleteRecords],
  ['kafka-leader-election', async () => (await import('./leader-election.ts')).leaderElection],
  ['kafka-storage', async () => (await import('./storage.ts')).storage],
  ['kafka-server-start', async () => (await import('./server.ts')).serverStart],
  ['kafka-server-stop', async () => (await import('./server.ts')).serverStop],
  ['kafka-broker-api-versions', async () => (await import('./api-versions.ts')).apiVersions],
])

export function isKafkaTool(name: string): boolean {
  return TOOLS.has(toolName(name))
}

/** Never returns: a tool that was interrupted may have left a question to standard input open. */
export async function runKafkaTool(name: string, words: readonly string[]): Promise<never> {
  const tool = await TOOLS.get(toolName(name))!()
  const { surroundings, close } = surroundingsOf()
  const code = await runTool(tool, words, surroundings)
  await close()
  await new Promise((resolve) => process.stdout.write('', resolve))
  process.exit(code)
}

/** The exit code. */
export async function runTool(tool: Tool, words: readonly string[], surroundings: Surroundings): Promise<number> {
  const flags: readonly Flag[] = [...tool.flags, ...COMMON]
  const usage = (message: string): number => {
    surroundings.err(message)
    surroundings.err(usageOf(flags))
    return 1
  }
  try {
    const options = parseWords(flags, words)
    if (options.has('help') || (words.length === 0 && tool.isWordless === undefined)) return usage(tool.about)
    if (options.has('version')) {
      surroundings.out(`${KAFKA_VERSION}\n`)
      return 0
    }
    return await tool.run(options, surroundings)
  } catch (error) {
    if (error instanceof UsageProblem && !(error instanceof GoneFlag)) return usage(error.message)
    surroundings.err(isOurs(error) ? (error.stack ?? error.message) : messageOf(error))
    return 1
  }
}

function isOurs(error: unknown): error is Error {
  return error instanceof Bug || error instanceof ProtocolError || error instanceof TypeError
}

function toolName(name: string): string {
  return name.replace(/\.sh$/, '')
}

function surroundingsOf(): { readonly surroundings: Surroundings; close(): Promise<void> } {
  const closing: (() => Promise<void> | void)[] = []
  const log = debuglog('odradek')
  const interrupted = new Promise<number>((resolve) => {
    // From a terminal it comes twice, from there and from the program that started this one.
    process.on('SIGINT', () => resolve(130))
    process.on('SIGTERM', () => resolve(143))
  })
  const connect = async (bootstrap: string, properties: ReadonlyMap<string, string>): Promise<Client> => {
    const options = clientOptionsOf(bootstrap, properties)
    const { createClient } = await import('../../client/index.ts')
    const { createPorts } = await import('../../io/index.ts')
    const ports = createPorts({ tablesDirectory: '', unref: false })
    closing.unshift(() => ports.close())
    const client = createClient(ports, options)
    closing.unshift(() => client.close())
    return client
  }
  const surroundings: Surroundings = {
    out: (text) => void process.stdout.write(text),
    err: (line) => void process.stderr.write(`${line}\n`),
    read: (file) => fs.readFileSync(file, 'utf8'),
    lines: () => linesIn(process.stdin),
    isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    interrupted,
    connect,
    debug: (text) => log('%s', text),
  }
  const close = async (): Promise<void> => {
    for (const each of closing) await each()
  }
  return { surroundings, close }
}
